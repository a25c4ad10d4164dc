//! `chatctl token`: keys and tokens for a try-out, and keys of an identity provider, fetched from a real server.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::sync::Arc;

use rustls::{ServerConnection, StreamOwned};

use crate::opensso::Authority;
use crate::support::Chat;

/// RFC 8037's key, and one that is for encryption.
const SET: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"id-1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},{"kty":"RSA","use":"enc","kid":"enc"}]}"#;

fn chat() -> Chat {
    Chat::with("JWT_KEYS=keys\n")
}

fn token(chat: &Chat, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(e2e::under_test::beside("chatctl"))
        .env_clear()
        .env("CHAT_CONFIG", chat.path("chat.ini"))
        .current_dir(chat.base())
        .arg("token")
        .args(arguments)
        .output()
        .expect("it starts");
    let told = [output.stdout, output.stderr].concat();
    (
        output.status.code().expect("a status"),
        String::from_utf8(told).expect("UTF-8"),
    )
}

#[test]
fn a_key_is_its_owners_and_is_never_replaced() {
    let chat = chat();
    assert_eq!(token(&chat, &["new-key", "shop"]).0, 0);
    let private = chat.path("shop.key");
    assert_eq!(
        fs::metadata(&private).expect("it").permissions().mode() & 0o777,
        0o600
    );
    let (key, public) = (
        fs::read(&private).expect("it"),
        fs::read(chat.path("keys/shop.pem")).expect("it"),
    );
    assert_eq!(token(&chat, &["new-key", "shop"]).0, 1);
    // Neither half is left alone.
    assert_eq!(
        token(&chat, &["new-key", "shop", "--private=other.key"]).0,
        1
    );
    assert!(!chat.path("other.key").exists());
    assert_eq!(
        (
            fs::read(&private).expect("it"),
            fs::read(chat.path("keys/shop.pem")).expect("it")
        ),
        (key, public)
    );
    assert_eq!(token(&chat, &["new-key", "../shop"]).0, 2);
    let (code, signed) = token(
        &chat,
        &[
            "sign",
            "shop",
            "--scope=user",
            "--sub=alice",
            "--minutes=60",
        ],
    );
    assert_eq!((code, signed.trim().split('.').count()), (0, 3), "{signed}");
    // The same key in the hands of OpenSSL.
    let shown = Command::new("openssl")
        .args(["pkey", "-noout", "-text", "-in"])
        .arg(&private)
        .output();
    assert!(
        shown
            .expect("openssl is there (Debian: openssl)")
            .status
            .success()
    );
}

/// A server that answers each request with this.
fn serve(authority: &Authority, answer: String) -> u16 {
    let config = authority.server("localhost", false);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    // It lives as long as the test's process; it waits, and does nothing else.
    std::thread::spawn(move || {
        for tcp in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a server");
            let mut stream = BufReader::new(StreamOwned::new(connection, tcp));
            let mut line = String::new();
            while stream.read_line(&mut line).is_ok_and(|length| length > 2) {
                line.clear();
            }
            let _ = stream.get_mut().write_all(answer.as_bytes());
            stream.get_mut().conn.send_close_notify();
            let _ = stream.get_mut().flush();
        }
    });
    port
}

#[test]
fn keys_of_a_provider_come_by_https_from_where_it_was_said() {
    let (chat, authority) = (chat(), Authority::new());
    fs::create_dir(chat.path("keys")).expect("made");
    fs::write(chat.path("ca.pem"), &authority.pem).expect("written");
    let ok = |body: &str| {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    };
    let good = serve(&authority, ok(SET));
    let fetch = |port: u16, more: &[&str]| {
        let url = format!("--url=https://localhost:{port}/keys");
        token(
            &chat,
            &[&["fetch-keys", &url, "--ca-file=ca.pem"], more].concat(),
        )
    };
    // This machine is a private address.
    let (code, told) = fetch(good, &[]);
    assert!(code == 1 && told.contains("--allow-private"), "{told}");
    let (code, told) = fetch(good, &["--allow-private"]);
    assert!(
        code == 0 && told.contains("provider.jwks: 1 keys"),
        "{told}"
    );
    let kept = fs::read_to_string(chat.path("keys/provider.jwks")).expect("it");
    assert_eq!(kept, SET);
    // What is no set of keys, comes from elsewhere, or by a certificate of nobody, does not replace them.
    let elsewhere = format!(
        "HTTP/1.1 302 Found\r\nLocation: https://localhost:{good}/\r\nContent-Length: 0\r\n\r\n"
    );
    for (what, answer) in [
        ("empty", ok(r#"{"keys":[]}"#)),
        ("no set", ok("<html>")),
        ("too large", ok(&" ".repeat(300 * 1024))),
        (
            "not found",
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
        ),
        ("elsewhere", elsewhere),
    ] {
        let port = serve(&authority, answer);
        let (code, told) = fetch(port, &["--allow-private"]);
        assert_eq!(code, 1, "{what}: {told}");
    }
    let stranger = serve(&Authority::new(), ok(SET));
    assert_eq!(fetch(stranger, &["--allow-private"]).0, 1);
    assert_eq!(
        token(
            &chat,
            &[
                "fetch-keys",
                "--url=http://localhost/keys",
                "--allow-private"
            ]
        )
        .0,
        1
    );
    assert_eq!(token(&chat, &["fetch-keys"]).0, 1, "nobody said where");
    assert_eq!(
        fs::read_to_string(chat.path("keys/provider.jwks")).expect("it"),
        kept
    );
}
