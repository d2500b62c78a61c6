//! Meta's side: signed bodies made beforehand, and clients that post them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

use super::server::MESSAGES;

pub const APP_SECRET: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
pub const NUMBER_ID: &str = "106540352242922";

/// Bodies that are made beforehand where there is no pace.
const UNPACED: usize = 30_000;

/// What is posted, and how fast.
pub struct Load {
    batch: usize,
    posts: usize,
    /// Between two posts, over all connections.
    gap: Option<Duration>,
    span: Duration,
}

/// How long each answer took from the moment its post was due, in order of length.
pub struct Answers {
    spans: Vec<Duration>,
    /// Answers a second.
    pub rate: f64,
}

impl Load {
    pub fn paced(batch: usize, rate: usize, span: Duration) -> Self {
        let gap = Duration::from_secs_f64(batch as f64 / rate as f64);
        Self {
            batch,
            posts: usize::try_from(span.as_micros() / gap.as_micros()).unwrap(),
            gap: Some(gap),
            span,
        }
    }

    pub fn unpaced(batch: usize, span: Duration) -> Self {
        Self {
            batch,
            posts: UNPACED / batch.min(10),
            gap: None,
            span,
        }
    }

    /// Posts the whole load; `opaque` names the database in front of the number of each message.
    pub fn post(&self, address: SocketAddr, opaque: &str, connections: usize) -> Answers {
        let requests: Arc<Vec<Vec<u8>>> = Arc::new(
            (0..self.posts)
                .map(|n| request(opaque, n * self.batch, self.batch))
                .collect(),
        );
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let next = Arc::new(AtomicUsize::new(0));
            let mut streams = Vec::new();
            for _ in 0..connections {
                let stream = TcpStream::connect(address).await.unwrap();
                stream.set_nodelay(true).unwrap();
                streams.push(stream);
            }
            let begin = Instant::now();
            let clients: Vec<_> = streams
                .into_iter()
                .map(|stream| {
                    let (requests, next) = (Arc::clone(&requests), Arc::clone(&next));
                    tokio::spawn(client(stream, requests, next, self.gap, begin, self.span))
                })
                .collect();
            let mut spans = Vec::new();
            for client in clients {
                spans.extend(client.await.unwrap());
            }
            let rate = spans.len() as f64 / begin.elapsed().as_secs_f64();
            spans.sort();
            Answers { spans, rate }
        })
    }
}

impl Answers {
    pub fn median(&self) -> Duration {
        self.within(500)
    }

    /// The time that so many of a thousand answers took at most.
    pub fn within(&self, permille: usize) -> Duration {
        let last = self.spans.len() - 1;
        self.spans[last * permille / 1_000]
    }
}

async fn client(
    mut stream: TcpStream,
    requests: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
    gap: Option<Duration>,
    begin: Instant,
    span: Duration,
) -> Vec<Duration> {
    let mut spans = Vec::new();
    let mut answer = vec![0; 1_024];
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        let Some(request) = requests.get(n) else {
            return spans;
        };
        let due = match gap {
            Some(gap) => begin + gap * u32::try_from(n).unwrap(),
            None if begin.elapsed() > span => return spans,
            None => Instant::now(),
        };
        sleep_until(due).await;
        // The timer is up to a millisecond late, which is not the server's doing.
        let sent = match gap {
            Some(_) if due.elapsed() < Duration::from_millis(2) => Instant::now(),
            Some(_) | None => due,
        };
        stream.write_all(request).await.unwrap();
        let mut length = 0;
        while !answer[..length].ends_with(b"\r\n\r\n") {
            let read = stream.read(&mut answer[length..]).await.unwrap();
            assert!(read > 0, "the connection was closed");
            length += read;
        }
        assert!(
            answer.starts_with(b"HTTP/1.1 200"),
            "{}",
            String::from_utf8_lossy(&answer[..length])
        );
        spans.push(sent.elapsed());
    }
}

/// Meta's id of one of our messages.
pub fn wamid(message: usize) -> String {
    format!("wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI3MTE5MjVBOTE3MDk5QUVF{message:08}")
}

/// A signed POST of `count` receipts, the first about message `first`.
fn request(opaque: &str, first: usize, count: usize) -> Vec<u8> {
    let statuses: Vec<String> = (first..first + count)
        .map(|n| {
            format!(
                r#"{{"id":"{}","status":"{}","timestamp":"1795341600","recipient_id":"346000{:05}","biz_opaque_callback_data":"{opaque}:{}","pricing":{{"billable":true,"pricing_model":"PMP","category":"utility","type":"regular"}}}}"#,
                wamid(n % MESSAGES + 1),
                ["sent", "delivered", "read"][n / MESSAGES % 3],
                n % 20,
                n % MESSAGES + 1,
            )
        })
        .collect();
    let body = format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"102290129340398","changes":[{{"value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"15550783881","phone_number_id":"{NUMBER_ID}"}},"statuses":[{}]}},"field":"messages"}}]}}]}}"#,
        statuses.join(",")
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(APP_SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let digest: String = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!(
        "POST /webhooks/whatsapp HTTP/1.1\r\nHost: klaxond.example.com\r\nUser-Agent: facebookexternalua\r\nContent-Type: application/json\r\nX-Hub-Signature-256: sha256={digest}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
