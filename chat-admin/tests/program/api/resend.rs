//! A request that is sent again after its program was killed, at any moment: what it says is there once.

use super::*;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

/// How many are killed.
const KILLS: u32 = 60;

fn begin(shop: &Shop, token: &str, body: &str, key: &str) -> Child {
    let mut command = Command::new(e2e::under_test::beside("chat-cgi"));
    command
        .env_clear()
        .env("CHAT_CONFIG", shop.site.path("chat.ini"))
        .env("REQUEST_METHOD", "POST")
        .env("PATH_INFO", "/v1/rooms/lobby/messages")
        .env("CONTENT_TYPE", "application/json")
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("HTTP_AUTHORIZATION", format!("Bearer {token}"))
        .env("HTTP_IDEMPOTENCY_KEY", key)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().expect("it starts");
    let _ = child
        .stdin
        .take()
        .expect("its end")
        .write_all(body.as_bytes());
    child
}

#[test]
fn nothing_is_lost_or_there_twice_over_kill_9() {
    let shop = Shop::new("API_BURST=100000\nAPI_RATE=1000\n");
    let token = shop.scope("post read");
    let mut killed = 0;
    for number in 0..KILLS {
        let (body, key) = (
            json!({ "text": format!("message {number}") }),
            format!("key-{number}"),
        );
        let mut child = begin(&shop, &token, &body.to_string(), &key);
        // From before it reads its settings to after it has answered.
        std::thread::sleep(Duration::from_micros(u64::from(number) * 250));
        let _ = child.kill();
        killed += u32::from(child.wait().expect("its end").signal() == Some(9));
        let answer = shop.ask_once(&token, "POST", "rooms/lobby/messages", &body, &key);
        assert!([200, 201].contains(&answer.status), "{}", answer.body);
    }
    assert!(killed > 0, "none was killed in time");
    let page = shop
        .ask(
            &token,
            "GET",
            "rooms/lobby/messages?limit=500",
            &Value::Null,
        )
        .body;
    let texts: Vec<_> = page["records"]
        .as_array()
        .expect("records")
        .iter()
        .map(|record| record["text"].as_str().expect("a text").to_owned())
        .collect();
    let expected: Vec<_> = (0..KILLS)
        .map(|number| format!("message {number}"))
        .collect();
    assert_eq!(texts, expected);
}

#[test]
fn a_key_belongs_to_one_message() {
    let shop = Shop::new("");
    let token = shop.scope("post");
    let of = |text: &str| {
        let body = json!({ "text": text });
        shop.ask_once(&token, "POST", "rooms/lobby/messages", &body, "same")
    };
    let first = of("one");
    assert_eq!(first.status, 201);
    let again = of("one");
    assert_eq!(
        (again.status, &again.body["duplicate"]),
        (200, &json!(true))
    );
    let other = of("two");
    assert_eq!((other.status, other.code()), (409, "key_reused"));
}
