//! The envelope: every entry, every change, every item.

use serde_json::Value;

use super::field::{at, id, kind, list, text};
use super::inbound::{Inbound, WebhookFault};
use super::{account, message, status, template};

/// Meta sends 1,000 items at most.
pub(super) const MAX_ITEMS: usize = 10_000;

/// Reads a body that Meta posted to the webhook of the number with this id. Items of other numbers
/// and of kinds that are not known are told as [`Inbound::Other`]; a field that is missing or of
/// another type than Meta documents is as if it were not there.
///
/// # Errors
/// The body is no JSON, or holds more than anybody but Meta may mean.
pub fn read(body: &[u8], phone_number_id: &str) -> Result<Vec<Inbound>, WebhookFault> {
    let body: Value = serde_json::from_slice(body).map_err(|_| WebhookFault::NotJson)?;
    let mut items = Items(Vec::new());
    let entries = list(&body, &["entry"]);
    if entries.is_empty() {
        let object = text(&body, &["object"]).unwrap_or_default();
        items.push(Inbound::Other(format!("nothing about {}", named(&object))))?;
    }
    for change in entries.iter().flat_map(|entry| list(entry, &["changes"])) {
        items.change(change, phone_number_id)?;
    }
    Ok(items.0)
}

struct Items(Vec<Inbound>);

impl Items {
    fn push(&mut self, item: Inbound) -> Result<(), WebhookFault> {
        if self.0.len() >= MAX_ITEMS {
            return Err(WebhookFault::TooMany);
        }
        self.0.push(item);
        Ok(())
    }

    fn change(&mut self, change: &Value, phone_number_id: &str) -> Result<(), WebhookFault> {
        let field = text(change, &["field"]).unwrap_or_default();
        let value = at(change, &["value"]).unwrap_or(&Value::Null);
        if field == "messages" {
            return self.messages(value, phone_number_id);
        }
        let item = template::read(&field, value).or_else(|| account::read(&field, value));
        self.push(item.unwrap_or_else(|| Inbound::Other(format!("field {}", named(&field)))))
    }

    fn messages(&mut self, value: &Value, phone_number_id: &str) -> Result<(), WebhookFault> {
        // The app may serve several numbers; a body that does not say whose it is, is taken.
        let number = id(value, &["metadata", "phone_number_id"]);
        if number.is_some_and(|number| number != phone_number_id) {
            return self.push(Inbound::Other("another number".to_owned()));
        }
        let before = self.0.len();
        for one in list(value, &["statuses"]) {
            self.push(status::read(one))?;
        }
        let people = list(value, &["contacts"]);
        for one in list(value, &["messages"]) {
            self.push(message::read(one, people))?;
        }
        for error in list(value, &["errors"]) {
            self.push(account::error(error))?;
        }
        if self.0.len() == before {
            self.push(Inbound::Other("messages without any".to_owned()))?;
        }
        Ok(())
    }
}

/// A kind as it is told.
pub(super) fn named(name: &str) -> String {
    match kind(name) {
        name if name.is_empty() => "without a name".to_owned(),
        name => name,
    }
}
