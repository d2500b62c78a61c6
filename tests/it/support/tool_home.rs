//! A daemon that listens for HTTP on a free port, for the real programs of others.

use std::net::TcpListener;

use klaxond::sandbox::Sandbox;

use super::process::{Home, Running};

/// What others send as `Authorization: Bearer …`.
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A running daemon and where it is called.
pub struct Station {
    pub home: Home,
    pub url: String,
    pub daemon: Running,
}

impl Station {
    /// A daemon with `config` that posts to the sandbox.
    pub fn start(sandbox: &Sandbox, config: &str) -> Self {
        let base = format!("http://{}", sandbox.address());
        let home = Home::new(&base, config);
        // Free at this moment; nobody else asks for one between here and the start.
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let path = home.path("config.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let http = format!("[http]\nlisten = \"127.0.0.1:{port}\"\ntoken = \"{TOKEN}\"\n");
        let text = text.replace("[http]\nlisten = \"off\"\n", &http);
        assert!(text.contains(TOKEN));
        std::fs::write(&path, text).unwrap();
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&path, private).unwrap();
        let daemon = home.start();
        Self {
            home,
            url: format!("http://127.0.0.1:{port}"),
            daemon,
        }
    }
}
