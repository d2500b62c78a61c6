//! `[words.es]`: how severities, types and the like read in a language.

use toml::de::DeValue;

use crate::whatsapp::template::{Vocabulary, Words};

use super::fault::Fault;
use super::keys;
use super::page::Problem;
use super::reader::{Table, in_order};
use super::top;

/// The longest that a word may be put in, in characters.
const MAX_WORD: usize = 60;

pub(super) fn read(file: &Table<'_>) -> Vocabulary {
    let mut vocabulary = Vocabulary::default();
    for (key, value) in file.entries("words") {
        let Some(language) = file.parse(&key, top::language) else {
            continue;
        };
        let DeValue::Table(inner) = value.get_ref() else {
            let help = format!("write [words.{language}] on a line of its own, its words under it");
            file.wrong_type(key.text, value, "a table", &help);
            continue;
        };
        let mut words = Words::default();
        for (word, value) in in_order(inner) {
            let Some(text) = file.as_text(word.text, value) else {
                continue;
            };
            let empty = text.text.trim().is_empty();
            if empty || text.text.chars().count() > MAX_WORD {
                let problem = Problem::new("this is no word");
                let help = format!("write 1 to {MAX_WORD} characters");
                file.page.fault(problem.help(help).at(Some(text.span)));
            } else if !words.insert(word.text, text.text.trim()) {
                let message = format!("klaxond has no word \"{}\"", word.text);
                let known = Words::known().iter().map(String::as_str);
                let help = match keys::nearest(word.text, known) {
                    Some(near) => format!("write \"{near}\""),
                    None => format!("its words are {}", Words::known().join(", ")),
                };
                file.page.fault(Fault::at(word.span, message).help(help));
            }
        }
        vocabulary.insert(&language, words);
    }
    vocabulary
}
