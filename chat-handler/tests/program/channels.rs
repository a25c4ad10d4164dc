//! Channels: what programs of the site tell pages, on all devices of who may hear it and to nobody else.

use std::fmt::Write as _;
use std::process::Command;

use crate::support::{Chat, Client, Page};
use chat_store::channels::{self, ChannelName, Event};
use chat_store::fs::dirs::Dirs;
use e2e::requirement::part;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

/// Who may hear what in most of these tests.
const CHANNELS: &str = "\n[channels]\nnews = all\norders.* = account\n";

fn chat() -> Chat {
    Chat::with(&format!(
        "MESSAGE_RATE=100000\nMESSAGE_BURST=100000{CHANNELS}"
    ))
}

/// A page of many rooms that is in none; without a name it is a guest.
fn page(chat: &Chat, account: Option<&str>) -> Page {
    let cookie = account.map_or_else(String::new, |name| chat.log_in_as(name));
    let variables = [
        ("PATH_INFO", "/"),
        (
            "QUERY_STRING",
            "format=json&protocol=2&client=a-browser-of-it",
        ),
        ("HTTP_COOKIE", &cookie),
        ("REMOTE_ADDR", "192.0.2.7"),
    ];
    let mut page = Page::over(chat.start(&variables));
    page.expect("hello");
    page
}

fn hear(page: &mut Page, channel: &str, since: Option<&Value>) -> Value {
    let mut wish = json!({"type": "subscribe", "channel": channel});
    if let Some(since) = since {
        wish["since"] = since.clone();
    }
    page.send(&wish);
    page.find(|message| message["channel"] == channel && message["type"] != "event")
}

fn tell(chat: &Chat, channel: &str, data: &Value) -> String {
    let name = ChannelName::parse(channel).expect("a name");
    let event = Event {
        from: "api:shop",
        account: Some("api:shop"),
        msgid: None,
        ev: "order.paid",
        data: &data.to_string(),
    };
    let told = channels::tell(&Dirs::under(chat.base()), &name, &event);
    told.expect("told").id().to_string()
}

#[test]
fn a_topic_is_heard_by_all_who_want_it_and_by_nobody_else() {
    let chat = chat();
    let (mut guest, mut anna, mut bob) = (
        page(&chat, None),
        page(&chat, Some("anna")),
        page(&chat, Some("bob")),
    );
    assert_eq!(hear(&mut guest, "news", None)["type"], "subscribed");
    assert_eq!(hear(&mut anna, "news", None)["type"], "subscribed");
    let data = json!({"text": "tab\t \u{202e} \"quoted\"", "n": [1.5, null], "é": "ž"});
    let id = tell(&chat, "news", &data);
    for page in [&mut guest, &mut anna] {
        let event = page.expect("event");
        assert_eq!(
            event,
            json!({"type": "event", "channel": "news", "id": id, "ev": "order.paid", "from": "api:shop", "data": data})
        );
    }
    assert_eq!(bob.settle(), [] as [Value; 0]);
    // And no more, once they want it no more.
    guest.send(&json!({"type": "unsubscribe", "channel": "news"}));
    assert_eq!(
        guest.expect("unsubscribed"),
        json!({"type": "unsubscribed", "channel": "news"})
    );
    tell(&chat, "news", &json!(2));
    assert_eq!(anna.expect("event")["data"], 2);
    assert_eq!(guest.settle(), [] as [Value; 0]);
}

#[test]
fn who_may_not_hear_a_channel_is_told_and_hears_nothing() {
    let chat = chat();
    let mut guest = page(&chat, None);
    for (channel, code) in [
        ("orders.7", "not_allowed"),
        ("other", "not_allowed"),
        ("user:anna", "not_allowed"),
        ("user:", "bad_channel"),
        ("../rooms/lobby", "bad_channel"),
        ("a b", "bad_channel"),
    ] {
        let answer = hear(&mut guest, channel, None);
        assert_eq!(
            (&answer["type"], &answer["code"]),
            (&json!("unsubscribed"), &json!(code)),
            "{channel}"
        );
    }
    let mut anna = page(&chat, Some("anna"));
    assert_eq!(hear(&mut anna, "orders.7", None)["type"], "subscribed");
    tell(&chat, "orders.7", &json!(1));
    tell(&chat, "user:anna", &json!("secret"));
    assert_eq!(anna.expect("event")["channel"], "orders.7");
    assert_eq!(guest.settle(), [] as [Value; 0]);
    // Nothing stays of what was asked for.
    assert_eq!(chat.files("run/channels"), ["orders.7.bell"]);
}

