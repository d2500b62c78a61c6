//! What the page shows, and a word to those who watch it whenever it changes: server-sent events.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use tokio::sync::watch;
use tokio::time::{Sleep, sleep};
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{Stream, StreamExt};

use super::app::App;
use super::overview::Overview;
use super::router::problem;
use super::routes::Routes;

/// A sign of life, so that proxies and phones keep the connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A stream ends by itself before the server ends its connection; browsers come back at once.
const LASTS: Duration = Duration::from_secs(240);

/// How long a browser waits before it comes back.
const COME_BACK: Duration = Duration::from_secs(1);

type Looking = Pin<Box<dyn Future<Output = Arc<Overview>> + Send>>;

/// How things stand, and when that changes. Cheap to clone.
#[derive(Clone)]
pub struct Live {
    look: Arc<dyn Fn() -> Looking + Send + Sync>,
    changes: watch::Receiver<u64>,
}

impl Live {
    /// `look()` says how things stand; `changes` counts up when that changed, once a second at most, and
    /// ends when the server does.
    pub fn new<L, F>(look: L, changes: watch::Receiver<u64>) -> Self
    where
        L: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Arc<Overview>> + Send + 'static,
    {
        Self {
            look: Arc::new(move || Box::pin(look())),
            changes,
        }
    }

    pub(super) async fn look(&self) -> Arc<Overview> {
        (self.look)().await
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Live")
    }
}

pub(super) fn routes() -> Routes {
    Routes::default().read("/api/v1/events", events)
}

/// `changed` at once, and whenever the overview has changed since.
async fn events(State(app): State<App>) -> Response {
    let Some(live) = app.control.live() else {
        return problem(StatusCode::NOT_FOUND, "there is nothing here");
    };
    let changes = WatchStream::new(live.changes.clone()).map(|count| {
        let event = Event::default().event("changed").retry(COME_BACK);
        Ok::<_, Infallible>(event.data(count.to_string()))
    });
    let events = Lasting {
        events: changes,
        end: Box::pin(sleep(LASTS)),
    };
    let mut response = Sse::new(events)
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response();
    // nginx would keep the events to itself until they fill a page.
    response.headers_mut().insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    response
}

/// A stream that ends after a while.
struct Lasting<S> {
    events: S,
    end: Pin<Box<Sleep>>,
}

impl<S: Stream + Unpin> Stream for Lasting<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        if self.end.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.events).poll_next(context)
    }
}
