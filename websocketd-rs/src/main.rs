//! `websocketd-rs`: see the library crate.

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use websocketd::cli::{self, Exit};
use websocketd::config::{self, Config, Environment, Level};
use websocketd::logging::{self, log};
use websocketd::net::tls;
use websocketd::process::Spawner;
use websocketd::server::{Doors, Server};
use websocketd::shutdown::Signals;

/// The stack of a worker thread: futures live on the heap, and TLS needs the most, some 30 KiB.
const WORKER_STACK: usize = 512 * 1024;

/// Threads for file and directory reads of the HTTP part; more of them would only queue at the disk.
const MAX_BLOCKING_THREADS: usize = 16;

fn main() -> ExitCode {
    let argv: Vec<OsString> = std::env::args_os().collect();
    let environment: Environment = std::env::vars_os().collect();
    let code = match read(&argv, &environment) {
        Ok(config) => run(config, || {
            read(&argv, &environment).map_err(|exit| exit.stderr)
        }),
        Err(exit) => exit.print(),
    };
    ExitCode::from(code)
}

fn read(argv: &[OsString], environment: &Environment) -> Result<Config, Exit> {
    config::check(&cli::parse(argv)?, environment, &cli::program_name(argv))
}

/// Serves until told to stop; the exit code.
fn run(config: Config, read: impl Fn() -> Result<Config, String>) -> u8 {
    // Before any thread or socket: what the spawner process inherits is all that it, and every handler, costs.
    let spawner = Spawner::start();
    let _logging = logging::start(&config.log);
    if let Some(conflict) = config.conflict() {
        log(Level::Fatal, "server", &conflict);
        return 4;
    }
    let served = spawner
        .map_err(|error| error.to_string())
        .and_then(|spawner| {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .thread_stack_size(WORKER_STACK)
                .max_blocking_threads(MAX_BLOCKING_THREADS)
                .build()
                .map_err(|error| error.to_string())?;
            runtime.block_on(async {
                let doors = Doors::open(&config)?;
                let tls = config.listen.tls.as_ref().map(tls::load).transpose()?;
                let signals = Signals::listen().map_err(|error| error.to_string())?;
                Server::new(config, tls, Arc::new(spawner))
                    .run(doors, signals, read)
                    .await;
                Ok(())
            })
        });
    let Err(reason) = served else { return 0 };
    log(
        Level::Fatal,
        "server",
        &format!("Can't start server: {reason}"),
    );
    3
}
