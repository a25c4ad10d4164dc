//! Tokens of the site's own log-in at the socket: who is let in by them, as whom, for how long, and what is left of one.

use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::{Chat, Client, Page};
use chat_store::bots;
use chat_store::fs::dirs::Dirs;
use chat_store::name::Nick;
use chat_store::state::{Revoked, revoke};
use chat_token::sign::Signer;
use serde_json::{Value, json};

/// A chat that believes one key, and signs with it.
struct Site {
    chat: Chat,
    signer: Signer,
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("a clock").as_secs()
}

impl Site {
    fn new(lines: &str) -> Self {
        let chat = Chat::with(&format!(
            "MESSAGE_RATE=100000\nMESSAGE_BURST=100000\nJWT_KEYS=keys\nJWT_COOKIE=token\n{lines}"
        ));
        let pem = Signer::new_pem().expect("a key");
        let signer = Signer::from_pem(pem.as_bytes()).expect("a key");
        std::fs::create_dir(chat.path("keys")).expect("made");
        let public = signer.public_pem().expect("its public half");
        std::fs::write(chat.path("keys/site.pem"), public).expect("written");
        Self { chat, signer }
    }

    /// A token for `sub` that ends in so many seconds, with more or other claims.
    fn token(&self, sub: &str, seconds: i64, more: &Value) -> String {
        let now = now();
        let exp = now.checked_add_signed(seconds).expect("a time");
        let mut claims = json!({"aud": "chat", "sub": sub, "scope": "user", "iat": now.min(exp).saturating_sub(1), "exp": exp});
        for (key, value) in more.as_object().expect("an object") {
            claims[key] = value.clone();
        }
        self.signer.sign("site", &claims)
    }

    fn start(&self, query: &str, cookie: &str) -> Page {
        let query = format!("format=json&protocol=2&client=a-browser-of-it&{query}");
        let variables = [
            ("PATH_INFO", "/"),
            ("QUERY_STRING", &*query),
            ("HTTP_COOKIE", cookie),
            ("REMOTE_ADDR", "192.0.2.7"),
        ];
        Page::over(self.chat.start(&variables))
    }

    /// A connection whose first message is this token.
    fn with(&self, token: &str) -> Page {
        let mut page = self.start("auth=1", "");
        page.send(&json!({"type": "auth", "token": token}));
        page
    }

    #[track_caller]
    fn refused(&self, token: &str, code: &str) {
        let mut page = self.with(token);
        let bye = page.message();
        assert_eq!(
            (&bye["type"], &bye["reason"], &bye["code"]),
            (&json!("bye"), &json!("refused"), &json!(code)),
            "{bye}"
        );
        page.client.rest();
    }
}

fn say_in(page: &mut Page, room: &str, text: &str) {
    page.send(&json!({"type": "say", "room": room, "text": text}));
}

fn enter(page: &mut Page, room: &str) -> Value {
    page.send(&json!({"type": "enter", "rooms": [{"room": room}]}));
    page.find(|message| {
        message["room"] == room && (message["type"] == "welcome" || message["type"] == "parted")
    })
}

#[test]
fn a_token_says_who_somebody_is_by_the_first_message_or_a_cookie() {
    let site = Site::new("");
    let token = site.token("anna", 600, &json!({"name": "Anička", "color": "#00aa00"}));
    let cookie = format!("token={token}");
    for mut page in [site.with(&token), site.start("", &cookie)] {
        let hello = page.expect("hello");
        assert_eq!(
            (&hello["name"], &hello["account"]),
            (&json!("Anička"), &json!("anna"))
        );
        let told = page.expect("authenticated")["until"]
            .as_str()
            .expect("a time")
            .to_owned();
        assert!(told.ends_with(".000000Z"), "{told}");
        let welcome = enter(&mut page, "r");
        assert_eq!(
            (&welcome["you"], &welcome["color"]),
            (&json!("Anička"), &json!("#00aa00"))
        );
        say_in(&mut page, "r", "hello");
        let said = page.find(|message| message["type"] == "say");
        assert_eq!(said["account"], "anna");
    }
    // Who brings none is a guest; and so is who brings one that is not good, in a cookie.
    let over = format!("token={}", site.token("anna", -100, &json!({})));
    for cookie in ["", "token=x.y.z", &over] {
        let mut page = site.start("", cookie);
        assert_eq!(page.expect("hello").get("account"), None, "{cookie}");
    }
}

