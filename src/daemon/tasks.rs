//! The tasks of a core: started, watched, stopped one by one.

use tokio::task::{self, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::store::StoreError;

use super::core::CoreError;

/// The tasks of a core by name, each with its own stop.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    running: JoinSet<Result<(), StoreError>>,
    stops: Vec<(&'static str, CancellationToken)>,
    names: Vec<(task::Id, &'static str)>,
    ended: Vec<&'static str>,
}

impl Tasks {
    pub(super) fn spawn<F, T>(&mut self, name: &'static str, task: F)
    where
        F: FnOnce(CancellationToken) -> T,
        T: Future<Output = Result<(), StoreError>> + Send + 'static,
    {
        let stop = CancellationToken::new();
        self.stops.push((name, stop.clone()));
        let id = self.running.spawn(task(stop)).id();
        self.names.push((id, name));
    }

    pub(super) async fn broken(&mut self) -> CoreError {
        match self.next_end().await {
            Some((_, Ok(Err(error)))) => CoreError::Store(error),
            Some((task, Ok(Ok(())))) => CoreError::Ended(task),
            Some((task, Err(panic))) => CoreError::Died {
                task,
                reason: panic.to_string(),
            },
            None => CoreError::Ended("core"),
        }
    }

    /// The next task that ends, and how.
    async fn next_end(
        &mut self,
    ) -> Option<(
        &'static str,
        Result<Result<(), StoreError>, task::JoinError>,
    )> {
        let (id, end) = match self.running.join_next_with_id().await? {
            Ok((id, outcome)) => (id, Ok(outcome)),
            Err(error) => (error.id(), Err(error)),
        };
        let name = self.names.iter().find(|(known, _)| *known == id);
        let name = name.map_or("core", |(_, name)| *name);
        self.ended.push(name);
        Some((name, end))
    }

    pub(super) async fn stop(&mut self, name: &'static str) {
        for (_, stop) in self.stops.iter().filter(|(known, _)| *known == name) {
            stop.cancel();
        }
        while !self.ended.contains(&name) {
            match self.next_end().await {
                Some((_, Ok(Ok(())))) => {}
                Some((task, Ok(Err(error)))) => {
                    tracing::error!(task, %error, "ended with an error");
                }
                Some((task, Err(error))) => tracing::error!(task, %error, "died"),
                None => return,
            }
        }
    }

    pub(super) async fn abort(&mut self) {
        self.running.shutdown().await;
    }
}
