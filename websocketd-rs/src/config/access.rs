//! Who is asked before a client is admitted.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::Accounts;

/// Who is asked before a client is admitted, and when.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// `None`: nobody is asked.
    pub authorizer: Option<Authorizer>,
    /// `--authorizeall`: plain requests are asked about too, not upgrades alone.
    pub covers_plain: bool,
    /// `--authorizetimeout`: how long an answer may take.
    pub timeout: Duration,
}

/// Who decides.
#[derive(Debug, Clone)]
pub enum Authorizer {
    /// `--authorize`: a program, its path resolved through PATH once, at start.
    Program {
        /// Resolved path, also argv[0].
        path: PathBuf,
        /// Arguments.
        args: Vec<OsString>,
    },
    /// `--htpasswd`: names and passwords by HTTP Basic (RFC 7617).
    Passwords {
        /// The file, which a reload reads again.
        file: PathBuf,
        /// What it said.
        accounts: Arc<Accounts>,
    },
}

impl Access {
    /// Who decides over plain requests.
    pub fn for_plain(&self) -> Option<&Authorizer> {
        self.authorizer.as_ref().filter(|_| self.covers_plain)
    }

    /// Whether browsers add the proof to what pages of other sites ask for, without being told to.
    pub fn is_ambient(&self) -> bool {
        matches!(self.authorizer, Some(Authorizer::Passwords { .. }))
    }
}
