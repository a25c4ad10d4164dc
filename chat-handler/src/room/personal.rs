//! What is for one person alone: out into their inbox, in from one's own.

use std::time::{Duration, Instant};

use super::{Company, Flow, Room};
use crate::wire::{Bye, Event, Typing};
use crate::wording::Line;
use chat_store::log::tail::Progress;
use chat_store::name::Nick;
use chat_store::people::inbox::{self, SendError};
use chat_store::people::presence;
use chat_store::record::{Draft, Kind, Record, RecordId};

/// In bigger rooms nobody is told who types: each hint goes into every inbox.
const MAX_COMPANY: usize = 50;

/// How long the list of people for hints is believed when nobody comes or goes.
const COMPANY_AGE: Duration = Duration::from_secs(30);

/// What a hint's record holds.
#[derive(serde::Serialize, serde::Deserialize)]
struct Hint<'a> {
    #[serde(flatten)]
    typing: Typing<'a>,
    /// Read up to here: then it is no typing hint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    read: Option<String>,
}

/// A whisper or signal on its way.
pub(super) struct Letter<'a> {
    pub(super) kind: Kind,
    pub(super) to: &'a str,
    pub(super) text: &'a str,
    pub(super) msgid: Option<&'a str>,
}

impl Room {
    /// Sends a whisper or signal, and tells its sender what became of it.
    pub(super) fn send(&mut self, letter: &Letter<'_>, out: &mut Vec<u8>) {
        let Letter {
            kind,
            to,
            text,
            msgid,
        } = *letter;
        if Nick::parse(to).is_ok_and(|nick| nick.key() == self.nick.key()) {
            return self.error("no_such_user", Line::Yourself, msgid, out);
        }
        match self.deliver(kind, to, text) {
            Ok((id, to)) if kind == Kind::Whisper => {
                let from = self.nick.clone();
                let whisper = Event::Whisper {
                    id,
                    from: from.as_str(),
                    to: to.as_str(),
                    text,
                    msgid,
                };
                self.wire.event(&whisper, out);
                if let Some(msgid) = msgid {
                    self.wire.event(
                        &Event::Ack {
                            msgid,
                            id: None,
                            duplicate: false,
                        },
                        out,
                    );
                }
            }
            Ok((id, to)) if self.wire.is_text() => {
                let from = self.nick.clone();
                let (from, to) = (from.as_str(), to.as_str());
                self.wire.event(
                    &Event::Signal {
                        id,
                        from,
                        to,
                        data: text,
                    },
                    out,
                );
            }
            Ok(_) => {}
            Err(SendError::NotHere) => {
                self.error("no_such_user", Line::NoSuchUser(to), msgid, out);
            }
            Err(SendError::TooLong) => {
                let most = self.settings.limits.max_signal;
                self.error("too_long", Line::TooLong(most), msgid, out);
            }
            Err(error) => {
                let busy = matches!(error, SendError::Full | SendError::Busy);
                let code = if busy { "busy" } else { "not_saved" };
                let reason = error.to_string();
                self.error(code, Line::Undelivered(&reason), msgid, out);
                if !busy {
                    self.note_trouble(&reason);
                }
            }
        }
    }

    /// Puts a record into somebody's inbox; who got it, for the name may have been written in
    /// other letters.
    pub(super) fn deliver(
        &self,
        kind: Kind,
        to: &str,
        text: &str,
    ) -> Result<(RecordId, Nick), SendError> {
        let nick = Nick::parse(to).map_err(|_| SendError::NotHere)?;
        let draft = Draft {
            account: self.account.as_deref(),
            color: Some(self.color.as_str()),
            ..Draft::new(kind, self.nick.as_str(), text)
        };
        match inbox::send(&self.dirs, &self.name, &nick, &draft) {
            Err(SendError::NotHere) => {}
            sent => return sent.map(|id| (id, nick)),
        }
        let nick = self.present(to)?;
        inbox::send(&self.dirs, &self.name, &nick, &draft).map(|id| (id, nick))
    }

    /// The one in the room whose name looks like `who`.
    pub(super) fn present(&self, who: &str) -> Result<Nick, SendError> {
        let key = Nick::parse(who).map_err(|_| SendError::NotHere)?.key();
        let members = presence::list(&self.dirs, &self.name)?;
        let found = members.into_iter().find(|member| member.nick.key() == key);
        Ok(found.ok_or(SendError::NotHere)?.nick)
    }

