//! `chat-hooks`: see the library crate.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use chat_handler::settings::Settings;
use chat_handler::settings::commands;
use chat_hooks::command::Commands;
use chat_hooks::endpoint::Endpoint;
use chat_store::fs::lock::{self, Share};
use chat_store::record::clean;
use clap::Parser;
use nix::sys::signal::{SigSet, Signal};

/// The configuration is at fault (as chatctl's).
const BAD_CONFIG: u8 = 5;

/// Tells other programs what happens in a chat's rooms: posts signed webhooks as [webhook NAME] of chat.ini says.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The settings; else `CHAT_CONFIG`, else /etc/websocketd-rs/chat.ini
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Checks the settings, secrets and certificates, and ends
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let variable = std::env::var_os("CHAT_CONFIG").filter(|path| !path.is_empty());
    match run(&args, variable.as_deref().map(Path::new)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note(&error);
            ExitCode::from(BAD_CONFIG)
        }
    }
}

fn run(args: &Args, variable: Option<&Path>) -> Result<(), String> {
    let settings =
        Settings::load(args.config.as_deref(), variable).map_err(|error| error.to_string())?;
    let dirs = settings.dirs();
    let failed = |error: std::io::Error| error.to_string();
    dirs.create().map_err(failed)?;
    fs::create_dir_all(dirs.run.join("hooks")).map_err(failed)?;
    let path = dirs.run.join("hooks/lock");
    let lock = File::options()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(failed)?;
    if !args.check && !lock::try_hold(&lock, Share::Exclusive).map_err(failed)? {
        return Err("another chat-hooks runs for this chat".to_owned());
    }
    let site = &settings.identity.tokens.site;
    let mut endpoints = Vec::new();
    for hook in &settings.webhooks {
        endpoints.push(Endpoint::new(hook, site, &dirs, &note)?);
    }
    let commands = Commands::new(&settings.commands, &note)?;
    if args.check {
        return Ok(());
    }
    // Blocked before the threads start, so that none of them gets one.
    let mut signals = SigSet::empty();
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        signals.add(signal);
    }
    signals.thread_block().map_err(|error| error.to_string())?;
    let stop = AtomicBool::new(false);
    let socket = commands::socket_of(&dirs.run);
    // Before anybody is told that it runs: without it no command is answered.
    let listener = if commands.is_empty() {
        None
    } else {
        let bound = Commands::bind(&socket);
        Some(bound.map_err(|error| format!("commands: {}: {error}", socket.display()))?)
    };
    note(&format!(
        "{} commands, {} webhooks",
        commands.len(),
        endpoints.len()
    ));
    std::thread::scope(|scope| {
        if let Some(listener) = &listener {
            let (commands, stop) = (&commands, &stop);
            #[expect(
                clippy::disallowed_methods,
                reason = "one, joined at the end of the scope"
            )]
            scope.spawn(move || commands.listen(listener, stop));
        }
        for endpoint in endpoints {
            let stop = &stop;
            #[expect(
                clippy::disallowed_methods,
                reason = "one for each webhook, joined at the end of the scope"
            )]
            scope.spawn(move || endpoint.run(stop));
        }
        // Without a service manager there is nobody to be told.
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        // It fails only for a set that is wrong.
        let _ = signals.wait();
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
        stop.store(true, Ordering::Relaxed);
    });
    if listener.is_some() {
        let _ = fs::remove_file(&socket);
    }
    Ok(())
}

/// Writes one line for the administrator.
fn note(text: &str) {
    // If nobody reads it, nobody minds.
    let _ = std::io::stderr().write_all(format!("chat-hooks: {}\n", clean(text)).as_bytes());
}
