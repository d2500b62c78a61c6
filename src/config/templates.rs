//! `[templates.ID]`: what Meta approved, and how its variables are filled.

use toml::de::DeValue;

use crate::model::TemplateId;
use crate::whatsapp::template::{
    Category, Definition, Place, Template, TemplateFault, Vocabulary, digest,
};

use super::contacts::why;
use super::fault::Fault;
use super::keys;
use super::page::{Page, Problem, Text};
use super::reader::{Table, in_order};
use super::template_parts::{examples, parameters, parts, ttl};
use super::top;

/// The template of digests.
const DIGEST: &str = "digest";

const MAX_TEMPLATES: usize = 1_000;

/// The templates of a file.
#[derive(Default)]
pub(super) struct Templates {
    pub(super) compiled: Vec<Template>,
    pub(super) definitions: Vec<Definition>,
    /// Every id that the file gives, also where the rest of the template is wrong.
    pub(super) ids: Vec<TemplateId>,
}

pub(super) fn read(file: &Table<'_>, default_language: &str, vocabulary: &Vocabulary) -> Templates {
    let entries = file.entries("templates");
    if entries.len() > MAX_TEMPLATES {
        let message = format!("there are more than {MAX_TEMPLATES} templates");
        file.fault("templates", Problem::new(message).help("remove some"));
    }
    let mut templates = Templates::default();
    for (key, value) in entries.into_iter().take(MAX_TEMPLATES) {
        let parsed = file.parse(&key, |text| {
            TemplateId::parse(text).map_err(|fault| {
                Problem::new(format!("the id of this template {}", why(fault)))
                    .help("write a short name, such as [templates.alarm]")
            })
        });
        let Some(id) = parsed else { continue };
        if templates.ids.contains(&id) {
            let fault = Fault::at(key.span, format!("two templates are called \"{id}\""));
            file.page.fault(fault.help("rename one"));
            continue;
        }
        templates.ids.push(id.clone());
        let name = format!("[templates.{id}]");
        let Some(table) = file.as_table(value, &keys::TEMPLATE, name) else {
            let help = format!("write [templates.{id}] on a line of its own, its keys under it");
            file.wrong_type(key.text, value, "a table", &help);
            continue;
        };
        let Some(mut written) = written(&table, id, default_language) else {
            continue;
        };
        // By itself first: what is wrong with another language is told there.
        let good = compile(&table, &written, vocabulary).is_some();
        if !languages(&table, &mut written.definition, vocabulary) || !good {
            continue;
        }
        if let Ok(template) = Template::compile_with(&written.definition, vocabulary) {
            tell_of_digests(&table, &template);
            templates.compiled.push(template);
            templates.definitions.push(written.definition);
        }
    }
    stand_ins(file, &templates.ids);
    templates
}

fn compile(table: &Table<'_>, written: &Written<'_>, vocabulary: &Vocabulary) -> Option<()> {
    match Template::compile_with(&written.definition, vocabulary) {
        Ok(template) => tell(table, written, template.warnings()),
        Err(faults) => {
            tell(table, written, &faults);
            return None;
        }
    }
    Some(())
}

/// Reads the same template in other languages into `definition`; whether all of them are good.
fn languages(table: &Table<'_>, definition: &mut Definition, vocabulary: &Vocabulary) -> bool {
    let mut good = true;
    for (key, value) in table.entries("languages") {
        let read = || {
            let language = table.parse(&key, top::language)?;
            if language == definition.language {
                let message = format!("{} is in this language itself", table.name);
                let fault = Fault::at(key.span.clone(), message);
                table
                    .page
                    .fault(fault.help("take one of the two texts out"));
                return None;
            }
            let name = format!("[templates.{}.languages.{language}]", definition.id);
            let Some(other) = table.as_table(value, &keys::LANGUAGE, name.clone()) else {
                let help = format!("write {name} on a line of its own, its keys under it");
                table.wrong_type(key.text, value, "a table", &help);
                return None;
            };
            let written = translated(&other, definition, language)?;
            compile(&other, &written, vocabulary)?;
            Some(written.definition)
        };
        match read() {
            Some(other) => definition.languages.push(other),
            None => good = false,
        }
    }
    good
}

/// Whether what stands in for a template is another template of the file.
fn stand_ins(file: &Table<'_>, ids: &[TemplateId]) {
    let written = file.get("templates");
    let written = written.and_then(|value| value.get_ref().as_table());
    for (key, value) in written.into_iter().flat_map(in_order) {
        let Some(table) = value.get_ref().as_table() else {
            continue;
        };
        let Some(stand_in) = table.get("fallback_template") else {
            continue;
        };
        let Some(name) = stand_in.get_ref().as_str() else {
            // Told where the template was read.
            continue;
        };
        let known = ids.iter().map(TemplateId::as_str);
        let problem = if name == key.text {
            Some("a template cannot stand in for itself".to_owned())
        } else if ids.iter().any(|id| id.as_str() == name) {
            None
        } else {
            Some(format!("there is no template \"{name}\""))
        };
        if let Some(problem) = problem {
            let help = match keys::nearest(name, known.filter(|known| *known != key.text)) {
                Some(near) => format!("write \"{near}\""),
                None => "name another template of this file".to_owned(),
            };
            file.page
                .fault(Fault::at(stand_in.span(), problem).help(help));
        }
    }
}

