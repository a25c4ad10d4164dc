//! A client that has promised a word, or does not answer pings, and is silent: gone, whoever still holds its connection
//! open.

use crate::support::{Chat, Page};
use nix::sys::signal::Signal;
use serde_json::json;

#[test]
fn who_breaks_their_promise_is_gone_from_all_rooms_at_once() {
    let chat = Chat::with("PRESENCE_GRACE=1");
    let mut alice = chat.page("lobby", "alice");
    let mut carol = chat.page("den", "carol");
    let mut bob = chat.window("nick=bob&client=bobs-browser&page=bobs-page", "");
    bob.send(&json!({"type": "enter", "rooms": [{"room": "lobby"}, {"room": "den"}]}));
    for other in [&mut alice, &mut carol] {
        other.find(|message| message["type"] == "join" && message["from"] == "bob");
    }
    // Its stdin stays open, as a connection does whose other end is out of reach.
    bob.send(&json!({"type": "ping", "within": 2}));
    for other in [&mut alice, &mut carol] {
        assert_eq!(other.expect("quit")["from"], "bob");
    }
    bob.client.rest();
    assert_eq!(chat.log("lobby").matches("\tquit\t").count(), 1);
}

#[test]
fn who_comes_back_was_never_away_and_who_promises_nothing_is_left_alone() {
    let chat = Chat::with("PRESENCE_GRACE=300");
    let query = "nick=bob&client=bobs-browser&page=bobs-page";
    let mut alice = chat.page("lobby", "alice");
    let mut lost = chat.page_with("lobby", query, "");
    alice.find(|message| message["type"] == "join" && message["from"] == "bob");
    lost.send(&json!({"type": "ping", "within": 1}));
    lost.expect("pong");
    lost.client.rest();
    let mut bob = chat.page_with("lobby", query, "");
    bob.send(&json!({"type": "ping", "within": 1}));
    bob.send(&json!({"type": "ping", "within": 0}));
    std::thread::sleep(std::time::Duration::from_millis(1500));
    bob.type_in("still here");
    assert_eq!(alice.expect("say")["text"], "still here");
    assert_eq!(chat.log("lobby").matches("\tquit\t").count(), 0);
    assert_eq!(chat.log("lobby").matches("\tjoin\t").count(), 2);
}

/// Bob, of whom the daemon says when it gives him up that he was silent for so long.
fn bob_who_is_pinged(chat: &Chat, millis: &str) -> Page {
    Page::enter(chat.start(&[
        ("PATH_INFO", "/lobby"),
        (
            "QUERY_STRING",
            "format=json&nick=bob&client=bobs-browser&page=bobs-page",
        ),
        ("WEBSOCKETD_PING_TIMEOUT_MS", millis),
    ]))
}

#[test]
fn who_did_not_answer_pings_has_been_waited_for_already() {
    let chat = Chat::with("PRESENCE_GRACE=300");
    let mut alice = chat.page("lobby", "alice");
    let mut bob = bob_who_is_pinged(&chat, "300000");
    alice.find(|message| message["type"] == "join" && message["from"] == "bob");
    bob.client.signal(Signal::SIGURG);
    bob.client.hang_up();
    bob.client.rest();
    assert_eq!(alice.expect("quit")["from"], "bob");
}

#[test]
fn who_answered_pings_or_was_silent_for_a_moment_is_waited_for() {
    let chat = Chat::with("PRESENCE_GRACE=300");
    let mut alice = chat.page("lobby", "alice");
    // The daemon pings, and it is not for that that he is gone.
    bob_who_is_pinged(&chat, "300000").client.leave();
    let mut bob = bob_who_is_pinged(&chat, "2000");
    bob.client.signal(Signal::SIGURG);
    bob.client.hang_up();
    bob.client.rest();
    alice.type_in("bob?");
    alice.expect("say");
    let log = chat.log("lobby");
    assert_eq!(log.matches("\tquit\t").count(), 0);
    assert_eq!(log.matches("\tjoin\t").count(), 2);
}
