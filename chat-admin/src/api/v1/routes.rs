//! Every endpoint: its method, its path, who may call it. Pure but for what it points to.

use chat_token::Scope;

use super::call::Call;
use super::{
    Refusal, batch, channels, closed, incoming, messages, moderation, persons, read, site,
};
use crate::api::Response;

/// Who may call an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Everybody.
    Nothing,
    /// Whoever knows the address, which has a secret in it.
    Secret,
    /// Programs whose token has the scope.
    Scope {
        /// It.
        scope: Scope,
        /// People too, as far as `[access]`, bans and roles let them.
        people: bool,
    },
}

/// One endpoint.
pub struct Route {
    /// `GET`, `POST`, ...
    pub method: &'static str,
    /// Below `v1/`; `{name}` stands for one segment.
    pub path: &'static str,
    /// Who may call it.
    pub need: Need,
    pub(super) run: fn(&mut Call<'_>) -> Result<Response, Refusal>,
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

type Run = fn(&mut Call<'_>) -> Result<Response, Refusal>;

const fn open(method: &'static str, path: &'static str, run: Run) -> Route {
    let need = Need::Nothing;
    Route {
        method,
        path,
        need,
        run,
    }
}

const fn secret(method: &'static str, path: &'static str, run: Run) -> Route {
    let need = Need::Secret;
    Route {
        method,
        path,
        need,
        run,
    }
}

const fn program(method: &'static str, path: &'static str, scope: Scope, run: Run) -> Route {
    let need = Need::Scope {
        scope,
        people: false,
    };
    Route {
        method,
        path,
        need,
        run,
    }
}

const fn both(method: &'static str, path: &'static str, scope: Scope, run: Run) -> Route {
    let need = Need::Scope {
        scope,
        people: true,
    };
    Route {
        method,
        path,
        need,
        run,
    }
}

/// All of them, in the order of docs/api.md.
pub const ROUTES: &[Route] = &[
    open("GET", "health", site::health),
    open("GET", "openapi.json", site::openapi),
    program("GET", "stats", Scope::Read, site::stats),
    program("POST", "revoke", Scope::Admin, site::revoke),
    program("POST", "post", Scope::Post, batch::post),
    both("GET", "search", Scope::Read, read::search),
    both("GET", "rooms", Scope::Read, read::rooms),
    both("GET", "rooms/{room}", Scope::Read, read::room),
    program("DELETE", "rooms/{room}", Scope::Admin, moderation::purge),
    both("GET", "rooms/{room}/people", Scope::Read, read::people),
    both("GET", "rooms/{room}/messages", Scope::Read, read::messages),
    both("POST", "rooms/{room}/messages", Scope::Post, messages::post),
    both(
        "DELETE",
        "rooms/{room}/messages/{id}",
        Scope::Moderate,
        moderation::redact,
    ),
    both(
        "PUT",
        "rooms/{room}/topic",
        Scope::Moderate,
        moderation::topic,
    ),
    both(
        "POST",
        "rooms/{room}/clear",
        Scope::Moderate,
        moderation::clear,
    ),
    both(
        "POST",
        "rooms/{room}/kick",
        Scope::Moderate,
        moderation::kick,
    ),
    both(
        "GET",
        "rooms/{room}/bans",
        Scope::Moderate,
        moderation::bans,
    ),
    both(
        "POST",
        "rooms/{room}/bans",
        Scope::Moderate,
        moderation::ban,
    ),
    both(
        "DELETE",
        "rooms/{room}/bans",
        Scope::Moderate,
        moderation::unban,
    ),
    both(
        "GET",
        "rooms/{room}/mutes",
        Scope::Moderate,
        moderation::mutes,
    ),
    both(
        "POST",
        "rooms/{room}/mutes",
        Scope::Moderate,
        moderation::mute,
    ),
    both(
        "DELETE",
        "rooms/{room}/mutes",
        Scope::Moderate,
        moderation::unmute,
    ),
    both(
        "GET",
        "rooms/{room}/roles",
        Scope::Moderate,
        moderation::roles,
    ),
    program(
        "PUT",
        "rooms/{room}/roles/{account}",
        Scope::Admin,
        moderation::set_role,
    ),
    program("POST", "private", Scope::Admin, closed::create),
    program("GET", "rooms/{room}/members", Scope::Admin, closed::members),
    program("POST", "rooms/{room}/members", Scope::Admin, closed::admit),
    program(
        "DELETE",
        "rooms/{room}/members/{account}",
        Scope::Admin,
        closed::dismiss,
    ),
    program(
        "POST",
        "rooms/{room}/invitations",
        Scope::Admin,
        closed::invite,
    ),
    program(
        "DELETE",
        "rooms/{room}/invitations",
        Scope::Admin,
        closed::uninvite,
    ),
    program(
        "POST",
        "channels/{channel}/events",
        Scope::Post,
        channels::tell,
    ),
    program(
        "POST",
        "persons/{account}/messages",
        Scope::Post,
        persons::post,
    ),
    secret("POST", "in/{secret}", incoming::post),
];

/// What stands in a path's places.
pub(super) type Parameters = Vec<(&'static str, String)>;

/// The endpoint of a method and a path.
pub(super) fn find(method: &str, path: &str) -> Result<(&'static Route, Parameters), Refusal> {
    let method = if method == "HEAD" { "GET" } else { method };
    let mut allowed = Vec::new();
    for route in ROUTES {
        if let Some(parameters) = fit(route.path, path) {
            if route.method == method {
                return Ok((route, parameters));
            }
            allowed.push(route.method);
        }
    }
    Err(if allowed.is_empty() {
        Refusal::NotFound("there is no such endpoint; openapi.json lists them".to_owned())
    } else {
        Refusal::Method(allowed.join(", "))
    })
}

fn fit(pattern: &'static str, path: &str) -> Option<Parameters> {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    let mut parameters = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(parameters),
            (Some(name), Some(value)) => match name.strip_prefix('{') {
                Some(name) if !value.is_empty() => {
                    parameters.push((name.trim_end_matches('}'), value.to_owned()));
                }
                None if name == value => {}
                _ => return None,
            },
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_endpoints() {
        let of = |method, path| find(method, path).map(|(route, given)| (route.path, given));
        let (path, given) = of("DELETE", "rooms/lobby/messages/7").ok().unwrap();
        assert_eq!(path, "rooms/{room}/messages/{id}");
        assert_eq!(
            given,
            [("room", "lobby".to_owned()), ("id", "7".to_owned())]
        );
        assert_eq!(of("HEAD", "health").ok().unwrap().0, "health");
        let allowed = match find("PATCH", "rooms/lobby/messages") {
            Err(Refusal::Method(allowed)) => allowed,
            other => panic!("{other:?}"),
        };
        assert_eq!(allowed, "GET, POST");
        for none in [
            "",
            "rooms//messages",
            "rooms/lobby/",
            "rooms/lobby/messages/7/8",
            "room",
        ] {
            assert!(
                matches!(find("GET", none), Err(Refusal::NotFound(_))),
                "{none}"
            );
        }
    }
}
