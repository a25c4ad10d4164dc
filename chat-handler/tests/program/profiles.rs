//! How people are shown: what they say of it, what their token says, who is told, and what is in no log.

use std::fs;

use crate::support::{Chat, Page};
use chat_store::fs::dirs::Dirs;
use chat_store::moderation::{self, Entry, Measure};
use chat_store::name::{Nick, RoomName, SERVER};
use chat_store::people::accounts as names;
use chat_store::people::presence::About;
use chat_store::profiles::{self, Status};
use chat_token::sign::Signer;
use serde_json::{Value, json};

fn chat(lines: &str) -> (Chat, Dirs) {
    let chat = Chat::with(&format!(
        "MESSAGE_RATE=100000\nMESSAGE_BURST=100000\n{lines}"
    ));
    let dirs = Dirs::under(chat.base());
    dirs.create().expect("made");
    (chat, dirs)
}

/// A page of who has logged in at the site as `account`, in the lobby. With what it was told of profiles before it was
/// in.
fn page(chat: &Chat, account: &str) -> Page {
    let cookie = chat.log_in(&[("username", account)]);
    let mut page = Page::over(chat.start(&[
        ("PATH_INFO", "/lobby"),
        ("QUERY_STRING", "format=json&protocol=2"),
        ("HTTP_COOKIE", &cookie),
    ]));
    page.expect("hello");
    page
}

/// The next that is told of how `name` is shown.
fn shown(page: &mut Page, name: &str) -> Value {
    let found = page.find(|message| {
        let people = message["people"].as_array();
        message["type"] == "profiles"
            && people.is_some_and(|people| people.iter().any(|one| one["name"] == name))
    });
    let people = found["people"].as_array().expect("a list");
    let one = people.iter().find(|one| one["name"] == name);
    one.expect("found above").clone()
}

fn is(kind: &'static str, from: &'static str) -> impl Fn(&Value) -> bool {
    move |message| message["type"] == kind && message["from"] == from
}

#[test]
fn a_status_is_seen_by_others_at_once_by_who_comes_later_and_in_no_log() {
    let (chat, _) = chat("");
    let (mut anna, mut bob) = (page(&chat, "anna"), page(&chat, "bob"));
    bob.find(is("join", "bob"));
    anna.send(&json!({
        "type": "profile", "msgid": "m1",
        "status": {"emoji": "🌴", "text": "at the lake", "until": "2999-01-01T00:00:00.000000Z"},
    }));
    let ack = anna.find(|message| message["msgid"] == "m1");
    assert_eq!(ack["type"], "ack", "{ack}");
    let status =
        json!({"emoji": "🌴", "text": "at the lake", "until": "2999-01-01T00:00:00.000000Z"});
    assert_eq!(shown(&mut bob, "anna")["status"], status);
    assert_eq!(shown(&mut anna, "anna")["status"], status);
    // Who comes finds it behind the list of members, and she herself before any.
    assert_eq!(
        shown(&mut page(&chat, "carol"), "anna")["status"],
        status,
        "to a newcomer"
    );
    let mut second = page(&chat, "anna");
    assert_eq!(shown(&mut second, "anna")["status"], status, "to herself");
    anna.send(&json!({"type": "profile", "status": {"text": ""}}));
    assert_eq!(shown(&mut bob, "anna").get("status"), None);
    let log = fs::read_to_string(chat.path("rooms/lobby.log")).expect("a log");
    assert!(
        log.contains("\tprofile\tanna\t") && !log.contains("lake"),
        "{log}"
    );
}

