//! Lines of a file or a pipe, read on a thread of their own: reading standard input blocks.

use std::io::{self, BufRead, BufReader, Read};

use tokio::sync::mpsc;

use crate::ingest::is_blank;

/// Chunks of lines that wait to be sent; each holds about 64 KiB, or one longer line.
pub(super) const CHUNKS: usize = 4;

/// A line as it goes to the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InputLine {
    /// Counted from 1, blank lines too.
    pub(super) number: u64,
    /// With its line feed; `None` when it is too long to be one.
    pub(super) bytes: Option<Vec<u8>>,
}

/// What the reader found.
pub(super) type Chunk = io::Result<Vec<InputLine>>;

/// Lines are at most this long; the daemon's own limit is lower as a rule.
pub(super) const MAX_LINE_BYTES: usize = 1024 * 1024;

/// Reads `input` to its end. Lines go out as soon as the next read would have to wait.
pub(super) fn spawn(input: Box<dyn Read + Send>, sender: mpsc::Sender<Chunk>) {
    std::thread::spawn(move || {
        if let Err(fault) = read(BufReader::with_capacity(64 * 1024, input), &sender) {
            // Nobody is there to be told when the receiver is gone.
            let _ = sender.blocking_send(Err(fault));
        }
    });
}

fn read<R: Read>(mut input: BufReader<R>, sender: &mpsc::Sender<Chunk>) -> io::Result<()> {
    let mut number = 0;
    let mut chunk = Vec::new();
    loop {
        let line = next_line(&mut input)?;
        let ended = line.is_none();
        number += 1;
        match line {
            Some(bytes) if is_blank(&bytes) => {}
            Some(mut bytes) => {
                if bytes.last() != Some(&b'\n') {
                    bytes.push(b'\n');
                }
                let bytes = (bytes.len() <= MAX_LINE_BYTES).then_some(bytes);
                chunk.push(InputLine { number, bytes });
            }
            None => {}
        }
        let would_wait = !input.buffer().contains(&b'\n');
        if (ended || would_wait)
            && !chunk.is_empty()
            && sender
                .blocking_send(Ok(std::mem::take(&mut chunk)))
                .is_err()
        {
            return Ok(());
        }
        if ended {
            return Ok(());
        }
    }
}

/// The next line with its line feed; of a line that is too long only the beginning is kept.
pub(in crate::cli) fn next_line(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let limit = MAX_LINE_BYTES as u64 + 1;
    if input.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.len() > MAX_LINE_BYTES && line.last() != Some(&b'\n') {
        input.skip_until(b'\n')?;
    }
    Ok(Some(line))
}
