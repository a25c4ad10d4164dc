//! `session`: who am I (GET), I am called so (POST), forget me (DELETE).
//!
//! A name typed into a form proves nothing, so it is never an account: it is kept beside what the
//! site's own log-in wrote, under names of ours ([`CHOSEN_NAME`], [`CHOSEN_COLOR`]), and nothing
//! else of a session can be set from here.

use std::io;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::{Request, Response};
use chat_handler::color::Color;
use chat_handler::identity::Person;
use chat_handler::identity::cookie::first_value;
use chat_handler::identity::counted::Counted;
use chat_handler::identity::php_session::{
    CHOSEN_COLOR, CHOSEN_NAME, Contents, Own, SessionId, contents,
};
use chat_handler::identity::token;
use chat_handler::quota::{Pace, Quota};
use chat_handler::settings::{Identity, Settings};
use chat_store::name::Nick;

/// Sessions that somebody gets by typing a name: each is a file that stays for a day at least.
const SESSIONS: Quota = Quota {
    what: "sessions",
    each: Pace {
        every: Duration::from_secs(20),
        burst: 60,
    },
    unknown: Pace {
        every: Duration::from_millis(500),
        burst: 1000,
    },
};

pub(super) fn answer(
    request: &Request,
    settings: &Settings,
    explain: &mut dyn FnMut(&str),
) -> Response {
    let identity = &settings.identity;
    let person = token::recognized(settings, &request.visitor, &mut |line| explain(line));
    match request.method.as_str() {
        "POST" => match choose(request, settings, &person) {
            Ok(response) => response,
            Err(Refused::Asked(code, text)) => Response::error(400, code, &text),
            Err(Refused::TooMany) => {
                let text = "there were many new names from here just now, try again in a minute";
                Response::error(429, "too_many_sessions", text)
            }
            Err(Refused::Failed(error)) => failed(&error, explain),
        },
        "DELETE" => {
            forget(request, settings, &person).unwrap_or_else(|error| failed(&error, explain))
        }
        _ => {
            if let Some(id) = &person.session {
                // As PHP does with each request; a session that cannot be renewed only ends sooner.
                let _ = Own::new(identity, &settings.dirs()).touch(id);
            }
            Response::json(&told(&person)).header("Vary", "Cookie")
        }
    }
}

/// What a person may want to be called.
#[derive(Deserialize)]
struct Choice {
    name: Option<String>,
    color: Option<String>,
}

