//! What moderators may do. The same measures are taken by `chatctl`, through the same files.

use super::measures::MICROS_A_MINUTE;
use super::{Code, Occupant, Room, Turn};
use crate::command::{Moderate, Since};
use crate::settings::Permission;
use crate::wording::Line;
use chat_store::log::erase;
use chat_store::log::history::{self, Before, MAX_LIMIT};
use chat_store::log::room_log::RedactError;
use chat_store::moderation::{self, Measure, Right, Role, Target};
use chat_store::name::Nick;
use chat_store::people::inbox::SendError;
use chat_store::people::message::Message;
use chat_store::people::presence::About;
use chat_store::record::{Kind, RecordId, attrs};
use chat_store::state;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Messages that one command takes back, about: each is looked for and overwritten on its own.
const MAX_REMOVED: usize = 5_000;

impl Turn<'_> {
    pub(super) fn moderate(&mut self, what: &Moderate<'_>) {
        let (right, line) = match what {
            Moderate::Op(..) | Moderate::Deop(_) => (Right::Own, Line::NotOwner),
            _ => (Right::Moderate, Line::NotModerator),
        };
        // Who says something to all rooms need not moderate one.
        if let Moderate::Announce(_) = what {
            if !self.permits(Permission::Announce) {
                return;
            }
        } else if !self.it.may(right) {
            return self.error(Code::NotModerator, line);
        }
        match *what {
            Moderate::Kick(who, reason) => self.kick(who, reason),
            Moderate::Ban(order) => self.impose(Measure::Ban, &order),
            Moderate::Mute(order) => self.impose(Measure::Mute, &order),
            Moderate::Unban(order) => self.lift(Measure::Ban, &order),
            Moderate::Unmute(order) => self.lift(Measure::Mute, &order),
            Moderate::Bans => self.bans(),
            Moderate::Redact(id) => self.redact(id),
            Moderate::Remove(who, since) => self.remove(who, since),
            Moderate::Slow(seconds) => self.slow(seconds),
            Moderate::Reports => self.reply(Self::show_reports),
            Moderate::Resolve(id) => self.resolve(id),
            Moderate::Clear { delete } => self.clear(delete),
            Moderate::Op(who, role) => self.set_role(who, role),
            Moderate::Deop(who) => self.set_role(who, Role::Member),
            Moderate::Roles => self.reply(Self::show_roles),
            Moderate::Whois(who) => self.reply(|turn| turn.whois(who)),
            Moderate::Announce(text) => self.announce(text),
        }
        // What the site's programs are still asked about is not done yet, and notes itself.
        if !self.is_refused && !matches!(what, Moderate::Announce(_)) {
            self.it.note(what);
        }
    }

    fn kick(&mut self, who: &str, reason: &str) {
        let Some(target) = self.target(who) else {
            return;
        };
        let found = match self.it.meant(target) {
            Ok(found) => found,
            Err(error) => return self.not_delivered(who, &error),
        };
        if found
            .iter()
            .any(|nick| !self.is_below(&self.it.about(nick)))
        {
            return self.error(Code::NotModerator, Line::NotBelow);
        }
        for nick in found {
            self.send_out(&nick, reason);
            // The first of them answers the request.
            self.msgid = None;
        }
    }

    /// Said to all, then to them: so that nobody sees them quit before it is said why.
    fn send_out(&mut self, nick: &Nick, reason: &str) {
        if !self.publish(Kind::Kick, &format!("{nick} {reason}")) {
            return;
        }
        let message = Message::Kick(Cow::Borrowed(reason));
        match self.it.send_away(nick, &message) {
            // They may just have gone by themselves.
            Ok(()) | Err(SendError::NotHere) => {}
            Err(error) => {
                // The kick itself was acked.
                self.msgid = None;
                self.not_delivered(nick.as_str(), &error);
            }
        }
    }

    fn redact(&mut self, id: &str) {
        let Some(id) = RecordId::parse(id.as_bytes()) else {
            return self.error(Code::NotFound, Line::NotFound);
        };
        match self.it.take_back(id, None) {
            Ok(_) => self.ack(),
            Err(RedactError::NotFound | RedactError::NotText) => {
                self.error(Code::NotFound, Line::NotFound);
            }
            Err(error) => self.not_saved(&error),
        }
    }

    /// Takes back what somebody said.
    fn remove(&mut self, who: &str, since: Since) {
        let Some(target) = self.target(who) else {
            return;
        };
        let ids = match self.it.said_by(&target, since) {
            Ok(ids) => ids,
            Err(error) => return self.not_saved(&error),
        };
        if ids.is_empty() {
            return self.error(Code::NotFound, Line::NotFound);
        }
        let ids: BTreeSet<_> = ids.into_iter().collect();
        let Occupant { me, room, .. } = &mut *self.it;
        let removed = room.log.redact_all(&ids, &me.draft(Kind::Redact, ""));
        self.it.bells.set_due();
        self.it.unpin_gone(|pin| ids.contains(&pin));
        if let Err(error) = removed {
            return self.not_saved(&error);
        }
        self.done("remove");
    }

    /// Before the record about it and again after it: `chatctl expire` may have copied the texts just
    /// before, and looks from the record on.
    fn clear(&mut self, delete: bool) {
        // On several machines each relay does it when it writes the record.
        let is_here = !self.it.room.log.is_relayed();
        if delete
            && is_here
            && let Err(error) = self.it.erase_up_to(RecordId::now())
        {
            return self.not_saved(&error);
        }
        let about = [(attrs::DELETE, (delete && !is_here).then_some("1"))];
        let Some(stored) = self.append_as(Kind::Clear, "", None, &about) else {
            return;
        };
        let room = &self.it.room;
        if is_here && let Err(error) = state::set_cleared(&room.dirs, &room.name, stored.id()) {
            return self.not_saved(&error);
        }
        if delete
            && is_here
            && let Err(error) = self.it.erase_up_to(stored.id())
        {
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
    /// Those in the room whom a word means; at least one.
    fn meant(&self, target: Target) -> Result<Vec<Nick>, SendError> {
        if let Some(nick) = target.nick() {
            return Ok(vec![self.present(nick.as_str())?]);
        }
        let entry = target.entry(Measure::Ban, About::default(), "");
        let found = moderation::present(&self.room.dirs, &self.room.name, &entry)?;
        if found.is_empty() {
            return Err(SendError::NotHere);
        }
        Ok(found.into_iter().map(|(nick, _)| nick).collect())
    }

    /// The ids of what somebody said, page by page; messages of the script of 2016 have none.
    fn said_by(&self, target: &Target, since: Since) -> std::io::Result<Vec<RecordId>> {
        let Room { dirs, name, .. } = &self.room;
        let now = RecordId::now().as_micros();
        let since = match since {
            Since::Ever => RecordId::ZERO,
            Since::Minutes(minutes) => {
                RecordId::from_micros(now.saturating_sub(u64::from(minutes) * MICROS_A_MINUTE))
            }
            Since::Id(id) => id,
        };
        let (mut ids, mut before) = (Vec::new(), RecordId::MAX);
        loop {
            let page = history::before(dirs, name, Before::Id(before), MAX_LIMIT, |record| {
                let is_text = record.kind.is_talk() && !record.text.trim().is_empty();
                is_text && target.wrote(record)
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
