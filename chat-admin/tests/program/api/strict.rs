//! What a client that was made of docs/openapi.json may rely on: what is in it is taken, what is not is refused and named.
//! `make api-fuzz` found each of these.

use super::*;

fn shop() -> (Shop, String) {
    let shop = Shop::new("");
    let token = shop.scope("read post moderate admin");
    let said = shop.ask(
        &token,
        "POST",
        "rooms/lobby/messages",
        &json!({ "text": "first" }),
    );
    assert_eq!(said.status, 201, "{}", said.body);
    (shop, token)
}

#[test]
fn a_reason_that_begins_with_a_number_is_a_reason() {
    let (shop, token) = shop();
    for (measure, reason) in [("bans", "3 warnings"), ("mutes", "0 tolerance")] {
        let path = format!("rooms/lobby/{measure}");
        let against = json!({ "who": "eve", "reason": reason });
        let answer = shop.ask(&token, "POST", &path, &against);
        assert_eq!(answer.status, 201, "{reason}: {}", answer.body);
        let entries = shop.ask(&token, "GET", &path, &Value::Null).body["entries"].clone();
        assert_eq!(entries[0]["reason"], reason, "{entries}");
        assert_eq!(entries[0]["until"], Value::Null, "{entries}");
    }
}

#[test]
fn a_number_without_a_fraction_is_whole_however_it_is_written() {
    let (shop, token) = shop();
    // As PHP's json_encode writes floor(60).
    let of = |minutes: Value| {
        let against = json!({ "who": "eve", "minutes": minutes });
        shop.ask(&token, "POST", "rooms/lobby/bans", &against)
    };
    assert_eq!(of(json!(60.0)).status, 201);
    let entries = shop
        .ask(&token, "GET", "rooms/lobby/bans", &Value::Null)
        .body["entries"]
        .clone();
    assert!(entries[0]["until"].is_string(), "{entries}");
    assert_eq!(of(json!(60.5)).code(), "bad_json");
    assert_eq!(of(json!(-1)).code(), "bad_json");
    assert_eq!(of(json!(1e300)).code(), "bad_json");
    assert_eq!(of(json!(u64::from(u32::MAX) + 1)).code(), "invalid");
    let room = shop
        .ask(&token, "POST", "private", &json!({ "title": "support" }))
        .body;
    let room = room["room"].as_str().expect("a room");
    let link = json!({ "hours": 2.0, "uses": 1.0 });
    let made = shop.ask(&token, "POST", &format!("rooms/{room}/invitations"), &link);
    assert_eq!((made.status, made.body["uses"].as_u64()), (201, Some(1)));
}

/// Found by the fuzz target `api`: a kick was "storage", an unban told where the site's files are.
#[test]
fn where_nobody_has_been_yet_nobody_is_kicked() {
    for (method, path, body, status) in [
        ("POST", "rooms/lobby/kick", json!({ "who": "eve" }), 404),
        ("DELETE", "rooms/lobby/bans?who=eve", Value::Null, 404),
    ] {
        let shop = Shop::new("");
        for dir in ["rooms", "users", "state", "run"] {
            let _ = fs::remove_dir_all(shop.site.path(dir));
        }
        let answer = shop.ask(&shop.scope("moderate"), method, path, &body);
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
    }
}

#[test]
fn what_a_parameter_cannot_be_is_refused_and_named() {
    let (shop, token) = shop();
    for (method, path, name) in [
        ("GET", "rooms?people=yes", "people"),
        ("GET", "rooms?list=all", "list"),
        ("GET", "rooms?limit=0", "limit"),
        ("GET", "rooms?limit=501", "limit"),
        ("GET", "rooms/lobby/people?limit=501", "limit"),
        ("GET", "rooms/lobby/messages?limit=501", "limit"),
        ("GET", "rooms/lobby/messages?limit=ten", "limit"),
        ("GET", "rooms/lobby/messages?before=", "before"),
        ("GET", "search?q=a&limit=101", "limit"),
        ("GET", "search?q=a&from=", "from"),
        ("DELETE", "rooms/lobby?force=yes", "force"),
        ("DELETE", "rooms/lobby/messages/7", "a message"),
    ] {
        let answer = shop.ask(&token, method, path, &Value::Null);
        let text = answer.body["error"]["message"].as_str().unwrap_or_default();
        assert_eq!(
            (answer.status, answer.code()),
            (400, "bad_parameter"),
            "{method} {path}: {}",
            answer.body
        );
        assert!(text.starts_with(&format!("{name} ")), "{path}: {text}");
    }
    let title = json!({ "title": "x".repeat(65) });
    let answer = shop.ask(&token, "POST", "private", &title);
    assert_eq!(answer.code(), "invalid", "{}", answer.body);
    let account = "x".repeat(129);
    let role = json!({ "role": "owner" });
    let answer = shop.ask(
        &token,
        "PUT",
        &format!("rooms/lobby/roles/{account}"),
        &role,
    );
    assert_eq!(answer.code(), "invalid", "{}", answer.body);
}
