//! From what was typed to what is meant, in websocketd's order of checks and with its texts and exit codes.

mod access;
mod bounds;
mod linger;
mod listen;
mod program;
mod serve;
mod shared;
mod streams;
mod tcp;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{
    Config, Environment, ForkLimit, Format, Level, Log, Process, SiteConfig, SiteKey, Supervisor,
    User,
};
use crate::cli::{Args, Ending};
use access::check_access;
use bounds::{
    MAX_ENVIRONMENT_BYTES, MAX_WAIT_MS, MIN_ENVIRONMENT_BYTES, bounded, check_limits,
    check_resources, check_session, grace, wait,
};
pub(super) use bounds::{max_connections_per_address, max_forks};
use linger::check_linger;
pub(super) use listen::check_admin;
use listen::{check_listen, check_tls};
pub(super) use program::check_variable;
use program::{find_program, inherited};
use serve::check_http;
use shared::check_shared;
use streams::{check_framing, check_streams};
pub(super) use tcp::{TcpSource, check_tcp};

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
    pub(super) fn alone(flag: &'static str, message: String) -> Self {
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

    /// The same problem, in the section `name`.
    pub(super) fn in_section(self, name: &str) -> Self {
        let message = format!("[{name}]: {}", self.message);
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

/// Checks `args` against `environment`, which must be the daemon's own. `variables` are set for programs beside
/// those that `--passenv` lets through. Without `must_serve` nothing may be served: the routes do. With
/// `hosts_have_certificates` the daemon itself may have none.
pub(super) fn check(
    args: &Args,
    variables: &Environment,
    environment: &Environment,
    must_serve: bool,
    hosts_have_certificates: bool,
) -> Result<Config, Problem> {
    let level = Level::from_name(&args.daemon.loglevel).ok_or_else(|| Problem {
        flag: "loglevel",
        message: format!(
            "Incorrect loglevel flag '{}'. Use --help to see allowed values.",
            args.daemon.loglevel
        ),
        manner: Manner::OnStdout,
    })?;
    let tls = check_tls(args, hosts_have_certificates)?;
    let site = check_site(args, variables, environment, must_serve)?;
    Ok(Config {
        listen: check_listen(args, tls, environment)?,
        limits: check_limits(args)?,
        log: check_log(args, level)?,
        user: site.user.clone(),
        sites: vec![Arc::new(site)],
        tcp: Vec::new(),
        supervisor: Supervisor::read(environment, std::process::id()),
        has_config_file: args.daemon.config.is_some(),
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
        access: check_access(args, environment)?,
        http: check_http(args)?,
        session: check_session(args, program)?,
        process: Process {
            streams: check_streams(args)?,
            framing: check_framing(args)?.1,
            max_environment: bounded(
                "maxenvbytes",
                args.limits.maxenvbytes,
                MIN_ENVIRONMENT_BYTES,
                MAX_ENVIRONMENT_BYTES,
            )?,
            cwd: check_cwd(args)?,
            inherited_env: inherited(&args.programs.passenv, environment, variables),
            close_delay: Duration::from_millis(args.programs.closems.min(MAX_WAIT_MS)),
            shutdown_grace: grace(&args.limits)?,
            cgi_timeout: wait("cgitimeout", args.programs.cgitimeout)?,
            limits: check_resources(&args.programs),
        },
        user: check_user(args)?,
        forks: ForkLimit::Shared,
        host: None,
    })
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

fn check_cwd(args: &Args) -> Result<Option<PathBuf>, Problem> {
    let typed = args.programs.cwd.as_ref();
    let Some(dir) = typed.filter(|dir| !dir.as_os_str().is_empty()) else {
        return Ok(None);
    };
    match dir.canonicalize() {
        Ok(real) if real.is_dir() => Ok(Some(real)),
        Ok(_) => {
            let message = format!("--cwd: '{}' is not a directory", dir.display());
            Err(Problem::alone("cwd", message))
        }
        Err(error) => {
            let message = format!("--cwd: cannot open directory '{}': {error}", dir.display());
            Err(Problem::alone("cwd", message))
        }
    }
}

/// A route may run its programs as anybody but root, when the daemon gives up root's rights: a spawner would have
/// to keep them.
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

#[cfg(test)]
mod tests;
