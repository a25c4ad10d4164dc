//! The rooms' logs under the real logrotate, while people talk: through the real daemon, 30 rotations at 200 messages a
//! second from three rooms, by the shipped rule and by the one that the old README showed.

#![allow(
    clippy::print_stdout,
    reason = "what logrotate lost is the test's report"
)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use e2e::chat::{Chat, Record};
use e2e::deadline::eventually;
use e2e::page::Page;
use e2e::requirement::part;
use e2e::under_test::{Subject, workspace};
use e2e::ws::Client;
use serde_json::{Value, json};

const ROTATIONS: usize = 30;
const ROOMS: [&str; 3] = ["lobby", "garden", "Železná-hospoda"];
/// Between two messages of a room's speaker: 67 a second, 200 in all rooms.
const PACE: Duration = Duration::from_millis(15);
/// What is said in a room between two rotations at least: some messages.
const SOME_BYTES: u64 = 600;
/// Who only listens, in each room.
const LISTENERS: usize = 2;
const LAST: &str = "that was all";

/// What one page has seen: the ids of the messages, in the order they came.
type Seen = Vec<String>;

/// When logrotate ran, as ids are written.
type Gap = (String, String);

struct Outcome {
    room: &'static str,
    /// What the speaker was told is in the log.
    acked: Vec<String>,
    seen: Vec<Seen>,
}

fn id_of(message: &Value) -> String {
    message["id"].as_str().expect("an id").to_owned()
}

/// The time now, written as a record's id; `date` knows the calendar.
fn now() -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    let at = format!("@{}.{:06}", now.as_secs(), now.subsec_micros());
    let mut date = Command::new("date");
    let output = date
        .args(["--utc", "--date", &at, "+%Y-%m-%dT%H:%M:%S.%6NZ"])
        .output();
    let output = output.expect("coreutils are everywhere");
    String::from_utf8(output.stdout)
        .expect("ASCII")
        .trim()
        .to_owned()
}

/// The shipped rule for these files and whoever runs the test, changed by `change`.
fn rule(chat: &Chat, change: impl Fn(&str) -> String) -> PathBuf {
    let shipped = fs::read_to_string(workspace().join("logrotate/websocketd-rs-chat"))
        .expect("it is shipped");
    let name = |flag: &str| {
        let output = Command::new("id")
            .arg(flag)
            .output()
            .expect("coreutils are everywhere");
        String::from_utf8(output.stdout)
            .expect("a name")
            .trim()
            .to_owned()
    };
    let owner = format!("{} {}", name("-un"), name("-gn"));
    let base = chat.files().base().to_str().expect("UTF-8");
    let text = shipped
        .replace("/var/lib/websocketd-rs/chat", base)
        .replace("www-data www-data", &owner);
    assert!(
        text.contains(base) && text.contains(&format!("create 0640 {owner}")),
        "{text}"
    );
    let path = chat.files().base().join("rule");
    fs::write(&path, change(&text)).expect("writable");
    // logrotate refuses a rule that others may write.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("ours");
    path
}

/// Runs logrotate once enough was said in every room since the last time; when it ran.
fn rotate(chat: &Chat, rule: &PathBuf) -> Gap {
    for room in ROOMS {
        eventually("something is said in every room", || {
            let live = fs::metadata(chat.files().room_log(room));
            live.is_ok_and(|found| found.len() > SOME_BYTES)
                .then_some(())
        });
    }
    let before = now();
    force(chat, rule);
    (before, now())
}

/// Runs logrotate by the rule, whatever is old or long enough.
fn force(chat: &Chat, rule: &PathBuf) {
    let output = Command::new(part("/usr/sbin/logrotate", "logrotate"))
        .args(["--force", "--state"])
        .arg(chat.files().base().join("state-of-logrotate"))
        .arg(rule)
        .output()
        .expect("it starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && told.is_empty(),
        "logrotate: {told}"
    );
}

/// All files of a room's log.
fn files(chat: &Chat, room: &str) -> Vec<PathBuf> {
    let live = chat.files().room_log(room);
    let name = live
        .file_name()
        .expect("a name")
        .to_str()
        .expect("UTF-8")
        .to_owned();
    let entries = fs::read_dir(live.parent().expect("rooms/")).expect("readable");
    let paths = entries.map(|entry| entry.expect("readable").path());
    paths
        .filter(|path| {
            path.file_name()
                .is_some_and(|file| file.to_str().is_some_and(|file| file.starts_with(&name)))
        })
        .collect()
}

