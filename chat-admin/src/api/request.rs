//! One request as CGI gives it (RFC 3875 section 4), bounded and decoded once.

use std::io::Read;

use chat_handler::identity::Visitor;
use chat_handler::identity::cookie::{first_value, percent_decode};

/// The largest body taken: a name and a color need a hundred bytes.
pub const MAX_BODY: usize = 8 * 1024;

/// The longest query string looked at: a room, a search of 200 characters and an id, escaped.
const MAX_QUERY: usize = 8 * 1024;

/// A request that cannot be answered with what it asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The body is larger than [`MAX_BODY`].
    TooLarge,
    /// The length is missing or wrong, or the body broke off.
    BadBody,
    /// The query string is too long or its escapes are broken.
    BadQuery,
}

/// What was asked, by whom.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: String,
    /// `PATH_INFO` without its slashes at the ends.
    pub path: String,
    /// The parameters of the query string, decoded.
    pub query: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// `CONTENT_TYPE`
    pub content_type: String,
    /// `Host`, as the client sent it, or as the proxy in front says that it did.
    pub hosts: Vec<String>,
    /// `Origin`
    pub origin: Option<String>,
    /// `Sec-Fetch-Site` (W3C Fetch Metadata)
    pub fetch_site: Option<String>,
    /// `HTTPS=on`, as far as the web server knows.
    pub https: bool,
    /// True if websocketd-rs (or websocketd) itself runs this, so that it also serves the rooms.
    pub under_websocketd: bool,
    /// Bytes of the body; `None`: it is not said.
    pub length: Option<u64>,
    /// `Range`
    pub range: Option<String>,
    /// `If-None-Match`
    pub if_none_match: Option<String>,
    /// `Authorization`
    pub authorization: Option<String>,
    /// `Idempotency-Key`, or what Standard Webhooks call the same, `webhook-id`
    pub idempotency_key: Option<String>,
    /// What tells who it is.
    pub visitor: Visitor,
}

/// The program under which ILIAS asks for backend/Heartbeat/NAME: this one by another name.
const HEARTBEAT: &str = "Heartbeat";

/// What is asked for: what stands behind the program's name.
fn path(script: &str, info: &str) -> String {
    let info = info.trim_matches('/');
    if script.rsplit('/').next() == Some(HEARTBEAT) {
        return format!("{HEARTBEAT}/{info}");
    }
    info.to_owned()
}

/// The cookie in which a page of a guest keeps who they are, for the files of closed rooms: an address that names a
/// guest's token would be shown, copied and logged. Pages set it for the path of the files alone.
const CLIENT_COOKIE: &str = "chat-client";

impl Request {
    /// Whether the body is a file: it is read by whoever keeps it.
    pub fn is_upload(&self) -> bool {
        self.method == "POST" && ["files", "avatar"].contains(&self.path.as_str())
    }

    /// The token of `Authorization: Bearer` (RFC 6750 section 2.1).
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.authorization.as_deref()?.split_once(' ')?;
        let is_bearer = scheme.eq_ignore_ascii_case("bearer");
        Some(token.trim()).filter(|token| is_bearer && !token.is_empty())
    }

    /// The token that tells a guest's browser from others.
    pub fn client(&self) -> Option<String> {
        let cookie = || String::from_utf8(first_value(&self.visitor.cookies, CLIENT_COOKIE)?).ok();
        let named = self.parameter("client").map(str::to_owned);
        named.or_else(cookie).filter(|client| !client.is_empty())
    }

    /// Takes the variables from `get` and the body from `input`; `remote_user` names the variable
    /// that the settings believe.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(
        get: impl Fn(&str) -> Option<String>,
        input: &mut impl Read,
        remote_user: Option<&str>,
    ) -> Result<Self, Trouble> {
        let text = |name: &str| get(name).unwrap_or_default();
        let method = text("REQUEST_METHOD").to_ascii_uppercase();
        let head = Self {
            path: path(&text("SCRIPT_NAME"), &text("PATH_INFO")),
            query: parse_query(&text("QUERY_STRING"))?,
            length: text("CONTENT_LENGTH").trim().parse().ok(),
            range: get("HTTP_RANGE"),
            if_none_match: get("HTTP_IF_NONE_MATCH"),
            content_type: text("CONTENT_TYPE"),
            hosts: hosts(&get),
            origin: get("HTTP_ORIGIN").filter(|origin| !origin.is_empty()),
            fetch_site: get("HTTP_SEC_FETCH_SITE").filter(|site| !site.is_empty()),
            authorization: get("HTTP_AUTHORIZATION"),
            idempotency_key: get("HTTP_IDEMPOTENCY_KEY").or_else(|| get("HTTP_WEBHOOK_ID")),
            https: text("HTTPS").eq_ignore_ascii_case("on") || text("REQUEST_SCHEME") == "https",
            under_websocketd: text("SERVER_SOFTWARE").starts_with("websocketd"),
            visitor: Visitor {
                cookies: text("HTTP_COOKIE"),
                address: text("REMOTE_ADDR"),
                proxy: get("PROXY_ADDR").filter(|proxy| !proxy.is_empty()),
                known: None,
                remote_user: remote_user.and_then(&get).filter(|user| !user.is_empty()),
            },
            method,
            body: Vec::new(),
        };
        let body = match head.method.as_str() {
            "GET" | "HEAD" => Vec::new(),
            // Read by whoever keeps it, or once the token is seen to be good.
            _ if head.is_upload() || super::v1::is_asked(&head.path) => Vec::new(),
            _ => read_body(&text("CONTENT_LENGTH"), input)?,
        };
        Ok(Self { body, ..head })
    }

    /// The first parameter called `name`, unless it is empty.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The parameter `name` as a number within `allowed`; `default` if it is not there or none.
    pub fn number(
        &self,
        name: &str,
        allowed: std::ops::RangeInclusive<usize>,
        default: usize,
    ) -> usize {
        let number = self
            .parameter(name)
            .and_then(|value| value.parse().ok())
            .unwrap_or(default);
        number.clamp(*allowed.start(), *allowed.end())
    }
}

