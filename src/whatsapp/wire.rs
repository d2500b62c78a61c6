//! Bodies as they go over the wire: whatsapp-cloud-api.md sections 1 (send) and 5 (errors).
//!
//! What is sent is exact. What comes back is read with tolerance: a field that is missing or of
//! another type than Meta documents is as if it were not there.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// `POST /{number}/messages`.
#[derive(Debug, Serialize)]
pub(super) struct SendBody<'a> {
    messaging_product: &'static str,
    recipient_type: &'static str,
    to: &'a str,
    biz_opaque_callback_data: &'a str,
    #[serde(flatten)]
    content: Content<'a>,
}

/// What a message is, under the name of its type.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Content<'a> {
    Template { template: TemplateBody<'a> },
    Text { text: TextBody<'a> },
}

#[derive(Debug, Serialize)]
struct TextBody<'a> {
    body: &'a str,
    preview_url: bool,
}

#[derive(Debug, Serialize)]
struct TemplateBody<'a> {
    name: &'a str,
    language: Language<'a>,
    #[serde(skip_serializing_if = "<[Component]>::is_empty")]
    components: &'a [Component],
}

#[derive(Debug, Serialize)]
struct Language<'a> {
    code: &'a str,
}

impl<'a> SendBody<'a> {
    /// `to` with its plus: without it Meta may put the business number's country in front.
    pub(super) fn template(
        to: &'a str,
        opaque: &'a str,
        name: &'a str,
        language: &'a str,
        components: &'a [Component],
    ) -> Self {
        let template = TemplateBody {
            name,
            language: Language { code: language },
            components,
        };
        Self::of(to, opaque, Content::Template { template })
    }

    /// Plain text; links in it are not fetched.
    pub(super) fn text(to: &'a str, opaque: &'a str, body: &'a str) -> Self {
        let text = TextBody {
            body,
            preview_url: false,
        };
        Self::of(to, opaque, Content::Text { text })
    }

    fn of(to: &'a str, opaque: &'a str, content: Content<'a>) -> Self {
        Self {
            messaging_product: "whatsapp",
            recipient_type: "individual",
            to,
            biz_opaque_callback_data: opaque,
            content,
        }
    }
}

/// A part of a template that has variables; parts without are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Component {
    Header {
        parameters: Vec<Parameter>,
    },
    Body {
        parameters: Vec<Parameter>,
    },
    Button {
        sub_type: SubType,
        /// From 0; a string in Meta's documentation.
        index: String,
        parameters: Vec<Parameter>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SubType {
    QuickReply,
    Url,
}

/// The value of one variable. Named templates carry the name with every one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Parameter {
    Text {
        #[serde(skip_serializing_if = "Option::is_none")]
        parameter_name: Option<String>,
        text: String,
    },
    Payload {
        payload: String,
    },
}

/// The answer to a send.
#[derive(Debug, Default, Deserialize)]
pub(super) struct SendAnswer {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) messages: Option<Vec<SentMessage>>,
}

/// One accepted message.
#[derive(Debug, Deserialize)]
pub(super) struct SentMessage {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) id: Option<String>,
    /// `accepted`, `held_for_quality_assessment` or `paused`.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) message_status: Option<String>,
}

/// Any answer that may be an error.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ErrorAnswer {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) error: Option<GraphError>,
}

/// `error` of a Graph answer.
#[derive(Debug, Default, Deserialize)]
pub(super) struct GraphError {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) message: Option<String>,
    #[serde(default, deserialize_with = "number")]
    pub(super) code: Option<u32>,
    #[serde(default, deserialize_with = "number")]
    pub(super) error_subcode: Option<u32>,
    #[serde(default, deserialize_with = "details")]
    pub(super) error_data: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) error_user_msg: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) fbtrace_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) is_transient: Option<bool>,
}

/// A list that comes in pages.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Page {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) data: Option<Vec<Value>>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) paging: Option<Paging>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Paging {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) cursors: Option<Cursors>,
    /// There on every page but the last.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) next: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Cursors {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) after: Option<String>,
}

/// A field of the documented type, else nothing.
pub(super) fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// A number, also as text.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_u64().and_then(|n| u32::try_from(n).ok()),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    })
}

/// `error_data` is an object with `details`, or the details themselves.
fn details<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        Value::Object(mut fields) => match fields.remove("details") {
            Some(Value::String(text)) => Some(text),
            Some(_) | None => None,
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    })
}
