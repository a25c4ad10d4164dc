//! A site's people on several machines: one name is one person's, and a person is one member wherever they are.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use chat_store::cluster::Cluster;
use chat_store::name::{Nick, RoomName};
use chat_store::people::person::PersonId;
use chat_store::people::presence::elsewhere::Known;
use e2e::deadline::eventually;
use e2e::page::{Page, text_of};
use e2e::redis::Server;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::orders::run;
use super::several::Machine;

/// Machines of one engine.
pub(super) fn site(names: &[&str]) -> (Server, Vec<Machine>) {
    let engine = Server::start();
    let start = |name: &&str| Machine::started(name, &engine.address(), "");
    let machines = names.iter().map(start).collect();
    (engine, machines)
}

/// The comings and goings in a machine's log, as `KIND NAME`.
fn comings(machine: &Machine) -> Vec<String> {
    let records = machine.files.records("lobby").into_iter();
    let is_one = |kind: &str| matches!(kind, "join" | "quit" | "nick");
    records
        .filter(|it| is_one(&it.kind))
        .map(|it| format!("{} {}", it.kind, it.from))
        .collect()
}

#[track_caller]
pub(super) fn all_have(machines: &[Machine], names: &[&str]) {
    eventually("all machines have the same people", || {
        let is_so = |machine: &Machine| machine.files.present("lobby") == names;
        machines.iter().all(is_so).then_some(())
    });
}

#[test]
fn one_name_on_three_machines_at_once_is_three_names_and_three_joins() {
    let (_engine, machines) = site(&["a", "b", "c"]);
    let mut pages: Vec<_> = thread::scope(|scope| {
        let enter = |machine| scope.spawn(move || Machine::page(machine, "alice"));
        let threads: Vec<_> = machines.iter().map(enter).collect();
        threads
            .into_iter()
            .map(|it| it.join().expect("in"))
            .collect()
    });
    let names = eventually("all machines have the same three people", || {
        let names = machines[0].files.present("lobby");
        let is_same = |machine: &Machine| machine.files.present("lobby") == names;
        (names.len() == 3 && machines.iter().all(is_same)).then_some(names)
    });
    assert!(names.iter().all(|name| name.starts_with("alice")));
    eventually("all machines tell of these three", || {
        let mut told = comings(&machines[0]);
        told.sort();
        let wanted: Vec<_> = names.iter().map(|name| format!("join {name}")).collect();
        let same = machines.iter().all(|it| it.log() == machines[0].log());
        (same && told == wanted).then_some(())
    });
    for (machine, page) in machines.iter().zip(&mut pages) {
        page.say_acked("me", "m1");
        let said = machine.files.records("lobby").into_iter();
        let mine = said
            .filter(|it| it.kind == "say")
            .map(|it| it.from)
            .next_back();
        assert!(names.contains(&mine.expect("said")));
    }
    // Who comes later finds all three.
    let late = machines[1].page("bob");
    assert_eq!(late.members().len(), 4);
}

#[test]
fn somebody_on_two_machines_comes_once_and_goes_with_the_last() {
    let (_engine, machines) = site(&["a", "b"]);
    let [a, b] = [&machines[0], &machines[1]];
    let first = a.page_of("anna");
    all_have(&machines, &["anna"]);
    let second = b.page_of("anna");
    assert_eq!(second.you(), "anna");
    let mut watcher = b.page("bob");
    watcher.say_acked("hello", "m1");
    drop(first);
    eventually("anna has left the first machine", || {
        let file = fs::read_to_string(b.files.path("users/lobby_anna")).unwrap_or_default();
        (!file.contains(";on=")).then_some(())
    });
    all_have(&machines, &["anna", "bob"]);
    assert_eq!(comings(a), ["join anna", "join bob"]);
    // She comes again, and goes where she was first.
    let third = a.page_of("anna");
    eventually("anna is on both", || {
        let file = fs::read_to_string(b.files.path("users/lobby_anna")).unwrap_or_default();
        file.contains(";on=").then_some(())
    });
    drop(second);
    watcher.say_acked("still", "m2");
    all_have(&machines, &["anna", "bob"]);
    drop(third);
    all_have(&machines, &["bob"]);
    assert_eq!(comings(b), ["join anna", "join bob", "quit anna"]);
    eventually("both have the same", || (a.log() == b.log()).then_some(()));
}

