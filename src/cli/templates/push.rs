//! `klaxond templates push`: hands in the templates of the config.

use serde_json::{Value, json};

use crate::cli::Exit;
use crate::cli::options::{Output, complain, refused};
use crate::whatsapp::template::{Submission, Template};
use crate::whatsapp::{Judgement, Standing, TemplateInfo, judge};

use super::Meta;

/// Which templates.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Ids of the config ([templates.ID]) or names at Meta
    #[arg(value_name = "NAME", required_unless_present = "all")]
    names: Vec<String>,
    /// All of the config
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Also change the text of an approved one; it cannot be sent until it is reviewed again
    #[arg(long)]
    edit_approved: bool,
    /// Only show what would be handed in
    #[arg(long)]
    dry_run: bool,
}

/// What became of one.
struct Pushed {
    judgement: Judgement,
    submission: Submission,
    /// What was done, in a word.
    action: &'static str,
    /// Meta's word for its state from here on.
    status: String,
    text: String,
    exit: Exit,
}

pub(super) async fn run(args: &Args, meta: &Meta<'_>) -> Result<Exit, Exit> {
    let templates = &meta.loaded.settings.templates;
    let named =
        |template: &Template, name: &str| template.id().as_str() == name || template.name() == name;
    for name in &args.names {
        if !templates.iter().any(|template| named(template, name)) {
            let ids: Vec<&str> = templates.iter().map(|one| one.id().as_str()).collect();
            let ids = ids.join(", ");
            complain(
                meta.output,
                &format!("the config has no template {name}; it has {ids}"),
            );
            return Err(Exit::Usage);
        }
    }
    let known = meta.known().await?;
    let wanted = templates
        .iter()
        .filter(|one| args.all || args.names.iter().any(|name| named(one, name)));
    let mut pushed = Vec::new();
    for template in wanted.flat_map(Template::each_language) {
        let one = push(args, meta, template, &known).await;
        if meta.output == Output::Text {
            one.print();
        }
        let unreachable = one.exit == Exit::TempFail;
        pushed.push(one);
        if unreachable {
            break;
        }
    }
    let bad = pushed
        .iter()
        .map(|one| one.exit)
        .find(|exit| *exit != Exit::Ok);
    if meta.output == Output::Json {
        let shown: Vec<Value> = pushed.iter().map(Pushed::json).collect();
        meta.json(bad.is_none(), &shown);
    }
    Ok(bad.unwrap_or(Exit::Ok))
}

async fn push(args: &Args, meta: &Meta<'_>, template: &Template, known: &[TemplateInfo]) -> Pushed {
    let judgement = judge(template, known);
    let mut pushed = Pushed {
        submission: template.submission(),
        action: "none",
        status: judgement.status().to_owned(),
        text: String::new(),
        exit: Exit::Ok,
        judgement,
    };
    let answer = match (&pushed.judgement.info, &pushed.judgement.standing) {
        (None, _) if args.dry_run => return pushed.left("would be handed in"),
        (None, _) => {
            pushed.action = "created";
            meta.client.create_template(&pushed.submission).await
        }
        (Some(_), Standing::Approved) if pushed.judgement.is_identical => {
            return pushed.left("is approved as it is; nothing was handed in");
        }
        (Some(_), Standing::Approved) if !args.edit_approved => {
            let differs = [&pushed.judgement.problems[..], &pushed.judgement.remarks].concat();
            let text = format!(
                "is approved with another text, and was left so: {}.\n  A change goes through review, and until then it cannot be sent: give it another name, or say --edit-approved",
                differs.join("; ")
            );
            pushed.exit = Exit::Unavailable;
            return pushed.left(&text);
        }
        (Some(_), Standing::NotApproved { status, .. })
            if !is_editable(status, &pushed.judgement) =>
        {
            let text = format!("is {status} at Meta; nothing was handed in");
            return pushed.left(&text);
        }
        (Some(_), _) if args.dry_run => return pushed.left("would be changed"),
        (Some(info), _) => {
            pushed.action = "changed";
            let done = meta.client.edit_template(info, &pushed.submission).await;
            done.map(|()| crate::whatsapp::Submitted {
                id: info.id.clone(),
                // What an edit always leads to (page templates/template-management).
                status: Some("PENDING".to_owned()),
                category: info.category.clone(),
                success: Some(true),
            })
        }
    };
    match answer {
        Ok(submitted) => {
            let (ours, theirs) = (template.category().name(), submitted.category);
            pushed.status = submitted.status.unwrap_or_else(|| "PENDING".to_owned());
            pushed.text = format!("handed in, it is {}", pushed.status);
            if let Some(theirs) = theirs.map(|category| category.to_lowercase())
                && theirs != ours
            {
                pushed
                    .text
                    .push_str(&format!("; Meta counts it as {theirs}, not as {ours}"));
            }
            if pushed.status == "REJECTED" {
                pushed.exit = Exit::Unavailable;
            }
        }
        Err(failure) => {
            let (exit, text) = refused(&failure, meta.base_url());
            pushed.action = "refused";
            pushed.text = format!("was not taken: {text}");
            pushed.exit = exit;
        }
    }
    pushed
}

/// Whether handing in again helps: what waits for its review is left in peace, and so is what was
/// refused as it stands.
fn is_editable(status: &str, judgement: &Judgement) -> bool {
    match status {
        "REJECTED" => !judgement.is_identical,
        "PAUSED" => !judgement.is_identical,
        _ => false,
    }
}

impl Pushed {
    fn left(mut self, text: &str) -> Self {
        self.text = text.to_owned();
        self
    }

    fn print(&self) {
        let mark = if self.exit == Exit::Ok { "✓" } else { "✗" };
        let one = &self.judgement;
        println!("{mark} {} ({}): {}", one.name, one.language, self.text);
        let shown = self.action != "none" || self.text.starts_with("would");
        if !shown {
            return;
        }
        let create = self.submission.json();
        let ttl = create["message_send_ttl_seconds"].as_u64();
        let ttl = ttl.map_or(String::new(), |seconds| format!(", kept for {seconds} s"));
        println!("  {}{ttl}", create["category"].as_str().unwrap_or_default());
        for line in self.submission.text().lines() {
            println!("  │ {line}");
        }
        for (name, example) in self.submission.examples() {
            println!("  {name} is for example: {example}");
        }
    }

    fn json(&self) -> Value {
        let examples: serde_json::Map<String, Value> = self
            .submission
            .examples()
            .iter()
            .map(|(name, example)| (name.clone(), json!(example)))
            .collect();
        json!({
            "id": self.judgement.id,
            "name": self.judgement.name,
            "language": self.judgement.language,
            "ok": self.exit == Exit::Ok,
            "action": self.action,
            "status": self.status,
            "text": self.text,
            "submission": self.submission.json(),
            "examples": examples,
        })
    }
}