#[test]
fn three_devices_of_one_token_account_are_one_person() {
    let site = Site::new("");
    let token = site.token("anna", 600, &json!({}));
    let mut bob = site.start("nick=bob", "");
    bob.expect("hello");
    enter(&mut bob, "r");
    let mut devices = [(); 3].map(|()| site.with(&token));
    let person = devices
        .each_mut()
        .map(|device| device.expect("hello")["person"].clone());
    assert!(person.iter().all(|number| *number == person[0]));
    for device in &mut devices {
        assert_eq!(enter(device, "r")["you"], "anna");
        device.send(&json!({"type": "subscribe", "channel": "user:anna"}));
        device.expect("subscribed");
    }
    let joins = bob
        .settle()
        .into_iter()
        .filter(|message| message["type"] == "join" && message["from"] == "anna");
    assert_eq!(joins.count(), 1);
    // A guest who calls himself so is somebody else.
    let mut eve = site.start("nick=anna", "");
    assert_ne!(eve.expect("hello")["person"], person[0]);
    assert_ne!(enter(&mut eve, "r")["you"], "anna");
    eve.send(&json!({"type": "subscribe", "channel": "user:anna"}));
    assert_eq!(eve.expect("unsubscribed")["code"], "not_allowed");
}

#[test]
fn what_is_not_believed_is_refused_before_anything_is_done() {
    let site = Site::new("JWT_ISSUER=https://id.example.org\n");
    let iss = json!({"iss": "https://id.example.org"});
    let good = site.token("anna", 600, &iss);
    let with = |key: &str, value: Value| {
        let mut more = iss.clone();
        more[key] = value;
        site.token("anna", 600, &more)
    };
    site.refused(&site.token("anna", -100, &iss), "token_expired");
    let other = Site::new("JWT_ISSUER=https://id.example.org\n").token("anna", 600, &iss);
    let (head, rest) = good.split_once('.').expect("a token");
    for token in [
        String::new(),
        "x".to_owned(),
        "x".repeat(9000),
        other,
        site.token("anna", 600, &json!({})),
        with("aud", json!("other")),
        with("scope", json!("post")),
        with("sub", json!("")),
        with("sub", json!("api:shop")),
        with("sub", json!("bot:weather")),
        with("sub", json!("a\u{7}b")),
        with("sub", json!("x".repeat(200))),
        with("nbf", json!(now() + 1000)),
        with("exp", json!(now() + 10 * 24 * 3600)),
        format!("{head}.{}", &rest[1..]),
        format!("{good}x"),
    ] {
        site.refused(&token, "bad_token");
    }
    // Another message, or none at all.
    for line in [
        json!({"type": "enter", "rooms": [{"room": "r"}]}),
        json!({"type": "say", "token": good}),
        json!(1),
    ] {
        let mut page = site.start("auth=1", "");
        page.send(&line);
        assert_eq!(page.message()["code"], "bad_token", "{line}");
    }
    let mut page = site.start("auth=1", "");
    page.client.hang_up();
    assert_eq!(page.message()["code"], "auth_timeout");
    // A good cookie does not help who said that they bring one.
    let mut page = site.start("auth=1", &format!("token={good}"));
    page.send(&json!({"type": "ping"}));
    assert_eq!(page.message()["code"], "bad_token");
    assert!(!site.chat.room_log("r").exists());
    // Where no key is believed, no token is.
    std::fs::remove_file(site.chat.path("keys/site.pem")).expect("removed");
    site.refused(&good, "bad_token");
}

#[test]
fn who_is_silent_is_not_waited_for() {
    let site = Site::new("");
    let mut page = site.start("auth=1", "");
    assert_eq!(page.message()["code"], "auth_timeout");
    page.client.rest();
}

