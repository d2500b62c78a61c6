//! Templates that are handed in, read and checked by Meta's rules (whatsapp-cloud-api.md section 2).

use serde_json::{Value, json};

use super::fields::Fields;
use super::fit::{positional, variables};
use super::refusal::Refusal;
use super::settings::{ButtonText, TemplateCategory, TemplateStatus, TemplateText};

/// Most UTF-16 units of a body.
const MAX_BODY: usize = 1024;
/// Most UTF-16 units of a header, and of a footer.
const MAX_LINE: usize = 60;
/// Most UTF-16 units of a label.
const MAX_LABEL: usize = 25;
/// Most bytes of the address of a button.
const MAX_URL: usize = 2000;
const MAX_BUTTONS: usize = 10;
const MAX_URL_BUTTONS: usize = 2;
/// Header, body, footer, buttons.
const MAX_COMPONENTS: usize = 4;

const TOO_LONG: (u32, &str) = (2_388_040, "Character limit exceeded");
const HEADER: (u32, &str) = (2_388_047, "Message header format is incorrect");
const BODY: (u32, &str) = (2_388_072, "Message body format is incorrect");
const FOOTER: (u32, &str) = (2_388_073, "Message footer format is incorrect");
const RATIO: (u32, &str) = (2_388_293, "Parameters words ratio exceeds limit");
const EDGE: (u32, &str) = (2_388_299, "Leading or trailing params not allowed");
const NO_EXAMPLE: (u32, &str) = (2_388_043, "Message template components are missing fields");

/// A template that was handed in and may be reviewed.
#[derive(Debug)]
pub(super) struct Submission {
    /// Name and language are empty in a change.
    pub(super) text: TemplateText,
    pub(super) category: Option<TemplateCategory>,
    pub(super) ttl: Option<i64>,
    /// As Meta lists them, examples included.
    pub(super) components: Value,
}

impl Submission {
    /// Reads the body of `POST /{account}/message_templates`.
    pub(super) fn create(body: &[u8]) -> Result<Self, Refusal> {
        let value = json(body)?;
        let known = [
            "name",
            "language",
            "category",
            "parameter_format",
            "message_send_ttl_seconds",
            "components",
        ];
        let fields = Fields::read("", &value, &known)?;
        let (name, language) = (fields.text("name")?, fields.text("language")?);
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if name.len() > 512 || !name.bytes().all(good) {
            return Err(Refusal::new(
                100,
                "Param name is made of at most 512 lowercase letters, digits and underscores.",
            ));
        }
        let (tongue, country) = language.split_once('_').unwrap_or((language, "US"));
        let is_language = (2..=3).contains(&tongue.len())
            && tongue.bytes().all(|b| b.is_ascii_lowercase())
            && (2..=4).contains(&country.len())
            && country.bytes().all(|b| b.is_ascii_uppercase());
        if !is_language {
            return Err(Refusal::new(100, "Param language is a code such as en_US."));
        }
        fields.required("category")?;
        let mut submission = Self::read(&fields)?;
        submission.text.name = name.to_owned();
        submission.text.language = language.to_owned();
        Ok(submission)
    }

    /// Reads the body of `POST /{template}`.
    pub(super) fn edit(body: &[u8]) -> Result<Self, Refusal> {
        let value = json(body)?;
        let known = [
            "category",
            "parameter_format",
            "message_send_ttl_seconds",
            "components",
        ];
        Self::read(&Fields::read("", &value, &known)?)
    }

    fn read(fields: &Fields<'_>) -> Result<Self, Refusal> {
        let category = match fields.optional("category") {
            None => None,
            Some(_) => {
                let names = TemplateCategory::ALL.map(TemplateCategory::name);
                let name = word(fields, "category", &names)?;
                TemplateCategory::ALL.into_iter().find(|c| c.name() == name)
            }
        };
        let ttl = match fields.optional("message_send_ttl_seconds") {
            None => None,
            Some(value) => Some(ttl(value, category.unwrap_or_default())?),
        };
        let named = match fields.optional("parameter_format") {
            None => false,
            Some(_) => word(fields, "parameter_format", &["NAMED", "POSITIONAL"])? == "NAMED",
        };
        let mut text = TemplateText {
            name: String::new(),
            language: String::new(),
            header: None,
            text: String::new(),
            footer: None,
            buttons: Vec::new(),
            status: TemplateStatus::Pending,
        };
        let mut components = fields.list("components", MAX_COMPONENTS)?.to_vec();
        let mut seen = Vec::new();
        for (index, component) in components.iter_mut().enumerate() {
            let path = format!("components[{index}]");
            let kind = part(&path, component, named, &mut text)?;
            if seen.contains(&kind) {
                return Err(Refusal::new(100, format!("Duplicate component {kind}.")));
            }
            seen.push(kind);
            component["type"] = json!(kind);
            if kind == "HEADER" {
                component["format"] = json!("TEXT");
            }
            let buttons = component.get_mut("buttons").and_then(Value::as_array_mut);
            for (button, text) in buttons.into_iter().flatten().zip(&text.buttons) {
                let is_url = matches!(text, ButtonText::Url { .. });
                button["type"] = json!(if is_url { "URL" } else { "QUICK_REPLY" });
            }
        }
        if !seen.contains(&"BODY") {
            return Err(told(BODY, "A template needs a component of type BODY."));
        }
        Ok(Self {
            text,
            category,
            ttl,
            components: Value::Array(components),
        })
    }
}