/// A template as written, and where its parts stand.
struct Written<'d> {
    definition: Definition,
    header_parameter: Option<Text<'d>>,
    parameters: Vec<Text<'d>>,
    buttons: Vec<std::ops::Range<usize>>,
}

fn written<'d>(table: &Table<'d>, id: TemplateId, language: &str) -> Option<Written<'d>> {
    let name = table.required("name", "write name = \"…\", as Meta approved it");
    let text = table.required(
        "text",
        "write text = \"…\", the body exactly as Meta approved it",
    );
    let language = match table.get("language") {
        Some(_) => table.text("language").map(|text| text.text.to_owned()),
        None => Some(language.to_owned()),
    };
    let kinds = [
        Category::Utility,
        Category::Marketing,
        Category::Authentication,
    ];
    let kinds = kinds.map(|category| (category.name(), category));
    let category = table.word("category", &kinds, Category::Utility);
    let ttl = ttl(table, category);
    let fallback = table.text("fallback_template");
    let parts = parts(table);
    let parameters = parameters(table, "parameters");
    let (parameters, parameter_texts) = parameters?;
    let examples = examples(table, &parameters);
    let parts = parts?;
    Some(Written {
        definition: Definition {
            id,
            name: name?.text.to_owned(),
            language: language?,
            header: parts.header,
            text: text?.text.to_owned(),
            footer: parts.footer,
            parameters,
            buttons: parts.buttons,
            category,
            ttl,
            examples: examples?,
            fallback: fallback.and_then(|text| TemplateId::parse(text.text).ok()),
            languages: Vec::new(),
        },
        header_parameter: parts.header_parameter,
        parameters: parameter_texts,
        buttons: parts.button_spans,
    })
}

/// What `table` says of `base` in another language. Name and parameters are those of `base` where it
/// gives none; header, footer and buttons are its own.
fn translated<'d>(table: &Table<'d>, base: &Definition, language: String) -> Option<Written<'d>> {
    let name = match table.get("name") {
        Some(_) => table.text("name").map(|text| text.text.to_owned()),
        None => Some(base.name.clone()),
    };
    let help = "write text = \"…\", the body exactly as Meta approved it in this language";
    let text = table.required("text", help);
    let parts = parts(table);
    let own = table.get("parameters").is_some();
    let (parameters, parameter_texts) = match own {
        true => parameters(table, "parameters")?,
        false => (base.parameters.clone(), Vec::new()),
    };
    let examples = match (table.get("examples").is_some(), own) {
        (false, false) => Some(base.examples.clone()),
        _ => examples(table, &parameters),
    };
    let parts = parts?;
    Some(Written {
        definition: Definition {
            name: name?,
            language,
            header: parts.header,
            text: text?.text.to_owned(),
            footer: parts.footer,
            parameters,
            buttons: parts.buttons,
            examples: examples?,
            languages: Vec::new(),
            ..base.clone()
        },
        header_parameter: parts.header_parameter,
        parameters: parameter_texts,
        buttons: parts.button_spans,
    })
}

/// A template that speaks of digests and serves none, or the other way round.
fn tell_of_digests(table: &Table<'_>, template: &Template) {
    if template.id().as_str() == DIGEST {
        if !template.looks_at(&["digest.list"]) {
            table.warn(
                "parameters",
                "no parameter says {{ digest.list }}: a digest does not name its alarms",
                "put {{ digest.list }} into a parameter",
            );
        }
    } else if let Some(name) = digest::VARIABLES.iter().find(|name| template.uses(&[name])) {
        table.warn(
            "parameters",
            &format!(
                "{name} is empty in every message but a digest, which has a template of its own"
            ),
            "use it in [templates.digest]",
        );
    }
}

/// Tells what is wrong with a template, each at its place.
fn tell(table: &Table<'_>, written: &Written<'_>, faults: &[TemplateFault]) {
    let page: &Page<'_> = table.page;
    for fault in faults {
        let text = match fault.place {
            Place::Name => table.text("name"),
            // Of another language the key of its table says it.
            Place::Language => table.text_if_known("language"),
            Place::Text => table.text("text"),
            Place::Footer => table.text("footer"),
            Place::Header => header_text(table),
            Place::HeaderParameter => written
                .header_parameter
                .clone()
                .or_else(|| header_text(table)),
            Place::Parameter(index) => written.parameters.get(index).cloned(),
            Place::Button(_) => None,
        };
        let span = match fault.place {
            Place::Button(index) => written.buttons.get(index).cloned(),
            Place::Parameter(_) => table.span_of("parameters"),
            Place::Name
            | Place::Language
            | Place::Text
            | Place::Footer
            | Place::Header
            | Place::HeaderParameter => table.span.clone(),
        };
        let told = match text {
            Some(text) => {
                let problem = Problem::new(&fault.message).maybe_help(fault.expected.clone());
                let problem = match &fault.span {
                    Some(part) => problem.inside(part.clone()),
                    None => problem,
                };
                page.problem(&text, problem)
            }
            None => Fault::maybe_at(span, &fault.message).maybe_help(fault.expected.clone()),
        };
        if fault.fatal {
            page.fault(told);
        } else {
            page.warn(told);
        }
    }
}

fn header_text<'d>(table: &Table<'d>) -> Option<Text<'d>> {
    let value = table.get("header")?;
    let value = match value.get_ref() {
        DeValue::Table(inner) => inner.get("text")?,
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_) => value,
    };
    table.as_text("header", value)
}
