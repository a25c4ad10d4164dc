//! What the compiler cannot hold: modules that are pure name nothing that does I/O. A list of what they may name,
//! not of what they may not: who wants around it must name something that is on no list.

use std::collections::BTreeSet;
use std::path::Path;

/// The modules, as files below `src`. `occupant` is pure where it says what there is to say.
const PURE: [&str; 31] = [
    "color.rs",
    "command.rs",
    "command/moderate.rs",
    "command/usage.rs",
    "dice.rs",
    "hooks/question.rs",
    "hooks/reply.rs",
    "occupant/code.rs",
    "occupant/event.rs",
    "occupant/ignored.rs",
    "occupant/pace.rs",
    "occupant/refusal.rs",
    "occupant/request.rs",
    "person/wish.rs",
    "throttle.rs",
    "wire.rs",
    "wire/json.rs",
    "wire/json/about.rs",
    "wire/json/first.rs",
    "wire/json/message.rs",
    "wire/json/page.rs",
    "wire/json/parse.rs",
    "wire/json/reading.rs",
    "wire/json/record.rs",
    "wire/json/rows.rs",
    "wire/text.rs",
    "wire/text/foreign.rs",
    "wire/text/roster.rs",
    "wording.rs",
    "wording/closed.rs",
    "wording/moderation.rs",
];

/// What they may name of the standard library.
const STD: [&str; 7] = ["borrow", "cmp", "collections", "fmt", "mem", "ops", "str"];

/// More, for one of them, and why.
const EXCEPTIONS: [(&str, &str); 23] = [
    // Bytes into a vector.
    ("wire/text.rs", "std::io::Write"),
    // Time is given to them.
    ("throttle.rs", "std::time::Duration"),
    ("throttle.rs", "std::time::Instant"),
    ("occupant/pace.rs", "std::time::Duration"),
    ("occupant/pace.rs", "std::time::Instant"),
    ("hooks/reply.rs", "std::time::Duration"),
    // What a record says of files, not where they are.
    (
        "occupant/request.rs",
        "chat_store::attachments::AttachmentId",
    ),
    (
        "wire/json/parse.rs",
        "chat_store::attachments::AttachmentId",
    ),
    (
        "wire/json/parse.rs",
        "chat_store::attachments::MAX_OF_MESSAGE",
    ),
    ("wire/json/record.rs", "chat_store::attachments::named"),
    ("wire/text.rs", "chat_store::attachments"),
    // Who is in a room, not where that stands.
    ("occupant/event.rs", "chat_store::closed::Circle"),
    ("occupant/event.rs", "chat_store::closed::Kind"),
    ("occupant/event.rs", "chat_store::people::person::PersonId"),
    // What is kept, not how.
    ("occupant/pace.rs", "chat_store::people::pace::LIMITS"),
    ("occupant/pace.rs", "chat_store::people::pace::Left"),
    // Words of commands.
    ("command.rs", "chat_store::moderation::word_and_rest"),
    ("command/moderate.rs", "chat_store::moderation::Order"),
    ("command/moderate.rs", "chat_store::moderation::Role"),
    (
        "command/moderate.rs",
        "chat_store::moderation::minutes_and_rest",
    ),
    (
        "command/moderate.rs",
        "chat_store::moderation::word_and_rest",
    ),
    ("command/moderate.rs", "chat_store::state::MAX_SLOW"),
    // Its reasons become those of a refusal.
    ("occupant/refusal.rs", "std::io::Error"),
];

/// Crates, and modules of ours.
const OTHERS: [&str; 16] = [
    "chat_store::fs::pages",
    "chat_store::name",
    "chat_store::people::consent",
    "chat_store::people::marks",
    "chat_store::people::presence",
    "chat_store::record",
    "getrandom",
    "memchr",
    "serde",
    "serde_json",
    "crate::occupant",
    "crate::person",
    "crate::settings",
    "crate::throttle",
    "crate::wire",
    "crate::wording",
];

/// Modules of ours that are named where others are described.
const DESCRIBED: [&str; 4] = [
    "crate::command",
    "crate::dice",
    "crate::cgi",
    "crate::color",
];

/// The code without its comments, its strings and its tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    let lines: Vec<_> = lines.collect();
    lines.join("\n").split('"').step_by(2).collect()
}

/// Every path that starts with one of `roots`; a group in braces gives one for each of its members.
fn paths(code: &str, roots: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for root in roots {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back();
            let rest = &code[at + root.len()..];
            if before.is_some_and(|c| is_word(c) || c == ':') || rest.starts_with(is_word) {
                continue;
            }
            let end = rest
                .find(|c: char| !is_word(c) && c != ':')
                .unwrap_or(rest.len());
            let path = format!("{root}{}", &rest[..end]);
            match rest[end..].strip_prefix('{') {
                Some(group) if path.ends_with("::") => {
                    let group = group.split('}').next().unwrap_or_default();
                    for member in group
                        .split(',')
                        .map(str::trim)
                        .filter(|name| !name.is_empty())
                    {
                        found.insert(format!("{path}{member}").replace("::self", ""));
                    }
                }
                _ => {
                    found.insert(path);
                }
            }
        }
    }
    found
}

fn is_allowed(file: &str, path: &str) -> bool {
    let under = |allowed: &str| path == allowed || path.starts_with(&format!("{allowed}::"));
    let exception = |(of, allowed): &(&str, &str)| *of == file && under(allowed);
    STD.iter().any(|module| under(&format!("std::{module}")))
        || OTHERS
            .iter()
            .chain(&DESCRIBED)
            .any(|allowed| under(allowed))
        || EXCEPTIONS.iter().any(exception)
}

#[test]
fn pure_modules_name_nothing_that_does_io() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    // Whatever is not of the standard library comes by a dependency's name.
    let manifest = std::fs::read_to_string(src.join("../Cargo.toml")).expect("a manifest");
    let (_, rest) = manifest
        .split_once("[dependencies]\n")
        .expect("dependencies");
    let (dependencies, _) = rest.split_once("\n[").expect("more sections");
    let dependencies = dependencies
        .lines()
        .filter_map(|line| line.split_once(" = "));
    let dependencies: Vec<_> = dependencies
        .map(|(name, _)| name.replace('-', "_"))
        .collect();
    assert!(dependencies.len() > 8, "{dependencies:?}");
    let mut roots: Vec<&str> = dependencies.iter().map(String::as_str).collect();
    roots.extend(["std", "core", "alloc", "crate", "ini"]);
    let mut named = 0;
    for file in PURE {
        let text = std::fs::read_to_string(src.join(file)).expect("a source file");
        let code = code(&text);
        for path in paths(&code, &roots) {
            assert!(is_allowed(file, &path), "{file} names {path}");
            named += 1;
        }
        for word in ["include", "extern", "unsafe", "journal", "asm!"] {
            assert!(!code.contains(word), "{file} has {word}");
        }
    }
    assert!(named > 40, "{named} paths: they were not found");
}
