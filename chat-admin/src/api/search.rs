//! `GET search`: what was said in all rooms that whoever asks may read, newest first.
//!
//! `q`: words, all of which the text holds, whatever their case and accents; `"a phrase"`; `from:NAME`, `in:ROOM`,
//! `account:NAME`, `after:TIME`, `before:TIME`, `has:file` among them, or as parameters of these names (`room` for
//! `in`). `limit`; `cursor`: of the answer before, to go on. One request reads so many bytes of logs and no more.

use chat_handler::settings::Settings;
use chat_handler::wire::json;
use chat_store::record::{Record, RecordId};
use chat_store::search::matcher::{Mark, Matcher};
use chat_store::search::{self, Found, Hit, MAX_BYTES, MAX_HITS, Place, Refused, Turn, Wish};
use serde_json::{Map, Value, json};

use super::asker::Asker;
use super::{Request, Response, found};
use places::Room;
use query::{Unclear, Wanted};

mod places;
mod query;

const DEFAULT_HITS: usize = 20;

pub(super) fn answer(
    request: &Request,
    settings: &Settings,
    explain: &mut dyn FnMut(&str),
) -> Response {
    run(request, settings, None, explain)
}

/// For the holder of a token: the rooms that are theirs, whether it is a program that need not be let in anywhere, and
/// whom limits count.
pub(super) fn of_token(
    request: &Request,
    settings: &Settings,
    token: Token<'_>,
    explain: &mut dyn FnMut(&str),
) -> Response {
    run(request, settings, Some(token), explain)
}

type Token<'t> = (&'t dyn Fn(&str) -> bool, bool, &'t str);

fn run(
    request: &Request,
    settings: &Settings,
    token: Option<Token<'_>>,
    explain: &mut dyn FnMut(&str),
) -> Response {
    let (wanted, cursor) = match wanted(request) {
        Ok(wanted) => wanted,
        Err(response) => return response,
    };
    let mut matcher = Matcher::new(wanted.query.clone());
    if matcher.is_empty() {
        return Response::error(400, "empty", "there is nothing to look for");
    }
    let counted = token.map(|(_, _, counted)| counted);
    let turn = match turn(request, settings, counted, explain) {
        Ok(turn) => turn,
        Err(response) => return response,
    };
    let rooms = match (&wanted.room, token) {
        (room, Some((is_theirs, true, _))) => places::open(settings, room.as_deref(), is_theirs),
        (Some(room), _) => match found::room_called(Some(room), request, settings, explain) {
            Ok(found) => places::one(found),
            Err(response) => return response,
        },
        (None, _) => places::all(request, settings, explain).map(|mut rooms| {
            let is_theirs = |name: &str| token.is_none_or(|(is_theirs, ..)| is_theirs(name));
            rooms.retain(|room| is_theirs(room.name().as_str()));
            rooms
        }),
    };
    let rooms = match rooms {
        Ok(rooms) => rooms,
        Err(error) => return unreadable(&error, explain),
    };
    let places: Vec<Place<'_>> = rooms.iter().map(Room::place).collect();
    let before = wanted.before.unwrap_or(RecordId::MAX);
    let wish = Wish {
        before: cursor.map_or(before, |cursor| cursor.min(before)),
        from: wanted.after.unwrap_or(RecordId::ZERO),
        limit: request.number("limit", 1..=MAX_HITS, DEFAULT_HITS),
        bytes: turn.bytes().min(MAX_BYTES),
    };
    let found = match search::run(&places, &mut matcher, wish) {
        Ok(found) => found,
        Err(error) => return unreadable(&error, explain),
    };
    if let Err(error) = turn.end(found.read) {
        explain(&format!("the pace of searches cannot be kept: {error}"));
    }
    written(&wanted, &rooms, &found)
}

fn wanted(request: &Request) -> Result<(Wanted, Option<RecordId>), Response> {
    let mut wanted = Wanted::default();
    let read = |wanted: &mut Wanted| {
        wanted.read(request.parameter("q").unwrap_or_default())?;
        let keys = [
            ("from", "from"),
            ("account", "account"),
            ("room", "in"),
            ("has", "has"),
        ];
        for (name, key) in keys
            .into_iter()
            .chain([("after", "after"), ("before", "before")])
        {
            if let Some(value) = request.parameter(name) {
                wanted.set(key, value)?;
            }
        }
        Ok(())
    };
    read(&mut wanted).map_err(|unclear| match unclear {
        Unclear::Time => {
            let text = "before and after are times like 2026-11-21, 2026-11-21T10:15 or ids";
            Response::error(400, "bad_time", text)
        }
        Unclear::Has => Response::error(400, "bad_has", "has is file"),
        Unclear::Words => Response::error(400, "too_many", "those are too many words"),
    })?;
    let cursor = request.parameter("cursor");
    let cursor = cursor.map(|id| RecordId::parse(id.as_bytes()).ok_or(()));
    match cursor.transpose() {
        Ok(cursor) => Ok((wanted, cursor)),
        Err(()) => Err(Response::error(
            400,
            "bad_id",
            "cursor is that of an answer",
        )),
    }
}

