//! A machine of several sends its people to the others: `chatctl cluster drain`.

use e2e::chat::Files;
use e2e::page::Page;
use e2e::relay::Relay;

use super::chat;
use super::orders::run;

/// Somebody whose page has a token of its own, so that they are themselves wherever they come.
fn page(chat: &Files, nick: &str) -> Page {
    let query = format!("nick={nick}&client=token-of-{nick}");
    chat.page_with("lobby", &query, "")
}

#[track_caller]
fn ctl(chat: &Files, line: &str) {
    let done = run(chat, line);
    assert!(done.status.success(), "{line}: {done:?}");
}

/// The comings and goings in the log, as `KIND NAME`.
fn comings(chat: &Files) -> Vec<String> {
    let records = chat.records("lobby").into_iter();
    records
        .filter(|it| it.kind == "join" || it.kind == "quit")
        .map(|it| format!("{} {}", it.kind, it.from))
        .collect()
}

#[test]
fn people_of_a_machine_that_is_drained_go_and_the_room_is_told_nothing() {
    let chat = chat();
    let _relay = Relay::start(chat.base());
    let mut pages = ["alice", "bob", "carol"].map(|name| page(&chat, name));
    pages[0].say_acked("hello", "m1");
    ctl(&chat, "cluster drain --over=1");

    for page in &mut pages {
        let bye = page.expect("bye");
        assert_eq!(bye["reason"], "shutting down", "{bye}");
        assert_eq!(bye["code"], "draining", "{bye}");
        assert!(
            bye.get("spread").is_none(),
            "each has a moment of their own: {bye}"
        );
        assert!(page.next().is_none(), "that is the end");
    }
    let all = ["join alice", "join bob", "join carol"];
    assert_eq!(comings(&chat), all);

    let mut refused = page(&chat, "dave");
    assert_eq!(refused.welcome["type"], "bye", "{}", refused.welcome);
    assert_eq!(refused.welcome["code"], "draining");
    assert!(refused.next().is_none());

    ctl(&chat, "cluster drain --undo");
    let mut alice = page(&chat, "alice");
    assert_eq!(alice.you(), "alice");
    alice.say_acked("back", "m2");
    assert_eq!(comings(&chat), all);
}

#[test]
fn who_was_to_go_stays_when_it_is_undone_in_time() {
    let chat = chat();
    let _relay = Relay::start(chat.base());
    let mut alice = page(&chat, "alice");
    ctl(&chat, "cluster drain --over=3600");
    let bob = page(&chat, "bob");
    assert_eq!(bob.welcome["code"], "draining");
    ctl(&chat, "cluster drain --undo");
    alice.say_acked("still here", "m1");
    assert_eq!(page(&chat, "bob").members(), ["alice", "bob"]);
}
