//! Graph errors, in Meta's words and shape (support/error-codes, and answers seen in the field).

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::mint;

/// Code, HTTP status and title of what Meta answers to a send. A code that is not here is answered
/// with 400 and a title of its own.
const TITLES: &[(u32, u16, &str)] = &[
    (0, 401, "AuthException"),
    (1, 400, "API Unknown"),
    (2, 503, "API Service"),
    (3, 500, "API Method"),
    (4, 400, "Application request limit reached"),
    (
        10,
        403,
        "Application does not have permission for this action",
    ),
    (17, 400, "User request limit reached"),
    (33, 400, "Parameter value is not valid"),
    (100, 400, "Invalid parameter"),
    (102, 401, "API Session"),
    (104, 401, "Incorrect signature"),
    (190, 401, "Access token has expired"),
    (200, 403, "Permission denied"),
    (341, 400, "Application limit reached"),
    (368, 403, "Temporarily blocked for policies violations"),
    (613, 400, "Calls to this api have exceeded the rate limit"),
    (2500, 400, "Unknown path components"),
    (80007, 400, "Rate limit issues"),
    (130_429, 400, "Rate limit hit"),
    (130_472, 400, "User's number is part of an experiment"),
    (
        130_497,
        403,
        "Business account is restricted from messaging users in this country",
    ),
    (131_000, 500, "Something went wrong"),
    (131_005, 403, "Access denied"),
    (131_008, 400, "Required parameter is missing"),
    (131_009, 400, "Parameter value is not valid"),
    (131_016, 500, "Service unavailable"),
    (131_021, 400, "Recipient cannot be sender"),
    (131_026, 400, "Message undeliverable"),
    (131_030, 400, "Recipient phone number not in allowed list"),
    (131_031, 403, "Account has been locked"),
    (
        131_037,
        400,
        "WhatsApp provided number needs display name approval before message can be sent",
    ),
    (131_042, 400, "Business eligibility payment issue"),
    (131_045, 500, "Incorrect certificate"),
    (131_047, 400, "Re-engagement message"),
    (131_048, 400, "Spam rate limit hit"),
    (131_049, 400, "Meta chose not to deliver"),
    (131_050, 400, "User has stopped marketing messages"),
    (131_051, 400, "Unsupported message type"),
    (131_052, 400, "Media download error"),
    (131_053, 400, "Media upload error"),
    (
        131_056,
        400,
        "(Business Account, Consumer Account) pair rate limit hit",
    ),
    (131_057, 500, "Account in maintenance mode"),
    (
        131_062,
        400,
        "Business-scoped user id is not allowed for this message",
    ),
    (
        132_000,
        400,
        "Number of parameters does not match the expected number of params",
    ),
    (
        132_001,
        404,
        "Template name does not exist in the translation",
    ),
    (132_005, 400, "Translated text too long"),
    (132_007, 400, "Template format character policy violated"),
    (
        132_012,
        400,
        "Parameter format does not match format in the created template",
    ),
    (132_015, 400, "Template is paused"),
    (132_016, 400, "Template is disabled"),
    (
        132_018,
        400,
        "There's an issue with the parameters in your template",
    ),
    (132_068, 400, "Flow is in blocked state"),
    (132_069, 400, "Flow is in throttled state"),
    (133_000, 500, "Incomplete deregistration"),
    (133_004, 503, "Server temporarily unavailable"),
    (133_005, 400, "Two step verification PIN mismatch"),
    (133_006, 400, "Phone number re-verification needed"),
    (133_008, 400, "Too many two step verification PIN guesses"),
    (133_009, 400, "Two step verification PIN guessed too fast"),
    (133_010, 400, "Phone number not registered"),
    (
        133_015,
        400,
        "Please wait a few minutes before attempting to register this phone number",
    ),
    (133_016, 400, "Account register limit reached"),
    (
        134_011,
        400,
        "WhatsApp Payments terms of service has not been accepted",
    ),
    (135_000, 400, "Generic user error"),
];

