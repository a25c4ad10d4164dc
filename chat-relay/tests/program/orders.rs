//! What changes the site's state goes the way of records, and holds when it is answered.

use std::fs;
use std::process::{Command, Output};

use e2e::deadline::eventually;
use e2e::redis::Server;
use e2e::relay::Relay;
use e2e::under_test::beside;
use nix::sys::signal::Signal;

use super::patient_chat;
use crate::several::{Machine, copy};

/// Linux gives no process so high a number.
const LEFT: &str = "state/.new-4194304-lobby.topic";

/// The orders that were performed, by what they do and to which file.
fn orders(chat: &e2e::chat::Files) -> Vec<String> {
    let text = fs::read_to_string(chat.path("spool/orders.log")).unwrap_or_default();
    let records = text.lines().map(e2e::chat::Record::parse);
    let name = |record: e2e::chat::Record| {
        let attr = |key| record.attr(key).unwrap_or_default().to_owned();
        assert_eq!(record.kind, "order");
        assert!(
            record
                .attr("origin")
                .is_some_and(|it| it.starts_with("one~"))
        );
        format!("{} {}{}", attr("do"), attr("path"), attr("room"))
    };
    records.map(name).collect()
}

pub(super) fn run(chat: &e2e::chat::Files, line: &str) -> Output {
    let mut command = Command::new(beside("chatctl"));
    command.arg("--config").arg(chat.ini());
    command.args(line.split(' ')).output().expect("started")
}

#[test]
fn measures_and_roles_are_orders_and_hold_at_once() {
    let chat = patient_chat();
    let relay = Relay::start(chat.base());
    let mut alice = chat.page("lobby", "alice");
    alice.say_acked("hello", "m1");
    let ctl = |line: &str| {
        let done = run(&chat, line);
        assert!(done.status.success(), "{line}: {done:?}");
        String::from_utf8_lossy(&done.stdout).into_owned()
    };
    ctl("mute lobby alice 5 loud");
    assert!(ctl("bans lobby").contains("alice"));
    alice.say("may I", "m2");
    alice.find(|it| it["code"] == "muted");
    ctl("unmute lobby alice");
    alice.say_acked("thanks", "m3");
    ctl("role lobby anna owner");
    ctl("topic lobby tea");
    ctl("slow lobby 7");
    assert!(ctl("topic lobby").contains("tea"));
    assert!(ctl("slow lobby").contains('7'));
    let id = chat
        .records("lobby")
        .into_iter()
        .find(|it| it.text == "hello");
    ctl(&format!("redact lobby {}", id.expect("said").time));
    assert!(!chat.log("lobby").contains("hello"));
    ctl("clear --delete lobby");
    assert!(!chat.log("lobby").contains("thanks"));
    ctl("ban lobby alice");
    alice.find(|it| it["type"] == "bye");
    drop(alice);
    ctl("purge --force lobby");
    assert!(!chat.room_log("lobby").exists() && !chat.path("state/lobby.roles").exists());
    let wanted = [
        "replace state/lobby.bans",
        "replace state/lobby.bans",
        "replace state/lobby.roles",
        "replace state/lobby.bans",
        "delete lobby",
    ];
    assert_eq!(orders(&chat), wanted);
    drop(relay);
    // What was performed is not performed again by the next relay, nor what was in a log that is gone, though the one
    // before had no time to note how far it had come.
    let _ = fs::remove_file(chat.path("state/relay.pos"));
    let _relay = Relay::start(chat.base());
    let mut bob = chat.page("lobby", "bob");
    bob.say_acked("new", "m4");
    assert_eq!(orders(&chat), wanted);
    let log = chat.log("lobby");
    assert!(log.contains("new") && !log.contains("alice"), "{log}");
}

#[test]
fn while_nobody_orders_a_list_stays_as_it_is() {
    let chat = patient_chat();
    let relay = Relay::start(chat.base());
    let mut alice = chat.page("lobby", "alice");
    alice.say_acked("hello", "m1");
    let mut relay = relay;
    relay.child.kill().expect("killed");
    relay.child.wait().expect("gone");
    fs::remove_file(chat.path("run/relay/up")).expect("there");
    for line in [
        "ban lobby alice",
        "role lobby anna owner",
        "topic lobby tea",
    ] {
        let done = run(&chat, line);
        assert!(!done.status.success(), "{line}");
        let words = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(words.contains("cut off"), "{line}: {words}");
    }
    assert!(!chat.path("state/lobby.bans").exists() && !chat.path("state/lobby.topic").exists());
}

#[test]
fn what_was_written_by_who_was_killed_before_it_was_in_place_goes_when_the_relay_is_started() {
    let is_gone = |chat: &e2e::chat::Files| (!chat.path(LEFT).exists()).then_some(());
    let chat = patient_chat();
    fs::create_dir_all(chat.path("state")).expect("made");
    fs::write(chat.path(LEFT), "tea\n").expect("written");
    let _relay = Relay::start(chat.base());
    eventually("the relay of one machine has removed it", || is_gone(&chat));
    let server = Server::start();
    let mut one = Machine::new("one", &server.address(), "");
    fs::create_dir_all(one.files.path("state")).expect("made");
    fs::write(one.files.path(LEFT), "tea\n").expect("written");
    one.start();
    eventually("that of several has", || is_gone(&one.files));
}

#[test]
fn an_order_that_an_engine_had_lost_holds_on_all_machines_though_it_comes_late() {
    let mut server = Server::start();
    let one = Machine::started("one", &server.address(), "SEND_TIMEOUT=5");
    let mut two = Machine::started("two", &server.address(), "SEND_TIMEOUT=5");
    let bans = |machine: &Machine| {
        fs::read_to_string(machine.files.path("state/lobby.bans")).unwrap_or_default()
    };
    let ban = |machine: &Machine, who: &str| {
        eventually("the order is performed", || {
            let done = run(&machine.files, &format!("ban lobby {who}"));
            done.status.success().then_some(())
        });
    };
    ban(&one, "first");
    eventually("both have it, and know how far they are", || {
        let is_kept = two.files.path("state/relay.cursor").exists();
        (is_kept && bans(&one).contains("first") && bans(&one) == bans(&two)).then_some(())
    });
    server.kill();
    let kept = server.dir().join("kept");
    copy(&server.dir().join("appendonlydir"), &kept);
    server.run_again();
    two.kill();
    ban(&one, "lost");
    one.signal(Signal::SIGSTOP);
    server.wipe();
    copy(&kept, &server.dir().join("appendonlydir"));
    server.run_again();
    let told = two.start_telling();
    ban(&two, "meanwhile");
    one.signal(Signal::SIGCONT);
    let told = eventually("it is told", || {
        let told = fs::read_to_string(&told).unwrap_or_default();
        told.contains("meanwhile is undone").then_some(told)
    });
    assert!(told.contains("state/lobby.bans is as on one~"), "{told}");
    eventually("both have the same", || {
        (bans(&one).contains("lost") && bans(&one) == bans(&two)).then_some(())
    });
    // And it goes on, on either.
    ban(&two, "next");
    ban(&one, "last");
    assert!(bans(&one).contains("next"));
    eventually("both have the same again", || {
        (bans(&one).contains("last") && bans(&one) == bans(&two)).then_some(())
    });
}
