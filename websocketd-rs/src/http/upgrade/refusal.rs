//! Every reason for which an upgrade is refused, and what the client, the log and the metrics get for it.

use std::borrow::Cow;
use std::io;
use std::net::IpAddr;

use crate::config::Level;
use crate::diagnosis::Fault;
use crate::http::authorize::Denial;
use crate::http::handshake::HandshakeError;
use crate::process::{NO_TERMINAL, env};

/// Why an upgrade is refused.
#[derive(Debug)]
pub(in crate::http) enum Refusal {
    /// The file of `--refuse-while` is there.
    Away,
    /// No permit for a program is free.
    NoPermit(NoPermit),
    /// `--maxshared` programs run at the site.
    TooManyShared,
    /// The path names no script of `--dir`.
    ScriptNotFound,
    /// The request is no opening handshake, or its page may not connect.
    Handshake(HandshakeError),
    /// Whoever was asked does not admit the client.
    Denied(Box<Denial>),
    /// The session that the client wants to go on with is another user's.
    OtherUser,
    /// The session that the client wants to go on with can't be had now.
    LingerBusy,
    /// The request's header fields are too large for an environment.
    EnvironmentTooLarge,
    /// The program does not start.
    Spawn {
        program: String,
        error: io::Error,
        /// What is wrong with its file, where that can be told.
        fault: Option<Fault>,
    },
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
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    /// Header fields beside those of every answer.
    pub(super) fields: &'static [(&'static str, &'static str)],
    pub(super) level: Level,
    pub(super) category: &'static str,
    /// The text of the log line.
    pub(super) message: Cow<'a, str>,
    /// The reason in the metric of refusals.
    pub(super) label: &'static str,
    /// A reply that is there already.
    pub(super) denial: Option<&'a Denial>,
}

/// RFC 6455 section 4.2.2 asks for it with 426; every refused handshake has it.
const VERSION: (&str, &str) = ("Sec-WebSocket-Version", "13");

impl Refusal {
    pub(super) fn answer(&self) -> Answer<'_> {
        match self {
            Self::Away => refused(
                503,
                "No new sessions for now (--refuse-while), upgrade rejected",
                "away",
            ),
            Self::NoPermit(NoPermit::Forks) => Answer {
                level: Level::Error,
                category: "http",
                ..refused(
                    429,
                    "Max of possible forks already active, upgrade rejected",
                    "forks",
                )
            },
            Self::NoPermit(NoPermit::Address(_)) => Answer {
                category: "http",
                ..refused(
                    429,
                    "Too many connections from this address",
                    "connections_per_address",
                )
            },
            Self::TooManyShared => refused(
                429,
                "Max of shared programs already active, upgrade rejected",
                "shared",
            ),
            Self::ScriptNotFound => refused(404, "NOT FOUND: script not found", "not_found"),
            Self::Handshake(error) => handshake(*error),
            Self::Denied(denial) => Answer {
                level: denial.level,
                category: "http",
                message: (&*denial.message).into(),
                denial: Some(denial),
                ..refused(denial.response.status, "", denial.label)
            },
            Self::OtherUser => refused(
                403,
                "Session is another user's, upgrade rejected",
                "linger_user",
            ),
            Self::LingerBusy => refused(
                503,
                "Session is about to end or was claimed by another connection, upgrade rejected",
                "linger_busy",
            ),
            Self::EnvironmentTooLarge => refused(
                431,
                "Unable to Upgrade: headers are too large for an environment",
                "too_large",
            ),
            Self::Spawn {
                program,
                error,
                fault,
            } => Answer {
                level: Level::Error,
                category: "process",
                message: format!(
                    "Could not launch process {program}: {error}{}",
                    explain(fault.as_ref())
                )
                .into(),
                ..refused(spawn_status(error), "", "program_failed")
            },
        }
    }
}

/// The fault as the end of a log line.
pub(in crate::http) fn explain(fault: Option<&Fault>) -> String {
    fault.map_or_else(String::new, |fault| format!("; {fault}"))
}

fn refused(status: u16, message: &'static str, label: &'static str) -> Answer<'static> {
    Answer {
        status,
        fields: &[],
        level: Level::Access,
        category: "session",
        message: message.into(),
        label,
        denial: None,
    }
}

/// The part of [`Refusal::answer`] for requests that are no opening handshake.
fn handshake(error: HandshakeError) -> Answer<'static> {
    let (status, message) = match error {
        HandshakeError::HttpVersion => (
            400,
            "Unable to Upgrade: HTTP/1.0 has no upgrade; a proxy must use HTTP/1.1 (nginx: proxy_http_version 1.1)",
        ),
        HandshakeError::Body => (400, "Unable to Upgrade: the request has a body"),
        HandshakeError::Method => (405, "Unable to Upgrade: request method is not GET"),
        HandshakeError::Version => (
            426,
            "Unable to Upgrade: 13 not found in 'Sec-WebSocket-Version'",
        ),
        HandshakeError::Origin(mismatch) => (403, mismatch.as_str()),
        HandshakeError::Key => (
            400,
            "Unable to Upgrade: 'Sec-WebSocket-Key' is not one key of 16 bytes in base64",
        ),
    };
    let label = if status == 403 { "origin" } else { "handshake" };
    Answer {
        fields: match status {
            405 => &[VERSION, ("Allow", "GET")],
            // RFC 9110 section 15.5.22.
            426 => &[VERSION, ("Upgrade", "websocket"), ("Connection", "Upgrade")],
            _ => &[VERSION],
        },
        ..refused(status, message, label)
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

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        Self::Denied(Box::new(denial))
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
    if error.kind() == NO_TERMINAL {
        return 503;
    }
    match error.raw_os_error() {
        Some(code) if passing.iter().any(|errno| errno.raw_os_error() == code) => 503,
        _ => 500,
    }
}
