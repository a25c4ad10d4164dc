//! Rooms that are made private or open.

use clap::Args;
use serde_json::json;

use super::report::Report;
use super::{Failure, room};
use chat_store::closed::{ClosedError, Member};
use chat_store::fs::dirs::Dirs;
use chat_store::moves::{self, Mover};
use chat_store::name::RoomName;
use chat_store::people::person::PersonId;
use chat_store::record::RecordId;

/// Who it is for those in the room.
const BY: Mover<'static> = Mover {
    nick: "server",
    account: None,
};

#[derive(Debug, Args)]
pub(super) struct Private {
    /// The room
    #[arg(value_parser = room)]
    pub(super) room: RoomName,
    /// An account that is to be in it, and to keep it; may be given several times
    #[arg(long, value_name = "ACCOUNT")]
    member: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct Public {
    /// The room
    #[arg(value_parser = room)]
    pub(super) room: RoomName,
    /// What it is called then; without this as before it was made private
    #[arg(long, value_parser = room, value_name = "ROOM")]
    name: Option<RoomName>,
    /// Everybody may read what was said before
    #[arg(long)]
    history: bool,
}

pub(super) fn make_private(site: &Dirs, wish: &Private) -> Result<Report, Failure> {
    let room = &wish.room;
    if *room == RoomName::lobby() {
        let text = "the lobby is where everybody comes who names no room; it stays open";
        return Err(Failure::Refused(text.to_owned()));
    }
    let mut circle = moves::people_of(site, room)?;
    for account in &wish.member {
        if let Some(person) = PersonId::of(Some(account), None) {
            circle.remove(&person);
            circle.add(Member {
                person,
                name: account.clone(),
                account: Some(account.clone()),
                since: RecordId::ZERO,
                keeps: true,
            });
        }
    }
    let Some(first) = circle.members.first_mut() else {
        let text = "nobody is in it or owns it, so that nobody could come in; use --member ACCOUNT";
        return Err(Failure::Refused(text.to_owned()));
    };
    // Somebody has to.
    first.keeps = true;
    let to = moves::make_private(site, room, &circle, BY).map_err(|error| of(error, room))?;
    let count = circle.members.len();
    let text = format!("{room} is private now, for {count}: {to}");
    Ok(Report::new(
        text,
        json!({ "room": to.as_str(), "was": room.as_str(), "members": count }),
    ))
}

pub(super) fn make_public(site: &Dirs, wish: &Public) -> Result<Report, Failure> {
    let (room, name) = (&wish.room, wish.name.as_ref());
    let to =
        moves::make_open(site, room, name, !wish.history, BY).map_err(|error| of(error, room))?;
    let text = format!("{room} is open to everybody now, as {to}");
    Ok(Report::new(
        text,
        json!({ "room": to.as_str(), "was": room.as_str() }),
    ))
}

fn of(error: ClosedError, room: &RoomName) -> Failure {
    match error {
        ClosedError::NotThere => Failure::Missing(format!("there is no such room: {room}")),
        ClosedError::NoName => {
            Failure::Refused("say under which name everybody finds it: --name ROOM".to_owned())
        }
        error => Failure::Refused(error.to_string()),
    }
}
