//! Bytes to alarm records: one file per front end, codecs pure.
//!
//! [`Codec`] reads one line (JSON or a DataMiner string) or one HTTP body; [`Listener`] serves the
//! alarm socket with it. What other systems post is read by [`read_alerts()`], [`read_webhook()`] and
//! [`read_grafana()`]. [`SocketFile`] makes unix sockets that nobody can reach before their mode
//! is set; the control socket uses it too.

mod alertmanager;
mod answer;
mod body;
mod codec;
mod codes;
mod connection;
mod dataminer;
mod draft;
mod fit;
mod flatten;
mod frames;
mod grafana;
mod json;
mod keys;
mod labels;
mod listener;
mod notes;
mod pairs;
mod peer;
mod settings;
mod socket_file;
mod time;
mod values;

pub use alertmanager::{read_alerts, read_webhook};
pub use answer::write_answers;
pub use body::Body;
pub use codec::{Codec, Line, Parsed, is_blank};
pub use grafana::read_grafana;
pub use listener::{Listener, Now, ServeError};
pub use peer::{AccessError, REFUSED};
pub use settings::{DataMiner, Settings, SeverityCodes};
pub use socket_file::{BindError, SocketFile};
