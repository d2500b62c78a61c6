//! The description of the API, and a running daemon held to it.

use std::collections::BTreeSet;

use boon::{Compiler, Schemas};
use klaxond::sandbox::Sandbox;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::support::process::{Home, Running};
use super::support::readme::{blocks, section};
use super::support::trouble::{CONFIG, FAST, home, sandbox};

const PLACE: &str = "http://klaxond/api/v1/openapi.json";

fn description() -> Value {
    let text = include_str!("../../src/web/openapi.json");
    serde_json::from_str(text).unwrap()
}

/// `GET /path`, as described.
fn described() -> BTreeSet<String> {
    let description = description();
    let paths = description["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect()
}

#[test]
fn every_route_is_described_and_the_reverse() {
    let routes = klaxond::web::table();
    let routes: BTreeSet<String> = routes
        .iter()
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(routes, described());
}

/// A daemon, asked over its control socket.
struct Asked {
    _sandbox: Sandbox,
    home: Home,
    _running: Running,
    http: reqwest::Client,
    seen: BTreeSet<String>,
}

impl Asked {
    /// Asks, and holds the answer to the schema of its status.
    async fn ask(
        &mut self,
        method: &str,
        path: &str,
        query: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let route = match path.strip_prefix("/api/v1/silences/") {
            Some(_) => "/api/v1/silences/{id}",
            None if path.starts_with("/api/v2/silence/") => "/api/v2/silence/{id}",
            None if path.starts_with("/assets/") => "/assets/{name}",
            None => path,
        };
        self.seen.insert(format!("{method} {route}"));
        let method: Method = method.parse().unwrap();
        let url = format!("http://klaxond{path}{query}");
        let mut request = self.http.request(method.clone(), url);
        if let Some(body) = &body {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let kind = response.headers().get("content-type").cloned();
        let text = response.text().await.unwrap();
        let method = method.as_str().to_lowercase();
        let description = description();
        let described = &description["paths"][route][&method]["responses"][status.as_str()];
        assert!(described.is_object(), "{method} {route}: {status} {text}");
        let Some(contents) = described["content"].as_object() else {
            return (status, Value::Null);
        };
        let (media, _) = contents.iter().next().unwrap();
        let kind = kind.unwrap();
        assert!(
            kind.to_str().unwrap().starts_with(media.as_str()),
            "{route}: {kind:?}"
        );
        if media != "application/json" {
            return (status, json!(text));
        }
        let value: Value = serde_json::from_str(&text).unwrap();
        let pointer = format!(
            "paths/{}/{method}/responses/{}/content/application~1json/schema",
            route
                .replace('/', "~1")
                .replace('{', "%7B")
                .replace('}', "%7D"),
            status.as_str()
        );
        let mut compiler = Compiler::new();
        compiler.enable_format_assertions();
        compiler.add_resource(PLACE, description).unwrap();
        let mut schemas = Schemas::new();
        let schema = compiler
            .compile(&format!("{PLACE}#/{pointer}"), &mut schemas)
            .unwrap();
        if let Err(fault) = schemas.validate(&value, schema) {
            panic!("{method} {route} {status}: {fault:#}\n{value:#}");
        }
        (status, value)
    }
}

/// A daemon that follows alarms.
async fn start() -> Asked {
    let sandbox = sandbox(&[]).await;
    let home = home(&sandbox, &format!("{FAST}{CONFIG}single_events = false\n"));
    let running = tokio::task::block_in_place(|| home.start());
    // Another test may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let redirect = reqwest::redirect::Policy::none();
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(redirect)
        .unix_socket(home.path("control.sock"))
        .build()
        .unwrap();
    Asked {
        _sandbox: sandbox,
        home,
        _running: running,
        http,
        seen: BTreeSet::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_operation_answers_as_described() {
    let mut asked = start().await;
    let ok = StatusCode::OK;
    let bad = StatusCode::BAD_REQUEST;
    let none = StatusCode::NOT_FOUND;
    let lab = json!({"id": "lab", "element": "Lab 1", "severity": "critical", "Site": "HQ"});
    let nonsense = json!([{"element": 5}]);

    for (method, path, query, body, status) in [
        ("GET", "/-/healthy", "", None, ok),
        ("GET", "/-/ready", "", None, ok),
        ("POST", "/-/reload", "?dry_run=true", None, ok),
        ("POST", "/-/reload", "?dry_run=perhaps", None, bad),
        ("POST", "/api/v1/alarms", "", Some(lab.clone()), ok),
        ("POST", "/api/v1/alarms", "", Some(json!([lab])), ok),
        ("POST", "/api/v1/alarms", "", Some(nonsense), bad),
        ("GET", "/api/v1/status", "", None, ok),
        ("GET", "/api/v1/alarms", "", None, ok),
        ("GET", "/api/v1/alarms", "?filter=colour%20%3D", None, bad),
        ("GET", "/api/v1/alarms", "?limit=all", None, bad),
        ("GET", "/api/v1/rules", "", None, ok),
        ("GET", "/api/v1/messages", "", None, ok),
        ("GET", "/api/v1/messages", "?limit=all", None, bad),
        ("GET", "/api/v1/contacts", "", None, ok),
        ("POST", "/api/v1/contacts/forget", "?id=nobody", None, none),
        ("GET", "/api/v1/why", "?id=lab", None, ok),
        ("GET", "/api/v1/why", "?id=nothing", None, none),
        ("GET", "/api/v1/why", "", None, bad),
        ("POST", "/api/v1/ack", "?id=lab&by=Ana", None, ok),
        ("POST", "/api/v1/ack", "?id=nothing", None, none),
        ("POST", "/api/v1/retry", "?id=99999", None, none),
        ("POST", "/api/v1/heartbeat", "", None, bad),
        ("POST", "/api/v1/heartbeat", "?source=nobody", None, none),
        ("GET", "/api/v1/silences", "", None, ok),
        ("GET", "/api/v1/silences", "?expired=perhaps", None, bad),
        ("DELETE", "/api/v1/silences/s999", "", None, none),
        ("DELETE", "/api/v1/silences/what", "", None, none),
        ("GET", "/api/v1/audit", "?id=lab&limit=5", None, ok),
        ("GET", "/api/v1/audit", "?since=yesterday", None, bad),
        ("GET", "/api/v1/audit", "?after=lab", None, bad),
        ("GET", "/api/v2/alerts", "", None, ok),
        ("GET", "/api/v2/alerts", "?active=perhaps", None, bad),
        ("GET", "/api/v2/alerts/groups", "", None, ok),
        ("GET", "/api/v2/status", "", None, ok),
        ("GET", "/api/v2/receivers", "", None, ok),
        ("POST", "/api/v2/alerts", "", Some(json!([])), ok),
        ("POST", "/api/v2/alerts", "", Some(json!(5)), bad),
        (
            "POST",
            "/api/v1/webhook/alertmanager",
            "",
            Some(json!(5)),
            bad,
        ),
        ("POST", "/api/v1/webhook/grafana", "", Some(json!(5)), bad),
        ("GET", "/api/v2/silences", "", None, ok),
        ("POST", "/api/v2/silences", "", Some(json!(5)), bad),
        ("GET", "/api/v2/silence/none", "", None, none),
        ("DELETE", "/api/v2/silence/none", "", None, none),
        ("POST", "/api/v1/clear", "?id=lab", None, ok),
        ("POST", "/api/v1/clear", "", None, bad),
        ("GET", "/api/v1/openapi.json", "", None, ok),
        ("GET", "/login", "", None, StatusCode::SEE_OTHER),
        ("POST", "/login", "", None, StatusCode::CONFLICT),
        ("GET", "/login.css", "", None, ok),
        ("POST", "/logout", "", None, StatusCode::SEE_OTHER),
    ] {
        let (answered, told) = asked.ask(method, path, query, body).await;
        assert_eq!(answered, status, "{method} {path}{query}: {told}");
    }
    asked.ask("GET", "/metrics", "", None).await;
    page(&mut asked).await;
    silences(&mut asked).await;
    let left: Vec<_> = described().difference(&asked.seen).cloned().collect();
    assert!(left.is_empty(), "not asked: {left:?}\n{}", asked.home.log());
}

/// The page, what belongs to it, and its events, which do not end.
async fn page(asked: &mut Asked) {
    let (_, html) = asked.ask("GET", "/", "", None).await;
    let html = html.as_str().unwrap().replace("&#x2f;", "/");
    let style = html.split("href=\"/assets/").nth(1).unwrap();
    let style = style.split('"').next().unwrap();
    asked
        .ask("GET", &format!("/assets/{style}"), "", None)
        .await;
    asked.ask("GET", "/assets/other.css", "", None).await;
    asked.ask("GET", "/alarm", "?id=nothing", None).await;
    asked.ask("GET", "/silences", "?part=silences", None).await;
    let url = "http://klaxond/api/v1/events";
    let mut events = asked.http.get(url).send().await.unwrap();
    let kind = events.headers()["content-type"].to_str().unwrap();
    assert!(kind.starts_with("text/event-stream"), "{kind}");
    let first = events.chunk().await.unwrap().unwrap();
    let first = String::from_utf8_lossy(&first);
    assert!(first.contains("event: changed"), "{first}");
    asked.seen.insert("GET /api/v1/events".to_owned());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_readme_are_answered() {
    let mut asked = start().await;
    let lab = json!({"id": "901", "element": "Lab 1", "severity": "critical"});
    asked.ask("POST", "/api/v1/alarms", "", Some(lab)).await;
    let mut examples = 0;
    for line in blocks(section("HTTP"), "bash").join("\n").lines() {
        let words: Vec<&str> = line.split('\'').collect();
        let quoted = |n: usize| words.get(n * 2 + 1).copied().unwrap_or_default();
        let (body, url) = match words[0].contains("-H") {
            true => (Some(serde_json::from_str(quoted(1)).unwrap()), quoted(2)),
            false => (None, quoted(0)),
        };
        let method = if body.is_some() || words[0].contains("-X POST") {
            "POST"
        } else {
            "GET"
        };
        let path = url.strip_prefix("http://127.0.0.1:9780").unwrap();
        let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
        let (status, told) = asked.ask(method, path, query, body).await;
        assert_eq!(status, StatusCode::OK, "{line}: {told}");
        examples += 1;
    }
    assert!(examples >= 10, "{examples}");
}

async fn silences(asked: &mut Asked) {
    let path = "/api/v1/silences";
    let order = |more: Value| {
        let mut order = json!({"filter": "element like \"Lab*\"", "for": "2h", "by": "Ana"});
        order
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        order
    };
    for (what, wrong) in [
        ("no filter", json!({"for": "2h"})),
        ("an empty filter", order(json!({"filter": " "}))),
        (
            "a filter that cannot be read",
            order(json!({"filter": "colour ="})),
        ),
        (
            "a named filter that is not there",
            order(json!({"filter": "@lab"})),
        ),
        (
            "a filter that is too long",
            order(json!({"filter": format!("element = \"{}\"", "x".repeat(5_000))})),
        ),
        ("no end", json!({"filter": "severity = critical"})),
        ("two ends", order(json!({"ends": "2099-01-01T00:00:00Z"}))),
        ("a span that is none", order(json!({"for": "soon"}))),
        ("a span of nothing", order(json!({"for": "0s"}))),
        ("a span back", order(json!({"for": "-2h"}))),
        ("a span of years", order(json!({"for": "400d"}))),
        (
            "an end in the past",
            json!({"filter": "severity = critical", "starts": "2020-01-01T00:00:00Z", "ends": "2020-01-02T00:00:00Z"}),
        ),
        (
            "an end before its start",
            json!({"filter": "severity = critical", "starts": "2099-01-02T00:00:00Z", "ends": "2099-01-01T00:00:00Z"}),
        ),
        (
            "a start in years",
            order(json!({"starts": "2099-01-01T00:00:00Z"})),
        ),
        ("a start that is none", order(json!({"starts": "tomorrow"}))),
        (
            "a comment that is too long",
            order(json!({"comment": "x".repeat(2_000)})),
        ),
        ("a key that is none", order(json!({"until": "2h"}))),
        ("a number", json!(17)),
        ("a list", json!([order(json!({}))])),
        (
            "something else to replace",
            order(json!({"replaces": "that one"})),
        ),
    ] {
        let (status, told) = asked.ask("POST", path, "", Some(wrong)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{what}: {told}");
        assert!(told["error"].is_string(), "{what}");
    }
    let (status, _) = asked
        .ask("POST", path, "", Some(order(json!({"replaces": "s999"}))))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let plain = asked
        .http
        .post(format!("http://klaxond{path}"))
        .body(order(json!({})).to_string());
    assert_eq!(
        plain.send().await.unwrap().status(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    let (_, listed) = asked.ask("GET", path, "", None).await;
    assert_eq!(listed, json!({"silences": []}));

    let comment = json!({"comment": "lab\u{1b}[31m works\n"});
    let (status, given) = asked.ask("POST", path, "", Some(order(comment))).await;
    assert_eq!(status, StatusCode::OK, "{given}");
    let number: i64 = given["silence"].as_str().unwrap()[1..].parse().unwrap();
    assert!(number > 0, "{given}");
}
