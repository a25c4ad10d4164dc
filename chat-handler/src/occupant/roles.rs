//! Who owns the room and who moderates it, and who somebody is for those who do.

use super::{Addressee, Code, Occupant, Turn};
use crate::settings::Permission;
use crate::wording::Line;
use chat_store::moderation::roles;
use chat_store::moderation::{self, Extent, Right, Role};
use chat_store::name::Nick;
use chat_store::people::message::Message;
use chat_store::people::person::PersonId;
use chat_store::people::presence::About;

impl Turn<'_> {
    /// Makes who is called so this in the room. A role is an account's: a guest's name is anybody's.
    pub(super) fn set_role(&mut self, who: &str, role: Role) {
        let Ok(nick) = Nick::parse(who) else {
            return self.error(Code::NoSuchUser, Line::NoSuchUser(who));
        };
        let Some(account) = self.it.about(&nick).account else {
            return self.error(Code::NotFound, Line::NoAccount(who));
        };
        let room = &self.it.room;
        let by = self
            .it
            .me
            .account
            .as_deref()
            .unwrap_or(self.it.me.nick.as_str());
        match roles::set(&room.dirs, &room.name, &account, role, by) {
            Ok(_) => {
                // They may be elsewhere just now; then they find it when they come.
                let _ = self
                    .it
                    .deliver(&Addressee::named(nick.as_str()), &Message::Role);
                self.done(if role == Role::Member { "deop" } else { "op" });
                self.role_changed();
            }
            Err(error) => self.not_saved(&error),
        }
    }

    /// Their own role may be another one.
    pub(super) fn role_changed(&mut self) {
        let before = self.it.me.moderator;
        self.it.look_up_role();
        if self.it.me.moderator != before {
            self.show_you();
        }
    }

    pub(super) fn show_roles(&mut self) {
        let room = &self.it.room;
        let here = roles::list(&room.dirs, &room.name);
        let everywhere = roles::list(&room.dirs, Extent::Everywhere);
        let holders = match here.and_then(|here| Ok([here, everywhere?].concat())) {
            Ok(holders) => holders,
            Err(error) => return self.report_trouble(&error.to_string()),
        };
        let lines: Vec<_> = holders
            .iter()
            .map(|holder| Line::Role(holder.role.as_str(), &holder.account))
            .collect();
        if lines.is_empty() {
            return self.info("roles", Line::NotFound);
        }
        self.info_lines("roles", &lines);
    }

    pub(super) fn whois(&mut self, who: &str) {
        let about = Nick::parse(who).ok().map(|nick| self.it.about(&nick));
        let Some(about) = about.filter(|about| *about != About::default()) else {
            return self.info("whois", Line::NoSuchUser(who));
        };
        let line = Line::Whois {
            who,
            account: about.account.as_deref(),
            person: about.person.as_ref().map(PersonId::as_str),
            address: about.address.as_deref(),
            role: self.it.role_of(&about).as_str(),
        };
        self.info("whois", line);
    }

    /// Whether they may lay hands on somebody: a moderator on no other and on no owner, and on who moderates the site
    /// only who does that, too.
    pub(super) fn is_below(&mut self, about: &About) -> bool {
        if about.moderates_all {
            return self.it.may_at(true, Right::Moderate);
        }
        self.it.role_of(about) == Role::Member || self.it.may(Right::Own)
    }
}

impl Occupant {
    /// Whether they have a right that not everybody has. Lists that cannot be read give none.
    pub(super) fn may(&mut self, right: Right) -> bool {
        self.may_at(false, right)
    }

    /// As [`Occupant::may`], in the room or everywhere.
    pub(super) fn may_at(&mut self, everywhere: bool, right: Right) -> bool {
        let by_access = right == Right::Moderate && self.powers.has(Permission::Moderate);
        if by_access && !everywhere {
            return true;
        }
        let Self { me, room, .. } = self;
        let at = if everywhere {
            Extent::Everywhere
        } else {
            Extent::Room(&room.name)
        };
        match moderation::may(&room.dirs, at, &me.as_person(), right) {
            Ok(verdict) => verdict.is_ok(),
            Err(error) => {
                let reason = format!("the roles of {}: {error}", room.name);
                self.trouble.note(&reason);
                false
            }
        }
    }

    pub(super) fn look_up_role(&mut self) {
        self.me.moderator = self.may(Right::Moderate);
    }

    fn role_of(&self, about: &About) -> Role {
        let room = &self.room;
        roles::of(&room.dirs, &room.name, about.account.as_deref()).unwrap_or(Role::Member)
    }
}
