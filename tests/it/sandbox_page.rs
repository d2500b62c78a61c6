//! The sandbox's page in a real browser, beside a daemon that runs: `klaxond demo --keep`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::support::browser::{Browser, Kind};

/// A demo that goes on; killed when dropped.
struct Demo {
    child: Child,
    socket: String,
    phones: String,
    page: String,
}

impl Demo {
    /// Waits until the sample alarms are told.
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_klaxond"))
            .args(["demo", "--keep", "--output", "json"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut next = |event: &str| -> Value {
            loop {
                let line = lines.next().expect("the demo goes on").unwrap();
                let said: Value = serde_json::from_str(&line).unwrap();
                if said["event"] == event {
                    return said;
                }
            }
        };
        let started = next("started");
        let kept = next("kept");
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self {
            child,
            socket: started["socket"].as_str().unwrap().to_owned(),
            phones: kept["phones"].as_str().unwrap().to_owned(),
            page: kept["page"].as_str().unwrap().to_owned(),
        }
    }

    fn hand_in(&self, record: &str) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("alarms");
        std::fs::write(&file, record).unwrap();
        let sent = Command::new(env!("CARGO_BIN_EXE_klaxond"))
            .args(["send", "--socket", &self.socket])
            .arg(&file)
            .output()
            .unwrap();
        assert!(sent.status.success(), "{sent:?}");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let id = rustix::process::Pid::from_child(&self.child);
        // In order, so that its folder goes.
        let _ = rustix::process::kill_process(id, rustix::process::Signal::INT);
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn phones_show_messages_and_take_taps_replies_and_faults() {
    const TEST: &str = "phones_show_messages_and_take_taps_replies_and_faults";
    let Some(browser) = Browser::open(Kind::default(), TEST).await else {
        return;
    };
    let demo = Demo::start();
    browser.page.goto(&demo.phones).await.unwrap();

    // The two people of the demo, side by side, by the last digits of their numbers.
    browser.wait_for("[data-phone='22'] h3", "…22").await;
    browser.wait_for("[data-phone='33'] h3", "…33").await;
    browser
        .wait_for("[data-phone='22'] .bubble", "Encoder 7")
        .await;
    browser
        .wait_for("[data-phone='22'] .bubble strong", "Element:")
        .await;
    browser
        .wait_until(
            "return document.querySelectorAll(\"[data-phone='33'] .bubble.read\").length > 0",
        )
        .await;
    let page = browser
        .run("return document.documentElement.outerHTML")
        .await;
    assert!(
        !page.as_str().unwrap().contains("34600111222"),
        "a number is shown"
    );
    browser.keep("sandbox").await;

    // A tap goes to the daemon, which answers the person.
    browser.click("[data-phone='33'] .buttons button").await;
    browser
        .wait_for("[data-phone='33'] .bubble.mine", "Acknowledge")
        .await;
    browser
        .wait_for("[data-phone='33'] h3", "window open")
        .await;
    browser
        .wait_for("[data-phone='33'] .bubble:last-child", "You have it")
        .await;

    // A word goes as well.
    browser
        .type_in("[data-phone='22'] input", "<b>what?</b>\n")
        .await;
    browser
        .wait_for("[data-phone='22'] .bubble.mine", "<b>what?</b>")
        .await;

    // A fault keeps messages away until it is switched off.
    browser.click("#switches input[value='http=503']").await;
    browser.wait_until("return view.faults.length === 1").await;
    demo.hand_in(
        "{\"element\":\"Late mux\",\"severity\":\"critical\",\"value\":\"<i>Lost</i>\"}\n",
    );
    browser.wait_for("#tally", "requests refused").await;
    browser
        .wait_until("return !document.querySelector('#phones').textContent.includes('Late mux')")
        .await;
    browser.keep("sandbox-fault").await;
    browser.click("#switches input[value='http=503']").await;
    browser
        .wait_for("[data-phone='22'] .bubble", "<i>Lost</i>")
        .await;

    // What is no fault is said.
    browser.type_in("#fault", "nonsense\n").await;
    browser.wait_for("#fault-error", "expected").await;

    // The token and the templates are a click away.
    browser.click("#expire").await;
    browser.wait_for("#token", "No token is good").await;
    browser.click("#renew").await;
    browser.wait_for("#token", "Good").await;
    browser.wait_for("#templates", "klaxond_alarm").await;

    browser.page.set_window_size(360, 800).await.unwrap();
    browser
        .wait_until("return document.documentElement.scrollWidth <= window.innerWidth")
        .await;
    browser.keep("sandbox-phone").await;

    // klaxond's own page is up as well.
    browser.page.goto(&demo.page).await.unwrap();
    browser.close().await;
}
