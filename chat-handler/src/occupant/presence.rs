//! That an occupant is there: the nick they hold, and what comes for them alone.

use std::os::fd::{AsFd as _, BorrowedFd};

use chat_store::people::connections::ConnectionPermit;
use chat_store::people::inbox::Inbox;
use chat_store::people::presence::Claim;

/// The files that exist as long as an occupant is in the room.
#[derive(Debug)]
pub(super) struct Presence {
    /// The nick; gone when they have left.
    pub(super) claim: Option<Claim>,
    pub(super) inbox: Inbox,
    /// Something came for them alone.
    pub(super) inbox_due: bool,
    /// The join record could not be written yet.
    pub(super) join_due: bool,
    pub(super) _permit: Option<ConnectionPermit>,
}

impl Presence {
    pub(super) fn bell(&self) -> BorrowedFd<'_> {
        self.inbox.as_fd()
    }
}
