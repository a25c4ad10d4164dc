//! From a checked configuration to a running server, step by step in the only order that works.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::listeners::BoundListeners;
use super::workers::{self, Workers};
use super::{Server, ServerError};
use crate::cli::Ending;
use crate::config::Config;
use crate::net::tls;
use crate::process::privileges::become_user;
use crate::process::{Others, Spawners, UserError};
use crate::shutdown::Signals;
use crate::tcp::site::load_tls;

/// Serves until a signal says stop. On reload `read` gives the new configuration.
///
/// # Errors
/// Why the server can't start, or can't go on.
pub fn start(config: Config, read: impl Fn() -> Result<Config, Ending>) -> Result<(), ServerError> {
    // First what may need the rights of root, the spawners of other users included, then the daemon's own spawner, which must
    // not have them; all before there are threads and buffers, to keep the spawners small.
    let listeners = BoundListeners::open(&config).map_err(ServerError::Bind)?;
    let tls = config.listen.tls.as_ref().map(tls::load).transpose();
    let tls = tls.map_err(ServerError::Tls)?;
    let tcp = load_tls(&config);
    let tcp = tcp.map_err(|(section, error)| ServerError::TcpTls(section, error))?;
    let others = Others::start(&config).map_err(ServerError::User)?;
    if let Some(user) = &config.user {
        become_user(user).map_err(|error| ServerError::User(UserError::of(user, error)))?;
    }
    let spawners = Spawners::start(config.user.clone(), others).map_err(ServerError::Spawner)?;
    raise_file_limit();
    let runtime = workers::runtime().map_err(ServerError::Runtime)?;
    let workers = Workers::start(&runtime).map_err(ServerError::Runtime)?;
    // On this thread, which has blocked them so far.
    let inside = runtime.enter();
    let signals = Signals::listen().map_err(ServerError::Signals)?;
    drop(inside);
    let server = Server::new(config, (tls, tcp), spawners, &workers);
    let ended = runtime.block_on(server.run(listeners, signals, read));
    workers.end();
    workers::shut_down(runtime);
    ended
}

/// Raises the limit of open files to the hard one, as Go programs do by themselves. Programs are started by the spawner, which keeps the limit
/// that the daemon was started with.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    // If it can't be raised, the daemon runs with the lower one.
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            ..limit
        },
    );
}
