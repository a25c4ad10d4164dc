//! Bind, announce, accept, drain: the only owner of limits and the only place that starts tasks.

mod accept;
mod admin;
mod announce;
mod connection;
mod drain;
mod error;
mod expiry;
mod healthcheck;
mod listeners;
mod notify;
mod permits;
mod plain_http;
mod redirect;
mod self_stop;
mod start;
mod tcp_connection;
mod tcp_listeners;
mod terms;
mod verify;
mod workers;

use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use error::ServerError;
pub use healthcheck::ask_health;
pub use start::start;
pub use verify::verify;

use crate::cli::Ending;
use crate::config::{Config, Level};
use crate::http::Service;
use crate::http::site::Sites;
use crate::logging::{self, log};
use crate::net::certificates::Certificates;
use crate::net::listener::Bound;
use crate::net::tls::{self, Loaded};
use crate::permit::Permits;
use crate::process::Spawners;
use crate::session::hub::{Hub, Tasks};
use crate::session::linger::{LingerLimits, Registry};
use crate::shutdown::{Order, Signals};
use crate::tcp::site::{Common, LoadedTls, TcpSites, load_tls};
use accept::Interval;
use error::ReloadError;
use expiry::Expiry;
use listeners::{BoundListeners, Entrance, Listeners};
use notify::Notifier;
use self_stop::SelfStop;
use tcp_listeners::Change;
use workers::Workers;

/// The server in operation.
#[derive(Debug)]
struct Server<'workers> {
    service: Arc<Service>,
    tls: Option<Loaded>,
    /// What `[tcp NAME]` sections serve.
    tcp: TcpSites,
    /// `--maxconns`.
    connections: Arc<Permits>,
    spawners: Arc<Spawners>,
    /// Where connections are served.
    workers: &'workers Workers,
    /// One task for each connection.
    tasks: TaskTracker,
    /// One task for each shared program.
    shared: TaskTracker,
    /// Tasks that serve no connection, and that the drain therefore does not wait for.
    background: TaskTracker,
    stopping: CancellationToken,
    /// Between two log lines about clients that wait.
    waiting: Interval,
}

/// A new configuration, with all that could be wrong with it.
#[derive(Debug)]
struct Checked {
    config: Config,
    tls: Option<Loaded>,
    tcp: LoadedTls,
    listeners: Change<Arc<Entrance>>,
}

impl<'workers> Server<'workers> {
    /// A server for `config`, whose programs `spawners` start. `tls` is what [`tls::load`] made of the files in
    /// `config`.
    fn new(
        config: Config,
        tls: (Option<Loaded>, LoadedTls),
        spawners: Spawners,
        workers: &'workers Workers,
    ) -> Self {
        let stopping = CancellationToken::new();
        let shared = TaskTracker::new();
        let tasks = shared.clone();
        // On the worker of the client that comes first, where the program's pipes are registered.
        #[expect(clippy::disallowed_methods, reason = "on the server's tracker")]
        let tasks = Tasks::new(move |task| drop(tasks.spawn(task)));
        // A session whose client is away counts as a connection: the daemon is not idle, and waits for its end.
        let connections = TaskTracker::new();
        let parked = connections.clone();
        #[expect(clippy::disallowed_methods, reason = "on the server's tracker")]
        let parked = Tasks::new(move |task| drop(parked.spawn(task)));
        let session_ended = Arc::<Notify>::default();
        let lingering = Registry::new(
            linger_limits(&config),
            parked,
            Arc::clone(&session_ended),
            stopping.clone(),
        );
        let sites = Sites::new(&config, &spawners);
        let addresses = Arc::default();
        let common = Common {
            forks: sites.shared_forks(),
            addresses: &addresses,
            spawners: &spawners,
        };
        let (tls, tcp) = tls;
        Self {
            connections: Arc::new(Permits::new(Some(config.limits.max_connections))),
            tcp: TcpSites::default().reload(&config, tcp, common),
            service: Arc::new(Service {
                sites,
                config: Arc::new(config),
                addresses,
                session_ended,
                hub: Arc::new(Hub::new(tasks, stopping.clone())),
                lingering: Arc::new(lingering),
                failures: Arc::default(),
                certificates: several(tls.as_ref()),
                stopping: stopping.clone(),
            }),
            tls,
            spawners: Arc::new(spawners),
            workers,
            tasks: connections,
            shared,
            background: TaskTracker::new(),
            stopping,
            waiting: Interval::default(),
        }
    }

