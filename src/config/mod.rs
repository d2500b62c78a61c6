//! TOML to typed settings; every fault at once, with its place in the file.
//!
//! [`load()`] reads one file and the secrets it names and gives back [`Settings`] with warnings, or
//! every [`Fault`] that was found. Each section of the file has a file here of the same name; they
//! read through `reader`, which knows where each key and value stands, and never stop at the first
//! mistake. No text of a secret reaches a fault: what is shown is a copy of the file in which secrets
//! are blotted out (`mask`).

mod changes;
mod confirm;
mod contacts;
mod correlating;
mod correlation;
mod dataminer;
mod delivery;
mod escalating;
mod expect;
mod fallback;
mod fault;
mod filters;
mod futile;
mod http;
mod ingest;
mod inhibiting;
mod inside;
mod keys;
mod labels;
mod load;
mod mask;
mod measure;
mod names;
mod offline;
mod page;
mod quiet;
mod reader;
mod render;
mod replies;
mod rules;
mod secrets;
mod settings;
mod storage;
mod syntax;
mod telling;
mod template_block;
mod template_parts;
mod templates;
mod times;
mod top;
mod value;
mod webhook;
mod whatsapp;
mod whom;
mod words;

pub use changes::Changes;
pub use fault::{Fault, Faults};
pub use keys::known_keys;
pub use load::{find, load};
pub use measure::{show_duration as show_span, span};
pub use offline::{load_offline, read_sample};
pub use settings::{Environment, Loaded, Log, LogFormat, Settings};
pub use template_block::template_block;
