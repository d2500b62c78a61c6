//! What the sender needs of Meta, so that tests can stand in for it.

use std::future::Future;
use std::pin::Pin;

use crate::delivery::{HoldKey, ProbeAnswer};
use crate::model::{Failure, Outcome, Phone};
use crate::whatsapp::Client;
use crate::whatsapp::template::{Rendered, Template};

/// A boxed future: the trait is used behind a pointer.
pub type Answering<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where messages go.
pub trait Gateway: Send + Sync {
    /// Posts one message; `opaque` comes back in its receipts.
    fn send<'a>(
        &'a self,
        to: &'a Phone,
        opaque: &'a str,
        rendered: &'a Rendered,
    ) -> Answering<'a, Outcome>;

    /// Posts plain text; `opaque` as in [`Gateway::send`].
    fn send_text<'a>(
        &'a self,
        to: &'a Phone,
        opaque: &'a str,
        body: &'a str,
    ) -> Answering<'a, Outcome>;

    /// Whether the cause of a hold is gone. `template` is the one that is held, when one is.
    fn probe<'a>(
        &'a self,
        hold: &'a HoldKey,
        template: Option<&'a Template>,
    ) -> Answering<'a, ProbeAnswer>;
}

impl Gateway for Client {
    fn send<'a>(
        &'a self,
        to: &'a Phone,
        opaque: &'a str,
        rendered: &'a Rendered,
    ) -> Answering<'a, Outcome> {
        Box::pin(Client::send(self, to, opaque, rendered))
    }

    fn send_text<'a>(
        &'a self,
        to: &'a Phone,
        opaque: &'a str,
        body: &'a str,
    ) -> Answering<'a, Outcome> {
        Box::pin(Client::send_text(self, to, opaque, body))
    }

    fn probe<'a>(
        &'a self,
        hold: &'a HoldKey,
        template: Option<&'a Template>,
    ) -> Answering<'a, ProbeAnswer> {
        Box::pin(async move {
            match (hold, template) {
                (HoldKey::Template(_), Some(template)) => probe_template(self, template).await,
                // A template that the config has no longer: what needs it fails when it is rendered.
                (HoldKey::Template(_), None) => ProbeAnswer::Lifted,
                (HoldKey::Account | HoldKey::Number | HoldKey::Contact(_), _) => {
                    probe_number(self).await
                }
            }
        })
    }
}

async fn probe_number(client: &Client) -> ProbeAnswer {
    // A new token may lie in the file already.
    if let Err(error) = client.reread_token() {
        tracing::warn!(%error, "the token file cannot be read");
    }
    match client.number().await {
        Ok(number) if number.is_blocked() => ProbeAnswer::Still,
        Ok(_) => ProbeAnswer::Lifted,
        Err(failure) => unanswered(&failure),
    }
}

/// Meta goes on calling a template approved while it refuses our parameters: it must fit too.
async fn probe_template(client: &Client, template: &Template) -> ProbeAnswer {
    if !client.can_list_templates() {
        // Nothing can be looked up without the business account's id: the next message finds out.
        return ProbeAnswer::Lifted;
    }
    match client.templates().await {
        Ok(known) => {
            let fits = known.iter().any(|info| {
                info.name == template.name()
                    && info.language == template.language()
                    && info.is_approved()
                    && info.differences(template).is_empty()
            });
            if fits {
                ProbeAnswer::Lifted
            } else {
                ProbeAnswer::Still
            }
        }
        Err(failure) => unanswered(&failure),
    }
}

fn unanswered(failure: &Failure) -> ProbeAnswer {
    if failure.code.is_some() {
        ProbeAnswer::Still
    } else {
        ProbeAnswer::NoAnswer
    }
}
