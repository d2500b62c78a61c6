//! A stream of bytes to lines, within a bound.

use std::io::BufRead;
use std::ops::Range;

/// Cuts what was read into lines. It holds at most one unfinished line, and not even that when the
/// line is too long: the rest of such a line is passed over.
#[derive(Debug)]
pub(super) struct Frames {
    buffer: Vec<u8>,
    /// Everything in front of it has been handed out.
    start: usize,
    /// No line feed lies between `start` and here.
    scanned: usize,
    /// Inside a line that is too long.
    passing_over: bool,
    /// Bytes to make room for at the next read.
    chunk: usize,
    max_line: usize,
}

/// A line, or that there was one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Frame {
    /// A line without its line feed, as a range of [`Frames::bytes`].
    Line(Range<usize>),
    /// A line that is longer than allowed.
    TooLong,
}

impl Frames {
    const MIN_CHUNK: usize = 4 * 1024;
    const MAX_CHUNK: usize = 128 * 1024;

    pub(super) const fn new(max_line: usize) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            scanned: 0,
            passing_over: false,
            chunk: Self::MIN_CHUNK,
            max_line,
        }
    }

    /// The buffer to append to, with room for the next read: more when the last one filled it.
    pub(super) fn room(&mut self) -> &mut Vec<u8> {
        if self.buffer.spare_capacity_mut().is_empty() && self.buffer.capacity() > 0 {
            self.chunk = (self.chunk * 2).min(Self::MAX_CHUNK);
        }
        self.buffer.drain(..self.start);
        self.scanned -= self.start;
        self.start = 0;
        self.buffer.reserve(self.chunk);
        &mut self.buffer
    }

    /// Lets go of memory while nothing is unfinished: most connections are silent.
    pub(super) fn rest(&mut self) {
        if self.start == self.buffer.len() {
            self.buffer = Vec::new();
            self.start = 0;
            self.scanned = 0;
            self.chunk = Self::MIN_CHUNK;
        }
    }

    /// Where the ranges of lines lie.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// The next whole line.
    pub(super) fn next(&mut self) -> Option<Frame> {
        let mut rest = &self.buffer[self.scanned..];
        // `skip_until` on a slice is memchr, and cannot fail.
        let length = rest.skip_until(b'\n').unwrap_or(0);
        let end = self.scanned + length;
        self.scanned = end;
        if length == 0 || self.buffer[end - 1] != b'\n' {
            if self.passing_over || end - self.start > self.max_line + 1 {
                self.passing_over = true;
                self.start = end;
            }
            return None;
        }
        let line = self.start..end - 1;
        self.start = end;
        let was_passing_over = std::mem::take(&mut self.passing_over);
        Some(self.frame(line, was_passing_over))
    }

    /// The line that the stream ended in, without a line feed.
    pub(super) fn last(&mut self) -> Option<Frame> {
        let line = self.start..self.buffer.len();
        self.start = self.buffer.len();
        self.scanned = self.start;
        let was_passing_over = std::mem::take(&mut self.passing_over);
        (was_passing_over || !line.is_empty()).then(|| self.frame(line, was_passing_over))
    }

    fn frame(&self, line: Range<usize>, passed_over: bool) -> Frame {
        // A carriage return belongs to the end of the line.
        let returns = usize::from(self.buffer[line.clone()].last() == Some(&b'\r'));
        if passed_over || line.len() - returns > self.max_line {
            Frame::TooLong
        } else {
            Frame::Line(line)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `bytes` in pieces of `piece` and tells the lines; a line that was too long is `None`.
    fn lines(bytes: &[u8], piece: usize, max_line: usize) -> Vec<Option<Vec<u8>>> {
        let mut frames = Frames::new(max_line);
        let mut found = Vec::new();
        let mut keep = |frames: &Frames, frame| {
            found.push(match frame {
                Frame::Line(range) => Some(frames.bytes()[range].to_vec()),
                Frame::TooLong => None,
            });
        };
        for piece in bytes.chunks(piece) {
            frames.room().extend_from_slice(piece);
            while let Some(frame) = frames.next() {
                keep(&frames, frame);
            }
            assert!(frames.buffer.len() - frames.start <= max_line + 1 + piece.len());
        }
        if let Some(frame) = frames.last() {
            keep(&frames, frame);
        }
        found
    }

    #[test]
    fn lines_are_the_same_however_they_arrive() {
        let text =
            b"one\n\ntwo\r\n0123456789\n0123456789\r\n01234567890\nthree\n01234567890123\nlast";
        let some = |line: &str| Some(line.as_bytes().to_vec());
        for piece in 1..=text.len() {
            assert_eq!(
                lines(text, piece, 10),
                [
                    some("one"),
                    some(""),
                    some("two\r"),
                    some("0123456789"),
                    some("0123456789\r"),
                    None,
                    some("three"),
                    None,
                    some("last"),
                ],
                "in pieces of {piece}"
            );
        }
    }

    #[test]
    fn a_stream_may_end_inside_a_line_that_is_too_long() {
        for piece in [1, 5, 100] {
            assert_eq!(lines(&[b'x'; 50], piece, 10), [None]);
        }
    }

    #[test]
    fn a_long_line_takes_no_memory() {
        let mut frames = Frames::new(10);
        for _ in 0..10_000 {
            frames.room().extend_from_slice(&[b'x'; 1000]);
            assert_eq!(frames.next(), None);
        }
        assert!(frames.buffer.capacity() < 1_000_000);
    }
}
