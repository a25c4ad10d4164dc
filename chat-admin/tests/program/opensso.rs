//! `OpenSSO`'s attribute service, over TLS with an authority of its own: the right user, and every
//! way in which such a service can fail, lie or stall.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use crate::support::Chat;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

const DETAILS: &str = "userdetails.token.id=AQIC5w\nuserdetails.attribute.name=uid\nuserdetails.attribute.value=123456\n\
    userdetails.attribute.name=mail\nuserdetails.attribute.value=jan@example.org\nuserdetails.attribute.name=givenname\n\
    userdetails.attribute.value=Jan Karel\nuserdetails.attribute.name=sn\nuserdetails.attribute.value=Novák\n";

/// A certificate authority, and what its certificate is.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// What a server called `name` needs.
    pub(crate) fn server(&self, name: &str, expired: bool) -> Arc<ServerConfig> {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        if expired {
            params.not_before = date_time_ymd(2015, 1, 1);
            params.not_after = date_time_ymd(2016, 1, 1);
        }
        let leaf = params.signed_by(&key, &self.issuer).expect("a certificate");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .expect("a pair");
        Arc::new(config)
    }
}

/// The stand-in: what it answers depends on the value of the cookie `sso`.
struct Service {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Service {
    fn start(tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        // It lives as long as the test's process; it waits, and does nothing else.
        std::thread::spawn(move || {
            for tcp in listener.incoming().flatten() {
                let (tls, seen) = (tls.clone(), Arc::clone(&seen));
                std::thread::spawn(move || match tls {
                    Some(config) => {
                        let connection = ServerConnection::new(config).expect("a server");
                        serve(StreamOwned::new(connection, tcp), &seen, port, |stream| {
                            stream.conn.send_close_notify();
                            let _ = stream.flush();
                        });
                    }
                    None => serve(tcp, &seen, port, |_: &mut TcpStream| {}),
                });
            }
        });
        Self { port, requests }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic").clone()
    }
}

/// One request, one reply. A client that does not trust us, or has heard enough, just goes.
fn serve<S: std::io::Read + std::io::Write>(
    mut stream: S,
    seen: &Mutex<Vec<String>>,
    port: u16,
    close: impl Fn(&mut S),
) {
    let mut request = Vec::new();
    let mut bytes = [0; 4096];
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read(&mut bytes) {
            Ok(0) | Err(_) => return,
            Ok(read) => request.extend_from_slice(&bytes[..read]),
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let cookie = request
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("cookie: sso=")
                .map(str::to_owned)
        })
        .unwrap_or_default();
    seen.lock().expect("no panic").push(request);
    let whole = |status: &str, body: &str| {
        format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    };
    let reply = match cookie.as_str() {
        "html" => whole("200 OK", "<html>log in here</html>"),
        "binary" => whole("200 OK", "\0\u{1}\u{fffd}userdetails"),
        "empty" => whole("200 OK", ""),
        "noname" => whole(
            "200 OK",
            "userdetails.attribute.name=uid\nuserdetails.attribute.value=\n",
        ),
        "hostile" => whole(
            "200 OK",
            &DETAILS.replace("Jan Karel", "../../etc/\u{202e}"),
        ),
        "longuid" => whole("200 OK", &DETAILS.replace("123456", &"9".repeat(10_000))),
        "denied" => whole("401 Unauthorized", DETAILS),
        "broken" => whole("500 Internal Server Error", DETAILS),
        "redirect" => format!(
            "HTTP/1.1 302 Found\r\nLocation: https://localhost:{port}/elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        ),
        "nohttp" => "220 mail.example.org ESMTP\r\n".to_owned(),
        "short" => format!("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{DETAILS}"),
        "huge" => whole("200 OK", &format!("{DETAILS}{}", "x".repeat(1 << 20))),
        "endless" => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            while stream.write_all(DETAILS.as_bytes()).is_ok() {}
            return;
        }
        "headers" => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
            while stream.write_all(b"X-More: and more\r\n").is_ok() {}
            return;
        }
        // Says nothing until the client has had enough.
        "stall" => {
            let _ = stream.read(&mut bytes);
            return;
        }
        _ => whole("200 OK", DETAILS),
    };
    let _ = stream.write_all(reply.as_bytes());
    let _ = stream.flush();
    close(&mut stream);
}

