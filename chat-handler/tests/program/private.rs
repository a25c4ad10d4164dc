//! Rooms for some only, and conversations.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use crate::support::{Chat, Page, text_of};
use e2e::deadline::eventually;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

const FAST: &str = "MESSAGE_RATE=100000\nMESSAGE_BURST=100000\nLAST_MESSAGES=100";

fn is(message: &Value, kind: &str, room: &str) -> bool {
    message["type"] == kind && message["room"] == room
}

fn room_of(message: &Value) -> String {
    message["room"].as_str().expect("a room").to_owned()
}

fn say(page: &mut Page, room: &str, text: &str, msgid: &str) -> Value {
    page.send(&json!({"type": "say", "room": room, "text": text, "msgid": msgid}));
    page.find(|message| message["msgid"] == msgid && message["type"] != "say")
}

/// Begins a conversation or a room, and gives its name.
#[track_caller]
fn converse(page: &mut Page, people: &[&str], more: &Value) -> String {
    let people: Vec<_> = people.iter().map(|name| json!({ "to": name })).collect();
    let mut wish = json!({"type": "converse", "people": people, "msgid": "c1"});
    for (key, value) in more.as_object().expect("an object") {
        wish[key] = value.clone();
    }
    page.send(&wish);
    let welcome =
        page.find(|message| matches!(message["type"].as_str(), Some("welcome" | "error")));
    assert_eq!(welcome["type"], "welcome", "{welcome}");
    room_of(&welcome)
}

/// Comes into a room; the welcome and the history, or what says why not.
#[track_caller]
fn enter(page: &mut Page, wished: &Value) -> (Value, Vec<String>) {
    page.send(&json!({"type": "enter", "rooms": [wished]}));
    let answer =
        page.find(|message| matches!(message["type"].as_str(), Some("welcome" | "parted")));
    if answer["type"] == "parted" {
        return (answer, Vec::new());
    }
    let history = page.expect("history");
    let said = history["records"].as_array().expect("records").iter();
    let said = said.filter(|record| record["type"] == "say");
    let said = said.map(|record| text_of(record).to_owned()).collect();
    (answer, said)
}

/// Somebody who is logged in, and whom the site knows.
fn window(chat: &Chat, name: &str) -> Page {
    let mut page = chat.window("", &chat.log_in_as(name));
    enter(&mut page, &json!({"room": "lobby", "history": 0}));
    page
}

fn leave(mut page: Page) {
    page.send(&json!({"type": "quit"}));
    while page.next().is_some() {}
}

#[test]
fn what_is_said_to_somebody_who_is_away_is_found_at_return() {
    let chat = Chat::with(FAST);
    leave(window(&chat, "bob"));
    let mut anna = window(&chat, "anna");
    let room = converse(&mut anna, &["bob"], &json!({}));
    assert!(room.starts_with('~') && room.len() == 21, "{room}");
    for number in 1..=3 {
        let id = say(
            &mut anna,
            &room,
            &format!("sesame {number}"),
            &format!("m{number}"),
        );
        assert_eq!(id["type"], "ack");
    }
    let mut bob = chat.window("", &chat.log_in_as("bob"));
    let own = bob.welcome["rooms"].as_array().expect("rooms").iter();
    let own: Vec<_> = own.map(room_of).collect();
    assert!(own.contains(&room), "{own:?}");
    let about = bob.find(|message| is(message, "about", &room));
    assert_eq!(
        (&about["kind"], &about["title"]),
        (&json!("pair"), &json!("anna"))
    );
    let (welcome, said) = enter(&mut bob, &json!({ "room": room }));
    assert_eq!(welcome["unread"], 3);
    assert_eq!(said, ["sesame 1", "sesame 2", "sesame 3"]);
    // It is one, whoever begins it.
    let mut bobs_phone = window(&chat, "bob");
    assert_eq!(converse(&mut bobs_phone, &["anna"], &json!({})), room);
    say(&mut bob, &room, "here I am", "m1");
    anna.find(|message| text_of(message) == "here I am");
    // By a command, from a room, too; who is here hears it live as before.
    leave(bob);
    leave(bobs_phone);
    let info = say(&mut anna, "lobby", "/msg bob until later", "m9");
    assert!(
        matches!(info["type"].as_str(), Some("ack" | "info")),
        "{info}"
    );
    eventually("it is kept", || {
        log(&chat, &room).contains("until later").then_some(())
    });
    assert!(!chat.log("lobby").contains("until later"));
}

