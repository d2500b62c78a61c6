//! The filter language: text to something that takes or refuses an alarm record.
//!
//! ```text
//! severity >= major and (element like "London*" or property.Site in ["HQ", "DR"]) and not parameter ~ "test.*"
//! ```
//!
//! # Reading
//!
//! - `not` binds tightest, then `and`, then `or`; parentheses. Keywords, fields and names in any case.
//! - Fields: `id element element_id parameter parameter_id index value severity severity_range type status
//!   user_status owner source comment service view partial`, and properties: `property.Site`,
//!   `property."Cabinet name"`, `property.element.Site`. `exists(x)`: it is there and not empty.
//! - Operators: `= != < <= > >= in like ~ contains`, `not in`, `not like`, `not contains`, `!~`.
//! - Values: texts in `"…"` or `'…'`, bare words (letters, digits, `_`, `-`, `.`), numbers, lists `[a, b]`.
//!   `\\ \" \' \n \r \t \u{e9}` are escapes, any other backslash stands for itself.
//! - `@name` is a named filter, `@"two words"` one whose name is no word.
//!
//! # Meaning
//!
//! - A comparison with a field that is not there does not hold, `!=` and `not in` neither;
//!   `not (owner = x)` then does. Empty text is not there.
//! - A list field holds if any of its values does, also for `!=`: to say "none", write `not view = "Lab"`.
//! - Text compares without case. `~` is a regular expression that fits the whole text, without look-around
//!   and back-references. `like` knows `*` and `?`, and no escape.
//! - `severity`, `severity_range`, `type`, `status` and `user_status` compare by name or DataMiner code;
//!   only `severity` has an order, DataMiner's: `severity >= major` takes Critical, Timeout and Error too.
//!   `like`, `contains` and `~` see such a name as people read it: `type like "Dropped*"`.
//! - `< <= > >=` on text compare the number at its front: "12.5 dB" is 12.5, "-3", "+1e3" and "1.2E-9"
//!   read too, there is no decimal comma. A text without a number at its front does not pass.
//! - `= 12.5` with a number takes "12.5 dB" in `value` and in properties; other fields are names and
//!   equal a number only as a whole, so that `element_id = 7` does not take "7/59". `!=` with a number
//!   holds for what is not that number, also for a text that is none. `= "12.5"` compares as text.
//!
//! # How it is made
//!
//! Text to tokens (`token`), tokens to a tree (`parse` for `not`, `and`, `or` over any kind of statement,
//! `statement` and `operand` for those of filters), the tree ([`ast`]) to what runs (`node`, `matcher`).
//! What is not built by the parser but is legal in the tree's types, such as a text compared with a
//! status, matches nothing.

pub mod ast;
mod compiled;
mod cursor;
mod error;
mod explain;
mod field;
mod fold;
mod logic;
mod matcher;
mod name;
mod named;
mod nearest;
mod node;
mod number;
mod operand;
mod parse;
mod pattern;
mod print;
mod statement;
mod token;
mod wildcard;

pub use compiled::Filter;
pub use error::FilterError;
pub use explain::Explanation;
pub use field::{Field, FieldKind};
pub use logic::Logic;
pub use name::{Name, NameKind};
pub use named::Named;
pub use pattern::Pattern;

pub(crate) use cursor::Cursor;
pub(crate) use explain::{MAX_PARTS, seen, shortened};
pub(crate) use fold::fold as folded;
pub(crate) use nearest::nearest;
pub(crate) use number::split as split_number;
pub(crate) use parse::{Grammar, expression, whole};
pub(crate) use statement::{Filters, field, foreign_word};
pub(crate) use token::{Kind, quote};
