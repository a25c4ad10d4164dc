//! What moderators may do. The same measures are taken by `chatctl`, through the same files.

use super::Room;
use crate::command::Moderate;
use crate::wording::{Line, Worded};
use chat_store::log::history::{self, Before};
use chat_store::log::room_log::RedactError;
use chat_store::moderation::{self, Entry, Measure, ModerationError, Person};
use chat_store::name::Nick;
use chat_store::people::inbox::SendError;
use chat_store::record::{Kind, RecordId};
use chat_store::state;

const MICROS_A_MINUTE: u64 = 60_000_000;

impl Room {
    pub(super) fn moderate(&mut self, what: Moderate<'_>, msgid: Option<&str>, out: &mut Vec<u8>) {
        if !self.moderator {
            return self.error("not_moderator", Line::NotModerator, msgid, out);
        }
        match what {
            Moderate::Kick(who, reason) => self.kick(who, reason, msgid, out),
            Moderate::Ban(who, minutes, reason) => {
                self.impose(Measure::Ban, who, minutes, reason, msgid, out);
            }
            Moderate::Mute(who, minutes) => {
                self.impose(Measure::Mute, who, minutes, "", msgid, out);
            }
            Moderate::Unban(who) => self.lift(Measure::Ban, who, msgid, out),
            Moderate::Unmute(who) => self.lift(Measure::Mute, who, msgid, out),
            Moderate::Bans => self.bans(msgid, out),
            Moderate::Redact(id) => self.redact(id, msgid, out),
            Moderate::Clear => self.clear(msgid, out),
        }
    }

    /// Told to all, then to them: so that nobody sees them quit before it is said why.
    fn kick(&mut self, who: &str, reason: &str, msgid: Option<&str>, out: &mut Vec<u8>) {
        let nick = match self.present(who) {
            Ok(nick) => nick,
            Err(error) => return self.not_delivered(who, &error, msgid, out),
        };
        if self.tell_all(Kind::Kick, &format!("{nick} {reason}"), msgid, out) {
            match self.deliver(Kind::Kick, nick.as_str(), reason) {
                // They may just have gone by themselves.
                Ok(_) | Err(SendError::NotHere) => {}
                Err(error) => self.not_delivered(who, &error, None, out),
            }
        }
    }

    fn impose(
        &mut self,
        measure: Measure,
        who: &str,
        minutes: Option<u32>,
        reason: &str,
        msgid: Option<&str>,
        out: &mut Vec<u8>,
    ) {
        let Ok(nick) = Nick::parse(who) else {
            return self.error("no_such_user", Line::NoSuchUser(who), msgid, out);
        };
        if nick.key() == self.nick.key() {
            return self.error("usage", Line::Yourself, msgid, out);
        }
        let now = RecordId::now().as_micros();
        let end = |minutes| RecordId::from_micros(now + u64::from(minutes) * MICROS_A_MINUTE);
        let entry = Entry {
            measure,
            account: self.account_of(&nick),
            address: None,
            until: minutes.map(end),
            by: self.nick.to_string(),
            reason: reason.to_owned(),
            nick,
        };
        if let Err(error) = moderation::impose(&self.dirs, &self.name, &entry) {
            let code = match error {
                ModerationError::ReasonTooLong => "too_long",
                _ => "not_saved",
            };
            return self.error(code, Line::NotSaved(&error.to_string()), msgid, out);
        }
        let kind = if measure == Measure::Ban {
            Kind::Ban
        } else {
            Kind::Mute
        };
        if measure == Measure::Ban {
            self.tell_all(Kind::Ban, &format!("{} {reason}", entry.nick), msgid, out);
        } else {
            self.done("mute", msgid, out);
        }
        // They may not be here just now; then the measure waits for them.
        let _ = self.deliver(kind, entry.nick.as_str(), reason);
    }

    fn lift(&mut self, measure: Measure, who: &str, msgid: Option<&str>, out: &mut Vec<u8>) {
        let Ok(nick) = Nick::parse(who) else {
            return self.error("not_found", Line::NotFound, msgid, out);
        };
        match moderation::lift(&self.dirs, &self.name, measure, &nick) {
            Ok(true) => {
                if measure == Measure::Mute {
                    // They need not be here to be forgiven.
                    let _ = self.deliver(Kind::Unmute, nick.as_str(), "");
                }
                self.done(
                    if measure == Measure::Ban {
                        "unban"
                    } else {
                        "unmute"
                    },
                    msgid,
                    out,
                );
            }
            Ok(false) => self.error("not_found", Line::NotFound, msgid, out),
            Err(error) => {
                self.error("not_saved", Line::NotSaved(&error.to_string()), msgid, out);
            }
        }
    }

