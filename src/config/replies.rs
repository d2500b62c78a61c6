//! `[replies]` and `[operators]`: what people can write back, and who is told of klaxond itself.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::engine::{Hints, Replies};
use crate::model::{ContactId, TemplateId};
use crate::pipeline::ReplyWords;

use super::fault::Fault;
use super::keys;
use super::names::Names;
use super::page::Problem;
use super::reader::Table;
use super::whom::{self, Whom};

const MAX_WORDS: usize = 32;
const MAX_WORD_CHARS: usize = 64;

/// What is done with replies, and the words that mean something.
pub(super) fn read(top: &Table<'_>, templates: &[TemplateId]) -> (Replies, ReplyWords) {
    let table = top.table("replies", &keys::REPLIES);
    let seconds = Duration::from_secs;
    let default = Replies::default();
    let usual = ReplyWords::default();
    let words = ReplyWords {
        acknowledge: words(&table, "acknowledge", usual.acknowledge),
        silence: words(&table, "silence", usual.silence),
        stop: words(&table, "stop", usual.stop),
        start: words(&table, "start", usual.start),
    };
    warn_of_twins(&table, &words);
    let first = |words: &[String]| words.first().cloned().unwrap_or_default();
    let replies = Replies {
        tell_others: table.flag("tell_others", default.tell_others),
        acknowledged: templates
            .iter()
            .find(|id| id.as_str() == "acknowledged")
            .cloned(),
        ack_expires: table.duration(
            "ack_expires",
            seconds(60)..=seconds(31 * 86_400),
            default.ack_expires,
        ),
        silence_for: table.duration(
            "silence_for",
            seconds(60)..=seconds(31 * 86_400),
            default.silence_for,
        ),
        hints: Hints {
            acknowledge: first(&words.acknowledge),
            silence: first(&words.silence),
            stop: first(&words.stop),
            start: first(&words.start),
        },
        ..default
    };
    (replies, words)
}

fn words(table: &Table<'_>, key: &str, default: Vec<String>) -> Vec<String> {
    if table.get(key).is_none() {
        return default;
    }
    let Some(texts) = table.texts(key) else {
        return default;
    };
    let is_word = |text: &str| !text.trim().is_empty() && text.chars().count() <= MAX_WORD_CHARS;
    if texts.is_empty() || texts.len() > MAX_WORDS || !texts.iter().all(|text| is_word(text.text)) {
        let problem = Problem::new(format!("`{key}` holds something that nobody can write"));
        table.fault(
            key,
            problem.help(format!(
                "write 1 to {MAX_WORDS} words or short texts: {key} = [\"{}\"]",
                default.join("\", \"")
            )),
        );
        return default;
    }
    let texts = texts.iter();
    texts.map(|text| text.text.trim().to_owned()).collect()
}

/// A word that means two things means the first of them.
fn warn_of_twins(table: &Table<'_>, words: &ReplyWords) {
    let lists = [
        ("acknowledge", &words.acknowledge),
        ("silence", &words.silence),
        ("stop", &words.stop),
        ("start", &words.start),
    ];
    let mut known: BTreeMap<String, &str> = BTreeMap::new();
    for (key, words) in lists {
        for word in words {
            let first = *known.entry(word.to_lowercase()).or_insert(key);
            if first != key {
                let message = format!("\"{word}\" means `{first}` already");
                table.warn(key, &message, "take it out of one of them");
            }
        }
    }
}

/// Who is told of klaxond itself, and with which template.
pub(super) fn operators(
    top: &Table<'_>,
    names: &Names,
    contacts: &[ContactId],
    templates: &[TemplateId],
) -> Option<(Vec<ContactId>, TemplateId)> {
    let table = top.table("operators", &keys::OPERATORS);
    let named = |name: &str| templates.iter().find(|id| id.as_str() == name).cloned();
    let template = named("notice").or_else(|| named("alarm"));
    let notice = match &template {
        Some(template) => template.clone(),
        None => TemplateId::parse("notice").ok()?,
    };
    if table.get("notify").is_none() {
        return Some((Vec::new(), notice));
    }
    if template.is_none() {
        let fault = Fault::maybe_at(
            table.span.clone(),
            "there is no template to tell operators with",
        );
        let help = "write [templates.notice] or [templates.alarm] with what Meta approved";
        table.page.fault(fault.help(help).follows());
    }
    let operators = match whom::many(&table, "notify", names)? {
        Whom::Everyone => contacts.to_vec(),
        Whom::These(ids) => ids,
    };
    Some((operators, notice))
}
