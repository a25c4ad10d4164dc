//! The sockets of a server, and what the log says of them at start.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use super::announce::{announce, announce_address, announce_content, shown};
use super::redirect::Destination;
use crate::config::Config;
use crate::net::listener::{Accepted, BindError, Bound, Listener};

/// A listener, and what its clients get.
#[derive(Debug)]
pub(super) struct Entrance<L = Listener> {
    listener: L,
    /// Where requests are redirected to; `None`: they are served.
    pub(super) redirect: Option<Arc<Destination>>,
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
    entrances: Vec<Entrance>,
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
        if listen.inherited {
            entrances.extend(open_inherited(config)?);
        }
        if let Some(path) = &listen.unix_socket {
            announce(&format!(
                "Starting WebSocket server   : unix socket at {}",
                path.display()
            ));
            entrances.push(Entrance {
                listener: Bound::unix(path, listen.unix_socket_mode, config.user.as_ref())?,
                redirect: None,
            });
        }
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
        let listen = |entrance: Entrance<Bound>| {
            Ok(Entrance {
                listener: entrance.listener.listen()?,
                redirect: entrance.redirect,
            })
        };
        let entrances = bound
            .entrances
            .into_iter()
            .map(listen)
            .collect::<io::Result<_>>()?;
        Ok(Self {
            entrances,
            turn: AtomicUsize::new(0),
        })
    }

    /// The next client of any of them.
    pub(super) fn poll_accept(
        &self,
        cx: &mut Context<'_>,
    ) -> Poll<(io::Result<Accepted>, &Entrance)> {
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        for offset in 0..self.entrances.len() {
            let entrance = &self.entrances[(first.wrapping_add(offset)) % self.entrances.len()];
            if let Poll::Ready(accepted) = entrance.listener.poll_accept(cx) {
                return Poll::Ready((accepted, entrance));
            }
        }
        Poll::Pending
    }
}

fn open_inherited(config: &Config) -> Result<Vec<Entrance<Bound>>, BindError> {
    let open = |listener: Bound| {
        match &listener {
            Bound::Tcp(_) => announce_address(config, &listener.shown()),
            Bound::Unix(..) => {
                let path = listener.shown();
                announce(&format!(
                    "Starting WebSocket server   : unix socket at {path}"
                ));
            }
        }
        Entrance {
            listener,
            redirect: None,
        }
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
    let main = Entrance {
        listener: bound?,
        redirect: None,
    };
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
    let destination = real.map(|port| {
        Arc::new(Destination {
            tls: config.listen.is_tls(),
            name,
            port,
        })
    });
    Ok(vec![
        main,
        Entrance {
            listener: bound,
            redirect: destination,
        },
    ])
}

fn real_port(bound: &Result<Bound, BindError>) -> Option<u16> {
    bound.as_ref().ok().and_then(Bound::port)
}
