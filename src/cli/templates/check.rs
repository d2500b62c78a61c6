//! `klaxond templates check`: whether the templates of the config are as Meta has them.

use serde_json::json;

use crate::cli::Exit;
use crate::cli::options::Output;
use crate::whatsapp::template::Template;
use crate::whatsapp::{Judgement, judge};

use super::Meta;

pub(super) async fn run(meta: &Meta<'_>) -> Result<Exit, Exit> {
    let known = meta.known().await?;
    let templates = meta.loaded.settings.templates.iter();
    let judgements: Vec<Judgement> = templates
        .flat_map(Template::each_language)
        .map(|template| judge(template, &known))
        .collect();
    let good = judgements.iter().all(Judgement::is_sendable);
    match meta.output {
        Output::Json => {
            let object = |one: &Judgement| {
                json!({
                    "id": one.id,
                    "name": one.name,
                    "language": one.language,
                    "ok": one.is_sendable(),
                    "status": one.status(),
                    "problems": one.problems,
                    "remarks": one.remarks,
                    "text": one.text(),
                })
            };
            let shown: Vec<_> = judgements.iter().map(object).collect();
            meta.json(good, &shown);
        }
        Output::Text => {
            for one in &judgements {
                let mark = if one.is_sendable() { "✓" } else { "✗" };
                println!("{mark} {} ({}): {}", one.name, one.language, one.text());
            }
        }
    }
    Ok(match good {
        true => Exit::Ok,
        false => Exit::Unavailable,
    })
}
