//! A history made from a seed: what happens, when, and how Meta behaves meanwhile.

use std::fmt;

use super::meta::Weather;

/// The contacts of every house, by name and number.
pub const PEOPLE: [(&str, &str); 3] = [
    ("desk", "34600111222"),
    ("lead", "34600111333"),
    ("night", "34600111444"),
];

/// Who the rule of alarms that are followed tells; the rule of single events tells the others too.
pub const FOLLOWERS: [&str; 2] = ["desk", "lead"];
pub const WITNESSES: [&str; 2] = ["desk", "night"];

#[derive(Debug, Clone)]
pub enum Deed {
    /// A record comes in.
    Record {
        element: String,
        severity: &'static str,
    },
    /// The process dies after so many steps of its tasks, and is started again.
    Crash { steps: u32 },
    /// It is stopped in order and started again.
    Restart,
    /// Meta cannot be reached, or can be again.
    Outage(bool),
    /// Somebody writes, perhaps about the last message.
    Write {
        phone: &'static str,
        text: &'static str,
        quotes: bool,
    },
}

#[derive(Debug, Clone)]
pub struct Plan {
    pub config: String,
    pub weather: Weather,
    /// Milliseconds from the deed before, and the deed.
    pub deeds: Vec<(u64, Deed)>,
    /// Somebody said stop.
    pub stops: bool,
    /// A message must reach the phone within this many milliseconds.
    pub confirm_ms: Option<u64>,
}

/// The history of a seed.
pub fn plan(seed: u64) -> Plan {
    let mut random = fastrand::Rng::with_seed(seed);
    let receipts = random.u8(..3) > 0;
    let confirm_ms = (receipts && random.bool()).then_some(60_000);
    let weather = weather(&mut random, receipts);
    let config = config(&mut random, receipts, confirm_ms.is_some());
    let mut deeds = alarms(&mut random);
    let stops = receipts && random.u8(..6) == 0;
    if receipts {
        replies(&mut random, &mut deeds, stops);
    }
    troubles(&mut random, &mut deeds);
    Plan {
        config,
        weather,
        deeds,
        stops,
        confirm_ms,
    }
}

fn weather(random: &mut fastrand::Rng, receipts: bool) -> Weather {
    let harsh = random.u32(..3);
    let mut often = |most: u32| random.u32(..=most) * harsh;
    Weather {
        lost: often(60),
        unreachable: often(40),
        limited: often(40),
        passing: often(40),
        permanent: often(20),
        failed_later: often(40),
        silent: often(60),
        receipts,
    }
}

fn config(random: &mut fastrand::Rng, receipts: bool, confirm: bool) -> String {
    let mut config = String::from("[delivery]\nexpire_after = \"20m\"\n");
    config.push_str(match random.u8(..4) {
        0 => "storm = \"off\"\n",
        1 => "storm = { after = \"4 in 1m\", digest_every = \"1m\", digest_critical = \"20s\" }\n",
        _ => "",
    });
    config.push_str(match random.u8(..3) {
        0 => "per_contact = \"1/s, burst 2\"\nthroughput = \"3/s\"\n",
        1 => "per_contact = \"1/10s\"\n",
        _ => "",
    });
    if confirm {
        config.push_str("confirm = \"delivered\"\nconfirm_within = \"1m\"\n");
    }
    if receipts {
        config.push_str("[webhook]\nlisten = \"127.0.0.1:9781\"\n");
        config.push_str(&format!("[replies]\ntell_others = {}\n", random.bool()));
    }
    // A command that cannot be run: what it should hear of stays in the outbox, to be looked at.
    config.push_str("[fallback]\ncommand = [\"/nowhere/pager\"]\n");
    if random.bool() {
        config.push_str("contact = \"night\"\n");
    }
    if random.bool() {
        config.push_str(DIGEST);
    }
    for (name, phone) in PEOPLE {
        config.push_str(&format!(
            "[[contacts]]\nname = \"{name}\"\nphone = \"{phone}\"\n"
        ));
    }
    let update = ["false", "true"][random.usize(..2)];
    config.push_str(&format!(
        "[[rules]]\nname = \"Followed\"\nfilter = 'element like \"F*\" and severity >= minor'\nsingle_events = false\n\
         on_clear = true\non_update = {update}\nnotify = {FOLLOWERS:?}\n"
    ));
    if random.bool() {
        config.push_str("repeat_every = \"7m\"\n");
    }
    if random.bool() {
        config.push_str(
            "escalate = [{ after = \"2m\", unless = \"acknowledged\", notify = [\"night\"] }]\n",
        );
    }
    config.push_str(&format!(
        "[[rules]]\nname = \"Events\"\nfilter = 'element like \"S*\"'\nnotify = {WITNESSES:?}\n"
    ));
    config
}

