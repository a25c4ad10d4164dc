//! What the client sends.

use std::borrow::Cow;
use std::time::Instant;

use super::personal::Letter;
use super::{Flow, Room};
use crate::color::Color;
use crate::wire::{Bye, Event, Request, Typing, json, text};
use crate::wording::Line;
use chat_store::moderation;
use chat_store::name::Nick;
use chat_store::people::presence::ClaimError;
use chat_store::record::{Kind, RecordId, clean};
use chat_store::state;

impl Room {
    /// Takes one line of the client.
    pub fn hear(&mut self, line: &[u8], out: &mut Vec<u8>) -> Flow {
        let line = String::from_utf8_lossy(line);
        if self.wire.is_text() {
            return self.hear_text(&line, out);
        }
        match json::parse::parse(&line) {
            Ok(request) => self.apply(request, out),
            Err(bad) => {
                self.charge_talk(out);
                let line = match bad.code {
                    "unknown_type" => Line::UnknownType(&bad.reason),
                    _ => Line::BadJson(&bad.reason),
                };
                self.error(bad.code, line, bad.msgid.as_deref(), out);
                Flow::Idle
            }
        }
    }

    /// Takes a line that was too long to be kept.
    pub fn hear_too_long(&mut self, out: &mut Vec<u8>) -> Flow {
        self.charge_talk(out);
        let most = self.settings.limits.max_message;
        self.error("too_long", Line::TooLong(most), None, out);
        Flow::Idle
    }

    /// `bob: TEXT` is for bob alone if he is here; JSON of the old pages' WebRTC is sent so, too.
    fn hear_text(&mut self, line: &str, out: &mut Vec<u8>) -> Flow {
        if line.trim().is_empty() {
            return Flow::Idle;
        }
        if let Some((to, words)) = text::addressee(line) {
            // Signaling holds addresses of the sender's machine: never for all, also when the one it is
            // for has just left.
            if text::is_signal(words) {
                self.charge_side();
                self.signal(to, words, out);
                return Flow::Idle;
            }
            if self.wire.knows(to) {
                self.charge_talk(out);
                self.whisper(to, words, None, out);
                return Flow::Idle;
            }
        }
        self.apply(
            Request::Say {
                text: Cow::Borrowed(line),
                msgid: None,
            },
            out,
        )
    }

    fn apply(&mut self, request: Request<'_>, out: &mut Vec<u8>) -> Flow {
        match request {
            Request::Say { .. }
            | Request::Whisper { .. }
            | Request::Color(_)
            | Request::Nick(_)
            | Request::Topic(_) => self.charge_talk(out),
            _ => self.charge_side(),
        }
        match request {
            Request::Say { text, msgid } => return self.say(&text, msgid.as_deref(), out),
            Request::Whisper { to, text, msgid } => {
                self.whisper(&to, &text, msgid.as_deref(), out);
            }
            Request::Signal { to, data } => self.signal(&to, data.get(), out),
            // What somebody types is shown while they type it: a way to speak.
            Request::Typing { .. } if self.is_muted() => {}
            Request::Typing { to, state, text } => {
                let text = text.filter(|text| self.fits(text));
                let typing = Typing {
                    state,
                    text,
                    private: to.is_some(),
                };
                self.hint(to.as_deref(), typing, None);
            }
            Request::Read(id) => self.hint(None, Typing::default(), Some(id)),
            Request::History {
                before,
                since,
                limit,
            } => {
                self.answer_history(before, since, limit, out);
            }
            Request::Color(color) => self.change_color(&color, None, out),
            Request::Nick(nick) => match Nick::parse(&nick) {
                Ok(nick) => self.change_nick(&nick.of_person(), None, out),
                Err(error) => {
                    self.error("bad_name", Line::BadName(&error.to_string()), None, out);
                }
            },
            Request::Topic(topic) => self.change_topic(topic.trim(), None, out),
            Request::Ping => self.wire.event(&Event::Pong(RecordId::now()), out),
            Request::Quit => return Flow::Bye(Bye::Quit),
        }
        Flow::Idle
    }

    /// Counts a message. Too many are not refused: the next is taken later.
    fn charge_talk(&mut self, out: &mut Vec<u8>) {
        let cost = self.talk.take(Instant::now());
        self.delay = self.delay.max(cost.delay);
        if cost.notice {
            self.wire.event(
                &Event::Notice {
                    code: "throttled",
                    line: Line::Throttled,
                },
                out,
            );
        }
    }

    fn charge_side(&mut self) {
        self.delay = self.delay.max(self.side.take(Instant::now()).delay);
    }

    pub(super) fn fits(&self, text: &str) -> bool {
        let most = self.settings.limits.max_message;
        text.len() <= most || text.chars().count() <= most
    }

    /// Whether `text` may be said: not too long, something in it, and they have a voice.
    pub(super) fn may_say(&mut self, text: &str, msgid: Option<&str>, out: &mut Vec<u8>) -> bool {
        let most = self.settings.limits.max_message;
        if !self.fits(text) {
            self.error("too_long", Line::TooLong(most), msgid, out);
        } else if clean(text).trim().is_empty() {
            self.error("empty", Line::Empty, msgid, out);
        } else if self.is_muted() {
            self.error("muted", Line::Muted, msgid, out);
        } else {
            return true;
        }
        false
    }

