//! `GET transcript`: what was said in a room in a period, as a file to keep.
//!
//! `room`; `from`, `to`: a date, with or without a time, or an id, in UTC; `format`: `text`, `html` or `json`. It holds
//! what the history shows, and is never shown in the site's own origin: it comes as an attachment.

use std::io;

use chat_handler::settings::Settings;
use chat_handler::wire::json;
use chat_store::log::history::{self, Belongs, Most, Readable};
use chat_store::record::{Kind, Record, RecordId};

use super::{Request, Response, found};
use crate::transcript::{self, Format, Period, Transcript};

/// The largest transcript, in bytes. More is had in pieces: a request must not take the memory of the machine.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// The most that is read for one, whatever is found there, and kept of it.
const MOST: Most = Most {
    read: 64 * 1024 * 1024,
    kept: MAX_BYTES as u64,
};

pub(super) fn answer(
    request: &Request,
    settings: &Settings,
    explain: &mut dyn FnMut(&str),
) -> Response {
    let found = match found::room(request, settings, explain) {
        Ok(found) => found,
        Err(refusal) => return refusal,
    };
    let period = match period(request) {
        Ok(period) => period,
        Err(text) => return Response::error(400, "bad_time", text),
    };
    let Some(format) = Format::parse(request.parameter("format").unwrap_or("text")) else {
        return Response::error(400, "bad_format", "format is text, html or json");
    };
    match written(found.readable(), period, format) {
        Ok(Some(body)) => Response::file(body, content_type(format), file_name(format)),
        Ok(None) => {
            let text = "that is too much at once, ask for a shorter period";
            Response::error(413, "too_long", text)
        }
        Err(error) => found::unreadable(&found.room, &error, explain),
    }
}

fn period(request: &Request) -> Result<Period, &'static str> {
    let read = |name: &str, of: fn(&str) -> Option<RecordId>| match request.parameter(name) {
        None => Ok(None),
        Some(text) => of(text)
            .map(Some)
            .ok_or("from and to are dates like 2026-11-21, 2026-11-21T10:15 or ids"),
    };
    Ok(Period {
        from: read("from", transcript::moment)?,
        to: read("to", transcript::end)?,
    })
}

fn content_type(format: Format) -> &'static str {
    match format {
        Format::Text => "text/plain; charset=utf-8",
        Format::Html => "text/html; charset=utf-8",
        Format::Json => "application/json; charset=utf-8",
    }
}

/// Not by the room's name, which is anybody's text.
fn file_name(format: Format) -> &'static str {
    match format {
        Format::Text => "transcript.txt",
        Format::Html => "transcript.html",
        Format::Json => "transcript.json",
    }
}

/// `None`: it would be too long.
fn written(log: Readable<'_>, period: Period, format: Format) -> io::Result<Option<Vec<u8>>> {
    let first = period.from.map_or(RecordId::ZERO, RecordId::previous);
    let page = history::period(log, first, MOST, |record| {
        if period.is_over(record) {
            Belongs::Over
        } else if period.holds(record) && is_shown(record) {
            Belongs::Yes
        } else {
            Belongs::No
        }
    })?;
    let Some(page) = page else {
        return Ok(None);
    };
    let mut transcript = Transcript::begin(Vec::new(), format, log.room.as_str(), object)?;
    for record in page.records() {
        transcript.put(&record)?;
    }
    let body = transcript.end()?;
    Ok(Some(body).filter(|body| body.len() <= MAX_BYTES))
}

/// As the history: whispers of 2016 stood in the log, and colors tell nobody anything.
fn is_shown(record: &Record<'_>) -> bool {
    record.kind != Kind::Color && !record.may_be_old_whisper()
}

fn object(record: &Record<'_>, out: &mut Vec<u8>) {
    json::record(record, out);
    // Its line end: the next one is behind a comma.
    if out.last() == Some(&b'\n') {
        out.pop();
    }
}
