//! `files`: what people put into rooms. `POST files` takes one, `GET files/ID/NAME` gives it to whoever may read the
//! message that it belongs to, `DELETE files/ID` takes back one that no message has yet.
//!
//! Whoever may not have a file is told the same as where there is none.

use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom};
use std::time::{Duration, Instant};

use chat_handler::settings::Settings;
use chat_store::attachments::{Attachment, AttachmentId, Shelf};
use chat_store::cluster::Missing;
use chat_store::fs::dirs::Dirs;
use chat_store::moves;
use chat_store::record::RecordId;
use chat_store::state;

use super::found::{self, Found};
use super::{Request, Response};

mod kind;
mod range;
mod refusal;
mod upload;

use range::Part;

/// How long somebody waits for a file that comes from another machine: most are there by then.
const WAIT: Duration = Duration::from_secs(4);
/// Between two looks whether it has come.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Seconds after which one that has not may have.
const RETRY_AFTER: &str = "2";

pub(super) fn upload(
    request: &Request,
    settings: &Settings,
    input: &mut dyn Read,
    explain: &mut dyn FnMut(&str),
) -> Response {
    upload::answer(request, settings, input, explain)
}

/// Answers; for what is on its way from another machine it waits a little.
pub(super) fn answer(
    request: &Request,
    settings: &Settings,
    explain: &mut dyn FnMut(&str),
) -> Response {
    let until = Instant::now() + WAIT;
    loop {
        match look(request, settings, explain) {
            Some(response) => return response,
            None if Instant::now() >= until => return on_its_way(),
            None => std::thread::sleep(LOOK_AGAIN),
        }
    }
}

/// The answer; `None`: whoever asks may have the file, and it is on its way.
fn look(request: &Request, settings: &Settings, explain: &mut dyn FnMut(&str)) -> Option<Response> {
    let found = match found::room(request, settings, explain) {
        Ok(found) => found,
        Err(refusal) if refusal.status == 503 => return Some(refusal),
        Err(_) => return Some(none()),
    };
    let shelf = Shelf::of(&found.dirs, &found.room);
    let id = request.path.split('/').nth(1).and_then(AttachmentId::parse);
    let Some(id) = id else { return Some(none()) };
    let site = settings.dirs();
    let missing = missing(&site, &found, &id);
    let (missing, file) = match missing.and_then(|it| Ok((it, shelf.find(&id)?))) {
        Ok(both) => both,
        Err(error) => return Some(found::unreadable(&found.room, &error, explain)),
    };
    let Some(mut file) = file else {
        return match missing.map(|it| is_shown(&found, it.message)).transpose() {
            Ok(Some(true)) if request.method != "DELETE" => None,
            Ok(_) => Some(none()),
            Err(error) => Some(found::unreadable(&found.room, &error, explain)),
        };
    };
    // Before the relay has come to it, the note alone tells which message has it.
    file.message = file.message.or(missing.as_ref().map(|it| it.message));
    let (person, _) = found::person(request, settings, explain);
    let is_theirs = person.is_some_and(|person| person.as_str() == file.person);
    if request.method == "DELETE" {
        return Some(take_back(&shelf, &file, is_theirs, explain));
    }
    match may_read(&found, &file, is_theirs) {
        Ok(true) if missing.is_some() && !shelf.has_content(&file) => None,
        Ok(true) => Some(given(request, &shelf, &file, explain)),
        Ok(false) => Some(none()),
        Err(error) => Some(found::unreadable(&found.room, &error, explain)),
    }
}

fn none() -> Response {
    Response::error(404, "not_found", "there is no such file")
}

/// What the relay has noted of a file that is not in its place yet. Nothing on one machine.
fn missing(site: &Dirs, found: &Found, id: &AttachmentId) -> std::io::Result<Option<Missing>> {
    let Some(cluster) = &found.dirs.cluster else {
        return Ok(None);
    };
    let Some(missing) = cluster.missing(id)? else {
        return Ok(None);
    };
    // Noted before the room went where it is, perhaps.
    let is_of_room = missing.room == found.room
        || moves::gone_to(site, &missing.room)?.as_ref() == Some(&found.room);
    Ok(is_of_room.then_some(missing))
}

