//! Whether logrotate treats the rooms' logs well (logrotate(8)).

use std::io;
use std::path::{Path, PathBuf};

/// The largest file of rules that is read, in bytes.
const MAX_RULE_BYTES: u64 = 1024 * 1024;

/// What a rule does to the rooms' logs that nobody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// `copytruncate`.
    Truncates,
    /// No `rotate N`, or 0.
    Deletes,
}

impl Fault {
    fn told(self) -> &'static str {
        match self {
            Self::Truncates => {
                "copytruncate loses what is said between its copy and its truncation, for good: nobody can tell it \
                 from what was copied. With create, logrotate renames the file, and whoever reads or writes it \
                 finishes there before going on in the new one: nothing is lost. Write create in place of copytruncate"
            }
            Self::Deletes => {
                "the rule has no `rotate N`, so that logrotate's own default holds (0, in Debian 4), and what is older \
                 is deleted. chatctl expire deletes by age; write rotate 520 here"
            }
        }
    }
}

/// Looks for faults in the rules of `dir` that concern logs in one of `rooms`. Says nothing if there
/// are no rules: somebody else may rotate, or nobody.
pub(in crate::ctl) fn check(dir: &Path, rooms: &[&Path]) -> io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let places = places(rooms);
    let mut findings = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if std::fs::metadata(&path)
            .is_ok_and(|found| !found.is_file() || found.len() > MAX_RULE_BYTES)
        {
            continue;
        }
        // A rule that only root may read cannot be looked at; it may be somebody else's.
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        let faults = faults(&text, &|pattern| {
            places
                .iter()
                .any(|place| is_for(pattern, &place.to_string_lossy()))
        });
        for fault in faults {
            findings.push(format!("{}: {}", path.display(), fault.told()));
        }
    }
    Ok(findings)
}

/// The files of `dir` with a rule that concerns logs in one of `rooms`.
pub(in crate::ctl) fn rules_for(dir: &Path, rooms: &[&Path]) -> Vec<PathBuf> {
    let places = places(rooms);
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let is_ours = |path: &PathBuf| {
        let is_small = std::fs::metadata(path)
            .is_ok_and(|found| found.is_file() && found.len() <= MAX_RULE_BYTES);
        let text = is_small
            .then(|| std::fs::read_to_string(path).ok())
            .flatten()
            .unwrap_or_default();
        let words = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.starts_with('#'))
            .flat_map(str::split_whitespace);
        words
            .map(|word| word.trim_matches(['"', '\'']))
            .any(|word| {
                places
                    .iter()
                    .any(|place| is_for(word, &place.to_string_lossy()))
            })
    };
    let mut found: Vec<_> = entries.map(|entry| entry.path()).filter(is_ours).collect();
    found.sort();
    found
}

/// A rule may name a place by another way to it.
fn places(rooms: &[&Path]) -> Vec<PathBuf> {
    let real = rooms
        .iter()
        .filter_map(|place| std::fs::canonicalize(place).ok());
    rooms
        .iter()
        .map(|place| place.to_path_buf())
        .chain(real)
        .collect()
}

/// The faults of a file's rules whose pattern `concerns` us, by themselves or by the file's own defaults.
fn faults(text: &str, concerns: &dyn Fn(&str) -> bool) -> Vec<Fault> {
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'));
    let text: String = lines.flat_map(|line| [line, "\n"]).collect();
    let says = |words: &str, wanted: &str| words.split_whitespace().any(|word| word == wanted);
    let mut faults = Vec::new();
    let (mut truncates, mut kept) = (false, 0);
    for rule in text.split('}') {
        let (head, body) = rule.split_once('{').unwrap_or((rule, ""));
        truncates |= says(head, "copytruncate");
        truncates &= !says(head, "nocopytruncate");
        kept = rotations(head).unwrap_or(kept);
        let is_ours = head
            .split_whitespace()
            .any(|word| concerns(word.trim_matches(['"', '\''])));
        if !is_ours {
            continue;
        }
        if says(body, "copytruncate") || truncates && !says(body, "nocopytruncate") {
            faults.push(Fault::Truncates);
        }
        if rotations(body).unwrap_or(kept) == 0 {
            faults.push(Fault::Deletes);
        }
    }
    faults
}