fn chat_of(authority: &Authority, url: &str, more: &str) -> Chat {
    let chat = Chat::with(&format!(
        "AUTHENTIZATION_WEBSERVICE_URL={url}\nAUTHENTIZATION_COOKIENAME=sso\n{more}"
    ));
    std::fs::write(chat.path("ca.pem"), &authority.pem).expect("written");
    chat
}

/// The longest time limit there is: no test of a good reply depends on how busy the machine is.
const TRUSTING: &str = "AUTHENTIZATION_CA_FILE=ca.pem
AUTHENTIZATION_TIMEOUT=30";
const HURRIED: &str = "AUTHENTIZATION_CA_FILE=ca.pem
AUTHENTIZATION_TIMEOUT=1";

/// Name and account that `cookie` gives.
fn person(chat: &Chat, cookie: &str) -> (String, Option<String>) {
    let page = chat.page_with("r", "nick=Anonymous", cookie);
    assert_eq!(page.welcome["type"], "welcome", "{cookie}");
    let account = page.welcome["account"].as_str().map(str::to_owned);
    (page.you(), account)
}

fn nobody() -> (String, Option<String>) {
    ("Anonymous".to_owned(), None)
}

#[test]
fn the_service_names_its_users() {
    let authority = Authority::new();
    let service = Service::start(Some(authority.server("localhost", false)));
    let url = format!("https://localhost:{}/identity/attributes", service.port);
    let chat = chat_of(&authority, &url, TRUSTING);
    let page = chat.page_with("r", "", "other=1; sso=AQIC5wM2LY4Sfcz*#1@; more=2");
    let of = |field: &str| page.welcome[field].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        (
            page.you().as_str(),
            of("account").as_str(),
            of("color").as_str()
        ),
        ("JanKarelNovák", "123456", "#123456")
    );
    let requests = service.requests();
    assert_eq!(requests.len(), 1);
    assert!(
        requests[0].starts_with("GET /identity/attributes HTTP/1.1\r\n"),
        "{requests:?}"
    );
    assert!(
        requests[0]
            .to_ascii_lowercase()
            .contains("\r\ncookie: sso=aqic5wm2ly4sfcz*#1@\r\n"),
        "{requests:?}"
    );
    assert!(!requests[0].contains("other") && !requests[0].contains("more="));
}

#[test]
fn a_reply_that_is_no_good_makes_nobody_and_the_log_says_why() {
    let authority = Authority::new();
    let service = Service::start(Some(authority.server("localhost", false)));
    let chat = chat_of(
        &authority,
        &format!("https://localhost:{}/", service.port),
        TRUSTING,
    );
    for cookie in [
        "html", "binary", "empty", "noname", "longuid", "denied", "broken", "redirect", "nohttp",
        "short", "huge", "endless", "headers",
    ] {
        let mut command = chat.command();
        command
            .env("PATH_INFO", "/r")
            .env("HTTP_COOKIE", format!("sso={cookie}"))
            .stdin(Stdio::null());
        let output = command.output().expect("started");
        let (told, log) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(
            told.lines()
                .next()
                .expect("a welcome")
                .ends_with(" Anonymous!"),
            "{cookie}: {told}"
        );
        assert!(log.contains("not logged in: "), "{cookie}: {log}");
    }
    // A name that cannot be one: the account holds, the name does not.
    assert_eq!(
        person(&chat, "sso=hostile"),
        ("Anonymous".to_owned(), Some("123456".to_owned()))
    );
    // Nobody followed the redirect with the cookie.
    assert!(
        !service
            .requests()
            .iter()
            .any(|request| request.contains("elsewhere"))
    );
    assert_eq!(person(&chat, "sso=right").0, "JanKarelNovák");
}

