//! `[route //HOST/PATH]` and `[host HOST]`: which host gets what, what is shown over TLS, what a reload adds and
//! takes away.

use std::fs;
use std::process::{Command, Stdio};

use e2e::deadline::eventually;
use e2e::requirement::part;
use e2e::tls::Authority;
use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::daemon::{Daemon, run};
use crate::handshake::{messages, upgrade_request};
use crate::http::{Client, Reply};
use crate::limits::{metric, wait_for_metric};

/// A daemon with this configuration, which may name the directory `DIR`; `sites/*.ini` in it are included.
struct Configured {
    dir: TempDir,
    daemon: Daemon,
}

fn text_of(dir: &TempDir, text: &str) -> String {
    text.replace("DIR", &dir.path().display().to_string())
}

fn configured(text: &str, sites: &[(&str, &str)]) -> Configured {
    let dir = tempfile::tempdir().expect("a directory");
    fs::create_dir(dir.path().join("sites")).expect("ours");
    for (name, text) in sites {
        let path = dir.path().join("sites").join(name);
        fs::write(path, text_of(&dir, text)).expect("ours");
    }
    let file = dir.path().join("websocketd.ini");
    fs::write(&file, text_of(&dir, text)).expect("ours");
    let config = format!("--config={}", file.display());
    let words = [
        "--port=0",
        "--address=127.0.0.1",
        "--admin-address=127.0.0.1:0",
        &config,
    ];
    let daemon = Daemon::start(&words);
    Configured { dir, daemon }
}

fn exchange(daemon: &Daemon, head: &str) -> Reply {
    let mut client = Client::connect(daemon);
    client.send(head);
    client.reply()
}

fn get(daemon: &Daemon, host: &str, target: &str) -> (u16, String) {
    let head = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let reply = exchange(daemon, &head);
    (reply.status, reply.utf8().trim_end().to_owned())
}

/// A session at a host, or the status of its refusal.
fn session(daemon: &Daemon, host: &str, target: &str) -> Result<Client, u16> {
    let mut client = Client::connect(daemon);
    let head = upgrade_request(target, "");
    let (line, fields) = head.split_once("Host: ").expect("a host");
    let (_, fields) = fields.split_once("\r\n").expect("further fields");
    client.send(format!("{line}Host: {host}\r\n{fields}"));
    let reply = client.head();
    if reply.status == 101 {
        Ok(client)
    } else {
        Err(reply.status)
    }
}

const SITE: &str = "command=sh -c 'echo $NAME $SERVER_NAME $SCRIPT_NAME; exec cat'\n";

#[test]
fn each_host_has_its_own_routes_and_others_are_misdirected() {
    let served = configured(
        &format!(
            "include=DIR/sites\n[host a.example]\nheader=X-Site: a\nenv=NAME=a\n[route //a.example/chat]\n{SITE}\
             [route //*.example/]\n{SITE}env=NAME=all\n[route //bücher.example/]\nstatic=DIR/sites\n"
        ),
        &[("b.ini", "[route //b.test/]\nstatic=DIR/sites\n")],
    );
    let daemon = &served.daemon;
    for (host, target, status) in [
        ("a.example", "/", 404),
        ("b.test", "/b.ini", 200),
        ("B.TEST.:8443", "/b.ini", 200),
        ("xn--bcher-kva.example", "/b.ini", 200),
        ("b\u{fc}cher.example", "/b.ini", 200),
        ("c.test", "/b.ini", 421),
        ("b.test.evil", "/", 421),
        ("", "/", 421),
        ("127.0.0.1", "/", 421),
    ] {
        assert_eq!(get(daemon, host, target).0, status, "{host}{target}");
    }
    assert_eq!(get(daemon, "c.test", "/").1, "421 Misdirected Request");
    for (host, target, said) in [
        ("A.example", "/chat/room", "a A.example /chat"),
        ("c.example", "/chat", "all c.example "),
    ] {
        let mut client = session(daemon, host, target).expect("it is served");
        client.read_until(said);
    }
    assert_eq!(session(daemon, "a.example", "/other").err(), Some(404));
    assert_eq!(session(daemon, "c.test", "/chat").err(), Some(421));
    let head = "GET /x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n";
    assert_eq!(
        exchange(daemon, head).header("x-site"),
        Some("a"),
        "also where nothing is"
    );
}

