//! The client of the Cloud API that is in force; a reload puts another one in its place.

use std::sync::{PoisonError, RwLock};

use crate::delivery::{HoldKey, ProbeAnswer};
use crate::model::{Outcome, Phone};
use crate::pipeline::{Answering, Gateway};
use crate::whatsapp::Client;
use crate::whatsapp::template::{Rendered, Template};

/// The client in force. What is under way stays with the one it began with.
#[derive(Debug)]
pub(super) struct Line(RwLock<Client>);

impl Line {
    pub(super) fn new(client: Client) -> Self {
        Self(RwLock::new(client))
    }

    /// Puts `client` in force; returns the one that was.
    pub(super) fn replace(&self, client: Client) -> Client {
        let mut line = self.0.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *line, client)
    }

    /// The client in force.
    pub(super) fn client(&self) -> Client {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Gateway for Line {
    fn send<'a>(
        &'a self,
        to: &'a Phone,
        opaque: &'a str,
        rendered: &'a Rendered,
    ) -> Answering<'a, Outcome> {
        let client = self.client();
        Box::pin(async move { client.send(to, opaque, rendered).await })
    }

    fn send_text<'a>(
        &'a self,
        to: &'a Phone,
        opaque: &'a str,
        body: &'a str,
    ) -> Answering<'a, Outcome> {
        let client = self.client();
        Box::pin(async move { client.send_text(to, opaque, body).await })
    }

    fn probe<'a>(
        &'a self,
        hold: &'a HoldKey,
        template: Option<&'a Template>,
    ) -> Answering<'a, ProbeAnswer> {
        let client = self.client();
        Box::pin(async move { Gateway::probe(&client, hold, template).await })
    }
}
