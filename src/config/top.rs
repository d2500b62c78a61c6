//! The top of the file, and `[log]`: how things are said.

use jiff::tz::TimeZone;

use crate::whatsapp::template::{self, Display};

use super::keys;
use super::page::Problem;
use super::reader::Table;
use super::settings::{Log, LogFormat};

/// How times print, and the language of templates that name none.
pub(super) fn read(top: &Table<'_>) -> (Display, String) {
    let display = Display {
        timezone: top.read("timezone", timezone).unwrap_or(TimeZone::UTC),
        time_format: top
            .read("time_format", |text| {
                template::check_time_format(text)
                    .map(|()| text.to_owned())
                    .map_err(|why| {
                        Problem::new(format!("`time_format`: {why}"))
                            .help("write it with strftime's signs, such as \"%Y-%m-%d %H:%M:%S\"")
                    })
            })
            .unwrap_or_else(|| "%Y-%m-%d %H:%M:%S %Z".to_owned()),
    };
    let language = top.read("language", language);
    (display, language.unwrap_or_else(|| "en_US".to_owned()))
}

pub(super) fn log(top: &Table<'_>) -> Log {
    let table = top.table("log", &keys::LOG);
    Log {
        format: table.word(
            "format",
            &[("text", LogFormat::Text), ("json", LogFormat::Json)],
            LogFormat::Text,
        ),
        level: table.word(
            "level",
            &[
                ("error", tracing::Level::ERROR),
                ("warn", tracing::Level::WARN),
                ("info", tracing::Level::INFO),
                ("debug", tracing::Level::DEBUG),
                ("trace", tracing::Level::TRACE),
            ],
            tracing::Level::INFO,
        ),
    }
}

/// A zone by its name in the IANA database: `Europe/Madrid`.
pub(super) fn timezone(text: &str) -> Result<TimeZone, Problem> {
    TimeZone::get(text).map_err(|_| {
        let names: Vec<String> = jiff::tz::db()
            .available()
            .map(|name| name.to_string())
            .collect();
        let near = keys::nearest(text, names.iter().map(String::as_str));
        let help = match near {
            Some(name) => format!("write \"{name}\""),
            None if names.is_empty() => "install the package tzdata".to_owned(),
            None => "write a name such as \"Europe/Madrid\" or \"UTC\"".to_owned(),
        };
        Problem::new(format!("there is no time zone \"{text}\"")).help(help)
    })
}

/// A language as Meta spells it: `en`, `en_US`.
pub(super) fn language(text: &str) -> Result<String, Problem> {
    let is_language = |text: &str| {
        let (tongue, country) = match text.split_once('_') {
            Some((tongue, country)) => (tongue, Some(country)),
            None => (text, None),
        };
        let good_tongue =
            (2..=3).contains(&tongue.len()) && tongue.bytes().all(|b| b.is_ascii_lowercase());
        let good_country = country.is_none_or(|country| {
            (2..=4).contains(&country.len()) && country.bytes().all(|b| b.is_ascii_uppercase())
        });
        good_tongue && good_country
    };
    if is_language(text) {
        return Ok(text.to_owned());
    }
    let meant = match text.trim().split_once(['-', '_']) {
        Some((tongue, country)) => {
            format!("{}_{}", tongue.to_lowercase(), country.to_uppercase())
        }
        None => text.trim().to_lowercase(),
    };
    let help = if is_language(&meant) {
        format!("write \"{meant}\"")
    } else {
        "write it as Meta does, such as \"en_US\" or \"es\"".to_owned()
    };
    Err(Problem::new(format!("\"{text}\" is not a language")).help(help))
}
