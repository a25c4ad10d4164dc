//! HUP: a terminal that closes ends what was started there by hand; everything else reloads.

use std::os::fd::OwnedFd;
use std::process::Command;

use nix::sys::signal::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::daemon::Daemon;
use crate::http::Client;

const PLAIN: [&str; 3] = ["--port=0", "--address=127.0.0.1", "cat"];

/// A terminal like an ssh session's, and what a shell does to have it as its own: closing the terminal hangs it up.
fn terminal() -> (OwnedFd, String) {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = openpt(flags).expect("a terminal");
    grantpt(&master).expect("granted");
    unlockpt(&master).expect("unlocked");
    let name = ptsname(&master, Vec::new()).expect("its name");
    let name = name.to_str().expect("ASCII");
    // The first that a leader of a session opens becomes its controlling one (tty_ioctl(4)).
    (master, format!("exec 3<>{name}"))
}

/// As from a shell at that terminal, also where the tests themselves were started by nohup(1).
fn start(at_terminal: &str, words: &[&str]) -> Daemon {
    Daemon::start_with(words, |command| {
        let mut shell = Command::new("/bin/sh");
        let script = format!("{at_terminal} && exec env --default-signal=HUP \"$0\" \"$@\"");
        shell
            .args(["-c", &script])
            .arg(command.get_program())
            .args(command.get_args());
        *command = shell;
    })
}

/// A client, whose handler has answered.
fn client(daemon: &Daemon) -> Client {
    let (client, reply) = crate::handshake::upgrade(daemon, "/", "");
    assert_eq!(reply.status, 101);
    client
}

#[test]
fn a_terminal_that_closes_ends_what_was_started_at_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ini");
    std::fs::write(&file, "idletimeout=60000\n").unwrap();
    let config = format!("--config={}", file.display());
    for files in [&[][..], &[config.as_str()]] {
        let (terminal, at_terminal) = terminal();
        let mut daemon = start(&at_terminal, &[files, &PLAIN].concat());
        let client = client(&daemon);
        drop(terminal);
        let (code, rest) = daemon.end();
        assert_eq!(code, Some(0), "{rest}");
        assert!(rest.contains("Stopping: 1 connections"), "{rest}");
        drop(client);
    }
}

#[test]
fn who_was_started_by_nohup_outlives_the_terminal() {
    let (terminal, at_terminal) = terminal();
    let preparation = format!("{at_terminal}; trap '' HUP");
    let mut daemon = Daemon::start_after(&preparation, &PLAIN);
    drop(terminal);
    daemon.read_until("Reloaded");
    daemon.signal(Signal::SIGHUP);
    daemon.read_until("Reloaded");
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn at_a_terminal_that_is_there_a_hangup_reloads_what_can_be_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ini");
    std::fs::write(&file, "").unwrap();
    let config = format!("--config={}", file.display());
    let (_terminal, at_terminal) = terminal();
    let mut daemon = start(&at_terminal, &[&[config.as_str()], &PLAIN[..]].concat());
    daemon.signal(Signal::SIGHUP);
    daemon.read_until("Reloaded");
    assert_eq!(daemon.stop().0, Some(0));

    let mut daemon = start(&at_terminal, &PLAIN);
    daemon.signal(Signal::SIGHUP);
    assert_eq!(daemon.end().0, Some(0), "nothing to read");
}
