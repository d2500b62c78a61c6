//! Bytes to alarm records: one file per front end, codecs pure.

mod settings;

pub use settings::{DataMiner, Settings, SeverityCodes};
