//! The last hour as a small plot: a bar a minute, drawn by the server.

use std::fmt::Write;

/// Height of the tallest bar.
const HEIGHT: u64 = 30;
/// From one bar to the next.
const STEP: usize = 4;

/// The bars of `minutes` as SVG that says `name` and its figures in words.
pub(super) fn plot(name: &str, minutes: &[u32]) -> String {
    let most = u64::from(minutes.iter().copied().max().unwrap_or(0));
    let sum: u64 = minutes.iter().copied().map(u64::from).sum();
    let mut bars = String::new();
    for (n, count) in minutes.iter().enumerate().filter(|(_, count)| **count > 0) {
        // A minute with one in it is seen beside one with thousands.
        let height = (u64::from(*count) * HEIGHT / most.max(1)).max(2);
        let (x, y) = (n * STEP, HEIGHT - height + 1);
        // Writing into a string cannot fail.
        let _ = write!(bars, "M{x} {y}h3v{height}h-3z");
    }
    let width = minutes.len() * STEP;
    let base = HEIGHT + 1;
    format!(
        "<svg class=\"plot\" viewBox=\"0 0 {width} {}\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"{name} in the last hour: {sum}, at most {most} in a minute\">\
         <path class=\"bars\" d=\"{bars}\"/><path class=\"base\" d=\"M0 {base}.5H{width}\"/></svg>",
        HEIGHT + 2
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_tall_as_their_minute_and_the_words_tell_the_figures() {
        let svg = plot("delivered", &[0, 10, 5, 0]);
        assert!(svg.contains("M4 1h3v30h-3z"), "{svg}");
        assert!(svg.contains("M8 16h3v15h-3z"), "{svg}");
        assert!(svg.contains("delivered in the last hour: 15, at most 10 in a minute"));
        assert!(plot("none", &[0; 60]).contains("class=\"bars\" d=\"\""));
    }
}
