//! One POST: rendered, sent, timed.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{Class, Failure, Message, Notification, Outcome, Phone, Retry, Scope};
use crate::whatsapp::template::{Rendered, Scene};

use super::gateway::Gateway;
use super::outfit::Outfit;

/// A message that is claimed, with all that is needed to send it.
pub(super) struct Attempt {
    pub(super) message: Message,
    pub(super) notification: Arc<Notification>,
    /// An earlier attempt may have gone out.
    pub(super) repeat: bool,
    pub(super) outfit: Arc<Outfit>,
    pub(super) gateway: Arc<dyn Gateway>,
    /// Comes back in receipts.
    pub(super) opaque: String,
}

/// What came of an attempt.
#[derive(Debug)]
pub(super) struct Attempted {
    pub(super) message: Message,
    pub(super) notification: Arc<Notification>,
    pub(super) outcome: Outcome,
    /// The text as the phone shows it.
    pub(super) text: String,
    pub(super) took: Duration,
}

impl Attempted {
    /// An attempt that did not come to its end: it may have gone out.
    pub(super) fn died(message: Message, notification: Arc<Notification>) -> Self {
        Self {
            message,
            notification,
            outcome: Outcome::Unknown {
                text: "a fault in klaxond ended the attempt".to_owned(),
            },
            text: String::new(),
            took: Duration::ZERO,
        }
    }
}

impl Attempt {
    /// Renders and posts; a shadow message is rendered only.
    pub(super) async fn run(self) -> Attempted {
        let start = tokio::time::Instant::now();
        let (text, outcome) = match self.render() {
            Ok((to, rendered)) => {
                let outcome = if self.message.shadow {
                    Outcome::Accepted {
                        wamid: String::new(),
                        held: false,
                    }
                } else {
                    self.gateway.send(&to, &self.opaque, &rendered).await
                };
                (rendered.text().to_owned(), outcome)
            }
            Err(text) => (String::new(), Outcome::Failed(ours(text))),
        };
        Attempted {
            message: self.message,
            notification: self.notification,
            outcome,
            text,
            took: start.elapsed(),
        }
    }

    fn render(&self) -> Result<(Phone, Rendered), String> {
        let contact = self
            .outfit
            .contact(&self.message.contact)
            .ok_or_else(|| "the contact is not in the config any more".to_owned())?;
        let template = self
            .outfit
            .template(&self.message.template)
            .ok_or_else(|| {
                format!(
                    "the template {} is not in the config any more",
                    self.message.template
                )
            })?;
        let scene = Scene {
            notification: &self.notification,
            contact,
            display: self.outfit.display(),
            repeat: self.repeat,
        };
        let rendered = template.render(&scene);
        for note in rendered.notes() {
            tracing::warn!(message.id = %self.message.id, template = %self.message.template, note, "a parameter could not be filled");
        }
        Ok((contact.phone.clone(), rendered))
    }
}

/// A failure that Meta has no part in.
fn ours(text: String) -> Failure {
    Failure {
        class: Class {
            retry: Retry::Never,
            scope: Scope::Message,
        },
        status: None,
        code: None,
        subcode: None,
        text,
        trace: None,
        retry_after: None,
    }
}
