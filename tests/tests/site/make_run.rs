//! What `make run` serves, without a browser: pages, chat-cgi, rooms.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use e2e::chat::Record;
use e2e::deadline::eventually;
use e2e::http;
use e2e::site::Site;
use e2e::transport::Endpoint;
use e2e::ws::Client;

fn endpoint(site: &Site) -> Endpoint {
    let url = site.url("");
    let address = url.strip_prefix("http://").expect("it is plain HTTP");
    Endpoint::Tcp(address.parse().expect("an address"))
}

/// A visitor of the site's own page.
#[track_caller]
fn visitor(site: &Site) -> Client {
    let origin = site.url("");
    Client::connect_with(
        &endpoint(site),
        "/lobby?format=json",
        &[("Origin", &origin)],
    )
}

#[test]
fn make_run_serves_pages_answers_and_rooms() {
    let site = Site::start();
    // Another user of the machine who may list sessions/ is whoever they like.
    for (name, mode) in [
        ("sessions", 0o700),
        ("rooms", 0o750),
        ("conf/chat.ini", 0o640),
    ] {
        let found = fs::metadata(site.var().join(name)).expect("it is there");
        assert_eq!(found.permissions().mode() & 0o777, mode, "{name}");
    }
    let endpoint = endpoint(&site);
    let page = http::get(&endpoint, "/");
    assert_eq!(page.status, 200);
    assert!(
        page.header("Content-Type")
            .is_some_and(|kind| kind.starts_with("text/html"))
    );
    let health = http::get(&endpoint, "/api/health");
    assert_eq!(health.status, 200, "{}", health.text());

    let mut client = visitor(&site);
    client.send(r#"{"type":"say","msgid":"m1","text":"hello"}"#);
    client.text_where(|line| line.contains("\"ack\""));
    let log =
        std::fs::read_to_string(site.var().join("rooms/lobby.log")).expect("the log is there");
    let records: Vec<Record> = log.lines().map(Record::parse).collect();
    assert!(
        records
            .iter()
            .any(|record| record.kind == "say" && record.text == "hello"),
        "{log}"
    );

    // A page from elsewhere cannot use the visitor's session.
    let elsewhere = [("Origin", "http://elsewhere.example")];
    assert!(Client::try_connect(&endpoint, "/lobby", &elsewhere).is_err());
}

#[test]
fn a_killed_chat_comes_back_on_its_port_with_its_log() {
    let mut site = Site::start_on_fixed_port();
    let mut client = visitor(&site);
    client.send(r#"{"type":"say","msgid":"m1","text":"before"}"#);
    client.text_where(|line| line.contains("\"ack\""));
    site.restart();
    client.ended();
    let mut client = visitor(&site);
    client.text_where(|line| line.contains("\"before\""));
}

#[test]
fn ctrl_c_ends_everything() {
    let site = Site::start();
    let mut client = visitor(&site);
    client.text_where(|line| line.contains("\"welcome\""));
    // A terminal sends SIGINT to make and to the daemon alike; handlers have groups of their own.
    for process in site.program().family() {
        if process.group == site.program().pid() {
            let pid = e2e::program::pid_of(process.pid);
            nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).expect("it lives");
        }
    }
    site.program().signal(nix::sys::signal::Signal::SIGINT);
    client.ended();
    eventually("all has ended", || {
        site.program().family().is_empty().then_some(())
    });
}

#[test]
fn a_killed_chat_leaves_no_administration() {
    let (site, address) = Site::start_administered();
    let address = address.strip_prefix("http://").expect("it is plain HTTP");
    let administration = Endpoint::Tcp(address.parse().expect("an address"));
    let host = [("Host", address)];
    eventually("the administration answers", || {
        std::net::TcpStream::connect(address).ok()
    });
    let page = http::get(&administration, "/");
    assert_eq!(page.status, 200);
    let policy = page.header("Content-Security-Policy").expect("a policy");
    assert!(policy.contains("script-src 'self'") && policy.contains("frame-ancestors 'none'"));
    let session = http::request(&administration, "GET", "/api/session", &host);
    assert_eq!(session.text(), r#"{"account":null,"first":true}"#);
    // It is nowhere at the chat's own address.
    let chat = http::get(&endpoint(&site), "/api/people");
    assert_eq!(chat.status, 404);
    let helpers = |of: &str| -> Vec<_> {
        let family = site.program().family().into_iter();
        let is_helper = |process: &e2e::proc::Process| {
            let words = fs::read_to_string(format!("/proc/{}/cmdline", process.pid));
            words.is_ok_and(|words| words.contains(of))
        };
        family.filter(is_helper).collect()
    };
    let sampler = eventually("samples are taken", || helpers("--every").pop());
    let daemon = e2e::program::pid_of(sampler.parent);
    nix::sys::signal::kill(daemon, nix::sys::signal::Signal::SIGKILL).expect("it lives");
    for of in ["--every", "administration.ini"] {
        eventually("they end with the chat", || {
            helpers(of).is_empty().then_some(())
        });
    }
}
