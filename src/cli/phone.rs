//! A message as a phone would show it: a bubble on the terminal.

use jiff::tz::TimeZone;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use crate::sandbox::Accepted;

/// Columns of text inside the bubble.
const COLUMNS: usize = 44;
const BOLD: &str = "\u{1b}[1m";
const DIM: &str = "\u{1b}[2m";
const PLAIN: &str = "\u{1b}[0m";

/// How bubbles are drawn.
#[derive(Debug, Clone)]
pub(super) struct Style {
    /// Whether bold and dim may be used; without, `*bold*` keeps its asterisks.
    pub(super) colour: bool,
    /// In which zone the time prints.
    pub(super) timezone: TimeZone,
}

/// Draws `message` in a bubble of lines that all are equally wide. `who` names the phone: a
/// contact's name, or the last digits.
#[must_use]
pub(super) fn draw(message: &Accepted, who: &str, style: &Style) -> String {
    draw_ticked(message, who, style, "")
}

/// The same with `ticks` below: how far the message came.
#[must_use]
pub(super) fn draw_ticked(message: &Accepted, who: &str, style: &Style, ticks: &str) -> String {
    let mut bubble = String::new();
    let time = message.at.timestamp().to_zoned(style.timezone.clone());
    rule(
        &mut bubble,
        '╭',
        &shorten(who),
        &time.strftime("%H:%M").to_string(),
        '╮',
    );
    if let Some(header) = &message.header {
        // Meta shows headers in bold.
        let text = clean(header);
        let mut glyphs = plain(&text);
        glyphs
            .iter_mut()
            .for_each(|glyph| glyph.bold = style.colour);
        lines(&mut bubble, glyphs);
    }
    for line in message.body.split('\n') {
        let text = clean(line);
        lines(&mut bubble, glyphs(&text, style.colour));
    }
    if let Some(footer) = &message.footer {
        let text = clean(footer);
        for line in wrap(plain(&text)) {
            let (on, off) = if style.colour { (DIM, PLAIN) } else { ("", "") };
            row(
                &mut bubble,
                &format!("{on}{}{off}", show(&line)),
                width(&line),
            );
        }
    }
    if !message.buttons.is_empty() {
        rule(&mut bubble, '├', "", "", '┤');
    }
    for label in &message.buttons {
        let text = clean(&format!("[ {label} ]"));
        for line in wrap(plain(&text)) {
            let left = (COLUMNS - width(&line)) / 2;
            let centred = format!("{:left$}{}", "", show(&line));
            row(&mut bubble, &centred, left + width(&line));
        }
    }
    rule(&mut bubble, '╰', "", ticks, '╯');
    bubble
}

/// One character as a person counts them.
#[derive(Debug, Clone, Copy)]
struct Glyph<'a> {
    text: &'a str,
    width: usize,
    bold: bool,
}

impl Glyph<'_> {
    fn is_space(&self) -> bool {
        self.text == " "
    }

    fn is_word(&self) -> bool {
        self.text.chars().any(char::is_alphanumeric)
    }
}

/// A horizontal line with a text at its left and one at its right.
fn rule(bubble: &mut String, start: char, left: &str, right: &str, end: char) {
    let pad = |text: &str| match text {
        "" => String::new(),
        text => format!(" {text} "),
    };
    let (left, right) = (pad(left), pad(right));
    let dashes = COLUMNS.saturating_sub(left.width() + right.width());
    bubble.push_str(&format!(
        "{start}─{left}{}{right}─{end}\n",
        "─".repeat(dashes)
    ));
}

fn row(bubble: &mut String, shown: &str, width: usize) {
    let pad = COLUMNS.saturating_sub(width);
    bubble.push_str(&format!("│ {shown}{:pad$} │\n", ""));
}

fn lines(bubble: &mut String, glyphs: Vec<Glyph<'_>>) {
    for line in wrap(glyphs) {
        row(bubble, &show(&line), width(&line));
    }
}

