//! Any line of a client, in both protocols: no panic, and what is a message stays what it was.

#![no_main]

use chat_handler::command::{Command, parse};
use chat_handler::dice::SystemChance;
use chat_handler::wire::{json, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &str| {
    match parse(line) {
        Ok(Command::Say(said)) => assert!(line.ends_with(said) && line.len() - said.len() <= 1),
        // A thousand values of ten digits and their commas, and the words before them.
        Ok(Command::Dice(throw)) => {
            assert!(throw.answer(&mut SystemChance::default()).len() < 13_000);
        }
        Ok(Command::Roll(roll)) => {
            assert!(roll.answer(&mut SystemChance::default()).len() < 3_000);
        }
        _ => {}
    }
    if let Some((name, rest)) = text::addressee(line) {
        assert_eq!(format!("{name}: {rest}"), line);
    }
    let _ = text::is_signal(line);
    let _ = json::parse::parse(line);
});
