//! People in a room: what each of them sees, and what the log holds.

use crate::support::{Chat, text_of};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

const FAST: &str = "MESSAGE_RATE=100000\nMESSAGE_BURST=100000";

fn says(messages: &[Value]) -> Vec<String> {
    let says = messages.iter().filter(|message| message["type"] == "say");
    says.map(|say| format!("{} {}", say["id"], text_of(say)))
        .collect()
}

#[test]
fn all_see_the_same_lines_in_the_same_order_and_so_does_the_log() {
    let chat = Chat::with(FAST);
    let mut pages = [
        chat.page("r", "alice"),
        chat.page("r", "bob"),
        chat.page("r", "carol"),
    ];
    for round in 0..30 {
        for (number, page) in pages.iter_mut().enumerate() {
            page.say(&format!("{number} says {round}"), &format!("m{round}"));
        }
    }
    let mut seen = Vec::new();
    for page in &mut pages {
        let (mut said, mut acked) = (Vec::new(), 0);
        while said.len() < 90 || acked < 30 {
            let message = page.next().expect("more");
            acked += u32::from(message["type"] == "ack");
            said.extend(says(&[message]));
        }
        seen.push(said);
    }
    assert!(seen.iter().all(|said| *said == seen[0]));
    let log = chat.log("r");
    let logged: Vec<_> = log
        .lines()
        .filter(|line| line.contains("\tsay\t"))
        .map(|line| {
            format!(
                "\"{}\" {}",
                &line[..27],
                line.rsplit('\t').next().expect("a text")
            )
        })
        .collect();
    assert_eq!(logged, seen[0]);
}

#[test]
fn a_newcomer_gets_the_history_and_then_what_is_new() {
    let chat = Chat::with("LAST_MESSAGES=3");
    let mut alice = chat.page("r", "alice");
    assert_eq!(alice.welcome["description"], "");
    for text in ["one", "two", "three", "four"] {
        alice.say(text, text);
        alice.find(|message| text_of(message) == text);
    }
    let mut bob = chat.page("r", "bob");
    assert_eq!(
        bob.past.iter().map(text_of).collect::<Vec<_>>(),
        ["two", "three", "four"]
    );
    assert_eq!(bob.members(), ["alice", "bob"]);
    assert_eq!(bob.expect("join")["from"], "bob");
    alice.type_in("five");
    assert_eq!(text_of(&bob.expect("say")), "five");
    assert_eq!(
        text_of(&chat.page_with("r", "history=1", "").past[0]),
        "five"
    );
    bob.send(&json!({"type": "history", "before": bob.past[0]["id"], "limit": 5}));
    let older = bob.expect("history");
    assert_eq!(
        (
            older["records"][0]["text"].as_str(),
            older["more"].as_bool()
        ),
        (Some("one"), Some(false))
    );
}

#[test]
fn membership_comes_as_deltas() {
    let chat = Chat::new();
    let mut alice = chat.page("r", "alice");
    alice.expect("join");
    let mut bob = chat.page("r", "bob");
    assert_eq!(alice.expect("join")["from"], "bob");
    bob.type_in("/color #aa0000");
    assert_eq!(alice.expect("color")["color"], "#aa0000");
    bob.type_in("/nick Robert");
    let nick = alice.expect("nick");
    assert_eq!(
        (nick["from"].as_str(), nick["to"].as_str()),
        (Some("bob"), Some("Robert"))
    );
    bob.expect("you");
    bob.type_in("hi");
    assert_eq!(alice.expect("say")["from"], "Robert");
    bob.client.leave();
    assert_eq!(alice.expect("quit")["from"], "Robert");
    assert_eq!(chat.files("users").len(), 1);
    assert_eq!(chat.page("r", "carol").members(), ["alice", "carol"]);
}

#[test]
fn a_whisper_reaches_the_two_and_nobody_else() {
    let chat = Chat::new();
    let (mut alice, mut bob, mut eve) = (
        chat.page("r", "alice"),
        chat.page("r", "bob"),
        chat.page("r", "eve"),
    );
    alice.send(&json!({"type": "whisper", "to": "bob", "text": "sesame", "msgid": "w1"}));
    let copy = alice.expect("whisper");
    assert_eq!(
        (copy["to"].as_str(), copy["msgid"].as_str()),
        (Some("bob"), Some("w1"))
    );
    assert_eq!(alice.expect("ack")["msgid"], "w1");
    let got = bob.expect("whisper");
    assert_eq!(
        (got["from"].as_str(), text_of(&got)),
        (Some("alice"), "sesame")
    );
    assert!(got.get("msgid").is_none());
    alice.type_in("/msg BOB sesame too");
    assert_eq!(text_of(&bob.expect("whisper")), "sesame too");
    alice.send(&json!({"type": "signal", "to": "bob", "data": {"sdp": "sesame"}}));
    assert_eq!(bob.expect("signal")["data"]["sdp"], "sesame");
    alice.send(&json!({"type": "whisper", "to": "nobody", "text": "sesame", "msgid": "w2"}));
    let error = alice.expect("error");
    assert_eq!(
        (error["code"].as_str(), error["msgid"].as_str()),
        (Some("no_such_user"), Some("w2"))
    );
    alice.type_in("the end");
    let seen = eve.find(|message| text_of(message) == "the end");
    assert_eq!(seen["type"], "say");
    assert!(
        !eve.settle()
            .iter()
            .any(|message| message.to_string().contains("sesame"))
    );
    assert!(!chat.log("r").contains("sesame"));
    let mut late = chat.page("r", "late");
    let told = late.settle();
    assert!(!format!("{:?}{told:?}", late.past).contains("sesame"));
}

