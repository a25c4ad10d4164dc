//! The chat inside the sites of Apache and nginx, with the shipped configurations, over TLS, with php-fpm: what a
//! hostile client, another site and an administrator see. Without a browser; `browser/sites.rs` has one.

use std::net::Ipv4Addr;
use std::process::Command;
use std::thread;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use e2e::http::{self, Response};
use e2e::installation::Installation;
use e2e::program::Program;
use e2e::proxied::{Front, Hop, ProxiedSite};
use e2e::transport::Endpoint;
use e2e::under_test::workspace;
use e2e::ws::{Client, Refused};

/// People at once: more than any limit that takes a proxy for one of them would let in.
const CROWD: usize = 60;

const LOGIN: &str = "/chat/php/login.php";
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("Content-Type", "application/json");

/// `name=value` of the cookie that a response sets.
#[track_caller]
fn cookie(response: &Response) -> String {
    let set = response
        .header("Set-Cookie")
        .unwrap_or_else(|| panic!("a cookie in {response:?}"));
    set.split(';').next().unwrap_or_default().to_owned()
}

/// The secret in the log-in form.
#[track_caller]
fn token(page: &Response) -> String {
    let text = page.text();
    let found = text
        .split("name=\"token\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    found
        .unwrap_or_else(|| panic!("a token in {text}"))
        .to_owned()
}

/// Fills in the form as a browser does.
fn submit(web: &Endpoint, cookie: &str, token: &str, password: &str, more: &str) -> Response {
    let body = format!("username=alice&password={password}&token={token}{more}");
    http::send(web, "POST", LOGIN, &[FORM, ("Cookie", cookie)], &body)
}

/// Logs in and gives the cookie.
#[track_caller]
fn log_in(web: &Endpoint) -> String {
    let form = http::get(web, LOGIN);
    let answer = submit(web, &cookie(&form), &token(&form), "secret", "");
    assert_eq!(answer.status, 303, "{}", answer.text());
    cookie(&answer)
}

fn account(site: &ProxiedSite) {
    site.installation.add_account("alice", "secret");
}

fn room(site: &ProxiedSite, cookie: &str) -> Client {
    let headers = [("Origin", "https://localhost"), ("Cookie", cookie)];
    Client::connect_with(
        &site.web.endpoint(),
        "/chat/rooms/lobby?format=json",
        &headers,
    )
}

#[track_caller]
fn assert_flags(response: &Response) {
    let set = response
        .header("Set-Cookie")
        .unwrap_or_else(|| panic!("a cookie in {response:?}"));
    for flag in ["path=/", "httponly", "samesite=lax", "secure"] {
        assert!(
            set.to_ascii_lowercase()
                .split("; ")
                .any(|part| part == flag),
            "{flag} in {set}"
        );
    }
}

/// Each scenario, behind each front.
fn log_in_by_the_form(front: Front) {
    let site = ProxiedSite::start(front, Hop::Tls);
    account(&site);
    let web = site.web.endpoint();
    let form = http::get(&web, LOGIN);
    assert_eq!(form.status, 200, "{}", form.text());
    assert_flags(&form);
    let before = cookie(&form);

    let wrong = submit(&web, &before, &token(&form), "guess", "");
    assert_eq!(wrong.status, 403);
    // A cookie that somebody planted, under an id that the server never gave, becomes another one.
    let planted = "PHPSESSID=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let answer = http::request(&web, "GET", LOGIN, &[("Cookie", planted)]);
    assert_ne!(cookie(&answer), planted);

    let right = submit(&web, &before, &token(&form), "secret", "&room=lobby");
    assert_eq!(right.status, 303, "{}", right.text());
    assert_flags(&right);
    let after = cookie(&right);
    assert_ne!(before, after, "a fresh id at log-in");
    let old = http::request(&web, "GET", "/chat/api/session", &[("Cookie", &before)]);
    assert!(
        old.text().contains("\"account\":null"),
        "the old id is nobody: {}",
        old.text()
    );
    let new = http::request(&web, "GET", "/chat/api/session", &[("Cookie", &after)]);
    assert!(
        new.text().contains("\"account\":\"alice\""),
        "{}",
        new.text()
    );

    // Out only by the form's own button.
    let link = http::request(&web, "GET", "/chat/php/logout.php", &[("Cookie", &after)]);
    assert_eq!(link.header("Location"), Some("login.php"));
    let other = http::send(
        &web,
        "POST",
        "/chat/php/logout.php",
        &[FORM, ("Cookie", &after)],
        "token=0",
    );
    assert_eq!(other.header("Location"), Some("login.php"));
    let page = http::request(&web, "GET", LOGIN, &[("Cookie", &after)]);
    assert!(page.text().contains("Logged in as alice"));
    let body = format!("token={}", token(&page));
    let out = http::send(
        &web,
        "POST",
        "/chat/php/logout.php",
        &[FORM, ("Cookie", &after)],
        &body,
    );
    assert_eq!((out.status, out.header("Location")), (303, Some("../")));
    let gone = http::request(&web, "GET", "/chat/api/session", &[("Cookie", &after)]);
    assert!(gone.text().contains("\"account\":null"), "{}", gone.text());
}

/// More than the address has at once and gets while they last.
const GUESSES: usize = 120;

/// Who guesses at the same time: more than there are processes of PHP.
const GUESSERS: usize = 12;

#[test]
fn guessers_are_sent_away_and_others_log_in() {
    let site = ProxiedSite::start(Front::Nginx, Hop::Tls);
    account(&site);
    let web = site.web.endpoint();
    let from = |last: u8| Endpoint::From(Ipv4Addr::new(127, 0, 0, last), Box::new(web.clone()));
    let guess = || {
        let form = http::get(&from(2), LOGIN);
        let (cookie, token) = (cookie(&form), token(&form));
        let guesses =
            (0..GUESSES / GUESSERS).map(|_| submit(&from(2), &cookie, &token, "guess", ""));
        guesses.collect::<Vec<_>>()
    };
    let answers: Vec<Response> = thread::scope(|scope| {
        let guessers: Vec<_> = (0..GUESSERS).map(|_| scope.spawn(guess)).collect();
        let answers = guessers.into_iter().map(thread::ScopedJoinHandle::join);
        answers
            .flat_map(|answers| answers.expect("answers"))
            .collect()
    });
    let with = |status| answers.iter().filter(move |answer| answer.status == status);
    assert_eq!(with(403).count() + with(429).count(), GUESSES);
    assert!(with(403).count() >= 5, "a typing error is none");
    let refused = with(429).next().expect("guesses have an end");
    assert_eq!(refused.header("Retry-After"), Some("1"));
    assert!(refused.text().contains("Too many tries"));

    let form = http::get(&from(3), LOGIN);
    let right = submit(&from(3), &cookie(&form), &token(&form), "secret", "");
    assert_eq!(right.status, 303, "{}", right.text());
}

#[test]
fn the_form_logs_in_and_out_behind_apache() {
    log_in_by_the_form(Front::Apache);
}

#[test]
fn the_form_logs_in_and_out_behind_nginx() {
    log_in_by_the_form(Front::Nginx);
}

fn who_one_is(front: Front) {
    let site = ProxiedSite::start(front, Hop::Tls);
    account(&site);
    let web = site.web.endpoint();
    let session = log_in(&web);
    let claims = [
        ("X-Forwarded-For", "203.0.113.66"),
        ("Forwarded", "for=203.0.113.77;proto=http"),
        ("X-Forwarded-Proto", "http"),
        ("X-Remote-User", "root"),
    ];
    // From another address than the proxy's: behind a proxy on this machine, a client on this machine is one, too.
    let there = Endpoint::From([127, 0, 0, 2].into(), Box::new(web.clone()));
    let headers = [
        &[
            ("Origin", "https://localhost"),
            ("Cookie", session.as_str()),
        ],
        &claims[..],
    ]
    .concat();
    let mut alice = Client::connect_with(&there, "/chat/rooms/lobby?format=json", &headers);
    let welcome = alice.text_where(|line| line.contains("\"welcome\""));
    assert!(welcome.contains("\"you\":\"alice\""), "{welcome}");
    alice.send(r#"{"type":"say","msgid":"m1","text":"hello"}"#);
    alice.text_where(|line| line.contains("\"ack\""));
    let records = site.installation.records("lobby");
    let said = records
        .iter()
        .find(|record| record.kind == "say")
        .expect("it is in the log");
    assert_eq!(
        (said.from.as_str(), said.attr("account")),
        ("alice", Some("alice"))
    );

    // What it claimed is nowhere.
    let entries = std::fs::read_to_string(site.installation.base().join("log/authentization.log"));
    let entries = entries.expect("the list of entries");
    let entry: Vec<&str> = entries.trim_end().split(' ').collect();
    assert_eq!(entry[1..], ["127.0.0.2", "alice"], "{entries}");
    let access = site.daemon.log().wait_for(&["CONNECT", "/lobby"]);
    assert!(
        access.contains("'127.0.0.2'") && !access.contains("203.0.113."),
        "{access}"
    );

    // Six hours later: PHP's session has ended, and with it the name.
    let file = site
        .installation
        .base()
        .join("sessions")
        .join(format!("sess_{}", &session["PHPSESSID=".len()..]));
    let past = std::time::SystemTime::now() - std::time::Duration::from_secs(6 * 3600);
    std::fs::File::options()
        .write(true)
        .open(&file)
        .expect("PHP's file")
        .set_modified(past)
        .expect("ours");
    let mut nobody = room(&site, &session);
    let welcome = nobody.text_where(|line| line.contains("\"welcome\""));
    assert!(welcome.contains("\"you\":\"Anonymous\""), "{welcome}");

    let elsewhere = [
        ("Origin", "https://elsewhere.example"),
        ("Cookie", session.as_str()),
    ];
    match Client::try_connect(&web, "/chat/rooms/lobby", &elsewhere) {
        Err(Refused::Status(403, _)) => {}
        other => panic!("another site's page was let in: {other:?}"),
    }
}

#[test]
fn the_name_is_the_sessions_and_the_address_the_clients_behind_apache() {
    who_one_is(Front::Apache);
}

#[test]
fn the_name_is_the_sessions_and_the_address_the_clients_behind_nginx() {
    who_one_is(Front::Nginx);
}

fn nobody_is_sent_elsewhere(front: Front) {
    let site = ProxiedSite::start(front, Hop::Plain);
    account(&site);
    let web = site.web.endpoint();
    for room in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "%0d%0aLocation:%20https://evil.example/",
        "%0d%0a%0d%0a<script>alert(1)</script>",
        "javascript:alert(1)",
        "../../evil",
        "&room=//evil.example",
        "[]=//evil.example",
    ] {
        let form = http::get(
            &web,
            &format!("{LOGIN}?room={room}").replace(['\\', '<', '>'], "%5c"),
        );
        assert_eq!(form.status, 200, "{room}");
        let answer = submit(
            &web,
            &cookie(&form),
            &token(&form),
            "secret",
            &format!("&room={room}"),
        );
        assert_eq!(answer.status, 303, "{room}");
        let [location] = answer.all("Location")[..] else {
            panic!("{room}: {answer:?}")
        };
        let query = location
            .strip_prefix("../")
            .unwrap_or_else(|| panic!("{room}: {location}"));
        let name = query.strip_prefix("?room=").unwrap_or(query);
        let is_name = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"%-._~".contains(&byte));
        assert!(is_name, "{room}: {location}");
    }
    // A site's own slash at the end is the only other redirect.
    for path in [
        "/chat//evil.example",
        "/chat/%2f%2fevil.example/..",
        "/chat/php/..%2f..%2f//evil.example",
    ] {
        let answer = http::get(&web, path);
        assert!(
            answer
                .header("Location")
                .is_none_or(|to| !to.contains("//evil")),
            "{path}: {answer:?}"
        );
    }
}

