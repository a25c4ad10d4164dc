//! What any HTTP client sees: parsing, limits, connections kept and closed, the developer console. And a client for the other tests.

use e2e::raw::RawSocket;

use crate::daemon::Daemon;

pub(crate) use e2e::http::Response as Reply;

/// A raw connection to a daemon: the harness's, in the words of these tests.
pub(crate) struct Client(pub(crate) RawSocket);

impl Client {
    pub(crate) fn connect(daemon: &Daemon) -> Self {
        Self(RawSocket::connect(&daemon.endpoint()))
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.try_send_bytes(bytes.as_ref()).expect("it reads");
    }

    /// Sends from another thread, while this one reads.
    pub(crate) fn clone_sender(&self) -> impl FnMut(&[u8]) + Send + 'static {
        self.0.clone_sender()
    }

    pub(crate) fn half_close(&self) {
        self.0.finish_sending();
    }

    pub(crate) fn read_until(&mut self, text: &str) -> String {
        self.0.read_until(text)
    }

    pub(crate) fn read_to_end(&mut self) -> Vec<u8> {
        self.0.read_to_end()
    }

    /// Reads a head; what follows stays.
    pub(crate) fn head(&mut self) -> Reply {
        self.0.read_head()
    }

    /// Reads a reply with a body of its announced length, or in chunks.
    pub(crate) fn reply(&mut self) -> Reply {
        self.0.read_response().expect("a reply")
    }
}

/// One request on a connection of its own, with the fields given, each ended by CRLF.
pub(crate) fn request(daemon: &Daemon, line: &str, fields: &str) -> Reply {
    let mut client = Client::connect(daemon);
    client.send(format!(
        "{line} HTTP/1.1\r\nHost: h.example\r\nConnection: close\r\n{fields}\r\n"
    ));
    if line.starts_with("HEAD ") {
        let reply = client.head();
        assert_eq!(client.read_to_end(), b"", "HEAD has no body");
        return reply;
    }
    client.reply()
}

pub(crate) fn get(daemon: &Daemon, target: &str) -> Reply {
    request(daemon, &format!("GET {target}"), "")
}

const CAT: &[&str] = &["--port=0", "--address=127.0.0.1", "/bin/cat"];

