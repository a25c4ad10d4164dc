//! What the daemon and its spawner say to each other: pure encoding, no I/O.
//!
//! Both ends are the same binary on the same machine, so numbers travel in native byte order.
//! A request is a fixed head; one that starts a program carries its three descriptors and is followed by a body. A reply is
//! fixed in size.

use std::ffi::{CStr, OsStr};
use std::os::unix::ffi::OsStrExt;

use crate::config::ResourceLimits;
use crate::process::{Command, Size, Terminal};

/// Most bytes of one request body. `execve(2)` accepts about 2 MiB of arguments and environment with the
/// usual 8 MiB stack, so that a larger request could not start anything.
pub(super) const MAX_BODY: usize = 2 * 1024 * 1024;

/// Bytes of a request head.
pub(super) const HEAD: usize = 12;

/// Bytes of a reply.
pub(super) const REPLY: usize = 13;

/// Bytes before the strings of a body: two counts, four limits, and columns and rows of a terminal.
const FIXED: usize = 2 * 4 + 4 * 8 + 2 * 2;

/// Stand in a head where the size of a body would, in one that asks for something else than a start.
const SIGNAL: u32 = u32::MAX;
const LOOK: u32 = u32::MAX - 1;
const ENDED: u32 = u32::MAX - 2;

/// Stands for a limit that is not set. Of the same value as `RLIM_INFINITY`, which would set none either.
const UNLIMITED: u64 = u64::MAX;

/// The head of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head {
    /// Start what the body describes.
    Start {
        /// Chosen by the daemon; comes back in the reply.
        id: u64,
        /// Bytes of the body that follows.
        body: usize,
    },
    /// Send a signal to a process group. There is no reply.
    Signal {
        /// Id of the group.
        group: u32,
        /// Number of the signal.
        signal: i32,
    },
    /// A session has ended: what is left of it ends too. Its id follows, of a fixed size. There is no reply.
    Ended {
        /// The kernel session that its program led, if it led one.
        session: Option<u32>,
    },
    /// Look whether a process has ended, as it seems to have. There is no reply but that it has.
    Look {
        /// Its id.
        pid: u32,
    },
}

impl Head {
    pub(super) fn encode(self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        let body = match self {
            Self::Start { id, body } => {
                bytes[..8].copy_from_slice(&id.to_ne_bytes());
                u32::try_from(body).unwrap_or(ENDED - 1)
            }
            Self::Signal { group, signal } => {
                bytes[..4].copy_from_slice(&group.to_ne_bytes());
                bytes[4..8].copy_from_slice(&signal.to_ne_bytes());
                SIGNAL
            }
            Self::Ended { session } => {
                bytes[..4].copy_from_slice(&session.unwrap_or(0).to_ne_bytes());
                ENDED
            }
            Self::Look { pid } => {
                bytes[..4].copy_from_slice(&pid.to_ne_bytes());
                LOOK
            }
        };
        bytes[8..].copy_from_slice(&body.to_ne_bytes());
        bytes
    }

    /// `None` when the body is longer than [`MAX_BODY`].
    pub(super) fn decode(bytes: [u8; HEAD]) -> Option<Self> {
        let (first, body) = bytes.split_at(8);
        let body = u32::from_ne_bytes(body.try_into().ok()?);
        let (process, signal) = first.split_at(4);
        let process = u32::from_ne_bytes(process.try_into().ok()?);
        match body {
            SIGNAL => Some(Self::Signal {
                group: process,
                signal: i32::from_ne_bytes(signal.try_into().ok()?),
            }),
            LOOK => Some(Self::Look { pid: process }),
            ENDED => Some(Self::Ended {
                session: (process > 0).then_some(process),
            }),
            _ => {
                let (id, body) = (u64::from_ne_bytes(first.try_into().ok()?), body as usize);
                (body <= MAX_BODY).then_some(Self::Start { id, body })
            }
        }
    }
}

/// What the spawner reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    /// Request `id` runs as `pid`.
    Started { id: u64, pid: u32 },
    /// Request `id` could not be started: an errno.
    Failed { id: u64, errno: i32 },
    /// Process `pid` has ended: a wait status as of `wait(2)`.
    Exited { pid: u32, status: i32 },
}

