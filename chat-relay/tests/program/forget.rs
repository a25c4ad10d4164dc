//! `chat-relay --forget`: what all machines have is not kept in the engine, nor in its files once these are rewritten.

use std::fs;
use std::process::Command;

use chat_store::record::RecordId;
use e2e::deadline::eventually;
use e2e::program::{Finished, Program};
use e2e::redis::Server;
use e2e::under_test::beside;

use crate::several::Machine;

const STREAM: &str = "{chat}:s";
const HEAD: &str = "{chat}:h";
const HOUR: u64 = 3_600_000_000;

/// A moment in the past.
fn ago(hours: u64) -> RecordId {
    RecordId::from_micros(RecordId::now().as_micros() - hours * HOUR)
}

/// Puts an entry into the engine as it was put there then.
fn put(server: &Server, id: RecordId, fields: &[&str]) {
    let entry = format!("{}-0", id.as_micros());
    let said = server.ask(&[&["XADD", STREAM, &entry], fields].concat());
    assert_eq!(said, entry);
    server.ask(&["HSET", HEAD, "last", &id.as_micros().to_string()]);
}

/// Somebody on a machine that has been dissolved since said this.
fn say(server: &Server, id: RecordId, text: &str) {
    let number = id.as_micros() - 1000;
    let origin = format!("old~1.{number}");
    let fields = [
        "r", "lobby", "k", "say", "f", "zoe", "a", "", "t", text, "o", &origin,
    ];
    put(server, id, &fields);
}

/// A sign of life of a machine, which had written so far.
fn tick(server: &Server, id: RecordId, node: &str, applied: &str) {
    let fields = ["k", "tick", "f", node, "a", "", "t", applied];
    put(server, id, &fields);
}

fn forget(machine: &Machine) -> Finished {
    let mut command = Command::new(beside("chat-relay"));
    command.arg("--config").arg(machine.files.ini());
    Program::run(command.arg("--forget").env_clear())
}

fn has(server: &Server, text: &str) -> bool {
    server.ask(&["XRANGE", STREAM, "-", "+"]).contains(text)
}

/// Whether a text stands in a file of the engine.
fn is_on_its_disk(server: &Server, text: &str) -> bool {
    let files = fs::read_dir(server.dir().join("appendonlydir")).expect("it keeps what it has");
    let mut files = files.map(|file| fs::read(file.expect("an entry").path()));
    files.any(|bytes| {
        let bytes = bytes.unwrap_or_default();
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    })
}

#[test]
fn what_was_taken_back_is_in_no_file_of_the_engine_after_it_was_forgotten_and_rewritten() {
    let server = Server::start();
    let id = ago(1);
    say(&server, id, "the-secret-word");
    let one = Machine::started("one", &server.address(), "");
    let two = Machine::started("two", &server.address(), "");
    eventually("both have it", || {
        let all = [&one, &two];
        all.iter()
            .all(|it| it.log().contains("the-secret-word"))
            .then_some(())
    });
    let mut redact = Command::new(beside("chatctl"));
    redact.arg("--config").arg(one.files.ini());
    let done = Program::run(redact.args(["redact", "lobby", &id.to_string()]));
    assert_eq!(done.code(), 0, "{done:?}");
    eventually("it is gone from the logs", || {
        let all = [&one, &two];
        all.iter()
            .all(|it| !it.log().contains("the-secret-word"))
            .then_some(())
    });
    assert!(has(&server, "the-secret-word") && is_on_its_disk(&server, "the-secret-word"));
    // How far each is it tells with its next sign of life.
    eventually("it is forgotten", || {
        let done = forget(&two);
        assert_eq!(done.code(), 0, "{done:?}");
        (!has(&server, "the-secret-word")).then_some(())
    });
    server.ask(&["BGREWRITEAOF"]);
    eventually("it is on no disk", || {
        (!is_on_its_disk(&server, "the-secret-word")).then_some(())
    });
    // Nobody notices.
    let mut alice = one.page("alice");
    alice.say_acked("hello", "m-1");
    eventually("they go on", || two.log().contains("hello").then_some(()));
}

#[test]
fn a_machine_that_is_away_for_less_than_keep_misses_nothing() {
    let server = Server::start();
    say(&server, ago(5), "older");
    say(&server, ago(2), "newer");
    // One that had written everything up to three hours ago when it was heard of last.
    let applied = ago(3).to_string();
    tick(&server, ago(1), "gone~1", &applied);
    let one = Machine::started("one", &server.address(), "KEEP=24h");
    // Its own first sign of life may be from before it has read anything.
    eventually("it is forgotten what all have", || {
        forget(&one);
        assert!(has(&server, "newer"));
        (!has(&server, "older")).then_some(())
    });
}

#[test]
fn who_is_away_for_longer_than_keep_holds_nothing_back() {
    let server = Server::start();
    tick(&server, ago(4), "gone~1", "");
    say(&server, ago(3), "old");
    let one = Machine::started("one", &server.address(), "KEEP=1h");
    eventually("it is forgotten", || {
        forget(&one);
        (!has(&server, "old")).then_some(())
    });
}

#[test]
fn of_whom_it_cannot_be_told_how_far_they_are_everything_is_kept() {
    let server = Server::start();
    say(&server, ago(2), "kept");
    tick(&server, ago(1), "silent~1", "");
    let one = Machine::started("one", &server.address(), "");
    eventually("one has read it", || {
        one.log().contains("kept").then_some(())
    });
    let done = forget(&one);
    assert_eq!(done.code(), 0, "{done:?}");
    assert!(done.stderr.contains("0 entries"), "{done:?}");
    assert!(has(&server, "kept"));
    let nobody = Server::start();
    let mut other = Machine::started("other", &nobody.address(), "");
    other.kill();
    nobody.ask(&["DEL", STREAM]);
    let done = forget(&other);
    assert_eq!(done.code(), 1, "{done:?}");
    assert!(done.stderr.contains("of any machine"), "{done:?}");
}
