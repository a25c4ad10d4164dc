//! Beginning a conversation, or finding the one that there is; and rooms for some only that somebody makes.

use super::circle::find_person;
use super::closed::Seeker;
use super::remind::remind;
use super::{Addressee, Code, Event, Occupant, Refusal, Turn};
use crate::identity::Person;
use crate::identity::counted::Counted;
use crate::journal;
use crate::settings::{Permission, Settings};
use crate::wording::{Closed, Line};
use chat_store::bell;
use chat_store::closed::{self, Kind, Member};
use chat_store::fs::dirs::Dirs;
use chat_store::log::room_log::{RoomLog, Stored};
use chat_store::moderation::{self, Extent, Right};
use chat_store::name::{Nick, RoomName};
use chat_store::people::lookup;
use chat_store::people::person::PersonId;
use chat_store::record::{self, Draft, RecordId};

mod maker;

use maker::{Maker, Plan};

impl Turn<'_> {
    /// `/private`
    pub(super) fn open_room(&mut self, title: &str) {
        self.open(&Plan {
            kind: Kind::Room,
            title,
            whole_history: false,
            others: &[],
        });
    }

    /// `/query`
    pub(super) fn query(&mut self, name: &str) {
        let Some(known) = self.find(&Addressee::named(name)) else {
            return;
        };
        self.open(&Plan {
            kind: Kind::Pair,
            title: "",
            whole_history: true,
            others: &[known],
        });
    }

    /// `/join`: who can be in many rooms comes into it; others are told where it is.
    pub(super) fn join(&mut self, name: &str) {
        match RoomName::parse(name) {
            Ok(room) => {
                self.info("join", Line::Closed(Closed::RoomIsAt(room.as_str())));
                self.it.opened = Some(room);
                self.ack();
            }
            Err(_) => self.error(Code::BadRoom, Line::Closed(Closed::NoName)),
        }
    }

    fn open(&mut self, plan: &Plan<'_>) {
        if !self.permits(Permission::Speak)
            || (plan.kind == Kind::Room && !self.permits(Permission::CreateRoom))
        {
            return;
        }
        if self.it.is_muted() {
            return self.error(Code::Muted, Line::Muted);
        }
        let made = self.it.make(plan);
        match made {
            Ok(room) => {
                self.info("private", Line::Closed(Closed::Opened(room.as_str())));
                self.it.opened = Some(room);
                self.ack();
            }
            Err(refusal) => self.refused(&refusal),
        }
    }

    fn refused(&mut self, refusal: &Refusal) {
        if let Event::Bye { line, .. } = refusal.event() {
            self.error(refusal.code, line);
        }
    }

    /// `/msg`: live to who is here, and else kept for who comes back.
    pub(super) fn message(&mut self, to: &str, text: &str) {
        let is_here = self.it.present(to).is_ok();
        let known = if is_here {
            None
        } else {
            let nick = Nick::parse(to).ok();
            nick.and_then(|nick| lookup::find(self.it.site(), &nick).ok().flatten())
        };
        match known {
            Some(known) if self.it.number().is_some() => self.keep_for(known, text),
            _ => self.whisper(&Addressee::named(to), text),
        }
    }

    fn keep_for(&mut self, known: lookup::Known, text: &str) {
        if !self.may_say(text) {
            return;
        }
        let name = known.name.clone();
        let plan = Plan {
            kind: Kind::Pair,
            title: "",
            whole_history: true,
            others: &[known],
        };
        let kept = self.it.make(&plan).and_then(|room| {
            let stored = self.it.say_in(&room, text, self.msgid)?;
            Ok((room, stored))
        });
        match kept {
            Ok((room, stored)) => {
                self.info("msg", Line::Closed(Closed::KeptFor(&name, room.as_str())));
                self.ack_as(None, matches!(stored, Stored::Already(_)));
            }
            Err(refusal) => self.refused(&refusal),
        }
    }
}

impl Occupant {
    /// Who they are for lists that last.
    pub(super) fn number(&self) -> Option<PersonId> {
        PersonId::of(self.me.account.as_deref(), self.me.client.as_deref())
    }

    /// The room that they have just made.
    pub fn take_opened(&mut self) -> Option<RoomName> {
        self.opened.take()
    }

