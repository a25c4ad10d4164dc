//! What is for one person is told to nobody else, and nobody can write another's line: both protocols, both daemons.

use std::fs;
use std::path::Path;
use std::process::Command;

use e2e::chat::{Chat, Files, UNLIMITED};
use e2e::daemon::Builder;
use e2e::deadline::eventually;
use e2e::program::Program;
use e2e::under_test::{Subject, chat_cgi, chatctl};
use e2e::ws::Client;
use serde_json::json;

/// Stands in everything that is private here, and in nothing else.
const SECRET: &str = "sesame";

/// A connection, whichever its protocol, and all that was read from it.
struct Ear {
    name: &'static str,
    client: Client,
    heard: Vec<String>,
}

impl Ear {
    fn text(chat: &Chat, room: &str, name: &'static str) -> Self {
        Self::welcomed(name, chat.text(room, name), "Welcome to the chat room")
    }

    fn json(chat: &Chat, room: &str, name: &'static str) -> Self {
        let client = chat.json_with(room, name, "").client;
        Self::welcomed(name, client, "\"welcome\"")
    }

    /// The original answers before the handler is there: whoever comes next could be in the room sooner, and no news
    /// any more.
    fn welcomed(name: &'static str, client: Client, welcome: &str) -> Self {
        let mut ear = Self {
            name,
            client,
            heard: Vec::new(),
        };
        ear.hear(&[welcome]);
        ear
    }

    /// Reads up to a message that holds all of `parts`.
    #[track_caller]
    fn hear(&mut self, parts: &[&str]) -> String {
        loop {
            let message = self.client.text();
            self.heard.push(message.clone());
            if parts.iter().all(|part| message.contains(part)) {
                return message;
            }
        }
    }
}

/// Files below `dir` that hold `needle`, in their bytes or their names.
fn files_with(dir: &Path, needle: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("readable").flatten() {
        let (path, kind) = (entry.path(), entry.file_type().expect("a type"));
        let named = path.display().to_string();
        if kind.is_dir() {
            found.extend(files_with(&path, needle));
            continue;
        }
        // Bells are FIFOs: nothing is kept in them but one byte a ring.
        let bytes = if kind.is_file() {
            fs::read(&path).unwrap_or_default()
        } else {
            Vec::new()
        };
        if named.contains(needle) || String::from_utf8_lossy(&bytes).contains(needle) {
            found.push(named);
        }
    }
    found
}

/// What `chat-cgi` answers, as a web server would ask it.
fn ask_cgi(files: &Files, path: &str, query: &str) -> String {
    let mut command = Command::new(chat_cgi());
    command
        .env("CHAT_CONFIG", files.ini())
        .env("REQUEST_METHOD", "GET")
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query);
    let finished = Program::run(&command);
    assert_eq!(finished.code(), 0, "{finished:?}");
    finished.stdout
}

fn ask_chatctl(files: &Files, arguments: &[&str]) -> String {
    let mut command = Command::new(chatctl());
    command.arg("--config").arg(files.ini()).args(arguments);
    let finished = Program::run(&command);
    assert_eq!(finished.code(), 0, "{finished:?}");
    finished.stdout
}

/// Four people who have secrets, and four who shall not hear them, two of these in another room.
struct Company {
    alice: Ear,
    bob: Ear,
    old: Ear,
    older: Ear,
    others: [Ear; 4],
}

impl Company {
    fn gather(chat: &Chat) -> Self {
        let mut alice = Ear::json(chat, "r", "alice");
        let mut bob = Ear::json(chat, "r", "bob");
        let mut old = Ear::text(chat, "r", "old");
        let mut older = Ear::text(chat, "r", "older");
        let mut others = [
            Ear::json(chat, "r", "eve"),
            Ear::text(chat, "r", "mallory"),
            Ear::json(chat, "elsewhere", "eve2"),
            Ear::text(chat, "elsewhere", "mallory2"),
        ];
        for ear in [&mut alice, &mut bob] {
            ear.hear(&["\"join\"", "mallory"]);
        }
        for ear in [&mut old, &mut older] {
            ear.hear(&["Userlist: ", "mallory:"]);
        }
        others[2].hear(&["\"join\"", "mallory2"]);
        others[3].hear(&["Userlist: "]);
        Self {
            alice,
            bob,
            old,
            older,
            others,
        }
    }

