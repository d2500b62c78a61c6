//! The limit: a loop of clients that post one body, as many at once as klaxond has in flight.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::meta::Meta;

/// Messages that klaxond has in flight at most.
const IN_FLIGHT: usize = 256;

/// How fast messages left, and at what cost.
pub struct Pace {
    pub messages: usize,
    pub seconds: f64,
    pub cpu: f64,
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thousands = self.messages as f64 / 1_000.0;
        write!(
            f,
            "{:>6.0}/s over {:.1} s, {:.3} s of CPU for 1,000",
            self.messages as f64 / self.seconds,
            self.seconds,
            self.cpu / thousands
        )
    }
}

/// What a moment looked like.
pub struct Mark {
    at: Instant,
    cpu: f64,
}

impl Mark {
    pub fn set() -> Self {
        Self {
            at: Instant::now(),
            cpu: cpu_seconds(),
        }
    }

    pub fn pace(&self, messages: usize) -> Pace {
        Pace {
            messages,
            seconds: self.at.elapsed().as_secs_f64(),
            cpu: cpu_seconds() - self.cpu,
        }
    }
}

pub fn run(meta: &Meta, body: &str, messages: usize) -> Pace {
    klaxond::whatsapp::install_crypto();
    let http = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .tcp_nodelay(true)
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap();
    let url = meta.messages_url();
    let left = Arc::new(AtomicUsize::new(messages));
    super::home::runtime().block_on(async {
        let mark = Mark::set();
        let clients: Vec<_> = (0..IN_FLIGHT)
            .map(|_| {
                let (http, url, left) = (http.clone(), url.clone(), Arc::clone(&left));
                let body = body.to_owned();
                tokio::spawn(async move {
                    while left
                        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
                        .is_ok()
                    {
                        let request = http
                            .post(&url)
                            .bearer_auth("bench-token")
                            .header("content-type", "application/json")
                            .body(body.clone());
                        let answer = request.send().await.unwrap();
                        assert!(answer.status().is_success());
                        answer.bytes().await.unwrap();
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
        mark.pace(messages)
    })
}

/// User and system time of this process so far.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit(')').next().unwrap().split_whitespace();
    let ticks: f64 = fields
        .skip(11)
        .take(2)
        .map(|field| field.parse::<f64>().unwrap())
        .sum();
    ticks / 100.0
}
