//! What the client of the Cloud API needs to know.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

/// Where and as whom messages are sent.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Id of the business number; not the number itself.
    pub phone_number_id: String,
    /// Id of the WhatsApp business account; needed to look at templates.
    pub business_account_id: Option<String>,
    /// The access token in force when the config was read.
    pub token: SecretString,
    /// Where to read the token again after it stopped working.
    pub token_file: Option<PathBuf>,
    /// For `appsecret_proof`, and for the signature of webhooks.
    pub app_secret: Option<SecretString>,
    /// `https://graph.facebook.com` unless a sandbox or a proxy stands in for it.
    pub base_url: String,
    /// `v25.0`.
    pub api_version: String,
    /// A certificate authority to trust besides the system's, in PEM.
    pub ca_file: Option<PathBuf>,
    /// For the connection and TLS.
    pub connect_timeout: Duration,
    /// For the whole answer, from the request to the last byte of the body.
    pub answer_timeout: Duration,
}
