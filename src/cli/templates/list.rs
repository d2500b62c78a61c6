//! `klaxond templates list`: every template that Meta has.

use serde_json::{Value, json};

use crate::cli::Exit;
use crate::cli::options::{Output, print};
use crate::whatsapp::TemplateInfo;
use crate::whatsapp::template::Template;

use super::Meta;

pub(super) async fn run(meta: &Meta<'_>) -> Result<Exit, Exit> {
    let known = meta.known().await?;
    let ours: Vec<&Template> = meta
        .loaded
        .settings
        .templates
        .iter()
        .flat_map(Template::each_language)
        .collect();
    let id = |info: &TemplateInfo| {
        let same = |one: &&&Template| one.name() == info.name && one.language() == info.language;
        ours.iter()
            .find(same)
            .map(|template| template.id().as_str())
    };
    if meta.output == Output::Json {
        let shown: Vec<Value> = known.iter().map(|info| object(info, id(info))).collect();
        meta.json(true, &shown);
        return Ok(Exit::Ok);
    }
    let head = [
        "NAME",
        "LANGUAGE",
        "STATUS",
        "CATEGORY",
        "QUALITY",
        "TTL",
        "IN THE CONFIG",
    ];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(known.iter().map(|info| row(info, id(info))));
    let mut widths = [0; 7];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in &rows {
        let cells = row.iter().zip(widths);
        let line: String = cells
            .map(|(cell, width)| format!("{cell:width$}  "))
            .collect();
        print(line.trim_end());
    }
    if known.is_empty() {
        eprintln!(
            "Meta has no template of this account; hand in yours with `klaxond templates push --all`"
        );
    }
    Ok(Exit::Ok)
}

fn row(info: &TemplateInfo, id: Option<&str>) -> [String; 7] {
    let word = |word: &Option<String>| word.clone().unwrap_or_else(|| "-".to_owned());
    [
        info.name.clone(),
        info.language.clone(),
        word(&info.status),
        word(&info.category),
        word(&info.quality),
        info.ttl_seconds
            .filter(|seconds| *seconds > 0)
            .map_or("-".to_owned(), |seconds| format!("{seconds} s")),
        id.unwrap_or("-").to_owned(),
    ]
}

fn object(info: &TemplateInfo, id: Option<&str>) -> Value {
    json!({
        "name": info.name,
        "language": info.language,
        "status": info.status,
        "category": info.category,
        "quality": info.quality,
        "ttl_seconds": info.ttl_seconds,
        "text": info.text(),
        "id": id,
    })
}
