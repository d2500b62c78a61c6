//! The HTTP server on a free port and a control socket on a temporary path.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use klaxond::ingest::SocketFile;
use klaxond::pipeline::intake::Intake;
use klaxond::web::{App, Control, Health, Records, Server, Settings};
use serde_json::json;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::ingest::{arrival, codec};

pub struct HttpServer {
    pub address: std::net::SocketAddr,
    pub control: PathBuf,
    pub health: Health,
    /// `dry_run` of each reload that was asked for.
    pub reloads: Arc<Mutex<Vec<bool>>>,
    cancel: CancellationToken,
    task: JoinHandle<()>,
    _directory: tempfile::TempDir,
}

impl HttpServer {
    pub fn start(intake: Intake) -> Self {
        Self::start_with(intake, |_| {})
    }

    pub fn start_with(intake: Intake, change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_steered(intake, change, |control| control)
    }

    /// `steer` may add to what the control answers.
    pub fn start_steered(
        intake: Intake,
        change: impl FnOnce(&mut Settings),
        steer: impl FnOnce(Control) -> Control,
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut settings = Settings {
            listen: Some("127.0.0.1:0".parse().unwrap()),
            token: None,
            proxies: Vec::new(),
            control: directory.path().join("control.sock"),
            max_body: 64 * 1024,
        };
        change(&mut settings);
        let server = Server::bind(&settings).unwrap();
        let address = server.address().unwrap();
        let (control, file) = SocketFile::bind(&settings.control, 0o660, None).unwrap();
        let reloads = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&reloads);
        let health = Health::default();
        let app = App::new(
            intake,
            Arc::new(|body| {
                let body = codec().read_body(body, arrival())?;
                Ok(Records {
                    records: body.records,
                    many: body.many,
                })
            }),
            health.clone(),
            steer(Control::new(
                move |dry_run, _by| {
                    noted.lock().unwrap().push(dry_run);
                    async move {
                        if dry_run {
                            Err(json!({"faults": ["line 3"]}))
                        } else {
                            Ok(json!({"applied": ["NOC desk: number changed"]}))
                        }
                    }
                },
                || async { json!({"queue": 0}) },
            )),
        )
        .with_clients(super::other_systems::clients());
        let cancel = CancellationToken::new();
        let stop = cancel.clone();
        let task = tokio::spawn(async move {
            server.serve(Some(control), app, stop).await.unwrap();
            drop(file);
        });
        Self {
            address,
            control: settings.control,
            health,
            reloads,
            cancel,
            task,
            _directory: directory,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub async fn stop(self) {
        self.cancel.cancel();
        self.task.await.unwrap();
    }
}

/// A client over TCP, without the proxies of the environment.
pub fn client() -> reqwest::Client {
    install_crypto();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// A client over the control socket.
pub fn control_client(server: &HttpServer) -> reqwest::Client {
    install_crypto();
    reqwest::Client::builder()
        .no_proxy()
        .unix_socket(server.control.clone())
        .build()
        .unwrap()
}

fn install_crypto() {
    // Another test may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
