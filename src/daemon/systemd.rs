//! What systemd is told, and the sockets it passes. Without systemd all of this does nothing.

use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::Instant;

/// Tells systemd how the service is.
#[derive(Debug, Clone)]
pub(super) struct Notifier {
    start: Instant,
    /// Milliseconds after `start` at which the watchdog was fed last.
    fed_ms: Arc<AtomicU64>,
    watchdog: Option<Duration>,
}

impl Notifier {
    /// Reads what systemd asked for in the environment.
    #[must_use]
    pub(super) fn from_environment() -> Self {
        Self {
            start: Instant::now(),
            fed_ms: Arc::new(AtomicU64::new(0)),
            watchdog: sd_notify::watchdog_enabled(),
        }
    }

    /// How often the sender's loop must come round, when a watchdog is on.
    #[must_use]
    pub(super) fn pace(&self) -> Option<Duration> {
        self.watchdog.map(|limit| limit / 3)
    }

    /// Feeds the watchdog, at most at a third of its limit.
    pub(super) fn alive(&self) {
        let Some(pace) = self.pace() else { return };
        let now_ms = millis(self.start.elapsed());
        let fed_ms = self.fed_ms.load(Ordering::Relaxed);
        if fed_ms == 0 || now_ms.saturating_sub(fed_ms) >= millis(pace) / 2 {
            self.fed_ms.store(now_ms.max(1), Ordering::Relaxed);
            send(&[NotifyState::Watchdog]);
        }
    }

    /// The service takes alarms.
    pub(super) fn ready(&self, status: &str) {
        send(&[NotifyState::Ready, NotifyState::Status(status)]);
    }

    /// The config is being read again; [`Notifier::ready`] ends it.
    pub(super) fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => send(&[NotifyState::Reloading, now]),
            Err(error) => tracing::warn!(%error, "systemd cannot be told of the reload"),
        }
    }

    /// The service is draining.
    pub(super) fn stopping(&self) {
        send(&[
            NotifyState::Stopping,
            NotifyState::Status("finishing what is under way"),
        ]);
    }

    /// One line on how things are.
    pub(super) fn status(&self, text: &str) {
        send(&[NotifyState::Status(text)]);
    }
}

/// The alarm socket, when systemd listens for us.
#[must_use]
pub(super) fn passed_socket() -> Option<UnixListener> {
    let mut passed = listenfd::ListenFd::from_env();
    match passed.take_unix_listener(0) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!(%error, "the socket that systemd passed is not a unix stream socket; listening by ourselves");
            None
        }
    }
}

fn send(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd cannot be told");
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
