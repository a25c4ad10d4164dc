//! The CGI variables (RFC 3875) of one connection, read once, in main.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::identity::Visitor;
use crate::identity::cookie::percent_decode;
use chat_store::moderation::Network;
use chat_store::record::RecordId;

/// The longest query string that is looked at; ours has a hundred bytes.
const MAX_QUERY: usize = 4096;

/// The longest `client` token.
const MAX_CLIENT: usize = 64;

/// What the web server says about the connection.
#[derive(Clone, Debug, Default)]
pub struct Cgi {
    /// `PATH_INFO`, as bytes: it names the room.
    pub path_info: Vec<u8>,
    /// `QUERY_STRING`, parsed.
    pub query: Query,
    /// `HTTP_X_FORWARDED_FOR`, for the list of entries.
    pub forwarded_for: String,
    /// What tells who it is.
    pub visitor: Visitor,
    /// `WEBSOCKETD_PING_TIMEOUT_MS`: how long a client was silent that the daemon gives up for that (SIGURG).
    pub ping_timeout: Duration,
    /// `TZ`: the server's time zone, if it is not the system's.
    pub tz: Option<String>,
}

/// The parameters of the query string that we know. Others are skipped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// `format=json`
    pub json: bool,
    /// `protocol=2`: many rooms on one connection, with `format=json`.
    pub many: bool,
    /// `since=ID`
    pub since: Option<RecordId>,
    /// `history=N`
    pub history: Option<usize>,
    /// `nick=NAME`: what an anonymous visitor wants to be called.
    pub nick: Option<String>,
    /// `client=TOKEN`: tells one anonymous browser from another, so that what it sends again after a
    /// reconnect is known.
    pub client: Option<String>,
    /// `invitation=TOKEN`: lets somebody into the closed room of the path.
    pub invitation: Option<String>,
    /// `password=TEXT`: the same.
    pub password: Option<String>,
    /// `page=TOKEN`: tells one open page from another, also in one browser, so that one that comes back
    /// takes its own presence over.
    pub page: Option<String>,
    /// `auth=1`: the first message is a token.
    pub auth: bool,
}

impl Cgi {
    /// Takes the variables from `get`; `remote_user` names the variable that the settings believe.
    pub fn read(get: impl Fn(&str) -> Option<Vec<u8>>, remote_user: Option<&str>) -> Self {
        let text = |name: &str| {
            get(name)
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                .unwrap_or_default()
        };
        Self {
            path_info: get("PATH_INFO").unwrap_or_default(),
            query: Query::parse(&text("QUERY_STRING")),
            forwarded_for: text("HTTP_X_FORWARDED_FOR"),
            visitor: Visitor {
                cookies: text("HTTP_COOKIE"),
                address: text("REMOTE_ADDR"),
                proxy: Some(text("PROXY_ADDR")).filter(|peer| !peer.is_empty()),
                known: None,
                remote_user: remote_user.map(text).filter(|user| !user.is_empty()),
            },
            ping_timeout: Duration::from_millis(
                text("WEBSOCKETD_PING_TIMEOUT_MS").parse().unwrap_or(0),
            ),
            tz: get("TZ").and_then(|tz| String::from_utf8(tz).ok()),
        }
    }

    /// Where the person is, for the list of entries. A peer that is this machine itself or in `trusted` is a proxy, and
    /// each proxy appends whom it saw: read from the end, the first that is no proxy is the client, and what
    /// stands before it was only claimed.
    pub fn client_address(&self, trusted: &[Network]) -> String {
        let own = [
            IpAddr::from(Ipv4Addr::LOCALHOST),
            IpAddr::from(Ipv6Addr::LOCALHOST),
        ];
        let is_proxy = |address: &IpAddr| {
            own.contains(&address.to_canonical())
                || trusted.iter().any(|net| net.contains(*address))
        };
        let peer: Option<IpAddr> = self.visitor.address.parse().ok();
        let mut client = peer;
        if peer.as_ref().is_none_or(is_proxy) {
            for hop in self.forwarded_for.rsplit(',').map(str::trim) {
                let Ok(hop) = hop.parse() else { break };
                client = Some(hop);
                if !is_proxy(&hop) {
                    break;
                }
            }
        }
        client.map_or_else(|| "-".to_owned(), |address| address.to_string())
    }
}

