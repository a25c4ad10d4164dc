//! From the inbox to the client.

use super::{Bye, Code, Event, Flow, Occupant, Sink, Turn};
use crate::wording::Line;
use chat_store::log::tail::Progress;
use chat_store::people::inbox::Received;
use chat_store::people::kept;
use chat_store::people::message::Message;
use chat_store::record::RecordId;

impl Occupant {
    /// Passes on what came for this person, up to about `budget` bytes.
    pub(super) fn read_inbox(&mut self, budget: usize, sink: &mut dyn Sink) -> Flow {
        let (you, ignored) = (self.me.nick.as_str(), &self.ignored);
        let page = self.me.page.as_deref();
        let hears = self.hears_of_reading();
        let (mut end, mut give_way, mut role, mut account) = (None, false, false, false);
        let read = self.presence.inbox.read(budget, &mut |received| {
            // Said to all connections of this person, and meant for one.
            let is_other_page =
                matches!(&received.message, Message::Replaced(of) if page != Some(of));
            let hidden = received.message.is_of_a_person() && ignored.has(received.from);
            let is_unasked = !hears && matches!(received.message, Message::Read(_));
            let hidden = hidden || is_other_page || is_unasked;
            role |= received.message == Message::Role;
            account |= received.message == Message::Account;
            let is_told = !matches!(received.message, Message::Role | Message::Account);
            if end.is_none() && !hidden && is_told {
                sink.put(&event(received, you));
                give_way |= received.message == Message::GiveWay;
                end = end_of(&received.message);
            }
        });
        self.account_due |= account;
        if let Some(bye) = end {
            return Flow::Bye(bye);
        }
        if give_way {
            self.turn(sink, None).give_way();
        }
        if role {
            self.turn(sink, None).role_changed();
        }
        if matches!(read, Ok(Progress::More)) {
            return Flow::More;
        }
        self.presence.inbox_due = false;
        if let Err(error) = read {
            // Tried again when the bell rings or at the next safety poll.
            self.turn(sink, None).report_trouble(&error.to_string());
        }
        Flow::Idle
    }
}

impl Turn<'_> {
    /// What was whispered since then, and may have gone into a connection that was dead.
    pub(super) fn put_kept(&mut self, since: RecordId) {
        let Occupant {
            me, room, ignored, ..
        } = &*self.it;
        let you = me.nick.as_str();
        let read = kept::since(&room.dirs, &room.name, &me.person, since, &mut |received| {
            if !ignored.has(received.from) {
                self.sink.put(&event(received, you));
            }
        });
        if let Err(error) = read {
            self.report_trouble(&error.to_string());
        }
    }
}

/// Whether they must go.
fn end_of(message: &Message<'_>) -> Option<Bye> {
    match message {
        Message::Kick(_) => Some(Bye::Kicked),
        Message::Ban(_) => Some(Bye::Banned),
        Message::Replaced(_) => Some(Bye::Replaced),
        _ => None,
    }
}

/// What `you` are told about a message.
fn event<'a>(received: &'a Received<'_>, you: &'a str) -> Event<'a> {
    let (id, from, person) = (received.id, received.from, received.person.as_deref());
    let notice = |code, line| Event::Notice { code, line };
    match &received.message {
        Message::Whisper { text, .. } => Event::Whisper {
            id,
            from,
            person,
            to: you,
            text,
            msgid: None,
        },
        Message::Sent { to, text, msgid } => Event::Whisper {
            id,
            from: you,
            person: None,
            to,
            text,
            msgid: msgid.as_deref(),
        },
        Message::Signal(data) => Event::Signal {
            id,
            from,
            person,
            to: you,
            data,
            own: false,
        },
        Message::Typing {
            active,
            private,
            preview,
        } => Event::Typing {
            from,
            active: *active,
            private: *private,
            preview: preview.as_deref(),
        },
        Message::Read(id) => Event::Read { from, id: *id },
        Message::Here => Event::Here { from },
        Message::Kick(reason) => Event::Bye {
            reason: Bye::Kicked,
            line: Line::YouKicked(reason),
        },
        Message::Ban(reason) => Event::Bye {
            reason: Bye::Banned,
            line: Line::YouBanned(reason),
        },
        Message::Replaced(_) => Event::Bye {
            reason: Bye::Replaced,
            line: Line::Replaced,
        },
        Message::Mute(_) => notice(Code::Muted, Line::Muted),
        // Told as what they are from now on.
        Message::Role | Message::Account => notice(Code::Notice, Line::Done),
        Message::GiveWay => notice(Code::Notice, Line::NameOfAccount(you)),
        Message::Unmute => notice(Code::Unmuted, Line::Unmuted),
        Message::Report { about, reason, .. } => {
            notice(Code::Reported, Line::Reported(from, about, reason))
        }
        Message::Notice(text) => notice(Code::Notice, Line::Said(text)),
    }
}
