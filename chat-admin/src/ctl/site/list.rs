//! Which sites there are.

use std::path::Path;

use serde_json::json;

use super::{Place, all, routes};
use crate::ctl::Failure;
use crate::ctl::report::{Report, table};
use crate::ctl::rooms;
use chat_handler::settings::Settings;
use chat_store::people::presence;
use chat_store::quota;

pub(super) fn list(root: &Path) -> Result<Report, Failure> {
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for name in all(root)? {
        let place = Place::new(&name, root);
        let said = std::fs::read_to_string(place.routes()).map(|text| routes::read(&text));
        let is_served = said.is_ok();
        let said = said.unwrap_or_default();
        let settings = Settings::load(Some(&place.ini()), None);
        let dirs = settings.as_ref().ok().map(Settings::dirs);
        let rooms = dirs
            .as_ref()
            .map_or(0, |dirs| rooms::all(dirs).map_or(0, |rooms| rooms.len()));
        let people = dirs.as_ref().map_or(0, people);
        let bytes = dirs
            .as_ref()
            .map_or(0, |dirs| quota::measure(dirs).unwrap_or(0));
        let state = match (is_served, &settings) {
            (_, Err(_)) => "chat.ini is wrong",
            (false, _) => "no routes",
            (true, Ok(_)) => "served",
        };
        rows.push(vec![
            name.to_string(),
            said.hosts.join(","),
            said.user.clone().unwrap_or_default(),
            rooms.to_string(),
            people.to_string(),
            bytes.to_string(),
            state.to_owned(),
        ]);
        values.push(json!({ "site": name.to_string(), "hosts": said.hosts, "user": said.user, "rooms": rooms,
            "people": people, "bytes": bytes, "state": state, "base_dir": place.base(), "config": place.ini() }));
    }
    let head = ["SITE", "HOSTS", "USER", "ROOMS", "PEOPLE", "BYTES", "STATE"];
    Ok(Report::new(table(&head, &rows), json!(values)))
}

/// How many are in its rooms now.
pub(super) fn people(dirs: &chat_store::fs::dirs::Dirs) -> usize {
    let rooms = rooms::all(dirs).unwrap_or_default();
    let of_room = |room: &chat_store::name::RoomName| {
        let dirs = chat_store::closed::dirs_of(dirs, room);
        presence::list_alive(&dirs, room).map_or(0, |people| people.len())
    };
    rooms.iter().map(of_room).sum()
}
