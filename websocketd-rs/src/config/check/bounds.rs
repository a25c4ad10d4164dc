//! Every number with its range.

use std::time::Duration;

use super::streams::check_framing;
use super::{Problem, check_linger, check_shared};
use crate::cli::{self, Args};
use crate::config::{Framing, Limits, ResourceLimits, Runnable, Session, TTYD_PROTOCOL};

/// Longest wait that is accepted, in milliseconds (a day): longer ones are typing errors, and timers need an end.
pub(super) const MAX_WAIT_MS: u64 = 24 * 60 * 60 * 1000;
/// Upper bound of a count: far above the files a process can have open.
pub(super) const MAX_COUNT: u64 = 1 << 24;
/// Upper bound of a size in bytes: one buffer of that size can still be allocated.
pub(super) const MAX_BYTES: u64 = 1 << 30;
/// Upper bound of what waits for all clients that are away, in bytes: more than most machines have.
const MAX_LINGER_TOTAL: u64 = 1 << 40;
/// Largest message in a record, whose length has four bytes and may count a client's number too.
const MAX_RECORD: usize = u32::MAX as usize - 64;
/// A request's head needs some room: shorter limits would refuse every browser.
const MIN_HEADER_BYTES: u64 = 1024;
/// The least environment has a dozen variables of the request, and a path.
pub(super) const MIN_ENVIRONMENT_BYTES: u64 = 4096;
/// The kernel takes a quarter of the stack limit, 2 MiB at the usual 8 MiB, for arguments and environment together
/// (execve(2)); arguments need their room.
pub(super) const MAX_ENVIRONMENT_BYTES: u64 = 3 << 19;

pub(super) fn check_session(args: &Args, program: Option<Runnable>) -> Result<Session, Problem> {
    let (framing, _) = check_framing(args)?;
    let given = usize::try_from(args.limits.maxframesize)
        .ok()
        .filter(|&bytes| bytes > 0);
    let max_message = match framing {
        Framing::Records => Some(given.unwrap_or(MAX_RECORD).min(MAX_RECORD)),
        _ => given,
    };
    Ok(Session {
        program,
        framing,
        is_read_only: args.terminal.readonly,
        shared: check_shared(args)?,
        linger: check_linger(args)?,
        max_message,
        max_line: bounded("maxline", args.limits.maxline, 1, MAX_BYTES)?,
        max_fragments: bounded("maxfragments", args.limits.maxfragments, 1, MAX_COUNT)?,
        refuse_with_close: args.programs.refuse_with_close,
        refuse_while: args.programs.refuse_while.clone(),
        protocols: check_protocols(args.programs.protocol.as_deref(), args.terminal.pty)?,
        exit_codes: check_exit_codes(&args.programs.close_on_exit)?,
        ping_interval: match args.limits.pingms {
            0 => None,
            interval => Some(wait("pingms", interval)?),
        },
        idle_timeout: match args.limits.sessionidletimeout {
            0 => None,
            limit => Some(wait("sessionidletimeout", limit)?),
        },
        write_timeout: wait("writetimeout", args.limits.writetimeout)?,
        close_timeout: wait("closetimeout", args.limits.closetimeout)?,
    })
}

pub(super) fn check_limits(args: &Args) -> Result<Limits, Problem> {
    Ok(Limits {
        max_forks: max_forks(&args.limits),
        linger_total: bounded("lingertotal", args.linger.lingertotal, 1, MAX_LINGER_TOTAL)?,
        once: args.daemon.once,
        exit_when_idle: match args.daemon.exit_when_idle {
            0 => None,
            limit => Some(wait("exit-when-idle", limit)?),
        },
        max_connections: bounded("maxconns", args.limits.maxconns, 1, MAX_COUNT)?,
        max_connections_per_address: max_connections_per_address(&args.limits)?,
        tls_timeout: wait("tlstimeout", args.limits.tlstimeout)?,
        header_timeout: wait("headertimeout", args.limits.headertimeout)?,
        idle_timeout: wait("idletimeout", args.limits.idletimeout)?,
        max_header_bytes: bounded(
            "maxheaderbytes",
            args.limits.maxheaderbytes,
            MIN_HEADER_BYTES,
            MAX_BYTES,
        )?,
        max_headers: bounded("maxheaders", args.limits.maxheaders, 1, 1 << 16)?,
    })
}