impl Query {
    /// Reads a query string. Of two equal parameters the first counts; one that is malformed is as
    /// if it were not there.
    pub fn parse(query: &str) -> Self {
        let mut parsed = Self::default();
        if query.len() > MAX_QUERY {
            return parsed;
        }
        for (name, value) in query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .rev()
        {
            let value = percent_decode(&value.replace('+', " "))
                .and_then(|value| String::from_utf8(value).ok());
            let Some(value) = value else { continue };
            match name {
                "format" => parsed.json = value == "json",
                "protocol" => parsed.many = value == "2",
                "since" => parsed.since = RecordId::parse(value.as_bytes()),
                "history" => parsed.history = value.parse().ok(),
                "nick" => parsed.nick = Some(value),
                "client" => parsed.client = Some(value).filter(|token| is_token(token)),
                "invitation" => parsed.invitation = Some(value),
                "password" => parsed.password = Some(value),
                "auth" => parsed.auth = value == "1",
                "page" => parsed.page = Some(value).filter(|token| is_token(token)),
                _ => {}
            }
        }
        parsed
    }
}

fn is_token(text: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (8..=MAX_CLIENT).contains(&text.len()) && text.bytes().all(good)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_parameters_are_read() {
        let query = Query::parse(
            "x&format=json&since=2026-11-21T10%3A15%3A30.123456Z&nick=Jan+Nov%C3%A1k&history=5&client=abcdefgh",
        );
        assert!(query.json);
        assert_eq!(query.since, RecordId::parse(b"2026-11-21T10:15:30.123456Z"));
        assert_eq!(query.nick.as_deref(), Some("Jan Novák"));
        assert_eq!(
            (query.history, query.client.as_deref()),
            (Some(5), Some("abcdefgh"))
        );
        assert!(Query::parse("format=json&format=text").json);
    }

    #[test]
    fn only_what_a_proxy_appended_tells_where_somebody_is() {
        let of = |peer: &str, forwarded_for: &str| {
            let cgi = Cgi {
                forwarded_for: forwarded_for.into(),
                visitor: Visitor {
                    address: peer.into(),
                    ..Visitor::default()
                },
                ..Cgi::default()
            };
            cgi.client_address(&[Network::parse("10.0.0.0/8").expect("a network")])
        };
        assert_eq!(of("127.0.0.1", "203.0.113.7"), "203.0.113.7");
        assert_eq!(of("127.0.0.1", "6.6.6.6, 203.0.113.7"), "203.0.113.7");
        assert_eq!(of("10.1.1.1", "2001:db8::7, 10.2.2.2"), "2001:db8::7");
        assert_eq!(of("203.0.113.7", "6.6.6.6"), "203.0.113.7");
        assert_eq!(of("127.0.0.1", ""), "127.0.0.1");
        assert_eq!(of("127.0.0.1", "6.6.6.6, a\nb"), "127.0.0.1");
        assert_eq!(of("unix-socket", "203.0.113.7"), "203.0.113.7");
        assert_eq!(of("", ""), "-");
    }

    #[test]
    fn malformed_ones_are_not_there() {
        for query in [
            "",
            "format=JSON",
            "format",
            "since=yesterday",
            "since=%zz",
            "client=short",
            "client=a%20b_cdefgh",
            "history=-1",
            "=json",
            "&&&",
        ] {
            assert_eq!(Query::parse(query), Query::default(), "{query}");
        }
    }

    proptest! {
        #[test]
        fn no_query_panics(query in "\\PC{0,60}|[a-z%=&+0-9]{0,60}") {
            Query::parse(&query);
        }
    }
}
