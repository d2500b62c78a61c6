//! What people and programs see of the demo.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::Path;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::cli::options::Output;
use crate::cli::phone;
use crate::model::Stage;
use crate::sandbox::Accepted;

use super::{Ended, Told};

/// What people and programs see of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Screen {
    pub(super) output: Output,
}

impl Screen {
    pub(super) fn hello(self, sandbox: SocketAddr, socket: &Path) {
        match self.output {
            Output::Text => {
                println!("sandbox   http://{sandbox} stands in for graph.facebook.com");
                println!("daemon    takes alarms on {}\n", socket.display());
            }
            Output::Json => println!(
                "{}",
                json!({"event": "started", "sandbox": format!("http://{sandbox}"), "socket": socket})
            ),
        }
    }

    pub(super) fn answered(self, line: &str, answer: &str) {
        match self.output {
            Output::Text => println!("→ {line}\n← {answer}"),
            Output::Json => {
                let answer: Value = serde_json::from_str(answer).unwrap_or_else(|_| answer.into());
                println!(
                    "{}",
                    json!({"event": "answered", "line": line, "answer": answer})
                );
            }
        }
    }

    pub(super) fn waiting(self) {
        if self.output == Output::Text {
            println!(
                "\n… what is not critical waits for its turn: one message in 6 s to one person …\n"
            );
        }
    }

    pub(super) fn accepted(self, message: &Accepted) {
        if self.output == Output::Json {
            let mut event = message.json();
            event["event"] = json!("message");
            println!("{event}");
        }
    }

    pub(super) fn receipt(self, message: &Accepted, stage: Stage) {
        if self.output == Output::Json {
            println!(
                "{}",
                json!({"event": "receipt", "wamid": message.wamid, "state": stage.name()})
            );
        }
    }

    /// As the phone shows it.
    pub(super) fn draw(self, message: &Accepted, ticks: &str) {
        if self.output == Output::Text {
            let style = phone::Style {
                colour: std::io::stdout().is_terminal(),
                timezone: TimeZone::UTC,
            };
            let title = format!("phone {}", message.to);
            println!("{}", phone::draw_ticked(message, &title, &style, ticks));
        }
    }

    pub(super) fn kept(self, socket: &Path, sandbox: SocketAddr, page: Option<SocketAddr>) {
        let page = page.map(|page| format!("http://{page}/"));
        match self.output {
            Output::Text => {
                println!("\nstill running:");
                println!("  phones    http://{sandbox}/");
                if let Some(page) = page {
                    println!("  klaxond   {page}");
                }
                println!("hand in alarms of your own:");
                println!("  klaxond send --socket {}", socket.display());
                println!("Ctrl-C ends it.");
            }
            Output::Json => println!(
                "{}",
                json!({"event": "kept", "phones": format!("http://{sandbox}/"), "page": page})
            ),
        }
    }

    pub(super) fn goodbye(self, told: &Told, ended: &Ended) {
        let Told {
            stored,
            ignored,
            rejected,
        } = told;
        let Ended {
            arrived,
            accepted,
            delivered,
            waiting,
        } = ended;
        match self.output {
            Output::Text => {
                let total = told.total();
                println!(
                    "\n{total} lines handed in: {stored} stored, {ignored} ignored, {rejected} rejected"
                );
                println!(
                    "{arrived} messages on the phones, {delivered} of them with a receipt that says so, {waiting} still waiting"
                );
            }
            Output::Json => println!(
                "{}",
                json!({
                    "event": "ended",
                    "stored": stored,
                    "ignored": ignored,
                    "rejected": rejected,
                    "on_phones": arrived,
                    "accepted": accepted,
                    "delivered": delivered,
                    "waiting": waiting,
                })
            ),
        }
    }
}
