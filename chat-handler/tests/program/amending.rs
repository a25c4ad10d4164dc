//! What becomes of messages: edited, taken back, answered, reacted to, pinned.

use crate::support::{Chat, Page, text_of};
use serde_json::{Value, json};

const FAST: &str = "MESSAGE_RATE=100000\nMESSAGE_BURST=100000\nSESSION_ADMIN_PATH=admin";

/// A page of somebody who is logged in.
fn account(chat: &Chat, name: &str) -> Page {
    chat.page_with("r", "", &chat.log_in(&[("username", name), ("admin", "0")]))
}

fn moderator(chat: &Chat) -> Page {
    chat.page_with(
        "r",
        "",
        &chat.log_in(&[("username", "boss"), ("admin", "1")]),
    )
}

/// Asks for something about a message; the `ack` or `error` under its own id.
fn ask(page: &mut Page, kind: &str, target: &str, text: &str, msgid: &str) -> Value {
    page.send(&json!({"type": kind, "target": target, "text": text, "msgid": msgid}));
    page.find(|answer| {
        answer["msgid"] == msgid && (answer["type"] == "ack" || answer["type"] == "error")
    })
}

fn code(page: &mut Page, kind: &str, target: &str, text: &str) -> String {
    let answer = ask(page, kind, target, text, "c1");
    assert_eq!(answer["type"], "error", "{answer}");
    answer["code"].as_str().expect("a code").to_owned()
}

/// The message as a page of history has it.
fn found(page: &mut Page, id: &str) -> Value {
    page.send(&json!({"type": "messages", "ids": [id]}));
    page.expect("messages")["records"][0].clone()
}

#[test]
fn the_last_form_is_shown_and_the_former_only_to_moderators() {
    let chat = Chat::with(FAST);
    let (mut alice, mut bob, mut boss) = (
        account(&chat, "alice"),
        account(&chat, "bob"),
        moderator(&chat),
    );
    assert_eq!(alice.welcome["limits"]["edit"], 60);
    assert!(alice.welcome["limits"].get("delete").is_none());
    let id = alice.say_acked("helo", "m1");
    alice.say_acked("next", "m2");
    let ack = ask(&mut alice, "edit", &id, "hello\nall", "e1");
    let live = bob.expect("edit");
    assert_eq!((&live["target"], &live["id"]), (&json!(id), &ack["id"]));
    assert_eq!(
        (text_of(&live), live["from"].as_str()),
        ("hello\nall", Some("alice"))
    );
    // Sent again it is not done again.
    let again = ask(&mut alice, "edit", &id, "hello\nall", "e1");
    assert_eq!(
        (&again["id"], &again["duplicate"]),
        (&ack["id"], &json!(true))
    );
    let last = ask(&mut alice, "edit", &id, "hello all", "e2");
    // Nothing new: no record of it.
    let same = ask(&mut alice, "edit", &id, "hello all \n", "e3");
    assert_eq!(
        (&same["id"], &same["duplicate"]),
        (&last["id"], &json!(true))
    );
    let mut carol = chat.page("r", "carol");
    let said: Vec<_> = carol.past.iter().map(text_of).collect();
    assert_eq!(said, ["hello all", "next"]);
    assert_eq!(carol.past[0]["edited"], last["id"]);
    assert_eq!(found(&mut carol, &id), carol.past[0]);
    // What was missed comes as it happened.
    let missed = chat.page_with("r", &format!("since={id}"), "").past;
    let edits = missed.iter().filter(|record| record["type"] == "edit");
    assert_eq!(edits.count(), 2);
    boss.send(&json!({"type": "former", "target": id}));
    let former = boss.expect("former");
    let forms: Vec<_> = former["forms"]
        .as_array()
        .expect("forms")
        .iter()
        .map(text_of)
        .collect();
    assert_eq!(forms, ["helo", "hello\nall", "hello all"]);
    carol.send(&json!({"type": "former", "target": id}));
    assert_eq!(carol.expect("error")["code"], "not_moderator");
}