fn json(body: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::new(100, format!("The body is not valid JSON: {error}.")))
}

fn told((subcode, title): (u32, &'static str), why: impl Into<String>) -> Refusal {
    Refusal::template(subcode, title, why)
}

/// The text of `key` in any case, which must be one of `choices`.
fn word(fields: &Fields<'_>, key: &str, choices: &[&'static str]) -> Result<&'static str, Refusal> {
    let upper = fields.text(key)?.to_uppercase();
    let found = choices.iter().find(|choice| **choice == upper);
    found.copied().ok_or_else(|| {
        let choices = choices.join(", ");
        let path = fields.path(key);
        Refusal::new(
            100,
            format!("Param {path} must be one of {{{choices}}} - got \"{upper}\"."),
        )
    })
}

fn ttl(value: &Value, category: TemplateCategory) -> Result<i64, Refusal> {
    let (least, most) = match category {
        TemplateCategory::Utility => (30, 43_200),
        TemplateCategory::Authentication => (30, 900),
        TemplateCategory::Marketing => (43_200, 2_592_000),
    };
    let seconds = value.as_i64();
    let good = |seconds: &i64| *seconds == -1 || (least..=most).contains(seconds);
    seconds.filter(good).ok_or_else(|| {
        Refusal::new(
            100,
            format!("Param message_send_ttl_seconds is from {least} to {most}, or -1 for 30 days."),
        )
    })
}

/// Reads one component into `text`, and says which it is.
fn part(
    path: &str,
    value: &Value,
    named: bool,
    text: &mut TemplateText,
) -> Result<&'static str, Refusal> {
    let known = ["type", "format", "text", "example", "buttons"];
    let fields = Fields::read(path, value, &known)?;
    let kind = word(&fields, "type", &["HEADER", "BODY", "FOOTER", "BUTTONS"])?;
    match kind {
        "HEADER" => {
            word(&fields, "format", &["TEXT"])?;
            let header = fields.text("text")?;
            limit("header", header, MAX_LINE)?;
            let variables = checked(header, named, HEADER)?;
            if variables.len() > 1 {
                return Err(told(HEADER, "A header has one variable at most."));
            }
            if header.contains(['\n', '\r', '*']) {
                return Err(told(HEADER, "A header has no new lines and no formatting."));
            }
            examples(&fields, "header_text", &variables, named)?;
            text.header = Some(header.to_owned());
        }
        "BODY" => {
            let body = fields.text("text")?;
            limit("body", body, MAX_BODY)?;
            let variables = checked(body, named, BODY)?;
            body_rules(body, variables.len())?;
            examples(&fields, "body_text", &variables, named)?;
            text.text = body.to_owned();
        }
        "FOOTER" => {
            let footer = fields.text("text")?;
            limit("footer", footer, MAX_LINE)?;
            if !variables(footer).is_empty() || footer.contains(['\n', '\r']) {
                return Err(told(FOOTER, "A footer has no variables and no new lines."));
            }
            text.footer = Some(footer.to_owned());
        }
        _ => text.buttons = buttons(&fields)?,
    }
    Ok(kind)
}

fn limit(what: &str, text: &str, most: usize) -> Result<(), Refusal> {
    let is = text.encode_utf16().count();
    if is > most {
        let why = format!("A {what} has at most {most} characters, this one has {is}.");
        return Err(told(TOO_LONG, why));
    }
    Ok(())
}

