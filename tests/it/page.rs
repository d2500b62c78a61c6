//! The page in a real browser, fed by the real daemon and the sandbox.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use fantoccini::Locator;
use klaxond::sandbox::{Fault, Sandbox, Settings, Webhook};
use serde_json::json;

use crate::support::browser::{Browser, Kind};
use crate::support::process::{Home, PATIENCE, Running, free_port};
use crate::support::webhook::{APP_SECRET, VERIFY_TOKEN};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

const PEOPLE: &str = r#"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[contacts]]
name = "Ana"
phone = "34600111333"
[[contacts]]
name = "Lead"
phone = "34600111444"
enabled = false
[[rules]]
name = "Critical alarms"
filter = 'severity >= minor'
single_events = false
"#;

const ALARM: &str = r#"{"id":"4711","element":"Encoder 7","parameter":"Input","value":"no signal","severity":"critical"}"#;

/// A daemon with a page, and a sandbox behind it.
struct Room {
    home: Home,
    daemon: Option<Running>,
    sandbox: Sandbox,
    url: String,
}

impl Room {
    /// With a token everybody logs in.
    async fn open(token: bool) -> Self {
        let (http, webhook) = (free_port(), free_port());
        let (sandbox, mut shown) = Sandbox::start(Settings::default()).await.unwrap();
        tokio::spawn(async move { while shown.recv().await.is_some() {} });
        let config = format!("{PEOPLE}[webhook]\nlisten = \"127.0.0.1:{webhook}\"\n");
        let home = Home::new(&format!("http://{}", sandbox.address()), &config);
        let path = home.path("config.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let mut listen = format!("listen = \"127.0.0.1:{http}\"");
        if token {
            let file = home.path("http_token");
            std::fs::write(&file, TOKEN).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
            listen.push_str("\ntoken_file = \"http_token\"");
        }
        let keys = format!(
            "token_file = \"token\"\napp_secret = \"{APP_SECRET}\"\nverify_token = \"{VERIFY_TOKEN}\"\n"
        );
        let text = text.replace("listen = \"off\"", &listen).replacen(
            "token_file = \"token\"\n",
            &keys,
            1,
        );
        std::fs::write(&path, text).unwrap();
        let daemon = tokio::task::block_in_place(|| home.start());
        let mut posts = Webhook::new(
            format!("http://127.0.0.1:{webhook}/webhooks/whatsapp"),
            APP_SECRET.into(),
        );
        posts.verify_token = Some(VERIFY_TOKEN.into());
        posts.delay = Duration::from_millis(200);
        sandbox.connect(posts).unwrap();
        Self {
            home,
            daemon: Some(daemon),
            sandbox,
            url: format!("http://127.0.0.1:{http}"),
        }
    }

    fn send(&self, line: &str) {
        let answer = tokio::task::block_in_place(|| self.home.connect().ask(line));
        assert_eq!(answer["status"], "stored", "{answer}");
    }

    /// Many alarms, of several severities.
    fn fill(&self) {
        let mut line = self.home.connect();
        for (n, severity) in ["critical", "major", "minor", "timeout"]
            .iter()
            .cycle()
            .take(24)
            .enumerate()
        {
            let record = json!({"id": format!("a{n}"), "element": format!("Encoder {n}"),
                "parameter": "Input bitrate of the transport stream", "index": "PID 256",
                "value": "0.4 Mb/s", "severity": severity});
            assert_eq!(line.ask(&record.to_string())["status"], "stored");
        }
    }

    async fn log_in(&self, browser: &Browser) {
        browser.page.goto(&format!("{}/", self.url)).await.unwrap();
        browser.type_in("#token", TOKEN).await;
        let field = browser.page.find(Locator::Css("#token")).await.unwrap();
        field.send_keys("\u{e007}").await.unwrap();
        browser.wait_for("h1", "klaxond").await;
        browser.wait_for("#live", "live").await;
    }
}

const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";

