//! People of three machines who whisper, talk among themselves, are sent out and take things back: each is told what
//! they are to be told, on all machines, and no disk has what it must not have.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use e2e::cluster::Cluster;
use e2e::cluster::machine::{Engine, Machine};
use e2e::deadline::eventually;
use e2e::page::{Page, text_of};
use e2e::ws::Client;
use serde_json::{Value, json};

/// A moderator is one whose session says so.
const LINES: &str = "SESSION_ADMIN_PATH=admin";
/// Each message has an id of its own.
static MESSAGES: AtomicUsize = AtomicUsize::new(0);

type Window = Page<Client>;

/// Somebody with a log-in that all machines know, on one of them; not in a room yet.
#[track_caller]
fn window(cluster: &Cluster, at: usize, name: &str) -> Window {
    let id = name
        .bytes()
        .fold(String::new(), |id, byte| id + &format!("{byte:02x}"));
    let id = format!("{id:a<26}");
    let moderator = if name == "anna" {
        "admin|s:1:\"1\";"
    } else {
        ""
    };
    let session = format!("username|s:{}:\"{name}\";{moderator}", name.len());
    for machine in &cluster.machines {
        let dir = machine.base().join("sessions");
        fs::create_dir_all(&dir).expect("writable");
        fs::write(dir.join(format!("sess_{id}")), &session).expect("writable");
    }
    let cookie = format!("PHPSESSID={id}");
    let endpoint = cluster.machines[at].endpoint();
    let path = "/?format=json&protocol=2";
    let client = Client::connect_with(&endpoint, path, &[("Cookie", &cookie)]);
    let mut page = Page::over(client);
    page.welcome = page.expect("hello");
    assert_eq!(page.welcome["account"], name, "{}", page.welcome);
    page
}

/// Four people: a moderator on the first machine, bob and eve on the second, cyril on the third.
struct Four {
    cluster: Cluster,
    anna: Window,
    bob: Window,
    cyril: Window,
    eve: Window,
}

/// Sends a request with an id; the ack or the error.
#[track_caller]
fn ask(page: &mut Window, mut request: Value) -> Value {
    let msgid = format!("m{}", MESSAGES.fetch_add(1, Ordering::Relaxed));
    request["msgid"] = json!(msgid);
    page.send(&request);
    let is_answer = |it: &Value| it["type"] == "ack" || it["type"] == "error";
    page.find(|it| it["msgid"] == *msgid && is_answer(it))
}

/// The same; it must be done.
#[track_caller]
fn done(page: &mut Window, request: &Value) -> String {
    let answer = ask(page, request.clone());
    assert_eq!(answer["type"], "ack", "{request}: {answer}");
    answer["id"].as_str().unwrap_or_default().to_owned()
}

#[track_caller]
fn say(page: &mut Window, room: &str, text: &str) -> String {
    done(page, &json!({"type": "say", "room": room, "text": text}))
}

/// Types a command in the lobby, which is taken.
#[track_caller]
fn command(page: &mut Window, text: &str) {
    page.send(&json!({"type": "say", "room": "lobby", "text": text}));
    let seen = page.settle();
    let is_refused = seen.iter().any(|it| it["type"] == "error");
    assert!(!is_refused, "{text}: {seen:?}");
}

#[track_caller]
fn hears(page: &mut Window, room: &str, text: &str) {
    page.find(|it| it["room"] == *room && text_of(it) == text);
}

/// Comes into a room, or is told why not.
#[track_caller]
fn enter(page: &mut Window, room: &str) -> Value {
    page.send(&json!({"type": "enter", "rooms": [{ "room": room }]}));
    page.find(|it| it["type"] == "welcome" || it["type"] == "parted")
}

/// Waits until somebody has a room among their own, and comes in.
#[track_caller]
fn follow_invitation(page: &mut Window, room: &str) {
    page.find(|it| it["type"] == "mark" && it["room"] == *room && it["own"] == true);
    assert_eq!(enter(page, room)["type"], "welcome");
}

/// All regular files below a directory that hold a text, without the directory.
fn with_text(dir: &Path, text: &str) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(next) = dirs.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() {
                dirs.push(entry.path());
            } else if kind.is_file() {
                let bytes = fs::read(entry.path()).unwrap_or_default();
                if bytes
                    .windows(text.len())
                    .any(|part| part == text.as_bytes())
                {
                    let path = entry.path();
                    found.insert(path.strip_prefix(dir).expect("below").to_owned());
                }
            }
        }
    }
    found
}

/// No file of a machine but those below `starts` holds the text.
#[track_caller]
fn assert_only_in(machine: &Machine, text: &str, starts: &[&str]) {
    let found = with_text(machine.disk(), text);
    let is_allowed = |path: &PathBuf| starts.iter().any(|start| path.starts_with(start));
    let wrong: Vec<_> = found.iter().filter(|path| !is_allowed(path)).collect();
    assert!(wrong.is_empty(), "{text} on {}: {wrong:?}", machine.name);
}

