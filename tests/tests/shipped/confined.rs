//! conf/apparmor: a profile that `AppArmor` takes, and that allows what the chat does at its places and nothing beside.
//! No kernel of a test machine needs to have `AppArmor`: what the programs do is traced, and held against the rules.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::deadline::eventually;
use e2e::http;
use e2e::installation::Installation;
use e2e::program::{Finished, Program};
use e2e::requirement::part;
use e2e::under_test::workspace;
use e2e::ws::Client;

fn profile() -> PathBuf {
    workspace().join("conf/apparmor/websocketd-rs-chat")
}

#[track_caller]
fn parse(flags: &[&str]) -> Finished {
    let mut command = Command::new(part("/usr/sbin/apparmor_parser", "apparmor"));
    let finished = Program::run(command.args(flags).arg(profile()));
    assert_eq!(finished.code(), 0, "{finished:#?}");
    finished
}

#[test]
fn the_profile_is_taken_and_loaded_where_the_kernel_has_apparmor() {
    parse(&["--skip-kernel-load", "--skip-cache"]);
    if Path::new("/sys/kernel/security/apparmor/.replace").exists() {
        parse(&["--replace", "--skip-cache"]);
        parse(&["--remove"]);
    }
}

/// The rules for files of one profile: a pattern, and what it allows.
type Rules = Vec<(String, String)>;

/// Those of each profile, by its name, with variables and alternatives written out.
fn rules(text: &str) -> BTreeMap<String, Rules> {
    let mut variables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut all, mut within) = (BTreeMap::new(), Vec::new());
    for line in text.lines().map(str::trim) {
        if let Some((name, values)) = line.split_once('=').filter(|_| line.starts_with("@{")) {
            let name = name.trim_end_matches('+').trim().to_owned();
            let values = values
                .split_whitespace()
                .map(|value| value.trim_matches('"'));
            variables
                .entry(name)
                .or_default()
                .extend(values.map(str::to_owned));
        } else if let Some(head) = line.strip_prefix("profile ") {
            within.push(head.split_whitespace().next().expect("a name").to_owned());
        } else if line == "}" {
            within.pop();
        } else if let Some(profile) = within.last() {
            let rule = line
                .trim_start_matches("owner ")
                .trim_start_matches("audit ");
            let (true, Some(rule)) = (rule.starts_with(['/', '@']), rule.split(',').next()) else {
                continue;
            };
            // In a pattern with alternatives there are commas too.
            let rule = line.rsplit_once(',').map_or(rule, |(rule, _)| rule);
            let rule = rule.trim_start_matches("owner ");
            let mut words = rule.split_whitespace();
            let (pattern, allows) = (words.next(), words.next());
            let rules: &mut Rules = all.entry(profile.clone()).or_default();
            for pattern in written_out(pattern.expect("a pattern"), &variables) {
                rules.push((pattern, allows.unwrap_or_default().to_owned()));
            }
        }
    }
    all
}

/// The patterns that a pattern with variables and `{a,b}` stands for.
fn written_out(pattern: &str, variables: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let mut done = Vec::new();
    let mut left = vec![pattern.to_owned()];
    while let Some(pattern) = left.pop() {
        let Some(open) = pattern.find('{') else {
            done.push(pattern.replace("//", "/"));
            continue;
        };
        let close = open + matching(&pattern[open..]);
        let variable = open
            .checked_sub(1)
            .filter(|at| pattern[*at..].starts_with('@'));
        let (start, alternatives) = match variable {
            Some(at) => (
                at,
                variables
                    .get(&pattern[at..=close])
                    .cloned()
                    .unwrap_or_default(),
            ),
            None => (open, alternatives(&pattern[open + 1..close])),
        };
        let (before, after) = (&pattern[..start], &pattern[close + 1..]);
        left.extend(alternatives.iter().map(|it| format!("{before}{it}{after}")));
    }
    done
}

/// Where the brace at the start of `text` is closed.
fn matching(text: &str) -> usize {
    let mut depth = 0;
    let closing = text.char_indices().find(|(_, char)| {
        depth += i32::from(*char == '{') - i32::from(*char == '}');
        depth == 0
    });
    closing.expect("a closed brace").0
}

fn alternatives(text: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for char in text.chars() {
        depth += i32::from(char == '{') - i32::from(char == '}');
        match char {
            ',' if depth == 0 => parts.push(String::new()),
            char => parts.last_mut().expect("one").push(char),
        }
    }
    parts
}