    /// Passes on that somebody types (to one or to all) or has read.
    pub(super) fn hint(&mut self, to: Option<&str>, typing: Typing<'_>, read: Option<RecordId>) {
        let now = Instant::now();
        if !self.hints.take(now).delay.is_zero() {
            return;
        }
        let hint = Hint {
            typing,
            read: read.map(|id| id.to_string()),
        };
        let Ok(text) = serde_json::to_string(&hint) else {
            return;
        };
        // Hints are worth nothing later, so nobody is told when one is lost.
        if let Some(to) = to {
            let _ = self.deliver(Kind::Typing, to, &text);
            return;
        }
        for nick in self.company(now).to_vec() {
            let draft = Draft::new(Kind::Typing, self.nick.as_str(), &text);
            let _ = inbox::send(&self.dirs, &self.name, &nick, &draft);
        }
    }

    /// The others, unless there are too many.
    fn company(&mut self, now: Instant) -> &[Nick] {
        if self
            .company
            .as_ref()
            .is_some_and(|known| now - known.read_at > COMPANY_AGE)
        {
            self.company = None;
        }
        let (dirs, name, me) = (&self.dirs, &self.name, &self.nick);
        let company = self.company.get_or_insert_with(|| {
            let members = presence::list(dirs, name).unwrap_or_default();
            let few = members.len() <= MAX_COMPANY;
            let others = members
                .into_iter()
                .map(|member| member.nick)
                .filter(|nick| nick != me);
            Company {
                nicks: if few { others.collect() } else { Vec::new() },
                read_at: now,
            }
        });
        &company.nicks
    }

    /// Renders what came for this person, up to about `budget` bytes.
    pub(super) fn read_inbox(&mut self, budget: usize, out: &mut Vec<u8>) -> Flow {
        let Self {
            inbox,
            wire,
            nick,
            ignored,
            ..
        } = self;
        let mut end = None;
        let read = inbox.read(budget, &mut |record| {
            if end.is_some() {
                return;
            }
            let hidden = !ignored.is_empty()
                && matches!(record.kind, Kind::Whisper | Kind::Signal | Kind::Typing)
                && is_from(record, ignored);
            if !hidden {
                end = show(record, nick.as_str(), &mut |event| wire.event(event, out));
            }
        });
        if let Some(bye) = end {
            return Flow::Bye(bye);
        }
        match read {
            Ok(Progress::Idle) => {
                self.inbox_due = false;
                Flow::Idle
            }
            Ok(Progress::More) => Flow::More,
            Err(error) => {
                // Tried again when the bell rings or at the next safety poll.
                self.inbox_due = false;
                self.tell_trouble(&error.to_string(), out);
                Flow::Idle
            }
        }
    }
}

fn is_from(record: &Record<'_>, nicks: &[Nick]) -> bool {
    Nick::parse(&record.from).is_ok_and(|from| {
        let key = from.key();
        nicks.iter().any(|nick| nick.key() == key)
    })
}

/// Tells `you` one personal record. `Some`: they must go.
fn show(record: &Record<'_>, you: &str, tell: &mut dyn FnMut(&Event<'_>)) -> Option<Bye> {
    let (id, from, text) = (record.id, &*record.from, &*record.text);
    match record.kind {
        Kind::Whisper => tell(&Event::Whisper {
            id,
            from,
            to: you,
            text,
            msgid: None,
        }),
        Kind::Signal => tell(&Event::Signal {
            id,
            from,
            to: you,
            data: text,
        }),
        Kind::Typing => match serde_json::from_str::<Hint<'_>>(text) {
            Ok(Hint {
                read: Some(read), ..
            }) => {
                if let Some(id) = RecordId::parse(read.as_bytes()) {
                    tell(&Event::Read { from, id });
                }
            }
            Ok(Hint { typing, .. }) => tell(&Event::Typing {
                from,
                typing: &typing,
            }),
            Err(_) => {}
        },
        Kind::Kick => {
            tell(&Event::Bye {
                reason: Bye::Kicked,
                line: Line::YouKicked(text),
            });
            return Some(Bye::Kicked);
        }
        Kind::Ban => {
            tell(&Event::Bye {
                reason: Bye::Banned,
                line: Line::YouBanned(text),
            });
            return Some(Bye::Banned);
        }
        Kind::Mute => tell(&Event::Notice {
            code: "muted",
            line: Line::Muted,
        }),
        Kind::Unmute => tell(&Event::Notice {
            code: "unmuted",
            line: Line::Unmuted,
        }),
        Kind::Notice => tell(&Event::Notice {
            code: "notice",
            line: Line::Said(text),
        }),
        // Everything else belongs into the log.
        _ => {}
    }
    None
}
