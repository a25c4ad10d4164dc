//! A `[tcp NAME]` section.

use super::bounds::check_limits;
use super::listen::{check_listen, check_tls};
use super::{Problem, check_route_user, check_site};
use crate::cli::Args;
use crate::config::{Environment, ForkLimit, Listen, Runnable, TcpConfig, TcpLimits, User};

/// What a section is checked with.
#[derive(Debug, Clone, Copy)]
pub(in crate::config) struct TcpSource<'a> {
    pub(in crate::config) name: &'a str,
    /// Each word of `port`.
    pub(in crate::config) ports: &'a [i64],
    pub(in crate::config) variables: &'a Environment,
    pub(in crate::config) environment: &'a Environment,
    /// The daemon's own.
    pub(in crate::config) user: Option<&'a User>,
}

/// Checks what a section says together with what it has from the daemon.
pub(in crate::config) fn check_tcp(
    args: &Args,
    source: &TcpSource<'_>,
) -> Result<TcpConfig, Problem> {
    let site = check_site(args, source.variables, source.environment, false)?;
    let site = check_route_user(site, source.user)?;
    let session = site.session;
    let Some(Runnable::Command {
        path,
        args: arguments,
    }) = session.program
    else {
        let message = "a command is missing: the program that each connection gets";
        return Err(Problem::alone("command", message.to_owned()));
    };
    let listen = Listen {
        port: None,
        inherited: false,
        ..check_listen(args, check_tls(args, false)?, source.environment)?
    };
    let ports = check_ports(source.ports)?;
    if ports.is_empty() && listen.unix_socket.is_none() {
        let message = "says nowhere to listen; write port=, or unixsocket=";
        return Err(Problem::alone("port", message.to_owned()));
    }
    let limits = check_limits(args)?;
    Ok(TcpConfig {
        name: source.name.to_owned(),
        place: format!("[tcp {}]", source.name),
        listen,
        ports,
        program: path,
        args: arguments,
        process: site.process,
        user: site.user,
        forks: ForkLimit::Shared,
        limits: TcpLimits {
            max_connections: None,
            max_connections_per_address: limits.max_connections_per_address,
            counts_addresses_alone: false,
            tls_timeout: limits.tls_timeout,
            header_timeout: limits.header_timeout,
            idle_timeout: session.idle_timeout,
            write_timeout: session.write_timeout,
            close_timeout: session.close_timeout,
            probe_interval: session.ping_interval,
        },
        reverse_lookup: site.http.reverse_lookup,
    })
}

/// A section can be refused as a whole, which websocketd's own port, reported when it is bound, can't.
fn check_ports(typed: &[i64]) -> Result<Vec<u16>, Problem> {
    let mut ports = Vec::new();
    for number in typed {
        let Ok(port) = u16::try_from(*number) else {
            let message = format!("--port must be from 0 to 65535, not {number}");
            return Err(Problem::alone("port", message));
        };
        if port == 0 || !ports.contains(&port) {
            ports.push(port);
        }
    }
    Ok(ports)
}