/// Whoever submits it may be killed, or think better of it, before it is put in order.
#[test]
fn who_had_gone_before_their_coming_was_put_in_order_is_nowhere() {
    let (_engine, machines) = site(&["a", "b"]);
    let base = machines[0].files.base();
    let cluster = Cluster::new(base, &base.join("run"), Duration::from_secs(5));
    let carol = Known {
        person: PersonId::of(Some("carol"), None).expect("a number"),
        nick: Nick::parse("carol").expect("a name"),
        color: "#000000".to_owned(),
        account: Some("carol".to_owned()),
        here: true,
        due: false,
        held: true,
    };
    cluster
        .hold(&RoomName::lobby(), &carol, true)
        .expect("submitted");
    eventually("they have come and gone", || {
        (comings(&machines[1]) == ["join carol", "quit carol"]).then_some(())
    });
    all_have(&machines, &[]);
}

#[test]
fn a_name_that_was_changed_is_changed_on_all_machines() {
    let (_engine, machines) = site(&["a", "b"]);
    let mut alice = machines[0].page("alice");
    let mut bob = machines[1].page("bob");
    all_have(&machines, &["alice", "bob"]);
    alice.type_in("/nick carol");
    all_have(&machines, &["bob", "carol"]);
    bob.type_in("/nick Carol");
    let you = bob.find(|it| it["type"] == "you");
    assert_eq!(you["name"], "Carol1");
    all_have(&machines, &["Carol1", "carol"]);
}

/// Whether a file below `dir` holds the words.
pub(super) fn holds(dir: &Path, words: &str) -> bool {
    let Ok(entries) = fs::read_dir(dir) else {
        return false;
    };
    entries.flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return holds(&path, words);
        }
        let is_file = fs::metadata(&path).is_ok_and(|found| found.is_file());
        is_file
            && fs::read(&path).is_ok_and(|text| {
                let mut parts = text.windows(words.len());
                parts.any(|part| part == words.as_bytes())
            })
    })
}

#[test]
fn a_whisper_reaches_another_machine_and_is_on_no_disk() {
    let (engine, machines) = site(&["a", "b"]);
    let mut alice = machines[0].page("alice");
    let mut bob = machines[1].page("bob");
    all_have(&machines, &["alice", "bob"]);
    let words = "nobody else's business";
    alice.send(&json!({ "type": "whisper", "to": "bob", "text": words, "msgid": "w1" }));
    alice.find(|it| it["type"] == "ack" && it["msgid"] == "w1");
    let heard = bob.find(|it| it["type"] == "whisper");
    assert_eq!(
        (&heard["from"], &heard["text"]),
        (&json!("alice"), &json!(words))
    );
    bob.send(&json!({ "type": "signal", "to": "alice", "data": "{}" }));
    alice.find(|it| it["type"] == "signal" && it["from"] == "bob");
    engine.ask(&["SAVE"]);
    assert!(!holds(engine.dir(), words));
    for machine in &machines {
        for dir in ["rooms", "spool", "state", "log", "users", "marks"] {
            assert!(!holds(&machine.files.path(dir), words), "{dir}");
        }
    }
    drop(bob);
    all_have(&machines, &["alice"]);
    alice.send(&json!({ "type": "whisper", "to": "bob", "text": words, "msgid": "w2" }));
    let error = alice.find(|it| it["msgid"] == "w2");
    assert_eq!(error["code"], "no_such_user");
}

/// Hears whispers until that one; all of them.
fn whispers_until(page: &mut Page, last: &str) -> Vec<String> {
    let mut heard = Vec::new();
    while heard.last().is_none_or(|text| text != last) {
        let whisper = page.find(|it| it["type"] == "whisper");
        heard.push(text_of(&whisper).to_owned());
    }
    heard
}

