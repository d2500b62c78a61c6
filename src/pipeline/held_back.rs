//! Templates that Meta refuses for the moment, so that others stand in for them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::model::TemplateId;
use crate::whatsapp::template::Template;

/// After this a message tries the template itself again.
const TRY_AGAIN: Duration = Duration::from_secs(600);

/// Which templates are refused, by id and language, and until when that is taken for granted. There
/// are as many at most as the config has.
#[derive(Debug, Default)]
pub(super) struct HeldBack(Mutex<BTreeMap<(TemplateId, String), Instant>>);

impl HeldBack {
    pub(super) fn hold(&self, template: &Template) {
        self.lock()
            .insert(key(template), Instant::now() + TRY_AGAIN);
    }

    pub(super) fn lift(&self, template: &Template) {
        let mut held = self.lock();
        if !held.is_empty() {
            held.remove(&key(template));
        }
    }

    pub(super) fn has(&self, template: &Template) -> bool {
        let held = self.lock();
        !held.is_empty()
            && held
                .get(&key(template))
                .is_some_and(|until| is_ahead(*until))
    }

    pub(super) fn list(&self) -> Vec<(TemplateId, String)> {
        let held = self.lock();
        let held = held.iter().filter(|(_, until)| is_ahead(**until));
        held.map(|(key, _)| key.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(TemplateId, String), Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(template: &Template) -> (TemplateId, String) {
    (template.id().clone(), template.language().to_owned())
}

fn is_ahead(until: Instant) -> bool {
    Instant::now() < until
}