#[test]
fn a_burst_of_big_signals_to_a_slow_reader_is_complete_and_in_order() {
    let chat = Chat::with("MAX_SIGNAL=65536");
    let (mut alice, mut bob) = (chat.page("r", "alice"), chat.page("r", "bob"));
    let filler = "x".repeat(16 * 1024);
    for number in 0..200 {
        alice
            .send(&json!({"type": "signal", "to": "bob", "data": {"n": number, "filler": filler}}));
    }
    // Bob has read nothing so far; alice is not held up.
    alice.settle();
    for number in 0..200 {
        assert_eq!(bob.expect("signal")["data"]["n"], number);
    }
    alice.send(&json!({"type": "signal", "to": "bob", "data": "y".repeat(64 * 1024)}));
    assert_eq!(alice.expect("error")["code"], "too_long");
}

#[test]
fn nobody_can_write_anothers_line() {
    let chat = Chat::new();
    let (mut eve, mut old) = (chat.page("r", "eve"), chat.old_page("r", "old"));
    old.line_with("Userlist");
    let forged = [
        "a\n[10:00:00] bob> hi",
        "b\r\n2026-01-01T00:00:00.000000Z\tsay\tbob\t\thi",
        "c\u{1b}[2J\u{9b}31m",
        "d\u{202e}gnp.exe",
        "e\u{0}f",
        "g\u{2028}[10:00:00] bob> hi",
        "h\u{85}i",
    ];
    for text in forged {
        eve.type_in(text);
        let say = eve.expect("say");
        assert_eq!(say["from"], "eve");
        let is_bad = |c: char| c.is_control() && c != '\t' || "\u{202e}\u{2028}".contains(c);
        for said in text_of(&say).split('\n') {
            let line = old.line().expect("a line");
            assert_eq!(&line[10..], format!(" eve> {said}"));
            assert!(!line.contains(is_bad), "{line:?}");
        }
    }
    old.send("\u{1b}[31m[10:00:00] bob> hi\tthere\u{202e}");
    assert_eq!(text_of(&eve.expect("say")), "[31m[10:00:00] bob> hi\tthere");
    eve.send(&json!({"type": "say", "from": "bob", "text": "as bob", "id": "x", "color": "red"}));
    assert_eq!(eve.expect("say")["from"], "eve");
    let records = chat
        .log("r")
        .lines()
        .filter(|line| line.contains("\tsay\t"))
        .count();
    assert_eq!(records, forged.len() + 2);
    // Tabs of a text are in the last field.
    assert!(chat.records("r").iter().all(|record| record.from != "bob"));
}

#[test]
fn what_is_no_message_is_answered_and_the_connection_stays() {
    let chat = Chat::with(FAST);
    let mut page = chat.page("r", "alice");
    for (line, code) in [
        ("", "bad_json"),
        ("hello", "bad_json"),
        ("[1,2]", "bad_field"),
        ("{\"type\":\"dance\"}", "unknown_type"),
        ("{\"type\":\"say\"}", "bad_field"),
        ("{\"type\":\"say\",\"text\":1}", "bad_field"),
        ("{\"type\":\"say\",\"text\":\" \\n \"}", "empty"),
        ("{\"type\":\"color\",\"color\":\"url(x)\"}", "bad_color"),
        ("{\"type\":\"nick\",\"nick\":\"a/b\"}", "bad_name"),
        (
            "{\"type\":\"say\",\"text\":\"/nonsense\"}",
            "unknown_command",
        ),
        ("{\"type\":\"say\",\"text\":\"/dice many\"}", "usage"),
        ("{\"type\":\"say\",\"text\":\"/kick eve\"}", "not_moderator"),
    ] {
        page.client.send(line);
        assert_eq!(page.expect("error")["code"], code, "{line}");
    }
    page.say(&"ž".repeat(4096), "fits");
    assert_eq!(page.expect("ack")["msgid"], "fits");
    page.say(&"ž".repeat(4097), "long");
    assert_eq!(
        page.find(|message| message["type"] == "error")["msgid"],
        "long"
    );
    page.client.send(&"x".repeat(1 << 20));
    assert_eq!(page.expect("error")["code"], "too_long");
    page.client
        .send("{\"type\":\"say\",\"text\":\"\\ud800 \u{fffd}\"}");
    assert_eq!(page.expect("error")["code"], "bad_json");
    page.say("still here", "m");
    assert_eq!(page.expect("ack")["msgid"], "m");
}

