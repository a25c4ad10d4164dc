//! What it costs to come into rooms, in system calls: a page comes back into all of its rooms in one go, and a
//! thousand pages at once when a server was restarted.

#![allow(clippy::print_stdout, reason = "the figures are the test's report")]

use std::path::Path;

use crate::support::{Chat, Client, Page};
use e2e::cluster_of_one::needs_alone;
use e2e::deadline::eventually;
use e2e::requirement::part;
use serde_json::json;

/// Rooms of one connection.
const ROOMS: usize = 50;
/// Calls that coming into one more room and leaving it may take. They were 139 once; 95 when this was written (98
/// of a debug build).
const CALLS_A_ROOM: usize = 105;
/// The first room is where the connection is counted, its directories are looked after and its entry is noted.
const CALLS_OF_THE_FIRST: usize = 140;

/// A page whose handler is traced comes into so many rooms.
fn traced(chat: &Chat, trace: &Path, options: &[&str], rooms: usize) -> Page<Client> {
    let handler = chat.command();
    let mut command = std::process::Command::new(part("/usr/bin/strace", "strace"));
    command
        .args(["-f", "-qq"])
        .args(options)
        .arg("-o")
        .arg(trace)
        .arg(handler.get_program())
        .args(handler.get_args())
        .env_clear()
        .envs([
            ("TZ", "UTC0"),
            ("PATH_INFO", "/"),
            (
                "QUERY_STRING",
                "format=json&protocol=2&client=a-browser&page=a-page-of-it",
            ),
            ("REMOTE_ADDR", "192.0.2.7"),
        ]);
    let mut page = Page::over(Client::start(command));
    page.expect("hello");
    let wished: Vec<_> = (0..rooms)
        .map(|number| json!({"room": format!("room{number}"), "history": 0}))
        .collect();
    if rooms > 0 {
        page.send(&json!({"type": "enter", "rooms": wished}));
    }
    for _ in 0..rooms {
        page.find(|message| message["type"] == "join");
    }
    page
}

/// The system calls of a handler that comes into so many rooms, which are there, and quits.
#[track_caller]
fn calls_for(chat: &Chat, rooms: usize) -> usize {
    let trace = chat.path(&format!("trace-{rooms}"));
    // Twice: what the first visit makes is there at the second.
    for _ in 0..2 {
        let mut page = traced(chat, &trace, &[], rooms);
        page.send(&json!({"type": "quit"}));
        page.expect("bye");
        page.client.rest();
    }
    lines_of(&trace)
}

fn lines_of(trace: &Path) -> usize {
    std::fs::read_to_string(trace)
        .expect("a trace; strace needs to trace (docker run --cap-add SYS_PTRACE)")
        .lines()
        // Debug builds ask it of each descriptor that they close.
        .filter(|line| !line.contains("F_GETFD"))
        .count()
}

fn with_rooms() -> Chat {
    let chat = Chat::with("MESSAGE_RATE=100000\nMESSAGE_BURST=100000");
    std::fs::create_dir_all(chat.path("rooms")).expect("a directory");
    for number in 0..ROOMS {
        std::fs::write(chat.path(&format!("rooms/room{number}.log")), "")
            .expect("room on the disk");
    }
    chat
}

/// Fifty of them, whenever a page is loaded, would keep the disk busy for as long as all else that it takes.
#[test]
fn rooms_that_are_only_entered_are_not_synced() {
    let chat = with_rooms();
    let trace = chat.path("trace");
    let mut page = traced(&chat, &trace, &["-y", "-e", "trace=fdatasync"], 5);
    // What is due in the other rooms was due before this.
    page.send(&json!({"type": "say", "room": "room4", "text": "this matters", "msgid": "m1"}));
    let synced = || std::fs::read_to_string(&trace).expect("a trace");
    eventually("what was said is synced", || {
        synced().contains("room4.log").then_some(())
    });
    page.send(&json!({"type": "quit"}));
    page.expect("bye");
    page.client.rest();
    for number in 0..4 {
        let room = format!("room{number}.log");
        assert!(!synced().contains(&room), "{room}:\n{}", synced());
    }
}

#[test]
fn one_more_room_takes_few_system_calls() {
    let _alone = needs_alone("counts the system calls that a site without [cluster] pays for");
    let chat = with_rooms();
    let [none, one, all] = [0, 1, ROOMS].map(|rooms| calls_for(&chat, rooms));
    let first = one - none;
    let each = (all - one).div_ceil(ROOMS - 1);
    println!("{first} calls for the first room, {each} for each other one");
    assert!(
        first <= CALLS_OF_THE_FIRST && each <= CALLS_A_ROOM,
        "{first} calls for the first room, {each} for each other one"
    );
}
