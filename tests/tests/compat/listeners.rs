//! Section 9: TLS and Unix sockets.

use std::fs;
use std::net::Ipv6Addr;
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use e2e::daemon::{Builder, Daemon, free_port};
use e2e::program::Program;
use e2e::requirement::part;
use e2e::tls::{Authority, client_trusting};
use e2e::transport::Endpoint;
use e2e::under_test::{Subject, handler};
use e2e::ws::Client;
use rustls::ClientConfig;

use crate::case::{Case, Section};

const NEW_FLAG: &str = "the flag is of 0.5";

fn cat(subject: &Subject) -> Builder {
    Daemon::of(subject).command::<&str>("cat", [])
}

#[track_caller]
fn assert_echo(daemon: &Daemon) {
    let mut client = daemon.client("/");
    client.send("x");
    assert_eq!(client.text(), "x");
}

/// Makes a self-signed certificate the way administrators do, with `openssl req` and this key.
#[track_caller]
fn openssl(dir: &Path, key_command: &[&str]) -> Arc<ClientConfig> {
    let openssl = |args: &[&str]| {
        let mut command = Command::new(part("/usr/bin/openssl", "openssl"));
        command.args(args).current_dir(dir);
        let finished = Program::run(&command);
        assert_eq!(finished.code(), 0, "{finished:?}");
    };
    openssl(key_command);
    openssl(&[
        "req",
        "-x509",
        "-new",
        "-key",
        "key.pem",
        "-out",
        "cert.pem",
        "-days",
        "2",
        "-subj",
        "/",
        "-addext",
        "subjectAltName=DNS:localhost,IP:127.0.0.1",
    ]);
    client_trusting(&dir.join("cert.pem"))
}

pub(crate) fn cases() -> Vec<Case> {
    let mut section = Section::new("9 TLS and Unix socket");
    keys(&mut section);
    client_certificates(&mut section);
    addresses(&mut section);
    unix(&mut section);
    section.into_cases()
}

