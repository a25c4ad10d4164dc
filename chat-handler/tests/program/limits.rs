//! Every limit of the settings: what lies within passes whole, what lies beyond is told and harms nobody.

use std::time::{Duration, Instant};

use crate::support::{Chat, Page, text_of};
use e2e::pipe::Handler;
use serde_json::{Value, json};

/// Comes in `count` times at once; the pages, let in or not.
fn at_once<F: Fn(usize) -> Page + Sync>(count: usize, enter: F) -> Vec<Page> {
    let enter = &enter;
    std::thread::scope(|scope| {
        let joins: Vec<_> = (0..count)
            .map(|number| scope.spawn(move || enter(number)))
            .collect();
        joins
            .into_iter()
            .map(|join| join.join().expect("an answer"))
            .collect()
    })
}

/// How many were let in; all others were refused with `code`.
#[track_caller]
fn let_in(pages: &[Page], code: &str) -> usize {
    for page in pages {
        if page.welcome["type"] != "welcome" {
            assert_eq!(
                (&page.welcome["type"], &page.welcome["code"]),
                (&json!("bye"), &json!(code))
            );
            assert!(!text_of(&page.welcome).is_empty());
        }
    }
    pages
        .iter()
        .filter(|page| page.welcome["type"] == "welcome")
        .count()
}

#[test]
fn the_limits_are_told_and_have_their_defaults() {
    let limits = Chat::new().page("r", "alice").welcome["limits"].clone();
    let wanted = json!({
        "message": 4096, "signal": 65536, "history": 200, "nick": 32, "rate": 10, "burst": 20, "members": 2000,
        "lines": true, "edit": 60, "file": 25 * 1024 * 1024,
    });
    assert_eq!(limits, wanted);
}

#[test]
fn doors_stay_shut_with_a_reason() {
    let refused = |lines: &str, room: &str| {
        let chat = Chat::with(lines);
        let _there = chat.page("there", "alice");
        let page = chat.page(room, "bob");
        assert_eq!(
            (&page.welcome["type"], &page.welcome["reason"]),
            (&json!("bye"), &json!("refused"))
        );
        page.welcome["code"].as_str().expect("a code").to_owned()
    };
    assert_eq!(refused("MAX_MEMBERS=1", "there"), "room_full");
    assert_eq!(refused("MAX_ROOMS=1", "another"), "too_many_rooms");
    assert_eq!(refused("", "a%2fb"), "bad_room");
    assert_eq!(refused("", ".hidden"), "bad_room");
    let chat = Chat::with("ANONYMOUS=no\nMAX_CONNECTIONS=2");
    assert_eq!(chat.page("r", "bob").welcome["code"], "anonymous_refused");
    let typed = chat.log_in(&[("chat_name", "bob")]);
    let page = chat.page_with("r", "", &typed);
    assert_eq!(page.welcome["code"], "anonymous_refused");
    let cookie = chat.log_in(&[("username", "alice")]);
    let first = chat.page_with("r", "", &cookie);
    let second = chat.page_with("s", "", &cookie);
    assert_eq!(
        (first.you(), second.you()),
        ("alice".into(), "alice".into())
    );
    let mut third = chat.page_with("t", "", &cookie);
    assert_eq!(third.welcome["code"], "too_many_connections");
    assert!(third.client.wait().success());
    first.client.leave();
    assert_eq!(chat.page_with("t", "", &cookie).you(), "alice");
}

#[test]
fn the_text_protocol_says_why_too() {
    let chat = Chat::with("MAX_MEMBERS=1");
    let _there = chat.page("r", "alice");
    let mut late = chat.old_page("r", "bob");
    assert!(late.line().expect("a reason").ends_with("the room is full"));
    assert_eq!(late.line(), None);
    assert!(late.wait().success());
    assert!(!chat.log("r").contains("bob"));
}