    fn make(&self, plan: &Plan<'_>) -> Result<RoomName, Refusal> {
        let Some(person) = self.number() else {
            return Err(Refusal::new(Code::AnonymousRefused, ""));
        };
        let who = Person {
            account: self.me.account.clone(),
            ..Person::default()
        };
        let address = self.me.address.as_deref().unwrap_or_default();
        let maker = Maker {
            site: self.site(),
            member: Member {
                person,
                name: self.me.nick.to_string(),
                account: self.me.account.clone(),
                since: RecordId::ZERO,
                keeps: true,
            },
            counted: Counted::of(&who, address),
            most: self.limits.max_conversations,
        };
        maker.make(plan)
    }

    /// Says something in a conversation of theirs that they have not come into.
    fn say_in(&self, room: &RoomName, text: &str, msgid: Option<&str>) -> Result<Stored, Refusal> {
        let site = self.site();
        let none = || Refusal::new(Code::NoSuchRoom, "");
        let found = closed::find(site, room)?.ok_or_else(none)?;
        let me = self.number().ok_or_else(none)?;
        if found.circle.member(&me).is_none() {
            return Err(none());
        }
        found.dirs.create()?;
        let draft = Draft {
            msgid,
            account: self.me.account.as_deref(),
            client: self.me.client.as_deref(),
            color: Some(self.me.color.as_str()),
            ..Draft::new(record::Kind::Say, self.me.nick.as_str(), text)
        };
        let mut log = RoomLog::new(&found.dirs, room);
        let unsaved =
            |error: &dyn std::fmt::Display| Refusal::new(Code::NotSaved, &error.to_string());
        let stored = log.append_once(&draft).map_err(|error| unsaved(&error))?;
        log.sync().map_err(|error| unsaved(&error))?;
        // Nobody may be there.
        let _ = bell::ring_at(&found.dirs.bell(room));
        for member in found.circle.members {
            remind(site, &member.person, room);
        }
        Ok(stored)
    }
}

/// Who may not speak anywhere begins nothing either. A list that cannot be read silences nobody.
fn refuse_silenced(site: &Dirs, seeker: &Seeker<'_>, person: &PersonId) -> Result<(), Refusal> {
    let asks = moderation::Person {
        nick: &super::wished_nick(seeker.person, seeker.nick),
        account: seeker.person.account.as_deref(),
        number: Some(person.as_str()),
        address: Some(seeker.address).filter(|address| !address.is_empty()),
        moderates_all: seeker.person.moderator,
    };
    match moderation::may(site, Extent::Everywhere, &asks, Right::Speak) {
        Ok(Err(denied)) => Err(Refusal::new(Code::Banned, denied.reason())),
        Ok(Ok(())) => Ok(()),
        Err(error) => {
            journal::note(format_args!("the bans cannot be read: {error}"));
            Ok(())
        }
    }
}

/// Begins a conversation, or finds the one that there is, for somebody who need not be in a room.
///
/// # Errors
/// Why not.
pub fn converse(
    settings: &Settings,
    seeker: &Seeker<'_>,
    with: &[Addressee<'_>],
    title: Option<&str>,
    whole_history: bool,
) -> Result<RoomName, Refusal> {
    super::closed::refuse_others(settings, seeker, None)?;
    let may = |what| {
        seeker
            .person
            .may(settings, what, None, seeker.address)
            .allowed
    };
    let needed = if with.len() == 1 && title.is_none() {
        &[Permission::Speak][..]
    } else {
        &[Permission::Speak, Permission::CreateRoom]
    };
    if let Some(what) = needed.iter().find(|what| !may(**what)) {
        return Err(Refusal::new(Code::NotAllowed, what.as_str()));
    }
    let site = settings.dirs();
    site.create()?;
    let Some(person) = seeker.number() else {
        return Err(Refusal::new(Code::AnonymousRefused, ""));
    };
    refuse_silenced(&site, seeker, &person)?;
    let mut others = Vec::new();
    for who in with {
        let Some(known) = find_person(&site, who)? else {
            return Err(Refusal::new(Code::NoSuchUser, &*who.name));
        };
        others.push(known);
    }
    let (kind, whole_history) = match (others.len(), title) {
        (1, None) => (Kind::Pair, true),
        (0, _) => (Kind::Room, whole_history),
        _ => (Kind::Group, whole_history),
    };
    let maker = Maker {
        site: &site,
        member: seeker.as_member(person),
        counted: Counted::of(seeker.person, seeker.address),
        most: settings.limits.max_conversations,
    };
    let plan = Plan {
        kind,
        title: title.unwrap_or_default(),
        whole_history,
        others: &others,
    };
    maker.make(&plan)
}
