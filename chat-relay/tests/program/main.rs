//! A chat whose records go through a relay: what is acked is in the log once, whatever becomes of the relay.

#![allow(clippy::disallowed_methods, reason = "tests start programs")]

mod documents;
mod files;
mod forget;
mod script;
mod several;
mod shipped;
mod supervised;
mod told;
mod unperformed;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use e2e::chat::{Files, UNLIMITED};
use e2e::page::Page;
use e2e::relay::Relay;

mod carried;
mod drain;
mod orders;
mod persons;

const SECTION: &str = "[cluster]\nNODE=one\nENGINE=local\nSEND_TIMEOUT=3\n";

/// A chat with the section, and no relay yet.
fn chat() -> Files {
    chat_with(SECTION)
}

/// For who is told once what becomes of it: all they wait for may be a busy machine.
fn patient_chat() -> Files {
    chat_with(e2e::relay::SECTION)
}

fn chat_with(section: &str) -> Files {
    let files = Files::with(UNLIMITED);
    let ini = fs::read_to_string(files.ini()).expect("an ini");
    fs::write(files.ini(), ini + "\n" + section).expect("written");
    files
}

fn said(chat: &Files) -> Vec<String> {
    let records = chat.records("lobby").into_iter();
    records
        .filter(|it| it.kind == "say")
        .map(|it| it.text)
        .collect()
}

/// Says it again until it is acked, as a page does.
fn keep_saying(page: &mut Page, text: &str, msgid: &str) {
    loop {
        page.say(text, msgid);
        let answer =
            page.find(|it| it["msgid"] == msgid && (it["type"] == "ack" || it["type"] == "error"));
        if answer["type"] == "ack" {
            return;
        }
        assert_eq!(answer["code"], "not_saved", "{answer}");
    }
}

#[test]
fn what_is_acked_is_in_the_log_once_while_the_relay_is_killed_again_and_again() {
    let chat = chat();
    let mut relay = Relay::start(chat.base());
    let mut alice = chat.page("lobby", "alice");
    let mut wanted = Vec::new();
    for round in 0..8 {
        for at in 0..25 {
            let text = format!("{round}.{at}");
            if at == 12 {
                relay.child.kill().expect("killed");
                relay.child.wait().expect("gone");
                // It waits in the spool while nobody is there, and is taken by the next relay.
                alice.say(&text, &format!("m{text}"));
                relay = Relay::start(chat.base());
                alice.find(|it| it["type"] == "ack" || it["code"] == "not_saved");
            }
            keep_saying(&mut alice, &text, &format!("m{text}"));
            wanted.push(text);
        }
    }
    assert_eq!(said(&chat), wanted);
    let is_given =
        |it: &e2e::chat::Record| it.attr("origin").is_some_and(|it| it.starts_with("one~"));
    assert!(chat.records("lobby").iter().all(is_given));
    let inner = |it: &e2e::chat::Record| it.attrs.iter().any(|(key, _)| key.starts_with('_'));
    assert!(!chat.records("lobby").iter().any(inner));
}

#[test]
fn who_is_cut_off_reads_and_is_told_and_a_line_that_was_given_up_does_not_come_later() {
    let chat = chat();
    let mut relay = Relay::start(chat.base());
    let mut alice = chat.page("lobby", "alice");
    alice.say_acked("before", "m1");
    Command::new("kill")
        .arg(relay.child.id().to_string())
        .status()
        .expect("kill");
    relay.child.wait().expect("gone");
    assert!(!chat.path("run/relay/up").exists());
    alice.say("meanwhile", "m2");
    let error = alice.find(|it| it["type"] == "error");
    assert!(
        error["text"]
            .as_str()
            .is_some_and(|it| it.contains("cut off from the others")),
        "{error}"
    );
    let bob = chat.page("lobby", "bob");
    assert!(bob.members().contains(&"alice".to_owned()));
    relay = Relay::start(chat.base());
    keep_saying(&mut alice, "after", "m3");
    keep_saying(&mut alice, "meanwhile", "m2");
    assert_eq!(said(&chat), ["before", "after", "meanwhile"]);
    drop(relay);
}

#[test]
fn what_is_submitted_is_for_the_service_alone() {
    let chat = chat();
    let _relay = Relay::start(chat.base());
    let mut alice = chat.page("lobby", "alice");
    alice.say_acked("hello", "m1");
    for (path, mode) in [
        ("spool", 0o700),
        ("spool/out.log", 0o600),
        ("rooms/lobby.log", 0o640),
        ("run/relay", 0o700),
    ] {
        let found = fs::metadata(chat.path(path))
            .expect(path)
            .permissions()
            .mode();
        assert_eq!(found & 0o777, mode, "{path}");
    }
    let answers = |dir: &Path| {
        let entries = fs::read_dir(dir).expect("there").flatten();
        entries
            .filter(|it| it.path().extension().is_some_and(|it| it == "answer"))
            .count()
    };
    assert_eq!(answers(&chat.path("run/relay")), 1);
}

/// A relay that goes on would have a lock that nobody sees, and a bell that nobody rings.
#[test]
fn a_relay_whose_files_were_removed_ends_and_the_next_one_goes_on() {
    let chat = chat();
    let mut relay = Relay::start(chat.base());
    let mut alice = chat.page("lobby", "alice");
    alice.say_acked("before", "m1");
    fs::remove_dir_all(chat.path("run/relay")).expect("removed");
    assert!(!relay.child.wait().expect("our child").success());
    let _relay = Relay::start(chat.base());
    keep_saying(&mut alice, "after", "m2");
    assert_eq!(said(&chat), ["before", "after"]);
}

#[test]
fn a_second_relay_of_a_site_does_not_start() {
    let chat = chat();
    let _relay = Relay::start(chat.base());
    let second = Command::new(e2e::under_test::beside("chat-relay"))
        .arg("--config")
        .arg(chat.ini())
        .output()
        .expect("started");
    assert!(!second.status.success());
    assert!(String::from_utf8_lossy(&second.stderr).contains("another chat-relay"));
}
