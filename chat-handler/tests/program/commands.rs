//! Every command, written rightly and wrongly, in both protocols: who typed it is answered, and nobody else hears
//! of a mistake.

use crate::support::{Chat, Client, Page, text_of};
use chat_handler::command::USAGES;
use serde_json::json;

const FAST: &str = "MESSAGE_RATE=100000\nMESSAGE_BURST=100000\nSESSION_ADMIN_PATH=user.admin";

/// How each command can be mistyped, in the order of the help.
const MISTAKES: [(&str, &[&str]); 50] = [
    ("help", &["a b"]),
    ("me", &[""]),
    (
        "dice",
        &[
            "",
            "2",
            "0 6 6",
            "101 6 6",
            "2 0 6",
            "-1 6 6",
            "2 -6 6",
            "2 6 -6",
            "a b c",
            "2 6 6 6",
            "2.5 6",
            "+2 6",
            "99999999999999999999 6 6",
            "2 99999999999999999999 6",
            "2 6 99999999999999999999999999",
            "0x10 6",
            "1e3 6",
            "$(id) 6 6",
            "2 6 `id`",
            "2 6;6",
            "٢ 6",
        ],
    ),
    (
        "roll",
        &[
            "",
            "d",
            "2d",
            "2d0",
            "0d6",
            "101d6",
            "51d6+50d6",
            "5",
            "2d6+",
            "2d6*2",
            "d99999999999999999999",
            "--d6",
            "é",
        ],
    ),
    ("color", &["", "red green"]),
    ("nick", &[""]),
    ("msg", &["", "bob", "bob  "]),
    ("who", &["me"]),
    ("topic", &[]),
    ("history", &["0", "x", "-1", "99999999999999999999"]),
    ("ignore", &["a b"]),
    ("unignore", &["", "a b"]),
    ("rooms", &["all"]),
    ("report", &[""]),
    ("edit", &[""]),
    ("delete", &["x"]),
    ("react", &["", "a b"]),
    ("pins", &["x"]),
    ("pin", &["", "a b"]),
    ("unpin", &["", "a b"]),
    ("query", &[""]),
    ("private", &[]),
    ("invite", &[]),
    ("uninvite", &[""]),
    ("members", &["x"]),
    ("password", &[""]),
    ("rename", &[""]),
    ("leave", &["x"]),
    ("makeprivate", &["now"]),
    ("makepublic", &[]),
    ("join", &[""]),
    ("part", &[]),
    ("quit", &[]),
    ("kick", &[""]),
    ("ban", &["", "eve 0", "eve 99999999999 spam"]),
    ("unban", &["", "a b"]),
    ("bans", &["all"]),
    ("mute", &["", "eve 0"]),
    ("unmute", &["", "a b"]),
    ("redact", &["", "a b"]),
    ("remove", &["", "eve x", "eve 0", "eve 5 why"]),
    ("slow", &["x", "-1", "3601", "1 2"]),
    ("reports", &["x"]),
    ("resolve", &["", "a b"]),
    ("whois", &["", "a b"]),
    ("announce", &[""]),
    ("roles", &["x"]),
    ("op", &["", "a b", "a owner x"]),
    ("deop", &["", "a b"]),
    ("clear", &["x"]),
];

fn said(line: &str) -> &str {
    line.get(11..).unwrap_or_else(|| panic!("no time: {line}"))
}

fn boss(chat: &Chat) -> String {
    // What a site's own log-in writes: a moderator by their session.
    let id = "moderatorsmoderatorsmods";
    std::fs::create_dir_all(chat.path("sessions")).expect("made");
    let session = "username|s:4:\"boss\";user|a:1:{s:5:\"admin\";b:1;}";
    std::fs::write(chat.path(&format!("sessions/sess_{id}")), session).expect("written");
    format!("PHPSESSID={id}")
}

fn text_client(chat: &Chat, cookie: &str) -> Client {
    let mut client = chat.start(&[("PATH_INFO", "/r"), ("HTTP_COOKIE", cookie)]);
    client.line_with("Userlist");
    client
}

#[test]
fn the_help_of_pages_has_each_command_with_its_arguments_and_in_the_servers_language() {
    for (lang, does) in [("en", "shows who is here"), ("cs", "ukáže, kdo tu je")] {
        let chat = Chat::with(&format!("{FAST}\nLANG={lang}"));
        let mut guest = chat.page("r", "guest");
        guest.type_in("/help");
        let help = guest.find(|message| message["type"] == "info");
        let rows = help["rows"].as_array().expect("rows");
        assert!(
            rows.contains(&json!({"command": "who", "arguments": "", "does": does})),
            "{help}"
        );
        let for_all = USAGES.iter().filter(|usage| !usage.moderators).count();
        assert_eq!(rows.len(), for_all, "{help}");
    }
}

