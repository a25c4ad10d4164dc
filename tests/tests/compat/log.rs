//! Section 2: the log.

use std::fs;

use e2e::daemon::{Builder, Daemon};
use e2e::lines::Stream;
use e2e::raw::{RawSocket, UPGRADE};
use e2e::tls::Authority;
use e2e::under_test::{Subject, handler};

use crate::case::{Case, Section};

/// A log line taken apart.
#[derive(Debug)]
struct Entry {
    time: String,
    level: String,
    category: String,
    pairs: Vec<(String, String)>,
    message: String,
}

impl Entry {
    #[track_caller]
    fn parse(line: &str) -> Self {
        let fields: Vec<&str> = line.splitn(5, " | ").collect();
        let [time, level, category, pairs, message] = fields[..] else {
            panic!("no log line: {line:?}")
        };
        let mut rest = pairs;
        let mut pairs = Vec::new();
        while let Some((key, tail)) = rest.split_once(":'") {
            let (value, tail) = tail.split_once('\'').expect("a value ends with a quote");
            pairs.push((key.to_owned(), value.to_owned()));
            rest = tail.strip_prefix(' ').unwrap_or(tail);
        }
        assert_eq!(rest, "", "pairs are separated by one blank: {line:?}");
        let text = |field: &str| field.to_owned();
        Self {
            time: text(time),
            level: text(level),
            category: text(category),
            pairs,
            message: text(message),
        }
    }

    fn keys(&self) -> Vec<&str> {
        self.pairs.iter().map(|(key, _)| key.as_str()).collect()
    }

    #[track_caller]
    fn value(&self, wanted: &str) -> &str {
        let pair = self.pairs.iter().find(|(key, _)| key == wanted);
        pair.map_or_else(
            || panic!("no {wanted} in {self:?}"),
            |(_, value)| value.as_str(),
        )
    }
}

fn cat(subject: &Subject) -> Builder {
    Daemon::of(subject).command::<&str>("cat", [])
}

#[track_caller]
fn entry(daemon: &Daemon, parts: &[&str]) -> Entry {
    Entry::parse(&daemon.log().wait_for(parts))
}

pub(crate) fn cases() -> Vec<Case> {
    let mut section = Section::new("2 log");
    form(&mut section);
    start(&mut section);
    sessions(&mut section);
    requests(&mut section);
    levels(&mut section);
    section.into_cases()
}

fn form(section: &mut Section) {
    section.same(
        "RFC 1123 time with zone, padded level and category, empty pairs",
        |subject| {
            let daemon = cat(subject).start();
            let line = daemon.log().wait_for(&["Serving using application"]);
            assert!(
                line.contains(
                    " | INFO   | server     |  | Serving using application   : /usr/bin/cat"
                ),
                "{line}"
            );
            let time = Entry::parse(&line).time;
            let words: Vec<&str> = time.split(' ').collect();
            let [weekday, day, month, year, clock, zone] = words[..] else {
                panic!("{time}")
            };
            assert!(
                ["Mon,", "Tue,", "Wed,", "Thu,", "Fri,", "Sat,", "Sun,"].contains(&weekday),
                "{time}"
            );
            assert!(
                day.len() == 2 && day.parse::<u8>().is_ok_and(|day| (1..=31).contains(&day)),
                "{time}"
            );
            assert!(
                month.len() == 3 && year.len() == 4 && clock.len() == 8,
                "{time}"
            );
            assert!(zone.len() == 5 && zone.starts_with(['+', '-']), "{time}");
        },
    );
    section.ours(
        "the time is of the local zone",
        "0.4.1 writes UTC",
        |subject| {
            let daemon = cat(subject).env("TZ", "Asia/Kathmandu").start();
            assert!(entry(&daemon, &["Serving using"]).time.ends_with(" +0545"));
        },
    );
    section.same("every line has the five fields, on stdout", |subject| {
        let mut daemon = cat(subject).start();
        let mut client = daemon.client("/a?b=c");
        client.send("x");
        client.text();
        client.close();
        daemon.get("/missing");
        daemon.log().wait_for(&["DISCONNECT"]);
        daemon.stop();
        for line in daemon.log().to_the_end() {
            assert_eq!(line.stream, Stream::Stdout, "{line:?}");
            let entry = Entry::parse(&line.text);
            assert_eq!(
                (entry.level.len(), entry.category.len()),
                (6, 10),
                "{line:?}"
            );
        }
    });
}

