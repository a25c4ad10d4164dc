//! Who may be in a room for some only: letting people in, sending them away, and making such rooms.

use std::time::Duration;

use super::closed::{MAX_PASSWORD, Seeker};
use super::{
    AboutRoom, Act, Addressee, Bye, Code, Event, Flow, Membership, Occupant, Refusal, Turn,
};
use crate::command;
use crate::identity::Person;
use crate::identity::counted::Counted;
use crate::quota::{Pace, Quota};
use crate::wording::{Closed, Line};
use chat_store::bell;
use chat_store::closed::{self, Circle, ClosedError, Invitation, Kind, Member, Power};
use chat_store::fs::dirs::Dirs;
use chat_store::log::room_log::{RoomLog, Stored};
use chat_store::moderation::{self, Extent, Right};
use chat_store::name::{Nick, RoomName};
use chat_store::people::consent;
use chat_store::people::lookup;
use chat_store::people::marks;
use chat_store::people::person::PersonId;
use chat_store::record::{self, Draft, RecordId, attrs};

/// Closed rooms that somebody makes: each stays, and calls somebody.
const ROOMS: Quota = Quota {
    what: "conversations",
    each: Pace {
        every: Duration::from_secs(60),
        burst: 30,
    },
    unknown: Pace {
        every: Duration::from_secs(5),
        burst: 300,
    },
};
/// The longest life of a link, in hours: a year.
const MAX_HOURS: u32 = 366 * 24;
/// The most people that a link lets in.
const MAX_USES: u32 = 500;
const MICROS_AN_HOUR: u64 = 3_600_000_000;
/// What each try of a password costs a server and whoever guesses: 2^10 rounds of bcrypt, some 50 ms.
const PASSWORD_COST: u32 = 10;
/// In larger rooms a first message reminds nobody of the room: that is one file for each.
const MAX_REMINDED: usize = 50;

impl<'a> From<command::Circle<'a>> for Act<'a> {
    fn from(command: command::Circle<'a>) -> Self {
        match command {
            command::Circle::Invite(name) => Self::Admit(Addressee::named(name)),
            command::Circle::Link { hours, uses } => Self::Link { hours, uses },
            command::Circle::Uninvite(name) => Self::Dismiss(Addressee::named(name)),
            command::Circle::Members => Self::Members,
            command::Circle::Password("-") => Self::Password("".into()),
            command::Circle::Password(word) => Self::Password(word.into()),
            command::Circle::Rename(title) => Self::Rename(title.into()),
            command::Circle::Leave => Self::Leave,
        }
    }
}