#[test]
fn what_is_for_one_person_reaches_all_their_devices_and_nobody_else() {
    let chat = chat();
    let mut devices = [(); 3].map(|()| page(&chat, Some("anna")));
    let mut others = [Some("bob"), Some("Anna"), None].map(|account| page(&chat, account));
    for device in &mut devices {
        assert_eq!(hear(device, "user:anna", None)["type"], "subscribed");
    }
    for other in &mut others {
        assert_eq!(hear(other, "user:anna", None)["code"], "not_allowed");
        // They hear all that they may, and are in a room with her.
        hear(other, "news", None);
        other.send(&json!({"type": "enter", "rooms": [{"room": "r"}]}));
        other.expect("history");
    }
    devices[0].send(&json!({"type": "enter", "rooms": [{"room": "r"}]}));
    devices[0].expect("history");
    tell(&chat, "user:anna", &json!({"secret": "42"}));
    for device in &mut devices {
        assert_eq!(device.expect("event")["data"]["secret"], "42");
    }
    for other in &mut others {
        let heard = other.settle();
        assert!(
            heard.iter().all(|message| message["type"] != "event"),
            "{heard:?}"
        );
    }
    // No name of a file tells whose it is, and none but the channel's own holds it.
    let files = chat.files("channels");
    assert!(files.len() == 1 && !files[0].contains("anna"), "{files:?}");
    let found = Command::new("grep")
        .args(["-rl", "secret"])
        .arg(chat.base())
        .output();
    let found = String::from_utf8(found.expect("grep").stdout).expect("UTF-8");
    assert_eq!(found.lines().count(), 1, "{found}");
}

#[test]
fn who_was_away_hears_all_of_it_once() {
    let chat = chat();
    let mut anna = page(&chat, Some("anna"));
    let empty = hear(&mut anna, "user:anna", None)["last"].clone();
    // Lost before the first event.
    kill(
        Pid::from_raw(i32::try_from(anna.client.child.id()).expect("a pid")),
        Signal::SIGKILL,
    )
    .expect("killed");
    let told: Vec<_> = (0..400)
        .map(|n| tell(&chat, "user:anna", &json!({"n": n, "x": "y".repeat(200)})))
        .collect();
    let mut heard = Vec::new();
    let mut since = empty;
    // And lost again and again, in the middle of what it missed.
    for most in [0, 1, 150, usize::MAX] {
        let mut anna = page(&chat, Some("anna"));
        assert_eq!(
            hear(&mut anna, "user:anna", Some(&since))["type"],
            "subscribed"
        );
        while heard.len() < told.len().min(most) {
            let event = anna.expect("event");
            since = event["id"].clone();
            heard.push(since.as_str().expect("an id").to_owned());
        }
        if most == usize::MAX {
            let last = tell(&chat, "user:anna", &json!("last"));
            assert_eq!(anna.expect("event")["id"], last);
        } else {
            kill(
                Pid::from_raw(i32::try_from(anna.client.child.id()).expect("a pid")),
                Signal::SIGKILL,
            )
            .expect("killed");
        }
    }
    assert_eq!(heard, told);
}

