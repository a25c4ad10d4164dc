//! Bind, announce, accept, drain: the only owner of limits and the only place that starts tasks.

mod admin;
mod brief;
mod connection;
mod doors;
mod gate;
mod notify;
mod redirect;
mod start;
mod workers;

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use start::{start, verify};

use crate::capacity::{Slot, Slots};
use crate::config::{Config, Level};
use crate::http::Service;
use crate::logging::{self, log};
use crate::metrics::METRICS;
use crate::net::listener::{Accepted, describe};
use crate::net::tls::{self, ServerConfig};
use crate::process::Spawners;
use crate::shutdown::{Order, Signals};
use connection::{Arrival, hold, redirect_tcp, refuse, serve_tcp, serve_unix};
use doors::{BoundDoors, Door, Doors};
use gate::{Place, RouteSlots};
use notify::Notifier;
use workers::Workers;

/// Pause after an accept that failed for want of files or memory: what lacks is given back by others, and asking again at once
/// would only burn the processor they need.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// Least time between two log lines about the same trouble at the door.
const COMPLAINT_INTERVAL: Duration = Duration::from_secs(10);

/// What the drain waits for connections beyond the grace of their handlers: the termination ladder (850 ms, and three times
/// `--closems`) and the last writes.
const DRAIN_MARGIN: Duration = Duration::from_secs(5);

/// The server in operation.
#[derive(Debug)]
struct Server<'workers> {
    service: Arc<Service>,
    tls: Option<Arc<ServerConfig>>,
    connections: Arc<Slots>,
    route_forks: RouteSlots,
    /// Where connections are served.
    workers: &'workers Workers,
    /// One task for each connection.
    tasks: TaskTracker,
    /// Tasks that serve no connection, and that the drain therefore does not wait for.
    background: TaskTracker,
    stopping: CancellationToken,
    complained: Option<Instant>,
}

impl<'workers> Server<'workers> {
    /// A server for `config`, whose handlers `spawners` start. `tls` is what [`tls::load`] made of the files in `config`.
    fn new(
        config: Config,
        tls: Option<Arc<ServerConfig>>,
        spawners: Spawners,
        workers: &'workers Workers,
    ) -> Self {
        let mut route_forks = RouteSlots::default();
        let connections = Arc::new(Slots::new(Some(config.limits.max_connections)));
        let stopping = CancellationToken::new();
        let service = Arc::new(Service {
            forks: Arc::new(Slots::new(config.limits.max_forks)),
            route_forks: route_forks.fit(&config),
            config: Arc::new(config),
            spawners: Arc::new(spawners),
            addresses: Arc::default(),
            stopping: stopping.clone(),
        });
        Self {
            service,
            tls,
            connections,
            route_forks,
            workers,
            tasks: TaskTracker::new(),
            background: TaskTracker::new(),
            stopping,
            complained: None,
        }
    }

    /// Serves the clients of `doors` until `signals` say stop, then drains. On reload `read` gives the new configuration.
    ///
    /// # Errors
    /// When the server can't start, or can't go on because a spawner process died.
    async fn run(
        mut self,
        mut doors: BoundDoors,
        mut signals: Signals,
        read: impl Fn() -> Result<Config, String>,
    ) -> Result<(), String> {
        if let Some(admin) = doors.admin.take() {
            let serve = admin::serve(admin, self.background.clone(), self.stopping.clone());
            self.background.spawn(serve);
        }
        let doors = Doors::listen(doors)
            .map_err(|error| format!("Can't start server: {}", describe(&error)))?;
        let spawners = Arc::clone(&self.service.spawners);
        let mut spawners = self
            .background
            .spawn(async move { spawners.listen().await });
        let mut notifier = Notifier::new(&self.service.config.supervisor);
        log(Level::Trace, "server", "Ready");
        notifier.ready();
        let ended = loop {
            tokio::select! {
                // Orders first: a flood of clients must not keep the daemon from stopping.
                biased;
                order = signals.next() => match order {
                    Order::Stop => break Ok(()),
                    Order::Reload => {
                        notifier.reloading();
                        self.reload(read());
                        notifier.ready();
                    }
                },
                () = notifier.watch() => {}
                dead = &mut spawners => {
                    let dead = dead.unwrap_or_else(|error| error.to_string());
                    break Err(format!("Can't go on: {dead} died; start the server again"));
                }
                entered = Self::accept(&self.connections, &doors) => {
                    let (accepted, slot, door) = entered;
                    match accepted {
                        Ok(accepted) => self.admit(accepted, slot, door),
                        Err(error) => self.complain(&error).await,
                    }
                }
            }
        };
        // New clients are refused from here on, and the Unix socket's file is gone.
        drop(doors);
        notifier.stopping();
        self.drain(signals, notifier).await;
        spawners.abort();
        ended
    }

