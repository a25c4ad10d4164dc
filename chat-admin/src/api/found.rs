//! The room that a question is about, if whoever asks may read it.

use std::io;

use chat_handler::identity;
use chat_handler::identity::token;
use chat_handler::settings::Settings;
use chat_store::closed;
use chat_store::fs::dirs::Dirs;
use chat_store::log::history::Readable;
use chat_store::log::rooms;
use chat_store::moderation::Right;
use chat_store::moves;
use chat_store::name::RoomName;
use chat_store::people::person::PersonId;
use chat_store::record::RecordId;

use super::asker::Asker;
use super::{Request, Response};

/// A room that may be read.
pub(super) struct Found {
    pub(super) room: RoomName,
    pub(super) dirs: Dirs,
    /// What was said up to here is not for them.
    pub(super) since: RecordId,
    /// Who asks, if that is known.
    pub(super) person: Option<PersonId>,
}

/// Who asks, if they are known by more than a name.
pub(super) fn person(
    request: &Request,
    settings: &Settings,
    explain: &mut dyn FnMut(&str),
) -> (Option<PersonId>, identity::Person) {
    let who = token::recognized(settings, &request.visitor, &mut |line| {
        explain(line);
    });
    let client = request.client();
    let person = PersonId::of(who.account.as_deref(), client.as_deref());
    (person, who)
}

impl Found {
    /// Its log, as far as they may read it.
    pub(super) fn readable(&self) -> Readable<'_> {
        Readable {
            dirs: &self.dirs,
            room: &self.room,
            since: self.since,
            viewer: self.person.as_ref(),
        }
    }
}

/// The room of the parameter `room`.
///
/// # Errors
/// The answer that says why not.
pub(super) fn room(
    request: &Request,
    settings: &Settings,
    explain: &mut dyn FnMut(&str),
) -> Result<Found, Response> {
    room_called(request.parameter("room"), request, settings, explain)
}

/// The room of that name; without one, the lobby.
///
/// # Errors
/// The answer that says why not.
pub(super) fn room_called(
    wished: Option<&str>,
    request: &Request,
    settings: &Settings,
    explain: &mut dyn FnMut(&str),
) -> Result<Found, Response> {
    let wished = wished
        .map_or(Ok(RoomName::lobby()), RoomName::parse)
        .map_err(|error| Response::error(400, "bad_room", &error.to_string()))?;
    let site = settings.dirs();
    let room = find(&site, &wished, &settings.described_rooms());
    let room = room.map_err(|error| unreadable(&wished, &error, explain))?;
    let found = if room.is_closed() {
        of_member(request, settings, &site, room, explain)?
    } else {
        Found {
            room,
            dirs: site,
            since: RecordId::ZERO,
            person: None,
        }
    };
    let at = (&found.room).into();
    let asker = Asker::of(request, settings, explain);
    match asker.may(&found.dirs, at, Right::Read, explain) {
        Ok(()) => Ok(found),
        Err(reason) => Err(Response::error(403, "banned", &reason)),
    }
}

/// The room that is meant, wherever it has gone.
pub(super) fn find(site: &Dirs, wished: &RoomName, described: &[RoomName]) -> io::Result<RoomName> {
    moves::finish(site)?;
    let room = if wished.is_closed() {
        wished.clone()
    } else {
        rooms::meant(site, wished, described)?
    };
    Ok(moves::gone_to(site, &room)?.unwrap_or(room))
}

/// A closed room is there for its members alone: others are told the same as where there is none.
fn of_member(
    request: &Request,
    settings: &Settings,
    site: &Dirs,
    room: RoomName,
    explain: &mut dyn FnMut(&str),
) -> Result<Found, Response> {
    let none = || Response::error(404, "no_such_room", "there is no such room");
    let closed = closed::find(site, &room).map_err(|error| unreadable(&room, &error, explain))?;
    let (person, _) = person(request, settings, explain);
    let (closed, person) = closed.zip(person).ok_or_else(none)?;
    let member = closed.circle.member(&person).ok_or_else(none)?;
    let since = if closed.circle.whole_history {
        RecordId::ZERO
    } else {
        member.since
    };
    Ok(Found {
        room,
        dirs: closed.dirs,
        since,
        person: Some(person),
    })
}

/// The answer to whoever asks for what cannot be read just now.
pub(super) fn unreadable(
    room: &RoomName,
    error: &std::io::Error,
    explain: &mut dyn FnMut(&str),
) -> Response {
    explain(&format!("the log of {room} cannot be read: {error}"));
    let text = "the log cannot be read, try again later";
    Response::error(503, "storage", text)
}