#[test]
fn what_is_kept_holds_at_the_next_visit_and_the_name_is_nobody_elses() {
    let (chat, dirs) = chat("");
    let mut anna = page(&chat, "anna");
    let mut bob = page(&chat, "bob");
    bob.find(is("join", "bob"));
    anna.find(is("join", "anna"));
    anna.send(&json!({"type": "profile", "name": "Nan", "color": "#00aa00", "msgid": "m1"}));
    assert_eq!(bob.find(is("nick", "anna"))["to"], "Nan");
    assert_eq!(bob.find(is("color", "Nan"))["color"], "#00aa00");
    anna.find(|message| message["type"] == "ack" && message["msgid"] == "m1");
    anna.send(&json!({"type": "quit"}));
    anna.client.rest();
    let mut again = page(&chat, "anna");
    let welcome = again.find(|message| message["type"] == "welcome");
    assert_eq!(
        (&welcome["you"], &welcome["color"], &welcome["account"]),
        (&json!("Nan"), &json!("#00aa00"), &Value::Null)
    );
    // What looks like it is hers, wherever somebody else asks for it.
    for name in ["nan", "N\u{430}n", "anna"] {
        bob.send(&json!({"type": "profile", "name": name, "msgid": "n"}));
        let answer = bob.find(|message| message["msgid"] == "n");
        assert_eq!(answer["code"], "bad_name", "{name}: {answer}");
    }
    let nick = Nick::parse("Nan").expect("a nick");
    assert_eq!(
        names::owner(&dirs, &nick).expect("read").as_deref(),
        Some("anna")
    );
    again.send(&json!({"type": "profile", "name": "", "color": "", "msgid": "m2"}));
    assert_eq!(bob.find(is("nick", "Nan"))["to"], "anna");
    assert_eq!(bob.find(is("color", "anna"))["color"], "Gray");
    assert!(!names::has(&dirs, &nick));
}

#[test]
fn who_is_nobody_or_may_not_has_no_profile() {
    let (chat, dirs) = chat("");
    let ini = fs::read_to_string(chat.path("chat.ini")).expect("read");
    fs::write(
        chat.path("chat.ini"),
        ini + "[access]\nprofile = !account:eve, all\n",
    )
    .expect("written");
    let mut guest = chat.page("lobby", "guest");
    guest.send(&json!({"type": "profile", "status": {"text": "x"}, "msgid": "m"}));
    assert_eq!(
        guest.find(|message| message["msgid"] == "m")["code"],
        "anonymous_refused"
    );
    let mut eve = page(&chat, "eve");
    eve.send(&json!({"type": "profile", "status": {"text": "x"}, "msgid": "m"}));
    assert_eq!(
        eve.find(|message| message["msgid"] == "m")["code"],
        "not_allowed"
    );
    assert!(!profiles::is_any(&dirs));
}

#[test]
fn what_is_wrong_is_told_and_changes_nothing() {
    let (chat, dirs) = chat("");
    let mut anna = page(&chat, "anna");
    let long = "a".repeat(101);
    for (wish, code) in [
        (json!({"name": "\u{202e}"}), "bad_name"),
        (json!({"color": "url(x)"}), "bad_color"),
        (json!({"status": {"text": long}}), "too_long"),
        (
            json!({"status": {"emoji": "<b>", "text": "x"}}),
            "bad_field",
        ),
        (
            json!({"status": {"text": "x", "until": "tomorrow"}}),
            "bad_field",
        ),
        (json!({"avatar": "../../etc/passwd"}), "bad_field"),
    ] {
        let mut message = wish.clone();
        message["type"] = json!("profile");
        message["msgid"] = json!("m");
        anna.send(&message);
        let answer = anna.find(|message| message["msgid"] == "m");
        assert_eq!(answer["code"], code, "{wish}: {answer}");
    }
    assert_eq!(profiles::of_account(&dirs, "anna").expect("read"), None);
}

