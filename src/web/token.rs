//! The token of `[http]`, and the sessions that are signed with it.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::model::Time;

/// A session lasts a shift and what runs over.
pub(super) const SESSION: Duration = Duration::from_secs(12 * 3_600);

/// What is signed begins with this, so that no other signature of the token is a session.
const PURPOSE: &[u8] = b"klaxond session ";

/// Who has it may do everything.
#[derive(Debug, Clone)]
pub(super) struct Token(SecretString);

impl Token {
    pub(super) const fn new(secret: SecretString) -> Self {
        Self(secret)
    }

    /// Whether `given` is the token. Digests are compared: neither how much of it agrees nor how long
    /// the token is shows in the time taken.
    pub(super) fn is(&self, given: &[u8]) -> bool {
        let own = Sha256::digest(self.0.expose_secret().as_bytes());
        Sha256::digest(given).ct_eq(&own).into()
    }

    /// A session that begins at `now`: when it ends, in seconds since the epoch, and a signature with
    /// the token, so that another token ends them all.
    pub(super) fn session(&self, now: Time) -> String {
        let ends = (now + SESSION).as_ms() / 1_000;
        let mut session = format!("{ends}.");
        for byte in self.signature(ends) {
            session.push_str(&format!("{byte:02x}"));
        }
        session
    }

    /// Whether `session` is one of this token that has not ended.
    pub(super) fn holds(&self, session: &str, now: Time) -> bool {
        let Some((ends, signature)) = session.split_once('.') else {
            return false;
        };
        let (Ok(ends), Some(signature)) = (ends.parse::<i64>(), unhex(signature)) else {
            return false;
        };
        let is_ours: bool = self.signature(ends).ct_eq(&signature).into();
        is_ours && now.as_ms() / 1_000 < ends
    }

    fn signature(&self, ends: i64) -> [u8; 32] {
        let key = self.0.expose_secret().as_bytes();
        // A key of any length is taken.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
            return [0; 32];
        };
        mac.update(PURPOSE);
        mac.update(&ends.to_be_bytes());
        mac.finalize().into_bytes().into()
    }
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Token {
        Token::new(text.into())
    }

    const NOW: Time = Time::from_ms(1_700_000_000_000);

    #[test]
    fn only_the_whole_token_is_the_token() {
        for given in ["", "secre", "secrets", "Secret", "secret "] {
            assert!(!token("secret").is(given.as_bytes()), "{given}");
        }
        assert!(token("secret").is(b"secret"));
    }

    #[test]
    fn a_session_ends_by_itself_and_with_its_token() {
        let session = token("secret").session(NOW);
        assert!(token("secret").holds(&session, NOW));
        assert!(token("secret").holds(&session, NOW + SESSION - Duration::from_secs(1)));
        assert!(!token("secret").holds(&session, NOW + SESSION));
        assert!(!token("other").holds(&session, NOW));
    }

    #[test]
    fn what_was_changed_is_no_session() {
        let session = token("secret").session(NOW);
        let later = session.replacen('1', "2", 1);
        let (ends, signature) = session.split_once('.').unwrap_or_default();
        for forged in [
            later,
            format!("{ends}."),
            format!("{ends}.{}", &signature[..62]),
            format!("{ends}.{}", "0".repeat(64)),
            format!("{ends}.{}", "é".repeat(32)),
            format!("x.{signature}"),
            String::new(),
            ".".to_owned(),
        ] {
            assert!(!token("secret").holds(&forged, NOW), "{forged}");
        }
    }
}
