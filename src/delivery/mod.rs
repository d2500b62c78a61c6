//! Pure: what to do next with a queued message: order, rate, retry, hold.

mod settings;

pub use settings::Settings;
