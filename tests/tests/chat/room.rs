//! A room, from WebSocket to log file and back: order, history, many people, and deaths.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt as _;
use std::thread;

use e2e::chat::{Chat, Record};
use e2e::deadline::eventually;
use e2e::page::Page;
use e2e::proc::anonymous_kib;
use e2e::program::pid_of;
use e2e::under_test::Subject;
use e2e::ws::Client;
use nix::sys::signal::{Signal, kill};
use serde_json::Value;

/// Texts of the next `count` messages that people said.
#[track_caller]
fn said(client: &mut Page<Client>, count: usize) -> Vec<String> {
    (0..count).map(|_| text_of(&client.expect("say"))).collect()
}

fn text_of(value: &Value) -> String {
    value["text"].as_str().expect("a text").to_owned()
}

fn texts(records: &[Record]) -> Vec<String> {
    let said = records.iter().filter(|record| record.kind == "say");
    said.map(|record| record.text.clone()).collect()
}

#[track_caller]
fn two_clients_hear_one_order(chat: &Chat) {
    let mut alice = chat.json("lobby", "alice");
    let mut bob = chat.json("lobby", "bob");
    for n in 0..50 {
        alice.say(&format!("alice {n}"), &format!("a{n}"));
        bob.say(&format!("bob {n}"), &format!("b{n}"));
    }
    let heard = said(&mut alice, 100);
    assert_eq!(said(&mut bob, 100), heard);
    for name in ["alice", "bob"] {
        let own: Vec<&String> = heard.iter().filter(|text| text.starts_with(name)).collect();
        let sent: Vec<String> = (0..50).map(|n| format!("{name} {n}")).collect();
        assert!(
            own.into_iter().eq(&sent),
            "{name}'s lines stay in their order"
        );
    }
    let records = chat.files().records("lobby");
    assert_eq!(texts(&records), heard);
    assert!(
        records.windows(2).all(|pair| pair[0].time < pair[1].time),
        "ids grow"
    );

    let mut late = chat.json_with("lobby", "carol", "&history=100");
    let history = late.expect("history");
    let records = history["records"].as_array().expect("records");
    let known: Vec<String> = records
        .iter()
        .filter(|record| record["type"] == "say")
        .map(text_of)
        .collect();
    assert!(!known.is_empty() && heard.ends_with(&known), "{known:?}");
    alice.say("who is there?", "last");
    assert_eq!(said(&mut late, 1), ["who is there?"]);
}

#[test]
fn two_clients_hear_one_order_the_log_holds_it_and_a_late_one_gets_the_history() {
    two_clients_hear_one_order(&Chat::unlimited(&Subject::under_test()));
}

#[test]
fn debians_websocketd_runs_our_chat_handler() {
    two_clients_hear_one_order(&Chat::unlimited(&Subject::original()));
}

#[track_caller]
fn old_pages_are_served(chat: &Chat) {
    let mut alice = chat.text("lobby", "alice");
    let welcome = alice.text();
    assert_eq!(
        &welcome[10..],
        " Welcome to the chat room lobby alice!",
        "{welcome}"
    );
    alice.text_where(|line| line.contains("] Userlist: alice:"));
    let mut bob = chat.text("lobby", "bob");
    bob.text_where(|line| line.contains("] Userlist: ") && line.contains("bob:"));
    alice.text_where(|line| line.ends_with("] bob joined the lobby"));
    alice.send("hello bob");
    bob.text_where(|line| line.ends_with("] alice> hello bob"));
    alice.text_where(|line| line.ends_with("] alice> hello bob"));
    bob.close();
    alice.text_where(|line| line.ends_with("] bob quit the lobby"));
    let list = alice.text_where(|line| line.contains("] Userlist: "));
    assert!(!list.contains("bob"), "{list}");
}

#[test]
fn old_pages_are_served_by_ours() {
    old_pages_are_served(&Chat::start());
}

#[test]
fn old_pages_are_served_by_debians_websocketd() {
    old_pages_are_served(&Chat::start_with(&Subject::original(), "", |builder| {
        builder
    }));
}

