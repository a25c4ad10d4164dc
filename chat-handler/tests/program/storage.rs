//! What disks do to a chat: full, read-only, gone, no descriptor left, a clock set back, torn and foreign lines,
//! a log of a gigabyte. Real handlers, real file systems.

#![allow(clippy::print_stdout, reason = "what was read is the test's report")]

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Chat, Client, Page, text_of};
use chat_store::record::{Draft, Kind, Record, RecordId};
use e2e::cluster_of_one::{differs, needs_alone};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};

const FAST: &str = "MESSAGE_RATE=100000\nMESSAGE_BURST=100000";

/// A small file system of its own; unmounted on drop.
struct Disk(PathBuf);

impl Disk {
    /// Under the whole chat, whose handlers are started after this.
    fn under(chat: &Chat, size: &str) -> Self {
        let ini = fs::read(chat.path("chat.ini")).expect("an ini");
        chat.without_relay(|| {
            let disk = Self(chat.dir.path().to_owned());
            run(Command::new("mount")
                .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
                .arg(&disk.0));
            fs::write(chat.path("chat.ini"), ini).expect("written");
            disk
        })
    }

    fn remount(&self, how: &str) {
        run(Command::new("mount")
            .args(["-o", &format!("remount,{how}")])
            .arg(&self.0));
    }

