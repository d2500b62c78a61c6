//! Conditions: what must hold of a bucket of alarms before a rule speaks.
//!
//! ```text
//! count(severity = critical) >= 2 and not any(element like "backup*") or round(avg(value), 1) > 12.5
//! ```
//!
//! # Reading
//!
//! `not`, then `and`, then `or`, and parentheses, as in filters; the statements are
//!
//! - `count() > 5`: how many alarms there are; `count(FILTER) >= 2`: how many a filter takes;
//! - `distinct(element) > 3`: how many different texts a field has;
//! - `min(value)`, `max(…)`, `avg(…)`, `sum(…)` of a field or a property, compared with a number;
//! - `last(value) = "Lost"`: the latest alarm, with every operator that a filter has for the field;
//! - `round(avg(value), 1) = 12.5`: rounded to so many decimals, around `min max avg sum last`;
//! - `any(FILTER)`: a filter takes at least one alarm; `all(FILTER)`: it takes every one, of at least one.
//!
//! # Meaning
//!
//! - A filter inside one `any`, `all` or `count` is met by one alarm as a whole; separate ones are
//!   independent: `any(severity = critical) and not any(element = "backup")` speaks of different alarms.
//! - A text counts as the number at its front ("12.5 dB" is 12.5); one without is left out of `min max
//!   avg sum`. Where no number is left a comparison does not hold, `!=` neither; `not (…)` does.
//! - Numbers have nine decimals, what is beyond is rounded, halves away from zero, the mean too: so a sum
//!   comes back to where it was when alarms come and go. `round` rounds halves away from zero.
//! - `distinct` counts texts as filters compare them, without case; what is not there does not count, and
//!   of a list field (`view`, `service`) every text does.
//! - `last` is of the alarm whose record came last, also when it lacks the field: then nothing holds.
//!
//! # How it is made
//!
//! The lexer, cursor and expression parser are those of filters. `parse` and `operand` read statements
//! into [`Clause`]s, `plain` evaluates them over records, `tally` and `gauge` keep what they need while
//! alarms come and go, `reach` says what can never hold.

mod clause;
mod compiled;
mod explain;
mod fixed;
mod gauge;
mod operand;
mod parse;
mod plain;
mod reach;
mod tally;

pub use clause::{Clause, Measure, Quantity};
pub use compiled::Condition;
pub use fixed::Fixed;
pub use tally::Tallies;
