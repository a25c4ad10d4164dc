//! TLS in front of a program that knows nothing of it.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use e2e::deadline::eventually;
use e2e::requirement::part;
use e2e::tls::{Authority, Identity};
use rcgen::{CertificateParams, KeyPair};

use super::{Plain, Server};

fn section(identity: &Identity, more: &str) -> String {
    format!(
        "[tcp it]\naddress=127.0.0.1\nport=0\nssl=true\nsslcert={}\nsslkey={}\n{more}\n",
        identity.cert.display(),
        identity.key.display()
    )
}

/// Connects, sends what is on stdin and prints what comes; with ALPN, and SNI.
const CLIENT: &str = r#"
import socket, ssl, sys
port, ca, cert, key = int(sys.argv[1]), *(sys.argv[2:] + ["", ""])[:3]
context = ssl.create_default_context(cafile=ca)
context.set_alpn_protocols(["mqtt"])
if cert: context.load_cert_chain(cert, key)
tls = context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost")
tls.sendall(sys.stdin.buffer.read())
while True:
    data = tls.recv(65536)
    if not data: break
    sys.stdout.buffer.write(data)
"#;

/// The output of Python's client.
fn python(port: u16, files: &[&str], input: &[u8]) -> String {
    let mut child = Command::new(part("/usr/bin/python3", "python3"))
        .args(["-c", CLIENT, &port.to_string()])
        .args(files)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 runs");
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(input)
        .expect("it reads");
    let ran = child.wait_with_output().expect("it ends");
    String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned()
}