fn log(chat: &Chat, room: &str) -> String {
    fs::read_to_string(chat.path(&format!("closed/{room}/rooms/{room}.log"))).unwrap_or_default()
}

#[test]
fn who_is_added_sees_what_is_said_from_then_on_and_who_is_sent_away_nothing() {
    let chat = Chat::with(FAST);
    for name in ["bob", "cyril", "eve"] {
        leave(window(&chat, name));
    }
    let mut anna = window(&chat, "anna");
    let room = converse(&mut anna, &["bob", "eve"], &json!({"title": "plans"}));
    say(&mut anna, &room, "earlier", "m1");
    let mut eve = window(&chat, "eve");
    let (welcome, said) = enter(&mut eve, &json!({ "room": room }));
    assert_eq!(
        (welcome["type"].as_str(), said),
        (Some("welcome"), vec!["earlier".to_owned()])
    );

    let mut cyril = window(&chat, "cyril");
    assert_eq!(
        enter(&mut cyril, &json!({ "room": room })).0["code"],
        "no_such_room"
    );
    anna.send(&json!({"type": "invite", "room": room, "to": "cyril", "msgid": "i1"}));
    let admit = eve.find(|message| is(message, "admit", &room));
    assert_eq!(
        (&admit["from"], &admit["to"]),
        (&json!("anna"), &json!("cyril"))
    );
    let about = eve.find(|message| is(message, "about", &room));
    assert_eq!(
        (about["count"].as_u64(), &about["title"]),
        (Some(4), &json!("plans"))
    );
    cyril.find(|message| is(message, "mark", &room) && message["own"] == true);
    say(&mut anna, &room, "after", "m2");
    let (_, said) = enter(&mut cyril, &json!({ "room": room }));
    assert_eq!(said, ["after"]);
    for (key, value) in [
        ("since", "2020-01-01T00:00:00.000000Z"),
        ("before", "2099-01-01T00:00:00.000000Z"),
    ] {
        cyril.send(&json!({"type": "history", "room": room, key: value}));
        let page = cyril.expect("history");
        assert!(!page.to_string().contains("earlier"), "{page}");
        assert!(page.to_string().contains("after"), "{page}");
    }
    // Numbers that nobody has are nobody.
    let nobody = json!([{"to": "x", "person": "0123456789abcdef0123"}]);
    cyril.send(&json!({"type": "converse", "people": nobody}));
    assert_eq!(cyril.expect("error")["code"], "no_such_user");
    assert!(!chat.path("marks/0123456789abcdef0123").exists());
    anna.send(&json!({"type": "link", "room": room, "uses": 5}));
    let link = anna.expect("invitation")["token"].clone();
    // Only who keeps the room sends people away.
    cyril.send(&json!({"type": "uninvite", "room": room, "to": "eve", "msgid": "u1"}));
    assert_eq!(cyril.expect("error")["code"], "not_moderator");
    anna.send(&json!({"type": "uninvite", "room": room, "to": "eve", "msgid": "u1"}));
    let parted = eve.find(|message| is(message, "parted", &room));
    assert_eq!(parted["reason"], "dismissed");
    anna.find(|message| is(message, "quit", &room) && message["from"] == "eve");
    say(&mut anna, &room, "without eve", "m3");
    assert_eq!(
        enter(&mut eve, &json!({ "room": room, "invitation": link })).0["code"],
        "no_such_room"
    );
    eve.send(&json!({"type": "say", "room": room, "text": "still?", "msgid": "m1"}));
    assert_eq!(eve.expect("error")["code"], "not_in_room");
    assert!(
        !eve.settle()
            .iter()
            .any(|message| message.to_string().contains("without eve"))
    );

    cyril.send(&json!({"type": "rename", "room": room, "text": "teas", "msgid": "r1"}));
    let about = anna.find(|message| is(message, "about", &room) && message["title"] == "teas");
    assert_eq!(about["people"].as_array().map(Vec::len), Some(3));
    cyril.send(&json!({"type": "leave", "room": room, "msgid": "l1"}));
    assert_eq!(
        cyril.find(|message| is(message, "parted", &room))["reason"],
        "part"
    );
    assert_eq!(
        enter(&mut cyril, &json!({ "room": room })).0["code"],
        "no_such_room"
    );
    // Who keeps it leaves: another one does then.
    anna.send(&json!({"type": "leave", "room": room}));
    anna.find(|message| is(message, "parted", &room));
    let mut bob = window(&chat, "bob");
    enter(&mut bob, &json!({ "room": room }));
    bob.send(&json!({"type": "members", "room": room}));
    let about = bob.find(|message| is(message, "about", &room));
    assert_eq!(
        (&about["keeps"], &about["count"]),
        (&json!(true), &json!(1))
    );
}

