//! One request as an endpoint gets it, and the room it is about.

use chat_handler::identity::Person;
use chat_handler::settings::{Permission, Settings};
use chat_store::closed::{self, Circle, Kind};
use chat_store::fs::dirs::Dirs;
use chat_store::moderation::roles::{self, Role};
use chat_store::name::RoomName;
use chat_store::record::RecordId;
use chat_token::Scope;

use super::Refusal;
use super::caller::Caller;
use super::routes::Parameters;
use crate::api::Request;
use crate::api::found::{self, Found};

/// What stands for all rooms.
const EVERYWHERE: &str = "*";

pub(super) struct Call<'c> {
    /// As one of the caller's.
    pub(super) request: Request,
    pub(super) settings: &'c Settings,
    /// Whose token it is; `None` where everybody may.
    pub(super) caller: Option<Caller>,
    pub(super) parameters: Parameters,
    pub(super) body: Vec<u8>,
    pub(super) explain: &'c mut dyn FnMut(&str),
}

impl Call<'_> {
    pub(super) fn parameter(&self, name: &str) -> &str {
        let found = self.parameters.iter().find(|(key, _)| *key == name);
        found.map_or("", |(_, value)| value)
    }

    pub(super) fn caller(&self) -> Result<&Caller, Refusal> {
        self.caller.as_ref().ok_or(Refusal::NoToken)
    }

    pub(super) fn site(&self) -> Dirs {
        self.settings.dirs()
    }

    /// The room of the path, if the caller may know of it and, as a person, read it.
    pub(super) fn found(&mut self) -> Result<Found, Refusal> {
        let name = self.parameter("room").to_owned();
        self.found_called(&name)
    }

    pub(super) fn found_called(&mut self, name: &str) -> Result<Found, Refusal> {
        let room = parse(name)?;
        let caller = self.caller.as_ref().ok_or(Refusal::NoToken)?;
        if caller.person.is_some() {
            let found = found::room_called(Some(name), &self.request, self.settings, self.explain);
            let found = found.map_err(Refusal::Told)?;
            self.entered(&found.room)?;
            return Ok(found);
        }
        let number = caller.number();
        let site = self.site();
        let room = found::find(&site, &room, &self.settings.described_rooms())?;
        if !room.is_closed() {
            self.within(&room)?;
            return Ok(Found {
                room,
                dirs: site,
                since: RecordId::ZERO,
                person: None,
            });
        }
        // What is private is a program's business where it is a member, as anybody's.
        let closed = closed::find(&site, &room)?.ok_or(Refusal::NoRoom)?;
        let number = number.ok_or(Refusal::NoRoom)?;
        let member = closed.circle.member(&number).ok_or(Refusal::NoRoom)?;
        let since = if closed.circle.whole_history {
            RecordId::ZERO
        } else {
            member.since
        };
        Ok(Found {
            room,
            dirs: closed.dirs,
            since,
            person: Some(number),
        })
    }

    /// Whether the token is for the room.
    pub(super) fn within(&self, room: &RoomName) -> Result<(), Refusal> {
        let rooms = self.caller()?.claims.rooms.as_ref();
        if rooms.is_none_or(|rooms| rooms.fit(room.as_str())) {
            return Ok(());
        }
        Err(Refusal::NotAllowed(
            "the token is for other rooms".to_owned(),
        ))
    }

    /// Whether a person may come into the room.
    fn entered(&self, room: &RoomName) -> Result<(), Refusal> {
        if !room.is_closed() {
            self.within(room)?;
        }
        self.permits(Permission::Enter, room)
    }

    /// Whether `[access]` gives a person a right; programs have their scopes.
    pub(super) fn permits(&self, what: Permission, room: &RoomName) -> Result<(), Refusal> {
        let Some(person) = &self.caller()?.person else {
            return Ok(());
        };
        let address = self.request.visitor.address.as_str();
        if person.may(self.settings, what, Some(room), address).allowed {
            return Ok(());
        }
        let text = format!("you lack the right {} here", what.as_str());
        Err(Refusal::NotAllowed(text))
    }

    /// The room of the path, for whoever moderates it; `*` is all of them, for programs whose token is.
    pub(super) fn moderated(&mut self) -> Result<String, Refusal> {
        let caller = self.caller()?;
        if self.parameter("room") == EVERYWHERE {
            if caller.person.is_none() && caller.claims.rooms.is_none() {
                return Ok(EVERYWHERE.to_owned());
            }
            return Err(Refusal::NotAllowed(
                "the token is not for all rooms".to_owned(),
            ));
        }
        let found = self.found()?;
        let caller = self.caller()?;
        let Some(person) = &caller.person else {
            return Ok(found.room.to_string());
        };
        if self.moderates(&found, person)? {
            return Ok(found.room.to_string());
        }
        Err(Refusal::NotAllowed(
            "you do not moderate this room".to_owned(),
        ))
    }

    /// Whether a person moderates a room, by whatever gives them the right.
    pub(super) fn moderates(&self, found: &Found, person: &Person) -> Result<bool, Refusal> {
        let (caller, room) = (self.caller()?, &found.room);
        let account = person.account.as_deref();
        let by_role = roles::of(&found.dirs, room, account)? >= Role::Moderator;
        let by_token = caller.claims.moderates.fit(room.as_str()) && !room.is_closed();
        let address = self.request.visitor.address.as_str();
        let right = person.may(self.settings, Permission::Moderate, Some(room), address);
        Ok(by_role || by_token || person.moderator || right.allowed)
    }

    /// A room for some only, whose members a program may change: not a conversation that people began, unless it is in it.
    pub(super) fn circle(&self) -> Result<(RoomName, Circle), Refusal> {
        let room = parse(self.parameter("room"))?;
        let closed = closed::find(&self.site(), &room)?.ok_or(Refusal::NoRoom)?;
        let caller = self.caller()?;
        let number = caller.number();
        let is_member = number.is_some_and(|number| closed.circle.member(&number).is_some());
        let is_for_all = caller.claims.scopes.hold(Scope::Admin) && caller.claims.rooms.is_none();
        if is_member || (is_for_all && closed.circle.kind == Kind::Room) {
            return Ok((room, closed.circle));
        }
        Err(Refusal::NoRoom)
    }

    /// Whether all that the query gives for a parameter fits: programs are told what is wrong, where pages get what is
    /// nearest. `allowed` says what would fit.
    pub(super) fn check_query(
        &self,
        name: &str,
        allowed: &str,
        fits: impl Fn(&str) -> bool,
    ) -> Result<(), Refusal> {
        let mut given = self.request.query.iter().filter(|(key, _)| key == name);
        if given.all(|(_, value)| fits(value)) {
            return Ok(());
        }
        Err(Refusal::Parameter(format!("{name} is {allowed}")))
    }

    /// Whether `limit` is one, if it is given.
    pub(super) fn check_limit(&self, most: usize) -> Result<(), Refusal> {
        let is_good = |value: &str| value.parse().is_ok_and(|limit| (1..=most).contains(&limit));
        self.check_query("limit", &format!("a number from 1 to {most}"), is_good)
    }

    /// `Idempotency-Key`, if one came.
    pub(super) fn key(&self) -> Result<Option<String>, Refusal> {
        let Some(key) = &self.request.idempotency_key else {
            return Ok(None);
        };
        if (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Some(key.clone()));
        }
        let text = format!("Idempotency-Key is 1 to {MAX_KEY} visible characters of ASCII");
        Err(Refusal::Parameter(text))
    }
}

/// The longest key.
const MAX_KEY: usize = 64;

fn parse(name: &str) -> Result<RoomName, Refusal> {
    RoomName::parse(name).map_err(|error| Refusal::Parameter(error.to_string()))
}
