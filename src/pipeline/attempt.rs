//! One POST: rendered, sent, timed.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{Class, Contact, Failure, Form, Message, Notification, Outcome, Retry, Scope};
use crate::whatsapp::template::{Rendered, Scene, Template};

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
        let (text, outcome) = match self.contact() {
            Ok(contact) => match self.message.form {
                Form::Template => self.post_template(contact).await,
                Form::Text => self.post_text(contact).await,
            },
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

    /// To whom it goes.
    fn contact(&self) -> Result<&Contact, String> {
        self.outfit
            .contact(&self.message.contact)
            .ok_or_else(|| "the contact is not in the config any more".to_owned())
    }

    async fn post_text(&self, contact: &Contact) -> (String, Outcome) {
        let body = self.notification.reason.clone();
        if self.message.shadow {
            return (body, shadowed());
        }
        let outcome = self.gateway.send_text(&contact.phone, &self.opaque, &body);
        let outcome = outcome.await;
        (body, outcome)
    }

    /// Posts with the template, or with what stands in for it while Meta refuses it.
    async fn post_template(&self, contact: &Contact) -> (String, Outcome) {
        let choices = self.outfit.choices(&self.message.template, contact);
        let mut last = None;
        for (n, template) in choices.iter().enumerate() {
            let rendered = self.render(template, contact);
            let text = rendered.text().to_owned();
            if self.message.shadow {
                return (text, shadowed());
            }
            let outcome = self
                .gateway
                .send(&contact.phone, &self.opaque, &rendered)
                .await;
            let refused = match &outcome {
                Outcome::Failed(failure) if failure.class.scope == Scope::Template => {
                    Some(failure.text.clone())
                }
                Outcome::Accepted { .. } => {
                    self.outfit.accept(template);
                    None
                }
                Outcome::Failed(_) | Outcome::Unknown { .. } => None,
            };
            last = Some((text, outcome));
            match refused {
                // It certainly did not go out, so that another one may say it.
                Some(why) if n + 1 < choices.len() => {
                    self.outfit.refuse(template);
                    tracing::warn!(template = %template.id(), language = template.language(), why, "Meta refuses the template; another one stands in for it");
                }
                Some(_) | None => break,
            }
        }
        last.unwrap_or_else(|| {
            let template = &self.message.template;
            let text = format!("the template {template} is not in the config any more");
            (String::new(), Outcome::Failed(ours(text)))
        })
    }

    fn render(&self, template: &Template, contact: &Contact) -> Rendered {
        let scene = Scene {
            notification: &self.notification,
            contact,
            display: self.outfit.display(),
            repeat: self.repeat,
        };
        let rendered = template.render_as_is(&scene);
        for note in rendered.notes() {
            tracing::warn!(message.id = %self.message.id, template = %template.id(), note, "a parameter could not be filled");
        }
        rendered
    }
}

/// What comes of a message that is not posted.
fn shadowed() -> Outcome {
    Outcome::Accepted {
        wamid: String::new(),
        held: false,
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