#[test]
fn many_at_once_do_not_pass_a_limit_together() {
    let chat = Chat::with("MAX_MEMBERS=7");
    let pages = at_once(20, |_| chat.page("r", ""));
    assert_eq!(let_in(&pages, "room_full"), 7);
    assert_eq!(chat.files("users").len(), 7);

    let chat = Chat::with("MAX_ROOMS=4");
    let pages = at_once(20, |number| chat.page(&format!("room{number}"), "x"));
    assert_eq!(let_in(&pages, "too_many_rooms"), 4);
    let rooms = chat.files("rooms");
    assert_eq!(rooms.len(), 4, "{rooms:?}");
    drop(pages);
    // A room that exists is open, also when there can be no more.
    let again = rooms[0].trim_end_matches(".log");
    assert_eq!(let_in(&[chat.page(again, "y")], ""), 1);

    let chat = Chat::with("MAX_CONNECTIONS=3");
    let cookie = chat.log_in(&[("username", "alice")]);
    let pages = at_once(12, |number| {
        chat.page_with(&format!("r{number}"), "", &cookie)
    });
    assert_eq!(let_in(&pages, "too_many_connections"), 3);
    // Another session of the same account is the same person; somebody else is not.
    let other = chat.log_in(&[("username", "alice")]);
    let third = chat.page_with("r", "", &other);
    assert_eq!(let_in(&[third], "too_many_connections"), 0);
    let bob = chat.log_in(&[("username", "bob")]);
    assert_eq!(let_in(&[chat.page_with("r", "", &bob)], ""), 1);
    // Killed handlers hold no seat.
    drop(pages);
    assert_eq!(let_in(&[chat.page_with("r", "", &other)], ""), 1);
}

#[test]
fn a_message_has_its_length_in_characters() {
    for (most, chat) in [(4096, Chat::new()), (10, Chat::with("MAX_MESSAGE=10"))] {
        let (mut new, mut old) = (chat.page("r", "new"), chat.old_page("r", "old"));
        old.line_with("Userlist");
        for (number, unit) in ["x", "ž", "😀"].into_iter().enumerate() {
            let fits = unit.repeat(most);
            new.say(&fits, &format!("fits{number}"));
            assert_eq!(text_of(&new.expect("say")), fits);
            assert!(old.line_with("new> ").ends_with(&fits));
            old.send(&fits);
            assert!(old.line_with("old> ").ends_with(&fits));
            assert_eq!(
                text_of(&new.find(|message| message["from"] == "old" && message["type"] == "say")),
                fits
            );
            let long = unit.repeat(most + 1);
            new.say(&long, "m2");
            let error = new.expect("error");
            assert_eq!(
                (&error["code"], &error["msgid"]),
                (&json!("too_long"), &json!("m2"))
            );
            old.send(&long);
            assert!(
                old.line_with("too long")
                    .ends_with(&format!("at most {most} characters"))
            );
            for line in [
                format!("/msg old {long}"),
                format!("/me {long}"),
                format!("/topic {long}"),
            ] {
                new.say(&line, "m3");
                assert_eq!(new.expect("error")["code"], "too_long", "{line}");
            }
            new.send(&json!({"type": "whisper", "to": "old", "text": long, "msgid": "m4"}));
            assert_eq!(new.expect("error")["code"], "too_long");
            new.send(&json!({"type": "topic", "text": long}));
            assert_eq!(new.expect("error")["code"], "too_long");
        }
        assert_eq!(
            chat.log("r")
                .lines()
                .filter(|line| line.contains("\tsay\t"))
                .count(),
            6
        );
    }
}

#[test]
fn a_signal_has_its_length_in_bytes() {
    let chat = Chat::new();
    let (mut new, mut old) = (chat.page("r", "new"), chat.old_page("r", "old"));
    new.find(|message| message["type"] == "join" && message["from"] == "old");
    let frame = json!({"candidate": ""}).to_string().len();
    let fits = "x".repeat(65_536 - frame);
    new.send(&json!({"type": "signal", "to": "old", "data": {"candidate": fits}}));
    assert!(
        old.line_with("new> old: ")
            .ends_with(&format!("{fits}\"}}"))
    );
    let long = format!("{fits}x");
    new.send(&json!({"type": "signal", "to": "old", "data": {"candidate": long}}));
    assert_eq!(new.expect("error")["code"], "too_long");
    let frame = json!({"type": "offer", "sdp": ""}).to_string().len();
    let offer = json!({"type": "offer", "sdp": "x".repeat(65_536 - frame)});
    old.send(&format!("new: {offer}"));
    assert_eq!(new.expect("signal")["data"], offer);
    let long = json!({"type": "offer", "sdp": "x".repeat(65_537 - frame)});
    old.send(&format!("new: {long}"));
    assert!(
        old.line_with("too long")
            .ends_with("at most 65536 characters")
    );
    assert!(
        new.settle()
            .iter()
            .all(|message| message["type"] != "signal")
    );
}