/// The variables of `text`, which are named as they must be.
fn checked<'a>(
    text: &'a str,
    named: bool,
    fault: (u32, &'static str),
) -> Result<Vec<&'a str>, Refusal> {
    let variables = variables(text);
    if text.matches("{{").count() != text.matches("}}").count() {
        return Err(told(fault, "A variable is written {{1}} or {{name}}."));
    }
    let good = match named {
        true => variables.iter().all(|name| is_name(name)),
        false => {
            let numbers = variables.iter().enumerate();
            let mut sorted: Vec<u32> = variables.iter().filter_map(|v| v.parse().ok()).collect();
            sorted.sort_unstable();
            positional(&variables)
                && numbers
                    .map(|(n, _)| n + 1)
                    .zip(&sorted)
                    .all(|(n, is)| u32::try_from(n) == Ok(*is))
        }
    };
    if good {
        return Ok(variables);
    }
    Err(told(
        fault,
        match named {
            true => "Named variables are made of lowercase letters, digits and underscores.",
            false => "Positional variables are {{1}}, {{2}} and so on, with none left out.",
        },
    ))
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn body_rules(body: &str, count: usize) -> Result<(), Refusal> {
    let trimmed = body.trim();
    if trimmed.starts_with("{{") || trimmed.ends_with("}}") {
        let why = "Variables can't be at the start or end of the template.";
        return Err(told(EDGE, why));
    }
    let close: String = body.split_whitespace().collect();
    if close.contains("}}{{") {
        return Err(told(BODY, "Two variables need words between them."));
    }
    let fixed: Vec<&str> = body
        .split("{{")
        .map(|piece| piece.split_once("}}").map_or(piece, |(_, after)| after))
        .collect();
    let words = fixed.join(" ");
    let words = words.split_whitespace();
    let words = words
        .filter(|word| word.contains(char::is_alphanumeric))
        .count();
    if words < count {
        let why = "This template contains too many variable parameters relative to its length.";
        return Err(told(RATIO, why));
    }
    Ok(())
}

/// Meta's reviewers read an example in place of each variable.
fn examples(
    fields: &Fields<'_>,
    key: &str,
    variables: &[&str],
    named: bool,
) -> Result<(), Refusal> {
    if variables.is_empty() {
        return Ok(());
    }
    let missing = || {
        let path = fields.path("example");
        told(
            NO_EXAMPLE,
            format!("{path} needs an example for every variable."),
        )
    };
    let example = fields.optional("example").ok_or_else(missing)?;
    let filled = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let whole = if named {
        let given = example[format!("{key}_named_params")].as_array();
        let has = |name: &&str| {
            let own = |e: &Value| e["param_name"] == **name && filled(&e["example"]);
            given.is_some_and(|given| given.iter().any(own))
        };
        variables.iter().all(has)
    } else {
        // The values of a body lie one list deeper.
        let given = &example[key];
        let given = if key == "body_text" { &given[0] } else { given };
        let all = |given: &Vec<Value>| given.len() == variables.len() && given.iter().all(filled);
        given.as_array().is_some_and(all)
    };
    whole.then_some(()).ok_or_else(missing)
}

fn buttons(fields: &Fields<'_>) -> Result<Vec<ButtonText>, Refusal> {
    let mut buttons = Vec::new();
    let path = fields.path("buttons");
    for (index, value) in fields.list("buttons", MAX_BUTTONS)?.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let fields = Fields::read(&path, value, &["type", "text", "url", "example"])?;
        let kind = word(&fields, "type", &["QUICK_REPLY", "URL"])?;
        let text = fields.text("text")?.to_owned();
        limit("button label", &text, MAX_LABEL)?;
        if !variables(&text).is_empty() || text.contains(['\n', '\r']) {
            return Err(Refusal::new(
                100,
                format!("{path}: a label has no variables."),
            ));
        }
        buttons.push(match kind {
            "URL" => ButtonText::Url {
                text,
                url: address(&fields)?,
            },
            _ => ButtonText::QuickReply { text },
        });
    }
    let quick: Vec<bool> = buttons.iter().map(|b| b.url().is_none()).collect();
    if quick.windows(2).filter(|pair| pair[0] != pair[1]).count() > 1 {
        return Err(Refusal::new(100, "Quick replies must stand together."));
    }
    if quick.iter().filter(|quick| !**quick).count() > MAX_URL_BUTTONS {
        return Err(Refusal::new(
            100,
            format!("A template has at most {MAX_URL_BUTTONS} buttons of type URL."),
        ));
    }
    Ok(buttons)
}

fn address(fields: &Fields<'_>) -> Result<String, Refusal> {
    let url = fields.text("url")?;
    let variables = variables(url);
    let good = url.len() <= MAX_URL
        && (url.starts_with("https://") || url.starts_with("http://"))
        && (variables.is_empty() || (variables == ["1"] && url.ends_with("{{1}}")));
    if !good {
        let path = fields.path("url");
        return Err(Refusal::new(
            100,
            format!("Param {path} is an address with one variable {{{{1}}}} at its end at most."),
        ));
    }
    if !variables.is_empty() {
        let given = fields.optional("example");
        let first = given.map(|given| given.get(0).unwrap_or(given));
        if first.and_then(Value::as_str).is_none_or(str::is_empty) {
            let path = fields.path("example");
            return Err(told(
                NO_EXAMPLE,
                format!("{path} needs an example for its variable."),
            ));
        }
    }
    Ok(url.to_owned())
}
