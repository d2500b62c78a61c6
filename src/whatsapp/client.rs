//! The client of the Cloud API: one POST for a message, GETs to look.

use std::error::Error as _;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::header::AUTHORIZATION;
use reqwest::{Certificate, Response, Url};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::model::{Failure, Outcome, Phone, Retry, Scope};

use super::Settings;
use super::access::{Access, TokenError, read_token};
use super::answer::{Answer, Body, bounded, failure};
use super::approved::{self, TemplateInfo};
use super::classify::class;
use super::number::{self, NumberInfo};
use super::submitted::Submitted;
use super::template::sanitise::{EMPTY, shorten};
use super::template::{Rendered, Submission};
use super::token::{TokenAnswer, TokenInfo};
use super::wire::{Page, SendBody};

/// The largest answer to a send or to a look at the number, in bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// The largest page of templates, in bytes: a hundred with all their texts.
const MAX_PAGE_BYTES: usize = 2 * 1024 * 1024;
/// Meta allows 6000 templates; a page has 100.
const MAX_PAGES: usize = 60;
/// `biz_opaque_callback_data` takes so many characters.
const MAX_OPAQUE_CHARS: usize = 512;
/// The longest plain text, in UTF-16 units (page messages/text-messages).
const MAX_TEXT: usize = 4096;
/// A connection that is idle this long is not used again: an edge that closes one just when a
/// message is written leaves it unknown whether it arrived.
const POOL_IDLE: Duration = Duration::from_secs(30);
const USER_AGENT: &str = concat!("klaxond/", env!("CARGO_PKG_VERSION"));

/// Why the client cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// `base_url` with `api_version` and the ids is no address.
    #[error("base_url is not a web address; write https://graph.facebook.com")]
    BaseUrl,
    /// The certificate file cannot be read.
    #[error("the certificate file {} cannot be read", path.display())]
    ReadCa {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The certificate file has no certificate.
    #[error("{} holds no certificate; write certificates in PEM", path.display())]
    Ca {
        /// The file.
        path: PathBuf,
    },
    /// The token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}; is the package ca-certificates installed?")]
    Tls(String),
}

/// The client. Clones share one pool of connections and one token.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    number: Url,
    messages: Url,
    templates: Option<Url>,
    /// The address that ids of Meta's objects go behind.
    version: Url,
    access: RwLock<Arc<Access>>,
    token_file: Option<PathBuf>,
    app_secret: Option<SecretString>,
    connect_timeout: Duration,
    answer_timeout: Duration,
}

/// Why there is no answer.
enum Lost {
    /// Not a byte of the request arrived.
    NotSent(String),
    /// The request may have arrived.
    Unsure(String),
}

impl Client {
    /// Builds the client; connects to nothing.
    ///
    /// # Errors
    /// [`ClientError`] names the setting.
    pub fn new(settings: &Settings) -> Result<Self, ClientError> {
        let base = Url::parse(&settings.base_url).map_err(|_| ClientError::BaseUrl)?;
        let address = |parts: &[&str]| address(&base, parts).ok_or(ClientError::BaseUrl);
        let (version, id) = (
            settings.api_version.as_str(),
            settings.phone_number_id.as_str(),
        );
        let access = Access::new(&settings.token, settings.app_secret.as_ref())?;
        Ok(Self(Arc::new(Inner {
            http: http(settings, &base)?,
            number: address(&[version, id])?,
            messages: address(&[version, id, "messages"])?,
            templates: match &settings.business_account_id {
                Some(account) => Some(address(&[version, account, "message_templates"])?),
                None => None,
            },
            version: address(&[version])?,
            access: RwLock::new(Arc::new(access)),
            token_file: settings.token_file.clone(),
            app_secret: settings.app_secret.clone(),
            connect_timeout: connect_timeout(settings),
            answer_timeout: settings.answer_timeout,
        })))
    }

    /// Sends one message. `opaque` comes back in receipts, and from quick replies that carry nothing
    /// of their own; more than 512 characters are cut.
    pub async fn send(&self, to: &Phone, opaque: &str, rendered: &Rendered) -> Outcome {
        let number = format!("+{}", to.digits());
        let opaque = cut(opaque);
        let components = rendered.components(opaque);
        let (name, language) = (&rendered.name, &rendered.language);
        self.post(
            to,
            &SendBody::template(&number, opaque, name, language, &components),
        )
        .await
    }

    /// Sends plain text, which Meta takes for 24 hours after the person wrote. `opaque` as in
    /// [`Client::send`]; more than 4096 characters are shortened.
    pub async fn send_text(&self, to: &Phone, opaque: &str, body: &str) -> Outcome {
        let number = format!("+{}", to.digits());
        let body = match shorten(body.trim(), MAX_TEXT) {
            body if body.is_empty() => EMPTY.to_owned(),
            body => body,
        };
        self.post(to, &SendBody::text(&number, cut(opaque), &body))
            .await
    }