#[test]
fn a_mistake_is_answered_by_the_usage_line_and_nobody_else_hears_of_it() {
    let chat = Chat::with(FAST);
    let mut witness = chat.page("r", "witness");
    let mut old_witness = chat.old_page("r", "old");
    old_witness.line_with("Userlist");
    let mut page = chat.page("r", "typist");
    let mut text = text_client(&chat, &boss(&chat));
    let names: Vec<_> = USAGES.iter().map(|usage| usage.name).collect();
    assert_eq!(
        names,
        MISTAKES.map(|(name, _)| name),
        "each command has its mistakes here"
    );
    for (usage, (name, mistakes)) in USAGES.iter().zip(MISTAKES) {
        let line = format!("usage: /{}{}", usage.name, usage.arguments);
        for mistake in mistakes {
            page.say(&format!("/{name} {mistake}"), "m");
            let error = page.expect("error");
            assert_eq!(
                (&error["code"], text_of(&error), &error["msgid"]),
                (&json!("usage"), line.as_str(), &json!("m")),
                "/{name} {mistake}"
            );
            text.send(&format!("/{name} {mistake}"));
            assert_eq!(
                said(&text.line_with("usage")),
                format!("boss>  {line}"),
                "/{name} {mistake}"
            );
        }
    }
    page.type_in("the end");
    let heard = witness.find(|message| text_of(message) == "the end");
    assert_eq!(heard["type"], "say");
    for message in witness.settle() {
        assert!(!message.to_string().contains("usage"), "{message}");
    }
    loop {
        let line = old_witness.line().expect("more");
        assert!(!line.contains("usage"), "{line}");
        if line.ends_with("the end") {
            break;
        }
    }
    let kinds = [
        "\tsay\t",
        "\tme\t",
        "\tdice\t",
        "\ttopic\t",
        "\tkick\t",
        "\tban\t",
        "\tclear\t",
        "\tnick\t",
        "\tcolor\t",
    ];
    let log = chat.log("r");
    let left: usize = kinds.iter().map(|kind| log.matches(kind).count()).sum();
    assert_eq!(left, 1, "{log}");
}

#[test]
fn huge_throws_end_at_once_and_answer() {
    let chat = Chat::with(FAST);
    let mut text = chat.old_page("r", "alice");
    text.line_with("Userlist");
    for (command, start) in [
        (
            "/dice 100 1000000000 2",
            "alice>  Throws 100 1000000000-sided dice, throws again on 2: ",
        ),
        (
            "/dice 100 1 1",
            "alice>  Throws 100 1-sided dice, throws again on 1: 1, 1",
        ),
        (
            "/dice 100 1 0",
            "alice>  Throws 100 1-sided dice, throws again on 0: 1, 1",
        ),
        (
            "/dice 1 2 2",
            "alice>  Throws 1 2-sided dice, throws again on 2: ",
        ),
        (
            "/dice 100 1000000000 1000000000",
            "alice>  Throws 100 1000000000-sided dice",
        ),
        (
            "/roll 100d1000000000-1000000000",
            "alice>  Rolls 100d1000000000-1000000000: ",
        ),
        (
            "/roll d1+d1+d1+d1+d1+d1+d1+d1+d1-1000000000",
            "alice>  Rolls 1d1+1d1",
        ),
    ] {
        text.send(command);
        let line = text.line().expect("an answer");
        assert!(said(&line).starts_with(start), "{command}: {line}");
        assert!(line.len() < 16_000, "{command}: {} bytes", line.len());
    }
}

fn info(page: &mut Page, command: &str) -> String {
    page.type_in(&format!("/{command}"));
    let name = command.split(' ').next().expect("a word");
    let message = page.find(|message| message["type"] == "info");
    assert_eq!(message["command"], name, "{command}");
    text_of(&message).to_owned()
}

