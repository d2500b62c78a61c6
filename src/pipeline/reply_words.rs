//! What people write, and what it means.

use crate::model::Word;

/// The words that mean something, by meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyWords {
    /// I take it.
    pub acknowledge: Vec<String>,
    /// Tell me no more of it for a while.
    pub silence: Vec<String>,
    /// Tell me nothing any more.
    pub stop: Vec<String>,
    /// Tell me again.
    pub start: Vec<String>,
}

impl Default for ReplyWords {
    fn default() -> Self {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            acknowledge: list(&["acknowledge", "ack", "ok"]),
            silence: list(&["silence 1h", "silence"]),
            stop: list(&["stop"]),
            start: list(&["start"]),
        }
    }
}

impl ReplyWords {
    /// What a text or the label of a button means: the whole of it is compared, without case and
    /// without white space around it.
    #[must_use]
    pub fn meaning(&self, text: &str) -> Word {
        let said = text.trim().to_lowercase();
        let is_one_of = |words: &[String]| {
            let mut words = words.iter();
            words.any(|word| word.trim().to_lowercase() == said)
        };
        let known = [
            (&self.acknowledge, Word::Acknowledge),
            (&self.silence, Word::Silence),
            (&self.stop, Word::Stop),
            (&self.start, Word::Start),
        ];
        let found = known.into_iter().find(|(words, _)| is_one_of(words));
        found.map_or(Word::Other, |(_, word)| word)
    }
}
