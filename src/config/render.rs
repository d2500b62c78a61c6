//! A fault as people see it: the line of the file, underlined.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::fault::Fault;

/// The fault with its place in `text`, without a line break at the end.
pub(super) fn render(file: &str, text: &str, fault: &Fault, colour: bool) -> String {
    let level = if fault.warning {
        Level::WARNING
    } else {
        Level::ERROR
    };
    let mut group = Group::with_title(level.primary_title(fault.message()));
    group = match &fault.span {
        Some(span) => group.element(snippet(file, text, span, fault)),
        None => group.element(Origin::path(file)),
    };
    if let Some(help) = fault.advice() {
        group = group.element(Level::HELP.message(help));
    }
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.decor_style(DecorStyle::Ascii).render(&[group])
}

fn snippet<'t>(
    file: &'t str,
    text: &'t str,
    span: &Range<usize>,
    fault: &Fault,
) -> Snippet<'t, annotate_snippets::Annotation<'t>> {
    let main = first_line(text, span);
    let other = fault
        .other
        .as_ref()
        .map(|(span, label)| (first_line(text, span), *label));
    // Only the lines concerned are handed over: a large file is not searched anew for every fault.
    let (mut from, mut to) = (main.start, main.end);
    if let Some((span, _)) = &other {
        from = from.min(span.start);
        to = to.max(span.end);
    }
    let from = text[..from].rfind('\n').map_or(0, |at| at + 1);
    let to = text[to..].find('\n').map_or(text.len(), |at| to + at);
    let shift = |span: Range<usize>| span.start - from..span.end - from;
    let mut snippet = Snippet::source(&text[from..to])
        .path(file)
        .line_start(text[..from].bytes().filter(|byte| *byte == b'\n').count() + 1)
        .annotation(AnnotationKind::Primary.span(shift(main)));
    if let Some((span, label)) = other {
        snippet = snippet.annotation(AnnotationKind::Context.span(shift(span)).label(label));
    }
    snippet
}

/// The part of `span` on its first line that holds something.
fn first_line(text: &str, span: &Range<usize>) -> Range<usize> {
    let part = text.get(span.clone()).unwrap_or("");
    let blank = part.len() - part.trim_start().len();
    let line = part[blank..].lines().next().unwrap_or("").trim_end();
    if line.is_empty() {
        span.start..span.start
    } else {
        let start = span.start + blank;
        start..start + line.len()
    }
}
