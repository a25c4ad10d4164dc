//! A shared program's clients, as its task sees them: it fills their mailboxes and empties the inbox. [`Member`] is the other
//! side. Neither waits for the other: a full inbox or an empty mailbox is `Pending`.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use super::mailbox::{Dismissal, Frames, Mailbox, Put};
use super::member::Member;
use super::order::MemberId;
use super::start::Start;
use super::wire::Wire;
use crate::config::Shared;
use crate::metrics::METRICS;

/// Bytes for the program's stdin that may wait in the inbox before members wait to send: as much as four full pipes. A longer
/// message is taken while nothing waits.
const MAX_INBOX: usize = 256 * 1024;

/// Whom a message is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Audience {
    All,
    But(MemberId),
    Only(Vec<MemberId>),
}

/// What the program's task hands over, in the order of the program's output.
#[derive(Debug)]
pub(super) enum Parcel {
    Message(Audience, Frames),
    Close(MemberId, u16, String),
}

/// A shared program and its clients.
#[derive(Debug)]
pub(super) struct Room {
    config: Shared,
    wire: Wire,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) members: HashMap<MemberId, Entry>,
    /// Sessions that are about to enter: the program must not end for want of members.
    pub(super) reserved: usize,
    /// Whole events for stdin.
    pub(super) inbox: Vec<u8>,
    /// Who waits for room in the inbox.
    pub(super) senders: HashMap<MemberId, Waker>,
    /// The program's task.
    driver: Option<Waker>,
    pub(super) replay: VecDeque<Frames>,
    replay_bytes: usize,
    /// Why no one can enter any more.
    pub(super) closed: Option<Dismissal>,
    /// What is to serve from now on.
    next: Option<Start>,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) mailbox: Arc<Mailbox>,
    /// Its `join` event, for a program that starts later.
    pub(super) join: Vec<u8>,
}

impl Room {
    pub(super) fn new(config: Shared) -> Self {
        Self {
            wire: Wire::of(&config),
            config,
            state: Mutex::default(),
        }
    }

    pub(super) fn config(&self) -> &Shared {
        &self.config
    }

    /// How its program speaks.
    pub(super) fn wire(&self) -> Wire {
        self.wire
    }

    /// A member that will enter; `None` when the room is closed. `join` is its event, if the program is told.
    pub(super) fn reserve(self: &Arc<Self>, id: MemberId, join: Vec<u8>) -> Option<Member> {
        let mut state = self.lock();
        if state.closed.is_some() {
            return None;
        }
        state.reserved += 1;
        drop(state);
        Some(Member::new(Arc::clone(self), id, join))
    }

    /// Whether anybody is there, or about to be.
    pub(super) fn is_empty(&self) -> bool {
        let state = self.lock();
        state.members.is_empty() && state.reserved == 0
    }

    /// Lets nobody in any more, if nobody is there; whether that is so.
    pub(super) fn close_if_empty(&self) -> bool {
        let mut state = self.lock();
        let is_empty = state.members.is_empty() && state.reserved == 0;
        if is_empty {
            state.closed.get_or_insert(Dismissal::Replaced);
        }
        is_empty
    }

    /// Why the room is closed, if it is.
    pub(super) fn closed(&self) -> Option<Dismissal> {
        self.lock().closed
    }

    /// Sends everybody away.
    pub(super) fn close(&self, why: Dismissal) {
        let mut state = self.lock();
        state.closed.get_or_insert(why);
        let mailboxes: Vec<_> = state.mailboxes().map(Arc::clone).collect();
        // Who waits to enter or to send looks again.
        let senders = std::mem::take(&mut state.senders);
        state.wake_driver();
        drop(state);
        for mailbox in mailboxes {
            mailbox.dismiss(why);
        }
        senders.into_values().for_each(Waker::wake);
    }

    /// Has another program serve from now on.
    pub(super) fn replace(&self, next: Start) {
        let mut state = self.lock();
        state.next = Some(next);
        state.wake_driver();
    }

    pub(super) fn take_next(&self) -> Option<Start> {
        self.lock().next.take()
    }

