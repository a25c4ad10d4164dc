//! Hints: that somebody types, or has read. They are worth nothing later, so nobody is told when one
//! is lost.

use std::time::{Duration, Instant};

use super::{Addressee, Occupant};
use chat_store::name::Nick;
use chat_store::people::message::Message;
use chat_store::people::presence;

/// In bigger rooms nobody is told who types: each hint goes into every inbox.
const MAX_AUDIENCE: usize = 50;

/// How long the list of people for hints is believed when nobody comes or goes.
const AUDIENCE_AGE: Duration = Duration::from_secs(30);

/// The others in the room, for hints.
#[derive(Debug)]
pub(super) struct Audience {
    /// Empty if there are too many for hints.
    nicks: Vec<Nick>,
    read_at: Instant,
}

impl Occupant {
    /// Passes on that they type (to one or to all) or have read.
    pub(super) fn hint(&mut self, to: Option<&Addressee<'_>>, hint: &Message<'_>) {
        let now = Instant::now();
        if !self.pace.borrow_mut().allows_hint(now) {
            return;
        }
        if let Some(to) = to {
            let _ = self.deliver(to, hint);
            return;
        }
        self.find_audience(now);
        for nick in self.audience.iter().flat_map(|known| &known.nicks) {
            let _ = self.send_to(nick, hint);
        }
    }

    /// Tells the others of a page of who was there already, which the room's log does not: their pages may have to say hello to it.
    pub(super) fn tell_here(&mut self) {
        self.find_audience(Instant::now());
        for nick in self.audience.iter().flat_map(|known| &known.nicks) {
            // Who does not get it has left, or is waited for.
            let _ = self.send_to(nick, &Message::Here);
        }
    }

    /// Looks who the others are, unless it was done just now.
    fn find_audience(&mut self, now: Instant) {
        let known = self.audience.as_ref();
        if known.is_some_and(|known| now - known.read_at <= AUDIENCE_AGE) {
            return;
        }
        let members = presence::list(&self.room.dirs, &self.room.name).unwrap_or_default();
        let few = members.len() <= MAX_AUDIENCE;
        let others = members.into_iter().map(|member| member.nick);
        let others = others.filter(|nick| few && *nick != self.me.nick);
        self.audience = Some(Audience {
            nicks: others.collect(),
            read_at: now,
        });
    }
}
