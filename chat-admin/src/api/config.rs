//! `GET config`: where the rooms are, and who helps to connect calls.

use std::io;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::asker::Asker;
use super::{Request, Response, turn};
use chat_handler::identity::counted::Counted;
use chat_handler::identity::token;
use chat_handler::settings::{Pages, Permission, Register, Settings};
use chat_store::accounts;
use chat_store::log::rooms;
use chat_store::moderation::{self, Extent, Right};
use chat_store::name::RoomName;

/// The page by which people log in with accounts of the chat's own.
const OWN_FORM: &str = "login.html";
/// Behind another web server the rooms are `rooms/` beside the pages, as in
/// `ProxyPass "/chat/rooms/" "wss://localhost:8089/"`.
const BEHIND_A_PROXY: &str = "rooms/";
/// The daemon itself takes a room's name right after the pages' own path.
const UNDER_THE_DAEMON: &str = "./";

pub(super) fn answer(
    request: &Request,
    settings: &Settings,
    explain: &mut dyn FnMut(&str),
) -> Response {
    let person = token::recognized(settings, &request.visitor, &mut |line| {
        explain(line);
    });
    let counted = Counted::of(&person, &request.visitor.address);
    let address = request.visitor.address.as_str();
    let calls = |what| person.may(settings, what, None, address).allowed;
    let may_enter =
        calls(Permission::Enter) && calls(Permission::Call) && may_call(request, settings, explain);
    let mut told = json!({
        "websocket_url": websocket_url(request, &settings.pages),
        "login_url": login_url(settings),
        "accounts": accounts_told(settings).unwrap_or_else(|error| {
            explain(&format!("the accounts cannot be read: {error}"));
            Value::Null
        }),
        "ice_servers": ice_servers(&settings.pages, &counted, may_enter, SystemTime::now()),
        "anonymous": settings.identity.anonymous,
        "limits": { "message": settings.limits.max_message },
    });
    if request.parameter("seen").is_some() && request.under_websocketd {
        told["seen"] = seen(request).into();
    }
    Response::json(&told)
}

/// The origin that the daemon takes for its own, to compare with the page's: a proxy may have renamed it.
fn seen(request: &Request) -> String {
    let scheme = if request.https { "https" } else { "http" };
    let host = request.hosts.first().map_or("", String::as_str);
    format!("{scheme}://{host}")
}

/// Whether they may be in the room that they ask for, or, if they name none, in every room that has a
/// list of bans: who is banned somewhere says where he may be.
fn may_call(request: &Request, settings: &Settings, explain: &mut dyn FnMut(&str)) -> bool {
    let dirs = settings.dirs();
    let asker = Asker::of(request, settings, explain);
    let named = request.parameter("room").map(RoomName::parse);
    let rooms = match named {
        Some(Ok(room)) => {
            let meant = rooms::meant(&dirs, &room, &settings.described_rooms());
            vec![meant.unwrap_or(room)]
        }
        Some(Err(_)) => return false,
        None => {
            let mut rooms = moderation::rooms(&dirs).unwrap_or_default();
            // Rooms that are for others say nothing of them.
            rooms.retain(|room| asker.is_for_them(room));
            rooms
        }
    };
    // What is done in a private room is nobody else's to learn, and who is sent out of it can call nobody there.
    let open = rooms.iter().filter(|room| !room.is_closed());
    let mut extents: Vec<Extent<'_>> = open.map(Extent::Room).collect();
    extents.push(Extent::Everywhere);
    extents
        .into_iter()
        .all(|at| asker.may(&dirs, at, Right::Enter, explain).is_ok())
}

/// Where the settings say, else our own form, if there are accounts.
fn login_url(settings: &Settings) -> Option<&str> {
    let own = settings.identity.accounts.as_ref().map(|_| OWN_FORM);
    settings.pages.login_url.as_deref().or(own)
}

/// Relative to the page, unless the administrator named a server.
fn websocket_url<'s>(request: &Request, pages: &'s Pages) -> &'s str {
    match &pages.websocket_url {
        Some(url) => url,
        None if request.under_websocketd => UNDER_THE_DAEMON,
        None => BEHIND_A_PROXY,
    }
}

/// As `RTCConfiguration.iceServers` takes them. A TURN server without a secret would be an open
/// relay, so it is not told.
/// Nor is it told to those who may not enter.
fn ice_servers(pages: &Pages, counted: &Counted, may_enter: bool, now: SystemTime) -> Vec<Value> {
    let mut servers = Vec::new();
    if !pages.stun_servers.is_empty() {
        let urls: Vec<_> = pages
            .stun_servers
            .iter()
            .map(|host| format!("stun:{host}"))
            .collect();
        servers.push(json!({ "urls": urls }));
    }
    if let Some(secret) = &pages.turn_secret
        && may_enter
        && !pages.turn_urls.is_empty()
    {
        let made = turn::credentials(secret, &counted.name, now, pages.turn_ttl);
        servers.push(json!({
            "urls": pages.turn_urls,
            "username": made.username,
            "credential": made.password,
        }));
    }
    servers
}

/// Of accounts: what the pages need to know before anybody logs in.
fn accounts_told(settings: &Settings) -> io::Result<Value> {
    let Some(dir) = &settings.identity.accounts else {
        return Ok(Value::Null);
    };
    let register = match settings.identity.register {
        Register::No => "no",
        Register::Invitation => "invitation",
        Register::Open => "open",
    };
    Ok(json!({ "register": register, "first": !accounts::is_any(dir)? }))
}
