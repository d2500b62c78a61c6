//! What an error means: one table, to be read beside section 5 of whatsapp-cloud-api.md.
//!
//! Meta asks to decide on `code`, not on the HTTP status or the words (page support/error-codes).
//! The status decides only where the code is not in the table, or where there is none.

use std::ops::RangeInclusive;

use crate::model::{Class, Retry, Scope};

use Retry::{Backoff, Few, Never, Pair, Slow, Wait};
use Scope::{Account, Contact, Message, Number, Template};

/// What an error with a Graph code means. `status` matters only for codes that are not in the table.
#[must_use]
pub fn classify(status: Option<u16>, code: u32, subcode: Option<u32>) -> Class {
    known(code, subcode).map_or_else(|| by_status(status), |row| row.class())
}

/// What a person does about an error, where there is something to do or to know.
#[must_use]
pub fn advice(code: u32) -> Option<&'static str> {
    known(code, None).map(|row| row.advice)
}

/// Like [`classify`]; a code that is not in the table and that Meta calls transient is tried again.
pub(super) fn classify_graph(
    status: u16,
    code: u32,
    subcode: Option<u32>,
    transient: bool,
) -> Class {
    match known(code, subcode) {
        Some(row) => row.class(),
        None if transient && status != 429 => class(Backoff, Message),
        None => by_status(Some(status)),
    }
}

/// Whether a message may have gone out although its answer is this error (131000: "unknown
/// failure").
pub(super) const fn is_ambiguous(code: u32) -> bool {
    code == 131_000
}

/// A Graph error whose code is not in the table.
fn by_status(status: Option<u16>) -> Class {
    match status {
        Some(500..=599) => class(Backoff, Message),
        Some(429) => class(Backoff, Number),
        // Of the documented codes with 401 and 403 all but 130497 speak of the account. Held and
        // probed, the queue outlives a wrong guess; given up, it does not.
        Some(401 | 403) => class(Wait, Account),
        Some(400..=499) => class(Never, Message),
        // An error in an answer that says it is none: perhaps a passing fault, not worth many tries.
        Some(_) | None => class(Few, Message),
    }
}

/// A refusal that did not come from Graph: a proxy, a wrong address, an edge server. It says nothing
/// about the message, so that only what would be refused again for its own sake is given up.
pub(super) fn without_graph_error(status: u16) -> Class {
    match status {
        408 | 425 => class(Backoff, Message),
        429 => class(Backoff, Number),
        406 | 411..=417 | 422 | 431 => class(Never, Message),
        400 => class(Few, Message),
        _ => class(Wait, Account),
    }
}

pub(super) const fn class(retry: Retry, scope: Scope) -> Class {
    Class { retry, scope }
}

/// One row: codes, the subcode it is limited to, retry, scope, and what a person does about it.
struct Row {
    codes: RangeInclusive<u32>,
    subcode: Option<u32>,
    retry: Retry,
    scope: Scope,
    advice: &'static str,
}

impl Row {
    const fn class(&self) -> Class {
        class(self.retry, self.scope)
    }
}

const fn one(code: u32, retry: Retry, scope: Scope, advice: &'static str) -> Row {
    span(code, code, retry, scope, advice)
}

const fn sub(code: u32, subcode: u32, retry: Retry, scope: Scope, advice: &'static str) -> Row {
    let mut row = one(code, retry, scope, advice);
    row.subcode = Some(subcode);
    row
}

const fn span(from: u32, to: u32, retry: Retry, scope: Scope, advice: &'static str) -> Row {
    Row {
        codes: from..=to,
        subcode: None,
        retry,
        scope,
        advice,
    }
}

/// The first row that fits; a row with a subcode stands before the one without.
fn known(code: u32, subcode: Option<u32>) -> Option<&'static Row> {
    TABLE
        .iter()
        .find(|row| row.codes.contains(&code) && (row.subcode.is_none() || row.subcode == subcode))
}

