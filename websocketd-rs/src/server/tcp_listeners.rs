//! The sockets of `[tcp NAME]` sections, which a reload opens and closes.

use std::path::PathBuf;
use std::sync::Arc;

use super::announce::{announce, shown};
use super::listeners::{Entrance, Serves};
use crate::config::{Config, TcpConfig};
use crate::net::listener::{BindError, Bound};

/// Where a section listens: by this a reload knows what is there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Where its configuration says.
    Asked(Asked),
    /// What the service manager passed under the section's name.
    Inherited(String),
}

/// Where a section asks to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// Host as typed, and port. Of port 0 each section has its own.
    Tcp(String, u16, Option<String>),
    /// A Unix socket.
    Unix(PathBuf),
}

/// The places where `section` is to listen by itself.
fn places(section: &TcpConfig) -> Vec<Asked> {
    let all = [String::new()];
    let listen = &section.listen;
    let hosts = if listen.addresses.is_empty() {
        &all[..]
    } else {
        &listen.addresses[..]
    };
    let mut places = Vec::new();
    for port in &section.ports {
        let own = (*port == 0).then(|| section.name.clone());
        let at = |host: &String| Asked::Tcp(host.clone(), *port, own.clone());
        places.extend(hosts.iter().map(at));
    }
    places.extend(listen.unix_socket.clone().map(Asked::Unix));
    places
}

/// What is to be opened for `config`, and what can stay as it is.
#[derive(Debug)]
pub(super) struct Change<E> {
    /// Of the entrances that are there, by index: the section that has it from now on.
    pub(super) kept: Vec<(usize, Serves)>,
    /// New ones.
    pub(super) opened: Vec<E>,
}

/// Binds what `config` asks for beyond the entrances that are there, given by their places.
///
/// # Errors
/// The first that can't be bound. What was bound before is closed again.
pub(super) fn open(
    config: &Config,
    present: &[Option<&Place>],
) -> Result<Change<Entrance<Bound>>, BindError> {
    let mut change = Change {
        kept: Vec::new(),
        opened: Vec::new(),
    };
    for section in &config.tcp {
        let serves = Serves::Tcp(section.name.as_str().into());
        let passed = Place::Inherited(section.name.clone());
        let is_passed = present.contains(&Some(&passed));
        let mut keep = |place: &Place| {
            let same = present.iter().enumerate();
            let same = same.filter(|(_, there)| **there == Some(place));
            let before = change.kept.len();
            let same = same.map(|(index, _)| (index, serves.clone()));
            change.kept.extend(same);
            change.kept.len() > before
        };
        if is_passed {
            // It takes the place of what the section asks for.
            keep(&passed);
            continue;
        }
        for asked in places(section) {
            let place = Place::Asked(asked);
            if !keep(&place)
                && let Place::Asked(asked) = place
            {
                change.opened.push(bind(config, section, asked, &serves)?);
            }
        }
    }
    Ok(change)
}

fn bind(
    config: &Config,
    section: &TcpConfig,
    asked: Asked,
    serves: &Serves,
) -> Result<Entrance<Bound>, BindError> {
    let listener = match &asked {
        Asked::Tcp(host, port, _) => {
            let bound = Bound::tcp(host, i64::from(*port))?;
            let port = bound.port().unwrap_or(*port);
            announce_section(section, &shown(host, i64::from(port)));
            bound
        }
        Asked::Unix(path) => {
            let mode = section.listen.unix_socket_mode;
            let bound = Bound::unix(path, mode, config.user.as_ref())?;
            announce_unix(section, &bound);
            bound
        }
    };
    Ok(Entrance {
        listener,
        serves: serves.clone(),
        place: Some(Place::Asked(asked)),
    })
}

/// An entrance for a socket that the service manager passed under the name of a section.
pub(super) fn inherited(section: &Arc<TcpConfig>, listener: Bound) -> Entrance<Bound> {
    match &listener {
        Bound::Tcp(_) => announce_section(section, &listener.shown()),
        Bound::Unix(..) => announce_unix(section, &listener),
    }
    Entrance {
        listener,
        serves: Serves::Tcp(section.name.as_str().into()),
        place: Some(Place::Inherited(section.name.clone())),
    }
}

fn announce_section(section: &TcpConfig, address: &str) {
    let scheme = if section.listen.is_tls() {
        "tls"
    } else {
        "tcp"
    };
    announce(&format!(
        "Starting TCP server         : {scheme}://{address}/{}",
        section.name
    ));
}

fn announce_unix(section: &TcpConfig, bound: &Bound) {
    let path = bound.shown();
    announce(&format!(
        "Starting TCP server         : unix socket at {path} for {}",
        section.name
    ));
}
