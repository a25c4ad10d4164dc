//! A client's side of a shared program: it enters, sends, takes and leaves. Nothing here waits: a full inbox or an empty mailbox
//! is `Pending`.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::mailbox::{Delivery, Dismissal, Mailbox};
use super::order::MemberId;
use super::room::{Entry, Room};
use crate::config::SharedMode;
use crate::permit::AddressPermit;
use crate::session::end::NO_CLOSE_FRAME;
use crate::session::framing::Kind;

/// A client of a shared program. Dropping it is leaving.
#[derive(Debug)]
pub struct Member {
    room: Arc<Room>,
    id: MemberId,
    mailbox: Arc<Mailbox>,
    stage: Stage,
    /// What the program is told of the end.
    leave_code: u16,
    /// One of `--maxconnsperip`, for a client behind a trusted proxy.
    address: Option<AddressPermit>,
}

#[derive(Debug)]
enum Stage {
    /// The `join` event is to be written.
    Reserved(Vec<u8>),
    Entered,
}

impl Member {
    /// One that has its place in `room`, and has not entered.
    pub(super) fn new(room: Arc<Room>, id: MemberId, join: Vec<u8>) -> Self {
        Self {
            mailbox: Arc::new(Mailbox::new(room.config().max_queue)),
            room,
            id,
            stage: Stage::Reserved(join),
            leave_code: NO_CLOSE_FRAME,
            address: None,
        }
    }

    /// What its program knows of clients.
    pub(in crate::session) fn mode(&self) -> SharedMode {
        self.room.config().mode
    }

    /// Has it hold `address` until it leaves.
    pub(super) fn hold(&mut self, address: Option<AddressPermit>) {
        self.address = address;
    }

    /// Enters: first the program's `join` event, then what is replayed, then what is live.
    pub(in crate::session) fn poll_enter(
        &mut self,
        cx: &Context<'_>,
    ) -> Poll<Result<(), Dismissal>> {
        let Stage::Reserved(join) = &mut self.stage else {
            return Poll::Ready(Ok(()));
        };
        let mut state = self.room.lock();
        if let Some(why) = state.closed {
            return Poll::Ready(Err(why));
        }
        if !state.has_room(join.len()) {
            state.senders.insert(self.id, cx.waker().clone());
            return Poll::Pending;
        }
        let join = std::mem::take(join);
        state.inbox.extend_from_slice(&join);
        state.wake_driver();
        for frames in &state.replay {
            let _ = self.mailbox.put(frames);
        }
        let mailbox = Arc::clone(&self.mailbox);
        state.members.insert(self.id, Entry { mailbox, join });
        state.reserved -= 1;
        drop(state);
        self.stage = Stage::Entered;
        Poll::Ready(Ok(()))
    }

    /// Gives the program a message of this client.
    pub(in crate::session) fn poll_send(
        &self,
        cx: &Context<'_>,
        kind: Kind,
        payload: &[u8],
    ) -> Poll<()> {
        let mut state = self.room.lock();
        if state.closed.is_some() {
            // The mailbox has the reason.
            return Poll::Ready(());
        }
        if !state.has_room(payload.len()) {
            state.senders.insert(self.id, cx.waker().clone());
            return Poll::Pending;
        }
        let wire = self.room.wire();
        wire.put_message(&mut state.inbox, self.id, kind, payload);
        state.wake_driver();
        Poll::Ready(())
    }

    /// The next that the client gets.
    pub(in crate::session) fn poll_take(&self, cx: &Context<'_>) -> Poll<Delivery> {
        self.mailbox.poll_take(cx)
    }

    /// Ready when the client is too slow, and gets nothing more.
    pub(in crate::session) fn poll_too_slow(&self, cx: &Context<'_>) -> Poll<()> {
        self.mailbox.poll_too_slow(cx)
    }

    /// What the program is told as the code of the session's end.
    pub(in crate::session) fn set_leave_code(&mut self, code: u16) {
        self.leave_code = code;
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut state = self.room.lock();
        state.senders.remove(&self.id);
        match self.stage {
            Stage::Reserved(_) => state.reserved -= 1,
            Stage::Entered => {
                state.members.remove(&self.id);
                // Beyond the bound, if need be: each member leaves once.
                let wire = self.room.wire();
                wire.put_leave(&mut state.inbox, self.id, self.leave_code);
            }
        }
        state.wake_driver();
    }
}
