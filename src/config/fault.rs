//! What is wrong in a config file, and where.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::mask::Mask;
use super::render;

/// One mistake, or one thing worth a second look, with its place in the file.
#[derive(Clone)]
pub struct Fault {
    pub(super) warning: bool,
    /// Bytes of the file; `None` speaks of the file as a whole.
    pub(super) span: Option<Range<usize>>,
    pub(super) message: String,
    pub(super) help: Option<String>,
    /// A second place that has to do with it, and what is there.
    pub(super) other: Option<(Range<usize>, &'static str)>,
    /// It follows from the rest of the file, so that it says nothing when a part cannot be read.
    pub(super) follows: bool,
    line: usize,
    column: usize,
}

impl Fault {
    /// Something at `span`.
    pub(super) fn at(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            warning: false,
            span: Some(span),
            message: message.into(),
            help: None,
            other: None,
            follows: false,
            line: 1,
            column: 1,
        }
    }

    /// Something at `span`, or about the file as a whole.
    pub(super) fn maybe_at(span: Option<Range<usize>>, message: impl Into<String>) -> Self {
        Self {
            span,
            ..Self::at(0..0, message)
        }
    }

    /// Says what to write instead.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says what to write instead, if that is known.
    pub(super) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// Points at a second place.
    pub(super) fn other(mut self, span: Range<usize>, label: &'static str) -> Self {
        self.other = Some((span, label));
        self
    }

    /// Marks that it follows from the rest of the file.
    pub(super) fn follows(mut self) -> Self {
        self.follows = true;
        self
    }

    /// Makes a warning of it: the file can be used all the same.
    pub(super) fn warning(mut self) -> Self {
        self.warning = true;
        self
    }

    /// The line in the file, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column in the line, in characters, from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is wrong, as a lowercase fragment.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to write instead. It may repeat what the file says, numbers too: for a terminal, not for
    /// a log.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, .. } = self;
        write!(
            f,
            "Fault({line}:{column}: {})",
            without_numbers(&self.message)
        )
    }
}

/// Everything that was found in one file, in the order of the file.
#[derive(Clone)]
pub struct Faults {
    file: Arc<str>,
    /// The file with secrets blotted out; same bytes, same lines.
    shown: Arc<str>,
    list: Vec<Fault>,
    /// How many more there were than are kept.
    left_out: usize,
}

impl Faults {
    /// How many are kept of one file.
    const MAX: usize = 200;

    /// Puts faults in order and blots secrets out of what they say.
    pub(super) fn new(file: &str, text: &str, mask: &Mask, mut list: Vec<Fault>) -> Self {
        let shown: Arc<str> = mask.cover(text).into();
        list.sort_by_key(|fault| fault.span.as_ref().map_or(0, |span| span.start));
        let left_out = list.len().saturating_sub(Self::MAX);
        list.truncate(Self::MAX);
        let starts = line_starts(&shown);
        for fault in &mut list {
            fault.message = mask.clean(&fault.message);
            fault.help = fault.help.take().map(|help| mask.clean(&help));
            if let Some(span) = fault.span.take() {
                let span = inside_text(&shown, span);
                (fault.line, fault.column) = position(&shown, &starts, span.start);
                fault.span = Some(span);
            }
            if let Some((span, label)) = fault.other.take() {
                fault.other = Some((inside_text(&shown, span), label));
            }
        }
        Self {
            file: file.into(),
            shown,
            list,
            left_out,
        }
    }

    /// One fault about the file as a whole.
    pub(super) fn whole(file: &str, fault: Fault) -> Self {
        Self::new(file, "", &Mask::default(), vec![fault])
    }

    /// The file they were found in, as it was named.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len().saturating_add(self.left_out)
    }

    /// They, in the order of the file; at most 200.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.list.iter()
    }

    /// The text that `fault` underlines, without secrets.
    #[must_use]
    pub fn underlined(&self, fault: &Fault) -> &str {
        fault
            .span
            .clone()
            .and_then(|span| self.shown.get(span))
            .unwrap_or("")
    }

    /// They with the lines of the file, underlined, for a terminal. Secrets are blotted out.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let mut text = String::new();
        for fault in &self.list {
            text.push_str(&render::render(&self.file, &self.shown, fault, colour));
            text.push_str("\n\n");
        }
        if self.left_out > 0 {
            text.push_str(&format!("and {} more\n", self.left_out));
        }
        text
    }

    /// One line each, `config.toml:12:9: message`, without text of the file and without phone
    /// numbers: for a log.
    #[must_use]
    pub fn summary(&self) -> Vec<String> {
        let line = |fault: &Fault| {
            let said = without_numbers(&fault.message);
            match fault.span {
                Some(_) => format!("{}:{}:{}: {said}", self.file, fault.line, fault.column),
                None => format!("{}: {said}", self.file),
            }
        };
        let more = (self.left_out > 0).then(|| format!("and {} more", self.left_out));
        self.list.iter().map(line).chain(more).collect()
    }
}

impl<'f> IntoIterator for &'f Faults {
    type Item = &'f Fault;
    type IntoIter = std::slice::Iter<'f, Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.summary()).finish()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary().join("\n"))
    }
}

impl std::error::Error for Faults {}

/// `text` on one line, with every run of seven or more digits shortened to its last two.
fn without_numbers(text: &str) -> String {
    const NUMBER: usize = 7;
    let mut kept = String::with_capacity(text.len());
    let mut digits = String::new();
    for c in text.chars().map(Some).chain([None]) {
        match c {
            Some(digit) if digit.is_ascii_digit() => digits.push(digit),
            other => {
                if digits.len() >= NUMBER {
                    kept.push('…');
                    kept.push_str(&digits[digits.len() - 2..]);
                } else {
                    kept.push_str(&digits);
                }
                digits.clear();
                kept.extend(other.map(|c| if c.is_control() { ' ' } else { c }));
            }
        }
    }
    kept
}

/// The nearest span of whole characters that lies in `text`.
fn inside_text(text: &str, span: Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start);
    let end = text.ceil_char_boundary(span.end).max(start);
    start..end
}

fn line_starts(text: &str) -> Vec<usize> {
    let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
    std::iter::once(0)
        .chain(breaks.map(|(at, _)| at + 1))
        .collect()
}

/// Line and column of the byte `at`, both from 1.
fn position(text: &str, starts: &[usize], at: usize) -> (usize, usize) {
    let line = starts.partition_point(|start| *start <= at).max(1);
    let start = starts.get(line - 1).copied().unwrap_or(0);
    let before = text.get(start..at).unwrap_or("");
    (line, before.chars().count() + 1)
}