impl Turn<'_> {
    pub(super) fn act(&mut self, act: &Act<'_>) -> Flow {
        if self.it.membership.is_none() {
            self.error(Code::NotFound, Line::Closed(Closed::NotPrivate));
            return Flow::Idle;
        }
        let done = match act {
            Act::Admit(who) => self.admit(who),
            Act::Link { hours, uses } => self.make_link(*hours, *uses),
            Act::Dismiss(who) => self.dismiss(who),
            Act::Members => {
                self.it.show_about(true, self.sink);
                Ok(())
            }
            Act::Password(word) => self.set_password(word),
            Act::Rename(title) => self.rename(title),
            Act::Leave => match self.leave_for_good() {
                Ok(()) => {
                    self.ack();
                    return Flow::Bye(Bye::Part);
                }
                Err(error) => Err(error),
            },
        };
        match done {
            Ok(()) => self.ack(),
            Err(Failed::Told) => {}
            Err(Failed::Closed(error)) => self.not_done(&error),
        }
        Flow::Idle
    }

    fn not_done(&mut self, error: &ClosedError) {
        let code = match error {
            ClosedError::NotThere => Code::NoSuchRoom,
            ClosedError::NotKeeper => Code::NotModerator,
            ClosedError::TooManyMembers => Code::RoomFull,
            ClosedError::TitleTooLong => Code::TooLong,
            ClosedError::Pair | ClosedError::TooManyInvitations => Code::NotFound,
            ClosedError::Busy => Code::Busy,
            ClosedError::Io(_) => Code::NotSaved,
        };
        self.error(code, Line::NotSaved(&error.to_string()));
    }

    /// Changes the list, if they may; gives what it is then to the room.
    fn change(
        &mut self,
        power: Power,
        edit: impl FnOnce(&mut Circle) -> Result<(), ClosedError>,
    ) -> Result<(), ClosedError> {
        let Occupant {
            membership, room, ..
        } = &mut *self.it;
        let Some(membership) = membership else {
            return Err(ClosedError::NotThere);
        };
        let person = &membership.person;
        membership.circle = closed::change(&membership.site, &room.name, |circle| {
            if circle.member(person).is_none() {
                return Err(ClosedError::NotThere);
            }
            if !circle.may(person, power) {
                let is_pair = circle.kind == Kind::Pair;
                return Err(if is_pair {
                    ClosedError::Pair
                } else {
                    ClosedError::NotKeeper
                });
            }
            edit(circle)?;
            Ok(circle.clone())
        })?;
        Ok(())
    }

    /// Tells the room what was done about somebody, or about itself.
    fn tell_room(&mut self, kind: record::Kind, text: &str, whom: Option<&PersonId>) {
        let person = [(attrs::PERSON, whom.map(PersonId::as_str))];
        let me = &self.it.me;
        let draft = Draft {
            extra: &person,
            account: me.account.as_deref(),
            client: me.client.as_deref(),
            color: Some(me.color.as_str()),
            ..Draft::new(kind, me.nick.as_str(), text)
        };
        match self.it.room.log.append(&draft) {
            Ok(_) => self.it.bells.set_due(),
            // It is done; who asks for the members sees it.
            Err(error) => {
                self.it
                    .trouble
                    .note(&format!("a change of members: {error}"));
            }
        }
    }

    fn admit(&mut self, who: &Addressee<'_>) -> Result<(), Failed> {
        let Some(known) = self.find(who) else {
            return Err(Failed::Told);
        };
        let member = Member {
            person: known.person.clone(),
            name: known.name.clone(),
            account: known.account,
            since: RecordId::now(),
            keeps: false,
        };
        let me = self
            .it
            .membership
            .as_ref()
            .map(|membership| &membership.person);
        let allowed = me.map(|me| consent::allows(self.it.site(), me, &known.person));
        if !allowed
            .transpose()
            .map_err(ClosedError::Io)?
            .unwrap_or(false)
        {
            self.error(
                Code::NotAccepted,
                Line::Closed(Closed::NotAccepted(&known.name)),
            );
            return Err(Failed::Told);
        }
        self.change(Power::Invite, |circle| {
            circle.add(member);
            Ok(())
        })?;
        self.tell_room(record::Kind::Admit, &known.name, Some(&known.person));
        self.it.remind(&known.person);
        Ok(())
    }

    fn dismiss(&mut self, who: &Addressee<'_>) -> Result<(), Failed> {
        let circle = self
            .it
            .membership
            .as_ref()
            .map(|membership| &membership.circle);
        let number = who.person.as_deref().and_then(PersonId::parse);
        let meant = circle.and_then(|circle| match &number {
            Some(number) => circle.member(number),
            None => circle.named(&who.name),
        });
        let Some(meant) = meant.cloned() else {
            self.error(Code::NoSuchUser, Line::Closed(Closed::NoMember(&who.name)));
            return Err(Failed::Told);
        };
        if self
            .it
            .membership
            .as_ref()
            .is_some_and(|membership| membership.person == meant.person)
        {
            self.error(Code::Usage, Line::Yourself);
            return Err(Failed::Told);
        }
        self.change(Power::Keep, |circle| {
            circle.remove(&meant.person);
            // They may know a link.
            circle.invitations.clear();
            Ok(())
        })?;
        self.tell_room(record::Kind::Dismiss, &meant.name, Some(&meant.person));
        self.it.withdraw(&meant.person);
        Ok(())
    }

    fn leave_for_good(&mut self) -> Result<(), Failed> {
        let Some(membership) = &self.it.membership else {
            return Err(Failed::Told);
        };
        let person = membership.person.clone();
        closed::change(&membership.site, &self.it.room.name, |circle| {
            if circle.kind == Kind::Pair {
                return Err(ClosedError::Pair);
            }
            circle.remove(&person);
            Ok(())
        })?;
        self.tell_room(record::Kind::Leave, "", Some(&person));
        self.it.withdraw(&person);
        Ok(())
    }

    fn make_link(&mut self, hours: u32, uses: u32) -> Result<(), Failed> {
        if !(1..=MAX_HOURS).contains(&hours) || !(1..=MAX_USES).contains(&uses) {
            self.error(
                Code::Usage,
                Line::Closed(Closed::BadLink(MAX_HOURS, MAX_USES)),
            );
            return Err(Failed::Told);
        }
        let token = closed::new_token().map_err(ClosedError::Io)?;
        let now = RecordId::now();
        let until = RecordId::from_micros(now.as_micros() + u64::from(hours) * MICROS_AN_HOUR);
        let invitation = Invitation {
            hash: Invitation::hash_of(&token),
            until,
            uses,
            by: self.it.me.nick.to_string(),
        };
        self.change(Power::Invite, |circle| {
            circle.drop_invitations(now);
            circle.invitations.push(invitation);
            Ok(())
        })?;
        let msgid = self.msgid;
        self.sink.put(&Event::Link {
            token: &token,
            until,
            uses,
            msgid,
        });
        Ok(())
    }

    fn set_password(&mut self, word: &str) -> Result<(), Failed> {
        if word.len() > MAX_PASSWORD {
            self.error(Code::TooLong, Line::TooLong(MAX_PASSWORD));
            return Err(Failed::Told);
        }
        let hash =
            match word {
                "" => None,
                word => {
                    let hash = bcrypt::hash(word, PASSWORD_COST);
                    Some(hash.map_err(|error| {
                        ClosedError::Io(std::io::Error::other(error.to_string()))
                    })?)
                }
            };
        self.change(Power::Keep, |circle| {
            if circle.kind == Kind::Pair {
                return Err(ClosedError::Pair);
            }
            circle.password = hash;
            Ok(())
        })?;
        Ok(())
    }

    fn rename(&mut self, title: &str) -> Result<(), Failed> {
        if self.it.is_muted() {
            self.error(Code::Muted, Line::Muted);
            return Err(Failed::Told);
        }
        let title = record::clean(title).trim().to_owned();
        self.change(Power::Invite, |circle| {
            circle.title.clone_from(&title);
            Ok(())
        })?;
        self.tell_room(record::Kind::Title, &title, None);
        Ok(())
    }

    /// Whoever is meant, of all people; that there is nobody is told.
    fn find(&mut self, who: &Addressee<'_>) -> Option<lookup::Known> {
        match find_person(self.it.site(), who) {
            Ok(Some(known)) => return Some(known),
            Ok(None) => self.error(
                Code::NoSuchUser,
                Line::Closed(Closed::NobodyCalled(&who.name)),
            ),
            Err(error) => self.not_saved(&error),
        }
        None
    }

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

    fn open(&mut self, plan: &Plan<'_>) {
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

/// Why something was not done.
enum Failed {
    /// They know already.
    Told,
    /// They do not.
    Closed(ClosedError),
}

impl From<ClosedError> for Failed {
    fn from(error: ClosedError) -> Self {
        Self::Closed(error)
    }
}

/// Whoever is meant: by their number, which somebody saw beside the name, else by the name.
fn find_person(site: &Dirs, who: &Addressee<'_>) -> std::io::Result<Option<lookup::Known>> {
    let nick = Nick::parse(&who.name).ok();
    let Some(nick) = nick else { return Ok(None) };
    let Some(person) = who.person.as_deref().and_then(PersonId::parse) else {
        return lookup::find(site, &nick);
    };
    if marks::is_known(site, &person) {
        return Ok(Some(lookup::Known {
            person,
            name: nick.to_string(),
            account: None,
        }));
    }
    // Anybody can make numbers up, and each would become a file.
    Ok(lookup::find(site, &nick)?.filter(|known| known.person == person))
}

/// A closed room that is to be.
struct Plan<'a> {
    kind: Kind,
    title: &'a str,
    whole_history: bool,
    others: &'a [lookup::Known],
}

