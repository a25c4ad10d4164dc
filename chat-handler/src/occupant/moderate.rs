//! What moderators may do. The same measures are taken by `chatctl`, through the same files.

use super::{Addressee, Code, Occupant, Room, Turn};
use crate::command::Moderate;
use crate::wording::Line;
use chat_store::log::erase;
use chat_store::log::history::{self, Before, MAX_LIMIT};
use chat_store::log::room_log::RedactError;
use chat_store::moderation::{self, Entry, Measure, ModerationError, Right, Role};
use chat_store::name::Nick;
use chat_store::people::inbox::SendError;
use chat_store::people::message::Message;
use chat_store::people::presence::About;
use chat_store::record::{Kind, RecordId};
use chat_store::state;
use std::borrow::Cow;

const MICROS_A_MINUTE: u64 = 60_000_000;

/// Messages that one command takes back, about: each is looked for and overwritten on its own.
const MAX_REMOVED: usize = 5_000;

impl Turn<'_> {
    pub(super) fn moderate(&mut self, what: &Moderate<'_>) {
        let (right, line) = match what {
            Moderate::Op(..) | Moderate::Deop(_) => (Right::Own, Line::NotOwner),
            _ => (Right::Moderate, Line::NotModerator),
        };
        if !self.it.may(right) {
            return self.error(Code::NotModerator, line);
        }
        match *what {
            Moderate::Kick(who, reason) => self.kick(who, reason),
            Moderate::Ban(who, minutes, reason) => {
                self.impose(Measure::Ban, who, minutes, reason);
            }
            Moderate::Mute(who, minutes) => self.impose(Measure::Mute, who, minutes, ""),
            Moderate::Unban(who) => self.lift(Measure::Ban, who),
            Moderate::Unmute(who) => self.lift(Measure::Mute, who),
            Moderate::Bans => self.bans(),
            Moderate::Redact(id) => self.redact(id),
            Moderate::Remove(who, minutes) => self.remove(who, minutes),
            Moderate::Clear { delete } => self.clear(delete),
            Moderate::Op(who, role) => self.set_role(who, role),
            Moderate::Deop(who) => self.set_role(who, Role::Member),
            Moderate::Roles => self.reply(Self::show_roles),
            Moderate::Whois(who) => self.reply(|turn| turn.whois(who)),
        }
    }

    /// Said to all, then to them: so that nobody sees them quit before it is said why.
    fn kick(&mut self, who: &str, reason: &str) {
        let nick = match self.it.present(who) {
            Ok(nick) => nick,
            Err(error) => return self.not_delivered(who, &error),
        };
        if !self.is_below(&self.it.about(&nick)) {
            return self.error(Code::NotModerator, Line::NotBelow);
        }
        if self.publish(Kind::Kick, &format!("{nick} {reason}")) {
            let message = Message::Kick(Cow::Borrowed(reason));
            match self.it.send_away(&nick, &message) {
                // They may just have gone by themselves.
                Ok(()) | Err(SendError::NotHere) => {}
                Err(error) => {
                    // The kick itself was acked.
                    self.msgid = None;
                    self.not_delivered(who, &error);
                }
            }
        }
    }

    fn impose(&mut self, measure: Measure, who: &str, minutes: Option<u32>, reason: &str) {
        let Ok(nick) = Nick::parse(who) else {
            return self.error(Code::NoSuchUser, Line::NoSuchUser(who));
        };
        if nick.key() == self.it.me.nick.key() {
            return self.error(Code::Usage, Line::Yourself);
        }
        let now = RecordId::now().as_micros();
        let end = |minutes| RecordId::from_micros(now + u64::from(minutes) * MICROS_A_MINUTE);
        let about = self.it.about(&nick);
        if !self.is_below(&about) {
            return self.error(Code::NotModerator, Line::NotBelow);
        }
        let entry = Entry {
            until: minutes.map(end),
            reason: reason.to_owned(),
            ..Entry::against(measure, nick, about, self.it.me.nick.as_str())
        };
        let room = &self.it.room;
        if let Err(error) = moderation::impose(&room.dirs, &room.name, &entry) {
            let code = match error {
                ModerationError::ReasonTooLong => Code::TooLong,
                _ => Code::NotSaved,
            };
            return self.error(code, Line::NotSaved(&error.to_string()));
        }
        let reason = Cow::Borrowed(reason);
        let message = match measure {
            Measure::Ban => {
                self.publish(Kind::Ban, &format!("{} {reason}", entry.nick));
                // They may not be here just now; then it waits for them.
                let _ = self.it.send_away(&entry.nick, &Message::Ban(reason));
                return;
            }
            Measure::Mute => {
                self.done("mute");
                Message::Mute(reason)
            }
        };
        // They may not be here just now; then the measure waits for them.
        let _ = self
            .it
            .deliver(&Addressee::named(entry.nick.as_str()), &message);
    }

    fn lift(&mut self, measure: Measure, who: &str) {
        let Ok(nick) = Nick::parse(who) else {
            return self.error(Code::NotFound, Line::NotFound);
        };
        let room = &self.it.room;
        match moderation::lift(&room.dirs, &room.name, measure, &nick) {
            Ok(true) if measure == Measure::Ban => self.done("unban"),
            Ok(true) => {
                // They need not be here to be forgiven.
                let _ = self
                    .it
                    .deliver(&Addressee::named(nick.as_str()), &Message::Unmute);
                self.done("unmute");
            }
            Ok(false) => self.error(Code::NotFound, Line::NotFound),
            Err(error) => self.not_saved(&error),
        }
    }

    fn bans(&mut self) {
        let entries = match moderation::load(&self.it.room.dirs, &self.it.room.name) {
            Ok(entries) => entries,
            Err(error) => return self.report_trouble(&error.to_string()),
        };
        let untils: Vec<_> = entries
            .iter()
            .map(|entry| entry.until.map(|until| until.to_string()))
            .collect();
        let lines: Vec<_> = entries
            .iter()
            .zip(&untils)
            .map(|(entry, until)| Line::Ban {
                measure: entry.measure.as_str(),
                who: entry.nick.as_str(),
                until: until.as_deref(),
                reason: &entry.reason,
            })
            .collect();
        if lines.is_empty() {
            self.info("bans", Line::NoBans);
        } else {
            self.info_lines("bans", &lines);
        }
        self.ack();
    }

    fn redact(&mut self, id: &str) {
        let Some(id) = RecordId::parse(id.as_bytes()) else {
            return self.error(Code::NotFound, Line::NotFound);
        };
        match self.it.room.log.redact(id, self.it.me.nick.as_str()) {
            Ok(_) => {
                self.it.bells.set_due();
                self.ack();
            }
            Err(RedactError::NotFound | RedactError::NotText) => {
                self.error(Code::NotFound, Line::NotFound);
            }
            Err(error) => self.not_saved(&error),
        }
    }

    /// Takes back what somebody said, of the last minutes or all of it.
    fn remove(&mut self, who: &str, minutes: Option<u32>) {
        let Ok(nick) = Nick::parse(who) else {
            return self.error(Code::NotFound, Line::NotFound);
        };
        let ids = match self.it.said_by(&nick, minutes) {
            Ok(ids) => ids,
            Err(error) => return self.not_saved(&error),
        };
        if ids.is_empty() {
            return self.error(Code::NotFound, Line::NotFound);
        }
        for id in ids {
            match self.it.room.log.redact(id, self.it.me.nick.as_str()) {
                // Taken back by somebody else meanwhile.
                Ok(_) | Err(RedactError::NotFound | RedactError::NotText) => {}
                Err(error) => return self.not_saved(&error),
            }
        }
        self.it.bells.set_due();
        self.done("remove");
    }

    /// Before the record about it and again after it: `chatctl expire` may have copied the texts just
    /// before, and looks from the record on.
    fn clear(&mut self, delete: bool) {
        if delete && let Err(error) = self.it.erase_up_to(RecordId::now()) {
            return self.not_saved(&error);
        }
        let Some(stored) = self.append_anew(Kind::Clear, "") else {
            return;
        };
        let room = &self.it.room;
        if let Err(error) = state::set_cleared(&room.dirs, &room.name, stored.id()) {
            return self.not_saved(&error);
        }
        if delete && let Err(error) = self.it.erase_up_to(stored.id()) {
            return self.not_saved(&error);
        }
        self.ack();
    }

    pub(super) fn done(&mut self, command: &'static str) {
        self.info(command, Line::Done);
        self.ack();
    }

    pub(super) fn not_delivered(&mut self, who: &str, error: &SendError) {
        let reason = error.to_string();
        match error {
            SendError::NotHere => self.error(Code::NoSuchUser, Line::NoSuchUser(who)),
            _ => self.error(Code::NotSaved, Line::Undelivered(&reason)),
        }
    }
}

