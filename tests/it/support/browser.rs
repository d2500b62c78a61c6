//! A real browser without a window, through its driver.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::process::PATIENCE;
use super::tools::tool;

/// Between two looks at the page.
const LOOK: Duration = Duration::from_millis(50);

/// What kind of browser.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    pub size: (u32, u32),
    pub dark: bool,
    pub scripts: bool,
    /// A telephone, whose screen is as wide as `size` says.
    pub phone: bool,
}

impl Default for Kind {
    fn default() -> Self {
        Self {
            size: (1440, 1000),
            dark: false,
            scripts: true,
            phone: false,
        }
    }
}

/// A browser; gone with its driver when dropped.
pub struct Browser {
    pub page: Client,
    driver: Child,
    _folder: tempfile::TempDir,
}

impl Browser {
    /// `None` where a tool is missing: `test` is left out.
    pub async fn open(kind: Kind, test: &str) -> Option<Self> {
        let driver = tool("chromedriver", test)?;
        let chromium = tool("chromium", test)?;
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let driver = Command::new(driver)
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let Value::Object(wanted) = capabilities(kind, &chromium, &folder) else {
            unreachable!("capabilities are an object");
        };
        builder.capabilities(wanted);
        let late = Instant::now() + PATIENCE;
        let page = loop {
            match builder.connect(&format!("http://127.0.0.1:{port}")).await {
                Ok(page) => break page,
                Err(error) => assert!(Instant::now() < late, "no browser: {error}"),
            }
            sleep(LOOK).await; // a driver that starts says nothing when it has
        };
        Some(Self {
            page,
            driver,
            _folder: folder,
        })
    }

    /// What `script` returns.
    pub async fn run(&self, script: &str) -> Value {
        self.page.execute(script, Vec::new()).await.unwrap()
    }

    /// What is to be seen of the elements of a selector.
    pub async fn text(&self, selector: &str) -> String {
        let script = format!(
            "return [...document.querySelectorAll({selector:?})].map((one) => one.textContent).join('\\n')"
        );
        self.run(&script).await.as_str().unwrap().to_owned()
    }

    /// Waits until the elements of a selector say `part`.
    pub async fn wait_for(&self, selector: &str, part: &str) {
        let late = Instant::now() + PATIENCE;
        loop {
            let text = self.text(selector).await;
            if text.contains(part) {
                return;
            }
            assert!(
                Instant::now() < late,
                "{selector} never said {part}: {text}"
            );
            sleep(LOOK).await; // the browser draws when it likes
        }
    }

    /// Waits until `script` returns true.
    pub async fn wait_until(&self, script: &str) {
        let late = Instant::now() + PATIENCE;
        while self.run(script).await != json!(true) {
            assert!(Instant::now() < late, "never so: {script}");
            sleep(LOOK).await; // the browser draws when it likes
        }
    }

    pub async fn click(&self, selector: &str) {
        let found = self.page.find(Locator::Css(selector)).await.unwrap();
        found.click().await.unwrap();
    }

    pub async fn type_in(&self, selector: &str, text: &str) {
        let found = self.page.find(Locator::Css(selector)).await.unwrap();
        found.clear().await.unwrap();
        found.send_keys(text).await.unwrap();
    }

    /// Keeps what is to be seen as `target/screenshots/NAME.png`.
    pub async fn keep(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        let picture = self.page.screenshot().await.unwrap();
        std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }

    pub async fn close(self) {
        self.page.clone().close().await.unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn capabilities(kind: Kind, chromium: &Path, folder: &tempfile::TempDir) -> Value {
    let (width, height) = kind.size;
    let mut flags = vec![
        "--headless=new".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-quic".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        "--hide-scrollbars".to_owned(),
        format!("--window-size={width},{height}"),
        format!("--user-data-dir={}", folder.path().display()),
    ];
    if kind.dark {
        flags.push("--blink-settings=preferredColorScheme=0".to_owned());
    }
    let mut options = json!({ "binary": chromium, "args": flags });
    if !kind.scripts {
        options["prefs"] = json!({"profile.managed_default_content_settings.javascript": 2});
    }
    if kind.phone {
        let metrics = json!({"width": width, "height": height, "pixelRatio": 2.0});
        options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
    }
    json!({ "browserName": "chrome", "goog:chromeOptions": options })
}
