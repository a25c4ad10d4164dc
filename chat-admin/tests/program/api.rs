//! The interface for programs (`api/v1`), as a web server runs it: who may call what, and what comes of it.

use std::cell::OnceCell;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use chat_admin::api::v1::{Need, ROUTES, Refusal};
use chat_store::fs::dirs::Dirs;
use chat_store::incoming;
use chat_store::name::{Nick, RoomName};
use chat_token::Scope;
use chat_token::sign::Signer;
use serde_json::{Value, json};

use crate::chat_cgi::{Answer, Site};

mod cookie;
mod document;
mod examples;
mod posted;

mod people;
mod resend;
mod strict;

/// A site whose programs sign with the key `shop`.
pub(crate) struct Shop {
    pub(crate) site: Site,
    signer: Signer,
    /// The secret of an incoming webhook, once it was asked for.
    hook: OnceCell<String>,
}

pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs()
}

impl Shop {
    pub(crate) fn new(lines: &str) -> Self {
        let site = Site::new(&format!(
            "JWT_KEYS=keys\nJWT_ISSUER=https://shop.example\n{lines}"
        ));
        fs::create_dir(site.path("keys")).expect("made");
        let pem = Signer::new_pem().expect("a key");
        let signer = Signer::from_pem(pem.as_bytes()).expect("a key");
        fs::write(
            site.path("keys/shop.pem"),
            signer.public_pem().expect("PEM"),
        )
        .expect("written");
        Self {
            site,
            signer,
            hook: OnceCell::new(),
        }
    }

    /// The secret of an incoming webhook of the lobby.
    pub(crate) fn hook(&self) -> &str {
        self.hook.get_or_init(|| {
            let dirs = Dirs::under(&self.site.path(""));
            dirs.create().expect("directories");
            let name = Nick::parse("monitor").expect("a name");
            incoming::add(&dirs, &RoomName::lobby(), &name).expect("a secret")
        })
    }

    pub(crate) fn token(&self, change: &Value) -> String {
        let mut claims = json!({ "iss": "https://shop.example", "aud": "chat", "iat": now(), "exp": now() + 600 });
        for (name, value) in change.as_object().expect("claims") {
            claims[name] = value.clone();
        }
        self.signer.sign("shop", &claims)
    }

    pub(crate) fn scope(&self, scope: &str) -> String {
        self.token(&json!({ "scope": scope, "sub": if scope == "user" { json!("alice") } else { Value::Null } }))
    }

    pub(crate) fn ask(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        self.ask_once(token, method, path, body, "")
    }

    pub(crate) fn ask_once(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: &Value,
        key: &str,
    ) -> Answer {
        let authorization = format!("Bearer {token}");
        let mut variables = vec![("CONTENT_TYPE", "application/json")];
        if !token.is_empty() {
            variables.push(("HTTP_AUTHORIZATION", &authorization));
        }
        if !key.is_empty() {
            variables.push(("HTTP_IDEMPOTENCY_KEY", key));
        }
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.site
            .run(method, &format!("/v1/{path}"), &variables, &body)
    }
}

/// A request to each endpoint that is good, for whoever may make it.
fn example(shop: &Shop, path: &str, method: &str) -> (String, Value) {
    let body = match (method, path) {
        ("POST", "revoke") => json!({ "jti": "none" }),
        ("POST", "post") => json!({ "items": [{ "room": "lobby", "text": "hello" }] }),
        ("POST", "rooms/{room}/messages" | "persons/{account}/messages" | "in/{secret}") => {
            json!({ "text": "hello" })
        }
        ("PUT", "rooms/{room}/topic") => json!({ "topic": "all" }),
        ("POST", "rooms/{room}/kick" | "rooms/{room}/bans" | "rooms/{room}/mutes") => {
            json!({ "who": "eve" })
        }
        ("PUT", "rooms/{room}/roles/{account}") => json!({ "role": "moderator" }),
        ("POST", "private") => json!({ "title": "some" }),
        ("POST", "rooms/{room}/members") => json!({ "account": "bob" }),
        ("POST", "rooms/{room}/invitations") => json!({}),
        ("POST", "channels/{channel}/events") => json!({ "ev": "x", "data": 1 }),
        _ => Value::Null,
    };
    let path = path
        .replace("{room}", "lobby")
        .replace("{account}", "bob")
        .replace("{channel}", "news");
    let path = path.replace("{id}", "2026-11-21T10:15:30.123456Z");
    let path = if path.contains("{secret}") {
        path.replace("{secret}", shop.hook())
    } else {
        path
    };
    let path = match (method, path.as_str()) {
        ("GET", "search") => "search?q=hello".to_owned(),
        ("DELETE", "rooms/lobby/bans" | "rooms/lobby/mutes") => format!("{path}?who=eve"),
        _ => path,
    };
    (path, body)
}

