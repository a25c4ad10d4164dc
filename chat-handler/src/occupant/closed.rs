//! Rooms for some only: who finds them, and who stays in them.

use std::time::Duration;

use super::{Bye, Code, Occupant, Refusal, Sink};
use crate::identity::Person;
use crate::identity::counted::Counted;
use crate::journal;
use crate::quota::{Pace, Quota};
use crate::settings::{Permission, Settings};
use chat_store::closed::{self, Admission, Circle, ClosedError, Keys, Member};
use chat_store::fs::dirs::Dirs;
use chat_store::log::rooms;
use chat_store::moves;
use chat_store::name::RoomName;
use chat_store::people::person::PersonId;
use chat_store::record::{Kind, Record, RecordId, attrs};

/// Passwords that somebody tries, right or wrong: of those who guess, many come from one address.
const TRIES: Quota = Quota {
    what: "passwords",
    each: Pace {
        every: Duration::from_secs(60),
        burst: 10,
    },
    unknown: Pace {
        every: Duration::from_secs(6),
        burst: 30,
    },
};

/// The longest password, in bytes: what bcrypt looks at.
pub(super) const MAX_PASSWORD: usize = 72;

/// Somebody who looks for a room.
#[derive(Clone, Copy, Debug)]
pub struct Seeker<'a> {
    /// Who they turned out to be.
    pub person: &'a Person,
    /// What they want to be called, if nobody else said who they are.
    pub nick: Option<&'a str>,
    /// The browser's token.
    pub client: Option<&'a str>,
    /// The peer; empty: unknown.
    pub address: &'a str,
    /// What they bring for a room that they are not in.
    pub keys: Keys<'a>,
}

impl Seeker<'_> {
    /// Who they are for lists that last. A text client without a log-in is nobody who could come back.
    pub fn number(&self) -> Option<PersonId> {
        PersonId::of(self.person.account.as_deref(), self.client)
    }

    pub(super) fn as_member(&self, person: PersonId) -> Member {
        Member {
            person,
            name: super::wished_nick(self.person, self.nick).to_string(),
            account: self.person.account.clone(),
            since: RecordId::now(),
            keeps: false,
        }
    }
}

/// A room that somebody may come into.
#[derive(Debug)]
pub struct Way {
    /// Which.
    pub room: RoomName,
    /// Where its files are.
    pub(super) dirs: Dirs,
    /// What was said up to here is not for them.
    pub(super) since: RecordId,
    /// If it is for some only.
    pub(super) membership: Option<Membership>,
}

/// Somebody's place in a closed room.
#[derive(Debug)]
pub(super) struct Membership {
    /// The site's directories.
    pub(super) site: Dirs,
    pub(super) person: PersonId,
    /// Who is in it, as last seen.
    pub(super) circle: Circle,
    /// The list has changed.
    due: bool,
    /// They were sent away, or left. If they are in it again by now, what was said meanwhile was not for them.
    is_out: bool,
    /// Whoever is away has been told that there is something here.
    pub(super) has_reminded: bool,
}

/// The room that somebody comes to if they wish to come to `wished`.
///
/// # Errors
/// Why they can come to none.
pub fn find_room(
    settings: &Settings,
    seeker: &Seeker<'_>,
    wished: &RoomName,
) -> Result<Way, Refusal> {
    let dirs = settings.dirs();
    moves::finish(&dirs)?;
    let room = if wished.is_closed() {
        wished.clone()
    } else {
        rooms::meant(&dirs, wished, &settings.described_rooms())?
    };
    let room = moves::gone_to(&dirs, &room)?.unwrap_or(room);
    refuse_others(settings, seeker, Some(&room))?;
    if room.is_closed() {
        return find_closed(dirs, seeker, &room);
    }
    Ok(Way {
        room,
        dirs,
        since: RecordId::ZERO,
        membership: None,
    })
}

/// Those whom `[access]` and ANONYMOUS keep out. A name typed into our own form is no log-in: anybody can type any.
pub(super) fn refuse_others(
    settings: &Settings,
    seeker: &Seeker<'_>,
    room: Option<&RoomName>,
) -> Result<(), Refusal> {
    let (person, address) = (seeker.person, seeker.address);
    let answer = person.may(settings, Permission::Enter, room, address);
    match (answer.allowed, &person.account) {
        (true, _) => Ok(()),
        // With one they may get in: the page leads to it.
        (false, None) => Err(Refusal::new(Code::AnonymousRefused, "")),
        (false, Some(_)) => Err(Refusal::new(Code::NotAllowed, Permission::Enter.as_str())),
    }
}

