//! The text protocol, as the pages of 2016 know it.

use crate::support::{Chat, Client, text_of};
use serde_json::json;

/// A line without its time, which must have its form.
fn said(line: &str) -> &str {
    let bytes = line.as_bytes();
    let digits = [1, 2, 4, 5, 7, 8]
        .iter()
        .all(|&at| bytes[at].is_ascii_digit());
    assert!(
        digits && line.starts_with('[') && &line[3..4] == ":" && &line[9..11] == "] ",
        "{line}"
    );
    &line[11..]
}

fn next(client: &mut Client) -> String {
    said(&client.line().expect("a line")).to_owned()
}

#[test]
fn the_first_lines_are_welcome_history_join_and_list() {
    let chat = Chat::new();
    let mut alice = chat.old_page("lobby", "alice");
    assert_eq!(next(&mut alice), "Welcome to the chat room lobby alice!");
    assert_eq!(next(&mut alice), "alice joined the lobby");
    assert_eq!(next(&mut alice), "Userlist: alice:Gray,");
    alice.send("hello");
    assert_eq!(next(&mut alice), "alice> hello");
    let mut bob = chat.old_page("lobby", "bob");
    let first: Vec<_> = (0..5).map(|_| next(&mut bob)).collect();
    assert_eq!(
        first,
        [
            "Welcome to the chat room lobby bob!",
            "alice joined the lobby",
            "alice> hello",
            "bob joined the lobby",
            "Userlist: alice:Gray,bob:Gray,"
        ]
    );
    assert_eq!(next(&mut alice), "bob joined the lobby");
    assert_eq!(next(&mut alice), "Userlist: alice:Gray,bob:Gray,");
    bob.leave();
    assert_eq!(next(&mut alice), "bob quit the lobby");
    assert_eq!(next(&mut alice), "Userlist: alice:Gray,");
}

#[test]
fn commands_answer_as_they_did() {
    let chat = Chat::new();
    let mut alice = chat.old_page("r", "alice");
    alice.line_with("Userlist");
    alice.send("/color #aa0000");
    assert_eq!(next(&mut alice), "alice>  Changed color to #aa0000");
    assert_eq!(next(&mut alice), "Userlist: alice:#aa0000,");
    alice.send("/x");
    assert_eq!(next(&mut alice), "alice>  unknown command /x");
    alice.send("/dice 2 6 6");
    let dice = next(&mut alice);
    let values = dice
        .strip_prefix("alice>  Throws 2 6-sided dice, throws again on 6: ")
        .expect("the old words");
    let values: Vec<u32> = values
        .split(", ")
        .map(|value| value.parse().expect("a number"))
        .collect();
    assert_eq!(values.iter().filter(|&&value| value < 6).count(), 2);
    for line in [
        "/dice",
        "/dice 0 0 0",
        "/dice 1000 6 6",
        "/dice 2 -6 6",
        "/dice 2 6 $(reboot)",
        "/dice 99999999999999999999 1 1",
    ] {
        alice.send(line);
        assert_eq!(
            next(&mut alice),
            "alice>  usage: /dice COUNT SIDES [AGAIN]",
            "{line}"
        );
    }
    alice.send("/dice 100 1000000000 2");
    assert!(next(&mut alice).ends_with(", ..."));
    alice.send("/nick Ali ce");
    assert_eq!(next(&mut alice), "alice>  Changed name to Ali-ce");
    assert_eq!(next(&mut alice), "Userlist: Ali-ce:#aa0000,");
    alice.send("/topic Tea");
    assert_eq!(next(&mut alice), "Ali-ce>  Changed topic to Tea");
    alice.send("/topic");
    assert_eq!(next(&mut alice), "Ali-ce>  topic: Tea");
    alice.send("/me waves");
    assert_eq!(next(&mut alice), "Ali-ce>  * Ali-ce waves");
    alice.send("/rooms");
    assert_eq!(next(&mut alice), "Ali-ce>  r (1)");
    alice.send("/who");
    assert_eq!(next(&mut alice), "Ali-ce>  here: Ali-ce");
    alice.send("/help dice");
    assert!(next(&mut alice).starts_with("Ali-ce>  /dice COUNT SIDES [AGAIN] - "));
    alice.send("//not a command");
    assert_eq!(next(&mut alice), "Ali-ce> /not a command");
    alice.send("/quit");
    assert_eq!(next(&mut alice), "Ali-ce>  goodbye");
    assert_eq!(alice.line(), None);
}

