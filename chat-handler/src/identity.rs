//! Who is it: PHP session, `OpenSSO`, the web server's word, or nobody known. In this order, as
//! configured. Nothing wrong with any of them is an error for the person: they are Anonymous, and
//! the log says why.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::color::Color;
use crate::settings::{Identity, Permission};
use chat_store::accounts::Group;

pub mod account;
pub mod cookie;
pub mod counted;
pub mod opensso;
pub mod php_session;
pub mod token;

use php_session::SessionId;

/// The name of those who have none.
pub const ANONYMOUS: &str = "Anonymous";

/// The longest account, in characters: every record of its owner holds it.
pub const MAX_ACCOUNT_CHARS: usize = 128;

/// What the web server says about the person: CGI variables, read once in main.
#[derive(Clone, Debug, Default)]
pub struct Visitor {
    /// `HTTP_COOKIE`
    pub cookies: String,
    /// `REMOTE_ADDR`: the client, as far as the web server knows it.
    pub address: String,
    /// `PROXY_ADDR`: the proxy that the web server trusts and that named the client.
    pub proxy: Option<String>,
    /// The variable that `REMOTE_USER` in the settings names, if it is set.
    pub remote_user: Option<String>,
    /// Whom a token said that they are, which was verified: nothing else is looked at then.
    pub known: Option<Person>,
}

/// Who somebody turned out to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The name they go by; `None`: Anonymous. Not yet a nick.
    pub name: Option<String>,
    /// Who they logged in as; records and limits go by it.
    pub account: Option<String>,
    /// Their color, if a good one is known.
    pub color: Option<Color>,
    /// Whether they may moderate.
    pub moderator: bool,
    /// The session they came with, for the limit of connections.
    pub session: Option<SessionId>,
    /// What their account is part of, if it is one of the chat's own.
    pub groups: BTreeSet<Group>,
    /// The generation of that account when they came: of another one they are logged in no more.
    pub generation: Option<u64>,
    /// What their token says of them to others: JSON on one line.
    pub public: Option<Box<str>>,
    /// Whether they are shown in a way of their own: see [`profiles`](chat_store::profiles).
    pub has_profile: bool,
    /// What the token that they came with lets them do; `None`: they came without.
    pub pass: Option<Box<token::Pass>>,
}

/// Finds out who `visitor` is. `explain` is told why a way failed, for the log.
pub fn recognize(settings: &Identity, visitor: &Visitor, explain: &mut impl FnMut(&str)) -> Person {
    let mut person = find(settings, visitor, explain);
    person.moderator |= is_administrator(settings, &person, &visitor.address);
    person
}

/// Whether `[access]` makes them an administrator. An address alone administers nothing.
pub fn is_administrator(settings: &Identity, person: &Person, address: &str) -> bool {
    let asker = person.asker(address);
    let access = &settings.access;
    asker.account.is_some() && access.may(Permission::Admin, None, &asker).allowed
}

fn find(settings: &Identity, visitor: &Visitor, explain: &mut impl FnMut(&str)) -> Person {
    if let Some(person) = &visitor.known {
        return person.clone();
    }
    let own = settings.accounts.as_deref();
    if let Some(value) = cookie::first_value(&visitor.cookies, &settings.session_cookie) {
        match from_session(settings, &value).and_then(bounded) {
            Ok(person) => return person,
            Err(reason) => explain(&reason),
        }
    }
    if settings.sso_url.is_some()
        && let Some(token) = cookie::first_value(&visitor.cookies, &settings.sso_cookie)
    {
        let asked = opensso::ask(settings, &token).and_then(bounded);
        match asked.and_then(|person| account::admit(own, person, None)) {
            Ok(person) => return person,
            Err(reason) => explain(&reason),
        }
    }
    if settings.remote_user.is_some()
        && let Some(user) = visitor
            .remote_user
            .as_deref()
            .filter(|user| !user.trim().is_empty())
    {
        let peer = visitor.proxy.as_ref().unwrap_or(&visitor.address);
        let peer: Option<IpAddr> = peer.parse().ok();
        if peer.is_some_and(|peer| {
            settings
                .trusted_proxies
                .iter()
                .any(|net| net.contains(peer))
        }) {
            let named = bounded(logged_in(user.trim(), None, false, None));
            match named.and_then(|person| account::admit(own, person, None)) {
                Ok(person) => return person,
                Err(reason) => explain(&reason),
            }
        } else {
            explain(
                "a user named by the web server is not believed: the peer is not in TRUSTED_PROXIES",
            );
        }
    }
    Person::default()
}

fn bounded(person: Person) -> Result<Person, String> {
    let account = person.account.as_deref().unwrap_or_default();
    if account.len() > MAX_ACCOUNT_CHARS && account.chars().count() > MAX_ACCOUNT_CHARS {
        return Err(format!(
            "an account has at most {MAX_ACCOUNT_CHARS} characters, this one has more"
        ));
    }
    Ok(person)
}

