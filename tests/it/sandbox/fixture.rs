//! A running sandbox, a client for it, and good messages to spoil.

use std::sync::Arc;

use klaxond::sandbox::{
    Accepted, ButtonText, Fault, Sandbox, Settings, TemplateStatus, TemplateText,
};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

/// A running sandbox and a client for it.
pub(super) struct Fixture {
    pub(super) sandbox: Sandbox,
    pub(super) client: Client,
}

impl Fixture {
    pub(super) async fn start(settings: Settings) -> Self {
        let (sandbox, _) = Sandbox::start(settings).await.unwrap();
        Self {
            sandbox,
            client: client(),
        }
    }

    /// A sandbox that knows the alarm templates.
    pub(super) async fn strict() -> Self {
        Self::start(Settings {
            templates: vec![alarm(), named(), buttons()],
            ..Settings::default()
        })
        .await
    }

    pub(super) async fn with_faults(texts: &[&str]) -> Self {
        let faults = texts.iter().map(|text| Fault::parse(text).unwrap());
        Self::start(Settings {
            faults: faults.collect(),
            ..Settings::default()
        })
        .await
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.sandbox.address())
    }

    pub(super) async fn try_send(&self, body: &Value) -> reqwest::Result<Response> {
        let request = self.client.post(self.url("v25.0/106540352242922/messages"));
        request.bearer_auth("token").json(body).send().await
    }

    pub(super) async fn send(&self, body: &Value) -> (StatusCode, Value) {
        read(self.try_send(body).await.unwrap()).await
    }

    pub(super) async fn get(&self, path: &str) -> (StatusCode, Value) {
        let request = self.client.get(self.url(path)).bearer_auth("token");
        read(request.send().await.unwrap()).await
    }

    /// The code with which `body` is refused; 0 when it is taken.
    pub(super) async fn code(&self, body: &Value) -> u64 {
        let (_, answer) = self.send(body).await;
        answer["error"]["code"].as_u64().unwrap_or(0)
    }

    pub(super) fn accepted(&self) -> Vec<Arc<Accepted>> {
        self.sandbox.messages()
    }
}

pub(super) fn client() -> Client {
    // A second installation is refused, and not needed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().unwrap()
}

pub(super) async fn read(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap())
}

pub(super) fn template(name: &str, text: &str) -> TemplateText {
    TemplateText {
        name: name.to_owned(),
        language: "en_US".to_owned(),
        header: None,
        text: text.to_owned(),
        footer: None,
        buttons: Vec::new(),
        status: TemplateStatus::Approved,
    }
}

pub(super) fn alarm() -> TemplateText {
    TemplateText {
        header: Some("{{1}} alarm".to_owned()),
        footer: Some("klaxond".to_owned()),
        ..template("alarm", "Hello {{1}}! *{{2}}* failed, {{1}}.")
    }
}

pub(super) fn named() -> TemplateText {
    template("named", "On {{host}}: {{summary}}.")
}

pub(super) fn buttons() -> TemplateText {
    TemplateText {
        buttons: vec![
            ButtonText::QuickReply {
                text: "Acknowledge".to_owned(),
            },
            ButtonText::Url {
                text: "Open".to_owned(),
                url: "https://example.com/{{1}}".to_owned(),
            },
        ],
        ..template("buttons", "An alarm.")
    }
}

pub(super) fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

/// A good message with the template `alarm`.
pub(super) fn message() -> Value {
    json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+34600111222",
        "type": "template",
        "biz_opaque_callback_data": "7",
        "template": {
            "name": "alarm",
            "language": {"code": "en_US"},
            "components": [
                {"type": "header", "parameters": [text("CRITICAL")]},
                {"type": "body", "parameters": [text("NOC"), text("db1")]},
            ],
        },
    })
}

pub(super) fn message_to(to: &str) -> Value {
    let mut body = message();
    body["to"] = json!(to);
    body
}

pub(super) fn of_template(name: &str, components: &Value) -> Value {
    let mut body = message();
    body["template"]["name"] = json!(name);
    body["template"]["components"] = components.clone();
    body
}