const DIGEST: &str = r#"
[templates.digest]
name = "klaxond_digest"
text = "Several alarms at once: {{1}} - {{2}} - message {{3}} of {{4}} about them{{5}}."
parameters = ["{{ digest.headline }}", "{{ digest.list }}", "{{ digest.part }}", "{{ digest.parts }}", "{% if notification.repeat %}, repeated{% else %} as of this moment{% endif %}"]
"#;

const BAD: [&str; 4] = ["minor", "major", "critical", "warning"];

/// Alarms with their lives, shuffled into each other, each in its own order; all end.
fn alarms(random: &mut fastrand::Rng) -> Vec<(u64, Deed)> {
    let mut lives: Vec<Vec<(String, &'static str)>> = Vec::new();
    for n in 0..random.usize(4..16) {
        let mut life = Vec::new();
        if random.bool() {
            life.push((format!("S{n}"), BAD[random.usize(..4)]));
        } else {
            for _ in 0..random.usize(1..3) {
                for _ in 0..random.usize(1..4) {
                    life.push((format!("F{n}"), BAD[random.usize(..3)]));
                }
                life.push((format!("F{n}"), "normal"));
            }
        }
        life.reverse();
        lives.push(life);
    }
    let storm = random.u8(..3) == 0;
    let mut deeds = Vec::new();
    while !lives.is_empty() {
        let n = random.usize(..lives.len());
        let (element, severity) = lives[n].pop().unwrap();
        if lives[n].is_empty() {
            lives.swap_remove(n);
        }
        let pause = match random.u8(..10) {
            _ if storm => random.u64(..300),
            0..4 => 0,
            4..8 => random.u64(..8_000),
            _ => random.u64(..90_000),
        };
        deeds.push((pause, Deed::Record { element, severity }));
    }
    deeds
}

fn replies(random: &mut fastrand::Rng, deeds: &mut Vec<(u64, Deed)>, stops: bool) {
    for _ in 0..random.usize(..4) {
        let (_, phone) = PEOPLE[random.usize(..3)];
        let text = match random.u8(..8) {
            0 if stops => "stop",
            1 if stops => "start",
            2 => "hello there",
            3 => "silence",
            _ => "ack",
        };
        let quotes = random.bool();
        let deed = Deed::Write {
            phone,
            text,
            quotes,
        };
        insert(random, deeds, deed);
    }
}

fn troubles(random: &mut fastrand::Rng, deeds: &mut Vec<(u64, Deed)>) {
    for _ in 0..random.usize(..4) {
        let steps = random.u32(..60);
        insert(random, deeds, Deed::Crash { steps });
    }
    if random.u8(..4) == 0 {
        insert(random, deeds, Deed::Restart);
    }
    if random.u8(..4) == 0 {
        let from = random.usize(..=deeds.len());
        deeds.insert(from, (0, Deed::Outage(true)));
        let to = random.usize(from + 1..=deeds.len());
        let span = random.u64(..900_000);
        deeds.insert(to, (span, Deed::Outage(false)));
    }
}

fn insert(random: &mut fastrand::Rng, deeds: &mut Vec<(u64, Deed)>, deed: Deed) {
    let at = random.usize(..=deeds.len());
    let pause = if random.bool() {
        0
    } else {
        random.u64(..20_000)
    };
    deeds.insert(at, (pause, deed));
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{:?}", self.config, self.weather)?;
        let mut ms = 0;
        for (pause, deed) in &self.deeds {
            ms += pause;
            writeln!(f, "{:>9.3} {deed:?}", ms as f64 / 1_000.0)?;
        }
        Ok(())
    }
}
