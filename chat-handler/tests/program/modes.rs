//! Who may read what the chat writes: the table in docs/operations.md, whatever umask its programs were started with.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use e2e::cluster_of_one::needs_alone;
use e2e::pipe::Handler;
use serde_json::json;

use crate::support::{Chat, Page};

/// The handler's command, below a shell that sets `umask`.
fn under_umask(chat: &Chat, umask: &str, query: &str, cookie: &str) -> Page {
    let command = chat.command();
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", &format!("umask {umask} && exec \"$0\" \"$@\"")])
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .env("TZ", "UTC0")
        .env("PATH_INFO", "/r")
        .env("QUERY_STRING", format!("format=json&{query}"))
        .env("HTTP_COOKIE", cookie);
    Page::enter(Handler::start(shell))
}

/// The kind of a file below `BASE_DIR` as the table calls it, and its mode.
fn look(base: &Path) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(base).expect("it is there") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("UTF-8");
        if !entry.path().is_dir() {
            continue;
        }
        let mode = |path: &Path| {
            let found = fs::symlink_metadata(path).expect("it is there");
            found.permissions().mode() & 0o7777
        };
        found.insert(format!("{name}/"), mode(&entry.path()));
        for file in fs::read_dir(entry.path()).expect("it is there") {
            let path = file.expect("an entry").path();
            let ending = match path.extension().and_then(|ending| ending.to_str()) {
                Some(ending @ ("bell" | "ring" | "watchman")) => format!("*.{ending}"),
                _ => "*".to_owned(),
            };
            let kind = format!("{name}/{ending}");
            let mode = mode(&path);
            let other = found.insert(kind.clone(), mode);
            assert!(
                other.is_none_or(|other| other == mode),
                "{kind}: {other:?}, {mode:o}"
            );
        }
    }
    found
}

/// The table's rows: what, and its mode.
fn table() -> BTreeMap<String, u32> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations.md");
    let text = fs::read_to_string(path).expect("the document");
    let rows = text
        .lines()
        .skip_while(|line| !line.starts_with("| below BASE_DIR | mode"))
        .skip(2)
        .take_while(|line| line.starts_with("| `"));
    rows.map(|row| {
        let words: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        let mode = u32::from_str_radix(words[1], 8).expect("an octal number");
        (words[0].to_owned(), mode)
    })
    .collect()
}

#[test]
fn every_file_has_the_mode_that_is_stated_whatever_the_umask() {
    let _alone = needs_alone("a relay has a umask of its own");
    let stated = table();
    for (umask, mask) in [("000", 0), ("077", 0o077)] {
        let chat = Chat::with("SESSION_ADMIN_PATH=admin");
        let base = fs::Permissions::from_mode(0o755);
        fs::set_permissions(chat.base(), base).expect("ours");
        drop(under_umask(&chat, umask, "nick=first", ""));
        let cookie = chat.log_in(&[("username", "boss"), ("admin", "1")]);
        // As PHP makes them.
        for file in fs::read_dir(chat.path("sessions")).expect("it is there") {
            let path = file.expect("an entry").path();
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("ours");
        }
        let mut boss = under_umask(&chat, umask, "", &cookie);
        let mut eve = under_umask(&chat, umask, "nick=eve", "");
        eve.say_acked("hello", "m1");
        for typed in [
            "/topic tea",
            "/msg eve psst",
            "/mute eve 5",
            "/ban troll",
            "/clear",
        ] {
            boss.type_in(typed);
        }
        boss.settle();
        eve.settle();
        // What somebody has read is kept by a page of many rooms.
        let mut reader = under_umask(&chat, umask, "protocol=2&client=readers-browser", "");
        reader.expect("welcome");
        reader.send(&json!({"type": "quit"}));
        reader.expect("bye");
        assert!(reader.next().is_none());
        let found = look(chat.base());
        let expected: BTreeMap<String, u32> = stated
            .iter()
            .map(|(what, mode)| (what.clone(), mode & !mask))
            .collect();
        let octal = |modes: &BTreeMap<String, u32>| -> Vec<String> {
            modes
                .iter()
                .map(|(what, mode)| format!("{what} {mode:o}"))
                .collect()
        };
        assert_eq!(octal(&found), octal(&expected), "umask {umask}");
    }
}