/// It comes from another machine: whoever may have it is told to ask again.
fn on_its_way() -> Response {
    let text = "the file comes from another server and arrives in a moment";
    Response::error(503, "on_its_way", text).header("Retry-After", RETRY_AFTER)
}

/// As its message; before it has one, whoever gave it.
fn may_read(found: &Found, file: &Attachment, is_theirs: bool) -> std::io::Result<bool> {
    let Some(message) = file.message else {
        return Ok(is_theirs);
    };
    is_shown(found, message)
}

fn is_shown(found: &Found, message: RecordId) -> std::io::Result<bool> {
    let cleared = state::cleared(&found.dirs, &found.room)?;
    Ok(message > found.since.max(cleared))
}

/// What a message has goes with that message.
fn take_back(
    shelf: &Shelf,
    file: &Attachment,
    is_theirs: bool,
    explain: &mut dyn FnMut(&str),
) -> Response {
    if !is_theirs || file.message.is_some() {
        return none();
    }
    let is_free = |found: &Attachment| found.id == file.id && found.message.is_none();
    match shelf.delete(&is_free) {
        Ok(_) => Response::json(&serde_json::json!({ "deleted": true })),
        Err(error) => {
            explain(&format!(
                "the file {} could not be deleted: {error}",
                file.id
            ));
            Response::error(
                503,
                "storage",
                "the file could not be deleted, try again later",
            )
        }
    }
}

fn given(
    request: &Request,
    shelf: &Shelf,
    file: &Attachment,
    explain: &mut dyn FnMut(&str),
) -> Response {
    // What it holds never changes; whose it is may.
    let tag = format!("\"{}\"", file.hash);
    let known = request.if_none_match.as_deref().unwrap_or_default();
    if known
        .split(',')
        .any(|one| one.trim().trim_start_matches("W/") == tag)
    {
        return headed(
            Response::content(304, kind::shown(&file.kind), None),
            file,
            &tag,
        );
    }
    let part = range::read(request.range.as_deref(), file.size);
    let opened = File::open(shelf.content(file)).and_then(|mut content| {
        let start = if let Part::Some(start, _) = part {
            start
        } else {
            0
        };
        content.seek(SeekFrom::Start(start))?;
        Ok(content)
    });
    let content = match opened {
        Ok(content) => content,
        Err(error) => {
            explain(&format!("the file {} cannot be read: {error}", file.id));
            return none();
        }
    };
    let shown = kind::shown(&file.kind);
    let size = file.size;
    match part {
        Part::All => headed(
            Response::content(200, shown, Some((content, size))),
            file,
            &tag,
        ),
        Part::Some(start, end) => {
            let response = Response::content(206, shown, Some((content, end - start)));
            let range = format!("bytes {start}-{}/{size}", end - 1);
            headed(response, file, &tag).header("Content-Range", &range)
        }
        Part::Nothing => {
            let response = Response::error(416, "bad_range", "there is no such part of the file");
            response.header("Content-Range", &format!("bytes */{size}"))
        }
    }
}

/// Only what a browser shows by itself, and nothing that could be a page, is shown; all else is for the disk.
fn headed(response: Response, file: &Attachment, tag: &str) -> Response {
    let way = if kind::is_shown(&file.kind) {
        "inline"
    } else {
        "attachment"
    };
    let disposition = format!("{way}; filename*=UTF-8''{}", percent_encoded(&file.name));
    response
        .header("Content-Disposition", &disposition)
        .header("Accept-Ranges", "bytes")
        .header("ETag", tag)
}

/// As RFC 8187 section 3.2.1 wants it.
fn percent_encoded(name: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