const TOKEN: &str = "make a system-user token that does not expire (Business settings > System users, scopes whatsapp_business_messaging and whatsapp_business_management), write it to the token file and reload";
const ASSET: &str = "give the system user the app and the WhatsApp account with full control (Business settings > System users > Assign assets), and the token the scope whatsapp_business_messaging";
const TEMPLATE: &str = "compare the template with what WhatsApp Manager > Message templates shows: name, language, number and kind of variables; `klaxond check --online` names the difference";
const BUDGET: &str = "nothing to do: Meta limits how often it is asked; klaxond goes on by itself. If it stays, look for other programs that use the same app";
const OURS: &str = "the request was not as Meta wants it: check phone_number_id, api_version and the template, and report it with the trace id if they are right";
const LATER: &str = "nothing to do: Meta has a fault of its own; klaxond goes on by itself. metastatus.com tells of larger ones";
const REGISTER: &str = "register the number: app dashboard > WhatsApp > API setup, or POST /PHONE_NUMBER_ID/register with its six-digit PIN; after a wrong PIN wait as long as Meta says";
const NOT_OURS: &str = "this belongs to a kind of message that klaxond does not send; another program shares the app or the template is of another kind";
const CREATION: &str = "Meta refuses a template of this form: see Message templates in WhatsApp Manager for the rule, and change the text";
const MOVING: &str =
    "the number is being moved between accounts: finish or cancel that in WhatsApp Manager";
const MARKETING: &str = "Meta counts the template as marketing: see its category in WhatsApp Manager and ask for a review as utility";

