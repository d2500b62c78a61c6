//! The API's addresses, one handler each. All go through [`answer`].

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::Response;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::answer::answer;
use super::fault::Endpoint;
use super::fit::Filled;
use super::ledger::Accepted;
use super::line::Cutter;
use super::listing::{self, no_field};
use super::mint;
use super::refusal::Refusal;
use super::request::{self, Content, Request};
use super::shared::{Shared, State as Known};
use super::vetting::Submission;

/// The digits of the sandbox's own number, which nobody can have.
const OWN_NUMBER: &str = "15550100100";
/// Fields of a number when the request does not say; the id always is.
const NUMBER_FIELDS: &str = "verified_name,code_verification_status,display_phone_number,quality_rating,platform_type,throughput";

/// The query of a request.
pub(super) type Params = Query<BTreeMap<String, String>>;

/// `POST /{version}/{phone number id}/messages`
pub(super) async fn send(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Cutter>,
    Path((version, id)): Path<(String, String)>,
    Query(params): Params,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let to = request::peek_to(&body);
    answer(&shared, &line, Endpoint::Messages, to.as_deref(), |lost| {
        check_version(&version)?;
        authorize(&shared, &headers, &params)?;
        known(shared.phone_number_id.as_deref(), &id, "post")?;
        accept(&shared, &id, Request::read(&body)?, lost)
    })
    .await
}

/// Everything between a body that reads and the answer.
fn accept(shared: &Shared, number: &str, request: Request, lost: bool) -> Result<Value, Refusal> {
    let now = Instant::now();
    let mut state = shared.state();
    let digits = request.to.digits();
    let filled = match &request.content {
        Content::Template(call) => state.catalogue.fill(call)?,
        Content::Text(body) => free_text(&state, now, digits, body)?,
    };
    if digits == OWN_NUMBER {
        return Err(Refusal::new(131_021, "Sender and recipient are the same."));
    }
    if state
        .throughput
        .as_mut()
        .is_some_and(|limit| !limit.admit(now))
    {
        return Err(Refusal::new(
            130_429,
            "Message failed to send because there were too many messages sent from this phone \
             number in a short period of time",
        ));
    }
    if state
        .pair
        .as_mut()
        .is_some_and(|limit| !limit.admit(now, digits))
    {
        return Err(Refusal::new(
            131_056,
            "Message failed to send because there were too many messages sent from this phone \
             number to the same phone number in a short period of time.",
        ));
    }
    let wamid = mint::wamid(digits, state.ledger.accepted());
    let mut answer = json!({
        "messaging_product": "whatsapp",
        "contacts": [{"input": request.input, "wa_id": digits}],
        "messages": [{"id": wamid}],
    });
    let (template, language, parameters) = match request.content {
        Content::Text(_) => (String::new(), String::new(), Vec::new()),
        Content::Template(call) => {
            // Meta says so of templates only.
            answer["messages"][0]["message_status"] = json!("accepted");
            let values = call.body.into_iter().map(|argument| argument.text);
            (call.name, call.language, values.collect())
        }
    };
    let message = Arc::new(Accepted {
        at: shared.at(),
        template,
        language,
        parameters,
        header: filled.header,
        body: filled.body,
        footer: filled.footer,
        buttons: filled.buttons,
        taps: filled.taps,
        number_id: number.to_owned(),
        opaque: request.opaque,
        to: request.to,
        wamid,
        answer_lost: lost,
    });
    shared.accept(&mut state, now, message);
    Ok(answer)
}

/// Text that is no template goes to those only who wrote within the last 24 hours.
fn free_text(state: &Known, now: Instant, digits: &str, body: &str) -> Result<Filled, Refusal> {
    if !state.phones.is_open(now, digits) {
        return Err(Refusal::new(
            131_047,
            "Message failed to send because more than 24 hours have passed since the customer \
             last replied to this number.",
        ));
    }
    Ok(Filled {
        body: body.to_owned(),
        ..Filled::default()
    })
}

/// `GET /{version}/{phone number id}`, and of a template's id
pub(super) async fn number(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Cutter>,
    Path((version, id)): Path<(String, String)>,
    Query(params): Params,
    headers: HeaderMap,
) -> Response {
    answer(&shared, &line, Endpoint::Number, None, |_| {
        check_version(&version)?;
        authorize(&shared, &headers, &params)?;
        let fields = params.get("fields").map(String::as_str);
        if let Some(template) = shared.state().catalogue.find(&id) {
            return listing::node(template, fields);
        }
        known(shared.phone_number_id.as_deref(), &id, "get")?;
        number_node(&id, fields.unwrap_or(NUMBER_FIELDS))
    })
    .await
}

