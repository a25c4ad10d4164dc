//! Bans and mutes: taken, lifted and listed. `chatctl` takes the same ones, in the same words.

use std::borrow::Cow;
use std::io;

use super::{Addressee, Code, Occupant, Turn};
use crate::wording::Line;
use chat_store::moderation::{self, Entry, Extent, Measure, ModerationError, Order, Right, Target};
use chat_store::name::{Nick, RoomName};
use chat_store::people::message::{Message, Sender};
use chat_store::people::presence;
use chat_store::people::presence::About;
use chat_store::record::{Kind, RecordId};

pub(super) const MICROS_A_MINUTE: u64 = 60_000_000;

impl Turn<'_> {
    pub(super) fn impose(&mut self, measure: Measure, order: &Order<'_>) {
        let Some(entry) = self.measure(measure, order) else {
            return;
        };
        let met = match moderation::present(&self.it.room.dirs, &self.it.room.name, &entry) {
            Ok(met) => met,
            Err(error) => return self.not_saved(&error),
        };
        if met.iter().any(|(_, about)| !self.is_below(about)) {
            return self.error(Code::NotModerator, Line::NotBelow);
        }
        let room = &self.it.room;
        let at = extent(order.everywhere, &room.name);
        if let Err(error) = moderation::impose(&room.dirs, at, &entry) {
            let code = match error {
                ModerationError::ReasonTooLong => Code::TooLong,
                _ => Code::NotSaved,
            };
            return self.error(code, Line::NotSaved(&error.to_string()));
        }
        self.tell(&entry, &met);
        if order.everywhere {
            // The list is in force already; here they are told at once.
            if let Err(error) = self.it.tell_elsewhere(&entry) {
                self.it.trouble.note(&error.to_string());
            }
        }
    }

    /// What is ordered, if it may be; else that was told.
    fn measure(&mut self, measure: Measure, order: &Order<'_>) -> Option<Entry> {
        let target = self.target(order.who)?;
        let (about, needed) = match &target {
            Target::Called(nick) => (self.it.about(nick), Right::Moderate),
            // Accounts suffer with it that nobody meant.
            Target::Everybody(_) => (About::default(), Right::Own),
            _ => (About::default(), Right::Moderate),
        };
        if !self.it.may_at(order.everywhere, needed) {
            let line = if needed == Right::Own {
                Line::NotOwner
            } else {
                Line::NotEverywhere
            };
            self.error(Code::NotModerator, line);
            return None;
        }
        let is_role = |account: &String| About {
            account: Some(account.clone()),
            ..About::default()
        };
        let about_account = match &target {
            Target::Account(account) => is_role(account),
            _ => about.clone(),
        };
        if !self.is_below(&about_account) {
            self.error(Code::NotModerator, Line::NotBelow);
            return None;
        }
        let now = RecordId::now().as_micros();
        let end = |minutes| RecordId::from_micros(now + u64::from(minutes) * MICROS_A_MINUTE);
        let entry = Entry {
            until: order.minutes.map(end),
            reason: order.reason.to_owned(),
            ..target.entry(measure, about, self.it.me.nick.as_str())
        };
        if entry.is_against(&self.it.me.as_person()) {
            self.error(Code::Usage, Line::Yourself);
            return None;
        }
        Some(entry)
    }

    /// Whom a word means; if it means nobody, that was told.
    pub(super) fn target(&mut self, who: &str) -> Option<Target> {
        match Target::parse(who) {
            Ok(target) => Some(target),
            Err(error) => {
                self.bad_name(&error);
                None
            }
        }
    }

    /// The room hears of a ban, those whom it meets of either.
    fn tell(&mut self, entry: &Entry, met: &[(Nick, About)]) {
        match entry.measure {
            Measure::Mute => self.done("mute"),
            Measure::Ban => {
                let first = met.first().map(|(nick, _)| nick).or(entry.nick.as_ref());
                match first {
                    // Somebody who is not here just now; then it waits for them.
                    Some(nick) => {
                        self.publish(Kind::Ban, &format!("{nick} {}", entry.reason));
                    }
                    None => self.done("ban"),
                }
            }
        }
        for (at, (nick, _)) in met.iter().enumerate() {
            if at > 0 && entry.measure == Measure::Ban {
                self.append_anew(Kind::Ban, &format!("{nick} {}", entry.reason));
            }
            let message = message_of(entry);
            let _ = match entry.measure {
                Measure::Ban => self.it.send_away(nick, &message),
                Measure::Mute => {
                    let to = Addressee::named(nick.as_str());
                    self.it.deliver(&to, &message).map(|_| ())
                }
            };
        }
    }

    pub(super) fn lift(&mut self, measure: Measure, order: &Order<'_>) {
        let Some(target) = self.target(order.who) else {
            return;
        };
        if !self.it.may_at(order.everywhere, Right::Moderate) {
            return self.error(Code::NotModerator, Line::NotEverywhere);
        }
        let room = &self.it.room;
        let at = extent(order.everywhere, &room.name);
        match moderation::lift(&room.dirs, at, measure, &target) {
            Ok(true) if measure == Measure::Ban => self.done("unban"),
            Ok(true) => {
                // They need not be here to be forgiven.
                if let Some(nick) = target.nick() {
                    let to = Addressee::named(nick.as_str());
                    let _ = self.it.deliver(&to, &Message::Unmute);
                }
                self.done("unmute");
            }
            Ok(false) => self.error(Code::NotFound, Line::NotFound),
            Err(error) => self.not_saved(&error),
        }
    }

    /// Those of the room, then those of all rooms.
    pub(super) fn bans(&mut self) {
        let room = &self.it.room;
        let load = |at| moderation::load(&room.dirs, at);
        let lists =
            load(Extent::Room(&room.name)).and_then(|here| Ok([here, load(Extent::Everywhere)?]));
        let lists = match lists {
            Ok(lists) => lists,
            Err(error) => return self.report_trouble(&error.to_string()),
        };
        let shown: Vec<_> = lists
            .iter()
            .zip([false, true])
            .flat_map(|(list, everywhere)| list.iter().map(move |entry| (entry, everywhere)))
            .map(|(entry, everywhere)| Shown::of(entry, everywhere))
            .collect();
        let lines: Vec<_> = shown.iter().map(Shown::line).collect();
        if lines.is_empty() {
            self.info("bans", Line::NoBans);
        } else {
            self.info_lines("bans", &lines);
        }
        self.ack();
    }
}

