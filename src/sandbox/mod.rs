//! A local stand-in for Meta's Cloud API: messages, the number, templates and tokens, in Meta's
//! shapes, strict about what it is sent, with limits and faults on request.
//!
//! It shares no code with `whatsapp`: a mistake there must not be repeated here and so go unseen.
//!
//! | file | role |
//! |---|---|
//! | `server` | binds, routes, stops; what tests hold in their hands |
//! | `shared` | what the handlers share |
//! | `endpoints` | the API's addresses, one handler each |
//! | `control` | the addresses that Meta has not |
//! | `answer` | how a request is answered: faults, the work, headers |
//! | `request` | the body of a message, read strictly |
//! | `fields` | keys and values of a JSON object, checked |
//! | `catalogue` | the templates it knows, and where they stand |
//! | `vetting` | templates that are handed in, checked by Meta's rules |
//! | `fit` | what fits a template |
//! | `listing` | templates as `GET` shows them |
//! | `token` | which tokens are good, and until when |
//! | `refusal` | Graph errors, in Meta's words |
//! | `limit` | pair limit and throughput |
//! | `fault`, `faults` | faults on request: grammar, and when they come |
//! | `mint` | ids that look like Meta's |
//! | `ledger` | what was accepted |
//! | `phones` | what people tap and write |
//! | `envelope` | the body of a webhook, signed |
//! | `outgoing`, `poster` | webhooks: what and when, and the posting |
//! | `page` | the phones and the faults, for a browser |
//! | `line` | a connection that can be cut |

mod answer;
mod catalogue;
mod control;
mod endpoints;
mod envelope;
mod fault;
mod faults;
mod fields;
mod fit;
mod ledger;
mod limit;
mod line;
mod listing;
mod mint;
mod outgoing;
mod page;
mod phones;
mod poster;
mod refusal;
mod request;
mod server;
mod settings;
mod shared;
mod token;
mod vetting;

pub use catalogue::TemplateChange;
pub use fault::{FAULT_HELP, Fault, FaultError};
pub use ledger::{Accepted, Posts, Shown, Tally, Tap};
pub use limit::{PairLimit, Throughput};
pub use phones::PhoneError;
pub use server::Sandbox;
pub use settings::{ButtonText, Settings, TemplateCategory, TemplateStatus, TemplateText, Webhook};
pub use token::TokenChange;