fn path(path: &std::path::Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn the_program_learns_what_was_agreed_on() {
    let authority = Authority::new();
    let (own, client) = (authority.issue("server"), authority.issue("client"));
    let more = format!(
        "sslca={}\ncommand=sh -c 'read -r line; echo \"got $line\"; env'",
        authority.ca().display()
    );
    let server = Server::start(&section(&own, &more));
    let port = server.port("it");
    let ca = authority.ca();
    let said = python(
        port,
        &[path(&ca), path(&client.cert), path(&client.key)],
        b"hello\n",
    );
    let hash = Command::new(part("/usr/bin/openssl", "openssl"))
        .args([
            "x509",
            "-noout",
            "-fingerprint",
            "-sha256",
            "-in",
            path(&client.cert),
        ])
        .output()
        .expect("openssl runs");
    let hash = String::from_utf8_lossy(&hash.stdout).to_lowercase();
    let hash = hash
        .split_once('=')
        .expect("a value")
        .1
        .trim()
        .replace(':', "");
    for line in [
        "got hello",
        "PROTO=SSL",
        "TCPREMOTEIP=127.0.0.1",
        "SSLREMOTEIP=127.0.0.1",
        &format!("SSLLOCALPORT={port}"),
        "SSL_PROTOCOL=TLSv1.3",
        "SSL_TLS_SNI=localhost",
        &format!("SSL_PEER_CERT_HASH=SHA256:{hash}"),
    ] {
        assert!(said.lines().any(|found| found == line), "{line}:\n{said}");
    }
    assert!(said.contains("SSL_CIPHER=TLS_"), "{said}");
    server.logged(&["tls://127.0.0.1", "CONNECT"]);
    let said = python(port, &[path(&ca)], b"hello\n");
    assert!(!said.contains("got hello"), "without a certificate: {said}");
}

#[test]
fn openssl_sends_the_end_of_its_input() {
    let authority = Authority::new();
    let own = authority.issue("server");
    let server = Server::start(&section(&own, "command=sh -c 'cat > heard; mv heard done'"));
    let address = format!("127.0.0.1:{}", server.port("it"));
    let mut child = Command::new(part("/usr/bin/openssl", "openssl"))
        .args(["s_client", "-quiet", "-no_ign_eof", "-connect", &address])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl runs");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(b"hello\n").expect("it reads");
    drop(input);
    child.wait().expect("it ends");
    eventually("the program has heard it", || {
        fs::read(server.path("done")).ok()
    });
    assert_eq!(
        fs::read(server.path("done")).expect("it is there"),
        b"hello\n"
    );
}

#[test]
fn a_half_close_is_honored_over_tls() {
    let authority = Authority::new();
    let own = authority.issue("server");
    let server = Server::start(&section(&own, "command=sort"));
    // socat half-closes TLS as it does TCP: by close_notify, and reads on.
    let target = format!(
        "OPENSSL:localhost:{},pf=ip4,cafile={}",
        server.port("it"),
        authority.ca().display()
    );
    let mut command = Command::new(part("/usr/bin/socat", "socat"));
    command.args(["-t", "60", "-", &target]);
    let input = server.path("in");
    let lines: Vec<String> = (0..20_000).rev().map(|n| format!("{n:06}")).collect();
    let lines = lines.join("\n") + "\n";
    fs::write(&input, &lines).expect("ours");
    let input = fs::File::open(&input).expect("ours");
    let ran = command.stdin(input).output().expect("socat runs");
    let mut sorted: Vec<&str> = lines.lines().collect();
    sorted.sort_unstable();
    let got = String::from_utf8_lossy(&ran.stdout).into_owned();
    let got: Vec<&str> = got.lines().collect();
    assert!(
        got == sorted,
        "{} lines: {}",
        got.len(),
        String::from_utf8_lossy(&ran.stderr)
    );
}

#[test]
fn a_cut_connection_is_no_end_of_the_input() {
    let authority = Authority::new();
    let own = authority.issue("server");
    let server = Server::start(&section(
        &own,
        "command=sh -c 'echo ready; exec sleep 1000'",
    ));
    // Somebody on the way who ends the TCP connection can't make a program believe that it has got all.
    let script = "import os, socket, ssl, sys\n\
        context = ssl.create_default_context(cafile=sys.argv[2])\n\
        tls = context.wrap_socket(socket.create_connection(('127.0.0.1', int(sys.argv[1]))), server_hostname='localhost')\n\
        assert tls.recv(6) == b'ready\\n'\n\
        os.close(tls.detach())\n";
    let ran = Command::new(part("/usr/bin/python3", "python3"))
        .args([
            "-c",
            script,
            &server.port("it").to_string(),
            path(&authority.ca()),
        ])
        .output()
        .expect("python3 runs");
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    server.logged(&["Client's connection was cut"]);
    eventually("it is gone", || server.programs().is_empty().then_some(()));
}

#[test]
fn who_speaks_no_tls_gets_nothing() {
    let authority = Authority::new();
    let own = authority.issue("server");
    let server = Server::start(&section(&own, "command=echo secret\ntlstimeout=500"));
    let port = server.port("it");
    let mut client = Plain::connect(port);
    client.send("GET / HTTP/1.0\r\n\r\n");
    let mut got = Vec::new();
    let _ = std::io::Read::read_to_end(&mut client.0, &mut got);
    assert!(!String::from_utf8_lossy(&got).contains("HTTP"), "{got:?}");
    let mut silent = Plain::connect(port);
    assert_eq!(silent.rest(), b"", "the handshake has its time");
    assert!(server.programs().is_empty());
}

#[test]
fn certificates_are_read_again() {
    let (authority, other) = (Authority::new(), Authority::new());
    let (old, new) = (authority.issue("server"), other.issue("server"));
    let server = Server::start(&section(&old, "command=echo hello"));
    let port = server.port("it");
    assert_eq!(python(port, &[path(&authority.ca())], b""), "hello\n");
    server.reload(&section(&new, "command=echo hello"));
    server.logged(&["Reloaded configuration"]);
    assert_eq!(python(port, &[path(&other.ca())], b""), "hello\n");
    let said = python(port, &[path(&authority.ca())], b"");
    assert!(said.contains("CERTIFICATE_VERIFY_FAILED"), "{said}");
}

#[test]
fn a_certificate_that_has_ended_is_told() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let key = KeyPair::generate().expect("ring makes keys");
    let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let cert = params.self_signed(&key).expect("a plain certificate");
    let identity = Identity {
        cert: dir.path().join("cert.pem"),
        key: dir.path().join("key.pem"),
    };
    fs::write(&identity.cert, cert.pem()).expect("ours");
    fs::write(&identity.key, key.serialize_pem()).expect("ours");
    let server = Server::start(&section(&identity, "command=cat"));
    server.logged(&["ERROR", "cert.pem: the certificate ended at 2021"]);
}