/// Whispers under an id of one's own; whether it was known.
fn whisper(page: &mut Page, to: &str, text: &str, msgid: &str) -> bool {
    page.send(&json!({ "type": "whisper", "to": to, "text": text, "msgid": msgid }));
    let answer =
        |it: &Value| it["msgid"] == msgid && (it["type"] == "ack" || it["type"] == "error");
    let answer = page.find(answer);
    assert_eq!(answer["type"], "ack", "{answer}");
    answer["duplicate"] == true
}

/// Its ack was lost with the machine where it was said.
#[test]
fn what_is_whispered_again_on_another_machine_is_heard_once() {
    let (_engine, machines) = site(&["a", "b", "c"]);
    let mut anna = machines[0].page_of("anna");
    let mut bob = machines[1].page("bob");
    all_have(&machines, &["anna", "bob"]);
    whisper(&mut anna, "bob", "one", "w1");
    drop(anna);
    all_have(&machines, &["bob"]);
    let mut anna = machines[2].page_of("anna");
    all_have(&machines, &["anna", "bob"]);
    whisper(&mut anna, "bob", "one", "w1");
    whisper(&mut anna, "bob", "two", "w2");
    assert_eq!(whispers_until(&mut bob, "two"), ["one", "two"]);
    // Others' ids are their own.
    assert!(!whisper(&mut bob, "anna", "three", "w1"));
    let mut carl = machines[0].page("carl");
    all_have(&machines, &["anna", "bob", "carl"]);
    whisper(&mut carl, "bob", "four", "w1");
    assert_eq!(
        whispers_until(&mut bob, "four").last().map(String::as_str),
        Some("four")
    );
    // Where they have a page, it has been shown what they whispered elsewhere.
    let mut there = machines[1].page_of("anna");
    eventually("anna is on two machines", || {
        let file =
            fs::read_to_string(machines[2].files.path("users/lobby_anna")).unwrap_or_default();
        file.contains(";on=").then_some(())
    });
    whisper(&mut anna, "bob", "five", "w5");
    whispers_until(&mut there, "five");
    assert!(whisper(&mut there, "bob", "five", "w5"));
    whisper(&mut there, "bob", "six", "w6");
    assert_eq!(whispers_until(&mut bob, "six"), ["five", "six"]);
    for machine in &machines {
        for dir in ["rooms", "spool", "state", "log", "users", "marks"] {
            assert!(!holds(&machine.files.path(dir), "w5"), "{dir}");
        }
    }
}

#[test]
fn what_moderators_do_on_one_machine_holds_on_all() {
    let (_engine, machines) = site(&["a", "b"]);
    let mut alice = machines[0].page("alice");
    let mut bob = machines[1].page("bob");
    all_have(&machines, &["alice", "bob"]);
    let ctl = |line: &str| {
        let done = run(&machines[0].files, line);
        assert!(done.status.success(), "{line}: {done:?}");
    };
    let id = bob.say_acked("take this back", "m1");
    alice.find(|it| it["text"] == "take this back");
    ctl("mute lobby bob 5 loud");
    let same = |path: &str| {
        eventually(path, || {
            let [one, two] = [0, 1].map(|at: usize| fs::read(machines[at].files.path(path)).ok());
            (one.is_some() && one == two).then_some(())
        });
    };
    same("state/lobby.bans");
    bob.say("may I", "m2");
    bob.find(|it| it["code"] == "muted");
    ctl("role lobby anna owner");
    same("state/lobby.roles");
    ctl("topic lobby tea");
    same("state/lobby.topic");
    ctl(&format!("redact lobby {id}"));
    eventually("it is on no machine", || {
        let is_gone = |machine: &Machine| !machine.log().contains("take this back");
        machines.iter().all(is_gone).then_some(())
    });
    ctl("ban lobby bob");
    bob.find(|it| it["type"] == "bye" && it["reason"] == "banned");
    drop(bob);
    all_have(&machines, &["alice"]);
}