/// `--maxforks`; `None` is unlimited.
pub(in crate::config) fn max_forks(args: &cli::LimitFlags) -> Option<usize> {
    usize::try_from(args.maxforks)
        .ok()
        .filter(|&forks| forks > 0)
}

/// `--maxconnsperip`; `None` is unlimited.
pub(in crate::config) fn max_connections_per_address(
    args: &cli::LimitFlags,
) -> Result<Option<usize>, Problem> {
    match args.maxconnsperip {
        0 => Ok(None),
        connections => bounded("maxconnsperip", connections, 1, MAX_COUNT).map(Some),
    }
}

/// `--shutdowngrace`.
pub(super) fn grace(args: &cli::LimitFlags) -> Result<Duration, Problem> {
    match args.shutdowngrace {
        0 => Ok(Duration::ZERO),
        grace => wait("shutdowngrace", grace),
    }
}

pub(super) fn bounded(
    flag: &'static str,
    value: u64,
    least: u64,
    most: u64,
) -> Result<usize, Problem> {
    if !(least..=most).contains(&value) {
        let message = format!("--{flag} must be from {least} to {most}, not {value}");
        return Err(Problem::alone(flag, message));
    }
    usize::try_from(value).map_err(|_| {
        Problem::alone(
            flag,
            format!("--{flag} {value} is too large for this machine"),
        )
    })
}

pub(super) fn wait(flag: &'static str, ms: u64) -> Result<Duration, Problem> {
    if !(1..=MAX_WAIT_MS).contains(&ms) {
        let message = format!("--{flag} must be from 1 to {MAX_WAIT_MS} milliseconds, not {ms}");
        return Err(Problem::alone(flag, message));
    }
    Ok(Duration::from_millis(ms))
}

pub(super) fn check_resources(programs: &cli::ProgramFlags) -> ResourceLimits {
    let given = |value: u64| (value > 0).then_some(value);
    ResourceLimits {
        cpu_seconds: given(programs.handlercpu),
        memory_bytes: given(programs.handlermemory),
        open_files: given(programs.handlerfiles),
        processes: given(programs.handlerprocs),
    }
}

/// Subprotocol names are tokens (RFC 6455 section 11.3.4).
fn check_protocols(list: Option<&str>, is_terminal: bool) -> Result<Vec<String>, Problem> {
    let names = list.unwrap_or_default().split(',').map(str::trim);
    let mut protocols: Vec<String> = Vec::new();
    for name in names.filter(|name| !name.is_empty()) {
        if !name.bytes().all(is_token) {
            let message = format!(
                "--protocol: '{}' is no name of a protocol",
                name.escape_debug()
            );
            return Err(Problem::alone("protocol", message));
        }
        if !protocols.iter().any(|known| known == name) {
            protocols.push(name.to_owned());
        }
    }
    if is_terminal && !protocols.iter().any(|known| known == TTYD_PROTOCOL) {
        protocols.push(TTYD_PROTOCOL.to_owned());
    }
    Ok(protocols)
}

/// A byte of a token (RFC 9110 section 5.6.2).
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn check_exit_codes(typed: &[String]) -> Result<Vec<(u8, u16)>, Problem> {
    let mut codes: Vec<(u8, u16)> = Vec::new();
    for pair in typed {
        let parsed = pair.split_once(':').and_then(|(status, code)| {
            let (status, code) = (status.parse().ok()?, code.parse().ok()?);
            (4000..=4999).contains(&code).then_some((status, code))
        });
        let Some((status, code)) = parsed else {
            let message = format!(
                "--close-on-exit: '{}' is not STATUS:CODE with a status from 0 to 255 and a code from 4000 to 4999",
                pair.escape_debug()
            );
            return Err(Problem::alone("close-on-exit", message));
        };
        codes.retain(|(known, _)| *known != status);
        codes.push((status, code));
    }
    Ok(codes)
}
