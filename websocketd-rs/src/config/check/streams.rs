//! What programs read from and write to, and how that becomes messages.

use std::path::PathBuf;

use super::Problem;
use crate::cli::Args;
use crate::config::{Framing, Page, Streams};

/// What `TERM` is without `--term`: what xterm.js and most terminals of today are.
const TERM: &str = "xterm-256color";

pub(super) fn check_streams(args: &Args) -> Result<Streams, Problem> {
    let typed = &args.terminal;
    let kind = typed.term.as_deref().filter(|kind| !kind.is_empty());
    if typed.pty {
        exclude(
            "pty",
            "speaks for itself",
            &[
                ("unbuffered", typed.unbuffered),
                ("binary", args.programs.binary),
                ("passstderr", args.programs.passstderr),
                (
                    "shared",
                    args.shared
                        .shared
                        .as_ref()
                        .is_some_and(|mode| !mode.is_empty()),
                ),
            ],
        )?;
        return Ok(Streams::Terminal {
            kind: check_kind(kind.unwrap_or(TERM))?.to_owned(),
        });
    }
    if kind.is_some() {
        let message = "--term is about the terminal of --pty; please add that, or drop it";
        return Err(Problem::alone("term", message.to_owned()));
    }
    if !typed.unbuffered {
        return Ok(Streams::Pipes);
    }
    exclude(
        "unbuffered",
        "is for lines",
        &[("binary", args.programs.binary)],
    )?;
    Ok(Streams::Unbuffered)
}

/// How messages stand in a program's bytes, and `--framing` as it was given.
pub(super) fn check_framing(args: &Args) -> Result<(Framing, Option<&'static str>), Problem> {
    let programs = &args.programs;
    let typed = programs.framing.as_deref().unwrap_or_default();
    let (framing, name) = match typed {
        "" => {
            let framing = match (args.terminal.pty, programs.binary, programs.passstderr) {
                (true, ..) => Framing::Terminal,
                (_, true, _) => Framing::Binary,
                (_, _, true) => Framing::TaggedLines,
                _ => Framing::Lines,
            };
            return Ok((framing, None));
        }
        "line" => (Framing::Lines, "line"),
        "nul" => (Framing::Nul, "nul"),
        "length" => (Framing::Records, "length"),
        _ => {
            let typed = typed.escape_debug();
            let message = format!("--framing must be line, nul or length, not '{typed}'");
            return Err(Problem::alone("framing", message));
        }
    };
    exclude(
        "framing",
        "says how messages stand in the program's bytes",
        &[
            ("binary", programs.binary),
            ("passstderr", programs.passstderr),
            ("pty", args.terminal.pty),
            (
                "unbuffered",
                args.terminal.unbuffered && framing == Framing::Records,
            ),
        ],
    )?;
    Ok((framing, Some(name)))
}

fn exclude(flag: &'static str, why: &str, others: &[(&str, bool)]) -> Result<(), Problem> {
    match others.iter().find(|(_, is_set)| *is_set) {
        None => Ok(()),
        Some((other, _)) => {
            let message = format!("--{flag} {why}; please drop --{other}");
            Err(Problem::alone(flag, message))
        }
    }
}

/// `--terminal`, which is in the place of all else that a path could name, or `--devconsole`.
pub(super) fn check_page(args: &Args) -> Result<Option<Page>, Problem> {
    if !args.terminal.terminal {
        return Ok(args.content.devconsole.then_some(Page::Console));
    }
    if !args.terminal.pty {
        let message = "--terminal shows the terminal of --pty; please add that, or drop it";
        return Err(Problem::alone("terminal", message.to_owned()));
    }
    let content = &args.content;
    let is_given =
        |dir: &Option<PathBuf>| dir.as_ref().is_some_and(|dir| !dir.as_os_str().is_empty());
    exclude(
        "terminal",
        "answers every path",
        &[
            ("devconsole", content.devconsole),
            ("staticdir", is_given(&content.staticdir)),
            ("cgidir", is_given(&content.cgidir)),
        ],
    )?;
    Ok(Some(Page::Terminal))
}

/// Programs make a file name of it (terminfo(5)).
fn check_kind(kind: &str) -> Result<&str, Problem> {
    let is_sound = |byte: u8| byte.is_ascii_alphanumeric() || b"-+._".contains(&byte);
    if kind.bytes().all(is_sound) {
        return Ok(kind);
    }
    let message = format!("--term: '{}' is no name of a terminal", kind.escape_debug());
    Err(Problem::alone("term", message))
}
