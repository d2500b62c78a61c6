//! A definition made ready to render.

use std::fmt;
use std::sync::Arc;

use crate::model::{Contact, TemplateId};

use super::check::{self, MAX_URL};
use super::definition::{ButtonDefinition, Category, Definition, Parameters};
use super::fault::{Place, TemplateFault};
use super::parameter::{Source, Sources};
use super::placeholder::Pattern;
use super::sanitise::units;
use super::words::{Vocabulary, Words, tongue};

/// A template that is known to render. Cheap to clone.
#[derive(Clone)]
pub struct Template(pub(super) Arc<Parts>);

/// What a template is made of.
pub(super) struct Parts {
    pub(super) id: TemplateId,
    pub(super) name: String,
    pub(super) language: String,
    /// Whether every parameter carries the name of its variable.
    pub(super) named: bool,
    pub(super) header: Option<Pattern>,
    pub(super) body: Pattern,
    /// The body's variables in the order of `parameters`.
    pub(super) variables: Vec<Variable>,
    pub(super) footer: Option<String>,
    pub(super) buttons: Vec<Button>,
    pub(super) sources: Sources,
    /// What klaxond's own words are in its language.
    words: Arc<Words>,
    definition: Definition,
    /// The same in other languages.
    languages: Vec<Template>,
    warnings: Vec<TemplateFault>,
}

/// A variable of the body.
pub(super) struct Variable {
    pub(super) name: String,
    /// How often it stands in the text.
    pub(super) uses: usize,
}

/// A button as it is sent and shown.
pub(super) struct Button {
    pub(super) label: String,
    pub(super) kind: ButtonKind,
}

/// What a button does.
pub(super) enum ButtonKind {
    /// A tap sends the value of the source back, else the id of the message.
    QuickReply { source: Option<Source> },
    /// The source's value goes behind the fixed part of the address, which has so many units.
    Url {
        source: Option<Source>,
        fixed: usize,
    },
}

impl Template {
    /// Checks a definition and compiles its parameters: syntax, names of variables, and one
    /// rendering in a scene that has everything.
    ///
    /// # Errors
    /// Every fault at once, with the warnings; at least one is fatal.
    pub fn compile(definition: &Definition) -> Result<Self, Vec<TemplateFault>> {
        Self::compile_with(definition, &Vocabulary::default())
    }

    /// The same with words for its languages.
    ///
    /// # Errors
    /// As [`Template::compile`]; the faults of another language when its own text is good.
    pub fn compile_with(
        definition: &Definition,
        vocabulary: &Vocabulary,
    ) -> Result<Self, Vec<TemplateFault>> {
        let mut faults = check::form(definition);
        let words = vocabulary.of(&definition.language);
        let mut sources = Sources::new(Arc::clone(&words));

        let known = faults.len();
        let body = scan(Place::Text, &definition.text, &mut faults);
        // With braces that cannot be read it is not known what the text leaves open.
        if faults.len() == known {
            faults.extend(check::creation_rules(&body));
            faults.extend(check::agreement(&body, &definition.parameters));
        }
        let variables = variables(&definition.parameters, &body, &mut sources, &mut faults);
        let header = header(definition, &mut sources, &mut faults);
        let named = is_named(&body, header.as_ref(), &mut faults);
        let buttons = buttons(&definition.buttons, &mut sources, &mut faults);

        if faults.iter().any(|fault| fault.fatal) {
            return Err(faults);
        }
        let languages = definition.languages.iter();
        let languages = languages.map(|other| Self::compile_with(other, vocabulary));
        let languages = languages.collect::<Result<Vec<Self>, _>>()?;
        Ok(Self(Arc::new(Parts {
            id: definition.id.clone(),
            name: definition.name.clone(),
            language: definition.language.clone(),
            named,
            header,
            body,
            variables,
            footer: definition.footer.clone(),
            buttons,
            sources,
            words,
            definition: definition.clone(),
            languages,
            warnings: faults,
        })))
    }

    /// Its key in the config.
    #[must_use]
    pub fn id(&self) -> &TemplateId {
        &self.0.id
    }

    /// The name Meta approved it under.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The language Meta approved it in.
    #[must_use]
    pub fn language(&self) -> &str {
        &self.0.language
    }

    /// As it was written.
    #[must_use]
    pub fn definition(&self) -> &Definition {
        &self.0.definition
    }

    /// What it is submitted as.
    #[must_use]
    pub fn category(&self) -> Category {
        self.0.definition.category
    }

    /// The same in other languages; these have none of their own.
    #[must_use]
    pub fn languages(&self) -> &[Self] {
        &self.0.languages
    }

