//! What fits a template: its variables filled in, as the phone shows it.

use super::ledger::Tap;
use super::refusal::Refusal;
use super::request::{Argument, ButtonCall, Call, SubType};
use super::settings::{ButtonText, TemplateText};

/// Most UTF-16 units of a body as the phone shows it.
const MAX_BODY: usize = 1024;
/// Most UTF-16 units of a header as the phone shows it.
const MAX_HEADER: usize = 60;
/// Most bytes of the address of a button.
const MAX_URL: usize = 2000;

/// A template with its variables filled in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Filled {
    pub(super) header: Option<String>,
    pub(super) body: String,
    pub(super) footer: Option<String>,
    /// The labels.
    pub(super) buttons: Vec<String>,
    /// Which of them answer.
    pub(super) taps: Vec<Tap>,
}

/// A template that is known.
pub(super) fn known(template: &TemplateText, call: &Call) -> Result<Filled, Refusal> {
    let header = template.header.as_deref().unwrap_or_default();
    let header = part("header", header, &call.header, MAX_HEADER)?;
    let body = part("body", &template.text, &call.body, MAX_BODY)?;
    buttons(template, &call.buttons)?;
    Ok(Filled {
        header: template.header.as_ref().map(|_| header),
        body,
        footer: template.footer.clone(),
        buttons: template
            .buttons
            .iter()
            .map(|button| button.label().to_owned())
            .collect(),
        taps: taps(template, &call.buttons),
    })
}

/// The quick replies. One that is sent without a payload gives its label back.
fn taps(template: &TemplateText, calls: &[ButtonCall]) -> Vec<Tap> {
    let tap = |(index, button): (usize, &ButtonText)| match button {
        ButtonText::Url { .. } => None,
        ButtonText::QuickReply { text } => {
            let call = calls.iter().find(|call| call.index == index);
            Some(Tap {
                label: Some(text.clone()),
                payload: call.map_or(text, |call| &call.value).clone(),
            })
        }
    };
    template
        .buttons
        .iter()
        .enumerate()
        .filter_map(tap)
        .collect()
}

/// A template whose text nobody told: its name, and what fills it.
pub(super) fn unknown(call: &Call) -> Result<Filled, Refusal> {
    let line = |(index, argument): (usize, &Argument)| match &argument.name {
        Some(name) => format!("\n{name}: {}", argument.text),
        None => format!("\n{}: {}", index + 1, argument.text),
    };
    for (place, arguments) in [("header", &call.header), ("body", &call.body)] {
        let names = arguments.iter().filter(|a| a.name.is_some()).count();
        if names != 0 && names != arguments.len() {
            return Err(mixed(place));
        }
    }
    let lines: String = call.body.iter().enumerate().map(line).collect();
    let body = format!("{} ({}){lines}", call.name, call.language);
    if lines.encode_utf16().count() > MAX_BODY {
        return Err(too_long("body"));
    }
    Ok(Filled {
        header: call.header.first().map(|argument| argument.text.clone()),
        body,
        footer: None,
        buttons: call.buttons.iter().map(|b| b.value.clone()).collect(),
        taps: call
            .buttons
            .iter()
            .filter(|button| button.sub_type == SubType::QuickReply)
            .map(|button| Tap {
                label: None,
                payload: button.value.clone(),
            })
            .collect(),
    })
}

/// One part of a template with its variables filled in.
fn part(place: &str, text: &str, arguments: &[Argument], most: usize) -> Result<String, Refusal> {
    let variables = variables(text);
    let named = !positional(&variables);
    if arguments.iter().any(|a| a.name.is_some() != named) && !variables.is_empty() {
        return Err(mixed(place));
    }
    if arguments.len() != variables.len() {
        return Err(Refusal::new(
            132_000,
            format!(
                "{place}: number of localizable_params ({}) does not match the expected number of \
                 params ({})",
                arguments.len(),
                variables.len()
            ),
        ));
    }
    let find = |variable: &str| {
        if named {
            arguments
                .iter()
                .find(|a| a.name.as_deref() == Some(variable))
        } else {
            let number: usize = variable.parse().ok()?;
            arguments.get(number.checked_sub(1)?)
        }
    };
    let filled = fill(text, |variable| find(variable).map(|a| a.text.as_str()));
    let filled = filled.map_err(|variable| {
        Refusal::new(
            132_012,
            format!("{place}: parameter {variable} is not given"),
        )
    })?;
    if filled.encode_utf16().count() > most {
        return Err(too_long(place));
    }
    Ok(filled)
}

fn mixed(place: &str) -> Refusal {
    Refusal::new(
        132_012,
        format!(
            "{place}: parameter names are given for named templates, all of them, and never else"
        ),
    )
}

fn too_long(place: &str) -> Refusal {
    Refusal::new(132_005, format!("{place}: translated text too long"))
}

/// What stands in `{{ }}`, each once, in the order in which it appears.
pub(super) fn variables(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, variable, after)) = split(rest) {
        if !found.contains(&variable) {
            found.push(variable);
        }
        rest = after;
    }
    found
}

/// `text` with each variable replaced once by what `value` gives, or the first that it does not.
fn fill<'a>(text: &str, value: impl Fn(&str) -> Option<&'a str>) -> Result<String, String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, variable, after)) = split(rest) {
        filled.push_str(before);
        filled.push_str(value(variable).ok_or_else(|| variable.to_owned())?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// The text before the first variable, the variable, and the text after it.
fn split(text: &str) -> Option<(&str, &str, &str)> {
    let (before, after) = text.split_once("{{")?;
    let (variable, after) = after.split_once("}}")?;
    Some((before, variable, after))
}

/// Whether variables are `{{1}}`, `{{2}}`; true of none.
pub(super) fn positional(variables: &[&str]) -> bool {
    variables
        .iter()
        .all(|v| v.bytes().all(|b| b.is_ascii_digit()))
}

fn buttons(template: &TemplateText, calls: &[ButtonCall]) -> Result<(), Refusal> {
    for call in calls {
        let index = call.index;
        let format = |is: &str| {
            Refusal::new(
                132_012,
                format!("buttons: Button at index {index} is of type {is}"),
            )
        };
        match template.buttons.get(index) {
            None => {
                return Err(Refusal::new(
                    131_009,
                    format!("buttons: Button at index {index} does not exist"),
                ));
            }
            Some(ButtonText::QuickReply { .. }) if call.sub_type == SubType::Url => {
                return Err(format("QuickReply"));
            }
            Some(ButtonText::Url { .. }) if call.sub_type == SubType::QuickReply => {
                return Err(format("Url"));
            }
            Some(ButtonText::QuickReply { .. }) => {}
            Some(ButtonText::Url { url, .. }) => {
                if variables(url).is_empty() {
                    return Err(Refusal::new(
                        132_000,
                        format!("buttons: Button at index {index} of type Url takes no parameter"),
                    ));
                }
                if url.len() + call.value.len() > MAX_URL {
                    return Err(too_long("buttons"));
                }
            }
        }
    }
    for (index, button) in template.buttons.iter().enumerate() {
        let wants = matches!(button, ButtonText::Url { url, .. } if !variables(url).is_empty());
        if wants && !calls.iter().any(|call| call.index == index) {
            return Err(Refusal::new(
                131_008,
                format!("buttons: Button at index {index} of type Url requires a parameter"),
            ));
        }
    }
    Ok(())
}
