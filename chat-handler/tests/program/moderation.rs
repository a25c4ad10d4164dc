//! Moderation that holds: whom a measure meets and whom not, slow rooms, reports.

use crate::support::{Chat, Page, text_of};
use e2e::pipe::Handler;
use serde_json::Value;

const ADMIN: &str = "SESSION_ADMIN_PATH=admin";

/// Somebody without a log-in, from an address.
fn guest(chat: &Chat, room: &str, query: &str, address: &str) -> Page<Handler> {
    Page::enter(chat.start(&[
        ("PATH_INFO", &format!("/{room}")),
        ("QUERY_STRING", &format!("format=json&{query}")),
        ("REMOTE_ADDR", address),
    ]))
}

fn account(chat: &Chat, room: &str, name: &str) -> Page<Handler> {
    chat.page_with(room, "", &chat.log_in(&[("username", name)]))
}

fn admin(chat: &Chat, room: &str, name: &str) -> Page<Handler> {
    chat.page_with(
        room,
        "",
        &chat.log_in(&[("username", name), ("admin", "1")]),
    )
}

fn answer(page: &mut Page<Handler>, command: &str) -> Value {
    let name = command[1..]
        .split(' ')
        .next()
        .unwrap_or_default()
        .to_owned();
    page.type_in(command);
    page.find(|message| message["type"] == "info" && message["command"] == name.as_str())
}

#[test]
fn a_guests_ban_meets_the_guests_of_the_household_and_no_account() {
    let chat = Chat::with(ADMIN);
    let mut boss = admin(&chat, "r", "boss");
    let mut troll = guest(&chat, "r", "nick=troll", "2001:db8:1:2::7");
    let mut cousin = guest(&chat, "r", "nick=cousin", "2001:db8:1:2:ffff::9");
    let mut other = guest(&chat, "r", "nick=other", "2001:db8:1:3::7");
    let mut pupil = Page::enter(chat.start(&[
        ("PATH_INFO", "/r"),
        ("QUERY_STRING", "format=json"),
        ("HTTP_COOKIE", &chat.log_in(&[("username", "pupil")])),
        ("REMOTE_ADDR", "2001:db8:1:2::7"),
    ]));
    boss.type_in("/ban troll 2h spam");
    assert_eq!(troll.expect("bye")["reason"], "banned");
    assert_eq!(cousin.expect("bye")["reason"], "banned");
    boss.settle();
    pupil.say_acked("still here", "p1");
    other.say_acked("so am I", "o1");
    let again = guest(&chat, "r", "nick=angel", "2001:db8:1:2::1");
    assert_eq!(again.welcome["reason"], "banned");
    let bans = answer(&mut boss, "/bans");
    let row = &bans["rows"][0];
    assert_eq!(
        (&row["who"], &row["by"], &row["reason"], &row["address"]),
        (
            &"troll".into(),
            &"boss".into(),
            &"spam".into(),
            &"2001:db8:1:2::/64".into()
        ),
        "{bans}"
    );
    // An account of that name is somebody else.
    assert_eq!(account(&chat, "r", "troll").welcome["type"], "welcome");
}

#[test]
fn accounts_numbers_and_networks_are_banned_in_the_same_words() {
    let chat = Chat::with(ADMIN);
    let mut boss = admin(&chat, "r", "boss");
    let enters = |who: &str| match who {
        "eve" => account(&chat, "r", "eve").welcome["reason"].clone(),
        token => {
            guest(&chat, "r", &format!("nick=g&client={token}"), "192.0.2.7").welcome["reason"]
                .clone()
        }
    };
    let number = guest(&chat, "r", "nick=g&client=first-token", "192.0.2.7").welcome["person"]
        .as_str()
        .expect("a number")
        .to_owned();
    for (target, meets, spares) in [
        ("account:eve".to_owned(), "eve", "first-token"),
        (format!("number:{number}"), "first-token", "second-token"),
        ("address:192.0.2.0/24".to_owned(), "second-token", "eve"),
    ] {
        answer(&mut boss, &format!("/ban {target} 1w out"));
        assert_eq!(enters(meets), "banned", "{target}");
        assert_eq!(enters(spares), Value::Null, "{target}");
        answer(&mut boss, &format!("/unban {target}"));
        assert_eq!(enters(meets), Value::Null, "{target}");
    }
}