#[test]
fn a_flood_of_empty_lines_is_no_request() {
    let daemon = Daemon::start(&["--port=0", "--address=127.0.0.1", "cat"]);
    let mut client = Client::connect(&daemon);
    client.send("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.reply().status, 404);
    client.send("\r\n".repeat(20));
    assert_eq!(client.reply().status, 400);
}

#[test]
fn nothing_is_there_by_default() {
    let mut daemon = Daemon::start(CAT);
    for line in ["GET /a?b", "POST /a?b", "DELETE /a?b"] {
        let reply = request(&daemon, line, "");
        assert_eq!((reply.status, reply.utf8()), (404, "404 page not found\n"));
        assert_eq!(
            reply.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        daemon.read_until("| ACCESS | http       | url:'http://h.example/a?b' | NOT FOUND");
    }
    assert_eq!(request(&daemon, "HEAD /a", "").status, 404);
}

#[test]
fn a_secret_in_a_path_is_in_no_log() {
    let mut daemon = Daemon::start(&["--port=0", "--address=127.0.0.1", "--hidepath=/in/", "cat"]);
    for (line, status, told) in [
        ("GET /in/s3cret", 404, "NOT FOUND"),
        ("POST /in/s3cret/x?s3cret", 404, "NOT FOUND"),
        ("GET /%69n/s3cret", 404, "NOT FOUND"),
        ("GET //in//s3cret", 301, "REDIRECT"),
        ("GET /./in/s3cret", 301, "REDIRECT"),
        ("GET /x/%2e%2e/in/s3cret", 301, "REDIRECT"),
    ] {
        assert_eq!(request(&daemon, line, "").status, status);
        let log = daemon.read_until(&format!("| {told}"));
        assert!(log.contains("url:'http://h.example/in/...'"), "{log}");
        assert!(!log.contains("s3cret"), "{log}");
    }
    assert_eq!(request(&daemon, "GET /inn", "").status, 404);
    daemon.read_until("url:'http://h.example/inn' | NOT FOUND");
}

#[test]
fn hostile_requests_are_refused_and_the_connection_closed() {
    let daemon = Daemon::start(CAT);
    let long = "x".repeat(2 << 20);
    let many = "X: y\r\n".repeat(5000);
    for (request, status) in [
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\nHost: h\n\n".to_owned(), 400),
        (
            "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n".to_owned(),
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
                .to_owned(),
            400,
        ),
        ("GET / HTTP/3.0\r\nHost: h\r\n\r\n".to_owned(), 505),
        ("\x16\x03\x01\x02".to_owned(), 400),
        (
            format!("GET / HTTP/1.1\r\nHost: h\r\nX: {long}\r\n\r\n"),
            431,
        ),
        (format!("GET / HTTP/1.1\r\nHost: h\r\n{many}\r\n"), 431),
        (
            format!(
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n",
                u64::MAX
            ),
            413,
        ),
    ] {
        let mut client = Client::connect(&daemon);
        // The reply may come, and the connection end, before all of a huge head is written.
        let _ = client.0.try_send_bytes(request.as_bytes());
        let reply = client.reply();
        let begin: String = request.chars().take(70).collect();
        assert_eq!(reply.status, status, "{begin:?}");
        assert_eq!(reply.header("connection"), Some("close"), "{begin:?}");
        assert!(reply.utf8().starts_with(&status.to_string()), "{begin:?}");
        assert_eq!(client.read_to_end(), b"", "{begin:?}");
    }
}

#[test]
fn requests_follow_each_other_on_one_connection() {
    let daemon = Daemon::start(CAT);
    let mut client = Client::connect(&daemon);
    client.send("\r\nGET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.reply().status, 404);
    // Two at once, the first with a body that nobody wants, the last the end of it.
    client.send(
        "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello\
         POST /3 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    );
    assert_eq!(client.reply().header("connection"), None);
    assert_eq!(client.reply().header("connection"), Some("close"));
    assert_eq!(client.read_to_end(), b"");
}

#[test]
fn http_1_0_is_answered_and_closed_unless_kept() {
    let daemon = Daemon::start(CAT);
    let mut client = Client::connect(&daemon);
    client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n");
    let kept = client.reply();
    assert!(kept.head.starts_with("HTTP/1.0 404 "));
    assert_eq!(kept.header("connection"), Some("keep-alive"));
    assert_eq!(client.reply().header("connection"), None);
    assert_eq!(client.read_to_end(), b"");
}

#[test]
fn a_client_that_waits_to_send_its_body_is_refused_first() {
    let daemon = Daemon::start(CAT);
    let mut client = Client::connect(&daemon);
    client.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    let reply = client.reply();
    assert_eq!(
        (reply.status, reply.header("connection")),
        (404, Some("close"))
    );
    assert_eq!(client.read_to_end(), b"");
}

#[test]
fn odd_paths_are_redirected_within_the_host() {
    let mut daemon = Daemon::start(CAT);
    for (target, location) in [
        ("//evil.example/%2e%2e", "/"),
        ("//evil.example", "/evil.example"),
        ("/a/../b?q=//c", "/b?q=//c"),
        ("/./\\evil.example", "/%5Cevil.example"),
        ("/x//%0d%0aSet-Cookie:a=b", "/x/%0D%0ASet-Cookie%3Aa=b"),
    ] {
        let reply = get(&daemon, target);
        assert_eq!(
            (reply.status, reply.header("location")),
            (301, Some(location)),
            "{target}"
        );
        assert_eq!(reply.header("set-cookie"), None);
        daemon.read_until("| REDIRECT");
    }
}

#[test]
fn configured_headers_are_added() {
    let flags = [
        "--header=X-All: 1",
        "--header-http=X-Http: 2",
        "--header-ws=X-Ws: 3",
    ];
    let daemon = Daemon::start(&[&flags, CAT].concat());
    let reply = get(&daemon, "/");
    assert_eq!(reply.header("x-all"), Some("1"));
    assert_eq!(reply.header("x-http"), Some("2"));
    assert_eq!(reply.header("x-ws"), None);
}

#[test]
fn the_console_is_served_for_every_path() {
    let daemon = Daemon::start(&[&["--devconsole"], CAT].concat());
    let mut client = Client::connect(&daemon);
    client.send("GET /a/b?<\"x\">&y HTTP/1.1\r\nHost: h.example:99\r\n\r\n");
    let reply = client.reply();
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let address = "ws://h.example:99/a/b?&lt;&#34;x&#34;&gt;&amp;y";
    let at = reply.utf8().find(address).expect("the address");
    assert!(reply.head.len() + at < 4096);
    assert!(!reply.utf8().contains("<\"x\">"));
    let policy = reply.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'"), "{policy}");
}

#[test]
fn a_slow_head_is_given_up() {
    let daemon = Daemon::start(CAT);
    let mut client = Client::connect(&daemon);
    client.send("GET / HTTP/1.1\r\nHost: h\r\n");
    assert_eq!(client.reply().status, 408);
    assert_eq!(client.read_to_end(), b"");
}

#[test]
fn a_kept_connection_ends_with_the_server() {
    let daemon = Daemon::start(CAT);
    let mut client = Client::connect(&daemon);
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.reply().status, 404);
    assert_eq!(daemon.stop().0, Some(0));
    assert_eq!(client.read_to_end(), b"");
}

#[test]
fn an_absolute_target_is_the_only_name() {
    let daemon = Daemon::start(&["--port=0", "--address=127.0.0.1", "/usr/bin/env"]);
    let request = "GET http://a.example:81/x HTTP/1.1\r\nHost: b.example\r\nUpgrade: websocket\r\n\
                   Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let mut client = Client::connect(&daemon);
    client.send(request);
    assert_eq!(client.head().status, 101);
    let variables = crate::handshake::messages(&mut client);
    for expected in [
        "SERVER_NAME=a.example",
        "SERVER_PORT=81",
        "HTTP_HOST=a.example:81",
    ] {
        assert!(
            variables.iter().any(|line| line == expected),
            "{variables:?}"
        );
    }
}

#[test]
fn a_higher_minor_version_is_served() {
    let daemon = Daemon::start(&["--port=0", "--address=127.0.0.1", "/bin/cat"]);
    let mut client = Client::connect(&daemon);
    client.send("GET / HTTP/1.2\r\nHost: h\r\n\r\n");
    assert_eq!(client.reply().status, 404);
}