#[test]
fn who_may_not_speak_in_one_room_changes_nothing_from_another() {
    let (chat, dirs) = chat("");
    let mut there = page(&chat, "anna");
    there.find(is("join", "anna"));
    let cookie = chat.log_in(&[("username", "anna")]);
    let mut elsewhere = Page::over(chat.start(&[
        ("PATH_INFO", "/garden"),
        ("QUERY_STRING", "format=json&protocol=2"),
        ("HTTP_COOKIE", &cookie),
    ]));
    elsewhere.expect("hello");
    let about = About {
        account: Some("anna".to_owned()),
        ..About::default()
    };
    let nick = Nick::parse("anna").expect("a name");
    let entry = Entry::against(Measure::Mute, nick, about, SERVER);
    moderation::impose(&dirs, &RoomName::lobby(), &entry).expect("imposed");
    let wish = json!({"type": "profile", "msgid": "m", "status": {"text": "shouting"}});
    elsewhere.send(&wish);
    let answer = elsewhere.find(|message| message["msgid"] == "m");
    assert_eq!(answer["code"], "muted", "{answer}");
    assert_eq!(profiles::of_account(&dirs, "anna").expect("read"), None);
}

#[test]
fn a_status_that_is_over_is_shown_to_nobody() {
    let (chat, dirs) = chat("");
    profiles::change(&dirs, "anna", &mut |profile| {
        let past = chat_store::record::RecordId::from_micros(1);
        profile.status = Status::new("", "long ago", Some(past));
        profile.color = Some("red".into());
    })
    .expect("changed");
    let mut anna = page(&chat, "anna");
    assert_eq!(shown(&mut anna, "anna").get("status"), None);
}

#[test]
fn text_clients_notice_nothing_but_the_name() {
    let (chat, _) = chat("");
    let mut old = chat.old_page("lobby", "old");
    let mut anna = page(&chat, "anna");
    anna.find(is("join", "anna"));
    anna.send(&json!({"type": "profile", "status": {"text": "at the lake"}}));
    shown(&mut anna, "anna");
    anna.send(&json!({"type": "say", "room": "lobby", "text": "done"}));
    let mut lines = Vec::new();
    while !lines
        .last()
        .is_some_and(|line: &String| line.contains("done"))
    {
        lines.push(old.line().expect("it goes on"));
    }
    let tells = |line: &String| line.contains("lake") || line.contains("profile");
    assert!(!lines.iter().any(tells), "{lines:?}");
}

/// A chat that believes a key, and who signs with it.
fn of_tokens() -> (Chat, Dirs, Signer) {
    let (chat, dirs) = chat("JWT_KEYS=keys\n");
    let pem = Signer::new_pem().expect("a key");
    let signer = Signer::from_pem(pem.as_bytes()).expect("a key");
    fs::create_dir(chat.path("keys")).expect("made");
    let public = signer.public_pem().expect("its public half");
    fs::write(chat.path("keys/site.pem"), public).expect("written");
    (chat, dirs, signer)
}

fn by_token(chat: &Chat, signer: &Signer, public: &Value) -> Page {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("a clock")
        .as_secs();
    let mut claims =
        json!({"aud": "chat", "sub": "anna", "scope": "user", "iat": now - 1, "exp": now + 600});
    if !public.is_null() {
        claims["pub"] = public.clone();
    }
    let mut page = Page::over(chat.start(&[
        ("PATH_INFO", "/lobby"),
        ("QUERY_STRING", "format=json&protocol=2&auth=1"),
    ]));
    page.send(&json!({"type": "auth", "token": signer.sign("site", &claims)}));
    page.expect("hello");
    page
}

#[test]
fn what_a_token_says_is_shown_to_others_as_it_was_said() {
    let (chat, dirs, signer) = of_tokens();
    let mut bob = page(&chat, "bob");
    let public = json!({"title": "<b>Editor</b>", "link": "https://example.org/anna"});
    let mut anna = by_token(&chat, &signer, &public);
    assert_eq!(shown(&mut bob, "anna")["pub"], public);
    anna.find(is("join", "anna"));
    anna.send(&json!({"type": "quit"}));
    anna.client.rest();
    // The next token says nothing.
    let mut anna = by_token(&chat, &signer, &Value::Null);
    anna.find(is("join", "anna"));
    assert_eq!(profiles::of_account(&dirs, "anna").expect("read"), None);
}
