//! `chatctl backup` while people write in several rooms as fast as they can, are killed now and then, and their logs are
//! rotated: what is restored is each room as it was at one moment, to the byte.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use e2e::chat::{Chat, UNLIMITED};
use e2e::deadline::eventually;
use e2e::page::Page;
use e2e::program::{Program, pid_of};
use e2e::under_test::{Subject, beside};
use nix::sys::signal::{Signal, kill};
use serde_json::{Value, json};

const ROOMS: [&str; 2] = ["lobby", "garden"];
/// Who writes, half of them in each room.
const WRITERS: usize = 6;
const BACKUPS: usize = 4;
/// Between two messages of a writer.
const PACE: Duration = Duration::from_millis(3);

fn chatctl(base: &Path, words: &[&str]) -> String {
    let mut command = Command::new(beside("chatctl"));
    command
        .arg("--config")
        .arg(base.join("chat.ini"))
        .args(words);
    let done = Program::run(&command);
    assert_eq!(done.code(), 0, "{words:?}: {done:#?}");
    done.stdout
}

fn export(base: &Path, room: &str) -> String {
    chatctl(base, &["export", room, "--format", "json"])
}

fn ids(export: &str) -> Vec<String> {
    let records: Vec<Value> = serde_json::from_str(export).expect("an array");
    let id = |record: &Value| record["id"].as_str().expect("an id").to_owned();
    records.iter().map(id).collect()
}

/// Ends all threads, also when the test fails.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// One who writes until it is over, edits now and then, and comes back when their program was killed.
fn write(chat: &Chat, number: usize, over: &AtomicBool, acked: &Mutex<BTreeSet<String>>) {
    let room = ROOMS[number % ROOMS.len()];
    let mut said = 0;
    while !over.load(Ordering::SeqCst) {
        let mut page = chat.json_with(room, &format!("w{number}"), "");
        let mut own = String::new();
        while !over.load(Ordering::SeqCst) {
            let msgid = format!("{number}-{said}");
            let request = if said % 7 == 6 && !own.is_empty() {
                json!({ "type": "edit", "target": own, "text": format!("{number} edits {said}"), "msgid": msgid })
            } else {
                json!({ "type": "say", "text": format!("{number} says {said}"), "msgid": msgid })
            };
            said += 1;
            if page.client.try_send(request.to_string()).is_err() {
                break;
            }
            let Some(ack) = ack_of(&mut page, &msgid) else {
                break;
            };
            if request["type"] == "say" {
                own.clone_from(&ack);
            }
            acked
                .lock()
                .expect("no panic")
                .insert(format!("{room} {ack}"));
            thread::sleep(PACE);
        }
    }
}

/// The id by which it was acked; `None`: the connection broke.
fn ack_of(page: &mut Page<e2e::ws::Client>, msgid: &str) -> Option<String> {
    loop {
        let text = page.client.message().ok()?.to_string();
        let message: Value = serde_json::from_str(&text).expect("JSON");
        if message["msgid"] == msgid && message["type"] == "ack" {
            return Some(message["id"].as_str().unwrap_or_default().to_owned());
        }
    }
}

/// As logrotate does it: each old log gets the next number.
fn rotate(base: &Path, room: &str) {
    let rooms = base.join("rooms");
    let named = |number: usize| match number {
        0 => rooms.join(format!("{room}.log")),
        _ => rooms.join(format!("{room}.log.{number}")),
    };
    let mut oldest = 0;
    while named(oldest + 1).exists() {
        oldest += 1;
    }
    for number in (0..=oldest).rev() {
        // Nobody may have written since the last time.
        let _ = fs::rename(named(number), named(number + 1));
    }
}

/// An empty tree that an archive is put into.
fn restored(archive: &Path) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let ini = dir.path().join("chat.ini");
    fs::create_dir(dir.path().join("base")).expect("ours");
    fs::write(&ini, "[global]\nBASE_DIR=base\n").expect("writable");
    let archive = archive.to_str().expect("UTF-8");
    let good = chatctl(dir.path(), &["restore", "--check", archive]);
    assert!(good.starts_with("good: "), "{good}");
    chatctl(dir.path(), &["restore", archive]);
    dir
}

#[test]
fn a_backup_of_people_who_write_is_each_room_as_it_was_at_one_moment() {
    let chat = Chat::start_with(&Subject::under_test(), UNLIMITED, |builder| builder);
    let base = chat.files().base().to_owned();
    let home = tempfile::tempdir().expect("a directory");
    let (over, acked) = (AtomicBool::new(false), Mutex::new(BTreeSet::new()));
    let rotations = AtomicUsize::new(0);
    let mut saved: Vec<(PathBuf, BTreeSet<String>)> = Vec::new();
    thread::scope(|scope| {
        let _ending = Ending(&over);
        for number in 0..WRITERS {
            let (chat, over, acked) = (&chat, &over, &acked);
            scope.spawn(move || write(chat, number, over, acked));
        }
        scope.spawn(|| {
            while !over.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(40));
                let turn = rotations.fetch_add(1, Ordering::SeqCst);
                if turn < 8 {
                    rotate(&base, ROOMS[turn % ROOMS.len()]);
                } else if let Some(victim) = chat.daemon.handlers().first() {
                    // It may have ended meanwhile.
                    let _ = kill(pid_of(victim.pid), Signal::SIGKILL);
                    thread::sleep(Duration::from_millis(300));
                }
            }
        });
        for number in 0..BACKUPS {
            let count = || acked.lock().expect("no panic").len();
            let before = count();
            eventually("people write", || (count() > before + 40).then_some(()));
            let known = acked.lock().expect("no panic").clone();
            let archive = home.path().join(format!("{number}.tar.gz"));
            chatctl(&base, &["backup", archive.to_str().expect("UTF-8")]);
            saved.push((archive, known));
        }
    });
    for (archive, known) in &saved {
        let then = restored(archive);
        for room in ROOMS {
            let text = export(then.path(), room);
            let there = ids(&text);
            // What was acked before is in it.
            for line in known {
                if let Some(id) = line.strip_prefix(&format!("{room} ")) {
                    assert!(
                        there.iter().any(|it| it == id),
                        "{line} is not in {}",
                        archive.display()
                    );
                }
            }
            // And it is the room of now up to a moment, to the byte.
            let now = export(&base, room);
            let kept = text.strip_suffix("\n]\n").expect("an array");
            assert!(now.starts_with(kept), "{room} of {}", archive.display());
            assert!(!there.is_empty(), "{room} of {}", archive.display());
        }
    }
    // Saved again at rest, it is the same once more.
    let first = restored(&saved[0].0);
    let again = home.path().join("again.tar.gz");
    chatctl(first.path(), &["backup", again.to_str().expect("UTF-8")]);
    let second = restored(&again);
    for room in ROOMS {
        assert_eq!(export(first.path(), room), export(second.path(), room));
    }
}
