//! `api/search` as a page asks it: over all rooms that one may read, page by page, and within its pace.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use crate::support::Chat;
use serde_json::{Value, json};

/// What chat-cgi answers; the status beside it.
fn ask_from(chat: &Chat, query: &str, cookie: &str, address: &str) -> (u16, Value) {
    let output = Command::new(e2e::under_test::beside("chat-cgi"))
        .env_clear()
        .env("CHAT_CONFIG", chat.path("chat.ini"))
        .env("GATEWAY_INTERFACE", "CGI/1.1")
        .env("REQUEST_METHOD", "GET")
        .env("PATH_INFO", "/search")
        .env("QUERY_STRING", query)
        .env("HTTP_COOKIE", cookie)
        .env("REMOTE_ADDR", address)
        .output()
        .expect("it starts");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let (head, body) = text.split_once("\r\n\r\n").expect("headers and a body");
    let status = head["Status: ".len()..][..3].parse().expect("a status");
    (status, serde_json::from_str(body).expect("JSON"))
}

fn ask(chat: &Chat, query: &str) -> Value {
    let (status, body) = ask_from(chat, query, "", "192.0.2.7");
    assert_eq!(status, 200, "{query}: {body}");
    body
}

fn texts(answer: &Value) -> Vec<&str> {
    let hits = answer["hits"].as_array().expect("hits");
    let text = |hit: &'_ Value| hit["record"]["text"].as_str().map(str::len).is_some();
    assert!(hits.iter().all(text), "{answer}");
    hits.iter()
        .filter_map(|hit| hit["record"]["text"].as_str())
        .collect()
}

fn time(minute: usize) -> String {
    format!(
        "2026-11-{:02}T{:02}:{:02}:00.000000Z",
        1 + minute / 1440,
        minute / 60 % 24,
        minute % 60
    )
}

/// Two rooms, one of them rotated, that spoke in turn; and a compressed file.
fn two_rooms() -> Chat {
    let chat = Chat::with("");
    fs::create_dir_all(chat.path("rooms")).expect("a directory");
    let mut logs = [String::new(), String::new()];
    for number in 0..3000 {
        let (who, attrs) = if number % 5 == 0 {
            ("Žofie", "account=zofie")
        } else {
            ("bob", "")
        };
        let text = match number {
            100 => "Příliš žluťoučký kůň",
            2000 => "a 😀 PRI\u{301}LIS\u{30c} long story about a kun",
            2001 => "an answer",
            _ => "nothing",
        };
        writeln!(
            logs[number % 2],
            "{}\tsay\t{who}\t{attrs}\t{text}",
            time(number)
        )
        .expect("memory");
    }
    let middle = logs[0][..logs[0].len() / 2].rfind('\n').expect("a line") + 1;
    fs::write(chat.path("rooms/pub.log.1"), &logs[0][..middle]).expect("written");
    fs::write(chat.path("rooms/pub.log"), &logs[0][middle..]).expect("written");
    fs::write(chat.path("rooms/pub.log.2.gz"), b"packed").expect("written");
    fs::write(chat.path("rooms/lobby.log"), &logs[1]).expect("written");
    chat
}

#[test]
fn words_are_found_in_all_rooms_with_what_was_said_beside_them_and_where_they_are() {
    let chat = two_rooms();
    let answer = ask(&chat, "q=prilis+KUN");
    assert_eq!(texts(&answer).len(), 2);
    let [newer, older] = [&answer["hits"][0], &answer["hits"][1]];
    assert_eq!(
        (&newer["room"], &older["room"]),
        (&json!("pub"), &json!("pub"))
    );
    // In code units of UTF-16, with the accents that were typed as characters of their own.
    assert_eq!(newer["marks"], json!([[5, 8], [33, 3]]));
    assert_eq!(older["marks"], json!([[0, 6], [17, 3]]));
    assert_eq!(newer["record"]["id"], time(2000));
    assert_eq!(
        (&newer["before"]["id"], &newer["after"]["id"]),
        (&json!(time(1998)), &json!(time(2002)))
    );
    assert_eq!(
        (&answer["percent"], &answer["packed"]),
        (&json!(100), &json!(1))
    );
    assert!(answer.get("cursor").is_none(), "{answer}");

    // As people type it, and as a page says it.
    for query in [
        "q=answer+in%3Alobby",
        "q=answer&room=lobby",
        "q=%22an+answer%22+before:2026-12-01",
        "q=answer+from:BOB",
        "q=answer&after=2026-11-02T09:21&before=2026-11-02T09:22",
    ] {
        assert_eq!(texts(&ask(&chat, query)), ["an answer"], "{query}");
    }
    for query in [
        "q=answer+in:pub",
        "q=%22answer+an%22",
        "q=answer+from:zofie",
        "q=answer+account:bob",
        "q=answer+has:file",
        "q=answer&after=2026-11-02T09:22",
        "q=answer&before=2026-11-02T09:21",
    ] {
        assert_eq!(texts(&ask(&chat, query)), Vec::<&str>::new(), "{query}");
    }
    let understood = &ask(&chat, "q=tea+from:bob+after:2026-11-02+has:file&room=lobby")["query"];
    let wanted = json!({
        "words": ["tea"], "from": "bob", "room": "lobby", "has": "file", "after": "2026-11-02T00:00:00.000000Z",
    });
    assert_eq!(*understood, wanted);
}

