//! What other programs post to incoming webhooks, and what becomes of it.

use super::*;

/// The answers of one address, and the log of its room.
struct Address<'s> {
    shop: &'s Shop,
    secret: String,
}

impl Address<'_> {
    fn post(&self, body: &str) -> Answer {
        self.post_as("application/json", body, &[])
    }

    fn post_as(&self, kind: &str, body: &str, more: &[(&str, &str)]) -> Answer {
        let mut variables = vec![("CONTENT_TYPE", kind)];
        variables.extend(more);
        let path = format!("/v1/in/{}", self.secret);
        self.shop.site.run("POST", &path, &variables, body)
    }

    fn said(&self) -> String {
        fs::read_to_string(self.shop.site.path("rooms/lobby.log")).unwrap_or_default()
    }
}

fn of(shop: &Shop) -> Address<'_> {
    let secret = shop.hook().to_owned();
    Address { shop, secret }
}

fn chatctl(shop: &Shop, arguments: &[&str]) -> Value {
    let mut command = Command::new(e2e::under_test::beside("chatctl"));
    command
        .env_clear()
        .env("CHAT_CONFIG", shop.site.path("chat.ini"))
        .arg("--json")
        .args(arguments);
    let output = command.output().expect("chatctl starts");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../incoming/", $name, ".json"))
    };
}

