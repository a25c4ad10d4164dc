//! Accepting: a permit, then a client, then its task on a worker.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::time::sleep;

use super::Server;
use super::connection::{Arrival, hold, redirect_tcp, refuse, serve_tcp, serve_unix};
use super::listeners::{Entrance, Listeners};
use super::permits::ConnectionPermit;
use crate::config::Level;
use crate::logging::log;
use crate::metrics::METRICS;
use crate::net::listener::{Accepted, describe};
use crate::permit::{Permit, Permits};

/// Pause after an accept that failed for want of files or memory: other connections will return what is missing, and trying again at once
/// would only burn the CPU that they need.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// Least time between two log lines about clients that wait.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Limits how often something is logged.
#[derive(Debug, Default)]
pub(super) struct Interval(Option<Instant>);

impl Interval {
    /// Whether the last line is [`LOG_INTERVAL`] ago; if so, the next one counts from now.
    fn is_over(&mut self) -> bool {
        let is_over = self.0.is_none_or(|last| last.elapsed() >= LOG_INTERVAL);
        if is_over {
            self.0 = Some(Instant::now());
        }
        is_over
    }
}

/// Waits for a permit first and then for a client: when all permits are taken, clients wait in the kernel's queue. One wait for
/// all listeners, so that a quiet one holds no permit.
pub(super) async fn next<'listeners>(
    permits: &Arc<Permits>,
    listeners: &'listeners Listeners,
) -> (io::Result<Accepted>, Permit, &'listeners Entrance) {
    let permit = permits.take().await;
    let (accepted, entrance) = poll_fn(|cx| listeners.poll_accept(cx)).await;
    (accepted, permit, entrance)
}

impl Server<'_> {
    /// Starts the task of a connection, unless its address has too many.
    pub(super) fn admit(&mut self, accepted: Accepted, permit: Permit, entrance: &Entrance) {
        let (assignment, worker) = self.workers.assign();
        let config = &self.service.config;
        let mut permit = ConnectionPermit::new(permit, assignment);
        if let (Accepted::Tcp(_, peer), Some(limit)) =
            (&accepted, config.limits.max_connections_per_address)
        {
            let ip = peer.ip();
            // A trusted proxy stands for many clients.
            if !config.trusts(ip) && !permit.count(&self.service.addresses, ip, limit) {
                refuse(accepted, ip, self.tls.is_some());
                return;
            }
        }
        METRICS.connections.add(1);
        if self.connections.is_full() && self.waiting.is_over() {
            log(
                Level::Info,
                "server",
                "All of --maxconns connections are open: more clients wait",
            );
        }
        let service = Arc::clone(&self.service);
        match (&entrance.redirect, accepted) {
            (Some(destination), Accepted::Tcp(stream, _)) => {
                let destination = Arc::clone(destination);
                let serve = redirect_tcp(stream, destination, service);
                self.spawn(hold(permit, serve), worker);
            }
            (_, Accepted::Tcp(stream, peer)) => {
                let tls = self.tls.clone();
                let arrival = Arrival {
                    stream,
                    peer,
                    permit,
                };
                self.spawn(serve_tcp(arrival, tls, service), worker);
            }
            (_, Accepted::Unix(stream)) => {
                self.spawn(hold(permit, serve_unix(stream, service)), worker);
            }
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that starts the tasks of connections, on the server's tracker"
    )]
    fn spawn(&self, serve: impl Future<Output = ()> + Send + 'static, worker: &Handle) {
        self.tasks.spawn_on(serve, worker);
    }

    /// After an accept that failed. A client that left in the meantime is nothing; a want of files or memory is logged and
    /// waited for.
    pub(super) async fn pause(&mut self, error: &io::Error) {
        use nix::libc::{EMFILE, ENFILE, ENOBUFS, ENOMEM};
        if !matches!(
            error.raw_os_error(),
            Some(EMFILE | ENFILE | ENOBUFS | ENOMEM)
        ) {
            return;
        }
        if self.waiting.is_over() {
            let reason = describe(error);
            let message =
                format!("Can't accept connections: {reason}; clients wait until some end");
            log(Level::Error, "server", &message);
        }
        sleep(EXHAUSTED_PAUSE).await;
    }
}