impl Reply {
    pub(super) fn encode(self) -> [u8; REPLY] {
        let (kind, id, value) = match self {
            Self::Started { id, pid } => (0, id, pid.to_ne_bytes()),
            Self::Failed { id, errno } => (1, id, errno.to_ne_bytes()),
            Self::Exited { pid, status } => (2, u64::from(pid), status.to_ne_bytes()),
        };
        let mut bytes = [0; REPLY];
        bytes[0] = kind;
        bytes[1..9].copy_from_slice(&id.to_ne_bytes());
        bytes[9..13].copy_from_slice(&value);
        bytes
    }

    /// `None` for a kind that does not exist.
    pub(super) fn decode(bytes: [u8; REPLY]) -> Option<Self> {
        let id = u64::from_ne_bytes(bytes[1..9].try_into().ok()?);
        let value: [u8; 4] = bytes[9..13].try_into().ok()?;
        match bytes[0] {
            0 => Some(Self::Started {
                id,
                pid: u32::from_ne_bytes(value),
            }),
            1 => Some(Self::Failed {
                id,
                errno: i32::from_ne_bytes(value),
            }),
            2 => Some(Self::Exited {
                pid: u32::try_from(id).ok()?,
                status: i32::from_ne_bytes(value),
            }),
            _ => None,
        }
    }
}

/// Why a program can't be started as it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EncodeError {
    /// A NUL byte in an argument or environment variable.
    Nul,
    /// An environment variable whose name is empty or holds an `=`.
    Name,
    /// All is longer than [`MAX_BODY`].
    TooLong,
}

/// The body of a request: counts and limits, then every string ended by a NUL, which none of them may hold.
///
/// # Errors
/// When `execve(2)` could not take it.
pub(super) fn encode(command: &Command) -> Result<Vec<u8>, EncodeError> {
    let mut body = Vec::with_capacity(1024);
    for count in [command.args.len(), command.env.len()] {
        body.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_ne_bytes());
    }
    let limits = command.limits;
    for limit in [
        limits.cpu_seconds,
        limits.memory_bytes,
        limits.open_files,
        limits.processes,
    ] {
        body.extend_from_slice(&limit.unwrap_or(UNLIMITED).to_ne_bytes());
    }
    // The spawner has no part in one of stdout alone.
    let (columns, rows) = match command.terminal {
        Terminal::Controlling(size) => (size.columns(), size.rows()),
        Terminal::None | Terminal::Stdout => (0, 0),
    };
    body.extend_from_slice(&columns.to_ne_bytes());
    body.extend_from_slice(&rows.to_ne_bytes());
    let cwd = command.cwd.as_ref();
    push(
        &mut body,
        cwd.map_or(OsStr::new(""), |dir| dir.as_os_str()),
        0,
    )?;
    push(&mut body, command.program.as_os_str(), 0)?;
    for arg in &command.args {
        push(&mut body, arg, 0)?;
    }
    for (name, value) in &command.env {
        if name.is_empty() || name.as_bytes().contains(&b'=') {
            return Err(EncodeError::Name);
        }
        push(&mut body, name, b'=')?;
        push(&mut body, value, 0)?;
    }
    if body.len() > MAX_BODY {
        return Err(EncodeError::TooLong);
    }
    Ok(body)
}

fn push(body: &mut Vec<u8>, string: &OsStr, end: u8) -> Result<(), EncodeError> {
    if string.as_bytes().contains(&0) {
        return Err(EncodeError::Nul);
    }
    body.extend_from_slice(string.as_bytes());
    body.push(end);
    Ok(())
}

/// What to start, as `execve(2)` takes it, in place in a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Execution<'a> {
    /// The working directory; `None`: the spawner's.
    pub(super) cwd: Option<&'a CStr>,
    /// The program, then its arguments.
    pub(super) argv: Vec<&'a CStr>,
    /// `NAME=value` each.
    pub(super) envp: Vec<&'a CStr>,
    pub(super) limits: ResourceLimits,
    /// The size of its terminal, if it gets one.
    pub(super) terminal: Option<Size>,
}

