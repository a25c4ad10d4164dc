//! The pure part of a chat line: what was typed, and the record of it.
//! `cargo bench -p chat-handler`; the whole is measured by bench/.

use chat_handler::command;
use chat_store::record::{Draft, Kind, Record, RecordId, clean};
use divan::{Bencher, black_box};

/// What people say.
const LINES: [&str; 4] = [
    "hello, is anybody here tonight?",
    "/me waves",
    "/dice 3 6 6",
    "Železná hospoda už zase zavírá, přijďte všichni zítra 🙂",
];

fn main() {
    divan::main();
}

fn draft(text: &str) -> Draft<'_> {
    Draft {
        msgid: Some("a1b2c3d4-17"),
        account: Some("alice"),
        color: Some("#aa0000"),
        ..Draft::new(Kind::Say, "alice", text)
    }
}

fn line(text: &str) -> Vec<u8> {
    let mut line = Vec::new();
    draft(text).write_to(RecordId::from_micros(1_790_000_000_123_456), &mut line);
    line
}

#[divan::bench(args = LINES)]
fn parse_command(line: &str) -> bool {
    command::parse(black_box(line)).is_ok()
}

#[divan::bench(args = [LINES[0], LINES[3]])]
fn write_record(bencher: Bencher<'_, '_>, text: &str) {
    let id = RecordId::from_micros(1_790_000_000_123_456);
    let mut line = Vec::with_capacity(1024);
    bencher.bench_local(|| {
        line.clear();
        black_box(draft(black_box(text))).write_to(id, &mut line);
        line.len()
    });
}

/// What each person in a room does with each line of it.
#[divan::bench(args = [LINES[0], LINES[3]])]
fn parse_record(bencher: Bencher<'_, '_>, text: &str) {
    let line = line(text);
    bencher.bench_local(|| Record::parse(black_box(&line)).is_some());
}

/// What a search by bisection does.
#[divan::bench]
fn parse_id(bencher: Bencher<'_, '_>) {
    let line = line(LINES[0]);
    bencher.bench_local(|| Record::id_of(black_box(&line)));
}

/// Not an argument of the next: arguments are printed.
#[divan::bench]
fn clean_hostile_text() -> usize {
    clean(black_box("\u{1b}[31mred\u{202e}\n[10:00:00] bob> hi")).len()
}

#[divan::bench(args = [LINES[0], LINES[3]])]
fn clean_text(text: &str) -> usize {
    clean(black_box(text)).len()
}
