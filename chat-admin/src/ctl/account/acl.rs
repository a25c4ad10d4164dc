//! Who may do what, and which line says so.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::json;

use super::super::Failure;
use super::super::report::{Report, table};
use super::failed;
use chat_handler::settings::{Asker, Permission, Settings};
use chat_store::accounts::{self, AccountError};
use chat_store::moderation::roles;
use chat_store::name::{Nick, RoomName};

/// Somebody who has not logged in.
const GUEST: &str = "-";

pub(super) fn explain(
    settings: &Settings,
    name: &str,
    room: Option<&RoomName>,
    address: Option<IpAddr>,
) -> Result<Report, Failure> {
    let address = address
        .map(|address| address.to_string())
        .unwrap_or_default();
    let (account, groups) = match name {
        GUEST => (None, BTreeSet::new()),
        name => {
            let nick = Nick::parse(name).map_err(Failure::refused)?;
            let found = accounts::find(&settings.dirs().accounts, &nick)?;
            // Who logs in elsewhere has no file, and is in no group.
            let is_elsewhere = settings.identity.accounts.is_none();
            match found {
                Some(account) if account.disabled.is_some() => {
                    let text = format!("{} is disabled: nobody can log in by it", account.name);
                    return Err(Failure::Refused(text));
                }
                Some(account) => (Some(account.name.to_string()), account.groups),
                None if is_elsewhere => (Some(name.to_owned()), BTreeSet::new()),
                None => return Err(failed(AccountError::Missing)),
            }
        }
    };
    let asker = Asker {
        account: account.as_deref(),
        groups: &groups,
        address: &address,
    };
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for &what in Permission::ALL {
        let mut answer = settings.identity.access.may(what, room, &asker);
        if what == Permission::Moderate && !answer.allowed {
            let dirs = settings.dirs();
            if let Some(room) = room
                && roles::of(&dirs, room, asker.account)? > roles::Role::Member
            {
                answer.allowed = true;
                "role in the room (chatctl role)".clone_into(&mut answer.by);
            }
        }
        if what == Permission::Admin && asker.account.is_none() {
            answer.allowed = false;
        }
        let may = if answer.allowed { "yes" } else { "no" };
        let place = if answer.line == 0 {
            "default".to_owned()
        } else {
            format!("{}:{}", settings.source.display(), answer.line)
        };
        values.push(json!({
            "right": what.as_str(), "allowed": answer.allowed, "by": answer.by,
            "line": (answer.line > 0).then_some(answer.line), "file": settings.source.display().to_string(),
        }));
        rows.push(vec![
            what.as_str().to_owned(),
            may.to_owned(),
            place,
            answer.by,
        ]);
    }
    let head = ["RIGHT", "MAY", "LINE", "BECAUSE OF"];
    Ok(Report::new(table(&head, &rows), json!(values)))
}