    /// Appends what concerns all, and acks it. False: it was not saved, and they were told.
    pub(super) fn tell_all(
        &mut self,
        kind: Kind,
        text: &str,
        msgid: Option<&str>,
        out: &mut Vec<u8>,
    ) -> bool {
        let Some(stored) = self.append(kind, text, msgid, out) else {
            return false;
        };
        if let Some(msgid) = msgid {
            let duplicate = matches!(stored, chat_store::log::room_log::Stored::Already(_));
            self.wire.event(
                &Event::Ack {
                    msgid,
                    id: Some(stored.id()),
                    duplicate,
                },
                out,
            );
        }
        true
    }

    /// Acks a command that left nothing in the log.
    pub(super) fn ack(&mut self, msgid: Option<&str>, out: &mut Vec<u8>) {
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

    pub(super) fn whisper(&mut self, to: &str, text: &str, msgid: Option<&str>, out: &mut Vec<u8>) {
        if self.may_say(text, msgid, out) {
            let text = clean(text);
            self.send(
                &Letter {
                    kind: Kind::Whisper,
                    to,
                    text: &text,
                    msgid,
                },
                out,
            );
        }
    }

    fn signal(&mut self, to: &str, data: &str, out: &mut Vec<u8>) {
        let most = self.settings.limits.max_signal;
        if data.len() > most {
            self.error("too_long", Line::TooLong(most), None, out);
        } else {
            self.send(
                &Letter {
                    kind: Kind::Signal,
                    to,
                    text: data,
                    msgid: None,
                },
                out,
            );
        }
    }

    pub(super) fn change_color(&mut self, color: &str, msgid: Option<&str>, out: &mut Vec<u8>) {
        let Some(color) = Color::parse(color) else {
            let color: String = color.chars().take(32).collect();
            self.error("bad_color", Line::BadColor(&color), msgid, out);
            return;
        };
        let old = std::mem::replace(&mut self.color, color);
        let Some(stored) = self.append(Kind::Color, "", msgid, out) else {
            self.color = old;
            return;
        };
        if let Some(Err(error)) = self
            .claim
            .as_mut()
            .map(|claim| claim.recolor(self.color.as_str()))
        {
            self.note_trouble(&error.to_string());
        }
        if let Some(msgid) = msgid {
            let duplicate = false;
            self.wire.event(
                &Event::Ack {
                    msgid,
                    id: Some(stored.id()),
                    duplicate,
                },
                out,
            );
        }
        self.tell_self(out);
    }

    /// The name may get a number; the inbox moves along.
    pub(super) fn change_nick(&mut self, wished: &Nick, msgid: Option<&str>, out: &mut Vec<u8>) {
        if self.is_muted() {
            return self.error("muted", Line::Muted, msgid, out);
        }
        let old = self.nick.clone();
        let renamed = match self.claim.as_mut() {
            Some(claim) => claim.rename(wished).cloned(),
            None => return,
        };
        let new = match renamed {
            Ok(new) => new,
            Err(error) => {
                let code = if matches!(error, ClaimError::Io(_)) {
                    "not_saved"
                } else {
                    "busy"
                };
                return self.error(code, Line::NotSaved(&error.to_string()), msgid, out);
            }
        };
        if new != old {
            if let Err(error) = self.inbox.rename(&self.dirs, &self.name, &new) {
                self.note_trouble(&format!("the inbox of {old} cannot be renamed: {error}"));
            }
            // The record is from the old name.
            let Some(_) = self.append(Kind::Nick, new.as_str(), msgid, out) else {
                self.undo_nick(&old);
                return;
            };
            self.nick = new;
            self.verdict = moderation::Verdict::new(&self.dirs, &self.name);
        }
        self.ack(msgid, out);
        self.tell_self(out);
    }

    fn undo_nick(&mut self, old: &Nick) {
        let back = self.claim.as_mut().map(|claim| claim.rename(old).cloned());
        if let Some(Ok(back)) = back {
            let moved = self.inbox.rename(&self.dirs, &self.name, &back);
            if let Err(error) = moved {
                self.note_trouble(&format!("the inbox of {back} cannot be renamed: {error}"));
            }
            self.nick = back;
        }
    }

    pub(super) fn change_topic(&mut self, topic: &str, msgid: Option<&str>, out: &mut Vec<u8>) {
        if !topic.is_empty() && !self.may_say(topic, msgid, out) {
            return;
        }
        if self.is_muted() {
            return self.error("muted", Line::Muted, msgid, out);
        }
        let Some(stored) = self.append(Kind::Topic, topic, msgid, out) else {
            return;
        };
        if let Err(error) = state::set_topic(&self.dirs, &self.name, topic) {
            self.tell_trouble(&format!("topic: {error}"), out);
        }
        if let Some(msgid) = msgid {
            let duplicate = false;
            self.wire.event(
                &Event::Ack {
                    msgid,
                    id: Some(stored.id()),
                    duplicate,
                },
                out,
            );
        }
    }

    /// The room's topic; empty if there is none or it cannot be read.
    pub(super) fn topic(&self) -> String {
        state::topic(&self.dirs, &self.name)
            .ok()
            .flatten()
            .unwrap_or_default()
    }

    pub(super) fn tell_self(&mut self, out: &mut Vec<u8>) {
        let muted = self.is_muted();
        let (name, color) = (self.nick.clone(), self.color.clone());
        let (name, color, moderator) = (name.as_str(), color.as_str(), self.moderator);
        self.wire.event(
            &Event::You {
                name,
                color,
                moderator,
                muted,
            },
            out,
        );
    }
}
