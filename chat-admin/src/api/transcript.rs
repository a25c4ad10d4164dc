//! `GET transcript`: what was said in a room in a period, as a file to keep.
//!
//! `room`; `from`, `to`: a date, with or without a time, or an id, in UTC; `format`: `text`, `html` or `json`. It holds
//! what the history shows, and is never shown in the site's own origin: it comes as an attachment.

use std::io;

use chat_handler::settings::Settings;
use chat_handler::wire::json;
use chat_store::log::history::Readable;
use chat_store::log::tail::{Progress, Tail};
use chat_store::record::{Kind, Record, RecordId};
use chat_store::state;

use super::{Request, Response, found};
use crate::transcript::{self, Format, Period, Transcript};

/// The largest transcript, in bytes. More is had in pieces: a request must not take the memory of the machine.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// What is read between two looks at the size, in bytes.
const STEP_BYTES: usize = 64 * 1024;
/// The most that is read for one, in bytes, whatever is found there.
const MAX_READ: usize = 64 * 1024 * 1024;

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
    let Readable {
        dirs, room, since, ..
    } = log;
    let first = period.from.map_or(RecordId::ZERO, RecordId::previous);
    let after = first.max(state::cleared(dirs, room)?).max(since);
    let mut tail = Tail::after(dirs, room, after)?;
    let mut transcript = Transcript::begin(Vec::new(), format, room.as_str(), object)?;
    let (mut size, mut is_over, mut read) = (0, false, 0);
    loop {
        let mut failed = Ok(());
        let progress = tail.read(STEP_BYTES, &mut |record| {
            is_over |= period.is_over(record);
            if !is_over && period.holds(record) && is_shown(record) && size <= MAX_BYTES {
                // What markup adds is less than as much again.
                size += 2 * (record.text.len() + record.from.len()) + 100;
                if let Err(error) = transcript.put(record) {
                    failed = Err(error);
                }
            }
        })?;
        failed?;
        read += STEP_BYTES;
        if size > MAX_BYTES || read > MAX_READ {
            return Ok(None);
        }
        if is_over || progress == Progress::Idle {
            return transcript.end().map(Some);
        }
    }
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