/// Without what would move the cursor or turn the text around: messages come from outside.
pub(super) fn clean(text: &str) -> String {
    let harmful =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.trim_end_matches('\r').replace(harmful, "\u{fffd}")
}

/// As much of `who` as leaves room for the time.
fn shorten(who: &str) -> String {
    let text = clean(who);
    let mut kept = String::new();
    for glyph in plain(&text) {
        if kept.width() + glyph.width > COLUMNS - 12 {
            kept.push('…');
            break;
        }
        kept.push_str(glyph.text);
    }
    kept
}

fn plain(text: &str) -> Vec<Glyph<'_>> {
    text.graphemes(true)
        .map(|text| Glyph {
            text,
            width: text.width(),
            bold: false,
        })
        .collect()
}

/// The glyphs of a line. With `bold`, `*words*` lose their asterisks as on a phone: where one
/// stands before a word, and its partner behind one, on the same line.
fn glyphs(text: &str, bold: bool) -> Vec<Glyph<'_>> {
    let mut glyphs = plain(text);
    if !bold {
        return glyphs;
    }
    let mut at = 0;
    while at < glyphs.len() {
        match partner(&glyphs, at) {
            Some(end) => {
                glyphs[at..end]
                    .iter_mut()
                    .for_each(|glyph| glyph.bold = true);
                glyphs.remove(end);
                glyphs.remove(at);
                at = end - 1;
            }
            None => at += 1,
        }
    }
    glyphs
}