#[test]
fn a_host_is_named_once_and_by_an_absolute_target_first() {
    let served = configured("[route //b.test/]\nstatic=DIR/sites\n", &[("x", "b")]);
    let status =
        |head: &str| exchange(&served.daemon, &format!("{head}Connection: close\r\n\r\n")).status;
    for (head, expected) in [
        ("GET /x HTTP/1.1\r\n", 400),
        ("GET /x HTTP/1.1\r\nHost: b.test\r\nHost: b.test\r\n", 400),
        ("GET /x HTTP/1.1\r\nHost: b.test, c.test\r\n", 400),
        ("GET http://b.test/x HTTP/1.1\r\nHost: c.test\r\n", 200),
        ("GET http://c.test/x HTTP/1.1\r\nHost: b.test\r\n", 421),
        ("GET /x HTTP/1.0\r\nHost: b.test\r\n", 200),
        // Before HTTP/1.1 hosts had no names.
        ("GET /x HTTP/1.0\r\n", 421),
        ("OPTIONS * HTTP/1.1\r\nHost: b.test\r\n", 200),
        ("OPTIONS * HTTP/1.1\r\nHost: c.test\r\n", 421),
        // Who it was for before a proxy is the proxy's to say, in Host.
        (
            "GET /x HTTP/1.1\r\nHost: c.test\r\nX-Forwarded-Host: b.test\r\n",
            421,
        ),
    ] {
        assert_eq!(status(head), expected, "{head}");
    }
}

#[test]
fn without_a_host_of_their_own_the_others_get_the_rest() {
    let served = configured(
        "[route //a.test/]\nstatic=DIR\n[route /x]\nstatic=DIR/sites\n",
        &[("y", "rest")],
    );
    assert_eq!(
        get(&served.daemon, "c.test", "/x/y"),
        (200, "rest".to_owned())
    );
    assert_eq!(get(&served.daemon, "c.test", "/y").0, 404);
    assert_eq!(get(&served.daemon, "a.test", "/x/y").0, 404);
    assert_eq!(get(&served.daemon, "a.test", "/sites/y").0, 200);
}

#[test]
fn one_host_cannot_starve_another() {
    let served = configured(
        "maxforks=5\n[host a.test]\nmaxforks=2\n[route //a.test/]\ncommand=cat\n[route //a.test/more]\ncommand=cat\n\
         [host b.test]\nmaxconnsperip=1\n[route //b.test/]\ncommand=cat\n",
        &[],
    );
    let daemon = &served.daemon;
    let _both = ["/", "/more"].map(|path| session(daemon, "a.test", path).expect("there is room"));
    assert_eq!(session(daemon, "a.test", "/more").err(), Some(429));
    let own = session(daemon, "b.test", "/").expect("the other's permits are its own");
    assert_eq!(session(daemon, "b.test", "/").err(), Some(429));
    assert_eq!(
        metric(daemon, "websocketd_host_exhausted_total{host=\"a.test\"}"),
        Some(1)
    );
    assert_eq!(
        metric(daemon, "websocketd_host_exhausted_total{host=\"b.test\"}"),
        Some(1)
    );
    assert_eq!(
        metric(daemon, "websocketd_host_sessions_open{host=\"a.test\"}"),
        Some(2)
    );
    drop(own);
    eventually("its permit is back", || session(daemon, "b.test", "/").ok());
}