    /// Until nothing more fits.
    fn fill(&self) {
        let mut filler = OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.0.join("filler"))
            .expect("made");
        while filler.write_all(&[0; 4096]).is_ok() {}
    }

    fn empty(&self) {
        fs::remove_file(self.0.join("filler")).expect("it was filled");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a handler that is just ending must not keep it.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

fn run(command: &mut Command) {
    let output = command
        .output()
        .expect("mount(8) is part of Debian's base system");
    assert!(
        output.status.success(),
        "{command:?}: {}\nthis test mounts a small tmpfs: run it as root, with CAP_SYS_ADMIN (docker run --privileged)",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Every line of a room's log, which must be whole records.
fn records(chat: &Chat, room: &str) -> Vec<(RecordId, String)> {
    let text = fs::read(chat.path(&format!("rooms/{room}.log"))).unwrap_or_default();
    let lines = text.split_inclusive(|&byte| byte == b'\n');
    let records = lines.map(|line| {
        assert!(
            line.ends_with(b"\n"),
            "half a line: {}",
            String::from_utf8_lossy(line)
        );
        let record = Record::parse(line).expect("a record");
        (record.id, record.text.into_owned())
    });
    records.collect()
}

fn refusal(page: &mut Page, msgid: &str) -> String {
    let error = page.find(|message| message["type"] == "error" && message["msgid"] == msgid);
    assert_eq!(error["code"], "not_saved", "{error}");
    text_of(&error).to_owned()
}

fn acked(page: &mut Page, msgid: &str) -> String {
    let ack = page.find(|message| message["type"] == "ack" && message["msgid"] == msgid);
    ack["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_full_disk_is_told_leaves_nothing_half_written_and_passes() {
    let chat = Chat::with(FAST);
    let disk = Disk::under(&chat, "512k");
    let (mut alice, mut bob) = (chat.page("r", "alice"), chat.page("r", "bob"));
    alice.say("it fits", "m0");
    acked(&mut alice, "m0");
    disk.fill();
    let mut kept = vec!["it fits".to_owned()];
    // The page that the log has begun may still take some; then a line is cut short at its end.
    for (number, length) in [3000, 2000, 1500, 700, 300, 90, 4000, 10]
        .into_iter()
        .cycle()
        .take(64)
        .enumerate()
    {
        let (text, msgid) = (
            format!("{number} {}", "x".repeat(length)),
            format!("f{number}"),
        );
        alice.say(&text, &msgid);
        let answer = alice.find(|message| message["msgid"] == *msgid && message["type"] != "say");
        if answer["type"] == "ack" {
            kept.push(text);
        } else {
            assert_eq!(answer["code"], "not_saved");
            assert!(text_of(&answer).contains("disk is full"), "{answer}");
        }
        let stored = records(&chat, "r").into_iter().map(|record| record.1);
        assert_eq!(
            stored.filter(|text| !text.is_empty()).collect::<Vec<_>>(),
            kept
        );
    }
    assert!(kept.len() < 60, "the disk was full");
    // Personal things as well: told, not lost in silence.
    let secret = "y".repeat(4000);
    for number in 0..20 {
        alice.send(
            &json!({"type": "whisper", "to": "bob", "text": secret, "msgid": format!("w{number}")}),
        );
    }
    let told = refusal(&mut alice, "w19");
    assert!(told.contains("not sent"), "{told}");
    // And who comes now is sent away with a reason.
    let mut late = chat.page("r", "carol");
    if late.welcome["type"] == "bye" {
        assert_eq!(
            (&late.welcome["reason"], &late.welcome["code"]),
            (&json!("refused"), &json!("storage"))
        );
    } else {
        late.settle();
    }
    drop(late);
    disk.empty();
    alice.say("it fits again", "m1");
    acked(&mut alice, "m1");
    bob.find(|message| text_of(message) == "it fits again");
    alice.send(&json!({"type": "whisper", "to": "bob", "text": "psst", "msgid": "w"}));
    bob.find(|message| message["type"] == "whisper" && message["text"] == "psst");
    assert_eq!(chat.page("r", "dora").welcome["type"], "welcome");
    records(&chat, "r");
}

#[test]
fn a_read_only_disk_lets_nobody_in_until_it_can_be_written_again() {
    let _alone = needs_alone("mount(8) makes no disk read-only that a relay writes to");
    let chat = Chat::new();
    let disk = Disk::under(&chat, "512k");
    drop(chat.page("r", "alice").client.leave());
    disk.remount("ro");
    let page = chat.page("r", "alice");
    assert_eq!(
        (&page.welcome["reason"], &page.welcome["code"]),
        (&json!("refused"), &json!("storage"))
    );
    assert!(
        text_of(&page.welcome).to_lowercase().contains("read-only"),
        "{}",
        page.welcome
    );
    disk.remount("rw");
    let mut page = chat.page("r", "alice");
    assert_eq!(page.you(), "alice");
    page.say("back", "m");
    acked(&mut page, "m");
}

/// root may write anywhere: these handlers are somebody else, as in service.
fn page_of_nobody(chat: &Chat, room: &str) -> Page {
    let mut command = chat.command();
    command
        .env("PATH_INFO", format!("/{room}"))
        .env("QUERY_STRING", "format=json&nick=alice")
        .uid(65_534)
        .gid(65_534);
    Page::enter(Client::start(command))
}

#[test]
fn a_directory_that_may_not_be_written_is_told_and_the_join_comes_when_it_may() {
    let _alone = needs_alone("its handlers are another user than a relay");
    let chat = Chat::new();
    assert!(
        rustix::process::geteuid().is_root(),
        "run this test as root: its handlers are started as nobody"
    );
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("ours");
    };
    mode(chat.dir.path(), 0o777);
    mode(&chat.path("chat.ini"), 0o644);
    // Whoever makes the directories owns them.
    page_of_nobody(&chat, "other").client.leave();
    mode(&chat.path("rooms"), 0o555);
    // The first line that is not saved is the join.
    let mut alice = page_of_nobody(&chat, "new");
    if alice.welcome["type"] == "welcome" {
        alice.find(|message| message["type"] == "error" && message["code"] == "not_saved");
        alice.say("hello", "m");
        assert!(refusal(&mut alice, "m").contains("may not write"));
        mode(&chat.path("rooms"), 0o755);
        // By itself, at a safety poll.
        alice.expect("join");
        alice.say("hello", "m");
        acked(&mut alice, "m");
        assert_eq!(records(&chat, "new").len(), 2);
    } else {
        assert_eq!(alice.welcome["code"], "storage");
        mode(&chat.path("rooms"), 0o755);
        page_of_nobody(&chat, "new").expect("join");
    }
}

#[test]
fn directories_that_go_away_come_back_with_the_next_who_joins() {
    let chat = Chat::new();
    let mut alice = chat.page("r", "alice");
    alice.expect("join");
    chat.without_relay(|| {
        for dir in ["rooms", "run", "users"] {
            fs::remove_dir_all(chat.path(dir)).expect("removed");
        }
    });
    alice.say("where", "m1");
    let told = refusal(&mut alice, "m1");
    let words = if differs("where one waits for the relay's answer has gone, and says nothing") {
        "send it again"
    } else {
        "directory is missing"
    };
    assert!(told.contains(words), "{told}");
    // Bob's bell is a new one, alice's is gone with its directory: her safety poll finds both.
    let mut bob = chat.page("r", "bob");
    alice.say("here", "m2");
    acked(&mut alice, "m2");
    bob.find(|message| text_of(message) == "here");
    bob.say("me too", "m3");
    alice.find(|message| text_of(message) == "me too");
    // Her presence is there again as well.
    while !chat.files("users").contains(&"r_alice".to_owned()) {
        alice.settle();
    }
    records(&chat, "r");
}

#[test]
fn a_handler_without_a_free_descriptor_says_so_and_goes_on_when_it_has_one() {
    let chat = Chat::new();
    let mut alice = chat.page("r", "alice");
    alice.say("first", "m0");
    acked(&mut alice, "m0");
    let pid = Pid::from_child(&alice.client.child);
    let open = fs::read_dir(format!("/proc/{}/fd", pid.as_raw_pid()))
        .expect("it lives")
        .count();
    let limit = |current| {
        let new = Rlimit {
            current: Some(current),
            maximum: Some(1024),
        };
        prlimit(Some(pid), Resource::Nofile, new).expect("ours");
    };
    limit(open as u64);
    // What is open goes on.
    alice.say("second", "m1");
    acked(&mut alice, "m1");
    let live = chat.path("rooms/r.log");
    fs::rename(&live, chat.path("rooms/r.log.1")).expect("rotated");
    fs::write(&live, "").expect("created");
    alice.say("third", "m2");
    assert!(refusal(&mut alice, "m2").contains("too many files"));
    assert_eq!(fs::read(&live).expect("there"), b"");
    limit(1024);
    alice.say("third", "m2");
    acked(&mut alice, "m2");
    alice.find(|message| text_of(message) == "third");
    assert_eq!(records(&chat, "r").len(), 1);
}

#[test]
fn a_clock_that_was_set_back_changes_no_order_and_two_in_one_microsecond_get_two_ids() {
    let chat = Chat::with(FAST);
    drop(chat.page("r", "first").client.leave());
    chat.expect_quit("r", "first");
    // The clock was in 2099 when this was said: each id from now on is the last one and a microsecond, so that both
    // writers are always in the same microsecond.
    let future = RecordId::parse(b"2099-01-01T00:00:00.000000Z").expect("an id");
    let mut line = Vec::new();
    Draft::new(Kind::Say, "first", "from the future").write_to(future, &mut line);
    let mut log = OpenOptions::new()
        .append(true)
        .open(chat.path("rooms/r.log"))
        .expect("there");
    log.write_all(&line).expect("written");
    let mut pages = [chat.page("r", "alice"), chat.page("r", "bob")];
    for number in 0..200 {
        for page in &mut pages {
            page.say(&format!("say {number}"), &format!("m{number}"));
        }
    }
    for page in &mut pages {
        acked(page, "m199");
    }
    let stored = records(&chat, "r");
    assert!(
        stored.windows(2).all(|pair| pair[0].0 < pair[1].0),
        "ids grow"
    );
    let after: Vec<_> = stored
        .iter()
        .map(|record| record.0)
        .filter(|id| *id > future)
        .collect();
    // Two joins and 400 messages, each a microsecond after the one before.
    let expected: Vec<_> = std::iter::successors(Some(future.next()), |id| Some(id.next()))
        .take(402)
        .collect();
    assert_eq!(after, expected);
    let back = chat.page_with("r", &format!("nick=late&since={future}"), "");
    let says = back.past.iter().filter(|record| record["type"] == "say");
    assert_eq!(says.count(), 400);
}

#[test]
fn what_others_left_in_a_log_is_shown_or_passed_over_and_never_in_the_way() {
    let chat = Chat::new();
    drop(chat.page("r", "first").client.leave());
    chat.expect_quit("r", "first");
    let path = chat.path("rooms/r.log");
    let mut line = Vec::new();
    Draft::new(Kind::Say, "alice", "of ours").write_to(RecordId::now(), &mut line);
    let id = String::from_utf8(line[..RecordId::TEXT_LEN].to_vec()).expect("ASCII");
    let parts: [&[u8]; 6] = [
        b"[10:15:30] carol> of the old script\n",
        b"\0\0\0\0\0\0\0\0",
        &line,
        b"no record at all, \xff\xfe\x00\x1b[31m\n",
        &[
            id.as_bytes(),
            b"\tsay\tb\xf0\x28b\t\tbad \xff bytes\x00and \x1b[2J a NUL\n",
        ]
        .concat(),
        // A power cut in the middle of a line.
        &[id.as_bytes(), b"\tsay\tdan\t\ttorn in the mid"].concat(),
    ];
    fs::write(&path, parts.concat()).expect("written");
    let mut page = chat.page("r", "eve");
    let past: Vec<&str> = page.past.iter().map(text_of).collect();
    assert_eq!(past[..2], ["of the old script", "of ours"]);
    assert_eq!(past[2], "bad \u{fffd} bytes\u{fffd}and [2J a NUL");
    assert_eq!(past.len(), 3, "{past:?}");
    page.say("after it", "m");
    acked(&mut page, "m");
    let text = String::from_utf8_lossy(&fs::read(&path).expect("there")).into_owned();
    assert!(
        !text.contains("torn in the mid"),
        "what was never acked is cut off"
    );
    assert!(text.ends_with("\tafter it\n"));
    // The old pages see the same.
    let mut old = chat.old_page("r", "old");
    let shown = old.line_with("of the old script");
    assert_eq!(shown, "[10:15:30] carol> of the old script");
    let shown = old.line_with("bad ");
    assert!(
        !shown.contains('\u{1b}') && !shown.contains('\0'),
        "{shown:?}"
    );
    old.line_with("after it");
}

/// Real lines, long ones so that they are made in a moment; the ids are a second apart.
fn write_log(path: &Path, bytes: u64) -> Vec<RecordId> {
    let mut log = BufWriter::with_capacity(1 << 20, File::create(path).expect("made"));
    let text = "lorem ipsum dolor sit amet ".repeat(150);
    // Only the id differs from line to line: a gigabyte is written in a moment.
    let mut line = Vec::new();
    Draft::new(Kind::Say, "alice", &text).write_to(RecordId::ZERO, &mut line);
    let mut ids = Vec::new();
    let mut written = 0;
    let mut micros = 1_600_000_000_000_000;
    while written < bytes {
        let id = RecordId::from_micros(micros);
        line[..RecordId::TEXT_LEN].copy_from_slice(&id.to_text());
        log.write_all(&line).expect("room on the disk");
        written += line.len() as u64;
        micros += 1_000_000;
        ids.push(id);
    }
    log.flush().expect("room on the disk");
    ids
}

/// Bytes that a process has read so far, from files and pipes.
fn bytes_read(page: &Page) -> u64 {
    let io = fs::read_to_string(format!("/proc/{}/io", page.client.child.id())).expect("it lives");
    let line = io
        .lines()
        .find_map(|line| line.strip_prefix("rchar: "))
        .expect("proc(5)");
    line.parse().expect("a number")
}

#[test]
fn a_log_of_a_gigabyte_is_joined_searched_and_resumed_by_reading_as_little_as_a_small_one() {
    let chat = Chat::with(FAST);
    fs::create_dir_all(chat.path("rooms")).expect("new");
    write_log(&chat.path("rooms/small.log"), 1 << 20);
    let ids = write_log(&chat.path("rooms/large.log"), 1 << 30);
    let (small, mut large) = (chat.page("small", "bob"), chat.page("large", "bob"));
    assert_eq!((small.past.len(), large.past.len()), (20, 20));
    let (little, much) = (bytes_read(&small), bytes_read(&large));
    println!("a join reads {little} bytes of a log of 1 MiB, {much} of one of 1 GiB");
    assert!(much < little + 16 * 1024, "{much} against {little}");
    // A page of history from the middle, and coming back after the last hundred.
    let middle = ids[ids.len() / 2];
    large.send(&json!({"type": "history", "before": middle.to_string(), "limit": 20}));
    let page = large.expect("history");
    let found: Vec<&Value> = page["records"]
        .as_array()
        .expect("records")
        .iter()
        .map(|record| &record["id"])
        .collect();
    let wanted: Vec<Value> = ids[ids.len() / 2 - 20..ids.len() / 2]
        .iter()
        .map(|id| json!(id.to_string()))
        .collect();
    assert!(found.iter().copied().eq(&wanted), "{found:?}");
    let search = bytes_read(&large) - much;
    println!("a page from its middle reads {search}");
    // The bisection, and what may have changed these messages: 4 MiB behind them.
    let most = (1 << 20) + (4 << 20);
    assert!(search < most + 512 * 1024, "{search}");
    let back = chat.page_with(
        "large",
        &format!("nick=eve&since={}", ids[ids.len() - 101]),
        "",
    );
    let says = back.past.iter().filter(|record| record["type"] == "say");
    assert_eq!(says.count(), 100);
    let resumed = bytes_read(&back);
    println!("coming back after the last hundred reads {resumed}");
    assert!(resumed < 4 << 20, "{resumed}");
}

/// What waits for readers that stand still is bounded in all, not only for each.
#[test]
fn readers_that_stand_still_leave_room_for_the_others() {
    let chat = Chat::with(FAST);
    let disk = Disk::under(&chat, "4m");
    let mut alice = chat.page("r", "alice");
    let still: Vec<Page> = (0..4)
        .map(|number| chat.page("r", &format!("bob{number}")))
        .collect();
    for bob in &still {
        alice.find(|message| message["type"] == "join" && message["from"] == bob.you());
        bob.client.signal(nix::sys::signal::Signal::SIGSTOP);
    }
    let data = json!({ "filler": "x".repeat(60_000) });
    for bob in still.iter().cycle().take(90) {
        alice.send(&json!({"type": "signal", "to": bob.you(), "data": data}));
    }
    let told = alice.settle();
    assert!(told.iter().any(|message| message["code"] == "busy"));
    let space = rustix::fs::statvfs(&disk.0).expect("a file system");
    let (free, all) = (space.f_bavail, space.f_blocks);
    assert!(free >= all / 5, "{free} of {all} blocks are free");
    alice.say("still here", "m");
    alice.expect("ack");
    for bob in &still {
        bob.client.signal(nix::sys::signal::Signal::SIGCONT);
    }
}
