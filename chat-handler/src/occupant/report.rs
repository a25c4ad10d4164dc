//! What members tell the moderators: kept for those who come later, told at once to those who are here.

use std::borrow::Cow;
use std::io;

use super::{Addressee, Code, Occupant, Turn};
use crate::wording::Line;
use chat_store::log::history::{self, Before};
use chat_store::moderation::reports::{self, Report};
use chat_store::moderation::{self, ModerationError, Role};
use chat_store::name::Nick;
use chat_store::people::message::Message;
use chat_store::people::person::PersonId;
use chat_store::people::presence::{self, About};
use chat_store::record::{RecordId, attrs};

impl Turn<'_> {
    /// `what` is the id of a message, or a name.
    pub(super) fn report(&mut self, what: &str, reason: &str) {
        let found = match RecordId::parse(what.as_bytes()) {
            Some(id) => self.it.said_as(id),
            None => Ok(self.it.named(what)),
        };
        let (about, who, message) = match found {
            Ok(Some(found)) => found,
            Ok(None) => return self.error(Code::NotFound, Line::NotFound),
            Err(error) => return self.not_saved(&error),
        };
        let me = &self.it.me;
        let report = Report {
            id: RecordId::now(),
            by: me.nick.to_string(),
            known_as: reports::known_as(&About {
                account: me.account.clone(),
                person: Some(me.person.clone()),
                address: me.address.clone(),
                ..About::default()
            }),
            about,
            account: who.account,
            person: who.person.map(|person| person.as_str().to_owned()),
            message,
            reason: reason.to_owned(),
        };
        let room = &self.it.room;
        if let Err(error) = reports::add(&room.dirs, &room.name, &report) {
            let code = match error {
                ModerationError::ReasonTooLong => Code::TooLong,
                ModerationError::TooManyOfYours | ModerationError::TooManyReports => Code::Busy,
                _ => Code::NotSaved,
            };
            return self.error(code, Line::NotSaved(&error.to_string()));
        }
        if let Err(error) = self.it.tell_moderators(&report) {
            self.it.trouble.note(&error.to_string());
        }
        self.done("report");
    }

    pub(super) fn show_reports(&mut self) {
        let room = &self.it.room;
        let reports = match reports::list(&room.dirs, &room.name) {
            Ok(reports) => reports,
            Err(error) => return self.report_trouble(&error.to_string()),
        };
        let ids: Vec<_> = reports
            .iter()
            .map(|report| {
                (
                    report.id.to_string(),
                    report.message.map(|id| id.to_string()),
                )
            })
            .collect();
        let lines: Vec<_> = reports
            .iter()
            .zip(&ids)
            .map(|(report, (id, message))| Line::Report {
                id,
                by: &report.by,
                about: &report.about,
                account: report.account.as_deref(),
                message: message.as_deref(),
                reason: &report.reason,
            })
            .collect();
        if lines.is_empty() {
            return self.info("reports", Line::NoReports);
        }
        self.info_lines("reports", &lines);
    }

    pub(super) fn resolve(&mut self, id: &str) {
        let Some(id) = RecordId::parse(id.as_bytes()) else {
            return self.error(Code::NotFound, Line::NotFound);
        };
        let room = &self.it.room;
        match reports::resolve(&room.dirs, &room.name, id) {
            Ok(true) => self.done("resolve"),
            Ok(false) => self.error(Code::NotFound, Line::NotFound),
            Err(error) => self.not_saved(&error),
        }
    }
}

/// The name, who that is, and the message.
type Reported = (String, About, Option<RecordId>);

impl Occupant {
    /// Who said the message with this id, as its record has it.
    fn said_as(&self, id: RecordId) -> io::Result<Option<Reported>> {
        let room = &self.room;
        let before = Before::Id(id.next());
        let page = history::before(&room.dirs, &room.name, before, 1, |_| true)?;
        let found = page.records().next();
        let Some(record) = found.filter(|record| record.id == id && record.kind.is_talk()) else {
            return Ok(None);
        };
        let account = record.attr(attrs::ACCOUNT).map(Cow::into_owned);
        let about = About {
            person: PersonId::of(account.as_deref(), record.attr(attrs::CLIENT).as_deref()),
            account,
            ..About::default()
        };
        Ok(Some((record.from.to_string(), about, Some(id))))
    }

    fn named(&self, name: &str) -> Option<Reported> {
        let nick = Nick::parse(name).ok()?;
        let is_here = self.present(name).is_ok();
        let about = self.about(&nick);
        (is_here || about != About::default()).then(|| (nick.to_string(), about, None))
    }

    /// A moderator who is not told finds it in the list.
    fn tell_moderators(&self, report: &Report) -> io::Result<()> {
        let room = &self.room;
        let message = Message::Report {
            about: Cow::Borrowed(&report.about),
            message: report.message,
            reason: Cow::Borrowed(&report.reason),
        };
        for member in presence::list(&room.dirs, &room.name)? {
            let about = presence::about(&room.dirs, &room.name, &member.nick)?;
            let account = about.account.as_deref();
            let role = moderation::roles::of(&room.dirs, &room.name, account)?;
            if about.moderates_all || role >= Role::Moderator {
                let to = Addressee::named(member.nick.as_str());
                // Their inbox may be full; the list is not.
                let _ = self.deliver(&to, &message);
            }
        }
        Ok(())
    }
}