#[test]
fn a_line_for_somebody_is_private() {
    let chat = Chat::new();
    let (mut alice, mut bob) = (chat.old_page("r", "alice"), chat.old_page("r", "bob"));
    bob.line_with("Userlist: alice:Gray,bob:Gray,");
    alice.line_with("Userlist: alice:Gray,bob:Gray,");
    let eve = chat.old_page("r", "eve");
    alice.line_with("eve:");
    bob.line_with("eve:");
    alice.send("bob: sesame: open");
    assert_eq!(next(&mut alice), "alice> bob: sesame: open");
    assert_eq!(next(&mut bob), "alice> bob: sesame: open");
    // As browsers of today write it; the pages of 2016 look for what it begins with.
    let sdp = "v=0 sesame ".repeat(5000);
    alice.send(&format!(r#"bob: {{"sdp":"{sdp}","type":"offer"}}"#));
    let told = format!(r#"alice> bob: {{"type":"offer","sdp":"{sdp}"}}"#);
    assert_eq!(next(&mut bob), told);
    assert_eq!(next(&mut alice), told);
    // Not for all either when the one it is for has gone.
    alice.send("gone: {\"type\":\"candidate\",\"candidate\":null,\"sesame\":1}");
    assert_eq!(next(&mut alice), "alice>  gone is not here");
    alice.send("nobody: is here");
    assert_eq!(next(&mut bob), "alice> nobody: is here");
    let seen = eve.leave();
    assert!(seen.iter().any(|line| line.ends_with("nobody: is here")));
    assert!(!seen.iter().any(|line| line.contains("sesame")));
    assert!(!chat.log("r").contains("sesame"));
}

#[test]
fn both_kinds_of_pages_hear_each_other() {
    let chat = Chat::new();
    let (mut old, mut new) = (chat.old_page("r", "old"), chat.page("r", "new"));
    old.line_with("new joined the r");
    new.type_in("hi");
    assert_eq!(said(&old.line_with("hi")), "new> hi");
    new.type_in("/msg old psst");
    assert_eq!(said(&old.line_with("psst")), "new> old: psst");
    old.send("new: {\"type\":\"offer\",\"sdp\":\"x\"}");
    assert_eq!(new.expect("signal")["data"]["type"], "offer");
    new.send(&json!({"type": "signal", "to": "old", "data": {"type": "answer"}}));
    assert_eq!(
        said(&old.line_with("answer")),
        "new> old: {\"type\":\"answer\"}"
    );
    new.send(&json!({"type": "signal", "to": "old", "data": {"sdp": "v=0", "type": "answer"}}));
    assert_eq!(
        said(&old.line_with("sdp")),
        "new> old: {\"type\":\"answer\",\"sdp\":\"v=0\"}"
    );
    new.send(&json!({"type": "signal", "to": "old", "data": {"page": "x", "kind": "hello"}}));
    new.send(&json!({"type": "typing"}));
    new.type_in("typed");
    let line = old.line().expect("a line");
    assert_eq!(said(&line), "new> typed");
}

#[test]
fn answers_come_in_the_order_of_the_questions() {
    let chat = Chat::with("MESSAGE_RATE=1000\nMESSAGE_BURST=1000");
    let mut alice = chat.old_page("r", "alice");
    alice.line_with("Userlist");
    for number in 0..100 {
        alice.send(&format!("{number}\n/x{number}"));
    }
    for number in 0..100 {
        assert_eq!(next(&mut alice), format!("alice> {number}"));
        assert_eq!(
            next(&mut alice),
            format!("alice>  unknown command /x{number}")
        );
    }
}

#[test]
fn lines_of_the_old_log_are_history() {
    let chat = Chat::new();
    std::fs::create_dir_all(chat.path("rooms")).expect("made");
    std::fs::write(
        chat.path("rooms/r.log"),
        "[10:15:29] alice> bob: only for bob\n[10:15:30] alice> from 2016\n[10:15:31] bob joined the r\n",
    )
    .expect("written");
    let mut old = chat.old_page("r", "carol");
    old.line();
    assert_eq!(old.line().expect("a line"), "[10:15:30] alice> from 2016");
    let new = chat.page("r", "dave");
    let record = new
        .past
        .iter()
        .find(|record| record["text"] == "from 2016")
        .expect("there");
    // What the old pages hid from all but two is not shown to everybody now.
    let resumed = chat.page_with("r", "since=2015-01-01T00:00:00.000000Z", "");
    for past in [&new.past, &resumed.past] {
        assert!(!format!("{past:?}").contains("only for bob"));
    }
    assert_eq!(
        (
            record["from"].as_str(),
            record["old"].as_bool(),
            record["clock"].as_str()
        ),
        (Some("alice"), Some(true), Some("10:15:30"))
    );
}

#[test]
fn the_servers_lines_speak_its_language() {
    let chat = Chat::with("LANG=cs_CZ.UTF-8");
    let mut page = chat.old_page("r", "žofie");
    assert_eq!(next(&mut page), "Welcome to the chat room r žofie!");
    assert_eq!(next(&mut page), "žofie přichází do r");
    assert_eq!(next(&mut page), "Userlist: žofie:Gray,");
    page.send("/x");
    assert_eq!(next(&mut page), "žofie>  neznámý příkaz /x");
}

/// These pages write names into their source: a quote would end the string, and the rest would run.
#[test]
fn no_name_runs_in_an_old_page() {
    let chat = Chat::new();
    let mut old = chat.old_page("r", "old");
    old.line_with("Userlist");
    let mut new = chat.page("r", "O'Neil\"<%26`");
    assert_eq!(new.you(), "O'Neil\"<&`");
    let name = "O＇Neil＂＜＆｀";
    assert_eq!(next(&mut old), format!("{name} joined the r"));
    assert_eq!(next(&mut old), format!("Userlist: {name}:Gray,old:Gray,"));
    new.type_in("hi");
    assert_eq!(next(&mut old), format!("{name}> hi"));
    // By either form the name is theirs, and what is for them goes to them alone.
    for typed in [name, "O'Neil\"<&`"] {
        old.send(&format!("{typed}: psst"));
        assert_eq!(next(&mut old), format!("old> {name}: psst"));
        assert_eq!(text_of(&new.expect("whisper")), "psst");
    }
    new.type_in("/nick it's");
    assert_eq!(next(&mut old), format!("{name}>  Changed name to it＇s"));
    assert_eq!(next(&mut old), "Userlist: it＇s:Gray,old:Gray,");
    drop(new);
    assert_eq!(next(&mut old), "it＇s quit the r");
    assert!(!chat.log("r").contains("psst"));
}