/// The last `rotate N`. Less than none means without an end (logrotate(8)).
fn rotations(words: &str) -> Option<i64> {
    let mut words = words.split_whitespace();
    let mut found = None;
    while let Some(word) = words.next() {
        if word == "rotate" {
            found = words.next().and_then(|count| count.parse().ok());
        }
    }
    found
}

/// Whether `pattern` (glob(7)) can name a file in the directory `place`: its own directory does.
fn is_for(pattern: &str, place: &str) -> bool {
    let Some((dir, _)) = pattern.rsplit_once('/') else {
        return false;
    };
    let (mut dirs, mut places) = (dir.split('/'), place.trim_end_matches('/').split('/'));
    loop {
        match (dirs.next(), places.next()) {
            (None, None) => return true,
            (Some(pattern), Some(name)) if glob(pattern.as_bytes(), name.as_bytes()) => {}
            _ => return false,
        }
    }
}

/// One name of a path. A set in brackets counts as any character: a warning too many harms nobody.
fn glob(pattern: &[u8], name: &[u8]) -> bool {
    match pattern {
        [] => name.is_empty(),
        [b'*', rest @ ..] => (0..=name.len()).any(|at| glob(rest, &name[at..])),
        [b'[', rest @ ..] => match rest.iter().position(|&byte| byte == b']') {
            Some(end) => !name.is_empty() && glob(&rest[end + 1..], &name[1..]),
            None => false,
        },
        [first, rest @ ..] => {
            let fits = name
                .first()
                .is_some_and(|byte| *first == b'?' || byte == first);
            fits && glob(rest, &name[1..])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(rule: &str) -> Vec<Fault> {
        faults(rule, &|pattern| is_for(pattern, "/srv/chat/rooms"))
    }

    fn found(rule: &str) -> bool {
        faults_of(rule).contains(&Fault::Truncates)
    }

    #[test]
    fn a_rule_for_the_rooms_that_keeps_nothing_is_found() {
        for (rule, deletes) in [
            ("/srv/chat/rooms/*.log { create }", true),
            ("/srv/chat/rooms/*.log { weekly\n rotate 0\n}", true),
            ("/srv/chat/rooms/*.log { rotate }", true),
            (
                "/var/log/a.log { rotate 9 }\n/srv/chat/rooms/*.log { create }",
                true,
            ),
            ("/srv/chat/rooms/*.log { rotate 520 }", false),
            ("/srv/chat/rooms/*.log { rotate -1 }", false),
            ("rotate 8\n/srv/chat/rooms/*.log { create }", false),
            ("/srv/chat/log/*.log { create }", false),
        ] {
            assert_eq!(faults_of(rule).contains(&Fault::Deletes), deletes, "{rule}");
        }
    }

    #[test]
    fn a_rule_for_the_rooms_that_truncates_is_found() {
        for rule in [
            "/srv/chat/rooms/*.log {\n  weekly\n  copytruncate\n}",
            "\"/srv/chat/rooms/lobby.log\" { copytruncate }",
            "/var/log/a.log\n/srv/chat/rooms/*.log {\ncopytruncate\n}",
            "/srv/*/rooms/*.log { copytruncate }",
            "/srv/c?at/room[s]/*.log { copytruncate }",
            "copytruncate\n/srv/chat/rooms/*.log { weekly }",
        ] {
            assert!(found(rule), "{rule}");
        }
    }

    #[test]
    fn other_rules_are_none_of_ours() {
        for rule in [
            "",
            "/srv/chat/rooms/*.log { create 0640 www-data www-data }",
            "/srv/chat/rooms/*.log {\n# copytruncate\n}",
            "/var/log/*.log { copytruncate }\n/srv/chat/rooms/*.log { create }",
            "/srv/chat/log/*.log { copytruncate }",
            "/srv/chat/rooms/old/*.log { copytruncate }",
            "/srv/chat/rooms.log { copytruncate }",
            "copytruncate\n/srv/chat/rooms/*.log { nocopytruncate }",
            "}{}{{{ [",
        ] {
            assert!(!found(rule), "{rule}");
        }
    }
}
