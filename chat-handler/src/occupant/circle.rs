//! Who is in a room for some only: letting people in, sending them away, leaving.

use super::{AboutRoom, Act, Addressee, Bye, Code, Event, Flow, Membership, Occupant, Turn};
use crate::command;
use crate::settings::Permission;
use crate::wording::{Closed, Line};
use chat_store::closed::{self, Circle, ClosedError, Kind, Member, Power};
use chat_store::fs::dirs::Dirs;
use chat_store::name::Nick;
use chat_store::people::consent;
use chat_store::people::lookup;
use chat_store::people::marks;
use chat_store::people::person::PersonId;
use chat_store::record::{self, Draft, RecordId, attrs};

mod keys;

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
            command::Circle::MakePrivate => Self::MakePrivate,
            // Who wants all to be shown says so in the page, which asks twice.
            command::Circle::MakeOpen(name) => Self::MakeOpen {
                name: name.map(Into::into),
                hides: true,
            },
        }
    }
}

impl Turn<'_> {
    pub(super) fn act(&mut self, act: &Act<'_>) -> Flow {
        if self.it.membership.is_none() && *act != Act::MakePrivate {
            self.error(Code::NotFound, Line::Closed(Closed::NotPrivate));
            return Flow::Idle;
        }
        let brings_in = matches!(act, Act::Admit(_) | Act::Link { .. } | Act::Password(_));
        if brings_in && !self.permits(Permission::Invite) {
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
            Act::MakePrivate => self.make_private(),
            Act::MakeOpen { name, hides } => self.make_open(name.as_deref(), *hides),
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
            ClosedError::Pair
            | ClosedError::TooManyInvitations
            | ClosedError::Conversation
            | ClosedError::NoName => Code::NotFound,
            ClosedError::NameTaken => Code::BadRoom,
            ClosedError::Busy => Code::Busy,
            ClosedError::Io(_) => Code::NotSaved,
        };
        self.error(code, Line::NotSaved(&error.to_string()));
    }

    /// Changes the list, if they may; gives what it is then to the room.
    fn change(
        &mut self,
        power: Power,
        mut edit: impl FnMut(&mut Circle) -> Result<(), ClosedError>,
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
                return Err(if circle.kind == Kind::Pair {
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
            circle.add(member.clone());
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
    pub(super) fn find(&mut self, who: &Addressee<'_>) -> Option<lookup::Known> {
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
}

/// Why something was not done.
pub(super) enum Failed {
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
pub(super) fn find_person(
    site: &Dirs,
    who: &Addressee<'_>,
) -> std::io::Result<Option<lookup::Known>> {
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

impl Occupant {
    /// Whether it is a conversation of two, in which each knows that the other comes and goes.
    pub(super) fn is_of_two(&self) -> bool {
        let membership = self.membership.as_ref();
        membership.is_some_and(|membership| membership.circle.kind == Kind::Pair)
    }

    /// The site's directories.
    pub(super) fn site(&self) -> &Dirs {
        match &self.membership {
            Some(membership) => &membership.site,
            None => &self.room.dirs,
        }
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
}
