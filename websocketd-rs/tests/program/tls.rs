//! TLS files and handshakes, on the real binary.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use nix::sys::signal::Signal;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::daemon::{Daemon, data, run};
use crate::limits::{metric, wait_for_metric};

fn tls_words(cert: &str, key: &str) -> Vec<String> {
    let words = ["--ssl", "--port=0", "--address=127.0.0.1"].map(str::to_owned);
    let files = [format!("--sslcert={cert}"), format!("--sslkey={key}")];
    words.into_iter().chain(files).collect()
}

fn start(cert: &str, key: &str) -> Daemon {
    let words = tls_words(cert, key);
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.push("cat");
    Daemon::start(&words)
}

/// The FATAL line of a daemon that can't use these files.
fn refused(cert: &str, key: &str, more: &[&str]) -> String {
    let words = tls_words(cert, key);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ran = run(&[&words, more, &["cat"]].concat());
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (Some(3), ""),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .contains("Starting WebSocket server   : wss://127.0.0.1:")
    );
    let fatal = ran.stdout.lines().last().unwrap_or_default();
    let (_, reason) = fatal.split_once("Can't start server: ").expect("a reason");
    reason.to_owned()
}

#[test]
fn keys_of_all_forms_load() {
    let dir = tempfile::tempdir().unwrap();
    let pkcs8 = dir.path().join("pkcs8.key");
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(&pkcs8, pair.signing_key.serialize_pem()).unwrap();
    let cert = dir.path().join("pkcs8.crt");
    fs::write(&cert, pair.cert.pem()).unwrap();
    let text = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    for (cert, key) in [
        (data("ec.crt"), data("ec-sec1.key")),
        (data("rsa.crt"), data("rsa-pkcs1.key")),
        (text(&cert), text(&pkcs8)),
    ] {
        let daemon = start(&cert, &key);
        assert!(daemon.log.contains("wss://127.0.0.1:"), "{}", daemon.log);
    }
}

#[test]
fn files_that_do_not_work_end_with_3() {
    let (cert, key) = (data("ec.crt"), data("ec-sec1.key"));
    assert_eq!(
        refused("/nope", &key, &[]),
        "open /nope: no such file or directory"
    );
    assert_eq!(
        refused(&cert, "/nope", &[]),
        "open /nope: no such file or directory"
    );
    assert!(refused(&key, &key, &[]).contains("no certificate"));
    assert!(refused(&cert, &cert, &[]).contains("no private key"));
    assert!(refused(&cert, &data("rsa-pkcs1.key"), &[]).contains("does not match"));
    let ca = |file: &str| refused(&cert, &key, &[&format!("--sslca={file}")]);
    assert_eq!(ca("/nope"), "open /nope: no such file or directory");
    assert!(ca(&key).contains("no certificate"));
}

#[test]
fn plain_http_on_a_tls_port_gets_an_answer() {
    let daemon = start(&data("ec.crt"), &data("ec-sec1.key"));
    let mut stream = TcpStream::connect(("127.0.0.1", daemon.port())).unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.0 400 Bad Request\r\n"),
        "{answer}"
    );
    assert!(answer.ends_with("Client sent an HTTP request to an HTTPS server.\n"));
}

#[test]
fn a_handshake_that_does_not_go_on_is_ended() {
    let words = tls_words(&data("ec.crt"), &data("ec-sec1.key"));
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.extend(["--tlstimeout=50", "cat"]);
    let daemon = Daemon::start(&words);
    let mut stream = TcpStream::connect(("127.0.0.1", daemon.port())).unwrap();
    stream.write_all(&[0x16, 3, 1]).unwrap();
    let mut answer = Vec::new();
    // Closed or reset: either is an end.
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty());
}

/// A connection that trusts only `cert` and has shaken hands; `None` when another certificate was shown.
fn connect(port: u16, cert: &str) -> Option<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(cert).expect("a certificate"))
        .expect("an anchor");
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows them")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let client = ClientConnection::new(Arc::new(config), name).expect("a sound configuration");
    let mut stream = StreamOwned::new(
        client,
        TcpStream::connect(("127.0.0.1", port)).expect("the daemon listens"),
    );
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock).ok()?;
    }
    Some(stream)
}