#[test]
fn at_most_eight_at_once() {
    let chat = chat();
    let mut anna = page(&chat, Some("anna"));
    for number in 0..8 {
        let answer = hear(&mut anna, &format!("orders.{number}"), None);
        assert_eq!(answer["type"], "subscribed");
    }
    assert_eq!(hear(&mut anna, "orders.8", None)["code"], "too_many");
    // One that is heard already answers nothing and takes no other place.
    anna.send(&json!({"type": "subscribe", "channel": "orders.7"}));
    assert_eq!(anna.settle(), [] as [Value; 0]);
    anna.send(&json!({"type": "unsubscribe", "channel": "orders.0"}));
    anna.expect("unsubscribed");
    assert_eq!(hear(&mut anna, "orders.8", None)["type"], "subscribed");
    for number in 1..9 {
        tell(&chat, &format!("orders.{number}"), &json!(number));
    }
    let mut heard: Vec<_> = (1..9)
        .map(|_| anna.expect("event")["data"].as_u64().expect("a number"))
        .collect();
    heard.sort_unstable();
    assert_eq!(heard, [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn a_busy_channel_keeps_no_room_waiting() {
    let chat = chat();
    let mut anna = page(&chat, Some("anna"));
    let empty = hear(&mut anna, "news", None)["last"].clone();
    let mut bob = chat.page("r", "bob");
    anna.send(&json!({"type": "quit"}));
    anna.expect("bye");
    let many = 1000;
    for number in 0..many {
        tell(&chat, "news", &json!({"n": number, "x": "y".repeat(1000)}));
    }
    let mut anna = page(&chat, Some("anna"));
    anna.send(&json!({"type": "enter", "rooms": [{"room": "r"}]}));
    anna.expect("history");
    hear(&mut anna, "news", Some(&empty));
    // All of it does not fit between the handler and who reads: it waits with most of it.
    bob.type_in("between");
    bob.find(|message| message["text"] == "between");
    let mut before = 0;
    loop {
        let message = anna.message();
        if message["text"] == "between" {
            break;
        }
        before += usize::from(message["type"] == "event");
    }
    assert!(
        before < many / 2,
        "{before} events came before what was said"
    );
    let rest = (before..many).map(|_| anna.expect("event")["data"]["n"].clone());
    assert_eq!(rest.last(), Some(json!(many - 1)));
}

#[test]
fn what_another_hand_wrote_into_the_log_is_no_message() {
    let chat = chat();
    let mut guest = page(&chat, None);
    hear(&mut guest, "news", None);
    let first = tell(&chat, "news", &json!(1));
    let log = chat.path("channels/news.log");
    let mut text = std::fs::read_to_string(&log).expect("a log");
    for (second, line) in [
        "event\tx\tev=a\t{",
        "event\tx\tev=a\t1},{\"type\":\"bye\"",
        "say\tx\t\thello",
        "event\tx\t\t1",
    ]
    .iter()
    .enumerate()
    {
        writeln!(text, "2096-11-21T10:15:{second:02}.000000Z\t{line}").expect("a string");
    }
    std::fs::write(&log, text).expect("written");
    let last = tell(&chat, "news", &json!(2));
    assert_eq!(guest.expect("event")["id"], first);
    assert_eq!(guest.expect("event")["id"], last);
}

#[test]
fn the_bell_is_hung_up_again_when_run_was_emptied() {
    let chat = chat();
    let mut guest = page(&chat, None);
    guest.send(&json!({"type": "enter", "rooms": [{"room": "r"}]}));
    guest.expect("history");
    hear(&mut guest, "news", None);
    std::fs::remove_dir_all(chat.path("run")).expect("removed");
    // Not rung: found by the safety poll.
    let id = tell(&chat, "news", &json!(1));
    assert_eq!(guest.expect("event")["id"], id);
    let id = tell(&chat, "news", &json!(2));
    assert_eq!(guest.expect("event")["id"], id);
    assert_eq!(chat.files("run/channels"), ["news.bell"]);
}

#[test]
fn other_protocols_know_no_channels() {
    let chat = chat();
    let mut bob = chat.page("r", "bob");
    bob.send(&json!({"type": "subscribe", "channel": "news"}));
    assert_eq!(bob.expect("error")["code"], "unknown_type");
}

/// System calls of a handler that hears so many channels and quits.
fn calls_for(chat: &Chat, count: usize) -> usize {
    let trace = chat.path(&format!("trace-{count}"));
    let handler = chat.command();
    let mut command = Command::new(part("/usr/bin/strace", "strace"));
    command
        .args(["-f", "-qq", "-o"])
        .arg(&trace)
        .arg(handler.get_program())
        .args(handler.get_args());
    command.env_clear().envs([
        ("TZ", "UTC0"),
        ("PATH_INFO", "/"),
        ("QUERY_STRING", "format=json&protocol=2&client=a-browser"),
        ("REMOTE_ADDR", "192.0.2.7"),
    ]);
    let mut page = Page::over(Client::start(command));
    page.expect("hello");
    for number in 0..count {
        let wish = json!({"type": "subscribe", "channel": format!("news{number}")});
        page.send(&wish);
        page.expect("subscribed");
    }
    page.send(&json!({"type": "quit"}));
    page.expect("bye");
    page.client.rest();
    let text = std::fs::read_to_string(&trace).expect("a trace");
    assert_eq!(count > 0, text.contains("run/channels"), "{count}");
    text.lines()
        .filter(|line| !line.contains("F_GETFD"))
        .count()
}

#[test]
fn who_hears_no_channel_pays_nothing_and_one_more_is_cheap() {
    let chat = Chat::with("\n[channels]\n* = all\n");
    // What the first visit makes is there at the second.
    calls_for(&chat, 1);
    let [none, one, all] = [0, 1, 8].map(|count| calls_for(&chat, count));
    let each = (all - one).div_ceil(7);
    assert!(
        each <= 40 && one - none <= 60,
        "{} for the first, {each} for each other",
        one - none
    );
}
