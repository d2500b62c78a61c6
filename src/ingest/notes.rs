//! Texts of a record: cleaned, quoted, and remarked on within bounds.

use std::borrow::Cow;

/// Remarks on one record; the first sixteen are kept.
#[derive(Debug, Default)]
pub(super) struct Notes(Vec<String>);

impl Notes {
    const MAX: usize = 16;

    pub(super) fn push(&mut self, note: impl Into<String>) {
        if self.0.len() < Self::MAX {
            self.0.push(note.into());
        }
    }

    pub(super) fn into_vec(self) -> Vec<String> {
        self.0
    }
}

/// `text` with every control character (NUL, U+001F, newlines, DEL, C1) replaced by a space: what
/// would split a line, a key of the store or a terminal does not get past the codecs.
pub(super) fn clean(text: Cow<'_, str>) -> String {
    // One pass that the compiler turns into wide instructions; 0xC2 leads the C1 characters.
    let suspicious = text.bytes().fold(false, |found, byte| {
        found | (byte < 0x20) | (byte == 0x7f) | (byte == 0xc2)
    });
    if suspicious {
        text.chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect()
    } else {
        text.into_owned()
    }
}

/// `text` between backticks, or the word empty, for an error or a note: without control characters, at most 40 of its
/// characters.
pub(super) fn quoted(text: &str) -> String {
    const MAX_CHARS: usize = 40;
    if text.is_empty() {
        return "empty".to_owned();
    }
    let mut out = String::from("`");
    let mut chars = text.chars();
    out.extend(
        chars
            .by_ref()
            .take(MAX_CHARS)
            .map(|c| if c.is_control() { ' ' } else { c }),
    );
    if chars.next().is_some() {
        out.push('…');
    }
    out.push('`');
    out
}
