//! From a request to what does it, and what every answer needs.

use super::pace::Side;
use super::{AboutMessage, Code, Event, Flow, Me, Request, Turn};
use crate::settings::{Permission, Sync};
use crate::wording::Line;
use chat_store::counters::{self, Counter};
use chat_store::log::room_log::{AppendError, Stored};
use chat_store::name::Nick;
use chat_store::people::message::Message;
use chat_store::quota;
use chat_store::record::{Draft, Kind, RecordId, attrs, clean};
use std::borrow::Cow;

/// So many single messages cost as much as a page.
const MESSAGES_OF_PAGE: usize = 5;

impl Turn<'_> {
    pub(super) fn apply(mut self, request: &Request<'_>) -> Flow {
        // Once: what a hook has let through was counted before it was asked.
        if !self.it.is_decided() && !self.charge(request) {
            return Flow::Idle;
        }
        match request {
            Request::Say {
                text,
                literal,
                reply,
                ..
            } => return self.say(text, *literal, *reply),
            Request::SayWith {
                text, files, reply, ..
            } => self.say_with(text, files, *reply),
            Request::Whisper { to, text, .. } => self.whisper(to, text),
            Request::Signal { to, data } => {
                if self.permits(Permission::Call) {
                    self.signal(to, data);
                }
            }
            // What somebody types is shown while they type it: a way to speak.
            Request::Typing { .. } if self.it.is_muted() => {}
            Request::Typing {
                to,
                active,
                preview,
            } => {
                let shown = !self.it.hooked.hides_previews();
                let preview = preview.as_deref();
                let preview = preview.filter(|text| shown && self.it.fits(text));
                let hint = Message::Typing {
                    active: *active,
                    private: to.is_some(),
                    preview: preview.map(Cow::Borrowed),
                };
                self.it.hint(to.as_ref(), &hint);
            }
            Request::AboutMessage { target, what, .. } => self.about_message(*target, what),
            Request::Messages(ids) => self.put_messages(ids),
            Request::Circle { act, .. } => return self.act(act),
            Request::Read { id, shows } => self.read_up_to(*id, *shows),
            Request::History {
                before,
                since,
                limit,
            } => self.answer_history(*before, *since, *limit),
            Request::Color(color) => self.change_color(color),
            Request::Nick(nick) => self.take_nick(nick),
            Request::Topic(topic) => self.change_topic(topic.trim()),
        }
        Flow::Idle
    }

    /// Counts a request. False: it is not to be served, and that was told.
    fn charge(&mut self, request: &Request<'_>) -> bool {
        match request {
            _ if request.is_talk() => self.charge_talk(),
            Request::History { .. } => self.it.pace.borrow_mut().charge_page(),
            Request::Messages(ids) => {
                for _ in 0..=ids.len() / MESSAGES_OF_PAGE {
                    self.it.pace.borrow_mut().charge_page();
                }
            }
            Request::AboutMessage { what, .. } => match what {
                AboutMessage::React(_) | AboutMessage::Unreact(_) => {
                    let may = self.it.pace.borrow_mut().charge_reaction();
                    if !may {
                        self.error(Code::Busy, Line::TooManyReactions);
                    }
                    return may;
                }
                _ => self.it.pace.borrow_mut().charge_page(),
            },
            _ => {
                let side = self.it.pace.borrow_mut().charge_side(request.side_bytes());
                if let (Side::Refused { told: true }, Request::Signal { .. }) = (side, request) {
                    self.error(Code::Busy, Line::TooManySignals);
                }
                return side == Side::Served;
            }
        }
        true
    }

    /// Too many messages are not refused: the next is taken later.
    fn charge_talk(&mut self) {
        if self.it.pace.borrow_mut().charge_talk() {
            self.sink.put(&Event::THROTTLED);
        }
    }

    /// Whether `text` may be said: not too long, something in it, and they have a voice.
    pub(super) fn may_say(&mut self, text: &str) -> bool {
        if !self.it.fits(text) {
            self.error(Code::TooLong, Line::TooLong(self.it.limits.max_message));
        } else if clean(text).trim().is_empty() {
            self.error(Code::Empty, Line::Empty);
        } else {
            return self.has_voice();
        }
        false
    }

    /// Whether they may speak here just now; if not, that was told.
    pub(super) fn has_voice(&mut self) -> bool {
        if !self.permits(Permission::Speak) {
            return false;
        }
        let is_muted = self.it.is_muted();
        if is_muted {
            self.error(Code::Muted, Line::Muted);
        }
        !is_muted
    }

    /// Appends a record of this person's under the request's id; reports if it was not saved.
    pub(super) fn append(&mut self, kind: Kind, text: &str) -> Option<Stored> {
        self.append_as(kind, text, self.msgid, &[])
    }

    /// As [`Turn::append`], as something that is never sent again.
    pub(super) fn append_anew(&mut self, kind: Kind, text: &str) -> Option<Stored> {
        self.append_as(kind, text, None, &[])
    }

    /// As [`Turn::append`], with attributes of its own.
    pub(super) fn append_as(
        &mut self,
        kind: Kind,
        text: &str,
        msgid: Option<&str>,
        extra: &[(&str, Option<&str>)],
    ) -> Option<Stored> {
        let stored = self.store(kind, text, msgid, extra);
        self.saved(stored, kind, msgid)
    }

    /// Appends, and tells nobody.
    pub(super) fn store(
        &mut self,
        kind: Kind,
        text: &str,
        msgid: Option<&str>,
        extra: &[(&str, Option<&str>)],
    ) -> Result<Stored, AppendError> {
        let me = &self.it.me;
        let mut all = vec![(attrs::PERSON, me.number_in(kind))];
        all.extend_from_slice(extra);
        let limit = self.it.limits.max_members.to_string();
        if self.it.room.log.is_relayed() {
            all.extend_from_slice(&me.as_member(kind, &limit));
        }
        let draft = Draft {
            extra: &all,
            msgid,
            ..me.draft(kind, text)
        };
        // Who comes and goes is told still: the rest is what takes the room.
        let max = self.it.limits.disk_max.filter(|_| !text.is_empty());
        let is_used_up = max.is_some_and(|max| quota::is_used_up(&self.it.room.dirs, max));
        let log = &mut self.it.room.log;
        let stored = match msgid {
            _ if is_used_up => Err(AppendError::SpaceUsedUp),
            Some(_) => log.append_once(&draft),
            None => log.append(&draft).map(Stored::New),
        };
        stored.and_then(|stored| {
            self.it.keep(stored, kind, msgid.is_some())?;
            Ok(stored)
        })
    }

    /// Tells them what kept something from being saved.
    pub(super) fn saved(
        &mut self,
        stored: Result<Stored, AppendError>,
        kind: Kind,
        msgid: Option<&str>,
    ) -> Option<Stored> {
        match stored {
            Ok(stored) => {
                if kind.is_talk() {
                    self.it.remind_all();
                }
                self.it.note_clock();
                Some(stored)
            }
            Err(error) => {
                let reason = error.to_string();
                counters::add(&self.it.room.dirs, Counter::NotSaved);
                self.sink.put(&Event::Error {
                    code: Code::NotSaved,
                    line: Line::NotSaved(&reason),
                    msgid,
                });
                let note = format!("{}: {reason} ({error:?})", self.it.room.name);
                self.it.trouble.note(&note);
                None
            }
        }
    }

    /// Appends what concerns all, and acks it. False: it was not saved, and that was reported.
    pub(super) fn publish(&mut self, kind: Kind, text: &str) -> bool {
        self.publish_with(kind, text, &[])
    }

    /// As [`Turn::publish`], with attributes of its own.
    pub(super) fn publish_with(
        &mut self,
        kind: Kind,
        text: &str,
        extra: &[(&str, Option<&str>)],
    ) -> bool {
        let Some(stored) = self.append_as(kind, text, self.msgid, extra) else {
            return false;
        };
        self.ack_as(Some(stored.id()), matches!(stored, Stored::Already(_)));
        if kind.has_words() {
            self.spoke_at(stored.id());
        }
        true
    }

    /// Acks what left nothing in the log.
    pub(super) fn ack(&mut self) {
        self.ack_as(None, false);
    }

    pub(super) fn ack_as(&mut self, id: Option<RecordId>, duplicate: bool) {
        if let Some(msgid) = self.msgid {
            self.sink.put(&Event::Ack {
                msgid,
                id,
                duplicate,
            });
        }
    }

    pub(super) fn error(&mut self, code: Code, line: Line<'_>) {
        let msgid = self.msgid;
        self.is_refused = true;
        if code == Code::NotSaved {
            counters::add(&self.it.room.dirs, Counter::NotSaved);
        }
        self.sink.put(&Event::Error { code, line, msgid });
    }

    pub(super) fn not_saved(&mut self, reason: &dyn std::fmt::Display) {
        self.error(Code::NotSaved, Line::NotSaved(&reason.to_string()));
    }

    pub(super) fn bad_name(&mut self, reason: &dyn std::fmt::Display) {
        self.error(Code::BadName, Line::BadName(&reason.to_string()));
    }

    /// Files cannot be read or written just now.
    pub(super) fn report_trouble(&mut self, reason: &str) {
        if self.it.trouble.note(reason) {
            self.sink.put(&Event::Notice {
                code: Code::Storage,
                line: Line::NotRead(reason),
            });
        }
    }

    pub(super) fn take_nick(&mut self, name: &str) {
        match Nick::parse(name) {
            Ok(nick) => {
                let nick = nick.of_person();
                if self.lets_be_called(nick.as_str()) {
                    self.change_nick(&nick);
                }
            }
            Err(error) => self.bad_name(&error),
        }
    }
}

