//! Section 7: the environment of a handler.

use std::collections::HashMap;

use e2e::daemon::{Builder, Daemon};
use e2e::tls::Authority;
use e2e::under_test::{Subject, handler};

use crate::case::{Case, Section};

type Variables = HashMap<String, String>;

fn env(subject: &Subject) -> Builder {
    Daemon::of(subject).command(handler(), ["env"])
}

#[track_caller]
fn variables(daemon: &Daemon, path: &str, headers: &[(&str, &str)]) -> Variables {
    let (texts, _) = daemon.client_with(path, headers).to_the_end();
    assert!(!texts.is_empty());
    let pairs = texts.iter().map(|text| {
        text.split_once('=')
            .unwrap_or_else(|| panic!("a newline in a value: {texts:?}"))
    });
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[track_caller]
fn assert_set(variables: &Variables, wanted: &[(&str, &str)]) {
    for (name, value) in wanted {
        assert_eq!(
            variables.get(*name).map(String::as_str),
            Some(*value),
            "{name} in {variables:#?}"
        );
    }
}

pub(crate) fn cases() -> Vec<Case> {
    let mut section = Section::new("7 environment");
    meta_variables(&mut section);
    headers(&mut section);
    inherited(&mut section);
    section.into_cases()
}

fn meta_variables(section: &mut Section) {
    section.same("the meta-variables of a session", |subject| {
        let daemon = env(subject).start();
        let got = variables(&daemon, "/a/b%20c?x=1&y=%20z", &[]);
        let port = daemon.address().port().to_string();
        assert_set(
            &got,
            &[
                ("SERVER_PROTOCOL", "HTTP/1.1"),
                ("REQUEST_METHOD", "GET"),
                ("SERVER_NAME", "127.0.0.1"),
                ("SERVER_PORT", &port),
                ("REMOTE_ADDR", "127.0.0.1"),
                ("REMOTE_HOST", "127.0.0.1"),
                ("SCRIPT_NAME", "/"),
                ("PATH_INFO", "/a/b c"),
                ("PATH_TRANSLATED", "/a/b c"),
                ("QUERY_STRING", "x=1&y=%20z"),
                ("REQUEST_URI", "/a/b%20c?x=1&y=%20z"),
                ("AUTH_TYPE", ""),
                ("CONTENT_LENGTH", ""),
                ("CONTENT_TYPE", ""),
                ("REMOTE_IDENT", ""),
                ("REMOTE_USER", ""),
            ],
        );
        assert!(got["SERVER_SOFTWARE"].starts_with("websocketd/"), "{got:?}");
        assert!(
            got["REMOTE_PORT"].parse::<u16>().is_ok_and(|port| port > 0),
            "{got:?}"
        );
        assert!(!got.contains_key("HTTPS"));
    });
    section.ours(
        "GATEWAY_INTERFACE is CGI/1.1",
        "0.4.1 says websocketd-CGI/0.1",
        |subject| {
            let got = variables(&env(subject).start(), "/", &[]);
            assert_set(&got, &[("GATEWAY_INTERFACE", "CGI/1.1")]);
        },
    );
    section.same("QUERY_STRING is there when empty", |subject| {
        let got = variables(&env(subject).start(), "/", &[]);
        assert_set(
            &got,
            &[
                ("QUERY_STRING", ""),
                ("PATH_INFO", "/"),
                ("REQUEST_URI", "/"),
            ],
        );
    });
    section.same("SERVER_NAME and SERVER_PORT come from Host", |subject| {
        let daemon = env(subject).start();
        // tungstenite would add a Host of its own.
        for (host, name, port) in [
            ("a.example:8443", "a.example", "8443"),
            ("a.example", "a.example", "80"),
        ] {
            let mut socket =
                e2e::raw::RawSocket::open_with(&daemon.endpoint, "/", &[("Host", host)]);
            let mut texts = Vec::new();
            while let Some(frame) = socket.frame() {
                texts.push(String::from_utf8_lossy(&frame.payload).into_owned());
            }
            assert!(
                texts.contains(&format!("SERVER_NAME={name}")),
                "{host}: {texts:?}"
            );
            assert!(
                texts.contains(&format!("SERVER_PORT={port}")),
                "{host}: {texts:?}"
            );
        }
    });
    section.same("UNIQUE_ID is there and differs", |subject| {
        let daemon = env(subject).start();
        let id = || {
            variables(&daemon, "/", &[])
                .remove("UNIQUE_ID")
                .expect("it is there")
        };
        let ids: std::collections::HashSet<String> = (0..5).map(|_| id()).collect();
        assert!(
            ids.len() == 5 && ids.iter().all(|id| !id.is_empty()),
            "{ids:?}"
        );
    });
    section.same("HTTPS=on with --ssl", |subject| {
        let authority = Authority::new();
        let one = authority.issue("one");
        let daemon = env(subject)
            .tls(&one.cert, &one.key, authority.client(None))
            .start();
        assert_set(&variables(&daemon, "/", &[]), &[("HTTPS", "on")]);
    });
    section.same("--reverselookup: REMOTE_HOST is a name", |subject| {
        let daemon = env(subject).flag("--reverselookup").start();
        let got = variables(&daemon, "/", &[]);
        assert_eq!(got["REMOTE_ADDR"], "127.0.0.1");
        assert!(got["REMOTE_HOST"].starts_with("localhost"), "{got:?}");
    });
    section.same("the path is decoded once", |subject| {
        let got = variables(&env(subject).start(), "/%2541/%C5%BE", &[]);
        assert_set(&got, &[("PATH_INFO", "/%41/ž")]);
    });
}

fn headers(section: &mut Section) {
    section.same("HTTP_* for each header, repeats joined", |subject| {
        let headers = [
            ("X-One", "1"),
            ("X-Two", "a"),
            ("X-Two", "b"),
            ("Accept-Language", "cs, en"),
        ];
        let got = variables(&env(subject).start(), "/", &headers);
        assert_set(
            &got,
            &[
                ("HTTP_X_ONE", "1"),
                ("HTTP_X_TWO", "a, b"),
                ("HTTP_ACCEPT_LANGUAGE", "cs, en"),
            ],
        );
    });
    section.same("blanks around a value are trimmed", |subject| {
        let got = variables(&env(subject).start(), "/", &[("X-One", "  a  b  ")]);
        assert_set(&got, &[("HTTP_X_ONE", "a  b")]);
    });
    section.same("cookies and the origin", |subject| {
        let headers = [("Cookie", "a=1; b=2"), ("Origin", "http://a.example")];
        let got = variables(&env(subject).start(), "/", &headers);
        assert_set(
            &got,
            &[
                ("HTTP_COOKIE", "a=1; b=2"),
                ("HTTP_ORIGIN", "http://a.example"),
            ],
        );
    });
    section.same(
        "Shellshock and the like are values, nothing more",
        |subject| {
            let daemon = Daemon::of(subject)
                .command("bash", ["-c", "echo \"$HTTP_X_EVIL\""])
                .start();
            let evil = "() { :;}; echo owned";
            let (texts, _) = daemon.client_with("/", &[("X-Evil", evil)]).to_the_end();
            assert_eq!(texts, [evil]);
        },
    );
}

fn inherited(section: &mut Section) {
    section.same("the server's own variables are not passed", |subject| {
        let daemon = env(subject)
            .env("LANG", "C")
            .env("USER", "u")
            .env("SECRET", "s")
            .start();
        let got = variables(&daemon, "/", &[]);
        for name in ["HOME", "USER", "SHELL", "TERM", "LANG", "SECRET"] {
            assert!(!got.contains_key(name), "{name}");
        }
    });
    section.same(
        "PATH and LD_LIBRARY_PATH are passed by default",
        |subject| {
            let daemon = env(subject).env("LD_LIBRARY_PATH", "/nowhere").start();
            let got = variables(&daemon, "/", &[]);
            assert_set(&got, &[("LD_LIBRARY_PATH", "/nowhere")]);
            assert!(got.contains_key("PATH"));
        },
    );
    section.same(
        "--passenv: these names and no others, unset ones left out",
        |subject| {
            let daemon = env(subject)
                .env("ONE", "1")
                .env("TWO", "a=b c")
                .env("ONES", "no")
                .flag("--passenv=ONE,TWO,MISSING")
                .start();
            let got = variables(&daemon, "/", &[]);
            assert_set(&got, &[("ONE", "1"), ("TWO", "a=b c")]);
            for name in ["MISSING", "ONES", "PATH"] {
                assert!(!got.contains_key(name), "{name}");
            }
        },
    );
    section.same(
        "--passenv: blank values are left out, HTTPS is never passed",
        |subject| {
            let daemon = env(subject)
                .env("BLANK", "")
                .env("HTTPS", "on")
                .env("A", "1")
                .flag("--passenv=BLANK,HTTPS,A")
                .start();
            let got = variables(&daemon, "/", &[]);
            assert_set(&got, &[("A", "1")]);
            assert!(
                !got.contains_key("BLANK") && !got.contains_key("HTTPS"),
                "{got:?}"
            );
        },
    );
    section.same("--passenv=: nothing, not even PATH", |subject| {
        let got = variables(&env(subject).flag("--passenv=").start(), "/", &[]);
        assert!(!got.contains_key("PATH"), "{got:?}");
    });
}