#[test]
fn a_page_of_history_has_its_length() {
    let chat = Chat::with("MAX_HISTORY=5\nLAST_MESSAGES=1000\nMESSAGE_BURST=1000");
    let mut page = chat.page("r", "alice");
    for number in 0..12 {
        page.say(&number.to_string(), &format!("m{number}"));
        page.expect("say");
    }
    for wish in [
        json!({"type": "history", "limit": 1_000_000}),
        json!({"type": "history"}),
    ] {
        page.send(&wish);
        let history = page.expect("history");
        assert_eq!(
            history["records"].as_array().map(Vec::len),
            Some(5),
            "{wish}"
        );
        assert_eq!(history["more"], true);
    }
    assert_eq!(chat.page_with("r", "history=1000000", "").past.len(), 5);
}

/// A bucket that refills once a second: no machine is so slow that it never runs dry.
#[test]
fn who_is_too_fast_is_told_slowed_and_loses_nothing() {
    let chat = Chat::with("MESSAGE_RATE=1\nMESSAGE_BURST=5");
    let mut page = chat.page("r", "alice");
    page.expect("join");
    let began = Instant::now();
    for number in 0..9 {
        page.say(&number.to_string(), &format!("m{number}"));
    }
    let (mut notices, mut acked) = (Vec::new(), Vec::new());
    while acked.len() < 9 {
        let message = page.next().expect("more");
        match message["type"].as_str() {
            Some("notice") => notices.push(message["code"].clone()),
            Some("ack") => acked.push(message["msgid"].clone()),
            _ => {}
        }
    }
    // Once, when the delay begins; again if the machine was so slow that the bucket was forgiven meanwhile.
    assert!(
        !notices.is_empty() && notices.iter().all(|code| code == "throttled"),
        "{notices:?}"
    );
    let order: Vec<Value> = (0..9).map(|number| json!(format!("m{number}"))).collect();
    assert_eq!(acked, order);
    // After the burst each takes its delay; the last one's is still to come.
    assert!(
        began.elapsed() >= Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(chat.log("r").matches("\tsay\t").count(), 9);
}

#[test]
fn who_is_too_fast_holds_up_nobody_else() {
    let chat = Chat::with("MESSAGE_RATE=1\nMESSAGE_BURST=1");
    let (mut fast, mut other) = (chat.page("r", "fast"), chat.page("r", "other"));
    for number in 0..100 {
        fast.type_in(&number.to_string());
    }
    fast.find(|message| message["code"] == "throttled");
    // A hundred seconds are before the flooder.
    other.say("hello", "m");
    other.expect("ack");
    let heard = other.settle();
    assert!(
        !heard.iter().any(|message| text_of(message) == "99"),
        "{heard:?}"
    );
    // They still hear, and their signals still go.
    assert_eq!(
        text_of(&fast.find(|message| message["from"] == "other" && message["type"] == "say")),
        "hello"
    );
}

/// A limit that dies with its process is none: whoever comes back goes on where they left.
#[test]
fn coming_back_resets_no_limit() {
    let chat = Chat::with("MESSAGE_RATE=1\nMESSAGE_BURST=3");
    let from = |address| {
        chat.start(&[
            ("PATH_INFO", "/r"),
            ("QUERY_STRING", "format=json&nick=alice"),
            ("REMOTE_ADDR", address),
        ])
    };
    let say = r#"{"type":"say","text":"hello"}"#;
    let mut first = from("192.0.2.7");
    for _ in 0..4 {
        first.send(say);
    }
    assert!(is_throttled(&mut first));
    first.leave();
    let mut again = from("192.0.2.7");
    again.send(say);
    assert!(is_throttled(&mut again));
    // It is theirs alone.
    let mut other = from("192.0.2.8");
    other.send(say);
    assert!(!is_throttled(&mut other));
}

/// Whether anything up to the answer to a ping says so.
fn is_throttled(handler: &mut Handler) -> bool {
    handler.send(r#"{"type":"ping"}"#);
    let mut throttled = false;
    loop {
        let line = handler.line().expect("a pong");
        throttled |= line.contains("\"throttled\"");
        if line.contains("\"pong\"") {
            return throttled;
        }
    }
}

/// A page answers the signals of strangers: these must not hold up what its owner says.
#[test]
fn signals_beyond_the_limit_delay_no_message() {
    let chat = Chat::new();
    let (mut alice, _bob) = (chat.page("r", "alice"), chat.page("r", "bob"));
    alice.find(|message| message["type"] == "join" && message["from"] == "bob");
    for _ in 0..1500 {
        alice.send(&json!({"type": "signal", "to": "bob", "data": {"kind": "here"}}));
    }
    alice.say("hello", "m");
    let (mut busy, mut throttled) = (0, 0);
    loop {
        let message = alice.next().expect("more");
        match (message["type"].as_str(), message["code"].as_str()) {
            (Some("ack"), _) => break,
            (_, Some("busy")) => busy += 1,
            (_, Some("throttled")) => throttled += 1,
            _ => {}
        }
    }
    // The first refusal at least was told, by no means each: an answer for each would be a flood too.
    assert!((1..100).contains(&busy), "{busy}");
    assert_eq!(throttled, 0);
}

/// Each page of history may be 4 MiB of log to read.
#[test]
fn pages_of_history_beyond_the_limit_are_taken_later() {
    let chat = Chat::new();
    let mut alice = chat.page("r", "alice");
    let asks = 60;
    let began = Instant::now();
    for _ in 0..asks {
        alice.send(&json!({"type": "history", "limit": 1}));
    }
    for _ in 0..asks {
        alice.expect("history");
    }
    // Twenty more than the burst at five a second, the delay growing: none sooner on a fast machine.
    assert!(
        began.elapsed() >= Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
}

/// A room that is made stays: one visitor must not use up all that there can be.
#[test]
fn one_visitor_makes_some_rooms_and_no_more() {
    let chat = Chat::with("MAX_ROOMS=25\n[room descriptions]\ntea=For tea");
    let enter = |room: &str, address: &str| {
        let mut handler = chat.start(&[
            ("PATH_INFO", &format!("/{room}")),
            ("QUERY_STRING", "format=json"),
            ("REMOTE_ADDR", address),
        ]);
        let first = handler.line().expect("an answer");
        let answer: Value = serde_json::from_str(&first).expect("JSON");
        (answer["type"] == "welcome", answer["code"].clone())
    };
    for number in 0..20 {
        assert!(enter(&format!("room{number}"), "192.0.2.7").0, "{number}");
    }
    // What is there stays open to them, and others may make some.
    let refused = (false, json!("too_many_rooms"));
    assert_eq!(enter("one-more", "192.0.2.7"), refused);
    assert!(enter("room3", "192.0.2.7").0);
    for number in 20..25 {
        assert!(enter(&format!("room{number}"), "192.0.2.8").0, "{number}");
    }
    assert_eq!(enter("one-more", "192.0.2.8"), refused);
    // The administrator's rooms are not among those that can be used up.
    assert!(enter("tea", "192.0.2.8").0);
    assert!(enter("", "192.0.2.7").0);
}

#[test]
fn rooms_whose_names_look_alike_are_one() {
    let chat = Chat::with("[room descriptions]\nTea-Room=For tea");
    for (first, second, name) in [
        ("Kino", "kino", "Kino"),
        ("kino", "Кinо", "Kino"),
        ("LOBBY", "lobby", "lobby"),
        ("tea-room", "TEA-ROOM", "Tea-Room"),
    ] {
        let mut one = chat.page(first, "alice");
        let two = chat.page(second, "bob");
        assert_eq!(
            (&one.welcome["room"], &two.welcome["room"]),
            (&json!(name), &json!(name))
        );
        one.find(|message| message["type"] == "join" && message["from"] == "bob");
    }
}