#[test]
fn nobody_is_sent_elsewhere_by_apache() {
    nobody_is_sent_elsewhere(Front::Apache);
}

#[test]
fn nobody_is_sent_elsewhere_by_nginx() {
    nobody_is_sent_elsewhere(Front::Nginx);
}

fn only_own_pages_change_something(front: Front) {
    let site = ProxiedSite::start(front, Hop::Plain);
    account(&site);
    let web = site.web.endpoint();
    let session = log_in(&web);
    let own = format!("https://{}", web.host());
    let body = r#"{"name":"eve"}"#;
    let with = |method: &str, headers: &[(&str, &str)]| {
        let headers = [&[("Cookie", session.as_str())], headers].concat();
        http::send(&web, method, "/chat/api/session", &headers, body).status
    };
    for method in ["POST", "DELETE"] {
        for foreign in [
            &[
                JSON,
                ("Sec-Fetch-Site", "cross-site"),
                ("Origin", "https://evil.example"),
            ][..],
            &[
                JSON,
                ("Sec-Fetch-Site", "same-site"),
                ("Origin", "https://localhost:1"),
            ],
            &[JSON, ("Sec-Fetch-Site", "none")],
            &[JSON, ("Origin", "https://evil.example")],
            &[JSON, ("Origin", "null")],
            &[JSON, ("Origin", &own.replace("https:", "ftp:"))],
            &[FORM, ("Sec-Fetch-Site", "same-origin")],
            &[("Content-Type", "text/plain"), ("Origin", &own)],
            &[],
        ] {
            assert_eq!(with(method, foreign), 403, "{method} {foreign:?}");
        }
    }
    // A preflight is not answered with leave.
    let asked = http::request(
        &web,
        "OPTIONS",
        "/chat/api/session",
        &[
            ("Origin", "https://evil.example"),
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "content-type"),
        ],
    );
    assert_eq!(asked.header("Access-Control-Allow-Origin"), None);
    let still = http::request(&web, "GET", "/chat/api/session", &[("Cookie", &session)]);
    assert!(
        still.text().contains("\"name\":\"alice\""),
        "nothing changed: {}",
        still.text()
    );
    for own in [
        &[
            JSON,
            ("Sec-Fetch-Site", "same-origin"),
            ("Origin", own.as_str()),
        ][..],
        &[JSON, ("Origin", &own)],
    ] {
        assert_eq!(with("POST", own), 200, "{own:?}");
    }
    let chosen = http::request(&web, "GET", "/chat/api/session", &[("Cookie", &session)]);
    assert!(
        chosen.text().contains("\"account\":\"alice\""),
        "a name that was typed is no account: {}",
        chosen.text()
    );
    let guest = http::send(
        &web,
        "POST",
        "/chat/api/session",
        &[JSON, ("Origin", &own)],
        body,
    );
    assert_eq!(guest.status, 200);
    assert_flags(&guest);

    // The form of PHP: no token, somebody else's, a token without its session.
    let form = http::get(&web, LOGIN);
    let (mine, secret) = (cookie(&form), token(&form));
    let theirs = token(&http::get(&web, LOGIN));
    for (cookie, token) in [
        (mine.as_str(), ""),
        (&mine, &theirs),
        ("", &secret),
        ("", ""),
    ] {
        let answer = submit(&web, cookie, token, "secret", "");
        assert_eq!(answer.status, 403, "{cookie} {token}");
        assert!(!answer.text().contains("Logged in as"));
    }
    let array = http::send(
        &web,
        "POST",
        LOGIN,
        &[FORM, ("Cookie", &mine)],
        "token[]=1&username[]=alice&password[]=x",
    );
    assert_eq!(array.status, 403);
}

