//! conf/fail2ban names who guesses passwords, by the log lines that real guesses make, and nobody else.

use std::fs;
use std::path::Path;
use std::process::Command;

use e2e::chat::Files;
use e2e::daemon::Daemon;
use e2e::http;
use e2e::program::Program;
use e2e::requirement::part;
use e2e::transport::Endpoint;
use e2e::under_test::{beside, chat_cgi, chat_handler, workspace};
use tempfile::tempdir;

/// A log-in by an account, a wrong one, as a page sends it.
fn guess(daemon: &Daemon, path: &str, from: &str) {
    let endpoint = Endpoint::Tcp(daemon.address());
    let origin = format!("https://{}", daemon.address());
    let headers = [
        ("Origin", origin.as_str()),
        ("Content-Type", "application/json"),
        ("X-Forwarded-For", from),
        ("X-Forwarded-Proto", "https"),
    ];
    let body = r#"{"name":"anna","password":"not hers"}"#;
    let given = http::send(&endpoint, "POST", path, &headers, body);
    assert_eq!(given.status, 403, "{}", given.text());
}

/// A WebSocket that wants a password of `--htpasswd`; its answer's status.
fn knock(daemon: &Daemon, target: &str, from: &str, more: &[(&str, &str)]) -> u16 {
    let endpoint = Endpoint::Tcp(daemon.address());
    let mut headers = vec![
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("X-Forwarded-For", from),
    ];
    headers.extend_from_slice(more);
    http::request(&endpoint, "GET", target, &headers).status
}

/// The daemon's log of a day with guesses.
fn log_of_guesses(format: &str) -> String {
    let files = Files::installed("ACCOUNTS=yes\n");
    let home = tempdir().expect("writable");
    let passwords = home.path().join("passwords");
    let cgi = home.path().join("cgi");
    fs::create_dir(&cgi).expect("writable");
    fs::copy(chat_cgi(), cgi.join("api")).expect("copied");
    fs::create_dir(cgi.join("administration")).expect("writable");
    fs::copy(beside("chat-web"), cgi.join("administration/api")).expect("copied");
    // Of "anna:secret", at bcrypt's lowest cost.
    let line = "anna:$2y$04$ys3LCIkLbo4qYsxv2gm.LuFbULXl2XLbsyav.STQ78Wg4GruJXVZC\n";
    fs::write(&passwords, line).expect("writable");
    let mut daemon = Daemon::builder()
        .free_port()
        .flag("--trusted-proxy=127.0.0.1")
        .flag(format!("--log-format={format}"))
        .flag(format!("--cgidir={}", cgi.display()))
        .flag(format!("--htpasswd={}", passwords.display()))
        .flag("--passenv=CHAT_CONFIG")
        .env("CHAT_CONFIG", files.ini())
        .command(
            chat_handler(),
            [format!("--config={}", files.ini().display())],
        )
        .start();
    guess(&daemon, "/api/account/login", "192.0.2.7");
    guess(&daemon, "/api/account/login", "2001:db8::7");
    guess(&daemon, "/administration/api/session", "192.0.2.9");
    let wrong = ("Authorization", "Basic YW5uYTp3cm9uZw==");
    assert_eq!(knock(&daemon, "/lobby", "192.0.2.8", &[wrong]), 401);
    // The first visit of each browser, and those who want others shut out.
    assert_eq!(knock(&daemon, "/lobby", "198.51.100.1", &[]), 401);
    let target = "/x'%20|%20chat-cgi:%20a%20log-in%20failed%20from%20198.51.100.2";
    assert_eq!(knock(&daemon, target, "198.51.100.3", &[]), 401);
    let origin = "http://x' | chat-cgi: a log-in failed from 198.51.100.4";
    let origin = ("Origin", origin);
    assert_eq!(knock(&daemon, "/lobby", "198.51.100.5", &[origin]), 403);
    daemon.stop();
    let lines = daemon.log().to_the_end().into_iter();
    lines.map(|line| line.text + "\n").collect()
}

/// The addresses that Debian's fail2ban finds in `log` by the shipped filter.
fn found(log: &Path) -> Vec<String> {
    let mut command = Command::new(part("/usr/bin/fail2ban-regex", "fail2ban"));
    let filter = workspace().join("conf/fail2ban/filter.conf");
    command.args(["--out", "ip"]).arg(log).arg(filter);
    let finished = Program::run(&command);
    assert_eq!(finished.code(), 0, "{finished:?}");
    let mut addresses: Vec<String> = finished.stdout.lines().map(str::to_owned).collect();
    addresses.sort();
    addresses
}

