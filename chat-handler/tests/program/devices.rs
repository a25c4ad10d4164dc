//! One person, many connections: one name, one coming, one going, and what is for them reaches all of them.

use crate::support::{Chat, Client, Page, text_of};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

/// Nobody is waited for in vain in a test that counts lines.
const LONG_GRACE: &str = "PRESENCE_GRACE=300";

/// How often a record of this kind and name stands in the log of `r`.
fn count(chat: &Chat, kind: &str, name: &str) -> usize {
    chat.log("r")
        .matches(&format!("\t{kind}\t{name}\t"))
        .count()
}

fn old_page(chat: &Chat, cookie: &str) -> Client {
    let variables = [("PATH_INFO", "/r"), ("HTTP_COOKIE", cookie)];
    let mut client = chat.start(&variables);
    client.line_with("Userlist: ");
    client
}

/// Kills the handler, as kill -9 does.
fn kill(page: &mut Page) {
    page.client.child.kill().expect("our child");
    page.client.child.wait().expect("our child");
}

/// Loses the connection.
fn hang_up(page: &mut Page) {
    page.client.hang_up();
    page.client.rest();
}

#[test]
fn two_browsers_and_a_text_client_are_one_member() {
    let chat = Chat::new();
    let mut bob = chat.page("r", "bob");
    let cookie = chat.log_in(&[("username", "alice")]);
    let mut one = chat.page_with("r", "client=browser-one&page=page-one", &cookie);
    let mut two = chat.page_with("r", "client=browser-two&page=page-two", &cookie);
    let mut text = old_page(&chat, &cookie);
    assert_eq!((one.you(), two.you()), ("alice".into(), "alice".into()));
    assert_eq!(two.members(), ["alice", "bob"]);
    assert_eq!(chat.present("r"), ["alice", "bob"]);
    let is_hers = |message: &Value| message["type"] == "join" && message["from"] == "alice";
    bob.find(is_hers);
    assert!(!bob.settle().iter().any(is_hers), "she came once");

    // A whisper reaches all of them, and nobody else.
    let mut eve = chat.page("r", "eve");
    bob.type_in("/msg alice psst");
    for page in [&mut one, &mut two] {
        assert_eq!(text_of(&page.expect("whisper")), "psst");
    }
    text.line_with("bob> alice: psst");
    // What one of them whispers is their own in the others.
    two.send(&json!({"type": "whisper", "to": "bob", "text": "answer", "msgid": "w1"}));
    let copy = one.expect("whisper");
    assert_eq!(
        (&copy["from"], &copy["to"], text_of(&copy)),
        (&json!("alice"), &json!("bob"), "answer")
    );
    assert_eq!(copy["msgid"], "w1");
    text.line_with("alice> bob: answer");
    assert_eq!(two.expect("ack")["msgid"], "w1");
    // Sent again because the ack was lost, it is not said again.
    two.send(&json!({"type": "whisper", "to": "bob", "text": "answer", "msgid": "w1"}));
    let again = two.find(|message| message["type"] == "ack");
    assert_eq!(again["duplicate"], true);
    let is_answer = |message: &Value| text_of(message) == "answer";
    bob.find(is_answer);
    assert!(!bob.settle().iter().any(is_answer), "it came once");
    assert!(eve.settle().iter().all(|message| {
        let text = message.to_string();
        !text.contains("psst") && !text.contains("answer")
    }));

    // A call rings on all of them; one tells the others that it has taken it.
    let person = two.welcome["person"].as_str().expect("a number").to_owned();
    bob.send(&json!({"type": "signal", "to": "alice", "person": person, "data": {"kind": "x"}}));
    for page in [&mut one, &mut two] {
        assert_eq!(page.expect("signal")["from"], "bob");
    }
    one.send(
        &json!({"type": "signal", "to": "alice", "person": person, "data": {"kind": "taken"}}),
    );
    assert_eq!(two.expect("signal")["data"]["kind"], "taken");
    assert!(
        one.settle()
            .iter()
            .all(|message| message["type"] != "signal")
    );

    // A new name and a new color are those of all of them.
    text.send("/nick Alicia");
    for page in [&mut one, &mut two] {
        assert_eq!(
            page.find(|message| message["type"] == "you")["name"],
            "Alicia"
        );
    }
    two.send(&json!({"type": "color", "color": "#00aa00"}));
    assert_eq!(
        one.find(|message| message["type"] == "you")["color"],
        "#00aa00"
    );
    one.type_in("from one");
    let said = bob.find(|message| text_of(message) == "from one");
    assert_eq!(
        (&said["from"], &said["color"]),
        (&json!("Alicia"), &json!("#00aa00"))
    );
    two.send(&json!({"type": "nick", "nick": "alice"}));
    text.line_with("Alicia>  Changed name to alice");
    text.send("hello");
    text.line_with("alice> hello");
    assert_eq!(count(&chat, "nick", "alice"), 1);
    assert_eq!(chat.present("r"), ["alice", "bob", "eve"]);

    // They have left when the last of them has.
    one.client.leave();
    kill(&mut two);
    bob.type_in("/who");
    assert!(text_of(&bob.expect("info")).contains("alice"));
    assert_eq!(count(&chat, "quit", "alice"), 0);
    text.leave();
    bob.find(|message| message["type"] == "quit" && message["from"] == "alice");
    assert_eq!(
        (count(&chat, "join", "alice"), count(&chat, "quit", "alice")),
        (1, 1)
    );
    assert!(!chat.log("r").contains("psst"));
}