fn keys(section: &mut Section) {
    let forms: [(&'static str, &'static [&'static str]); 4] = [
        (
            "EC P-256, SEC1 (EC PRIVATE KEY)",
            &[
                "ecparam",
                "-name",
                "prime256v1",
                "-genkey",
                "-noout",
                "-out",
                "key.pem",
            ],
        ),
        (
            "EC P-256, SEC1 with EC PARAMETERS before it",
            &[
                "ecparam",
                "-name",
                "prime256v1",
                "-genkey",
                "-out",
                "key.pem",
            ],
        ),
        (
            "EC P-256, PKCS#8",
            &[
                "genpkey",
                "-algorithm",
                "EC",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-out",
                "key.pem",
            ],
        ),
        (
            "RSA, PKCS#8",
            &[
                "genpkey",
                "-algorithm",
                "RSA",
                "-pkeyopt",
                "rsa_keygen_bits:2048",
                "-out",
                "key.pem",
            ],
        ),
    ];
    for (name, command) in forms {
        section.same(name, move |subject| {
            let dir = tempfile::tempdir().expect("a directory");
            let client = openssl(dir.path(), command);
            let daemon = cat(subject)
                .tls(
                    &dir.path().join("cert.pem"),
                    &dir.path().join("key.pem"),
                    client,
                )
                .start();
            assert_echo(&daemon);
        });
    }
    section.same("RSA, PKCS#1 (RSA PRIVATE KEY)", |subject| {
        let dir = tempfile::tempdir().expect("a directory");
        let client = openssl(
            dir.path(),
            &["genrsa", "-traditional", "-out", "key.pem", "2048"],
        );
        let key = fs::read_to_string(dir.path().join("key.pem")).expect("readable");
        assert!(key.contains("BEGIN RSA PRIVATE KEY"));
        let daemon = cat(subject)
            .tls(
                &dir.path().join("cert.pem"),
                &dir.path().join("key.pem"),
                client,
            )
            .start();
        assert_echo(&daemon);
    });
    section.same("a chain of certificates, its subjects empty", |subject| {
        let authority = Authority::new();
        let one = authority.issue("one");
        let mut chain = fs::read_to_string(&one.cert).expect("readable");
        chain += &fs::read_to_string(authority.ca()).expect("readable");
        fs::write(&one.cert, chain).expect("writable");
        let daemon = cat(subject)
            .tls(&one.cert, &one.key, authority.client(None))
            .start();
        assert_echo(&daemon);
    });
    section.ours(
        "TLS 1.1 and older is refused",
        "0.4.1 takes 1.0 too",
        |subject| {
            let authority = Authority::new();
            let one = authority.issue("one");
            let daemon = cat(subject)
                .tls(&one.cert, &one.key, authority.client(None))
                .start();
            let address = daemon.address().to_string();
            for version in ["-tls1", "-tls1_1"] {
                let mut command = Command::new(part("/usr/bin/openssl", "openssl"));
                command.args([
                    "s_client",
                    "-connect",
                    &address,
                    version,
                    "-cipher",
                    "ALL:@SECLEVEL=0",
                ]);
                assert_ne!(Program::run(&command).code(), 0, "{version}");
            }
            assert_echo(&daemon);
        },
    );
    section.ours(
        "HTTP/1.1 is agreed upon although the client would like HTTP/2",
        "0.4.1 takes h2, over which there is no upgrade",
        |subject| {
            let authority = Authority::new();
            let one = authority.issue("one");
            let daemon = cat(subject)
                .tls(&one.cert, &one.key, authority.client(None))
                .start();
            let address = daemon.address().to_string();
            let mut command = Command::new(part("/usr/bin/openssl", "openssl"));
            command.args(["s_client", "-connect", &address, "-alpn", "h2,http/1.1"]);
            command.stdin(std::process::Stdio::null());
            let told = Program::run(&command).stdout;
            assert!(told.contains("ALPN protocol: http/1.1"), "{told}");
        },
    );
    section.same("who talks no TLS harms nobody", |subject| {
        let authority = Authority::new();
        let one = authority.issue("one");
        let daemon = cat(subject)
            .tls(&one.cert, &one.key, authority.client(None))
            .start();
        let mut stuck = e2e::raw::RawSocket::connect(&Endpoint::Tcp(daemon.address()));
        stuck.send_bytes(b"\x16\x03\x01");
        let mut junk = e2e::raw::RawSocket::connect(&Endpoint::Tcp(daemon.address()));
        junk.send_bytes(&[0xff; 1000]);
        assert_echo(&daemon);
    });
}

fn client_certificates(section: &mut Section) {
    section.ours(
        "--sslca: a client certificate is required and verified",
        NEW_FLAG,
        |subject| {
            let authority = Authority::new();
            let server = authority.issue("server");
            let client = authority.issue("client");
            let elsewhere = Authority::new();
            let stranger = elsewhere.issue("stranger");
            let start = |config| {
                cat(subject)
                    .flag(format!("--sslca={}", authority.ca().display()))
                    .tls(&server.cert, &server.key, config)
                    .start()
            };
            let daemon = start(authority.client(Some(&client)));
            assert_echo(&daemon);
            daemon
                .log()
                .wait_for(&["Mutual TLS enabled (client certs verified against "]);
            for config in [authority.client(None), authority.client(Some(&stranger))] {
                let endpoint = Endpoint::Tls(daemon.address(), config);
                assert!(Client::try_connect(&endpoint, "/", &[]).is_err());
            }
            assert_echo(&daemon);
        },
    );
    section.ours("--sslca: a CA that is none: 3", NEW_FLAG, |subject| {
        let authority = Authority::new();
        let server = authority.issue("server");
        let junk = authority.dir().join("junk.pem");
        fs::write(&junk, "no certificate").expect("writable");
        for ca in [junk.as_path(), Path::new("/nowhere")] {
            let finished = cat(subject)
                .flag(format!("--sslca={}", ca.display()))
                .tls(&server.cert, &server.key, authority.client(None))
                .try_start()
                .expect_err("it cannot start");
            assert_eq!(finished.code(), 3, "{finished:?}");
        }
    });
    section.ours("--sslca without --ssl is ignored", NEW_FLAG, |subject| {
        assert_echo(&cat(subject).flag("--sslca=/nowhere").start());
    });
}

fn addresses(section: &mut Section) {
    section.same(
        "each --address has its listener on the same port, IPv6 in brackets",
        |subject| {
            let daemon = cat(subject).flag("--address=[::1]").free_port().start();
            let port = daemon.address().port();
            daemon
                .log()
                .wait_for(&[&format!("Starting WebSocket server   : ws://[::1]:{port}/")]);
            assert_echo(&daemon);
            let endpoint = Endpoint::Tcp((Ipv6Addr::LOCALHOST, port).into());
            let mut client = e2e::deadline::eventually("it listens on ::1", || {
                Client::try_connect(&endpoint, "/", &[]).ok()
            });
            client.send("six");
            assert_eq!(client.text(), "six");
        },
    );
}

fn unix(section: &mut Section) {
    section.ours(
        "--unixsocket: its own listener, no TCP, told at start",
        NEW_FLAG,
        |subject| {
            let dir = tempfile::tempdir().expect("a directory");
            let path = dir.path().join("socket");
            let daemon = cat(subject).unix_socket(&path).start();
            daemon
                .log()
                .wait_for(&[&format!("unix socket at {}", path.display())]);
            assert_echo(&daemon);
            let tcp =
                fs::read_to_string(format!("/proc/{}/net/tcp", daemon.pid())).expect("readable");
            let port_80 = tcp
                .lines()
                .any(|line| line.contains(":0050 00000000:0000 0A"));
            assert!(!port_80, "nothing listens on port 80");
            assert_eq!(daemon.get("/").status, 404);
        },
    );
    section.ours(
        "REMOTE_ADDR and REMOTE_HOST are unix-socket, REMOTE_PORT empty",
        NEW_FLAG,
        |subject| {
            let dir = tempfile::tempdir().expect("a directory");
            let daemon = Daemon::of(subject)
                .command(handler(), ["env"])
                .unix_socket(&dir.path().join("s"))
                .start();
            let (texts, _) = daemon.client("/").to_the_end();
            for wanted in [
                "REMOTE_ADDR=unix-socket",
                "REMOTE_HOST=unix-socket",
                "REMOTE_PORT=",
            ] {
                assert!(
                    texts.iter().any(|text| text == wanted),
                    "{wanted} in {texts:?}"
                );
            }
        },
    );
    section.ours("a stale socket file is replaced", NEW_FLAG, |subject| {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("s");
        drop(UnixListener::bind(&path).expect("a socket"));
        assert!(path.exists());
        // A program that another case is just starting has it, too, until it is executed.
        e2e::deadline::eventually("nobody listens", || UnixStream::connect(&path).err());
        assert_echo(&cat(subject).unix_socket(&path).start());
    });
    section.ours(
        "a live one: not 0, `already in use`, the incumbent goes on",
        NEW_FLAG,
        |subject| {
            let dir = tempfile::tempdir().expect("a directory");
            let path = dir.path().join("s");
            let incumbent = cat(subject).unix_socket(&path).start();
            let finished = cat(subject)
                .flag(format!("--unixsocket={}", path.display()))
                .run();
            assert_ne!(finished.code(), 0);
            assert!(finished.stdout.contains("already in use"), "{finished:?}");
            assert!(fs::metadata(&path).is_ok_and(|meta| meta.file_type().is_socket()));
            assert_echo(&incumbent);
        },
    );
    section.ours(
        "a plain file in the way is left alone",
        NEW_FLAG,
        |subject| {
            let dir = tempfile::tempdir().expect("a directory");
            let path = dir.path().join("s");
            fs::write(&path, "precious").expect("writable");
            let finished = cat(subject)
                .flag(format!("--unixsocket={}", path.display()))
                .run();
            assert_ne!(finished.code(), 0);
            assert_eq!(fs::read_to_string(&path).expect("it is there"), "precious");
        },
    );
    section.ours(
        "together with TCP when a port is given",
        NEW_FLAG,
        |subject| {
            let dir = tempfile::tempdir().expect("a directory");
            let path = dir.path().join("s");
            let port = free_port();
            let daemon = cat(subject)
                .flags(["--address=127.0.0.1".to_owned(), format!("--port={port}")])
                .unix_socket(&path)
                .start();
            assert_echo(&daemon);
            let endpoint = Endpoint::Tcp(([127, 0, 0, 1], port).into());
            let mut client = e2e::deadline::eventually("it listens", || {
                Client::try_connect(&endpoint, "/", &[]).ok()
            });
            client.send("tcp");
            assert_eq!(client.text(), "tcp");
        },
    );
}
