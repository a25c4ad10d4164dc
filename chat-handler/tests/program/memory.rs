//! What a handler holds does not grow with what has passed through it.

#![allow(clippy::print_stdout, reason = "what is held is the test's report")]

use crate::support::{Chat, Page, text_of};
use chat_store::bell;
use chat_store::fs::dirs::Dirs;
use chat_store::log::room_log::RoomLog;
use chat_store::name::RoomName;
use chat_store::record::{Draft, Kind};
use serde_json::json;

/// What two looks may differ by: the stack has been deeper, a buffer longer, since nobody says how much comes at once. The
/// [`ROUNDS`] pass 90,000 messages through: a leak of one byte of each is more than this.
const SLACK_KIB: u64 = 64;

/// After the first.
const ROUNDS: usize = 6;

/// Batches from one page of history and one ping to the next: their rate is no setting, and a handler that has to slow them down
/// makes of seconds a quarter of an hour.
const SIDE_EVERY: usize = 8;

/// A quarter of a day of a busy room: everything a handler does, many times.
fn pass_through(page: &mut Page, log: &mut RoomLog, dirs: &Dirs, round: usize) {
    let room = RoomName::parse("r").expect("a name");
    for batch in 0..200 {
        for number in 0..50 {
            let (from, text) = (
                format!("p{}", number % 17),
                "x".repeat(10 + number * 13 % 400),
            );
            let kind = match number {
                0 => Kind::Join,
                49 => Kind::Quit,
                _ => Kind::Say,
            };
            log.append(&Draft::new(kind, &from, &text))
                .expect("room on the disk");
        }
        log.append(&Draft::new(
            Kind::Say,
            "end",
            &format!("end {round} {batch}"),
        ))
        .expect("room on the disk");
        bell::ring_at(&dirs.bell(&room)).expect("a bell");
        for number in 0..25 {
            page.say(
                &"y".repeat(number * 40 + 1),
                &format!("m{round}-{batch}-{number}"),
            );
        }
        page.send(&json!({"type": "whisper", "to": "nobody", "text": "psst"}));
        page.type_in("/who");
        page.type_in("/dice 3 6 6");
        if batch % SIDE_EVERY == 0 {
            page.send(&json!({"type": "history", "limit": 50}));
            page.settle();
        }
        // Both orders happen: the answer to the ping, and the last line of the batch.
        page.send(&json!({"type": "say", "text": format!("own {round} {batch}")}));
        page.find(|message| text_of(message) == format!("own {round} {batch}"));
    }
}

#[test]
fn a_handler_does_not_grow_over_a_day() {
    let chat = Chat::with("MESSAGE_RATE=100000\nMESSAGE_BURST=100000");
    let mut page = chat.page("r", "alice");
    let dirs = Dirs::under(chat.dir.path());
    let mut log = RoomLog::new(&dirs, &RoomName::parse("r").expect("a name"));
    // The first round fills what is bounded: buffers, and what it remembers of its own messages.
    pass_through(&mut page, &mut log, &dirs, 0);
    let before = page.client.anonymous_kib();
    for round in 1..=ROUNDS {
        pass_through(&mut page, &mut log, &dirs, round);
        let after = page.client.anonymous_kib();
        println!("{after} KiB after round {round}, {before} after the first");
        assert!(
            after <= before + SLACK_KIB,
            "{after} KiB after round {round}, {before} after the first"
        );
    }
}
