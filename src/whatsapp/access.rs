//! The token: read, checked, and made into what a request carries.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// The longest token, in bytes. Meta calls tokens opaque; those seen have about 200.
const MAX_TOKEN_BYTES: usize = 4096;

/// Why a token cannot be used. The token itself is never repeated.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file cannot be read.
    #[error("the token file {} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Nothing but white space.
    #[error("the token is empty; write the access token of a system user")]
    Empty,
    /// More than 4096 bytes.
    #[error(
        "the token is longer than {MAX_TOKEN_BYTES} bytes; write the access token and nothing else"
    )]
    TooLong,
    /// White space or characters that no token has.
    #[error("the token holds white space or characters that no token has; write it on one line")]
    Form,
}

/// A token that can be sent.
pub(super) struct Access {
    token: SecretString,
    pub(super) bearer: HeaderValue,
    /// Lowercase hex HMAC-SHA256 of the token under the app secret
    /// (whatsapp-cloud-api.md section 8).
    pub(super) proof: Option<String>,
}

impl Access {
    pub(super) fn new(
        token: &SecretString,
        app_secret: Option<&SecretString>,
    ) -> Result<Self, TokenError> {
        let text = token.expose_secret().trim();
        if text.is_empty() {
            return Err(TokenError::Empty);
        }
        if text.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(TokenError::Form);
        }
        let mut bearer =
            HeaderValue::try_from(format!("Bearer {text}")).map_err(|_| TokenError::Form)?;
        bearer.set_sensitive(true);
        Ok(Self {
            proof: app_secret.and_then(|secret| proof(secret, text)),
            token: SecretString::from(text),
            bearer,
        })
    }

    /// Lends the token, for the one request that asks about it.
    pub(super) fn with_token(&self, use_it: impl FnOnce(&str)) {
        use_it(self.token.expose_secret());
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        self.token.expose_secret() == other.token.expose_secret()
    }

    /// `text` without the token, the proof, and anything that looks like a token of Meta's: its
    /// error messages quote what they refuse.
    pub(super) fn scrub(&self, text: &str) -> String {
        let mut text = text.replace(self.token.expose_secret(), HIDDEN);
        if let Some(proof) = &self.proof {
            text = text.replace(proof, HIDDEN);
        }
        let mut clean = String::with_capacity(text.len());
        for word in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
            let bare = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            if bare.starts_with("EAA") && bare.len() >= 16 {
                clean.push_str(HIDDEN);
                clean.push_str(&word[bare.len()..]);
            } else {
                clean.push_str(word);
            }
        }
        clean
    }
}

/// What stands for a secret in a text.
const HIDDEN: &str = "[hidden]";

/// The token in `path`, without the white space around it.
pub(super) fn read_token(path: &Path) -> Result<SecretString, TokenError> {
    let fail = |source| TokenError::Read {
        path: path.to_owned(),
        source,
    };
    let mut text = String::new();
    let limit = u64::try_from(MAX_TOKEN_BYTES * 2).unwrap_or(u64::MAX);
    let file = File::open(path).map_err(fail)?;
    file.take(limit).read_to_string(&mut text).map_err(fail)?;
    Ok(SecretString::from(text))
}

fn proof(app_secret: &SecretString, token: &str) -> Option<String> {
    let key = app_secret.expose_secret().trim().as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(token.as_bytes());
    let digest = mac.finalize().into_bytes();
    Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_proof_is_the_hmac_of_the_token() {
        // RFC 4231, test case 2.
        let secret = SecretString::from("Jefe");
        let token = "what do ya want for nothing?";
        assert_eq!(
            proof(&secret, token).unwrap(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn what_looks_like_a_token_is_hidden() {
        let access = Access::new(&SecretString::from("secret.token"), None).unwrap();
        assert_eq!(
            access.scrub("Malformed access token EAAGm0PX4ZCpsBA0, not secret.token"),
            "Malformed access token [hidden], not [hidden]"
        );
    }

    #[test]
    fn a_token_is_one_word() {
        let error = |text: &str| Access::new(&SecretString::from(text), None).err().unwrap();
        assert!(matches!(error(" \n"), TokenError::Empty));
        assert!(matches!(error("one two"), TokenError::Form));
        assert!(matches!(error("tokén"), TokenError::Form));
        assert!(matches!(error(&"x".repeat(5000)), TokenError::TooLong));
    }
}