fn number_node(id: &str, fields: &str) -> Result<Value, Refusal> {
    let mut node = Map::new();
    for field in fields.split(',').map(str::trim).filter(|f| !f.is_empty()) {
        let value = match field {
            "id" => continue,
            "verified_name" => json!("klaxond sandbox"),
            "display_phone_number" => json!("+1 555-010-0100"),
            "code_verification_status" => json!("VERIFIED"),
            "name_status" => json!("APPROVED"),
            "quality_rating" => json!("GREEN"),
            "platform_type" => json!("CLOUD_API"),
            "status" => json!("CONNECTED"),
            "account_mode" => json!("SANDBOX"),
            "throughput" => json!({"level": "STANDARD"}),
            "whatsapp_business_manager_messaging_limit" => json!("TIER_250"),
            "health_status" => json!({
                "can_send_message": "AVAILABLE",
                "entities": [{
                    "entity_type": "PHONE_NUMBER",
                    "id": id,
                    "can_send_message": "AVAILABLE",
                }],
            }),
            _ => return Err(no_field(field, "WhatsAppBusinessPhoneNumber")),
        };
        node.insert(field.to_owned(), value);
    }
    node.insert("id".to_owned(), json!(id));
    Ok(Value::Object(node))
}

/// `GET /{version}/{business account id}/message_templates`
pub(super) async fn templates(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Cutter>,
    Path((version, id)): Path<(String, String)>,
    Query(params): Params,
    headers: HeaderMap,
) -> Response {
    answer(&shared, &line, Endpoint::Templates, None, |_| {
        check_version(&version)?;
        authorize(&shared, &headers, &params)?;
        known(shared.business_account_id.as_deref(), &id, "get")?;
        let param = |name: &str| params.get(name).map(String::as_str);
        let query = listing::Query {
            fields: param("fields"),
            limit: param("limit"),
            after: param("after"),
            name: param("name"),
            language: param("language"),
            status: param("status"),
        };
        let host = headers.get(header::HOST).and_then(|h| h.to_str().ok());
        let host = host.unwrap_or("localhost");
        listing::page(shared.state().catalogue.held(), &query, |after| {
            let mut next = format!("http://{host}/{version}/{id}/message_templates?after={after}");
            for name in ["fields", "limit", "name", "language", "status"] {
                if let Some(value) = param(name) {
                    next.push_str(&format!("&{name}={value}"));
                }
            }
            next
        })
    })
    .await
}

/// `POST /{version}/{business account id}/message_templates`
pub(super) async fn create_template(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Cutter>,
    Path((version, id)): Path<(String, String)>,
    Query(params): Params,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&shared, &line, Endpoint::Templates, None, |_| {
        check_version(&version)?;
        authorize(&shared, &headers, &params)?;
        known(shared.business_account_id.as_deref(), &id, "post")?;
        let mut state = shared.state();
        let held = state.catalogue.create(Submission::create(&body)?)?;
        shared.review(held);
        Ok(json!({
            "id": held.id.to_string(),
            "status": held.text.status.name(),
            "category": held.category.name(),
        }))
    })
    .await
}

/// `POST /{version}/{template id}`
pub(super) async fn edit_template(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Cutter>,
    Path((version, id)): Path<(String, String)>,
    Query(params): Params,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&shared, &line, Endpoint::Templates, None, |_| {
        check_version(&version)?;
        authorize(&shared, &headers, &params)?;
        let mut state = shared.state();
        if state.catalogue.find(&id).is_none() {
            return Err(Refusal::no_object(&id, "post"));
        }
        let held = state.catalogue.edit(&id, Submission::edit(&body)?)?;
        shared.review(held);
        Ok(json!({
            "success": true,
            "id": held.id.to_string(),
            "category": held.category.name(),
        }))
    })
    .await
}

/// `GET /debug_token?input_token=…&access_token=…`, with or without a version
pub(super) async fn debug_token(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Cutter>,
    Query(params): Params,
    headers: HeaderMap,
) -> Response {
    answer(&shared, &line, Endpoint::Token, None, |_| {
        let caller = params.get("access_token").map(String::as_str);
        let caller = caller.or_else(|| bearer(&headers));
        let caller = caller.ok_or_else(Refusal::authentication)?;
        // An app's own token, `id|secret`, does not end.
        if !caller.contains('|') {
            shared.state().tokens.check(shared.at(), caller)?;
        }
        let Some(input) = params.get("input_token").filter(|token| !token.is_empty()) else {
            return Err(Refusal::new(100, "The parameter input_token is required."));
        };
        Ok(shared.state().tokens.node(shared.at(), input))
    })
    .await
}

/// Any other address.
pub(super) async fn no_path(uri: Uri) -> Refusal {
    Refusal::no_path(uri.path())
}

/// `v25.0`
fn check_version(version: &str) -> Result<(), Refusal> {
    let numbers = version.strip_prefix('v').and_then(|v| v.split_once('.'));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if numbers.is_some_and(|(major, minor)| digits(major) && digits(minor)) {
        Ok(())
    } else {
        Err(Refusal::no_path(&format!("/{version}")))
    }
}

fn known(expected: Option<&str>, id: &str, method: &str) -> Result<(), Refusal> {
    let known = match expected {
        Some(expected) => id == expected,
        None => !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()),
    };
    known
        .then_some(())
        .ok_or_else(|| Refusal::no_object(id, method))
}

/// The token must be there, and be the right one where one is set.
fn authorize(
    shared: &Shared,
    headers: &HeaderMap,
    params: &BTreeMap<String, String>,
) -> Result<(), Refusal> {
    let given = bearer(headers).or_else(|| params.get("access_token").map(String::as_str));
    let given = given.ok_or_else(Refusal::authentication)?;
    shared.state().tokens.check(shared.at(), given)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let token = value.strip_prefix("Bearer ")?.trim();
    (!token.is_empty()).then_some(token)
}