    async fn post(&self, to: &Phone, body: &SendBody<'_>) -> Outcome {
        let access = self.access();
        let scrub = |text: &str| access.scrub(&text.replace(to.digits(), &to.to_string()));
        let request = self
            .0
            .http
            .post(proven(&self.0.messages, &access))
            .json(body);
        match self.exchange(request, &access, MAX_ANSWER_BYTES).await {
            Ok(answer) => answer.outcome(scrub),
            Err(Lost::NotSent(text)) => Outcome::Failed(not_sent(&scrub(&text))),
            Err(Lost::Unsure(text)) => Outcome::Unknown {
                text: bounded(&scrub(&text)),
            },
        }
    }

    /// Looks at the business number: proves that token and number id work.
    ///
    /// # Errors
    /// The failure with its class, as for a send.
    pub async fn number(&self) -> Result<NumberInfo, Failure> {
        let mut url = self.0.number.clone();
        url.query_pairs_mut().append_pair("fields", number::FIELDS);
        self.get(&url, MAX_ANSWER_BYTES).await
    }

    /// Whether the business account's id is known, so that its templates can be looked at.
    #[must_use]
    pub fn can_list_templates(&self) -> bool {
        self.0.templates.is_some()
    }

    /// Every template of the business account.
    ///
    /// # Errors
    /// The failure with its class; also when `business_account_id` is not set.
    pub async fn templates(&self) -> Result<Vec<TemplateInfo>, Failure> {
        let Some(base) = &self.0.templates else {
            return Err(no_account());
        };
        let mut templates = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut url = base.clone();
            url.query_pairs_mut()
                .append_pair("fields", approved::FIELDS)
                .append_pair("limit", "100");
            if let Some(after) = &after {
                url.query_pairs_mut().append_pair("after", after);
            }
            let page: Page = self.get(&url, MAX_PAGE_BYTES).await?;
            let entries = page.data.unwrap_or_default().into_iter();
            templates.extend(entries.filter_map(|entry| serde_json::from_value(entry).ok()));
            let paging = page.paging.unwrap_or_default();
            let next = match paging.next {
                Some(_) => paging.cursors.and_then(|cursors| cursors.after),
                None => None,
            };
            if next.is_none() || next == after {
                break;
            }
            after = next;
        }
        Ok(templates)
    }

    /// Hands in a template for review.
    ///
    /// # Errors
    /// The failure with its class; also when `business_account_id` is not set.
    pub async fn create_template(&self, submission: &Submission) -> Result<Submitted, Failure> {
        let Some(url) = &self.0.templates else {
            return Err(no_account());
        };
        self.hand_in(url, &submission.create).await
    }

    /// Hands in another text for a template that Meta has, which goes through review again.
    ///
    /// # Errors
    /// The failure with its class; also when what Meta has carries no id.
    pub async fn edit_template(
        &self,
        known: &TemplateInfo,
        submission: &Submission,
    ) -> Result<(), Failure> {
        let id = known.id.as_deref().unwrap_or_default();
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_digit()) {
            let text = "Meta gave no id for this template".to_owned();
            return Err(failure(class(Retry::Never, Scope::Message), text));
        }
        let Some(url) = address(&self.0.version, &[id]) else {
            return Err(not_sent("base_url is not a web address"));
        };
        let edit = submission.edit(!known.is_approved());
        let done: Submitted = self.hand_in(&url, &edit).await?;
        match done.success {
            Some(false) => Err(failure(
                class(Retry::Never, Scope::Message),
                "Meta did not take the change and does not say why".to_owned(),
            )),
            Some(true) | None => Ok(()),
        }
    }

    async fn hand_in(&self, url: &Url, body: &Value) -> Result<Submitted, Failure> {
        let access = self.access();
        let request = self.0.http.post(proven(url, &access)).json(body);
        self.object(request, &access, MAX_ANSWER_BYTES).await
    }

    /// What Meta says of the token in force.
    ///
    /// # Errors
    /// The failure with its class.
    pub async fn token(&self) -> Result<TokenInfo, Failure> {
        let access = self.access();
        let Some(mut url) = address(&self.0.version, &["debug_token"]) else {
            return Err(not_sent("base_url is not a web address"));
        };
        access.with_token(|token| {
            url.query_pairs_mut().append_pair("input_token", token);
        });
        let request = self.0.http.get(proven(&url, &access));
        let answer: TokenAnswer = self.object(request, &access, MAX_ANSWER_BYTES).await?;
        Ok(answer.data)
    }

    /// Reads the token file again. Whether the token is another one; never, without a file.
    ///
    /// # Errors
    /// [`TokenError`]; the token in force stays.
    pub fn reread_token(&self) -> Result<bool, TokenError> {
        match &self.0.token_file {
            Some(path) => self.set_token(&read_token(path)?),
            None => Ok(false),
        }
    }

    /// Uses another token from the next request on. Whether it differs from the one in force.
    ///
    /// # Errors
    /// [`TokenError`]; the token in force stays.
    pub fn set_token(&self, token: &SecretString) -> Result<bool, TokenError> {
        let access = Access::new(token, self.0.app_secret.as_ref())?;
        let mut current = self
            .0
            .access
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let changed = !current.is(&access);
        *current = Arc::new(access);
        Ok(changed)
    }

    fn access(&self) -> Arc<Access> {
        let access = self.0.access.read();
        Arc::clone(&access.unwrap_or_else(PoisonError::into_inner))
    }

    async fn get<T: DeserializeOwned>(&self, url: &Url, max: usize) -> Result<T, Failure> {
        let access = self.access();
        let request = self.0.http.get(proven(url, &access));
        self.object(request, &access, max).await
    }

    async fn object<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
        access: &Access,
        max: usize,
    ) -> Result<T, Failure> {
        match self.exchange(request, access, max).await {
            Ok(answer) => answer.object(|text| access.scrub(text)),
            Err(Lost::NotSent(text) | Lost::Unsure(text)) => Err(not_sent(&access.scrub(&text))),
        }
    }

    async fn exchange(
        &self,
        request: reqwest::RequestBuilder,
        access: &Access,
        max: usize,
    ) -> Result<Answer, Lost> {
        let request = request.header(AUTHORIZATION, access.bearer.clone());
        let response = request.send().await.map_err(|error| self.lost(error))?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = self.read(response, max).await;
        Ok(Answer::new(status, &headers, body))
    }

    async fn read(&self, mut response: Response, max: usize) -> Body {
        let mut bytes = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if bytes.len() + chunk.len() > max => {
                    return Body::Broken(format!("a body of more than {max} bytes"));
                }
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => return Body::Whole(bytes),
                Err(error) if error.is_timeout() => {
                    let limit = self.0.answer_timeout;
                    return Body::Broken(format!("and its body did not end within {limit:?}"));
                }
                Err(error) => {
                    return Body::Broken(format!("and its body broke off: {}", innermost(error)));
                }
            }
        }
    }

    fn lost(&self, error: reqwest::Error) -> Lost {
        let timeout = error.is_timeout();
        if error.is_connect() {
            Lost::NotSent(match timeout {
                true => format!("no connection within {:?}", self.0.connect_timeout),
                false => format!("no connection: {}", innermost(error)),
            })
        } else if error.is_builder() {
            Lost::NotSent(format!(
                "the request could not be made: {}",
                innermost(error)
            ))
        } else {
            Lost::Unsure(match timeout {
                true => format!("no answer within {:?}", self.0.answer_timeout),
                false => format!(
                    "the connection broke before the answer: {}",
                    innermost(error)
                ),
            })
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// The one place that chooses the cryptography behind TLS. A provider that is there already stays.
/// Whoever builds an HTTP client of its own calls this first.
pub fn install_crypto() {
    let installed = rustls::crypto::ring::default_provider().install_default();
    // An error hands the provider back: another part of the process was first.
    drop(installed);
}

fn cut(opaque: &str) -> &str {
    match opaque.char_indices().nth(MAX_OPAQUE_CHARS) {
        Some((end, _)) => &opaque[..end],
        None => opaque,
    }
}

fn http(settings: &Settings, base: &Url) -> Result<reqwest::Client, ClientError> {
    install_crypto();
    let mut builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        // A POST that goes out twice is a message that arrives twice: retries are decided above.
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(connect_timeout(settings))
        .timeout(settings.answer_timeout)
        .pool_idle_timeout(POOL_IDLE)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(Duration::from_secs(20))
        .http2_keep_alive_timeout(Duration::from_secs(10));
    if base.scheme() == "http" {
        // The system's certificates are not needed, and take milliseconds to read.
        builder = builder.tls_certs_only([]);
    } else if let Some(path) = &settings.ca_file {
        let read = std::fs::read(path);
        let pem = read.map_err(|source| ClientError::ReadCa {
            path: path.clone(),
            source,
        })?;
        let found = Certificate::from_pem_bundle(&pem).unwrap_or_default();
        if found.is_empty() {
            return Err(ClientError::Ca { path: path.clone() });
        }
        builder = builder.tls_certs_merge(found);
    }
    builder
        .build()
        .map_err(|error| ClientError::Tls(innermost(error)))
}

/// A little less than the time for the whole answer, so that a connection that does not come about
/// is told apart from an answer that does not come.
fn connect_timeout(settings: &Settings) -> Duration {
    settings
        .connect_timeout
        .min(settings.answer_timeout * 9 / 10)
}

fn address(base: &Url, parts: &[&str]) -> Option<Url> {
    if !matches!(base.scheme(), "http" | "https") || base.host().is_none() {
        return None;
    }
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.path_segments_mut().ok()?.pop_if_empty().extend(parts);
    Some(url)
}

fn proven(url: &Url, access: &Access) -> Url {
    let mut url = url.clone();
    if let Some(proof) = &access.proof {
        url.query_pairs_mut().append_pair("appsecret_proof", proof);
    }
    url
}

fn no_account() -> Failure {
    let text = "business_account_id is not set; templates cannot be looked at without it";
    failure(class(Retry::Never, Scope::Message), text.to_owned())
}

fn not_sent(text: &str) -> Failure {
    failure(class(Retry::Backoff, Scope::Number), bounded(text))
}

/// The error at the bottom, which is the one that a person understands; without the address, which
/// may carry a proof.
fn innermost(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = error.to_string();
        source = error.source();
    }
    text
}
