//! The environment of a program, from the request that it answers (RFC 3875 section 4.1). Pure.
//!
//! Nothing is inherited but what `--passenv` names. No value holds a control character, so that a script that prints
//! its environment line by line can't be misled, and no value is longer than the kernel takes.

mod connection;
mod shown;

use std::ffi::OsString;
use std::net::IpAddr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::time::Duration;

pub use connection::{Connection, Credentials, TlsFacts, Way, connection};
pub use shown::shown;

use crate::config::Process;

/// Longest variable with its name. The kernel refuses a string of 32 pages, 128 KiB (execve(2), `MAX_ARG_STRLEN`).
pub const MAX_VARIABLE: usize = 120 * 1024;

/// Name and version, as `SERVER_SOFTWARE`. Programs in the wild look for `websocketd/` at its begin.
pub const SERVER_SOFTWARE: &str =
    concat!("websocketd/", env!("CARGO_PKG_VERSION"), " (websocketd-rs)");

/// Where programs are looked for when `--passenv` lets no `PATH` through to a CGI script.
const CGI_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// By which a handler learns how messages stand in its stdin and stdout, where the operator chose that.
const FRAMING: &str = "WEBSOCKETD_FRAMING";

/// By which a handler learns how many milliseconds a client was silent that did not answer pings.
const PING_TIMEOUT: &str = "WEBSOCKETD_PING_TIMEOUT_MS";

/// Variables in the order they are handed over.
pub type Environment = Vec<(OsString, OsString)>;

/// The environment would be larger than what execve accepts: the client sent too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

/// A request, as far as a program gets to know it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// `REQUEST_METHOD`.
    pub method: &'a str,
    /// `SERVER_PROTOCOL`.
    pub protocol: &'a str,
    /// `SERVER_NAME`.
    pub server_name: &'a str,
    /// `SERVER_PORT`.
    pub server_port: u16,
    /// Whether the client speaks TLS: `HTTPS=on`.
    pub https: bool,
    /// `REQUEST_URI`: path and query as sent.
    pub uri: &'a str,
    /// `QUERY_STRING` as sent.
    pub query: &'a str,
    /// The decoded path.
    pub path: &'a [u8],
    /// `SCRIPT_NAME`, decoded.
    pub script_name: &'a [u8],
    /// `PATH_INFO`, decoded.
    pub path_info: &'a [u8],
    /// `REMOTE_ADDR`.
    pub remote_addr: &'a str,
    /// `REMOTE_HOST`.
    pub remote_host: &'a str,
    /// `REMOTE_PORT`.
    pub remote_port: &'a str,
    /// `PROXY_ADDR`: the trusted proxy that passed the request on. A program that believes a header which that proxy
    /// sets needs to know that it was the proxy.
    pub proxy: Option<IpAddr>,
    /// `UNIQUE_ID`.
    pub unique_id: &'a str,
    /// The header fields in the order received.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// What whoever admitted the client says of it: `REMOTE_USER`, `AUTH_TYPE` and `AUTH_*`.
    pub granted: &'a [(String, Vec<u8>)],
    /// What `--passenv` lets through.
    pub inherited: &'a [(OsString, OsString)],
    /// Most bytes of all variables, `--maxenvbytes`.
    pub max_bytes: usize,
}

/// What a CGI script gets beside the request.
#[derive(Debug, Clone, Copy)]
pub struct Script<'a> {
    /// `SCRIPT_FILENAME`.
    pub file: &'a Path,
    /// The directory that `PATH_INFO` is mapped into for `PATH_TRANSLATED`.
    pub root: &'a Path,
    /// Size of the request's body; `None` when there is none, or when only its end tells.
    pub content_length: Option<u64>,
    /// `CONTENT_TYPE`, when the request has a body.
    pub content_type: Option<&'a [u8]>,
}

/// The environment of a WebSocket handler. `protocol` is the subprotocol that was negotiated: what the client offered
/// is in `HTTP_SEC_WEBSOCKET_PROTOCOL`, what holds in `WEBSOCKET_PROTOCOL`.
///
/// # Errors
/// When it is over the request's `max_bytes`, or one variable over [`MAX_VARIABLE`].
pub fn session(request: &Request<'_>, protocol: Option<&str>) -> Result<Environment, TooLarge> {
    Builder::session(request, protocol).finish(request)
}