fn from_session(settings: &Identity, cookie: &[u8]) -> Result<Person, String> {
    let id = SessionId::parse(cookie).ok_or("the session cookie holds no session id")?;
    let owner = php_session::read_owner(settings, &id)?;
    let color = owner.color.as_deref();
    let Some(account) = &owner.account else {
        return Ok(Person {
            name: Some(owner.name),
            color: color.and_then(Color::parse),
            moderator: owner.moderator,
            session: Some(id),
            ..Person::default()
        });
    };
    let mut person = logged_in(account, color, owner.moderator, Some(id));
    if owner.name != *account {
        person.name = Some(owner.name);
    }
    account::admit(settings.accounts.as_deref(), person, owner.generation)
}

/// The old form of a name carries the color behind a colon; what is no color belongs to the name.
fn logged_in(
    name: &str,
    color: Option<&str>,
    moderator: bool,
    session: Option<SessionId>,
) -> Person {
    let (name, tail) = match name
        .rsplit_once(':')
        .map(|(name, tail)| (name, Color::parse(tail)))
    {
        Some((name, Some(color))) if !name.is_empty() => (name, Some(color)),
        _ => (name, None),
    };
    Person {
        name: Some(name.to_owned()),
        account: Some(name.to_owned()),
        color: color.and_then(Color::parse).or(tail),
        moderator,
        session,
        ..Person::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use std::path::Path;

    fn identity(lines: &str) -> Identity {
        let text = format!("[global]\nBASE_DIR=/nowhere\n{lines}\n");
        Settings::parse(&text, Path::new("/x.ini"))
            .expect("settings")
            .identity
    }

    #[test]
    fn a_name_may_carry_a_color() {
        let of = |name| {
            let person = logged_in(name, None, false, None);
            (
                person.name.unwrap(),
                person.color.map(|color| color.as_str().to_owned()),
            )
        };
        assert_eq!(of("alice:red"), ("alice".into(), Some("red".into())));
        assert_eq!(
            of("alice:#aa0000"),
            ("alice".into(), Some("#aa0000".into()))
        );
        assert_eq!(of("alice:bob"), ("alice:bob".into(), None));
        assert_eq!(of(":red"), (":red".into(), None));
        assert_eq!(
            logged_in("a:red", Some("blue"), false, None)
                .color
                .unwrap()
                .as_str(),
            "blue"
        );
    }

    #[test]
    fn the_web_server_is_believed_only_if_it_is_listed() {
        let visitor = |address: &str| Visitor {
            address: address.into(),
            remote_user: Some("alice".into()),
            ..Visitor::default()
        };
        let name = |settings: &str, address: &str| {
            recognize(&identity(settings), &visitor(address), &mut |_| {}).name
        };
        assert_eq!(
            name("REMOTE_USER=yes\nTRUSTED_PROXIES=10.0.0.0/8", "10.1.1.1").as_deref(),
            Some("alice")
        );
        assert_eq!(
            name("REMOTE_USER=yes\nTRUSTED_PROXIES=10.0.0.0/8", "11.1.1.1"),
            None
        );
        assert_eq!(name("REMOTE_USER=yes", "127.0.0.1"), None);
        assert_eq!(name("TRUSTED_PROXIES=127.0.0.1", "127.0.0.1"), None);
        assert_eq!(
            name("REMOTE_USER=yes\nTRUSTED_PROXIES=127.0.0.1", "unix-socket"),
            None
        );
    }

    #[test]
    fn a_proxy_that_names_its_clients_vouches_for_their_users() {
        let settings = identity("REMOTE_USER=HTTP_X_REMOTE_USER\nTRUSTED_PROXIES=127.0.0.1");
        let name = |proxy: Option<&str>| {
            let visitor = Visitor {
                address: "192.0.2.7".into(),
                proxy: proxy.map(str::to_owned),
                remote_user: Some("alice".into()),
                ..Visitor::default()
            };
            recognize(&settings, &visitor, &mut |_| {}).name
        };
        assert_eq!(name(Some("127.0.0.1")).as_deref(), Some("alice"));
        assert_eq!(name(Some("192.0.2.1")), None);
        assert_eq!(name(None), None);
    }

    #[test]
    fn a_hostile_cookie_makes_nobody() {
        for value in [
            "../../etc/passwd",
            "..%2F..%2Fetc%2Fpasswd",
            "abcdefghijklmnopqrstuv%00",
            "%zz",
            "",
            "\"\"",
        ] {
            let visitor = Visitor {
                cookies: format!("PHPSESSID={value}"),
                ..Visitor::default()
            };
            assert_eq!(
                recognize(&identity(""), &visitor, &mut |_| {}),
                Person::default(),
                "{value}"
            );
        }
    }
}
