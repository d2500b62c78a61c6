//! What a sandbox is asked to be.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use secrecy::SecretString;

use super::Fault;

/// What a sandbox is asked to be. The default is the most lenient one on a free port of loopback:
/// any token, any number id, any template.
#[derive(Clone)]
pub struct Settings {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// One message in 6 s to one phone, up to 45 borrowed, else 131056.
    pub pair_limit: bool,
    /// Messages per second, else 130429.
    pub throughput: Option<u32>,
    /// Faults to begin with.
    pub faults: Vec<Fault>,
    /// The only token it takes; any when not given.
    pub token: Option<String>,
    /// A token that it calls expired.
    pub expired_token: Option<String>,
    /// The only number id it knows; any digits when not given.
    pub phone_number_id: Option<String>,
    /// The only business account id it knows; any digits when not given.
    pub business_account_id: Option<String>,
    /// Templates it knows besides `hello_world`; with none, any template is taken.
    pub templates: Vec<TemplateText>,
    /// Takes templates it does not know even when some are given.
    pub accept_unknown_templates: bool,
    /// How many accepted messages it remembers.
    pub keep: usize,
    /// Where receipts, replies and news of templates are posted; nowhere when not given.
    pub webhook: Option<Webhook>,
    /// How long a template that is handed in waits for approval; decided by hand only when not given.
    pub review: Option<Duration>,
    /// Decides what is left to chance; one of its own when not given.
    pub seed: Option<u64>,
}

/// Where receipts, replies and news of templates are posted.
#[derive(Clone)]
pub struct Webhook {
    /// The address, as Meta's dashboard is given it.
    pub url: String,
    /// Signs what is posted.
    pub app_secret: SecretString,
    /// Proves, before anything is posted, that the address is the right one; no handshake without it.
    pub verify_token: Option<SecretString>,
    /// From the acceptance of a message to its `sent`, from there to `delivered`, from there to `read`.
    pub delay: Duration,
    /// How long after a post that was not taken it comes again; the gaps grow from there.
    pub retry: Duration,
}

impl Webhook {
    /// Without a handshake, at Meta's usual pace.
    #[must_use]
    pub fn new(url: impl Into<String>, app_secret: SecretString) -> Self {
        Self {
            url: url.into(),
            app_secret,
            verify_token: None,
            delay: Duration::from_millis(300),
            retry: Duration::from_secs(1),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            pair_limit: false,
            throughput: None,
            faults: Vec::new(),
            token: None,
            expired_token: None,
            phone_number_id: None,
            business_account_id: None,
            templates: Vec::new(),
            accept_unknown_templates: false,
            keep: 100_000,
            webhook: None,
            review: Some(Duration::from_secs(1)),
            seed: None,
        }
    }
}

/// A template as Meta holds it: texts with `{{1}}` or `{{name}}` for the variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateText {
    /// Its name.
    pub name: String,
    /// Its language, `en_US`.
    pub language: String,
    /// Text header, at most one variable.
    pub header: Option<String>,
    /// The body.
    pub text: String,
    /// Footer, no variables.
    pub footer: Option<String>,
    /// Buttons in order.
    pub buttons: Vec<ButtonText>,
    /// Whether it may be sent.
    pub status: TemplateStatus,
}

/// A button of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ButtonText {
    /// Sends its payload back.
    QuickReply {
        /// The label.
        text: String,
    },
    /// Opens an address.
    Url {
        /// The label.
        text: String,
        /// The address, at most one variable at its end.
        url: String,
    },
}

/// Where Meta stands with a template. Only an approved one can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TemplateStatus {
    /// Can be sent.
    #[default]
    Approved,
    /// Not reviewed yet.
    Pending,
    /// Turned down.
    Rejected,
    /// Not for some hours, for bad feedback.
    Paused,
    /// Never again.
    Disabled,
}

/// What Meta counts a template as, and bills it as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TemplateCategory {
    /// About something that the person asked for or must know.
    #[default]
    Utility,
    /// Everything else.
    Marketing,
    /// One-time passwords.
    Authentication,
}

impl TemplateCategory {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Utility, Self::Marketing, Self::Authentication];

    /// Meta's word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utility => "UTILITY",
            Self::Marketing => "MARKETING",
            Self::Authentication => "AUTHENTICATION",
        }
    }
}

impl TemplateStatus {
    /// Meta's word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approved => "APPROVED",
            Self::Pending => "PENDING",
            Self::Rejected => "REJECTED",
            Self::Paused => "PAUSED",
            Self::Disabled => "DISABLED",
        }
    }
}

impl ButtonText {
    /// The address, where it opens one.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::QuickReply { .. } => None,
            Self::Url { url, .. } => Some(url),
        }
    }

    /// What is written on it.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::QuickReply { text } | Self::Url { text, .. } => text,
        }
    }
}
