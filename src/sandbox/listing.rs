//! Templates as `GET /{account}/message_templates` shows them.

use serde_json::{Map, Value, json};

use super::catalogue::Held;
use super::fit::{positional, variables};
use super::mint;
use super::refusal::Refusal;
use super::settings::{ButtonText, TemplateStatus, TemplateText};

/// Templates on a page when the request does not say.
const DEFAULT_LIMIT: usize = 25;
/// Most templates on a page.
const MAX_LIMIT: usize = 1000;
/// What is shown when the request does not say; the id always is.
const DEFAULT_FIELDS: &str = "name,parameter_format,components,language,status,category";

/// What a request asked for.
#[derive(Debug, Default)]
pub(super) struct Query<'a> {
    pub(super) fields: Option<&'a str>,
    pub(super) limit: Option<&'a str>,
    pub(super) after: Option<&'a str>,
    pub(super) name: Option<&'a str>,
    pub(super) language: Option<&'a str>,
    pub(super) status: Option<&'a str>,
}

/// One page. `next` makes the address of the page that follows from its cursor.
pub(super) fn page(
    templates: &[Held],
    query: &Query<'_>,
    next: impl Fn(&str) -> String,
) -> Result<Value, Refusal> {
    let limit = match query.limit {
        None => DEFAULT_LIMIT,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=MAX_LIMIT).contains(limit))
            .ok_or_else(|| {
                Refusal::new(
                    100,
                    format!("Param limit is a number from 1 to {MAX_LIMIT}."),
                )
            })?,
    };
    let wanted = |held: &&Held| {
        let t = &held.text;
        query.name.is_none_or(|name| t.name.contains(name))
            && query.language.is_none_or(|language| t.language == language)
            && query.status.is_none_or(|status| t.status.name() == status)
    };
    let wanted: Vec<&Held> = templates.iter().filter(wanted).collect();
    let start = match query.after {
        None => 0,
        Some(cursor) => mint::page(cursor, wanted.len())
            .ok_or_else(|| Refusal::new(100, "Param after is not a cursor."))?,
    };
    let end = wanted.len().min(start.saturating_add(limit));
    let fields = query.fields.unwrap_or(DEFAULT_FIELDS);
    let data = wanted[start..end]
        .iter()
        .map(|held| shown(held, fields))
        .collect::<Result<Vec<Value>, Refusal>>()?;
    let mut page = json!({"data": data});
    if start < end {
        let after = mint::cursor(end);
        page["paging"] = json!({"cursors": {"before": mint::cursor(start), "after": after}});
        if end < wanted.len() {
            page["paging"]["next"] = json!(next(&after));
        }
    }
    Ok(page)
}

/// The `fields` of a template; the usual ones without.
pub(super) fn node(held: &Held, fields: Option<&str>) -> Result<Value, Refusal> {
    shown(held, fields.unwrap_or(DEFAULT_FIELDS))
}

fn shown(held: &Held, fields: &str) -> Result<Value, Refusal> {
    let template = &held.text;
    let mut object = Map::new();
    for field in fields.split(',').map(str::trim).filter(|f| !f.is_empty()) {
        let value = match field {
            "id" => continue,
            "name" => json!(template.name),
            "language" => json!(template.language),
            "status" => json!(template.status.name()),
            "category" => json!(held.category.name()),
            "parameter_format" => json!(format(template)),
            "components" => held
                .components
                .clone()
                .unwrap_or_else(|| components(template)),
            "quality_score" => json!({"score": "UNKNOWN"}),
            "rejected_reason" if template.status == TemplateStatus::Rejected => {
                json!("INVALID_FORMAT")
            }
            "rejected_reason" => json!("NONE"),
            "message_send_ttl_seconds" => match held.ttl {
                Some(seconds) => json!(seconds),
                None => continue,
            },
            // Left out, as Meta does for a template in its right category.
            "correct_category" => continue,
            _ => return Err(no_field(field, "WhatsAppMessageTemplate")),
        };
        object.insert(field.to_owned(), value);
    }
    object.insert("id".to_owned(), json!(held.id.to_string()));
    Ok(Value::Object(object))
}

/// A field that a node does not have.
pub(super) fn no_field(field: &str, node: &str) -> Refusal {
    Refusal::new(
        100,
        format!("Tried accessing nonexisting field ({field}) on node type ({node})"),
    )
}

fn format(template: &TemplateText) -> &'static str {
    let header = template.header.as_deref().unwrap_or_default();
    if positional(&variables(&template.text)) && positional(&variables(header)) {
        "POSITIONAL"
    } else {
        "NAMED"
    }
}

fn components(template: &TemplateText) -> Value {
    let mut components = Vec::new();
    if let Some(header) = &template.header {
        components.push(json!({"type": "HEADER", "format": "TEXT", "text": header}));
    }
    components.push(json!({"type": "BODY", "text": template.text}));
    if let Some(footer) = &template.footer {
        components.push(json!({"type": "FOOTER", "text": footer}));
    }
    if !template.buttons.is_empty() {
        let buttons: Vec<Value> = template
            .buttons
            .iter()
            .map(|button| match button {
                ButtonText::QuickReply { text } => json!({"type": "QUICK_REPLY", "text": text}),
                ButtonText::Url { text, url } => json!({"type": "URL", "text": text, "url": url}),
            })
            .collect();
        components.push(json!({"type": "BUTTONS", "buttons": buttons}));
    }
    Value::Array(components)
}
