//! Private rooms and conversations: nobody else hears, finds, counts or reads anything of them, and the
//! administrator looks after them as after other rooms.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::Chat;
use e2e::cluster_of_one::{SPOOL_KEEPS, differs};
use e2e::page::Page;
use serde_json::{Value, json};

/// Stands in the title and in all that is said there, and nowhere else.
const SECRET: &str = "sesame";

fn run(
    program: &str,
    chat: &Chat,
    variables: &[(&str, &str)],
    arguments: &[&str],
) -> (i32, String) {
    let output = Command::new(e2e::under_test::beside(program))
        .env_clear()
        .env("CHAT_CONFIG", chat.path("chat.ini"))
        .envs(variables.iter().copied())
        .args(arguments)
        .output()
        .expect("it starts");
    let (out, err) = (output.stdout, output.stderr);
    let text = [out, err].concat();
    let code = output.status.code().expect("an exit status");
    (code, String::from_utf8(text).expect("UTF-8"))
}

fn ask(chat: &Chat, question: &str, cookie: &str) -> String {
    let (path, query) = question.split_once('?').unwrap_or((question, ""));
    let variables = [
        ("GATEWAY_INTERFACE", "CGI/1.1"),
        ("REQUEST_METHOD", "GET"),
        ("PATH_INFO", path),
        ("QUERY_STRING", query),
        ("HTTP_COOKIE", cookie),
    ];
    run("chat-cgi", chat, &variables, &[]).1
}

fn chatctl(chat: &Chat, arguments: &[&str]) -> (i32, String) {
    run("chatctl", chat, &[], arguments)
}

/// Files below `dir` that hold `needle`, in their bytes or their names.
fn files_with(dir: &Path, needle: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("readable").flatten() {
        let (path, kind) = (entry.path(), entry.file_type().expect("a type"));
        let named = path.display().to_string();
        let bytes = match kind {
            kind if kind.is_file() => fs::read(&path).unwrap_or_default(),
            _ => Vec::new(),
        };
        let name = entry.file_name();
        let is_spool = kind.is_dir() && name == "spool" && differs(SPOOL_KEEPS);
        if name.to_string_lossy().contains(needle)
            || String::from_utf8_lossy(&bytes).contains(needle)
        {
            found.push(named);
        }
        if kind.is_dir() && !is_spool {
            found.extend(files_with(&path, needle));
        }
    }
    found
}

fn window(chat: &Chat, name: &str) -> Page {
    let mut page = chat.window("", &chat.log_in_as(name));
    page.send(&json!({"type": "enter", "rooms": [{"room": "lobby"}]}));
    page.expect("history");
    page
}

fn say(page: &mut Page, room: &str, text: &str, msgid: &str) {
    page.send(&json!({"type": "say", "room": room, "text": text, "msgid": msgid}));
    page.find(|message| message["type"] == "ack" && message["msgid"] == msgid);
}

fn begin(page: &mut Page, wish: &Value) -> String {
    page.send(wish);
    let welcome = page.expect("welcome");
    page.expect("history");
    welcome["room"].as_str().expect("a name").to_owned()
}

/// Anna and bob have a conversation of two, and a room with a password; eve and mallory are in the lobby.
fn company(chat: &Chat) -> (Page, Page, [String; 2]) {
    let (mut anna, mut bob) = (window(chat, "anna"), window(chat, "bob"));
    let with_bob = json!([{ "to": "bob" }]);
    let pair = begin(&mut anna, &json!({"type": "converse", "people": with_bob}));
    let room = begin(
        &mut anna,
        &json!({"type": "converse", "people": with_bob, "title": "sesame street"}),
    );
    for name in [&pair, &room] {
        bob.send(&json!({"type": "enter", "rooms": [{ "room": name }]}));
        bob.expect("history");
        say(&mut anna, name, "sesame one", "m1");
        say(&mut bob, name, "sesame two", "m2");
        anna.send(&json!({"type": "topic", "room": name, "text": "sesame three"}));
        bob.find(|message| message["text"] == "sesame three");
        anna.send(&json!({"type": "whisper", "room": name, "to": "bob", "text": "sesame four"}));
        bob.find(|message| message["text"] == "sesame four");
        bob.send(&json!({"type": "typing", "room": name, "text": "sesame five"}));
        anna.find(|message| message["text"] == "sesame five");
    }
    anna.send(&json!({"type": "password", "room": room, "text": "sesame six", "msgid": "p"}));
    anna.find(|message| message["msgid"] == "p");
    anna.send(&json!({"type": "rename", "room": room, "text": "sesame seven"}));
    bob.find(|message| message["title"] == "sesame seven");
    (anna, bob, [pair, room])
}

