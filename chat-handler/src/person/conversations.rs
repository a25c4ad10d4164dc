//! What concerns a person's conversations and closed rooms, whichever room they are in.

use super::{Audience, Entry, KeyRing, Person};
use crate::journal;
use crate::occupant::{self, AboutRoom, Addressee, Code, Event, Seeker};
use crate::wording::Line;
use chat_store::closed::{self, Keys};
use chat_store::counters::{self, Counter};
use chat_store::name::RoomName;
use chat_store::people::consent::{self, Accept};

impl Person<'_> {
    pub(super) fn seeker<'s>(&'s self, keys: Keys<'s>) -> Seeker<'s> {
        Seeker {
            person: &self.visit.person,
            nick: self.visit.nick.as_deref(),
            client: self.visit.client,
            address: self.visit.address,
            keys,
        }
    }

    /// Tells from whom they accept conversations, if not from everybody.
    pub(super) fn put_accepting(&self, to: &mut dyn Audience) {
        let number = self.seeker(Keys::default()).number();
        let accept = number.map(|number| consent::of(&self.settings.dirs(), &number));
        if let Some(Ok(accept)) = accept
            && accept != Accept::default()
        {
            to.put_from(None, &Event::Accepting(accept));
        }
    }

    /// Tells what a room of theirs is that is for some only.
    pub(super) fn put_about(&self, room: &RoomName, to: &mut dyn Audience) {
        let Some(you) = self.seeker(Keys::default()).number() else {
            return;
        };
        match closed::find(&self.settings.dirs(), room) {
            Ok(Some(found)) if found.circle.member(&you).is_some() => {
                let (circle, you, people) = (&found.circle, &you, false);
                let about = AboutRoom {
                    circle,
                    you,
                    people,
                };
                to.put_from(Some(room.as_str()), &Event::About(&about));
            }
            Ok(_) => {}
            Err(error) => journal::note(format_args!("a person's rooms: {error}")),
        }
    }

    /// Keeps from whom they accept conversations, and tells what holds.
    pub(super) fn accept(&mut self, accept: Accept, to: &mut dyn Audience) {
        self.connection.charge_room();
        let Some(person) = self.seeker(Keys::default()).number() else {
            return put_error(Code::AnonymousRefused, Line::AnonymousRefused, None, to);
        };
        // Of who has just come nothing may be kept yet.
        if let Some(own) = &mut self.own {
            own.save();
        }
        let dirs = self.settings.dirs();
        let kept = consent::set(&dirs, &person, accept).and_then(|_| consent::of(&dirs, &person));
        match kept {
            Ok(holds) => to.put_from(None, &Event::Accepting(holds)),
            Err(error) => {
                counters::add(&dirs, Counter::NotSaved);
                put_error(Code::NotSaved, Line::NotSaved(&error.to_string()), None, to);
            }
        }
    }

    /// Begins a conversation, or goes into the one that there is.
    pub(super) fn converse(
        &mut self,
        with: &[Addressee<'_>],
        (title, whole_history): (Option<&str>, bool),
        msgid: Option<&str>,
        to: &mut dyn Audience,
    ) {
        self.connection.charge_room();
        let seeker = self.seeker(Keys::default());
        match occupant::converse(self.settings, &seeker, with, title, whole_history) {
            Ok(room) => self.enter_opened(&room, msgid, to),
            Err(refusal) => {
                if let Event::Bye { line, .. } = refusal.event() {
                    put_error(refusal.code, line, msgid, to);
                }
            }
        }
    }

    /// Comes into a room that they have just made, or have had for long.
    pub(super) fn enter_opened(
        &mut self,
        room: &RoomName,
        msgid: Option<&str>,
        to: &mut dyn Audience,
    ) {
        if let Some(msgid) = msgid {
            let (id, duplicate) = (None, false);
            let ack = Event::Ack {
                msgid,
                id,
                duplicate,
            };
            to.put_from(Some(room.as_str()), &ack);
        }
        let entry = Entry {
            asked: room.as_str().to_owned(),
            room: Ok(room.clone()),
            since: None,
            keys: KeyRing::default(),
            history: None,
        };
        self.enter(&entry, to);
    }
}

fn put_error(code: Code, line: Line<'_>, msgid: Option<&str>, to: &mut dyn Audience) {
    to.put_from(None, &Event::Error { code, line, msgid });
}
