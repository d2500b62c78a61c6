//! The only place that knows Meta.

mod access;
mod answer;
mod approved;
mod classify;
mod client;
mod number;
mod settings;
pub mod template;
pub mod webhook;
mod wire;

pub use access::TokenError;
pub use approved::{ButtonInfo, ComponentInfo, TemplateInfo};
pub use classify::{advice, classify};
pub use client::{Client, ClientError, install_crypto};
pub use number::{Health, HealthEntity, HealthError, NumberInfo};
pub use settings::Settings;
