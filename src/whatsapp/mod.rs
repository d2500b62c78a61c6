//! The only place that knows Meta.

mod access;
mod answer;
mod approved;
mod classify;
mod client;
mod guard;
mod number;
mod settings;
mod submitted;
pub mod template;
mod token;
pub mod webhook;
mod wire;

pub use access::TokenError;
pub use approved::{ButtonInfo, ComponentInfo, TemplateInfo};
pub use classify::{advice, classify};
pub use client::{Client, ClientError, install_crypto};
pub use guard::{Judgement, Standing, judge};
pub use number::{Health, HealthEntity, HealthError, NumberInfo};
pub use settings::Settings;
pub use submitted::Submitted;
pub use token::TokenInfo;
