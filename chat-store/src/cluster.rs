//! A site on several machines: who appends gives the record to their machine's relay and waits for what becomes of it.
//!
//! Nobody but the relay writes to a room's log then. What is to be said goes into the machine's spool, the relay has
//! it put in order with what the other machines say, writes it to the room's log, as each other machine's relay does
//! to its own, and answers. So a record that was acked is in the log of its sender's machine, as it is on one machine.
//!
//! A handler is one person's process: it may wait here as it waits for the log's lock, with a bound. A queue of
//! submissions with their answers to come was refused: each act whose effect depends on its record (a topic, a
//! redaction, a name) would be cut in two.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::fs::dirs;
use crate::log::room_log::{AppendError, Stored};
use crate::name::RoomName;
use crate::people::person::PersonId;
use crate::people::presence::elsewhere::Known;
use crate::record::{Draft, Kind, attrs};

mod answer;
mod drain;
mod handover;
mod missing;
pub mod order;
mod sought;
mod spool;
pub mod tasks;
mod tell;

pub use answer::{Answer, Answers, Refused, answer, sweep_answers};
pub use missing::{MAX_MISSING, Missing};
pub use sought::Sought;
pub use spool::{ANSWER, KEY, LIMIT, MEMBER, ORDERS, QUIET, ROOM, SPOOL, Submission};

pub use tell::Parcel;

use spool::Writer;

/// The machine's part of a site on several machines.
#[derive(Debug)]
pub struct Cluster {
    /// `spool/`: what this machine's people have submitted; must outlive a reboot.
    pub spool: PathBuf,
    /// `run/relay/`: how submitters and relay wake each other.
    pub run: PathBuf,
    /// The longest wait for an answer.
    pub wait: Duration,
    /// Made at the first submission: most processes never say anything.
    writer: Mutex<Option<Writer>>,
}

impl PartialEq for Cluster {
    fn eq(&self, other: &Self) -> bool {
        (&self.spool, &self.run, self.wait) == (&other.spool, &other.run, other.wait)
    }
}

impl Eq for Cluster {}

impl Cluster {
    /// That of the machine whose tree is under `base`, with its `run/`.
    pub fn new(base: &Path, run: &Path, wait: Duration) -> Self {
        Self {
            spool: base.join(dirs::SPOOL),
            run: run.join("relay"),
            wait,
            writer: Mutex::new(None),
        }
    }

    /// Makes its directories, for the service's user alone: what is said in closed rooms goes through here, too.
    ///
    /// # Errors
    /// Those of mkdir(2).
    pub fn create(&self) -> std::io::Result<()> {
        dirs::create_private(&self.spool)?;
        dirs::create_private(&self.run)
    }

    /// The file with what was submitted.
    pub fn spool_log(&self) -> PathBuf {
        self.spool.join(SPOOL)
    }

    /// The log with the orders that were performed here.
    pub fn orders_log(&self) -> PathBuf {
        self.spool.join(ORDERS)
    }

    /// The bell that wakes the relay.
    pub fn bell(&self) -> PathBuf {
        self.run.join("bell")
    }

    /// There while the relay can have something put in order.
    pub fn up(&self) -> PathBuf {
        self.run.join("up")
    }

    /// Whether something can be said just now. One system call.
    pub fn is_up(&self) -> bool {
        rustix::fs::lstat(self.up()).is_ok()
    }

    /// Submits a record of `room`, and waits for what becomes of it. For a quit nobody waits: its person has gone,
    /// and it is taken whenever it can be.
    ///
    /// # Errors
    /// It is not in the log. With [`AppendError::Busy`] it may be later: send it again with the same `msgid`.
    pub(crate) fn submit(&self, room: &RoomName, draft: &Draft<'_>) -> Result<Stored, AppendError> {
        self.give(room, draft, draft.kind != Kind::Quit)
    }

    /// Has it known that somebody is in a room on this machine, of whom the others should know already: it is no record,
    /// unless the others were told that they had gone (`comes_back`).
    ///
    /// # Errors
    /// Those of writing the spool.
    pub fn hold(&self, room: &RoomName, who: &Known, comes_back: bool) -> std::io::Result<()> {
        let person = Some(who.person.as_str());
        let quiet = (!comes_back).then_some("1");
        let about = [(MEMBER, person), (attrs::PERSON, person), (QUIET, quiet)];
        let draft = Draft {
            account: who.account.as_deref(),
            color: Some(&who.color),
            extra: &about,
            ..Draft::new(Kind::Join, who.nick.as_str(), "")
        };
        let given = self.give(room, &draft, false);
        given.map(drop).map_err(std::io::Error::other)
    }

    /// Has it known that somebody is not on this machine, whatever the others think.
    ///
    /// # Errors
    /// As [`Cluster::hold`].
    pub fn let_go(&self, room: &RoomName, nick: &str, person: &PersonId) -> std::io::Result<()> {
        let draft = Draft {
            extra: &[(MEMBER, Some(person.as_str()))],
            ..Draft::new(Kind::Quit, nick, "")
        };
        let given = self.give(room, &draft, false);
        given.map(drop).map_err(std::io::Error::other)
    }

    /// As [`Cluster::submit`], for a record that is for no room's log, or that nobody waits for.
    pub(crate) fn give(
        &self,
        room: &RoomName,
        draft: &Draft<'_>,
        waits: bool,
    ) -> Result<Stored, AppendError> {
        if waits && !self.is_up() {
            return Err(AppendError::Isolated);
        }
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if writer.is_none() {
            *writer = Some(Writer::open(self)?);
        }
        let given = match writer.as_mut() {
            Some(writer) => writer.submit(self, room, draft, waits),
            None => Err(AppendError::Isolated),
        };
        if matches!(given, Err(AppendError::Busy)) {
            // Somebody may have removed where answers come.
            *writer = None;
        }
        given
    }
}
