//! A chat that earlier programs made, in `earlier/tree` (tests/upgrade --tree, by those of the commit 00fa416): these
//! show of it what those did (`earlier/seen`), and what these write into it those can read. `make upgrade-test` has the
//! real programs of an earlier commit do that.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::program::Program;
use e2e::under_test::{chat_handler, chatctl, workspace};

/// The kinds of records that the earlier programs know; they skip others.
const KINDS: [&str; 22] = [
    "say", "me", "join", "quit", "color", "nick", "topic", "dice", "kick", "ban", "redact", "edit",
    "react", "unreact", "pin", "unpin", "clear", "slow", "admit", "dismiss", "leave", "title",
];
/// Fields of a record: time, kind, name, attributes, text.
const FIELDS: usize = 5;
/// What the earlier programs want of an account's file.
const KEYS: [&str; 6] = [
    "name",
    "kind",
    "created",
    "groups",
    "generation",
    "scram-sha-256",
];

fn earlier(name: &str) -> PathBuf {
    workspace().join("tests/tests/shipped/earlier").join(name)
}

/// Copies a tree, with the modes that the earlier programs gave: git keeps none.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("ours");
    fs::set_permissions(to, Permissions::from_mode(0o700)).expect("ours");
    for entry in fs::read_dir(from).expect("it is there").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).expect("copied");
            fs::set_permissions(&target, Permissions::from_mode(0o600)).expect("ours");
        }
    }
}

#[track_caller]
fn upgrade(step: &str, tree: &Path) -> String {
    let bin = chatctl();
    // They refuse to be older than their sources.
    let _ = chat_handler();
    let bin = bin.parent().expect("a directory");
    let mut command = Command::new(workspace().join("tests/upgrade"));
    let done = Program::run(command.arg(step).args([tree, bin]));
    assert_eq!(done.code(), 0, "{step}: {done:#?}");
    done.stdout
}

#[test]
fn what_earlier_programs_made_is_shown_as_they_show_it_and_can_be_given_back() {
    let home = tempfile::tempdir().expect("a directory");
    let tree = home.path().join("chat");
    copy(&earlier("tree"), &tree);
    let shown = fs::read_to_string(earlier("seen")).expect("it is there");
    assert_eq!(upgrade("--seen", &tree), shown);
    let before = fs::read_to_string(tree.join("rooms/tea.log")).expect("a log");

    upgrade("--go-on", &tree);
    let after = fs::read_to_string(tree.join("rooms/tea.log")).expect("a log");
    assert!(
        after.starts_with(&before),
        "no line that was there is another one now"
    );
    assert!(
        after.contains("said after the upgrade") && after.contains("after, by account"),
        "{after}"
    );
    let mut last = "";
    for line in after.lines() {
        let fields: Vec<&str> = line.splitn(FIELDS, '\t').collect();
        assert_eq!(fields.len(), FIELDS, "{line}");
        assert!(fields[0] > last, "ids grow: {line}");
        assert!(KINDS.contains(&fields[1]), "{line}");
        last = fields[0];
    }
    for name in ["anna", "carol"] {
        let text = fs::read_to_string(tree.join("accounts").join(name)).expect("an account");
        for key in KEYS
            .iter()
            .filter(|&&key| key != "groups" || name == "anna")
        {
            let begin = format!("{key}=");
            assert!(
                text.lines().any(|line| line.starts_with(&begin)),
                "{key}: {text}"
            );
        }
    }
}
