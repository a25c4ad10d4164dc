//! Every dependency's license is on the list in deny.toml.

use std::collections::HashSet;
use std::fs;
use std::process::Command;

use e2e::under_test::{Subject, workspace};
use serde_json::Value;

/// The licenses in deny.toml's `allow = [...]`.
fn allowed() -> HashSet<String> {
    let deny = fs::read_to_string(workspace().join("deny.toml")).expect("deny.toml is there");
    let section = deny
        .split("[licenses]")
        .nth(1)
        .expect("deny.toml has [licenses]");
    let list = section
        .split("allow = [")
        .nth(1)
        .and_then(|rest| rest.split(']').next());
    let quoted = list
        .expect("[licenses] has allow = [..]")
        .split('"')
        .skip(1)
        .step_by(2);
    quoted.map(str::to_owned).collect()
}

/// Whether an SPDX expression can be met with allowed licenses.
fn is_allowed(expression: &str, allowed: &HashSet<String>) -> bool {
    // Cargo's old form of OR is a slash.
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (met, rest) = either(&words, allowed);
    assert!(
        rest.is_empty(),
        "cannot read the license expression {expression:?}"
    );
    met
}

fn either<'a>(words: &'a [&'a str], allowed: &HashSet<String>) -> (bool, &'a [&'a str]) {
    let (mut met, mut rest) = all(words, allowed);
    while let ["OR", tail @ ..] = rest {
        let (next, tail) = all(tail, allowed);
        met |= next;
        rest = tail;
    }
    (met, rest)
}

fn all<'a>(words: &'a [&'a str], allowed: &HashSet<String>) -> (bool, &'a [&'a str]) {
    let (mut met, mut rest) = one(words, allowed);
    while let ["AND", tail @ ..] = rest {
        let (next, tail) = one(tail, allowed);
        met &= next;
        rest = tail;
    }
    (met, rest)
}

fn one<'a>(words: &'a [&'a str], allowed: &HashSet<String>) -> (bool, &'a [&'a str]) {
    match words {
        ["(", tail @ ..] => {
            let (met, rest) = either(tail, allowed);
            (
                met,
                rest.strip_prefix(&[")"][..])
                    .expect("a closing parenthesis"),
            )
        }
        [license, "WITH", exception, rest @ ..] => {
            let with = format!("{license} WITH {exception}");
            (allowed.contains(&with), rest)
        }
        [license, rest @ ..] => (allowed.contains(*license), rest),
        [] => panic!("an expression that ends too early"),
    }
}

/// The machine's own target: what is built here, and so is here to be read.
fn host() -> String {
    let version = Command::new("rustc")
        .arg("-vV")
        .output()
        .expect("rustc is beside cargo");
    let text = String::from_utf8_lossy(&version.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("rustc tells its host").to_owned()
}

#[test]
fn every_dependency_has_an_allowed_license() {
    let allowed = allowed();
    let metadata = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version=1",
            "--locked",
            "--filter-platform",
            &host(),
        ])
        .current_dir(workspace())
        .output()
        .unwrap();
    assert!(
        metadata.status.success(),
        "{}",
        String::from_utf8_lossy(&metadata.stderr)
    );
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 50, "the whole tree is looked at");
    let refused: Vec<String> = packages
        .iter()
        .filter(|package| {
            !package["license"]
                .as_str()
                .is_some_and(|license| is_allowed(license, &allowed))
        })
        .map(|package| {
            format!(
                "{} {}: {}",
                package["name"], package["version"], package["license"]
            )
        })
        .collect();
    assert!(refused.is_empty(), "not on deny.toml's list: {refused:#?}");
}

/// What npm gave; see websocketd-rs/assets/xterm/README.md.
const XTERM: [(&str, &str); 5] = [
    (
        "xterm.mjs",
        "b336ec65a086c056d4804b3d4c2347da5663d3f23c3f25be866467bd8857ad59",
    ),
    (
        "xterm.css",
        "854a7c0fb70e8b1a083c16797ab827299fb18744f5ad34f227b48337e33293c6",
    ),
    (
        "addon-fit.mjs",
        "2d87e1bddc73be9111de8beee5370c3bb7aac9c94e18e6f245f02ca741ef1769",
    ),
    (
        "LICENSE",
        "b569f629d00f2626a8100df2a1798210535621e42164dfd426a6fe5aac7b0ccd",
    ),
    (
        "LICENSE-addon-fit",
        "e256f01188af527e4d06d21d06fbf785ae9c50d4b328bf03cbe0ba7f0aa4228f",
    ),
];

#[test]
fn what_others_wrote_is_unchanged_and_its_license_goes_with_it() {
    let dir = workspace().join("websocketd-rs/assets/xterm");
    let mut names: Vec<_> = fs::read_dir(&dir)
        .expect("it is in the source")
        .map(|entry| entry.expect("an entry").file_name())
        .filter(|name| name != "README.md")
        .collect();
    names.sort();
    let mut known: Vec<_> = XTERM.iter().map(|(name, _)| *name).collect();
    known.sort_unstable();
    assert_eq!(names, known);
    for (name, sum) in XTERM {
        let told = Command::new("sha256sum").arg(dir.join(name)).output();
        let told = String::from_utf8_lossy(&told.expect("coreutils").stdout).into_owned();
        assert_eq!(told.split(' ').next(), Some(sum), "{name}");
    }
    let license = Command::new(Subject::under_test().path)
        .arg("--license")
        .output()
        .expect("it runs");
    let license = String::from_utf8_lossy(&license.stdout).into_owned();
    let debian = fs::read_to_string(workspace().join("packaging/debian/copyright"));
    let debian = debian.expect("it is in the source");
    for text in [license, debian] {
        assert!(text.contains("The xterm.js authors"), "{text}");
        assert!(text.contains("SourceLair Private Company"), "{text}");
    }
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    let allowed: HashSet<String> = ["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"]
        .map(str::to_owned)
        .into();
    for (expression, met) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT OR GPL-3.0", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR GPL-3.0) AND Zlib", true),
        ("MIT AND (GPL-3.0 OR AGPL-3.0)", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0", false),
        ("GPL-3.0 OR MIT AND Zlib", true),
    ] {
        assert_eq!(is_allowed(expression, &allowed), met, "{expression}");
    }
}
