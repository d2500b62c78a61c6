//! Pure: what should be said, to whom, when and why.
//!
//! [`Engine::step`] decides one entry of the log, [`Engine::fire`] what came due, [`Engine::adopt`]
//! what other rules make of what is open; each returns a [`Step`] that the store writes whole. Nothing
//! here waits, reads a clock or draws a number.
//!
//! # Where a line belongs
//!
//! | what it is about | file |
//! |---|---|
//! | one entry of the log, from in to out; what a rule says, in two languages | `step`, `rule`, `filter`, `condition` |
//! | open alarms, kept small; which rules take a record and whom they notify; in which buckets it is | `tree`, `packed`, `matching`, `group` |
//! | a record on its way through the rules; as a single event | `follow`, `event` |
//! | the buckets of one rule; one bucket; the events it gathered | `track`, `bucket`, `window` |
//! | records that windows and `base_alarms` may still speak of | `history`, `around` |
//! | where a trigger stands, and what moves it: of alarms, of single events | `life`, `trigger`, `single` |
//! | a turn of a bucket in words, and of which alarms; from words to messages; who is owed an end | `decide`, `reason`, `view`, `speak`, `ledger` |
//! | what people write; who has an alarm; what is answered; who said stop | `reply`, `ack`, `answer`, `person` |
//! | what keeps rules from speaking: silences, times, other rules; what is told when it is over | `mute`, `silence`, `inhibit`, `withheld` |
//! | who is told when nobody takes an alarm, or in place of a contact; operators | `escalate`, `standin`, `notice`, `occasion` |
//! | when buckets do something by themselves; their timers, room and memory | `timers`, `upkeep` |
//! | the state as rows, and read back; other rules in force; a rule rebuilt | `rows`, `resume`, `adopt`, `rebuild` |
//! | why a record is told or not; what stands, for whoever looks | `explain`, `picture` |

mod ack;
mod adopt;
mod answer;
mod around;
mod bucket;
pub mod condition;
mod decide;
mod escalate;
mod event;
mod explain;
pub mod filter;
mod follow;
mod group;
mod history;
mod inhibit;
mod ledger;
mod life;
mod matching;
mod mute;
mod notice;
mod occasion;
mod packed;
mod person;
mod picture;
mod reason;
mod rebuild;
mod reply;
mod resume;
mod rows;
mod rule;
mod silence;
mod single;
mod slab;
mod speak;
mod standin;
mod step;
mod timers;
mod track;
mod tree;
mod trigger;
mod upkeep;
mod view;
mod window;
mod withheld;

pub use ack::{Ack, AckSource, ack};
pub use explain::{Account, BucketAccount, RuleAccount, Then, judgement};
pub use group::{Grouping, MAX_BUCKETS_PER_RECORD, readable};
pub use person::{Person, person};
pub use picture::{OpenAlarm, Raised, RuleFigures};
pub use rule::{
    BaseAlarms, Escalation, Hints, Inhibitor, Limits, Reminder, Replies, Rule, Ruleset, Trigger,
};
pub use silence::MAX_SILENCES;
pub use step::{Engine, Resume, ResumeError, Step};
pub use tree::{Change, Trees};