#[test]
fn only_own_pages_change_something_behind_apache() {
    only_own_pages_change_something(Front::Apache);
}

#[test]
fn only_own_pages_change_something_behind_nginx() {
    only_own_pages_change_something(Front::Nginx);
}

/// What keeps a page out of another site's frames, and scripts out of the page.
#[track_caller]
fn assert_guarded(answer: &Response, what: &str) {
    assert_eq!(answer.status, 200, "{what}: {}", answer.text());
    let policy = answer.all("Content-Security-Policy").join(", ");
    assert!(
        policy.contains("frame-ancestors 'none'"),
        "{what}: {policy:?}"
    );
    assert!(
        answer.all("X-Frame-Options").contains(&"DENY"),
        "{what}: {answer:?}"
    );
    assert!(
        answer.all("X-Content-Type-Options").contains(&"nosniff"),
        "{what}"
    );
    assert!(answer.header("Referrer-Policy").is_some(), "{what}");
    let is_page = answer
        .header("Content-Type")
        .is_some_and(|kind| kind.starts_with("text/html"));
    if is_page {
        let text = answer.text();
        let meta = text.contains("http-equiv=\"Content-Security-Policy\"");
        assert!(
            meta || policy.contains("default-src 'none'"),
            "{what}: {policy:?}"
        );
    }
}