/// The environment of the program that decides about a client: what the handler would get, and `AUTHORIZE=1`.
///
/// # Errors
/// As [`session`].
pub fn authorizer(request: &Request<'_>, protocol: Option<&str>) -> Result<Environment, TooLarge> {
    let mut builder = Builder::session(request, protocol);
    builder.add("AUTHORIZE", b"1");
    builder.finish(request)
}

/// The environment of a program that serves many clients: `variables` of the daemon and of the site, nothing of a client.
///
/// # Errors
/// As [`session`].
pub fn shared(
    inherited: &[(OsString, OsString)],
    variables: &[(&str, &[u8])],
    max_bytes: usize,
) -> Result<Environment, TooLarge> {
    let mut builder = Builder::default();
    builder.add("SERVER_SOFTWARE", SERVER_SOFTWARE.as_bytes());
    for (name, value) in variables {
        builder.add(name, value);
    }
    let own = builder.variables.len();
    builder.inherit(inherited, own);
    builder.check(max_bytes)
}

/// Adds what a handler finds because of its streams, unless the operator named it: one that is named and blank stays away.
pub fn add_defaults(environment: &mut Environment, process: &Process) {
    if let Some(framing) = process.framing {
        environment.retain(|(name, _)| name != FRAMING);
        environment.push((FRAMING.into(), framing.into()));
    }
    for (name, value) in process.streams.variables() {
        let mut named = process.inherited_env.iter().map(|(named, _)| named);
        if !named.any(|named| named == name) {
            environment.push((name.into(), value.into()));
        }
    }
}

/// Adds how long a client can be silent before its program is told so, and ended.
pub fn add_ping_timeout(environment: &mut Environment, interval: Option<Duration>) {
    if let Some(interval) = interval {
        environment.retain(|(name, _)| name != PING_TIMEOUT);
        let millis = (2 * interval).as_millis().to_string();
        environment.push((PING_TIMEOUT.into(), millis.into()));
    }
}

/// The environment of a CGI script.
///
/// # Errors
/// As [`session`].
pub fn cgi(request: &Request<'_>, script: &Script<'_>) -> Result<Environment, TooLarge> {
    let mut builder = Builder::default();
    builder.add_request(request);
    builder.add("SCRIPT_FILENAME", script.file.as_os_str().as_bytes());
    if !request.path_info.is_empty() {
        let translated = [script.root.as_os_str().as_bytes(), request.path_info].concat();
        builder.add("PATH_TRANSLATED", &translated);
    }
    if let Some(length) = script.content_length {
        builder.add("CONTENT_LENGTH", length.to_string().as_bytes());
    }
    if let Some(content_type) = script.content_type {
        builder.add("CONTENT_TYPE", content_type);
    }
    builder.add_granted(request);
    if !request.inherited.iter().any(|(name, _)| name == "PATH") {
        builder.add("PATH", CGI_PATH.as_bytes());
    }
    // The script reads the body itself, not its chunks.
    let is_kept = |(name, _): &&(&str, &[u8])| !name.eq_ignore_ascii_case("transfer-encoding");
    let headers: Vec<_> = request.headers.iter().filter(is_kept).copied().collect();
    builder.finish(&Request {
        headers: &headers,
        ..*request
    })
}