#[test]
fn a_kick_ends_all_connections_of_a_person() {
    let chat = Chat::with("SESSION_ADMIN_PATH=admin");
    let boss = chat.log_in(&[("username", "boss"), ("admin", "1")]);
    let mut boss = chat.page_with("r", "", &boss);
    let cookie = chat.log_in(&[("username", "alice")]);
    let mut pages = ["a", "b"].map(|page| {
        let query = format!("page=the-page-{page}");
        chat.page_with("r", &query, &cookie)
    });
    let mut text = old_page(&chat, &cookie);
    boss.type_in("/kick alice enough");
    for page in &mut pages {
        assert_eq!(page.expect("bye")["reason"], "kicked");
        assert!(page.client.wait().success());
    }
    while text.line().is_some() {}
    boss.find(|message| message["type"] == "quit" && message["from"] == "alice");
    assert_eq!(count(&chat, "quit", "alice"), 1);
    assert_eq!(chat.present("r"), ["boss"]);
}

#[test]
fn who_is_back_in_time_was_never_away() {
    let chat = Chat::with(LONG_GRACE);
    let mut bob = chat.page("r", "bob");
    let page = |since: &str| {
        let query = format!("nick=alice&client=the-browser&page=the-page{since}");
        chat.page_with("r", &query, "")
    };
    let mut alice = page("");
    alice.say_acked("hello", "m1");
    alice.type_in("/color #123456");
    let seen = alice.expect("color")["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    // The connection is lost, then the handler is killed, then the server stops.
    for (round, how) in ["lost", "killed", "stopped"].into_iter().enumerate() {
        match how {
            "lost" => hang_up(&mut alice),
            "killed" => kill(&mut alice),
            _ => {
                alice.client.signal(Signal::SIGTERM);
                alice.client.rest();
            }
        }
        // Who whispers meanwhile is not told that they are gone, and it is read.
        let text = format!("round {round}");
        bob.send(&json!({"type": "whisper", "to": "alice", "text": text, "msgid": how}));
        assert_eq!(
            bob.find(|message| message["msgid"] == how)["type"],
            "whisper"
        );
        alice = page(&format!("&since={seen}"));
        assert_eq!(alice.you(), "alice");
        assert_eq!(alice.welcome["color"], "#123456");
        alice.find(|message| message["type"] == "whisper" && message["text"] == text.as_str());
    }
    assert_eq!(
        (count(&chat, "join", "alice"), count(&chat, "quit", "alice")),
        (1, 0)
    );
    // Who leaves on purpose is not waited for.
    alice.send(&json!({"type": "quit"}));
    bob.find(|message| message["type"] == "quit" && message["from"] == "alice");
    assert_eq!(
        (count(&chat, "join", "alice"), count(&chat, "quit", "alice")),
        (1, 1)
    );
}

/// A text client comes back by nobody's doing; as long as its person has pages that do, they are waited for.
#[test]
fn whichever_connection_is_lost_last_a_page_is_waited_for() {
    let chat = Chat::with(LONG_GRACE);
    let cookie = chat.log_in(&[("username", "alice")]);
    let text = old_page(&chat, &cookie);
    let mut page = chat.page_with("r", "page=the-page-one", &cookie);
    hang_up(&mut page);
    text.leave();
    assert_eq!(
        chat.page_with("r", "page=the-page-one", &cookie).you(),
        "alice"
    );
    assert_eq!(
        (count(&chat, "join", "alice"), count(&chat, "quit", "alice")),
        (1, 0)
    );
    // By itself it is not.
    let bob = chat.log_in(&[("username", "bob")]);
    old_page(&chat, &bob).leave();
    chat.expect_quit("r", "bob");
    assert_eq!(
        (count(&chat, "join", "bob"), count(&chat, "quit", "bob")),
        (1, 1)
    );
}

#[test]
fn who_is_sent_out_while_away_is_out() {
    let chat = Chat::with(&format!("{LONG_GRACE}\nSESSION_ADMIN_PATH=admin"));
    let boss = chat.log_in(&[("username", "boss"), ("admin", "1")]);
    let mut boss = chat.page_with("r", "", &boss);
    let alice = chat.page_with("r", "nick=alice&client=the-browser", "");
    alice.client.leave();
    boss.type_in("/kick alice enough");
    boss.find(|message| message["type"] == "quit" && message["from"] == "alice");
    assert_eq!(chat.present("r"), ["boss"]);
}

/// The others do not look by themselves for a minute: they are woken.
#[test]
fn when_the_watchman_is_killed_another_one_watches() {
    let chat = Chat::with("PRESENCE_GRACE=1");
    let mut watchman = chat.page("r", "watchman");
    let mut others: Vec<_> = (0..5)
        .map(|n| chat.page("r", &format!("other{n}")))
        .collect();
    let mut last = others.pop().expect("five");
    kill(&mut watchman);
    for other in &mut others {
        kill(other);
    }
    let mut gone = Vec::new();
    for _ in 0..5 {
        let quit = last.find(|message| message["type"] == "quit");
        gone.push(quit["from"].as_str().expect("a name").to_owned());
    }
    gone.sort();
    assert_eq!(gone, ["other0", "other1", "other2", "other3", "watchman"]);
    assert_eq!(chat.present("r"), ["other4"]);
}

/// Another program appends a line and rings no bell.
#[test]
fn what_another_program_wrote_is_read_by_all() {
    let chat = Chat::new();
    let mut pages: Vec<_> = (0..4)
        .map(|n| chat.page("r", &format!("user{n}")))
        .collect();
    for page in &mut pages {
        page.settle();
    }
    let line = "2036-11-21T10:15:30.123456Z\tsay\tbot\t\tfrom outside\n";
    let path = chat.room_log("r");
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(path)
        .expect("a log");
    std::io::Write::write_all(&mut file, line.as_bytes()).expect("written");
    for page in &mut pages {
        page.find(|message| text_of(message) == "from outside");
    }
}

/// A wave of a thousand lost connections, all of which come back, is no line in the room, and nobody is lost by it.
#[test]
fn a_wave_of_lost_connections_that_come_back_is_not_heard_of() {
    /// Handlers at once.
    const WAVE: usize = 1000;
    /// One of so many ends by its stdin's end, the others by kill -9.
    const HANG_UP: usize = 50;
    let chat = Chat::with(LONG_GRACE);
    let mut witness = chat.page("r", "witness");
    // As lines: a thousand lists of a thousand people are a million objects of JSON.
    let enter = |n: usize| {
        let query =
            format!("format=json&nick=user{n}&client=the-browser-{n}&page=page-{n}&history=0");
        let mut handler = chat.start(&[("PATH_INFO", "/r"), ("QUERY_STRING", &query)]);
        let welcome = handler.line_with(r#""type":"welcome""#);
        (handler, welcome)
    };
    let (leaving, killed): (Vec<_>, Vec<_>) = (0..WAVE)
        .map(|n| {
            let (handler, _) = enter(n);
            if n % HANG_UP != 0 {
                // It is there, and does not hear of each who comes after it: that would be a million joins.
                handler.signal(Signal::SIGSTOP);
            }
            (n, handler)
        })
        .partition(|(n, _)| n % HANG_UP == 0);
    let before = chat.log("r");
    assert_eq!(before.matches("\tjoin\t").count(), WAVE + 1);
    for (_, handler) in leaving {
        handler.leave();
    }
    // When they are dropped.
    drop(killed);
    let mut wave: Vec<_> = (0..WAVE).map(enter).collect();
    let people = wave[WAVE - 1].1.matches(r#""name":"#).count();
    assert!(people > WAVE, "{people} people");
    assert_eq!(chat.log("r"), before);
    // Its own, too.
    for _ in 0..=WAVE {
        witness.expect("join");
    }
    witness.say_acked("all here?", "m1");
    for (handler, _) in &mut wave {
        handler.line_with("all here?");
    }
    let log = chat.log("r");
    assert_eq!(log.matches("\tjoin\t").count(), WAVE + 1);
    assert_eq!(log.matches("\tquit\t").count(), 0);
}

/// In a quiet room the list of people says who comes and goes.
#[test]
fn a_quiet_room_shows_nobody_who_comes_and_goes() {
    let chat = Chat::with("QUIET_ROOMS=R, other");
    let mut text = chat.old_page("R", "alice");
    let list = text.line_with("Userlist: ");
    assert!(list.ends_with("Userlist: alice:Gray,"), "{list}");
    let page = chat.page("R", "bob");
    assert_eq!(page.welcome["comings"], false);
    let next = text.line().expect("a list");
    assert!(next.ends_with("Userlist: alice:Gray,bob:Gray,"), "{next}");
    page.client.leave();
    let next = text.line().expect("a list");
    assert!(next.ends_with("Userlist: alice:Gray,"), "{next}");
    assert!(chat.page("loud", "bob").welcome.get("comings").is_none());
}
