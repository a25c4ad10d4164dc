//! Many rooms on one connection (protocol 2).

use std::collections::BTreeMap;

use crate::support::{Chat, Page, text_of};
use e2e::deadline::eventually;
use e2e::proc::anonymous_kib;
use serde_json::{Value, json};

const FAST: &str = "MESSAGE_RATE=100000\nMESSAGE_BURST=100000\nSESSION_ADMIN_PATH=admin";
const MOST: usize = 50;
/// Messages in each room under load.
const EACH: usize = 40;

/// Comes into rooms without history, and gives their welcomes.
#[track_caller]
fn enter(page: &mut Page, rooms: &[&str]) -> Vec<Value> {
    let wished: Vec<_> = rooms
        .iter()
        .map(|room| json!({"room": room, "history": 0}))
        .collect();
    page.send(&json!({"type": "enter", "rooms": wished}));
    let welcomes = rooms.iter().map(|room| {
        let welcome = page.find(|message| message["type"] == "welcome");
        assert_eq!(welcome["room"], *room);
        let history = page.expect("history");
        assert_eq!(history["room"], *room);
        welcome
    });
    welcomes.collect()
}

fn say(page: &mut Page, room: &str, text: &str, msgid: &str) {
    page.send(&json!({"type": "say", "room": room, "text": text, "msgid": msgid}));
}

fn is(message: &Value, kind: &str, room: &str) -> bool {
    message["type"] == kind && message["room"] == room
}

#[test]
fn what_is_said_in_each_room_stays_in_it() {
    let chat = Chat::with(FAST);
    let mut alice = chat.window("nick=alice", "");
    assert_eq!(alice.welcome["protocol"], 2);
    assert_eq!(alice.welcome["name"], "alice");
    assert_eq!(alice.welcome["limits"]["rooms"], MOST);
    let welcomes = enter(&mut alice, &["lobby", "den"]);
    assert_eq!(welcomes[1]["you"], "alice");
    assert!(welcomes[1].get("limits").is_none(), "the hello has told");
    let mut bob = chat.page("den", "bob");
    assert_eq!(bob.members(), ["alice", "bob"]);
    say(&mut alice, "den", "in the den", "m1");
    let ack = alice.find(|message| is(message, "ack", "den"));
    assert_eq!(ack["msgid"], "m1");
    let heard = bob.expect("say");
    assert_eq!(
        (text_of(&heard), heard.get("room")),
        ("in the den", None),
        "protocol 1 is as it was"
    );
    bob.type_in("hello");
    alice.find(|message| is(message, "say", "den") && text_of(message) == "hello");
    say(&mut alice, "lobby", "in the lobby", "m2");
    alice.find(|message| is(message, "say", "lobby"));
    let (den, lobby) = (chat.log("den"), chat.log("lobby"));
    assert!(den.contains("in the den") && !den.contains("in the lobby"));
    assert!(lobby.contains("in the lobby") && !lobby.contains("in the den"));

    bob.send(&json!({"type": "whisper", "to": "alice", "text": "psst"}));
    alice.find(|message| is(message, "whisper", "den"));
    alice.send(&json!({"type": "part", "room": "den"}));
    let parted = alice.expect("parted");
    assert_eq!(
        (&parted["room"], &parted["reason"]),
        (&json!("den"), &json!("part"))
    );
    assert_eq!(bob.expect("quit")["from"], "alice");
    say(&mut alice, "den", "still there?", "m3");
    let error = alice.expect("error");
    assert_eq!(
        (&error["code"], &error["msgid"]),
        (&json!("not_in_room"), &json!("m3"))
    );
    say(&mut alice, "lobby", "/part", "m4");
    alice.find(|message| is(message, "parted", "lobby"));
    alice.send(&json!({"type": "quit"}));
    let bye = alice.expect("bye");
    assert_eq!((&bye["reason"], bye.get("room")), (&json!("quit"), None));
    assert!(alice.next().is_none());
}

#[test]
fn the_path_names_a_room_too() {
    let chat = Chat::with(FAST);
    let query = "format=json&protocol=2&nick=alice";
    let mut page = Page::over(chat.start(&[("PATH_INFO", "/My%20Den"), ("QUERY_STRING", query)]));
    assert_eq!(page.message()["type"], "hello");
    let welcome = page.message();
    assert_eq!(
        (&welcome["room"], &welcome["asked"]),
        (&json!("My-Den"), &json!("My%20Den"))
    );
}

