//! What the listeners are given of the daemon: sockets, HTTP, the port of the webhook.

use std::os::unix::net::UnixListener;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::ingest::{self, Codec, Listener, SocketFile};
use crate::pipeline::Clock;
use crate::web;

use super::clear;
use super::controls::Controls;
use super::hand::Hand;
use super::metrics::CONTENT_TYPE;
use super::run::Daemon;
use super::status;

impl Daemon {
    pub(super) fn listen(
        &mut self,
        listener: Listener,
        codec: &watch::Receiver<Arc<Codec>>,
        clock: &Clock,
    ) {
        let socket = listener.serve(
            self.core.intake(),
            codec.clone(),
            wall(clock),
            self.stop_listeners.clone(),
        );
        self.listeners
            .spawn(async move { socket.await.map_err(|error| error.to_string()) });
    }

    pub(super) fn serve_http(
        &mut self,
        server: web::Server,
        control: (UnixListener, SocketFile),
        codec: watch::Receiver<Arc<Codec>>,
        clock: Clock,
    ) {
        let (control, file) = control;
        let app = self.app(codec, clock);
        let stop = self.stop_listeners.clone();
        self.listeners.spawn(async move {
            let outcome = server.serve(Some(control), app, stop).await;
            // The file goes when nobody is answered on it any more.
            drop(file);
            outcome.map_err(|error| error.to_string())
        });
    }

    /// What the routes are given of this daemon.
    fn app(&mut self, codec: watch::Receiver<Arc<Codec>>, clock: Clock) -> web::App {
        let now = clock.clone();
        let metrics = self.metrics.clone();
        let beats = self.core.controls();
        let clients = clients(codec.clone(), clock.clone());
        let read: web::Read = Arc::new(move |body| {
            let body = codec.borrow().read_body(body, clock.wall())?;
            Ok(web::Records {
                records: body.records,
                many: body.many,
            })
        });
        web::App::new(
            self.core.intake(),
            read,
            self.health.clone(),
            self.control(),
        )
        .with_now(move || now.now())
        .with_metrics(move || std::future::ready((CONTENT_TYPE, metrics.text())))
        .with_clients(clients)
        .with_heartbeat(move |source, origin| std::future::ready(heard(&beats, &source, &origin)))
    }

    pub(super) fn serve_webhook(&mut self, webhook: web::Webhook) {
        let receipts = self.core.receipts();
        let take = web::Take::new(move |updates, origin| {
            let receipts = receipts.clone();
            async move { receipts.take(updates, origin).await }
        })
        .with_meters(self.core.meters().clone());
        self.webhook = webhook.address();
        if let Some(address) = self.webhook {
            tracing::info!(%address, "listens for receipts and replies");
        }
        let served = webhook.serve(take, self.stop_listeners.clone());
        self.listeners
            .spawn(async move { served.await.map_err(|error| error.to_string()) });
    }

    fn control(&mut self) -> web::Control {
        let reloader = self.reloader.clone();
        let controls = self.core.controls();
        let hand = controls.clone();
        let desk = Hand::new(
            controls.clone(),
            self.core.store(),
            &self.database,
            self.receipts,
        );
        let outbox = self.core.store().outbox.clone();
        let seen = self.watch.clone();
        let receipts = self.core.receipts();
        let overlook = self.overlook.clone();
        let live = self.live();
        web::Control::new(
            move |dry_run, by| {
                let reloader = reloader.clone();
                async move { reloader.answer(dry_run, by).await }
            },
            move || {
                let (controls, outbox) = (controls.clone(), outbox.clone());
                let (seen, overlook) = (seen.clone(), overlook.clone());
                let came_back = status::came_back(receipts.counts());
                async move {
                    let mut report =
                        status::report(controls.desk(), &outbox, &controls.crowding()).await;
                    report["came_back"] = came_back;
                    report["account"] = seen.account(controls.now());
                    report["templates"] = seen.templates(&controls.outfit());
                    status::join(&*overlook.look().await, report)
                }
            },
        )
        .with_clear(move |id, by| {
            let hand = hand.clone();
            async move { clear::answer(&hand, &id, &by).await }
        })
        .with_live(live)
        .with_ask(move |what| {
            let desk = desk.clone();
            async move { desk.answer(what).await }
        })
    }

    /// The overview for the page, and a word to those who watch it. It ends with the listeners: who
    /// watches keeps a connection.
    fn live(&mut self) -> web::Live {
        let (changes, seen) = watch::channel(0);
        let overlook = self.overlook.clone();
        let stop = self.stop_listeners.clone();
        self.chores.spawn(overlook.clone().keep(changes, stop));
        web::Live::new(
            move || {
                let overlook = overlook.clone();
                async move { overlook.look().await }
            },
            seen,
        )
    }
}

/// A source says that it is well.
fn heard(controls: &Controls, source: &str, origin: &str) -> Result<Value, web::Refusal> {
    if controls.heard(source) {
        tracing::debug!(source, origin, "a source was heard");
        Ok(json!({ "heard": source }))
    } else {
        let text = format!("no [[expect]] of the config waits for {source}");
        Err(web::Refusal::Unknown(text))
    }
}

/// Reads what other systems post, with the mapping in force.
fn clients(codec: watch::Receiver<Arc<Codec>>, clock: Clock) -> web::Clients {
    let labels = codec.clone();
    let started = clock.wall();
    let read = move |dialect, body: &[u8]| {
        let read = match dialect {
            web::Dialect::Alerts => ingest::read_alerts,
            web::Dialect::Alertmanager => ingest::read_webhook,
            web::Dialect::Grafana => ingest::read_grafana,
        };
        let mapping = Arc::clone(codec.borrow().labels());
        let body = read(body, &mapping, clock.wall())?;
        Ok(web::Records {
            records: body.records,
            many: body.many,
        })
    };
    web::Clients::new(read, move || Arc::clone(labels.borrow().labels()), started)
}

/// Tells front ends when a record arrived, for display.
fn wall(clock: &Clock) -> ingest::Now {
    let clock = clock.clone();
    Arc::new(move || clock.wall())
}