const PAGES: [&str; 8] = [
    "",
    "index.html",
    "room_list.html",
    "room_list_historical.html",
    "room_history.html",
    "room_create.html",
    "set_username.html",
    "js/start.js",
];

fn every_page_is_guarded(front: Front) {
    let site = ProxiedSite::start(front, Hop::Plain);
    let web = site.web.endpoint();
    for page in PAGES.iter().chain(&["php/login.php"]) {
        assert_guarded(&http::get(&web, &format!("/chat/{page}")), page);
    }
    let form = http::get(&web, LOGIN);
    assert_eq!(
        form.header("Cache-Control")
            .map(|value| value.contains("no-store")),
        Some(true),
        "{form:?}"
    );
    let script = http::get(&web, "/chat/js/start.js");
    assert!(
        script
            .header("Content-Type")
            .is_some_and(|kind| kind.contains("javascript")),
        "{script:?}"
    );
    assert_eq!(
        http::get(&web, "/").text(),
        "<title>The site</title>",
        "the site is as it was"
    );
    for hidden in [
        "/chat/php/session.php",
        "/chat/php/",
        "/chat/js/",
        "/chat/../../etc/passwd",
        "/chat/php/login.php/x",
    ] {
        let answer = http::get(&web, hidden);
        assert!(
            matches!(answer.status, 400 | 403 | 404),
            "{hidden}: {answer:?}"
        );
    }
    for path in ["health", "config", "rooms?people=1", "history?room=lobby"] {
        let answer = http::get(&web, &format!("/chat/api/{path}"));
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let policy = answer.header("Content-Security-Policy").unwrap_or_default();
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
    }
}