#[test]
fn who_is_sent_out_of_one_room_stays_in_the_others() {
    let chat = Chat::with(FAST);
    let boss = chat.log_in(&[("username", "boss"), ("admin", "1")]);
    let mut boss = chat.page_with("b", "", &boss);
    let mut eve = chat.window("nick=eve&client=eves-browser", "");
    enter(&mut eve, &["a", "b"]);
    boss.type_in("/kick eve go");
    let parted = eve.find(|message| is(message, "parted", "b"));
    assert_eq!(parted["reason"], "kicked");
    enter(&mut eve, &["b"]);
    boss.type_in("/ban eve 10 go");
    assert_eq!(
        eve.find(|message| is(message, "parted", "b"))["reason"],
        "banned"
    );
    eve.send(&json!({"type": "enter", "rooms": [{"room": "b"}, {"room": "x/y"}, {"room": "c"}]}));
    let refused = eve.find(|message| message["type"] == "parted");
    assert_eq!(
        (&refused["room"], &refused["reason"]),
        (&json!("b"), &json!("banned"))
    );
    let refused = eve.find(|message| message["type"] == "parted");
    assert_eq!(
        (&refused["room"], &refused["code"]),
        (&json!("x/y"), &json!("bad_room"))
    );
    assert_eq!(eve.expect("welcome")["room"], "c");
    // What they cannot enter any more they can forget.
    eve.send(&json!({"type": "part", "room": "b"}));
    eve.find(|message| is(message, "parted", "b") && message["reason"] == "part");
    say(&mut eve, "a", "still here", "m1");
    eve.find(|message| is(message, "ack", "a"));
}

#[test]
fn a_name_and_a_color_are_for_all_rooms_or_one() {
    let chat = Chat::with(FAST);
    let mut alice = chat.window("nick=alice", "");
    enter(&mut alice, &["a", "b"]);
    alice.send(&json!({"type": "nick", "nick": "ada"}));
    for room in ["a", "b"] {
        let you = alice.find(|message| is(message, "nick", room));
        assert_eq!(you["to"], "ada");
    }
    assert_eq!(
        enter(&mut alice, &["c"])[0]["you"],
        "ada",
        "in rooms to come, too"
    );
    alice.send(&json!({"type": "color", "color": "red", "room": "b"}));
    alice.find(|message| is(message, "color", "b"));
    assert!(
        !alice
            .settle()
            .iter()
            .any(|message| is(message, "color", "a"))
    );
}

#[test]
fn fifty_rooms_keep_their_order_and_lose_nothing() {
    let chat = Chat::with(FAST);
    let names: Vec<_> = (0..MOST).map(|number| format!("room-{number}")).collect();
    let rooms: Vec<_> = names.iter().map(String::as_str).collect();
    let mut alice = chat.window("nick=alice&client=alices-browser", "");
    enter(&mut alice, &rooms);
    alice.send(&json!({"type": "enter", "rooms": [{"room": "one-more"}]}));
    assert_eq!(alice.expect("parted")["code"], "rooms_at_once");
    let mut bob = chat.window("nick=bob&client=bobs-browser", "");
    enter(&mut bob, &rooms);
    for number in 0..EACH {
        for room in &rooms {
            say(
                &mut bob,
                room,
                &number.to_string(),
                &format!("{room}.{number}"),
            );
        }
        // So that neither pipe is full while nobody reads.
        let mut heard: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for _ in &rooms {
            let said = alice.expect("say");
            let room = said["room"].as_str().expect("a room").to_owned();
            heard
                .entry(room)
                .or_default()
                .push(text_of(&said).to_owned());
        }
        for room in &rooms {
            assert_eq!(heard[*room], [number.to_string()], "{room}");
            bob.expect("ack");
        }
    }
    // What was missed comes for each room from where it was left.
    let since = "2020-01-01T00:00:00.000000Z";
    drop(alice);
    let mut alice = chat.window("nick=alice&client=alices-browser", "");
    alice.send(&json!({"type": "enter", "rooms": [{"room": "room-7", "since": since}]}));
    alice.expect("welcome");
    let mut missed = Vec::new();
    loop {
        let page = alice.expect("history");
        assert_eq!(page["room"], "room-7");
        let records = page["records"].as_array().expect("records").iter();
        missed.extend(
            records
                .filter(|record| record["type"] == "say")
                .map(|record| text_of(record).to_owned()),
        );
        if page["more"] == false {
            break;
        }
    }
    let all: Vec<_> = (0..EACH).map(|number| number.to_string()).collect();
    assert_eq!(missed, all);
}

