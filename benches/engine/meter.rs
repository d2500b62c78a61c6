//! What something costs: time on the clock, time on a core, memory.

use std::fs;
use std::time::Instant;

/// What was spent.
#[derive(Clone, Copy)]
pub struct Spent {
    pub seconds: f64,
    /// On a core: what others did meanwhile is not in it.
    pub cpu: f64,
}

/// What `run` costs on this thread.
pub fn spent<T>(run: impl FnOnce() -> T) -> (Spent, T) {
    let (began, cpu) = (Instant::now(), cpu());
    let outcome = run();
    let spent = Spent {
        seconds: began.elapsed().as_secs_f64(),
        cpu: self::cpu() - cpu,
    };
    (spent, outcome)
}

/// The lower half of each kind of what was spent.
pub fn best(all: &[Spent]) -> Spent {
    let least = |of: fn(&Spent) -> f64| all.iter().map(of).fold(f64::INFINITY, f64::min);
    Spent {
        seconds: least(|spent| spent.seconds),
        cpu: least(|spent| spent.cpu),
    }
}

/// Seconds that this thread was on a core.
fn cpu() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let ns: f64 = text.split_whitespace().next().unwrap().parse().unwrap();
    ns / 1e9
}

/// Seconds on cores of the children that were waited for.
pub fn children_cpu() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit(')').next().unwrap().split_whitespace();
    let ticks: f64 = fields
        .skip(13)
        .take(2)
        .map(|field| field.parse::<f64>().unwrap())
        .sum();
    ticks / 100.0
}

/// A line of `/proc/PID/status` in MB; `None` when the process is gone.
pub fn megabytes(pid: &str, line: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|known| known.starts_with(line))?;
    let kb: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kb / 1024.0)
}
