//! The JSON protocol whole, against docs/chat-protocol.md: each documented type is spoken and nothing else is, and what
//! the document promises about repeats, resuming and strangers holds.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::{Chat, Page, text_of};
use chat_handler::occupant::Code;
use serde_json::{Value, json};

const FAST: &str = "MESSAGE_RATE=100000\nMESSAGE_BURST=100000\nSESSION_ADMIN_PATH=admin";

fn document() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/chat-protocol.md");
    std::fs::read_to_string(path).expect("the document")
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text
        .split_once(start)
        .unwrap_or_else(|| panic!("no {start}"));
    rest.split_once(end).unwrap_or_else(|| panic!("no {end}")).0
}

/// The words in backticks of a text.
fn words(text: &str) -> BTreeSet<String> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// The types in the first column of the tables of a section.
fn types(section: &str) -> BTreeSet<String> {
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.flat_map(|row| words(row.split('|').nth(1).expect("a first column")))
        .collect()
}

fn set<'a>(words: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    words.into_iter().map(str::to_owned).collect()
}

/// Talks about everything, and gives all that anybody was told.
fn everything() -> Vec<Value> {
    let chat = Chat::with(FAST);
    let log_in = |name: &str, admin: &str| chat.log_in(&[("username", name), ("admin", admin)]);
    let cookie = log_in("boss", "1");
    let mut boss = chat.page_with("r", "", &cookie);
    let mut eve = chat.page_with("r", "", &log_in("eve", "0"));
    let mut told = vec![boss.welcome.clone(), eve.welcome.clone()];
    // The same person with another page.
    let second = chat.page_with("r", "page=another-page", &cookie);
    up_to(&mut eve, &mut told, "here");
    drop(second);
    boss.say("one", "m1");
    let id = up_to(&mut boss, &mut told, "ack")["id"].clone();
    boss.say("one", "m1");
    for text in [
        "/me waves",
        "/dice 1 6",
        "/topic Tea",
        "/color red",
        "/help",
        "/nick chief",
        "/nick boss",
        "/msg eve psst",
        "/msg nobody psst",
        "/mute eve 1",
        "/unmute eve",
        "/slow 1",
        "/nonsense",
    ] {
        boss.type_in(text);
    }
    for request in [
        json!({"type": "signal", "to": "eve", "data": {"sdp": 1}}),
        json!({"type": "typing", "to": "eve", "text": "he"}),
        json!({"type": "read", "id": id}),
        json!({"type": "history"}),
        json!({"type": "history", "since": id}),
        json!({"type": "history", "before": id}),
        json!({"type": "ping"}),
        json!({"type": "profile", "status": {"text": "here"}}),
    ] {
        boss.send(&request);
    }
    for (kind, text) in [
        ("edit", "another"),
        ("react", "\u{1f44d}"),
        ("unreact", "\u{1f44d}"),
        ("react", "\u{1f44d}"),
        ("pin", ""),
        ("unpin", ""),
        ("pin", ""),
        ("former", ""),
    ] {
        boss.send(&json!({"type": kind, "target": id, "text": text}));
    }
    boss.send(&json!({"type": "say", "text": "answer", "reply": id}));
    boss.send(&json!({"type": "messages", "ids": [id]}));
    told.push(chat.page("r", "late").welcome);
    boss.type_in(&format!("/redact {}", id.as_str().expect("an id")));
    boss.type_in("/clear");
    boss.type_in("/kick eve out");
    told.extend(rest(eve));
    let mut banned = chat.page_with("r", "nick=mallory", "");
    while up_to(&mut boss, &mut told, "join")["from"] != "mallory" {}
    boss.type_in("/ban mallory 1 out");
    told.push(banned.expect("bye"));
    boss.send(&json!({"type": "quit"}));
    told.extend(rest(boss));
    let mut late = chat.page_with("r", "since=2020-01-01T00:00:00.000000Z", "");
    late.send(&json!({"type": "quit"}));
    told.push(late.welcome.clone());
    told.extend(late.past.clone());
    told.extend(rest(late));
    told
}

/// The next message of this type; all that came before it are kept.
fn up_to(page: &mut Page, told: &mut Vec<Value>, kind: &str) -> Value {
    loop {
        let message = page.next().expect("more");
        told.push(message.clone());
        if message["type"] == kind {
            return message;
        }
    }
}