#[test]
fn who_moderates_all_rooms_bans_in_all_of_them() {
    let chat = Chat::with(ADMIN);
    let mut boss = admin(&chat, "r", "boss");
    let mut owner = account(&chat, "tea", "owner");
    let mut eve = account(&chat, "tea", "eve");
    owner.type_in("/ban * eve");
    assert_eq!(owner.expect("error")["code"], "not_moderator");
    boss.type_in("/ban * account:eve 1d spam");
    assert_eq!(eve.expect("bye")["reason"], "banned");
    let ban = owner.expect("ban");
    assert_eq!((&ban["from"], &ban["to"]), (&"boss".into(), &"eve".into()));
    for room in ["r", "tea", "new"] {
        assert_eq!(account(&chat, room, "eve").welcome["reason"], "banned");
    }
    let rows = answer(&mut boss, "/bans")["rows"].clone();
    assert_eq!(rows[0]["everywhere"], true, "{rows}");
    answer(&mut boss, "/unban * account:eve");
    assert_eq!(account(&chat, "tea", "eve").welcome["type"], "welcome");
}

#[test]
fn who_moderates_the_site_is_above_a_rooms_owner() {
    let chat = Chat::with(ADMIN);
    let mut owner = account(&chat, "tea", "owner");
    let mut boss = admin(&chat, "tea", "boss");
    for command in ["/kick boss", "/ban boss", "/mute boss", "/ban number:"] {
        owner.type_in(&format!(
            "{command}{}",
            if command.ends_with(':') {
                boss.welcome["person"].as_str().unwrap_or_default()
            } else {
                ""
            }
        ));
        assert_eq!(owner.expect("error")["code"], "not_moderator", "{command}");
    }
    boss.type_in("/kick owner");
    assert_eq!(owner.expect("bye")["reason"], "kicked");
}

#[test]
fn in_a_slow_room_a_member_waits() {
    let chat = Chat::with(ADMIN);
    let mut boss = admin(&chat, "r", "boss");
    let mut eve = account(&chat, "r", "eve");
    eve.type_in("/slow 5");
    assert_eq!(eve.expect("error")["code"], "not_moderator");
    boss.type_in("/slow 3600");
    assert_eq!(text_of(&eve.expect("slow")), "3600");
    eve.say_acked("one", "m1");
    eve.say("two", "m2");
    let error = eve.expect("error");
    assert_eq!(
        (&error["code"], &error["msgid"]),
        (&"slow".into(), &"m2".into())
    );
    assert!(text_of(&error).contains("seconds"), "{error}");
    // What was said already is acked again, not refused.
    eve.say("one", "m1");
    assert_eq!(eve.expect("ack")["duplicate"], true);
    // Neither another connection nor coming back helps; nor does a new guest.
    let mut second = account(&chat, "r", "eve");
    second.say("three", "m3");
    assert_eq!(second.expect("error")["code"], "slow");
    let mut stranger = guest(&chat, "r", "nick=stranger", "192.0.2.1");
    stranger.type_in("/me waves");
    assert_eq!(stranger.expect("error")["code"], "slow");
    eve.type_in("/msg boss help");
    assert_eq!(text_of(&boss.expect("whisper")), "help");
    boss.say_acked("as I", "b1");
    boss.say_acked("like", "b2");
    assert_eq!(answer(&mut boss, "/slow")["rows"][0]["seconds"], 3600);
    boss.type_in("/slow 0");
    assert_eq!(text_of(&eve.expect("slow")), "0");
    eve.say_acked("four", "m4");
    eve.say_acked("five", "m5");
}

