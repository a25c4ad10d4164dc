//! Rooms for some only, and conversations: who is in them.

use serde_json::json;

use super::Failure;
use super::report::{Report, table};
use chat_store::closed::{self, Circle, Member};
use chat_store::fs::dirs::Dirs;
use chat_store::log::forget::Forgotten;
use chat_store::name::RoomName;
use chat_store::record::RecordId;

pub(super) fn list(dirs: &Dirs, room: &RoomName) -> Result<Report, Failure> {
    let Some(found) = closed::find(dirs, room)? else {
        let text = format!("there is no room {room} for some only");
        return Err(Failure::Missing(text));
    };
    let circle = found.circle;
    let row = |member: &Member| {
        let since = if member.since == RecordId::ZERO {
            String::new()
        } else {
            member.since.to_string()
        };
        vec![
            member.name.clone(),
            member.account.clone().unwrap_or_else(|| "-".to_owned()),
            member.person.as_str().to_owned(),
            if member.keeps { "keeps it" } else { "" }.to_owned(),
            since,
        ]
    };
    let rows: Vec<_> = circle.members.iter().map(row).collect();
    let text = table(&["NAME", "ACCOUNT", "PERSON", "", "SINCE"], &rows);
    Ok(Report::new(text, value(room, &circle)))
}

fn value(room: &RoomName, circle: &Circle) -> serde_json::Value {
    let member = |member: &Member| {
        json!({
            "name": member.name, "account": member.account, "person": member.person.as_str(),
            "keeps": member.keeps, "since": member.since.to_string(),
        })
    };
    let members: Vec<_> = circle.members.iter().map(member).collect();
    json!({
        "room": room.as_str(), "kind": circle.kind.as_str(), "title": circle.title,
        "password": circle.password.is_some(), "invitations": circle.invitations.len(), "members": members,
    })
}

/// The rooms whose lists somebody is in.
pub(super) fn of(dirs: &Dirs, who: &Forgotten) -> Result<Vec<RoomName>, Failure> {
    let mut rooms = Vec::new();
    for room in closed::all(dirs)? {
        let found = closed::find(dirs, &room)?;
        if found.is_some_and(|found| {
            found
                .circle
                .members
                .iter()
                .any(|member| is_them(member, who))
        }) {
            rooms.push(room);
        }
    }
    Ok(rooms)
}

/// Takes somebody out of a room's list; how many lines that were.
pub(super) fn forget(dirs: &Dirs, room: &RoomName, who: &Forgotten) -> Result<usize, Failure> {
    let done = closed::change(dirs, room, |circle| {
        let people: Vec<_> = circle
            .members
            .iter()
            .filter(|member| is_them(member, who))
            .collect();
        let people: Vec<_> = people
            .into_iter()
            .map(|member| member.person.clone())
            .collect();
        for person in &people {
            circle.remove(person);
        }
        for invitation in &mut circle.invitations {
            if who.is_name(&invitation.by) {
                invitation.by.clear();
            }
        }
        Ok(people.len())
    });
    done.map_err(Failure::refused)
}

/// Removes the rooms that nobody is in any more, and what killed handlers left of new ones. Their names.
pub(super) fn sweep(dirs: &Dirs, dry_run: bool) -> std::io::Result<Vec<RoomName>> {
    let mut swept = Vec::new();
    for room in closed::all(dirs)? {
        let is_nobodys =
            closed::find(dirs, &room)?.is_none_or(|found| found.circle.members.is_empty());
        if is_nobodys {
            if !dry_run {
                closed::remove(dirs, &room)?;
            }
            swept.push(room);
        }
    }
    if !dry_run {
        closed::sweep(dirs, std::time::SystemTime::now())?;
    }
    Ok(swept)
}

/// An account under all its names; a guest by the name they were let in under.
fn is_them(member: &Member, who: &Forgotten) -> bool {
    match &member.account {
        Some(account) => who.is_account(Some(account)),
        None => who.is_name(&member.name),
    }
}
