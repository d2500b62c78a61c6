//! What the page is styled and scripted with: files of this program, named by what is in them.

use std::fmt::Write;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::web::router::problem;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// A file changes its name with its content, so that browsers may keep it.
const KEEP: &str = "private, max-age=31536000, immutable";

/// Where the style is.
pub(super) static STYLE_PATH: LazyLock<String> = LazyLock::new(|| path("css", STYLE));
/// Where the script is.
pub(super) static SCRIPT_PATH: LazyLock<String> = LazyLock::new(|| path("js", SCRIPT));

fn path(ending: &str, content: &str) -> String {
    let mut name = String::from("/assets/page-");
    for byte in Sha256::digest(content).iter().take(6) {
        // Writing into a string cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    format!("{name}.{ending}")
}

/// `GET /assets/…`.
pub(super) async fn serve(Path(name): Path<String>) -> Response {
    let is = |path: &str| path.strip_prefix("/assets/") == Some(&name);
    let (kind, content) = if is(&STYLE_PATH) {
        ("text/css; charset=utf-8", STYLE)
    } else if is(&SCRIPT_PATH) {
        ("text/javascript; charset=utf-8", SCRIPT)
    } else {
        return problem(StatusCode::NOT_FOUND, "there is nothing here");
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static(KEEP)),
    ];
    (headers, content).into_response()
}
