//! What programs and people do with it.

use super::*;

/// The ids and texts of a room, as a program reads them.
fn texts(shop: &Shop, token: &str, room: &str) -> Vec<String> {
    let page = shop
        .ask(
            token,
            "GET",
            &format!("rooms/{room}/messages"),
            &Value::Null,
        )
        .body;
    let records = page["records"].as_array().cloned().unwrap_or_default();
    let said = records.iter().filter(|record| record["type"] == "say");
    said.map(|record| record["text"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn a_program_speaks_reads_and_moderates() {
    let shop = Shop::new("");
    let token = shop.scope("post read moderate admin");
    let of = |method: &str, path: &str, body: Value| {
        let answer = shop.ask(&token, method, path, &body);
        assert!(
            answer.status < 300,
            "{method} {path}: {} {}",
            answer.status,
            answer.body
        );
        answer.body
    };
    let said = of(
        "POST",
        "rooms/news/messages",
        json!({ "text": "**open**", "as": "Shop" }),
    );
    let id = said["id"].as_str().expect("an id");
    let page = of("GET", "rooms/news/messages", Value::Null);
    let record = &page["records"][0];
    assert_eq!(
        (&record["from"], &record["account"]),
        (&json!("Shop"), &json!("api:shop")),
        "{record}"
    );
    of("PUT", "rooms/news/topic", json!({ "topic": "prices" }));
    assert_eq!(of("GET", "rooms/news", Value::Null)["topic"], "prices");
    of(
        "POST",
        "rooms/news/bans",
        json!({ "who": "account:eve", "reason": "spam", "minutes": 5 }),
    );
    of("POST", "rooms/*/mutes", json!({ "who": "mallory" }));
    let bans = of("GET", "rooms/news/bans", Value::Null);
    assert_eq!(bans["entries"][0]["who"], "account:eve", "{bans}");
    assert_eq!(
        of("GET", "rooms/*/mutes", Value::Null)["entries"][0]["who"],
        "mallory"
    );
    of("DELETE", "rooms/news/bans?who=account:eve", Value::Null);
    assert_eq!(
        of("GET", "rooms/news/bans", Value::Null)["entries"],
        json!([])
    );
    of(
        "PUT",
        "rooms/news/roles/alice",
        json!({ "role": "moderator" }),
    );
    assert_eq!(
        of("GET", "rooms/news/roles", Value::Null)["roles"][0]["account"],
        "alice"
    );
    assert_eq!(
        of("GET", "search?q=open", Value::Null)["hits"][0]["room"],
        "news"
    );
    of("DELETE", &format!("rooms/news/messages/{id}"), Value::Null);
    assert_eq!(texts(&shop, &token, "news"), [""]);
    of("POST", "rooms/news/clear", Value::Null);
    of("DELETE", "rooms/news", Value::Null);
    assert_eq!(
        shop.ask(&token, "GET", "rooms/news/messages", &Value::Null)
            .code(),
        "no_such_room"
    );
    let noted =
        fs::read_to_string(shop.site.path("log/audit.log")).expect("what was changed is noted");
    assert!(
        noted.contains("\tapi\tapi:shop\t192.0.2.7\tban --minutes=5 news account:eve"),
        "{noted}"
    );
    // What is an option of the shell is a value here.
    let answer = shop.ask(
        &token,
        "POST",
        "rooms/lobby/kick",
        &json!({ "who": "--help" }),
    );
    assert!([404, 422].contains(&answer.status), "{}", answer.body);
}

#[test]
fn a_token_for_some_rooms_is_for_no_others() {
    let shop = Shop::new("");
    let all = shop.scope("post read");
    for room in ["game-1", "office"] {
        shop.ask(
            &all,
            "POST",
            &format!("rooms/{room}/messages"),
            &json!({ "text": format!("in {room}") }),
        );
    }
    let some = shop.token(&json!({ "scope": "post read moderate admin", "rooms": ["game-*"] }));
    assert_eq!(texts(&shop, &some, "game-1"), ["in game-1"]);
    for (method, path, body) in [
        ("GET", "rooms/office/messages", Value::Null),
        ("GET", "rooms/office", Value::Null),
        ("POST", "rooms/office/messages", json!({ "text": "a" })),
        ("POST", "rooms/office/bans", json!({ "who": "eve" })),
        ("POST", "rooms/*/bans", json!({ "who": "eve" })),
        ("GET", "search?q=in&room=office", Value::Null),
        ("GET", "stats", Value::Null),
        ("POST", "persons/bob/messages", json!({ "text": "a" })),
        (
            "POST",
            "channels/news/events",
            json!({ "ev": "a", "data": 1 }),
        ),
        ("DELETE", "rooms/office", Value::Null),
    ] {
        assert_eq!(
            shop.ask(&some, method, path, &body).code(),
            "not_allowed",
            "{method} {path}"
        );
    }
    let found = shop.ask(&some, "GET", "search?q=in", &Value::Null).body;
    assert_eq!(found["hits"].as_array().map(Vec::len), Some(1), "{found}");
    let listed = shop
        .ask(&some, "GET", "rooms?list=historical", &Value::Null)
        .body
        .to_string();
    assert!(
        listed.contains("game-1") && !listed.contains("office"),
        "{listed}"
    );
}

#[test]
fn a_person_may_what_they_may_in_the_chat() {
    let shop = Shop::new(
        "[access]\nspeak=all\n[access office]\nenter=account:bob\n[access stage]\nspeak=account:bob\n",
    );
    let program = shop.scope("post read moderate admin");
    for room in ["lobby", "office", "stage"] {
        let said = shop.ask(
            &program,
            "POST",
            &format!("rooms/{room}/messages"),
            &json!({ "text": "first" }),
        );
        assert_eq!(said.status, 201, "{}", said.body);
    }
    let alice = shop
        .token(&json!({ "scope": "user", "sub": "alice", "name": "Alice", "color": "#aa0000" }));
    let of = |method: &str, path: &str, body: Value| {
        let answer = shop.ask(&alice, method, path, &body);
        (answer.status, answer.code().to_owned())
    };
    let hello = || json!({ "text": "hello" });
    assert_eq!(of("POST", "rooms/lobby/messages", hello()).0, 201);
    let page = shop
        .ask(&alice, "GET", "rooms/lobby/messages", &Value::Null)
        .body;
    let last = page["records"]
        .as_array()
        .and_then(|all| all.last())
        .expect("it")
        .clone();
    assert_eq!(
        (&last["from"], &last["account"], &last["color"]),
        (&json!("Alice"), &json!("alice"), &json!("#aa0000"))
    );
    assert_eq!(
        of(
            "POST",
            "rooms/lobby/messages",
            json!({ "text": "a", "as": "bob" })
        )
        .1,
        "not_allowed"
    );
    assert_eq!(of("POST", "rooms/stage/messages", hello()).1, "not_allowed");
    assert_eq!(of("GET", "rooms/stage/messages", Value::Null).0, 200);
    for path in [
        "rooms/office",
        "rooms/office/messages",
        "rooms/office/people",
    ] {
        assert_eq!(of("GET", path, Value::Null).0, 403, "{path}");
    }
    let listed = shop
        .ask(&alice, "GET", "rooms?list=historical", &Value::Null)
        .body
        .to_string();
    assert!(!listed.contains("office"), "{listed}");
    assert_eq!(
        shop.ask(&alice, "GET", "search?q=first", &Value::Null).body["hits"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    assert_eq!(of("POST", "rooms/new/messages", hello()).1, "no_such_room");
    // No moderator, until they are.
    assert_eq!(
        of("POST", "rooms/lobby/bans", json!({ "who": "eve" })).1,
        "not_allowed"
    );
    shop.ask(
        &program,
        "PUT",
        "rooms/lobby/roles/alice",
        &json!({ "role": "moderator" }),
    );
    assert_eq!(
        of("POST", "rooms/lobby/bans", json!({ "who": "eve" })).0,
        201
    );
    assert_eq!(
        of("POST", "rooms/*/bans", json!({ "who": "eve" })).1,
        "not_allowed"
    );
    let by_token = shop.token(&json!({ "scope": "user", "sub": "carol", "mod": ["stage"] }));
    assert_eq!(
        shop.ask(
            &by_token,
            "PUT",
            "rooms/stage/topic",
            &json!({ "topic": "a" })
        )
        .status,
        200
    );
    assert_eq!(
        shop.ask(
            &by_token,
            "PUT",
            "rooms/lobby/topic",
            &json!({ "topic": "a" })
        )
        .code(),
        "not_allowed"
    );
    // A mute holds here too.
    shop.ask(
        &program,
        "POST",
        "rooms/lobby/mutes",
        &json!({ "who": "account:carol" }),
    );
    assert_eq!(
        shop.ask(&by_token, "POST", "rooms/lobby/messages", &hello())
            .code(),
        "not_allowed"
    );
    for nobody in ["api:shop", "bot:x"] {
        let token = shop.token(&json!({ "scope": "user", "sub": nobody }));
        assert_eq!(
            shop.ask(&token, "GET", "rooms", &Value::Null).code(),
            "bad_token",
            "{nobody}"
        );
    }
}

#[test]
fn what_is_private_is_not_a_programs() {
    let shop = Shop::new("");
    let (token, other) = (
        shop.scope("post read moderate admin"),
        shop.scope("read moderate"),
    );
    let made = shop.ask(
        &token,
        "POST",
        "private",
        &json!({ "title": "support", "members": ["alice"] }),
    );
    assert_eq!(made.status, 201, "{}", made.body);
    let room = made.body["room"].as_str().expect("a room").to_owned();
    let said = shop.ask(
        &token,
        "POST",
        &format!("rooms/{room}/messages"),
        &json!({ "text": "sesame" }),
    );
    assert_eq!(said.status, 201, "{}", said.body);
    // A member reads it, and nobody else, whatever their scopes.
    let alice = shop.token(&json!({ "scope": "user", "sub": "alice" }));
    let page = shop.ask(
        &alice,
        "GET",
        &format!("rooms/{room}/messages"),
        &Value::Null,
    );
    assert!(page.body.to_string().contains("sesame"), "{}", page.body);
    let bob = shop.token(&json!({ "scope": "user", "sub": "bob" }));
    for path in [
        format!("rooms/{room}"),
        format!("rooms/{room}/messages"),
        format!("rooms/{room}/people"),
    ] {
        assert_eq!(
            shop.ask(&bob, "GET", &path, &Value::Null).code(),
            "no_such_room",
            "{path}"
        );
    }
    let everything = [
        shop.ask(&other, "GET", "search?q=sesame", &Value::Null)
            .body,
        shop.ask(&other, "GET", "rooms?list=historical", &Value::Null)
            .body,
        shop.ask(&bob, "GET", "search?q=sesame", &Value::Null).body["hits"].clone(),
    ];
    assert!(
        !json!(everything[1..]).to_string().contains("sesame")
            && everything[0]["hits"] == json!([])
    );
    // Its list is kept.
    let members = format!("rooms/{room}/members");
    assert_eq!(
        shop.ask(&token, "POST", &members, &json!({ "account": "bob" }))
            .status,
        201
    );
    assert_eq!(
        shop.ask(&bob, "GET", &format!("rooms/{room}/messages"), &Value::Null)
            .status,
        200
    );
    let invited = shop
        .ask(
            &token,
            "POST",
            &format!("rooms/{room}/invitations"),
            &json!({ "uses": 2 }),
        )
        .body;
    assert_eq!(
        (invited["token"].as_str().map(str::len), &invited["uses"]),
        (Some(32), &json!(2)),
        "{invited}"
    );
    let list = shop.ask(&token, "GET", &members, &Value::Null).body;
    assert_eq!(
        (
            list["members"].as_array().map(Vec::len),
            &list["invitations"]
        ),
        (Some(3), &json!(1)),
        "{list}"
    );
    assert_eq!(
        shop.ask(&token, "DELETE", &format!("{members}/bob"), &Value::Null)
            .status,
        200
    );
    assert_eq!(
        shop.ask(&bob, "GET", &format!("rooms/{room}/messages"), &Value::Null)
            .code(),
        "no_such_room"
    );
    assert_eq!(
        shop.ask(&token, "DELETE", &format!("{members}/bob"), &Value::Null)
            .code(),
        "not_found"
    );
}

#[test]
fn a_message_to_somebody_waits_for_them_and_is_theirs_alone() {
    let shop = Shop::new("");
    let (token, read) = (shop.scope("post"), shop.scope("read admin"));
    let body = json!({ "text": "your order is on its way", "as": "Shop" });
    let said = shop.ask_once(&token, "POST", "persons/alice/messages", &body, "order-7");
    assert_eq!(said.status, 201, "{}", said.body);
    let again = shop.ask_once(&token, "POST", "persons/alice/messages", &body, "order-7");
    assert_eq!((again.status, &again.body["id"]), (200, &said.body["id"]));
    let alice = shop.token(&json!({ "scope": "user", "sub": "alice" }));
    let found = shop.ask(&alice, "GET", "search?q=order", &Value::Null).body;
    let room = found["hits"][0]["room"]
        .as_str()
        .expect("their conversation")
        .to_owned();
    assert!(room.starts_with('~'), "{found}");
    let bob = shop.token(&json!({ "scope": "user", "sub": "bob" }));
    assert_eq!(
        shop.ask(&bob, "GET", &format!("rooms/{room}/messages"), &Value::Null)
            .code(),
        "no_such_room"
    );
    assert_eq!(
        shop.ask(&bob, "GET", "search?q=order", &Value::Null).body["hits"],
        json!([])
    );
    let everywhere = [
        shop.ask(&read, "GET", "rooms?list=historical", &Value::Null)
            .body,
        shop.ask(&read, "GET", "search?q=order", &Value::Null).body["hits"].clone(),
    ];
    assert!(
        !json!(everywhere).to_string().contains("order"),
        "{everywhere:?}"
    );
    // Whoever wants no messages gets none.
    let number = chat_store::people::person::PersonId::of(Some("carol"), None).expect("a number");
    fs::create_dir_all(shop.site.path("marks")).expect("made");
    fs::write(
        shop.site.path(&format!("marks/{}.accept", number.as_str())),
        "nobody\n",
    )
    .expect("written");
    assert_eq!(
        shop.ask(&token, "POST", "persons/carol/messages", &body)
            .code(),
        "not_allowed"
    );
}

#[test]
fn a_batch_does_each_by_itself_and_once() {
    let shop = Shop::new("");
    let token = shop.scope("post read");
    let body = json!({ "items": [
        { "room": "a", "text": "one" }, { "room": "a", "text": "" }, { "room": "~00000000000000000000", "text": "x" },
        { "room": "b", "text": "waves", "kind": "me", "as": "Shop" }] });
    let first = shop.ask_once(&token, "POST", "post", &body, "batch-1");
    assert_eq!(first.status, 200, "{}", first.body);
    let results = first.body["results"].as_array().expect("results").clone();
    let codes: Vec<_> = results
        .iter()
        .map(|one| one["error"]["code"].as_str().unwrap_or(""))
        .collect();
    assert_eq!(codes, ["", "invalid", "no_such_room", ""]);
    let again = shop.ask_once(&token, "POST", "post", &body, "batch-1").body;
    for number in [0, 3] {
        assert_eq!(again["results"][number]["id"], results[number]["id"]);
        assert_eq!(again["results"][number]["duplicate"], true);
    }
    assert_eq!(texts(&shop, &token, "a"), ["one"]);
    let many: Vec<_> = (0..101)
        .map(|_| json!({ "room": "a", "text": "x" }))
        .collect();
    assert_eq!(
        shop.ask(&token, "POST", "post", &json!({ "items": many }))
            .code(),
        "invalid"
    );
}

#[test]
fn a_bot_speaks_where_access_lets_it_and_no_more_when_it_is_removed() {
    let shop = Shop::new("[access]\nspeak=!group:bots, all\n[access tea]\nspeak=all\n");
    let dirs = chat_store::fs::dirs::Dirs::under(&shop.site.path(""));
    dirs.create().expect("made");
    let name = chat_store::name::Nick::parse("weather").expect("a name");
    let token = chat_store::bots::add(&dirs, &name).expect("a bot");
    for room in ["lobby", "tea"] {
        fs::write(shop.site.path(&format!("rooms/{room}.log")), "").expect("a room");
    }
    let say = |room: &str, text: &str| {
        let path = format!("rooms/{room}/messages");
        shop.ask(&token, "POST", &path, &json!({ "text": text }))
            .status
    };
    assert_eq!((say("tea", "sun"), say("lobby", "rain")), (201, 403));
    assert_eq!(texts(&shop, &token, "tea"), ["sun"]);
    let log = fs::read_to_string(shop.site.path("rooms/tea.log")).expect("a log");
    assert!(log.contains("account=bot:weather"), "{log}");
    // What is for programs of the site alone is not for it.
    let stats = shop.ask(&token, "GET", "stats", &Value::Null);
    assert_eq!((stats.status, stats.code()), (403, "scope"));
    chat_store::bots::remove(&dirs, &name).expect("removed");
    assert_eq!(say("tea", "late"), 401);
}
