//! A room that its owner makes private while people are in it, and opens again.

use std::fs;

use crate::support::{Chat, Page, text_of};
use e2e::deadline::eventually;
use serde_json::{Value, json};

const FAST: &str = "MESSAGE_RATE=100000\nMESSAGE_BURST=100000\nPRESENCE_GRACE=0";

/// Somebody who is logged in and comes into `den`; who makes it owns it.
fn in_den(chat: &Chat, name: &str) -> Page {
    let mut page = chat.window("", &chat.log_in_as(name));
    let answer = enter(&mut page, "den");
    assert_eq!(answer["type"], "welcome", "{answer}");
    page
}

#[track_caller]
fn enter(page: &mut Page, room: &str) -> Value {
    page.send(&json!({"type": "enter", "rooms": [{ "room": room }]}));
    page.find(|message| matches!(message["type"].as_str(), Some("welcome" | "parted")))
}

/// The messages of the history that follows a welcome.
#[track_caller]
fn said(page: &mut Page) -> Vec<String> {
    let history = page.expect("history");
    let records = history["records"].as_array().expect("records").iter();
    let said = records.filter(|record| record["type"] == "say");
    said.map(|record| text_of(record).to_owned()).collect()
}

#[track_caller]
fn say(page: &mut Page, room: &str, text: &str) {
    let msgid = text.replace(' ', "-");
    page.send(&json!({"type": "say", "room": room, "text": text, "msgid": msgid}));
    let answer = page.find(|it| it["msgid"] == msgid.as_str() && it["type"] != "say");
    assert_eq!(answer["type"], "ack", "{answer}");
}

/// Goes along to where the room is now; its name.
#[track_caller]
fn go_along(page: &mut Page, from: &str) -> String {
    let parted = page.find(|message| message["type"] == "parted" && message["room"] == from);
    assert_eq!(parted["reason"], "moved");
    let welcome = page.find(|message| message["type"] == "welcome");
    assert_eq!(welcome["asked"], from);
    welcome["room"].as_str().expect("a room").to_owned()
}

fn names(chat: &Chat, dir: &str) -> Vec<String> {
    let entries = fs::read_dir(chat.path(dir)).expect("a directory");
    let names = entries.map(|entry| entry.expect("one").file_name());
    names.filter_map(|name| name.into_string().ok()).collect()
}

#[test]
fn the_owner_makes_a_room_private_and_those_who_are_in_it_go_along() {
    let chat = Chat::with(FAST);
    let mut alice = in_den(&chat, "alice");
    let mut bob = in_den(&chat, "bob");
    let mut carol = chat.old_page("den", "carol");
    carol.line_with("Userlist");
    say(&mut alice, "den", "before");
    bob.send(&json!({"type": "make_private", "room": "den", "msgid": "p0"}));
    assert_eq!(bob.find(|it| it["msgid"] == "p0")["code"], "not_moderator");
    alice.send(&json!({"type": "make_private", "room": "den", "msgid": "p1"}));
    assert_eq!(alice.find(|it| it["msgid"] == "p1")["type"], "ack");
    let room = go_along(&mut alice, "den");
    assert!(room.starts_with('~'), "{room}");
    assert_eq!(said(&mut alice), ["before"]);
    assert_eq!(go_along(&mut bob, "den"), room);
    assert_eq!(said(&mut bob), ["before"]);
    // Who has no number by which they would be known again is told, and out.
    carol.line_with("this room has moved");
    carol.rest();
    say(&mut alice, &room, "between us");
    assert_eq!(
        text_of(&bob.find(|it| text_of(it) == "between us")),
        "between us"
    );
    // Nothing of it is where others look.
    for dir in ["rooms", "state", "users"] {
        let left = names(&chat, dir);
        let left: Vec<_> = left.iter().filter(|name| name.starts_with("den")).collect();
        assert!(
            left.iter().all(|name| *name == "den.roles.lock"),
            "{left:?}"
        );
    }
    let mut eve = chat.window("", &chat.log_in_as("eve"));
    assert_eq!(enter(&mut eve, "den")["code"], "no_such_room");
    assert_eq!(enter(&mut eve, "DEN")["code"], "no_such_room");
    let refused = chat.page("den", "guest");
    assert_eq!(refused.welcome["code"], "no_such_room");
    // Its own people find it by both names, on any device.
    let mut phone = chat.window("", &chat.log_in_as("bob"));
    let welcome = enter(&mut phone, "den");
    assert_eq!(
        (&welcome["room"], &welcome["asked"]),
        (&json!(room), &json!("den"))
    );
    assert_eq!(said(&mut phone), ["before", "between us"]);
    let log = fs::read_to_string(chat.path(&format!("closed/{room}/rooms/{room}.log")));
    let log = log.expect("a log");
    assert_eq!(log.matches("\tquit\t").count(), 0, "{log}");
}