impl Me {
    /// A record of theirs.
    pub(super) fn draft<'a>(&'a self, kind: Kind, text: &'a str) -> Draft<'a> {
        Draft {
            account: self.account.as_deref(),
            client: self.client.as_deref(),
            color: Some(self.color.as_str()),
            ..Draft::new(kind, self.nick.as_str(), text)
        }
    }

    /// Their number, in records that have it: where they come in, so that whoever reads knows whom a name means
    /// from here on; where it tells one reaction from another; and where nothing else says whose words these are.
    fn number_in(&self, kind: Kind) -> Option<&str> {
        let is_nameless = self.account.is_none() && self.client.is_none();
        let has_it = matches!(kind, Kind::Join | Kind::Profile)
            || kind.is_amendment()
            || is_nameless && kind.is_talk();
        has_it.then(|| self.person.as_str())
    }
}

impl super::Occupant {
    /// What was written has a wrong time if the log is ahead of the clock; nobody in the room can help.
    fn note_clock(&mut self) {
        if self.room.log.is_ahead() {
            let room = &self.room.name;
            self.trouble.note(&format!(
                "{room}: its last record is in the future, and new ones follow it: run chatctl mend {room}"
            ));
        } else {
            self.trouble.is_over();
        }
    }

    /// Sees to it that a record reaches the others and the disk.
    fn keep(&mut self, stored: Stored, kind: Kind, acked: bool) -> Result<(), AppendError> {
        let new = matches!(stored, Stored::New(_));
        if new {
            // Else the relay has rung it.
            if !self.room.log.is_relayed() {
                self.bells.set_due();
            }
            self.durability.appended(kind);
        }
        if acked && self.durability.mode == Sync::Ack {
            // The others need not wait for the disk.
            self.bells.ring(self.room.name.as_str());
            let log = &mut self.room.log;
            if new {
                log.sync().map_err(AppendError::Io)?;
            } else {
                log.sync_found().map_err(AppendError::Io)?;
            }
            self.durability.done();
        }
        Ok(())
    }

    /// Nothing that is typed is longer than a message.
    pub(super) fn fits(&self, text: &str) -> bool {
        let most = self.limits.max_message;
        text.len() <= most || text.chars().count() <= most
    }
}
