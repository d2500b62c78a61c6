//! A million messages that wait, told in digests within Meta's default limits. Time is virtual: it
//! stands still while the core works and jumps to the next deadline when it is idle.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use klaxond::delivery::{HoldKey, ProbeAnswer};
use klaxond::model::{MessageState, Outcome, Phone, Time};
use klaxond::pipeline::{Answering, Clock, Gateway};
use klaxond::store::Mode;
use klaxond::whatsapp::template::{Rendered, Template};

use super::home::{self, Home};

/// The first argument of the process that is measured.
pub const CHILD: &str = "backlog";

const CONTACTS: usize = 20;
const RECORDS: usize = 50_000;
/// Meta's limit for one contact: one in six seconds, three at once after a pause.
const PAIR_MS: i64 = 6_000;
const PAIR_BURST: usize = 3;

/// In a process of its own: its peak is nobody else's.
pub fn report() {
    let status = Command::new(std::env::current_exe().unwrap())
        .arg(CHILD)
        .status()
        .unwrap();
    assert!(status.success());
}

pub fn child() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(drain());
}

async fn drain() {
    let home = Home::new("http://127.0.0.1:9", "", CONTACTS);
    let clock = Clock::virtual_from(Time::from_ms(1_767_225_600_000));
    let phones = Arc::new(Phones {
        clock: clock.clone(),
        arrived: Mutex::default(),
    });
    let begin = Instant::now();
    let core = home
        .start(Mode::Inline, clock.clone(), phones.clone())
        .await;
    let started = clock.now();
    home.hand_in(&core, RECORDS).await;
    while core.is_behind() {
        tokio::time::sleep(Duration::from_millis(10)).await; // virtual
    }
    let queued = core.store().outbox.tally().await.unwrap().pending();
    println!(
        "  {queued} queued after {:.1} s, peak {:.0} MB",
        begin.elapsed().as_secs_f64(),
        peak_mb()
    );
    let begin = Instant::now();
    let tally = home::settled(&core, Duration::from_secs(60)).await;
    let (sent, phones) = phones.check();
    println!(
        "  drained in {:.1} s, after {:.0} min on the phones: {} told in digests, {sent} messages to {phones} phones, peak {:.0} MB",
        begin.elapsed().as_secs_f64(),
        clock.now().since(started).as_secs_f64() / 60.0,
        tally.count(MessageState::Digested),
        peak_mb()
    );
    let told = tally.count(MessageState::Digested) + tally.count(MessageState::Accepted);
    assert!(told >= (RECORDS * CONTACTS) as u64, "{tally:?}");
    core.drain(Duration::from_secs(10)).await;
}

/// Takes every message and notes when.
struct Phones {
    clock: Clock,
    arrived: Mutex<BTreeMap<String, Vec<Time>>>,
}

impl Phones {
    fn take(&self, to: &Phone) -> Answering<'_, Outcome> {
        let wamid = {
            let mut arrived = self.arrived.lock().unwrap();
            let times = arrived.entry(to.digits().to_owned()).or_default();
            times.push(self.clock.now());
            format!("wamid.{}.{}", to.digits(), times.len())
        };
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(100)).await; // virtual
            Outcome::Accepted { wamid, held: false }
        })
    }

    /// That no phone got more than the pair limit allows; messages and phones.
    fn check(&self) -> (usize, usize) {
        let arrived = self.arrived.lock().unwrap();
        for times in arrived.values() {
            for (first, from) in times.iter().enumerate() {
                for (more, at) in times[first..].iter().enumerate().skip(PAIR_BURST) {
                    let least = PAIR_MS * i64::try_from(more + 1 - PAIR_BURST).unwrap();
                    // A millisecond for the rounding of each wait.
                    assert!(at.as_ms() - from.as_ms() + 1 >= least, "the pair limit");
                }
            }
        }
        (arrived.values().map(Vec::len).sum(), arrived.len())
    }
}

impl Gateway for Phones {
    fn send<'a>(&'a self, to: &'a Phone, _: &'a str, _: &'a Rendered) -> Answering<'a, Outcome> {
        self.take(to)
    }

    fn send_text<'a>(&'a self, to: &'a Phone, _: &'a str, _: &'a str) -> Answering<'a, Outcome> {
        self.take(to)
    }

    fn probe<'a>(&'a self, _: &'a HoldKey, _: Option<&'a Template>) -> Answering<'a, ProbeAnswer> {
        Box::pin(async { ProbeAnswer::Lifted })
    }
}

/// The most memory that this process has held.
fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    let kb: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kb / 1024.0
}
