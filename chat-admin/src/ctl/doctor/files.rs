//! Settings that do not hold: what stands twice, what another file says, what waits beside.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::daemon::Daemon;
use super::sheet::Sheet;
use chat_handler::settings::Settings;

/// What installations put beside a file that is there already.
const BESIDE: [&str; 3] = [".new", ".dpkg-dist", ".dpkg-new"];

pub(super) fn look(settings: &Settings, daemon: Option<&Daemon>, is_site: bool, sheet: &mut Sheet) {
    let source = &settings.source;
    let shown = source.display();
    let text = std::fs::read_to_string(source).unwrap_or_default();
    for (key, first, second) in twice(&text) {
        sheet.warn(
            "files",
            format!("{shown}: {key} in line {first} does not hold: line {second} says it again"),
            format!("delete one of the two in {shown}"),
        );
    }
    for file in [Some(source), daemon.map(|daemon| &daemon.file)]
        .into_iter()
        .flatten()
    {
        for ending in BESIDE {
            let mut beside = OsString::from(file);
            beside.push(ending);
            let beside = PathBuf::from(beside);
            if beside.exists() {
                let (file, beside) = (file.display(), beside.display());
                sheet.warn(
                    "files",
                    format!("{beside}: a newer release's settings, of which {file} knows nothing"),
                    format!("diff {file} {beside}; take over what is new, then delete it"),
                );
            }
        }
    }
    if let Some(daemon) = daemon {
        overridden(daemon, source, is_site, sheet);
    }
    sheet.good_unless_found("files", format!("{shown} holds, and says nothing twice"));
}

/// Whether rooms and pages read this file: the one by `--config` of their command, the other by `CHAT_CONFIG`.
fn overridden(daemon: &Daemon, source: &Path, is_site: bool, sheet: &mut Sheet) {
    let real = |file: &Path| std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let source = real(source);
    let commands: Vec<PathBuf> = daemon
        .values("command")
        .filter(|command| command.contains("chat-handler"))
        .filter_map(config_of)
        .collect();
    let variables: Vec<PathBuf> = daemon
        .values("env")
        .filter_map(|value| value.strip_prefix("CHAT_CONFIG="))
        .map(PathBuf::from)
        .collect();
    for (whose, files) in [("rooms", commands), ("pages", variables)] {
        let is_meant = files.iter().any(|file| real(file) == source);
        // Of several sites each has its own; where none is named, it is the usual one.
        let Some(other) = files.first().filter(|_| !is_meant) else {
            continue;
        };
        let (other, shown, of) = (other.display(), source.display(), daemon.file.display());
        let text = if is_site {
            format!("{of}: no {whose} read {shown}: the site has no route")
        } else {
            format!("{of}: the {whose} read {other}: what {shown} says does not hold for them")
        };
        sheet.error(
            "files",
            text,
            "one file for both: --config=FILE of the route's command, and env = CHAT_CONFIG=FILE; or chatctl --config FILE doctor",
        );
    }
}

/// FILE of `--config FILE` or `--config=FILE`.
fn config_of(command: &str) -> Option<PathBuf> {
    let mut words = command.split_whitespace();
    words
        .find_map(|word| match word.strip_prefix("--config")? {
            "" => Some(None),
            rest => Some(rest.strip_prefix('=').map(PathBuf::from)),
        })?
        .or_else(|| {
            let mut words = command
                .split_whitespace()
                .skip_while(|word| *word != "--config");
            words.nth(1).map(PathBuf::from)
        })
}

/// Keys that stand twice in a section, with both lines.
fn twice(text: &str) -> Vec<(String, usize, usize)> {
    let mut found = Vec::new();
    let mut seen: Vec<(&str, &str, usize)> = Vec::new();
    let mut section = "";
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            section = line;
        } else if let Some((key, _)) = line.split_once('=')
            && !line.starts_with([';', '#'])
        {
            let key = key.trim();
            match seen.iter_mut().find(|it| it.0 == section && it.1 == key) {
                Some(before) => {
                    found.push((key.to_owned(), before.2, number + 1));
                    before.2 = number + 1;
                }
                None => seen.push((section, key, number + 1)),
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_another_section_is_another_key() {
        let text = "[global]\nA=1\n; A=2\n[keep]\nA=3\n[global]\nA=4\nB=5\n";
        assert_eq!(twice(text), [("A".to_owned(), 2, 7)]);
        assert!(twice("").is_empty());
    }

    #[test]
    fn the_file_of_a_command_is_found_in_both_forms() {
        for (command, file) in [
            ("/usr/bin/chat-handler --config=/a", Some("/a")),
            ("/usr/bin/chat-handler --config /a -x", Some("/a")),
            ("/usr/bin/chat-handler", None),
            ("/usr/bin/chat-handler --configure /a", None),
        ] {
            assert_eq!(config_of(command), file.map(PathBuf::from), "{command}");
        }
    }
}
