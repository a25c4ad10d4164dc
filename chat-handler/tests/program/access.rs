//! What `[access]` lets people do in a room, and accounts of the chat's own: who is logged in by them, and no longer.

use std::fs;

use crate::support::{Chat, Page};
use chat_store::accounts::{self, Account, AccountKind, Group, reach};
use chat_store::fs::dirs::Dirs;
use chat_store::name::Nick;
use serde_json::{Value, json};

fn nick(name: &str) -> Nick {
    Nick::parse(name).expect("a name")
}

/// A chat with these lines of rights, and these accounts in the group of their name.
fn chat(lines: &str, names: &[&str]) -> (Chat, Dirs) {
    let chat = Chat::with("ACCOUNTS=yes\nMESSAGE_BURST=1000");
    let ini = fs::read_to_string(chat.path("chat.ini")).expect("read") + lines;
    fs::write(chat.path("chat.ini"), ini).expect("written");
    let dirs = Dirs::under(chat.base());
    dirs.create().expect("made");
    for name in names {
        let mut account = Account::new(nick(name), AccountKind::Person);
        account.groups.insert(Group::parse(name).expect("a group"));
        accounts::create(&dirs, &account).expect("made");
    }
    (chat, dirs)
}

/// The cookie of a log-in by our own form.
fn cookie(chat: &Chat, dirs: &Dirs, name: &str) -> String {
    let account = accounts::find(&dirs.accounts, &nick(name))
        .expect("read")
        .expect("one");
    let generation = account.generation.to_string();
    chat.log_in(&[("chat_generation", &generation), ("username", name)])
}

fn change(dirs: &Dirs, name: &str, edit: impl Fn(&mut Account)) {
    accounts::change(dirs, &nick(name), &mut |account| {
        edit(account);
        Ok(())
    })
    .expect("changed");
}

/// What a page that comes with this cookie is told first: `welcome`, or the code.
fn comes(chat: &Chat, room: &str, cookie: &str) -> (String, Value) {
    let mut handler = chat.start(&[
        ("PATH_INFO", &format!("/{room}")),
        ("QUERY_STRING", "format=json"),
        ("HTTP_COOKIE", cookie),
    ]);
    let first: Value = serde_json::from_str(&handler.line().expect("a line")).expect("JSON");
    let code = first["code"].as_str().or(first["type"].as_str());
    (code.expect("a word").to_owned(), first["account"].clone())
}

#[test]
fn a_log_in_holds_as_long_as_its_account_does() {
    let (chat, dirs) = chat("", &["anna"]);
    let old = cookie(&chat, &dirs, "anna");
    assert_eq!(comes(&chat, "r", &old).1, json!("anna"));
    change(&dirs, "anna", Account::end_sessions);
    assert_eq!(
        comes(&chat, "r", &old).1,
        Value::Null,
        "logged out everywhere"
    );
    let new = cookie(&chat, &dirs, "anna");
    assert_eq!(comes(&chat, "r", &new).1, json!("anna"));
    change(&dirs, "anna", |anna| anna.disabled = Some(anna.created));
    assert_eq!(comes(&chat, "r", &new).1, Value::Null, "disabled");
    // A session of the site's own log-in, too: the account is disabled, however they come.
    assert_eq!(
        comes(&chat, "r", &chat.log_in(&[("username", "anna")])).1,
        Value::Null
    );
    // Who has no account here is the site's to know; a name that looks like one is not it.
    for name in ["bob", "Anna"] {
        let theirs = chat.log_in(&[("username", name)]);
        assert_eq!(comes(&chat, "r", &theirs).1, json!(name));
    }
    for planted in ["0", "x", "99999999999999999999999"] {
        let forged = chat.log_in(&[("chat_generation", planted), ("username", "anna")]);
        assert_eq!(comes(&chat, "r", &forged).1, Value::Null, "{planted}");
    }
    accounts::remove(&dirs, &nick("anna"), &mut |_| Ok(())).expect("removed");
    assert_eq!(
        comes(&chat, "r", &new).1,
        Value::Null,
        "there is no such account"
    );
}

