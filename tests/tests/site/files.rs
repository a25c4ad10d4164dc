//! Files of the largest size through each web server with the shipped configurations, and a line that is cut on
//! the way.

use std::fs;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;

use e2e::deadline::eventually;
use e2e::http;
use e2e::installation::Installation;
use e2e::proxied::{Front, Hop, ProxiedSite};
use e2e::transport::Endpoint;
use e2e::ws::Client;
use serde_json::Value;

/// As `FILE_MAX` is by default.
const LARGEST: usize = 25 << 20;
const BINARY: (&str, &str) = ("Content-Type", "application/octet-stream");
const GUEST: (&str, &str) = ("Cookie", "chat-client=annas-browser");

/// Puts the largest file into the lobby and takes it out again, whole and in part.
#[track_caller]
fn the_largest_goes_through(web: &Endpoint, api: &str) {
    let post = format!("{api}/files?room=lobby&name=large.txt");
    let content = "x".repeat(LARGEST);
    let given = http::send(web, "POST", &post, &[BINARY, GUEST], &content);
    assert_eq!(given.status, 200, "{}", given.text());
    let told: Value = serde_json::from_str(&given.text()).expect("JSON");
    let path = format!(
        "{api}/files/{}/large.txt?room=lobby",
        told["id"].as_str().expect("an id")
    );
    let had = http::request(web, "GET", &path, &[GUEST]);
    assert_eq!((had.status, had.body.len()), (200, LARGEST));
    for (name, value) in [
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Type", "application/octet-stream"),
        (
            "Content-Disposition",
            "attachment; filename*=UTF-8''large.txt",
        ),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ] {
        assert_eq!(had.header(name), Some(value), "{name}");
    }
    let policy = had.header("Content-Security-Policy").expect("a policy");
    assert!(policy.starts_with("sandbox;"), "{policy}");
    let part = http::request(web, "GET", &path, &[GUEST, ("Range", "bytes=10-19")]);
    assert_eq!((part.status, part.body.len()), (206, 10));
    assert_eq!(
        http::request(web, "GET", &path, &[]).status,
        404,
        "it has no message"
    );
    let other = [BINARY, GUEST, ("Origin", "https://evil.example")];
    assert_eq!(http::send(web, "POST", &post, &other, "x").status, 403);
}

fn behind(front: Front) {
    let site = ProxiedSite::start(front, Hop::Plain);
    let web = site.web.endpoint();
    let origin = [("Origin", "https://localhost")];
    let mut somebody = Client::connect_with(&web, "/chat/rooms/lobby?format=json", &origin);
    somebody.text_where(|line| line.contains("\"welcome\""));
    the_largest_goes_through(&web, "/chat/api");
}

#[test]
fn the_largest_file_goes_through_apache() {
    behind(Front::Apache);
}

#[test]
fn the_largest_file_goes_through_nginx() {
    behind(Front::Nginx);
}

/// What is kept of files, contents and lines beside them.
fn kept(base: &Path) -> Vec<String> {
    let entries = fs::read_dir(base.join("files/lobby"))
        .into_iter()
        .flatten()
        .flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name != "lock").collect()
}

#[test]
fn the_largest_file_goes_through_the_daemon_and_one_that_is_cut_leaves_nothing() {
    let installation = Installation::new();
    let daemon = installation.daemon("stand-alone.ini", |text| text);
    let own = format!("http://{}", daemon.endpoint.host());
    let mut somebody = daemon.client_with("/lobby?format=json", &[("Origin", &own)]);
    somebody.text_where(|line| line.contains("\"welcome\""));

    let mut line = TcpStream::connect(daemon.endpoint.host()).expect("a connection");
    let head = format!(
        "POST /api/files?room=lobby&name=cut HTTP/1.1\r\nHost: {}\r\nContent-Type: application/octet-stream\r\n\
         Cookie: chat-client=annas-browser\r\nContent-Length: {LARGEST}\r\n\r\n",
        daemon.endpoint.host()
    );
    line.write_all(head.as_bytes()).expect("sent");
    line.write_all(&vec![b'x'; LARGEST / 2])
        .expect("half of it is sent");
    eventually("it is being taken", || {
        installation
            .base()
            .join("files/lobby")
            .is_dir()
            .then_some(())
    });
    drop(line);
    // Its program ends; whatever it did meanwhile, nothing of the file has a name.
    assert_eq!(kept(&installation.base()), Vec::<String>::new());
    the_largest_goes_through(&daemon.endpoint, "/api");
    eventually("only the whole one is kept", || {
        (kept(&installation.base()).len() == 2).then_some(())
    });
}