#[test]
fn every_page_is_guarded_by_apache() {
    every_page_is_guarded(Front::Apache);
}

#[test]
fn every_page_is_guarded_by_nginx() {
    every_page_is_guarded(Front::Nginx);
}

/// A program's token reaches `api/v1`: that it is no good is another answer than that there is none.
fn tokens_are_passed_on(front: Front) {
    let site = ProxiedSite::start_without_php(front);
    let web = site.web.endpoint();
    let asked = |headers: &[(&str, &str)]| {
        let answer = http::request(&web, "GET", "/chat/api/v1/rooms", headers);
        (answer.status, answer.text())
    };
    let (status, without) = asked(&[]);
    assert!(status == 401 && without.contains("no_token"), "{without}");
    let (status, with) = asked(&[("Authorization", "Bearer x")]);
    assert!(status == 401 && with.contains("bad_token"), "{with}");
}

#[test]
fn a_token_reaches_the_programs_interface_behind_apache() {
    tokens_are_passed_on(Front::Apache);
}

#[test]
fn a_token_reaches_the_programs_interface_behind_nginx() {
    tokens_are_passed_on(Front::Nginx);
}

fn without_php(front: Front) {
    let site = ProxiedSite::start_without_php(front);
    let web = site.web.endpoint();
    let own = format!("https://{}", web.host());
    let named = http::send(
        &web,
        "POST",
        "/chat/api/session",
        &[JSON, ("Origin", &own)],
        r#"{"name":"bob"}"#,
    );
    assert_eq!(
        named.status,
        200,
        "{} {:?}",
        named.text(),
        site.web.program.output.so_far()
    );
    assert_flags(&named);
    let mut bob = room(&site, &cookie(&named));
    let welcome = bob.text_where(|line| line.contains("\"welcome\""));
    assert!(welcome.contains("\"you\":\"bob\""), "{welcome}");
    let form = http::get(&web, LOGIN);
    assert!(form.status >= 400, "{form:?}");
    assert!(!form.text().contains("<?php"), "no sources are shown");
}

#[test]
fn apache_needs_no_php() {
    without_php(Front::Apache);
}

#[test]
fn nginx_needs_no_php() {
    without_php(Front::Nginx);
}

