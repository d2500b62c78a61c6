//! "30s", "64MiB", "0660": how amounts are written.

use std::time::Duration;

use super::page::Problem;

/// A span of time as the config writes it, for command lines: `30s`, `1h30m`.
///
/// # Errors
/// What to write instead.
pub fn span(text: &str) -> Result<Duration, String> {
    duration(text).map_err(|_| {
        "write a number and a unit (ms, s, m, h, d, w), such as 30s or 1h30m".to_owned()
    })
}

/// Reads a span of time: `30s`, `5m`, `1h30m`, `30d`, `250ms`.
pub(super) fn duration(text: &str) -> Result<Duration, Problem> {
    let wrong = || {
        let bare = text.trim();
        let help = if !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_digit()) {
            format!("say the unit: write \"{bare}s\" for seconds or \"{bare}m\" for minutes")
        } else {
            "write a number and a unit (ms, s, m, h, d, w), such as \"30s\" or \"1h30m\"".to_owned()
        };
        Problem::new(format!("\"{text}\" is not a span of time")).help(help)
    };
    let mut rest = text;
    let mut total_ms: u64 = 0;
    let mut largest = u64::MAX;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let amount: u64 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit_ms: u64 = match &rest[..letters] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            _ => return Err(wrong()),
        };
        if unit_ms >= largest {
            return Err(wrong());
        }
        largest = unit_ms;
        rest = &rest[letters..];
        total_ms = amount
            .checked_mul(unit_ms)
            .and_then(|ms| total_ms.checked_add(ms))
            .ok_or_else(wrong)?;
    }
    Ok(Duration::from_millis(total_ms))
}

/// Writes a span of time as people write it in the config: `1h30m`.
#[must_use]
pub fn show_duration(span: Duration) -> String {
    let mut left_ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, unit_ms) in [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ] {
        if left_ms >= unit_ms {
            text.push_str(&format!("{}{unit}", left_ms / unit_ms));
            left_ms %= unit_ms;
        }
    }
    if text.is_empty() {
        "0s".to_owned()
    } else {
        text
    }
}

/// Reads a number of bytes: `64KiB`, `64MiB`, `1GiB`, `512B`.
pub(super) fn size(text: &str) -> Result<u64, Problem> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (amount, unit) = text.split_at(digits);
    let wrong = |help: String| Problem::new(format!("\"{text}\" is not a size")).help(help);
    let plain =
        || wrong("write a number and a unit (B, KiB, MiB, GiB), such as \"64MiB\"".to_owned());
    let value: u64 = amount.parse().map_err(|_| plain())?;
    let scale: u64 = match unit {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => {
            let letter = unit
                .trim_start()
                .chars()
                .next()
                .map(|c| c.to_ascii_uppercase());
            return Err(match letter {
                Some(letter @ ('K' | 'M' | 'G')) => wrong(format!("write \"{amount}{letter}iB\"")),
                _ => plain(),
            });
        }
    };
    value.checked_mul(scale).ok_or_else(plain)
}

/// Writes a number of bytes as [`size`] reads it.
pub(super) fn show_size(bytes: u64) -> String {
    let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    units
        .into_iter()
        .find(|(_, unit)| bytes >= *unit && bytes.is_multiple_of(*unit))
        .map_or_else(
            || format!("{bytes}B"),
            |(name, unit)| format!("{}{name}", bytes / unit),
        )
}

/// Reads a file mode: `0660`.
pub(super) fn mode(text: &str) -> Result<u32, Problem> {
    let octal = (3..=4).contains(&text.len()) && text.bytes().all(|b| (b'0'..=b'7').contains(&b));
    match u32::from_str_radix(text, 8) {
        Ok(mode) if octal && mode <= 0o777 => Ok(mode),
        _ => Err(Problem::new(format!("\"{text}\" is not a file mode"))
            .help("write three octal digits behind a 0, such as \"0660\"")),
    }
}
