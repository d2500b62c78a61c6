//! Whether a definition is one that Meta can have approved (whatsapp-cloud-api.md section 2).

use super::definition::{ButtonDefinition, Definition, Parameters};
use super::fault::{Place, TemplateFault};
use super::placeholder::{Pattern, Segment};
use super::sanitise::units;

/// Longest body, before and after its variables are filled, in characters.
pub(super) const MAX_BODY: usize = 1024;
/// Longest text header, in characters.
pub(super) const MAX_HEADER: usize = 60;
const MAX_FOOTER: usize = 60;
const MAX_LABEL: usize = 25;
/// Longest address of a button, with its variable filled.
pub(super) const MAX_URL: usize = 2000;
const MAX_NAME: usize = 512;
const MAX_BUTTONS: usize = 10;
const MAX_URL_BUTTONS: usize = 2;
/// From this many on, and when kinds are mixed, WhatsApp on a desktop shows no message.
const DESKTOP_BUTTONS: usize = 4;

/// Everything about `definition` that shows without looking into its parameters.
pub(super) fn form(definition: &Definition) -> Vec<TemplateFault> {
    let mut faults = Vec::new();
    faults.extend(name(&definition.name));
    faults.extend(language(&definition.language));
    if let Some(header) = &definition.header {
        faults.extend(length(Place::Header, "a header", &header.text, MAX_HEADER));
        if header.text.contains(['\n', '\r']) {
            let fault = TemplateFault::new(Place::Header, "a header has one line");
            faults.push(fault.warning());
        }
    }
    faults.extend(length(Place::Text, "a text", &definition.text, MAX_BODY));
    if let Some(footer) = &definition.footer {
        faults.extend(length(Place::Footer, "a footer", footer, MAX_FOOTER));
        faults.extend(no_variables(Place::Footer, "a footer", footer));
    }
    faults.extend(buttons(&definition.buttons));
    faults
}

fn name(name: &str) -> Option<TemplateFault> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !name.is_empty() && name.len() <= MAX_NAME && name.chars().all(good) {
        return None;
    }
    let fault = TemplateFault::new(
        Place::Name,
        "a template's name is 1 to 512 small letters, digits and _",
    );
    let near: String = name
        .to_lowercase()
        .chars()
        .map(|c| if good(c) { c } else { '_' })
        .take(MAX_NAME)
        .collect();
    Some(match near.is_empty() {
        true => fault.expect("write the name Meta approved it under"),
        false => fault.expect(format!("write {near}")),
    })
}

/// `en`, `en_US`: Meta's list has two or three small letters, then a country in capitals.
fn language(code: &str) -> Option<TemplateFault> {
    let (tongue, country) = code
        .split_once('_')
        .map_or((code, None), |(a, b)| (a, Some(b)));
    let tongue_good =
        (2..=3).contains(&tongue.len()) && tongue.bytes().all(|b| b.is_ascii_lowercase());
    let country_good = country.is_none_or(|country| {
        (2..=4).contains(&country.len()) && country.bytes().all(|b| b.is_ascii_uppercase())
    });
    if tongue_good && country_good {
        return None;
    }
    let fault = TemplateFault::new(Place::Language, "a language is written as en or en_US");
    let (tongue, country) = code.split_once(['-', '_']).unwrap_or((code, ""));
    let near = match country {
        "" => tongue.to_lowercase(),
        country => format!("{}_{}", tongue.to_lowercase(), country.to_uppercase()),
    };
    Some(match near != code && language(&near).is_none() {
        true => fault.expect(format!("write {near}")),
        false => fault.expect("write the code Meta shows beside the template"),
    })
}

fn length(place: Place, what: &str, text: &str, max: usize) -> Option<TemplateFault> {
    let is = units(text);
    if text.trim().is_empty() {
        Some(TemplateFault::new(place, format!("{what} cannot be empty")))
    } else if is > max {
        let message = format!("{what} has at most {max} characters, this one has {is}");
        Some(TemplateFault::new(place, message))
    } else {
        None
    }
}

fn no_variables(place: Place, what: &str, text: &str) -> Option<TemplateFault> {
    let (pattern, _) = Pattern::scan(text);
    let (_, span) = pattern.variables().next()?;
    Some(TemplateFault::new(place, format!("{what} cannot have variables")).at(span))
}

fn buttons(buttons: &[ButtonDefinition]) -> Vec<TemplateFault> {
    let mut faults = Vec::new();
    let quick: Vec<bool> = buttons
        .iter()
        .map(|button| matches!(button, ButtonDefinition::QuickReply { .. }))
        .collect();
    for (n, button) in buttons.iter().enumerate() {
        let (ButtonDefinition::QuickReply { text, .. } | ButtonDefinition::Url { text, .. }) =
            button;
        faults.extend(length(Place::Button(n), "a label", text, MAX_LABEL));
        faults.extend(no_variables(Place::Button(n), "a label", text));
        if n == MAX_BUTTONS {
            let message = format!("a template has at most {MAX_BUTTONS} buttons");
            faults.push(TemplateFault::new(Place::Button(n), message));
        }
    }
    let addresses = quick.iter().enumerate().filter(|(_, quick)| !**quick);
    if let Some((n, _)) = addresses.clone().nth(MAX_URL_BUTTONS) {
        let message = format!("a template has at most {MAX_URL_BUTTONS} url buttons");
        faults.push(TemplateFault::new(Place::Button(n), message));
    }
    let changes = quick.windows(2).filter(|pair| pair[0] != pair[1]).count();
    if changes > 1 {
        let n = quick.iter().rposition(|quick| *quick).unwrap_or(0);
        let fault = TemplateFault::new(Place::Button(n), "quick replies must stand together");
        faults.push(fault.expect("put them before or after the url buttons"));
    }
    if buttons.len() >= DESKTOP_BUTTONS || changes > 0 {
        let message = "WhatsApp on a desktop does not show messages with four buttons or more, \
                       or with quick replies beside other kinds";
        faults.push(TemplateFault::new(Place::Button(0), message).warning());
    }
    faults
}