/// Where the asterisk stands that closes the one at `start`, if that opens anything.
fn partner(glyphs: &[Glyph<'_>], start: usize) -> Option<usize> {
    let star = |glyph: &Glyph<'_>| glyph.text == "*";
    let inner = |glyph: &Glyph<'_>| !star(glyph) && !glyph.is_space();
    let opens = star(&glyphs[start])
        && (start == 0 || !glyphs[start - 1].is_word())
        && glyphs.get(start + 1).is_some_and(inner);
    if !opens {
        return None;
    }
    (start + 2..glyphs.len()).find(|end| {
        star(&glyphs[*end])
            && inner(&glyphs[end - 1])
            && glyphs.get(end + 1).is_none_or(|next| !next.is_word())
    })
}

/// Breaks at spaces, and inside a word only where it is longer than a line. Always at least one line.
fn wrap(glyphs: Vec<Glyph<'_>>) -> Vec<Vec<Glyph<'_>>> {
    let mut lines = Vec::new();
    let mut line: Vec<Glyph<'_>> = Vec::new();
    for glyph in glyphs {
        if width(&line) + glyph.width > COLUMNS {
            if glyph.is_space() {
                lines.push(std::mem::take(&mut line));
                continue;
            }
            let rest = match line.iter().rposition(Glyph::is_space) {
                Some(space) => {
                    let rest = line.split_off(space + 1);
                    line.pop();
                    rest
                }
                None => Vec::new(),
            };
            lines.push(std::mem::replace(&mut line, rest));
        }
        line.push(glyph);
    }
    lines.push(line);
    lines
}

fn width(line: &[Glyph<'_>]) -> usize {
    line.iter().map(|glyph| glyph.width).sum()
}

fn show(line: &[Glyph<'_>]) -> String {
    let mut shown = String::new();
    let mut bold = false;
    for glyph in line {
        if glyph.bold != bold {
            shown.push_str(if glyph.bold { BOLD } else { PLAIN });
            bold = glyph.bold;
        }
        shown.push_str(glyph.text);
    }
    if bold {
        shown.push_str(PLAIN);
    }
    shown
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::model::{Phone, Time};
    use proptest::prelude::*;

    fn message(body: &str) -> Accepted {
        Accepted {
            at: Time::from_ms(1_795_356_180_000),
            to: Phone::parse("34600111222").unwrap(),
            template: "alarm".to_owned(),
            language: "en_US".to_owned(),
            parameters: Vec::new(),
            header: None,
            body: body.to_owned(),
            footer: None,
            buttons: Vec::new(),
            taps: Vec::new(),
            number_id: "106540352242922".to_owned(),
            opaque: None,
            wamid: "wamid.x".to_owned(),
            answer_lost: false,
        }
    }

    fn drawn(message: &Accepted, colour: bool) -> String {
        let style = Style {
            colour,
            timezone: TimeZone::UTC,
        };
        draw(message, &message.to.to_string(), &style)
    }

    #[test]
    fn a_message_looks_as_on_a_phone() {
        let message = Accepted {
            header: Some("CRITICAL alarm".to_owned()),
            footer: Some("klaxond".to_owned()),
            buttons: vec!["Acknowledge".to_owned(), "Open".to_owned()],
            ..message(
                "Hello NOC desk! 👋\nThe following alarm was just generated ⚠️\n\n\
                 - *Element:* a very long name of an element that does not fit\nPlease check it.",
            )
        };
        let shown = drawn(&message, false);
        assert_eq!(
            shown,
            "\
╭─ …22 ──────────────────────────────── 14:03 ─╮
│ CRITICAL alarm                               │
│ Hello NOC desk! 👋                           │
│ The following alarm was just generated ⚠️    │
│                                              │
│ - *Element:* a very long name of an element  │
│ that does not fit                            │
│ Please check it.                             │
│ klaxond                                      │
├──────────────────────────────────────────────┤
│               [ Acknowledge ]                │
│                   [ Open ]                   │
╰──────────────────────────────────────────────╯
"
        );
    }

    #[test]
    fn ticks_stand_below_a_message() {
        let style = Style {
            colour: false,
            timezone: TimeZone::UTC,
        };
        let shown = draw_ticked(&message("Alarm."), "NOC desk", &style, "✓✓");
        let last = shown.lines().last().unwrap();
        assert_eq!(last, "╰───────────────────────────────────────── ✓✓ ─╯");
    }

    #[test]
    fn bold_is_bold_where_the_terminal_can() {
        let bold = |text| show(&glyphs(text, true));
        assert_eq!(bold("- *Element:* db1"), "- \u{1b}[1mElement:\u{1b}[0m db1");
        assert_eq!(bold("*a* *b*"), "\u{1b}[1ma\u{1b}[0m \u{1b}[1mb\u{1b}[0m");
        for same in ["2*3*4", "* item", "a * b * c", "*open", "**", "*a *b"] {
            assert_eq!(bold(same), same);
        }
    }

    #[test]
    fn what_would_command_the_terminal_is_not_passed_on() {
        let shown = drawn(&message("\u{1b}[2Jgone\u{7}\u{202e}"), false);
        assert!(shown.contains("\u{fffd}[2Jgone\u{fffd}\u{fffd}"), "{shown}");
    }

    fn word() -> impl Strategy<Value = String> {
        let glyphs = [
            "a",
            "ñ",
            "漢",
            "👩\u{200d}👩\u{200d}👧",
            "⚠\u{fe0f}",
            "🇪🇸",
            "*",
        ];
        prop::collection::vec(prop::sample::select(glyphs.to_vec()), 1..60)
            .prop_map(|glyphs| glyphs.concat())
    }

    proptest! {
        #[test]
        fn every_line_is_equally_wide_and_no_glyph_is_broken(
            words in prop::collection::vec(word(), 0..20),
        ) {
            let body = words.join(" ");
            let shown = drawn(&message(&body), false);
            for line in shown.lines() {
                prop_assert_eq!(plain(line).iter().map(|g| g.width).sum::<usize>(), COLUMNS + 4);
            }
            let glyphs = |text: &str| -> Vec<String> {
                let kept = text.graphemes(true).filter(|g| !matches!(*g, " " | "│"));
                kept.map(str::to_owned).collect()
            };
            let inside: Vec<&str> = shown.lines().filter(|line| line.starts_with('│')).collect();
            prop_assert_eq!(glyphs(&inside.join(" ")), glyphs(&body));
        }
    }
}
