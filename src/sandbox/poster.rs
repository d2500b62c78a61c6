//! Posts webhooks: the handshake first, then what is due, until it is stopped.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, StatusCode};
use secrecy::ExposeSecret;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::envelope::News;
use super::ledger::Shown;
use super::outgoing::{Outgoing, Post, Taken};
use super::settings::Webhook;
use super::shared::Shared;

/// Posts at the same time.
const MAX_UNDER_WAY: usize = 8;
/// The longest that an answer may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Between two handshakes: at first, and at the most.
const HANDSHAKE_GAP: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Makes what posts with; the connections are its own.
pub(super) fn client() -> io::Result<Client> {
    // A second installation is refused, and not needed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .no_proxy()
        .timeout(TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent("facebookexternalua")
        .build();
    client.map_err(io::Error::other)
}

/// Posts what the state has to post, until it has something else to post or stops.
pub(super) async fn run(shared: Arc<Shared>, client: Client, target: Webhook) {
    let Some(stop) = with(&shared, |outgoing| outgoing.stop.clone()) else {
        return;
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = work(&shared, &client, &target) => {}
    }
}

async fn work(shared: &Arc<Shared>, client: &Client, target: &Webhook) {
    if let Some(token) = &target.verify_token {
        shake_hands(client, &target.url, token.expose_secret().trim()).await;
        with(shared, |outgoing| outgoing.posts.verified = true);
    }
    let mut under_way: JoinSet<(Post, bool)> = JoinSet::new();
    loop {
        while under_way.len() < MAX_UNDER_WAY
            && let Some(post) = due(shared)
        {
            under_way.spawn(deliver(client.clone(), target.url.clone(), post));
        }
        let deadline = with(shared, |outgoing| outgoing.deadline()).flatten();
        let room = under_way.len() < MAX_UNDER_WAY;
        tokio::select! {
            () = shared.planned.notified() => {}
            () = until(deadline), if room => {}
            Some(Ok((post, taken))) = under_way.join_next() => {
                with(shared, |outgoing| outgoing.settle(Instant::now(), post, taken));
            }
        }
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn with<T>(shared: &Shared, work: impl FnOnce(&mut Outgoing) -> T) -> Option<T> {
    shared.state().outgoing.as_mut().map(work)
}

/// The next body to post; what happened by now is noted and shown.
fn due(shared: &Shared) -> Option<Post> {
    let at = shared.at();
    let mut state = shared.state();
    let Taken { receipts, post } = state.outgoing.as_mut()?.take(Instant::now(), at);
    for (number, news) in receipts {
        if let News::Status {
            message,
            stage,
            code,
        } = news
        {
            state.ledger.advance(number, stage);
            shared.show(Shown::Receipt {
                at,
                message,
                stage,
                code,
            });
        }
    }
    post
}

/// Asks until the address gives the challenge back.
async fn shake_hands(client: &Client, url: &str, verify_token: &str) {
    let (mut gap, longest) = HANDSHAKE_GAP;
    loop {
        let challenge = fastrand::u32(100_000_000..).to_string();
        let query = [
            ("hub.mode", "subscribe"),
            ("hub.challenge", challenge.as_str()),
            ("hub.verify_token", verify_token),
        ];
        let answer = client.get(url).query(&query).send().await;
        if let Ok(answer) = answer
            && answer.status() == StatusCode::OK
            && answer.text().await.is_ok_and(|text| text == challenge)
        {
            return;
        }
        tokio::time::sleep(gap).await;
        gap = (gap * 2).min(longest);
    }
}

async fn deliver(client: Client, url: String, post: Post) -> (Post, bool) {
    let request = client
        .post(url)
        .header("content-type", "application/json")
        .header("x-hub-signature-256", &post.signature)
        .body(post.body.clone());
    let taken = match request.send().await {
        Ok(answer) => answer.status() == StatusCode::OK,
        Err(_) => false,
    };
    (post, taken)
}
