//! What the pages ask over plain HTTP: who am I, where is the WebSocket, which rooms, what was said.
//!
//! `chat-cgi` is a CGI program (RFC 3875): one request in the environment and on stdin, one response
//! on stdout. [`answer`] is the whole of it; the rest of this module is its parts in request order.
//! The program is called `api`, so that `api/rooms` beside the pages is this program with the
//! `PATH_INFO` `/rooms`, on any web server and below any path.

use std::cell::RefCell;
use std::io::{self, Read};

use crate::picture::MAX_UPLOAD;
use chat_handler::identity::token;
use chat_handler::settings::{Permission, Settings};
use chat_store::log::rooms as rooms_on_disk;
use chat_store::moves;
use chat_store::name::RoomName;

mod account;
mod asker;
mod avatars;
mod config;
mod files;
mod found;
mod health;
mod history;
mod pages;
mod request;
mod response;
mod rooms;
mod search;
mod session;
pub(crate) mod site;
mod transcript;
pub(crate) mod turn;
pub mod v1;

pub use request::{MAX_BODY, Request, Trouble};
pub use response::Response;

/// Answers one request. Never fails: what goes wrong is a response too, and a line for `explain`,
/// the server's log. Clients are told codes, never paths.
///
/// `input` is what is left of the body: that of an upload.
pub fn answer(
    request: &Request,
    settings: &Settings,
    input: &mut dyn Read,
    explain: &mut impl FnMut(&str),
) -> Response {
    let is_program = v1::is_asked(&request.path);
    let length = request.length.filter(|_| request.is_upload() || is_program);
    let mut body = input.take(length.unwrap_or_default());
    let response = if is_program {
        v1::answer(request, settings, &mut body, explain)
    } else {
        decide(request, settings, &mut body, explain)
    };
    // A browser that is still sending reads no answer, and Apache gives none on of a program that has left bytes
    // unread.
    if body.limit() <= settings.limits.max_file.max(MAX_UPLOAD) {
        // A line that breaks now has nobody who wants the answer.
        let _ = io::copy(&mut body, &mut io::sink());
    }
    response
}

fn decide(
    request: &Request,
    settings: &Settings,
    input: &mut dyn Read,
    explain: &mut impl FnMut(&str),
) -> Response {
    let name = request.path.split('/').next().unwrap_or_default();
    let input = RefCell::new(input);
    let upload = |request: &Request, settings: &Settings, explain: &mut dyn FnMut(&str)| {
        files::upload(request, settings, &mut **input.borrow_mut(), explain)
    };
    let avatar = |request: &Request, settings: &Settings, explain: &mut dyn FnMut(&str)| {
        avatars::change(request, settings, &mut **input.borrow_mut(), explain)
    };
    let (methods, run): (&[&str], Endpoint<'_>) = match request.path.as_str() {
        "files" => (&["POST"], &upload),
        _ if name == "files" => (&["GET", "DELETE"], &files::answer),
        "avatar" => (&["POST", "DELETE"], &avatar),
        _ if name == "avatars" => (&["GET"], &avatars::answer),
        "session" => (&["GET", "POST", "DELETE"], &session::answer),
        "account/login" | "account/logout" | "account/register" | "account/password"
        | "account/link" | "account/first" => (&["POST"], &account::answer),
        "config" => (&["GET"], &config::answer),
        "rooms" => (&["GET"], &rooms::answer),
        "history" => (&["GET"], &history::answer),
        "search" => (&["GET"], &search::answer),
        "transcript" => (&["GET"], &transcript::answer),
        "pages" => (&["GET"], &pages::answer),
        "health" => (&["GET"], &health::answer),
        _ if name == "Heartbeat" => (&["GET"], &health::heartbeat),
        _ => return Response::error(404, "not_found", "there is no such thing here"),
    };
    let method = match request.method.as_str() {
        "HEAD" => "GET",
        other => other,
    };
    if !methods.contains(&method) {
        let text = format!("use {}", methods.join(" or "));
        return Response::error(405, "bad_method", &text).header("Allow", &methods.join(", "));
    }
    if method != "GET"
        && let Err(reason) = site::check(request)
    {
        explain(reason);
        return Response::error(
            403,
            "cross_site",
            "this must come from the chat's own pages",
        );
    }
    let mut lines = Vec::new();
    // Who may not come in may not read what is said there either.
    let is_room = ["rooms", "history", "search", "transcript", "files"].contains(&name);
    if is_room && let Err(error) = moves::finish(&settings.dirs()) {
        explain(&format!("a room cannot be moved: {error}"));
        return Response::error(503, "storage", "a room is being moved, try again later");
    }
    if (is_room || name == "avatars")
        && let Err(refused) = admitted(request, settings, explain)
    {
        return refused;
    }
    let response = run(request, settings, &mut |line| lines.push(line.to_owned()));
    for line in lines {
        explain(&line);
    }
    response
}

use asker::allowed;

type Endpoint<'e> = &'e dyn Fn(&Request, &Settings, &mut dyn FnMut(&str)) -> Response;

/// Whether `[access]` and ANONYMOUS let whoever asks into the room that they name, or if they name none, in general.
fn admitted(
    request: &Request,
    settings: &Settings,
    explain: &mut impl FnMut(&str),
) -> Result<(), Response> {
    let who = token::recognized(settings, &request.visitor, explain);
    let named = request.parameter("room").map(RoomName::parse);
    let room = named.and_then(Result::ok).map(|room| {
        let meant = rooms_on_disk::meant(&settings.dirs(), &room, &settings.described_rooms());
        meant.unwrap_or(room)
    });
    let address = request.visitor.address.as_str();
    if who
        .may(settings, Permission::Enter, room.as_ref(), address)
        .allowed
    {
        return Ok(());
    }
    Err(match who.account {
        None => Response::error(403, "anonymous_refused", "log in first"),
        Some(_) => Response::error(403, "not_allowed", "you may not come into this room"),
    })
}
