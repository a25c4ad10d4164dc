//! Where and how to listen.

use std::path::PathBuf;

use super::Problem;
use super::serve::check_proxies;
use crate::cli::{Args, ListenFlags};
use crate::config::supervisor::passes_sockets;
use crate::config::{Environment, KeyPair, Listen, Tls};

/// With `may_lack_pair` sections of hosts have certificates, which may be all there are.
pub(super) fn check_tls(args: &Args, may_lack_pair: bool) -> Result<Option<Tls>, Problem> {
    // websocketd takes an empty file name for a flag that was not given.
    let given = |path: &Option<PathBuf>| path.clone().filter(|path| !path.as_os_str().is_empty());
    let tls = &args.tls;
    let serving = |pair| {
        Ok(Some(Tls {
            pair,
            hosts: Vec::new(),
            client_ca: given(&tls.sslca),
        }))
    };
    match (tls.ssl, given(&tls.sslcert), given(&tls.sslkey)) {
        (true, Some(cert), Some(key)) => serving(Some(KeyPair { cert, key })),
        (true, None, None) if may_lack_pair => serving(None),
        (true, _, _) => {
            let message = "please specify both --sslcert and --sslkey when requesting --ssl";
            Err(Problem::alone("ssl", message.to_owned()))
        }
        (false, None, None) => Ok(None),
        (false, cert, _) => {
            let flag = if cert.is_some() { "sslcert" } else { "sslkey" };
            let message = "you should not be using --ssl* flags when there is no --ssl option";
            Err(Problem::alone(flag, message.to_owned()))
        }
    }
}

/// Without a list of proxies every client could choose its own address.
fn check_proxy_protocol(args: &Args) -> Result<bool, Problem> {
    let trusted = args.access.trusted_proxy.as_deref().unwrap_or_default();
    if args.access.proxy_protocol && trusted.trim().is_empty() {
        let message = "--proxy-protocol needs --trusted-proxy: name the addresses that may use it";
        return Err(Problem::alone("proxy-protocol", message.to_owned()));
    }
    Ok(args.access.proxy_protocol)
}

pub(super) fn check_listen(
    args: &Args,
    tls: Option<Tls>,
    environment: &Environment,
) -> Result<Listen, Problem> {
    let inherited = passes_sockets(environment, std::process::id());
    let proxy_protocol = check_proxy_protocol(args)?;
    let trusted_proxies = check_proxies(args.access.trusted_proxy.as_deref().unwrap_or_default())?;
    let args = &args.listening;
    let unix_socket = args
        .unixsocket
        .clone()
        .filter(|path| !path.as_os_str().is_empty());
    let mode = args
        .unixsocket_mode
        .as_deref()
        .filter(|typed| !typed.is_empty());
    if mode.is_some() && unix_socket.is_none() {
        let message =
            "--unixsocket-mode is about the file of --unixsocket; please add that, or drop it";
        return Err(Problem::alone("unixsocket-mode", message.to_owned()));
    }
    let tcp_asked = args.port.is_some() || !args.address.is_empty() || args.redirport != 0;
    let standard = if tls.is_some() { 443 } else { 80 };
    let port = args.port.unwrap_or(standard);
    Ok(Listen {
        addresses: args.address.clone(),
        port: (tcp_asked || (unix_socket.is_none() && !inherited)).then_some(port),
        redirect_port: (args.redirport != 0).then_some(args.redirport),
        unix_socket,
        unix_socket_mode: mode.map(check_mode).transpose()?,
        inherited,
        inherited_names: Vec::new(),
        proxy_protocol,
        trusted_proxies,
        admin: check_admin(args)?,
        tls,
    })
}

/// A file's mode as chmod(1) takes it, in octal.
fn check_mode(typed: &str) -> Result<u32, Problem> {
    let digits = !typed.is_empty() && typed.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    let mode = u32::from_str_radix(typed, 8).ok();
    mode.filter(|mode| digits && *mode <= 0o777).ok_or_else(|| {
        let message = format!(
            "--unixsocket-mode must be octal, as 660 or 0666, not '{}'",
            typed.escape_debug()
        );
        Problem::alone("unixsocket-mode", message)
    })
}

/// Host and port of `--admin-address`, if it was given.
pub(in crate::config) fn check_admin(args: &ListenFlags) -> Result<Option<(String, i64)>, Problem> {
    let Some(typed) = args.admin_address.as_deref().filter(|it| !it.is_empty()) else {
        return Ok(None);
    };
    let parsed = typed
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
    let (host, port) = parsed.ok_or_else(|| {
        let message = format!(
            "--admin-address must be HOST:PORT, as 127.0.0.1:9090 or [::1]:9090, not '{typed}'"
        );
        Problem::alone("admin-address", message)
    })?;
    Ok(Some((host.to_owned(), port.into())))
}