    fn bans(&mut self, msgid: Option<&str>, out: &mut Vec<u8>) {
        let entries = match moderation::load(&self.dirs, &self.name) {
            Ok(entries) => entries,
            Err(error) => return self.tell_trouble(&error.to_string(), out),
        };
        let lang = self.settings.lang;
        let line = |entry: &Entry| {
            let until = entry.until.map(|until| until.to_string());
            let line = Line::Ban(entry.nick.as_str(), until.as_deref(), &entry.reason);
            let words = Worded(lang, line);
            format!("{}: {words}", entry.measure.as_str())
        };
        let lines: Vec<_> = entries.iter().map(line).collect();
        if lines.is_empty() {
            self.info_line("bans", Line::NoBans, out);
        } else {
            self.info("bans", &lines, out);
        }
        self.ack(msgid, out);
    }

    fn redact(&mut self, id: &str, msgid: Option<&str>, out: &mut Vec<u8>) {
        let Some(id) = RecordId::parse(id.as_bytes()) else {
            return self.error("not_found", Line::NotFound, msgid, out);
        };
        match self.log.redact(id, self.nick.as_str()) {
            Ok(_) => {
                self.ring_due = true;
                self.ack(msgid, out);
            }
            Err(RedactError::NotFound | RedactError::NotText) => {
                self.error("not_found", Line::NotFound, msgid, out);
            }
            Err(error) => {
                self.error("not_saved", Line::NotSaved(&error.to_string()), msgid, out);
            }
        }
    }

    fn clear(&mut self, msgid: Option<&str>, out: &mut Vec<u8>) {
        let Some(stored) = self.append(Kind::Clear, "", None, out) else {
            return;
        };
        if let Err(error) = state::set_cleared(&self.dirs, &self.name, stored.id()) {
            return self.error("not_saved", Line::NotSaved(&error.to_string()), msgid, out);
        }
        self.ack(msgid, out);
    }

    fn done(&mut self, command: &'static str, msgid: Option<&str>, out: &mut Vec<u8>) {
        self.info_line(command, Line::Done, out);
        self.ack(msgid, out);
    }

    fn not_delivered(
        &mut self,
        who: &str,
        error: &SendError,
        msgid: Option<&str>,
        out: &mut Vec<u8>,
    ) {
        let reason = error.to_string();
        let (code, line) = match error {
            SendError::NotHere => ("no_such_user", Line::NoSuchUser(who)),
            _ => ("not_saved", Line::Undelivered(&reason)),
        };
        self.error(code, line, msgid, out);
    }

    /// Who `nick` logged in as, by what they last wrote: presence files hold no accounts.
    fn account_of(&self, nick: &Nick) -> Option<String> {
        let key = nick.key();
        let before = Before::Id(RecordId::MAX);
        let page = history::before(&self.dirs, &self.name, before, 1, |record| {
            Nick::parse(&record.from).is_ok_and(|from| from.key() == key)
        });
        let page = page.ok()?;
        let record = page.records().next()?;
        record.attr("account").map(std::borrow::Cow::into_owned)
    }

    /// Whether they may not speak just now. A list that cannot be read silences nobody anew.
    pub(super) fn is_muted(&mut self) -> bool {
        self.refresh_verdict();
        self.verdict.mute.is_some()
    }

    /// Why they may not be here any more.
    pub(super) fn ban(&mut self) -> Option<String> {
        self.refresh_verdict();
        self.verdict.ban.as_ref().map(|ban| ban.reason.clone())
    }

    fn refresh_verdict(&mut self) {
        let person = Person {
            nick: &self.nick,
            account: self.account.as_deref(),
            address: self.address.as_deref(),
        };
        if let Err(error) = self.verdict.refresh(&person) {
            let reason = format!("the bans of {}: {error}", self.name);
            self.note_trouble(&reason);
        }
    }
}