#[test]
fn pages_go_on_where_the_last_one_ended_and_give_each_hit_once() {
    let chat = two_rooms();
    let (mut ids, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let answer = ask(&chat, &format!("from=zofie&limit=50{cursor}"));
        for hit in answer["hits"].as_array().expect("hits") {
            assert_eq!(hit["record"]["account"], "zofie");
            ids.push(hit["record"]["id"].as_str().expect("an id").to_owned());
        }
        pages += 1;
        assert!(
            answer["percent"]
                .as_u64()
                .is_some_and(|percent| percent <= 100),
            "{answer}"
        );
        let Some(next) = answer["cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    let wanted: Vec<String> = (0..3000)
        .rev()
        .filter(|number| number % 5 == 0)
        .map(time)
        .collect();
    assert_eq!(ids, wanted);
    assert!(pages >= 12, "{pages}");
}

#[test]
fn what_cannot_be_looked_for_is_said() {
    let chat = two_rooms();
    for (query, status, code) in [
        ("", 400, "empty"),
        ("q=+%CC%81+", 400, "empty"),
        ("q=x+before:noon", 400, "bad_time"),
        ("q=x&has=wings", 400, "bad_has"),
        ("q=x&cursor=12", 400, "bad_id"),
        ("q=x&room=..%2Fx", 400, "bad_room"),
        ("q=x&room=~0123456789abcdef0123", 404, "no_such_room"),
    ] {
        let (found, body) = ask_from(&chat, query, "", "192.0.2.7");
        assert_eq!(
            (found, &body["error"]["code"]),
            (status, &json!(code)),
            "{query}"
        );
    }
    assert_eq!(texts(&ask(&chat, "q=x&room=nowhere")), Vec::<&str>::new());
}

#[test]
fn what_was_cleared_redacted_or_said_to_whom_is_banned_is_not_found() {
    let chat = two_rooms();
    for dir in ["state", "run", "users"] {
        fs::create_dir_all(chat.path(dir)).expect("a directory");
    }
    let run = |words: &[&str]| {
        let mut command = Command::new(e2e::under_test::beside("chatctl"));
        let command = command
            .env_clear()
            .env("CHAT_CONFIG", chat.path("chat.ini"))
            .args(words);
        let done = command.output().expect("it starts");
        assert!(done.status.success(), "{done:?}");
    };
    run(&["redact", "pub", &time(2000)]);
    assert_eq!(texts(&ask(&chat, "q=prilis")), ["Příliš žluťoučký kůň"]);
    run(&["ban", "lobby", "address:192.0.2.7"]);
    assert_eq!(texts(&ask(&chat, "q=answer")), Vec::<&str>::new());
    let (status, _) = ask_from(&chat, "q=answer&room=lobby", "", "192.0.2.7");
    assert_eq!(status, 403);
    let (_, others) = ask_from(&chat, "q=answer", "", "192.0.2.8");
    assert_eq!(texts(&others), ["an answer"]);
    run(&["clear", "pub"]);
    assert_eq!(texts(&ask(&chat, "q=prilis")), Vec::<&str>::new());
}

#[test]
fn who_has_searched_much_is_asked_to_wait_and_others_are_not() {
    let chat = two_rooms();
    let mut refused = None;
    // Each costs some MiB beside what it reads, of 4 GiB; a clock that runs gives some of it back.
    for _ in 0..4000 {
        let (status, body) = ask_from(&chat, "q=zzz&room=lobby", "", "192.0.2.7");
        if status != 200 {
            refused = Some((status, body["error"]["code"].clone()));
            break;
        }
        drain(&chat);
    }
    assert_eq!(refused, Some((429, json!("too_many_searches"))));
    assert_eq!(ask_from(&chat, "q=zzz&room=lobby", "", "192.0.2.8").0, 200);
}

/// Takes nearly all from whoever has searched: their slots of `run/_pace.table` say that 1 MiB is left, in an hour.
fn drain(chat: &Chat) {
    let path = chat.path("run/_pace.table");
    let mut table = fs::read(&path).expect("a table");
    for slot in table.chunks_exact_mut(40) {
        if slot[..8] != [0; 8] {
            let later =
                u64::from_le_bytes(slot[8..16].try_into().expect("8 bytes")) + 3_600_000_000;
            slot[8..16].copy_from_slice(&later.to_le_bytes());
            slot[16..20].copy_from_slice(&1024u32.to_le_bytes());
        }
    }
    fs::write(path, table).expect("written");
}
