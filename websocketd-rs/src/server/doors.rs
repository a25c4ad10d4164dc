//! The listeners of a server, and what is said of them at start.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use super::redirect::Destination;
use crate::config::{Config, Level, Program};
use crate::logging::log;
use crate::net::listener::{Accepted, Bound, Listener};

/// One listener.
#[derive(Debug)]
pub(super) struct Door<L = Listener> {
    listener: L,
    /// Where requests are redirected to; `None`: they are served.
    pub(super) redirect: Option<Arc<Destination>>,
}

/// The bound sockets of a server that does not run yet.
#[derive(Debug)]
pub(super) struct BoundDoors {
    doors: Vec<Door<Bound>>,
    /// The admin server's socket.
    pub(super) admin: Option<Bound>,
}

/// All listeners.
#[derive(Debug)]
pub(super) struct Doors {
    doors: Vec<Door>,
    /// Which door is asked first: each in turn, so that a busy one can't starve the others.
    turn: AtomicUsize,
}

impl BoundDoors {
    /// Binds the sockets that `config` names and logs websocketd's startup lines.
    ///
    /// # Errors
    /// The text for `Can't start server: `. The startup lines are logged up to there, as websocketd does.
    pub(super) fn open(config: &Config) -> Result<Self, String> {
        announce_content(config);
        let listen = &config.listen;
        let mut doors = Vec::new();
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
            doors.extend(open_host(config, host, port)?);
        }
        if listen.inherited {
            doors.extend(open_inherited(config)?);
        }
        if let Some(path) = &listen.unix_socket {
            announce(&format!(
                "Starting WebSocket server   : unix socket at {}",
                path.display()
            ));
            doors.push(Door {
                listener: Bound::unix(path)?,
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
        Ok(Self { doors, admin })
    }
}

impl Doors {
    /// Registers the sockets with the runtime, which must be running.
    pub(super) fn listen(bound: BoundDoors) -> io::Result<Self> {
        let listen = |door: Door<Bound>| {
            Ok(Door {
                listener: door.listener.listen()?,
                redirect: door.redirect,
            })
        };
        let doors = bound
            .doors
            .into_iter()
            .map(listen)
            .collect::<io::Result<_>>()?;
        Ok(Self {
            doors,
            turn: AtomicUsize::new(0),
        })
    }

    /// The next client of any door.
    pub(super) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<(io::Result<Accepted>, &Door)> {
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        for offset in 0..self.doors.len() {
            let door = &self.doors[(first.wrapping_add(offset)) % self.doors.len()];
            if let Poll::Ready(accepted) = door.listener.poll_accept(cx) {
                return Poll::Ready((accepted, door));
            }
        }
        Poll::Pending
    }
}

fn open_inherited(config: &Config) -> Result<Vec<Door<Bound>>, String> {
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
        Door {
            listener,
            redirect: None,
        }
    };
    Ok(Bound::inherited()?.into_iter().map(open).collect())
}

fn open_admin(host: &str, port: i64) -> Result<Bound, String> {
    let bound = Bound::tcp(host, port);
    let told = real_port(&bound).map_or(port, i64::from);
    announce(&format!(
        "Starting admin server      : http://{}/",
        shown(host, told)
    ));
    bound
}

/// The socket of one address, and its redirect socket.
fn open_host(config: &Config, host: &str, port: i64) -> Result<Vec<Door<Bound>>, String> {
    // Bound before it is announced, for the kernel chooses port 0; what failed is announced all the same, and then reported.
    let bound = Bound::tcp(host, port);
    let real = real_port(&bound);
    announce_address(config, &shown(host, real.map_or(port, i64::from)));
    let main = Door {
        listener: bound?,
        redirect: None,
    };
    let Some(redirect_port) = config.listen.redirect_port else {
        return Ok(vec![main]);
    };
    let bound = Bound::tcp(host, redirect_port);
    let told = real_port(&bound).map_or(redirect_port, i64::from);
    announce(&format!(
        "Starting redirect server   : http://{}/",
        shown(host, told)
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
        Door {
            listener: bound,
            redirect: destination,
        },
    ])
}

fn real_port(bound: &Result<Bound, String>) -> Option<u16> {
    bound.as_ref().ok().and_then(Bound::port)
}

/// `host:port` for people: all interfaces are shown as the machine's name, which a browser can open.
fn shown(host: &str, port: i64) -> String {
    if host.is_empty() {
        let name = rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned();
        return format!("{name}:{port}");
    }
    format!("{host}:{port}")
}

fn announce(message: &str) {
    log(Level::Info, "server", message);
}

fn announce_content(config: &Config) {
    for origin in config.http.allowed_origins.iter().flatten() {
        if config.listen.tls.is_some() && !origin.contains("://") {
            let message = format!(
                "Origin '{origin}' has no scheme: with --ssl write https://{origin}, or pages that came over plain http match too"
            );
            log(Level::Error, "server", &message);
        }
    }
    match &config.session.program {
        Some(Program::ScriptDir(dir)) => {
            announce(&format!("Serving from directory      : {}", dir.display()));
        }
        Some(Program::Command { path, args }) => {
            let args: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
            let (path, args) = (path.display(), args.join(" "));
            announce(&format!("Serving using application   : {path} {args}"));
        }
        None => {}
    }
    if let Some(dir) = &config.http.static_dir {
        announce(&format!("Serving static content from : {}", dir.display()));
    }
    if let Some(dir) = &config.http.cgi_dir {
        announce(&format!("Serving CGI scripts from    : {}", dir.display()));
    }
}

fn announce_address(config: &Config, address: &str) {
    let secure = if config.listen.is_tls() { "s" } else { "" };
    announce(&format!(
        "Starting WebSocket server   : ws{secure}://{address}/"
    ));
    if config.http.dev_console {
        announce(&format!(
            "Developer console enabled   : http{secure}://{address}/"
        ));
    } else if config.http.static_dir.is_some() || config.http.cgi_dir.is_some() {
        announce(&format!(
            "Serving CGI or static files : http{secure}://{address}/"
        ));
    }
}