/// Who is not to know of a room is told the same as where there is none.
fn find_closed(site: Dirs, seeker: &Seeker<'_>, room: &RoomName) -> Result<Way, Refusal> {
    let none = || Refusal::new(Code::NoSuchRoom, "");
    let closed = closed::find(&site, room)?.ok_or_else(none)?;
    let person = seeker.number().ok_or_else(none)?;
    let circle = match closed
        .circle
        .admits(Some(&person), seeker.keys, RecordId::now())
    {
        Admission::Member(member) => called_now(&site, seeker, member, room)?,
        Admission::Invited => Some(let_in(
            &site,
            seeker,
            &person,
            room,
            seeker.keys.invitation,
        )?),
        Admission::IfPassword(hash) => {
            check_password(&site, seeker, hash)?;
            Some(let_in(&site, seeker, &person, room, None)?)
        }
        Admission::NeedsPassword => return Err(Refusal::new(Code::PasswordNeeded, "")),
        Admission::Refused => return Err(none()),
    };
    let circle = circle.unwrap_or(closed.circle);
    let since = circle.member(&person).filter(|_| !circle.whole_history);
    let since = since.map_or(RecordId::ZERO, |member| member.since);
    closed.dirs.create()?;
    Ok(Way {
        room: room.clone(),
        dirs: closed.dirs,
        since,
        membership: Some(Membership {
            site,
            person,
            circle,
            due: false,
            is_out: false,
            has_reminded: false,
        }),
    })
}

/// What a member is called from now on: whoever let them in may have called them anything. `None`: as before.
fn called_now(
    site: &Dirs,
    seeker: &Seeker<'_>,
    member: &Member,
    room: &RoomName,
) -> Result<Option<Circle>, Refusal> {
    let now = seeker.as_member(member.person.clone());
    if (&now.name, &now.account) == (&member.name, &member.account) {
        return Ok(None);
    }
    let done = closed::change(site, room, |circle| {
        for known in &mut circle.members {
            if known.person == now.person {
                known.name.clone_from(&now.name);
                known.account.clone_from(&now.account);
            }
        }
        Ok(circle.clone())
    });
    match done {
        Ok(circle) => Ok(Some(circle)),
        Err(ClosedError::NotThere) => Err(Refusal::new(Code::NoSuchRoom, "")),
        Err(error) => Err(Refusal::new(Code::Storage, &error)),
    }
}

/// Makes somebody a member, and counts the use of the invitation that lets them in: under the list's lock, so
/// that it is not used more often than it may be.
fn let_in(
    site: &Dirs,
    seeker: &Seeker<'_>,
    person: &PersonId,
    room: &RoomName,
    invitation: Option<&str>,
) -> Result<Circle, Refusal> {
    let now = RecordId::now();
    let done = closed::change(site, room, |circle| {
        if let Some(token) = invitation
            && !circle.use_invitation(token, now)
        {
            return Err(ClosedError::NotThere);
        }
        circle.add(seeker.as_member(person.clone()));
        Ok(circle.clone())
    });
    done.map_err(|error| match error {
        ClosedError::NotThere => Refusal::new(Code::NoSuchRoom, ""),
        ClosedError::TooManyMembers => Refusal::new(Code::RoomFull, ""),
        error => Refusal::new(Code::Storage, &error),
    })
}

fn check_password(site: &Dirs, seeker: &Seeker<'_>, hash: &str) -> Result<(), Refusal> {
    // By address alone: an account is had more easily than another address.
    let counted = Counted::of(&Person::default(), seeker.address);
    if !TRIES.take(site, &counted) {
        return Err(Refusal::new(Code::TooManyTries, ""));
    }
    let word = seeker.keys.password.unwrap_or_default();
    match bcrypt::verify(word, hash) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Refusal::new(Code::WrongPassword, "")),
        Err(error) => {
            journal::note(format_args!("a password cannot be checked: {error}"));
            Err(Refusal::new(Code::WrongPassword, ""))
        }
    }
}

impl Membership {
    /// Whether a record says that they are in it no more: what comes after it is not for them.
    pub(super) fn sees(&mut self, record: &Record<'_>) -> bool {
        self.due |= matches!(
            record.kind,
            Kind::Admit | Kind::Dismiss | Kind::Leave | Kind::Title
        );
        let ends = matches!(record.kind, Kind::Dismiss | Kind::Leave);
        self.is_out |= ends
            && record
                .attr(attrs::PERSON)
                .is_some_and(|of| of == self.person.as_str());
        self.is_out
    }
}

impl Occupant {
    /// Ends the stay of who is in the room's list no more. Nothing is asked where everybody may be.
    ///
    /// # Errors
    /// They must go.
    pub(super) fn check_membership(&mut self) -> Result<(), Bye> {
        let Some(membership) = &mut self.membership else {
            return Ok(());
        };
        match closed::find(&membership.site, &self.room.name) {
            Ok(Some(found)) => {
                membership.circle = found.circle;
                membership.due = false;
                match membership.circle.member(&membership.person) {
                    Some(_) => Ok(()),
                    None => Err(Bye::Dismissed),
                }
            }
            // A record says so, and is read before anything else.
            Ok(None) if moves::is_away(&membership.site, &self.room.name) => {
                self.bells.rang();
                Ok(())
            }
            Ok(None) => Err(Bye::Dismissed),
            Err(error) => {
                // As with bans: one bad file closes no room.
                self.trouble
                    .note(&format!("the members of a room: {error}"));
                Ok(())
            }
        }
    }

    /// As [`Occupant::check_membership`], if a record has said that the list has changed.
    pub(super) fn recheck_membership(&mut self, sink: &mut dyn Sink) -> Result<(), Bye> {
        match &self.membership {
            Some(membership) if membership.is_out => Err(Bye::Dismissed),
            Some(membership) if membership.due => {
                self.check_membership()?;
                self.show_about(true, sink);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