#[test]
fn a_token_ends_and_another_one_prolongs_it() {
    let site = Site::new("");
    // 30 seconds of grace are the clocks' of others; so this is over in a few seconds.
    let mut page = site.with(&site.token("anna", -26, &json!({})));
    page.expect("hello");
    page.expect("authenticated");
    assert_eq!(page.expect("notice")["code"], "expiring");
    assert_eq!(enter(&mut page, "r")["you"], "anna");
    page.send(&json!({"type": "auth", "token": site.token("anna", -24, &json!({}))}));
    page.expect("authenticated");
    // One of somebody else prolongs nothing, nor does one that is over.
    page.send(&json!({"type": "auth", "token": site.token("bob", 600, &json!({}))}));
    assert_eq!(page.expect("error")["code"], "bad_token");
    page.send(&json!({"type": "auth", "token": site.token("anna", -100, &json!({}))}));
    assert_eq!(page.expect("error")["code"], "token_expired");
    // Nobody asks for anything: the end comes by itself.
    let bye = page.expect("bye");
    assert_eq!((&bye["reason"], bye.get("code")), (&json!("expired"), None));
    page.client.rest();
    // A longer one stays.
    let mut page = site.with(&site.token("anna", -26, &json!({})));
    page.expect("authenticated");
    page.send(&json!({"type": "auth", "token": site.token("anna", 600, &json!({}))}));
    page.expect("authenticated");
    std::thread::sleep(std::time::Duration::from_secs(6));
    assert!(page.settle().iter().all(|message| message["type"] != "bye"));
}

#[test]
fn who_is_in_by_a_token_that_is_revoked_is_out() {
    let site = Site::new("");
    let dirs = Dirs::under(site.chat.base());
    let token = site.token("anna", 600, &json!({"jti": "t1"}));
    let other = site.token("anna", 600, &json!({"jti": "t2"}));
    let (mut one, mut two) = (site.with(&token), site.with(&other));
    for page in [&mut one, &mut two] {
        page.expect("authenticated");
        enter(page, "r");
    }
    revoke(&dirs, Revoked::Token("t1"), now() + 600).expect("revoked");
    // Before what they say is heard.
    say_in(&mut one, "r", "too late");
    assert_eq!(one.expect("bye")["reason"], "logged_out");
    assert!(!site.chat.log("r").contains("too late"));
    site.refused(&token, "bad_token");
    say_in(&mut two, "r", "still here");
    two.find(|message| message["text"] == "still here");
    // And without a word of theirs.
    revoke(&dirs, Revoked::Subject("anna"), now() + 600).expect("revoked");
    assert_eq!(two.expect("bye")["reason"], "logged_out");
    site.refused(&other, "bad_token");
}

#[test]
fn rooms_moderation_and_channels_are_as_the_token_says() {
    let site =
        Site::new("\n[access]\nenter=account\nspeak=!account:mute, all\n[channels]\nnews=all\n");
    let more = json!({"rooms": ["game-*", "lobby"], "mod": ["game-1"], "channels": ["orders.*"]});
    // Who makes a room owns it: these are there.
    std::fs::create_dir_all(site.chat.path("rooms")).expect("made");
    for room in ["game-1", "game-2", "lobby"] {
        std::fs::write(site.chat.room_log(room), "").expect("written");
    }
    let mut anna = site.with(&site.token("anna", 600, &more));
    anna.expect("authenticated");
    assert_eq!(enter(&mut anna, "other")["code"], "not_allowed");
    assert_eq!(enter(&mut anna, "game-1")["moderator"], true);
    assert_eq!(enter(&mut anna, "game-2")["moderator"], false);
    for (channel, answer) in [
        ("orders.1", "subscribed"),
        ("news", "subscribed"),
        ("user:anna", "subscribed"),
        ("user:bob", "unsubscribed"),
        ("other", "unsubscribed"),
    ] {
        anna.send(&json!({"type": "subscribe", "channel": channel}));
        let told = anna.find(|message| message["channel"] == channel);
        assert_eq!(told["type"], answer, "{channel}");
    }
    // [access] holds for the account as for any other.
    let mut mute = site.with(&site.token("mute", 600, &json!({})));
    mute.expect("authenticated");
    enter(&mut mute, "lobby");
    say_in(&mut mute, "lobby", "hush");
    assert_eq!(mute.expect("error")["code"], "not_allowed");
    let mut guest = site.start("nick=guest", "");
    guest.expect("hello");
    assert_eq!(enter(&mut guest, "lobby")["reason"], "refused");
    // A token with less takes it away, while they are there.
    let less = json!({"rooms": ["game-1"]});
    anna.send(&json!({"type": "auth", "token": site.token("anna", 600, &less)}));
    let parted = anna.expect("parted");
    assert_eq!(
        (&parted["room"], &parted["code"]),
        (&json!("game-2"), &json!("not_allowed"))
    );
    say_in(&mut anna, "game-1", "/slow 5");
    assert_eq!(anna.expect("error")["code"], "not_moderator");
}

