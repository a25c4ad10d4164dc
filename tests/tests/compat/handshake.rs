//! Section 4: the opening handshake.

use e2e::daemon::{Builder, Daemon};
use e2e::http::Response;
use e2e::raw::{RawSocket, upgrade_head};
use e2e::tls::Authority;
use e2e::under_test::Subject;

use crate::case::{Case, Section};

fn cat(subject: &Subject) -> Builder {
    Daemon::of(subject).command::<&str>("cat", [])
}

#[track_caller]
fn ask(daemon: &Daemon, headers: &[(&str, &str)]) -> Response {
    RawSocket::try_open(&daemon.endpoint, "/", headers)
        .expect("an answer")
        .1
}

/// Asserts which origins a daemon with these flags lets in. `HOST` stands for its address.
#[track_caller]
fn assert_origins(subject: &Subject, flags: &[&str], origins: &[(&str, bool)]) {
    let daemon = cat(subject).flags(flags).start();
    for (origin, welcome) in origins {
        let origin = origin.replace("HOST", &daemon.address().to_string());
        let answer = ask(&daemon, &[("Origin", &origin)]);
        let status = if *welcome { 101 } else { 403 };
        assert_eq!(answer.status, status, "{flags:?} with {origin:?}");
    }
}

pub(crate) fn cases() -> Vec<Case> {
    let mut section = Section::new("4 handshake");
    answers(&mut section);
    refusals(&mut section);
    order(&mut section);
    origins(&mut section);
    section.into_cases()
}

fn answers(section: &mut Section) {
    section.same(
        "101 with Upgrade, Connection and the accept key",
        |subject| {
            let answer = ask(&cat(subject).start(), &[]);
            assert_eq!(answer.status, 101);
            assert!(
                answer
                    .header("Upgrade")
                    .is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
            );
            assert!(
                answer
                    .header("Connection")
                    .is_some_and(|value| value.eq_ignore_ascii_case("upgrade"))
            );
            // RFC 6455 section 1.3, for the sample key.
            assert_eq!(
                answer.header("Sec-WebSocket-Accept"),
                Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            );
            assert_eq!(answer.header("Sec-WebSocket-Protocol"), None);
            assert_eq!(answer.header("Sec-WebSocket-Extensions"), None);
        },
    );
    section.better("RFC 9110", "an HTTP/1.0 upgrade is refused", |subject| {
        let daemon = cat(subject).start();
        let head = upgrade_head(&daemon.endpoint, "/", &[]).replace("HTTP/1.1", "HTTP/1.0");
        let mut socket = RawSocket::connect(&daemon.endpoint);
        socket.send_bytes(head.as_bytes());
        assert_eq!(socket.read_response().expect("an answer").status, 400);
    });
    section.same("any path is a session of a single COMMAND", |subject| {
        let daemon = cat(subject).start();
        for path in ["/", "/a/b/c", "/index.html", "/%C5%BD?x"] {
            let mut client = daemon.client(path);
            client.send(path);
            assert_eq!(client.text(), path);
        }
    });
    section.same("the head may come byte by byte", |subject| {
        let daemon = cat(subject).start();
        let mut socket = RawSocket::connect(&daemon.endpoint);
        for byte in upgrade_head(&daemon.endpoint, "/", &[]).bytes() {
            socket.send_bytes(&[byte]);
        }
        assert_eq!(socket.read_response().expect("an answer").status, 101);
    });
}

