//! Every system call between a line on one person's stdin and the same on another's stdout, as it is on one machine:
//! what several machines need, a site on one of them does not pay for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Chat, Client, Page};
use e2e::cluster_of_one::needs_alone;
use e2e::requirement::part;
use serde_json::json;

/// What who speaks calls, from the line that is read to the write that brings its ack and its record.
const OF_THE_SENDER: [&str; 16] = [
    "read",
    // Bans of the room, and of the site.
    "newfstatat",
    "newfstatat",
    // The log: what was written since, under its lock; whether it is in its place; the record.
    "statx",
    "pread64",
    "fcntl",
    "flock",
    "fstat",
    "newfstatat",
    "pread64",
    "write",
    "flock",
    // The bell.
    "write",
    // Their own record, by way of the log.
    "pread64",
    "newfstatat",
    "write",
];
/// What another calls, from the wake-up to the write.
const OF_ANOTHER: [&str; 4] = ["epoll_wait", "pread64", "newfstatat", "write"];
/// Messages. Now and then something else is due in between (a sync, a look at the files): what most of them have counts.
const MESSAGES: usize = 25;
/// Memory is the allocator's affair, and differs by C library.
const OF_THE_ALLOCATOR: [&str; 5] = ["brk", "mmap", "munmap", "mremap", "madvise"];

/// A page whose handler is traced.
fn traced(chat: &Chat, nick: &str) -> (Page<Client>, PathBuf) {
    let trace = chat.path(&format!("trace-{nick}"));
    let handler = chat.command();
    let query = format!("format=json&nick={nick}&client=of-{nick}");
    let mut command = Command::new(part("/usr/bin/strace", "strace"));
    command
        .args(["-f", "-qq", "-s", "4096", "-o"])
        .arg(&trace)
        .arg(handler.get_program())
        .args(handler.get_args())
        .env_clear()
        .envs([
            ("TZ", "UTC0"),
            ("PATH_INFO", "/lobby"),
            ("QUERY_STRING", &query),
            ("REMOTE_ADDR", "192.0.2.7"),
        ]);
    (Page::enter(Client::start(command)), trace)
}

/// The calls of a trace: their names, and the lines.
fn calls(trace: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(trace);
    let text = text.expect("a trace; strace needs to trace (docker run --cap-add SYS_PTRACE)");
    let call = |line: &str| {
        // Behind the process id.
        let name = line.split_once('(')?.0.rsplit(' ').next()?;
        // One call by two names.
        let name = name.replace("epoll_pwait", "epoll_wait");
        // Debug builds ask it of each descriptor that they close.
        let counts = !line.contains("F_GETFD") && !OF_THE_ALLOCATOR.contains(&&*name);
        counts.then(|| (name, line.to_owned()))
    };
    text.lines().filter_map(call).collect()
}

/// The calls of most messages, up to the write that tells of each; `begins` says of a line whether it is the first.
#[track_caller]
fn usual(trace: &Path, begins: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let all = calls(trace);
    let mut seen: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for number in 1..MESSAGES {
        let text = text_of(number);
        let end = all.iter().position(|(_, line)| is_told(line, &text));
        let end = end.unwrap_or_else(|| panic!("{text} was told: {all:#?}"));
        let mut before = all[..end].iter();
        let start = before.rposition(|(_, line)| begins(line, &text));
        let start = start.expect("it began");
        let names = all[start..=end].iter().map(|(name, _)| name.clone());
        *seen.entry(names.collect()).or_default() += 1;
    }
    let most = seen.iter().max_by_key(|(_, count)| **count);
    let (names, count) = most.expect("there are messages");
    assert!(*count > MESSAGES / 2, "most are not alike: {seen:#?}");
    names.clone()
}

/// Whether it is the write that tells the client.
fn is_told(line: &str, text: &str) -> bool {
    line.contains("write(") && line.contains(r#"{\"type\":"#) && line.contains(text)
}

fn text_of(number: usize) -> String {
    format!("delivery {number:03}.")
}

#[test]
fn a_delivery_takes_these_system_calls_and_no_other() {
    let _alone = needs_alone("counts the system calls that a site without [cluster] pays for");
    let chat = Chat::with("MESSAGE_RATE=100000\nMESSAGE_BURST=100000");
    let (mut alice, of_alice) = traced(&chat, "alice");
    let (mut bob, of_bob) = traced(&chat, "bob");
    alice.find(|message| message["type"] == "join" && message["from"] == "bob");
    for number in 0..MESSAGES {
        let text = text_of(number);
        alice.say_acked(&text, &format!("m{number}"));
        alice.find(|message| message["type"] == "say" && message["text"] == *text);
        bob.find(|message| message["type"] == "say" && message["text"] == *text);
    }
    // strace writes the rest of its page at the end.
    for page in [&mut alice, &mut bob] {
        page.send(&json!({"type": "quit"}));
        page.client.rest();
    }
    let is_read = |line: &str, text: &str| line.contains("read(0,") && line.contains(text);
    let wakes = |line: &str, _: &str| line.contains("epoll_");
    let (sender, another) = (usual(&of_alice, is_read), usual(&of_bob, wakes));
    assert_eq!(sender, OF_THE_SENDER);
    assert_eq!(another, OF_ANOTHER);
}