#[test]
fn a_report_reaches_the_moderators_and_nobody_else() {
    let chat = Chat::with(ADMIN);
    let mut boss = admin(&chat, "r", "boss");
    let mut eve = account(&chat, "r", "eve");
    let mut anna = account(&chat, "r", "anna");
    let id = eve.say_acked("rude words", "m1");
    answer(&mut anna, &format!("/report {id} too rude to bear"));
    let notice = boss.expect("notice");
    assert_eq!(notice["code"], "reported");
    assert_eq!(text_of(&notice), "anna reports eve: too rude to bear");
    answer(&mut anna, "/report eve");
    boss.expect("notice");
    let reports = answer(&mut boss, "/reports");
    let rows = reports["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 2, "{reports}");
    assert_eq!(
        (
            &rows[0]["by"],
            &rows[0]["who"],
            &rows[0]["account"],
            &rows[0]["message"]
        ),
        (
            &"anna".into(),
            &"eve".into(),
            &"eve".into(),
            &id.as_str().into()
        )
    );
    for command in ["/reports", "/resolve x"] {
        eve.type_in(command);
        assert_eq!(eve.expect("error")["code"], "not_moderator");
    }
    for (page, name) in [(&mut eve, "eve"), (&mut anna, "anna")] {
        let heard = format!("{:?}", page.settle());
        assert!(!heard.contains("too rude to bear"), "{name}: {heard}");
    }
    assert!(!chat.log("r").contains("too rude"));
    answer(
        &mut boss,
        &format!("/resolve {}", rows[0]["id"].as_str().expect("an id")),
    );
    for number in 0..9 {
        let id = eve.say_acked("rude", &format!("n{number}"));
        answer(&mut anna, &format!("/report {id}"));
    }
    anna.type_in(&format!("/report {id}"));
    assert_eq!(anna.expect("error")["code"], "busy");
    anna.type_in("/report nobody-here");
    assert_eq!(anna.expect("error")["code"], "not_found");
}

#[test]
fn what_somebody_said_since_a_message_is_taken_back() {
    let chat = Chat::with(ADMIN);
    let mut boss = admin(&chat, "r", "boss");
    let mut eve = account(&chat, "r", "eve");
    eve.say_acked("alpha", "m1");
    let since = eve.say_acked("beta", "m2");
    eve.type_in("/nick mallory");
    eve.say_acked("gamma", "m3");
    answer(&mut boss, &format!("/remove account:eve {since}"));
    let log = chat.log("r");
    assert!(log.contains("alpha"), "{log}");
    assert!(!log.contains("beta") && !log.contains("gamma"), "{log}");
    answer(&mut boss, "/remove account:eve 2h");
    assert!(!chat.log("r").contains("alpha"));
}

#[test]
fn what_moderators_did_is_noted_and_what_was_refused_is_not() {
    let chat = Chat::with(ADMIN);
    let mut boss = admin(&chat, "r", "boss");
    let mut bob = guest(&chat, "r", "nick=bob", "192.0.2.7");
    let mut other = account(&chat, "r", "other");
    other.type_in("/kick bob please");
    other.find(|message| message["type"] == "error");
    boss.type_in("/kick ghost");
    boss.find(|message| message["type"] == "error");
    boss.type_in("/mute bob 2h soup");
    boss.find(|message| message["command"] == "mute");
    answer(&mut boss, "/bans");
    boss.type_in("/ban * bob");
    assert_eq!(bob.expect("bye")["reason"], "banned");
    boss.settle();
    let log = std::fs::read_to_string(chat.base().join("log/audit.log")).expect("it is there");
    let noted: Vec<_> = log
        .lines()
        .map(|line| line.split('\t').skip(1).collect::<Vec<_>>().join("|"))
        .collect();
    assert_eq!(
        noted,
        [
            "room|boss|-|mute --minutes=120 r bob soup",
            "room|boss|-|ban * bob"
        ]
    );
}