/// What chat-cgi answers somebody else, whatever they ask.
fn ask_everything(chat: &Chat, rooms: &[String]) -> String {
    let mut heard = String::new();
    let session = chat.log_in_as("eve");
    for cookie in ["", &session] {
        for name in rooms {
            for question in [
                "history",
                "history?q=sesame",
                "search?q=sesame",
                "transcript?format=json",
            ] {
                let joint = if question.contains('?') { '&' } else { '?' };
                let question =
                    |room: &str| format!("/{question}{joint}room={room}&client=eves-browser");
                let answer = ask(chat, &question(name), cookie);
                assert!(
                    answer.contains("404") && answer.contains("no_such_room"),
                    "{answer}"
                );
                assert_eq!(
                    answer,
                    ask(chat, &question("~0123456789abcdef0123"), cookie)
                );
                heard.push_str(&answer);
            }
        }
        for question in [
            "/rooms",
            "/rooms?list=historical&limit=500",
            "/rooms?q=sesame",
            "/history?room=lobby&q=sesame",
            "/search?q=sesame",
            "/search?q=sesame&client=eves-browser",
            "/search?q=lobby+from:anna",
            "/health",
            "/config",
            "/session",
        ] {
            // A search says what it was understood as.
            let answer = ask(chat, question, cookie).replace("\"words\":[\"sesame\"]", "");
            heard.push_str(&answer);
        }
    }
    heard
}

fn members_find_it(chat: &Chat, rooms: &[String], cookie: &str) {
    let found = ask(chat, "/search?q=SESAME+two", cookie);
    for room in rooms {
        assert!(found.contains(&format!("\"room\":\"{room}\"")), "{found}");
    }
    let whisper = "sesame four";
    assert!(!found.contains(whisper), "it is in no log: {found}");
}

