//! `websocketd-rs`: see the library crate.

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use websocketd::cli::{self, Exit};
use websocketd::config::{self, Config, Environment, Level};
use websocketd::logging::{self, log};
use websocketd::net::tls;
use websocketd::process::{Spawner, spawner};
use websocketd::server::{BoundDoors, Server, start_runtime};
use websocketd::shutdown::Signals;

fn main() -> ExitCode {
    let argv: Vec<OsString> = std::env::args_os().collect();
    if argv.first().is_some_and(|name| name == spawner::ARGV0) {
        return spawner::run();
    }
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
    let Ok(_logging) = logging::start(&config.log) else {
        return 3;
    };
    if let Some(conflict) = config.conflict() {
        log(Level::Fatal, "server", &conflict);
        return 4;
    }
    let Err(reason) = serve(config, read) else {
        return 0;
    };
    log(
        Level::Fatal,
        "server",
        &format!("Can't start server: {reason}"),
    );
    3
}

/// The order matters: what needs the rights of root, then the spawner, which shall have them no more and shall be small, then
/// threads and memory.
fn serve(config: Config, read: impl Fn() -> Result<Config, String>) -> Result<(), String> {
    let doors = BoundDoors::open(&config)?;
    let tls = config.listen.tls.as_ref().map(tls::load).transpose()?;
    let spawner = Spawner::start().map_err(|error| format!("spawner: {error}"))?;
    start_runtime()?.block_on(async {
        let signals = Signals::listen().map_err(|error| error.to_string())?;
        Server::new(config, tls, Arc::new(spawner))
            .run(doors, signals, read)
            .await
    })
}