    /// Whispers: each kind, each direction; the sender gets a copy.
    fn whisper(&mut self) {
        let Self {
            alice,
            bob,
            old,
            older,
            ..
        } = self;
        let whisper = json!({"type": "whisper", "to": "bob", "text": "sesame 1", "msgid": "w1"});
        alice.client.send(whisper.to_string());
        alice.hear(&["whisper", "sesame 1"]);
        bob.hear(&["whisper", "sesame 1"]);
        let command = json!({"type": "say", "text": "/msg BOB sesame 2", "msgid": "w2"});
        alice.client.send(command.to_string());
        alice.hear(&["whisper", "sesame 2"]);
        bob.hear(&["whisper", "sesame 2"]);
        alice
            .client
            .send(json!({"type": "whisper", "to": "old", "text": "sesame 3"}).to_string());
        alice.hear(&["sesame 3"]);
        assert!(old.hear(&["sesame 3"]).ends_with("] alice> old: sesame 3"));
        old.client.send("older: sesame 4");
        assert!(old.hear(&["sesame 4"]).ends_with("] old> older: sesame 4"));
        assert!(
            older
                .hear(&["sesame 4"])
                .ends_with("] old> older: sesame 4")
        );
        old.client.send("/msg alice sesame 5");
        old.hear(&["sesame 5"]);
        alice.hear(&["whisper", "sesame 5"]);
    }