#[test]
fn a_killed_handler_leaves_no_ghost() {
    let chat = Chat::new();
    let (mut alice, mut bob) = (chat.page("r", "alice"), chat.page("r", "bob"));
    alice.find(|message| message["type"] == "join" && message["from"] == "bob");
    bob.client.child.kill().expect("ours");
    bob.client.wait();
    let carol = chat.page("r", "carol");
    assert_eq!(carol.members(), ["alice", "carol"]);
    assert_eq!(alice.expect("quit")["from"], "bob");
    assert_eq!(chat.page("r", "bob").you(), "bob");
}

#[test]
fn what_was_missed_is_replayed_without_gap_or_double() {
    let chat = Chat::with(FAST);
    let mut alice = chat.page("r", "alice");
    alice.say("first", "m");
    let first = alice.expect("ack")["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    for number in 0..2000 {
        alice.type_in(&format!("missed {number}"));
    }
    alice.find(|message| text_of(message) == "missed 1999");
    let mut bob = chat.page_with("r", &format!("nick=bob&since={first}"), "");
    for number in 0..100 {
        alice.type_in(&format!("live {number}"));
    }
    let mut seen: Vec<_> = bob
        .past
        .iter()
        .map(|record| text_of(record).to_owned())
        .collect();
    while seen.last().is_none_or(|last| last != "live 99") {
        let message = bob.next().expect("more");
        if message["type"] == "say" {
            seen.push(text_of(&message).to_owned());
        }
    }
    let missed = (0..2000).map(|number| format!("missed {number}"));
    let expected: Vec<_> = missed
        .chain((0..100).map(|number| format!("live {number}")))
        .collect();
    assert!(
        seen == expected,
        "{} lines in place of {}",
        seen.len(),
        expected.len()
    );
    let last = bob.welcome["last"].as_str().expect("an id").to_owned();
    // An id that the log does not have any more: what a newcomer gets.
    let ahead = chat.page_with("r", "since=2999-01-01T00:00:00.000000Z", "");
    assert!(ahead.past.iter().any(|record| text_of(record) == "live 99"));
    assert!(last > first);
}

#[test]
fn who_comes_back_after_more_than_the_log_keeps_is_told_so() {
    let chat = Chat::new();
    let mut alice = chat.page("r", "alice");
    let first = alice.say_acked("first", "m1");
    let second = alice.say_acked("second", "m2");
    let back = |since: &str| {
        chat.page_with("r", &format!("nick=bob&since={since}"), "")
            .welcome
    };
    assert_eq!(back(&first)["oldest"], json!(null), "the log has it");
    alice.client.leave();
    // Expired as chat-expire does it: what is older is in no file any more.
    let log = chat.path("rooms/r.log");
    let text = chat.log("r");
    let (_, kept) = text.split_at(text.find(&second).expect("a record"));
    std::fs::write(&log, kept).expect("written");
    assert_eq!(back(&first)["oldest"], second);
    assert_eq!(back(&second)["oldest"], json!(null), "nothing is missing");
    let newcomer = chat.page_with("r", "nick=carol", "");
    assert_eq!(newcomer.welcome["oldest"], json!(null));
}

#[test]
fn a_message_sent_again_is_stored_once() {
    let chat = Chat::new();
    let query = "nick=alice&client=token-of-alice";
    let mut page = chat.page_with("r", query, "");
    page.say("once", "m1");
    let first = page.expect("ack");
    drop(page);
    let mut again = chat.page_with("r", query, "");
    again.say("once", "m1");
    let second = again.expect("ack");
    assert_eq!(
        (&second["id"], &second["duplicate"]),
        (&first["id"], &Value::Bool(true))
    );
    // The same id of another client is another message.
    let mut other = chat.page_with("r", "nick=bob&client=token-of-bob", "");
    other.say("once", "m1");
    assert!(other.expect("ack").get("duplicate").is_none());
    assert_eq!(chat.log("r").matches("once").count(), 2);
}