fn room_of<'a>(message: &'a Value, room: &str) -> &'a Value {
    let rooms = message["rooms"].as_array().expect("rooms");
    let found = rooms.iter().find(|own| own["room"] == room);
    found.unwrap_or(&Value::Null)
}

#[test]
fn what_is_unread_is_the_same_on_all_devices() {
    let chat = Chat::with(FAST);
    let anna = chat.log_in(&[("username", "anna"), ("admin", "0")]);
    let mut bob = chat.window("nick=bob&client=bobs-browser", "");
    enter(&mut bob, &["a", "b"]);
    let mut laptop = chat.window("", &anna);
    assert_eq!(laptop.welcome["rooms"], json!([]));
    let welcomes = enter(&mut laptop, &["a", "b"]);
    assert!(
        welcomes[0].get("unread").is_none(),
        "what was before is no news"
    );
    for (room, text) in [("a", "one"), ("a", "two, Anna"), ("b", "three")] {
        say(&mut bob, room, text, &format!("{room}.{}", text.len()));
        bob.expect("ack");
    }
    let two = laptop.find(|message| text_of(message) == "two, Anna")["id"].clone();
    // A phone comes: it finds the rooms and what is unread in each.
    let mut phone = eventually("her rooms are kept", || {
        let phone = chat.window("", &anna);
        (room_of(&phone.welcome, "b")["notify"] == "mentions").then_some(phone)
    });
    let welcomes = enter(&mut phone, &["a", "b"]);
    let unread = |at: usize| &welcomes[at]["unread"];
    assert_eq!((unread(0), unread(1)), (&json!(2), &json!(1)));
    // What the laptop reads, the phone knows; a mark does not go back.
    laptop.send(&json!({"type": "read", "room": "a", "id": two}));
    laptop.send(&json!({"type": "read", "room": "a", "id": "2020-01-01T00:00:00.000000Z"}));
    let mark = phone.find(|message| is(message, "mark", "a"));
    assert_eq!(
        (&mark["read"], &mark["unread"], &mark["own"]),
        (&two, &json!(0), &json!(true))
    );
    // And the other way round, with what they want to be told of and what they part from.
    phone.send(&json!({"type": "notify", "room": "b", "level": "nothing"}));
    let mark = laptop.find(|message| is(message, "mark", "b"));
    assert_eq!(
        (&mark["notify"], &mark["unread"]),
        (&json!("nothing"), &json!(1))
    );
    phone.send(&json!({"type": "part", "room": "b"}));
    let mark = laptop.find(|message| is(message, "mark", "b"));
    assert_eq!(mark["own"], false);
    laptop.send(&json!({"type": "say", "room": "a", "text": "/part"}));
    let mark = phone.find(|message| is(message, "mark", "a"));
    assert_eq!(mark["own"], false);
    phone.send(&json!({"type": "enter", "rooms": [{"room": "c"}]}));
    let mark = laptop.find(|message| is(message, "mark", "c"));
    assert_eq!(mark["own"], true);
    for device in [&mut laptop, &mut phone, &mut bob] {
        device.send(&json!({"type": "quit"}));
        while device.next().is_some() {}
    }
    let mut run = std::fs::read_dir(chat.path("run"))
        .expect("a directory")
        .flatten();
    let bell = run.find(|entry| entry.file_name().to_string_lossy().starts_with("_marks."));
    assert!(
        bell.is_none(),
        "the last of a person's connections takes it away"
    );
    let marks = std::fs::read_dir(chat.path("marks"))
        .expect("marks")
        .count();
    assert_eq!(marks, 2);
}

#[test]
fn a_mark_of_the_future_hides_nothing() {
    let chat = Chat::with(FAST);
    let mut bob = chat.page("a", "bob");
    let mut anna = chat.window("nick=anna&client=annas-browser", "");
    enter(&mut anna, &["a"]);
    anna.send(&json!({"type": "read", "room": "a", "id": "2099-01-01T00:00:00.000000Z"}));
    anna.send(&json!({"type": "quit"}));
    while anna.next().is_some() {}
    bob.say_acked("hello", "m1");
    bob.say_acked("Anna? ANNA!", "m2");
    bob.say_acked("joanna", "m3");
    let mut anna = chat.window("nick=anna&client=annas-browser", "");
    let welcome = enter(&mut anna, &["a"]).remove(0);
    assert_eq!(
        (&welcome["unread"], &welcome["mentions"]),
        (&json!(3), &json!(1))
    );
    say(&mut anna, "a", "mine", "m1");
    let mut anna = chat.window("nick=anna&client=annas-browser", "");
    assert_eq!(
        enter(&mut anna, &["a"])[0]["unread"],
        3,
        "one's own are read"
    );
}

