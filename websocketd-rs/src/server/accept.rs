//! Accepting: a permit, then a client, then its task on a worker.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::time::sleep;

use super::connection::{Arrival, TOO_MANY, hold, redirect_tcp, refuse, serve_tcp, serve_unix};
use super::listeners::{Entrance, Listeners, Serves};
use super::permits::ConnectionPermit;
use super::terms::Terms;
use super::{Server, tcp_connection};
use crate::config::Level;
use crate::logging::log;
use crate::metrics::METRICS;
use crate::net::listener::{Accepted, describe};
use crate::permit::{Permit, Permits};
use crate::tcp::site::{TcpSite, TcpSites};

/// Pause after an accept that failed for want of files or memory: other connections will return what is missing,
/// and trying again at once would only burn the CPU that they need.
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

/// Waits for a permit first and then for a client: when all permits are taken, clients wait in the kernel's
/// queue. One wait for all listeners, so that a quiet one holds no permit.
pub(super) async fn next(
    permits: &Arc<Permits>,
    listeners: &Listeners,
    sections: &TcpSites,
) -> (io::Result<Accepted>, Permit, Arc<Entrance>) {
    let permit = permits.take().await;
    let (accepted, entrance) = poll_fn(|cx| listeners.poll_accept(cx, sections)).await;
    (accepted, permit, entrance)
}

impl Server<'_> {
    /// Starts the task of a connection, unless its address has too many.
    pub(super) fn admit(&mut self, accepted: Accepted, permit: Permit, entrance: &Entrance) {
        let (assignment, worker) = self.workers.assign();
        let mut permit = ConnectionPermit::new(permit, assignment);
        let section = match &entrance.serves {
            Serves::Tcp(name) => match self.tcp.get(name).map(Arc::clone) {
                None => return,
                section => section,
            },
            Serves::Sites | Serves::Redirect(_) => None,
        };
        if let Some(section) = &section
            && !self.take_section(section, &mut permit)
        {
            return;
        }
        let terms = match &section {
            Some(section) => Terms::of_section(section),
            None => Terms::of_service(&self.service),
        };
        if let Accepted::Tcp(_, peer) = &accepted {
            let ip = peer.ip();
            if !terms.admits(ip, &mut permit) {
                let is_plain_http = section.is_none() && self.tls.is_none();
                refuse(accepted, ip, if is_plain_http { TOO_MANY } else { b"" });
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
        if let Some(section) = section {
            return self.start_section(accepted, permit, section, worker);
        }
        match (&entrance.serves, accepted) {
            (Serves::Redirect(destination), Accepted::Tcp(stream, _)) => {
                let destination = Arc::clone(destination);
                let serve = redirect_tcp(stream, destination, service);
                self.spawn(hold(permit, serve), worker);
            }
            (_, Accepted::Tcp(stream, peer)) => {
                let tls = self.tls.as_ref().map(|tls| Arc::clone(&tls.server));
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

    /// Takes one of the section's own permits, which is there: nobody but this thread takes one.
    fn take_section(&mut self, section: &TcpSite, permit: &mut ConnectionPermit) -> bool {
        let Some(taken) = section.connections.try_take() else {
            return false;
        };
        permit.hold(taken);
        if section.connections.is_full() && self.waiting.is_over() {
            let name = &section.config.name;
            let message =
                format!("All of maxconns connections of [tcp {name}] are open: more clients wait");
            log(Level::Info, "server", &message);
        }
        true
    }

    /// Starts the task of a connection of a section.
    fn start_section(
        &self,
        accepted: Accepted,
        permit: ConnectionPermit,
        section: Arc<TcpSite>,
        worker: &Handle,
    ) {
        let service = Arc::clone(&self.service);
        match accepted {
            Accepted::Tcp(stream, peer) => {
                let arrival = Arrival {
                    stream,
                    peer,
                    permit,
                };
                self.spawn(tcp_connection::serve_tcp(arrival, section, service), worker);
            }
            Accepted::Unix(stream) => {
                let serve = tcp_connection::serve_unix(stream, section, service);
                self.spawn(hold(permit, serve), worker);
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

    /// After an accept that failed. A client that left in the meantime is nothing; a want of files or memory is
    /// logged and waited for.
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