fn rest(mut page: Page) -> Vec<Value> {
    let mut told = Vec::new();
    while let Some(message) = page.next() {
        told.push(message);
    }
    told
}

#[test]
fn what_is_documented_is_spoken_and_nothing_else() {
    let document = document();
    let section = between(&document, "### Server to page", "### Page to server");
    let mut documented = types(section);
    // It has an example in place of a row.
    assert!(section.contains("{\"type\":\"welcome\""));
    documented.insert("welcome".to_owned());
    let told = everything();
    let mut spoken: BTreeSet<_> = told
        .iter()
        .map(|message| message["type"].as_str().expect("a type").to_owned())
        .collect();
    // What a history page holds is spoken too; the first and the last page went into `past`.
    spoken.insert("history".to_owned());
    assert_eq!(spoken, documented);
    // No field that nobody has heard of.
    let known = words(section);
    for message in &told {
        for field in message.as_object().expect("an object").keys() {
            let in_example = format!("\"{field}\":");
            assert!(
                known.contains(field) || section.contains(&in_example),
                "{field} of {message} is not documented"
            );
        }
    }
}

#[test]
fn every_documented_request_is_understood_and_no_other() {
    let document = document();
    let documented = types(between(&document, "### Page to server", "### An exchange"));
    // What the code knows: the arms of its matches.
    let source = include_str!("../../src/wire/json/parse.rs");
    let (_, arms) = source.split_once("match &*fields.kind {").expect("a match");
    let arms = arms.to_owned() + include_str!("../../src/wire/json/parse/about_message.rs");
    let known: BTreeSet<_> = arms
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" => "))
        .map(|(word, _)| word.to_owned())
        .collect();
    assert_eq!(known, documented);
    let chat = Chat::with(FAST);
    let mut page = chat.page("r", "alice");
    for kind in &documented {
        // The one ends it, the other is what is waited for.
        if kind == "quit" || kind == "ping" {
            continue;
        }
        page.send(&json!({"type": kind}));
        let heard = page.settle();
        assert!(
            !heard
                .iter()
                .any(|message| message["code"] == "unknown_type"),
            "{kind}: {heard:?}"
        );
    }
    for kind in ["", "SAY", "welcome", "join", "ack", "say ", "kick"] {
        page.send(&json!({"type": kind, "text": "x", "msgid": "u"}));
        let error = page.expect("error");
        assert_eq!(
            (&error["code"], &error["msgid"]),
            (&json!("unknown_type"), &json!("u")),
            "{kind}"
        );
    }
    page.say("still here", "m");
    assert_eq!(page.expect("ack")["msgid"], "m");
}

/// Both ways: a code without a word in the document, and a word without a code.
#[test]
fn the_codes_are_those_of_the_document() {
    let document = document();
    let codes = set(Code::ALL.iter().map(|code| code.as_str()));
    let errors = words(between(&document, "Error codes: ", "\n\n"));
    let notices = words(between(&document, "something to know: ", " |\n"));
    let refusals = words(between(&document, "`refused` (with `code`: ", ")"));
    let ends = words(between(&document, "`shutting down` (with `code` ", ":"));
    let told = [notices, refusals, ends].into_iter().flatten();
    let documented = errors.into_iter().chain(told).collect();
    assert_eq!(codes, documented);
}

#[test]
fn what_a_client_adds_is_ignored_and_what_it_claims_is_not_believed() {
    let chat = Chat::with(FAST);
    let mut page = chat.page("r", "alice");
    page.send(&json!({
        "type": "say", "text": "x", "msgid": "m", "future": {"a": [1, null]}, "from": "bob", "id": "1", "redacted": true,
        "account": "root", "moderator": true, "kind": "kick", "": 0,
    }));
    let say = page.expect("say");
    assert_eq!(
        say.as_object()
            .expect("an object")
            .keys()
            .map(String::as_str)
            .collect::<Vec<_>>(),
        ["type", "id", "from", "color", "person", "msgid", "text"]
            .into_iter()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    );
    assert_eq!((&say["from"], &say["text"]), (&json!("alice"), &json!("x")));
    for request in [
        json!({"type": "ping", "more": "fields"}),
        json!({"type": "history", "limit": 1, "x": []}),
    ] {
        page.send(&request);
    }
    page.expect("pong");
    page.expect("history");
}

