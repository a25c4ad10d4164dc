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
