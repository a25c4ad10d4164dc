//! The documents are true where a program can tell: their links lead somewhere, and the tests that they name are there.

use std::fs;
use std::path::{Path, PathBuf};

use e2e::under_test::workspace;

/// What is made in a checkout and not written by anybody.
const MADE: [&str; 4] = [".git", "node_modules", "target", "var"];

/// Files of the checkout whose names end so.
fn files(ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![workspace().to_path_buf()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("the checkout can be read") {
            let entry = entry.expect("the checkout can be read");
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type().expect("the checkout can be read");
            if kind.is_dir() && !MADE.contains(&name.as_str()) {
                directories.push(entry.path());
            } else if kind.is_file() && name.ends_with(ending) {
                found.push(entry.path());
            }
        }
    }
    assert!(!found.is_empty(), "no file ends with {ending}");
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The targets of a Markdown text's links: what stands between `](` and `)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1);
    targets.filter_map(|rest| rest.split(')').next())
}

/// A heading's anchor, as the hosts of repositories make it.
fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = words
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn every_link_in_a_document_leads_somewhere() {
    for document in files(".md") {
        let text = read(&document);
        for link in links(&text) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (path, place) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() {
                document.clone()
            } else {
                document.parent().expect("a file is somewhere").join(path)
            };
            let from = document.display();
            assert!(
                target.exists(),
                "{from} links to {link}, which is not there"
            );
            if !place.is_empty() {
                let headings = read(&target);
                let mut headings = headings.lines().filter(|line| line.starts_with('#'));
                assert!(
                    headings.any(|heading| anchor(heading) == place),
                    "{from} links to {link}: no such heading"
                );
            }
        }
    }
}

#[test]
fn every_test_that_the_threat_model_names_is_there() {
    let model = read(&workspace().join("docs/threat-model.md"));
    let sources = files(".rs");
    let tests: String = sources.iter().map(|path| read(path)).collect();
    let mut count = 0;
    for row in model.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.trim_end_matches(" |").split(" | ").collect();
        let shown = *cells.last().expect("a row has cells");
        if shown == "shown by" {
            continue;
        }
        let names: Vec<&str> = shown.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "nothing shows: {row}");
        for name in names {
            count += 1;
            let is_there = if Path::new(name)
                .extension()
                .is_some_and(|ending| ending == "rs")
            {
                sources
                    .iter()
                    .any(|path| path.file_name() == Some(name.as_ref()))
            } else if shown.contains(&format!("`{name}` in `fuzz_bodies.rs`")) {
                sources
                    .iter()
                    .any(|path| path.ends_with(format!("fuzz/fuzz_targets/{name}.rs")))
            } else {
                tests.contains(&format!("fn {name}("))
            };
            assert!(is_there, "there is no test {name}");
        }
    }
    assert!(count > 50, "only {count} names were found");
}

/// Columns of a line of prose. Tables and code have the width that they need.
const PROSE_COLUMNS: usize = 120;

/// The lines of a Markdown text that are prose, with their numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_code = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        is_code ^= fence;
        !is_code && !fence && !line.starts_with('|')
    })
}

#[test]
fn no_line_of_prose_is_wider_than_a_screen() {
    // Generated, or somebody else's.
    let exempt = ["bench/REPORT.md", "tests/vendor"].map(|path| workspace().join(path));
    let mut wide = Vec::new();
    for document in files(".md") {
        if exempt.iter().any(|path| document.starts_with(path)) {
            continue;
        }
        for (number, line) in prose(&read(&document)) {
            if line.chars().count() > PROSE_COLUMNS {
                wide.push(format!("{}:{number}", document.display()));
            }
        }
    }
    assert!(
        wide.is_empty(),
        "over {PROSE_COLUMNS} columns:\n{}",
        wide.join("\n")
    );
}

#[test]
fn every_path_that_the_architecture_names_is_there() {
    let text = read(&workspace().join("ARCHITECTURE.md"));
    let named: Vec<&str> = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.contains('/') && !word.contains(char::is_whitespace))
        // `rooms/ROOM.log` is a place of the running chat.
        .filter(|word| !word.contains(char::is_uppercase))
        .collect();
    assert!(named.len() > 40, "only {} paths were found", named.len());
    for path in named {
        assert!(
            workspace().join(path).exists(),
            "ARCHITECTURE.md names {path}, which is not there"
        );
    }
}

#[test]
fn decisions_are_numbered_and_dated() {
    let text = read(&workspace().join("docs/decisions.md"));
    let mut records = 0;
    let mut last = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(heading) = line.strip_prefix("## ") else {
            continue;
        };
        records += 1;
        assert!(
            heading.starts_with(&format!("{records}. ")),
            "record {records} is due: {heading}"
        );
        let dated = lines.find(|line| !line.is_empty()).unwrap_or_default();
        let (date, status) = dated.split_once(" · ").unwrap_or((dated, ""));
        let is_date = date.len() == 10 && date.split('-').count() == 3;
        assert!(
            is_date && !status.is_empty(),
            "{heading}: DATE · STATUS is missing: {dated:?}"
        );
        assert!(*date >= *last, "{heading} is older than the one before");
        date.clone_into(&mut last);
    }
    assert!(records > 70, "only {records} records");
}

#[test]
fn every_stumble_has_its_test() {
    let script = read(&workspace().join("tests/stumbles"));
    let table = script.split("<<'TABLE'\n").nth(1).expect("a table");
    let table = table.split("\nTABLE\n").next().expect("its end");
    let sources = files(".rs");
    let mut count = 0;
    for row in table.lines() {
        let words: Vec<&str> = row.split_whitespace().collect();
        let [package, program, test, "#", ..] = words[..] else {
            panic!("no row: {row}")
        };
        let folder = match package {
            "e2e" => "tests",
            "websocketd" => "websocketd-rs",
            other => other,
        };
        let place = match program {
            "lib" => format!("{folder}/src/"),
            program => format!("{folder}/tests/{program}/"),
        };
        let wanted = match program {
            // Each case there is named by a sentence.
            "compat" => test.replace('_', " "),
            _ => format!("fn {test}("),
        };
        let is_there = sources.iter().any(|path| {
            let path_text = path.to_string_lossy();
            path_text.contains(&format!("/{place}")) && read(path).contains(&wanted)
        });
        assert!(is_there, "no test {test} in {place}");
        count += 1;
    }
    assert!(count > 30, "only {count} rows were found");
}
