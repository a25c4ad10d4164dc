//! The sockets of a server, and what the log says of them at start.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use super::announce::{announce, announce_address, announce_content, shown};
use super::error::ReloadError;
use super::redirect::Destination;
use super::tcp_listeners::{self, Change, Place};
use crate::config::Config;
use crate::net::listener::{Accepted, BindError, Bound, Listener};
use crate::tcp::site::TcpSites;

/// A listener, and what its clients get.
#[derive(Debug)]
pub(super) struct Entrance<L = Listener> {
    pub(super) listener: L,
    pub(super) serves: Serves,
    /// Of a section's: where it listens.
    pub(super) place: Option<Place>,
}

/// What clients of a listener get.
#[derive(Debug, Clone)]
pub(super) enum Serves {
    /// HTTP.
    Sites,
    /// The way to the main port.
    Redirect(Arc<Destination>),
    /// The program of the section of this name.
    Tcp(Arc<str>),
}

impl<L> Entrance<L> {
    fn fixed(listener: L, serves: Serves) -> Self {
        Self {
            listener,
            serves,
            place: None,
        }
    }
}

/// The bound sockets of a server that does not run yet.
#[derive(Debug)]
pub(super) struct BoundListeners {
    entrances: Vec<Entrance<Bound>>,
    /// The admin server's socket.
    pub(super) admin: Option<Bound>,
}

/// All listeners.
#[derive(Debug)]
pub(super) struct Listeners {
    entrances: Vec<Arc<Entrance>>,
    /// Which one is polled first: each in turn, so that a busy one can't starve the others.
    turn: AtomicUsize,
}

impl BoundListeners {
    /// Binds the sockets that `config` names, and logs websocketd's startup lines.
    ///
    /// # Errors
    /// The first that can't be bound. The startup lines are logged up to there, as websocketd does.
    pub(super) fn open(config: &Config) -> Result<Self, BindError> {
        announce_content(config);
        let listen = &config.listen;
        let mut entrances = Vec::new();
        let all = [String::new()];
        let hosts = if listen.addresses.is_empty() {
            &all[..]
        } else {
            &listen.addresses[..]
        };
        for (host, port) in hosts
            .iter()
            .filter_map(|host| listen.port.map(|port| (host, port)))
        {
            entrances.extend(open_host(config, host, port)?);
        }
        if listen.inherited || !listen.inherited_names.is_empty() {
            entrances.extend(open_inherited(config)?);
        }
        if let Some(path) = &listen.unix_socket {
            announce(&format!(
                "Starting WebSocket server   : unix socket at {}",
                path.display()
            ));
            let bound = Bound::unix(path, listen.unix_socket_mode, config.user.as_ref())?;
            entrances.push(Entrance::fixed(bound, Serves::Sites));
        }
        let places: Vec<_> = entrances.iter().map(|there| there.place.as_ref()).collect();
        let opened = tcp_listeners::open(config, &places)?.opened;
        entrances.extend(opened);
        if let Some(ca) = listen.tls.as_ref().and_then(|tls| tls.client_ca.as_ref()) {
            announce(&format!(
                "Mutual TLS enabled (client certs verified against {})",
                ca.display()
            ));
        }
        let admin = listen
            .admin
            .as_ref()
            .map(|(host, port)| open_admin(host, *port))
            .transpose()?;
        Ok(Self { entrances, admin })
    }
}

impl Listeners {
    /// Registers the sockets with the runtime, which must be running.
    pub(super) fn listen(bound: BoundListeners) -> io::Result<Self> {
        Ok(Self {
            entrances: listen_all(bound.entrances)?,
            turn: AtomicUsize::new(0),
        })
    }

