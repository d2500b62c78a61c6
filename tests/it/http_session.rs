//! Logging in: the token for a cookie, and what the cookie may do.

use std::time::Duration;

use reqwest::{RequestBuilder, Response, StatusCode};

use super::support::http_server::{HttpServer, client};
use super::support::ingest::Ledger;

const TOKEN: &str = "secret";

fn guarded() -> HttpServer {
    HttpServer::start_with(Ledger::default().intake(), |settings| {
        settings.token = Some(TOKEN.into());
    })
}

fn quiet() -> reqwest::Client {
    // The crypto of the other client is installed with it.
    drop(client());
    let redirect = reqwest::redirect::Policy::none();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(redirect)
        .build()
        .unwrap()
}

fn with_form(request: RequestBuilder, token: &str) -> RequestBuilder {
    request
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("token={token}"))
}

async fn log_in(server: &HttpServer, token: &str) -> Response {
    let request = quiet().post(server.url("/login"));
    with_form(request, token).send().await.unwrap()
}

/// `klaxond=…` of an answer.
fn cookie(response: &Response) -> String {
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

async fn session(server: &HttpServer) -> String {
    cookie(&log_in(server, TOKEN).await)
}

#[tokio::test]
async fn the_token_buys_a_cookie_that_no_script_reads_and_no_other_site_sends() {
    let server = guarded();
    let entered = log_in(&server, TOKEN).await;
    assert_eq!(entered.status(), StatusCode::SEE_OTHER);
    assert_eq!(entered.headers()["location"], "/");
    let given = entered.headers()["set-cookie"].to_str().unwrap().to_owned();
    for part in [
        "; HttpOnly",
        "; SameSite=Strict",
        "; Path=/",
        "; Max-Age=43200",
    ] {
        assert!(given.contains(part), "{given}");
    }
    assert!(
        !given.contains("Secure") && !given.contains(TOKEN),
        "{given}"
    );
    server.stop().await;
}

#[tokio::test]
async fn only_a_declared_proxy_says_that_it_is_https() {
    for (proxies, secure) in [
        (vec!["127.0.0.1".parse().unwrap()], true),
        (Vec::new(), false),
    ] {
        let server = HttpServer::start_with(Ledger::default().intake(), |settings| {
            settings.token = Some(TOKEN.into());
            settings.proxies = proxies;
        });
        let request = quiet()
            .post(server.url("/login"))
            .header("x-forwarded-proto", "https");
        let entered = with_form(request, TOKEN).send().await.unwrap();
        let given = entered.headers()["set-cookie"].to_str().unwrap();
        assert_eq!(given.contains("; Secure"), secure, "{given}");
        server.stop().await;
    }
}

#[tokio::test]
async fn with_the_cookie_a_browser_reads_and_changes_things_from_our_own_page_only() {
    let server = guarded();
    let cookie = session(&server).await;
    let read = quiet()
        .get(server.url("/api/v1/status"))
        .header("cookie", format!("other=1; {cookie}"));
    assert_eq!(read.send().await.unwrap().status(), StatusCode::OK);

    let own = format!("http://{}", server.address);
    let evil = "https://evil.example";
    for (origin, site, status) in [
        (Some(own.as_str()), None, StatusCode::OK),
        (Some(own.as_str()), Some("same-origin"), StatusCode::OK),
        (Some("null"), Some("same-origin"), StatusCode::OK),
        (
            Some(own.as_str()),
            Some("cross-site"),
            StatusCode::FORBIDDEN,
        ),
        (Some(own.as_str()), Some("same-site"), StatusCode::FORBIDDEN),
        (Some(evil), None, StatusCode::FORBIDDEN),
        (Some(evil), Some("same-origin"), StatusCode::FORBIDDEN),
        (Some("null"), None, StatusCode::FORBIDDEN),
        (None, None, StatusCode::FORBIDDEN),
        (None, Some("none"), StatusCode::FORBIDDEN),
    ] {
        let mut request = quiet()
            .post(server.url("/-/reload"))
            .header("cookie", &cookie);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{origin:?} {site:?}");
    }
    assert_eq!(server.reloads.lock().unwrap().len(), 3);
    server.stop().await;
}

#[tokio::test]
async fn a_cookie_of_another_token_and_one_that_was_changed_are_worth_nothing() {
    let server = guarded();
    let cookie = session(&server).await;
    let other = HttpServer::start_with(Ledger::default().intake(), |settings| {
        settings.token = Some("another".into());
    });
    let (ends, _) = cookie.split_once('.').unwrap();
    let foreign = with_form(quiet().post(other.url("/login")), "another");
    let foreign = self::cookie(&foreign.send().await.unwrap());
    for wrong in [
        foreign,
        format!("{ends}.{}", "0".repeat(64)),
        cookie.replacen("klaxond=1", "klaxond=9", 1),
        "klaxond=".to_owned(),
        "klaxond".to_owned(),
    ] {
        let read = quiet()
            .get(server.url("/api/v1/status"))
            .header("cookie", &wrong);
        assert_eq!(
            read.send().await.unwrap().status(),
            StatusCode::UNAUTHORIZED,
            "{wrong}"
        );
    }
    other.stop().await;
    server.stop().await;
}

#[tokio::test]
async fn a_browser_is_led_to_the_form_and_a_tool_is_told_what_to_send() {
    let server = guarded();
    for (path, accept, status) in [
        ("/", "text/html,*/*", StatusCode::SEE_OTHER),
        ("/", "*/*", StatusCode::UNAUTHORIZED),
        ("/api/v1/status", "text/html", StatusCode::UNAUTHORIZED),
        ("/metrics", "text/html", StatusCode::UNAUTHORIZED),
    ] {
        let request = quiet().get(server.url(path)).header("accept", accept);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{path} {accept}");
        let location = answer.headers().get("location").cloned();
        assert_eq!(
            location.is_some_and(|to| to == "/login"),
            status == StatusCode::SEE_OTHER
        );
    }
    let form = quiet().get(server.url("/login")).send().await.unwrap();
    assert_eq!(form.headers()["content-type"], "text/html; charset=utf-8");
    let form = form.text().await.unwrap();
    assert!(
        form.contains("method=\"post\"") && !form.contains("<script"),
        "{form}"
    );
    server.stop().await;
}

#[tokio::test]
async fn logging_out_takes_the_cookie_away_and_needs_it() {
    let server = guarded();
    let cookie = session(&server).await;
    let out = |cookie: Option<&str>| {
        let mut request = quiet().post(server.url("/logout"));
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        request.send()
    };
    let left = out(Some(&cookie)).await.unwrap();
    let taken = left.headers()["set-cookie"].to_str().unwrap();
    assert!(
        taken.starts_with("klaxond=;") && taken.contains("Max-Age=0"),
        "{taken}"
    );
    assert!(
        !out(None)
            .await
            .unwrap()
            .headers()
            .contains_key("set-cookie")
    );
    server.stop().await;
}

// On a paused clock: a second passes when nothing else is left to do.
#[tokio::test(start_paused = true)]
async fn who_guesses_waits_and_who_knows_does_not() {
    let server = guarded();
    let begin = tokio::time::Instant::now();
    let wrong = log_in(&server, "guess").await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    assert!(!wrong.headers().contains_key("set-cookie"));
    assert!(begin.elapsed() >= Duration::from_secs(1));
    let right = log_in(&server, TOKEN).await;
    assert_eq!(right.status(), StatusCode::SEE_OTHER);
    server.stop().await;
}

#[tokio::test]
async fn without_a_token_there_is_nothing_to_log_in_to() {
    let server = HttpServer::start(Ledger::default().intake());
    let form = quiet().get(server.url("/login")).send().await.unwrap();
    assert_eq!(form.headers()["location"], "/");
    assert_eq!(log_in(&server, "").await.status(), StatusCode::CONFLICT);
    server.stop().await;
}

#[tokio::test]
async fn every_answer_tells_browsers_to_take_nothing_from_elsewhere() {
    let server = guarded();
    for path in [
        "/-/healthy",
        "/api/v1/status",
        "/nothing",
        "/login",
        "/login.css",
    ] {
        let answer = quiet().get(server.url(path)).send().await.unwrap();
        let headers = answer.headers();
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(headers[name], value, "{path}");
        }
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        assert!(
            !policy.contains("unsafe") && !policy.contains("http"),
            "{policy}"
        );
    }
    server.stop().await;
}