    /// It and its other languages.
    pub fn each_language(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.languages())
    }

    /// In the language of `contact`: exactly that one, else one of the same tongue (`es` and `es_MX`
    /// are), else its own.
    #[must_use]
    pub fn for_contact(&self, contact: &Contact) -> &Self {
        let Some(wanted) = contact.language.as_deref() else {
            return self;
        };
        let exact = self.each_language().find(|one| one.language() == wanted);
        let near = || {
            self.each_language()
                .find(|one| tongue(one.language()) == tongue(wanted))
        };
        exact.or_else(near).unwrap_or(self)
    }

    /// What klaxond's own words are in its language.
    pub(super) fn words(&self) -> &Words {
        &self.0.words
    }

    /// What Meta would refuse or shows badly; none of it is fatal.
    #[must_use]
    pub fn warnings(&self) -> &[TemplateFault] {
        &self.0.warnings
    }

    /// Whether what the phone shows depends on one of these variables (`alarm.severity`).
    #[must_use]
    pub fn looks_at(&self, names: &[&str]) -> bool {
        let header = Source::text(Place::HeaderParameter);
        self.body_looks_at(names) || self.0.sources.looks_at(header, names)
    }

    /// Whether the body depends on one of these variables.
    pub(super) fn body_looks_at(&self, names: &[&str]) -> bool {
        (0..self.0.variables.len())
            .map(Place::Parameter)
            .any(|place| self.0.sources.looks_at(Source::text(place), names))
    }

    /// Whether anything in it depends on one of these variables, an address or a payload too.
    #[must_use]
    pub fn uses(&self, names: &[&str]) -> bool {
        let looks = |source| self.0.sources.looks_at(source, names);
        self.looks_at(names)
            || (0..self.0.buttons.len())
                .map(Place::Button)
                .any(|place| looks(Source::text(place)) || looks(Source::address(place)))
    }

    /// How many variables the header, the body and each button leave open.
    pub(in crate::whatsapp) fn open_variables(&self) -> OpenVariables {
        let parts = &self.0;
        OpenVariables {
            named: parts.named,
            header: parts.header.as_ref().map_or(0, |h| h.variables().count()),
            body: parts.variables.len(),
            url_buttons: parts
                .buttons
                .iter()
                .map(|button| match button.kind {
                    ButtonKind::QuickReply { .. } => false,
                    ButtonKind::Url { source, .. } => source.is_some(),
                })
                .collect(),
        }
    }
}

/// What a template leaves open, to be compared with what Meta has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::whatsapp) struct OpenVariables {
    pub(in crate::whatsapp) named: bool,
    pub(in crate::whatsapp) header: usize,
    pub(in crate::whatsapp) body: usize,
    /// For each button whether its address has a variable.
    pub(in crate::whatsapp) url_buttons: Vec<bool>,
}

impl OpenVariables {
    /// Whether anything is filled at all.
    pub(in crate::whatsapp) fn has_any(&self) -> bool {
        self.header + self.body > 0
    }

    /// How many buttons have a variable.
    pub(in crate::whatsapp) fn open_buttons(&self) -> usize {
        self.url_buttons.iter().filter(|open| **open).count()
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template")
            .field("id", &self.0.id)
            .field("name", &self.0.name)
            .field("language", &self.0.language)
            .finish_non_exhaustive()
    }
}

fn scan(place: Place, text: &str, faults: &mut Vec<TemplateFault>) -> Pattern {
    let (pattern, found) = Pattern::scan(text);
    faults.extend(found.into_iter().map(|fault| {
        TemplateFault::new(place, fault.message)
            .at(fault.span)
            .expect(fault.expected)
    }));
    pattern
}

fn add(sources: &mut Sources, source: Source, text: &str, faults: &mut Vec<TemplateFault>) {
    if let Err(found) = sources.add(source, text) {
        faults.extend(found);
    }
}

fn variables(
    parameters: &Parameters,
    body: &Pattern,
    sources: &mut Sources,
    faults: &mut Vec<TemplateFault>,
) -> Vec<Variable> {
    let filled: Vec<(String, &str)> = match parameters {
        Parameters::Positional(list) => list
            .iter()
            .enumerate()
            .map(|(n, text)| ((n + 1).to_string(), text.as_str()))
            .collect(),
        Parameters::Named(list) => list
            .iter()
            .map(|(name, text)| (name.clone(), text.as_str()))
            .collect(),
    };
    let mut variables = Vec::with_capacity(filled.len());
    for (n, (name, text)) in filled.into_iter().enumerate() {
        add(sources, Source::text(Place::Parameter(n)), text, faults);
        let uses = body.variables().filter(|(used, _)| *used == name).count();
        variables.push(Variable { name, uses });
    }
    variables
}

