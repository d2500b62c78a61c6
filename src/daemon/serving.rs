//! What the listeners are given of the daemon: sockets, HTTP, the port of the webhook.

use std::os::unix::net::UnixListener;
use std::sync::Arc;

use tokio::sync::watch;

use crate::ingest::{self, Codec, Listener, SocketFile};
use crate::pipeline::Clock;
use crate::web;

use super::clear;
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
    fn app(&self, codec: watch::Receiver<Arc<Codec>>, clock: Clock) -> web::App {
        let now = clock.clone();
        let metrics = self.metrics.clone();
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

    fn control(&self) -> web::Control {
        let reloader = self.reloader.clone();
        let controls = self.core.controls();
        let hand = controls.clone();
        let desk = Hand::new(
            controls.clone(),
            self.core.store(),
            &self.database,
            self.receipts,
        );
        let inquiry = desk.clone();
        let outbox = self.core.store().outbox.clone();
        let seen = self.watch.clone();
        let receipts = self.core.receipts();
        web::Control::new(
            move |dry_run| {
                let reloader = reloader.clone();
                async move { reloader.answer(dry_run).await }
            },
            move || {
                let (controls, outbox) = (controls.clone(), outbox.clone());
                let (seen, inquiry) = (seen.clone(), inquiry.clone());
                let came_back = status::came_back(receipts.counts());
                async move {
                    let mut report =
                        status::report(controls.desk(), &outbox, &controls.crowding()).await;
                    report["came_back"] = came_back;
                    report["account"] = seen.account(controls.now());
                    report["templates"] = seen.templates(&controls.outfit());
                    report["not_told"] = inquiry.not_told(&report).await;
                    report
                }
            },
        )
        .with_clear(move |id, by| {
            let hand = hand.clone();
            async move { clear::answer(&hand, &id, &by).await }
        })
        .with_ask(move |what| {
            let desk = desk.clone();
            async move { desk.answer(what).await }
        })
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