#[test]
fn the_people_of_a_machine_that_died_quit_once_everywhere() {
    let (_engine, mut machines) = site(&["a", "b", "c"]);
    let alice = machines[0].files.start(&[
        ("PATH_INFO", "/lobby"),
        ("QUERY_STRING", "format=json&nick=alice"),
    ]);
    let _bob = machines[1].page("bob");
    all_have(&machines, &["alice", "bob"]);
    machines[0].kill();
    alice.signal(Signal::SIGKILL);
    let left = machines.split_off(1);
    all_have(&left, &["bob"]);
    for machine in &left {
        let quits = comings(machine).into_iter();
        assert_eq!(quits.filter(|it| it == "quit alice").count(), 1);
    }
    assert_eq!(left[0].log(), left[1].log());
}

/// A relay that was stopped, or an engine whose clock was set: the connection has lasted, and nobody was told.
#[test]
fn the_people_of_a_machine_that_was_taken_for_dead_are_there_again_when_it_is_heard() {
    let (engine, machines) = site(&["a", "b"]);
    let mut alice = machines[0].page("alice");
    let _bob = machines[1].page("bob");
    all_have(&machines, &["alice", "bob"]);
    machines[0].signal(Signal::SIGSTOP);
    let heard = format!("tick {}", machines[0].state("node"));
    engine.ask(&["HSET", "{chat}:h", &heard, "1"]);
    eventually("alice has left", || {
        (machines[1].files.present("lobby") == ["bob"]).then_some(())
    });
    machines[0].signal(Signal::SIGCONT);
    all_have(&machines, &["alice", "bob"]);
    alice.say_acked("still here", "m1");
    assert_eq!(
        comings(&machines[1]),
        ["join alice", "join bob", "quit alice", "join alice"]
    );
}

/// Each connection to the engine begins a while before its place: of who came and went meanwhile nothing is made anew,
/// for whoever comes then would find their own name taken, and others would be shown them.
#[test]
fn what_is_read_again_has_nobody_come_and_go_again() {
    let (_engine, mut machines) = site(&["a", "b"]);
    let _bob = machines[0].page("bob");
    let page = machines[0].page("anna");
    all_have(&machines, &["anna", "bob"]);
    drop(page);
    all_have(&machines, &["bob"]);
    let people = machines[1].files.path("users");
    let changed = || {
        fs::metadata(&people)
            .and_then(|it| it.modified())
            .expect("a directory")
    };
    let before = changed();
    // It is up when it has read all.
    machines[1].start();
    assert_eq!(changed(), before, "somebody was there for a moment");
}

/// Of those who came while nothing could be put in order, everybody is told when it can: once.
#[test]
fn who_comes_while_a_machine_is_cut_off_is_told_of_when_it_is_not() {
    let (_engine, mut machines) = site(&["a", "b"]);
    let mut bob = machines[1].page("bob");
    let anna = machines[0].page_of("anna");
    all_have(&machines, &["anna", "bob"]);
    machines[0].kill();
    // One who was there before, whose going is told late, and one who was not.
    drop(anna);
    let mut anna = machines[0].page_of("anna");
    let _carl = machines[0].page("carl");
    machines[0].start();
    all_have(&machines, &["anna", "bob", "carl"]);
    eventually("all are told of", || {
        let comings = comings(&machines[1]);
        let of = |name: &str| {
            let mut of: Vec<_> = comings.iter().filter(|it| it.ends_with(name)).collect();
            of.pop().map(String::as_str)
        };
        (of("anna") == Some("join anna") && of("carl") == Some("join carl")).then_some(())
    });
    anna.say_acked("here", "m1");
    bob.find(|it| it["text"] == "here");
    let told = comings(&machines[1]);
    assert_eq!(told.len(), 5, "{told:?}");
    assert_eq!(machines[0].log(), machines[1].log());
}