#[test]
fn a_reload_adds_and_removes_sites_and_drops_nobody() {
    let mut served = configured(
        "include=DIR/sites\n[host b.test]\nmaxforks=1\n[route //b.test/]\ncommand=cat\n",
        &[(
            "a.ini",
            "[host a.test]\nmaxforks=1\n[route //a.test/]\ncommand=cat\n",
        )],
    );
    let dir = served.dir.path().join("sites");
    let mut clients =
        ["a.test", "b.test"].map(|host| session(&served.daemon, host, "/").expect("served"));
    assert_eq!(session(&served.daemon, "c.test", "/").err(), Some(421));
    fs::remove_file(dir.join("a.ini")).expect("ours");
    fs::write(dir.join("c.ini"), "[route //c.test/]\ncommand=cat\n").expect("ours");
    served.daemon.signal(Signal::SIGHUP);
    served.daemon.read_until("Reloaded configuration");
    for client in &mut clients {
        // A masked text frame of one byte, and what comes back.
        client.send([0x81, 0x81, 0, 0, 0, 0, b'x']);
        assert!(client.read_until("x").ends_with('x'));
    }
    assert_eq!(session(&served.daemon, "a.test", "/").err(), Some(421));
    assert_eq!(
        session(&served.daemon, "b.test", "/").err(),
        Some(429),
        "it holds its permit"
    );
    assert!(session(&served.daemon, "c.test", "/").is_ok());
    assert_eq!(
        metric(
            &served.daemon,
            "websocketd_host_sessions_open{host=\"a.test\"}"
        ),
        None
    );
    // A file that is wrong is told with its line, and nothing changes.
    fs::write(dir.join("d.ini"), "[route //d.test/]\ncomand=cat\n").expect("ours");
    served.daemon.signal(Signal::SIGHUP);
    let refused = served.daemon.read_until("Reload refused");
    assert!(
        refused.contains("sites/d.ini:2: comand: unknown key; did you mean command?"),
        "{refused}"
    );
    assert!(session(&served.daemon, "c.test", "/").is_ok());
    drop(clients);
    wait_for_metric(
        &served.daemon,
        "websocketd_host_sessions_open{host=\"b.test\"}",
        0,
    );
}

/// What `openssl s_client` is shown, and the answer to a request for `host` behind it.
fn over_tls(daemon: &Daemon, named: Option<&str>, host: &str) -> (String, String) {
    let openssl = part("/usr/bin/openssl", "openssl");
    let mut command = Command::new(openssl);
    let address = format!("127.0.0.1:{}", daemon.port());
    command.args([
        "s_client",
        "-quiet",
        "-verify_quiet",
        "-showcerts",
        "-connect",
        &address,
    ]);
    match named {
        Some(named) => command.args(["-servername", named]),
        None => command.arg("-noservername"),
    };
    let request = format!("GET /x HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let input = std::io::pipe().expect("a pipe");
    std::io::Write::write_all(&mut &input.1, request.as_bytes()).expect("it is short");
    command.stdin(Stdio::from(input.0));
    command.args(["-ign_eof"]);
    let ran = command.output().expect("openssl runs");
    drop(input.1);
    let (stdout, stderr) = (
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr),
    );
    (
        stderr.into_owned(),
        stdout.lines().next().unwrap_or_default().to_owned(),
    )
}

#[test]
fn each_host_shows_its_own_certificate() {
    let authority = Authority::new();
    let pair = |name: &str, names: &[&str]| {
        let issued = authority.issue_for(name, names);
        format!(
            "sslcert={}\nsslkey={}\n",
            issued.cert.display(),
            issued.key.display()
        )
    };
    let hosts = [("a", "a.test"), ("b", "b.test"), ("all", "*.c.test")];
    let section = |(name, host): (&str, &str)| {
        let pair = pair(name, &[host]);
        format!("[host {host}]\n{pair}[route //{host}/]\nstatic=DIR/sites\n")
    };
    let sections = hosts.map(section).concat();
    let own = pair("own", &["localhost", "b.test"]);
    let mut served = configured(
        &format!("ssl=true\n{own}{sections}[route /]\nstatic=DIR/sites\n"),
        &[("x", "x")],
    );
    for (named, host, status) in [
        (Some("a.test"), "a.test", "200 OK"),
        (Some("A.TEST"), "a.test", "200 OK"),
        (Some("x.c.test"), "x.c.test", "200 OK"),
        (Some("x.c.test"), "y.c.test", "200 OK"),
        // Another's certificate was asked for and shown.
        (Some("a.test"), "b.test", "421 Misdirected Request"),
        (Some("a.test"), "unknown.test", "421 Misdirected Request"),
        // The daemon's own is for this name, too.
        (Some("localhost"), "b.test", "200 OK"),
        (Some("localhost"), "a.test", "421 Misdirected Request"),
        (Some("unknown.test"), "unknown.test", "200 OK"),
        // Who names nobody takes what there is.
        (None, "a.test", "200 OK"),
    ] {
        let (shown, answer) = over_tls(&served.daemon, named, host);
        assert_eq!(
            answer,
            format!("HTTP/1.1 {status}"),
            "{named:?} {host}: {shown}"
        );
    }
    let name = |named: &str| shown_names(&served.daemon, named);
    assert_eq!(
        ["a.test", "b.test", "x.c.test"].map(name),
        ["DNS:a.test", "DNS:b.test", "DNS:*.c.test"]
    );
    // One of them is renewed.
    drop(authority.issue_for("a", &["a.test", "renewed.test"]));
    served.daemon.signal(Signal::SIGHUP);
    served.daemon.read_until("Reloaded configuration");
    assert_eq!(
        shown_names(&served.daemon, "a.test"),
        "DNS:a.test, DNS:renewed.test"
    );
}

