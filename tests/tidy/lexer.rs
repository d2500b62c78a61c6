//! Takes Rust apart into code, text and comments, as far as the rules need it.

/// The same text three times, each with the rest blanked out; every byte stays where it was.
#[derive(Debug, Default)]
pub struct Parts {
    /// Code alone: comments, and what stands in quotes, are blank.
    pub code: String,
    /// Code and what stands in quotes.
    pub words: String,
    /// Comments alone.
    pub comments: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Code,
    Text,
    Comment,
}

impl Parts {
    fn push(&mut self, part: Part, c: char) {
        let views = [
            (&mut self.code, part == Part::Code),
            (&mut self.words, part != Part::Comment),
            (&mut self.comments, part == Part::Comment),
        ];
        for (view, kept) in views {
            if kept || c == '\n' {
                view.push(c);
            } else {
                view.extend(std::iter::repeat_n(' ', c.len_utf8()));
            }
        }
    }
}

/// Takes `text` apart.
pub fn parts(text: &str) -> Parts {
    let chars: Vec<char> = text.chars().collect();
    let mut parts = Parts::default();
    let mut at = 0;
    while at < chars.len() {
        let (end, part) = next(&chars, at);
        for (offset, c) in chars[at..end].iter().enumerate() {
            // The quotes themselves are code, so that a text is still seen to stand there.
            let quote = part == Part::Text && (offset == 0 || at + offset + 1 == end);
            parts.push(if quote { Part::Code } else { part }, *c);
        }
        at = end;
    }
    parts
}

/// Where the token that begins at `at` ends, and what it is.
fn next(chars: &[char], at: usize) -> (usize, Part) {
    let rest = &chars[at..];
    let word = |c: &char| c.is_alphanumeric() || *c == '_';
    match rest {
        ['/', '/', ..] => {
            let length = rest.iter().position(|c| *c == '\n');
            (at + length.unwrap_or(rest.len()), Part::Comment)
        }
        ['/', '*', ..] => (at + block_comment(rest), Part::Comment),
        ['"', ..] => (at + quoted(rest), Part::Text),
        ['\'', ..] => match char_literal(rest) {
            Some(length) => (at + length, Part::Text),
            // A lifetime.
            None => (at + 1, Part::Code),
        },
        [first, ..] if word(first) => {
            let length = rest.iter().position(|c| !word(c)).unwrap_or(rest.len());
            let name: String = rest[..length].iter().collect();
            if matches!(name.as_str(), "r" | "br" | "cr")
                && let Some(raw) = raw_text(&rest[length..])
            {
                return (at + length + raw, Part::Text);
            }
            (at + length, Part::Code)
        }
        _ => (at + 1, Part::Code),
    }
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        match &rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn quoted(rest: &[char]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of `'x'` or `'\n'`; `None` for a lifetime.
fn char_literal(rest: &[char]) -> Option<usize> {
    match rest {
        ['\'', '\\', ..] => {
            let end = rest.iter().skip(3).position(|c| *c == '\'')?;
            Some(end + 4)
        }
        ['\'', _, '\'', ..] => Some(3),
        _ => None,
    }
}

/// The length of `#"…"#` behind an `r`; `None` for a raw identifier.
fn raw_text(rest: &[char]) -> Option<usize> {
    let hashes = rest.iter().position(|c| *c != '#')?;
    if rest[hashes] != '"' {
        return None;
    }
    let end: Vec<char> = std::iter::once('"')
        .chain(std::iter::repeat_n('#', hashes))
        .collect();
    let body = &rest[hashes + 1..];
    let length = body.windows(end.len()).position(|w| w == end)?;
    Some(hashes + 1 + length + end.len())
}

#[test]
fn code_text_and_comments_are_told_apart() {
    let text = "let a = \"code // ñot\"; // told /* you\nlet b = r#\"x \" y\"#; /* a /* b */ c */ 'c'; &'static str";
    let parts = parts(text);
    assert_eq!(
        parts.code.split_whitespace().collect::<Vec<_>>().join(" "),
        "let a = \" \"; let b = r #; ' '; &'static str"
    );
    assert!(parts.words.contains("code // ñot") && parts.words.contains("x \" y"));
    assert!(parts.comments.contains("// told /* you") && parts.comments.contains("/* b */ c */"));
    for part in [&parts.code, &parts.words, &parts.comments] {
        assert_eq!(part.lines().count(), 2);
        assert_eq!(part.len(), text.len());
    }
}

#[test]
fn quotes_that_are_no_texts_do_not_swallow_code() {
    for text in [
        "fn f<'a>(x: &'a str) { now() }",
        "match c { '\"' => now(), '\\'' => 1 }",
    ] {
        assert!(parts(text).code.contains("now()"), "{text}");
    }
}
