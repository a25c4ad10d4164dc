//! `files`: what people put into rooms. `POST files` takes one, `GET files/ID/NAME` gives it to whoever may read the
//! message that it belongs to, `DELETE files/ID` takes back one that no message has yet.
//!
//! Whoever may not have a file is told the same as where there is none.

use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom};

use chat_handler::settings::Settings;
use chat_store::attachments::{Attachment, AttachmentId, Shelf};
use chat_store::state;

use super::found::{self, Found};
use super::{Request, Response};

mod kind;
mod range;
mod refusal;
mod upload;

use range::Part;

pub(super) fn upload(
    request: &Request,
    settings: &Settings,
    input: &mut dyn Read,
    explain: &mut dyn FnMut(&str),
) -> Response {
    upload::answer(request, settings, input, explain)
}

pub(super) fn answer(
    request: &Request,
    settings: &Settings,
    explain: &mut dyn FnMut(&str),
) -> Response {
    let found = match found::room(request, settings, explain) {
        Ok(found) => found,
        Err(refusal) if refusal.status == 503 => return refusal,
        Err(_) => return none(),
    };
    let shelf = Shelf::of(&found.dirs, &found.room);
    let id = request.path.split('/').nth(1).and_then(AttachmentId::parse);
    let file = match id.map(|id| shelf.find(&id)).transpose() {
        Ok(file) => file.flatten(),
        Err(error) => return found::unreadable(&found.room, &error, explain),
    };
    let Some(file) = file else { return none() };
    let (person, _) = found::person(request, settings, explain);
    let is_theirs = person.is_some_and(|person| person.as_str() == file.person);
    if request.method == "DELETE" {
        return take_back(&shelf, &file, is_theirs, explain);
    }
    match may_read(&found, &file, is_theirs) {
        Ok(true) => given(request, &shelf, &file, explain),
        Ok(false) => none(),
        Err(error) => found::unreadable(&found.room, &error, explain),
    }
}

fn none() -> Response {
    Response::error(404, "not_found", "there is no such file")
}

/// As its message; before it has one, whoever gave it.
fn may_read(found: &Found, file: &Attachment, is_theirs: bool) -> std::io::Result<bool> {
    let Some(message) = file.message else {
        return Ok(is_theirs);
    };
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
