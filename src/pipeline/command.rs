//! Running a command of the config with JSON on its standard input: no shell, bounded.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde::Serialize;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::fallback::Settings;

/// After a command that failed: the first wait, doubled up to the last.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LAST_WAIT: Duration = Duration::from_secs(300);

/// How long to wait after so many failures in a row.
pub(super) fn wait(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    FIRST_WAIT.saturating_mul(1 << doublings).min(LAST_WAIT)
}

/// Whether the command took the notice. `name` is what logs call it.
pub(super) async fn run(name: &'static str, settings: &Settings, notice: &impl Serialize) -> bool {
    match tokio::time::timeout(settings.timeout, execute(settings, notice)).await {
        Ok(Ok(status)) if status.success() => {
            tracing::info!("the {name} command was told");
            return true;
        }
        Ok(Ok(status)) => tracing::error!(%status, "the {name} command failed"),
        Ok(Err(error)) => tracing::error!(%error, "the {name} command cannot be run"),
        Err(_) => {
            tracing::error!(timeout = ?settings.timeout, "the {name} command took too long and was killed");
        }
    }
    false
}

async fn execute(settings: &Settings, notice: &impl Serialize) -> std::io::Result<ExitStatus> {
    let (program, arguments) = settings
        .command
        .split_first()
        .ok_or(std::io::ErrorKind::InvalidInput)?;
    // Before the child is started, so that nothing of the notice is borrowed while it is awaited.
    let mut line = serde_json::to_vec(notice)?;
    line.push(b'\n');
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        match stdin.write_all(&line).await {
            // A command that does not read its input is still a command.
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => return Err(error),
            _ => {}
        }
    }
    child.wait().await
}
