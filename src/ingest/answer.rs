//! Answers to one line, as JSON.

use serde::Serialize;

use crate::model::Answer;

/// Appends the answer to one line, with its line feed.
///
/// A line of one record is answered with its answer, a line of several with
/// `{"status":…,"records":[…]}`. Its status is the worst of them, from bad to good: busy, rejected,
/// ignored, stored. So `stored` says that every record of the line is on disk; the longest wait of
/// those that were busy stands beside the status.
pub fn write_answers(answers: &[Answer], several: bool, out: &mut Vec<u8>) {
    match answers {
        [answer] if !several => write(answer, out),
        _ => write(&Several::of(answers), out),
    }
    out.push(b'\n');
}

fn write(answer: &impl Serialize, out: &mut Vec<u8>) {
    let start = out.len();
    if serde_json::to_writer(&mut *out, answer).is_err() {
        // Writing text into memory has no way to fail; should it, the order of answers still holds.
        out.truncate(start);
        out.extend_from_slice(br#"{"status":"busy","retry_after_ms":1000}"#);
    }
}

#[derive(Serialize)]
struct Several<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    records: &'a [Answer],
}

impl<'a> Several<'a> {
    fn of(records: &'a [Answer]) -> Self {
        let mut status = (0, "stored");
        let mut retry_after_ms = None;
        for answer in records {
            let this = match answer {
                Answer::Stored { .. } => (0, "stored"),
                Answer::Ignored { .. } => (1, "ignored"),
                Answer::Rejected { .. } => (2, "rejected"),
                Answer::Busy { retry_after_ms: ms } => {
                    retry_after_ms = retry_after_ms.max(Some(*ms));
                    (3, "busy")
                }
            };
            status = status.max(this);
        }
        Self {
            status: status.1,
            retry_after_ms,
            records,
        }
    }
}