fn start(section: &mut Section) {
    section.same("what is served is told at start", |subject| {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().display();
        let daemon = Daemon::of(subject)
            .flags([format!("--staticdir={path}"), format!("--cgidir={path}")])
            .command("cat", ["-u", "-"])
            .start();
        for told in [
            "| INFO   | server     |  | Serving using application   : /usr/bin/cat -u -".to_owned(),
            format!("| INFO   | server     |  | Serving static content from : {path}"),
            format!("| INFO   | server     |  | Serving CGI scripts from    : {path}"),
            format!(
                "| INFO   | server     |  | Starting WebSocket server   : ws://{}/",
                daemon.address()
            ),
            format!(
                "| INFO   | server     |  | Serving CGI or static files : http://{}/",
                daemon.address()
            ),
        ] {
            daemon.log().wait_for(&[&told]);
        }
    });
    section.same("a script directory and the console are told", |subject| {
        let dir = tempfile::tempdir().expect("a directory");
        let daemon = Daemon::of(subject)
            .flag(format!("--dir={}", dir.path().display()))
            .flag("--devconsole")
            .start();
        daemon.log().wait_for(&[&format!(
            "Serving from directory      : {}",
            dir.path().display()
        )]);
        daemon.log().wait_for(&[&format!(
            "Developer console enabled   : http://{}/",
            daemon.address()
        )]);
    });
    section.same("with TLS the addresses are wss and https", |subject| {
        let authority = Authority::new();
        let one = authority.issue("one");
        let daemon = cat(subject)
            .flag("--devconsole")
            .tls(&one.cert, &one.key, authority.client(None))
            .start();
        daemon.log().wait_for(&[&format!(
            "Starting WebSocket server   : wss://{}/",
            daemon.address()
        )]);
        daemon.log().wait_for(&[&format!(
            "Developer console enabled   : https://{}/",
            daemon.address()
        )]);
    });
    section.same("the redirect server is told", |subject| {
        let port = e2e::daemon::free_port();
        let daemon = cat(subject).flag(format!("--redirport={port}")).start();
        daemon.log().wait_for(&[
            "| INFO   | server     |  | Starting redirect server   : http://127.0.0.1:",
        ]);
    });
    section.ours(
        "an --origin without scheme is an ERROR under --ssl",
        "0.5 warns of it",
        |subject| {
            let authority = Authority::new();
            let one = authority.issue("one");
            let daemon = cat(subject)
                .flag("--origin=example.com")
                .tls(&one.cert, &one.key, authority.client(None))
                .start();
            assert_eq!(
                entry(&daemon, &["| ERROR  | server     |"]).keys(),
                Vec::<&str>::new()
            );
        },
    );
}