#[test]
fn only_a_certificate_of_the_trusted_authority_for_this_name_is_believed() {
    let (authority, other) = (Authority::new(), Authority::new());
    let good = Service::start(Some(authority.server("localhost", false)));
    let foreign = Service::start(Some(other.server("localhost", false)));
    let expired = Service::start(Some(authority.server("localhost", true)));
    let named = Service::start(Some(authority.server("sso.example.org", false)));
    let plain = Service::start(None);
    let https = |service: &Service, host: &str| format!("https://{host}:{}/", service.port);
    let right = ("JanKarelNovák".to_owned(), Some("123456".to_owned()));
    for (url, more, wanted) in [
        (https(&good, "localhost"), TRUSTING, right.clone()),
        // The system's authorities do not know ours.
        (https(&good, "localhost"), "", nobody()),
        (https(&good, "127.0.0.1"), TRUSTING, nobody()),
        (https(&foreign, "localhost"), TRUSTING, nobody()),
        (https(&expired, "localhost"), TRUSTING, nobody()),
        (https(&named, "localhost"), TRUSTING, nobody()),
        (https(&plain, "localhost"), HURRIED, nobody()),
        // In clear only to this machine itself.
        (
            format!("http://127.0.0.1:{}/", plain.port),
            "AUTHENTIZATION_TIMEOUT=30",
            right,
        ),
    ] {
        let chat = chat_of(&authority, &url, more);
        assert_eq!(person(&chat, "sso=right"), wanted, "{url} {more}");
    }
    // The cookie was told to nobody else.
    for service in [&foreign, &expired, &named] {
        assert_eq!(service.requests(), Vec::<String>::new());
    }
    let chat = chat_of(
        &authority,
        &https(&good, "localhost"),
        "AUTHENTIZATION_CA_FILE=chat.ini",
    );
    assert_eq!(person(&chat, "sso=right"), nobody());
}

#[test]
fn a_cookie_cannot_add_a_header() {
    let authority = Authority::new();
    let service = Service::start(Some(authority.server("localhost", false)));
    let chat = chat_of(
        &authority,
        &format!("https://localhost:{}/", service.port),
        TRUSTING,
    );
    for value in [
        "right%0d%0aX-Evil: 1",
        "right%0aX-Evil: 1",
        "right%0dX-Evil: 1",
        "right\u{1}X-Evil",
        "right%00X-Evil",
        "right%3b admin=X-Evil",
        "right%2cX-Evil",
        "right X-Evil",
        "right%22X-Evil",
        "right%c3%a9X-Evil",
        "right%zz",
        "",
        &"X-Evil".repeat(2000),
    ] {
        assert_eq!(
            person(&chat, &format!("sso={value}")),
            nobody(),
            "{value:?}"
        );
    }
    // None of them was even asked for.
    assert_eq!(service.requests(), Vec::<String>::new());
}

#[test]
fn a_service_that_stalls_or_is_not_there_holds_nobody_up_for_ever() {
    let authority = Authority::new();
    // Accepts by its backlog, and never speaks.
    let deaf = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = deaf.local_addr().expect("bound").port();
    let chat = chat_of(&authority, &format!("https://localhost:{port}/"), HURRIED);
    assert_eq!(person(&chat, "sso=right"), nobody());
    drop(deaf);
    // Nobody listens there any more.
    assert_eq!(person(&chat, "sso=right"), nobody());
    // One that shakes hands, hears the question, and then says nothing.
    let service = Service::start(Some(authority.server("localhost", false)));
    let url = format!("https://localhost:{}/", service.port);
    let chat = chat_of(&authority, &url, HURRIED);
    assert_eq!(person(&chat, "sso=stall"), nobody());
}
