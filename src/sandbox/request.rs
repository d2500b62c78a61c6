//! The body of `POST /{number}/messages`, read strictly: what Meta documents, and nothing besides.

use serde_json::Value;

use super::fields::Fields;
use super::refusal::Refusal;
use crate::model::Phone;

/// Most characters of `biz_opaque_callback_data`.
const MAX_OPAQUE: usize = 512;
/// Most characters of the body of a text.
const MAX_TEXT: usize = 4096;
/// Most components: header, body and ten buttons.
const MAX_COMPONENTS: usize = 12;
/// Most parameters of a component.
const MAX_PARAMETERS: usize = 1024;
/// Types that Meta knows and the sandbox does not imitate.
const OTHER_TYPES: [&str; 10] = [
    "audio",
    "contacts",
    "document",
    "image",
    "interactive",
    "location",
    "reaction",
    "sticker",
    "video",
    "order",
];

/// A message to send.
#[derive(Debug)]
pub(super) struct Request {
    /// What `to` said.
    pub(super) input: String,
    /// The number in it.
    pub(super) to: Phone,
    pub(super) opaque: Option<String>,
    pub(super) content: Content,
}

/// What a message says.
#[derive(Debug)]
pub(super) enum Content {
    Template(Call),
    /// Free text, for those who wrote within the last 24 hours.
    Text(String),
}

/// A template and what fills it.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) language: String,
    pub(super) header: Vec<Argument>,
    pub(super) body: Vec<Argument>,
    pub(super) buttons: Vec<ButtonCall>,
}

/// A text parameter.
#[derive(Debug)]
pub(super) struct Argument {
    pub(super) name: Option<String>,
    pub(super) text: String,
}

/// What fills one button.
#[derive(Debug)]
pub(super) struct ButtonCall {
    pub(super) index: usize,
    pub(super) sub_type: SubType,
    pub(super) value: String,
}

/// Which kind of button a component fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SubType {
    QuickReply,
    Url,
}

/// The digits that `to` of any body names, for faults that strike one number only.
pub(super) fn peek_to(body: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let phone = phone(value.get("to")?.as_str()?)?;
    Some(phone.digits().to_owned())
}

impl Request {
    /// Reads `body`.
    pub(super) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let value: Value = serde_json::from_slice(body)
            .map_err(|error| Refusal::new(100, format!("The body is not valid JSON: {error}.")))?;
        let known = [
            "messaging_product",
            "recipient_type",
            "to",
            "type",
            "template",
            "text",
            "context",
            "biz_opaque_callback_data",
        ];
        let product = value.get("messaging_product");
        if product.is_none_or(Value::is_null) {
            return Err(Refusal::new(
                100,
                "The parameter messaging_product is required.",
            ));
        }
        let kind = value.get("type").and_then(Value::as_str);
        if let Some(kind) = kind.filter(|kind| OTHER_TYPES.contains(kind)) {
            return Err(Refusal::new(
                131_051,
                format!("The sandbox takes templates and texts, not type {kind}."),
            ));
        }
        let fields = Fields::read("", &value, &known)?;
        fields.choice("messaging_product", &["whatsapp"])?;
        if fields.optional("recipient_type").is_some() {
            fields.choice("recipient_type", &["individual"])?;
        }
        let input = fields.text("to")?;
        let to = phone(input).ok_or_else(|| {
            Refusal::new(
                131_009,
                "Parameter to is not a phone number with its country code.",
            )
        })?;
        if let Some(context) = fields.optional("context") {
            Fields::read("context", context, &["message_id"])?.text("message_id")?;
        }
        let opaque = fields.optional_text("biz_opaque_callback_data")?;
        if opaque.is_some_and(|opaque| opaque.chars().count() > MAX_OPAQUE) {
            return Err(Refusal::new(
                100,
                format!(
                    "Param biz_opaque_callback_data must be at most {MAX_OPAQUE} characters long."
                ),
            ));
        }
        // A text may leave its type out.
        let is_text = match fields.optional("type") {
            None => fields.optional("text").is_some(),
            Some(_) => fields.choice("type", &["template", "text"])? == "text",
        };
        let content = if is_text {
            Content::Text(text(&fields)?)
        } else {
            fields.choice("type", &["template", "text"])?;
            if fields.optional("text").is_some() {
                return Err(Refusal::new(
                    100,
                    "Unexpected key \"text\" on a message of type template.",
                ));
            }
            Content::Template(Call::read(fields.required("template")?)?)
        };
        Ok(Self {
            input: input.to_owned(),
            to,
            opaque: opaque.map(str::to_owned),
            content,
        })
    }
}

fn text(fields: &Fields<'_>) -> Result<String, Refusal> {
    let text = Fields::read("text", fields.required("text")?, &["body", "preview_url"])?;
    let body = text.text("body")?;
    if body.chars().count() > MAX_TEXT {
        return Err(Refusal::new(
            100,
            format!("Param text['body'] must be at most {MAX_TEXT} characters long."),
        ));
    }
    Ok(body.to_owned())
}