/// Whether a pattern of `AppArmor` fits a path: `*` and `?` stop at a slash, `**` does not (apparmor.d(5), "Globbing").
fn fits(pattern: &[u8], path: &[u8]) -> bool {
    let rest = |from: usize| &pattern[from..];
    match pattern {
        [] => path.is_empty(),
        [b'*', b'*', ..] => (0..=path.len()).any(|at| fits(rest(2), &path[at..])),
        [b'*', ..] => {
            let end = path
                .iter()
                .position(|byte| *byte == b'/')
                .unwrap_or(path.len());
            (0..=end).any(|at| fits(rest(1), &path[at..]))
        }
        [b'[', ..] => {
            let close = pattern
                .iter()
                .position(|byte| *byte == b']')
                .expect("closed");
            let Some((first, others)) = path.split_first() else {
                return false;
            };
            let class = &pattern[1..close];
            let (class, wanted) = match class {
                [b'^', class @ ..] => (class, false),
                class => (class, true),
            };
            let in_range = |at: usize| class.get(at + 1) == Some(&b'-') && at + 2 < class.len();
            let is_in = (0..class.len()).any(|at| {
                class[at] == *first || in_range(at) && (class[at]..=class[at + 2]).contains(first)
            });
            is_in == wanted && fits(rest(close + 1), others)
        }
        [b'?', ..] => path.first().is_some_and(|byte| *byte != b'/') && fits(rest(1), &path[1..]),
        [literal, ..] => path.first() == Some(literal) && fits(rest(1), &path[1..]),
    }
}

