//! `[templates.ID]`: what Meta approved, and how its variables are filled.

use toml::Spanned;
use toml::de::DeValue;

use crate::model::TemplateId;
use crate::whatsapp::template::{
    ButtonDefinition, Definition, HeaderDefinition, Parameters, Place, Template, TemplateFault,
};

use super::contacts::why;
use super::fault::Fault;
use super::keys;
use super::page::{Page, Problem, Text};
use super::reader::{Table, in_order};

const MAX_TEMPLATES: usize = 1_000;
const MAX_PARAMETERS: usize = 100;
const MAX_BUTTONS: usize = 10;

/// The templates of a file.
#[derive(Default)]
pub(super) struct Templates {
    pub(super) compiled: Vec<Template>,
    pub(super) definitions: Vec<Definition>,
    /// Every id that the file gives, also where the rest of the template is wrong.
    pub(super) ids: Vec<TemplateId>,
}

pub(super) fn read(file: &Table<'_>, default_language: &str) -> Templates {
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
        let Some(written) = written(&table, id, default_language) else {
            continue;
        };
        match Template::compile(&written.definition) {
            Ok(template) => {
                tell(&table, &written, template.warnings());
                templates.compiled.push(template);
                templates.definitions.push(written.definition);
            }
            Err(faults) => tell(&table, &written, &faults),
        }
    }
    templates
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
    table.word(
        "category",
        &[("utility", ()), ("marketing", ()), ("authentication", ())],
        (),
    );
    let header = header(table);
    let footer = table.text("footer").map(|text| text.text.to_owned());
    let parameters = parameters(table);
    let buttons = buttons(table);
    let (header, header_parameter) = header?;
    let (parameters, parameter_texts) = parameters?;
    let (buttons, button_spans) = buttons?;
    Some(Written {
        definition: Definition {
            id,
            name: name?.text.to_owned(),
            language: language?,
            header,
            text: text?.text.to_owned(),
            footer,
            parameters,
            buttons,
        },
        header_parameter,
        parameters: parameter_texts,
        buttons: button_spans,
    })
}

type Header<'d> = (Option<HeaderDefinition>, Option<Text<'d>>);

fn header<'d>(table: &Table<'d>) -> Option<Header<'d>> {
    let Some(value) = table.get("header") else {
        return Some((None, None));
    };
    if let DeValue::String(text) = value.get_ref() {
        let text = text.to_string();
        let parameter = None;
        return Some((Some(HeaderDefinition { text, parameter }), None));
    }
    let help = "write header = \"…\" or header = { text = \"… {{1}}\", parameter = \"{{ … }}\" }";
    let Some(header) = table.as_table(value, &keys::HEADER, "the header".to_owned()) else {
        table.wrong_type("header", value, "text or a table", help);
        return None;
    };
    let text = header.required("text", help);
    let parameter = header.text("parameter");
    let definition = HeaderDefinition {
        text: text?.text.to_owned(),
        parameter: parameter.as_ref().map(|text| text.text.to_owned()),
    };
    Some((Some(definition), parameter))
}

fn parameters<'d>(table: &Table<'d>) -> Option<(Parameters, Vec<Text<'d>>)> {
    let Some(value) = table.get("parameters") else {
        return Some((Parameters::Positional(Vec::new()), Vec::new()));
    };
    let help =
        "write parameters = [\"{{ contact.name }}\", \"…\"], one for each variable of the text";
    let (named, entries): (Option<Vec<&str>>, Vec<&'d Spanned<DeValue<'d>>>) = match value.get_ref()
    {
        DeValue::Array(items) => (None, items.iter().collect()),
        DeValue::Table(inner) => {
            let entries = in_order(inner);
            let names = entries.iter().map(|(name, _)| name.text).collect();
            (
                Some(names),
                entries.into_iter().map(|(_, value)| value).collect(),
            )
        }
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => {
            table.wrong_type("parameters", value, "a list or a table", help);
            return None;
        }
    };
    if entries.len() > MAX_PARAMETERS {
        let problem = Problem::new(format!("more than {MAX_PARAMETERS} parameters"));
        table.fault("parameters", problem.help("Meta takes far fewer"));
        return None;
    }
    let expected = entries.len();
    let texts: Vec<Text<'d>> = entries
        .into_iter()
        .filter_map(|value| table.as_text("parameters", value))
        .collect();
    if texts.len() != expected {
        return None;
    }
    let sources = texts.iter().map(|text| text.text.to_owned());
    let parameters = match named {
        Some(names) => {
            Parameters::Named(names.into_iter().map(str::to_owned).zip(sources).collect())
        }
        None => Parameters::Positional(sources.collect()),
    };
    Some((parameters, texts))
}

fn buttons(table: &Table<'_>) -> Option<(Vec<ButtonDefinition>, Vec<std::ops::Range<usize>>)> {
    let Some(value) = table.get("buttons") else {
        return Some((Vec::new(), Vec::new()));
    };
    let help = "write buttons = [{ quick_reply = \"Acknowledge\" }, { url = \"https://…\", text = \"Open\" }]";
    let DeValue::Array(items) = value.get_ref() else {
        table.wrong_type("buttons", value, "a list of tables", help);
        return None;
    };
    if items.len() > MAX_BUTTONS {
        let problem = Problem::new(format!("more than {MAX_BUTTONS} buttons"));
        table.fault("buttons", problem.help("Meta takes ten at most"));
        return None;
    }
    let read: Vec<Option<ButtonDefinition>> =
        items.iter().map(|item| button(table, item, help)).collect();
    let spans = items.iter().map(Spanned::span).collect();
    Some((read.into_iter().collect::<Option<Vec<_>>>()?, spans))
}

fn button<'d>(
    table: &Table<'d>,
    item: &'d Spanned<DeValue<'d>>,
    help: &str,
) -> Option<ButtonDefinition> {
    let DeValue::Table(inner) = item.get_ref() else {
        table.wrong_type("buttons", item, "a list of tables", help);
        return None;
    };
    let optional = |text: Option<Text<'_>>| text.map(|text| text.text.to_owned());
    let name = "this button".to_owned();
    if inner.contains_key("url") {
        let button = table.as_table(item, &keys::URL_BUTTON, name)?;
        let text = button.required("text", "write text = \"…\", the label of the button");
        let url = button.required("url", "write url = \"https://…\"");
        Some(ButtonDefinition::Url {
            text: text?.text.to_owned(),
            url: url?.text.to_owned(),
            parameter: optional(button.text("parameter")),
        })
    } else {
        let button = table.as_table(item, &keys::QUICK_REPLY, name)?;
        Some(ButtonDefinition::QuickReply {
            text: button.required("quick_reply", help)?.text.to_owned(),
            payload: optional(button.text("payload")),
        })
    }
}

/// Tells what is wrong with a template, each at its place.
fn tell(table: &Table<'_>, written: &Written<'_>, faults: &[TemplateFault]) {
    let page: &Page<'_> = table.page;
    for fault in faults {
        let text = match fault.place {
            Place::Name => table.text("name"),
            Place::Language => table.text("language"),
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