#[test]
fn a_client_that_does_not_read_costs_nobody_anything() {
    let chat = Chat::with(FAST);
    let (mut alice, mut bob) = (chat.page("r", "alice"), chat.page("r", "bob"));
    let text = "z".repeat(1000);
    for number in 0..5000 {
        alice.type_in(&format!("{number} {text}"));
        // Alice reads her own, bob nothing.
        alice.expect("say");
    }
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", bob.client.child.id())).expect("alive");
    let anonymous = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))
        .expect("a kernel that tells");
    let kib: u64 = anonymous
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .expect("a number");
    assert!(
        kib < 2048,
        "5 MB wait for bob, and his handler holds {kib} KiB"
    );
    for number in 0..5000 {
        assert!(text_of(&bob.expect("say")).starts_with(&format!("{number} ")));
    }
}

#[test]
fn a_signal_ends_a_handler_in_good_order() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let chat = Chat::new();
        let mut page = chat.page("r", "alice");
        page.expect("join");
        page.client.signal(signal);
        let bye = page.expect("bye");
        assert_eq!(bye["reason"], "shutting down");
        assert_eq!(bye["spread"], 2000, "not all come back in one moment");
        assert!(page.client.wait().success());
        chat.expect_quit("r", "alice");
        assert!(chat.files("users").is_empty());
        assert!(!chat.files("run").iter().any(|name| name.contains("alice")));
    }
}

#[test]
fn a_client_that_is_gone_ends_the_handler() {
    let chat = Chat::with(FAST);
    let mut gone = chat.page("r", "gone");
    gone.expect("join");
    gone.client.close_output();
    let mut alice = chat.page("r", "alice");
    // Something must be said for the handler's end of the pipe to be tried.
    alice.type_in("hello?");
    assert_eq!(alice.expect("quit")["from"], "gone");
    let mut last = chat.page("r", "last");
    last.client
        .send_aside(b"{\"type\":\"say\",\"text\":\"no line end\"}".to_vec())
        .join()
        .expect("sent");
    drop(last);
    let mut hand = chat.start(&[("PATH_INFO", "/r")]);
    hand.send("typed");
    hand.hang_up();
    assert!(
        hand.rest()
            .iter()
            .any(|line| line.ends_with("Anonymous> typed"))
    );
}

#[test]
fn many_at_once_get_different_names() {
    let chat = Chat::new();
    let pages: Vec<_> = std::thread::scope(|scope| {
        let joins: Vec<_> = (0..50)
            .map(|_| scope.spawn(|| chat.page("r", "")))
            .collect();
        joins
            .into_iter()
            .map(|join| join.join().expect("joined"))
            .collect()
    });
    let mut names: Vec<_> = pages.iter().map(crate::support::Page::you).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 50);
    assert!(names.iter().all(|name| name.starts_with("Anonymous")));
}

#[test]
fn hints_come_to_all_or_to_one_and_never_into_the_log() {
    let chat = Chat::new();
    let (mut alice, mut bob, mut eve) = (
        chat.page("r", "alice"),
        chat.page("r", "bob"),
        chat.page("r", "eve"),
    );
    alice.send(&json!({"type": "typing", "text": "hel"}));
    for page in [&mut bob, &mut eve] {
        let typing = page.expect("typing");
        assert_eq!(
            (
                typing["from"].as_str(),
                typing["state"].as_bool(),
                text_of(&typing)
            ),
            (Some("alice"), Some(true), "hel")
        );
    }
    alice.send(&json!({"type": "typing", "to": "bob", "state": false}));
    let typing = bob.expect("typing");
    assert_eq!(
        (typing["state"].as_bool(), typing["private"].as_bool()),
        (Some(false), Some(true))
    );
    alice.send(&json!({"type": "read", "id": "2026-11-21T10:15:30.123456Z"}));
    assert_eq!(eve.expect("read")["id"], "2026-11-21T10:15:30.123456Z");
    assert!(!chat.log("r").contains("hel"));
}

#[test]
fn trouble_with_the_disk_is_told_and_passes() {
    let chat = Chat::new();
    let mut page = chat.page("r", "alice");
    page.expect("join");
    std::fs::rename(chat.path("rooms"), chat.path("elsewhere")).expect("renamed");
    std::fs::write(chat.path("rooms"), "in the way").expect("written");
    page.say("lost?", "m1");
    let error = page.expect("error");
    assert_eq!(
        (error["code"].as_str(), error["msgid"].as_str()),
        (Some("not_saved"), Some("m1"))
    );
    std::fs::remove_file(chat.path("rooms")).expect("removed");
    std::fs::rename(chat.path("elsewhere"), chat.path("rooms")).expect("renamed");
    page.say("lost?", "m1");
    assert_eq!(page.expect("ack")["msgid"], "m1");
    assert_eq!(chat.log("r").matches("lost?").count(), 1);
}