    /// WebRTC: offer, answer and candidate, as both kinds of pages send them, up to the longest.
    fn signal(&mut self) {
        let Self {
            alice,
            bob,
            old,
            older,
            ..
        } = self;
        let sdp = format!("v=0 {SECRET} {}", "a=x ".repeat(15_000));
        let offer = json!({"type": "offer", "sdp": &sdp});
        alice
            .client
            .send(json!({"type": "signal", "to": "bob", "data": offer}).to_string());
        bob.hear(&["signal", "offer", SECRET]);
        old.client.send(format!("older: {offer}"));
        // In the order that the pages of 2016 look for.
        let told = format!(r#"] old> older: {{"type":"offer","sdp":"{sdp}"}}"#);
        assert!(older.hear(&["offer", SECRET]).ends_with(&told));
        assert!(old.hear(&["offer", SECRET]).ends_with(&told));
        older.client.send(format!(
            "bob: {}",
            json!({"type": "answer", "sdp": "sesame 6"})
        ));
        bob.hear(&["signal", "answer", "sesame 6"]);
        older.hear(&["answer", "sesame 6"]);
        let candidate =
            json!({"candidate": "candidate:1 1 UDP 1 192.0.2.1 9 typ host sesame", "sdpMid": "0"});
        bob.client
            .send(json!({"type": "signal", "to": "old", "data": candidate}).to_string());
        old.hear(&["candidate:1", SECRET]);
        // For somebody who is not here it is for nobody.
        old.client.send(format!("gone: {offer}"));
        old.hear(&["gone is not here"]);
        alice.client.send(
            json!({"type": "whisper", "to": "gone", "text": "sesame 7", "msgid": "w7"}).to_string(),
        );
        alice.hear(&["no_such_user", "w7"]);
        alice
            .client
            .send(json!({"type": "typing", "to": "bob", "text": "sesame 8"}).to_string());
        bob.hear(&["typing", "sesame 8"]);
    }

    /// Everything before has been dealt with when this comes.
    fn hear_the_end(&mut self) {
        let Self {
            alice,
            bob,
            old,
            older,
            others,
        } = self;
        alice
            .client
            .send(json!({"type": "say", "text": "the end"}).to_string());
        for ear in [alice, bob, old, older] {
            ear.hear(&["the end"]);
        }
        for ear in &mut others[..2] {
            ear.hear(&["the end"]);
        }
        for ear in &mut others[2..] {
            let mark = if ear.name == "eve2" {
                json!({"type": "say", "text": "the end"}).to_string()
            } else {
                "the end".to_owned()
            };
            ear.client.send(mark);
            ear.hear(&["the end"]);
        }
        for ear in others.iter() {
            assert!(
                !ear.heard.join("\n").contains(SECRET),
                "{} heard it: {:?}",
                ear.name,
                ear.heard
            );
        }
    }
}

/// Who comes later, asks for history, or reads the files finds nothing.
#[track_caller]
fn nothing_is_left(chat: &Chat) {
    let mut late = Ear::json(chat, "r", "late");
    late.client
        .send(json!({"type": "history", "since": "2020-01-01T00:00:00.000000Z"}).to_string());
    late.hear(&["history", "\"since\"", "the end"]);
    let mut late_old = Ear::text(chat, "r", "lateold");
    late_old.hear(&["the end"]);
    late_old.hear(&["Userlist: "]);
    for ear in [&late, &late_old] {
        assert!(!ear.heard.join("\n").contains(SECRET), "{:?}", ear.heard);
    }
    let files = chat.files();
    for (path, query) in [
        ("/history", "room=r"),
        ("/history", "room=r&limit=500"),
        ("/history", "room=r&q=sesame"),
        ("/history", "room=r&q=alice"),
        ("/rooms", "list=historical"),
        ("/rooms", ""),
    ] {
        let answer = ask_cgi(files, path, query);
        assert!(answer.contains("Status: 200"), "{answer}");
        assert!(!answer.contains(SECRET), "{path}?{query}: {answer}");
    }
    assert!(ask_cgi(files, "/history", "room=r").contains("the end"));
    for arguments in [
        &["history", "r", "--all", "-n", "1000"][..],
        &["--json", "history", "r", "--search", "sesame"],
        &["export", "r"],
        &["status"],
    ] {
        assert!(
            !ask_chatctl(files, arguments).contains(SECRET),
            "{arguments:?}"
        );
    }
    // Inboxes are emptied by those who read them; nothing else ever held it.
    eventually("no file holds what is private", || {
        files_with(files.base(), SECRET).is_empty().then_some(())
    });
    let log = chat.daemon.log().so_far();
    assert!(!log.iter().any(|line| line.contains(SECRET)), "{log:#?}");
}

#[track_caller]
fn what_is_private_stays_so(subject: &Subject) {
    // The daemon tells its log all that it ever tells it.
    let talkative = |builder: Builder| builder.flag("--loglevel=debug");
    let chat = Chat::start_with(subject, UNLIMITED, talkative);
    let mut company = Company::gather(&chat);
    company.whisper();
    company.signal();
    company.hear_the_end();
    nothing_is_left(&chat);
}

#[test]
fn what_is_private_stays_so_under_ours() {
    what_is_private_stays_so(&Subject::under_test());
}

#[test]
fn what_is_private_stays_so_under_debians_websocketd() {
    what_is_private_stays_so(&Subject::original());
}

/// Everything that a line may hold to look like more than one, or like somebody else's.
const FORGERIES: [&str; 14] = [
    "a\n[10:00:00] bob> hi",
    "b\r\n[10:00:00] bob> hi",
    "c\r[10:00:00] bob> hi",
    "d\u{2028}[10:00:00] bob> hi",
    "e\u{85}[10:00:00] bob> hi",
    "f\u{b}\u{c}[10:00:00] bob> hi",
    "g\n2026-01-01T00:00:00.000000Z\tsay\tbob\t\thi",
    "h\t\t\tbob\thi",
    "i\u{1b}[2J\u{1b}[1;1H[10:00:00] bob> hi\u{1b}]0;title\u{7}",
    "j\u{9b}2J\u{8}\u{8}\u{8}\u{7f}bob> hi",
    "k\u{202e}ih >bob\u{202c}\u{2066}x\u{2069}\u{202d}",
    "l\u{0}bob",
    "Userlist: bob:red,",
    "bob joined the r",
];

/// The name that a line of the text protocol says it is from.
fn speaker(line: &str) -> Option<&str> {
    let rest = line.get(11..)?;
    let (name, _) = rest.split_once("> ")?;
    (!name.contains(' ')).then_some(name)
}

fn is_clean(text: &str) -> bool {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}');
    !text.chars().any(|c| c.is_control() || turns(c))
}