#[test]
fn help_shows_what_one_may_do() {
    let chat = Chat::with(FAST);
    let mut alice = chat.page("r", "alice");
    let mut boss = chat.page_with("r", "", &boss(&chat));
    let of = |help: &str| {
        help.lines()
            .map(|line| line.split([' ', '-']).next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    let all: Vec<_> = USAGES
        .iter()
        .map(|usage| format!("/{}", usage.name))
        .collect();
    let own: Vec<_> = USAGES
        .iter()
        .filter(|usage| !usage.moderators)
        .map(|usage| format!("/{}", usage.name))
        .collect();
    assert_eq!(of(&info(&mut alice, "help")), own);
    assert_eq!(of(&info(&mut boss, "help")), all);
    for usage in USAGES {
        for typed in [
            usage.name.to_owned(),
            format!("/{}", usage.name.to_uppercase()),
        ] {
            let line = info(&mut alice, &format!("help {typed}"));
            assert!(
                line.starts_with(&format!("/{}{}", usage.name, usage.arguments))
                    && line.contains(usage.en),
                "{line}"
            );
        }
    }
    info(&mut alice, "help nonsense");
}

#[test]
fn questions_are_answered_to_the_one_who_asks() {
    let chat = Chat::with(FAST);
    let (mut alice, mut bob) = (chat.page("r", "alice"), chat.page("r", "bob"));
    let _elsewhere = chat.page("s", "carol");
    alice.find(|message| message["type"] == "join" && message["from"] == "bob");
    assert_eq!(info(&mut alice, "who"), "here: alice, bob");
    assert_eq!(info(&mut alice, "rooms"), "r (2)\ns (1)");
    assert_eq!(info(&mut alice, "topic"), "there is no topic");
    alice.type_in("/topic Tea & cake");
    assert_eq!(text_of(&bob.expect("topic")), "Tea & cake");
    assert_eq!(info(&mut bob, "topic"), "topic: Tea & cake");
    assert_eq!(chat.page("r", "late").welcome["topic"], "Tea & cake");
    alice.type_in("/topic -");
    assert_eq!(text_of(&bob.expect("topic")), "");
    assert_eq!(info(&mut bob, "topic"), "there is no topic");
    assert_eq!(info(&mut alice, "ignore"), "you ignore nobody");
    assert_eq!(info(&mut alice, "ignore bob"), "you ignore: bob");
    alice.type_in("/unignore BOB");
    assert_eq!(text_of(&alice.expect("info")), "you ignore nobody");
    for number in 0..5 {
        alice.type_in(&format!("line {number}"));
    }
    alice.find(|message| text_of(message) == "line 4");
    alice.type_in("/history 2");
    let history = alice.expect("history");
    let texts: Vec<_> = history["records"]
        .as_array()
        .expect("records")
        .iter()
        .map(text_of)
        .collect();
    assert_eq!(texts, ["line 3", "line 4"]);
    let mut old = chat.old_page("r", "old");
    old.line_with("old:");
    old.send("/history 1");
    assert_eq!(said(&old.line().expect("a line")), "alice> line 4");
    alice.type_in("/me waves");
    assert_eq!(text_of(&bob.expect("me")), "waves");
    assert!(old.line_with("waves").ends_with("alice>  * alice waves"));
    alice.type_in("/roll 2d1+3");
    assert_eq!(text_of(&bob.expect("dice")), "Rolls 2d1+3: 1 + 1 + 3 = 5");
    alice.type_in("/color Teal");
    assert_eq!(bob.expect("color")["color"], "Teal");
    alice.type_in("/nick Alicia");
    assert_eq!(bob.expect("nick")["to"], "Alicia");
    alice.type_in("//slash");
    assert_eq!(
        text_of(&bob.find(|message| message["type"] == "say" && message["from"] == "Alicia")),
        "/slash"
    );
    let heard = bob.settle();
    assert!(
        !heard
            .iter()
            .any(|message| message["type"] == "info" || message["type"] == "error"),
        "{heard:?}"
    );
    alice.type_in("/quit");
    assert_eq!(alice.expect("bye")["reason"], "quit");
    assert_eq!(bob.expect("quit")["from"], "Alicia");
    assert!(alice.client.wait().success());
}

/// The same from the text protocol, as moderators with old pages have it.
#[test]
fn moderators_with_old_pages_can_do_all_of_it() {
    let chat = Chat::with(FAST);
    let mut boss = text_client(&chat, &boss(&chat));
    let mut eve = chat.page("r", "eve");
    boss.line_with("eve:");
    eve.say("rude", "m1");
    let id = eve.expect("ack")["id"].as_str().expect("an id").to_owned();
    boss.line_with("rude");
    boss.send(&format!("/redact {id}"));
    assert_eq!(said(&boss.line_with("boss>")), "boss>  Took a message back");
    assert!(!chat.log("r").contains("rude"));
    boss.send("/redact 2026-11-21T10:15:30.123456Z");
    assert_eq!(
        said(&boss.line_with("boss>")),
        "boss>  there is no such thing"
    );
    boss.send("/mute eve 5");
    assert_eq!(said(&boss.line_with("boss>")), "boss>  done");
    eve.find(|message| message["code"] == "muted");
    boss.send("/unmute EVE");
    assert_eq!(said(&boss.line_with("boss>")), "boss>  done");
    boss.send("/bans");
    assert_eq!(said(&boss.line_with("boss>")), "boss>  nobody is banned");
    boss.send("/kick eve too loud");
    assert_eq!(
        said(&boss.line_with("boss>")),
        "boss>  Sent eve out: too loud"
    );
    assert_eq!(eve.expect("bye")["reason"], "kicked");
    boss.line_with("eve quit the r");
    boss.send("/kick eve");
    assert_eq!(said(&boss.line_with("boss>")), "boss>  eve is not here");
    let before = chat_store::record::RecordId::now();
    boss.send("/ban eve 10 spam");
    assert_eq!(said(&boss.line_with("boss>")), "boss>  Banned eve: spam");
    boss.send("/bans");
    let ban = said(&boss.line_with("boss>")).to_owned();
    // Ten minutes from then: the minute is what a busy machine may take at most.
    let until = ban
        .strip_prefix("boss>  ban: eve until ")
        .and_then(|rest| rest.strip_suffix(" (by boss): spam"))
        .expect("a time");
    let until = chat_store::record::RecordId::parse(until.as_bytes())
        .expect("an id")
        .as_micros()
        - before.as_micros();
    assert!((600_000_000..660_000_000).contains(&until), "{ban}");
    assert_eq!(chat.page("r", "Eve").welcome["reason"], "banned");
    boss.send("/unban eve");
    assert_eq!(said(&boss.line_with("boss>")), "boss>  done");
    boss.send("/unban eve");
    assert_eq!(
        said(&boss.line_with("boss>")),
        "boss>  there is no such thing"
    );
    boss.send("/ban boss");
    assert_eq!(said(&boss.line_with("boss>")), "boss>  not to yourself");
    boss.send("/clear");
    assert_eq!(
        said(&boss.line_with("boss>")),
        "boss>  Took all messages back"
    );
    assert!(chat.page("r", "late").past.is_empty());
}

#[test]
fn only_a_session_with_the_flag_makes_a_moderator() {
    let commands = [
        "/kick bob",
        "/ban bob",
        "/unban bob",
        "/bans",
        "/mute bob",
        "/unmute bob",
        "/clear",
        "/redact 2026-11-21T10:15:30.123456Z",
    ];
    let with_flag = |flag: &str| format!("username|s:4:\"boss\";user|a:1:{{s:5:\"admin\";{flag}}}");
    for (lines, session, wanted) in [
        (FAST, with_flag("b:1;"), true),
        (FAST, with_flag("i:1;"), true),
        (FAST, with_flag("s:3:\"yes\";"), true),
        (FAST, with_flag("b:0;"), false),
        (FAST, with_flag("i:0;"), false),
        (FAST, with_flag("s:1:\"0\";"), false),
        (FAST, with_flag("s:0:\"\";"), false),
        (FAST, with_flag("N;"), false),
        (FAST, with_flag("a:1:{i:0;b:1;}"), false),
        (FAST, "username|s:4:\"boss\";admin|b:1;".to_owned(), false),
        (
            FAST,
            "username|s:4:\"boss\";user|s:5:\"admin\";".to_owned(),
            false,
        ),
        // Without the setting no session makes one.
        ("MESSAGE_BURST=1000", with_flag("b:1;"), false),
    ] {
        let chat = Chat::with(lines);
        // Who makes a room and is logged in moderates it: this one is a guest's.
        drop(chat.page("r", "first"));
        let cookie = boss(&chat);
        std::fs::write(
            chat.path("sessions/sess_moderatorsmoderatorsmods"),
            &session,
        )
        .expect("written");
        let mut page = chat.page_with("r", "", &cookie);
        assert_eq!(
            (page.you().as_str(), &page.welcome["moderator"]),
            ("boss", &json!(wanted)),
            "{session}"
        );
        if wanted {
            continue;
        }
        for command in commands {
            page.say(command, "m");
            assert_eq!(page.expect("error")["code"], "not_moderator", "{command}");
        }
        assert!(!chat.path("state/r.bans").exists());
    }
}