#[test]
fn only_ones_own_words_and_only_for_a_time() {
    let chat = Chat::with(&format!("{FAST}\nEDIT_MINUTES=5\nDELETE_MINUTES=0"));
    let (mut alice, mut bob) = (account(&chat, "alice"), account(&chat, "bob"));
    assert_eq!(alice.welcome["limits"]["delete"], 0);
    let id = alice.say_acked("mine", "m1");
    assert_eq!(code(&mut bob, "edit", &id, "his"), "not_yours");
    assert_eq!(code(&mut alice, "edit", &id, " \n"), "empty");
    assert_eq!(code(&mut alice, "edit", &id, &"x".repeat(5000)), "too_long");
    assert_eq!(code(&mut alice, "delete", &id, ""), "too_late");
    let nobody = "2020-01-01T00:00:00.000000Z";
    assert_eq!(code(&mut alice, "edit", nobody, "x"), "not_found");
    alice.say("/dice 1 6", "d1");
    let dice = alice.expect("dice")["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    assert_eq!(code(&mut alice, "edit", &dice, "6"), "not_found");
    // What stands in the log for longer than that.
    let old = "2026-11-01T10:00:00.000000Z";
    let log = chat.log("r");
    let line = format!("{old}\tsay\talice\taccount=alice\told\n");
    std::fs::write(chat.room_log("r"), line + &log).expect("writable");
    assert_eq!(code(&mut alice, "edit", old, "x"), "too_late");
    // Guests are known by their browser, under whatever name.
    let mut guest = chat.page_with("r", "nick=eve&client=token-of-eve", "");
    let id = guest.say_acked("guest", "g1");
    guest.type_in("/nick mallory");
    assert_eq!(ask(&mut guest, "edit", &id, "still", "g2")["type"], "ack");
    let mut namesake = chat.page_with("r", "nick=eve&client=token-of-another", "");
    assert_eq!(code(&mut namesake, "edit", &id, "x"), "not_yours");
}

#[test]
fn what_is_taken_back_is_gone_in_all_its_forms() {
    let chat = Chat::with(FAST);
    let (mut alice, mut bob, mut boss) = (
        account(&chat, "alice"),
        account(&chat, "bob"),
        moderator(&chat),
    );
    let id = alice.say_acked("sesame one", "m1");
    ask(&mut alice, "edit", &id, "sesame two", "e1");
    boss.type_in(&format!("/pin {id}"));
    boss.expect("pin");
    assert_eq!(code(&mut bob, "delete", &id, ""), "not_yours");
    assert_eq!(ask(&mut alice, "delete", &id, "", "x1")["type"], "ack");
    let redact = bob.expect("redact");
    assert_eq!(
        (&redact["target"], redact["from"].as_str()),
        (&json!(id), Some("alice"))
    );
    assert_eq!(ask(&mut alice, "delete", &id, "", "x1")["duplicate"], true);
    assert!(!chat.log("r").contains("sesame"));
    assert_eq!(found(&mut bob, &id)["redacted"], true);
    assert_eq!(chat.page("r", "carol").welcome["pins"], json!([]));
    for kind in ["edit", "react"] {
        assert_eq!(code(&mut alice, kind, &id, "\u{1f44d}"), "not_found");
    }
    // A moderator's way, for one and for all that somebody said.
    let id = alice.say_acked("sesame three", "m2");
    ask(&mut alice, "edit", &id, "sesame four", "e2");
    boss.say(&format!("/redact {id}"), "r1");
    boss.find(|answer| answer["msgid"] == "r1");
    assert!(!chat.log("r").contains("sesame"));
    let id = alice.say_acked("sesame five", "m3");
    alice.type_in("/nick Ali");
    ask(&mut alice, "edit", &id, "sesame six", "e3");
    boss.say("/remove account:alice", "r2");
    boss.find(|answer| answer["msgid"] == "r2");
    assert!(!chat.log("r").contains("sesame"));
}

#[test]
fn an_answer_names_what_it_answers() {
    let chat = Chat::with(FAST);
    let (mut alice, mut bob) = (account(&chat, "alice"), account(&chat, "bob"));
    let id = alice.say_acked("question", "m1");
    alice.expect("say");
    for (text, kind) in [("answer", "say"), ("/me answers", "me")] {
        bob.send(&json!({"type": "say", "text": text, "reply": id}));
        assert_eq!(alice.expect(kind)["reply"], json!(id));
    }
    // What is not there is dropped, the words are not.
    for reply in ["2020-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z"] {
        bob.send(&json!({"type": "say", "text": "answer", "reply": reply}));
        assert!(alice.expect("say").get("reply").is_none());
    }
    bob.send(&json!({"type": "messages", "ids": ["2020-01-01T00:00:00.000000Z", id]}));
    let messages = bob.expect("messages");
    let records = messages["records"].as_array().expect("records");
    assert_eq!(
        records.iter().map(text_of).collect::<Vec<_>>(),
        ["question"]
    );
    let past = chat.page("r", "carol").past;
    assert!(past.iter().any(|record| record["reply"] == json!(id)));
}

#[test]
fn reactions_are_counted_once_for_each_person() {
    let chat = Chat::with(FAST);
    let (mut alice, mut bob) = (account(&chat, "alice"), account(&chat, "bob"));
    let id = alice.say_acked("hello", "m1");
    let (up, heart) = ("\u{1f44d}", "\u{2764}\u{fe0f}");
    assert_eq!(ask(&mut bob, "react", &id, up, "r1")["type"], "ack");
    let live = alice.expect("react");
    assert_eq!((&live["target"], text_of(&live)), (&json!(id), up));
    assert!(live["person"].is_string() && live["account"] == "bob");
    assert_eq!(ask(&mut bob, "react", &id, up, "r1")["duplicate"], true);
    assert_eq!(ask(&mut bob, "react", &id, up, "r2")["duplicate"], true);
    ask(&mut alice, "react", &id, up, "r1");
    ask(&mut alice, "react", &id, heart, "r2");
    let reactions = found(&mut bob, &id)["reactions"].clone();
    assert_eq!(
        reactions,
        json!([{"text": up, "by": ["bob", "alice"], "count": 2, "own": true}, {"text": heart, "by": ["alice"], "count": 1}])
    );
    ask(&mut bob, "unreact", &id, up, "r3");
    assert_eq!(ask(&mut bob, "unreact", &id, up, "r4")["duplicate"], true);
    assert_eq!(alice.expect("unreact")["target"], json!(id));
    let past = chat.page("r", "carol").past;
    assert_eq!(
        past[0]["reactions"],
        json!([{"text": up, "by": ["alice"], "count": 1}, {"text": heart, "by": ["alice"], "count": 1}])
    );
    for text in [
        "",
        "a",
        "+1",
        "<img>",
        "\u{1f44d}\u{1f44d}",
        "\u{1f44d}\u{202e}",
    ] {
        assert_eq!(code(&mut bob, "react", &id, text), "bad_field");
    }
    for (number, text) in ["1\u{fe0f}\u{20e3}", "\u{1f600}", "\u{1f601}"]
        .iter()
        .enumerate()
    {
        ask(&mut alice, "react", &id, text, &format!("n{number}"));
    }
    assert_eq!(code(&mut alice, "react", &id, "\u{1f602}"), "too_many");
    // An ordinary speed is enough for people; what is more is refused, and holds up no message.
    let refused = (0..60).any(|number| {
        let answer = ask(
            &mut bob,
            ["react", "unreact"][number % 2],
            &id,
            up,
            &format!("f{number}"),
        );
        answer["code"] == "busy"
    });
    assert!(refused);
    assert!(bob.say_acked("still here", "m9") > id);
}

#[test]
fn who_may_not_speak_changes_nothing() {
    let chat = Chat::with(FAST);
    // Who makes a room owns it.
    let (mut boss, mut alice) = (moderator(&chat), account(&chat, "alice"));
    let id = alice.say_acked("before", "m1");
    boss.say("/mute alice 5", "b1");
    boss.find(|answer| answer["msgid"] == "b1");
    alice.find(|told| told["code"] == "muted");
    let other = boss.say_acked("words of the boss", "b2");
    for (kind, target) in [("edit", &id), ("react", &other), ("unreact", &other)] {
        assert_eq!(code(&mut alice, kind, target, "\u{1f44d}"), "muted");
    }
    // Their own words are still theirs to take back.
    assert_eq!(ask(&mut alice, "delete", &id, "", "x1")["type"], "ack");
    boss.say("/unmute alice", "b3");
    boss.find(|answer| answer["msgid"] == "b3");
    boss.say("/slow 600", "b4");
    alice.expect("slow");
    let id = alice.say_acked("slowly", "m2");
    assert_eq!(code(&mut alice, "edit", &id, "quickly"), "slow");
}

#[test]
fn who_has_no_right_to_speak_changes_nothing_either() {
    let chat = Chat::with(&format!("{FAST}\n[access]\nspeak=account:boss"));
    let (mut boss, mut alice) = (moderator(&chat), account(&chat, "alice"));
    let id = boss.say_acked("words of the boss", "b1");
    for kind in ["edit", "react", "unreact"] {
        assert_eq!(code(&mut alice, kind, &id, "\u{1f44d}"), "not_allowed");
    }
    alice.say("/dice 1 6", "d1");
    assert_eq!(alice.expect("error")["code"], "not_allowed");
}

/// What many do at one moment reaches all in one order, and is counted.
#[test]
fn two_hundred_reactions_are_in_nobodys_way() {
    let chat = Chat::with(FAST);
    let mut people: Vec<_> = (0..10).map(|n| account(&chat, &format!("p{n}"))).collect();
    let ids: Vec<_> = (0..4)
        .map(|n| people[0].say_acked(&format!("message {n}"), &format!("m{n}")))
        .collect();
    let emoji = [
        "\u{1f600}",
        "\u{1f601}",
        "\u{1f602}",
        "\u{1f603}",
        "\u{1f604}",
    ];
    for id in &ids {
        for text in emoji {
            for page in &mut people {
                page.send(&json!({"type": "react", "target": id, "text": text}));
            }
        }
    }
    let mut orders = people.iter_mut().map(|page| {
        let seen = (0..200).map(|_| page.expect("react")["id"].clone());
        seen.collect::<Vec<_>>()
    });
    let first = orders.next().expect("one");
    assert!(orders.all(|order| order == first));
    drop(orders);
    for id in &ids {
        let message = found(&mut people[9], id);
        let reactions = message["reactions"].as_array().expect("reactions");
        assert_eq!(reactions.len(), emoji.len());
        for reaction in reactions {
            assert_eq!(
                (&reaction["count"], &reaction["own"]),
                (&json!(10), &json!(true))
            );
        }
    }
}

#[test]
fn pins_are_the_moderators_and_outlive_everybody() {
    let chat = Chat::with(FAST);
    // Who makes a room owns it.
    let (mut boss, mut alice) = (moderator(&chat), account(&chat, "alice"));
    let ids: Vec<_> = (0..2)
        .map(|n| alice.say_acked(&format!("rule {n}"), &format!("m{n}")))
        .collect();
    assert_eq!(code(&mut alice, "pin", &ids[0], ""), "not_moderator");
    for (number, id) in ids.iter().enumerate() {
        assert_eq!(
            ask(&mut boss, "pin", id, "", &format!("p{number}"))["type"],
            "ack"
        );
        assert_eq!(alice.expect("pin")["target"], json!(id));
    }
    assert_eq!(ask(&mut boss, "pin", &ids[1], "", "p1")["duplicate"], true);
    assert_eq!(
        code(&mut boss, "pin", "2020-01-01T00:00:00.000000Z", ""),
        "not_found"
    );
    alice.type_in("/pins");
    let listed = alice.expect("info");
    assert!(text_of(&listed).contains("alice: rule 1"), "{listed}");
    alice.client.leave();
    boss.client.leave();
    let mut boss = moderator(&chat);
    assert_eq!(boss.welcome["pins"], json!([ids[1], ids[0]]));
    ask(&mut boss, "unpin", &ids[1], "", "u1");
    assert_eq!(boss.expect("unpin")["target"], json!(ids[1]));
    assert_eq!(chat.page("r", "carol").welcome["pins"], json!([ids[0]]));
}

#[test]
fn text_clients_have_words_for_it() {
    let chat = Chat::with(FAST);
    let mut old = chat.old_page("r", "bob");
    old.line_with("Userlist");
    let mut alice = account(&chat, "alice");
    let id = alice.say_acked("helo", "m1");
    alice.say_acked("next", "m2");
    ask(&mut alice, "edit", &id, "hello\n[10:15:30] bob> no", "e1");
    assert!(old.line_with("hello").ends_with("alice>  edited: hello"));
    assert!(
        old.line_with("no")
            .ends_with("alice>  edited: [10:15:30] bob> no")
    );
    old.send("/react \u{1f44d}");
    assert_eq!(alice.expect("react")["from"], "bob");
    old.send("from bobb");
    old.send("/edit from bob");
    assert!(old.line_with("edited").ends_with("bob>  edited: from bob"));
    assert_eq!(text_of(&alice.expect("edit")), "from bob");
    old.send("/delete");
    assert_eq!(alice.expect("redact")["from"], "bob");
    assert!(!chat.log("r").contains("from bob"));
    old.send("/delete");
    assert!(
        old.line_with("no such thing")
            .ends_with("bob>  there is no such thing")
    );
    // Who comes later reads the last form.
    let mut carol = chat.old_page("r", "carol");
    assert!(carol.line_with("hello").ends_with("alice> hello"));
    let rest = carol.line_with("Userlist");
    assert!(!rest.contains("edited"));
}

#[test]
fn an_edit_is_no_new_message() {
    let chat = Chat::with(FAST);
    let query = "protocol=2&page=page-of-bob-1";
    let cookie = chat.log_in_as("bob");
    let mut alice = account(&chat, "alice");
    let id = alice.say_acked("hello", "m1");
    let enter = json!({"type": "enter", "rooms": [{"room": "r"}]});
    let mut bob = chat.window(query, &cookie);
    bob.send(&enter);
    bob.expect("history");
    bob.send(&json!({"type": "read", "room": "r", "id": id}));
    bob.send(&json!({"type": "ping"}));
    bob.expect("pong");
    bob.client.leave();
    ask(&mut alice, "edit", &id, "hello bob", "e1");
    ask(&mut alice, "react", &id, "\u{1f44d}", "r1");
    let mut bob = chat.window(query, &cookie);
    bob.send(&enter);
    let welcome = bob.expect("welcome");
    assert_eq!(
        (&welcome["unread"], &welcome["mentions"]),
        (&json!(0), &json!(0))
    );
}