#[test]
fn a_message_sent_twice_is_stored_once_and_acked_twice() {
    let chat = Chat::with(FAST);
    let mut page = chat.page_with("r", "nick=alice&client=token-of-alice", "");
    page.say("once", "m1");
    let first = page.expect("ack");
    page.say("once", "m1");
    let second = page.expect("ack");
    assert_eq!(
        (&second["id"], &second["duplicate"]),
        (&first["id"], &json!(true))
    );
    assert!(first.get("duplicate").is_none());
    // Commands that leave a record, too.
    page.say("/topic Tea", "m2");
    let topic = page.expect("ack");
    page.say("/topic Tea", "m2");
    assert_eq!(page.expect("ack")["id"], topic["id"]);
    assert_eq!(chat.log("r").matches("\ttopic\t").count(), 1);
    assert_eq!(chat.log("r").matches("once").count(), 1);
    // Without a msgid there is nothing to compare.
    page.type_in("twice");
    page.type_in("twice");
    page.settle();
    assert_eq!(chat.log("r").matches("twice").count(), 2);
}

#[test]
fn resuming_comes_page_by_page_and_then_live() {
    let chat = Chat::with(FAST);
    let mut alice = chat.page("r", "alice");
    alice.say("before", "m");
    let since = alice.expect("ack")["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    for number in 0..3000 {
        alice.type_in(&format!("missed {number}"));
    }
    alice.find(|message| text_of(message) == "missed 2999");
    let mut bob = chat.start(&[
        ("PATH_INFO", "/r"),
        (
            "QUERY_STRING",
            &format!("format=json&nick=bob&since={since}"),
        ),
    ]);
    let mut next = || -> Value { serde_json::from_str(&bob.line().expect("more")).expect("JSON") };
    assert_eq!(next()["type"], "welcome");
    let (mut place, mut pages, mut seen) = (since, 0, Vec::new());
    loop {
        let page = next();
        assert_eq!(
            (&page["type"], &page["since"]),
            (&json!("history"), &json!(place))
        );
        let records = page["records"].as_array().expect("records");
        for record in records {
            let id = record["id"].as_str().expect("an id").to_owned();
            assert!(id > place, "{id} comes after {place}");
            place = id;
            seen.push(text_of(record).to_owned());
        }
        pages += 1;
        if page["more"] == false {
            break;
        }
        assert!(!records.is_empty());
    }
    assert!(pages > 3, "{pages} pages");
    seen.retain(|text| text.starts_with("missed"));
    assert_eq!(
        seen,
        (0..3000)
            .map(|number| format!("missed {number}"))
            .collect::<Vec<_>>()
    );
    let join = next();
    assert_eq!(
        (&join["type"], &join["from"]),
        (&json!("join"), &json!("bob"))
    );
    alice.type_in("live");
    assert_eq!(next()["text"], "live");
}

#[test]
fn membership_is_listed_once_and_then_told_in_deltas() {
    let chat = Chat::with(FAST);
    let mut alice = chat.page("r", "alice");
    let mut here = set(alice.members().iter().map(String::as_str));
    let mut others: Vec<_> = (0..8)
        .map(|number| chat.page("r", &format!("p{number}")))
        .collect();
    others[0].type_in("/nick Queen");
    others[1].type_in("/color #aa0000");
    others[0].expect("you");
    others[1].expect("you");
    drop(
        others
            .split_off(6)
            .into_iter()
            .map(|page| page.client.leave())
            .collect::<Vec<_>>(),
    );
    let last = chat.page("r", "last");
    loop {
        let message = alice.next().expect("more");
        assert!(message.get("members").is_none(), "{message}");
        let from = message["from"].as_str().unwrap_or_default().to_owned();
        match message["type"].as_str() {
            Some("join") => _ = here.insert(from.clone()),
            Some("quit") => _ = here.remove(&from),
            Some("nick") => {
                assert!(here.remove(&from));
                here.insert(message["to"].as_str().expect("a name").to_owned());
            }
            _ => {}
        }
        if from == "last" {
            break;
        }
    }
    assert_eq!(here, set(last.members().iter().map(String::as_str)));
    assert!(here.contains("Queen") && here.len() == 8, "{here:?}");
}