/// The ids of what was said, in all files together, sorted; one that is there twice is there twice.
fn stored(chat: &Chat, room: &str) -> Vec<String> {
    let texts = files(chat, room)
        .into_iter()
        .map(|path| fs::read_to_string(path).expect("UTF-8"));
    let records: Vec<Record> = texts
        .flat_map(|text| text.lines().map(Record::parse).collect::<Vec<_>>())
        .collect();
    let mut ids: Vec<String> = records
        .into_iter()
        .filter(|record| record.kind == "say")
        .map(|record| record.time)
        .collect();
    ids.sort();
    ids
}

/// Says one thing after the other until told to stop, then the last thing.
fn speak(mut page: Page<Client>, over: &AtomicBool) -> (Vec<String>, Seen) {
    let (mut acked, mut seen) = (Vec::new(), Vec::new());
    let start = Instant::now();
    let mut ended = false;
    for number in 0_u32.. {
        let is_last = over.load(Ordering::Relaxed);
        let text = if is_last {
            LAST.to_owned()
        } else {
            format!("number {number}")
        };
        page.say(&text, &format!("m{number}"));
        loop {
            let message = page.message();
            assert_ne!(message["type"], "error", "{message}");
            if message["type"] == "say" {
                ended |= message["text"] == LAST;
                seen.push(id_of(&message));
            }
            if message["type"] == "ack" {
                acked.push(id_of(&message));
                break;
            }
        }
        if is_last {
            break;
        }
        thread::sleep((start + PACE * number).saturating_duration_since(Instant::now()));
    }
    while !ended {
        let message = page.expect("say");
        ended = message["text"] == LAST;
        seen.push(id_of(&message));
    }
    (acked, seen)
}

/// Listens until the last thing was said.
fn listen(mut page: Page<Client>) -> Seen {
    let mut seen = Vec::new();
    loop {
        let message = page.expect("say");
        seen.push(id_of(&message));
        if message["text"] == LAST {
            return seen;
        }
    }
}

/// People in all rooms, logrotate 30 times among them.
fn talk(chat: &Chat, rule: &PathBuf) -> (Vec<Outcome>, Vec<Gap>) {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let mut rooms = Vec::new();
        for room in ROOMS {
            let listeners: Vec<_> = (0..LISTENERS)
                .map(|n| chat.json(room, &format!("listener{n}")))
                .collect();
            let listeners: Vec<_> = listeners
                .into_iter()
                .map(|page| scope.spawn(|| listen(page)))
                .collect();
            let page = chat.json(room, "speaker");
            let over = &over;
            rooms.push((room, scope.spawn(move || speak(page, over)), listeners));
        }
        let gaps = thread::scope(|inner| {
            inner
                .spawn(|| (0..ROTATIONS).map(|_| rotate(chat, rule)).collect())
                .join()
        });
        // Also when a rotation failed: else the threads would talk for ever.
        over.store(true, Ordering::Relaxed);
        let outcomes = rooms.into_iter().map(|(room, speaker, listeners)| {
            let (acked, own) = speaker.join().expect("the speaker is served");
            let mut seen: Vec<Seen> = listeners
                .into_iter()
                .map(|one| one.join().expect("a listener is served"))
                .collect();
            seen.push(own);
            Outcome { room, acked, seen }
        });
        (outcomes.collect(), gaps.expect("logrotate works"))
    })
}

/// What a page gets that comes back after it has seen `since`: pages of what it missed.
fn resume(chat: &Chat, room: &str, since: &str) -> Seen {
    let mut page = chat.json_with(room, "returned", &format!("&since={since}"));
    let mut seen = Vec::new();
    loop {
        let history = page.expect("history");
        let records = history["records"].as_array().expect("records");
        seen.extend(
            records
                .iter()
                .filter(|record| record["type"] == "say")
                .map(id_of),
        );
        if history["more"] == false {
            return seen;
        }
    }
}

#[test]
fn the_shipped_rule_loses_nothing_and_shows_nothing_twice() {
    let chat = Chat::unlimited(&Subject::under_test());
    let rule = rule(&chat, str::to_owned);
    let (outcomes, gaps) = talk(&chat, &rule);
    for Outcome { room, acked, seen } in &outcomes {
        assert!(
            files(&chat, room).len() > ROTATIONS,
            "{room} was rotated {ROTATIONS} times"
        );
        assert!(acked.windows(2).all(|pair| pair[0] < pair[1]), "ids grow");
        for seen in seen {
            assert!(
                seen == acked,
                "{room}: {} of {} were seen, each once and in order",
                seen.len(),
                acked.len()
            );
        }
        assert!(
            stored(&chat, room) == *acked,
            "{room}: the files together hold each message once"
        );
        // Over all 30 files, over three of them, and from the last one.
        for since in [&acked[0], &gaps[ROTATIONS - 3].0, &gaps[ROTATIONS - 1].1] {
            let missed: Vec<&String> = acked.iter().filter(|id| *id > since).collect();
            let found = resume(&chat, room, since);
            assert!(
                found.iter().eq(missed.iter().copied()),
                "{room}: {} of {} since {since}",
                found.len(),
                missed.len()
            );
        }
    }
}