fn refusals(section: &mut Section) {
    section.same("over --maxforks: 429 with its text", |subject| {
        let daemon = cat(subject).flag("--maxforks=1").start();
        let mut first = daemon.client("/");
        first.send("x");
        assert_eq!(first.text(), "x");
        let answer = ask(&daemon, &[]);
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (429, "429 Too Many Requests\n")
        );
        first.send("y");
        assert_eq!(first.text(), "y");
    });
    section.same("a version that is not 13 is refused", |subject| {
        let daemon = cat(subject).start();
        for version in ["12", "14", "8", "", "x"] {
            let status = ask(&daemon, &[("Sec-WebSocket-Version", version)]).status;
            assert!((400..500).contains(&status), "{version}: {status}");
        }
    });
    section.same("a key that is none is 400", |subject| {
        let daemon = cat(subject).start();
        assert_eq!(ask(&daemon, &[("Sec-WebSocket-Key", "")]).status, 400);
    });
    section.ours(
        "a key that is not 16 bytes is 400",
        "0.4.1 takes any key",
        |subject| {
            let daemon = cat(subject).start();
            for key in [
                "short",
                "dGhlIHNhbXBsZSBub25jZQ",
                "!!!!!!!!!!!!!!!!!!!!!!==",
            ] {
                assert_eq!(
                    ask(&daemon, &[("Sec-WebSocket-Key", key)]).status,
                    400,
                    "{key}"
                );
            }
        },
    );
    section.same("another method than GET is refused", |subject| {
        let daemon = cat(subject).start();
        for method in ["POST", "PUT", "HEAD"] {
            let head = upgrade_head(&daemon.endpoint, "/", &[]).replacen("GET", method, 1);
            let answer = e2e::http::exchange(&daemon.endpoint, head.as_bytes()).expect("an answer");
            assert!(
                (400..500).contains(&answer.status),
                "{method}: {}",
                answer.status
            );
        }
    });
    section.same("a refused client costs no slot", |subject| {
        let daemon = cat(subject).flags(["--maxforks=1", "--sameorigin"]).start();
        for _ in 0..5 {
            assert_eq!(
                ask(&daemon, &[("Origin", "http://elsewhere.example")]).status,
                403
            );
        }
        let origin = daemon.url("");
        let mut client = daemon.client_with("/", &[("Origin", &origin)]);
        client.send("x");
        assert_eq!(client.text(), "x");
    });
}

fn order(section: &mut Section) {
    const BAD_ORIGIN: (&str, &str) = ("Origin", "http://elsewhere.example");
    const BAD_VERSION: (&str, &str) = ("Sec-WebSocket-Version", "12");
    const BAD_KEY: (&str, &str) = ("Sec-WebSocket-Key", "");
    let status = |daemon: &Daemon, path: &str, wrong: &[(&str, &str)]| {
        let answer = RawSocket::try_open(&daemon.endpoint, path, wrong);
        answer.expect("an answer").1.status
    };
    section.same(
        "what is refused first: slot, script, version, origin, key",
        move |subject| {
            let dir = tempfile::tempdir().expect("a directory");
            crate::front_end::script(&dir.path().join("s"), "cat");
            let daemon = Daemon::of(subject)
                .flags(["--maxforks=1", "--sameorigin"])
                .flag(format!("--dir={}", dir.path().display()))
                .start();
            let all = [BAD_VERSION, BAD_ORIGIN, BAD_KEY];
            assert_eq!(status(&daemon, "/none", &all), 404);
            let version = status(&daemon, "/s", &all);
            assert!(matches!(version, 400 | 426), "{version}");
            assert_eq!(status(&daemon, "/s", &[BAD_ORIGIN, BAD_KEY]), 403);
            let own = format!("http://{}", daemon.address());
            let own = ("Origin", own.as_str());
            assert_eq!(status(&daemon, "/s", &[own, BAD_KEY]), 400);
            let session = RawSocket::open_with(&daemon.endpoint, "/s", &[own]);
            assert_eq!(status(&daemon, "/none", &all), 429);
            drop(session);
        },
    );
}

