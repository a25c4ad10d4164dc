//! Every chat of a test as a cluster of one machine: what holds for a chat alone must hold for that, too.
//!
//! `CHAT_CLUSTER` in the environment asks for it: `one` with the relay itself as the engine, `redis` with Debian's Redis
//! for each chat, at a Unix socket, since some tests cut the network. `CHAT_CLUSTER_RECORD` names a file to which is added
//! which test had what, for the report.

use std::cell::Cell;
use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::redis::Server;
use crate::relay::Relay;
use crate::under_test::beside;

/// Starts chat.ini's section.
const SECTION: &str = "[cluster]";

thread_local! {
    static IS_ALONE: Cell<bool> = const { Cell::new(false) };
}

/// While it is there, the chats of this test are alone whatever is asked for.
#[derive(Debug)]
#[must_use = "with it goes the exemption"]
pub struct Alone(());

impl Drop for Alone {
    fn drop(&mut self) {
        IS_ALONE.set(false);
    }
}

/// For a test that can only be about a chat without `[cluster]`; `why` stands in the report.
pub fn needs_alone(why: &str) -> Alone {
    if asked_for().is_some() {
        record("alone", why);
    }
    IS_ALONE.set(true);
    Alone(())
}

/// Tests that look into a session's file do not find it.
pub const LOGINS: &str = "with [cluster] a log-in is in logins/, under a hash of its id";
/// What is in no other file any more may stand there still.
pub const SPOOL_KEEPS: &str = "spool/ keeps what was said for a while: docs/cluster.md";

/// Whether a test goes on as one about a cluster, where that is another thing; `why` stands in the report.
pub fn differs(why: &str) -> bool {
    let is_clustered = asked_for().is_some() && !IS_ALONE.get();
    if is_clustered {
        record("differs", why);
    }
    is_clustered
}

/// What puts records in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Engine {
    Local,
    Redis,
}

fn asked_for() -> Option<Engine> {
    match env::var("CHAT_CLUSTER").ok()?.as_str() {
        "" => None,
        "one" => Some(Engine::Local),
        "redis" => Some(Engine::Redis),
        other => panic!("CHAT_CLUSTER is {other:?}: one and redis are known"),
    }
}

/// A running machine; `Drop` ends it.
#[derive(Debug)]
pub struct ClusterOfOne {
    relay: Mutex<Option<Relay>>,
    // Dropped after the relay.
    _engine: Option<Server>,
    section: String,
    ini: PathBuf,
    base: PathBuf,
}

impl ClusterOfOne {
    /// Makes one of the chat in `base`, if that is asked for: adds the section to its `ini`, and waits until its relay
    /// takes something. Nothing of the chat may run yet.
    #[track_caller]
    pub fn of(ini: &Path, base: &Path) -> Option<Self> {
        Self::run_by(ini, base, || Command::new(beside("chat-relay")))
    }

    /// The same with a relay of another user, or from another place.
    #[track_caller]
    pub fn run_by(ini: &Path, base: &Path, relay: impl FnOnce() -> Command) -> Option<Self> {
        let asked_for = asked_for().filter(|_| !IS_ALONE.get())?;
        let engine = (asked_for == Engine::Redis).then(Server::at_socket);
        let address = engine
            .as_ref()
            .map_or_else(|| "local".to_owned(), Server::address);
        let text = fs::read_to_string(ini).expect("an ini");
        // A busy machine must not look broken.
        let section = format!("\n{SECTION}\nNODE=one\nENGINE={address}\nSEND_TIMEOUT=30\n");
        fs::write(ini, text + &section).expect("writable");
        record("cluster", "");
        Some(Self {
            relay: Mutex::new(Some(Relay::start_by(relay(), ini, base))),
            _engine: engine,
            section,
            ini: ini.to_owned(),
            base: base.to_owned(),
        })
    }

    /// What its chat.ini must have, also when it is written anew.
    pub fn section(&self) -> &str {
        &self.section
    }

    /// Does something while no relay runs, and starts one on what is there then.
    #[track_caller]
    pub fn without_relay<T>(&self, act: impl FnOnce() -> T) -> T {
        let mut relay = self.relay.lock().unwrap_or_else(PoisonError::into_inner);
        // Ended before it is asked whether it is up.
        *relay = None;
        let _ = fs::remove_file(self.base.join("run/relay/up"));
        let done = act();
        *relay = Some(Relay::start(&self.base));
        done
    }
}

impl Drop for ClusterOfOne {
    fn drop(&mut self) {
        // A test that writes the file anew should keep the section.
        let text = fs::read_to_string(&self.ini);
        if text.is_ok_and(|it| !it.contains(SECTION)) {
            record("left", "wrote chat.ini anew");
        }
    }
}

/// Adds a line to the record: target, test, what, why.
fn record(what: &str, why: &str) {
    let Some(path) = env::var_os("CHAT_CLUSTER_RECORD") else {
        return;
    };
    let program = env::current_exe().expect("the test knows its own path");
    let target = program.file_name().unwrap_or_default().to_string_lossy();
    let target = target.rsplit_once('-').map_or(&*target, |(name, _)| name);
    let test = thread::current();
    let line = format!("{target}\t{}\t{what}\t{why}\n", test.name().unwrap_or("?"));
    let file = OpenOptions::new().create(true).append(true).open(path);
    let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
    written.expect("CHAT_CLUSTER_RECORD is writable");
}