/// inotify would end at 128 instances of one user.
#[test]
fn two_hundred_handlers_of_one_user_all_get_a_line() {
    let chat = Chat::unlimited(&Subject::under_test());
    let mut clients: Vec<Client> = (0..200)
        .map(|_| chat.daemon.client("/crowd?format=json"))
        .collect();
    for client in &mut clients {
        client.text_where(|line| line.contains("\"welcome\""));
    }
    eventually("all are there", || {
        (chat.files().present("crowd").len() == 200).then_some(())
    });
    clients[17].send(r#"{"type":"say","msgid":"m","text":"to all of you"}"#);
    for client in &mut clients {
        client.text_where(|line| line.contains("to all of you") && line.contains("\"say\""));
    }
    let records = chat.files().records("crowd");
    assert_eq!(texts(&records), ["to all of you"]);
    // What a process has for itself: this is what makes a process for each person affordable.
    let handlers = chat.daemon.handlers();
    let held: u64 = handlers
        .iter()
        .map(|handler| anonymous_kib(handler.pid))
        .sum();
    let each = held / handlers.len() as u64;
    assert!(
        handlers.len() == 200 && each <= 150,
        "{each} KiB for each of {}",
        handlers.len()
    );
}

/// The handler dies in the middle of a stream of messages: what was acked is in the log, once.
#[test]
fn a_handler_killed_among_a_thousand_sends_loses_nothing_it_acked() {
    let chat = Chat::unlimited(&Subject::under_test());
    let mut witness = chat.json("lobby", "witness");
    let mut victim = chat.json("lobby", "victim");
    witness.find(|value| value["type"] == "join" && value["from"] == "victim");
    let doomed = handler_of(&chat, "victim");
    let mut acked: Vec<(String, String)> = Vec::new();
    let mut sent = 0;
    // Ten are under way at any time; the blow falls after 300 acks.
    let mut gone = false;
    while !gone {
        while sent < 1000 && sent < acked.len() + 10 {
            let say = serde_json::json!({ "type": "say", "msgid": format!("m{sent}"), "text": format!("line {sent}") });
            gone |= victim.client.try_send(say.to_string()).is_err();
            sent += 1;
        }
        match victim.client.message() {
            Ok(message) => {
                let value: Value = serde_json::from_str(&message.to_string()).expect("JSON");
                if value["type"] == "ack" {
                    let text = |key: &str| value[key].as_str().expect("an id").to_owned();
                    acked.push((text("msgid"), text("id")));
                    if acked.len() == 300 {
                        kill(pid_of(doomed), Signal::SIGKILL).expect("it lives");
                    }
                }
            }
            Err(_) => gone = true,
        }
    }
    assert!((300..1000).contains(&acked.len()), "{} acks", acked.len());
    let records = chat.files().records("lobby");
    let mut by_msgid: HashMap<&str, Vec<&str>> = HashMap::new();
    for record in records.iter().filter(|record| record.kind == "say") {
        let msgid = record.attr("msgid").expect("each was sent with one");
        by_msgid.entry(msgid).or_default().push(&record.time);
    }
    for (msgid, id) in &acked {
        assert_eq!(
            by_msgid.get(msgid.as_str()),
            Some(&vec![id.as_str()]),
            "{msgid}"
        );
    }
    assert!(
        by_msgid.values().all(|times| times.len() == 1),
        "none twice"
    );

    let mut newcomer = chat.json_with("lobby", "newcomer", "");
    let welcome = newcomer.expect("welcome");
    let members = welcome["members"].as_array().expect("members");
    let names: Vec<&str> = members
        .iter()
        .filter_map(|member| member["name"].as_str())
        .collect();
    assert!(
        names.contains(&"newcomer") && names.contains(&"witness"),
        "{names:?}"
    );
    assert!(!names.contains(&"victim"), "a ghost: {names:?}");
    witness.find(|value| value["type"] == "quit" && value["from"] == "victim");
}

/// The process that holds the presence file of a person.
#[track_caller]
fn handler_of(chat: &Chat, name: &str) -> u32 {
    let presence = chat.files().base().join(format!("users/lobby_{name}"));
    // By inode: the file was opened under another name and then linked to its place.
    let inode = |path: &std::path::Path| {
        let found = std::fs::metadata(path).ok()?;
        Some((found.dev(), found.ino()))
    };
    let wanted = inode(&presence).unwrap_or_else(|| panic!("no {}", presence.display()));
    let handlers = chat.daemon.handlers();
    let holder = handlers.iter().find(|process| {
        let files = std::fs::read_dir(format!("/proc/{}/fd", process.pid))
            .into_iter()
            .flatten();
        let mut inodes = files.filter_map(|file| inode(&file.ok()?.path()));
        inodes.any(|found| found == wanted)
    });
    holder
        .unwrap_or_else(|| panic!("nobody holds {}", presence.display()))
        .pid
}

#[test]
fn closing_the_browser_ends_the_handler_and_its_presence() {
    let chat = Chat::start();
    let alice = chat.json("lobby", "alice");
    let mut bob = chat.json("lobby", "bob");
    assert_eq!(chat.files().present("lobby"), ["alice", "bob"]);
    alice.client.close();
    bob.find(|value| value["type"] == "quit" && value["from"] == "alice");
    // The quit record is the last but one thing that a handler does.
    eventually("alice's handler and her presence are gone", || {
        let present = chat.files().present("lobby");
        (chat.daemon.handlers().len() == 1 && present == ["bob"]).then_some(())
    });
}

#[test]
fn stopping_the_daemon_leaves_no_process_and_nobody_present() {
    let mut chat = Chat::start();
    let mut clients: Vec<Page<Client>> = (0..10)
        .map(|n| chat.json("lobby", &format!("person{n}")))
        .collect();
    assert_eq!(chat.daemon.handlers().len(), 10);
    // Clients answer the server's close as browsers do.
    let ends = clients
        .drain(..)
        .map(|mut client| thread::spawn(move || client.client.ended()));
    let ends: Vec<_> = ends.collect();
    assert_eq!(chat.daemon.stop(), 0);
    for end in ends {
        end.join().expect("no panic");
    }
    chat.daemon.assert_no_process_left();
    assert_eq!(chat.files().present("lobby"), Vec::<String>::new());
}
