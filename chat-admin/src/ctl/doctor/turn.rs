//! Whether the relay for calls can be reached, and whether it knows the same secret (RFC 8489, RFC 8656).

use std::io;
use std::time::{Duration, SystemTime};

use stun_types::attribute::{ErrorCode, Nonce, RawAttribute, Realm, Username};
use stun_types::message::{
    BINDING, IntegrityAlgorithm, LongTermCredentials, Message, MessageIntegrityCredentials,
    MessageWriteVec, Method,
};
use stun_types::prelude::*;

use super::sheet::Sheet;
use crate::api::turn;
use chat_handler::settings::Settings;

mod line;

use line::Line;
pub(super) use line::config;

const ALLOCATE: Method = Method::new(3);
const REFRESH: Method = Method::new(4);
/// REQUESTED-TRANSPORT, and UDP in it (RFC 8656 section 18.7).
const TRANSPORT: (u16, [u8; 4]) = (0x0019, [17, 0, 0, 0]);
/// LIFETIME, and none: gives an allocation back.
const LIFETIME: (u16, [u8; 4]) = (0x000d, [0; 4]);

/// Where a relay is and how it is spoken to.
#[derive(Debug, PartialEq, Eq)]
struct Address<'a> {
    host: &'a str,
    port: u16,
    is_tls: bool,
    is_udp: bool,
}

impl<'a> Address<'a> {
    /// Of `turn:HOST[:PORT][?transport=udp|tcp]` or `turns:` (RFC 7065).
    fn of_url(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once(':')?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let is_tls = scheme == "turns";
        let (host, port) = host_and_port(place, if is_tls { 5349 } else { 3478 })?;
        let is_udp = !is_tls && query != "transport=tcp";
        Some(Self {
            host,
            port,
            is_tls,
            is_udp,
        })
    }
}

pub(super) fn host_and_port(place: &str, usual: u16) -> Option<(&str, u16)> {
    // An IPv6 address stands in brackets.
    match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            Some((host.trim_matches(['[', ']']), port.parse().ok()?))
        }
        _ => Some((place.trim_matches(['[', ']']), usual)),
    }
}

pub(super) fn look(settings: &Settings, sheet: &mut Sheet) {
    let pages = &settings.pages;
    if pages.turn_urls.is_empty() && pages.stun_servers.is_empty() {
        return sheet.unused(
            "turn",
            "no TURN_URLS and no ICE_SERVER_DNS: calls reach whom they can directly",
        );
    }
    for server in &pages.stun_servers {
        let answer = host_and_port(server, 3478)
            .ok_or_else(|| io::Error::other("no host and port"))
            .and_then(|(host, port)| {
                let mut line = Line::open(&Address {
                    host,
                    port,
                    is_tls: false,
                    is_udp: true,
                })?;
                line.ask(&Message::builder_request(BINDING, MessageWriteVec::new()).finish())
            });
        match answer {
            Ok(_) => sheet.good("turn", format!("ICE_SERVER_DNS {server} answers")),
            Err(error) => sheet.error(
                "turn",
                format!("ICE_SERVER_DNS {server}: {error}"),
                UNREACHABLE,
            ),
        }
    }
    for url in &pages.turn_urls {
        relay(url, settings, sheet);
    }
}

const UNREACHABLE: &str =
    "start coturn there, and let UDP and TCP 3478 (TLS: 5349) through the firewall";

fn relay(url: &str, settings: &Settings, sheet: &mut Sheet) {
    let Some(secret) = settings.pages.turn_secret.as_deref() else {
        return sheet.error(
            "turn",
            "TURN_URLS without TURN_SECRET: nobody can use the relay",
            "write coturn's static-auth-secret there",
        );
    };
    let asked = Address::of_url(url)
        .ok_or_else(|| io::Error::other("no turn: or turns: address"))
        .and_then(|address| Line::open(&address))
        .and_then(|mut line| allocate(&mut line, secret));
    match asked {
        Ok(None) => sheet.good("turn", format!("{url} answers and relays with TURN_SECRET")),
        Ok(Some((code @ (401 | 403 | 441), reason))) => sheet.error(
            "turn",
            format!("{url} refuses what TURN_SECRET makes: {code} {reason}"),
            "TURN_SECRET in chat.ini and static-auth-secret in turnserver.conf are the same; both clocks are right",
        ),
        Ok(Some((code, reason))) => sheet.warn(
            "turn",
            format!("{url} answers, but gives no relay: {code} {reason}"),
            "look into coturn's log: quotas, relay ports, external-ip",
        ),
        Err(error) => sheet.error("turn", format!("{url}: {error}"), UNREACHABLE),
    }
}

/// Asks for a relay and gives it back; the error that the server answers, if it does.
fn allocate(line: &mut Line, secret: &str) -> io::Result<Option<(u16, String)>> {
    let request = |method, (kind, value): (u16, [u8; 4])| {
        let mut request = Message::builder_request(method, MessageWriteVec::new());
        let attribute = RawAttribute::new(kind.into(), &value);
        request
            .add_attribute(&attribute)
            .map_err(other)
            .map(|()| request)
    };
    let first = line.ask(&request(ALLOCATE, TRANSPORT)?.finish())?;
    let first = Message::from_bytes(&first).map_err(other)?;
    let (Ok(realm), Ok(nonce)) = (first.attribute::<Realm>(), first.attribute::<Nonce>()) else {
        // Whoever relays without asking who it is has other troubles, and no error here.
        return Ok(error_of(&first));
    };
    let made = turn::credentials(
        secret,
        "chatctl doctor",
        SystemTime::now(),
        Duration::from_secs(60),
    );
    let user = Username::new(&made.username).map_err(other)?;
    let key = LongTermCredentials::new(made.username.clone(), made.password);
    let key = MessageIntegrityCredentials::LongTerm(key.to_key(realm.realm().to_owned()));
    let mut ask = |method, attribute| -> io::Result<Option<(u16, String)>> {
        let mut request = request(method, attribute)?;
        request.add_attribute(&user).map_err(other)?;
        request.add_attribute(&realm).map_err(other)?;
        request.add_attribute(&nonce).map_err(other)?;
        request
            .add_message_integrity(&key, IntegrityAlgorithm::Sha1)
            .map_err(other)?;
        let answer = line.ask(&request.finish())?;
        Ok(error_of(&Message::from_bytes(&answer).map_err(other)?))
    };
    let refused = ask(ALLOCATE, TRANSPORT)?;
    if refused.is_none() {
        ask(REFRESH, LIFETIME)?;
    }
    Ok(refused)
}

fn error_of(answer: &Message<'_>) -> Option<(u16, String)> {
    let error = answer.attribute::<ErrorCode>().ok()?;
    Some((error.code(), error.reason().to_owned()))
}

fn other(error: impl std::fmt::Display) -> io::Error {
    io::Error::other(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_browsers_read_it() {
        let of = |url| Address::of_url(url).map(|it| (it.host, it.port, it.is_tls, it.is_udp));
        assert_eq!(of("turn:a.example"), Some(("a.example", 3478, false, true)));
        assert_eq!(
            of("turn:a.example:99?transport=tcp"),
            Some(("a.example", 99, false, false))
        );
        assert_eq!(of("turns:[::1]:99"), Some(("::1", 99, true, false)));
        assert_eq!(of("turns:[::1]"), Some(("::1", 5349, true, false)));
        assert_eq!(of("turn:a.example:many"), None);
    }
}