/// The reverse of [`encode`]; `None` when the body is no such thing.
pub(super) fn decode(body: &[u8]) -> Option<Execution<'_>> {
    let (fixed, strings) = body.split_at_checked(FIXED)?;
    let arguments = u32::from_ne_bytes(fixed[..4].try_into().ok()?) as usize;
    let variables = u32::from_ne_bytes(fixed[4..8].try_into().ok()?) as usize;
    let (size, _) = fixed[40..].as_chunks::<2>();
    let [columns, rows] = size else { return None };
    let [columns, rows] = [columns, rows].map(|bytes| u64::from(u16::from_ne_bytes(*bytes)));
    let mut limits = fixed[8..40].as_chunks::<8>().0.iter().map(|bytes| {
        let limit = u64::from_ne_bytes(*bytes);
        (limit != UNLIMITED).then_some(limit)
    });
    let limits = ResourceLimits {
        cpu_seconds: limits.next()?,
        memory_bytes: limits.next()?,
        open_files: limits.next()?,
        processes: limits.next()?,
    };
    let mut strings = strings
        .split_inclusive(|byte| *byte == 0)
        .map(|string| CStr::from_bytes_with_nul(string).ok());
    let mut take = |count: usize| strings.by_ref().take(count).collect::<Option<Vec<_>>>();
    let (cwd, argv, envp) = (take(1)?, take(1 + arguments)?, take(variables)?);
    let complete = cwd.len() == 1 && argv.len() == 1 + arguments && envp.len() == variables;
    let cwd = cwd.first().copied().filter(|dir| !dir.is_empty());
    (complete && strings.next().is_none()).then_some(Execution {
        cwd,
        argv,
        envp,
        limits,
        terminal: Size::new(columns, rows),
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::io;
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    fn command() -> Command {
        Command {
            program: "/bin/echo".into(),
            args: vec![
                "".into(),
                "two words".into(),
                OsString::from_vec(vec![0xff, b'\n']),
            ],
            env: vec![
                ("PATH".into(), "/bin:/usr/bin".into()),
                ("EMPTY".into(), "".into()),
            ],
            cwd: Some("/tmp".into()),
            limits: ResourceLimits {
                open_files: Some(64),
                ..ResourceLimits::default()
            },
            terminal: Terminal::None,
        }
    }

    #[test]
    fn a_command_survives_the_way() {
        for cwd in [None, Some(c"/tmp")] {
            let dir = cwd.map(|dir| dir.to_str().unwrap().into());
            let command = Command {
                cwd: dir,
                ..command()
            };
            let body = encode(&command).unwrap();
            let execution = Execution {
                cwd,
                argv: vec![c"/bin/echo", c"", c"two words", c"\xff\n"],
                envp: vec![c"PATH=/bin:/usr/bin", c"EMPTY="],
                limits: command.limits,
                terminal: None,
            };
            assert_eq!(decode(&body), Some(execution));
        }
        let size = Size::new(132, 43).unwrap();
        let command = Command {
            terminal: Terminal::Controlling(size),
            ..command()
        };
        let body = encode(&command).unwrap();
        assert_eq!(decode(&body).unwrap().terminal, Some(size));
    }

    #[test]
    fn strings_that_exec_could_not_take_are_refused() {
        let with_nul = Command {
            args: vec!["a\0b".into()],
            ..command()
        };
        assert_eq!(
            io::Error::from(encode(&with_nul).unwrap_err()).kind(),
            io::ErrorKind::InvalidInput
        );
        let nameless = Command {
            env: vec![("A=B".into(), "c".into())],
            ..command()
        };
        assert_eq!(
            io::Error::from(encode(&nameless).unwrap_err()).kind(),
            io::ErrorKind::InvalidInput
        );
        let huge = Command {
            args: vec!["x".repeat(MAX_BODY).into()],
            ..command()
        };
        assert_eq!(
            io::Error::from(encode(&huge).unwrap_err()).raw_os_error(),
            Some(nix::libc::E2BIG)
        );
    }

    #[test]
    fn a_torn_body_is_no_command() {
        let body = encode(&command()).unwrap();
        for end in 0..body.len() {
            assert_eq!(decode(&body[..end]), None, "cut at {end}");
        }
    }

    #[test]
    fn heads_and_replies_survive_the_way() {
        for head in [
            Head::Start {
                id: u64::MAX,
                body: 17,
            },
            Head::Signal {
                group: 4_194_304,
                signal: 15,
            },
            Head::Look { pid: 4_194_304 },
            Head::Ended { session: None },
            Head::Ended {
                session: Some(4_194_304),
            },
        ] {
            assert_eq!(Head::decode(head.encode()), Some(head));
        }
        for body in [MAX_BODY + 1, usize::MAX] {
            assert_eq!(Head::decode(Head::Start { id: 1, body }.encode()), None);
        }
        for reply in [
            Reply::Started {
                id: 7,
                pid: 4_194_304,
            },
            Reply::Failed { id: 8, errno: 2 },
            Reply::Exited {
                pid: 9,
                status: 0x0f00,
            },
        ] {
            assert_eq!(Reply::decode(reply.encode()), Some(reply));
        }
        assert_eq!(Reply::decode([9; REPLY]), None);
    }
}
