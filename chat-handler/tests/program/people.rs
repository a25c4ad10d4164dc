//! Who may come in, under which name, and what moderators may do.

use crate::support::{Chat, Page, text_of};
use serde_json::{Value, json};

const ADMIN: &str = "SESSION_ADMIN_PATH=admin\nMESSAGE_RATE=1000\nMESSAGE_BURST=1000";

#[test]
fn a_session_tells_name_color_and_account() {
    let chat = Chat::new();
    let cookie = chat.log_in(&[("username", "Alice_B:c"), ("color", "#aa0000")]);
    let mut page = chat.page_with("r", "nick=eve", &cookie);
    assert_eq!(
        (page.you().as_str(), page.welcome["color"].as_str()),
        ("Alice-B-c", Some("#aa0000"))
    );
    assert_eq!(page.welcome["account"], "Alice_B:c");
    page.type_in("hi");
    assert_eq!(page.expect("say")["account"], "Alice_B:c");
    assert_eq!(
        chat.page_with("r", "", &chat.log_in(&[("username", "bob:red")]))
            .welcome["color"],
        "red"
    );
    let entries = std::fs::read_to_string(chat.path("log/authentization.log")).expect("a list");
    assert!(
        entries
            .lines()
            .next()
            .expect("an entry")
            .ends_with(" - Alice-B-c"),
        "{entries}"
    );
}

#[test]
fn a_session_that_is_no_good_makes_nobody() {
    let chat = Chat::new();
    let good = chat.log_in(&[("username", "alice")]);
    std::fs::write(chat.path("secret"), "username|s:5:\"admin\";").expect("written");
    for cookie in [
        "PHPSESSID=../secret",
        "PHPSESSID=..%2f..%2fsecret",
        "PHPSESSID=%00",
        &format!("PHPSESSID={}", "a".repeat(10_000)),
        "PHPSESSID=aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        &format!("PHPSESSID=aaaaaaaaaaaaaaaaaaaaaaaaaaaa; {good}"),
        "=",
        ";;;",
    ] {
        assert_eq!(
            chat.page_with("r", "", cookie).you(),
            "Anonymous",
            "{}",
            &cookie[..cookie.len().min(60)]
        );
    }
    for name in [
        "../x",
        "a\nb",
        "",
        " ",
        &"x".repeat(10_000),
        "\u{202e}nimda",
        "a\0b",
    ] {
        let page = chat.page_with("r", "", &chat.log_in(&[("username", name)]));
        assert_eq!(page.you(), "Anonymous", "{name:?}");
    }
    assert_eq!(
        chat.page_with("r", "", &chat.log_in(&[("username", "😀\"quoted\"")]))
            .you(),
        "😀\"quoted\""
    );
}

/// What somebody is called who comes with this name into a room where `there` is.
fn called(there: &str, name: &str) -> String {
    let chat = Chat::new();
    // Not a guest, who would give way to an account.
    let _there = chat.page_with("r", "", &chat.log_in(&[("username", there)]));
    let mut page = chat.page("r", "other");
    page.send(&json!({"type": "nick", "nick": name}));
    let answer = page.find(|message| message["type"] == "you" || message["type"] == "error");
    // Who cannot be called so comes as Anonymous, or stays what they were.
    let by_command = match answer["type"].as_str() {
        Some("you") => answer["name"].as_str().expect("a name").to_owned(),
        _ => "Anonymous".to_owned(),
    };
    page.client.leave();
    // That account is the one who is there.
    if name == there {
        return by_command;
    }
    let by_session = chat
        .page_with("r", "", &chat.log_in(&[("username", name)]))
        .you();
    assert_eq!(by_session, by_command, "{name:?}");
    by_session
}

