//! The parts of a template: header, parameters, buttons, and what is handed in with them.

use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use crate::whatsapp::template::{ButtonDefinition, Category, HeaderDefinition, Parameters};

use super::keys;
use super::page::{Problem, Text};
use super::reader::{Table, in_order};

const MAX_PARAMETERS: usize = 100;
const MAX_BUTTONS: usize = 10;

/// Header, footer and buttons.
pub(super) struct Parts<'d> {
    pub(super) header: Option<HeaderDefinition>,
    pub(super) header_parameter: Option<Text<'d>>,
    pub(super) footer: Option<String>,
    pub(super) buttons: Vec<ButtonDefinition>,
    pub(super) button_spans: Vec<Range<usize>>,
}

pub(super) fn parts<'d>(table: &Table<'d>) -> Option<Parts<'d>> {
    let header = header(table);
    let footer = table.text("footer").map(|text| text.text.to_owned());
    let (buttons, button_spans) = buttons(table)?;
    let (header, header_parameter) = header?;
    Some(Parts {
        header,
        header_parameter,
        footer,
        buttons,
        button_spans,
    })
}

/// How long Meta tries to deliver; its bounds depend on the category (page templates/time-to-live).
pub(super) fn ttl(table: &Table<'_>, category: Category) -> Option<Duration> {
    table.get("ttl")?;
    let seconds = Duration::from_secs;
    let bounds = match category {
        Category::Utility => seconds(30)..=seconds(43_200),
        Category::Authentication => seconds(30)..=seconds(900),
        Category::Marketing => seconds(43_200)..=seconds(2_592_000),
    };
    let ttl = table.duration("ttl", bounds.clone(), *bounds.start());
    // Meta counts whole seconds.
    Some(seconds(ttl.as_secs()))
}

/// What reviewers read, in the order of the parameters.
pub(super) fn examples(table: &Table<'_>, parameters: &Parameters) -> Option<Vec<String>> {
    if table.get("examples").is_none() {
        return Some(Vec::new());
    }
    let (examples, _) = self::parameters(table, "examples")?;
    let names: Vec<String> = match parameters {
        Parameters::Positional(list) => (1..=list.len()).map(|n| n.to_string()).collect(),
        Parameters::Named(list) => list.iter().map(|(name, _)| name.clone()).collect(),
    };
    let examples = match examples {
        Parameters::Positional(list) if list.len() == names.len() => Some(list),
        Parameters::Positional(_) => None,
        Parameters::Named(list) if list.len() == names.len() => {
            let find = |name: &String| list.iter().find(|(known, _)| known == name);
            let found = names.iter().map(|name| Some(find(name)?.1.clone()));
            found.collect()
        }
        Parameters::Named(_) => None,
    };
    let empty = |list: &Vec<String>| list.iter().any(|text| text.trim().is_empty());
    if examples.is_none() || examples.as_ref().is_some_and(empty) {
        let problem = Problem::new("`examples` does not go with `parameters`");
        let help = format!("write one text for each of {}", names.join(", "));
        table.fault("examples", problem.help(help));
        return None;
    }
    examples
}

type Header<'d> = (Option<HeaderDefinition>, Option<Text<'d>>);

fn header<'d>(table: &Table<'d>) -> Option<Header<'d>> {
    let Some(value) = table.get("header") else {
        return Some((None, None));
    };
    if let DeValue::String(text) = value.get_ref() {
        let text = text.to_string();
        let parameter = None;
        return Some((Some(HeaderDefinition { text, parameter }), None));
    }
    let help = "write header = \"…\" or header = { text = \"… {{1}}\", parameter = \"{{ … }}\" }";
    let Some(header) = table.as_table(value, &keys::HEADER, "the header".to_owned()) else {
        table.wrong_type("header", value, "text or a table", help);
        return None;
    };
    let text = header.required("text", help);
    let parameter = header.text("parameter");
    let definition = HeaderDefinition {
        text: text?.text.to_owned(),
        parameter: parameter.as_ref().map(|text| text.text.to_owned()),
    };
    Some((Some(definition), parameter))
}