/// Small, and the same numbers each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).expect("small") % bound
    }
}

/// A page, and what it knows of its person's marks.
struct Device {
    page: Page,
    marks: BTreeMap<String, String>,
}

impl Device {
    fn read(&mut self, room: &str, id: &str) {
        self.page
            .send(&json!({"type": "read", "room": room, "id": id}));
        self.learn(room, id);
    }

    fn learn(&mut self, room: &str, id: &str) {
        let mark = self.marks.entry(room.to_owned()).or_default();
        if id > mark.as_str() {
            id.clone_into(mark);
        }
    }

    /// Hears until it knows the mark of `room`.
    fn wait_for(&mut self, room: &str, id: &str) {
        while self.marks.get(room).is_none_or(|known| known != id) {
            let mark = self.page.find(|message| message["type"] == "mark");
            let text = |key: &str| mark[key].as_str().expect("text").to_owned();
            self.learn(&text("room"), &text("read"));
        }
    }
}

#[test]
fn whatever_is_read_where_all_devices_count_the_same() {
    const ROOMS: [&str; 3] = ["a", "b", "c"];
    let chat = Chat::with(FAST);
    let mut chance = Chance(20_261_129);
    let anna = chat.log_in(&[("username", "anna"), ("admin", "0")]);
    let mut bob = chat.window("nick=bob&client=bobs-browser", "");
    enter(&mut bob, &ROOMS);
    let mut devices: Vec<Device> = (0..3)
        .map(|_| {
            let mut page = chat.window("", &anna);
            enter(&mut page, &ROOMS);
            let marks = BTreeMap::new();
            Device { page, marks }
        })
        .collect();
    let mut said: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut read: BTreeMap<&str, usize> = BTreeMap::new();
    for number in 0..150 {
        let room = ROOMS[chance.below(ROOMS.len())];
        let ids = said.entry(room).or_default();
        if chance.below(3) > 0 || ids.is_empty() {
            say(&mut bob, room, "hello", &format!("m{number}"));
            let ack = bob.find(|message| is(message, "ack", room));
            ids.push(ack["id"].as_str().expect("an id").to_owned());
        } else {
            let upto = chance.below(ids.len());
            devices[chance.below(3)].read(room, &ids[upto]);
            let before = read.entry(room).or_default();
            *before = (*before).max(upto);
        }
    }
    for room in ROOMS {
        let mark = &said[room][read[room]];
        for device in &mut devices {
            device.wait_for(room, mark);
        }
    }
    let mut late = chat.window("", &anna);
    for (room, welcome) in ROOMS.into_iter().zip(enter(&mut late, &ROOMS)) {
        assert_eq!(welcome["read"], said[room][read[room]]);
        assert_eq!(
            welcome["unread"],
            said[room].len() - 1 - read[room],
            "{room}"
        );
    }
}

#[test]
fn rooms_that_nobody_reads_wait_in_their_logs() {
    let chat = Chat::with(FAST);
    let names: Vec<_> = (0..MOST).map(|number| format!("room-{number}")).collect();
    std::fs::create_dir_all(chat.path("rooms")).expect("made");
    let text = "x".repeat(2000);
    for name in &names {
        let lines = (0..200)
            .map(|number| format!("2026-11-21T10:15:30.{number:06}Z\tsay\tbob\t\t{text}\n"));
        let log = chat.path(&format!("rooms/{name}.log"));
        std::fs::write(log, lines.collect::<String>()).expect("written");
    }
    let mut alice = chat.window("nick=alice&client=alices-browser", "");
    let rooms: Vec<_> = names
        .iter()
        .map(|room| json!({"room": room, "history": 200}))
        .collect();
    alice.send(&json!({"type": "enter", "rooms": rooms}));
    // Read after all of them: it comes when they have come.
    alice.send(&json!({"type": "ping"}));
    for name in &names {
        let welcome = alice.find(|message| message["type"] == "welcome");
        assert_eq!(welcome["room"], *name);
        // A quarter of what stands in the logs, at most: a busy machine fills all that may wait on the way.
        let used = anonymous_kib(alice.client.child.id());
        assert!(used < 5 * 1024, "{used} KiB before the history of {name}");
        let history = alice.expect("history");
        assert_eq!(history["records"].as_array().map(Vec::len), Some(200));
    }
    alice.expect("pong");
}
