//! `X-Hub-Signature-256`: who sent it.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// What stands before the digits.
const SCHEME: &str = "sha256=";
/// Bytes of an HMAC-SHA256.
const LENGTH: usize = 32;

/// Whether `header` (`X-Hub-Signature-256`) is the HMAC-SHA256 of `body` under the app secret. `body`
/// is as it came over the wire, never written anew. How much of the signature agrees does not show in
/// the time taken.
#[must_use]
pub fn signature_holds(app_secret: &SecretString, body: &[u8], header: Option<&str>) -> bool {
    let Some(signature) = header.and_then(signature) else {
        return false;
    };
    let key = app_secret.expose_secret().trim().as_bytes();
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return false;
    };
    mac.update(body);
    mac.verify_slice(&signature).is_ok()
}

fn signature(header: &str) -> Option<[u8; LENGTH]> {
    let digits = header.trim().strip_prefix(SCHEME)?.as_bytes();
    if digits.len() != 2 * LENGTH {
        return None;
    }
    let mut signature = [0; LENGTH];
    for (byte, pair) in signature.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair
            .iter()
            .try_fold(0_u8, |byte, digit| Some(byte << 4 | nibble(*digit)?))?;
    }
    Some(signature)
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