#[test]
fn who_is_in_by_an_account_that_is_disabled_is_out_at_once() {
    let (chat, dirs) = chat("", &["anna", "bob"]);
    let mut bob = chat.page_with("r", "", &cookie(&chat, &dirs, "bob"));
    let anna = cookie(&chat, &dirs, "anna");
    let mut one = chat.page_with("r", "", &anna);
    let mut window = chat.window("client=abcdefgh", &anna);
    window.send(&json!({"type": "enter", "rooms": [{"room": "r"}, {"room": "s"}]}));
    window.find(|message| message["type"] == "welcome" && message["room"] == "s");
    change(&dirs, "anna", |anna| anna.disabled = Some(anna.created));
    // They are told by the bell, and not by a look at the clock: in one room, and may be gone from the other by then.
    assert!(reach::tell(&dirs, &nick("anna")).expect("told") >= 1);
    for page in [&mut one, &mut window] {
        let bye = page.find(|message| message["type"] == "bye");
        assert_eq!(bye["reason"], "logged_out", "{bye}");
    }
    bob.find(|message| message["type"] == "quit" && message["from"] == "anna");
    // The other account is not met.
    bob.say_acked("still here", "m1");
}

#[test]
fn who_says_something_by_an_account_that_is_over_is_not_heard() {
    let (chat, dirs) = chat("", &["anna"]);
    let mut anna = chat.page_with("r", "", &cookie(&chat, &dirs, "anna"));
    // By hand, and nobody rings.
    change(&dirs, "anna", Account::end_sessions);
    anna.say("too late", "m1");
    let bye = anna.find(|message| message["type"] == "bye");
    assert_eq!(bye["reason"], "logged_out");
    assert!(!chat.log("r").contains("too late"));
}

#[test]
fn a_group_that_is_given_or_taken_counts_at_once() {
    let (chat, dirs) = chat(
        "\n[access]\nspeak=group:choir\n[access hall]\nenter=group:anna\n",
        &["anna"],
    );
    let mut anna = chat.page_with("r", "", &cookie(&chat, &dirs, "anna"));
    anna.say("mute", "m1");
    assert_eq!(anna.find(|it| it["msgid"] == "m1")["code"], "not_allowed");
    change(&dirs, "anna", |anna| {
        anna.groups.insert(Group::parse("choir").expect("a group"));
    });
    anna.say("la", "m2");
    assert_eq!(
        anna.find(|it| it["msgid"] == "m2" && it["type"] != "say")["type"],
        "ack"
    );
    let mut hall = chat.page_with("hall", "", &cookie(&chat, &dirs, "anna"));
    change(&dirs, "anna", |anna| {
        anna.groups.retain(|group| group.as_str() != "anna");
    });
    reach::tell(&dirs, &nick("anna")).expect("told");
    let bye = hall.find(|message| message["type"] == "bye");
    assert_eq!(
        (&bye["reason"], &bye["code"]),
        (&json!("refused"), &json!("not_allowed"))
    );
}

/// Each right, asked of the real program by each kind of person: a guest, somebody who is logged in, one of the group.
#[test]
fn each_right_is_asked_for() {
    type Deed = fn(&mut Page);
    let deeds: [(&str, Deed); 5] = [
        ("speak", |page| page.say("hello", "m")),
        ("call", |page| {
            page.send(&json!({"type": "signal", "to": "peer", "data": {"x": 1}, "msgid": "m"}));
        }),
        ("moderate", |page| {
            page.send(&json!({"type": "say", "text": "/slow 0", "msgid": "m"}));
        }),
        ("announce", |page| {
            page.send(&json!({"type": "say", "text": "/announce tea", "msgid": "m"}));
        }),
        ("create_room", |page| {
            page.send(&json!({"type": "say", "text": "/private tea", "msgid": "m"}));
        }),
    ];
    for (right, deed) in deeds {
        for (whom, allowed) in [
            ("all", [true, true, true]),
            ("account", [false, true, true]),
            ("group:crew", [false, false, true]),
            ("!account:crew, account", [false, true, false]),
            ("!all", [false, false, false]),
        ] {
            let (chat, dirs) = chat(&format!("\n[access]\n{right}={whom}\n"), &["anna", "crew"]);
            let mut peer = chat.page_with("lobby", "nick=peer", "");
            for (kind, may) in ["guest", "anna", "crew"].into_iter().zip(allowed) {
                let cookies = match kind {
                    "guest" => String::new(),
                    name => cookie(&chat, &dirs, name),
                };
                let mut page = chat.page_with("lobby", "nick=guest&client=abcdefgh", &cookies);
                deed(&mut page);
                // Signals are not answered: what comes after them is.
                page.send(&json!({"type": "history", "limit": 1}));
                let refused = |it: &Value| {
                    matches!(it["code"].as_str(), Some("not_allowed" | "not_moderator"))
                };
                let told = page.find(|it| {
                    refused(it)
                        || it["type"] == "history"
                        || (it["type"] == "ack" && it["msgid"] == "m")
                });
                assert_eq!(!refused(&told), may, "{right}={whom}: {kind}: {told}");
            }
            drop(peer.settle());
        }
    }
}

