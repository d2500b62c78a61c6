//! What the sandbox prints.

use std::io::{self, Write};
use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::cli::options::Output;
use crate::cli::phone::{self, Style};
use crate::model::Stage;
use crate::sandbox::{Posts, Shown, Tally};

/// Where it prints.
pub(super) struct Screen {
    pub(super) output: Output,
    pub(super) quiet: bool,
    pub(super) style: Style,
}

impl Screen {
    /// Says where it listens, and with which seed it draws.
    pub(super) fn hello(&self, address: SocketAddr, seed: u64) {
        match self.output {
            Output::Text => print(&format!(
                "Sandbox of the Cloud API on http://{address} (Ctrl-C ends it). For config.toml:\n\n\
                 [whatsapp]\nbase_url = \"http://{address}\"\nphone_number_id = \"106540352242922\"\n\
                 token = \"sandbox\"\n\nWhat is left to chance: --seed {seed}\n"
            )),
            Output::Json => print_json(&json!({
                "event": "listening",
                "address": format!("http://{address}"),
                "seed": seed,
            })),
        }
    }

    pub(super) fn show(&self, event: &Shown) {
        if self.quiet {
            return;
        }
        match (event, self.output) {
            (Shown::Message(message), Output::Text) => {
                print(&phone::draw(message, &message.to.to_string(), &self.style));
                if message.answer_lost {
                    print("(delivered, but its answer is lost on request)\n");
                }
            }
            (Shown::Message(message), Output::Json) => {
                let mut event = message.json();
                event["event"] = json!("message");
                print_json(&event);
            }
            (Shown::Receipt { message, .. }, Output::Text) => {
                if let Some(line) = ticks(event) {
                    print(&format!("{line} {}\n", message.to));
                }
            }
            (
                Shown::Receipt {
                    at,
                    message,
                    stage,
                    code,
                },
                Output::Json,
            ) => print_json(&json!({
                "event": "receipt",
                "at": at.to_string(),
                "to": message.to.to_string(),
                "wamid": message.wamid,
                "state": stage.name(),
                "code": code,
            })),
            (Shown::Refused { why, .. }, Output::Text) => {
                print(&format!("✗ {}\n", phone::clean(why)));
            }
            (Shown::Refused { at, code, why }, Output::Json) => print_json(&json!({
                "event": "refused",
                "at": at.to_string(),
                "code": code,
                "why": why,
            })),
        }
    }

    pub(super) fn goodbye(&self, tally: &Tally) {
        match self.output {
            Output::Text => print(&format!("\n{}\n", summary(tally))),
            Output::Json => print_json(&json!({
                "event": "ended",
                "accepted": tally.accepted,
                "answers_lost": tally.answers_lost,
                "refused": tally.refused,
                "faulty": tally.faulty,
                "webhook": tally.webhook.json(),
            })),
        }
    }
}

/// What a receipt looks like on a phone.
fn ticks(event: &Shown) -> Option<String> {
    let Shown::Receipt { stage, code, .. } = event else {
        return None;
    };
    Some(match (stage, code) {
        (Stage::Sent, _) => "✓  sent to".to_owned(),
        (Stage::Delivered, _) => "✓✓ delivered to".to_owned(),
        (Stage::Read, _) => "✓✓ read by".to_owned(),
        (Stage::Failed, Some(code)) => format!("✗  failed with {code} for"),
        (Stage::Failed, None) => "✗  failed for".to_owned(),
    })
}

/// One line that sums up.
#[must_use]
fn summary(tally: &Tally) -> String {
    let messages = match tally.accepted {
        1 => "1 message".to_owned(),
        n => format!("{n} messages"),
    };
    let mut parts = vec![format!("{messages} on phones")];
    if tally.answers_lost > 0 {
        parts.push(format!("{} of them with a lost answer", tally.answers_lost));
    }
    let refused: u64 = tally.refused.values().sum();
    if refused > 0 {
        let codes = tally
            .refused
            .iter()
            .map(|(code, n)| format!("{n} with {code}"));
        let codes: Vec<String> = codes.collect();
        parts.push(format!("{refused} refused ({})", codes.join(", ")));
    }
    if tally.faulty > 0 {
        parts.push(format!("{} met another fault", tally.faulty));
    }
    let Posts {
        taken,
        dropped,
        waiting,
        ..
    } = tally.webhook;
    if taken + dropped + waiting > 0 {
        parts.push(format!("{taken} receipts and replies taken"));
    }
    if dropped + waiting > 0 {
        parts.push(format!("{} not", dropped + waiting));
    }
    parts.join(", ")
}

fn print_json(value: &Value) {
    print(&format!("{value}\n"));
}

/// Prints at once. Who closed the pipe does not want to know more.
fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_tells_only_what_happened() {
        let mut tally = Tally {
            accepted: 1,
            ..Tally::default()
        };
        assert_eq!(summary(&tally), "1 message on phones");
        tally.accepted = 12;
        tally.answers_lost = 2;
        tally.refused = [(131_056, 3), (190, 1)].into();
        tally.faulty = 4;
        assert_eq!(
            summary(&tally),
            "12 messages on phones, 2 of them with a lost answer, 4 refused (1 with 190, 3 with \
             131056), 4 met another fault"
        );
        tally = Tally::default();
        tally.webhook.taken = 5;
        tally.webhook.waiting = 1;
        assert_eq!(
            summary(&tally),
            "0 messages on phones, 5 receipts and replies taken, 1 not"
        );
    }
}