/// As [`is_clean`], of words that may have lines and tabs; `line_end` stands between the lines.
fn is_clean_text(text: &str, line_end: char) -> bool {
    is_clean(&text.replace([line_end, '\t'], ""))
}

/// Checks one line of the text protocol; bob is here and never says anything.
#[track_caller]
fn check_line(line: &str) {
    assert!(is_clean_text(line, '\t'), "{line:?}");
    assert_ne!(speaker(line), Some("bob"), "{line:?}");
    if let Some(list) = line
        .get(11..)
        .and_then(|rest| rest.strip_prefix("Userlist: "))
    {
        // Nobody here has another color than at first.
        let mut pairs = list.trim_end_matches(',').split(',');
        assert!(
            pairs.all(|pair| pair.ends_with(":Gray")) && list.contains("bob:"),
            "{line:?}"
        );
    }
    if line.ends_with(" joined the r") && speaker(line).is_none() {
        assert_eq!(line.matches(' ').count(), 4, "{line:?}");
    }
}

/// Eve tries it all, by either protocol.
fn forge(eve: &mut Ear, old_eve: &mut Ear) {
    for text in FORGERIES {
        eve.client
            .send(json!({"type": "say", "text": text}).to_string());
        eve.client
            .send(json!({"type": "say", "text": format!("/me {text}")}).to_string());
        eve.client
            .send(json!({"type": "say", "text": format!("/topic {text}")}).to_string());
        eve.client
            .send(json!({"type": "whisper", "to": "bob", "text": text}).to_string());
        // A newline in a message reaches a handler as the end of a line: two lines then, both eve's.
        old_eve.client.send(text);
        old_eve.client.send(format!("/me {text}"));
        old_eve.client.send(format!("bob: {text}"));
    }
    let forged = json!({
        "type": "say", "from": "bob", "id": "2026-01-01T00:00:00.000000Z", "account": "bob", "color": "red",
        "text": "whose is this", "kind": "say",
    });
    eve.client.send(forged.to_string());
    for name in [
        "bob",
        "BOB",
        "b\u{43e}b",
        "bob\u{200b}",
        "bob>",
        "[10:00:00] bob",
    ] {
        eve.client
            .send(json!({"type": "nick", "nick": name}).to_string());
    }
    eve.client
        .send(json!({"type": "nick", "nick": "eve"}).to_string());
    eve.client
        .send(json!({"type": "say", "text": "/quit?"}).to_string());
}

