//! What is logged, and how.

use std::path::PathBuf;

use serde::Serialize;

/// Least severity that is logged, in websocketd's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For developers.
    Debug,
    /// Each step.
    Trace,
    /// Each request and session.
    Access,
    /// Start-up.
    Info,
    /// Something failed.
    Error,
    /// The server can't go on.
    Fatal,
    /// Nothing is logged.
    None,
}

impl Level {
    /// All levels, least severe first.
    pub const ALL: [Self; 7] = [
        Self::Debug,
        Self::Trace,
        Self::Access,
        Self::Info,
        Self::Error,
        Self::Fatal,
        Self::None,
    ];

    /// As typed in `--loglevel`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Trace => "trace",
            Self::Access => "access",
            Self::Info => "info",
            Self::Error => "error",
            Self::Fatal => "fatal",
            Self::None => "none",
        }
    }

    /// The priority of syslog(3), which journald filters and colors by.
    pub fn priority(self) -> u8 {
        match self {
            Self::Debug | Self::Trace => 7,
            Self::Access | Self::Info => 6,
            Self::Error => 3,
            Self::Fatal | Self::None => 2,
        }
    }

    /// The level of that name; case counts, as in websocketd.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// What is logged, and how.
#[derive(Debug, Clone)]
pub struct Log {
    /// Least severity that is logged.
    pub level: Level,
    /// What a line looks like.
    pub format: Format,
    /// The file that lines are appended to; `None`: stdout.
    pub file: Option<PathBuf>,
}

/// What a line of the log looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// As websocketd's.
    #[default]
    Classic,
    /// A JSON object.
    Json,
    /// For journald, which has the time already: the priority in front (sd-daemon(3)), no time.
    Journal,
}
