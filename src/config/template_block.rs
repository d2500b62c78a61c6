//! A template that Meta has, written as a piece of config.

use crate::model::TemplateId;
use crate::whatsapp::{ButtonInfo, TemplateInfo};

/// What in the words around a variable tells what it stands for, and what fills it then. The first
/// that is found counts.
const GUESSES: [(&[&str], &str); 14] = [
    (
        &["element", "elemento", "device", "host", "equipo"],
        "{{ alarm.element }}",
    ),
    (
        &["parameter", "parámetro", "parametro"],
        "{{ alarm.parameter }}",
    ),
    (&["value", "valor", "wert"], "{{ alarm.value }}"),
    (
        &["severity", "severidad", "gravedad"],
        "{{ alarm.severity }}",
    ),
    (&["time", "hora", "fecha", "date"], "{{ alarm.time }}"),
    (&["type", "tipo"], "{{ alarm.type }}"),
    (&["reason", "motivo"], "{{ notification.reason }}"),
    (&["rule", "regla"], "{{ rule.name }}"),
    (&["duration", "after", "duración"], "{{ bucket.duration }}"),
    (&["count", "alarms", "alarmas"], "{{ bucket.count }}"),
    (&["owner", "propietario"], "{{ alarm.owner }}"),
    (&["comment", "comentario"], "{{ alarm.comment }}"),
    (
        &["hello", "hi", "hola", "dear", "name", "nombre"],
        "{{ contact.name }}",
    ),
    (&["id", "number"], "{{ alarm.id }}"),
];

/// What fills a variable that nothing is known of.
const UNKNOWN: &str = "{{ alarm.value }}";

/// A template as `[templates.ID]`, the other languages of the same name under it. What fills its
/// variables is guessed from the words around them, and says so.
#[must_use]
pub fn template_block(languages: &[&TemplateInfo]) -> String {
    let Some((first, others)) = languages.split_first() else {
        return String::new();
    };
    let id = id(&first.name);
    let mut block = format!("[templates.{id}]\nname = {}\n", quoted(&first.name));
    block.push_str(&format!("language = {}\n", quoted(&first.language)));
    let category = first.category.as_deref().map(str::to_lowercase);
    let known = ["utility", "marketing", "authentication"];
    let category = category.filter(|category| known.contains(&category.as_str()));
    if let Some(category) = category {
        block.push_str(&format!("category = {}\n", quoted(&category)));
    }
    if let Some(seconds) = first.ttl_seconds.filter(|seconds| *seconds > 0) {
        block.push_str(&format!("ttl = \"{seconds}s\"\n"));
    }
    content(&mut block, first);
    for other in others {
        block.push_str(&format!(
            "\n[templates.{id}.languages.{}]\n",
            other.language
        ));
        content(&mut block, other);
    }
    block
}

/// A short id that the config takes.
fn id(name: &str) -> String {
    let short = name.strip_prefix("klaxond_").unwrap_or(name);
    let fits = |name: &&str| TemplateId::parse(name).is_ok();
    [short, name]
        .into_iter()
        .find(fits)
        .unwrap_or("imported")
        .to_owned()
}

fn content(block: &mut String, info: &TemplateInfo) {
    if let Some(header) = info.header() {
        match variables(header).first() {
            None => block.push_str(&format!("header = {}\n", quoted(header))),
            Some((name, before)) => {
                let guess = guess(name, before).unwrap_or("{{ alarm.severity }}");
                block.push_str(&format!(
                    "header = {{ text = {}, parameter = {} }}\n",
                    quoted(header),
                    quoted(guess)
                ));
            }
        }
    }
    let text = info.text().unwrap_or_default();
    block.push_str(&format!("text = {}\n", long(text)));
    if let Some(footer) = info.footer() {
        block.push_str(&format!("footer = {}\n", quoted(footer)));
    }
    parameters(block, text, info.is_named());
    let buttons: Vec<String> = info.buttons().iter().filter_map(button).collect();
    if !buttons.is_empty() {
        block.push_str("buttons = [\n");
        for button in buttons {
            block.push_str(&format!("    {button},\n"));
        }
        block.push_str("]\n");
    }
}

fn parameters(block: &mut String, text: &str, named: bool) {
    let mut variables = variables(text);
    if variables.is_empty() {
        return;
    }
    if !named {
        variables.sort_by_key(|(name, _)| name.parse::<u32>().unwrap_or(u32::MAX));
    }
    block.push_str(
        "# What fills the variables is guessed from the words beside them: look it over.\n",
    );
    let guessed = |name: &str, before: &str| match guess(name, before) {
        Some(guess) => (guess, ""),
        None => (UNKNOWN, " # nothing tells what this is"),
    };
    if named {
        let pairs: Vec<String> = variables
            .iter()
            .map(|(name, before)| format!("{name} = {}", quoted(guessed(name, before).0)))
            .collect();
        block.push_str(&format!("parameters = {{ {} }}\n", pairs.join(", ")));
        return;
    }
    block.push_str("parameters = [\n");
    for (name, before) in variables {
        let (guess, remark) = guessed(name, before);
        block.push_str(&format!("    {},{remark}\n", quoted(guess)));
    }
    block.push_str("]\n");
}

fn button(button: &ButtonInfo) -> Option<String> {
    let text = quoted(button.text.as_deref()?);
    if button.kind.eq_ignore_ascii_case("QUICK_REPLY") {
        return Some(format!("{{ quick_reply = {text} }}"));
    }
    let url = button.url.as_deref()?;
    let parameter = match variables(url).is_empty() {
        true => String::new(),
        false => format!(", parameter = {}", quoted("{{ alarm.id }}")),
    };
    Some(format!(
        "{{ url = {}, text = {text}{parameter} }}",
        quoted(url)
    ))
}

/// The different variables of a text, each with the words in front of it on its line, since the
/// variable before.
fn variables(text: &str) -> Vec<(&str, &str)> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    let mut start = 0;
    while let Some(open) = text[start..].find("{{").map(|at| start + at) {
        let Some(close) = text[open..].find("}}").map(|at| open + at) else {
            break;
        };
        let name = text[open + 2..close].trim();
        let before = text[start..open].rsplit('\n').next().unwrap_or_default();
        if !found.iter().any(|(known, _)| *known == name) {
            found.push((name, before));
        }
        start = close + 2;
    }
    found
}

/// What fills a variable, by its own name, else by the last telling word in front of it.
fn guess(name: &str, before: &str) -> Option<&'static str> {
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric())
            .map(str::to_lowercase)
            .collect()
    };
    let telling = |word: &String| {
        let hit = |(words, _): &&(&[&str], &str)| words.contains(&word.as_str());
        GUESSES.iter().find(hit).map(|(_, fills)| *fills)
    };
    let own = words(name).iter().find_map(telling);
    own.or_else(|| words(before).iter().rev().find_map(telling))
}

/// A text on one line.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A text as it reads, on as many lines as it has.
fn long(text: &str) -> String {
    if !text.contains('\n')
        || text.contains(['\\', '\r'])
        || text.contains("\"\"\"")
        || text.ends_with('"')
    {
        return quoted(text);
    }
    format!("\"\"\"\n{text}\"\"\"")
}