fn the_shortest_way(front: Front) {
    let site = ProxiedSite::start_shortest(front);
    let web = site.web.endpoint();
    let own = format!("https://{}", web.host());
    for page in PAGES.into_iter().filter(|&page| page != "index.html") {
        assert_guarded(&http::get(&web, &format!("/chat/{page}")), page);
    }
    let config = http::get(&web, "/chat/api/config");
    assert!(
        config.text().contains("\"websocket_url\":\"./\""),
        "{}",
        config.text()
    );
    let body = r#"{"name":"bob"}"#;
    let named = http::send(
        &web,
        "POST",
        "/chat/api/session",
        &[JSON, ("Origin", &own)],
        body,
    );
    assert_eq!(named.status, 200, "{}", named.text());
    assert_flags(&named);
    let there = Endpoint::From([127, 0, 0, 2].into(), Box::new(web.clone()));
    let session = cookie(&named);
    let headers = [
        ("Origin", own.as_str()),
        ("Cookie", &session),
        ("Forwarded", "for=203.0.113.7"),
    ];
    let mut bob = Client::connect_with(&there, "/chat/lobby?format=json", &headers);
    let welcome = bob.text_where(|line| line.contains("\"welcome\""));
    assert!(welcome.contains("\"you\":\"bob\""), "{welcome}");
    let access = site.daemon.log().wait_for(&["CONNECT", "/lobby"]);
    assert!(access.contains("'127.0.0.2'"), "{access}");
    let elsewhere = [("Origin", "https://elsewhere.example")];
    match Client::try_connect(&web, "/chat/lobby", &elsewhere) {
        Err(Refused::Status(403, _)) => {}
        other => panic!("another site's page was let in: {other:?}"),
    }
}

#[test]
fn one_line_in_apache_is_enough() {
    the_shortest_way(Front::Apache);
}

#[test]
fn one_block_in_nginx_is_enough() {
    the_shortest_way(Front::Nginx);
}

/// Somebody else who listens on the port is not taken for websocketd-rs.
#[test]
fn the_second_hop_believes_one_certificate_only() {
    for front in [Front::Apache, Front::Nginx] {
        let site = ProxiedSite::start(front, Hop::Tls);
        drop(room(&site, ""));
        // Another certificate for the same name, with the daemon told to take it.
        let path = site.installation.path("/etc/websocketd-rs");
        for name in ["localhost.pem", "localhost.key"] {
            std::fs::rename(path.join(name), path.join(format!("old-{name}")))
                .expect("it was made");
        }
        site.installation.make_certificate();
        site.daemon.signal(nix::sys::signal::Signal::SIGHUP);
        site.daemon.log().wait_for(&["Reloaded configuration"]);
        match Client::try_connect(
            &site.web.endpoint(),
            "/chat/rooms/lobby",
            &[("Origin", "https://localhost")],
        ) {
            Err(Refused::Status(500..=599, _)) => {}
            other => panic!("{front:?} believed another certificate: {other:?}"),
        }
    }
}

/// websocketd-rs alone, with TLS, as stand-alone.ini has it.
#[test]
fn stand_alone_with_tls() {
    let installation = Installation::new();
    installation.make_certificate();
    let daemon = installation.daemon("stand-alone.ini", |text| {
        let text = ["ssl =", "sslcert =", "sslkey ="]
            .into_iter()
            .fold(text, e2e::installation::Configuration::uncomment);
        text.replace(
            "/etc/websocketd-rs/chat.pem",
            "/etc/websocketd-rs/localhost.pem",
        )
        .replace(
            "/etc/websocketd-rs/chat.key",
            "/etc/websocketd-rs/localhost.key",
        )
    });
    // The daemon sends who asks for index.html to its directory, as websocketd does.
    for page in PAGES.into_iter().filter(|&page| page != "index.html") {
        assert_guarded(&daemon.get(&format!("/{page}")), page);
    }
    let own = format!("https://{}", daemon.endpoint.host());
    let named = http::send(
        &daemon.endpoint,
        "POST",
        "/api/session",
        &[JSON, ("Origin", &own)],
        r#"{"name":"bob"}"#,
    );
    assert_eq!(named.status, 200, "{}", named.text());
    assert_flags(&named);
    let session = cookie(&named);
    let mut bob = daemon.client_with(
        "/lobby?format=json",
        &[("Origin", &own), ("Cookie", &session)],
    );
    let welcome = bob.text_where(|line| line.contains("\"welcome\""));
    assert!(welcome.contains("\"you\":\"bob\""), "{welcome}");
    assert_eq!(
        daemon.get("/php/login.php").status,
        404,
        "no sources are shown"
    );
}

