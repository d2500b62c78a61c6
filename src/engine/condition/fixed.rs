//! Numbers of a condition: fixed point, so that what is added and taken away again leaves nothing.

use std::fmt;

use crate::engine::filter::split_number;

/// A number with nine decimals.
///
/// Further decimals are rounded, halves away from zero; beyond ±10²⁰ a number counts as ±10²⁰.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fixed(i128);

impl Fixed {
    /// How many decimals are kept.
    pub const DECIMALS: u32 = 9;

    const ONE: i128 = 10i128.pow(Self::DECIMALS);
    /// The largest number that is read. Sums of as many of them as fit in memory fit in an `i128`.
    const MAX: i128 = 10i128.pow(20) * Self::ONE;

    /// The number at the front of a text, as filters read it: "12.5 dB" is 12.5.
    #[must_use]
    pub fn front(text: &str) -> Option<Self> {
        let text = text.trim_start();
        let (_, rest) = split_number(text)?;
        Some(Self::of_digits(&text[..text.len() - rest.len()]).0)
    }

    /// The number that a text is, if nothing of it is lost.
    pub(super) fn exact(text: &str) -> Option<Self> {
        let (_, rest) = split_number(text)?;
        let (number, exact) = Self::of_digits(text);
        (rest.is_empty() && exact).then_some(number)
    }

    /// A whole number.
    pub(super) fn whole(number: usize) -> Self {
        let number = i128::try_from(number).unwrap_or(i128::MAX);
        Self(number.saturating_mul(Self::ONE))
    }

    /// The two added.
    pub(super) fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// `other` taken away.
    pub(super) fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The mean of so many numbers of which this is the sum; `None` for none.
    pub(super) fn shared(self, among: usize) -> Option<Self> {
        let among = i128::try_from(among).ok().filter(|n| *n > 0)?;
        Some(Self(divided(self.0, among)))
    }

    /// Rounded to so many decimals, halves away from zero.
    pub(super) fn rounded(self, decimals: u8) -> Self {
        match Self::DECIMALS.checked_sub(u32::from(decimals)) {
            None | Some(0) => self,
            Some(dropped) => {
                let unit = 10i128.pow(dropped);
                Self(divided(self.0, unit).saturating_mul(unit))
            }
        }
    }

    /// Reads sign, digits, point and exponent as [`split_number`] takes them; also whether nothing
    /// was rounded or cut.
    fn of_digits(text: &str) -> (Self, bool) {
        let negative = text.starts_with('-');
        let unsigned = text.trim_start_matches(['+', '-']);
        let (mantissa, power) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, exponent(power)),
            None => (unsigned, 0),
        };
        let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: Vec<u8> = before
            .bytes()
            .chain(after.bytes())
            .map(|digit| digit.saturating_sub(b'0'))
            .skip_while(|digit| *digit == 0)
            .collect();
        let decimals = i64::try_from(after.len()).unwrap_or(i64::MAX);
        let shift = power
            .saturating_add(i64::from(Self::DECIMALS))
            .saturating_sub(decimals);
        let (size, exact) = scaled(&digits, shift);
        let capped = size.min(Self::MAX);
        let number = if negative { -capped } else { capped };
        (Self(number), exact && size <= Self::MAX)
    }
}

/// Digits with the point moved right by `shift`, rounded to a whole number; also whether they were one.
/// What is too large comes out as some number beyond [`Fixed::MAX`].
fn scaled(digits: &[u8], shift: i64) -> (i128, bool) {
    let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    let kept = usize::try_from(length.saturating_add(shift.min(0)).max(0)).unwrap_or(usize::MAX);
    let (head, tail) = digits.split_at(kept.min(digits.len()));
    let mut size = 0i128;
    for digit in head {
        if size > Fixed::MAX {
            return (size, false);
        }
        size = size * 10 + i128::from(*digit);
    }
    for _ in 0..shift.max(0) {
        if size == 0 || size > Fixed::MAX {
            break;
        }
        size *= 10;
    }
    // A digit behind the last that is kept is only the first dropped one when no zeros lie between.
    let adjacent = length.saturating_add(shift) >= 0;
    let up = shift < 0 && adjacent && tail.first().is_some_and(|digit| *digit >= 5);
    (size + i128::from(up), tail.iter().all(|digit| *digit == 0))
}

fn exponent(text: &str) -> i64 {
    let size = text.trim_start_matches(['+', '-']).trim_start_matches('0');
    let size = match size {
        "" => 0,
        size => size.parse().unwrap_or(i64::MAX / 4),
    };
    if text.starts_with('-') { -size } else { size }
}

/// Halves away from zero.
fn divided(number: i128, by: i128) -> i128 {
    let (quotient, rest) = (number / by, number % by);
    if rest.abs().saturating_mul(2) >= by {
        quotient + number.signum()
    } else {
        quotient
    }
}

impl fmt::Display for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let size = self.0.unsigned_abs();
        let one = Self::ONE.unsigned_abs();
        let (whole, part) = (size / one, size % one);
        if part == 0 {
            return write!(f, "{sign}{whole}");
        }
        let part = format!("{part:09}");
        write!(f, "{sign}{whole}.{}", part.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::Fixed;

    #[test]
    fn nine_decimals_of_what_a_text_begins_with() {
        for (text, printed) in [
            ("12.5 dB", "12.5"),
            ("  -3", "-3"),
            ("+1e3", "1000"),
            ("1.2E-9", "0.000000001"),
            ("1.5E-9", "0.000000002"),
            ("-1.5E-9", "-0.000000002"),
            ("4e-10", "0"),
            ("5e-10", "0.000000001"),
            ("5e-11", "0"),
            ("0.1", "0.1"),
            ("000012.50", "12.5"),
            ("0.0000000000001e13", "1"),
            ("1e20", "100000000000000000000"),
            ("1e21", "100000000000000000000"),
            ("-1e300", "-100000000000000000000"),
            ("1e-99999999999999999999", "0"),
            ("0e99999999999999999999", "0"),
            ("5 east", "5"),
        ] {
            assert_eq!(Fixed::front(text).unwrap().to_string(), printed, "{text}");
        }
        for text in ["", "Lost", "-", "1e999"] {
            assert_eq!(Fixed::front(text), None, "{text}");
        }
        assert_eq!(Fixed::exact("1e21"), None);
        assert_eq!(Fixed::exact("1.0000000001"), None);
        assert_eq!(Fixed::exact("1.0000000000"), Fixed::exact("1"));
    }

    #[test]
    fn a_long_text_is_no_burden() {
        let nines = "9".repeat(100_000);
        assert_eq!(Fixed::front(&nines), None);
        let text = format!("0.{}", "9".repeat(100_000));
        assert_eq!(Fixed::front(&text).unwrap().to_string(), "1");
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        for (text, decimals, printed) in [
            ("1.25", 1, "1.3"),
            ("-1.25", 1, "-1.3"),
            ("1.24", 1, "1.2"),
            ("0.5", 0, "1"),
            ("0.49", 0, "0"),
            ("7.123456789", 9, "7.123456789"),
        ] {
            let number = Fixed::front(text).unwrap().rounded(decimals);
            assert_eq!(number.to_string(), printed, "{text}");
        }
        let third = Fixed::front("1").unwrap().shared(3).unwrap();
        assert_eq!(third.to_string(), "0.333333333");
        assert_eq!(third.shared(0), None);
    }
}
