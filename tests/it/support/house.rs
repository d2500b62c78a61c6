//! A whole daemon core on virtual time: real config, real pipeline, real database, Meta by script.

use std::sync::Arc;
use std::time::Duration;

use klaxond::config::{self, Environment, Settings};
use klaxond::daemon::{Core, Parts, Policy};
use klaxond::ingest::{Codec, Line};
use klaxond::model::{Answer, Time};
use klaxond::pipeline::Clock;
use klaxond::store::{Mode, Store, StoreError, Tail};

use super::meta::Meta;

/// 2026-01-01T00:00:00Z.
pub const START: Time = Time::from_ms(1_767_225_600_000);

/// What every test config begins with.
const PREAMBLE: &str = r#"
[whatsapp]
phone_number_id = "106540352242922"
token = "test-token"
[http]
listen = "off"
[templates.alarm]
name = "klaxond_alarm"
language = "en_US"
text = "Alarm: {{1}} is {{2}} ({{3}}), value {{4}}. Please check it."
parameters = ["{{ alarm.element }}", "{{ alarm.severity }}", "{{ alarm.type }}{% if notification.repeat %}, repeated{% endif %}", "{{ alarm.value }}"]
"#;

/// A daemon core and what it stands on.
pub struct House {
    pub core: Core,
    pub meta: Meta,
    pub clock: Clock,
    pub settings: Settings,
    folder: tempfile::TempDir,
}

impl House {
    /// A house with an empty database. `config` is put behind the test's preamble.
    pub async fn build(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::virtual_from(START);
        let meta = Meta::new(clock.clone());
        Self::open(config, folder, clock, meta).await
    }

    /// The same database and Meta after the process died: nothing is drained or closed in order.
    pub async fn crash_and_restart(self, config: &str) -> Self {
        let Self {
            core,
            meta,
            clock,
            folder,
            ..
        } = self;
        core.kill().await;
        Self::open(config, folder, clock, meta).await
    }

    /// The same after an orderly stop.
    pub async fn restart(self, config: &str) -> Self {
        let Self {
            core,
            meta,
            clock,
            folder,
            ..
        } = self;
        core.drain(Duration::from_secs(20)).await;
        Self::open(config, folder, clock, meta).await
    }

    /// The same after an orderly stop, on a machine whose clocks begin at `clock`.
    pub async fn restart_on(self, config: &str, clock: Clock) -> Self {
        let Self {
            core, meta, folder, ..
        } = self;
        core.drain(Duration::from_secs(20)).await;
        Self::open(config, folder, clock, meta).await
    }

    async fn open(config: &str, folder: tempfile::TempDir, clock: Clock, meta: Meta) -> Self {
        let settings = read(config, folder.path());
        let (store, tail) = open_store(&settings);
        let parts = Parts {
            store,
            tail,
            gateway: Arc::new(meta.clone()),
            clock: clock.clone(),
            alive: Arc::new(|| {}),
        };
        let core = Core::start(Policy::from(&settings), parts).await.unwrap();
        Self {
            core,
            meta,
            clock,
            settings,
            folder,
        }
    }

    /// Puts another config in force, as a reload does.
    pub async fn reload(&mut self, config: &str) {
        self.settings = read(config, self.folder.path());
        self.core
            .controls()
            .apply(
                Policy::from(&self.settings),
                "test".to_owned(),
                "test".into(),
            )
            .await
            .unwrap();
    }

    /// What a reload of another config would put in force.
    pub fn policy(&self, config: &str) -> Policy {
        Policy::from(&read(config, self.folder.path()))
    }

    /// Hands in one line as the socket would.
    pub async fn hand_in(&self, line: &str) -> Vec<Answer> {
        let codec = Codec::new(self.settings.dataminer.clone());
        let incoming = match codec.read_line(line.as_bytes(), self.clock.now()) {
            Line::Blank => Vec::new(),
            Line::One(parsed) => vec![parsed],
            Line::Many(parsed) => parsed,
        };
        self.core.intake().take(incoming, Arc::from("test")).await
    }

    /// Lets `span` pass; everything that is due in it happens at its own time.
    pub async fn pass(&self, span: Duration) {
        tokio::time::sleep(span).await; // paused time
    }

    /// The contact of a number, by name.
    pub fn name_of(&self, phone: &str) -> String {
        let contacts = &self.settings.ruleset.contacts;
        contacts
            .iter()
            .find(|contact| contact.phone.digits() == phone)
            .map_or_else(|| phone.to_owned(), |contact| contact.name.clone())
    }
}

/// Opens the database. A child that another test's thread is about to start holds our lock until it
/// has become its own program.
pub fn open_store(settings: &Settings) -> (Store, Tail) {
    loop {
        match Store::open(&settings.storage, Mode::Inline) {
            Err(StoreError::InUse { .. }) => std::thread::yield_now(),
            opened => return opened.unwrap(),
        }
    }
}

pub fn read(config: &str, folder: &std::path::Path) -> Settings {
    let path = folder.join("config.toml");
    let storage = format!(
        "[storage]\npath = {:?}\nmin_free = \"1KiB\"\n",
        folder.join("klaxond.db")
    );
    // What [webhook] needs stands in a table that the preamble has.
    let secrets = "[whatsapp]\napp_secret = \"secret\"\nverify_token = \"verify\"";
    let preamble = if config.contains("[webhook]") {
        PREAMBLE.replace("[whatsapp]", secrets)
    } else {
        PREAMBLE.to_owned()
    };
    // Top-level keys of the test come first, or they would land in the preamble's last table.
    std::fs::write(&path, format!("{config}\n{preamble}\n{storage}")).unwrap();
    config::load(
        &path,
        &Environment {
            credentials_directory: None,
        },
    )
    .unwrap_or_else(|faults| panic!("the test's config is wrong:\n{}", faults.render(false)))
    .settings
}
