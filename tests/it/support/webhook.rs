//! Bodies as Meta posts them, signed, and the port that takes them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use hmac::{Hmac, KeyInit, Mac};
use klaxond::store::StoreError;
use klaxond::web::{Take, Webhook, WebhookSettings};
use klaxond::whatsapp::webhook::Inbound;
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::messages::{ACCOUNT_ID, NUMBER_ID};

pub const APP_SECRET: &str = "0a1b2c3d4e5f";
pub const VERIFY_TOKEN: &str = "open-sesame";

/// `sha256=…` of a body, as Meta signs it.
pub fn sign(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(APP_SECRET.as_bytes()).unwrap();
    mac.update(body);
    let digest = mac.finalize().into_bytes();
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={digits}")
}

/// A body with one change.
pub fn change(field: &str, value: Value) -> Value {
    let mut change = json!({"field": field});
    change["value"] = value;
    json!({"object": "whatsapp_business_account",
           "entry": [{"id": ACCOUNT_ID, "changes": [change]}]})
}

/// A body of the field `messages`: `more` holds `statuses`, `messages`, `contacts`, `errors`.
pub fn messages(more: Value) -> Value {
    let mut value = json!({"messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550783881", "phone_number_id": NUMBER_ID}});
    let Value::Object(more) = more else {
        panic!("{more} are no fields");
    };
    value.as_object_mut().unwrap().extend(more);
    change("messages", value)
}

/// A status as Meta documents it.
pub fn status(n: usize, word: &str) -> Value {
    json!({"id": format!("wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI{n}"), "status": word,
           "timestamp": "1795341600", "recipient_id": "16505551234",
           "biz_opaque_callback_data": format!("store:{n}"),
           "pricing": {"billable": true, "pricing_model": "PMP", "category": "utility", "type": "regular"}})
}

/// What was taken: the updates of each body and where it came from.
pub type Taken = Arc<Mutex<Vec<(Vec<Inbound>, String)>>>;

/// The port, on any that is free.
pub struct WebhookServer {
    pub address: SocketAddr,
    pub taken: Taken,
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl WebhookServer {
    /// Everything is taken at once.
    pub fn start() -> Self {
        let taken = Taken::default();
        let noted = Arc::clone(&taken);
        let take = Take::new(move |updates, origin| {
            noted.lock().unwrap().push((updates, origin.to_string()));
            async { Ok::<(), StoreError>(()) }
        });
        Self {
            taken,
            ..Self::start_with(take)
        }
    }

    pub fn start_with(take: Take) -> Self {
        let settings = WebhookSettings {
            listen: "127.0.0.1:0".parse().unwrap(),
            verify_token: SecretString::from(VERIFY_TOKEN),
            app_secret: SecretString::from(APP_SECRET),
            phone_number_id: NUMBER_ID.to_owned(),
        };
        let webhook = Webhook::bind(&settings).unwrap();
        let address = webhook.address().unwrap();
        let cancel = CancellationToken::new();
        let stop = cancel.clone();
        let task = tokio::spawn(async move { webhook.serve(take, stop).await.unwrap() });
        Self {
            address,
            taken: Taken::default(),
            cancel,
            task,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub async fn stop(self) {
        self.cancel.cancel();
        self.task.await.unwrap();
    }
}