#[derive(Default)]
struct Builder {
    variables: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Builder {
    fn session(request: &Request<'_>, protocol: Option<&str>) -> Self {
        let mut builder = Self::default();
        builder.add_request(request);
        builder.add("PATH_TRANSLATED", request.path);
        builder.add_granted(request);
        for name in [
            "AUTH_TYPE",
            "CONTENT_LENGTH",
            "CONTENT_TYPE",
            "REMOTE_IDENT",
            "REMOTE_USER",
        ] {
            if !request.granted.iter().any(|(granted, _)| granted == name) {
                builder.add(name, b"");
            }
        }
        if let Some(protocol) = protocol {
            builder.add("WEBSOCKET_PROTOCOL", protocol.as_bytes());
        }
        builder
    }

    fn add_granted(&mut self, request: &Request<'_>) {
        for (name, value) in request.granted {
            self.add(name, value);
        }
    }

    fn add(&mut self, name: &str, value: &[u8]) {
        self.variables.push((name.into(), blank_controls(value)));
    }

    fn add_request(&mut self, request: &Request<'_>) {
        self.add("SERVER_SOFTWARE", SERVER_SOFTWARE.as_bytes());
        self.add("GATEWAY_INTERFACE", b"CGI/1.1");
        self.add("SERVER_PROTOCOL", request.protocol.as_bytes());
        self.add("SERVER_NAME", request.server_name.as_bytes());
        self.add("SERVER_PORT", request.server_port.to_string().as_bytes());
        self.add("REQUEST_METHOD", request.method.as_bytes());
        self.add("REQUEST_URI", request.uri.as_bytes());
        self.add("SCRIPT_NAME", request.script_name);
        self.add("PATH_INFO", request.path_info);
        self.add("QUERY_STRING", request.query.as_bytes());
        self.add("REMOTE_ADDR", request.remote_addr.as_bytes());
        self.add("REMOTE_HOST", request.remote_host.as_bytes());
        self.add("REMOTE_PORT", request.remote_port.as_bytes());
        if let Some(proxy) = request.proxy {
            self.add("PROXY_ADDR", proxy.to_string().as_bytes());
        }
        self.add("UNIQUE_ID", request.unique_id.as_bytes());
        if request.https {
            self.add("HTTPS", b"on");
        }
    }

    /// Header fields, then what is inherited. A variable of ours is never replaced, and one that the operator lets
    /// through is never replaced by a client's header.
    fn finish(mut self, request: &Request<'_>) -> Result<Environment, TooLarge> {
        let own = self.variables.len();
        for &(name, value) in request.headers {
            let Some(name) = header_variable(name) else {
                continue;
            };
            if request
                .inherited
                .iter()
                .any(|(other, _)| other.as_bytes() == name)
            {
                continue;
            }
            let value = blank_controls(value.trim_ascii());
            match self.variables[own..]
                .iter_mut()
                .find(|(other, _)| *other == name)
            {
                Some((name, joined)) => {
                    // RFC 6265 section 5.4 joins cookies by "; ", RFC 9110 section 5.3 other fields by ", ".
                    joined.extend_from_slice(if name == b"HTTP_COOKIE" { b"; " } else { b", " });
                    joined.extend_from_slice(&value);
                }
                None => self.variables.push((name, value)),
            }
        }
        self.inherit(request.inherited, own);
        self.check(request.max_bytes)
    }

    /// Adds what is inherited, where none of the first `own` variables has that name.
    fn inherit(&mut self, inherited: &[(OsString, OsString)], own: usize) {
        for (name, value) in inherited {
            let is_ours = self.variables[..own]
                .iter()
                .any(|(ours, _)| ours == name.as_bytes());
            if !is_ours && name != "HTTPS" && !value.as_bytes().trim_ascii().is_empty() {
                self.variables
                    .push((name.as_bytes().into(), value.as_bytes().into()));
            }
        }
    }

    fn check(self, max_bytes: usize) -> Result<Environment, TooLarge> {
        // `=`, the NUL at the end, and the pointer that the kernel counts too.
        const OVERHEAD: usize = 2 + size_of::<usize>();
        let mut total = 0;
        for (name, value) in &self.variables {
            let size = name.len() + value.len() + OVERHEAD;
            total += size;
            if size > MAX_VARIABLE || total > max_bytes {
                return Err(TooLarge);
            }
        }
        let os = OsString::from_vec;
        Ok(self
            .variables
            .into_iter()
            .map(|(name, value)| (os(name), os(value)))
            .collect())
    }
}

/// The variable of a header field. None for `Proxy`, which programs would take for the proxy to use (CVE-2016-5385),
/// and none for names with `_`, which would be mixed up with those that have `-` in its place; other odd characters
/// are no part of any variable a shell can read.
fn header_variable(name: &str) -> Option<Vec<u8>> {
    let is_plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_plain || name.is_empty() || name.eq_ignore_ascii_case("proxy") {
        return None;
    }
    let mut variable = b"HTTP_".to_vec();
    variable.extend(name.bytes().map(|byte| match byte {
        b'-' => b'_',
        byte => byte.to_ascii_uppercase(),
    }));
    Some(variable)
}

fn blank_controls(value: &[u8]) -> Vec<u8> {
    value
        .iter()
        .map(|&byte| if byte.is_ascii_control() { b' ' } else { byte })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    type Fields<'a> = &'a [(&'a str, &'a [u8])];

    fn request<'a>(headers: Fields<'a>, inherited: &'a [(OsString, OsString)]) -> Request<'a> {
        Request {
            max_bytes: 1 << 20,
            method: "GET",
            protocol: "HTTP/1.1",
            server_name: "example.com",
            server_port: 8080,
            https: false,
            uri: "/a%20b?q=%41",
            query: "q=%41",
            path: b"/a b",
            script_name: b"/",
            path_info: b"/a b",
            remote_addr: "127.0.0.1",
            remote_host: "localhost",
            remote_port: "5000",
            proxy: None,
            unique_id: "abc",
            headers,
            granted: &[],
            inherited,
        }
    }

    fn session(request: &Request<'_>) -> Result<Environment, TooLarge> {
        super::session(request, None)
    }

    fn map(environment: Environment) -> BTreeMap<String, String> {
        let mut map = BTreeMap::new();
        for (name, value) in environment {
            let value = value.to_string_lossy().into_owned();
            let name = name.into_string().unwrap();
            assert_eq!(map.insert(name.clone(), value), None, "{name} twice");
        }
        map
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        list.iter()
            .map(|&(name, value)| (name.into(), value.into()))
            .collect()
    }

    #[test]
    fn a_program_knows_the_trusted_proxy() {
        let mut request = request(&[("Proxy-Addr", b"192.0.2.9")], &[]);
        assert_eq!(map(session(&request).unwrap()).get("PROXY_ADDR"), None);
        request.proxy = "10.1.1.1".parse().ok();
        assert_eq!(map(session(&request).unwrap())["PROXY_ADDR"], "10.1.1.1");
    }

    #[test]
    fn a_session_gets_exactly_this() {
        let environment = map(session(&request(&[], &[])).unwrap());
        let expected: BTreeMap<String, String> = [
            ("AUTH_TYPE", ""),
            ("CONTENT_LENGTH", ""),
            ("CONTENT_TYPE", ""),
            ("GATEWAY_INTERFACE", "CGI/1.1"),
            ("PATH_INFO", "/a b"),
            ("PATH_TRANSLATED", "/a b"),
            ("QUERY_STRING", "q=%41"),
            ("REMOTE_ADDR", "127.0.0.1"),
            ("REMOTE_HOST", "localhost"),
            ("REMOTE_IDENT", ""),
            ("REMOTE_PORT", "5000"),
            ("REMOTE_USER", ""),
            ("REQUEST_METHOD", "GET"),
            ("REQUEST_URI", "/a%20b?q=%41"),
            ("SCRIPT_NAME", "/"),
            ("SERVER_NAME", "example.com"),
            ("SERVER_PORT", "8080"),
            ("SERVER_PROTOCOL", "HTTP/1.1"),
            ("SERVER_SOFTWARE", SERVER_SOFTWARE),
            ("UNIQUE_ID", "abc"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        assert_eq!(environment, expected);
        assert!(SERVER_SOFTWARE.starts_with("websocketd/"));
    }

    #[test]
    fn the_negotiated_protocol_is_told() {
        let environment = map(super::session(&request(&[], &[]), Some("chat")).unwrap());
        assert_eq!(environment["WEBSOCKET_PROTOCOL"], "chat");
        assert!(!map(session(&request(&[], &[])).unwrap()).contains_key("WEBSOCKET_PROTOCOL"));
    }

    #[test]
    fn https_is_on_only_with_tls() {
        let secure = Request {
            https: true,
            ..request(&[], &[])
        };
        assert_eq!(map(session(&secure).unwrap())["HTTPS"], "on");
    }

    #[test]
    fn header_fields_become_variables() {
        let fields: Fields<'_> = &[
            ("Host", b"example.com:8080"),
            ("Cookie", b"a=1"),
            ("cookie", b"b=2"),
            ("X-Foo", b" 1 "),
            ("x-foo", b"2"),
            ("X_Foo", b"underscore"),
            ("Proxy", b"http://evil"),
            ("PROXY", b"http://evil"),
            ("X-Tab", b"a\tb\x01"),
            ("X-Latin", b"\xe9"),
            ("X.Dot", b"1"),
        ];
        let environment = map(session(&request(fields, &[])).unwrap());
        let http: Vec<_> = environment
            .iter()
            .filter(|(name, _)| name.starts_with("HTTP_"))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            http,
            [
                ("HTTP_COOKIE", "a=1; b=2"),
                ("HTTP_HOST", "example.com:8080"),
                ("HTTP_X_FOO", "1, 2"),
                ("HTTP_X_LATIN", "\u{fffd}"),
                ("HTTP_X_TAB", "a b "),
            ]
        );
    }

    #[test]
    fn only_what_is_let_through_is_inherited() {
        let inherited = pairs(&[
            ("PATH", "/bin"),
            ("BLANK", " "),
            ("HTTPS", "on"),
            ("SERVER_NAME", "forged"),
            ("HTTP_PROXY", "http://ours"),
            ("HTTP_X_FOO", "ours"),
        ]);
        let fields: Fields<'_> = &[("Proxy", b"evil"), ("X-Foo", b"theirs")];
        let environment = map(session(&request(fields, &inherited)).unwrap());
        assert_eq!(environment["PATH"], "/bin");
        assert_eq!(environment["SERVER_NAME"], "example.com");
        assert_eq!(environment["HTTP_PROXY"], "http://ours");
        assert_eq!(environment["HTTP_X_FOO"], "ours");
        assert!(!environment.contains_key("BLANK") && !environment.contains_key("HTTPS"));
        assert!(!map(session(&request(&[], &[])).unwrap()).contains_key("PATH"));
    }

    #[test]
    fn a_script_knows_its_file_and_its_body() {
        let script = Script {
            file: Path::new("/cgi/x.cgi"),
            root: Path::new("/cgi"),
            content_length: Some(3),
            content_type: Some(b"text/plain"),
        };
        let fields: Fields<'_> = &[("Transfer-Encoding", b"chunked")];
        let environment = map(cgi(&request(fields, &[]), &script).unwrap());
        assert!(!environment.contains_key("HTTP_TRANSFER_ENCODING"));
        for (name, value) in [
            ("SCRIPT_FILENAME", "/cgi/x.cgi"),
            ("PATH_TRANSLATED", "/cgi/a b"),
            ("CONTENT_LENGTH", "3"),
            ("CONTENT_TYPE", "text/plain"),
            ("PATH", CGI_PATH),
        ] {
            assert_eq!(environment[name], value);
        }
        let bare = Script {
            content_length: None,
            content_type: None,
            ..script
        };
        let request = Request {
            path_info: b"",
            ..request(&[], &[])
        };
        let environment = map(cgi(&request, &bare).unwrap());
        for name in ["CONTENT_LENGTH", "CONTENT_TYPE", "PATH_TRANSLATED"] {
            assert!(!environment.contains_key(name), "{name}");
        }
    }

    #[test]
    fn what_execve_refuses_is_refused_here() {
        let large = vec![b'x'; MAX_VARIABLE];
        let fields: Fields<'_> = &[("X-Large", &large)];
        assert_eq!(session(&request(fields, &[])), Err(TooLarge));
        let names: Vec<String> = (0..12).map(|at| format!("X-{at}")).collect();
        let fields: Vec<(&str, &[u8])> = names
            .iter()
            .map(|name| (name.as_str(), &large[..100 * 1024]))
            .collect();
        assert_eq!(session(&request(&fields, &[])), Err(TooLarge));
        assert!(session(&request(&fields[..9], &[])).is_ok());
    }

    proptest! {
        #[test]
        fn no_value_holds_a_control_character(
            name in "[!-~]{1,12}",
            value in proptest::collection::vec(any::<u8>(), 0..40),
            path in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            let fields: Fields<'_> = &[(&name, &value)];
            let request = Request { path: &path, path_info: &path, ..request(fields, &[]) };
            for (name, value) in session(&request).unwrap() {
                prop_assert!(!value.as_bytes().iter().any(u8::is_ascii_control));
                prop_assert!(!name.as_bytes().contains(&b'='));
            }
        }
    }
}