/// A measure, as it is listed.
struct Shown<'a> {
    entry: &'a Entry,
    everywhere: bool,
    who: String,
    until: Option<String>,
    address: Option<String>,
}

impl<'a> Shown<'a> {
    fn of(entry: &'a Entry, everywhere: bool) -> Self {
        Self {
            entry,
            everywhere,
            who: entry.target(),
            until: entry.until.map(|until| until.to_string()),
            address: entry.address.map(|address| address.to_string()),
        }
    }

    fn line(&self) -> Line<'_> {
        Line::Ban {
            measure: self.entry.measure.as_str(),
            everywhere: self.everywhere,
            who: &self.who,
            account: self.entry.account.as_deref(),
            address: self.address.as_deref(),
            until: self.until.as_deref(),
            by: &self.entry.by,
            reason: &self.entry.reason,
        }
    }
}

fn extent(everywhere: bool, room: &RoomName) -> Extent<'_> {
    if everywhere {
        Extent::Everywhere
    } else {
        Extent::Room(room)
    }
}

fn message_of(entry: &Entry) -> Message<'_> {
    let reason = Cow::Borrowed(entry.reason.as_str());
    match entry.measure {
        Measure::Ban => Message::Ban(reason),
        Measure::Mute => Message::Mute(reason),
    }
}

impl Occupant {
    /// Tells those whom a measure meets in other rooms, and a ban those rooms.
    fn tell_elsewhere(&self, entry: &Entry) -> io::Result<()> {
        let dirs = &self.room.dirs;
        let from = Sender {
            account: self.me.account.as_deref(),
            color: Some(self.me.color.as_str()),
            person: Some(self.me.person.as_str()),
            ..Sender::new(self.me.nick.as_str())
        };
        let kind = (entry.measure == Measure::Ban).then_some(Kind::Ban);
        for (name, _) in presence::rooms(dirs)? {
            let Ok(room) = RoomName::parse(&name) else {
                continue;
            };
            if room == self.room.name {
                continue;
            }
            for (nick, _) in moderation::present(dirs, &room, entry)? {
                let words = (entry.reason.as_str(), &message_of(entry));
                moderation::announce(dirs, &room, from, (&nick, kind), words)?;
            }
        }
        Ok(())
    }
}