    /// The next client of any of them but those of sections that are full.
    pub(super) fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        sections: &TcpSites,
    ) -> Poll<(io::Result<Accepted>, Arc<Entrance>)> {
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        for offset in 0..self.entrances.len() {
            let entrance = &self.entrances[(first.wrapping_add(offset)) % self.entrances.len()];
            if let Serves::Tcp(name) = &entrance.serves
                && sections
                    .get(name)
                    .is_none_or(|site| site.connections.is_full())
            {
                continue;
            }
            if let Poll::Ready(accepted) = entrance.listener.poll_accept(cx) {
                return Poll::Ready((accepted, Arc::clone(entrance)));
            }
        }
        Poll::Pending
    }

    /// Opens what a new configuration asks for beyond what is there: clients can connect, but none is accepted yet.
    ///
    /// # Errors
    /// The first that can't be opened.
    pub(super) fn prepare(&self, config: &Config) -> Result<Change<Arc<Entrance>>, ReloadError> {
        let places: Vec<_> = self
            .entrances
            .iter()
            .map(|there| there.place.as_ref())
            .collect();
        let change = tcp_listeners::open(config, &places).map_err(ReloadError::Bind)?;
        Ok(Change {
            kept: change.kept,
            opened: listen_all(change.opened).map_err(ReloadError::Listen)?,
        })
    }

    /// Takes over what was opened, and closes what sections do not ask for any more. Listeners of the daemon itself stay.
    pub(super) fn change(&mut self, change: Change<Arc<Entrance>>) {
        let mut kept = Vec::new();
        for (index, entrance) in std::mem::take(&mut self.entrances).into_iter().enumerate() {
            if entrance.place.is_none() {
                kept.push(entrance);
                continue;
            }
            let serves = change.kept.iter().find(|(there, _)| *there == index);
            let Some((_, serves)) = serves else {
                if let Serves::Tcp(name) = &entrance.serves {
                    announce(&format!("Closed a listener           : [tcp {name}]"));
                }
                continue;
            };
            // Nobody else has it while the server does not accept.
            if let Ok(entrance) = Arc::try_unwrap(entrance) {
                kept.push(Arc::new(Entrance {
                    serves: serves.clone(),
                    ..entrance
                }));
            }
        }
        kept.extend(change.opened);
        self.entrances = kept;
    }
}

fn listen_all(bound: Vec<Entrance<Bound>>) -> io::Result<Vec<Arc<Entrance>>> {
    let listen = |entrance: Entrance<Bound>| {
        Ok(Arc::new(Entrance {
            listener: entrance.listener.listen()?,
            serves: entrance.serves,
            place: entrance.place,
        }))
    };
    bound.into_iter().map(listen).collect()
}

fn open_inherited(config: &Config) -> Result<Vec<Entrance<Bound>>, BindError> {
    let open = |(index, listener): (usize, Bound)| {
        let name = config.listen.inherited_names.get(index);
        let section = config
            .tcp
            .iter()
            .find(|section| Some(&section.name) == name);
        if let Some(section) = section {
            return tcp_listeners::inherited(section, listener);
        }
        match &listener {
            Bound::Tcp(_) => announce_address(config, &listener.shown()),
            Bound::Unix(..) => {
                let path = listener.shown();
                announce(&format!(
                    "Starting WebSocket server   : unix socket at {path}"
                ));
            }
        }
        Entrance::fixed(listener, Serves::Sites)
    };
    Ok(Bound::inherited()?.into_iter().map(open).collect())
}

fn open_admin(host: &str, port: i64) -> Result<Bound, BindError> {
    let bound = Bound::tcp(host, port);
    let port_shown = real_port(&bound).map_or(port, i64::from);
    announce(&format!(
        "Starting admin server      : http://{}/",
        shown(host, port_shown)
    ));
    bound
}

/// The socket of one address, and its redirect socket.
fn open_host(config: &Config, host: &str, port: i64) -> Result<Vec<Entrance<Bound>>, BindError> {
    // Bound before it is announced, because the kernel chooses port 0; announced even if that failed, then reported.
    let bound = Bound::tcp(host, port);
    let real = real_port(&bound);
    announce_address(config, &shown(host, real.map_or(port, i64::from)));
    let main = Entrance::fixed(bound?, Serves::Sites);
    let Some(redirect_port) = config.listen.redirect_port else {
        return Ok(vec![main]);
    };
    let bound = Bound::tcp(host, redirect_port);
    let port_shown = real_port(&bound).map_or(redirect_port, i64::from);
    announce(&format!(
        "Starting redirect server   : http://{}/",
        shown(host, port_shown)
    ));
    let bound = bound?;
    let name = Destination::name_of(host);
    let destination = |port| {
        Serves::Redirect(Arc::new(Destination {
            tls: config.listen.is_tls(),
            name,
            port,
        }))
    };
    let serves = real.map_or(Serves::Sites, destination);
    Ok(vec![main, Entrance::fixed(bound, serves)])
}

fn real_port(bound: &Result<Bound, BindError>) -> Option<u16> {
    bound.as_ref().ok().and_then(Bound::port)
}