#[track_caller]
fn nobodys_line_is_forged(subject: &Subject) {
    let chat = Chat::start_with(subject, UNLIMITED, |builder| builder);
    let mut bob = Ear::text(&chat, "r", "bob");
    bob.hear(&["Userlist: "]);
    let mut eve = Ear::json(&chat, "r", "eve");
    eve.hear(&["\"join\"", "\"eve\""]);
    let mut old_eve = Ear::text(&chat, "r", "oldeve");
    old_eve.hear(&["Userlist: "]);
    let mut page = Ear::json(&chat, "r", "page");
    page.hear(&["\"join\"", "\"page\""]);

    forge(&mut eve, &mut old_eve);
    // A line of a megabyte (as long as either daemon takes it), then ten thousand lines at once.
    let long = "bob> hi [10:00:00] ".repeat(52_000);
    old_eve.client.send(long.clone());
    old_eve.hear(&["too long"]);
    eve.client
        .send(json!({"type": "say", "text": long}).to_string());
    eve.hear(&["\"error\"", "too_long"]);
    for number in 0..10_000 {
        old_eve
            .client
            .send(format!("{number}\u{1b}[2K\u{202e}bob> hi"));
        if number % 200 == 199 {
            // Both hold what the network does not.
            old_eve.hear(&[&format!("> {number}[")]);
        }
    }
    eve.client
        .send(json!({"type": "say", "text": "the end"}).to_string());
    for ear in [&mut eve, &mut old_eve, &mut page, &mut bob] {
        ear.hear(&["the end"]);
    }

    for line in bob.heard.iter().chain(&old_eve.heard) {
        check_line(line);
    }
    let flood = bob
        .heard
        .iter()
        .filter(|line| line.contains("[2Kbob> hi"))
        .count();
    assert_eq!(flood, 10_000, "each line once");
    for message in page.heard.iter().chain(&eve.heard) {
        let value: serde_json::Value = serde_json::from_str(message).expect("one object a message");
        let from = value["from"].as_str().unwrap_or_default();
        if value["type"] != "join" {
            assert_ne!(from, "bob", "{message}");
        }
        assert!(
            is_clean_text(value["text"].as_str().unwrap_or_default(), '\n')
                || value["type"] == "info",
            "{message}"
        );
    }
    what_is_kept_is_nobodys(&chat);
}

#[track_caller]
fn what_is_kept_is_nobodys(chat: &Chat) {
    for record in chat.files().records("r") {
        if record.kind != "join" {
            assert_ne!(record.from, "bob", "{record:?}");
        }
        assert!(is_clean_text(&record.text, '\u{2028}'), "{record:?}");
    }
    let kept = fs::read_to_string(chat.files().room_log("r")).expect("UTF-8");
    assert!(
        kept.lines().all(is_record_line),
        "a line of the log is no record"
    );
    // The pages of history, and who comes later.
    for query in [
        "room=r&limit=500",
        "room=r&q=hi&limit=500",
        "room=r&q=joined",
    ] {
        let answer = ask_cgi(chat.files(), "/history", query);
        let (_, body) = answer
            .split_once("\n\n")
            .or_else(|| answer.split_once("\r\n\r\n"))
            .expect("a body");
        let value: serde_json::Value = serde_json::from_str(body.trim()).expect("JSON");
        for record in value["records"].as_array().expect("records") {
            if record["type"] != "join" {
                assert_ne!(record["from"], "bob", "{record}");
            }
        }
    }
    let mut late = Ear::text(chat, "r", "late");
    late.hear(&["late joined the r"]);
    for line in &late.heard {
        check_line(line);
    }
}

/// `TIME<TAB>KIND<TAB>FROM<TAB>ATTRS<TAB>TEXT`, and nothing that moves a cursor; only a text has tabs, and line ends of
/// its own.
fn is_record_line(line: &str) -> bool {
    let fields: Vec<_> = line.splitn(5, '\t').collect();
    let [id, kind, from, attrs, text] = fields[..] else {
        return false;
    };
    let is_one_line = [kind, from, attrs].into_iter().all(is_clean);
    id.len() == 27 && is_one_line && is_clean_text(text, '\u{2028}')
}

#[test]
fn nobodys_line_is_forged_under_ours() {
    nobodys_line_is_forged(&Subject::under_test());
}

#[test]
fn nobodys_line_is_forged_under_debians_websocketd() {
    nobodys_line_is_forged(&Subject::original());
}
