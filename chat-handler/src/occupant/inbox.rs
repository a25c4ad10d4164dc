//! From the inbox to the client.

use super::{Bye, Code, Event, Flow, Occupant, Sink};
use crate::wording::Line;
use chat_store::log::tail::Progress;
use chat_store::people::inbox::Received;
use chat_store::people::message::Message;

impl Occupant {
    /// Passes on what came for this person, up to about `budget` bytes.
    pub(super) fn read_inbox(&mut self, budget: usize, sink: &mut dyn Sink) -> Flow {
        let (you, ignored) = (self.me.nick.as_str(), &self.ignored);
        let (mut end, mut give_way, mut role) = (None, false, false);
        let read = self.presence.inbox.read(budget, &mut |received| {
            let hidden = received.message.is_of_a_person() && ignored.has(received.from);
            role |= received.message == Message::Role;
            if end.is_none() && !hidden && received.message != Message::Role {
                sink.put(&event(received, you));
                give_way |= received.message == Message::GiveWay;
                end = end_of(&received.message);
            }
        });
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

/// Whether they must go.
fn end_of(message: &Message<'_>) -> Option<Bye> {
    match message {
        Message::Kick(_) => Some(Bye::Kicked),
        Message::Ban(_) => Some(Bye::Banned),
        Message::Replaced => Some(Bye::Replaced),
        _ => None,
    }
}

/// What `you` are told about a message.
fn event<'a>(received: &'a Received<'_>, you: &'a str) -> Event<'a> {
    let (id, from, person) = (received.id, received.from, received.person.as_deref());
    let notice = |code, line| Event::Notice { code, line };
    match &received.message {
        Message::Whisper(text) => Event::Whisper {
            id,
            from,
            person,
            to: you,
            text,
            msgid: None,
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
        Message::Kick(reason) => Event::Bye {
            reason: Bye::Kicked,
            line: Line::YouKicked(reason),
        },
        Message::Ban(reason) => Event::Bye {
            reason: Bye::Banned,
            line: Line::YouBanned(reason),
        },
        Message::Replaced => Event::Bye {
            reason: Bye::Replaced,
            line: Line::Replaced,
        },
        Message::Mute(_) => notice(Code::Muted, Line::Muted),
        // Told as what they are from now on.
        Message::Role => notice(Code::Notice, Line::Done),
        Message::GiveWay => notice(Code::Notice, Line::NameOfAccount(you)),
        Message::Unmute => notice(Code::Unmuted, Line::Unmuted),
        Message::Notice(text) => notice(Code::Notice, Line::Said(text)),
    }
}
