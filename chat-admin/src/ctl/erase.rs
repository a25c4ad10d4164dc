//! Deleting what was said, by everybody or by one person.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde_json::json;

use super::by_task::ByTask;
use super::expire::create_like;
use super::moderate::tell_all;
use super::report::Report;
use super::{Failure, Place, packed, rooms};
use chat_handler::settings::Settings;
use chat_store::closed;
use chat_store::cluster::ROOM;
use chat_store::fs::dirs::Dirs;
use chat_store::fs::file;
use chat_store::log::erase::{self, Edit};
use chat_store::name::{Nick, RoomName, SERVER};
use chat_store::record::{Draft, Kind, Record, RecordId, attrs};
use chat_store::state;

/// So many of the messages are taken off open pages, which show no more.
pub(super) const TOLD: usize = 200;

/// Hides all that was said in a room; with `delete` it is in no log any more.
pub(super) fn clear(dirs: &Dirs, room: &RoomName, delete: bool) -> Result<Report, Failure> {
    rooms::chosen(dirs, Some(room))?;
    let live = dirs.room_log(room);
    // On several machines each relay does it when it writes the record.
    let is_here = dirs.cluster.is_none();
    if delete && is_here {
        erase::everything(&live, RecordId::now())?;
    }
    let about = [(attrs::DELETE, (delete && !is_here).then_some("1"))];
    let record = Draft {
        extra: &about,
        ..Draft::new(Kind::Clear, SERVER, "")
    };
    let id = tell_all(dirs, room, &record)?;
    if is_here {
        state::set_cleared(dirs, room, id)?;
    }
    if delete && is_here {
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
    pub(super) fn of(name: String, is_account: bool) -> Result<Self, Failure> {
        if is_account {
            return Ok(Self::Account(name));
        }
        Ok(Self::Called(Nick::parse(&name).map_err(Failure::refused)?))
    }
}

/// What this machine has submitted of it up to `last`, if the site is on several.
fn erase_spool(
    dirs: &Dirs,
    place: &Place,
    whose: &Whose,
    last: Option<RecordId>,
) -> io::Result<()> {
    let Some(cluster) = &dirs.cluster else {
        return Ok(());
    };
    erase::rewrite(&cluster.spool_log(), &mut |line| {
        let record = Record::parse(line)?;
        let is_there = match place {
            Place::Room(room) => record.attr(ROOM).is_some_and(|it| it == room.as_str()),
            Place::Everywhere => true,
        };
        let is_meant = is_there && last.is_none_or(|last| record.id <= last);
        let is_theirs = is_meant && erase::has_words(&record) && whose.wrote(&record);
        is_theirs.then(|| erase::blanked(line))
    })
}

/// As another machine is told it.
fn words<'a>(place: &'a Place, whose: &'a Whose) -> Vec<&'a str> {
    let (account, name) = match whose {
        Whose::Called(nick) => (None, nick.as_str()),
        Whose::Account(account) => (Some("--account"), account.as_str()),
    };
    let words = ["erase"].into_iter().chain(account);
    words.chain(["--", place.name(), name]).collect()
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

/// Deletes what one person said, from every log, compressed ones too, and on all machines of the site. If another machine
/// has told this one to, that one tells the pages.
pub(super) fn erase(
    settings: &Settings,
    place: &Place,
    whose: &Whose,
    task: ByTask,
) -> Result<Report, Failure> {
    let dirs = &settings.dirs();
    let last = task.give(settings, &words(place, whose))?;
    let room = match place {
        Place::Room(room) => Some(room),
        Place::Everywhere => None,
    };
    let mut count = 0;
    for room in rooms::chosen(dirs, room)? {
        let dirs = &closed::dirs_of(dirs, &room);
        let live = dirs.room_log(&room);
        let is_meant = |record: &Record<'_>| last.is_none_or(|last| record.id <= last);
        let wanted = |record: &Record<'_>| is_meant(record) && whose.wrote(record);
        let erased = erase::texts(&live, &wanted)?;
        let told = erased.iter().rev().filter(|id| !id.is_place()).take(TOLD);
        for id in told.filter(|_| !task.here) {
            tell_all(
                dirs,
                &room,
                &Draft::new(Kind::Redact, SERVER, &id.to_string()),
            )?;
        }
        count += erased.len();
        let mut gone: BTreeSet<_> = erased.into_iter().collect();
        for path in packed::list(&live)? {
            let mut files = Vec::new();
            rewrite_packed(&path, &mut |line| {
                let record = Record::parse(line)?;
                let is_theirs = wanted(&record) || is_form_of(&gone, &record);
                (erase::has_words(&record) && is_theirs).then(|| {
                    count += usize::from(record.kind.is_talk());
                    gone.insert(record.id);
                    files.extend(erase::files_of(&record));
                    erase::blanked(line)
                })
            })?;
            erase::delete_files(&live, &files)?;
        }
        // An expire may have copied the texts just before; from the records on it looks. And what they wrote anew
        // under another name goes with the message.
        erase::texts(&live, &|record| wanted(record) || is_form_of(&gone, record))?;
    }
    erase_spool(dirs, place, whose, last.map(|last| task.by_own_clock(last)))?;
    if count == 0 {
        return Err(Failure::Missing("there is no such message".to_owned()));
    }
    let value = json!({ "done": true, "room": place.name(), "messages": count });
    Ok(Report::new(format!("{count} messages were deleted"), value))
}

/// Whether this is a later form of one of some messages.
pub(super) fn is_form_of(messages: &BTreeSet<RecordId>, record: &Record<'_>) -> bool {
    record.kind == Kind::Edit && record.target().is_some_and(|id| messages.contains(&id))
}

/// As [`erase::rewrite`] for a compressed file: nobody writes to it any more, so another is put in its place.
pub(super) fn rewrite_packed(path: &Path, edit: &mut Edit<'_>) -> Result<(), Failure> {
    if path.extension().is_none_or(|extension| extension != "gz") {
        let text = format!(
            "{}: only gzip can be unpacked here, unpack it and run this again",
            path.display()
        );
        return Err(Failure::Refused(text));
    }
    let temporary = file::suffixed(path, &format!(".new-{}", std::process::id()));
    let done = replace_packed(path, &temporary, edit);
    // Gone already if it was put in place.
    let _ = std::fs::remove_file(&temporary);
    done.map_err(|error| {
        let text = format!("{}: {error}", path.display());
        Failure::from(io::Error::new(error.kind(), text))
    })
}

fn replace_packed(path: &Path, temporary: &Path, edit: &mut Edit<'_>) -> io::Result<()> {
    let file = File::open(path)?;
    let modified = file.metadata()?.modified()?;
    if repack(file, temporary, edit)? {
        let new = File::options().write(true).open(temporary)?;
        new.set_modified(modified)?;
        new.sync_all()?;
        std::fs::rename(temporary, path)?;
        file::sync_directory_of(path)?;
    }
    Ok(())
}

/// Whether a line is another one.
fn repack(file: File, temporary: &Path, edit: &mut Edit<'_>) -> io::Result<bool> {
    let mut packer = GzEncoder::new(create_like(&file, temporary)?, Compression::default());
    let mut is_changed = false;
    packed::each_line(MultiGzDecoder::new(file), &mut |line| {
        let new = edit(line);
        is_changed |= new.is_some();
        packer.write_all(new.as_deref().unwrap_or(line))
    })?;
    packer.finish()?.sync_all()?;
    Ok(is_changed)
}