fn header(
    definition: &Definition,
    sources: &mut Sources,
    faults: &mut Vec<TemplateFault>,
) -> Option<Pattern> {
    let header = definition.header.as_ref()?;
    let pattern = scan(Place::Header, &header.text, faults);
    if let Some((_, span)) = pattern.variables().nth(1) {
        let fault = TemplateFault::new(Place::Header, "a header has at most one variable");
        faults.push(fault.at(span));
    }
    match (pattern.variables().next(), &header.parameter) {
        (Some((name, span)), None) => {
            let message = format!("nothing fills {{{{{name}}}}}");
            let fault = TemplateFault::new(Place::Header, message).at(span);
            faults.push(fault.expect("give the header a parameter"));
        }
        (None, Some(_)) => {
            let message = "the header has no variable to fill";
            let fault = TemplateFault::new(Place::HeaderParameter, message);
            faults.push(fault.expect("remove it, or write {{1}} into the header"));
        }
        (Some((name, span)), Some(_))
            if name.starts_with(|c: char| c.is_ascii_digit()) && name != "1" =>
        {
            let fault = TemplateFault::new(Place::Header, "a header numbers its variable 1");
            faults.push(fault.at(span).expect("write {{1}}"));
        }
        (None, None) | (Some(_), Some(_)) => {}
    }
    if let Some(text) = &header.parameter {
        add(sources, Source::text(Place::HeaderParameter), text, faults);
    }
    Some(pattern)
}

fn is_named(body: &Pattern, header: Option<&Pattern>, faults: &mut Vec<TemplateFault>) -> bool {
    let named = |pattern: &Pattern| {
        let (name, _) = pattern.variables().next()?;
        Some(!name.starts_with(|c: char| c.is_ascii_digit()))
    };
    let (body, header) = (named(body), header.and_then(named));
    if let (Some(body), Some(header)) = (body, header)
        && body != header
    {
        let message = "the header and the text both number their variables or both name them";
        faults.push(TemplateFault::new(Place::Header, message));
    }
    body.or(header).unwrap_or(false)
}

fn buttons(
    definitions: &[ButtonDefinition],
    sources: &mut Sources,
    faults: &mut Vec<TemplateFault>,
) -> Vec<Button> {
    let mut buttons = Vec::with_capacity(definitions.len());
    for (n, definition) in definitions.iter().enumerate() {
        let place = Place::Button(n);
        buttons.push(match definition {
            ButtonDefinition::QuickReply { text, payload } => {
                let source = payload.as_deref().map(|payload| {
                    add(sources, Source::text(place), payload, faults);
                    Source::text(place)
                });
                Button {
                    label: text.clone(),
                    kind: ButtonKind::QuickReply { source },
                }
            }
            ButtonDefinition::Url {
                text,
                url,
                parameter,
            } => {
                let open = address(place, url, parameter.is_some(), faults);
                let source = parameter.as_deref().filter(|_| open).map(|parameter| {
                    add(sources, Source::address(place), parameter, faults);
                    Source::address(place)
                });
                Button {
                    label: text.clone(),
                    kind: ButtonKind::Url {
                        source,
                        fixed: Pattern::scan(url).0.fixed_units(),
                    },
                }
            }
        });
    }
    buttons
}

/// Checks an address; whether it ends with a variable.
fn address(place: Place, url: &str, filled: bool, faults: &mut Vec<TemplateFault>) -> bool {
    let pattern = scan(place, url, faults);
    let scheme = ["https://", "http://"]
        .iter()
        .any(|scheme| url.starts_with(scheme));
    if !scheme || url.contains(char::is_whitespace) {
        let fault = TemplateFault::new(place, "url is not a web address");
        faults.push(fault.expect("write it in full, with https://"));
    }
    if units(url) > MAX_URL {
        let message = format!("url has at most {MAX_URL} characters");
        faults.push(TemplateFault::new(place, message));
    }
    let variables: Vec<_> = pattern.variables().collect();
    let open = match variables.as_slice() {
        [] => false,
        [(name, span)] if *name == "1" && span.end == url.len() => true,
        [(_, span), ..] => {
            let message = "url has one variable at most, {{1}} at its end";
            faults.push(TemplateFault::new(place, message).at(span.clone()));
            return false;
        }
    };
    if open && !filled {
        let fault = TemplateFault::new(place, "nothing fills {{1}} in url");
        faults.push(fault.expect("give the button a parameter"));
    } else if !open && filled {
        let fault = TemplateFault::new(place, "url has no variable to fill");
        faults.push(fault.expect("write {{1}} at its end, or remove the parameter"));
    }
    open
}
