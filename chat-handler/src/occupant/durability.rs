//! When what an occupant wrote is safe from a power cut.

use std::time::{Duration, Instant};

use super::{Occupant, Sink};
use crate::journal;
use crate::settings::Sync;
use chat_store::record::Kind;

/// The sync of a second starts so much after the first record that needs it: it takes a while itself.
const DELAY: Duration = Duration::from_millis(800);

/// What is to be synced, and when.
#[derive(Debug)]
pub(super) struct Durability {
    pub(super) mode: Sync,
    /// What was appended is on the disk soon after this; `None`: all of it is, but for comings and goings. These are
    /// worth nothing after a power cut, and who loads a page comes into fifty rooms.
    pub(super) at: Option<Instant>,
}

impl Durability {
    pub(super) fn new(mode: Sync) -> Self {
        Self { mode, at: None }
    }

    /// A record was appended.
    pub(super) fn appended(&mut self, kind: Kind) {
        if !matches!(kind, Kind::Join | Kind::Quit) {
            self.set_due();
        }
    }

    /// Somebody's handler was killed, maybe before it synced what they had said.
    pub(super) fn found_stale(&mut self) {
        self.set_due();
    }

    fn set_due(&mut self) {
        if self.mode != Sync::No {
            self.at.get_or_insert_with(|| Instant::now() + DELAY);
        }
    }

    /// Everything is synced.
    pub(super) fn done(&mut self) {
        self.at = None;
    }
}

impl Occupant {
    /// Syncs what was written a while ago.
    pub fn sync_if_due(&mut self, sink: &mut dyn Sink) {
        if self.durability.at.is_none_or(|at| at > Instant::now()) {
            return;
        }
        match self.room.log.sync() {
            Ok(()) => self.durability.done(),
            Err(error) => {
                self.durability.at = Some(Instant::now() + DELAY);
                let reason = format!("{} cannot be synced: {error}", self.room.name);
                self.turn(sink, None).report_trouble(&reason);
            }
        }
    }

    /// Before the process ends: nobody else knows what it has not synced.
    pub(super) fn sync_last(&mut self) {
        if self.durability.at.is_some()
            && let Err(error) = self.room.log.sync()
        {
            journal::note(format_args!("{} cannot be synced: {error}", self.room.name));
        }
        self.durability.done();
    }
}
