//! Meta, as fast as it can be: it takes every message.

use klaxond::delivery::{HoldKey, ProbeAnswer};
use klaxond::model::{Outcome, Phone};
use klaxond::pipeline::{Answering, Gateway};
use klaxond::whatsapp::template::{Rendered, Template};

/// Takes every message; makes Meta's id of a message from ours.
pub struct Accepting(pub fn(&str) -> String);

impl Accepting {
    fn accept(&self, opaque: &str) -> Outcome {
        Outcome::Accepted {
            wamid: (self.0)(opaque),
            held: false,
        }
    }
}

impl Gateway for Accepting {
    fn send<'a>(
        &'a self,
        _: &'a Phone,
        opaque: &'a str,
        _: &'a Rendered,
    ) -> Answering<'a, Outcome> {
        Box::pin(async { self.accept(opaque) })
    }

    fn send_text<'a>(
        &'a self,
        _: &'a Phone,
        opaque: &'a str,
        _: &'a str,
    ) -> Answering<'a, Outcome> {
        Box::pin(async { self.accept(opaque) })
    }

    fn probe<'a>(&'a self, _: &'a HoldKey, _: Option<&'a Template>) -> Answering<'a, ProbeAnswer> {
        Box::pin(async { ProbeAnswer::Lifted })
    }
}