/// Who makes one.
struct Maker<'a> {
    site: &'a Dirs,
    member: Member,
    counted: Counted,
    most: usize,
}

impl Maker<'_> {
    /// Makes it, or finds the conversation that two people have.
    fn make(&self, plan: &Plan<'_>) -> Result<RoomName, Refusal> {
        let out_of_order = |error: ClosedError| Refusal::new(Code::Storage, &error);
        let room = match plan.others {
            [other] if plan.kind == Kind::Pair => {
                if other.person == self.member.person {
                    return Err(Refusal::new(Code::Usage, ""));
                }
                let pair = closed::name_of_pair(self.site, &self.member.person, &other.person)?;
                if closed::find(self.site, &pair)?.is_some() {
                    return Ok(pair);
                }
                pair
            }
            _ => closed::new_name()?,
        };
        for other in plan.others {
            if !consent::allows(self.site, &self.member.person, &other.person)? {
                return Err(Refusal::new(Code::NotAccepted, &other.name));
            }
        }
        if closed::count(self.site, self.most)? >= self.most {
            return Err(Refusal::new(Code::TooManyRooms, ""));
        }
        if !ROOMS.take(self.site, &self.counted) {
            return Err(Refusal::new(Code::TooManyRooms, "you made many just now"));
        }
        let mut circle = Circle::new(plan.kind, plan.title);
        circle.whole_history = plan.whole_history;
        circle.add(Member {
            keeps: true,
            since: RecordId::ZERO,
            ..self.member.clone()
        });
        for other in plan.others {
            circle.add(Member {
                person: other.person.clone(),
                name: other.name.clone(),
                account: other.account.clone(),
                since: RecordId::ZERO,
                keeps: plan.kind == Kind::Pair,
            });
        }
        closed::create(self.site, &room, &circle).map_err(out_of_order)?;
        Ok(room)
    }
}