/// The names under which the browser may know this site. Debian's nginx passes `Host` on without its port since
/// 1.22.1-9+deb12u11: the server's own is then taken.
fn hosts(get: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut hosts: Vec<String> = ["HTTP_HOST", "HTTP_X_FORWARDED_HOST"]
        .iter()
        .filter_map(|name| get(name))
        .collect();
    let bare = |host: &&String| host.ends_with(']') || !host.contains(':');
    if let Some(host) = hosts.first().filter(bare)
        && let Some(port) = get("SERVER_PORT").filter(|port| !port.is_empty())
    {
        hosts.push(format!("{host}:{port}"));
    }
    hosts
}

fn read_body(length: &str, input: &mut impl Read) -> Result<Vec<u8>, Trouble> {
    let length: usize = match length.trim() {
        "" => 0,
        length => length.parse().map_err(|_| Trouble::BadBody)?,
    };
    if length > MAX_BODY {
        return Err(Trouble::TooLarge);
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body).map_err(|_| Trouble::BadBody)?;
    Ok(body)
}

/// `application/x-www-form-urlencoded`, as `URLSearchParams` writes it. What is not UTF-8 is
/// skipped like an unknown parameter.
fn parse_query(query: &str) -> Result<Vec<(String, String)>, Trouble> {
    if query.len() > MAX_QUERY {
        return Err(Trouble::BadQuery);
    }
    let decode = |part: &str| percent_decode(&part.replace('+', " ")).ok_or(Trouble::BadQuery);
    let mut found = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if let (Ok(key), Ok(value)) = (
            String::from_utf8(decode(key)?),
            String::from_utf8(decode(value)?),
        ) {
            found.push((key, value));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded_once() {
        let query = parse_query("room=a%20b+c&q=%2525&room=second&empty=&flag").expect("a query");
        let request = Request {
            query,
            ..Request::default()
        };
        assert_eq!(request.parameter("room"), Some("a b c"));
        assert_eq!(request.parameter("q"), Some("%25"));
        assert_eq!(request.parameter("empty"), None);
        assert_eq!(request.parameter("flag"), None);
        assert_eq!(parse_query("a=%zz"), Err(Trouble::BadQuery));
        assert_eq!(
            parse_query(&"a".repeat(MAX_QUERY + 1)),
            Err(Trouble::BadQuery)
        );
        assert_eq!(parse_query("a=%ff&b=1").expect("one").len(), 1);
    }

    #[test]
    fn a_host_that_lost_its_port_gets_the_servers() {
        let of = |host: &str, port: &str| {
            hosts(|name| match name {
                "HTTP_HOST" => Some(host.to_owned()),
                "SERVER_PORT" => Some(port.to_owned()),
                _ => None,
            })
        };
        assert_eq!(of("a.example", "8443"), ["a.example", "a.example:8443"]);
        assert_eq!(of("[::1]", "8443"), ["[::1]", "[::1]:8443"]);
        assert_eq!(of("a.example:443", "8443"), ["a.example:443"]);
        assert_eq!(of("a.example", ""), ["a.example"]);
    }

    #[test]
    fn a_body_is_as_long_as_it_says_and_not_too_long() {
        assert_eq!(read_body("2", &mut &b"abc"[..]).as_deref(), Ok(&b"ab"[..]));
        assert_eq!(read_body("", &mut &b"abc"[..]).as_deref(), Ok(&b""[..]));
        assert_eq!(read_body("4", &mut &b"abc"[..]), Err(Trouble::BadBody));
        assert_eq!(read_body("-1", &mut &b"abc"[..]), Err(Trouble::BadBody));
        assert_eq!(
            read_body("9000000000", &mut &b""[..]),
            Err(Trouble::TooLarge)
        );
    }

    #[test]
    fn numbers_stay_within_what_is_allowed() {
        let of = |value: &str| {
            Request {
                query: vec![("limit".into(), value.into())],
                ..Request::default()
            }
            .number("limit", 1..=100, 50)
        };
        assert_eq!(
            (of("7"), of("0"), of("1000000"), of("x"), of("-1")),
            (7, 1, 100, 50, 50)
        );
    }
}