fn answers(stream: &mut StreamOwned<ClientConnection, TcpStream>) -> bool {
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .expect("it reads");
    let mut answer = Vec::new();
    while !answer.ends_with(b"404 page not found\n") {
        let mut bytes = [0; 1024];
        match stream.read(&mut bytes) {
            Ok(n) if n > 0 => answer.extend_from_slice(&bytes[..n]),
            _ => return false,
        }
    }
    true
}

#[test]
fn hangup_reads_certificates_again_and_loses_no_connection() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| {
        dir.path()
            .join(name)
            .into_os_string()
            .into_string()
            .unwrap()
    };
    let (cert, key) = (path("crt"), path("key"));
    let renew = |copy: &str| {
        let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(&key, pair.signing_key.serialize_pem()).unwrap();
        fs::write(&cert, pair.cert.pem()).unwrap();
        fs::write(path(copy), pair.cert.pem()).unwrap();
    };
    renew("old");
    let mut daemon = start(&cert, &key);
    let mut before = connect(daemon.port(), &path("old")).expect("the first certificate");

    renew("new");
    daemon.signal(Signal::SIGHUP);
    daemon.read_until("Reloaded configuration");
    let mut after = connect(daemon.port(), &path("new")).expect("the renewed certificate");
    assert!(connect(daemon.port(), &path("old")).is_none());
    assert!(answers(&mut before) && answers(&mut after));

    fs::write(&key, "broken").unwrap();
    daemon.signal(Signal::SIGHUP);
    daemon.read_until("Reload refused, the old configuration stays: tls: ");
    assert!(connect(daemon.port(), &path("new")).is_some());
    assert!(answers(&mut before));
}

/// A pair whose certificate ends so many days from now.
fn issue(cert: &str, key: &str, days: i64) {
    let signing = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).expect("a name");
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let day = |distance: i64| {
        let date = today + distance.days();
        let [month, day] =
            [date.month(), date.day()].map(|part| u8::try_from(part).expect("a date"));
        rcgen::date_time_ymd(date.year().into(), month, day)
    };
    (params.not_before, params.not_after) = (day(-80), day(days));
    let signed = params.self_signed(&signing).expect("signed");
    fs::write(cert, signed.pem()).expect("writable");
    fs::write(key, signing.serialize_pem()).expect("writable");
}

#[test]
fn a_certificate_that_ends_soon_is_told_until_it_is_renewed() {
    let dir = tempfile::tempdir().unwrap();
    let [cert, key] = ["crt", "key"].map(|name| format!("{}/{name}", dir.path().display()));
    issue(&cert, &key, 5);
    let words = tls_words(&cert, &key);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let check = || run(&[&words[..], &["--check", "cat"]].concat());
    let soon = format!("{cert}: the certificate ends at ");
    let checked = check();
    assert_eq!(checked.code, Some(0));
    assert!(checked.stdout.contains(&soon), "{}", checked.stdout);

    let mut daemon = Daemon::start(&[&words[..], &["--admin-address=127.0.0.1:0", "cat"]].concat());
    let line = daemon.read_until(&soon);
    assert!(line.contains("| ERROR "), "{line}");
    let ends = "websocketd_certificate_not_after_seconds";
    let first = metric(&daemon, ends).expect("the metric");

    issue(&cert, &key, 80);
    daemon.signal(Signal::SIGHUP);
    daemon.read_until("Reloaded configuration");
    wait_for_metric(&daemon, ends, first + 75 * 24 * 60 * 60);
    let (code, rest) = daemon.stop();
    assert_eq!(code, Some(0));
    assert!(!rest.contains("the certificate"), "{rest}");

    issue(&cert, &key, -1);
    let checked = check();
    assert_eq!(checked.code, Some(3));
    let ended = format!("{cert}: the certificate ended at ");
    assert!(checked.stderr.contains(&ended), "{}", checked.stderr);
    Daemon::start(&[&words[..], &["cat"]].concat()).read_until_logged(&ended);
}