    /// Waits for a slot first and then for a client: when all slots are taken, clients wait in the kernel's queue. One wait
    /// for all doors, so that a quiet door holds no slot.
    async fn accept<'doors>(
        slots: &Arc<Slots>,
        doors: &'doors Doors,
    ) -> (io::Result<Accepted>, Slot, &'doors Door) {
        let slot = slots.take().await;
        let (accepted, door) = poll_fn(|cx| doors.poll_accept(cx)).await;
        (accepted, slot, door)
    }

    /// Starts the task of a connection, unless its address has too many.
    fn admit(&mut self, accepted: Accepted, slot: Slot, door: &Door) {
        let (seat, worker) = self.workers.seat();
        let config = &self.service.config;
        let mut place = Place::new(slot, seat);
        if let (Accepted::Tcp(_, peer), Some(most)) =
            (&accepted, config.limits.max_connections_per_address)
        {
            let ip = peer.ip();
            // A trusted proxy stands for many clients.
            if !config.trusts(ip) && !place.count(&self.service.addresses, ip, most) {
                refuse(accepted, ip, self.tls.is_some());
                return;
            }
        }
        METRICS.connections.add(1);
        if self.connections.is_full() && self.may_complain() {
            log(
                Level::Info,
                "server",
                "All of --maxconns connections are open: more clients wait",
            );
        }
        let service = Arc::clone(&self.service);
        match (&door.redirect, accepted) {
            (Some(destination), Accepted::Tcp(stream, _)) => {
                let destination = Arc::clone(destination);
                let serve = redirect_tcp(stream, destination, service);
                self.tasks.spawn_on(hold(place, serve), worker);
            }
            (_, Accepted::Tcp(stream, peer)) => {
                let tls = self.tls.clone();
                let arrival = Arrival {
                    stream,
                    peer,
                    place,
                };
                self.tasks
                    .spawn_on(serve_tcp(arrival, tls, service), worker);
            }
            (_, Accepted::Unix(stream)) => {
                self.tasks
                    .spawn_on(hold(place, serve_unix(stream, service)), worker);
            }
        }
    }

    /// Accepting failed. A client that left in the meantime is nothing; want of files or memory is told and waited for.
    async fn complain(&mut self, error: &io::Error) {
        use nix::libc::{EMFILE, ENFILE, ENOBUFS, ENOMEM};
        if !matches!(
            error.raw_os_error(),
            Some(EMFILE | ENFILE | ENOBUFS | ENOMEM)
        ) {
            return;
        }
        if self.may_complain() {
            let reason = describe(error);
            let message =
                format!("Can't accept connections: {reason}; clients wait until some end");
            log(Level::Error, "server", &message);
        }
        sleep(EXHAUSTED_PAUSE).await;
    }

    /// Whether the last line about trouble at the door is long enough ago for another one.
    fn may_complain(&mut self) -> bool {
        let may = self
            .complained
            .is_none_or(|last| last.elapsed() >= COMPLAINT_INTERVAL);
        if may {
            self.complained = Some(Instant::now());
        }
        may
    }

    /// Takes over a new configuration: for new connections all of it but the listeners, which stay as they are.
    fn reload(&mut self, config: Result<Config, String>) {
        let checked = config.and_then(|config| {
            self.service.spawners.suit(&config)?;
            let loaded = config.listen.tls.as_ref().map(tls::load).transpose()?;
            logging::reload(&config.log).map_err(|error| error.to_string())?;
            Ok((config, loaded))
        });
        let (config, loaded) = match checked {
            Ok(checked) => checked,
            Err(reason) => {
                let message = format!("Reload refused, the old configuration stays: {reason}");
                log(Level::Error, "server", &message);
                return;
            }
        };
        // Whether a port speaks TLS was announced at start and stays.
        if self.tls.is_some() && loaded.is_some() {
            self.tls = loaded;
        }
        let most = config.limits.max_connections;
        self.connections.resize(Some(most));
        self.service.forks.resize(config.limits.max_forks);
        self.service = Arc::new(Service {
            route_forks: self.route_forks.fit(&config),
            config: Arc::new(config),
            spawners: Arc::clone(&self.service.spawners),
            forks: Arc::clone(&self.service.forks),
            addresses: Arc::clone(&self.service.addresses),
            stopping: self.stopping.clone(),
        });
        log(
            Level::Info,
            "server",
            "Reloaded configuration, certificates and log file",
        );
    }

    /// Ends all connections: each hears of it by the token and ends itself. Bounded, and cut short by a second order to stop.
    async fn drain(self, mut signals: Signals, mut notifier: Notifier) {
        self.stopping.cancel();
        self.tasks.close();
        let open = self.tasks.len();
        log(
            Level::Info,
            "server",
            &format!("Stopping: {open} connections to end"),
        );
        let config = &self.service.config;
        let bound = config.limits.shutdown_grace + config.longest_close_delay() * 3 + DRAIN_MARGIN;
        let stopped_again = async { while signals.next().await != Order::Stop {} };
        tokio::select! {
            ended = timeout(bound, self.tasks.wait()) => if ended.is_err() {
                let left = self.tasks.len();
                let message = format!("Stopped with {left} connections that did not end in time");
                log(Level::Error, "server", &message);
            },
            () = async { loop { notifier.watch().await; } } => {}
            () = stopped_again => {
                let left = self.tasks.len();
                log(Level::Error, "server", &format!("Stopped at once with {left} connections"));
            }
        }
    }
}