fn sessions(section: &mut Section) {
    section.same(
        "CONNECT and DISCONNECT: url, id, remote, command, origin; pid at the end",
        |subject| {
            let daemon = cat(subject).start();
            let mut client = daemon.client("/room/%7Ea?b=%20c");
            client.send("x");
            client.text();
            let pid = daemon.handlers()[0].pid.to_string();
            client.close();
            let connect = entry(&daemon, &["| ACCESS | session    |", "| CONNECT"]);
            assert_eq!(connect.message, "CONNECT");
            if subject.is_original() {
                assert_eq!(connect.keys(), ["url", "id", "remote", "command", "origin"]);
            } else {
                // Ours has started the program by then.
                assert_eq!(
                    connect.keys(),
                    ["url", "id", "remote", "command", "origin", "pid"]
                );
                assert_eq!(connect.value("pid"), pid);
            }
            let url = format!("http://{}/room/%7Ea?b=%20c", daemon.address());
            assert_eq!(connect.value("url"), url);
            assert!(!connect.value("id").is_empty());
            assert_eq!(connect.value("remote"), "127.0.0.1");
            assert_eq!(connect.value("command"), "/usr/bin/cat");
            assert_eq!(connect.value("origin"), "file:");
            let disconnect = entry(&daemon, &["| ACCESS | session    |", "| DISCONNECT"]);
            assert_eq!(
                disconnect.keys(),
                ["url", "id", "remote", "command", "origin", "pid"]
            );
            assert_eq!(disconnect.value("pid"), pid);
            assert_eq!(disconnect.value("id"), connect.value("id"));
        },
    );
    section.same("the url is https under TLS, also for upgrades", |subject| {
        let authority = Authority::new();
        let one = authority.issue("one");
        let daemon = cat(subject)
            .tls(&one.cert, &one.key, authority.client(None))
            .start();
        daemon.client("/x").close();
        let url = format!("https://{}/x", daemon.address());
        assert_eq!(entry(&daemon, &["| CONNECT"]).value("url"), url);
    });
    section.same("the origin is told", |subject| {
        let daemon = cat(subject).start();
        daemon
            .client_with("/", &[("Origin", "http://example.com:81")])
            .close();
        assert!(
            entry(&daemon, &["| CONNECT"])
                .value("origin")
                .contains("example.com:81")
        );
    });
    section.same("refused origins are told", |subject| {
        let daemon = cat(subject).flag("--sameorigin").start();
        let origin = [("Origin", "http://elsewhere.example")];
        let refused = RawSocket::try_open(&daemon.endpoint, "/", &origin)
            .expect("an answer")
            .1;
        assert_eq!(refused.status, 403);
        daemon
            .log()
            .wait_for(&["| ACCESS | session    |", "| Same origin policy mismatch"]);
        let daemon = cat(subject).flag("--origin=here.example").start();
        assert_eq!(
            RawSocket::try_open(&daemon.endpoint, "/", &origin)
                .expect("an answer")
                .1
                .status,
            403
        );
        daemon.log().wait_for(&[
            "| ACCESS | session    |",
            "| Origin is not listed in allowed list",
        ]);
    });
    section.same("an upgrade that goes wrong is told", |subject| {
        let daemon = cat(subject).start();
        let version = [("Sec-WebSocket-Version", "12")];
        let refused = RawSocket::try_open(&daemon.endpoint, "/", &version)
            .expect("an answer")
            .1;
        assert!(refused.status >= 400, "{refused:?}");
        daemon
            .log()
            .wait_for(&["| ACCESS | session    |", "Unable to Upgrade: "]);
    });
    section.same("a script that is not there is told", |subject| {
        let dir = tempfile::tempdir().expect("a directory");
        let daemon = Daemon::of(subject)
            .flag(format!("--dir={}", dir.path().display()))
            .start();
        let refused = RawSocket::try_open(&daemon.endpoint, "/nothing", &[])
            .expect("an answer")
            .1;
        assert_eq!(refused.status, 404);
        daemon
            .log()
            .wait_for(&["| ACCESS | session    |", "| NOT FOUND: "]);
    });
    section.same(
        "the child's stderr: an ERROR of category stderr, on stdout",
        |subject| {
            let mut daemon = Daemon::of(subject)
                .command(handler(), ["stderr", "something  went 'wrong'"])
                .start();
            let mut client = daemon.client("/");
            let told = daemon.log().wait_for(&["| ERROR  | stderr     |"]);
            assert!(told.ends_with(" | something  went 'wrong'"), "{told}");
            client.send("still here");
            assert_eq!(client.text(), "still here");
            client.close();
            daemon.log().wait_for(&["DISCONNECT"]);
            daemon.stop();
            let lines = daemon.log().to_the_end();
            assert!(
                lines.iter().all(|line| line.stream == Stream::Stdout),
                "{lines:?}"
            );
        },
    );
}

