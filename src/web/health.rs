//! Whether the daemon can do its work, in a word and a sentence.

use std::sync::{Arc, Mutex, PoisonError};

/// Shared by who knows and who is asked. Not ready until somebody says so.
#[derive(Debug, Clone)]
pub struct Health(Arc<Mutex<State>>);

#[derive(Debug, Clone)]
struct State {
    ready: bool,
    text: String,
}

impl Health {
    /// Work is done; `text` says how it stands ("queue 0").
    pub fn set_ready(&self, text: impl Into<String>) {
        self.set(true, text.into());
    }

    /// Work is not done; `text` says why ("starting", "the disk is full").
    pub fn set_unready(&self, text: impl Into<String>) {
        self.set(false, text.into());
    }

    /// Whether work is done, and the sentence.
    #[must_use]
    pub fn get(&self) -> (bool, String) {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (state.ready, state.text.clone())
    }

    fn set(&self, ready: bool, text: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = State { ready, text };
    }
}

impl Default for Health {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State {
            ready: false,
            text: "starting".to_owned(),
        })))
    }
}
