//! `chatctl`, the real program: each command while the chat runs and while it does not, its answers in
//! both forms, its exit status, and what it refuses to delete.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::support::{Chat, text_of};
use e2e::cluster_of_one::{SPOOL_KEEPS, differs};
use serde_json::{Value, json};

/// What a command line gave.
struct Done {
    code: i32,
    out: String,
    err: String,
}

impl Done {
    fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{}", self.err);
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

fn chatctl(chat: &Chat, arguments: &[&str]) -> Done {
    let output = Command::new(e2e::under_test::beside("chatctl"))
        .env_clear()
        .env("CHAT_CONFIG", chat.path("chat.ini"))
        .args(arguments)
        .output()
        .expect("chatctl starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Done {
        code: output.status.code().expect("an exit status"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// Runs it with and without `--json`; the exit status is the same, and so is where the answer goes.
#[track_caller]
fn both(chat: &Chat, arguments: &[&str], code: i32) -> (Done, Value) {
    let plain = chatctl(chat, arguments);
    assert_eq!(
        plain.code, code,
        "{arguments:?}: {} {}",
        plain.out, plain.err
    );
    let with_json = chatctl(chat, &[&["--json"], arguments].concat());
    assert_eq!(with_json.code, code, "{arguments:?}: {}", with_json.err);
    let answer = if code == 0 {
        &with_json.out
    } else {
        &with_json.err
    };
    let value = serde_json::from_str(answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
    (plain, value)
}

/// A log with one message of each of these ages in days, and an old file of the same beside it.
fn with_old_messages(chat: &Chat, ages: &[u64]) -> String {
    std::fs::create_dir_all(chat.path("rooms")).expect("made");
    let now = chat_store::record::RecordId::now();
    let line = |age: &u64| format!("{}\tsay\talice\t\t{age} days old\n", now.days_before(*age));
    let text: String = ages.iter().map(line).collect();
    std::fs::write(chat.path("rooms/r.log"), &text).expect("written");
    text
}

#[test]
fn it_tells_about_a_chat_that_runs() {
    let chat = Chat::with("MESSAGE_BURST=1000");
    let (mut alice, mut eve) = (chat.page("r", "alice"), chat.page("r", "eve"));
    alice.find(|message| message["type"] == "join" && message["from"] == "eve");
    let _other = chat.page("s", "carol");
    alice.say("words of alice", "m1");
    let id = alice.expect("ack")["id"]
        .as_str()
        .expect("an id")
        .to_owned();

    let (plain, status) = both(&chat, &["status"], 0);
    assert!(
        plain.out.contains("2 rooms, 2 with people") && plain.out.contains("3 people"),
        "{}",
        plain.out
    );
    assert_eq!(
        (&status["rooms"], &status["people"]),
        (&json!(2), &json!(3))
    );
    let (plain, rooms) = both(&chat, &["rooms"], 0);
    assert!(plain.out.starts_with("ROOM "), "{}", plain.out);
    assert_eq!(
        (&rooms[0]["room"], &rooms[0]["people"]),
        (&json!("r"), &json!(2))
    );
    let (_, users) = both(&chat, &["users", "r"], 0);
    assert_eq!(
        users,
        json!([
            {"room": "r", "nick": "alice", "color": "Gray"}, {"room": "r", "nick": "eve", "color": "Gray"},
        ])
    );
    assert_eq!(
        chatctl(&chat, &["--json", "users"])
            .json()
            .as_array()
            .map(Vec::len),
        Some(3)
    );

    let said = chatctl(&chat, &["say", "r", "from", "the\nshell", "--as", "boss"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let said = alice.find(|message| message["from"] == "boss");
    assert_eq!(text_of(&said), "from the\nshell");
    assert_eq!(
        text_of(&eve.find(|message| message["from"] == "boss")),
        "from the\nshell"
    );
    let (plain, history) = both(&chat, &["history", "r", "-n", "2"], 0);
    assert!(
        plain.out.ends_with("say boss: from the\n    shell\n"),
        "{}",
        plain.out
    );
    assert_eq!(history[0]["text"], "words of alice");
    let found = chatctl(&chat, &["--json", "history", "r", "--search", "OF ALICE"]).json();
    assert_eq!(found.as_array().map(Vec::len), Some(1));
    assert_eq!(
        chatctl(&chat, &["--json", "history", "r", "--before", &id]).json(),
        json!([])
    );
    let export = chatctl(&chat, &["export", "r"]);
    // Four records, of which one has two lines.
    assert_eq!(export.out.lines().count(), 5, "{}", export.out);
    let lines: Vec<Value> = chatctl(&chat, &["--json", "export", "r"])
        .out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(
        (lines.len(), &lines[2]["text"]),
        (4, &json!("words of alice"))
    );
}

#[test]
fn what_it_does_reaches_those_who_are_there() {
    let chat = Chat::with("MESSAGE_BURST=1000");
    let (mut alice, mut eve) = (chat.page("r", "alice"), chat.page("r", "eve"));
    alice.say("words of alice", "m1");
    let id = alice.expect("ack")["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    both(&chat, &["redact", "r", &id], 0);
    assert_eq!(alice.expect("redact")["target"], id.as_str());
    assert!(!chat.log("r").contains("words of alice"));

    both(&chat, &["mute", "r", "EVE", "--minutes", "5"], 0);
    assert_eq!(eve.expect("notice")["code"], "muted");
    eve.say("hm", "m2");
    assert_eq!(eve.expect("error")["code"], "muted");
    let (plain, bans) = both(&chat, &["bans"], 0);
    assert!(
        plain.out.contains("mute") && bans[0]["nick"] == "EVE",
        "{} {bans}",
        plain.out
    );
    assert_eq!(chatctl(&chat, &["unmute", "r", "eve"]).code, 0);
    eve.find(|message| message["code"] == "unmuted");
    eve.say("thanks", "m3");
    eve.expect("ack");

    assert_eq!(chatctl(&chat, &["kick", "r", "eve", "too", "loud"]).code, 0);
    let bye = eve.expect("bye");
    assert_eq!(bye["reason"], "kicked");
    assert!(text_of(&bye).ends_with("too loud"));
    assert_eq!(text_of(&alice.expect("kick")), "too loud");
    let mut eve = chat.page("r", "eve");
    assert_eq!(chatctl(&chat, &["ban", "r", "eve", "spam"]).code, 0);
    assert_eq!(eve.expect("bye")["reason"], "banned");
    assert_eq!(chat.page("r", "Eve").welcome["reason"], "banned");
    assert_eq!(chatctl(&chat, &["unban", "r", "eve"]).code, 0);
    assert_eq!(chat.page("r", "eve").you(), "eve");

    let (plain, refused) = both(&chat, &["purge", "r"], 1);
    assert!(plain.err.contains("--force"), "{}", plain.err);
    assert_eq!(refused["exit"], 1);
    assert_eq!(chatctl(&chat, &["purge", "r", "--force"]).code, 0);
    assert!(!chat.log("r").contains("thanks"));
    // The room goes on.
    alice.say("still here", "m9");
    assert_eq!(
        text_of(&alice.find(|message| text_of(message) == "still here")),
        "still here"
    );
}

#[test]
fn it_looks_after_a_chat_that_does_not_run() {
    let chat = Chat::new();
    let (_, status) = both(&chat, &["status"], 0);
    assert_eq!(
        (&status["rooms"], &status["people"]),
        (&json!(0), &json!(0))
    );
    chatctl(
        &chat,
        &[
            "ban",
            "r",
            "eve",
            "--minutes",
            "60",
            "--account",
            "e",
            "spam",
        ],
    );
    let (_, bans) = both(&chat, &["bans"], 0);
    assert_eq!(
        (&bans[0]["nick"], &bans[0]["account"], &bans[0]["reason"]),
        (&json!("eve"), &json!("e"), &json!("spam"))
    );
    assert_eq!(chat.page("r", "eve").welcome["reason"], "banned");
    assert_eq!(
        chatctl(&chat, &["say", "r", "nobody hears this now"]).code,
        0
    );
    let (_, history) = both(&chat, &["history", "r"], 0);
    assert_eq!(history[0]["text"], "nobody hears this now");
    assert_eq!(
        chat.page("r", "alice").past[0]["text"],
        "nobody hears this now"
    );
    let (_, users) = both(&chat, &["users"], 0);
    assert_eq!(users, json!([]));
    both(&chat, &["kick", "r", "alice"], 3);
    assert_eq!(chatctl(&chat, &["unban", "r", "eve"]).code, 0);
    both(&chat, &["unban", "r", "eve"], 3);
    assert_eq!(chatctl(&chat, &["purge", "r"]).code, 0);
    assert!(chat.files("rooms").is_empty());
    both(&chat, &["purge", "r"], 3);
}

#[test]
fn each_exit_status_says_what_it_says() {
    let chat = Chat::new();
    chat.page("r", "alice").client.leave();
    assert_eq!(chatctl(&chat, &["rooms"]).code, 0);
    for (arguments, code) in [
        // Refused.
        (&["say", "r", " "][..], 1),
        (&["say", "r", &"x".repeat(4097)], 1),
        (&["ban", "r", "eve", &"x".repeat(301)], 1),
        // Nothing there.
        (&["users", "nowhere"], 3),
        (&["history", "nowhere"], 3),
        (&["export", "nowhere"], 3),
        (&["kick", "r", "nobody"], 3),
        (&["unmute", "r", "nobody"], 3),
        (&["redact", "r", "2026-11-21T10:15:30.123456Z"], 3),
        (&["expire", "--older-than=3months", "nowhere"], 3),
    ] {
        let (plain, value) = both(&chat, arguments, code);
        assert!(
            plain.err.starts_with("chatctl: ") && plain.out.is_empty(),
            "{arguments:?} {}",
            plain.err
        );
        assert_eq!(value["exit"], code, "{arguments:?}");
        assert!(value["error"].as_str().is_some_and(|text| !text.is_empty()));
    }
    for arguments in [
        &[][..],
        &["dance"],
        &["kick"],
        &["kick", "r"],
        &["kick", "a/b", "eve"],
        &["kick", "r", "a/b"],
        &["ban", "r", "eve", "--minutes", "0"],
        &["ban", "r", "eve", "--address", "nowhere"],
        &["redact", "r", "yesterday"],
        &["history", "r", "-n", "many"],
        &["--nonsense", "rooms"],
    ] {
        let done = chatctl(&chat, arguments);
        assert_eq!(done.code, 2, "{arguments:?}: {}", done.err);
        assert!(!done.err.is_empty() && done.out.is_empty(), "{arguments:?}");
    }
    for arguments in [&["--help"][..], &["--version"], &["help", "expire"]] {
        assert_eq!(chatctl(&chat, arguments).code, 0, "{arguments:?}");
    }
    std::fs::write(chat.path("bad.ini"), "[global]\nBASE_DIR=.\nMAX_ROOMS=no\n").expect("written");
    let bad = chat.path("bad.ini").display().to_string();
    let (plain, value) = both(&chat, &["--config", &bad, "rooms"], 5);
    assert!(plain.err.contains("bad.ini:3: MAX_ROOMS"), "{}", plain.err);
    assert_eq!(value["exit"], 5);
    let none = chat.path("none.ini").display().to_string();
    both(&chat, &["--config", &none, "rooms"], 5);
}

#[test]
fn an_age_that_is_not_understood_deletes_nothing() {
    let chat = Chat::new();
    let before = with_old_messages(&chat, &[4000, 400, 40, 4, 0]);
    for age in [
        "",
        " ",
        "3",
        "months",
        "3m",
        "3min",
        "3mons",
        "3fortnights",
        "-3months",
        "0days",
        "0",
        "00years",
        "+3months",
        "3.5months",
        "1e3days",
        "3months2days",
        "3 months ago",
        "99999999999999999999days",
        "10001days",
        "3MONTHS",
        "all",
        "٣months",
        "*",
        "--",
        "3months,",
        "0x3months",
    ] {
        let done = chatctl(&chat, &["expire", &format!("--older-than={age}")]);
        assert_eq!(done.code, 2, "{age:?}: {}", done.out);
        assert!(
            done.err.contains("older-than") || done.err.contains("a number and a unit"),
            "{age:?}: {}",
            done.err
        );
        assert_eq!(chat.log("r"), before, "{age:?}");
    }
    assert_eq!(chatctl(&chat, &["expire", "--older-than"]).code, 2);
}

#[test]
fn old_messages_are_deleted_by_their_age_while_people_talk() {
    let chat = Chat::new();
    with_old_messages(&chat, &[4000, 400, 95, 85, 20, 2]);
    let mut alice = chat.page("r", "alice");
    let left = |chat: &Chat| chat.log("r").matches(" days old").count();
    let (_, told) = both(&chat, &["expire", "--older-than=10years", "--dry-run"], 0);
    assert_eq!(
        (&told["dry_run"], told["files"][0]["removed"].as_bool()),
        (&json!(true), Some(false))
    );
    assert_eq!(left(&chat), 6);
    for (age, wanted) in [
        ("1000weeks", 6),
        ("10years", 5),
        ("1year", 4),
        ("3months", 3),
        ("12weeks", 2),
        ("10days", 1),
        ("1 day", 0),
    ] {
        let (_, told) = both(&chat, &["expire", &format!("--older-than={age}")], 0);
        assert_eq!(left(&chat), wanted, "{age} {told}");
        alice.say(&format!("after {age}"), &age.replace(' ', "-"));
        alice
            .find(|message| text_of(message) == format!("after {age}") && message["type"] == "say");
    }
    assert!(chat.log("r").contains("after 10years"));
    let quiet = chatctl(&chat, &["--json", "expire", "--older-than=1day"]).json();
    assert_eq!(quiet["bytes"], 0);
}

#[test]
fn the_check_says_what_is_wrong_and_why() {
    let chat = Chat::new();
    chat.page("r", "alice").client.leave();
    std::fs::create_dir_all(chat.path("sessions")).expect("made");
    let rules = chat.path("logrotate.d");
    std::fs::create_dir(&rules).expect("made");
    let dir = rules.display().to_string();
    let check = ["check", "--logrotate", &dir];
    let (plain, value) = both(&chat, &check, 0);
    assert!(plain.out.contains("good"), "{}", plain.out);
    assert_eq!(value["good"], true);

    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../logrotate/websocketd-rs-chat");
    let shipped = std::fs::read_to_string(shipped).expect("the rule");
    let rooms = chat.path("rooms").display().to_string();
    let here = shipped.replace("/var/lib/websocketd-rs/chat/rooms", &rooms);
    assert_ne!(here, shipped);
    std::fs::write(rules.join("chat"), &here).expect("written");
    both(&chat, &check, 0);
    let old = here.replace(
        "    create 0640 www-data www-data\n    nocompress",
        "    copytruncate",
    );
    std::fs::write(rules.join("chat"), old).expect("written");
    let (plain, _) = both(&chat, &check, 1);
    for part in [
        "logrotate.d/chat",
        "copytruncate loses",
        "between its copy and its truncation",
        "create",
    ] {
        assert!(plain.err.contains(part), "{}", plain.err);
    }
    std::fs::remove_file(rules.join("chat")).expect("removed");

    let log = chat.path("rooms/r.log");
    let whole = std::fs::read(&log).expect("a log");
    std::fs::write(&log, [&whole[..], b"2026-11-21T10:15"].concat()).expect("written");
    let (plain, _) = both(&chat, &check, 1);
    assert!(
        plain.err.contains("r.log") && plain.err.contains("torn"),
        "{}",
        plain.err
    );
    std::fs::write(&log, &whole).expect("written");
    std::fs::remove_dir_all(chat.path("users")).expect("removed");
    let (plain, _) = both(&chat, &check, 1);
    assert!(
        plain.err.contains("users: the directory is missing"),
        "{}",
        plain.err
    );
}

#[test]
fn the_check_tells_a_log_that_the_chat_cannot_write_and_a_rule_that_deletes() {
    let chat = Chat::new();
    chat.page("r", "alice").client.leave();
    std::fs::create_dir_all(chat.path("sessions")).expect("made");
    let rules = chat.path("logrotate.d");
    std::fs::create_dir(&rules).expect("made");
    let dir = rules.display().to_string();
    let check = ["check", "--logrotate", &dir];
    both(&chat, &check, 0);

    let log = chat.path("rooms/r.log");
    let mode = |mode| std::fs::Permissions::from_mode(mode);
    if nix::unistd::geteuid().is_root() {
        // As when root has made or restored it: the chat's user may read it.
        let owned = Command::new("chown")
            .args(["-R", "www-data:www-data"])
            .arg(chat.base())
            .status();
        assert!(owned.expect("chown").success());
        std::os::unix::fs::chown(&log, Some(0), Some(0)).expect("ours");
        std::fs::set_permissions(&log, mode(0o644)).expect("ours");
        std::fs::set_permissions(chat.base(), mode(0o755)).expect("ours");
    } else {
        std::fs::set_permissions(&log, mode(0o400)).expect("ours");
    }
    let (plain, _) = both(&chat, &check, 1);
    for part in ["r.log: Permission denied", "must belong to the chat's user"] {
        assert!(plain.err.contains(part), "{}", plain.err);
    }
    std::fs::remove_file(&log).expect("ours");
    both(&chat, &check, 0);

    let rooms = chat.path("rooms").display().to_string();
    let rule = format!("{rooms}/*.log {{\n weekly\n create 0640 www-data www-data\n}}\n");
    std::fs::write(rules.join("chat"), rule).expect("written");
    let (plain, _) = both(&chat, &check, 1);
    for part in ["logrotate.d/chat", "no `rotate N`", "is deleted"] {
        assert!(plain.err.contains(part), "{}", plain.err);
    }
}

#[test]
fn expire_deletes_the_sessions_that_ended_and_no_others() {
    let chat = Chat::with("SESSION_MAX_AGE=172800");
    chat.page("r", "alice").client.leave();
    let day = Duration::from_secs(24 * 3600);
    let session = |name: &str, days: u32| {
        let path = chat.path("sessions").join(name);
        std::fs::create_dir_all(chat.path("sessions")).expect("made");
        let file = std::fs::File::create(&path).expect("made");
        file.set_modified(SystemTime::now() - day * days - day / 2)
            .expect("set");
        file
    };
    session("sess_old", 3);
    session("guess_old", 3);
    session("sess_counts", 1);
    session("of_the_site", 30);
    let used = session("sess_used", 3);
    let _lock = nix::fcntl::Flock::lock(used, nix::fcntl::FlockArg::LockExclusive).expect("free");
    let all = chat.files("sessions");
    let expire = ["expire", "--older-than=1year"];
    let (plain, value) = both(&chat, &[&expire[..], &["--dry-run"]].concat(), 0);
    assert!(
        plain.out.contains("would delete 3 sessions"),
        "{}",
        plain.out
    );
    assert_eq!(value["sessions"], 3);
    assert_eq!(chat.files("sessions"), all);
    // A room's own messages are no occasion.
    chatctl(&chat, &[&expire[..], &["r"]].concat());
    assert_eq!(chat.files("sessions"), all);
    let told = chatctl(&chat, &expire);
    assert!(told.out.contains("deleted 2 sessions"), "{}", told.out);
    assert_eq!(
        chat.files("sessions"),
        ["of_the_site", "sess_counts", "sess_used"]
    );

    // Another's directory is swept by whoever it belongs to.
    let elsewhere = Chat::with("SESSION_SAVE_PATH=php");
    elsewhere.page("r", "alice").client.leave();
    let path = elsewhere.path("php");
    std::fs::create_dir(&path).expect("made");
    let file = std::fs::File::create(path.join("sess_old")).expect("made");
    file.set_modified(SystemTime::now() - day * 99)
        .expect("set");
    assert_eq!(chatctl(&elsewhere, &expire).code, 0);
    assert_eq!(elsewhere.files("php"), ["sess_old"]);
}

/// systemd's own opinion of the units, and chatctl's of the line that they run.
#[test]
fn the_timer_deletes_on_a_schedule() {
    let analyze = "/usr/bin/systemd-analyze";
    assert!(
        Path::new(analyze).exists(),
        "{analyze} is missing; install it with `apt-get install systemd` or run `make test`, which does"
    );
    let conf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conf");
    let service = std::fs::read_to_string(conf.join("chat-expire.service")).expect("shipped");
    let timer = std::fs::read_to_string(conf.join("chat-expire.timer")).expect("shipped");
    let command = service
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart=chatctl "))
        .expect("the service runs chatctl");

    // It is installed elsewhere here.
    let here = tempfile::tempdir().expect("a directory");
    let service = service.replace(
        "ExecStart=chatctl ",
        &format!("ExecStart={} ", env!("CARGO_BIN_EXE_chatctl")),
    );
    std::fs::write(here.path().join("chat-expire.service"), service).expect("written");
    std::fs::write(here.path().join("chat-expire.timer"), &timer).expect("written");
    let units = ["chat-expire.service", "chat-expire.timer"].map(|unit| here.path().join(unit));
    let output = Command::new(analyze)
        .args(["verify", "--man=no"])
        .args(&units)
        .output()
        .expect("started");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(!told.contains("chat-expire"), "{told}");
    let calendar = timer
        .lines()
        .find_map(|line| line.strip_prefix("OnCalendar="))
        .expect("a time");
    let output = Command::new(analyze)
        .args(["calendar", calendar])
        .output()
        .expect("started");
    assert!(output.status.success(), "{calendar}");

    let chat = Chat::new();
    with_old_messages(&chat, &[400, 95, 10]);
    let ini = chat.path("chat.ini").display().to_string();
    let command = command.replace("/etc/websocketd-rs/chat.ini", &ini);
    let arguments: Vec<_> = command.split_whitespace().collect();
    assert_eq!(chatctl(&chat, &arguments).code, 0, "{arguments:?}");
    assert_eq!(chat.log("r").lines().count(), 1);
}

/// Variables of a guest from this address.
fn guest<'a>(query: &'a str, address: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("PATH_INFO", "/r"),
        ("QUERY_STRING", query),
        ("REMOTE_ADDR", address),
    ]
}

fn entered(chat: &Chat, query: &str, address: &str) -> Value {
    let mut handler = chat.start(&guest(query, address));
    let first = handler.line().expect("a welcome or a bye");
    serde_json::from_str(&first).expect("JSON")
}

/// The same words mean the same in the shell and in the room: sixty minutes.
#[test]
fn minutes_may_stand_before_the_reason() {
    let chat = Chat::new();
    assert_eq!(chatctl(&chat, &["ban", "r", "troll", "60", "spam"]).code, 0);
    let (_, bans) = both(&chat, &["bans", "r"], 0);
    assert_eq!(bans[0]["reason"], "spam");
    assert!(bans[0]["until"].is_string(), "{bans}");
}

/// Another name is typed in a moment.
#[test]
fn a_ban_of_a_guest_holds_for_the_address() {
    let chat = Chat::new();
    let mut troll = chat.start(&guest("format=json&nick=troll", "198.51.100.7"));
    troll.line_with("\"from\":\"troll\"");
    let (_, users) = both(&chat, &["users"], 0);
    assert_eq!(users[0]["address"], "198.51.100.7");
    assert_eq!(chatctl(&chat, &["ban", "r", "troll", "spam"]).code, 0);
    troll.line_with("banned");
    let again = entered(&chat, "format=json&nick=angel", "198.51.100.7");
    assert_eq!(again["reason"], "banned", "{again}");
    let other = entered(&chat, "format=json&nick=angel", "198.51.100.8");
    assert_eq!(other["type"], "welcome", "{other}");
}

#[test]
fn a_ban_may_hold_in_every_room_and_for_a_network() {
    let chat = Chat::new();
    let ban = ["ban", "*", "troll", "--address", "198.51.100.0/24", "spam"];
    assert_eq!(chatctl(&chat, &ban).code, 0);
    let first = |address| entered(&chat, "format=json&nick=angel", address);
    assert_eq!(first("198.51.100.200")["reason"], "banned");
    assert_eq!(first("203.0.113.7")["type"], "welcome");
    let (_, bans) = both(&chat, &["bans"], 0);
    assert_eq!(bans[0]["room"], "*");
    assert_eq!(bans[0]["address"], "198.51.100.0/24");
    assert_eq!(chatctl(&chat, &["unban", "*", "troll"]).code, 0);
    assert_eq!(first("198.51.100.200")["type"], "welcome");
}

#[test]
fn expire_deletes_rooms_that_nobody_ever_spoke_in() {
    let chat = Chat::with("[room descriptions]\ntea=For tea");
    for room in [
        "lobby",
        "tea",
        "looked-into",
        "spoken-in",
        "topical",
        "busy",
        "young",
    ] {
        let mut page = chat.page(room, "alice");
        match room {
            "spoken-in" => {
                page.say("hello", "m");
                page.expect("ack");
            }
            "topical" => {
                page.type_in("/topic of the day");
                page.expect("topic");
            }
            _ => {}
        }
        page.client.leave();
    }
    let _there = chat.page("busy", "bob");
    let yesterday = SystemTime::now() - Duration::from_secs(2 * 24 * 3600);
    for file in chat.files("rooms") {
        if file != "young.log" {
            let file = std::fs::File::options()
                .append(true)
                .open(chat.path(&format!("rooms/{file}")));
            file.and_then(|file| file.set_modified(yesterday))
                .expect("dated");
        }
    }
    let arguments = ["expire", "--older-than=10years"];
    let dry = chatctl(&chat, &["--json", arguments[0], arguments[1], "--dry-run"]).json();
    assert_eq!(dry["rooms"], json!(["looked-into"]));
    let done = chatctl(&chat, &["--json", arguments[0], arguments[1]]).json();
    assert_eq!(done["rooms"], json!(["looked-into"]));
    let mut left = chat.files("rooms");
    left.sort();
    assert_eq!(
        left,
        [
            "busy.log",
            "lobby.log",
            "spoken-in.log",
            "tea.log",
            "topical.log",
            "young.log"
        ]
    );
}

/// A clock that was wrong for a minute: all that is said later would have that minute's time.
#[test]
fn messages_from_the_future_are_told_and_mended() {
    let chat = Chat::new();
    let mut alice = chat.page("r", "alice");
    alice.say("right", "m1");
    alice.expect("ack");
    let line = "2099-01-01T00:00:00.000001Z\tsay\tbob\t\tfrom the future\n";
    let log = std::fs::File::options()
        .append(true)
        .open(chat.room_log("r"));
    std::io::Write::write_all(&mut log.expect("a log"), line.as_bytes()).expect("written");
    alice.say("after it", "m2");
    let id =
        |page: &mut e2e::page::Page| page.expect("ack")["id"].as_str().expect("an id").to_owned();
    let wrong = id(&mut alice);
    assert!(wrong.starts_with("2099-"), "{wrong}");
    let told = chatctl(&chat, &["check"]);
    assert_eq!(told.code, 1);
    assert!(told.err.contains("chatctl mend r"), "{}", told.err);

    let done = chatctl(&chat, &["--json", "mend"]).json();
    assert_eq!(done, json!([{"room": "r", "records": 2}]));
    assert!(chatctl(&chat, &["mend", "r"]).out.contains("no record"));
    assert!(!chat.log("r").contains("2099-"));
    // Who was there before goes on, in both directions, and so does who comes back with what he saw last.
    alice.say("right again", "m3");
    let right = id(&mut alice);
    assert!(*right < *"2099", "{right}");
    assert_eq!(
        text_of(&alice.find(|message| text_of(message) == "right again")),
        "right again"
    );
    let back = chat.page_with("r", &format!("since={wrong}"), "");
    let said: Vec<_> = back
        .past
        .iter()
        .map(text_of)
        .filter(|text| !text.is_empty())
        .collect();
    assert_eq!(
        said,
        ["right", "from the future", "after it", "right again"]
    );
    assert!(!chatctl(&chat, &["check"]).err.contains("mend"));
}

/// Hidden is not deleted, and deleted is in no log and no export.
#[test]
fn what_was_said_can_be_hidden_or_deleted() {
    let chat = Chat::new();
    let mut alice = chat.page("r", "alice");
    alice.say("sesame", "m1");
    alice.expect("ack");
    let told = chatctl(&chat, &["clear", "r"]);
    assert!(told.out.contains("the logs keep it"), "{}", told.out);
    alice.expect("clear");
    assert!(chat.page("r", "late").past.is_empty());
    assert!(chatctl(&chat, &["export", "r"]).out.contains("sesame"));

    for suffix in [".1", ".2.gz"] {
        let line = "2026-01-01T00:00:00.000001Z\tsay\talice\t\tolder sesame\n";
        std::fs::write(chat.path(&format!("rooms/r.log{suffix}")), line).expect("written");
    }
    both(&chat, &["clear", "r", "--delete"], 0);
    alice.expect("clear");
    assert!(!chatctl(&chat, &["export", "r"]).out.contains("sesame"));
    assert!(!chat.log("r").contains("sesame"));
    assert_eq!(chat.files("rooms"), ["r.log"]);
    alice.say("again", "m2");
    alice.expect("ack");
    assert_eq!(chatctl(&chat, &["clear", "nowhere", "--delete"]).code, 3);
}

#[test]
fn what_one_person_said_is_deleted_from_every_log() {
    let chat = Chat::new();
    let cookie = chat.log_in(&[("username", "alice")]);
    let mut alice = chat.page_with("r", "", &cookie);
    let mut bob = chat.page("r", "bob");
    for (page, text) in [(&mut alice, "sesame one"), (&mut bob, "kept")] {
        page.say(text, "m1");
        page.expect("ack");
    }
    alice.type_in("/nick Ali");
    alice.expect("you");
    alice.say("sesame two", "m2");
    let id = alice.expect("ack")["id"].clone();
    let edit = |alice: &mut e2e::page::Page, target: &Value, text: &str| {
        let msgid = text.len().to_string();
        alice.send(&json!({"type": "edit", "target": target, "text": text, "msgid": msgid}));
        alice.find(|answer| answer["msgid"] == msgid);
    };
    edit(&mut alice, &id, "sesame anew");
    alice.type_in("/nick Lee");
    alice.expect("you");
    edit(&mut alice, &id, "sesame once more");
    let rotated = chat.path("rooms/r.log-20261101.gz");
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let lines = "2026-10-01T00:00:00.000001Z\tsay\talice\taccount=alice\tsesame three\n\
                 2026-10-01T00:00:00.000002Z\tsay\tbob\t\tkept too\n";
    std::io::Write::write_all(&mut packer, lines.as_bytes()).expect("packed");
    std::fs::write(rotated, packer.finish().expect("packed")).expect("written");

    let export = || chatctl(&chat, &["export", "r"]).out;
    assert_eq!(export().matches("sesame").count(), 5);
    let shown = chatctl(&chat, &["history", "r"]).out;
    assert!(
        shown.trim_end().ends_with("sesame once more (edited)"),
        "{shown}"
    );
    // By name, only what was said under it, in all its forms.
    assert_eq!(chatctl(&chat, &["erase", "r", "ALI"]).code, 0);
    assert_eq!(export().matches("sesame").count(), 2);
    bob.find(|message| message["type"] == "redact" && message["target"] == id);
    let done = chatctl(&chat, &["--json", "erase", "*", "alice", "--account"]).json();
    assert_eq!(done["messages"], 2);
    let left = export();
    assert!(
        !left.contains("sesame") && left.contains("kept too"),
        "{left}"
    );
    assert!(!chat.log("r").contains("sesame") && chat.log("r").contains("\tkept\n"));
    assert_eq!(
        chatctl(&chat, &["erase", "*", "alice", "--account"]).code,
        3
    );
    bob.say("goes on", "m3");
    bob.expect("ack");
}

/// Who is in a call with them hangs up when this comes: their own page may not.
#[test]
fn all_hear_who_must_go_before_they_are_gone() {
    let chat = Chat::with("SESSION_ADMIN_PATH=admin");
    let boss_cookie = chat.log_in(&[("username", "boss"), ("admin", "1")]);
    let mut alice = chat.page("r", "alice");
    for (kind, from_the_shell) in [
        ("kick", true),
        ("ban", true),
        ("kick", false),
        ("ban", false),
    ] {
        let name = format!("{kind}-{from_the_shell}");
        let eve_cookie = chat.log_in(&[("username", &name)]);
        let mut eve = chat.page_with("r", "", &eve_cookie);
        if from_the_shell {
            assert_eq!(chatctl(&chat, &[kind, "r", &name]).code, 0);
        } else {
            let mut boss = chat.page_with("r", "", &boss_cookie);
            boss.type_in(&format!("/{kind} {name}"));
            boss.expect(kind);
        }
        eve.expect("bye");
        // In this order, with the name as the list of members has it.
        let told =
            |message: &Value| message["to"] == name.as_str() || message["from"] == name.as_str();
        alice.find(|message| message["type"] == "join" && told(message));
        let first = alice.find(told);
        assert_eq!((&first["type"], &first["to"]), (&json!(kind), &json!(name)));
        let last = alice.find(told);
        assert_eq!(
            (&last["type"], &last["from"]),
            (&json!("quit"), &json!(name))
        );
    }
}

#[test]
fn a_room_is_meant_by_whatever_looks_like_its_name() {
    let chat = Chat::new();
    let mut eve = chat.page("Kino", "eve");
    assert_eq!(chatctl(&chat, &["ban", "KINO", "eve"]).code, 0);
    assert_eq!(eve.expect("bye")["reason"], "banned");
    assert_eq!(
        chatctl(&chat, &["--json", "bans"]).json()[0]["room"],
        "Kino"
    );
}

/// Who moderates by the site is an owner everywhere; who makes a room and is logged in owns that one.
#[test]
fn a_room_has_owners_and_moderators() {
    let chat = Chat::new();
    let logged_in = |name: &str| chat.log_in(&[("username", name)]);
    let mut anna = chat.page_with("tea", "", &logged_in("anna"));
    assert_eq!(anna.welcome["moderator"], true);
    assert_eq!(
        both(&chat, &["role", "tea"], 0).1,
        json!([{ "room": "tea", "account": "anna", "role": "owner", "by": "anna" }])
    );
    let mut bob = chat.page_with("tea", "", &logged_in("bob"));
    let mut carol = chat.page_with("tea", "", &logged_in("carol"));
    let mut guest = chat.page("tea", "guest");
    for page in [&mut bob, &mut guest] {
        page.type_in("/kick carol");
        assert_eq!(page.expect("error")["code"], "not_moderator");
    }
    // A guest's name is anybody's.
    anna.type_in("/op guest");
    assert_eq!(anna.expect("error")["code"], "not_found");
    anna.type_in("/op bob");
    assert_eq!(bob.expect("you")["moderator"], true);
    for (command, code) in [
        ("/op carol", "not_moderator"),
        ("/ban anna", "not_moderator"),
    ] {
        bob.type_in(command);
        assert_eq!(bob.expect("error")["code"], code, "{command}");
    }
    bob.type_in("/mute guest");
    assert_eq!(guest.expect("notice")["code"], "muted");
    // It is there after a restart, and in no other room.
    drop(bob);
    let mut bob = chat.page_with("tea", "", &logged_in("bob"));
    assert_eq!(bob.welcome["moderator"], true);
    let elsewhere = chat.page_with("lobby", "", &logged_in("bob"));
    assert_eq!(elsewhere.welcome["moderator"], false);
    anna.type_in("/deop bob");
    assert_eq!(bob.expect("you")["moderator"], false);
    bob.type_in("/kick carol");
    assert_eq!(bob.expect("error")["code"], "not_moderator");

    assert_eq!(chatctl(&chat, &["role", "*", "carol", "moderator"]).code, 0);
    carol.type_in("/kick guest out");
    assert_eq!(guest.expect("bye")["reason"], "kicked");
    let (_, shown) = both(&chat, &["role", "lobby", "carol"], 0);
    assert_eq!(shown["role"], "moderator");
    assert_eq!(chatctl(&chat, &["role", "tea", "anna", "boss"]).code, 2);
    // A later room of the same name is another's.
    drop((anna, bob, carol));
    assert_eq!(chatctl(&chat, &["purge", "tea", "--force"]).code, 0);
    assert_eq!(both(&chat, &["role", "tea"], 0).1, json!([]));
}

/// An address of IPv6 is new each day, and a browser's token in a moment; an account behind the same address is
/// somebody else.
#[test]
fn a_guests_ban_holds_for_its_household_and_its_browser() {
    let chat = Chat::with("SESSION_ADMIN_PATH=admin");
    let mut boss = chat.page_with(
        "r",
        "",
        &chat.log_in(&[("username", "boss"), ("admin", "1")]),
    );
    let token = "format=json&nick=troll&client=trolltrolltrolltroll";
    let mut troll = chat.start(&guest(token, "2001:db8:1:2::7"));
    troll.line_with("\"from\":\"troll\"");
    boss.find(|message| message["type"] == "join" && message["from"] == "troll");
    boss.type_in("/whois TROLL");
    let shown = text_of(&boss.expect("info")).to_owned();
    assert!(shown.contains("address 2001:db8:1:2::7"), "{shown}");
    boss.type_in("/ban troll 10");
    troll.line_with("banned");
    let first = |query, address| entered(&chat, query, address);
    let angel = "format=json&nick=angel&client=angelangelangelangel";
    assert_eq!(first(angel, "2001:db8:1:2:ffff::1")["reason"], "banned");
    let moved = "format=json&nick=angel&client=trolltrolltrolltroll";
    assert_eq!(first(moved, "203.0.113.7")["reason"], "banned");
    assert_eq!(first(angel, "2001:db8:1:3::7")["type"], "welcome");
    let cookie = chat.log_in(&[("username", "pupil")]);
    let mut pupil = chat.start(&[
        ("PATH_INFO", "/r"),
        ("QUERY_STRING", "format=json"),
        ("REMOTE_ADDR", "2001:db8:1:2::8"),
        ("HTTP_COOKIE", &cookie),
    ]);
    pupil.line_with("welcome");
    assert_eq!(chatctl(&chat, &["unban", "r", "troll"]).code, 0);
    assert_eq!(first(angel, "2001:db8:1:2:ffff::1")["type"], "welcome");

    // Of who has left, the log tells.
    let mut gone = chat.start(&guest(
        "format=json&nick=gone&client=gonegonegonegonegone",
        "",
    ));
    gone.line_with("\"from\":\"gone\"");
    drop(gone);
    boss.find(|message| message["type"] == "quit" && message["from"] == "gone");
    assert_eq!(chatctl(&chat, &["ban", "r", "gone"]).code, 0);
    let back = "format=json&nick=new&client=gonegonegonegonegone";
    assert_eq!(first(back, "203.0.113.9")["reason"], "banned");
}

#[test]
fn a_moderator_takes_back_all_that_somebody_said() {
    let chat = Chat::with("SESSION_ADMIN_PATH=admin");
    let mut boss = chat.page_with(
        "r",
        "",
        &chat.log_in(&[("username", "boss"), ("admin", "1")]),
    );
    let mut eve = chat.page("r", "eve");
    for (number, text) in ["spam one", "/me spams", "spam three"].iter().enumerate() {
        eve.say(text, &format!("m{number}"));
        eve.expect("ack");
    }
    boss.say("kept", "m");
    boss.expect("ack");
    let old = "2026-01-01T00:00:00.000001Z\tsay\teve\t\told spam\n";
    let log = chat.path("rooms/r.log");
    let text = std::fs::read_to_string(&log).expect("a log");
    std::fs::write(chat.path("rooms/r.log.1"), old).expect("written");
    eve.type_in("/remove boss");
    assert_eq!(eve.expect("error")["code"], "not_moderator");
    boss.type_in("/remove EVE 10");
    for _ in 0..3 {
        eve.expect("redact");
    }
    let left = std::fs::read_to_string(&log).expect("a log");
    assert!(text.contains("spam") && !left.contains("spam") && left.contains("\tkept\n"));
    assert!(chatctl(&chat, &["export", "r"]).out.contains("old spam"));
    boss.type_in("/remove eve");
    eve.expect("redact");
    assert!(!chatctl(&chat, &["export", "r"]).out.contains("spam"));
}

#[test]
fn a_period_is_exported_in_three_forms() {
    let chat = Chat::new();
    let line =
        |day: u8, text: &str| format!("2026-10-{day:02}T12:00:00.000000Z\tsay\tann<b>\t\t{text}\n");
    std::fs::create_dir_all(chat.path("rooms")).expect("made");
    let (old, new) = (
        line(1, "first") + &line(2, "<script>x</script>"),
        line(3, "third"),
    );
    std::fs::write(
        chat.path("rooms/r.log.1"),
        "[10:15:30] bob> of 2016\n".to_owned() + &old,
    )
    .expect("written");
    std::fs::write(chat.path("rooms/r.log"), new).expect("written");
    let export = |options: &[&str]| {
        let done = chatctl(&chat, &[&["export", "r"], options].concat());
        assert_eq!(done.code, 0, "{}", done.err);
        done.out
    };
    assert_eq!(export(&[]).lines().count(), 4);
    assert_eq!(export(&["--from", "2026-10-02"]).lines().count(), 2);
    assert_eq!(export(&["--to", "2026-10-01"]).lines().count(), 2);
    let one = ["--from", "2026-10-02", "--to", "2026-10-02"];
    assert_eq!(
        export(&one),
        "2026-10-02T12:00:00.000000Z say ann<b>: <script>x</script>\n"
    );
    let page = export(&[&one[..], &["--format", "html"]].concat());
    assert!(
        page.contains("<bdi>ann&lt;b&gt;</bdi></b>: <bdi>&lt;script&gt;x&lt;/script&gt;</bdi>"),
        "{page}"
    );
    let all: Value = serde_json::from_str(&export(&["--format", "json"])).expect("JSON");
    assert_eq!(all.as_array().map(Vec::len), Some(4));
    assert_eq!(all[2]["text"], "<script>x</script>");
    let none: Value =
        serde_json::from_str(&export(&["--format", "json", "--from", "2027-01-01"])).expect("JSON");
    assert_eq!(none, json!([]));
    for wrong in [["--from", "yesterday"], ["--format", "pdf"]] {
        assert_eq!(
            chatctl(&chat, &[&["export", "r"][..], &wrong].concat()).code,
            2
        );
    }
}

/// Every file below the chat's directory, compressed ones unpacked, and their names.
fn everything(chat: &Chat) -> String {
    let (mut all, mut dirs) = (String::new(), vec![chat.base().to_owned()]);
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).expect("a directory") {
            let entry = entry.expect("an entry");
            let (path, kind) = (entry.path(), entry.file_type().expect("a type"));
            all.extend(["\n", &entry.file_name().to_string_lossy(), "\n"]);
            if kind.is_dir() && entry.file_name() == "spool" && differs(SPOOL_KEEPS) {
                continue;
            }
            if kind.is_dir() {
                dirs.push(path);
            } else if kind.is_file() {
                let mut bytes = std::fs::read(&path).expect("read");
                if path.extension().is_some_and(|extension| extension == "gz") {
                    let packed = std::mem::take(&mut bytes);
                    let mut reader = flate2::read::MultiGzDecoder::new(&packed[..]);
                    std::io::Read::read_to_end(&mut reader, &mut bytes).expect("unpacked");
                }
                all += &String::from_utf8_lossy(&bytes);
            }
        }
    }
    all.to_lowercase()
}

fn pack(path: &Path, text: &str) {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packer, text.as_bytes()).expect("packed");
    std::fs::write(path, packer.finish().expect("packed")).expect("written");
}

/// Whatever can be done about a message of one's own.
fn amend(page: &mut e2e::page::Page, target: &Value) {
    for (kind, text) in [
        ("edit", "sesame written anew"),
        ("react", "\u{1f338}"),
        ("pin", ""),
    ] {
        page.send(&json!({"type": kind, "target": target, "text": text, "msgid": kind}));
        page.find(|answer| answer["msgid"] == kind);
    }
}

#[test]
fn a_person_is_given_out_and_forgotten() {
    let chat = Chat::with("SESSION_ADMIN_PATH=admin");
    let cookie = chat.log_in(&[("username", "zdenka"), ("admin", "1")]);
    let mut bob = chat.page("r", "bob");
    bob.say("kept", "m");
    bob.expect("ack");
    let mut other = chat.page_with("own", "", &cookie);
    let mut zdenka = chat.page_with("r", "client=zdenkastokenzdenkas", &cookie);
    zdenka.type_in("/topic sesame topic");
    zdenka.say("sesame one", "m1");
    zdenka.expect("ack");
    zdenka.type_in("/msg bob sesame whispered");
    zdenka.type_in("/mute bob 60");
    zdenka.type_in("/nick Nightingale");
    zdenka.expect("you");
    zdenka.say("sesame two", "m2");
    let last = zdenka.expect("ack")["id"].clone();
    bob.find(|message| message["id"] == last);
    amend(&mut zdenka, &last);
    other.say("sesame elsewhere", "m3");
    other.expect("ack");
    let time = "2026-10-01T00:00:00.00000";
    pack(
        &chat.path("rooms/r.log-20261101.gz"),
        &format!(
            "{time}1Z\tjoin\tZdenka1\taccount=zdenka;client=abc\t\n\
             {time}2Z\tsay\tZdenka1\taccount=zdenka\tsesame three\n\
             {time}3Z\tkick\tbob\t\tZDENKA1 and why\n\
             {time}4Z\tsay\tbob\t\tkept too\n"
        ),
    );
    std::fs::create_dir_all(chat.path("log")).expect("made");
    pack(
        &chat.path("log/authentization.log.2.gz"),
        "10:15 192.0.2.7 zdenka\n10:16 192.0.2.8 bob\n",
    );
    // On a phone: what they have read is kept, by their number.
    let number = zdenka.welcome["person"].as_str().expect("a number");
    std::fs::create_dir_all(chat.path("marks")).expect("made");
    let marks = chat.path(&format!("marks/{number}"));
    std::fs::write(&marks, format!("r {time}1Z all\n")).expect("written");
    let who = ["zdenka", "--account"];
    let person = |what: &str| chatctl(&chat, &[&["person", what][..], &who].concat());

    let given = person("export");
    assert_eq!(given.code, 0, "{}", given.err);
    let lines: Vec<Value> = given
        .out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    for text in [
        "sesame one",
        "sesame two",
        "sesame three",
        "sesame elsewhere",
        "sesame topic",
        "sesame written anew",
        "\u{1f338}",
    ] {
        assert!(
            lines.iter().any(|line| line["record"]["text"] == text),
            "{text}: {}",
            given.out
        );
    }
    assert!(
        lines
            .iter()
            .any(|line| line["room"] == "own" && line["role"] == "owner")
    );
    assert!(lines.iter().any(|line| line["notify"] == "all"));
    assert!(!given.out.contains("kept"), "{}", given.out);

    // Their handler would write the name again.
    let refused = person("erase");
    assert_eq!(refused.code, 1, "{}", refused.out);
    assert!(refused.err.contains("kick them first"), "{}", refused.err);
    drop((zdenka, other));
    bob.find(|message| message["type"] == "quit");
    let done = person("erase");
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(!marks.exists());
    // They were there, and what they said is taken off open pages.
    bob.find(|message| message["type"] == "redact" && message["target"] == last);
    let left = everything(&chat);
    for trace in ["zdenka", "nightingale", "sesame", "192.0.2.7", "\u{1f338}"] {
        let at = left
            .find(trace)
            .map(|at| &left[at.saturating_sub(80)..(at + 80).min(left.len())]);
        assert_eq!(at, None, "{trace}");
    }
    for kept in ["\tkept\n", "\tkept too\n", "192.0.2.8 bob"] {
        assert!(left.contains(kept), "{kept}");
    }
    assert_eq!(person("erase").code, 3);
    let mut again = chat.page("r", "late");
    assert_eq!(again.welcome["topic"], "");
    again.say("goes on", "m");
    again.expect("ack");
}

#[test]
fn expire_forgets_what_people_had_read_who_read_no_more() {
    let chat = Chat::new();
    std::fs::create_dir_all(chat.path("marks")).expect("made");
    let file = |name: &str, days: u64| {
        let path = chat.path("marks").join(name);
        std::fs::write(&path, "r 2026-10-01T00:00:00.000001Z all\n").expect("written");
        let changed = SystemTime::now() - Duration::from_secs(days * 24 * 3600);
        let opened = std::fs::File::options()
            .write(true)
            .open(&path)
            .expect("open");
        opened.set_modified(changed).expect("set");
        path
    };
    let old = file("00000000000000000001", 11);
    let new = file("00000000000000000002", 9);
    let expire = |flags: &[&str]| {
        let run = chatctl(
            &chat,
            &[&["expire", "--older-than", "10days"], flags].concat(),
        );
        assert_eq!(run.code, 0, "{}", run.err);
        run.out
    };
    assert!(expire(&["--dry-run"]).contains("would delete 1 files of read marks"));
    assert!(old.exists());
    assert!(expire(&[]).contains("deleted 1 files of read marks"));
    assert!(!old.exists() && new.exists());
}

#[test]
fn expire_deletes_what_a_killed_program_was_writing() {
    let chat = Chat::new();
    // Linux gives no process so high a number.
    let left = chat.path("profiles/.new-4194304-00000000000000000001");
    std::fs::create_dir_all(chat.path("profiles")).expect("made");
    std::fs::write(&left, "status away\n").expect("written");
    let expire = |flags: &[&str]| {
        let flags = [&["expire", "--older-than", "10days"], flags].concat();
        let run = chatctl(&chat, &flags);
        assert_eq!(run.code, 0, "{}", run.err);
    };
    expire(&["--dry-run"]);
    assert!(left.exists());
    expire(&[]);
    assert!(!left.exists());
}

/// What a room is to keep is the room's; `--older-than` is for those of which nothing is said.
#[test]
fn a_room_keeps_what_its_own_line_says() {
    let chat = Chat::with("KEEP=1year\n[keep]\ntea=1day\narchive=forever");
    let old = |days: u64| chat_store::record::RecordId::now().days_before(days);
    for room in ["tea", "archive", "lobby"] {
        let line = |days, text: &str| format!("{}\tsay\tanna\t\t{text}\n", old(days));
        std::fs::create_dir_all(chat.path("rooms")).expect("made");
        let rotated = line(500, "ancient") + &line(100, "old");
        std::fs::write(chat.path(&format!("rooms/{room}.log.1")), rotated).expect("written");
        std::fs::write(chat.room_log(room), line(0, "fresh")).expect("written");
    }
    let kept = |room: &str| {
        let rotated = std::fs::read_to_string(chat.path(&format!("rooms/{room}.log.1")));
        rotated.unwrap_or_default() + &chat.log(room)
    };
    let has = |room: &str| ["ancient", "old\n", "fresh"].map(|word| kept(room).contains(word));
    assert_eq!(chatctl(&chat, &["expire"]).code, 0);
    assert_eq!(has("tea"), [false, false, true]);
    assert_eq!(has("archive"), [true, true, true]);
    assert_eq!(has("lobby"), [false, true, true]);
    // As chat-expire.timer calls it.
    assert_eq!(chatctl(&chat, &["expire", "--older-than=2months"]).code, 0);
    assert_eq!(has("archive"), [true, true, true]);
    assert_eq!(has("lobby"), [false, true, true]);
    assert_eq!(
        chatctl(&chat, &["expire", "--older-than=1year", "archive"]).code,
        0
    );
    assert_eq!(has("archive"), [false, true, true]);
    let nothing = Chat::new();
    assert_eq!(chatctl(&nothing, &["expire"]).code, 1);
    let wrong = Chat::new();
    let ini = format!(
        "{}\n[keep]\ntea=soon\n",
        std::fs::read_to_string(wrong.ini()).expect("an ini")
    );
    std::fs::write(wrong.ini(), ini).expect("written");
    let refused = chatctl(&wrong, &["expire"]);
    assert!(
        refused.code == 5 && refused.err.contains("tea"),
        "{}",
        refused.err
    );
}
