//! From what was typed to what is meant, in websocketd's order of checks and with its texts and exit codes.

mod bounds;
mod program;
mod serve;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::supervisor::passes_sockets;
use super::{
    Config, Environment, ForkLimit, Format, Level, Listen, Log, Process, SiteConfig, SiteKey,
    Supervisor, Tls, User,
};
use crate::cli::{Args, Ending};
pub(super) use bounds::max_forks;
use bounds::{
    MAX_ENVIRONMENT_BYTES, MAX_WAIT_MS, MIN_ENVIRONMENT_BYTES, bounded, check_limits,
    check_resources, check_session, grace, wait,
};
pub(super) use program::check_variable;
use program::{find_program, inherited};
use serve::{check_http, check_proxies};

/// What is wrong with what was typed.
#[derive(Debug)]
pub(super) struct Problem {
    /// The flag to blame, or `command`.
    flag: &'static str,
    message: String,
    manner: Manner,
}

/// How websocketd reports it; the exit code is 1 in every case.
#[derive(Debug, Clone, Copy)]
enum Manner {
    /// The message on stderr.
    Alone,
    /// The message and the short usage on stderr.
    WithUsage,
    /// The message on stdout, the short usage on stderr.
    OnStdout,
}

impl Problem {
    fn alone(flag: &'static str, message: String) -> Self {
        Self {
            flag,
            message,
            manner: Manner::Alone,
        }
    }

    fn with_usage(flag: &'static str, message: String) -> Self {
        Self {
            flag,
            message,
            manner: Manner::WithUsage,
        }
    }

    /// The same problem, in the route `path`.
    pub(super) fn in_route(self, path: &str) -> Self {
        let message = format!("[route {path}]: {}", self.message);
        Self {
            message,
            manner: Manner::Alone,
            ..self
        }
    }

    /// What to print, and the exit code. `place` is where the configuration file set a flag, if it did.
    pub(super) fn ending(self, program: &str, place: &dyn Fn(&str) -> Option<String>) -> Ending {
        let Self {
            flag,
            message,
            manner,
        } = self;
        let place = place(flag).map_or_else(String::new, |place| format!("{place}: "));
        let message = format!("{place}{message}");
        match manner {
            Manner::Alone => Ending::alone(1, &message),
            Manner::WithUsage => Ending::usage(1, &message, program),
            Manner::OnStdout => Ending::told_on_stdout(1, &message, program),
        }
    }
}

/// Checks `args` against `environment`, which must be the daemon's own. `variables` are set for programs beside those that
/// `--passenv` lets through. Without `must_serve` nothing may be served: the routes do.
pub(super) fn check(
    args: &Args,
    variables: &Environment,
    environment: &Environment,
    must_serve: bool,
) -> Result<Config, Problem> {
    let level = Level::from_name(&args.daemon.loglevel).ok_or_else(|| Problem {
        flag: "loglevel",
        message: format!(
            "Incorrect loglevel flag '{}'. Use --help to see allowed values.",
            args.daemon.loglevel
        ),
        manner: Manner::OnStdout,
    })?;
    let tls = check_tls(args)?;
    let site = check_site(args, variables, environment, must_serve)?;
    Ok(Config {
        listen: check_listen(args, tls, environment)?,
        limits: check_limits(&args.limits)?,
        log: check_log(args, level)?,
        user: site.user.clone(),
        sites: vec![Arc::new(site)],
        supervisor: Supervisor::read(environment, std::process::id()),
    })
}

/// Checks what holds at one place: as [`check`], but for what belongs to the daemon alone.
pub(super) fn check_site(
    args: &Args,
    variables: &Environment,
    environment: &Environment,
    must_serve: bool,
) -> Result<SiteConfig, Problem> {
    if args.programs.binary && args.programs.passstderr {
        let message = "please only specify one of --binary and --passstderr";
        return Err(Problem::alone("passstderr", message.to_owned()));
    }
    let program = find_program(args, environment, must_serve)?;
    Ok(SiteConfig {
        key: SiteKey::default(),
        http: check_http(args)?,
        session: check_session(args, program)?,
        process: Process {
            max_environment: bounded(
                "maxenvbytes",
                args.limits.maxenvbytes,
                MIN_ENVIRONMENT_BYTES,
                MAX_ENVIRONMENT_BYTES,
            )?,
            inherited_env: inherited(&args.programs.passenv, environment, variables),
            close_delay: Duration::from_millis(args.programs.closems.min(MAX_WAIT_MS)),
            shutdown_grace: grace(&args.limits)?,
            cgi_timeout: wait("cgitimeout", args.programs.cgitimeout)?,
            limits: check_resources(&args.programs),
        },
        user: check_user(args)?,
        forks: ForkLimit::Shared,
    })
}

