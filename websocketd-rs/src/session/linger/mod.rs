//! Sessions that outlive their connection, `--linger`: the program of a client whose connection is lost is kept for a while, and
//! the next connection that has the session's token goes on where the client was, to the message.
//!
//! ```text
//! attached: client ◄─ join ─► program        a connection's task; what the client has not acknowledged is kept
//!    │  ▲
//!  lost  claimed, by a connection of any thread
//!    ▼  │
//! parked: kept ◄─ program                    a task of its own; the program waits once enough is kept
//! ```
//!
//! A session is claimed by a `registry::Lease`, whether it is parked or still attached to an older connection. Its streams leave the
//! runtime of the one thread and enter that of the other; a TLS stream could not, and does not have to.

mod attached;
pub mod offer;
mod parked;
mod registry;

use std::net::IpAddr;
use std::sync::Arc;

use super::client::kept::{Kept, Standing};
use super::end::{Close, End};
use super::framing::FromProgram;
use super::terminal::Conversation;
use super::terminal::control::Dialect;
use super::{framing, log_program};
use crate::config::{Level, SiteConfig};
use crate::logging::Fields;
use crate::metrics::METRICS;
use crate::permit::ProgramPermit;
use crate::process::{Ended, Moving, Program};
pub(super) use attached::run;
use registry::Share;
pub use registry::{Claimed, Lease, LingerKey, LingerLimits, Registry};

/// A session on its way to its next connection.
#[derive(Debug)]
pub struct Lingering {
    program: Program,
    kept: Box<Kept>,
    held: Held,
    lease: Arc<Lease>,
    registry: Arc<Registry>,
    standing: Standing,
    /// Messages that the client has received.
    received: u64,
}

/// A session on its way to another thread.
#[derive(Debug)]
pub struct Handover {
    program: Moving,
    kept: Box<Kept>,
    held: Held,
    was_attached: bool,
}

/// What stays when a connection goes, beside the program.
#[derive(Debug)]
struct Held {
    /// `None` once the program is gone.
    permit: Option<ProgramPermit>,
    joint: Joint,
    share: Share,
    /// Of the client; `None`: one of the Unix socket.
    address: Option<IpAddr>,
    fields: Fields,
    config: Arc<SiteConfig>,
    /// How it ended, if it has: the client does not know yet.
    conclusion: Option<Conclusion>,
}

/// How program and client are joined.
#[derive(Debug)]
enum Joint {
    Lines(Box<dyn FromProgram>),
    Terminal(Conversation),
}

/// An end by the program, and what the client is to be told of it.
#[derive(Debug, Clone)]
struct Conclusion {
    end: End,
    close: Option<Close>,
}

/// What a session begins with.
#[derive(Debug)]
pub struct Beginning {
    /// The program.
    pub program: Program,
    /// What is held until it is gone.
    pub permit: ProgramPermit,
    /// How a client of a terminal speaks.
    pub dialect: Option<Dialect>,
    /// Of the client; `None`: one of the Unix socket.
    pub address: Option<IpAddr>,
    /// For the log lines of this session.
    pub fields: Fields,
    /// What holds for it.
    pub config: Arc<SiteConfig>,
    /// The client believes that it goes on with a session that is no more.
    pub is_lost: bool,
}

impl Lingering {
    /// A session that begins.
    pub fn begin(beginning: Beginning, lease: Arc<Lease>, registry: &Arc<Registry>) -> Self {
        let Beginning {
            program,
            permit,
            dialect,
            address,
            fields,
            config,
            is_lost,
        } = beginning;
        let settings = &config.session;
        let max_bytes = settings.linger.map_or(0, |linger| linger.max_bytes);
        let joint = match dialect {
            Some(dialect) => Joint::Terminal(Conversation::new(dialect)),
            None => Joint::Lines(framing::from_program(settings.framing, settings.max_line)),
        };
        Self {
            program,
            kept: Box::new(Kept::new(max_bytes)),
            held: Held {
                permit: Some(permit),
                joint,
                share: registry.share(),
                address,
                fields,
                config,
                conclusion: None,
            },
            lease,
            registry: Arc::clone(registry),
            standing: if is_lost {
                Standing::Lost
            } else {
                Standing::New
            },
            received: 0,
        }
    }

    /// A session that goes on, with a client that has `received` so many messages, at `address`, which the log calls `remote`.
    pub fn resume(
        handover: Handover,
        lease: Arc<Lease>,
        registry: &Arc<Registry>,
        received: u64,
        (address, remote): (Option<IpAddr>, Option<String>),
    ) -> Self {
        let Handover {
            program,
            kept,
            mut held,
            was_attached,
        } = handover;
        held.fields.remote = remote;
        held.address = address;
        let (event, message) = if was_attached {
            ("taken_over", "Session taken over from another connection")
        } else {
            ("resumed", "Session resumed")
        };
        METRICS.linger.add(event);
        held.fields.access("session", message);
        Self {
            program: program.attach(),
            kept,
            held,
            lease,
            registry: Arc::clone(registry),
            standing: Standing::Resumed,
            received,
        }
    }

    /// For log lines of its connection.
    pub fn fields(&self) -> &Fields {
        &self.held.fields
    }
}

impl Held {
    /// The line at the end of a connection that is not that of the session.
    fn log_loss(&self, end: End) {
        let time = self.config.session.linger.map(|linger| linger.time);
        let (_, why) = end.remark().unwrap_or((Level::Access, "Connection lost"));
        let ms = time.unwrap_or_default().as_millis();
        let message = format!("{why}; its program is kept for {ms} ms");
        self.fields.access("session", &message);
    }

    /// The lines at the end of the session.
    fn log_end(&mut self, end: End, ended: Option<Ended>) {
        if let Some(ended) = ended {
            log_program(end == End::HandlerEnded, ended, &mut self.fields);
        }
        if let Some((level, remark)) = end.remark() {
            self.fields.log(level, "session", remark);
        }
        self.fields.access("session", "DISCONNECT");
    }
}
