//! Bytes to alarm records: one file per front end, codecs pure.
//!
//! [`Codec`] reads one line (JSON or a DataMiner string) or one HTTP body; [`Listener`] serves the
//! alarm socket with it. [`SocketFile`] makes unix sockets that nobody can reach before their mode
//! is set; the control socket uses it too.

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
mod json;
mod keys;
mod listener;
mod notes;
mod peer;
mod settings;
mod socket_file;
mod time;
mod values;

pub use answer::write_answers;
pub use body::Body;
pub use codec::{Codec, Line, Parsed, is_blank};
pub use listener::{Listener, Now, ServeError};
pub use peer::{AccessError, REFUSED};
pub use settings::{DataMiner, Settings, SeverityCodes};
pub use socket_file::{BindError, SocketFile};