#[test]
fn what_monitoring_sends_is_said_in_the_room() {
    let shop = Shop::new("");
    let address = of(&shop);
    for (body, words) in [
        (fixture!("alertmanager"), "**Firing: DiskAlmostFull**"),
        (fixture!("grafana"), "**Resolved: High memory usage**"),
        (
            fixture!("gitlab_push"),
            "Anna Smith pushed 4 commits to **main**",
        ),
        (fixture!("gitlab_merge_request"), "!7 MS-Viewport"),
        (fixture!("gitlab_issue"), "closed the issue"),
        (fixture!("gitlab_pipeline"), "failed after 63 s"),
        (fixture!("kuma"), "**Shop is down**"),
    ] {
        let answer = address.post(body);
        assert_eq!(answer.status, 201, "{words}: {}", answer.body);
        let said = address.said();
        let last = said.lines().last().expect("a line");
        assert!(
            last.contains(words) && last.contains(answer.body["id"].as_str().expect("an id")),
            "{last}"
        );
        assert!(
            last.contains("\tsay\tmonitor\t") && last.contains("account=hook:monitor"),
            "{last}"
        );
    }
    // What happens all the time is taken, and not said.
    let lines = address.said().lines().count();
    let answer =
        address.post(r#"{"object_kind":"pipeline","object_attributes":{"status":"running"}}"#);
    assert_eq!(
        (answer.status, &answer.body),
        (200, &json!({ "skipped": true }))
    );
    assert_eq!(address.said().lines().count(), lines);
}

#[test]
fn slacks_senders_get_slacks_answers() {
    let shop = Shop::new("");
    let address = of(&shop);
    let of = |answer: &Answer| {
        (
            answer.status,
            answer.body.as_str().unwrap_or_default().to_owned(),
        )
    };
    let ok = (200, "ok".to_owned());
    for body in [
        fixture!("slack_blocks"),
        fixture!("slack_attachments"),
        r#"{"text":"*hello*"}"#,
    ] {
        let answer = address.post(body);
        assert_eq!(of(&answer), ok, "{}", answer.body);
        assert_eq!(
            answer.header("Content-Type"),
            Some("text/plain; charset=utf-8")
        );
    }
    let form = "application/x-www-form-urlencoded";
    assert_eq!(
        of(&address.post_as(form, "payload=%7B%22text%22%3A%22by+form%22%7D", &[])),
        ok
    );
    // As `curl -d '{"text":"…"}'` sends it.
    assert_eq!(of(&address.post_as(form, r#"{"text":"by curl"}"#, &[])), ok);
    let said = address.said();
    for words in [
        "**hello**",
        "by form",
        "by curl",
        "**Seattle & Sons**",
        "[Build 7](https://ci.example.org/7)",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    // Nobody is somebody else, nor in another room.
    assert!(
        !said.contains("alice") && !shop.site.path("rooms/elsewhere.log").exists(),
        "{said}"
    );
    assert_eq!(
        of(&address.post(r#"{"text":""}"#)),
        (400, "no_text".to_owned())
    );
    assert_eq!(
        of(&address.post(r#"{"text":7}"#)),
        (400, "invalid_payload".to_owned())
    );
    assert_eq!(
        of(&address.post_as(form, "payload={", &[])),
        (400, "invalid_payload".to_owned())
    );
    chatctl(&shop, &["mute", "lobby", "account:hook:monitor"]);
    assert_eq!(
        of(&address.post(r#"{"text":"a"}"#)),
        (403, "action_prohibited".to_owned())
    );
    // Everybody else gets the interface's own.
    assert_eq!(address.post(fixture!("kuma")).code(), "not_allowed");
    assert_eq!(address.post("{").code(), "bad_json");
    assert_eq!(address.post(r#"{"content":"x"}"#).code(), "bad_json");
    let from_page = [("HTTP_ORIGIN", "https://evil.example")];
    assert_eq!(
        address.post_as("text/plain", "{}", &from_page).code(),
        "cross_site"
    );
}

#[test]
fn an_address_is_shown_once_and_taken_back() {
    let shop = Shop::new("");
    let made = chatctl(&shop, &["incoming", "add", "news", "Grafana"]);
    let path = made["path"].as_str().expect("a path").to_owned();
    let secret = path
        .strip_prefix("api/v1/in/")
        .expect("a secret")
        .to_owned();
    assert_eq!(secret.len(), 40);
    let address = Address {
        shop: &shop,
        secret,
    };
    let answer = address.post(r#"{"text":"first"}"#);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(
        fs::read_to_string(shop.site.path("rooms/news.log"))
            .expect("a log")
            .contains("first")
    );
    // It is in no file and no line, and what was done is noted.
    let found = Command::new("grep")
        .args(["-rlaF", &address.secret])
        .arg(shop.site.path(""))
        .output();
    assert!(found.expect("grep").stdout.is_empty());
    assert!(!answer.log.contains(&address.secret));
    let listed = chatctl(&shop, &["incoming", "list", "news"]);
    assert_eq!(
        (&listed[0]["name"], &listed[0]["account"]),
        (&json!("Grafana"), &json!("hook:Grafana"))
    );
    assert_eq!(chatctl(&shop, &["incoming", "list", "lobby"]), json!([]));
    assert!(!listed.to_string().contains(&address.secret));
    let noted = fs::read_to_string(shop.site.path("log/audit.log")).expect("what was done");
    assert!(noted.contains("incoming add news Grafana"), "{noted}");
    chatctl(&shop, &["incoming", "remove", "news", "grafana"]);
    let answer = address.post(r#"{"text":"second"}"#);
    assert_eq!((answer.status, answer.code()), (404, "not_found"));
    for wrong in [
        "",
        "x",
        "0000000000000000000000000000000000000000",
        "../../health",
        "%00",
    ] {
        let wrong = Address {
            shop: &shop,
            secret: wrong.to_owned(),
        };
        assert_eq!(wrong.post(r#"{"text":"a"}"#).status, 404);
    }
    let get = shop.site.run("GET", "/v1/in/x", &[], "");
    assert_eq!(get.code(), "bad_method");
    // A room that is deleted takes its addresses along.
    chatctl(&shop, &["incoming", "add", "news", "Kuma"]);
    chatctl(&shop, &["purge", "--force", "news"]);
    assert_eq!(chatctl(&shop, &["incoming", "list"]), json!([]));
}

#[test]
fn an_address_of_a_room_that_moved_is_listed_and_taken_back_by_either_name() {
    let shop = Shop::new("");
    for name in ["ci", "kuma"] {
        chatctl(&shop, &["incoming", "add", "den", name]);
    }
    chatctl(&shop, &["say", "den", "hello"]);
    let moved = chatctl(&shop, &["make-private", "den", "--member=alice"]);
    let room = moved["room"].as_str().expect("where it is now");
    let listed = chatctl(&shop, &["incoming", "list", room]);
    assert_eq!(listed.as_array().map(Vec::len), Some(2), "{listed}");
    chatctl(&shop, &["incoming", "remove", "den", "ci"]);
    let listed = chatctl(&shop, &["incoming", "list"]);
    assert_eq!(listed[0]["name"], "kuma", "{listed}");
    // It goes with the room, too.
    chatctl(&shop, &["purge", "--force", room]);
    assert_eq!(chatctl(&shop, &["incoming", "list"]), json!([]));
}

#[test]
fn what_is_sent_again_is_said_once() {
    let shop = Shop::new("");
    let address = of(&shop);
    for header in ["HTTP_IDEMPOTENCY_KEY", "HTTP_WEBHOOK_ID"] {
        let id = [(header, header)];
        let first = address.post_as("application/json", fixture!("gitlab_push"), &id);
        let again = address.post_as("application/json", fixture!("gitlab_push"), &id);
        assert_eq!((first.status, again.status), (201, 200));
        assert_eq!(
            (&again.body["id"], &again.body["duplicate"]),
            (&first.body["id"], &json!(true))
        );
        let other = address.post_as("application/json", fixture!("gitlab_issue"), &id);
        assert_eq!((other.status, other.code()), (409, "key_reused"));
    }
    assert_eq!(
        address
            .said()
            .lines()
            .filter(|line| line.contains("pushed 4"))
            .count(),
        2
    );
}

#[test]
fn a_flood_waits_and_what_is_large_is_not_read() {
    let shop = Shop::new("MAX_MESSAGE=100\n");
    let address = of(&shop);
    let long = json!({ "text": "x".repeat(5_000) }).to_string();
    assert_eq!(address.post(&long).status, 200);
    assert!(address.said().contains(&format!("{}…", "x".repeat(99))));
    let large = json!({ "object_kind": "pipeline", "builds": "x".repeat(200_000) }).to_string();
    assert_eq!(address.post(&large).body, json!({ "skipped": true }));
    let too_large = json!({ "text": "x".repeat(1_100_000) }).to_string();
    assert_eq!(address.post(&too_large).code(), "too_long");
    let slow = (0..80)
        .map(|_| address.post(r#"{"text":"a"}"#))
        .find(|answer| answer.status == 429);
    let slow = slow.expect("one that came too soon");
    assert_eq!(slow.code(), "too_fast");
    assert!(slow.header("Retry-After").is_some());
    // Another one has a bucket of its own.
    let made = chatctl(&shop, &["incoming", "add", "lobby", "other"]);
    let secret = made["path"].as_str().expect("a path")["api/v1/in/".len()..].to_owned();
    let other = Address {
        shop: &shop,
        secret,
    };
    assert_eq!(other.post(r#"{"text":"a"}"#).status, 200);
}

#[test]
fn private_rooms_have_addresses_and_conversations_none() {
    let shop = Shop::new("");
    let admin = shop.scope("admin");
    let made = shop.ask(&admin, "POST", "private", &json!({ "title": "some" }));
    let room = made.body["room"].as_str().expect("a room").to_owned();
    let path = chatctl(&shop, &["incoming", "add", &room, "ci"])["path"].clone();
    let secret = path.as_str().expect("a path")["api/v1/in/".len()..].to_owned();
    let address = Address {
        shop: &shop,
        secret,
    };
    assert_eq!(address.post(r#"{"text":"for some"}"#).status, 200);
    let page = shop.ask(
        &admin,
        "GET",
        &format!("rooms/{room}/messages"),
        &Value::Null,
    );
    assert!(page.body.to_string().contains("for some"), "{}", page.body);
    let lists = shop.ask(&shop.scope("read"), "GET", "rooms", &Value::Null);
    assert!(!lists.body.to_string().contains(&room));
    shop.ask(
        &admin,
        "POST",
        "persons/bob/messages",
        &json!({ "text": "hello" }),
    );
    let pair = fs::read_dir(shop.site.path("closed")).expect("closed rooms");
    let pair = pair.map(|it| {
        format!(
            "~{}",
            it.expect("one")
                .file_name()
                .to_string_lossy()
                .trim_start_matches('~')
        )
    });
    let pair = pair
        .into_iter()
        .find(|name| *name != room && name.len() == room.len())
        .expect("a conversation");
    let mut command = Command::new(e2e::under_test::beside("chatctl"));
    command
        .env_clear()
        .env("CHAT_CONFIG", shop.site.path("chat.ini"));
    let refused = command
        .args(["incoming", "add", &pair, "ci"])
        .output()
        .expect("chatctl starts");
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
}

#[test]
fn people_wait_in_slow_rooms_whichever_way_they_speak() {
    let shop = Shop::new("");
    let (program, person) = (shop.scope("post"), shop.scope("user"));
    let hello = json!({ "text": "hello" });
    shop.ask(&program, "POST", "rooms/lobby/messages", &hello);
    chatctl(&shop, &["slow", "lobby", "3600"]);
    let first = shop.ask_once(&person, "POST", "rooms/lobby/messages", &hello, "one");
    assert_eq!(first.status, 201, "{}", first.body);
    let second = shop.ask_once(&person, "POST", "rooms/lobby/messages", &hello, "two");
    assert_eq!((second.status, second.code()), (429, "too_fast"));
    let wait: u64 = second
        .header("Retry-After")
        .expect("a wait")
        .parse()
        .expect("seconds");
    assert!((3000..=3600).contains(&wait), "{wait}");
    // The same again is no other message; programs and addresses are no people.
    let again = shop.ask_once(&person, "POST", "rooms/lobby/messages", &hello, "one");
    assert_eq!(again.body["duplicate"], true, "{}", again.body);
    assert_eq!(
        shop.ask(&program, "POST", "rooms/lobby/messages", &hello)
            .status,
        201
    );
    assert_eq!(of(&shop).post(r#"{"text":"an alert"}"#).status, 200);
    // Who moderates does not wait.
    chatctl(&shop, &["role", "lobby", "alice", "moderator"]);
    assert_eq!(
        shop.ask_once(&person, "POST", "rooms/lobby/messages", &hello, "three")
            .status,
        201
    );
}