#[test]
fn nobody_else_hears_finds_counts_or_reads_a_conversation() {
    let chat = Chat::with("MESSAGE_RATE=100000\nMESSAGE_BURST=100000");
    let mut eve = window(&chat, "eve");
    let mut mallory = chat.old_page("lobby", "mallory");
    mallory.line_with("Userlist");
    let (mut anna, bob, rooms) = company(&chat);
    let mut heard = String::new();
    for name in &rooms {
        for wish in [
            "enter", "say", "whisper", "history", "members", "invite", "link", "signal", "typing",
            "read",
        ] {
            eve.send(&json!({
                "type": wish, "room": name, "rooms": [{ "room": name, "password": "open", "invitation": "open" }],
                "text": "x", "to": "anna", "data": {}, "id": "2026-01-01T00:00:00.000000Z", "msgid": "e1",
            }));
        }
        eve.send(&json!({"type": "say", "room": "lobby", "text": "/rooms", "msgid": "e2"}));
        eve.send(
            &json!({"type": "say", "room": "lobby", "text": "/msg anna hello", "msgid": "e3"}),
        );
    }
    say(&mut anna, "lobby", "the end", "m9");
    for message in eve.settle() {
        // What eve asked for by its name is told by that name; nothing else is.
        let mut message = message.clone();
        if message["room"]
            .as_str()
            .is_some_and(|room| rooms.iter().any(|name| name == room))
        {
            assert!(
                matches!(message["type"].as_str(), Some("error" | "parted")),
                "{message}"
            );
            message["room"] = json!("ROOM");
        }
        if message["code"] == "not_in_room" {
            message["text"] = Value::Null;
        }
        heard.push_str(&message.to_string());
    }
    loop {
        let line = mallory.line().expect("a line");
        heard.push_str(&line);
        if line.contains("the end") {
            break;
        }
    }
    heard.push_str(&ask_everything(&chat, &rooms));
    for needle in [SECRET, &rooms[0], &rooms[1]] {
        assert!(!heard.contains(needle), "{needle}: {heard}");
    }
    assert!(
        heard.contains("the end") && heard.contains("\"name\":\"lobby\""),
        "{heard}"
    );
    // Members read it there.
    let annas = chat.log_in_as("anna");
    let history = ask(
        &chat,
        &format!("/history?room={}&q=SESAME", rooms[1]),
        &annas,
    );
    assert!(
        history.contains("sesame one") && history.contains("sesame two"),
        "{history}"
    );
    members_find_it(&chat, &rooms, &annas);
    let transcript = ask(&chat, &format!("/transcript?room={}", rooms[0]), &annas);
    assert!(transcript.contains("anna: sesame one"), "{transcript}");

    drop((anna, bob, eve));
    let inside = chat.path("closed").display().to_string();
    let outside = |needle: &str, also: &[&str]| {
        let found = files_with(chat.base(), needle);
        assert!(!found.is_empty());
        let allowed = |path: &String| {
            path.starts_with(&inside)
                || also
                    .iter()
                    .any(|dir| path.starts_with(&chat.path(dir).display().to_string()))
        };
        found
            .into_iter()
            .filter(|path| !allowed(path))
            .collect::<Vec<_>>()
    };
    let none: Vec<String> = Vec::new();
    // Whispers wait there for whoever lost the connection.
    assert_eq!(outside(SECRET, &["run/closed"]), none);
    for name in &rooms {
        // Their own lists of rooms, and bells.
        assert_eq!(outside(name, &["marks", "run/closed"]), none);
    }
    for name in ["eve", "mallory"] {
        let number = chat_store::people::person::PersonId::of(Some(name), None).expect("a number");
        let marks =
            fs::read_to_string(chat.path("marks").join(number.as_str())).unwrap_or_default();
        assert!(!marks.contains('~'), "{marks}");
    }
}

#[test]
fn the_administrator_sees_ends_and_forgets_them() {
    let chat = Chat::with("MESSAGE_RATE=100000\nMESSAGE_BURST=100000");
    let (mut anna, mut bob, [pair, room]) = company(&chat);
    let (code, listed) = chatctl(&chat, &["rooms"]);
    assert!(
        code == 0 && listed.contains("pair of 2") && listed.contains("group of 2 sesame seven"),
        "{listed}"
    );
    let (code, members) = chatctl(&chat, &["members", &room]);
    assert!(
        code == 0 && members.contains("anna") && members.contains("keeps it"),
        "{members}"
    );
    assert_eq!(chatctl(&chat, &["members", "lobby"]).0, 3);
    assert!(chatctl(&chat, &["history", &room]).1.contains("sesame one"));
    assert!(chatctl(&chat, &["users", &room]).1.contains("bob"));
    assert_eq!(chatctl(&chat, &["say", &room, "hello"]).0, 0);
    anna.find(|message| message["room"] == room.as_str() && message["text"] == "hello");
    let (_, export) = chatctl(&chat, &["person", "export", "--account", "bob"]);
    assert!(
        export.contains("membership") && export.contains("sesame two"),
        "{export}"
    );
    assert_eq!(
        chatctl(&chat, &["person", "erase", "--account", "bob"]).0,
        1,
        "bob is there"
    );
    bob.send(&json!({"type": "quit"}));
    while bob.next().is_some() {}
    let erased = eventually_erased(&chat, "bob");
    assert!(erased.contains("forgotten"), "{erased}");
    assert_eq!(files_with(chat.base(), "bob"), Vec::<String>::new());
    assert_eq!(files_with(chat.base(), "sesame two"), Vec::<String>::new());
    let (_, members) = chatctl(&chat, &["members", &pair]);
    assert!(
        members.contains("anna") && !members.contains("bob"),
        "{members}"
    );
    // Ended: who is there goes, and nothing is left.
    assert_eq!(chatctl(&chat, &["purge", &room]).0, 1, "anna is there");
    let done = chatctl(&chat, &["purge", "--force", &room]);
    assert_eq!(done.0, 0, "{}", done.1);
    let parted = anna.find(|message| message["type"] == "parted");
    assert_eq!(
        (&parted["room"], &parted["reason"]),
        (&json!(room), &json!("dismissed"))
    );
    assert!(!chat.path(&format!("closed/{room}")).exists());
    // Of nobody: it goes with what is old.
    anna.send(&json!({"type": "quit"}));
    while anna.next().is_some() {}
    let list = chat.path(&format!("closed/{pair}/members"));
    let text = fs::read_to_string(&list).expect("a list");
    let nobody: Vec<_> = text
        .lines()
        .filter(|line| !line.starts_with("member"))
        .collect();
    fs::write(&list, nobody.join("\n")).expect("written");
    let (code, expired) = chatctl(&chat, &["expire", "--older-than", "10years"]);
    assert!(
        code == 0 && expired.contains("nobody may be any more"),
        "{expired}"
    );
    assert!(!chat.path(&format!("closed/{pair}")).exists());
}