fn check_tls(args: &Args) -> Result<Option<Tls>, Problem> {
    // websocketd takes an empty file name for a flag that was not given.
    let given = |path: &Option<PathBuf>| path.clone().filter(|path| !path.as_os_str().is_empty());
    let tls = &args.tls;
    match (tls.ssl, given(&tls.sslcert), given(&tls.sslkey)) {
        (true, Some(cert), Some(key)) => Ok(Some(Tls {
            cert,
            key,
            client_ca: given(&tls.sslca),
        })),
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

fn check_log(args: &Args, level: Level) -> Result<Log, Problem> {
    let format = match args.daemon.log_format.as_str() {
        "classic" => Format::Classic,
        "json" => Format::Json,
        "journal" => Format::Journal,
        other => {
            let message = format!("--log-format must be classic, json or journal, not '{other}'");
            return Err(Problem::alone("log-format", message));
        }
    };
    let file = args
        .daemon
        .log_file
        .clone()
        .filter(|path| !path.as_os_str().is_empty());
    Ok(Log {
        level,
        format,
        file,
    })
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

fn check_user(args: &Args) -> Result<Option<User>, Problem> {
    let Some(name) = args.daemon.user.clone().filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    match nix::unistd::User::from_name(&name) {
        Ok(Some(user)) => Ok(Some(User {
            setting: format!("--user={name}"),
            name,
            uid: user.uid,
            gid: user.gid,
        })),
        Ok(None) => Err(Problem::alone(
            "user",
            format!("--user: there is no user '{}'", name.escape_debug()),
        )),
        Err(error) => {
            let message = format!("--user: cannot look up '{name}': {}", error.desc());
            Err(Problem::alone("user", message))
        }
    }
}

/// A route may run its programs as anybody but root, when the daemon gives up root's rights: a spawner would have to keep them.
pub(super) fn check_route_user(
    route: SiteConfig,
    own: Option<&User>,
) -> Result<SiteConfig, Problem> {
    let is_root = |user: &User| user.uid.is_root();
    let gives_up = own.is_some_and(|own| !is_root(own));
    if gives_up && route.user.as_ref().is_some_and(is_root) {
        let message = "user=root is not allowed beside --user, which gives up the rights of root";
        return Err(Problem::alone("user", message.to_owned()));
    }
    Ok(route)
}

fn check_listen(
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
    let tcp_asked = args.port.is_some() || !args.address.is_empty() || args.redirport != 0;
    let standard = if tls.is_some() { 443 } else { 80 };
    let port = args.port.unwrap_or(standard);
    Ok(Listen {
        addresses: args.address.clone(),
        port: (tcp_asked || (unix_socket.is_none() && !inherited)).then_some(port),
        redirect_port: (args.redirport != 0).then_some(args.redirport),
        unix_socket,
        unix_socket_mode: args
            .unixsocket_mode
            .as_deref()
            .filter(|typed| !typed.is_empty())
            .map(check_mode)
            .transpose()?,
        inherited,
        proxy_protocol,
        trusted_proxies,
        admin: args
            .admin_address
            .as_deref()
            .filter(|typed| !typed.is_empty())
            .map(check_admin)
            .transpose()?,
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

fn check_admin(typed: &str) -> Result<(String, i64), Problem> {
    let parsed = typed
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
    let (host, port) = parsed.ok_or_else(|| {
        let message = format!(
            "--admin-address must be HOST:PORT, as 127.0.0.1:9090 or [::1]:9090, not '{typed}'"
        );
        Problem::alone("admin-address", message)
    })?;
    Ok((host.to_owned(), port.into()))
}

#[cfg(test)]
mod tests;
