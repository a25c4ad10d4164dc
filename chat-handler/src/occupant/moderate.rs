//! What moderators may do. The same measures are taken by `chatctl`, through the same files.

use super::{Addressee, Code, Occupant, Turn};
use crate::command::Moderate;
use crate::wording::Line;
use chat_store::log::erase;
use chat_store::log::history::{self, Before};
use chat_store::log::room_log::RedactError;
use chat_store::moderation::{self, Entry, Measure, ModerationError, Network};
use chat_store::name::Nick;
use chat_store::people::inbox::SendError;
use chat_store::people::message::Message;
use chat_store::people::presence::{self, About};
use chat_store::record::{Kind, RecordId};
use chat_store::state;
use std::borrow::Cow;

const MICROS_A_MINUTE: u64 = 60_000_000;

impl Turn<'_> {
    pub(super) fn moderate(&mut self, what: &Moderate<'_>) {
        if !self.it.me.moderator {
            return self.error(Code::NotModerator, Line::NotModerator);
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
            Moderate::Clear { delete } => self.clear(delete),
        }
    }

    /// Said to all, then to them: so that nobody sees them quit before it is said why.
    fn kick(&mut self, who: &str, reason: &str) {
        let nick = match self.it.present(who) {
            Ok(nick) => nick,
            Err(error) => return self.not_delivered(who, &error),
        };
        if self.publish(Kind::Kick, &format!("{nick} {reason}")) {
            let message = Message::Kick(Cow::Borrowed(reason));
            match self.it.deliver(&Addressee::named(nick.as_str()), &message) {
                // They may just have gone by themselves.
                Ok(_) | Err(SendError::NotHere) => {}
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
        // A guest is whoever has the address: another name is typed in a moment.
        let guest = about.account.is_none();
        let address = about.address.filter(|_| guest);
        let entry = Entry {
            measure,
            account: about.account,
            address: address.and_then(|address| Network::parse(&address)),
            guests_only: true,
            until: minutes.map(end),
            by: self.it.me.nick.to_string(),
            reason: reason.to_owned(),
            nick,
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
                Message::Ban(reason)
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

    fn done(&mut self, command: &'static str) {
        self.info(command, Line::Done);
        self.ack();
    }

    fn not_delivered(&mut self, who: &str, error: &SendError) {
        let reason = error.to_string();
        match error {
            SendError::NotHere => self.error(Code::NoSuchUser, Line::NoSuchUser(who)),
            _ => self.error(Code::NotSaved, Line::Undelivered(&reason)),
        }
    }
}

impl Occupant {
    /// Deletes what was said in the room.
    fn erase_up_to(&self, id: RecordId) -> std::io::Result<()> {
        erase::everything(&self.room.dirs.room_log(&self.room.name), id)
    }

    /// Who `nick` is: by their presence, or, if they have left, by what they last wrote.
    fn about(&self, nick: &Nick) -> About {
        let room = &self.room;
        let here = self.present(nick.as_str());
        if let Ok(nick) = here {
            return presence::about(&room.dirs, &room.name, &nick).unwrap_or_default();
        }
        let key = nick.key();
        let before = Before::Id(RecordId::MAX);
        let page = history::before(&room.dirs, &room.name, before, 1, |record| {
            Nick::parse(&record.from).is_ok_and(|from| from.key() == key)
        });
        let page = page.ok();
        let record = page.as_ref().and_then(|page| page.records().next());
        About {
            account: record.and_then(|record| Some(record.attr("account")?.into_owned())),
            ..About::default()
        }
    }
}