/// Status and title of `code`.
fn known(code: u32) -> (u16, &'static str) {
    let mut titles = TITLES.iter();
    let found = titles.find(|(known, ..)| *known == code);
    found.map_or((400, "Unknown error"), |(_, status, title)| {
        (*status, *title)
    })
}

/// What Meta calls `code`.
pub(super) fn title(code: u32) -> &'static str {
    known(code).1
}

/// A request that is turned down with a Graph error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: u32,
    subcode: Option<u32>,
    status: u16,
    message: String,
    kind: &'static str,
    details: Option<String>,
    /// Title and words for people, of a template that is turned down.
    told: Option<(&'static str, String)>,
}

impl Refusal {
    /// `code` with Meta's title and status, and `details` that say what was wrong.
    pub(super) fn new(code: u32, details: impl Into<String>) -> Self {
        let (status, title) = known(code);
        Self {
            code,
            subcode: None,
            status,
            message: format!("(#{code}) {title}"),
            kind: "OAuthException",
            details: Some(details.into()),
            told: None,
        }
    }

    /// `code` on request. Those that are about the token come without details, as Meta sends them.
    pub(super) fn injected(code: u32, subcode: Option<u32>) -> Self {
        let mut refusal = match code {
            0 | 102 | 104 | 190 => Self::token(code, "Error validating access token"),
            _ => Self::new(code, "Asked for with a fault of the sandbox."),
        };
        refusal.subcode = subcode;
        refusal
    }

    /// No token, or not the one.
    pub(super) fn authentication() -> Self {
        Self::token(190, "Authentication Error")
    }

    /// A token that was good once.
    pub(super) fn expired() -> Self {
        let mut refusal = Self::token(
            190,
            "Error validating access token: Session has expired. The sandbox was told so.",
        );
        refusal.subcode = Some(463);
        refusal
    }

    fn token(code: u32, message: &str) -> Self {
        Self {
            code,
            subcode: None,
            status: 401,
            message: message.to_owned(),
            kind: "OAuthException",
            details: None,
            told: None,
        }
    }

    /// An id that names nothing this token may see.
    pub(super) fn no_object(id: &str, method: &str) -> Self {
        Self {
            code: 100,
            subcode: Some(33),
            status: 400,
            message: format!(
                "Unsupported {method} request. Object with ID '{id}' does not exist, cannot be \
                 loaded due to missing permissions, or does not support this operation."
            ),
            kind: "GraphMethodException",
            details: None,
            told: None,
        }
    }

    /// A template that cannot be taken: Meta says why for people, under a subcode.
    pub(super) fn template(subcode: u32, title: &'static str, told: impl Into<String>) -> Self {
        Self {
            code: 100,
            subcode: Some(subcode),
            status: 400,
            message: "Invalid parameter".to_owned(),
            kind: "OAuthException",
            details: None,
            told: Some((title, told.into())),
        }
    }

    /// An address that is not there.
    pub(super) fn no_path(path: &str) -> Self {
        Self {
            code: 2500,
            subcode: None,
            status: 400,
            message: format!("Unknown path components: {path}"),
            kind: "OAuthException",
            details: None,
            told: None,
        }
    }

    /// What it says, for people.
    pub(super) fn words(&self) -> String {
        match (&self.details, &self.told) {
            (Some(details), _) | (None, Some((_, details))) => {
                format!("{}: {details}", self.message)
            }
            (None, None) => self.message.clone(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut error = json!({
            "message": self.message,
            "type": self.kind,
            "code": self.code,
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = json!(subcode);
        }
        if let Some(details) = self.details {
            error["error_data"] = json!({"messaging_product": "whatsapp", "details": details});
        }
        if let Some((title, told)) = self.told {
            error["is_transient"] = json!(false);
            error["error_user_title"] = json!(title);
            error["error_user_msg"] = json!(told);
        }
        if self.code == 2 {
            error["is_transient"] = json!(true);
        }
        error["fbtrace_id"] = json!(mint::trace());
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        (status, Json(json!({ "error": error }))).into_response()
    }
}