/// Whispers, both ways, and what calls are made of.
#[track_caller]
fn whisper_and_signal(all: &mut Four) {
    let Four {
        anna, bob, cyril, ..
    } = all;
    let whisper =
        |to: &str, text: &str| json!({"type": "whisper", "room": "lobby", "to": to, "text": text});
    let is_whisper =
        |text: &'static str| move |it: &Value| it["type"] == "whisper" && text_of(it) == text;
    done(anna, &whisper("bob", "a-whisper-to-bob"));
    let heard = bob.find(is_whisper("a-whisper-to-bob"));
    assert_eq!(
        (&heard["from"], &heard["to"]),
        (&json!("anna"), &json!("bob"))
    );
    done(bob, &whisper("anna", "a-whisper-to-anna"));
    anna.find(is_whisper("a-whisper-to-anna"));
    cyril.send(&json!({"type": "signal", "room": "lobby", "to": "anna", "data": {"sdp": "a-signal-to-anna"}}));
    let signal = anna.expect("signal");
    assert_eq!(signal["data"]["sdp"], "a-signal-to-anna");
}

/// A conversation over three machines, into which somebody is invited later.
#[track_caller]
fn converse(all: &mut Four) -> String {
    let Four {
        cluster,
        anna,
        bob,
        cyril,
        eve,
    } = all;
    anna.send(
        &json!({"type": "converse", "people": [{"to": "bob"}], "title": "plans", "msgid": "c1"}),
    );
    let welcome = anna.find(|it| it["type"] == "welcome" || it["type"] == "error");
    let talk = welcome["room"].as_str().expect("a room").to_owned();
    follow_invitation(bob, &talk);
    say(bob, &talk, "between-two-of-us");
    hears(anna, &talk, "between-two-of-us");
    assert_eq!(enter(cyril, &talk)["code"], "no_such_room");
    done(
        anna,
        &json!({"type": "invite", "room": talk, "to": "cyril"}),
    );
    follow_invitation(cyril, &talk);
    let last = say(cyril, &talk, "between-three-of-us");
    hears(bob, &talk, "between-three-of-us");
    assert_eq!(enter(eve, &talk)["code"], "no_such_room");

    // Read on one machine, read on another.
    bob.send(&json!({"type": "read", "room": talk, "id": last}));
    let phone = eventually("what bob has read is known on the third", || {
        let mut phone = window(cluster, 2, "bob");
        let rooms = phone.welcome["rooms"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let mark = rooms.into_iter().find(|it| it["room"] == *talk)?;
        (mark["id"] == *last || mark["read"] == *last).then(|| {
            assert_eq!(enter(&mut phone, &talk)["type"], "welcome");
            phone
        })
    });
    // One person, on two machines.
    let about = |page: &mut Window| {
        page.send(&json!({"type": "members", "room": talk}));
        page.settle()
    };
    let told = about(anna);
    let joins = told
        .iter()
        .filter(|it| it["type"] == "join" && it["from"] == "bob");
    assert_eq!(joins.count(), 0, "bob was there already: {told:?}");
    drop(phone);
    talk
}

/// A room becomes private, and open again.
#[track_caller]
fn make_private_and_open(all: &mut Four) {
    let Four {
        anna,
        bob,
        cyril,
        eve,
        ..
    } = all;
    for page in [&mut *anna, &mut *bob, &mut *eve] {
        assert_eq!(enter(page, "den")["type"], "welcome");
    }
    say(eve, "den", "all-may-read-this");
    eve.send(&json!({"type": "part", "room": "den"}));
    eve.find(|it| it["type"] == "parted" && it["room"] == "den");
    done(anna, &json!({"type": "make_private", "room": "den"}));
    let gone_along = |page: &mut Window, from: &str| {
        let welcome = page.find(|it| it["type"] == "welcome" && it["asked"] == *from);
        welcome["room"].as_str().expect("a room").to_owned()
    };
    let den = gone_along(anna, "den");
    assert_eq!(gone_along(bob, "den"), den);
    assert!(den.starts_with('~'), "{den}");
    say(bob, &den, "some-may-read-this");
    eventually("the room is closed on the third, too", || {
        (enter(cyril, "den")["code"] == "no_such_room").then_some(())
    });
    done(
        anna,
        &json!({"type": "make_public", "room": den, "history": "all"}),
    );
    assert_eq!(gone_along(bob, &den), "den");
    eventually("the room is open on the third, too", || {
        (enter(cyril, "den")["type"] == "welcome").then_some(())
    });
    say(cyril, "den", "open-again");
    hears(bob, "den", "open-again");
}

/// What a moderator does on one machine holds on all.
#[track_caller]
fn moderate(all: &mut Four) {
    let Four {
        cluster,
        anna,
        bob,
        cyril,
        eve,
    } = all;
    anna.send(&json!({"type": "topic", "room": "lobby", "text": "tea"}));
    hears(cyril, "lobby", "tea");
    let slip = say(cyril, "lobby", "a-slip-of-cyril");
    // Each machine is told of it in its own time.
    for page in [&mut *anna, &mut *bob] {
        hears(page, "lobby", "a-slip-of-cyril");
    }
    command(anna, &format!("/redact {slip}"));
    bob.find(|it| it["type"] == "redact" && it["target"] == *slip);
    command(anna, "/kick eve loud");
    eve.find(|it| it["type"] == "parted" && it["room"] == "lobby" && it["reason"] == "kicked");
    command(anna, "/ban cyril for good");
    cyril.find(|it| it["type"] == "parted" && it["room"] == "lobby" && it["reason"] == "banned");
    for at in 0..3 {
        let mut cyril = window(cluster, at, "cyril");
        let refused = eventually("the ban holds", || {
            let answer = enter(&mut cyril, "lobby");
            (answer["type"] == "parted").then_some(answer)
        });
        assert_eq!(refused["reason"], "banned", "{refused}");
    }
    say(bob, "lobby", "to-be-cleared");
    command(anna, "/clear delete");
    bob.find(|it| it["type"] == "clear");
    let (code, said) = cluster.machines[2].chatctl(&["purge", "--force", "den"]);
    assert_eq!(code, 0, "{said}");
    eventually("the room is gone on all machines", || {
        let log = |machine: &Machine| machine.base().join("rooms/den.log").exists();
        (!cluster.machines.iter().any(log)).then_some(())
    });
}

/// Which disks have it.
#[track_caller]
fn assert_where_it_is(cluster: &Cluster, talk: &str) {
    let closed = format!("chat/closed/{talk}");
    for machine in &cluster.machines {
        let log = machine
            .base()
            .join(format!("closed/{talk}/rooms/{talk}.log"));
        eventually("the conversation is on each machine", || {
            let log = fs::read_to_string(&log).ok()?;
            log.contains("between-three-of-us").then_some(())
        });
        for whisper in ["a-whisper-to-bob", "a-whisper-to-anna", "a-signal-to-anna"] {
            // The newest whispers of who is there: in run/ of the machine where they are, which may be a tmpfs.
            let own = match (machine.name.as_str(), whisper) {
                ("one" | "two", "a-whisper-to-bob" | "a-whisper-to-anna") => &["chat/run"][..],
                _ => &[],
            };
            assert_only_in(machine, whisper, own);
        }
        for text in ["between-two-of-us", "between-three-of-us"] {
            assert_only_in(machine, text, &[&closed, "chat/spool/out.log", "redis"]);
        }
        for text in [
            "a-slip-of-cyril",
            "to-be-cleared",
            "all-may-read-this",
            "some-may-read-this",
        ] {
            assert_only_in(machine, text, &["chat/spool/out.log", "redis"]);
        }
    }
    for whisper in ["a-whisper-to-bob", "a-whisper-to-anna", "a-signal-to-anna"] {
        for machine in &cluster.machines {
            assert_eq!(
                with_text(&machine.disk().join("redis"), whisper),
                BTreeSet::new()
            );
        }
    }
    // They went through the engine all the same: what is in a log is in its file.
    let kept = cluster
        .machines
        .iter()
        .map(|machine| machine.disk().join("redis"));
    let kept: BTreeSet<_> = kept
        .flat_map(|dir| with_text(&dir, "between-two-of-us"))
        .collect();
    assert!(!kept.is_empty(), "the engine keeps what is in logs");
}

#[test]
fn what_is_private_on_three_machines_reaches_whom_it_is_for_and_no_disk_besides() {
    let cluster = Cluster::start(3, Engine::Sentinel, LINES);
    cluster.cables.entrance().enter();
    let mut all = Four {
        anna: window(&cluster, 0, "anna"),
        bob: window(&cluster, 1, "bob"),
        cyril: window(&cluster, 2, "cyril"),
        eve: window(&cluster, 1, "eve"),
        cluster,
    };
    let Four {
        anna,
        bob,
        cyril,
        eve,
        ..
    } = &mut all;
    for page in [&mut *anna, &mut *bob, &mut *cyril, &mut *eve] {
        assert_eq!(enter(page, "lobby")["type"], "welcome");
    }
    for page in [anna, bob, cyril] {
        page.find(|it| it["type"] == "join" && it["from"] == "eve");
    }
    whisper_and_signal(&mut all);
    let talk = converse(&mut all);
    make_private_and_open(&mut all);
    moderate(&mut all);
    assert_where_it_is(&all.cluster, &talk);
}