impl Occupant {
    /// The ids of what somebody said, page by page; messages of the script of 2016 have none.
    fn said_by(&self, nick: &Nick, minutes: Option<u32>) -> std::io::Result<Vec<RecordId>> {
        let Room { dirs, name, .. } = &self.room;
        let ago = minutes.map_or(u64::MAX, |minutes| u64::from(minutes) * MICROS_A_MINUTE);
        let since = RecordId::from_micros(RecordId::now().as_micros().saturating_sub(ago));
        let (key, mut ids, mut before) = (nick.key(), Vec::new(), RecordId::MAX);
        loop {
            let page = history::before(dirs, name, Before::Id(before), MAX_LIMIT, |record| {
                let is_text = record.kind.is_talk() && !record.text.trim().is_empty();
                is_text && Nick::parse(&record.from).is_ok_and(|from| from.key() == key)
            })?;
            let found = page.records().map(|record| record.id);
            ids.extend(found.filter(|id| !id.is_place() && *id >= since));
            match page
                .scanned_to
                .filter(|id| page.more && *id >= since && ids.len() < MAX_REMOVED)
            {
                Some(id) => before = id,
                None => return Ok(ids),
            }
        }
    }

    /// Deletes what was said in the room.
    fn erase_up_to(&self, id: RecordId) -> std::io::Result<()> {
        erase::everything(&self.room.dirs.room_log(&self.room.name), id)
    }

    /// Who `nick` is: by their presence, or, if they have left, by what they last wrote.
    pub(super) fn about(&self, nick: &Nick) -> About {
        moderation::whois(&self.room.dirs, &self.room.name, nick).unwrap_or_default()
    }
}