#[test]
fn copytruncate_shows_nothing_twice_stalls_nobody_and_loses_only_in_its_own_gap() {
    let chat = Chat::unlimited(&Subject::under_test());
    let rule = rule(&chat, |shipped| {
        let without = shipped
            .lines()
            .filter(|line| !line.trim().starts_with("create "));
        without
            .collect::<Vec<_>>()
            .join("\n")
            .replace("nocompress", "nocompress\n    copytruncate")
            + "\n"
    });
    // That everybody got to the last message says that nothing stalled.
    let (outcomes, gaps) = talk(&chat, &rule);
    let (mut lost, mut said) = (0, 0);
    for Outcome { room, acked, seen } in &outcomes {
        let stored = stored(&chat, room);
        let kept: BTreeSet<&String> = stored.iter().collect();
        assert_eq!(
            kept.len(),
            stored.len(),
            "{room}: the files hold nothing twice"
        );
        for (at, id) in acked.iter().enumerate() {
            if kept.contains(id) {
                continue;
            }
            // An id is taken before its line is written, and a busy machine may let much happen between:
            // the line was written before the next was said.
            let next = acked.get(at + 1);
            let within = gaps
                .iter()
                .any(|(start, end)| id <= end && next.is_none_or(|next| next >= start));
            assert!(
                within,
                "{room}: {id} is lost, and logrotate did not run then"
            );
            lost += 1;
        }
        said += acked.len();
        for seen in seen {
            assert!(
                seen.windows(2).all(|pair| pair[0] < pair[1]),
                "{room}: nothing twice, nothing out of order"
            );
            let seen: BTreeSet<&String> = seen.iter().collect();
            let missed = kept.difference(&seen).count();
            assert_eq!(missed, 0, "{room}: what the files hold was seen");
        }
    }
    println!(
        "copytruncate: logrotate lost {lost} of {said} messages in {ROTATIONS} rotations of {} rooms",
        ROOMS.len()
    );
}

/// A conversation is rotated as a room is, and its files are for nobody else in each of their lives.
#[test]
fn a_conversation_is_rotated_and_stays_for_its_people_alone() {
    const ROUNDS: usize = 5;
    const EACH: usize = 20;
    let chat = Chat::unlimited(&Subject::under_test());
    let rule = rule(&chat, str::to_owned);
    let window = |name: &str| {
        let query = format!("nick={name}&client={name}s-browser&page={name}s-page");
        let mut page = Page::over(
            chat.daemon
                .client(&format!("/?format=json&protocol=2&{query}")),
        );
        page.send(&json!({"type": "enter", "rooms": [{"room": "lobby"}]}));
        page.expect("history");
        page
    };
    let (mut alice, mut bob) = (window("alice"), window("bob"));
    alice.send(&json!({"type": "converse", "people": [{"to": "bob"}], "msgid": "c"}));
    let room = alice.expect("welcome")["room"]
        .as_str()
        .expect("a room")
        .to_owned();
    alice.expect("history");
    bob.send(&json!({"type": "enter", "rooms": [{ "room": room }]}));
    bob.expect("welcome");
    let dir = chat.files().base().join(format!("closed/{room}/rooms"));
    let mut said = Vec::new();
    for round in 0..ROUNDS {
        for number in 0..EACH {
            let text = format!("{round}-{number}");
            let msgid = format!("m{text}");
            alice.send(&json!({"type": "say", "room": room, "text": text, "msgid": msgid}));
            alice.find(|message| message["type"] == "ack" && message["msgid"] == msgid.as_str());
            said.push(text);
        }
        force(&chat, &rule);
    }
    for text in &said {
        let heard = bob.find(|message| message["type"] == "say");
        assert_eq!(heard["text"], text.as_str());
    }
    let mut texts = String::new();
    let mut count = 0;
    for entry in fs::read_dir(dir).expect("readable") {
        let path = entry.expect("readable").path();
        let mode = fs::metadata(&path)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
        texts += &fs::read_to_string(path).expect("UTF-8");
        count += 1;
    }
    assert_eq!(count, ROUNDS + 1);
    for text in &said {
        assert_eq!(texts.matches(&format!("\t{text}\n")).count(), 1, "{text}");
    }
    // Who comes back finds all of it, over all files.
    let mut phone = window("bob");
    phone.send(&json!({"type": "enter", "rooms": [{"room": room, "history": 200}]}));
    let history =
        phone.find(|message| message["type"] == "history" && message["room"] == room.as_str());
    let records = history["records"].as_array().expect("records").iter();
    let found: Vec<_> = records.filter(|record| record["type"] == "say").collect();
    assert_eq!(found.len(), said.len());
}
