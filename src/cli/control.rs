//! The running daemon, through its control socket.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::Exit;
use super::options::{Output, complain};

/// The longest a daemon may take to answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Calls the running daemon; tells why, as `output` says, when that fails.
pub(super) async fn call(
    socket: &Path,
    method: reqwest::Method,
    path: &str,
    output: Output,
) -> Result<Value, Exit> {
    call_with(socket, method, path, None, output).await
}

/// The same, with a body.
pub(super) async fn call_with(
    socket: &Path,
    method: reqwest::Method,
    path: &str,
    body: Option<&Value>,
    output: Output,
) -> Result<Value, Exit> {
    match reach_with(socket, method, path, body, output).await? {
        Some(answer) => Ok(answer),
        None => {
            let socket = socket.display();
            let error = format!(
                "no daemon answers on {socket}; is it running, and may you use the socket?"
            );
            complain(output, &error);
            Err(Exit::TempFail)
        }
    }
}

/// The same; `None` when no daemon answers.
pub(super) async fn reach(
    socket: &Path,
    method: reqwest::Method,
    path: &str,
    output: Output,
) -> Result<Option<Value>, Exit> {
    reach_with(socket, method, path, None, output).await
}

async fn reach_with(
    socket: &Path,
    method: reqwest::Method,
    path: &str,
    body: Option<&Value>,
    output: Output,
) -> Result<Option<Value>, Exit> {
    match request(socket, method, path, body).await {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is_connect() => Ok(None),
        Err(error) => {
            complain(
                output,
                &format!("the daemon's answer cannot be read: {error}"),
            );
            Err(Exit::Unavailable)
        }
    }
}

async fn request(
    socket: &Path,
    method: reqwest::Method,
    path: &str,
    body: Option<&Value>,
) -> reqwest::Result<Value> {
    crate::whatsapp::install_crypto();
    let client = reqwest::Client::builder()
        .unix_socket(socket)
        .no_proxy()
        .timeout(TIMEOUT)
        .build()?;
    let mut request = client.request(method, format!("http://klaxond{path}"));
    if let Some(body) = body {
        request = request.json(body);
    }
    request.send().await?.json().await
}
