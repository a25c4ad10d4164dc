//! `GET history`: what was said in a room, page by page, newest page first, with search.
//!
//! `room`; `before` or `after`: an id, for the page on that side of it; `limit`; `q`: words that the text or the name
//! holds, whatever their case and accents. Whispers never were in the log, so they are in no page either.

use std::borrow::Cow;
use std::io;

use chat_handler::settings::Settings;
use chat_handler::wire::json;
use chat_store::log::history::{self, Before, MAX_LIMIT, Page};
use chat_store::log::tail::Tail;
use chat_store::name::RoomName;
use chat_store::record::{Kind, Record, RecordId};

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::found::{self, Found};
use super::{Request, Response};

const DEFAULT_LIMIT: usize = 100;
/// The longest search, in characters.
const MAX_SEARCH: usize = 200;

pub(super) fn answer(
    request: &Request,
    settings: &Settings,
    explain: &mut dyn FnMut(&str),
) -> Response {
    match found::room(request, settings, explain) {
        Ok(found) => of(&found, request, settings, explain),
        Err(refusal) => refusal,
    }
}

/// Of a room that they may read.
pub(super) fn of(
    found: &Found,
    request: &Request,
    settings: &Settings,
    explain: &mut dyn FnMut(&str),
) -> Response {
    let place = match place(request) {
        Ok(place) => place,
        Err(name) => {
            let text = format!("{name} is an id like 2026-11-21T10:15:30.123456Z");
            return Response::error(400, "bad_id", &text);
        }
    };
    let search: Option<String> = request.parameter("q").map(|words| {
        let words: String = words.chars().take(MAX_SEARCH).collect();
        folded(&words).into_owned()
    });
    let limit = request.number("limit", 1..=MAX_LIMIT, DEFAULT_LIMIT);
    let room = &found.room;
    match page(found, place, limit, search.as_deref()) {
        Ok(page) => written(room, &page, settings.description_of(room)),
        Err(error) => found::unreadable(room, &error, explain),
    }
}

/// Which page is asked for.
#[derive(Debug, Clone, Copy)]
enum Place {
    Newest,
    Before(RecordId),
    After(RecordId),
}

/// Which parameter is no id, if one is not.
fn place(request: &Request) -> Result<Place, &'static str> {
    let id = |name| {
        let text = request.parameter(name);
        text.map(|id| RecordId::parse(id.as_bytes()).ok_or(name))
            .transpose()
    };
    Ok(match (id("before")?, id("after")?) {
        (Some(id), _) => Place::Before(id),
        (None, Some(id)) => Place::After(id),
        (None, None) => Place::Newest,
    })
}

fn page(found: &Found, place: Place, limit: usize, search: Option<&str>) -> io::Result<Page> {
    let keep = |record: &Record<'_>| {
        let wanted = match search {
            None => record.kind != Kind::Color,
            Some(words) => is_found(record, words),
        };
        wanted && !record.may_be_old_whisper()
    };
    let log = found.readable();
    match place {
        Place::Before(id) => history::before_in(log, Before::Id(id), limit, keep),
        Place::After(id) => history::after_in(log, id, limit, keep),
        Place::Newest => {
            let tail = Tail::at_end(log.dirs, log.room)?;
            history::before_in(log, Before::Tail(&tail), limit, keep)
        }
    }
}

/// What was taken back is not found either.
fn is_found(record: &Record<'_>, words: &str) -> bool {
    let is_speech = matches!(record.kind, Kind::Say | Kind::Me | Kind::Dice | Kind::Topic);
    is_speech
        && !record.is_redacted()
        && (folded(&record.text).contains(words) || folded(&record.from).contains(words))
}

/// As people type what they look for: small letters, without accents.
fn folded(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    let plain = text.nfkd().filter(|&c| !is_combining_mark(c));
    Cow::Owned(plain.flat_map(char::to_lowercase).collect())
}

fn written(room: &RoomName, page: &Page, description: Option<&str>) -> Response {
    let mut body = b"{\"room\":".to_vec();
    put(&mut body, room.as_str());
    if let Some(description) = description {
        body.extend(b",\"description\":");
        put(&mut body, description);
    }
    if let Some(oldest) = page.scanned_to {
        body.extend(b",\"oldest\":\"");
        body.extend(oldest.to_text());
        body.push(b'"');
    }
    body.extend(format!(",\"more\":{},\"records\":[", page.more).as_bytes());
    for (number, record) in page.records().enumerate() {
        if number > 0 {
            body.push(b',');
        }
        json::record(&record, &mut body);
    }
    body.extend(b"]}");
    Response::raw(body)
}

/// A string as JSON; a string always can be one.
fn put(body: &mut Vec<u8>, text: &str) {
    body.extend(serde_json::Value::from(text).to_string().into_bytes());
}