/// Digits with country code; `+`, `-`, `( )` and spaces are tolerated, as at Meta.
fn phone(input: &str) -> Option<Phone> {
    let bare = input.strip_prefix('+').unwrap_or(input);
    let digits: String = bare
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '(' | ')'))
        .collect();
    Phone::parse(&digits).ok()
}

impl Call {
    fn read(value: &Value) -> Result<Self, Refusal> {
        let fields = Fields::read("template", value, &["name", "language", "components"])?;
        let name = fields.text("name")?;
        let name_fits = name.len() <= 512
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !name_fits {
            return Err(Refusal::new(
                131_009,
                "Parameter template['name'] is made of lowercase letters, digits and underscores.",
            ));
        }
        let language = fields.required("language")?;
        let language = Fields::read("template['language']", language, &["code", "policy"])?;
        if language.optional("policy").is_some() {
            language.choice("policy", &["deterministic"])?;
        }
        let mut call = Self {
            name: name.to_owned(),
            language: language.text("code")?.to_owned(),
            header: Vec::new(),
            body: Vec::new(),
            buttons: Vec::new(),
        };
        let components = fields.optional_list("components", MAX_COMPONENTS)?;
        for (index, component) in components.iter().enumerate() {
            call.component(&format!("template['components'][{index}]"), component)?;
        }
        Ok(call)
    }

    fn component(&mut self, path: &str, value: &Value) -> Result<(), Refusal> {
        let known = ["type", "sub_type", "index", "parameters"];
        let fields = Fields::read(path, value, &known)?;
        let kind = fields.choice("type", &["header", "body", "button"])?;
        if kind == "button" {
            return self.button(&fields);
        }
        for key in ["sub_type", "index"] {
            if fields.optional(key).is_some() {
                return Err(Refusal::new(
                    100,
                    format!("Unexpected key \"{key}\" on param \"{path}\"."),
                ));
            }
        }
        let mut arguments = Vec::new();
        let parameters = fields.list("parameters", MAX_PARAMETERS)?;
        for (index, parameter) in parameters.iter().enumerate() {
            let path = format!("{}[{index}]", fields.path("parameters"));
            arguments.push(Argument::read(&path, parameter)?);
        }
        let place = if kind == "header" {
            &mut self.header
        } else {
            &mut self.body
        };
        if !place.is_empty() {
            return Err(Refusal::new(100, format!("Duplicate component {kind}.")));
        }
        *place = arguments;
        Ok(())
    }

    fn button(&mut self, fields: &Fields<'_>) -> Result<(), Refusal> {
        let sub_type = match fields.choice("sub_type", &["quick_reply", "url"])? {
            "url" => SubType::Url,
            _ => SubType::QuickReply,
        };
        let index = match fields.required("index")? {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_u64().and_then(|n| usize::try_from(n).ok()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        let index = index.filter(|index| *index < 10).ok_or_else(|| {
            Refusal::new(
                131_009,
                format!(
                    "Parameter {} is a number from 0 to 9.",
                    fields.path("index")
                ),
            )
        })?;
        if self.buttons.iter().any(|button| button.index == index) {
            return Err(Refusal::new(
                100,
                format!("Duplicate button index {index}."),
            ));
        }
        let parameters = fields.list("parameters", 1)?;
        let path = format!("{}[0]", fields.path("parameters"));
        let value = match sub_type {
            SubType::Url => Argument::read(&path, &parameters[0])?.text,
            SubType::QuickReply => {
                let fields = Fields::read(&path, &parameters[0], &["type", "payload"])?;
                fields.choice("type", &["payload"])?;
                fields.text("payload")?.to_owned()
            }
        };
        self.buttons.push(ButtonCall {
            index,
            sub_type,
            value,
        });
        Ok(())
    }
}

impl Argument {
    fn read(path: &str, value: &Value) -> Result<Self, Refusal> {
        let fields = Fields::read(path, value, &["type", "text", "parameter_name"])?;
        fields.choice("type", &["text"])?;
        let text = fields.optional_text("text")?.unwrap_or_default();
        if text.is_empty() {
            return Err(Refusal::new(
                131_008,
                format!("Parameter of type text is missing text value: {path}."),
            ));
        }
        if text.contains(['\n', '\r', '\t']) || text.contains("     ") {
            return Err(Refusal::new(
                132_018,
                "Param text cannot have new-line/tab characters or more than 4 consecutive spaces",
            ));
        }
        let name = fields.optional_text("parameter_name")?;
        if name == Some("") {
            return Err(fields.missing("parameter_name"));
        }
        Ok(Self {
            name: name.map(str::to_owned),
            text: text.to_owned(),
        })
    }
}
