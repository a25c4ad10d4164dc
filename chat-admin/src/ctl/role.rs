//! Who owns a room and who moderates it.

use serde_json::json;

use super::report::{Report, table};
use super::{Failure, Place};
use chat_store::fs::dirs::Dirs;
use chat_store::moderation::roles::{self, Role};
use chat_store::name::SERVER;

/// The owners and moderators; of all rooms are those of `*` alone.
pub(super) fn list(dirs: &Dirs, place: &Place) -> Result<Report, Failure> {
    let holders = roles::list(dirs, place.extent())?;
    let rows: Vec<_> = holders
        .iter()
        .map(|holder| {
            let cells = [holder.account.as_str(), holder.role.as_str(), &holder.by];
            cells.map(str::to_owned).to_vec()
        })
        .collect();
    let values: Vec<_> = holders
        .iter()
        .map(|holder| {
            json!({
                "room": place.name(), "account": holder.account, "role": holder.role.as_str(),
                "by": holder.by,
            })
        })
        .collect();
    Ok(Report::new(
        table(&["ACCOUNT", "ROLE", "BY"], &rows),
        json!(values),
    ))
}

/// What one account is.
pub(super) fn show(dirs: &Dirs, place: &Place, account: &str) -> Result<Report, Failure> {
    let role = roles::of(dirs, place.extent(), Some(account))?;
    Ok(report(place, account, role))
}

/// Makes an account this.
pub(super) fn set(
    dirs: &Dirs,
    place: &Place,
    account: &str,
    role: Role,
) -> Result<Report, Failure> {
    roles::set(dirs, place.extent(), account, role, SERVER)?;
    Ok(report(place, account, role))
}

fn report(place: &Place, account: &str, role: Role) -> Report {
    let (room, role) = (place.name(), role.as_str());
    Report::new(
        format!("{account} is {role} in the room {room}"),
        json!({ "room": room, "account": account, "role": role }),
    )
}