/// What Meta refuses when a template is handed in; an approved one that has it works.
pub(super) fn creation_rules(body: &Pattern) -> Vec<TemplateFault> {
    let mut faults = Vec::new();
    let segments: Vec<&Segment> = body
        .segments()
        .iter()
        .filter(|segment| match segment {
            Segment::Text(text) => !text.trim().is_empty(),
            Segment::Variable { .. } => true,
        })
        .collect();
    let mut warn = |segment: &Segment, message: &str| {
        if let Segment::Variable { name, span } = segment {
            let fault = TemplateFault::new(Place::Text, message)
                .at(span.clone())
                .warning();
            faults.push(fault.expect(format!("put words beside {{{{{name}}}}}")));
        }
    };
    if let Some(first) = segments.first() {
        warn(first, "Meta refuses a text that begins with a variable");
    }
    if let Some(last) = segments.last() {
        warn(last, "Meta refuses a text that ends with a variable");
    }
    for pair in segments.windows(2) {
        if let [Segment::Variable { .. }, second] = pair {
            warn(second, "Meta refuses variables next to each other");
        }
    }
    faults
}

/// Whether what the text leaves open is what `parameters` fills.
pub(super) fn agreement(body: &Pattern, parameters: &Parameters) -> Vec<TemplateFault> {
    let numbered = |name: &str| name.bytes().all(|b| b.is_ascii_digit());
    let number = body.variables().find(|(name, _)| numbered(name));
    let word = body.variables().find(|(name, _)| !numbered(name));
    match (number, word, parameters) {
        (Some(_), Some((name, span)), _) => {
            let message = "variables are numbers or names, not both in one template";
            let fault = TemplateFault::new(Place::Text, message).at(span);
            vec![fault.expect(format!("write a number for {name}, or names everywhere"))]
        }
        (None, Some((name, span)), Parameters::Positional(list)) if !list.is_empty() => {
            let message = "the text has names for its variables and parameters is a list";
            let fault = TemplateFault::new(Place::Text, message).at(span);
            vec![fault.expect(format!("write parameters = {{ {name} = \"…\" }}"))]
        }
        (Some((_, span)), None, Parameters::Named(list)) if !list.is_empty() => {
            let message = "the text has numbers for its variables and parameters has names";
            let fault = TemplateFault::new(Place::Text, message).at(span);
            vec![fault.expect("write parameters = [\"…\", \"…\"], {{1}} first")]
        }
        (_, Some(_), Parameters::Positional(_)) => named(body, &[]),
        (_, _, Parameters::Positional(list)) => positional(body, list.len()),
        (Some(_), _, Parameters::Named(_)) => positional(body, 0),
        (_, _, Parameters::Named(list)) => named(body, list),
    }
}

fn positional(body: &Pattern, filled: usize) -> Vec<TemplateFault> {
    let mut faults = Vec::new();
    let numbers: Vec<_> = body
        .variables()
        .filter_map(|(name, span)| Some((name.parse::<usize>().ok()?, span)))
        .collect();
    let highest = numbers.iter().map(|(number, _)| *number).max().unwrap_or(0);
    let used = |n: usize| numbers.iter().find(|(number, _)| *number == n);
    let gap = (1..=highest).find(|n| used(*n).is_none());
    if let Some(gap) = gap {
        let message = format!("{{{{{gap}}}}} is missing");
        let fault = TemplateFault::new(Place::Text, message);
        faults.push(
            fault.expect(format!("number the variables 1 to {} without holes", {
                let mut distinct: Vec<_> = numbers.iter().map(|(number, _)| number).collect();
                distinct.sort_unstable();
                distinct.dedup();
                distinct.len()
            })),
        );
        return faults;
    }
    for n in filled + 1..=highest {
        let fault = TemplateFault::new(Place::Text, format!("nothing fills {{{{{n}}}}}")).expect(
            format!("the text needs {highest} values, parameters has {filled}"),
        );
        faults.push(match used(n) {
            Some((_, span)) => fault.at(span.clone()),
            None => fault,
        });
    }
    for n in highest..filled {
        let message = format!("the text has no {{{{{}}}}}", n + 1);
        let fault = TemplateFault::new(Place::Parameter(n), message);
        faults.push(fault.expect(format!(
            "the text needs {highest} values, parameters has {filled}"
        )));
    }
    faults
}

fn named(body: &Pattern, parameters: &[(String, String)]) -> Vec<TemplateFault> {
    let mut faults = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for (name, span) in body.variables() {
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        if !parameters.iter().any(|(known, _)| known == name) {
            let fault = TemplateFault::new(Place::Text, format!("nothing fills {{{{{name}}}}}"));
            let expected = format!("add {name} = \"…\" to parameters");
            faults.push(fault.at(span).expect(expected));
        }
    }
    for (n, (name, _)) in parameters.iter().enumerate() {
        if !seen.contains(&name.as_str()) {
            let message = format!("the text has no {{{{{name}}}}}");
            let fault = TemplateFault::new(Place::Parameter(n), message);
            faults.push(fault.expect(match seen.is_empty() {
                true => "it has no variables".to_owned(),
                false => format!("it has {}", seen.join(", ")),
            }));
        }
    }
    faults
}
