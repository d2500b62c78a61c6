//! What Meta posts to the webhook (whatsapp-cloud-api.md section 6), pure.
//!
//! `read` walks every entry, change and item of a body; what it does not know is told by its kind and
//! is never an error. `status`, `message`, `template` and `account` read one kind of item each.

mod account;
mod field;
mod inbound;
mod message;
mod read;
mod signature;
mod status;
mod template;

pub use inbound::{Inbound, WebhookFault};
pub use read::read;
pub use signature::signature_holds;
pub use status::receipt_failure;