pub(super) fn parameters<'d>(
    table: &Table<'d>,
    key: &'static str,
) -> Option<(Parameters, Vec<Text<'d>>)> {
    let Some(value) = table.get(key) else {
        return Some((Parameters::Positional(Vec::new()), Vec::new()));
    };
    let help =
        "write parameters = [\"{{ contact.name }}\", \"…\"], one for each variable of the text";
    let (named, entries): (Option<Vec<&str>>, Vec<&'d Spanned<DeValue<'d>>>) = match value.get_ref()
    {
        DeValue::Array(items) => (None, items.iter().collect()),
        DeValue::Table(inner) => {
            let entries = in_order(inner);
            let names = entries.iter().map(|(name, _)| name.text).collect();
            (
                Some(names),
                entries.into_iter().map(|(_, value)| value).collect(),
            )
        }
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => {
            table.wrong_type(key, value, "a list or a table", help);
            return None;
        }
    };
    if entries.len() > MAX_PARAMETERS {
        let problem = Problem::new(format!("more than {MAX_PARAMETERS} parameters"));
        table.fault(key, problem.help("Meta takes far fewer"));
        return None;
    }
    let expected = entries.len();
    let texts: Vec<Text<'d>> = entries
        .into_iter()
        .filter_map(|value| table.as_text(key, value))
        .collect();
    if texts.len() != expected {
        return None;
    }
    let sources = texts.iter().map(|text| text.text.to_owned());
    let parameters = match named {
        Some(names) => {
            Parameters::Named(names.into_iter().map(str::to_owned).zip(sources).collect())
        }
        None => Parameters::Positional(sources.collect()),
    };
    Some((parameters, texts))
}

fn buttons(table: &Table<'_>) -> Option<(Vec<ButtonDefinition>, Vec<Range<usize>>)> {
    let Some(value) = table.get("buttons") else {
        return Some((Vec::new(), Vec::new()));
    };
    let help = "write buttons = [{ quick_reply = \"Acknowledge\" }, { url = \"https://…\", text = \"Open\" }]";
    let DeValue::Array(items) = value.get_ref() else {
        table.wrong_type("buttons", value, "a list of tables", help);
        return None;
    };
    if items.len() > MAX_BUTTONS {
        let problem = Problem::new(format!("more than {MAX_BUTTONS} buttons"));
        table.fault("buttons", problem.help("Meta takes ten at most"));
        return None;
    }
    let read: Vec<Option<ButtonDefinition>> =
        items.iter().map(|item| button(table, item, help)).collect();
    let spans = items.iter().map(Spanned::span).collect();
    Some((read.into_iter().collect::<Option<Vec<_>>>()?, spans))
}

fn button<'d>(
    table: &Table<'d>,
    item: &'d Spanned<DeValue<'d>>,
    help: &str,
) -> Option<ButtonDefinition> {
    let DeValue::Table(inner) = item.get_ref() else {
        table.wrong_type("buttons", item, "a list of tables", help);
        return None;
    };
    let optional = |text: Option<Text<'_>>| text.map(|text| text.text.to_owned());
    let name = "this button".to_owned();
    if inner.contains_key("url") {
        let button = table.as_table(item, &keys::URL_BUTTON, name)?;
        let text = button.required("text", "write text = \"…\", the label of the button");
        let url = button.required("url", "write url = \"https://…\"");
        Some(ButtonDefinition::Url {
            text: text?.text.to_owned(),
            url: url?.text.to_owned(),
            parameter: optional(button.text("parameter")),
        })
    } else {
        let button = table.as_table(item, &keys::QUICK_REPLY, name)?;
        Some(ButtonDefinition::QuickReply {
            text: button.required("quick_reply", help)?.text.to_owned(),
            payload: optional(button.text("payload")),
        })
    }
}