#[test]
fn a_name_is_taken_if_it_looks_like_one_that_is() {
    for (there, name, called_so) in [
        ("alice", "alice", "alice1"),
        ("alice", "ALICE", "ALICE1"),
        ("alice", "ａｌｉｃｅ", "alice1"),
        ("alice", "\u{430}lice", "\u{430}lice1"),
        ("alice", "al\u{200b}ice", "alice1"),
        ("alice", "alice\u{200d}\u{fe0f}", "alice\u{200d}\u{fe0f}1"),
        ("alice", "al\u{ad}ice", "alice1"),
        ("Žofie", "z\u{30c}ofie", "žofie1"),
        ("straße", "STRASSE", "STRASSE1"),
        ("ВОВ", "bob", "bob1"),
        ("fine", "\u{fb01}ne", "fine1"),
        // What delimits becomes a hyphen, and then it is the same name.
        ("a-b", "a_b", "a-b1"),
        ("a-b", "a:b", "a-b1"),
        ("a-b", "a b", "a-b1"),
        ("a-b", "a>b", "a-b1"),
        ("a-b", "a,b", "a-b1"),
        ("a-b", "a\u{2013}b", "a-b1"),
        // These are other people.
        ("alice", "älice", "älice"),
        ("alice", "alice1", "alice1"),
        ("user1", "userl", "userl"),
        ("😀", "😃", "😃"),
        ("😀", "😀", "😀1"),
        ("x", "👩\u{200d}👩\u{200d}👧", "👩\u{200d}👩\u{200d}👧"),
        ("x", "שלום", "שלום"),
        // The shell's own name, and its look-alikes.
        ("x", "server", "server1"),
        ("x", "Sеrvеr", "Sеrvеr1"),
        // Nobody is called these.
        ("x", "ali\u{200f}ce", "Anonymous"),
        ("x", "ali\u{200e}ce", "Anonymous"),
        ("x", "\u{202e}ecila", "Anonymous"),
        ("x", "\u{2066}alice\u{2069}", "Anonymous"),
        ("x", "\u{200b}\u{2060}", "Anonymous"),
        ("x", ".alice", "Anonymous"),
        ("x", "a/b", "Anonymous"),
        ("x", "a\u{2028}b", "Anonymous"),
        ("x", "a\u{7f}b", "Anonymous"),
        ("x", &"😀".repeat(33), "Anonymous"),
        ("x", &"x".repeat(33), "Anonymous"),
    ] {
        assert_eq!(called(there, name), called_so, "{there:?} {name:?}");
    }
    let longest = "😀".repeat(32);
    assert_eq!(called("x", &longest), longest);
    assert_eq!(called(&longest, &longest), format!("{}1", "😀".repeat(31)));
}

