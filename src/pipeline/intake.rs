//! Records in, answers out: on disk before "stored".

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::model::{AlarmRecord, Answer};

/// The most records that a front end hands in at once.
pub const MAX_BATCH: usize = 1024;

/// One record as a codec read it.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    /// The record, or where it is wrong and what was expected.
    pub record: Result<AlarmRecord, String>,
    /// Remarks on what looks like a mistake.
    pub notes: Vec<String>,
}

type Answers = Pin<Box<dyn Future<Output = Vec<Answer>> + Send>>;

/// Takes records for the daemon. Cheap to clone.
#[derive(Clone)]
pub struct Intake {
    take: Arc<dyn Fn(Vec<Incoming>, Arc<str>) -> Answers + Send + Sync>,
}

impl Intake {
    /// An intake that is served by `take`: one answer per record, in order.
    pub fn from_fn<F, A>(take: F) -> Self
    where
        F: Fn(Vec<Incoming>, Arc<str>) -> A + Send + Sync + 'static,
        A: Future<Output = Vec<Answer>> + Send + 'static,
    {
        Self {
            take: Arc::new(move |records, origin| Box::pin(take(records, origin))),
        }
    }

    /// Takes at most [`MAX_BATCH`] records from `origin` ("unix uid=1000 pid=4711"); returns one
    /// answer per record, in order, when what was stored is on disk.
    pub async fn take(&self, records: Vec<Incoming>, origin: Arc<str>) -> Vec<Answer> {
        (self.take)(records, origin).await
    }
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Intake")
    }
}