fn grep(word: &str, below: &Path) -> String {
    let found = Command::new("grep")
        .args(["-rlaF", word])
        .arg(below)
        .output();
    String::from_utf8(found.expect("grep").stdout).expect("UTF-8")
}

#[test]
fn no_token_is_in_any_log_or_file() {
    let site = Site::new("");
    let token = site.token("anna", 600, &json!({"jti": "t1"}));
    let bad = format!("{token}x");
    let errors = site.chat.path("errors");
    let handler = site.chat.command();
    // The harness keeps nothing of what goes to the log.
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", "exec \"$0\" \"$@\" 2>\"$ERRORS\""])
        .arg(handler.get_program())
        .args(handler.get_args())
        .env("ERRORS", &errors)
        .env("PATH_INFO", "/")
        .env("QUERY_STRING", "format=json&protocol=2&auth=1");
    let mut page = Page::over(Client::start(command));
    page.send(&json!({"type": "auth", "token": token}));
    page.expect("authenticated");
    enter(&mut page, "r");
    say_in(&mut page, "r", "hello");
    for token in [&token, &bad] {
        page.send(&json!({"type": "auth", "token": token}));
    }
    page.send(&json!({"type": "auth", "token": 7, "text": token}));
    page.settle();
    page.send(&json!({"type": "quit"}));
    page.expect("bye");
    page.client.rest();
    let said = std::fs::read_to_string(errors).expect("what went to the log");
    site.refused(&bad, "bad_token");
    let signature = token.rsplit_once('.').expect("a token").1;
    assert!(!said.contains(signature), "{said}");
    assert!(said.contains("the token is not good"), "{said}");
    assert_eq!(grep(signature, site.chat.base()), "");
}

#[test]
fn a_bot_is_in_rooms_by_its_token_and_out_when_it_gets_another() {
    let chat = Chat::with(
        "[access]\nspeak = !group:bots, all\n[access tea]\nspeak = all\n[channels]\nnews = group:bots\n",
    );
    let dirs = Dirs::under(chat.base());
    dirs.create().expect("made");
    let name = Nick::parse("weather").expect("a name");
    let token = bots::add(&dirs, &name).expect("a bot");
    // No key of a site is needed: the server itself made the token.
    let start = |token: &str| {
        let mut page = Page::over(chat.start(&[
            ("PATH_INFO", "/"),
            ("QUERY_STRING", "format=json&protocol=2&auth=1"),
            ("REMOTE_ADDR", "192.0.2.7"),
        ]));
        page.send(&json!({"type": "auth", "token": token}));
        page
    };
    let mut bot = start(&token);
    let hello = bot.expect("hello");
    assert_eq!(
        (&hello["name"], &hello["account"]),
        (&json!("weather"), &json!("bot:weather"))
    );
    assert_eq!(bot.expect("authenticated").get("until"), None);
    for room in ["lobby", "tea"] {
        assert_eq!(enter(&mut bot, room)["you"], "weather");
    }
    // What it may, [access] says of the group of all bots.
    say_in(&mut bot, "lobby", "rain");
    assert_eq!(bot.expect("error")["code"], "not_allowed");
    say_in(&mut bot, "tea", "sun");
    let said = bot.find(|message| message["text"] == "sun");
    assert_eq!(said["account"], "bot:weather");
    bot.send(&json!({"type": "subscribe", "channel": "news"}));
    bot.expect("subscribed");
    // Others see what it is, and nobody has its name.
    let mut alice = chat.page("tea", "weather");
    let members = alice.welcome["members"].as_array().expect("members");
    assert!(
        members
            .iter()
            .any(|member| member["account"] == "bot:weather")
    );
    assert_ne!(alice.you(), "weather");
    // Another token: it is out, and the old one is nobody's.
    let new = bots::renew(&dirs, &name).expect("another");
    say_in(&mut bot, "tea", "late");
    assert_eq!(bot.expect("bye")["reason"], "logged_out");
    assert_eq!(start(&token).message()["code"], "bad_token");
    let mut bot = start(&new);
    bot.expect("authenticated");
    enter(&mut bot, "tea");
    say_in(&mut bot, "tea", "back");
    alice.find(|message| message["text"] == "back");
    bots::remove(&dirs, &name).expect("removed");
    say_in(&mut bot, "tea", "gone");
    assert_eq!(bot.expect("bye")["reason"], "logged_out");
    assert_eq!(start(&new).message()["code"], "bad_token");
    assert!(!chat.log("tea").contains("late") && !chat.log("tea").contains("gone"));
}