/// What was done: by which profile's program, to which path, and which of `r`, `w`, `x` it takes.
type Deed = (&'static str, String, char);

/// The deeds in a trace, with paths as on a machine where the chat is installed at its places.
fn deeds(trace: &str, root: &str) -> BTreeSet<Deed> {
    let mut confined: BTreeMap<&str, &'static str> = BTreeMap::new();
    let mut found = BTreeSet::new();
    for line in trace.lines() {
        let Some((process, call)) = line.split_once(' ') else {
            continue;
        };
        let Some((name, arguments)) = call.trim_start().split_once('(') else {
            continue;
        };
        let within = confined
            .get(process)
            .copied()
            .unwrap_or("websocketd-rs-chat");
        let Some(path) = path_in(arguments) else {
            continue;
        };
        let path = seen_by_kernel(path.strip_prefix(root).unwrap_or(&path), arguments);
        // To know where a path leads is no access to what is there.
        let kind = match name {
            _ if arguments.contains("O_PATH") => continue,
            // A pipe, opened anew: it has no path.
            _ if path.starts_with("/proc/1/fd/") && path.len() > "/proc/1/fd/".len() => continue,
            "open" | "openat"
                if arguments.contains("O_RDONLY") && !arguments.contains("O_CREAT") =>
            {
                'r'
            }
            "open" | "openat" | "creat" | "unlink" | "unlinkat" | "mkdir" | "mkdirat"
            | "rename" | "renameat" | "renameat2" | "link" | "linkat" | "mknod" | "mknodat"
            | "chmod" | "fchmodat" | "truncate" => 'w',
            "execve" => {
                let is_daemon = path.ends_with("/websocketd-rs") || path == "/proc/1/exe";
                confined.insert(
                    process,
                    if is_daemon {
                        "websocketd-rs-chat"
                    } else {
                        "handler"
                    },
                );
                if path == "/proc/1/exe" {
                    continue;
                }
                'x'
            }
            _ => continue,
        };
        found.insert((within, path, kind));
    }
    found
}

/// The path as rules see it: a directory ends with a slash, and a process has a number.
fn seen_by_kernel(path: &str, arguments: &str) -> String {
    let path = path.replace("/proc/self/", "/proc/1/");
    let path = path.replace("/proc/thread-self/", "/proc/1/task/1/");
    let is_directory = arguments.contains("O_DIRECTORY") && !path.ends_with('/');
    (path + if is_directory { "/" } else { "" }).replace("//", "/")
}

/// The first path of a call: what is between the first quotes, below the directory that stands before them.
fn path_in(arguments: &str) -> Option<String> {
    let (before, rest) = arguments.split_once('"')?;
    let path = rest.split_once('"')?.0;
    if path.starts_with('/') {
        return Some(path.to_owned());
    }
    let directory = before.split_once('<')?.1.rsplit_once('>')?.0;
    Some(format!("{directory}/{path}"))
}

/// A day of the chat as it is installed, under strace.
fn trace_of_a_day(installation: &Installation) -> String {
    let daemon = installation.path("/usr/local/bin/websocketd-rs");
    let (real, trace) = (
        installation.path("/usr/local/bin/traced/websocketd-rs"),
        installation.path("/trace"),
    );
    fs::create_dir(real.parent().expect("a directory")).expect("writable");
    fs::rename(&daemon, &real).expect("ours");
    let strace = part("/usr/bin/strace", "strace");
    // The daemon keeps its process id: strace is its child's child.
    let script = format!(
        "#!/bin/sh\nexec {strace} -D -f -y -qq -s 4096 -e trace=file -e status=successful -o {} {} \"$@\"\n",
        trace.display(),
        real.display()
    );
    fs::write(&daemon, script).expect("writable");
    fs::set_permissions(&daemon, Permissions::from_mode(0o755)).expect("ours");
    installation.configure("chat.ini", |text| {
        text.replace("; ACCOUNTS=no", "ACCOUNTS=yes")
    });
    let mut chat = installation.daemon("stand-alone.ini", |text| text);
    let origin = format!("http://{}", chat.address());
    let page = [
        ("Origin", origin.as_str()),
        ("Content-Type", "application/json"),
    ];
    let mut anna = Client::connect_with(&chat.endpoint, "/lobby?format=json&nick=anna", &page[..1]);
    anna.text_where(|line| line.contains("\"welcome\""));
    anna.send(r#"{"type":"say","text":"words","msgid":"a1"}"#);
    anna.text_where(|line| line.contains("words"));
    for target in [
        "/",
        "/js/chat.js",
        "/api/rooms",
        "/api/history?room=lobby",
        "/api/search?q=words&room=lobby",
    ] {
        assert_eq!(http::get(&chat.endpoint, target).status, 200, "{target}");
    }
    let wrong = r#"{"name":"anna","password":"not hers"}"#;
    let given = http::send(&chat.endpoint, "POST", "/api/account/login", &page, wrong);
    assert_eq!(given.status, 403, "{}", given.text());
    anna.close();
    chat.stop();
    eventually("strace has ended", || {
        let text = fs::read_to_string(&trace).ok()?;
        text.contains("traced/websocketd-rs").then_some(text)
    })
}

#[test]
fn what_the_chat_does_is_allowed() {
    let all = rules(&parse(&["--preprocess"]).stdout);
    let installation = Installation::new();
    let trace = trace_of_a_day(&installation);
    let root = installation.path("/").display().to_string();
    let deeds = deeds(&trace, root.trim_end_matches('/'));
    for within in ["websocketd-rs-chat", "handler"] {
        let count = deeds.iter().filter(|deed| deed.0 == within).count();
        assert!(count > 10, "{within} did {count} things: {trace}");
    }
    let is_allowed = |(within, path, kind): &&Deed| {
        let path = path.replace("/traced/", "/");
        all[*within].iter().any(|(pattern, allows)| {
            allows.contains(*kind) && fits(pattern.as_bytes(), path.as_bytes())
        })
    };
    let (allowed, refused): (Vec<_>, Vec<_>) = deeds.iter().partition(is_allowed);
    assert_eq!(refused, Vec::<&Deed>::new(), "allowed: {allowed:#?}");
    // Held against what must not be: the rules are not a wildcard.
    for (within, path, kind) in [
        ("handler", "/etc/shadow", 'r'),
        ("handler", "/bin/sh", 'x'),
        ("handler", "/etc/websocketd-rs/chat.ini", 'w'),
        ("handler", "/usr/local/bin/chat-handler", 'w'),
        ("websocketd-rs-chat", "/bin/sh", 'x'),
        (
            "websocketd-rs-chat",
            "/var/lib/websocketd-rs/chat/rooms/lobby.log",
            'r',
        ),
        ("websocketd-rs-chat", "/root/.ssh/id_ed25519", 'r'),
    ] {
        assert!(
            !is_allowed(&&(within, path.to_owned(), kind)),
            "{within} {path} {kind}"
        );
    }
}
