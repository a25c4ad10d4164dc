//! `--shared` and the flags that only it gives a meaning.

use std::time::Duration;

use super::Problem;
use super::bounds::{MAX_BYTES, MAX_COUNT, MAX_WAIT_MS, bounded, wait};
use super::streams::check_framing;
use crate::cli::{Args, SharedFlags};
use crate::config::{JOIN_VARIABLES, Restart, Shared, SharedBy, SharedMode, SlowClient};

/// What one program for many clients is to do; `None` without `--shared`.
pub(super) fn check_shared(args: &Args) -> Result<Option<Shared>, Problem> {
    let flags = &args.shared;
    let Some(typed) = flags.shared.as_deref().filter(|typed| !typed.is_empty()) else {
        return Ok(None);
    };
    let mode = word(
        "shared",
        typed,
        &[
            ("broadcast", SharedMode::Broadcast),
            ("ids", SharedMode::Ids),
        ],
    )?;
    for (flag, is_set) in [
        ("binary", args.programs.binary),
        ("passstderr", args.programs.passstderr),
    ] {
        if is_set {
            let message =
                format!("--shared speaks lines, or what --framing says; please drop --{flag}");
            return Err(Problem::alone("shared", message));
        }
    }
    Ok(Some(Shared {
        mode,
        framing: check_framing(args)?.0,
        by: word(
            "sharedby",
            &flags.sharedby,
            &[("route", SharedBy::Route), ("path", SharedBy::Path)],
        )?,
        max_programs: bounded("maxshared", flags.maxshared, 1, MAX_COUNT)?,
        max_queue: bounded("maxqueue", flags.maxqueue, 1, MAX_BYTES)?,
        slow: word(
            "slowclient",
            &flags.slowclient,
            &[("close", SlowClient::Close), ("drop", SlowClient::Drop)],
        )?,
        slow_time: wait("slowms", flags.slowms)?,
        replay: bounded("replay", flags.replay, 0, MAX_COUNT)?,
        idle: idle(flags)?,
        restart: word(
            "sharedrestart",
            &flags.sharedrestart,
            &[
                ("failure", Restart::OnFailure),
                ("always", Restart::Always),
                ("never", Restart::Never),
            ],
        )?,
        join_variables: join_variables(&flags.sharedenv)?,
    }))
}

fn word<T: Copy>(flag: &'static str, typed: &str, words: &[(&str, T)]) -> Result<T, Problem> {
    let found = words.iter().find(|(word, _)| *word == typed);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        let message = format!(
            "--{flag} must be {}, not '{}'",
            words.join(" or "),
            typed.escape_debug()
        );
        Problem::alone(flag, message)
    })
}

fn idle(flags: &SharedFlags) -> Result<Option<Duration>, Problem> {
    match u64::try_from(flags.sharedidle) {
        Ok(ms @ 0..=MAX_WAIT_MS) => Ok(Some(Duration::from_millis(ms))),
        Err(_) if flags.sharedidle == -1 => Ok(None),
        _ => {
            let message = format!(
                "--sharedidle must be from 0 to {MAX_WAIT_MS} milliseconds, or -1 for ever, not {}",
                flags.sharedidle
            );
            Err(Problem::alone("sharedidle", message))
        }
    }
}

fn join_variables(typed: &str) -> Result<Vec<String>, Problem> {
    let mut names = JOIN_VARIABLES.map(str::to_owned).to_vec();
    for name in typed
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        let is_name = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_name {
            let message = format!(
                "--sharedenv: '{}' is no name of a variable",
                name.escape_debug()
            );
            return Err(Problem::alone("sharedenv", message));
        }
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}