#[test]
fn moderators_kick_ban_mute_and_take_back() {
    let chat = Chat::with(ADMIN);
    let mut boss = chat.page_with(
        "r",
        "",
        &chat.log_in(&[("username", "boss"), ("admin", "1")]),
    );
    assert_eq!(boss.welcome["moderator"], true);
    let eve_cookie = chat.log_in(&[("username", "eve")]);
    let mut eve = chat.page_with("r", "", &eve_cookie);
    assert_eq!(eve.welcome["moderator"], false);

    eve.say("rude words", "m");
    let id = eve.expect("ack")["id"].as_str().expect("an id").to_owned();
    boss.type_in(&format!("/redact {id}"));
    assert_eq!(eve.expect("redact")["target"], id.as_str());
    assert!(!chat.log("r").contains("rude"));
    let late = chat.page("r", "late");
    let redacted = late
        .past
        .iter()
        .find(|record| record["id"] == id.as_str())
        .expect("its place");
    assert_eq!(
        (redacted["redacted"].as_bool(), text_of(redacted)),
        (Some(true), "")
    );

    boss.type_in("/mute eve 5");
    assert_eq!(eve.expect("notice")["code"], "muted");
    for text in [
        "hello?",
        "/me sulks",
        "/dice 1 6",
        "/topic x",
        "/nick Eva",
        "/msg boss please",
    ] {
        eve.say(text, "m2");
        assert_eq!(
            eve.find(|message| message["type"] == "error")["code"],
            "muted",
            "{text}"
        );
    }
    eve.send(&json!({"type": "typing", "text": "spoken all the same"}));
    eve.settle();
    assert!(
        !boss
            .settle()
            .iter()
            .any(|message| message["type"] == "typing")
    );
    boss.type_in("/unmute eve");
    assert_eq!(eve.expect("notice")["code"], "unmuted");
    eve.say("thanks", "m3");
    eve.expect("ack");

    boss.type_in("/kick eve too loud");
    let bye = eve.expect("bye");
    assert_eq!(bye["reason"], "kicked");
    assert!(text_of(&bye).ends_with("too loud"));
    assert!(eve.client.wait().success());
    let kick = boss.expect("kick");
    assert_eq!(
        (kick["to"].as_str(), text_of(&kick)),
        (Some("eve"), "too loud")
    );
    boss.find(|message| message["type"] == "quit" && message["from"] == "eve");

    let mut eve = chat.page_with("r", "", &eve_cookie);
    boss.type_in(&format!("/ban eve {}", "x".repeat(301)));
    assert_eq!(boss.expect("error")["code"], "too_long");
    boss.type_in(&format!("/kick eve {}", "x".repeat(4096)));
    assert_eq!(boss.expect("error")["code"], "too_long");
    boss.type_in("/ban eve 10 spam");
    assert_eq!(eve.expect("bye")["reason"], "banned");
    boss.find(|message| message["type"] == "quit" && message["from"] == "eve");
    let banned = chat.page_with("r", "", &eve_cookie);
    assert_eq!(
        (&banned.welcome["type"], &banned.welcome["reason"]),
        (&json!("bye"), &json!("banned"))
    );
    assert_eq!(chat.page("r", "EVE").welcome["reason"], "banned");
    boss.type_in("/bans");
    let bans = boss.find(|message| message["type"] == "info" && message["command"] == "bans");
    assert!(text_of(&bans).starts_with("ban: eve until "));
    boss.type_in("/unban eve");
    boss.find(|message| message["command"] == "unban");
    assert_eq!(chat.page_with("r", "", &eve_cookie).you(), "eve");

    boss.type_in("/clear");
    boss.expect("clear");
    assert!(chat.page("r", "newest").past.is_empty());
    boss.say("once more", "m4");
    boss.expect("ack");
    assert!(chat.log("r").contains("thanks") && chat.log("r").contains("once more"));
    boss.type_in("/clear delete");
    boss.expect("clear");
    boss.settle();
    assert!(!chat.log("r").contains("thanks") && !chat.log("r").contains("once more"));
    boss.type_in("/unban nobody");
    assert_eq!(boss.expect("error")["code"], "not_found");
}

#[test]
fn who_is_ignored_is_not_heard() {
    let chat = Chat::new();
    let (mut alice, mut eve) = (chat.page("r", "alice"), chat.page("r", "eve"));
    alice.type_in("/ignore EVE");
    assert!(text_of(&alice.expect("info")).contains("EVE"));
    eve.type_in("spam");
    eve.type_in("/msg alice spam");
    eve.expect("whisper");
    eve.settle();
    alice.settle();
    alice.type_in("/unignore eve");
    let heard = alice.settle();
    assert!(
        !heard
            .iter()
            .any(|message| text_of(message).contains("spam")),
        "{heard:?}"
    );
    eve.type_in("sorry");
    assert_eq!(text_of(&alice.expect("say")), "sorry");
}