    /// Takes over what a new program is to be told: who is there, and of the events that the one before did not get (`rest` and
    /// the inbox) those that are messages.
    pub(super) fn announce_all(&self, rest: &[u8]) {
        let mut state = self.lock();
        let mut events = Vec::new();
        for entry in state.members.values() {
            events.extend_from_slice(&entry.join);
        }
        for waiting in [rest, &state.inbox] {
            for event in self.wire.events(waiting) {
                if !self.wire.is_presence(event) {
                    events.extend_from_slice(event);
                }
            }
        }
        state.inbox = events;
    }

    /// Has the program's task woken by whatever members do.
    pub(super) fn watch(&self, cx: &Context<'_>) {
        let mut state = self.lock();
        match &mut state.driver {
            Some(driver) => driver.clone_from(cx.waker()),
            None => state.driver = Some(cx.waker().clone()),
        }
    }

    /// Takes what waits for stdin into `events`, which are empty; whether there was anything.
    pub(super) fn take_inbox(&self, events: &mut Vec<u8>) -> bool {
        let mut state = self.lock();
        std::mem::swap(events, &mut state.inbox);
        let senders = std::mem::take(&mut state.senders);
        drop(state);
        senders.into_values().for_each(Waker::wake);
        !events.is_empty()
    }

    /// Hands out what the program wrote; returns the mailboxes that are over their bound now.
    pub(super) fn deliver(&self, parcels: Vec<Parcel>) -> Vec<Arc<Mailbox>> {
        let mut readers = Vec::new();
        let mut full = Vec::new();
        let mut state = self.lock();
        for parcel in parcels {
            match parcel {
                Parcel::Message(audience, frames) => {
                    if audience == Audience::All {
                        state.remember(&frames, &self.config);
                    }
                    state.put(&audience, &frames, &mut readers, &mut full);
                }
                Parcel::Close(id, code, reason) => {
                    if let Some(entry) = state.members.get(&id) {
                        entry.mailbox.close(code, &reason);
                    }
                }
            }
        }
        drop(state);
        readers.into_iter().for_each(Waker::wake);
        full
    }

    /// Each line of ours leaves it whole: a panic elsewhere can't have broken it.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn mailboxes(&self) -> impl Iterator<Item = &Arc<Mailbox>> {
        self.members.values().map(|entry| &entry.mailbox)
    }

    fn put(
        &self,
        audience: &Audience,
        frames: &Frames,
        readers: &mut Vec<Waker>,
        full: &mut Vec<Arc<Mailbox>>,
    ) {
        let mut put = |entry: &Entry| {
            let (put, reader) = entry.mailbox.put(frames);
            readers.extend(reader);
            match put {
                Put::Taken => {}
                Put::Full => full.push(Arc::clone(&entry.mailbox)),
                Put::Dropped => METRICS.shared_dropped.add(frames.messages.into()),
            }
        };
        match audience {
            Audience::All => self.members.values().for_each(put),
            Audience::But(but) => {
                let others = self.members.iter().filter(|(id, _)| *id != but);
                others.for_each(|(_, entry)| put(entry));
            }
            // One that has left raced the message, and needs none.
            Audience::Only(ids) => ids
                .iter()
                .filter_map(|id| self.members.get(id))
                .for_each(put),
        }
    }

    /// Keeps a message for those who come later.
    fn remember(&mut self, frames: &Frames, config: &Shared) {
        if config.replay == 0 {
            return;
        }
        self.replay_bytes += frames.bytes.len();
        self.replay.push_back(frames.clone());
        while self.replay.len() > config.replay || self.replay_bytes > config.max_queue {
            let Some(oldest) = self.replay.pop_front() else {
                break;
            };
            self.replay_bytes -= oldest.bytes.len();
        }
    }

    pub(super) fn has_room(&self, bytes: usize) -> bool {
        self.inbox.is_empty() || self.inbox.len() + bytes <= MAX_INBOX
    }

    pub(super) fn wake_driver(&mut self) {
        if let Some(driver) = self.driver.take() {
            driver.wake();
        }
    }
}
