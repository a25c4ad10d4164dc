//! README's flag table and the man page say what the program says: both are made from the definition of the flags.
//! `UPDATE_DOCUMENTS=1 cargo test -p websocketd --test program` writes them anew.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use clap::builder::ValueParser;
use clap::{Arg, Command, CommandFactory};
use websocketd::cli::Args;

const BEGIN: &str = "<!-- flags: made from the definition in websocketd-rs/src/cli/args.rs -->\n";
const END: &str = "<!-- end of flags -->\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn command() -> Command {
    let mut command = Args::command().name("websocketd-rs");
    command.build();
    command
}

/// One line of text for a flag, its default last.
fn describe(arg: &Arg) -> String {
    let mut text = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let defaults: Vec<_> = arg
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy())
        .collect();
    if !defaults.is_empty() && !is_switch(arg) {
        let _ = write!(text, " (`{}`)", defaults.join(","));
    }
    text.replace('|', "\\|").replace('\n', " ")
}

/// Whether it is on or off, with no value to show.
fn is_switch(arg: &Arg) -> bool {
    arg.get_value_parser().type_id() == ValueParser::bool().type_id()
}

fn usage(arg: &Arg) -> Option<String> {
    let long = arg.get_long()?;
    let value = arg.get_value_names().and_then(|names| names.first());
    let takes_value = arg.get_num_args().is_some_and(|range| range.takes_values());
    Some(match value {
        Some(value) if takes_value && !is_switch(arg) => format!("--{long}={value}"),
        _ => format!("--{long}"),
    })
}

fn flag_table() -> String {
    let mut table = String::new();
    let mut heading = String::new();
    for arg in command().get_arguments() {
        let Some(usage) = usage(arg) else { continue };
        let own = arg.get_help_heading().unwrap_or("About");
        if own != heading {
            own.clone_into(&mut heading);
            let _ = write!(table, "\n| {heading} | |\n|---|---|\n");
        }
        let _ = writeln!(table, "| `{usage}` | {} |", describe(arg));
    }
    table.push('\n');
    table
}

fn man_page() -> String {
    let mut page = Vec::new();
    clap_mangen::Man::new(command())
        .title("WEBSOCKETD-RS")
        .section("1")
        .render(&mut page)
        .expect("writing to memory");
    let page = String::from_utf8(page).expect("a man page of text");
    let sections = fs::read_to_string(root().join("docs/man/websocketd-rs.sections"));
    // What is no flag is written by hand.
    page + &sections.expect("docs/man/websocketd-rs.sections")
}

/// Compares a document with what it should be, or makes it so when asked to.
fn check(path: &Path, expected: &str) {
    if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
        fs::write(path, expected).expect("the document can be written");
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == expected,
        "{} is not what the flags are any more: UPDATE_DOCUMENTS=1 cargo test -p websocketd --test program",
        path.display()
    );
}

#[test]
fn the_readme_lists_every_flag() {
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).expect("README.md");
    let (before, rest) = readme
        .split_once(BEGIN)
        .expect("README.md marks the place of the flags");
    let (_, after) = rest
        .split_once(END)
        .expect("README.md marks the end of the flags");
    check(
        &path,
        &format!("{before}{BEGIN}{}{END}{after}", flag_table()),
    );
}

#[test]
fn the_man_page_is_made_from_the_flags() {
    check(&root().join("docs/man/websocketd-rs.1"), &man_page());
}

#[test]
fn the_help_names_every_flag() {
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_websocketd-rs"))
        .arg("--help")
        .output()
        .expect("the program runs");
    let help = String::from_utf8_lossy(&help.stderr).into_owned();
    for arg in command().get_arguments() {
        if let Some(long) = arg.get_long() {
            assert!(
                help.contains(&format!("--{long}")),
                "--{long} is not in --help"
            );
        }
    }
}

/// What shells complete: made from the same definition, installed by `make install`.
#[test]
fn shells_complete_every_flag() {
    use clap_complete::{Shell, generate};
    for (shell, name) in [
        (Shell::Bash, "websocketd-rs.bash"),
        (Shell::Zsh, "_websocketd-rs"),
        (Shell::Fish, "websocketd-rs.fish"),
    ] {
        let mut script = Vec::new();
        generate(shell, &mut command(), "websocketd-rs", &mut script);
        let script = String::from_utf8(script).expect("text");
        let path = root().join("conf/completions").join(name);
        if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
            std::fs::write(&path, &script).expect("it can be written");
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == script,
            "{} is old: run this with UPDATE_DOCUMENTS=1",
            path.display()
        );
        assert!(script.contains("sslcert"), "{name}");
    }
}
