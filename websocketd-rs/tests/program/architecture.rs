//! The invariants of ARCHITECTURE.md that the compiler can't hold: who may name whom, and who may start what.

use std::fs;
use std::path::{Path, PathBuf};

/// Stages in the order of the flow. A module may name those to its right, and whatever is no stage.
const FLOW: [&[&str]; 6] = [
    &["main"],
    &["server"],
    &["shutdown"],
    &["http"],
    &["session"],
    &["process", "net"],
];

/// Modules that every stage may name; they know of none.
const LEAVES: [&str; 7] = [
    "buffer",
    "cli",
    "config",
    "diagnosis",
    "logging",
    "metrics",
    "permit",
];

struct Source {
    module: String,
    path: PathBuf,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut dirs = vec![root.clone()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).expect("a source folder") {
            let path = entry.expect("its entry").path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                let path = path.strip_prefix(&root).expect("below the root").to_owned();
                let first = path.components().next().expect("a name").as_os_str();
                let module = Path::new(first).file_stem().and_then(|stem| stem.to_str());
                let module = module.expect("a UTF-8 name").to_owned();
                found.push(Source { module, path, text });
            }
        }
    }
    assert!(found.len() > 20, "the sources were not found");
    found
}

/// Lines of code of the module itself, with their numbers.
fn code(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let end = source
        .text
        .find("#[cfg(test)]")
        .unwrap_or(source.text.len());
    let is_test = source
        .path
        .file_name()
        .is_some_and(|name| name == "tests.rs");
    let text = if is_test { "" } else { &source.text[..end] };
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.starts_with("//"))
}

fn stage(module: &str) -> Option<usize> {
    FLOW.iter().position(|stage| stage.contains(&module))
}

#[test]
fn knowledge_points_down_the_flow() {
    let mut wrong = Vec::new();
    for source in sources() {
        let own = stage(&source.module);
        for (number, line) in code(&source) {
            for named in line.split("crate::").skip(1) {
                let end = named.find(|c: char| !c.is_alphanumeric() && c != '_');
                let named = &named[..end.unwrap_or(named.len())];
                let allowed = match (own, stage(named)) {
                    (_, None) => true,
                    (None, Some(_)) => !LEAVES.contains(&source.module.as_str()),
                    (Some(own), Some(other)) => other > own || named == source.module,
                };
                if !allowed {
                    wrong.push(format!("{}:{number}: {line}", source.path.display()));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "these name a stage above their own:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn process_alone_starts_programs_and_server_alone_starts_tasks() {
    let rules = [
        ("process::Command::new(", "process"),
        ("tokio::spawn(", "nobody"),
        ("task::spawn(", "nobody"),
        ("tracker.spawn(", "server"),
        ("tasks.spawn(", "server"),
    ];
    let mut wrong = Vec::new();
    for source in sources() {
        for (number, line) in code(&source) {
            for (pattern, owner) in rules {
                if line.contains(pattern) && source.module != owner {
                    wrong.push(format!("{}:{number}: {line}", source.path.display()));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "these start what is not theirs to start:\n{}",
        wrong.join("\n")
    );
}