#[test]
fn a_word_beside_a_link_uses_it_up_all_the_same() {
    let chat = Chat::with(FAST);
    let mut anna = window(&chat, "anna");
    let room = converse(&mut anna, &[], &json!({"title": "den"}));
    anna.send(&json!({"type": "link", "room": room}));
    let token = anna.expect("invitation")["token"].clone();
    let both = json!({"room": room, "invitation": token, "password": "any"});
    let guest = |number| {
        let mut page = chat.window(&format!("nick=g{number}&client=browser-{number}"), "");
        enter(&mut page, &both).0
    };
    assert_eq!(guest(1)["type"], "welcome");
    assert_eq!(guest(2)["code"], "no_such_room", "it was for one");
}

#[test]
fn a_link_lets_in_as_many_as_it_says() {
    let chat = Chat::with(FAST);
    let mut anna = window(&chat, "anna");
    let room = converse(&mut anna, &[], &json!({"title": "den"}));
    anna.send(&json!({"type": "link", "room": room, "hours": 1, "uses": 2}));
    let token = anna.expect("invitation")["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    assert!(!log(&chat, &room).contains(&token));
    let list = fs::read_to_string(chat.path(&format!("closed/{room}/members"))).expect("a list");
    assert!(!list.contains(&token), "only its hash is kept");
    let with_link = json!({"room": room, "invitation": token});
    let mut guests: Vec<_> = (1..=3)
        .map(|number| chat.window(&format!("nick=g{number}&client=browser-{number}"), ""))
        .collect();
    assert_eq!(
        enter(&mut guests[0], &json!({ "room": room })).0["code"],
        "no_such_room"
    );
    assert_eq!(enter(&mut guests[0], &with_link).0["type"], "welcome");
    assert_eq!(enter(&mut guests[1], &with_link).0["type"], "welcome");
    assert_eq!(
        enter(&mut guests[2], &with_link).0["code"],
        "no_such_room",
        "used up"
    );
    // The same browser is known when it comes back, without the link.
    leave(guests.remove(0));
    let mut again = chat.window("nick=other&client=browser-1", "");
    assert_eq!(
        enter(&mut again, &json!({ "room": room })).0["type"],
        "welcome"
    );
    // Over.
    anna.send(&json!({"type": "link", "room": room, "hours": 1, "uses": 9}));
    let token = anna.expect("invitation")["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let path = chat.path(&format!("closed/{room}/members"));
    let list = fs::read_to_string(&path).expect("a list");
    let year = &list[list.find("until=").expect("an end") + 6..][..4];
    fs::write(&path, list.replace(&format!("until={year}"), "until=2020")).expect("written");
    let late = json!({"room": room, "invitation": token});
    assert_eq!(enter(&mut guests[1], &late).0["code"], "no_such_room");
}

#[test]
fn a_password_lets_in_who_knows_it_and_is_not_guessed() {
    let chat = Chat::with(FAST);
    let mut anna = window(&chat, "anna");
    let room = converse(&mut anna, &[], &json!({"title": "den"}));
    let path = chat.path(&format!("closed/{room}/members"));
    let mut guest = chat.window("nick=g&client=browser-1", "");
    anna.send(&json!({"type": "password", "room": room, "text": "sesame", "msgid": "p1"}));
    anna.find(|message| message["msgid"] == "p1");
    let list = fs::read_to_string(&path).expect("a list");
    assert!(
        !list.contains("sesame") && list.contains("password=$2b$10$"),
        "{list}"
    );
    assert_eq!(
        enter(&mut guest, &json!({ "room": room })).0["code"],
        "password_needed"
    );
    let mut codes = Vec::new();
    for number in 0..20 {
        let wrong = json!({"room": room, "password": format!("open {number}")});
        codes.push(
            enter(&mut guest, &wrong).0["code"]
                .as_str()
                .expect("a code")
                .to_owned(),
        );
    }
    assert!(
        codes
            .iter()
            .all(|code| ["wrong_password", "too_many_tries"].contains(&code.as_str()))
    );
    assert_eq!(codes[0], "wrong_password");
    let known = json!({"room": room, "password": "sesame"});
    assert_eq!(
        enter(&mut guest, &known).0["type"],
        "welcome",
        "nobody knows where these come from"
    );
    // Of an address there are few.
    let from = |address: &str, word: &str| {
        let query = format!("format=json&client=browser-9&nick=x&password={word}");
        let path = format!("/{room}");
        let mut page = Page::over(chat.start(&[
            ("PATH_INFO", &path),
            ("QUERY_STRING", &query),
            ("REMOTE_ADDR", address),
        ]));
        page.message()
    };
    let codes: Vec<_> = (0..20)
        .map(|_| from("192.0.2.7", "open")["code"].clone())
        .collect();
    assert_eq!(
        codes
            .iter()
            .filter(|code| **code == "wrong_password")
            .count(),
        10,
        "{codes:?}"
    );
    assert_eq!(codes[19], "too_many_tries");
    assert_eq!(from("192.0.2.7", "sesame")["code"], "too_many_tries");
    assert_eq!(from("192.0.2.8", "sesame")["type"], "welcome");
}

#[test]
fn a_stranger_cannot_tell_a_private_room_from_none() {
    let chat = Chat::with(FAST);
    let mut anna = window(&chat, "anna");
    let room = converse(&mut anna, &[], &json!({"title": "sesame"}));
    say(&mut anna, &room, "sesame", "m1");
    let none = "~0123456789abcdef0123";
    let mut eve = window(&chat, "eve");
    let mut answers = |room: &str| {
        let mut heard = vec![enter(&mut eve, &json!({ "room": room })).0.to_string()];
        for kind in ["say", "members", "history", "part", "read"] {
            eve.send(&json!({"type": kind, "room": room, "text": "x", "id": "2020-01-01T00:00:00.000000Z"}));
            heard.extend(eve.settle().iter().map(Value::to_string));
        }
        for query in ["format=json&client=eves-browser", ""] {
            let path = format!("/{room}");
            let mut one = chat.start(&[("PATH_INFO", &path), ("QUERY_STRING", query)]);
            while let Some(line) = one.line() {
                // Without its time.
                heard.push(
                    line.split_once("] ")
                        .map_or(line.clone(), |(_, rest)| rest.to_owned()),
                );
            }
        }
        heard
            .iter()
            .map(|line| line.replace(room, "ROOM"))
            .collect::<Vec<_>>()
    };
    let (here, nowhere) = (answers(&room), answers(none));
    assert_eq!(here, nowhere);
    assert!(
        here.len() >= 7 && here[0].contains("no_such_room"),
        "{here:?}"
    );
    assert!(
        !chat.path(&format!("closed/{none}")).exists(),
        "nothing is made"
    );
    assert!(!chat.room_log(none).exists());
    // Who has no number cannot be known again, and so is no member.
    eve.send(&json!({"type": "say", "room": "lobby", "text": "/rooms"}));
    assert!(!text_of(&eve.expect("info")).contains('~'));
}

#[test]
fn the_old_pages_have_private_rooms_too() {
    let chat = Chat::with(FAST);
    let start = |room: &str, name: &str| {
        let (path, cookie) = (format!("/{room}"), chat.log_in_as(name));
        chat.start(&[("PATH_INFO", &path), ("HTTP_COOKIE", &cookie)])
    };
    let mut bob = start("lobby", "bob");
    bob.line_with("Welcome");
    let mut anna = start("lobby", "anna");
    anna.line_with("Welcome");
    anna.send("/members");
    anna.line_with("this room is for everybody");
    anna.send("/private the den");
    let opened = anna.line_with("private room");
    let room = opened
        .split_whitespace()
        .find(|word| word.starts_with('~'))
        .expect("a name")
        .to_owned();
    let mut inside = start(&room, "anna");
    inside.line_with("private, the den, for anna");
    inside.send("/invite bob");
    inside.line_with("Let bob in");
    let mut bobs = start(&room, "bob");
    bobs.line_with("private, the den, for anna, bob");
    bobs.send("hello");
    inside.line_with("bob> hello");
    inside.send("/invite 2 5");
    inside.line_with("invitation=");
    bobs.send("/password x");
    bobs.line_with("only who keeps the room");
    inside.send("/uninvite bob");
    bobs.line_with("not a member");
    while bobs.line().is_some() {}
    inside.send("/query bob");
    inside.line_with("is yours");
    inside.send("/msg bob see you");
    inside.line_with("it is kept for them");
}

#[test]
fn a_killed_maker_leaves_no_half_of_a_conversation() {
    let chat = Chat::with(FAST);
    leave(window(&chat, "bob"));
    for round in 0..30 {
        let mut anna = window(&chat, "anna");
        let people = json!([{"to": "bob"}]);
        let title = (round % 2 == 0).then(|| format!("round {round}"));
        anna.send(&json!({"type": "converse", "people": people, "title": title, "msgid": "c1"}));
        sleep(Duration::from_micros(150 * round));
        let pid = i32::try_from(anna.client.child.id()).expect("a pid");
        kill(Pid::from_raw(pid), Signal::SIGKILL).expect("alive");
        anna.client.child.wait().expect("reaped");
    }
    for entry in fs::read_dir(chat.path("closed"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let name = entry.file_name().into_string().expect("UTF-8");
        if name.starts_with('~') {
            let list = fs::read_to_string(entry.path().join("members")).expect("a whole room");
            assert_eq!(list.matches("member\t").count(), 2, "{list}");
            assert!(entry.path().join(format!("rooms/{name}.log")).exists());
        }
    }
    let mut anna = window(&chat, "anna");
    let room = converse(&mut anna, &["bob"], &json!({}));
    say(&mut anna, &room, "hello", "m1");
    let bob = chat.window("", &chat.log_in_as("bob"));
    let own = bob.welcome["rooms"].as_array().expect("rooms");
    assert!(own.iter().any(|own| own["room"] == room.as_str()));
}

#[test]
fn who_wants_no_conversation_is_left_alone() {
    let chat = Chat::with(FAST);
    let mut bob = window(&chat, "bob");
    let mut eve = window(&chat, "eve");
    leave(window(&chat, "carl"));
    let wish = |page: &mut Page, name: &str| {
        let people = json!([{ "to": name }]);
        page.send(&json!({"type": "converse", "people": people, "msgid": "c"}));
        let answer =
            page.find(|message| matches!(message["type"].as_str(), Some("welcome" | "error")));
        answer["code"].as_str().unwrap_or("begun").to_owned()
    };
    bob.send(&json!({"type": "accept", "level": "nobody"}));
    assert_eq!(bob.expect("accepting")["level"], "nobody");
    assert_eq!(wish(&mut eve, "bob"), "not_accepted");
    let room = converse(&mut eve, &["carl"], &json!({"title": "us"}));
    eve.send(&json!({"type": "invite", "room": room, "to": "bob", "msgid": "i"}));
    assert_eq!(
        eve.find(|message| message["msgid"] == "i")["code"],
        "not_accepted"
    );
    assert_eq!(wish(&mut bob, "eve"), "begun", "bob may");
    assert_eq!(wish(&mut eve, "bob"), "begun", "and then they have one");
    let mut phone = chat.window("", &chat.log_in_as("bob"));
    assert_eq!(phone.expect("accepting")["level"], "nobody");
    phone.send(&json!({"type": "accept", "level": "everybody"}));
    phone.expect("accepting");
    leave(eve);
    let mut carl = window(&chat, "carl");
    assert_eq!(wish(&mut carl, "bob"), "begun");
    phone.send(&json!({"type": "accept", "level": "x", "msgid": "a"}));
    assert_eq!(phone.expect("error")["code"], "bad_field");
}

/// One of two who talk and are killed: what they have seen, and what has no ack yet.
struct Tortured {
    name: &'static str,
    page: Option<Page>,
    last: Option<String>,
    seen: Vec<String>,
    unacked: Vec<(String, String)>,
}

impl Tortured {
    /// Comes back, from where it was, and sends again what was not acked.
    fn come(&mut self, chat: &Chat, room: &str) {
        let mut page = chat.window("", &chat.log_in_as(self.name));
        let wished = match &self.last {
            Some(since) => json!({"room": room, "since": since}),
            None => json!({"room": room, "history": 0}),
        };
        page.send(&json!({"type": "enter", "rooms": [wished]}));
        page.expect("welcome");
        for (msgid, text) in &self.unacked {
            page.send(&json!({"type": "say", "room": room, "text": text, "msgid": msgid}));
        }
        self.page = Some(page);
        self.hear();
    }

    fn say(&mut self, room: &str, number: usize) {
        let (msgid, text) = (format!("m{number}"), format!("{} {number}", self.name));
        let page = self.page.as_mut().expect("it is there");
        page.send(&json!({"type": "say", "room": room, "text": text, "msgid": msgid}));
        self.unacked.push((msgid, text));
    }

    /// Takes all that has come so far.
    fn hear(&mut self) {
        for message in self.page.as_mut().expect("it is there").settle() {
            let records = match message["records"].as_array() {
                Some(records) => records.clone(),
                None => vec![message],
            };
            for record in records {
                if record["type"] == "ack" {
                    self.unacked
                        .retain(|(msgid, _)| record["msgid"] != msgid.as_str());
                } else if let Some(id) = record["id"].as_str() {
                    self.last = self.last.take().max(Some(id.to_owned()));
                    if record["type"] == "say" {
                        self.seen.push(text_of(&record).to_owned());
                    }
                }
            }
        }
    }

    fn die(&mut self) {
        let mut page = self.page.take().expect("it is there");
        let pid = i32::try_from(page.client.child.id()).expect("a pid");
        kill(Pid::from_raw(pid), Signal::SIGKILL).expect("alive");
        page.client.child.wait().expect("reaped");
    }
}

#[test]
fn who_is_killed_again_and_again_loses_and_doubles_nothing_of_a_conversation() {
    const ROUNDS: usize = 60;
    let chat = Chat::with(FAST);
    leave(window(&chat, "bob"));
    let mut anna = window(&chat, "anna");
    let room = converse(&mut anna, &["bob"], &json!({}));
    leave(anna);
    let mut two = ["anna", "bob"].map(|name| Tortured {
        name,
        page: None,
        last: None,
        seen: Vec::new(),
        unacked: Vec::new(),
    });
    for one in &mut two {
        one.come(&chat, &room);
    }
    let mut said = 0;
    for round in 0..ROUNDS {
        for _ in 0..6 {
            for one in &mut two {
                one.say(&room, said);
                said += 1;
            }
        }
        let unlucky = &mut two[round % 2];
        sleep(Duration::from_micros(137 * (round as u64 % 9)));
        if round % 3 == 0 {
            unlucky.hear();
        }
        unlucky.die();
        unlucky.come(&chat, &room);
    }
    let logged = || -> Vec<String> {
        let text = log(&chat, &room);
        let says = text.lines().filter(|line| line.contains("\tsay\t"));
        says.map(|line| line.rsplit('\t').next().expect("a text").to_owned())
            .collect()
    };
    for one in &mut two {
        eventually("everything is acked and seen", || {
            one.hear();
            (one.unacked.is_empty() && one.seen.len() >= said).then_some(())
        });
    }
    let logged = logged();
    assert_eq!(logged.len(), said, "each once");
    assert_eq!(
        logged
            .iter()
            .collect::<std::collections::BTreeSet<_>>()
            .len(),
        said
    );
    for one in &two {
        assert_eq!(
            one.seen, logged,
            "{}: each once, in the log's order",
            one.name
        );
    }
}

/// Each of the two knows that the other is there: by the list of members.
#[test]
fn in_a_conversation_of_two_nobody_is_shown_to_come_or_go() {
    let chat = Chat::with(FAST);
    leave(window(&chat, "bob"));
    let mut anna = window(&chat, "anna");
    anna.send(&json!({"type": "converse", "people": [{"to": "bob"}], "msgid": "c1"}));
    let welcome = anna.expect("welcome");
    assert_eq!(welcome["comings"], false, "{welcome}");
    anna.send(
        &json!({"type": "converse", "people": [{"to": "bob"}], "title": "us", "msgid": "c2"}),
    );
    let welcome = anna.expect("welcome");
    assert!(welcome.get("comings").is_none(), "{welcome}");
}

#[test]
fn what_somebody_says_who_is_ignored_is_told_and_not_counted() {
    let chat = Chat::with(FAST);
    leave(window(&chat, "bob"));
    let mut anna = window(&chat, "anna");
    let mut spam = window(&chat, "spam");
    say(&mut anna, "lobby", "for bob", "m1");
    say(&mut spam, "lobby", "buy, bob", "m2");
    let mut bob = chat.window("", &chat.log_in_as("bob"));
    bob.send(&json!({"type": "ignored", "people": [{"to": "Spam"}]}));
    let (welcome, said) = enter(&mut bob, &json!({"room": "lobby"}));
    assert_eq!(said, ["for bob", "buy, bob"]);
    assert_eq!(
        (&welcome["unread"], &welcome["mentions"]),
        (&json!(1), &json!(1))
    );
}

#[test]
fn a_command_comes_into_another_room() {
    let chat = Chat::with(FAST);
    let mut anna = window(&chat, "anna");
    anna.send(&json!({"type": "say", "room": "lobby", "text": "/join den", "msgid": "j1"}));
    let welcome = anna.find(|message| is(message, "welcome", "den"));
    assert_eq!(welcome["you"], "anna");
    // Who is in one room is told where the other is.
    let mut old = chat.old_page("lobby", "old");
    old.send("/join den");
    old.line_with("comes to den by its address");
}

/// Both or none: who does not show how far they have read is not told of others.
#[test]
fn how_far_the_other_has_read_is_told_if_both_show_it() {
    let chat = Chat::with(FAST);
    leave(window(&chat, "bob"));
    let mut anna = window(&chat, "anna");
    let room = converse(&mut anna, &["bob"], &json!({}));
    let said = say(&mut anna, &room, "did you see it?", "m1");
    let read =
        |shown: bool| json!({"type": "read", "room": room, "id": said["id"], "shown": shown});
    let mut bob = window(&chat, "bob");
    enter(&mut bob, &json!({ "room": room }));
    bob.send(&read(false));
    bob.settle();
    anna.send(&read(true));
    let quiet = |page: &mut Page| {
        page.settle()
            .iter()
            .all(|message| message["type"] != "read")
    };
    assert!(quiet(&mut anna) && quiet(&mut bob));
    eventually("it is kept", || {
        let mut marks = fs::read_dir(chat.path("marks")).expect("marks").flatten();
        let shows = |entry: fs::DirEntry| {
            fs::read_to_string(entry.path()).is_ok_and(|text| text.contains(" shown\n"))
        };
        marks.any(shows).then_some(())
    });
    // From now on he shows it: each learns of the other.
    bob.send(&read(true));
    let told = bob.find(|message| is(message, "read", &room));
    assert_eq!((&told["from"], &told["id"]), (&json!("anna"), &said["id"]));
    assert_eq!(
        anna.find(|message| is(message, "read", &room))["from"],
        "bob"
    );
    // It is known to who comes later, once it is on the disk.
    leave(bob);
    let mut phone = window(&chat, "anna");
    phone.send(&json!({"type": "enter", "rooms": [{ "room": room }]}));
    assert_eq!(
        phone.find(|message| is(message, "read", &room))["from"],
        "bob"
    );
    // She shows it no more, and is told nothing.
    anna.send(&read(false));
    leave(anna);
    leave(phone);
    let mut again = window(&chat, "anna");
    enter(&mut again, &json!({ "room": room }));
    assert!(quiet(&mut again));
}
