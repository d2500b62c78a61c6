//! The daemon's answers, as they come over the socket.

use serde::Deserialize;

/// An answer to one line, or to one record of a line of several.
#[derive(Debug, Deserialize)]
pub(super) struct Reply {
    pub(super) status: Status,
    #[serde(default)]
    pub(super) error: String,
    #[serde(default)]
    pub(super) notes: Vec<String>,
    #[serde(default)]
    pub(super) retry_after_ms: u64,
    /// Of a line of several records, the answer to each.
    #[serde(default)]
    pub(super) records: Vec<Reply>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Stored,
    Ignored,
    Rejected,
    Busy,
}

/// Answers up to the last whole line of what was read.
#[derive(Debug, Default)]
pub(super) struct Replies {
    buffer: Vec<u8>,
}

/// Something that is no answer.
#[derive(Debug, thiserror::Error)]
#[error("it is no answer of klaxond's: {0}")]
pub(super) struct Garbled(String);

impl Replies {
    /// Longest answer: that to a line of many records.
    const MAX_BYTES: usize = 16 * 1024 * 1024;

    /// Where to append what was read.
    pub(super) fn room(&mut self) -> &mut Vec<u8> {
        self.buffer.reserve(64 * 1024);
        &mut self.buffer
    }

    /// Takes every whole answer out.
    ///
    /// # Errors
    /// A line that does not read as an answer, or has no end.
    pub(super) fn take(&mut self) -> Result<Vec<Reply>, Garbled> {
        let Some(end) = self.buffer.iter().rposition(|byte| *byte == b'\n') else {
            if self.buffer.len() > Self::MAX_BYTES {
                return Err(Garbled("a line without end".to_owned()));
            }
            return Ok(Vec::new());
        };
        let replies = self.buffer[..end]
            .split(|byte| *byte == b'\n')
            .map(|line| serde_json::from_slice(line).map_err(|fault| Garbled(fault.to_string())))
            .collect();
        self.buffer.drain(..=end);
        replies
    }
}
