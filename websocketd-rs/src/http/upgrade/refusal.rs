//! Every reason for which an upgrade is refused, and what the client, the log and the metrics learn of it.

use std::borrow::Cow;
use std::io;
use std::net::IpAddr;

use crate::config::Level;
use crate::http::handshake::HandshakeError;
use crate::process::env;

/// Why an upgrade is refused.
#[derive(Debug)]
pub(in crate::http) enum Refusal {
    /// No permit for a program is free.
    NoPermit(NoPermit),
    /// The path names no script of `--dir`.
    ScriptNotFound,
    /// The request is no opening handshake, or its page may not connect.
    Handshake(HandshakeError),
    /// The request's header fields are too large for an environment.
    EnvironmentTooLarge,
    /// The program does not start.
    Spawn { program: String, error: io::Error },
}

/// Why a program gets no permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum NoPermit {
    /// `--maxforks` are out.
    Forks,
    /// `--maxconnsperip` are out for this address, which a trusted proxy named.
    Address(IpAddr),
}

/// What a refusal looks like from outside.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Header fields beside those of every answer.
    pub(super) fields: &'static [(&'static str, &'static str)],
    pub(super) level: Level,
    pub(super) category: &'static str,
    /// The text of the log line.
    pub(super) message: Cow<'static, str>,
    /// The reason in the metric of refusals.
    pub(super) label: &'static str,
}

/// RFC 6455 section 4.2.2 asks for it with 426; every refused handshake has it.
const VERSION: (&str, &str) = ("Sec-WebSocket-Version", "13");

impl Refusal {
    pub(super) fn answer(&self) -> Answer {
        use HandshakeError as Handshake;
        let refused = |status, category, message: &'static str, label| Answer {
            status,
            fields: &[],
            level: Level::Access,
            category,
            message: message.into(),
            label,
        };
        let handshake = |status, fields, message| Answer {
            fields,
            ..refused(status, "session", message, "handshake")
        };
        match self {
            Self::NoPermit(NoPermit::Forks) => Answer {
                level: Level::Error,
                ..refused(
                    429,
                    "http",
                    "Max of possible forks already active, upgrade rejected",
                    "forks",
                )
            },
            Self::NoPermit(NoPermit::Address(_)) => refused(
                429,
                "http",
                "Too many connections from this address",
                "connections_per_address",
            ),
            Self::ScriptNotFound => {
                refused(404, "session", "NOT FOUND: script not found", "not_found")
            }
            Self::Handshake(Handshake::Body) => {
                handshake(400, &[VERSION], "Unable to Upgrade: the request has a body")
            }
            Self::Handshake(Handshake::Method) => handshake(
                405,
                &[VERSION, ("Allow", "GET")],
                "Unable to Upgrade: request method is not GET",
            ),
            Self::Handshake(Handshake::Version) => handshake(
                426,
                // RFC 9110 section 15.5.22.
                &[VERSION, ("Upgrade", "websocket"), ("Connection", "Upgrade")],
                "Unable to Upgrade: 13 not found in 'Sec-WebSocket-Version'",
            ),
            Self::Handshake(Handshake::Origin(mismatch)) => Answer {
                fields: &[VERSION],
                ..refused(403, "session", mismatch.as_str(), "origin")
            },
            Self::Handshake(Handshake::Key) => handshake(
                400,
                &[VERSION],
                "Unable to Upgrade: 'Sec-WebSocket-Key' is not one key of 16 bytes in base64",
            ),
            Self::EnvironmentTooLarge => refused(
                431,
                "session",
                "Unable to Upgrade: headers are too large for an environment",
                "too_large",
            ),
            Self::Spawn { program, error } => Answer {
                level: Level::Error,
                message: format!("Could not launch process {program}: {error}").into(),
                ..refused(spawn_status(error), "process", "", "program_failed")
            },
        }
    }
}

impl From<NoPermit> for Refusal {
    fn from(no_permit: NoPermit) -> Self {
        Self::NoPermit(no_permit)
    }
}

impl From<HandshakeError> for Refusal {
    fn from(error: HandshakeError) -> Self {
        Self::Handshake(error)
    }
}

impl From<env::TooLarge> for Refusal {
    fn from(_: env::TooLarge) -> Self {
        Self::EnvironmentTooLarge
    }
}

/// 503 when the machine is out of something that comes back, 500 when the program is at fault.
pub(in crate::http) fn spawn_status(error: &io::Error) -> u16 {
    use rustix::io::Errno;
    let passing = [
        Errno::AGAIN,
        Errno::MFILE,
        Errno::NFILE,
        Errno::NOMEM,
        Errno::TIMEDOUT,
    ];
    match error.raw_os_error() {
        Some(code) if passing.iter().any(|errno| errno.raw_os_error() == code) => 503,
        _ => 500,
    }
}