/// `Authorization` for the web server's own log-in.
fn basic(name: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:secret")))
}

fn the_web_servers_own_login(front: Front) {
    let site = ProxiedSite::start_with_own_login(front);
    let names: Vec<String> = (0..CROWD).map(|n| format!("user{n}")).collect();
    for name in &names {
        site.installation.add_account(name, "secret");
    }
    let web = site.web.endpoint();
    assert_eq!(http::get(&web, "/chat/").status, 401);
    assert_eq!(http::get(&web, "/chat/api/session").status, 401);
    let mut people = Vec::new();
    for (name, last) in names.iter().zip(1..) {
        let there = Endpoint::From([127, 0, 1, last].into(), Box::new(web.clone()));
        let authorization = basic(name);
        let headers = [
            ("Origin", "https://localhost"),
            ("Authorization", authorization.as_str()),
            ("X-Remote-User", "root"),
        ];
        let asked = http::request(&there, "GET", "/chat/api/session", &headers);
        assert!(
            asked.text().contains(&format!("\"account\":\"{name}\"")),
            "{name}: {}",
            asked.text()
        );
        let mut client =
            Client::connect_with(&there, "/chat/rooms/lobby?format=json&history=0", &headers);
        let welcome = client.text_where(|line| line.contains("\"welcome\""));
        assert!(
            welcome.contains(&format!("\"account\":\"{name}\"")),
            "{welcome}"
        );
        people.push(client);
    }
    // Who only claims to have logged in is nobody.
    let headers = [("Origin", "https://localhost"), ("X-Remote-User", "user0")];
    match Client::try_connect(&web, "/chat/rooms/lobby", &headers) {
        Err(Refused::Status(401, _)) => {}
        other => panic!("nobody was let in: {other:?}"),
    }
}

#[test]
fn the_web_servers_own_login_counts_for_sixty_people_behind_apache() {
    the_web_servers_own_login(Front::Apache);
}

#[test]
fn the_web_servers_own_login_counts_for_sixty_people_behind_nginx() {
    the_web_servers_own_login(Front::Nginx);
}

/// Whatever chat.ini says, a user that a client claims is not believed where the web server has no log-in of its own.
#[test]
fn a_claimed_user_is_nobody_without_the_web_servers_login() {
    for front in [Front::Apache, Front::Nginx] {
        let site = ProxiedSite::start_without_php(front);
        site.installation.configure("chat.ini", |text| {
            text.replace("; REMOTE_USER=no", "REMOTE_USER=HTTP_X_REMOTE_USER")
                .replace("; TRUSTED_PROXIES=", "TRUSTED_PROXIES=127.0.0.1, ::1")
        });
        let web = site.web.endpoint();
        let authorization = basic("root");
        let headers = [
            ("Origin", "https://localhost"),
            ("Authorization", authorization.as_str()),
            ("X-Remote-User", "root"),
        ];
        let asked = http::request(&web, "GET", "/chat/api/session", &headers);
        assert!(
            asked.text().contains("\"account\":null"),
            "{front:?}: {}",
            asked.text()
        );
        let mut client = Client::connect_with(&web, "/chat/rooms/lobby?format=json", &headers);
        let welcome = client.text_where(|line| line.contains("\"welcome\""));
        assert!(
            welcome.contains("\"you\":\"Anonymous\""),
            "{front:?}: {welcome}"
        );
    }
}

