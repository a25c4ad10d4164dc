//! That an occupant is there: the nick they hold, and what comes for them alone.

use std::os::fd::{AsFd as _, BorrowedFd};

use super::Occupant;
use crate::journal;
use chat_store::people::inbox::Inbox;
use chat_store::people::own::Own;
use chat_store::people::presence::Claim;
use chat_store::people::watch::Watch;
use chat_store::record::{Draft, Kind, RecordId};

/// Safety polls from one look for stale presences to the next: ten seconds, so that a handler that was
/// killed, and the one that looked, are both missed within twenty.
const SWEEP_POLLS: u32 = 2;

/// The files that exist as long as an occupant is in the room.
#[derive(Debug)]
pub(super) struct Presence {
    /// The nick; gone when they have left.
    pub(super) claim: Option<Claim>,
    /// By this their client takes it over when it comes back.
    pub(super) own: Option<Own>,
    pub(super) inbox: Inbox,
    /// Something came for them alone.
    pub(super) inbox_due: bool,
    /// The join record could not be written yet.
    pub(super) join_due: bool,
    /// The join record's id.
    pub(super) joined: RecordId,
    pub(super) watch: Watch,
    /// Safety polls since the last sweep.
    pub(super) polls: u32,
}

impl Presence {
    pub(super) fn bell(&self) -> BorrowedFd<'_> {
        self.inbox.as_fd()
    }

    /// The presence file is another one. If that cannot be written down, who comes back gets a number.
    pub(super) fn set_own(&mut self) {
        if let (Some(own), Some(claim)) = (&mut self.own, &self.claim)
            && let Err(error) = own.set(claim)
        {
            journal::note(format_args!("{}: {error}", claim.nick()));
        }
    }
}

impl Occupant {
    /// Quits for those whose handler was killed, if it is this one's task.
    pub(super) fn sweep(&mut self) {
        self.presence.polls += 1;
        if self.presence.polls < SWEEP_POLLS {
            return;
        }
        self.presence.polls = 0;
        let room = &mut self.room;
        let stale = match self.presence.watch.sweep(&room.dirs, &room.name) {
            Ok(stale) => stale,
            Err(error) => {
                let reason = format!("{}: {error}", room.name);
                self.trouble.note(&reason);
                return;
            }
        };
        for nick in stale {
            match room.log.append(&Draft::new(Kind::Quit, nick.as_str(), "")) {
                Ok(_) => self.bells.set_due(),
                Err(error) => {
                    journal::note(format_args!("{nick} was stale in {}: {error}", room.name));
                }
            }
        }
    }
}
