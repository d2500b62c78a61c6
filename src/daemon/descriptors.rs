//! How many files and connections this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// 2,048 clients of `[http]`, 512 of `[webhook]`, 256 of the control socket, those of the alarm
/// socket, and room.
const WANTED: u64 = 8_192;

/// Raises the soft limit, which many systems keep at 1,024 for the sake of old programs.
pub(super) fn allow() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let most = maximum.map_or(WANTED, |maximum| maximum.min(WANTED));
    if current.is_none_or(|current| current >= most) {
        return;
    }
    let limit = Rlimit {
        current: Some(most),
        maximum,
    };
    if let Err(fault) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%fault, current, "the limit of open files stays as it is");
    }
}
