use super::*;
use chat_store::moderation::Order;
use proptest::prelude::*;

#[test]
fn messages_are_messages() {
    for text in ["hello", "", " /dice", "a/b", "bob: hi"] {
        assert_eq!(parse(text), Ok(Command::Say(text)));
    }
    assert_eq!(
        parse("//etc is a directory"),
        Ok(Command::Say("/etc is a directory"))
    );
}

#[test]
fn what_has_several_lines_is_said_and_not_done() {
    for text in [
        "/quit\nnow",
        "//a\n//b",
        "/etc\n/usr",
        "a\n/clear delete",
        "/\n",
    ] {
        assert_eq!(parse(text), Ok(Command::Say(text)));
    }
    assert_eq!(
        parse("/me waves\nand goes"),
        Ok(Command::Me("waves\nand goes"))
    );
    assert_eq!(
        parse("/msg bob one\ntwo"),
        Ok(Command::Msg("bob", "one\ntwo"))
    );
}

#[test]
fn arguments_are_told_apart() {
    assert_eq!(parse("/ME  waves "), Ok(Command::Me("waves")));
    assert_eq!(
        parse("/msg bob  two words"),
        Ok(Command::Msg("bob", "two words"))
    );
    assert_eq!(parse("/topic"), Ok(Command::Topic(None)));
    assert_eq!(parse("/history 5"), Ok(Command::History(Some(5))));
    assert_eq!(
        parse("/ban eve 10 spam, again"),
        Ok(Command::Moderate(Moderate::Ban(Order {
            everywhere: false,
            who: "eve",
            minutes: Some(10),
            reason: "spam, again"
        })))
    );
    assert_eq!(
        parse("/kick eve"),
        Ok(Command::Moderate(Moderate::Kick("eve", "")))
    );
    assert_eq!(
        parse("/mute eve 5"),
        Ok(Command::Moderate(Moderate::Mute(Order {
            everywhere: false,
            who: "eve",
            minutes: Some(5),
            reason: ""
        })))
    );
}

#[test]
fn what_is_no_command_says_why() {
    assert_eq!(parse("/x y"), Err(CommandError::Unknown("/x")));
    assert_eq!(parse("/"), Err(CommandError::Unknown("/")));
    assert_eq!(
        parse(&format!("/{}", "é".repeat(100))),
        Err(CommandError::Unknown(&format!("/{}", "é".repeat(31))))
    );
    for line in [
        "/me",
        "/dice",
        "/dice 1 2 3 4",
        "/roll",
        "/color",
        "/color a b",
        "/nick",
        "/msg bob",
        "/msg",
        "/who me",
        "/history 0",
        "/history x",
        "/ban",
        "/ban eve 0",
        "/ban eve 99999999999",
        "/redact",
        "/clear x",
        "/unban eve x",
        "/unmute * eve 5",
    ] {
        assert!(matches!(parse(line), Err(CommandError::Usage(_))), "{line}");
    }
}

#[test]
fn every_command_of_the_help_is_understood() {
    for usage in USAGES {
        let line = format!("/{} \u{1}", usage.name);
        let refusal = parse(&line).err();
        assert!(
            !matches!(refusal, Some(CommandError::Unknown(_))),
            "{}",
            usage.name
        );
    }
}

proptest! {
    #[test]
    fn no_line_panics(line in "/?[a-z]{0,8} ?\\PC{0,40}|\\PC{0,40}") {
        let _ = parse(&line);
    }

    #[test]
    fn a_message_is_never_changed(text in "[^/]\\PC{0,40}") {
        prop_assert_eq!(parse(&text), Ok(Command::Say(&text)));
    }
}
