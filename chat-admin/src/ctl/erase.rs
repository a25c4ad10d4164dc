//! Deleting what was said, by everybody or by one person.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde_json::json;

use super::expire::create_like;
use super::moderate::tell_all;
use super::report::Report;
use super::{Failure, Place, packed, rooms};
use chat_store::fs::dirs::Dirs;
use chat_store::fs::file;
use chat_store::log::erase::{self, Wanted};
use chat_store::name::{Nick, RoomName, SERVER};
use chat_store::record::{Draft, Kind, Record, RecordId};
use chat_store::state;

/// So many of the messages are taken off open pages, which show no more.
const TOLD: usize = 200;

/// Hides all that was said in a room; with `delete` it is in no log any more.
pub(super) fn clear(dirs: &Dirs, room: &RoomName, delete: bool) -> Result<Report, Failure> {
    rooms::chosen(dirs, Some(room))?;
    let live = dirs.room_log(room);
    if delete {
        erase::everything(&live, RecordId::now())?;
    }
    let id = tell_all(dirs, room, &Draft::new(Kind::Clear, SERVER, ""))?;
    state::set_cleared(dirs, room, id)?;
    if delete {
        // An expire may have copied the texts just before; from the record on it looks.
        erase::everything(&live, id)?;
    }
    let word = if delete {
        "deleted"
    } else {
        "hidden; the logs keep it"
    };
    let value =
        json!({ "done": true, "room": room.as_str(), "id": id.to_string(), "deleted": delete });
    Ok(Report::new(
        format!("what was said in {room} is {word}"),
        value,
    ))
}

/// Whose messages are meant.
pub(super) enum Whose {
    /// Whoever was called what looks like this.
    Called(Nick),
    /// Whoever logged in as this.
    Account(String),
}

impl Whose {
    fn wrote(&self, record: &Record<'_>) -> bool {
        match self {
            Self::Called(nick) => {
                Nick::parse(&record.from).is_ok_and(|from| from.key() == nick.key())
            }
            Self::Account(account) => record.attr("account").is_some_and(|of| of == *account),
        }
    }
}

/// Deletes what one person said, from every log, compressed ones too.
pub(super) fn erase(dirs: &Dirs, place: &Place, whose: &Whose) -> Result<Report, Failure> {
    let room = match place {
        Place::Room(room) => Some(room),
        Place::Everywhere => None,
    };
    let mut count = 0;
    for room in rooms::chosen(dirs, room)? {
        let live = dirs.room_log(&room);
        let wanted = |record: &Record<'_>| whose.wrote(record);
        let erased = erase::texts(&live, &wanted)?;
        let told = erased.iter().rev().filter(|id| !id.is_place()).take(TOLD);
        for id in told {
            tell_all(
                dirs,
                &room,
                &Draft::new(Kind::Redact, SERVER, &id.to_string()),
            )?;
        }
        // An expire may have copied the texts just before; from the records on it looks.
        erase::texts(&live, &wanted)?;
        count += erased.len();
        for path in packed::list(&live)? {
            count += erase_packed(&path, &wanted).map_err(|error| {
                let text = format!("{}: {error}", path.display());
                Failure::from(io::Error::new(error.kind(), text))
            })?;
        }
    }
    if count == 0 {
        return Err(Failure::Missing("there is no such message".to_owned()));
    }
    let value = json!({ "done": true, "room": place.name(), "messages": count });
    Ok(Report::new(format!("{count} messages were deleted"), value))
}

/// Nobody writes to a compressed file any more: another is put in its place.
fn erase_packed(path: &Path, wanted: &Wanted<'_>) -> io::Result<usize> {
    if path.extension().is_none_or(|extension| extension != "gz") {
        return Err(io::Error::other(
            "only gzip can be unpacked here, unpack it and run this again",
        ));
    }
    let file = File::open(path)?;
    let modified = file.metadata()?.modified()?;
    let temporary = file::suffixed(path, &format!(".new-{}", std::process::id()));
    let repacked = repack(file, &temporary, wanted).and_then(|count| {
        if count > 0 {
            let new = File::options().write(true).open(&temporary)?;
            new.set_modified(modified)?;
            new.sync_all()?;
            std::fs::rename(&temporary, path)?;
            file::sync_directory_of(path)?;
        }
        Ok(count)
    });
    // Gone already if it was put in place.
    let _ = std::fs::remove_file(&temporary);
    repacked
}

fn repack(file: File, temporary: &Path, wanted: &Wanted<'_>) -> io::Result<usize> {
    let mut packer = GzEncoder::new(create_like(&file, temporary)?, Compression::default());
    let mut count = 0;
    packed::each_line(
        MultiGzDecoder::new(file),
        &mut |line| match Record::parse(line) {
            Some(record)
                if record.kind.is_talk() && !record.text.trim().is_empty() && wanted(&record) =>
            {
                count += 1;
                packer.write_all(&erase::blanked(line))
            }
            _ => packer.write_all(line),
        },
    )?;
    packer.finish()?.sync_all()?;
    Ok(count)
}