fn requests(section: &mut Section) {
    section.same(
        "each plain request is an ACCESS line with its address: NOT FOUND",
        |subject| {
            let daemon = cat(subject).start();
            daemon.get("/no/such?x=1");
            let entry = entry(&daemon, &["| ACCESS | http       |", "NOT FOUND"]);
            assert_eq!(
                entry.value("url"),
                format!("http://{}/no/such?x=1", daemon.address())
            );
        },
    );
    section.same("STATIC", |subject| {
        let dir = tempfile::tempdir().expect("a directory");
        fs::write(dir.path().join("page.txt"), "x").expect("writable");
        let daemon = cat(subject)
            .flag(format!("--staticdir={}", dir.path().display()))
            .start();
        daemon.get("/page.txt?v=2");
        let entry = entry(&daemon, &["| ACCESS | http       |", "| STATIC"]);
        assert_eq!(
            entry.value("url"),
            format!("http://{}/page.txt?v=2", daemon.address())
        );
    });
    section.same("DEVCONSOLE", |subject| {
        let daemon = cat(subject).flag("--devconsole").start();
        daemon.get("/x");
        daemon
            .log()
            .wait_for(&["| ACCESS | http       |", &daemon.url("/x"), "| DEVCONSOLE"]);
    });
    section.same("CGI: url and cgiscript", |subject| {
        let dir = tempfile::tempdir().expect("a directory");
        crate::front_end::script(
            &dir.path().join("s"),
            "echo Content-Type: text/plain; echo; echo hi",
        );
        let daemon = cat(subject)
            .flag(format!("--cgidir={}", dir.path().display()))
            .start();
        daemon.get("/s?a");
        let entry = entry(&daemon, &["| ACCESS | http       |", "| CGI"]);
        assert_eq!(entry.keys(), ["url", "cgiscript"]);
        assert!(entry.value("cgiscript").ends_with("/s"));
    });
}

fn levels(section: &mut Section) {
    // What a level shows is told by what a session leaves in the log once its last line, where one is shown, is there.
    for (level, access, info) in [
        ("debug", true, true),
        ("trace", true, true),
        ("access", true, true),
        ("info", false, true),
        ("error", false, false),
        ("fatal", false, false),
        ("none", false, false),
    ] {
        let name = match level {
            "debug" => "--loglevel=debug shows ACCESS and INFO",
            "trace" => "--loglevel=trace shows ACCESS and INFO",
            "access" => "--loglevel=access shows ACCESS and INFO",
            "info" => "--loglevel=info shows INFO alone",
            "error" => "--loglevel=error shows neither",
            "fatal" => "--loglevel=fatal shows neither",
            _ => "--loglevel=none is accepted and shows nothing",
        };
        section.same(name, move |subject| {
            let mut daemon = cat(subject)
                .flag(format!("--loglevel={level}"))
                .free_port()
                .start();
            daemon.client("/").close();
            daemon.assert_no_process_left();
            daemon.get("/missing");
            if access {
                daemon.log().wait_for(&["DISCONNECT"]);
            }
            daemon.stop();
            let lines = daemon.log().to_the_end();
            let shown = |part: &str| lines.iter().any(|line| line.text.contains(part));
            assert_eq!(
                (shown("| ACCESS |"), shown("| INFO   |")),
                (access, info),
                "{lines:?}"
            );
            assert!(level != "none" || lines.is_empty(), "{lines:?}");
        });
    }
    section.same("no upgrade header, no session line", |subject| {
        let daemon = cat(subject).start();
        let mut headers = UPGRADE.to_vec();
        headers.retain(|(name, _)| *name != "Upgrade");
        let answer = e2e::http::request(&daemon.endpoint, "GET", "/", &headers);
        assert_eq!(answer.status, 404);
        daemon
            .log()
            .wait_for(&["| ACCESS | http       |", "NOT FOUND"]);
        assert_eq!(daemon.log().count("| session    |"), 0);
    });
}
