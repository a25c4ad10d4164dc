//! Why a server does not run, and why a reload is refused.

use std::fmt;
use std::io;

use crate::cli::Ending;
use crate::net::listener::{BindError, describe};
use crate::net::tls::TlsError;
use crate::process::UserError;

/// Why a server can't start, or can't go on: the last line of its log.
#[derive(Debug)]
pub enum ServerError {
    /// A socket can't be bound.
    Bind(BindError),
    /// The TLS files can't be used.
    Tls(TlsError),
    /// The TLS files of a section can't be used: where it stands, and why not.
    TcpTls(String, TlsError),
    /// `--user`, or a route's own user, can't be used: how it was set, and why not.
    User(UserError),
    /// The daemon's own spawner does not start.
    Spawner(io::Error),
    /// A thread or its runtime does not start.
    Runtime(io::Error),
    /// The signals can't be taken over.
    Signals(io::Error),
    /// A socket can't be registered with the runtime.
    Listen(io::Error),
    /// A spawner process died: whose.
    SpawnerDied(String),
}

impl fmt::Display for ServerError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::SpawnerDied(whose) = self {
            return write!(out, "Can't go on: {whose} died; start the server again");
        }
        out.write_str("Can't start server: ")?;
        match self {
            Self::Bind(error) => error.fmt(out),
            Self::Tls(error) => error.fmt(out),
            Self::TcpTls(section, error) => write!(out, "{section}: {error}"),
            Self::User(error) => error.fmt(out),
            Self::Spawner(error) => write!(out, "spawner: {}", describe(error)),
            Self::Runtime(error) => write!(out, "runtime: {}", describe(error)),
            Self::Signals(error) | Self::Listen(error) => out.write_str(&describe(error)),
            Self::SpawnerDied(_) => Ok(()),
        }
    }
}

impl std::error::Error for ServerError {}

/// Why a reload is refused.
#[derive(Debug)]
pub(super) enum ReloadError {
    /// The new configuration is wrong.
    Config(Ending),
    /// It needs a user that the daemon can't start programs as any more.
    User(UserError),
    /// The TLS files can't be used.
    Tls(TlsError),
    /// The TLS files of a section can't be used: where it stands, and why not.
    TcpTls(String, TlsError),
    /// A section's socket can't be bound.
    Bind(BindError),
    /// A section's socket can't be registered with the runtime.
    Listen(io::Error),
    /// The log file can't be opened.
    Log(io::Error),
}

impl fmt::Display for ReloadError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(ending) => out.write_str(&ending.reason()),
            Self::User(error) => error.fmt(out),
            Self::Tls(error) => error.fmt(out),
            Self::TcpTls(section, error) => write!(out, "{section}: {error}"),
            Self::Bind(error) => error.fmt(out),
            Self::Log(error) | Self::Listen(error) => error.fmt(out),
        }
    }
}
