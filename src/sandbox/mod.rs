//! A local stand-in for Meta's Cloud API: messages, the number, templates and tokens, in Meta's
//! shapes, strict about what it is sent, with limits and faults on request.
//!
//! It shares no code with `whatsapp`: a mistake there must not be repeated here and so go unseen.
//!
//! | file | role |
//! |---|---|
//! | `server` | binds, routes, stops; what tests hold in their hands |
//! | `endpoints` | the API's addresses, one handler each |
//! | `control` | the addresses that Meta has not |
//! | `answer` | how a request is answered: faults, the work, headers |
//! | `request` | the body of a message, read strictly |
//! | `fields` | keys and values of a JSON object, checked |
//! | `catalogue` | the templates it knows, and what fits them |
//! | `listing` | templates as `GET` shows them |
//! | `refusal` | Graph errors, in Meta's words |
//! | `limit` | pair limit and throughput |
//! | `fault` | faults on request: grammar and when they come |
//! | `mint` | ids that look like Meta's |
//! | `ledger` | what was accepted |
//! | `line` | a connection that can be cut |

mod answer;
mod catalogue;
mod control;
mod endpoints;
mod fault;
mod fields;
mod ledger;
mod limit;
mod line;
mod listing;
mod mint;
mod refusal;
mod request;
mod server;
mod settings;

pub use fault::{FAULT_HELP, Fault, FaultError};
pub use ledger::{Accepted, Shown, Tally};
pub use limit::{PairLimit, Throughput};
pub use server::Sandbox;
pub use settings::{ButtonText, Settings, TemplateStatus, TemplateText};