/// Each scope at each endpoint: `scope` alone lets in, and `admin`; people where it says so.
#[test]
fn each_scope_opens_its_endpoints_and_no_other() {
    let shop = Shop::new("API_BURST=100000\nMESSAGE_BURST=100000\n");
    let mut told = Vec::new();
    for route in ROUTES {
        let (path, body) = example(&shop, route.path, route.method);
        let of = |token: &str| {
            let answer = shop.ask(token, route.method, &path, &body);
            (answer.status, answer.code().to_owned())
        };
        let Need::Scope { scope, people } = route.need else {
            assert_eq!(of("").0, 200, "{route:?}");
            continue;
        };
        assert_eq!(of(""), (401, "no_token".to_owned()), "{route:?}");
        for held in ["user", "post", "read", "moderate", "admin"] {
            let is_let_in = held == scope.as_str() || held == "admin" || (held == "user" && people);
            let (status, code) = of(&shop.scope(held));
            if is_let_in != (code != "scope" && status != 401) {
                told.push(format!("{route:?} with {held}: {status} {code}"));
            }
            assert!(status < 500, "{route:?} with {held}: {status} {code}");
        }
        let (_, code) = of(&shop.token(&json!({ "sub": "alice" })));
        assert_eq!(code, "scope", "{route:?} without any");
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
    assert!(ROUTES.iter().any(|route| matches!(
        route.need,
        Need::Scope {
            scope: Scope::Moderate,
            ..
        }
    )));
}

#[test]
fn a_token_that_is_not_good_is_told_no_more_than_that() {
    let shop = Shop::new("");
    let stranger = Shop::new("");
    let good = shop.scope("read");
    assert_eq!(shop.ask(&good, "GET", "rooms", &Value::Null).status, 200);
    let (signed, signature) = good.rsplit_once('.').expect("a token");
    let first = if signature.starts_with('A') { "B" } else { "A" };
    for (what, token, log) in [
        ("of another key", stranger.scope("read"), "signature"),
        (
            "changed",
            format!("{signed}.{first}{}", &signature[1..]),
            "signature",
        ),
        ("without a signature", format!("{signed}."), "signature"),
        (
            "for another site",
            shop.token(&json!({ "scope": "read", "aud": "other" })),
            "another site",
        ),
        (
            "of another issuer",
            shop.token(&json!({ "scope": "read", "iss": "https://evil.example" })),
            "issuer",
        ),
        (
            "of the future",
            shop.token(&json!({ "scope": "read", "nbf": now() + 120 })),
            "time has not come",
        ),
        (
            "too lasting",
            shop.token(&json!({ "scope": "read", "exp": now() + 3600 })),
            "too long",
        ),
        (
            "of a key that is a path",
            shop.signer.sign("../keys/shop", &json!({})),
            "not in JWT_KEYS",
        ),
        ("nothing", "x".to_owned(), "form"),
        (
            "of nobody (alg none)",
            "eyJhbGciOiJub25lIiwia2lkIjoic2hvcCJ9.e30.".to_owned(),
            "algorithm",
        ),
    ] {
        let answer = shop.ask(&token, "GET", "rooms", &Value::Null);
        assert_eq!((answer.status, answer.code()), (401, "bad_token"), "{what}");
        let message = answer.body["error"]["message"].as_str().expect("a text");
        assert_eq!(
            message, "this token is not accepted; the server's log says why",
            "{what}"
        );
        assert_eq!(
            answer.header("WWW-Authenticate"),
            Some("Bearer error=\"invalid_token\"")
        );
        assert!(answer.log.contains(log), "{what}: {}", answer.log);
        assert!(
            !answer.log.contains(&token) || token == "x",
            "no token in a log"
        );
    }
    let old = shop.token(&json!({ "scope": "read", "iat": now() - 900, "exp": now() - 60 }));
    let answer = shop.ask(&old, "GET", "rooms", &Value::Null);
    assert_eq!((answer.status, answer.code()), (401, "token_expired"));
    // A key that was taken away counts no more, and another one at once.
    fs::remove_file(shop.site.path("keys/shop.pem")).expect("removed");
    assert_eq!(
        shop.ask(&good, "GET", "rooms", &Value::Null).code(),
        "bad_token"
    );
}

#[test]
fn what_is_revoked_is_refused_at_once() {
    let shop = Shop::new("");
    let (admin, one) = (
        shop.scope("admin"),
        shop.token(&json!({ "scope": "read", "jti": "one" })),
    );
    let person = shop.token(&json!({ "scope": "user", "sub": "alice" }));
    for token in [&one, &person] {
        assert_eq!(shop.ask(token, "GET", "rooms", &Value::Null).status, 200);
    }
    assert_eq!(
        shop.ask(&admin, "POST", "revoke", &json!({ "jti": "one" }))
            .status,
        200
    );
    assert_eq!(
        shop.ask(&admin, "POST", "revoke", &json!({ "sub": "alice" }))
            .status,
        200
    );
    for token in [&one, &person] {
        let answer = shop.ask(token, "GET", "rooms", &Value::Null);
        assert_eq!((answer.status, answer.code()), (401, "bad_token"));
    }
    for wrong in [
        json!({}),
        json!({ "sub": "a", "jti": "b" }),
        json!({ "sub": "" }),
        json!({ "jti": "a", "until": 1 }),
    ] {
        assert_eq!(
            shop.ask(&admin, "POST", "revoke", &wrong).code(),
            "invalid",
            "{wrong}"
        );
    }
}

#[test]
fn who_asks_too_fast_waits_and_nobody_else() {
    let shop = Shop::new("API_RATE=1\nAPI_BURST=3\n");
    let token = shop.scope("read post");
    let mut told = Vec::new();
    for _ in 0..6 {
        told.push(shop.ask(&token, "GET", "rooms", &Value::Null));
    }
    let slow = told
        .iter()
        .find(|answer| answer.status == 429)
        .expect("one that came too soon");
    assert_eq!(slow.code(), "too_fast");
    assert!(
        slow.header("Retry-After")
            .is_some_and(|seconds| seconds.parse::<u64>().is_ok_and(|it| it >= 1))
    );
    // People have buckets of their own, and files of no great number.
    let person = shop.scope("user");
    assert_eq!(shop.ask(&person, "GET", "rooms", &Value::Null).status, 200);
    assert_eq!(
        fs::read_dir(shop.site.path("run/api"))
            .expect("buckets")
            .count(),
        2
    );
}

#[test]
fn a_request_of_a_wrong_form_is_told_what_to_send() {
    let shop = Shop::new("");
    let token = shop.scope("post read moderate admin");
    let of = |method: &str, path: &str, body: &Value| {
        let answer = shop.ask(&token, method, path, body);
        (answer.status, answer.code().to_owned())
    };
    for body in [
        json!([]),
        json!({}),
        json!({ "text": 7 }),
        json!({ "text": "a", "txt": "b" }),
        json!({ "text": "a", "kind": "join" }),
    ] {
        assert_eq!(
            of("POST", "rooms/lobby/messages", &body),
            (400, "bad_json".to_owned()),
            "{body}"
        );
    }
    for text in ["", "  \n ", &"x".repeat(5000)] {
        assert_eq!(
            of("POST", "rooms/lobby/messages", &json!({ "text": text })),
            (422, "invalid".to_owned())
        );
    }
    assert_eq!(
        of("PATCH", "rooms/lobby", &Value::Null),
        (405, "bad_method".to_owned())
    );
    assert_eq!(
        of("GET", "nothing", &Value::Null),
        (404, "not_found".to_owned())
    );
    assert_eq!(
        of("GET", "rooms/nowhere/messages", &Value::Null),
        (404, "no_such_room".to_owned())
    );
    assert_eq!(
        of("GET", "rooms/~00000000000000000000", &Value::Null),
        (404, "no_such_room".to_owned())
    );
    assert_eq!(
        of("POST", "post", &json!({ "items": [] })),
        (422, "invalid".to_owned())
    );
    let large = json!({ "text": "x".repeat(70_000) });
    assert_eq!(
        of("POST", "rooms/lobby/messages", &large),
        (413, "too_long".to_owned())
    );
    let bearer = format!("Bearer {token}");
    let form = [
        ("HTTP_AUTHORIZATION", bearer.as_str()),
        ("CONTENT_TYPE", "application/x-www-form-urlencoded"),
    ];
    assert_eq!(
        shop.site
            .run("POST", "/v1/rooms/lobby/messages", &form, "text=a")
            .code(),
        "bad_type"
    );
    let other = [
        ("HTTP_AUTHORIZATION", bearer.as_str()),
        ("HTTP_ORIGIN", "https://evil.example"),
    ];
    assert_eq!(
        shop.site.run("GET", "/v1/rooms", &other, "").code(),
        "cross_site"
    );
    let key = "x".repeat(65);
    let answer = shop.ask_once(
        &token,
        "POST",
        "rooms/lobby/messages",
        &json!({ "text": "a" }),
        &key,
    );
    assert_eq!(answer.code(), "bad_parameter");
    let log = shop.site.path("rooms/lobby.log");
    assert!(!log.exists(), "nothing was said");
}
