//! `chat-relay`: see the library crate.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use chat_handler::settings::{Engine, Settings};
use chat_relay::cli::Args;
use chat_relay::engine::{local, redis};
use chat_relay::journal;
use chat_relay::lock_file::LockFile;
use chat_relay::relay::Relay;
use chat_store::fs::lock::{self, Share};
use clap::Parser as _;

/// The configuration is at fault (as chatctl's).
const BAD_CONFIG: u8 = 5;
/// The longest wait for the one before to end.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let args = Args::parse();
    let variable = std::env::var_os("CHAT_CONFIG").filter(|path| !path.is_empty());
    let settings = match Settings::load(args.config.as_deref(), variable.as_deref().map(Path::new))
    {
        Ok(settings) => settings,
        Err(error) => {
            journal::note(error);
            return ExitCode::from(BAD_CONFIG);
        }
    };
    if settings.cluster.is_none() {
        let file = settings.source.display();
        journal::note(format_args!("{file}: there is no section [cluster]"));
        return ExitCode::from(BAD_CONFIG);
    }
    if args.check {
        let _ = writeln!(std::io::stdout(), "{}: good", settings.source.display());
        return ExitCode::SUCCESS;
    }
    let done = if args.forget {
        forget(&settings)
    } else {
        run(&settings)
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            journal::note(error);
            ExitCode::FAILURE
        }
    }
}

fn forget(settings: &Settings) -> std::io::Result<()> {
    let Some(Engine::Redis(address)) = settings.cluster.as_ref().map(|it| &it.engine) else {
        journal::note("ENGINE=local has nothing that is not in the rooms' logs");
        return Ok(());
    };
    let done = redis::forget::forget(settings, address);
    let done = done.map_err(|trouble| std::io::Error::other(trouble.to_string()))?;
    journal::note(format_args!(
        "{} entries before {} are not in the engine any more",
        done.entries, done.until
    ));
    Ok(())
}

fn run(settings: &Settings) -> std::io::Result<()> {
    let dirs = settings.dirs();
    let (Some(shared), Some(cluster)) = (dirs.cluster.clone(), &settings.cluster) else {
        return Ok(());
    };
    dirs.create()?;
    shared.create()?;
    // A site has one on this machine: two would write each line twice.
    let (lock_file, opened) = LockFile::open(&shared)?;
    let Some(_lock) = lock::take(&opened, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Err(std::io::Error::other(
            "another chat-relay of this site is running",
        ));
    };
    let mut relay = Relay::open(&dirs, shared, cluster, settings.sync, lock_file)?;
    relay.rooms.begin_tasks(settings.source.clone())?;
    let ended = match &cluster.engine {
        Engine::Local => local::run(&mut relay, &dirs, cluster.keep),
        Engine::Redis(address) => redis::run(&mut relay, &dirs, settings, address),
        _ => Err(std::io::Error::other(
            "this chat-relay does not know its ENGINE",
        )),
    };
    relay.close();
    ended.map(drop)
}