/// The names of the certificate that a client is shown who asks for this host.
fn shown_names(daemon: &Daemon, named: &str) -> String {
    let openssl = part("/usr/bin/openssl", "openssl");
    let address = format!("127.0.0.1:{}", daemon.port());
    let script = format!(
        "{openssl} s_client -connect {address} -servername {named} </dev/null 2>/dev/null |
        {openssl} x509 -noout -ext subjectAltName"
    );
    let ran = Command::new("sh")
        .args(["-c", &script])
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&ran.stdout).into_owned();
    text.lines().last().unwrap_or_default().trim().to_owned()
}

#[test]
fn without_a_certificate_of_its_own_the_daemon_shows_strangers_none() {
    let authority = Authority::new();
    let issued = authority.issue_for("a", &["a.test"]);
    let served = configured(
        &format!(
            "ssl=true\n[host a.test]\nsslcert={}\nsslkey={}\n[route //a.test/]\nstatic=DIR/sites\n",
            issued.cert.display(),
            issued.key.display()
        ),
        &[("x", "x")],
    );
    assert_eq!(
        over_tls(&served.daemon, Some("a.test"), "a.test").1,
        "HTTP/1.1 200 OK"
    );
    assert_eq!(over_tls(&served.daemon, Some("b.test"), "a.test").1, "");
    assert_eq!(over_tls(&served.daemon, None, "a.test").1, "");
}

#[test]
fn certificates_of_hosts_are_looked_after() {
    let dir = tempfile::tempdir().expect("a directory");
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::new(["a.test".to_owned()]).expect("a name");
    params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    let old = params.self_signed(&key).expect("a certificate");
    fs::write(dir.path().join("a.crt"), old.pem()).expect("ours");
    fs::write(dir.path().join("a.key"), key.serialize_pem()).expect("ours");
    let text = "ssl=true\nport=0\naddress=127.0.0.1\n[host a.test]\nsslcert=DIR/a.crt\nsslkey=DIR/a.key\n[route //a.test/]\ncommand=cat\n";
    let file = dir.path().join("websocketd.ini");
    fs::write(&file, text_of(&dir, text)).expect("ours");
    let config = format!("--config={}", file.display());
    let told = run(&[&config, "--check"]);
    assert_eq!(told.code, Some(3));
    assert!(
        told.stderr
            .contains("a.crt: the certificate ended at 2021-01-01"),
        "{}",
        told.stderr
    );
    let mut daemon = Daemon::start(&[&config]);
    daemon.read_until_logged("a.crt: the certificate ended");
    fs::remove_file(dir.path().join("a.key")).expect("ours");
    daemon.signal(Signal::SIGHUP);
    let refused = daemon.read_until("Reload refused");
    assert!(refused.contains("a.key: no such file"), "{refused}");
}

#[test]
fn a_new_user_needs_a_restart_that_keeps_clients_waiting() {
    let mut served = configured("include=DIR/sites\n[route //a.test/]\ncommand=cat\n", &[]);
    let site = "[route //b.test/]\ncommand=cat\nuser=nobody\n";
    fs::write(served.dir.path().join("sites/b.ini"), site).expect("ours");
    served.daemon.signal(Signal::SIGHUP);
    let refused = served.daemon.read_until("Reload refused");
    assert!(
        refused.contains("sites/b.ini:3: user=nobody") && refused.contains("socket"),
        "{refused}"
    );
    let mut client = session(&served.daemon, "a.test", "/").expect("the old configuration stays");
    client.half_close();
    drop(messages(&mut client));
}
