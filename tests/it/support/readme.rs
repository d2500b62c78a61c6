//! README.md, taken apart: its examples are run as they stand there.

/// The whole page.
pub const README: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"));

/// The text under the heading `## title`, up to the next one.
pub fn section(title: &str) -> &'static str {
    let heading = format!("\n## {title}\n");
    let start = README
        .find(&heading)
        .unwrap_or_else(|| panic!("no {title}"))
        + heading.len();
    let rest = &README[start..];
    &rest[..rest.find("\n## ").unwrap_or(rest.len())]
}

/// The fenced blocks of a language in `text`, without the indentation that a list gives them.
pub fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<(usize, bool, String)> = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (None, Some(named)) => open = Some((indent, named == language, String::new())),
            (Some(_), Some("")) => {
                let (_, wanted, block) = open.take().unwrap();
                if wanted {
                    found.push(block);
                }
            }
            (Some((indent, _, block)), None) => {
                block.push_str(line.get(*indent..).unwrap_or(""));
                block.push('\n');
            }
            (None, None) => {}
            (Some(_), Some(odd)) => panic!("a fence inside a fence: {odd}"),
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    found
}

/// The rows of the tables in `text` as their cells, without heads and rulers.
pub fn rows(text: &str) -> Vec<Vec<String>> {
    let lines: Vec<&str> = text.lines().collect();
    let is_ruler = |line: &&str| line.starts_with("|---");
    let body = |(at, line): (usize, &&str)| {
        let is_head = lines.get(at + 1).is_some_and(is_ruler);
        (line.starts_with('|') && !is_ruler(line) && !is_head).then(|| cells(line))
    };
    lines.iter().enumerate().filter_map(body).collect()
}

fn cells(line: &str) -> Vec<String> {
    let inner = line.trim_matches('|');
    inner
        .split('|')
        .map(|cell| cell.trim().to_owned())
        .collect()
}

/// What stands between backticks in `text`.
pub fn code(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Text outside the fences, where backticks are code.
pub fn prose(text: &str) -> String {
    let mut fenced = false;
    let mut kept = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            kept.push_str(line);
            kept.push(' ');
        }
    }
    kept
}

/// The `klaxond …` command lines of a shell text: what stands before a comment, after pipes.
pub fn commands(shell: &str) -> Vec<Vec<String>> {
    let joined = shell.replace("\\\n", " ");
    joined
        .lines()
        .flat_map(|line| {
            split(line)
                .split(|word| word == "|")
                .map(<[_]>::to_vec)
                .collect::<Vec<_>>()
        })
        .filter(|words| words.first().is_some_and(|word| word == "klaxond"))
        .collect()
}

/// Words as a shell would split them; single quotes keep a word together, `#` ends the line.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '#' if !quoted && word.is_none() => break,
            c if c.is_whitespace() && !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