/// A school or a company is one address.
fn sixty_from_one_address(site: &ProxiedSite, path: &str) {
    let web = site.web.endpoint();
    let own = format!("https://{}", web.host());
    let there = Endpoint::From([127, 0, 0, 2].into(), Box::new(web));
    let origin = if path.contains("rooms") {
        "https://localhost"
    } else {
        &own
    };
    let mut people = Vec::new();
    for _ in 0..CROWD {
        let mut client = Client::connect_with(&there, path, &[("Origin", origin)]);
        client.text_where(|line| line.contains("\"welcome\""));
        people.push(client);
    }
    let speaker = people.last_mut().expect("there are many");
    speaker.send(r#"{"type":"say","msgid":"m1","text":"we are all here"}"#);
    for client in &mut people {
        client.text_where(|line| line.contains("we are all here"));
    }
}

#[test]
fn sixty_people_of_one_address_are_let_in() {
    for front in [Front::Apache, Front::Nginx] {
        let behind = ProxiedSite::start_without_php(front);
        sixty_from_one_address(&behind, "/chat/rooms/lobby?format=json&history=0");
        let shortest = ProxiedSite::start_shortest(front);
        sixty_from_one_address(&shortest, "/chat/lobby?format=json&history=0");
    }
}

/// The addresses that people have in bookmarks and mails: of the PHP pages of 2016, and without the slash at the end.
#[test]
fn old_addresses_lead_to_the_right_page() {
    for front in [Front::Apache, Front::Nginx] {
        let site = ProxiedSite::start_without_php(front);
        let web = site.web.endpoint();
        for (old, new) in [
            ("/chat", "/chat/"),
            ("/chat?room=lobby", "/chat/?room=lobby"),
            ("/chat/index.php", "/chat/"),
            ("/chat/index.php?room=%C5%BD", "/chat/?room=%C5%BD"),
            ("/chat/room_list.php", "/chat/room_list.html"),
            (
                "/chat/room_list_historical.php",
                "/chat/room_list_historical.html",
            ),
            (
                "/chat/room_history.php?room=lobby",
                "/chat/room_history.html?room=lobby",
            ),
            ("/chat/room_create.php", "/chat/room_create.html"),
            ("/chat/set_username.php", "/chat/set_username.html"),
        ] {
            let answer = http::get(&web, old);
            let to = answer.header("Location").unwrap_or_default();
            let to = to
                .strip_prefix(&format!("https://{}", web.host()))
                .unwrap_or(to);
            assert_eq!((answer.status, to), (301, new), "{front:?}: {old}");
            assert_eq!(http::get(&web, new).status, 200, "{front:?}: {new}");
        }
        for other in ["/chatter", "/chat/rooms.php", "/chat/x/index.php"] {
            assert_ne!(http::get(&web, other).status, 301, "{front:?}: {other}");
        }
        let shortest = ProxiedSite::start_shortest(front);
        let answer = http::get(&shortest.web.endpoint(), "/chat?room=lobby");
        let to = answer.header("Location").unwrap_or_default();
        assert!(
            answer.status == 301 && to.ends_with("/chat/?room=lobby"),
            "{front:?}: {answer:?}"
        );
    }
}

/// `apt purge` deletes what the site includes; the site has to go on.
#[test]
fn the_web_server_starts_when_the_package_is_gone() {
    let told = std::fs::read_to_string(workspace().join("docs/install.md")).expect("it is there");
    for (front, line) in [
        (
            Front::Apache,
            "IncludeOptional /etc/websocketd-rs/apache.conf",
        ),
        (Front::Nginx, "include /etc/websocketd-rs/nginx.con[f];"),
    ] {
        assert!(told.lines().any(|told| told == line), "install.md: {line}");
        let site = ProxiedSite::start_without_php(front);
        assert_eq!(http::get(&site.web.endpoint(), "/chat/").status, 200);
        let files = site.installation.path("/etc/websocketd-rs");
        std::fs::remove_dir_all(files).expect("it was installed");
        let config = |name: &str| site.installation.path("/srv").join(name);
        let mut check = match front {
            Front::Apache => Command::new("/usr/sbin/apache2"),
            Front::Nginx => Command::new("/usr/sbin/nginx"),
        };
        match front {
            Front::Apache => check.arg("-t").arg("-f").arg(config("apache.conf")),
            Front::Nginx => check
                .args(["-t", "-e", "stderr", "-c"])
                .arg(config("nginx.conf")),
        };
        let checked = Program::run(&check);
        assert_eq!(checked.code(), 0, "{front:?}: {checked:#?}");
    }
}
