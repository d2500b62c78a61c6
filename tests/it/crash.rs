//! The real process is killed under load; nothing that was answered "stored" is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use klaxond::sandbox::{Sandbox, Settings};

use crate::support::process::{Home, Line, wait_until};

const KILLS: usize = 30;
const CONTACTS: [&str; 3] = ["34600111222", "34600111333", "34600111444"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_stored_record_reaches_every_contact_over_thirty_kills() {
    let seed = seed();
    println!("seed {seed}; run again with KLAXOND_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let (sandbox, mut shown) = Sandbox::start(Settings::default()).await.unwrap();
    let drain = tokio::spawn(async move { while shown.recv().await.is_some() {} });
    let home = Home::new(&format!("http://{}", sandbox.address()), &config());

    let mut stored = BTreeSet::new();
    let mut next = 0_u32;
    tokio::task::block_in_place(|| {
        for _ in 0..KILLS {
            let mut daemon = home.start();
            let mut line = home.connect();
            let answers = random.usize(1..200);
            load(&mut line, &mut next, answers, &mut stored);
            daemon.kill();
            // What was answered before the kill took effect counts too.
            while let Some(answer) = line.read() {
                note(&answer, &mut stored);
            }
        }
        let daemon = home.start();
        wait_until(
            "the delivery of every stored record",
            || missing(&sandbox, &stored) == 0,
            || {
                format!(
                    "{} of {} are missing\n{}",
                    missing(&sandbox, &stored),
                    stored.len() * CONTACTS.len(),
                    tail(&home.log())
                )
            },
        );
        assert!(daemon.stop().success(), "{}", tail(&home.log()));
    });

    let repeats = arrived(&sandbox)
        .values()
        .map(|count| count - 1)
        .sum::<usize>();
    println!(
        "{} records stored, {repeats} messages repeated over {KILLS} kills",
        stored.len()
    );
    assert!(stored.len() > KILLS, "there was no load");
    assert!(
        repeats <= KILLS * CONTACTS.len(),
        "{repeats} repeats: more than one per lane and kill"
    );
    sandbox.stop().await;
    drain.abort();
}

fn config() -> String {
    let mut config = String::from(
        "[delivery]\nstorm = \"off\"\nthroughput = \"10000/s\"\nper_contact = \"10000/s\"\n",
    );
    for phone in CONTACTS {
        config.push_str(&format!(
            "[[contacts]]\nname = \"c{phone}\"\nphone = \"{phone}\"\n"
        ));
    }
    config.push_str("[[rules]]\nname = \"everything\"\n");
    config
}

/// Keeps the socket full until `answers` have come back.
fn load(line: &mut Line, next: &mut u32, answers: usize, stored: &mut BTreeSet<String>) {
    const AHEAD: usize = 32;
    for _ in 0..answers + AHEAD {
        *next += 1;
        let record = format!(r#"{{"id":"r{next}","element":"Encoder","severity":"major"}}"#);
        if line.write(&record).is_err() {
            return;
        }
    }
    for _ in 0..answers {
        match line.read() {
            Some(answer) => note(&answer, stored),
            None => return,
        }
    }
}

fn note(answer: &serde_json::Value, stored: &mut BTreeSet<String>) {
    assert_eq!(answer["status"], "stored", "{answer}");
    stored.insert(answer["id"].as_str().unwrap().to_owned());
}

/// How often each record came to each phone.
fn arrived(sandbox: &Sandbox) -> BTreeMap<(String, String), usize> {
    let mut arrived = BTreeMap::new();
    for message in sandbox.messages() {
        let key = (
            message.parameters[0].clone(),
            message.to.digits().to_owned(),
        );
        *arrived.entry(key).or_insert(0) += 1;
    }
    arrived
}

fn missing(sandbox: &Sandbox, stored: &BTreeSet<String>) -> usize {
    let arrived = arrived(sandbox);
    let wanted = stored.iter().flat_map(|id| {
        CONTACTS
            .iter()
            .map(move |phone| (id.clone(), (*phone).to_owned()))
    });
    wanted.filter(|key| !arrived.contains_key(key)).count()
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

fn seed() -> u64 {
    std::env::var("KLAXOND_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| {
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(1, |since| since.subsec_nanos().into())
        })
}
