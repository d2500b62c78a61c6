//! A storm of alarms on real processes, with a kill in its middle: the store accounts for all of it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use klaxond::sandbox::{Sandbox, Settings};

use crate::support::process::{Home, Line, wait_until};

const ALARMS: usize = 10_000;
const CONTACTS: usize = 20;
/// Records on their way at once.
const AHEAD: usize = 256;
const STORM: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_and_a_kill_leave_every_alarm_and_contact_accounted_for() {
    let settings = Settings {
        pair_limit: true,
        ..Settings::default()
    };
    let (sandbox, mut shown) = Sandbox::start(settings).await.unwrap();
    let drain = tokio::spawn(async move { while shown.recv().await.is_some() {} });
    let home = Home::new(&format!("http://{}", sandbox.address()), &config());
    let mut stored = BTreeSet::new();
    let begin = Instant::now();
    tokio::task::block_in_place(|| {
        let mut daemon = home.start();
        let mut line = home.connect();
        write(
            &mut line,
            &(0..ALARMS / 2).collect::<Vec<_>>(),
            ALARMS / 2 - AHEAD / 2,
            &mut stored,
        );
        daemon.kill();
        while let Some(answer) = line.read() {
            note(&answer, &mut stored);
        }
        let again = home.start();
        let mut line = home.connect();
        // What was not answered may have been stored: it is handed in again, as a script would.
        let rest: Vec<usize> = (0..ALARMS)
            .filter(|n| !stored.contains(&format!("r{n}")))
            .collect();
        write(&mut line, &rest, rest.len(), &mut stored);
        let took = begin.elapsed();
        println!("{} alarms in {took:?}", stored.len());
        assert!(took < STORM * 3, "too slow for a storm: {took:?}");
        assert_eq!(stored.len(), ALARMS);
        wait_until(
            "a message to every contact for every alarm",
            || Tally::of(&home).pairs >= ALARMS * CONTACTS,
            || format!("{:?}", Tally::of(&home)),
        );
        // Each phone gets its first digest well before that.
        wait_until(
            "a digest to every contact",
            || Tally::of(&home).told_in_digests >= CONTACTS,
            || format!("{:?}", Tally::of(&home)),
        );
        assert!(again.stop().success(), "{}", home.log());
    });
    let tally = Tally::of(&home);
    println!(
        "{tally:?}, {} messages on the phones",
        sandbox.messages().len()
    );
    assert_eq!(tally.lost, 0, "{tally:?}");
    assert_eq!(told_of(&home), ALARMS * CONTACTS);
    sandbox.stop().await;
    drain.abort();
}

/// What the database says of the alarms.
#[derive(Debug)]
struct Tally {
    /// Alarms and contacts of which there is a message.
    pairs: usize,
    /// Messages that neither have an end with its reason nor are on their way.
    lost: usize,
    /// Digests that Meta took.
    told_in_digests: usize,
}

impl Tally {
    fn of(home: &Home) -> Self {
        let database = rusqlite::Connection::open_with_flags(
            home.path("klaxond.db"),
            rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY,
        )
        .unwrap();
        let count = |sql: &str| -> usize {
            let count: i64 = database.query_row(sql, [], |row| row.get(0)).unwrap();
            usize::try_from(count).unwrap()
        };
        Self {
            pairs: count(
                "SELECT count(*) FROM (SELECT DISTINCT notification, contact FROM messages \
                 WHERE kind = 'raised')",
            ),
            lost: count(
                "SELECT count(*) FROM messages m LEFT JOIN messages d ON d.id = m.digest \
                 LEFT JOIN messages s ON s.id = m.successor WHERE NOT CASE m.state \
                 WHEN 'digested' THEN m.ended IS NOT NULL AND d.kind = 'digest' \
                     AND d.contact = m.contact AND d.state NOT IN ('superseded', 'digested') \
                 WHEN 'superseded' THEN m.ended IS NOT NULL AND m.reason != '' \
                     AND (m.successor IS NULL OR s.contact = m.contact) \
                 WHEN 'expired' THEN m.reason != '' \
                 WHEN 'failed' THEN m.reason != '' \
                 WHEN 'accepted' THEN EXISTS (SELECT 1 FROM attempts a \
                     WHERE a.message = m.id AND a.outcome = 'accepted' AND a.wamid IS NOT NULL) \
                 ELSE m.ended IS NULL AND m.state IN ('queued', 'held', 'sending', 'unknown') END",
            ),
            told_in_digests: count(
                "SELECT count(DISTINCT contact) FROM messages WHERE kind = 'digest' AND state = 'accepted'",
            ),
        }
    }
}

/// Alarms and contacts of which there is a message, by the ids that the alarms were handed in with.
fn told_of(home: &Home) -> usize {
    let database = rusqlite::Connection::open(home.path("klaxond.db")).unwrap();
    let sql = "SELECT count(*) FROM (SELECT DISTINCT json_extract(n.json, '$.alarm.id'), m.contact \
               FROM notifications n JOIN messages m ON m.notification = n.id WHERE m.kind = 'raised')";
    let count: i64 = database.query_row(sql, [], |row| row.get(0)).unwrap();
    usize::try_from(count).unwrap()
}

fn config() -> String {
    let mut config = String::from(
        "[delivery]\nstorm = { after = \"10 in 2m\", digest_every = \"5s\", digest_critical = \"5s\" }\n",
    );
    for n in 0..CONTACTS {
        config.push_str(&format!(
            "[[contacts]]\nname = \"c{n}\"\nphone = \"346001112{n:02}\"\n"
        ));
    }
    config.push_str("[[rules]]\nname = \"everything\"\n");
    config
}

/// Keeps the socket full with these records until `answers` have come back.
fn write(line: &mut Line, which: &[usize], answers: usize, stored: &mut BTreeSet<String>) {
    let mut read = 0;
    for (sent, n) in which.iter().enumerate() {
        let record = format!(r#"{{"id":"r{n}","element":"E{n}","severity":"major"}}"#);
        line.write(&record).unwrap();
        if sent + 1 >= read + AHEAD {
            note(&line.read().unwrap(), stored);
            read += 1;
        }
    }
    for _ in read..answers {
        note(&line.read().unwrap(), stored);
    }
}

fn note(answer: &serde_json::Value, stored: &mut BTreeSet<String>) {
    assert_eq!(answer["status"], "stored", "{answer}");
    stored.insert(answer["id"].as_str().unwrap().to_owned());
}
