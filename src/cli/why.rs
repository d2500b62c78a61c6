//! `klaxond why`: the whole trail of an alarm or a message.

use serde_json::Value;

use crate::daemon::story;

use super::Exit;
use super::inquire::{self, dotted, list, text};
use super::options::{ConfigArgs, Output, print};

/// The options of `why`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
ID is the root id of an alarm, the number of a message (17; m17 where an alarm has that root id; d2
for a digest), a silence (s17), or Meta's id (wamid.…). Said are the records, what each rule makes of them, every
message with its attempts, receipts and replies, what became of it and what to do, and who was not
told and why. What retention has deleted is told from the audit trail. While no daemon answers it is
read from the database.

With --output json: {\"messages\":[{\"contact\",\"state\",\"reason\",\"what_to_do\",\"attempts\":[…]}],…}.

Exit codes: 0 told, 65 nothing is kept of it, 69 the database cannot be read, 78 the config is wrong.

Examples:
  klaxond why 4711
  klaxond why s17
  klaxond why d2 --output json")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Root id, number of a message or of a silence, or Meta's id
    id: String,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

pub(super) fn run(args: &Args) -> Exit {
    why(args).map_or_else(|exit| exit, |()| Exit::Ok)
}

fn why(args: &Args) -> Result<(), Exit> {
    let settings = args.config.load_offline(args.output)?.settings;
    let path = inquire::path("why", &[("id", &args.id)])?;
    let story = inquire::ask(&settings, &path, args.output, |inquiry, scene| {
        story::why(inquiry, &args.id, scene)
    })?;
    match args.output {
        Output::Json => print(&story.to_string()),
        Output::Text => print(words(&story).trim_end()),
    }
    Ok(())
}

fn words(story: &Value) -> String {
    let mut page = match story.get("message").and_then(Value::as_str) {
        Some(message) => format!("message {message}\n"),
        None if story.get("silence").is_some() => format!("silence {}\n", text(story, "silence")),
        None => format!("alarm {}\n", text(story, "alarm")),
    };
    page.push_str(&format!("{}\n", text(story, "answer")));
    for ack in list(story, "acknowledged") {
        let (by, at) = (text(ack, "by"), text(ack, "at"));
        page.push_str(&format!("{by} has it since {at} ({}).\n", text(ack, "how")));
    }
    if let Some(other) = story.get("namesake").and_then(Value::as_str) {
        page.push_str(&format!(
            "For the message of that number: klaxond why {other}\n"
        ));
    }
    section(&mut page, "records", list(story, "records").map(record));
    section(&mut page, "messages", list(story, "messages").map(message));
    section(
        &mut page,
        "not told",
        list(story, "not_told")
            .map(|one| format!("{}: {}", text(one, "contact"), text(one, "why"))),
    );
    section(
        &mut page,
        "audit trail",
        list(story, "audit").map(story::line),
    );
    section(&mut page, "rules", list(story, "rules").map(rule));
    page
}

fn section(page: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return;
    }
    page.push_str(&format!("\n{title}\n"));
    for line in lines {
        page.push_str(&format!("  {}\n", line.replace('\n', "\n  ")));
    }
}

fn record(record: &Value) -> String {
    let at = text(record, "at");
    let by = text(record, "by");
    if let Some(did) = record.get("did").and_then(Value::as_str) {
        return format!("{at}  {did} ({by})");
    }
    let what = dotted(&[
        text(record, "element"),
        text(record, "parameter"),
        text(record, "index"),
        text(record, "severity"),
        text(record, "value"),
    ]);
    let ends = record.get("ends").and_then(Value::as_bool) == Some(true);
    let ends = if ends { ", ended" } else { "" };
    format!("{at}  {what}{ends} ({by})")
}

fn message(message: &Value) -> String {
    let mut page = format!(
        "{} to {}: {}\n  {}",
        text(message, "id"),
        text(message, "contact"),
        text(message, "state"),
        text(message, "what_to_do")
    );
    page.push_str(&format!(
        "\n  {} by rule \"{}\" at {}: {}",
        text(message, "kind"),
        text(message, "rule"),
        text(message, "created"),
        text(message, "because")
    ));
    let bucket = text(message, "bucket");
    if !bucket.is_empty() {
        page.push_str(&format!("\n  bucket: {bucket}"));
    }
    for attempt in list(message, "attempts") {
        page.push_str(&format!("\n  {}", self::attempt(attempt)));
    }
    for stage in ["sent", "delivered", "read"] {
        if let Some(at) = message.get(stage).and_then(Value::as_str) {
            page.push_str(&format!("\n  {stage} at {at}"));
        }
    }
    for reply in list(message, "replies") {
        let (who, at) = (text(reply, "contact"), text(reply, "at"));
        let (word, said) = (text(reply, "word"), text(reply, "text"));
        page.push_str(&format!("\n  {who} wrote at {at}: \"{said}\" ({word})"));
    }
    page
}

fn attempt(attempt: &Value) -> String {
    let n = attempt.get("n").and_then(Value::as_u64).unwrap_or(0);
    let mut page = format!(
        "attempt {n} at {}: {}",
        text(attempt, "at"),
        text(attempt, "outcome")
    );
    if let Some(code) = attempt.get("code").and_then(Value::as_u64) {
        page.push_str(&format!(", error {code}"));
    }
    for key in ["detail", "means"] {
        let said = text(attempt, key);
        if !said.is_empty() {
            page.push_str(&format!("\n    {said}"));
        }
    }
    page
}

fn rule(rule: &Value) -> String {
    let takes = rule.get("takes").and_then(Value::as_bool) == Some(true);
    let takes = if takes {
        "takes it"
    } else {
        "does not take it"
    };
    format!(
        "\"{}\" {takes}: {}",
        text(rule, "rule"),
        text(rule, "because")
    )
}
