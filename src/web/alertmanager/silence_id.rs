//! Silence ids that look like UUIDs: `00000000-0000-4000-8000-000000000017` is `s17`.

use crate::model::SilenceId;

const HEAD: &str = "00000000-0000-4000-8000-";

/// The id as Alertmanager's clients want it.
pub(super) fn show(id: SilenceId) -> String {
    format!("{HEAD}{:012}", id.0)
}

/// The silence of such an id; our own writing is read too.
pub(super) fn read(text: &str) -> Option<SilenceId> {
    let number = text.strip_prefix(HEAD).unwrap_or(text);
    number.parse().ok().filter(|id: &SilenceId| id.0 > 0)
}

/// The same for an id in our own writing.
pub(super) fn convert(own: &str) -> Option<String> {
    own.parse().ok().map(show)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_back_as_it_was() {
        for number in [1, 17, 1_000_000, 999_999_999_999] {
            let text = show(SilenceId(number));
            assert_eq!(text.len(), 36, "{text}");
            assert_eq!(read(&text), Some(SilenceId(number)));
        }
        assert_eq!(
            convert("s17").as_deref(),
            Some("00000000-0000-4000-8000-000000000017")
        );
        for wrong in ["", "s", "x17", "00000000-0000-4000-8000-00000000000a", "-1"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