#[test]
fn the_ini_is_checked_and_what_is_wrong_is_told() {
    let _alone = e2e::cluster_of_one::needs_alone("its chat.ini is another one");
    let chat = Chat::new();
    let run = |arguments: &[&str], ini: &str| {
        std::fs::write(chat.path("chat.ini"), ini).expect("written");
        let output = chat.command().args(arguments).output().expect("started");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    assert_eq!(run(&["--check"], "[global]\nBASE_DIR=.\n").0, Some(0));
    let (code, told) = run(&["--check"], "[global]\nBASE_DIR=.\n\nMAX_ROOMS=many\n");
    assert_eq!(code, Some(5));
    assert!(
        told.contains("chat.ini:4: MAX_ROOMS=\"many\"") && told.contains("a number from"),
        "{told}"
    );
    let named =
        "[global]\nBASE_DIR=.\nSESSION_SAVE_PATH=nowhere\nAUTHENTIZATION_CA_FILE=none.pem\n";
    let (code, told) = run(&["--check"], named);
    assert_eq!(code, Some(5));
    for part in [
        "chat.ini:3: SESSION_SAVE_PATH",
        "chat.ini:4: AUTHENTIZATION_CA_FILE",
    ] {
        assert!(told.contains(part), "{told}");
    }
    // The chat runs without them; the log says so.
    let (code, told) = run(&[], named);
    assert_eq!(code, Some(0));
    assert!(told.contains("chat.ini:3: SESSION_SAVE_PATH"), "{told}");
    let (code, told) = run(&[], "[global]\nBASE_DIR=missing\n");
    assert_eq!(code, Some(5));
    assert!(told.contains("chat.ini:2: BASE_DIR"), "{told}");
}

/// A connection may be dead and not know it. The page that comes back is the same person, by its token.
#[test]
fn who_comes_back_takes_the_own_presence_over() {
    let chat = Chat::new();
    let mut bob = chat.page("r", "bob");
    let page = |client, page| {
        let query = format!("nick=alice&client={client}&page={page}");
        chat.page_with("r", &query, "")
    };
    let mut old = page("token-of-alice", "this-page");
    let back = page("token-of-alice", "this-page");
    assert_eq!(back.you(), "alice");
    assert_eq!(old.expect("bye")["reason"], "replaced");
    assert!(old.client.wait().success());
    assert_eq!(back.members(), ["alice", "bob"]);
    // Another page of the same browser is the same person; who has no token is somebody else.
    let (second, other) = (page("token-of-alice", "that-page"), chat.page("r", "alice"));
    assert_eq!(
        (second.you(), other.you()),
        ("alice".into(), "alice1".into())
    );
    assert_eq!(other.members(), ["alice", "alice1", "bob"]);
    bob.find(|message| message["type"] == "join" && message["from"] == "alice1");
    // Nobody went meanwhile, and alice came once.
    let log = chat.log("r");
    assert!(!log.contains("\tquit\t"), "{log}");
    assert_eq!(log.matches("\tjoin\talice\t").count(), 1, "{log}");
}

/// Nobody joins: the others find out by themselves.
#[test]
fn a_killed_handler_leaves_the_list_although_nobody_joins() {
    let chat = Chat::new();
    let mut bob = chat.page("r", "bob");
    let mut alice = chat.page("r", "alice");
    bob.find(|message| message["type"] == "join" && message["from"] == "alice");
    alice.client.child.kill().expect("our child");
    let quit = bob.find(|message| message["type"] == "quit");
    assert_eq!(quit["from"], "alice");
    assert_eq!(chat.present("r"), ["bob"]);
}

/// The members that `page` was told of, as name and account.
fn members(page: &Page) -> Vec<(String, Option<String>)> {
    let members = page.welcome["members"].as_array().expect("a list");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let name = |member: &Value| text(&member["name"]).expect("a name");
    members
        .iter()
        .map(|member| (name(member), text(&member["account"])))
        .collect()
}

#[test]
fn an_accounts_name_is_its_own_and_the_page_is_told_who_is_logged_in() {
    let chat = Chat::new();
    let mut guest = chat.page("r", "anna");
    let mut other = chat.page("r", "carl");
    let cookie = chat.log_in(&[("username", "anna")]);
    let mut anna = chat.page_with("r", "", &cookie);
    assert_eq!(anna.you(), "anna");
    assert!(text_of(&guest.expect("notice")).contains("anna"));
    assert_eq!(guest.expect("you")["name"], "anna1");
    let anna_account = Some("anna".to_owned());
    assert_eq!(
        members(&anna),
        [
            ("anna".to_owned(), anna_account.clone()),
            ("anna1".to_owned(), None),
            ("carl".to_owned(), None)
        ]
    );
    // In the order that a page can follow: the name is free before somebody comes in under it.
    let renamed = other.expect("nick");
    assert_eq!(
        (&renamed["from"], &renamed["to"]),
        (&json!("anna"), &json!("anna1"))
    );
    let joined = other.find(|message| message["type"] == "join" && message["from"] == "anna");
    assert_eq!(joined["account"], "anna");
    assert!(joined["person"].is_string());
    // The page of the account is not told that it is somebody else.
    assert!(
        anna.settle()
            .iter()
            .all(|message| message["type"] != "nick")
    );
    other.send(&json!({"type": "whisper", "to": "anna", "text": "for the account"}));
    assert_eq!(text_of(&anna.expect("whisper")), "for the account");
    // Nor can a guest have it later, in any room.
    assert_eq!(chat.page("elsewhere", "ANNA").you(), "ANNA1");
    other.send(&json!({"type": "nick", "nick": "Anna"}));
    assert_eq!(other.expect("you")["name"], "Anna2");
}

#[test]
fn what_is_for_somebody_reaches_nobody_else_who_has_the_name() {
    let chat = Chat::new();
    let mut alice = chat.page("r", "alice");
    let mut bob = chat.page_with("r", "nick=bob&client=bobs-browser", "");
    let came = alice.find(|message| message["type"] == "join" && message["from"] == "bob");
    let person = came["person"].as_str().expect("who bob is").to_owned();
    assert!(!came.to_string().contains("bobs-browser"));
    bob.send(&json!({"type": "nick", "nick": "robert"}));
    bob.expect("you");
    let mut stranger = chat.page_with("r", "nick=bob&client=a-stranger", "");
    let to_bob = |kind: &str| match kind {
        "whisper" => json!({"type": kind, "to": "bob", "person": person, "text": "sesame"}),
        "signal" => json!({"type": kind, "to": "bob", "person": person, "data": {"sdp": "sesame"}}),
        _ => json!({"type": kind, "to": "bob", "person": person, "text": "sesa"}),
    };
    for kind in ["whisper", "signal", "typing"] {
        alice.send(&to_bob(kind));
        let got = bob.expect(kind);
        assert!(got.to_string().contains("sesa"), "{got}");
    }
    bob.client.leave();
    alice.find(|message| message["type"] == "quit" && message["from"] == "robert");
    alice.send(&to_bob("whisper"));
    assert_eq!(alice.expect("error")["code"], "no_such_user");
    // Back under another name they are the same person, whose answers say so.
    let mut back = chat.page_with("r", "nick=bobby&client=bobs-browser", "");
    alice.send(&to_bob("whisper"));
    assert_eq!(text_of(&back.expect("whisper")), "sesame");
    back.send(&json!({"type": "whisper", "to": "alice", "text": "here"}));
    let answer = alice.find(|message| message["text"] == "here");
    assert_eq!(answer["person"], person.as_str());
    let heard = stranger.settle();
    assert!(
        heard
            .iter()
            .all(|message| !message.to_string().contains("sesa"))
    );
}

#[test]
fn an_account_comes_in_although_its_name_cannot_be_kept() {
    let chat = Chat::new();
    // In the place of the directory, for root as well.
    std::fs::write(chat.path("names"), "").expect("written");
    let cookie = chat.log_in(&[("username", "anna")]);
    assert_eq!(chat.page_with("r", "", &cookie).you(), "anna");
}
