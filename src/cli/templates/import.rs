//! `klaxond templates import`: a template that Meta has, as a piece of config.

use serde_json::json;

use crate::cli::Exit;
use crate::cli::options::{Output, complain};
use crate::config;
use crate::whatsapp::TemplateInfo;

use super::Meta;

/// Which template.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Its name at Meta
    name: String,
}

pub(super) async fn run(args: &Args, meta: &Meta<'_>) -> Result<Exit, Exit> {
    let known = meta.known().await?;
    let (approved, others): (Vec<&TemplateInfo>, Vec<&TemplateInfo>) = known
        .iter()
        .filter(|info| info.name == args.name)
        .partition(|info| info.is_approved());
    if approved.is_empty() {
        let states: Vec<String> = others
            .iter()
            .map(|info| {
                let status = info.status.as_deref().unwrap_or("of unknown status");
                format!("{status} in {}", info.language)
            })
            .collect();
        let error = match states.is_empty() {
            true => format!(
                "Meta has no template {}; `klaxond templates list` shows those it has",
                args.name
            ),
            false => format!("{} is not approved: {}", args.name, states.join(", ")),
        };
        complain(meta.output, &error);
        return Err(Exit::Unavailable);
    }
    let block = config::template_block(&approved);
    match meta.output {
        Output::Text => println!("{}", block.trim_end()),
        Output::Json => {
            let languages: Vec<&str> = approved.iter().map(|info| info.language.as_str()).collect();
            println!(
                "{}",
                json!({"name": args.name, "languages": languages, "config": block})
            );
        }
    }
    Ok(Exit::Ok)
}
