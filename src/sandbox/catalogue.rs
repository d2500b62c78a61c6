//! The templates the sandbox knows, and what fits them.

use super::refusal::Refusal;
use super::request::{Argument, ButtonCall, Call, SubType};
use super::settings::{ButtonText, TemplateStatus, TemplateText};

/// Most UTF-16 units of a body as the phone shows it.
const MAX_BODY: usize = 1024;
/// Most UTF-16 units of a header as the phone shows it.
const MAX_HEADER: usize = 60;
/// Most bytes of the address of a button.
const MAX_URL: usize = 2000;

/// The templates of the account.
#[derive(Debug)]
pub(super) struct Catalogue {
    templates: Vec<TemplateText>,
    accept_unknown: bool,
}

/// A template with its variables filled in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Filled {
    pub(super) header: Option<String>,
    pub(super) body: String,
    pub(super) footer: Option<String>,
    /// The labels.
    pub(super) buttons: Vec<String>,
}

impl Catalogue {
    /// `templates` and Meta's own `hello_world`. With none, or with `accept_unknown`, any is taken.
    pub(super) fn new(mut templates: Vec<TemplateText>, accept_unknown: bool) -> Self {
        let accept_unknown = accept_unknown || templates.is_empty();
        if !templates.iter().any(|t| t.name == "hello_world") {
            templates.push(hello_world());
        }
        Self {
            templates,
            accept_unknown,
        }
    }

    pub(super) fn templates(&self) -> &[TemplateText] {
        &self.templates
    }

    /// Changes where a template stands, in every language. Whether it is known.
    pub(super) fn set_status(&mut self, name: &str, status: TemplateStatus) -> bool {
        let mut known = false;
        for template in self.templates.iter_mut().filter(|t| t.name == name) {
            template.status = status;
            known = true;
        }
        known
    }

    /// What the phone would show of `call`.
    pub(super) fn fill(&self, call: &Call) -> Result<Filled, Refusal> {
        let mut named = self
            .templates
            .iter()
            .filter(|t| t.name == call.name)
            .peekable();
        if named.peek().is_none() && self.accept_unknown {
            return unknown(call);
        }
        let Some(template) = named.find(|t| t.language == call.language) else {
            return Err(not_there(call));
        };
        match template.status {
            TemplateStatus::Approved => known(template, call),
            TemplateStatus::Pending | TemplateStatus::Rejected => Err(not_there(call)),
            TemplateStatus::Paused => Err(Refusal::new(
                132_015,
                "Template is paused due to low quality so it cannot be sent in a template message.",
            )),
            TemplateStatus::Disabled => Err(Refusal::new(
                132_016,
                "Template has been paused too many times due to low quality and is now permanently \
                 disabled.",
            )),
        }
    }
}

/// The sample that every account has.
fn hello_world() -> TemplateText {
    TemplateText {
        name: "hello_world".to_owned(),
        language: "en_US".to_owned(),
        header: Some("Hello World".to_owned()),
        text: "Welcome and congratulations!! This message demonstrates your ability to send a \
               WhatsApp message notification from the Cloud API, hosted by Meta. Thank you for \
               taking the time to test with us."
            .to_owned(),
        footer: Some("WhatsApp Business Platform sample message".to_owned()),
        buttons: Vec::new(),
        status: TemplateStatus::Approved,
    }
}

fn not_there(call: &Call) -> Refusal {
    Refusal::new(
        132_001,
        format!(
            "template name ({}) does not exist in {}",
            call.name, call.language
        ),
    )
}

fn known(template: &TemplateText, call: &Call) -> Result<Filled, Refusal> {
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
    })
}

/// A template whose text nobody told: its name, and what fills it.
fn unknown(call: &Call) -> Result<Filled, Refusal> {
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
