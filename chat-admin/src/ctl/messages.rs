//! What was said, and saying something.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};

use super::report::Report;
use super::{Failure, moderate, packed, rooms};
use crate::transcript::{Format, Period, Transcript, line};
use chat_store::attachments::{Named, named};
use chat_store::fs::dirs::Dirs;
use chat_store::log::chain;
use chat_store::log::history::{self, Before, MAX_LIMIT};
use chat_store::name::{Nick, RoomName};
use chat_store::record::{Draft, Kind, Reaction, Record, RecordId, attrs, tidy};

pub(super) fn say(
    dirs: &Dirs,
    room: &RoomName,
    from: &Nick,
    text: &str,
    max: usize,
) -> Result<Report, Failure> {
    let text = tidy(text);
    if text.trim().is_empty() {
        return Err(Failure::Refused("there is nothing to say".to_owned()));
    }
    if text.chars().count() > max {
        return Err(Failure::Refused(format!(
            "a message has at most {max} characters"
        )));
    }
    let id = moderate::tell_all(dirs, room, &Draft::new(Kind::Say, from.as_str(), &text))?;
    let value = json!({ "done": true, "room": room.as_str(), "id": id.to_string() });
    Ok(Report::new(format!("said as {from}: {id}"), value))
}

/// What to show of a history.
pub(super) struct Wish<'a> {
    pub(super) last: usize,
    pub(super) before: Option<RecordId>,
    pub(super) search: Option<&'a str>,
    pub(super) all: bool,
}

pub(super) fn history(dirs: &Dirs, room: &RoomName, wish: &Wish<'_>) -> Result<Report, Failure> {
    rooms::chosen(dirs, Some(room))?;
    let wanted = wish.search.map(str::to_lowercase);
    let keep = |record: &Record<'_>| {
        (wish.all || record.kind.is_talk())
            && wanted
                .as_deref()
                .is_none_or(|wanted| record.text.to_lowercase().contains(wanted))
    };
    let (mut lines, mut values) = (Vec::new(), Vec::new());
    let mut before = wish.before.unwrap_or(RecordId::MAX);
    // A page ends early when few of its lines are wanted; there may be more before it.
    while lines.len() < wish.last {
        let limit = (wish.last - lines.len()).min(MAX_LIMIT);
        let page = history::before(dirs, room, Before::Id(before), limit, keep)?;
        let mut page_lines: Vec<String> = page.records().map(|record| line(&record)).collect();
        let mut page_values: Vec<Value> = page.records().map(|record| value(&record)).collect();
        page_lines.append(&mut lines);
        page_values.append(&mut values);
        (lines, values) = (page_lines, page_values);
        match page.scanned_to {
            Some(id) if page.more => before = id,
            _ => break,
        }
    }
    Ok(Report::new(lines.join("\n"), json!(values)))
}

pub(super) fn value(record: &Record<'_>) -> Value {
    let mut value = json!({
        "id": record.clock.is_none().then(|| record.id.to_string()),
        "clock": record.clock,
        "kind": record.kind.as_str(),
        "from": record.from,
        "account": record.attr("account"),
        "text": if record.is_redacted() { "" } else { &record.text },
        "redacted": record.is_redacted(),
    });
    for (name, key) in [("target", attrs::TARGET), ("reply", attrs::REPLY)] {
        if let Some(id) = record.attr(key) {
            value[name] = json!(id);
        }
    }
    if let Some(id) = record.edited {
        value["edited"] = json!(id.to_string());
    }
    if let Some(reactions) = record.reactions {
        let told = |reaction: &Reaction| json!({ "text": reaction.text, "by": reaction.by, "count": reaction.count });
        value["reactions"] = reactions.0.iter().map(told).collect();
    }
    let files = named(record);
    if !files.is_empty() {
        let told = |file: &Named| json!({ "id": file.id.as_str(), "name": file.name, "type": file.kind, "size": file.size });
        value["files"] = files.iter().map(told).collect();
    }
    value
}

/// What of a room is exported, and how.
pub(super) struct Export {
    pub(super) period: Period,
    /// `None`: as the other answers, an object a line if these are JSON.
    pub(super) format: Option<Format>,
}

/// Writes while it reads: an export may be larger than memory.
pub(super) fn export(
    dirs: &Dirs,
    room: &RoomName,
    wish: &Export,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<Report, Failure> {
    rooms::chosen(dirs, Some(room))?;
    let out = io::BufWriter::new(out);
    let period = wish.period;
    match wish.format {
        None if as_json => {
            let mut out = out;
            each_record(dirs, room, period, &mut |record| {
                writeln!(out, "{}", value(record))
            })?;
            out.flush()?;
        }
        format => {
            let format = format.unwrap_or(Format::Text);
            let mut transcript = Transcript::begin(out, format, room.as_str(), object)?;
            each_record(dirs, room, period, &mut |record| transcript.put(record))?;
            transcript.end()?;
        }
    }
    Ok(Report::nothing())
}

fn object(record: &Record<'_>, out: &mut Vec<u8>) {
    out.extend(value(record).to_string().into_bytes());
}

/// Gives each record of a period, of all the room's logs.
pub(super) fn each_record(
    dirs: &Dirs,
    room: &RoomName,
    period: Period,
    take: &mut dyn FnMut(&Record<'_>) -> io::Result<()>,
) -> Result<(), Failure> {
    each_of(&dirs.room_log(room), period, take)
}

/// As [`each_record`], of the log whose live file is `live`.
pub(super) fn each_of(
    live: &Path,
    period: Period,
    take: &mut dyn FnMut(&Record<'_>) -> io::Result<()>,
) -> Result<(), Failure> {
    for (path, is_packed) in sources(live)? {
        let file = match File::open(&path) {
            // Rotated or expired since it was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            file => file?,
        };
        let mut give = |bytes: &[u8]| match Record::parse(bytes) {
            Some(record) if period.holds(&record) => take(&record),
            _ => Ok(()),
        };
        if is_packed {
            packed::each_line(MultiGzDecoder::new(file), &mut give)?;
        } else {
            packed::each_line(file, &mut give)?;
        }
    }
    Ok(())
}

/// The files of a log, oldest first, and whether they are packed.
fn sources(live: &Path) -> Result<Vec<(PathBuf, bool)>, Failure> {
    let mut packed = Vec::new();
    for path in packed::list(live)? {
        if path.extension().is_none_or(|extension| extension != "gz") {
            let text = format!(
                "{}: only gzip can be unpacked here, unpack it first",
                path.display()
            );
            return Err(Failure::Refused(text));
        }
        packed.push((first_id(&path)?, path));
    }
    packed.sort();
    let mut sources: Vec<_> = packed.into_iter().map(|(_, path)| (path, true)).collect();
    sources.extend(
        chain::list(live)?
            .into_iter()
            .map(|file| (file.path, false)),
    );
    Ok(sources)
}

fn first_id(path: &Path) -> io::Result<RecordId> {
    let mut first = None;
    let found = packed::each_line(MultiGzDecoder::new(File::open(path)?), &mut |line| {
        first = Record::id_of(line);
        if first.is_some() {
            Err(io::ErrorKind::Interrupted.into())
        } else {
            Ok(())
        }
    });
    match found {
        Err(error) if first.is_none() => Err(error),
        _ => Ok(first.unwrap_or_default()),
    }
}
