//! What programs leave behind: zombies where the daemon is the first process of a container, and processes that left their
//! program's group.

use std::process::Command;

use e2e::deadline::eventually;
use e2e::proc::{self, Process};
use nix::sys::signal::Signal;

use crate::daemon::Daemon;
use crate::handshake::{messages, upgrade};

const COMMON: [&str; 3] = ["--port=0", "--address=127.0.0.1", "--closetimeout=100"];

/// The argument of sleep(1) by which this test's own are found.
fn sleepers(seconds: &str) -> Vec<Process> {
    let mut all = proc::all();
    all.retain(|process| {
        let words = std::fs::read(format!("/proc/{}/cmdline", process.pid)).unwrap_or_default();
        words.starts_with(format!("sleep\0{seconds}\0").as_bytes()) && !process.has_ended()
    });
    all
}

#[test]
fn the_first_process_of_a_container_leaves_no_zombies() {
    let script = "sleep 0.05 & echo started";
    let words = [&COMMON[..], &["bash", "-c", script]].concat();
    let daemon = Daemon::start_with(&words, |command| {
        let mut unshare = Command::new("unshare");
        unshare
            .args(["--pid", "--fork", "--kill-child", "--mount-proc", "--"])
            .arg(command.get_program())
            .args(command.get_args());
        *command = unshare;
    });
    for _ in 0..200 {
        let (mut client, _) = upgrade(&daemon, "/", "");
        messages(&mut client);
    }
    eventually("no zombie is left", || {
        let zombies = proc::in_session(daemon.pid());
        let zombies = zombies
            .iter()
            .filter(|process| process.state == 'Z')
            .count();
        (zombies == 0).then_some(())
    });
}

#[test]
fn what_left_its_programs_group_ends_with_the_session() {
    for (seconds, script) in [
        ("1071", "timeout 300 sleep 1071"),
        ("1072", "set -m; sleep 1072 & cat"),
        ("1073", "set -m; (trap '' TERM; sleep 1073) & cat"),
    ] {
        let words = [&COMMON[..], &["bash", "-c", script]].concat();
        let daemon = Daemon::start(&words);
        let (client, _) = upgrade(&daemon, "/", "");
        eventually("it runs", || (!sleepers(seconds).is_empty()).then_some(()));
        drop(client);
        eventually("it has ended", || {
            sleepers(seconds).is_empty().then_some(())
        });
    }
}

#[test]
fn what_left_its_programs_group_ends_with_a_killed_daemon() {
    let words = [&COMMON[..], &["bash", "-c", "set -m; sleep 1074 & cat"]].concat();
    let mut daemon = Daemon::start(&words);
    let _client = upgrade(&daemon, "/", "");
    eventually("it runs", || (!sleepers("1074").is_empty()).then_some(()));
    daemon.signal(Signal::SIGKILL);
    daemon.end();
    eventually("it has ended", || sleepers("1074").is_empty().then_some(()));
}

/// Nobody is left who could end them: the README says which do not end by themselves.
#[test]
fn whoever_reads_stdin_ends_also_when_the_spawner_is_killed_with_the_daemon() {
    // It ends its child at the end of stdin, and becomes what reads nothing.
    let script = "sleep 1076 & while read -r line; do :; done; kill $!; exec sleep 1077";
    let words = [&COMMON[..], &["bash", "-c", script]].concat();
    let mut daemon = Daemon::start(&words);
    let _client = upgrade(&daemon, "/", "");
    eventually("it runs", || (!sleepers("1076").is_empty()).then_some(()));
    let spawner = proc::children(daemon.pid());
    let spawner = e2e::program::pid_of(spawner[0].pid);
    // Neither has a moment in which the other is gone.
    for signal in [Signal::SIGSTOP, Signal::SIGKILL] {
        nix::sys::signal::kill(spawner, signal).expect("it is ours");
        daemon.signal(signal);
    }
    daemon.end();
    eventually("it has seen the end", || {
        (sleepers("1076").is_empty() && !sleepers("1077").is_empty()).then_some(())
    });
    for left in sleepers("1077") {
        let left = e2e::program::pid_of(left.pid);
        nix::sys::signal::kill(left, Signal::SIGKILL).expect("it is ours");
    }
}

#[test]
fn a_session_of_its_own_is_left_alone() {
    let words = [
        &COMMON[..],
        &["bash", "-c", "setsid sleep 1075 <&- >&- 2>&- & sleep 0.2"],
    ]
    .concat();
    let daemon = Daemon::start(&words);
    let (mut client, _) = upgrade(&daemon, "/", "");
    messages(&mut client);
    assert_eq!(daemon.stop_leaving().0, Some(0));
    let left = sleepers("1075");
    assert_eq!(left.len(), 1);
    nix::sys::signal::kill(e2e::program::pid_of(left[0].pid), Signal::SIGKILL).expect("it is ours");
}

#[test]
fn the_spawner_has_a_name() {
    let daemon = Daemon::start(&[&COMMON[..], &["cat"]].concat());
    // It names itself once it runs, which nobody waits for.
    eventually("the spawner has its name", || {
        let children = proc::children(daemon.pid());
        (children.len() == 1 && children[0].name == "wsd-rs-spawner").then_some(())
    });
}

#[test]
fn without_proc_the_start_says_so() {
    let ran = Command::new("unshare")
        .args([
            "--mount",
            "sh",
            "-c",
            "mount -t tmpfs none /proc && exec \"$0\" \"$@\"",
        ])
        .arg(e2e::under_test::beside("websocketd-rs"))
        .args(COMMON)
        .arg("cat")
        .output()
        .expect("unshare");
    let log = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert_eq!(ran.status.code(), Some(3), "{log}");
    assert!(
        log.contains("/proc/self/exe is missing: mount /proc"),
        "{log}"
    );
}
