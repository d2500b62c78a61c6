//! Ids that look like Meta's.

use std::fmt::Write as _;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The id of a message: Meta's is base64 of the recipient's digits and 18 hexadecimal ones, with
/// lengths and markers between them. `sequence` makes it unique.
pub(super) fn wamid(digits: &str, sequence: u64) -> String {
    let mut unique = String::with_capacity(18);
    // Infallible: writing to a String.
    let _ = write!(unique, "{:08X}{:010X}", fastrand::u32(..), sequence);
    let mut bytes = vec![0x1c, 0x18, u8::try_from(digits.len()).unwrap_or(u8::MAX)];
    bytes.extend_from_slice(digits.as_bytes());
    bytes.extend_from_slice(&[0x15, 0x02, 0x00, 0x11, 0x18, 0x12]);
    bytes.extend_from_slice(unique.as_bytes());
    bytes.push(0);
    format!("wamid.{}", base64(&bytes))
}

/// A trace id: `A` and 22 characters.
pub(super) fn trace() -> String {
    let rest = (0..22).map(|_| char::from(ALPHABET[fastrand::usize(..62)]));
    std::iter::once('A').chain(rest).collect()
}

/// A cursor of a page that begins at `index`.
pub(super) fn cursor(index: usize) -> String {
    let padded = base64(format!("page:{index}").as_bytes());
    padded.trim_end_matches('=').to_owned()
}

/// The page of a cursor that [`cursor`] made, out of `pages` possible ones.
pub(super) fn page(text: &str, pages: usize) -> Option<usize> {
    (0..=pages).find(|index| cursor(*index) == text)
}

fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| usize::from(chunk.get(i).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            text.push(if i <= chunk.len() {
                char::from(ALPHABET[word >> (18 - 6 * i) & 63])
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_agrees_with_rfc_4648() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn a_wamid_begins_and_ends_as_metas_do() {
        // Meta's example: wamid.HBgLMTY1MDUwNzY1MjAVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA
        let id = wamid("16505076520", 7);
        // The character behind that holds bits of the random part.
        assert!(id.starts_with("wamid.HBgLMTY1MDUwNzY1MjAVAgARGB"), "{id}");
        assert!(id.ends_with('A'), "{id}");
        assert_eq!(
            id.len(),
            "wamid.HBgLMTY1MDUwNzY1MjAVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA".len()
        );
        assert_ne!(id, wamid("16505076520", 8));
    }
}