fn origins(section: &mut Section) {
    section.same(
        "by default every origin that can be read passes",
        |subject| {
            assert_origins(
                subject,
                &[],
                &[
                    ("http://example.com", true),
                    ("https://a.example:8443", true),
                    ("null", true),
                    ("", true),
                    ("file://", true),
                    ("chrome-extension://abcdef", true),
                ],
            );
            assert_eq!(ask(&cat(subject).start(), &[]).status, 101);
        },
    );
    section.same("one that cannot be read is 403", |subject| {
        assert_origins(
            subject,
            &[],
            &[
                ("http://[::1", false),
                ("http://a b/", false),
                ("http://%zz", false),
            ],
        );
    });
    section.same(
        "--sameorigin: host and port of Origin are those of Host",
        |subject| {
            assert_origins(
                subject,
                &["--sameorigin"],
                &[
                    ("http://HOST", true),
                    ("http://127.0.0.1", false),
                    ("http://127.0.0.1:1", false),
                    ("http://elsewhere.example", false),
                    ("http://HOST.elsewhere.example", false),
                    ("null", false),
                    ("", false),
                ],
            );
            let daemon = cat(subject).flag("--sameorigin").start();
            assert_eq!(ask(&daemon, &[]).status, 403);
        },
    );
    section.better(
        "RFC 6454",
        "--sameorigin: the scheme is part of it",
        |subject| {
            assert_origins(subject, &["--sameorigin"], &[("https://HOST", false)]);
            let daemon = cat(subject).flag("--sameorigin").start();
            let secure = [("Origin", "https://a.example"), ("Host", "a.example:443")];
            assert_eq!(ask(&daemon, &secure).status, 403);
        },
    );
    section.same("--sameorigin: default ports", |subject| {
        let daemon = cat(subject).flag("--sameorigin").start();
        for (origin, host, status) in [
            ("http://a.example", "a.example", 101),
            ("http://a.example:80", "a.example", 101),
            ("http://a.example", "a.example:80", 101),
            ("https://a.example", "a.example", 403),
            ("http://a.example:8080", "a.example", 403),
            ("http://b.example", "a.example", 403),
        ] {
            let answer = ask(&daemon, &[("Origin", origin), ("Host", host)]);
            assert_eq!(answer.status, status, "{origin} at {host}");
        }
    });
    section.same("--sameorigin under TLS: 443", |subject| {
        let authority = Authority::new();
        let one = authority.issue("one");
        let daemon = cat(subject)
            .flag("--sameorigin")
            .tls(&one.cert, &one.key, authority.client(None))
            .start();
        let ask = |origin| ask(&daemon, &[("Origin", origin), ("Host", "a.example")]).status;
        assert_eq!(
            (ask("https://a.example"), ask("https://a.example:8443")),
            (101, 403)
        );
    });
    section.same(
        "--origin: no port is any port, no scheme is any scheme",
        |subject| {
            assert_origins(
                subject,
                &["--origin=a.example,b.example:81"],
                &[
                    ("http://a.example", true),
                    ("https://a.example", true),
                    ("http://a.example:1234", true),
                    ("http://b.example:81", true),
                    ("https://b.example:81", true),
                    ("http://b.example", false),
                    ("http://b.example:82", false),
                    ("http://c.example", false),
                    ("null", false),
                    ("", false),
                ],
            );
            let daemon = cat(subject).flag("--origin=a.example").start();
            assert_eq!(ask(&daemon, &[]).status, 403);
        },
    );
    section.same("--origin: a scheme must match", |subject| {
        assert_origins(
            subject,
            &["--origin=https://a.example"],
            &[("https://a.example", true), ("http://a.example", false)],
        );
    });
    section.same("--origin: junk around an entry does not match", |subject| {
        assert_origins(
            subject,
            &["--origin=a.example"],
            &[
                ("http://xa.example", false),
                ("http://a.example.evil.example", false),
                ("http://evil.example/a.example", false),
                ("http://evil.example?a.example", false),
                ("http://a.example@evil.example", false),
            ],
        );
    });
    section.same(
        "--origin: port 80 is any port unless the entry ends in :80",
        |subject| {
            assert_origins(
                subject,
                &["--origin=a.example:80"],
                &[
                    ("http://a.example", true),
                    ("http://a.example:80", true),
                    ("http://a.example:81", false),
                ],
            );
        },
    );
    section.same("both flags: both must pass", |subject| {
        assert_origins(
            subject,
            &["--sameorigin", "--origin=127.0.0.1"],
            &[("http://HOST", true), ("http://127.0.0.1:1", false)],
        );
        assert_origins(
            subject,
            &["--sameorigin", "--origin=a.example"],
            &[("http://HOST", false)],
        );
    });
}