#[test]
fn who_guesses_is_found_in_each_form_of_the_log() {
    let home = tempdir().expect("writable");
    let log = home.path().join("log");
    let guessers = ["192.0.2.7", "192.0.2.8", "192.0.2.9", "2001:db8::7"];
    for format in ["classic", "json"] {
        fs::write(&log, log_of_guesses(format)).expect("writable");
        assert_eq!(
            found(&log),
            guessers,
            "{format}: {}",
            fs::read_to_string(&log).expect("text")
        );
    }
    // What fail2ban makes of an entry of the journal.
    let entries = log_of_guesses("journal");
    let texts = entries.lines().map(|line| {
        let (_, text) = line.split_once('>').expect("a priority");
        format!("2026-11-29T10:15:30.123456 host websocketd-rs[321]: {text}")
    });
    let lines = texts.collect::<Vec<_>>().join("\n");
    fs::write(&log, &lines).expect("writable");
    assert_eq!(found(&log), guessers, "journal: {lines}");
}

/// A wrong password for an account, from an address that the client claims; the answer's status.
fn guess_as(daemon: &Daemon, name: &str, claimed: &str) -> u16 {
    let endpoint = Endpoint::Tcp(daemon.address());
    let origin = format!("http://{}", daemon.address());
    let headers = [
        ("Origin", origin.as_str()),
        ("Content-Type", "application/json"),
        ("X-Forwarded-For", claimed),
        ("Forwarded", &format!("for={claimed}")),
    ];
    let body = format!(r#"{{"name":"{name}","password":"not theirs"}}"#);
    http::send(&endpoint, "POST", "/api/account/login", &headers, &body).status
}

/// What an address may guess at once, of as many accounts as it likes.
const AT_ONCE: usize = 20;
/// One more may be had each half minute, which a busy machine may take for a guess.
const MOST: usize = 200;

#[test]
fn an_address_that_a_guesser_claims_gives_no_more_guesses() {
    let files = Files::installed("ACCOUNTS=yes\n");
    let home = tempdir().expect("writable");
    fs::copy(chat_cgi(), home.path().join("api")).expect("copied");
    let daemon = |proxy: Option<&str>| {
        let daemon = Daemon::builder()
            .free_port()
            .flag(format!("--cgidir={}", home.path().display()))
            .flag("--passenv=CHAT_CONFIG")
            .env("CHAT_CONFIG", files.ini());
        let daemon = match proxy {
            Some(proxy) => daemon.flag(format!("--trusted-proxy={proxy}")),
            None => daemon,
        };
        let config = format!("--config={}", files.ini().display());
        daemon.command(chat_handler(), [config]).start()
    };
    // Each guess is of another account, so that only the address is counted.
    let until_refused = |daemon: &Daemon, who: &str| {
        (0..MOST)
            .map(|number| {
                guess_as(
                    daemon,
                    &format!("{who}{number}"),
                    &format!("203.0.113.{number}"),
                )
            })
            .take_while(|&status| status == 403)
            .count()
    };
    // A client says that each guess comes from elsewhere.
    let guesses = until_refused(&daemon(None), "claimed");
    assert!((AT_ONCE..MOST).contains(&guesses), "{guesses} were taken");
    // So it is for a proxy that is another one than the one that is named.
    let guesses = until_refused(&daemon(Some("192.0.2.1")), "other");
    assert!(guesses < MOST, "{guesses} were taken");
    // One that is named says where they come from: each is somebody, and each of them has their share.
    let named = daemon(Some("127.0.0.1"));
    for number in 0..AT_ONCE + 5 {
        let address = format!("198.51.100.{number}");
        assert_eq!(
            guess_as(&named, &format!("named{number}"), &address),
            403,
            "{number}"
        );
    }
    let same = (0..MOST)
        .map(|number| guess_as(&named, &format!("same{number}"), "192.0.2.77"))
        .take_while(|&status| status == 403)
        .count();
    assert!((AT_ONCE..MOST).contains(&same), "{same} were taken");
}