enum Refused {
    Asked(&'static str, String),
    TooMany,
    Failed(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

fn choose(request: &Request, settings: &Settings, person: &Person) -> Result<Response, Refused> {
    let choice: Choice = serde_json::from_slice(&request.body).map_err(|_| {
        let text = r##"send a JSON object like {"name":"alice","color":"#aa0000"}"##;
        Refused::Asked("bad_json", text.to_owned())
    })?;
    let name = match &choice.name {
        Some(name) => {
            let nick =
                Nick::parse(name).map_err(|error| Refused::Asked("bad_name", error.to_string()))?;
            Some(nick.as_str().to_owned())
        }
        None => None,
    };
    let color = match choice.color.as_deref() {
        None | Some("") => None,
        Some(color) => Some(Color::parse(color).ok_or_else(|| {
            let text = "the color is not known, use #rrggbb or a CSS name";
            Refused::Asked("bad_color", text.to_owned())
        })?),
    };
    if name.is_none() && person.name.is_none() {
        return Err(Refused::Asked(
            "bad_name",
            "a name is needed first".to_owned(),
        ));
    }
    let mut variables = Vec::new();
    if let Some(name) = &name {
        variables.push((CHOSEN_NAME, name.as_str()));
    }
    if let Some(color) = &color {
        variables.push((CHOSEN_COLOR, color.as_str()));
    }
    let now = Person {
        name: name.clone().or_else(|| person.name.clone()),
        color: color.clone().or_else(|| person.color.clone()),
        ..person.clone()
    };
    let identity = &settings.identity;
    match to_keep(request, identity, person) {
        Some(id) => Own::new(identity, &settings.dirs()).set(&id, &variables)?,
        None => return fresh(request, settings, person, &now),
    }
    Ok(Response::json(&told(&now)))
}

/// A session under an id that nobody knew before: had the old one been planted by somebody, they
/// would share the name from now on (session fixation).
fn fresh(
    request: &Request,
    settings: &Settings,
    before: &Person,
    now: &Person,
) -> Result<Response, Refused> {
    let identity = &settings.identity;
    let (dir, dirs) = (&identity.session_dir, settings.dirs());
    let mut variables = Vec::new();
    if let Some(name) = &now.name {
        variables.push((CHOSEN_NAME, name.as_str()));
    }
    if let Some(color) = &now.color {
        variables.push((CHOSEN_COLOR, color.as_str()));
    }
    // Whoever comes with a session gets another in its place.
    if before.session.is_none()
        && !SESSIONS.take(&dirs, &Counted::of(before, &request.visitor.address))
    {
        return Err(Refused::TooMany);
    }
    let own = Own::new(identity, &dirs);
    let id = own.create(&variables)?;
    if let Some(old) = &before.session {
        own.destroy(old)?;
    }
    // Now and then, as PHP does it: the one who asks waits for it. In a directory of PHP's own, PHP sweeps.
    let is_chosen = id
        .as_str()
        .as_bytes()
        .iter()
        .take(2)
        .all(|&byte| byte < b'2');
    if is_chosen && *dir == settings.base_dir.join("sessions") {
        // What is left is removed another time.
        let _ = own.sweep();
    }
    Ok(Response::json(&told(now)).header("Set-Cookie", &cookie(request, identity, Some(&id))))
}

fn forget(request: &Request, settings: &Settings, person: &Person) -> io::Result<Response> {
    let (identity, dirs) = (&settings.identity, settings.dirs());
    let own = Own::new(identity, &dirs);
    if let Some(id) = to_keep(request, identity, person) {
        // The log-in is the site's to end; the name typed here goes.
        let none = [(CHOSEN_NAME, ""), (CHOSEN_COLOR, "")];
        own.set(&id, &none)?;
        let left = Person {
            name: person.account.clone(),
            color: None,
            ..person.clone()
        };
        return Ok(Response::json(&told(&left)));
    }
    if let Some(id) = &person.session {
        own.destroy(id)?;
    }
    let left = told(&Person::default());
    Ok(Response::json(&left).header("Set-Cookie", &cookie(request, identity, None)))
}

/// The session that the cookie names, if it is alive and holds a log-in: the site's, or one by an account of ours that
/// still counts.
fn to_keep(request: &Request, identity: &Identity, person: &Person) -> Option<SessionId> {
    let id = named(request, identity)?;
    let holds = contents(identity, &id).ok()?;
    let is_over = holds == Contents::OwnLogIn && person.account.is_none();
    (holds != Contents::Chosen && !is_over).then_some(id)
}

fn named(request: &Request, identity: &Identity) -> Option<SessionId> {
    let value = first_value(&request.visitor.cookies, &identity.session_cookie)?;
    SessionId::parse(&value)
}

/// Ends the session that the cookie names, if it is ours to end.
pub(super) fn end(request: &Request, settings: &Settings) -> io::Result<()> {
    let identity = &settings.identity;
    let Some(id) = named(request, identity) else {
        return Ok(());
    };
    // What cannot be read is over, or never was.
    if contents(identity, &id).is_ok_and(|holds| holds != Contents::Sites) {
        Own::new(identity, &settings.dirs()).destroy(&id)?;
    }
    Ok(())
}

pub(super) fn told(person: &Person) -> serde_json::Value {
    let mut told = json!({
        "name": person.name,
        "color": person.color.as_ref().map(Color::as_str),
        "account": person.account,
        "moderator": person.moderator,
    });
    if person.generation.is_some() {
        // Our own form can end it, and change its password.
        told["own"] = true.into();
    }
    told
}

/// Path `/`, as PHP's own: with another path there would be two cookies of one name.
pub(super) fn cookie(request: &Request, identity: &Identity, id: Option<&SessionId>) -> String {
    let value = id.map_or("deleted", SessionId::as_str);
    let end = if id.is_none() { "; Max-Age=0" } else { "" };
    // Behind a proxy only the browser knows that the page came over https; it says so in Origin.
    let over_tls = request.https
        || request
            .origin
            .as_ref()
            .is_some_and(|origin| origin.starts_with("https://"));
    let secure = if over_tls { "; Secure" } else { "" };
    format!(
        "{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{end}",
        identity.session_cookie
    )
}

fn failed(error: &io::Error, explain: &mut dyn FnMut(&str)) -> Response {
    explain(&format!("the session could not be written: {error}"));
    Response::error(
        500,
        "not_saved",
        "the name could not be saved, try again later",
    )
}
