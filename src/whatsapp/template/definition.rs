//! A template as the config writes it down.

use std::time::Duration;

use crate::model::TemplateId;

/// A template as written: what Meta approved, and how its variables are filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Its key under `[templates]`.
    pub id: TemplateId,
    /// The name Meta approved it under.
    pub name: String,
    /// The language Meta approved it in (`en_US`).
    pub language: String,
    /// Text header, with at most one variable.
    pub header: Option<HeaderDefinition>,
    /// Body text with `{{1}}` or `{{name}}` for the variables.
    pub text: String,
    /// Footer text, without variables.
    pub footer: Option<String>,
    /// What fills the body's variables.
    pub parameters: Parameters,
    /// Buttons in the order Meta shows them.
    pub buttons: Vec<ButtonDefinition>,
    /// What it is submitted as.
    pub category: Category,
    /// How long Meta goes on trying to deliver a message; 30 days when not given.
    pub ttl: Option<Duration>,
    /// What Meta's reviewers read in place of the body's variables, in the order of `parameters`;
    /// an alarm that is made up when empty.
    pub examples: Vec<String>,
    /// What its messages go with while Meta does not take it.
    pub fallback: Option<TemplateId>,
    /// The same in other languages; these have none of their own.
    pub languages: Vec<Definition>,
}

/// What Meta counts a template as: price and limits follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Category {
    /// Notices that people asked for or must have.
    #[default]
    Utility,
    /// Everything that promotes, and what is too vague to tell.
    Marketing,
    /// One-time passwords.
    Authentication,
}

impl Category {
    /// The word that Meta takes, in small letters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utility => "utility",
            Self::Marketing => "marketing",
            Self::Authentication => "authentication",
        }
    }
}

/// A text header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderDefinition {
    /// Its text, at most one variable.
    pub text: String,
    /// The minijinja source that fills the variable.
    pub parameter: Option<String>,
}

/// What fills the body's variables: minijinja sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parameters {
    /// `{{1}}`, `{{2}}`, … in order.
    Positional(Vec<String>),
    /// `{{name}}`, by name, in the order of the config.
    Named(Vec<(String, String)>),
}

/// A button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ButtonDefinition {
    /// A tap sends `payload` back.
    QuickReply {
        /// The label.
        text: String,
        /// minijinja source; the id of the message comes back when it is not given.
        payload: Option<String>,
    },
    /// Opens an address.
    Url {
        /// The label.
        text: String,
        /// The address, with at most one variable `{{1}}` at its end.
        url: String,
        /// minijinja source of that variable.
        parameter: Option<String>,
    },
}
