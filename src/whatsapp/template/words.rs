//! How severities, types and the like read in a language.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use crate::model::{AlarmType, Kind, Severity, SeverityRange, Status, UserStatus};

/// Reasons of a notification that are a fixed phrase.
const REASONS: [&str; 4] = [
    "rule removed",
    "rule changed",
    "forgotten",
    "closed by hand",
];

/// The words of one language: what stands for those that klaxond itself uses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words(BTreeMap<String, String>);

impl Words {
    /// Every word that can be put otherwise, in small letters.
    #[must_use]
    pub fn known() -> &'static [String] {
        static KNOWN: LazyLock<Vec<String>> = LazyLock::new(|| {
            let mut words: Vec<String> = Severity::ALL
                .map(Severity::name)
                .into_iter()
                .chain(SeverityRange::ALL.map(SeverityRange::name))
                .chain(AlarmType::ALL.iter().map(|kind| kind.name()))
                .chain(Status::ALL.map(Status::name))
                .chain(UserStatus::ALL.map(UserStatus::name))
                .chain(Kind::ALL.map(Kind::name))
                .chain(REASONS)
                .map(plain)
                .collect();
            words.sort_unstable();
            words.dedup();
            words
        });
        &KNOWN
    }

    /// Whether klaxond itself uses `word`, however it is written.
    #[must_use]
    pub fn is_known(word: &str) -> bool {
        Self::known().binary_search(&plain(word)).is_ok()
    }

    /// Lets `text` stand for `word`, which may be written in any case, with `_` for a space. Whether
    /// klaxond has that word.
    pub fn insert(&mut self, word: &str, text: &str) -> bool {
        let known = Self::is_known(word);
        if known {
            self.0.insert(plain(word), text.to_owned());
        }
        known
    }

    /// What stands for `word`; the word itself where nothing does.
    pub(super) fn put<'w>(&'w self, word: &'w str) -> &'w str {
        self.get(word).unwrap_or(word)
    }

    /// What stands for `word`.
    #[must_use]
    pub fn get(&self, word: &str) -> Option<&str> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(&plain(word)).map(String::as_str)
    }
}

/// The words of every language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vocabulary(BTreeMap<String, Arc<Words>>);

impl Vocabulary {
    /// Sets the words of a language.
    pub fn insert(&mut self, language: &str, words: Words) {
        self.0.insert(language.to_owned(), Arc::new(words));
    }

    /// The words of a language: its own, else those of its tongue (`es` for `es_MX`), else none.
    #[must_use]
    pub fn of(&self, language: &str) -> Arc<Words> {
        let own = self.0.get(language);
        let found = own.or_else(|| self.0.get(tongue(language)));
        found.map(Arc::clone).unwrap_or_default()
    }
}

/// `es` of `es_MX`.
pub(super) fn tongue(language: &str) -> &str {
    language.split('_').next().unwrap_or(language)
}

fn plain(word: &str) -> String {
    word.trim().to_lowercase().replace(['_', '-'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_however_it_is_written() {
        let mut words = Words::default();
        assert!(words.insert("New_alarm", "Alarma nueva"));
        assert!(!words.insert("newish alarm", "?"));
        assert_eq!(words.get("New alarm"), Some("Alarma nueva"));
        assert_eq!(words.get("new alarm"), Some("Alarma nueva"));
        assert_eq!(words.get("Critical"), None);
    }

    #[test]
    fn a_language_has_the_words_of_its_tongue() {
        let (mut spanish, mut mexican) = (Words::default(), Words::default());
        spanish.insert("critical", "Crítica");
        mexican.insert("critical", "Crítico");
        let mut vocabulary = Vocabulary::default();
        vocabulary.insert("es", spanish);
        vocabulary.insert("es_MX", mexican);
        let said = |language: &str| vocabulary.of(language).get("critical").map(str::to_owned);
        assert_eq!(said("es_ES").as_deref(), Some("Crítica"));
        assert_eq!(said("es_MX").as_deref(), Some("Crítico"));
        assert_eq!(said("en_US"), None);
    }
}