/// Whoever left may be gone a moment later.
fn eventually_erased(chat: &Chat, account: &str) -> String {
    e2e::deadline::eventually("they are forgotten", || {
        let (code, told) = chatctl(chat, &["person", "erase", "--account", account]);
        (code == 0).then_some(told)
    })
}

/// What is said, which is more than what is asked for.
const OPENS: &str = "sesame opens";

/// What a stranger can see: in lists, history and search.
fn seen_by_strangers(chat: &Chat) -> String {
    let questions = [
        "/rooms",
        "/history?room=den",
        "/search?q=sesame&room=den",
        "/search?q=sesame",
    ];
    questions.map(|question| ask(chat, question, "")).concat()
}

#[test]
fn a_room_that_is_made_private_is_gone_for_strangers_also_when_chatctl_is_killed_in_the_middle() {
    /// So often it is killed.
    const KILLS: u32 = 30;
    let mut private = 0;
    let mut longest = std::time::Duration::ZERO;
    // The first one is not killed: then it is known how long it takes.
    for round in 0..=KILLS {
        let chat = Chat::new();
        let (code, text) = chatctl(&chat, &["say", "den", OPENS]);
        assert_eq!(code, 0, "{text}");
        assert!(seen_by_strangers(&chat).contains(OPENS));
        for number in 1..=20 {
            let packed = chat.path(&format!("rooms/den.log.{number}.gz"));
            fs::write(packed, OPENS).expect("a file");
        }
        let mut dying = Command::new(e2e::under_test::beside("chatctl"))
            .env_clear()
            .env("CHAT_CONFIG", chat.path("chat.ini"))
            .args(["make-private", "den", "--member=alice"])
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("it starts");
        let began = std::time::Instant::now();
        if round > 0 {
            std::thread::sleep(longest * round / KILLS);
            let _ = dying.kill();
        }
        dying.wait().expect("our child");
        longest = longest.max(began.elapsed());
        let seen = seen_by_strangers(&chat);
        let (_, rooms) = chatctl(&chat, &["rooms", "--json"]);
        assert_eq!(files_with(&chat.path(""), OPENS).len(), 21, "{rooms}");
        if seen.contains(OPENS) {
            assert!(rooms.contains("\"den\""), "{rooms}");
            continue;
        }
        private += 1;
        assert!(!seen.contains("\"den\""), "{seen}");
        assert!(!chat.path("closed/.moving").exists());
        let outside = files_with(&chat.path("rooms"), "den");
        assert!(outside.is_empty(), "{outside:?}");
        let (code, text) = chatctl(&chat, &["history", "den"]);
        assert!(code == 0 && text.contains(OPENS), "{text}");
        let alice = chat.log_in_as("alice");
        assert!(ask(&chat, "/history?room=den", &alice).contains(OPENS));
        let (code, text) = chatctl(&chat, &["make-public", "den", "--history"]);
        assert_eq!(code, 0, "{text}");
        assert!(seen_by_strangers(&chat).contains(OPENS));
    }
    assert!(private > 0, "it was killed too early each time");
}
