//! Any line that somebody types: no panic, what is a message stays what it was, and every answer has an end.

use chat_handler::command::{Command, parse};
use chat_handler::dice::SystemChance;
use chat_handler::wire::text;
use chat_store::record::addressee;

pub fn run(bytes: &[u8]) {
    let Ok(line) = std::str::from_utf8(bytes) else {
        return;
    };
    match parse(line) {
        Ok(Command::Say(said)) => assert!(line.ends_with(said) && line.len() - said.len() <= 1),
        // A thousand values of ten digits and their commas, and the words before them.
        Ok(Command::Dice(throw)) => {
            assert!(throw.answer(&mut SystemChance::default()).len() < 13_000);
        }
        Ok(Command::Roll(roll)) => {
            assert!(roll.answer(&mut SystemChance::default()).len() < 3_000);
        }
        Ok(_) => {}
        Err(refusal) => assert!(line.starts_with('/'), "{refusal:?}"),
    }
    if let Some((name, rest)) = addressee(line) {
        assert_eq!(format!("{name}: {rest}"), line);
    }
    // What counts as signaling is one JSON object, so it can be passed on as one.
    if text::is_signal(line) {
        assert!(line.starts_with('{') && line.trim_end().ends_with('}'));
    }
}
