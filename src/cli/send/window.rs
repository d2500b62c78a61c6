//! Lines that were read and not yet answered for good.

use std::collections::VecDeque;

/// The lines between input and answer, in order. Bounded: [`Window::has_room`] says when to read on.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// Answered `busy`; they go before everything else.
    again: VecDeque<Line>,
    /// On their way on this connection, in the order of the answers to come.
    sent: VecDeque<Line>,
    /// Not sent on this connection.
    waiting: VecDeque<Line>,
    bytes: usize,
}

/// A line with its number in the input.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) bytes: Vec<u8>,
}

impl Window {
    const MAX_LINES: usize = 4096;
    const MAX_BYTES: usize = 2 * 1024 * 1024;

    pub(super) fn has_room(&self) -> bool {
        self.len() < Self::MAX_LINES && self.bytes < Self::MAX_BYTES
    }

    pub(super) fn len(&self) -> usize {
        self.again.len() + self.sent.len() + self.waiting.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn push(&mut self, line: Line) {
        self.bytes += line.bytes.len();
        self.waiting.push_back(line);
    }

    /// The next line to send. After a `busy` nothing goes until every answer under way is here: so
    /// what was busy is sent again in front of what came behind it.
    pub(super) fn send_next(&mut self) -> Option<&[u8]> {
        if !self.again.is_empty() {
            return None;
        }
        let line = self.waiting.pop_front()?;
        self.sent.push_back(line);
        self.sent.back().map(|line| line.bytes.as_slice())
    }

    /// The line that the next answer is for.
    pub(super) fn answered(&mut self) -> Option<Line> {
        let line = self.sent.pop_front()?;
        self.bytes -= line.bytes.len();
        Some(line)
    }

    /// Keeps a line that was answered `busy`.
    pub(super) fn keep(&mut self, line: Line) {
        self.bytes += line.bytes.len();
        self.again.push_back(line);
    }

    /// Whether something was busy and every answer under way is here.
    pub(super) fn has_to_pause(&self) -> bool {
        !self.again.is_empty() && self.sent.is_empty()
    }

    /// The number of the oldest line.
    pub(super) fn first_number(&self) -> Option<u64> {
        [&self.again, &self.sent, &self.waiting]
            .into_iter()
            .find_map(VecDeque::front)
            .map(|line| line.number)
    }

    /// Everything that was not answered for good is to be sent, in the order of the input.
    pub(super) fn rewind(&mut self) {
        for line in self.sent.drain(..).rev() {
            self.waiting.push_front(line);
        }
        for line in self.again.drain(..).rev() {
            self.waiting.push_front(line);
        }
    }
}
