//! What a sandbox is asked to be.

use std::net::{Ipv4Addr, SocketAddr};

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
    /// What is written on it.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::QuickReply { text } | Self::Url { text, .. } => text,
        }
    }
}