#[test]
fn a_private_room_is_opened_and_shows_what_was_said_only_if_its_keeper_says_so() {
    for history in [false, true] {
        let chat = Chat::with(FAST);
        let mut alice = in_den(&chat, "alice");
        let mut bob = in_den(&chat, "bob");
        say(&mut alice, "den", "before");
        alice.send(&json!({"type": "make_private", "room": "den", "msgid": "p1"}));
        let room = go_along(&mut alice, "den");
        go_along(&mut bob, "den");
        say(&mut bob, &room, "between us");
        bob.send(&json!({"type": "make_public", "room": room, "msgid": "o0"}));
        assert_eq!(bob.find(|it| it["msgid"] == "o0")["code"], "not_moderator");
        let mut open = json!({"type": "make_public", "room": room, "msgid": "o1"});
        if history {
            open["history"] = "all".into();
        }
        alice.send(&open);
        assert_eq!(go_along(&mut alice, &room), "den");
        assert_eq!(go_along(&mut bob, &room), "den");
        let mut eve = chat.window("", &chat.log_in_as("eve"));
        assert_eq!(enter(&mut eve, "den")["type"], "welcome");
        let wanted: &[&str] = if history {
            &["before", "between us"]
        } else {
            &[]
        };
        assert_eq!(said(&mut eve), wanted);
        say(&mut eve, "den", "hello all");
        bob.find(|it| text_of(it) == "hello all");
        // Who was away comes by the name that they know.
        let mut phone = chat.window("", &chat.log_in_as("bob"));
        assert_eq!(enter(&mut phone, &room)["room"], "den");
        eventually("nobody is left in the old place", || {
            names(&chat, &format!("closed/{room}/users"))
                .is_empty()
                .then_some(())
        });
    }
}

#[test]
fn the_lobby_stays_open_and_how_far_one_has_read_goes_along() {
    let chat = Chat::with(FAST);
    let mut alice = in_den(&chat, "alice");
    enter(&mut alice, "lobby");
    alice.send(&json!({"type": "make_private", "room": "lobby", "msgid": "p0"}));
    assert_eq!(alice.find(|it| it["msgid"] == "p0")["code"], "not_allowed");
    let mut bob = in_den(&chat, "bob");
    say(&mut alice, "den", "one");
    let record = bob.find(|it| text_of(it) == "one");
    bob.send(&json!({"type": "read", "room": "den", "id": record["id"]}));
    bob.send(&json!({"type": "quit"}));
    while bob.next().is_some() {}
    say(&mut alice, "den", "two");
    // He is not there, and owns nothing: he is let in again.
    alice.send(&json!({"type": "make_private", "room": "den", "msgid": "p1"}));
    let room = go_along(&mut alice, "den");
    alice.send(&json!({"type": "invite", "room": room, "to": "bob", "msgid": "i1"}));
    alice.find(|it| it["msgid"] == "i1");
    let mut bob = chat.window("", &chat.log_in_as("bob"));
    let welcome = enter(&mut bob, "den");
    assert_eq!(welcome["room"], room, "{welcome}");
}
