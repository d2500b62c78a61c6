//! What Meta says of a template before a message finds out.

use std::time::Duration;

use crate::model::{TemplateId, Time};

use super::dispatcher::Dispatcher;
use super::hold::{GateNo, GateState};
use super::reason;

impl Dispatcher {
    /// Meta says that a template cannot be sent: its messages are held until it can, as if one of them
    /// had been refused for that. `why` is in Meta's words.
    pub fn hold_template(&mut self, now: Time, id: &TemplateId, why: &str) {
        let now = self.advance(now);
        let key = GateNo::Template(self.template(id));
        // A webhook is no crowd: nothing has to be spread.
        self.gate_mut(key)
            .hold(now, Duration::ZERO, reason::quote(why), 0.0);
        self.gate_changed(key);
    }

    /// Meta says that a template can be sent again: one message tries it.
    pub fn lift_template(&mut self, now: Time, id: &TemplateId) {
        self.advance(now);
        let Some(no) = self.template_ids.get(id) else {
            return;
        };
        let key = GateNo::Template(*no);
        if matches!(self.gate(key).state, GateState::Held { .. }) {
            self.gate_mut(key).try_one();
            self.gate_changed(key);
        }
    }
}