impl Occupant {
    /// The site's directories.
    pub(super) fn site(&self) -> &Dirs {
        match &self.membership {
            Some(membership) => &membership.site,
            None => &self.room.dirs,
        }
    }

    /// Who they are for lists that last.
    fn number(&self) -> Option<PersonId> {
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
        let room = maker.make(plan)?;
        if plan.kind != Kind::Pair {
            for other in plan.others {
                remind(self.site(), &other.person, &room);
            }
        }
        Ok(room)
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

    /// Tells what the room is.
    pub(super) fn show_about(&self, people: bool, sink: &mut dyn super::Sink) {
        if let Some(Membership { person, circle, .. }) = self.membership.as_deref() {
            sink.put(&Event::About(&AboutRoom {
                circle,
                you: person,
                people,
            }));
        }
    }

    /// Before something is said here for the first time: whoever is away finds the room when they come back.
    pub(super) fn remind_all(&mut self) {
        let Some(membership) = self.membership.as_deref_mut() else {
            return;
        };
        let members = &membership.circle.members;
        if std::mem::replace(&mut membership.has_reminded, true) || members.len() > MAX_REMINDED {
            return;
        }
        for member in members
            .iter()
            .filter(|member| member.person != membership.person)
        {
            remind(&membership.site, &member.person, &self.room.name);
        }
    }

    fn remind(&self, person: &PersonId) {
        remind(self.site(), person, &self.room.name);
    }

    fn withdraw(&self, person: &PersonId) {
        if let Err(error) = marks::withdraw(self.site(), person, &self.room.name) {
            crate::journal::note(format_args!(
                "a closed room stays among somebody's: {error}"
            ));
        }
    }
}

/// Sees to it that a closed room is among somebody's own.
fn remind(site: &Dirs, person: &PersonId, room: &RoomName) {
    if let Err(error) = marks::offer(site, person, room, RecordId::ZERO) {
        crate::journal::note(format_args!(
            "a closed room is not among somebody's: {error}"
        ));
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
            crate::journal::note(format_args!("the bans cannot be read: {error}"));
            Ok(())
        }
    }
}

/// Begins a conversation, or finds the one that there is, for somebody who need not be in a room.
///
/// # Errors
/// Why not.
pub fn converse(
    settings: &crate::settings::Settings,
    seeker: &Seeker<'_>,
    with: &[Addressee<'_>],
    title: Option<&str>,
    whole_history: bool,
) -> Result<RoomName, Refusal> {
    if seeker.person.account.is_none() && !settings.identity.anonymous {
        return Err(Refusal::new(Code::AnonymousRefused, ""));
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
    let room = maker.make(&plan)?;
    if kind != Kind::Pair {
        for other in &others {
            remind(&site, &other.person, &room);
        }
    }
    Ok(room)
}
