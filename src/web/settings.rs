//! Where HTTP is served and to whom.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use secrecy::SecretString;

/// The HTTP server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// TCP address; `None` is off.
    pub listen: Option<SocketAddr>,
    /// Bearer token that everything but health needs.
    pub token: Option<SecretString>,
    /// Proxies that may connect when `listen` is not loopback.
    pub proxies: Vec<IpAddr>,
    /// Unix socket with the same API for the CLI, guarded by its file mode.
    pub control: PathBuf,
    /// Largest body in bytes.
    pub max_body: usize,
}

/// The port that Meta posts to.
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    /// TCP address.
    pub listen: SocketAddr,
    /// What Meta has to know when the address is entered in its dashboard.
    pub verify_token: SecretString,
    /// What Meta signs with.
    pub app_secret: SecretString,
    /// The business number whose updates are ours.
    pub phone_number_id: String,
}