#[test]
fn who_may_not_come_in_or_make_a_room_is_told() {
    let lines = "\n[access]\nenter=account\ncreate_room=group:crew\n[access staff]\nenter=group:crew\n[access door]\nenter=all\n";
    let (chat, dirs) = chat(lines, &["anna", "crew"]);
    let [anna, crew] = ["anna", "crew"].map(|name| cookie(&chat, &dirs, name));
    for (room, cookie, told) in [
        ("lobby", "", "anonymous_refused"),
        ("staff", "", "anonymous_refused"),
        ("lobby", &anna, "welcome"),
        ("new", &anna, "not_allowed"),
        ("staff", &anna, "not_allowed"),
        ("new", &crew, "welcome"),
        ("staff", &crew, "welcome"),
        ("door", &crew, "welcome"),
        ("new", &anna, "welcome"),
        ("door", "", "welcome"),
    ] {
        assert_eq!(comes(&chat, room, cookie).0, told, "{room} {cookie}");
    }
    assert!(!chat.room_log("other").exists());
}

#[test]
fn an_administrator_owns_every_room() {
    let (chat, dirs) = chat("", &["admin", "anna"]);
    let mut root = chat.page_with("lobby", "", &cookie(&chat, &dirs, "admin"));
    assert_eq!(root.welcome["moderator"], json!(true), "{}", root.welcome);
    root.send(&json!({"type": "say", "text": "/roles", "msgid": "m1"}));
    assert_ne!(
        root.find(|it| it["msgid"] == "m1" || it["type"] == "info")["code"],
        "not_moderator"
    );
    // Not any more.
    change(&dirs, "admin", |admin| admin.groups.clear());
    root.send(&json!({"type": "say", "text": "/slow 5", "msgid": "m2"}));
    assert_eq!(root.find(|it| it["msgid"] == "m2")["code"], "not_moderator");
}

#[test]
fn an_announcement_is_said_in_every_open_room_that_has_people() {
    let (chat, dirs) = chat("\n[access]\nannounce=account:boss\n", &["boss", "anna"]);
    let mut lobby = chat.page_with("lobby", "nick=peer", "");
    let mut tea = chat.page_with("tea", "nick=peer", "");
    let mut boss = chat.page_with("lobby", "nick=guest", &cookie(&chat, &dirs, "boss"));
    boss.send(&json!({"type": "say", "text": "/private hidden", "msgid": "p"}));
    boss.find(|it| it["type"] == "ack" && it["msgid"] == "p");
    boss.send(&json!({"type": "say", "text": "/announce we close at *ten*", "msgid": "m"}));
    let said = boss.find(|it| it["type"] == "info" || it["type"] == "error");
    assert!(
        said["text"]
            .as_str()
            .is_some_and(|text| text.contains("2 rooms")),
        "{said}"
    );
    boss.find(|it| it["type"] == "ack" && it["msgid"] == "m");
    for page in [&mut lobby, &mut tea] {
        let heard = page.find(|it| it["from"] == "server");
        assert_eq!(
            (&heard["type"], &heard["text"]),
            (&json!("say"), &json!("we close at *ten*"))
        );
        assert_eq!(heard["account"], "boss", "{heard}");
    }
    let closed = fs::read_dir(chat.path("closed"))
        .into_iter()
        .flatten()
        .flatten();
    for entry in closed.filter(|entry| entry.path().extension().is_some_and(|it| it == "log")) {
        let text = fs::read_to_string(entry.path()).expect("read");
        assert!(!text.contains("we close"), "{text}");
    }
    let audit = fs::read_to_string(chat.path("log/audit.log")).expect("an audit log");
    assert_eq!(audit.matches("announce we close at").count(), 1, "{audit}");
}
