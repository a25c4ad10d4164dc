//! `websocketd-rs`: see the library crate.

use std::ffi::OsString;
use std::process::ExitCode;

use websocketd::cli::Ending;
use websocketd::config::{self, Config, Environment, Level, Loaded};
use websocketd::logging::{self, log};
use websocketd::process::spawner;
use websocketd::{server, shutdown};

/// Returns pages to the kernel after a burst of clients, which glibc's does not: see docs/decisions.md. Set up by `.cargo/config.toml`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let argv: Vec<OsString> = std::env::args_os().collect();
    // The spawner is this program again: it must not read a command line, nor start anything below.
    if argv.first().is_some_and(|name| name == spawner::ARGV0) {
        return spawner::run(&argv);
    }
    let environment: Environment = std::env::vars_os().collect();
    let code = match config::load(&argv, &environment) {
        Ok(Loaded::AskHealth(host, port)) => server::ask_health(&host, port).print(),
        Ok(Loaded::Check(config)) => server::verify(&config).print(),
        Ok(Loaded::Serve(config)) => run(config, move || {
            let loaded = config::load(&argv, &environment)?;
            Ok(loaded.config().expect("--healthcheck is not in a file"))
        }),
        Err(ending) => ending.print(),
    };
    ExitCode::from(code)
}

/// Serves until a signal says stop; the exit code.
fn run(config: Config, read: impl Fn() -> Result<Config, Ending> + Send + 'static) -> u8 {
    if let Err(error) = shutdown::defer() {
        return Ending::alone(3, &format!("Can't hold signals back: {error}")).print();
    }
    let _logging = match logging::start(&config.log) {
        Ok(logging) => logging,
        Err(error) => return Ending::alone(3, &format!("Can't start the log: {error}")).print(),
    };
    if let Some(conflict) = config.conflict() {
        log(Level::Fatal, "server", &conflict);
        return 4;
    }
    let Err(error) = server::start(config, read) else {
        return 0;
    };
    log(Level::Fatal, "server", &error.to_string());
    3
}