#[tokio::test(flavor = "multi_thread")]
async fn the_page_lives_and_people_act_on_it() {
    let Some(browser) = Browser::open(Kind::default(), "the page").await else {
        return;
    };
    let mut room = Room::open(true).await;
    room.sandbox
        .set_faults(vec![Fault::parse("130429").unwrap()]);
    room.log_in(&browser).await;
    browser.wait_for(".raised", "Nothing is raised.").await;
    assert!(browser.text(".verdict").await.contains("Well"));
    assert!(browser.text(".side").await.contains("Lead"));

    // Appears without reload, waiting; then goes from the clock to two ticks.
    browser.run("window.kept = 'the same page'").await;
    room.send(ALARM);
    browser.wait_for(".raised tbody", "Encoder 7").await;
    browser.wait_for(".raised .told", "queued").await;
    browser.keep("queued").await;
    room.sandbox.set_faults(Vec::new());
    browser.wait_until("return document.querySelectorAll('.raised .told .tick.read, .raised .told .tick.there').length === 2").await;
    browser
        .wait_until("return document.querySelectorAll('.raised .told .tick.read').length === 2")
        .await;
    assert_eq!(browser.run("return window.kept").await, "the same page");
    assert!(!browser.page.source().await.unwrap().contains("34600"));
    browser.keep("desk").await;

    // The trail by keyboard; the focus comes back.
    browser
        .run("document.querySelector('.raised [data-trail]').focus()")
        .await;
    let link = browser.page.active_element().await.unwrap();
    link.send_keys(ENTER).await.unwrap();
    browser.wait_for("#trail[open]", "Alarm 4711").await;
    browser.wait_for("#trail[open]", "delivered at").await;
    browser.keep("trail").await;
    let inside = browser.page.active_element().await.unwrap();
    inside.send_keys(ESCAPE).await.unwrap();
    browser
        .wait_until("return document.querySelector('#trail[open]') === null")
        .await;
    browser
        .wait_until("return document.activeElement.textContent === 'Encoder 7'")
        .await;

    // Somebody takes it.
    browser.click("[data-ack]").await;
    browser.type_in("#ack [name=by]", "Ana").await;
    browser.keep("acknowledge").await;
    browser.click("#ack .main").await;
    browser.wait_for(".raised .ack", "Ana has it since").await;

    // And silences it; the name is known by then.
    browser.click(".raised [data-silence]").await;
    let filled = browser
        .run("return document.querySelector('#silence [name=filter]').value")
        .await;
    assert_eq!(filled, "element = \"Encoder 7\"");
    let by = browser
        .run("return document.querySelector('#silence [name=by]').value")
        .await;
    assert_eq!(by, "Ana");
    browser.type_in("#silence [name=filter]", "element =").await;
    browser
        .type_in("#silence [name=comment]", "lab works")
        .await;
    browser.click("#silence .main").await;
    browser
        .wait_until("return document.querySelector('#silence .wrong').textContent !== ''")
        .await;
    browser.keep("silence").await;
    browser
        .type_in("#silence [name=filter]", "element = \"Encoder 7\"")
        .await;
    browser.click("#silence .main").await;
    browser
        .wait_until("return document.querySelector('#silence[open]') === null")
        .await;

    // It is listed, and ended from there.
    let silences = format!("{}/silences", room.url);
    browser.page.goto(&silences).await.unwrap();
    browser.wait_for("main", "lab works").await;
    browser.wait_for(".row.active", "Encoder 7").await;
    browser.click("[data-unsilence]").await;
    browser.wait_for(".row.expired", "ended by Ana").await;
    browser.page.goto(&format!("{}/", room.url)).await.unwrap();
    browser.wait_for("#live", "live").await;

    // The end, and what the page says when nobody is there.
    room.send(r#"{"id":"4711","element":"Encoder 7","severity":"normal"}"#);
    browser.wait_for(".raised", "Nothing is raised.").await;
    let daemon = room.daemon.take().unwrap();
    assert!(tokio::task::block_in_place(|| daemon.stop()).success());
    browser.wait_for("#live", "not live since").await;
    browser.keep("not-live").await;
    room.daemon = Some(tokio::task::block_in_place(|| room.home.start()));
    browser
        .wait_until("return document.querySelector('#live').textContent === 'live'")
        .await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_everything_is_there_to_read() {
    let kind = Kind {
        scripts: false,
        ..Kind::default()
    };
    let Some(browser) = Browser::open(kind, "the page without scripts").await else {
        return;
    };
    let room = Room::open(false).await;
    room.send(ALARM);
    let page = async |path: &str| {
        browser
            .page
            .goto(&format!("{}{path}", room.url))
            .await
            .unwrap();
        let body = browser.page.find(Locator::Css("body")).await.unwrap();
        body.text().await.unwrap()
    };
    let late = tokio::time::Instant::now() + PATIENCE;
    loop {
        page("/").await;
        if browser.page.source().await.unwrap().contains("tick read") {
            break;
        }
        assert!(tokio::time::Instant::now() < late, "never read");
    }
    let text = page("/").await;
    for part in [
        "Well",
        "Encoder 7",
        "NOC desk",
        "Lead",
        "Nothing waits",
        "None holds.",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert!(!text.contains("Acknowledge"), "{text}");
    browser.keep("without-scripts").await;
    let link = browser
        .page
        .find(Locator::Css(".raised .what a"))
        .await
        .unwrap();
    link.click().await.unwrap();
    let trail = browser
        .page
        .find(Locator::Css("main"))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        trail.contains("Alarm 4711") && trail.contains("takes it"),
        "{trail}"
    );
    assert!(page("/silences").await.contains("There are no silences."));
    assert!(
        page("/alarm?id=nothing")
            .await
            .contains("nothing is kept of nothing")
    );
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_a_wall_and_the_night_have_their_looks() {
    let phone = Kind {
        size: (360, 780),
        phone: true,
        ..Kind::default()
    };
    let night = Kind {
        dark: true,
        ..Kind::default()
    };
    let wall = Kind {
        // The window's own bars take 143 of it.
        size: (1920, 1223),
        ..Kind::default()
    };
    let looks = [
        ("phone", phone, "/"),
        ("phone-trail", phone, "/alarm?id=a0"),
        ("phone-silences", phone, "/silences"),
        ("dark", night, "/"),
        ("wall", wall, "/?wall=1"),
        ("wall-dark", Kind { dark: true, ..wall }, "/?wall=1"),
    ];
    let room = Room::open(false).await;
    tokio::task::block_in_place(|| room.fill());
    for (name, kind, path) in looks {
        let Some(browser) = Browser::open(kind, "the looks of the page").await else {
            return;
        };
        browser
            .page
            .goto(&format!("{}{path}", room.url))
            .await
            .unwrap();
        browser.wait_for("body", "klaxond").await;
        if path == "/" {
            browser.wait_for(".severities", "Minor 6").await;
        }
        let wide = browser
            .run("return document.documentElement.scrollWidth > innerWidth")
            .await;
        assert_eq!(wide, false, "{name} is wider than its screen");
        let dark = browser
            .run("return matchMedia('(prefers-color-scheme: dark)').matches")
            .await;
        assert_eq!(dark, kind.dark, "{name}");
        let ground = browser
            .run("return getComputedStyle(document.body).backgroundColor")
            .await;
        assert_eq!(ground == "rgb(14, 17, 22)", kind.dark, "{name}: {ground}");
        if name == "wall" {
            let size = browser.run("return parseFloat(getComputedStyle(document.querySelector('.what a')).fontSize)").await;
            assert!(size.as_f64().unwrap() >= 22.0, "{size}");
            let high = browser.run("return document.querySelector('.raised').getBoundingClientRect().bottom <= innerHeight").await;
            assert_eq!(high, true, "what is raised leaves the wall");
        }
        browser.keep(name).await;
        browser.close().await;
    }
}