#[rustfmt::skip]
const TABLE: &[Row] = &[
    one(0, Wait, Account, TOKEN),
    one(1, Few, Message, OURS),
    one(2, Backoff, Account, LATER),
    // HTTP 500, yet a permission.
    one(3, Wait, Account, ASSET),
    one(4, Slow, Account, BUDGET),
    one(10, Wait, Account, ASSET),
    one(17, Slow, Account, BUDGET),
    one(33, Wait, Number, "the number is unknown or deleted: take phone_number_id from the app dashboard under WhatsApp > API setup; it is not the number itself"),
    sub(100, 33, Wait, Number, "the number is unknown to this token: take phone_number_id from the app dashboard under WhatsApp > API setup, and give the system user the account it belongs to"),
    one(100, Never, Message, OURS),
    one(102, Wait, Account, TOKEN),
    one(104, Wait, Account, TOKEN),
    // Whatever the subcode says (463 expired, 467 invalid, 460 password, 458 app removed, 459, 464, 492).
    one(190, Wait, Account, TOKEN),
    span(200, 299, Wait, Account, ASSET),
    one(341, Slow, Account, BUDGET),
    one(368, Wait, Account, "Meta has restricted the account for a breach of policy: see Business support home for how long, and appeal there"),
    one(613, Slow, Account, BUDGET),
    one(80007, Slow, Account, BUDGET),
    one(130429, Backoff, Number, "nothing to do: the number sends faster than Meta allows; lower delivery.throughput if it happens often"),
    // This person only; another may be told.
    one(130472, Never, Contact, MARKETING),
    // The country of this person; others may be told.
    one(130497, Never, Contact, "the account may not write to this country: see the restrictions of the account in Business support home"),
    // May have gone out: the client reports it as unknown, not as failed.
    one(131000, Few, Message, "nothing to do unless it stays: Meta does not know what went wrong; report it to Meta with the trace id then"),
    one(131005, Wait, Account, ASSET),
    one(131008, Never, Message, OURS),
    one(131009, Never, Message, OURS),
    one(131016, Backoff, Account, LATER),
    one(131021, Never, Contact, "the contact's phone is the business number itself: write the person's own number"),
    one(131026, Never, Contact, "the person cannot be reached: no WhatsApp on that number, a very old app, terms not accepted, or the business number blocked; ask the person to write to the business number once"),
    one(131030, Never, Contact, "add the number to the test number's recipient list in the app dashboard under WhatsApp > API setup, or register a real number"),
    one(131031, Wait, Account, "the account is locked or restricted: see Business support home; if it followed a registration, the two-step PIN was wrong"),
    one(131037, Wait, Number, "the display name of the number is not approved: see WhatsApp Manager > Phone numbers"),
    one(131042, Wait, Account, "Meta cannot charge: add or mend the payment method in WhatsApp Manager > Payment settings"),
    // HTTP 500, yet a registration that is missing.
    one(131045, Wait, Number, REGISTER),
    one(131047, Never, Message, "more than 24 hours since the person wrote: only templates may be sent; klaxond sends nothing else, so report this with the trace id"),
    // Minutes, and the whole number: trying on makes Meta's verdict worse.
    one(131048, Slow, Number, "people blocked or reported the number: see its quality in WhatsApp Manager, and send fewer messages"),
    // At least a day for this person: longer than an alarm has a point.
    one(131049, Never, Contact, MARKETING),
    one(131050, Never, Contact, MARKETING),
    one(131051, Never, Message, NOT_OURS),
    one(131052, Never, Message, NOT_OURS),
    one(131053, Never, Message, NOT_OURS),
    one(131055, Never, Message, NOT_OURS),
    one(131056, Pair, Contact, "nothing to do: too many messages to one person; klaxond waits. Lower delivery.per_contact if it happens often"),
    one(131057, Backoff, Number, "nothing to do: Meta maintains the number or raises its throughput, which takes about a minute"),
    // Comes with inbound messages only.
    one(131060, Never, Message, NOT_OURS),
    one(131062, Never, Contact, "Meta does not take a user id here: write the contact's phone"),
    // Permanent for this body, but the definition is what is wrong: the template waits to be mended.
    one(132000, Wait, Template, TEMPLATE),
    // Also right after the approval, until Meta's servers agree.
    one(132001, Wait, Template, TEMPLATE),
    one(132005, Never, Message, "the filled text is longer than Meta takes: shorten the template or its parameters"),
    one(132007, Never, Message, "Meta's content policy refuses the text: change the template"),
    one(132012, Wait, Template, TEMPLATE),
    one(132015, Wait, Template, "Meta paused the template for low quality: 3 hours the first time, 6 the second; give the rule another template meanwhile"),
    one(132016, Wait, Template, "Meta disabled the template for good: have a new one approved under another name"),
    one(132018, Never, Message, OURS),
    one(132068, Never, Message, NOT_OURS),
    one(132069, Backoff, Message, NOT_OURS),
    one(133000, Wait, Number, REGISTER),
    one(133004, Backoff, Number, LATER),
    one(133005, Wait, Number, REGISTER),
    one(133006, Wait, Number, REGISTER),
    one(133008, Wait, Number, REGISTER),
    one(133009, Wait, Number, REGISTER),
    one(133010, Wait, Number, REGISTER),
    one(133015, Wait, Number, REGISTER),
    one(133016, Wait, Number, REGISTER),
    one(134011, Wait, Account, "accept the payment terms in WhatsApp Manager"),
    span(134100, 134102, Never, Message, NOT_OURS),
    one(135000, Few, Message, OURS),
    // Only inside health_status.
    one(141002, Wait, Template, TEMPLATE),
    // Creating templates.
    one(2388019, Never, Template, "the account has as many templates as Meta allows: delete some in WhatsApp Manager"),
    one(2388040, Never, Template, CREATION),
    one(2388047, Never, Template, CREATION),
    span(2388072, 2388073, Never, Template, CREATION),
    one(2388293, Never, Template, CREATION),
    one(2388299, Never, Template, CREATION),
    // Moving a number: it sends again when that is over.
    one(2388001, Wait, Number, MOVING),
    one(2388012, Wait, Number, MOVING),
    one(2388091, Wait, Number, MOVING),
    one(2388093, Wait, Number, MOVING),
    one(2388103, Wait, Number, MOVING),
    // Seen as a subcode of 130429 only.
    one(2494055, Backoff, Number, LATER),
    one(2494100, Backoff, Number, LATER),
];