    /// Serves the clients of `listeners` until `signals` say stop, then drains. On reload `read` gives the new
    /// configuration.
    ///
    /// # Errors
    /// When the server can't start, or can't go on because a spawner process died.
    async fn run(
        mut self,
        mut listeners: BoundListeners,
        mut signals: Signals,
        read: impl Fn() -> Result<Config, Ending>,
    ) -> Result<(), ServerError> {
        self.start_admin(listeners.admin.take());
        let mut listeners = Listeners::listen(listeners).map_err(ServerError::Listen)?;
        let spawners = Arc::clone(&self.spawners);
        #[expect(clippy::disallowed_methods, reason = "on the server's tracker")]
        let mut spawners = self
            .background
            .spawn(async move { spawners.listen().await });
        let mut self_stop = SelfStop::new(&self.service.config.limits, &self.service.session_ended);
        let mut expiry = Expiry::new(&self.service.config);
        let mut notifier = Notifier::new(&self.service.config.supervisor);
        log(Level::Trace, "server", "Ready");
        notifier.ready();
        let ended = loop {
            tokio::select! {
                // Orders first: a flood of clients must not keep the daemon from stopping.
                biased;
                order = signals.next(self.service.config.has_files()) => match order {
                    Order::Stop | Order::HangUp => break Ok(()),
                    Order::Reload => {
                        notifier.reloading();
                        if self.reload(read(), &mut listeners) {
                            expiry = Expiry::new(&self.service.config);
                        }
                        notifier.ready();
                    }
                },
                () = notifier.watch() => {}
                message = expiry.due() => log(Level::Error, "server", &message),
                reason = self_stop.due(&self.tasks) => {
                    log(Level::Info, "server", reason);
                    break Ok(());
                }
                dead = &mut spawners => {
                    let dead = dead.unwrap_or_else(|error| error.to_string());
                    break Err(ServerError::SpawnerDied(dead));
                }
                () = self.tcp.room() => {}
                next = accept::next(&self.connections, &listeners, &self.tcp) => {
                    let (accepted, permit, listener) = next;
                    match accepted {
                        Ok(accepted) => self.admit(accepted, permit, &listener),
                        Err(error) => self.pause(&error).await,
                    }
                }
            }
        };
        // From here on new clients are refused by the kernel, and the Unix socket's file is gone.
        drop(listeners);
        notifier.stopping();
        self.drain(signals, notifier).await;
        spawners.abort();
        ended
    }

    fn start_admin(&self, bound: Option<Bound>) {
        if let Some(bound) = bound {
            let serve = admin::serve(bound, self.background.clone(), self.stopping.clone());
            #[expect(clippy::disallowed_methods, reason = "on the server's tracker")]
            self.background.spawn(serve);
        }
    }

    /// Takes over a new configuration: for new connections all of it but the daemon's own listeners, which stay as
    /// they are. Those of sections come and go. Whether it was taken.
    fn reload(&mut self, config: Result<Config, Ending>, listeners: &mut Listeners) -> bool {
        let Checked {
            config,
            tls,
            tcp,
            listeners: change,
        } = match self.check(config, listeners) {
            Ok(checked) => checked,
            Err(reason) => {
                let message = format!("Reload refused, the old configuration stays: {reason}");
                log(Level::Error, "server", &message);
                return false;
            }
        };
        announce::announce_faults(&config);
        listeners.change(change);
        // Whether a port speaks TLS was announced at start and stays.
        if self.tls.is_some() && tls.is_some() {
            self.tls = tls;
        }
        self.service.lingering.reload(linger_limits(&config));
        self.connections.resize(Some(config.limits.max_connections));
        let sites = self.service.sites.reload(&config, &self.spawners);
        let common = Common {
            forks: sites.shared_forks(),
            addresses: &self.service.addresses,
            spawners: &self.spawners,
        };
        self.tcp = self.tcp.reload(&config, tcp, common);
        self.service = Arc::new(Service {
            sites,
            config: Arc::new(config),
            addresses: Arc::clone(&self.service.addresses),
            session_ended: Arc::clone(&self.service.session_ended),
            hub: Arc::clone(&self.service.hub),
            lingering: Arc::clone(&self.service.lingering),
            failures: Arc::clone(&self.service.failures),
            certificates: several(self.tls.as_ref()),
            stopping: self.stopping.clone(),
        });
        self.service.reload_shared();
        log(
            Level::Info,
            "server",
            "Reloaded configuration, certificates and log file",
        );
        true
    }

    /// All that can refuse a new configuration; the log goes on by it from here.
    fn check(
        &self,
        config: Result<Config, Ending>,
        listeners: &Listeners,
    ) -> Result<Checked, ReloadError> {
        let config = config.map_err(ReloadError::Config)?;
        self.spawners.suit(&config).map_err(ReloadError::User)?;
        let tls = config.listen.tls.as_ref().map(tls::load).transpose();
        let tls = tls.map_err(ReloadError::Tls)?;
        let tcp = load_tls(&config);
        let tcp = tcp.map_err(|(section, error)| ReloadError::TcpTls(section, error))?;
        let listeners = listeners.prepare(&config)?;
        logging::reload(&config.log).map_err(ReloadError::Log)?;
        Ok(Checked {
            config,
            tls,
            tcp,
            listeners,
        })
    }
}

/// The certificates, where hosts have their own.
fn several(tls: Option<&Loaded>) -> Option<Arc<Certificates>> {
    let certificates = tls.map(|tls| Arc::clone(&tls.certificates));
    certificates.filter(|certificates| certificates.are_several())
}

fn linger_limits(config: &Config) -> LingerLimits {
    LingerLimits {
        max_bytes: config.limits.linger_total,
        max_per_address: config.limits.max_connections_per_address,
    }
}
