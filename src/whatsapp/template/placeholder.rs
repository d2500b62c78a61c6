//! The variables in a text that Meta approved: `{{1}}` or `{{name}}`.

use std::ops::Range;

/// A text cut at its variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    segments: Vec<Segment>,
}

/// A stretch of text, or a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    Text(String),
    Variable { name: String, span: Range<usize> },
}

/// Braces that are no variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PatternFault {
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) expected: String,
}

impl Pattern {
    /// Cuts `text`; what is no variable is kept as text and told as a fault.
    pub(super) fn scan(text: &str) -> (Self, Vec<PatternFault>) {
        let (mut segments, mut faults) = (Vec::new(), Vec::new());
        let (mut at, mut plain) = (0, 0);
        while let Some(open) = text[at..].find("{{").map(|n| at + n) {
            let Some(close) = text[open..].find("}}").map(|n| open + n) else {
                faults.push(PatternFault {
                    span: open..open + 2,
                    message: "a variable is opened and not closed".into(),
                    expected: "write }} after its name".into(),
                });
                break;
            };
            let (name, span) = (&text[open + 2..close], open..close + 2);
            at = close + 2;
            if is_variable(name) {
                if plain < open {
                    segments.push(Segment::Text(text[plain..open].to_owned()));
                }
                let name = name.to_owned();
                segments.push(Segment::Variable { name, span });
                plain = at;
            } else {
                faults.push(not_a_variable(name, span));
            }
        }
        if plain < text.len() {
            segments.push(Segment::Text(text[plain..].to_owned()));
        }
        (Self { segments }, faults)
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Names and places of the variables, in the order of the text, repeated where they repeat.
    pub(super) fn variables(&self) -> impl Iterator<Item = (&str, Range<usize>)> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Text(_) => None,
            Segment::Variable { name, span } => Some((name.as_str(), span.clone())),
        })
    }

    /// How long the text is without its variables, in UTF-16 units.
    pub(super) fn fixed_units(&self) -> usize {
        self.segments
            .iter()
            .map(|segment| match segment {
                Segment::Text(text) => text.encode_utf16().count(),
                Segment::Variable { .. } => 0,
            })
            .sum()
    }

    /// The text with `value(name)` for each variable.
    pub(super) fn fill<'a>(&self, value: impl Fn(&str) -> &'a str) -> String {
        let mut text = String::new();
        for segment in &self.segments {
            match segment {
                Segment::Text(plain) => text.push_str(plain),
                Segment::Variable { name, .. } => text.push_str(value(name)),
            }
        }
        text
    }
}

/// `1`, or letters, digits and `_` (whatsapp-cloud-api.md section 2: no `# $ %` in names).
fn is_variable(name: &str) -> bool {
    let digits = name.bytes().all(|b| b.is_ascii_digit());
    let word = name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    match name.bytes().next() {
        None => false,
        Some(first) if first.is_ascii_digit() => digits && first != b'0' && name.len() <= 3,
        Some(_) => word && name.len() <= 64,
    }
}

fn not_a_variable(name: &str, span: Range<usize>) -> PatternFault {
    let mut bare: String = name
        .trim()
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if !is_variable(&bare) {
        bare = "1".to_owned();
    }
    PatternFault {
        span,
        message: format!(
            "{{{{{name}}}}} is no variable: Meta takes a number, or small letters, digits and _"
        ),
        expected: format!("write {{{{{bare}}}}}"),
    }
}