/// Of an account, or of all guests of a network.
fn turn(
    request: &Request,
    settings: &Settings,
    counted: Option<&str>,
    explain: &mut dyn FnMut(&str),
) -> Result<Turn, Response> {
    let asker = Asker::of(request, settings, explain);
    let later = |seconds: u64| {
        let text = format!("you have searched much, go on in {seconds} s");
        Response::error(429, "too_many_searches", &text).header("Retry-After", &seconds.to_string())
    };
    match Turn::take(&settings.dirs(), counted.unwrap_or(asker.counted())) {
        Ok(Ok(turn)) => Ok(turn),
        Ok(Err(Refused::Pace(seconds))) => Err(later(seconds)),
        Ok(Err(Refused::Busy)) => {
            let text = "too many search just now, try again";
            Err(Response::error(503, "busy", text).header("Retry-After", "2"))
        }
        Err(error) => Err(unreadable(&error, explain)),
    }
}

fn unreadable(error: &std::io::Error, explain: &mut dyn FnMut(&str)) -> Response {
    explain(&format!("the logs cannot be searched: {error}"));
    let text = "the logs cannot be read, try again later";
    Response::error(503, "storage", text)
}

fn written(wanted: &Wanted, rooms: &[Room], found: &Found) -> Response {
    let mut body = b"{\"query\":".to_vec();
    body.extend(understood(wanted).to_string().into_bytes());
    body.extend_from_slice(b",\"hits\":[");
    for (number, hit) in found.hits.iter().enumerate() {
        if number > 0 {
            body.push(b',');
        }
        put_hit(hit, &rooms[hit.place], &mut body);
    }
    let total: u64 = rooms.iter().map(|room| room.place().bytes).sum();
    let percent = match found.next {
        Some(_) => (total - found.rest.min(total)) * 100 / total.max(1),
        None => 100,
    };
    body.extend(format!("],\"percent\":{percent}").into_bytes());
    if let Some(next) = found.next {
        body.extend(format!(",\"cursor\":\"{next}\"").into_bytes());
    }
    let packed: usize = rooms.iter().map(Room::packed).sum();
    if packed > 0 {
        body.extend(format!(",\"packed\":{packed}").into_bytes());
    }
    body.push(b'}');
    Response::raw(body)
}

/// What the text was understood as.
fn understood(wanted: &Wanted) -> Value {
    let Wanted {
        query,
        room,
        after,
        before,
    } = wanted;
    let mut all = Map::from_iter([("words".to_owned(), json!(query.words))]);
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            all.insert(key.to_owned(), Value::String(value));
        }
    };
    put("from", query.from.clone());
    put("account", query.account.clone());
    put("room", room.clone());
    put("after", after.map(|id| id.to_string()));
    put("before", before.map(|id| id.to_string()));
    put("has", query.has_file.then(|| "file".to_owned()));
    Value::Object(all)
}

fn put_hit(hit: &Hit, room: &Room, body: &mut Vec<u8>) {
    body.extend_from_slice(b"{\"room\":");
    body.extend(Value::from(room.name().as_str()).to_string().into_bytes());
    let [before, after] = &hit.around;
    let own = |record: &Record<'_>| record.id == hit.id;
    for record in before.records() {
        let key: &[u8] = if own(&record) {
            b",\"record\":"
        } else {
            b",\"before\":"
        };
        put_record(key, &record, body);
    }
    for record in after.records().take(1) {
        put_record(b",\"after\":", &record, body);
    }
    body.extend_from_slice(b",\"marks\":[");
    for (number, Mark { start, length }) in hit.marks.iter().enumerate() {
        let comma = if number > 0 { "," } else { "" };
        body.extend(format!("{comma}[{start},{length}]").into_bytes());
    }
    body.extend_from_slice(b"]}");
}

fn put_record(key: &[u8], record: &Record<'_>, body: &mut Vec<u8>) {
    body.extend_from_slice(key);
    json::record(record, body);
    // Its line end: another field is behind it.
    if body.last() == Some(&b'\n') {
        body.pop();
    }
}
