//! Silences in Alertmanager's words.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::support::http_server::{HttpServer, client};
use super::support::other_systems::Standing;

const TOKEN: &str = "secret";

async fn call(
    server: &HttpServer,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> (StatusCode, Value) {
    let mut request = client()
        .request(method, server.url(path))
        .bearer_auth(TOKEN);
    if let Some(body) = body {
        request = request.body(body.to_string());
    }
    let response = request.send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

fn matcher(name: &str, value: &str, is_regex: bool, is_equal: bool) -> Value {
    json!({ "name": name, "value": value, "isRegex": is_regex, "isEqual": is_equal })
}

fn order(matchers: &Value) -> Value {
    json!({
        "matchers": matchers,
        "startsAt": "2026-11-22T12:00:00.000Z",
        "endsAt": "2026-11-22T14:00:00.000Z",
        "createdBy": "Ana",
        "comment": "lab works",
    })
}

#[tokio::test]
async fn a_silence_is_ordered_shown_and_ended() {
    let standing = Standing::default();
    let server = standing.serve(Some(TOKEN));
    let matchers = json!([
        matcher("alertname", "DiskFull", false, true),
        matcher("instance", "lab.*", true, true),
        matcher("team", "core", false, false),
    ]);
    let posted = Some(order(&matchers));
    let (status, answer) = call(&server, Method::POST, "/api/v2/silences", posted).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let id = answer["silenceID"].as_str().unwrap().to_owned();
    assert_eq!(id, "00000000-0000-4000-8000-000000000001");
    let orders = standing.orders();
    assert_eq!(
        orders[0].filter,
        r#"parameter = "DiskFull" and element ~ "lab.*" and not property.team = "core""#
    );
    assert_eq!(
        (orders[0].by.as_str(), orders[0].comment.as_str()),
        ("Ana", "lab works")
    );
    assert_eq!(orders[0].ends.to_string(), "2026-11-22T14:00:00Z");

    let one = format!("/api/v2/silence/{id}");
    let (status, shown) = call(&server, Method::GET, &one, None).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&shown["id"], &shown["matchers"]), (&json!(id), &matchers));
    assert_eq!(shown["status"], json!({ "state": "active" }));
    let (_, list) = call(&server, Method::GET, "/api/v2/silences", None).await;
    assert_eq!(list, json!([shown]));

    assert_eq!(
        call(&server, Method::DELETE, &one, None).await.0,
        StatusCode::OK
    );
    let (_, shown) = call(&server, Method::GET, &one, None).await;
    assert_eq!(shown["status"], json!({ "state": "expired" }));
    let (status, told) = call(&server, Method::DELETE, &one, None).await;
    assert_eq!((status, told.is_string()), (StatusCode::NOT_FOUND, true));
    server.stop().await;
}

#[tokio::test]
async fn silences_are_found_by_what_their_matchers_say() {
    let standing = Standing::default();
    let server = standing.serve(Some(TOKEN));
    for (name, value) in [
        ("alertname", "A"),
        ("team", "core"),
        ("__filter__", "severity >= major"),
    ] {
        let posted = Some(order(&json!([matcher(name, value, false, true)])));
        let (status, answer) = call(&server, Method::POST, "/api/v2/silences", posted).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
    assert_eq!(standing.orders()[2].filter, "severity >= major");
    for (query, count) in [
        ("", 3),
        ("?filter=alertname%3D%22A%22", 1),
        ("?filter=team%3D~%22c.*%22", 1),
        ("?filter=team%3D%22web%22", 0),
        ("?filter=__filter__!%3D%22%22", 1),
    ] {
        let path = format!("/api/v2/silences{query}");
        let (_, list) = call(&server, Method::GET, &path, None).await;
        assert_eq!(
            list.as_array().map(Vec::len),
            Some(count),
            "{query}: {list}"
        );
    }
    let (_, list) = call(&server, Method::GET, "/api/v2/silences", None).await;
    assert_eq!(
        list[2]["matchers"],
        json!([matcher("__filter__", "severity >= major", false, true)])
    );
    server.stop().await;
}

#[tokio::test]
async fn a_silence_that_cannot_be_is_refused_with_a_reason() {
    let standing = Standing::default();
    let server = standing.serve(Some(TOKEN));
    let good = json!([matcher("a", "b", false, true)]);
    let changed = |name: &str, value: Value| {
        let mut order = order(&good);
        order[name] = value;
        order
    };
    for (body, told) in [
        (order(&json!([])), "at least one matcher"),
        (
            order(&json!([matcher("a", ".*", true, true)])),
            "at least one matcher",
        ),
        (
            order(&json!([matcher("a", "(", true, true)])),
            "bad matcher",
        ),
        (changed("endsAt", json!("soon")), "endsAt is no time"),
        (
            changed("endsAt", json!("2026-11-22T11:00:00Z")),
            "start time must be before",
        ),
        (changed("id", json!("nonsense")), "silence nonsense"),
        (json!({ "matchers": good }), ""),
        (json!([]), ""),
    ] {
        let shown = body.to_string();
        let (status, answer) = call(&server, Method::POST, "/api/v2/silences", Some(body)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{shown}");
        assert!(
            answer.is_object() || answer.as_str().unwrap().starts_with(told),
            "{answer}"
        );
    }
    assert!(standing.orders().is_empty());
    let unknown = "/api/v2/silence/00000000-0000-4000-8000-000000000099";
    for (method, path) in [
        (Method::GET, unknown),
        (Method::DELETE, unknown),
        (Method::GET, "/api/v2/silence/x"),
        (Method::DELETE, "/api/v2/silence/x"),
    ] {
        let (status, told) = call(&server, method.clone(), path, None).await;
        assert_eq!(
            (status, told.is_string()),
            (StatusCode::NOT_FOUND, true),
            "{method} {path}"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn an_order_with_an_id_takes_the_place_of_that_silence() {
    let standing = Standing::default();
    let server = standing.serve(Some(TOKEN));
    let matchers = json!([matcher("a", "b", false, true)]);
    let posted = Some(order(&matchers));
    let (_, first) = call(&server, Method::POST, "/api/v2/silences", posted).await;
    let mut again = order(&matchers);
    again["id"] = first["silenceID"].clone();
    let (status, _) = call(&server, Method::POST, "/api/v2/silences", Some(again)).await;
    assert_eq!(status, StatusCode::OK);
    let orders = standing.orders();
    assert_eq!(
        orders[1].replaces.map(|id| id.to_string()).as_deref(),
        Some("s1")
    );
    server.stop().await;
}
