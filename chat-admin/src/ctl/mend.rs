//! Giving records from the future a time that has been.

use serde_json::json;

use super::report::Report;
use super::{Failure, rooms};
use chat_store::bell::Bell;
use chat_store::closed;
use chat_store::fs::dirs::Dirs;
use chat_store::log::mend::{self, Mended};
use chat_store::name::RoomName;
use chat_store::record::RecordId;

pub(super) fn mend(dirs: &Dirs, room: Option<&RoomName>, trusted: bool) -> Result<Report, Failure> {
    let (mut lines, mut values, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for room in rooms::chosen(dirs, room)? {
        let dirs = &closed::dirs_of(dirs, &room);
        match mend::mend(dirs, &room, RecordId::now(), trusted) {
            Ok(Mended::Records(0)) => {}
            Ok(Mended::Records(count)) => {
                Bell::open(&dirs.bell(&room))?.ring()?;
                values.push(json!({ "room": room.as_str(), "records": count }));
                lines.push(format!("{room}: {count} records were in the future"));
            }
            Ok(Mended::AllAhead) => refused.push(format!(
                "{room}: every record is in the future; if the clock is right now, use --clock-is-right"
            )),
            // One room must not keep the others from being done.
            Err(error) => refused.push(format!("{room}: {error}")),
        }
    }
    if !refused.is_empty() {
        return Err(Failure::Refused(refused.join("\nchatctl: ")));
    }
    if lines.is_empty() {
        lines.push("no record is in the future".to_owned());
    }
    Ok(Report::new(lines.join("\n"), json!(values)))
}
