//! The administration: what its pages ask of `chat-web`, a CGI program at an address of its own.
//!
//! It can do nothing that `chatctl` cannot: each [`deeds`] is one of its commands, each of [`views`] one of its answers or
//! a file of the site. Who asks is an account of the chat's own that may `admin` ([`session`]); what they change is noted
//! before it is done ([`chat_store::audit`]).

use std::path::Path;

use crate::api::{Request, Response, site};
use crate::ctl::Failure;
use chat_handler::settings::Settings;

mod deeds;
mod logs;
mod session;
mod settings;
mod views;
mod way;

pub use deeds::names as deed_names;
pub use views::NAMES as VIEW_NAMES;

use session::Session;

/// A question, and what came with it.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The question.
    pub request: &'a Request,
    /// `X-Chat-Token`: what the page was told when somebody logged in.
    pub token: &'a str,
    /// Whether a proxy passed it on.
    pub is_forwarded: bool,
    /// The daemon's log.
    pub log_file: Option<&'a Path>,
}

/// What goes to the server's log.
type Explain<'e> = &'e mut dyn FnMut(&str);

/// Answers one question. Never fails: what goes wrong is an answer too, and a line for `explain`.
pub fn answer(asked: &Asked<'_>, settings: &Settings, explain: &mut dyn FnMut(&str)) -> Response {
    decide(asked, settings, explain).unwrap_or_else(|refused| refused)
}

fn decide(
    asked: &Asked<'_>,
    settings: &Settings,
    explain: Explain<'_>,
) -> Result<Response, Response> {
    let request = asked.request;
    way::check(asked)?;
    if settings.identity.accounts.is_none() {
        let text = "chat.ini does not say ACCOUNTS=yes: nobody could log in here";
        return Err(Response::error(403, "no_accounts", text));
    }
    let is_read = matches!(request.method.as_str(), "GET" | "HEAD");
    if !is_read {
        check_origin(request, explain)?;
    }
    let path = request.path.as_str();
    match (request.method.as_str(), path) {
        ("GET" | "HEAD", "session") => return session::show(asked, settings, explain),
        ("POST", "session") => return session::log_in(request, settings, explain),
        _ => {}
    }
    let session = Session::of(request, settings).map_err(|error| failed(&error, explain))?;
    let session = session.ok_or_else(|| Response::error(401, "log_in", "log in first"))?;
    // Cookies know no ports: whatever else runs on this host is sent it, and has no session by it.
    if !session.has_token(asked.token) {
        explain("somebody asked without the token of their session");
        return Err(if is_read {
            Response::error(401, "log_in", "log in first")
        } else {
            Response::error(403, "bad_token", "the page is an old one: load it again")
        });
    }
    session.touch().map_err(|error| failed(&error, explain))?;
    match (request.method.as_str(), path) {
        ("DELETE", "session") => session.end(request, settings, explain),
        ("POST", "session/again") => session.renew(request, settings, explain),
        ("POST", _) if let Some(name) = path.strip_prefix("deeds/") => {
            deeds::answer(name, asked, &session, settings, explain)
        }
        ("GET" | "HEAD", _) => views::answer(path, asked, &session, settings, explain),
        _ => Err(not_found()),
    }
}

/// As the chat's pages, and stricter: each browser says where a change comes from, and programs have `chatctl`.
fn check_origin(request: &Request, explain: Explain<'_>) -> Result<(), Response> {
    let origin = request.origin.as_ref();
    let checked = site::check(request).and_then(|()| {
        origin
            .map(|_| ())
            .ok_or("a change was asked for without Origin")
    });
    checked.map_err(|reason| {
        explain(reason);
        let text = "this must come from the administration's own pages";
        Response::error(403, "cross_site", text)
    })
}

fn not_found() -> Response {
    Response::error(404, "not_found", "there is no such thing here")
}

/// A file that cannot be read or written; the log says which.
fn failed(error: &std::io::Error, explain: Explain<'_>) -> Response {
    explain(&error.to_string());
    let text = "a file could not be read or written; the server's log says which";
    Response::error(500, "failed", text)
}

/// Why a command was not done.
fn refused(failure: Failure, explain: Explain<'_>) -> Response {
    match failure {
        Failure::Refused(text) => Response::error(409, "refused", &text),
        Failure::Missing(text) => Response::error(404, "missing", &text),
        Failure::Config(text) => Response::error(500, "config", &text),
        Failure::Io(error) => failed(&error, explain),
    }
}
