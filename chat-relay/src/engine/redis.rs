//! An engine that several machines share: a server that speaks Redis' protocol.
//!
//! One thread gives it what is submitted on this machine ([`publish`]), another writes what it has put in order
//! ([`read`]). Whoever meets trouble counts the generation on; both connect anew then, and what the next engine does not
//! know, because it is a copy that had not got it yet or has lost everything, it is given again ([`repair`]). What is for
//! one person ([`personal`]) and what messages have with them ([`files`]) goes beside it, and waits for neither.
//! Blocking connections, a thread each: their end, and what it means, must be seen here and nowhere below.

use std::io;
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use chat_handler::settings::{self, Address, Settings};
use chat_store::bell;
use chat_store::fs::dirs::Dirs;
use rustix::event::{PollFd, PollFlags, Timespec};

use crate::files::Files;
use crate::journal;
use crate::relay::{Parts, Relay, Stop};

pub mod advice;
pub mod cursor;
pub mod entry;
pub mod files;
pub mod forget;
pub mod keep;
pub mod link;
pub mod personal;
pub mod publish;
pub mod read;
pub mod repair;
pub mod script;
pub mod sentinels;
pub mod shared;
pub mod signs;
pub mod status;
pub mod stream;
pub mod trouble;
pub mod waiting;

use cursor::Cursor;
use files::fetch::Fetcher;
use files::give::Giver;
use keep::Keeper;
use link::Access;
use personal::Personal;
use publish::Publisher;
use read::Reader;
use script::{Keys, Machine};
use shared::{Setup, Shared, locked};
use trouble::Trouble;

/// Between two looks after files.
const LOOK: Duration = Duration::from_secs(1);

/// Has records put in order by the engine at `address` until it is told to stop.
///
/// # Errors
/// Those of files of this machine, which a restart may mend. An engine that is away is waited for.
pub fn run(
    relay: &mut Relay,
    dirs: &Dirs,
    settings: &Settings,
    address: &Address,
) -> io::Result<Stop> {
    let Some(cluster) = &settings.cluster else {
        return Err(io::Error::other("there is no section [cluster]"));
    };
    let parts = relay.parts();
    let setup = setup(&parts, settings, cluster, address);
    let cursor = Cursor::load(dirs)?;
    let shared = Shared::new(setup, cursor.at);
    let files = Arc::new(Files::new(dirs, parts.cluster, cluster.keep)?);
    parts.rooms.watch_files(&files);
    let giver = Giver::new(&shared, dirs);
    let fetcher = Fetcher::new(&shared, parts.cluster, &files);
    let personal = Personal::new(&shared, parts.cluster, dirs, (&giver, &files))?;
    let keeper = Keeper::default();
    let mut publisher = Publisher::new(&shared, &keeper, dirs, parts.spool, &cursor);
    let mut reader = Reader::new(&shared, &keeper, parts.rooms, cursor, parts.syncs);
    let beside: [&(dyn Fn() + Sync); 5] = [
        &|| keeper.run(&shared),
        &|| personal.give(),
        &|| personal.take(),
        &|| giver.run(),
        &|| fetcher.run(),
    ];
    thread::scope(|scope| {
        #[expect(
            clippy::disallowed_methods,
            reason = "the ends of an engine, a thread each"
        )]
        let mut threads = vec![
            scope.spawn(|| {
                let ended = publisher.run();
                shared.stop();
                ended
            }),
            scope.spawn(|| {
                reader.run();
                shared.stop();
                Ok(())
            }),
        ];
        #[expect(clippy::disallowed_methods, reason = "what goes beside, a thread each")]
        threads.extend(beside.map(|run| {
            scope.spawn(move || {
                run();
                Ok(())
            })
        }));
        let mut told = Ok(false);
        // One that has panicked has not said that it ended.
        let is_ended = |thread: &thread::ScopedJoinHandle<'_, _>| thread.is_finished();
        while !threads.iter().any(is_ended) && matches!(told, Ok(false)) {
            let mut status = locked(&shared.status);
            status.is_given_up();
            if let Err(error) = status.write(&shared.counters) {
                journal::note(format_args!("run/relay/state: {error}"));
            }
            if status.is_up() {
                parts.supervisor.status("putting records in order");
            } else {
                parts
                    .supervisor
                    .status(format_args!("nothing is taken: {}", status.why()));
            }
            drop(status);
            if shared.is_alive() {
                parts.supervisor.alive();
            }
            parts.sweeper.look();
            told = wait(parts.signals).and_then(|told| parts.lock_file.check().map(|()| told));
        }
        shared.stop();
        // Who waits for the spool waits at its bell.
        let _ = bell::ring_at(&parts.cluster.bell());
        let mut ended = told.map(|_| Stop::Signal);
        for thread in threads {
            let done = thread
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("a thread panicked")));
            ended = done.and(ended);
        }
        // Else what stands there may be another one's already.
        if parts.lock_file.check().is_ok() {
            let mut status = locked(&shared.status);
            status.away(&Trouble::Away("chat-relay has been stopped".to_owned()));
            let _ = status.write(&shared.counters);
        }
        ended
    })
}

/// What chat.ini says, and which machine this is.
fn setup(
    parts: &Parts<'_>,
    settings: &Settings,
    cluster: &settings::Cluster,
    address: &Address,
) -> Setup {
    Setup {
        access: Access::new(cluster, address),
        keys: Keys::new(&settings.identity.tokens.site),
        machine: Machine {
            name: cluster.node.clone(),
            lease: parts.node.lease.clone(),
            incarnation: parts.node.incarnation.clone(),
            former: parts.node.former.clone(),
        },
        former_last: parts.node.former_last,
        replicas: cluster.replicas,
        keep: cluster.keep,
        wait_limit: cluster.send_timeout,
        run: parts.cluster.run.clone(),
    }
}

/// Waits until it is time for a look; true: it was told to stop.
fn wait(signals: &nix::sys::signalfd::SignalFd) -> io::Result<bool> {
    let limit = Timespec::try_from(LOOK).map_err(io::Error::other)?;
    let mut fds = [PollFd::from_borrowed_fd(signals.as_fd(), PollFlags::IN)];
    match rustix::event::poll(&mut fds, Some(&limit)) {
        Ok(count) => Ok(count > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
