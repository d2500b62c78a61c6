//! The core on a real store, in a folder of its own.

use std::sync::Arc;
use std::time::Duration;

use klaxond::config::{Environment, Settings, load};
use klaxond::daemon::{Core, Parts, Policy};
use klaxond::ingest::Codec;
use klaxond::model::Time;
use klaxond::pipeline::{Clock, Gateway};
use klaxond::store::{Mode, Store, Tally};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::meta::NUMBER_ID;

/// Records that are handed in at once.
const BATCH: usize = 500;

/// A folder with a config and a database.
pub struct Home {
    pub settings: Settings,
    _folder: TempDir,
}

impl Home {
    pub fn new(base_url: &str, delivery: &str, contacts: usize) -> Self {
        // Beside the build's output: the system's temporary folder may be in memory.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, config(base_url, delivery, contacts)).unwrap();
        let settings = load(&path, &Environment::default()).unwrap().settings;
        Self {
            settings,
            _folder: folder,
        }
    }

    pub async fn start(&self, mode: Mode, clock: Clock, gateway: Arc<dyn Gateway>) -> Core {
        let (store, tail) = Store::open(&self.settings.storage, mode).unwrap();
        let parts = Parts {
            store,
            tail,
            gateway,
            clock,
            alive: Arc::new(|| {}),
        };
        Core::start(Policy::from(&self.settings), parts)
            .await
            .unwrap()
    }

    /// Hands in alarms of so many elements, one in seven critical.
    pub async fn hand_in(&self, core: &Core, records: usize) {
        let codec = Codec::new(self.settings.dataminer.clone());
        let intake = core.intake();
        for first in (0..records).step_by(BATCH) {
            let lines: String = (first..records.min(first + BATCH))
                .map(|n| {
                    let severity = if n % 7 == 0 { "critical" } else { "major" };
                    format!("{{\"element\":\"Encoder {n} London\",\"parameter\":\"Input status\",\"value\":\"No signal\",\"severity\":\"{severity}\"}}\n")
                })
                .collect();
            let body = codec.read_body(lines.as_bytes(), Time::default()).unwrap();
            intake.take(body.records, "bench".into()).await;
        }
    }
}

/// Waits until nothing is left to decide or to send.
pub async fn settled(core: &Core, every: Duration) -> Tally {
    loop {
        let tally = core.store().outbox.tally().await.unwrap();
        if tally.pending() == 0 && !core.is_behind() {
            return tally;
        }
        tokio::time::sleep(every).await;
    }
}

pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

fn config(base_url: &str, delivery: &str, contacts: usize) -> String {
    let contacts: String = (0..contacts)
        .map(|n| format!("[[contacts]]\nname = \"Contact {n}\"\nphone = \"346000{n:05}\"\n"))
        .collect();
    format!(
        r#"
[whatsapp]
phone_number_id = "{NUMBER_ID}"
token = "bench-token"
base_url = "{base_url}"
[http]
listen = "off"
[storage]
path = "klaxond.db"
min_free = "1KiB"
[delivery]
{delivery}
[templates.alarm]
name = "klaxond_alarm"
text = "Alarm {{{{1}}}} is {{{{2}}}}. Please check it."
parameters = ["{{{{ alarm.element }}}}", "{{{{ alarm.severity }}}}"]
[templates.digest]
name = "klaxond_digest"
text = "Several alarms at once: {{{{1}}}} - {{{{2}}}} - message {{{{3}}}} of {{{{4}}}} about them."
parameters = ["{{{{ digest.headline }}}}", "{{{{ digest.list }}}}", "{{{{ digest.part }}}}", "{{{{ digest.parts }}}}"]
{contacts}
[[rules]]
name = "Bench"
"#
    )
}
