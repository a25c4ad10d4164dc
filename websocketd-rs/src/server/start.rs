//! From a checked configuration to a running server, step by step in the only order that works.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::Server;
use super::doors::BoundDoors;
use super::workers::{self, Workers};
use crate::cli::Exit;
use crate::config::Config;
use crate::net::listener::describe;
use crate::net::tls;
use crate::process::privileges::{become_user, may_become};
use crate::process::{Others, Spawners};
use crate::shutdown::Signals;

/// `--check`: looks at what [`start`] would use, without serving; what would refuse the start gives its exit code. Whether a port
/// is free is not asked.
pub fn verify(config: &Config) -> Exit {
    let tls = config.listen.tls.as_ref().map(tls::load).transpose();
    let rights = config
        .user
        .iter()
        .chain(config.route_users())
        .try_for_each(|user| {
            may_become(user).map_err(|reason| format!("{}: {reason}", user.setting))
        });
    match (config.conflict(), tls.and(rights)) {
        (Some(conflict), _) => Exit::alone(4, &conflict),
        (None, Err(reason)) => Exit::alone(3, &reason),
        (None, Ok(())) => Exit::good("The configuration is sound."),
    }
}

/// Serves until told to stop. On reload `read` gives the new configuration.
///
/// # Errors
/// What the log's last line is to say: why the server can't start, or can't go on.
pub fn start(config: Config, read: impl Fn() -> Result<Config, String>) -> Result<(), String> {
    let served = serve(config, read);
    served.unwrap_or_else(|reason| Err(format!("Can't start server: {reason}")))
}

/// The outer result is of the start, the inner one of the service.
fn serve(
    config: Config,
    read: impl Fn() -> Result<Config, String>,
) -> Result<Result<(), String>, String> {
    // First what may need the rights of root, the spawners of other users included, then the daemon's own spawner, which shall
    // have them no more; all of them before there are threads and buffers, for a spawner shall be small.
    let doors = BoundDoors::open(&config)?;
    let tls = config.listen.tls.as_ref().map(tls::load).transpose()?;
    let others = Others::start(&config)?;
    if let Some(user) = &config.user {
        become_user(user).map_err(|reason| format!("{}: {reason}", user.setting))?;
    }
    let spawners = Spawners::start(config.user.clone(), others)
        .map_err(|error| format!("spawner: {}", describe(&error)))?;
    raise_file_limit();
    let fail = |error: &io::Error| format!("runtime: {}", describe(error));
    let runtime = workers::runtime().map_err(|error| fail(&error))?;
    let workers = Workers::start(&runtime).map_err(|error| fail(&error))?;
    // On this thread, which held them back.
    let inside = runtime.enter();
    let signals = Signals::listen().map_err(|error| describe(&error))?;
    drop(inside);
    let server = Server::new(config, tls, spawners, &workers);
    let ended = runtime.block_on(server.run(doors, signals, read));
    workers.end();
    workers::shut_down(runtime);
    Ok(ended)
}

/// As many open files as we may have, as Go programs do by themselves. Programs are started by the spawner, which keeps the limit
/// that the daemon was started with.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    // A limit that can't be raised is one that the daemon runs with.
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            ..limit
        },
    );
}
