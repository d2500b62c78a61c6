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
use super::ledger::{Accepted, Shown};
use super::line::Cutter;
use super::listing::{self, no_field};
use super::mint;
use super::refusal::Refusal;
use super::request::{self, Request};
use super::server::{self, Shared};

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
        accept(&shared, Request::read(&body)?, lost)
    })
    .await
}

/// Everything between a body that reads and the answer.
fn accept(shared: &Shared, request: Request, lost: bool) -> Result<Value, Refusal> {
    let now = Instant::now();
    let mut state = shared.state();
    let digits = request.to.digits();
    let filled = state.catalogue.fill(&request.call)?;
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
    let answer = json!({
        "messaging_product": "whatsapp",
        "contacts": [{"input": request.input, "wa_id": digits}],
        "messages": [{"id": wamid, "message_status": "accepted"}],
    });
    let arguments = request.call.body.into_iter();
    let message = Arc::new(Accepted {
        at: shared.at(),
        template: request.call.name,
        language: request.call.language,
        parameters: arguments.map(|argument| argument.text).collect(),
        header: filled.header,
        body: filled.body,
        footer: filled.footer,
        buttons: filled.buttons,
        opaque: request.opaque,
        to: request.to,
        wamid,
        answer_lost: lost,
    });
    state.ledger.accept(Arc::clone(&message));
    shared.show(Shown::Message(message));
    Ok(answer)
}

/// `GET /{version}/{phone number id}`
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
        known(shared.phone_number_id.as_deref(), &id, "get")?;
        let fields = params.get("fields").map_or(NUMBER_FIELDS, String::as_str);
        number_node(&id, fields)
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
        listing::page(shared.state().catalogue.templates(), &query, |after| {
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

/// `GET /debug_token?input_token=…&access_token=…`, with or without a version
pub(super) async fn debug_token(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Cutter>,
    Query(params): Params,
    headers: HeaderMap,
) -> Response {
    answer(&shared, &line, Endpoint::Token, None, |_| {
        if !params.contains_key("access_token") && bearer(&headers).is_none() {
            return Err(Refusal::authentication());
        }
        let Some(input) = params.get("input_token").filter(|token| !token.is_empty()) else {
            return Err(Refusal::new(100, "The parameter input_token is required."));
        };
        let state = shared.state();
        let expired = state.expired_token.as_ref() == Some(input);
        let valid = !expired && state.token.as_ref().is_none_or(|token| token == input);
        let mut data = json!({
            "app_id": "1234567890",
            "type": "SYSTEM_USER",
            "application": "klaxond sandbox",
            "is_valid": valid,
            "expires_at": i64::from(expired),
            "data_access_expires_at": 0,
            "scopes": ["whatsapp_business_management", "whatsapp_business_messaging"],
            "granular_scopes": [],
        });
        if !valid {
            let subcode = if expired { 463 } else { 467 };
            data["error"] = json!({
                "code": 190,
                "message": "Error validating access token",
                "subcode": subcode,
            });
        }
        Ok(json!({ "data": data }))
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
    let server::State {
        token,
        expired_token,
        ..
    } = &*shared.state();
    if expired_token.as_deref() == Some(given) {
        return Err(Refusal::expired());
    }
    if token.as_deref().is_some_and(|token| token != given) {
        return Err(Refusal::authentication());
    }
    Ok(())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let token = value.strip_prefix("Bearer ")?.trim();
    (!token.is_empty()).then_some(token)
}
