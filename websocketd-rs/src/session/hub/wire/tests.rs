use proptest::prelude::*;

use super::*;
use crate::session::hub::order::Message;

fn wire(mode: SharedMode, framing: Framing) -> Wire {
    Wire::of(&Shared {
        mode,
        framing,
        ..Shared::default()
    })
}

fn all() -> impl Iterator<Item = Wire> {
    let framings = [Framing::Lines, Framing::Nul, Framing::Records];
    let modes = [SharedMode::Broadcast, SharedMode::Ids];
    modes
        .into_iter()
        .flat_map(move |mode| framings.map(|framing| wire(mode, framing)))
}

fn records() -> Wire {
    wire(SharedMode::Ids, Framing::Records)
}

fn record(kind: u8, payload: &[&[u8]]) -> Vec<u8> {
    let payload = payload.concat();
    let len = u32::try_from(payload.len()).unwrap();
    [&len.to_be_bytes()[..], &[kind], &payload].concat()
}

/// What is found in `output`, cut into pieces of `step`, as words.
fn found(wire: Wire, output: &[u8], step: usize) -> (Vec<String>, Result<(), BadOutput>) {
    let mut seen = Vec::new();
    let mut lines = Lines::default();
    let mut each = |found: Found<'_>| seen.push(format!("{found:?}"));
    let result = output.chunks(step).try_for_each(|piece| {
        lines.space(1 << 20)[..piece.len()].copy_from_slice(piece);
        lines.filled(piece.len());
        let result = wire.take_orders(&mut lines, 100, &mut each);
        lines.park();
        result
    });
    let result = result.and_then(|()| wire.take_rest(&mut lines, &mut each));
    (seen, result)
}

fn orders<'a>(orders: impl IntoIterator<Item = Order<'a>>) -> Vec<String> {
    let orders = orders.into_iter();
    orders
        .map(|order| format!("{:?}", Found::Order(order)))
        .collect()
}

#[test]
fn records_say_what_lines_say() {
    let id = 7_u64.to_be_bytes();
    let binary = Message {
        kind: Kind::Binary,
        payload: b"\0\xff\n",
    };
    let output = [
        record(b'S', &[&id, b"Ta\nb"]),
        record(b'X', &[&id, b"B\0\xff\n"]),
        record(b'A', &[&[0; 8], b"T"]),
        record(b'q', b"to come".chunks(1).collect::<Vec<_>>().as_slice()),
        record(b'C', &[&id]),
        record(b'C', &[&id, &4001_u16.to_be_bytes(), b"enough"]),
    ];
    let (seen, result) = found(records(), &output.concat(), usize::MAX);
    assert_eq!(result, Ok(()));
    assert_eq!(
        seen,
        orders([
            Order::Send(vec![7], Message::text("a\nb")),
            Order::But(7, binary),
            Order::All(Message::text("")),
            Order::Close(7, 1000, ""),
            Order::Close(7, 4001, "enough"),
        ])
    );
}

#[test]
fn a_record_without_a_meaning_goes_to_nobody() {
    let id = 7_u64.to_be_bytes();
    for (record, shown) in [
        (record(b'S', &[b"1234567"]), "S"),
        (record(b'S', &[&id]), "S"),
        (record(b'S', &[&id, b"ttext"]), "S"),
        (record(b'X', &[]), "X"),
        // Meant for one, by its number.
        (record(b'A', &[&id, b"Tsecret"]), "A"),
        (record(b'A', &[b"Tsecret"]), "A"),
        (record(b'C', &[&id, b"\x03\xee"]), "C"),
        (record(b'C', &[&id, b"\x03"]), "C"),
        (record(b'C', &[b"\x03\xe8"]), "C"),
    ] {
        let (seen, result) = found(records(), &record, usize::MAX);
        assert_eq!(
            (seen, result),
            (vec![format!("NoOrder({shown:?})")], Ok(()))
        );
    }
}

#[test]
fn what_is_no_record_can_not_be_followed() {
    let id = 7_u64.to_be_bytes();
    for (mode, bytes) in [
        (SharedMode::Ids, record(b'T', &[b"text"])),
        (SharedMode::Ids, record(b'J', &[&id])),
        (SharedMode::Ids, b"all hello\n".to_vec()),
        (SharedMode::Ids, record(b'S', &[&id, b"T", &[b'x'; 101]])),
        (SharedMode::Ids, record(b'S', &[&id, b"Tx"])[..10].to_vec()),
        (SharedMode::Broadcast, record(b'S', &[&id, b"Tx"])),
        (SharedMode::Broadcast, record(b'C', &[])),
        (SharedMode::Broadcast, record(b'T', &[&[b'x'; 101]])),
    ] {
        let (seen, result) = found(wire(mode, Framing::Records), &bytes, usize::MAX);
        assert!(matches!(result, Err(BadOutput::BadRecord(_))), "{bytes:?}");
        assert!(seen.is_empty(), "{seen:?}");
    }
    let longest = record(b'S', &[&id, b"T", &[b'x'; 100]]);
    assert_eq!(found(records(), &longest, usize::MAX).1, Ok(()));
}

#[test]
fn a_program_that_knows_nobody_speaks_texts_and_bytes() {
    let output = [record(b'T', &[b"a\n\xff"]), record(b'B', &[b"\xff"])].concat();
    let (seen, _) = found(wire(SharedMode::Broadcast, Framing::Records), &output, 3);
    assert_eq!(seen[0], "Replaced");
    let binary = Message {
        kind: Kind::Binary,
        payload: b"\xff",
    };
    let texts = orders([Order::All(Message::text("a\n\u{fffd}")), Order::All(binary)]);
    assert_eq!(seen[1..], texts);
    let nul = wire(SharedMode::Broadcast, Framing::Nul);
    let (seen, _) = found(nul, b"a\nb\0\0rest", 2);
    assert_eq!(
        seen,
        orders(["a\nb", "", "rest"].map(|text| Order::All(Message::text(text))))
    );
}

#[test]
fn texts_that_end_with_nul_hold_newlines() {
    let nul = wire(SharedMode::Ids, Framing::Nul);
    let mut stdin = nul.join(3, [(&b"PATH_INFO"[..], &b"/a b\0\n"[..])]);
    nul.put_message(&mut stdin, 3, Kind::Text, b"x\nleave 3 1000");
    nul.put_leave(&mut stdin, 3, 1000);
    let expected = b"join 3 PATH_INFO=/a%20b%00%0A\0msg 3 x\nleave 3 1000\0leave 3 1000\0";
    assert_eq!(stdin, expected);
    let (seen, _) = found(nul, b"send 3 a\nb\0all c\n\0", 4);
    let sent = Order::Send(vec![3], Message::text("a\nb"));
    assert_eq!(seen, orders([sent, Order::All(Message::text("c\n"))]));
}

#[test]
fn events_of_records_are_byte_for_byte_what_the_documents_say() {
    let (wire, id) = (records(), 258_u64);
    let variables = [
        (&b"REMOTE_ADDR"[..], &b"::1"[..]),
        (b"PATH_INFO", b"/a\n\0b"),
    ];
    let number = [0, 0, 0, 0, 0, 0, 1, 2];
    assert_eq!(
        wire.join(id, variables),
        record(b'J', &[&number, b"REMOTE_ADDR=::1\0PATH_INFO=/a\nb\0"])
    );
    let mut stdin = Vec::new();
    wire.put_message(&mut stdin, id, Kind::Text, b"a\nb");
    wire.put_message(&mut stdin, id, Kind::Binary, b"");
    wire.put_leave(&mut stdin, id, 1006);
    let expected = [
        record(b'M', &[&number, b"Ta\nb"]),
        record(b'M', &[&number, b"B"]),
        record(b'L', &[&number, &[3, 0xee]]),
    ];
    assert_eq!(stdin, expected.concat());
}

#[test]
fn an_event_that_was_begun_is_not_begun_again() {
    for wire in all() {
        let mut stdin = Vec::new();
        wire.put_message(&mut stdin, 1, Kind::Text, b"one");
        let first = stdin.len();
        wire.put_message(&mut stdin, 2, Kind::Text, b"two");
        for written in 0..=stdin.len() {
            let expected = match written {
                0 => &stdin[..],
                written if written <= first => &stdin[first..],
                _ => &[],
            };
            assert_eq!(
                wire.not_begun(&stdin, written),
                expected,
                "{wire:?} {written}"
            );
        }
    }
}

proptest! {
    /// Whatever clients send, a program reads as many events as there were, each by whom it is.
    #[test]
    fn no_client_forges_an_event(
        texts in prop::collection::vec((1..9_u64, prop::collection::vec(any::<u8>(), 0..60), any::<bool>()), 0..10),
    ) {
        for wire in all().filter(|wire| wire.mode == SharedMode::Ids) {
            let (mut stdin, mut expected) = (Vec::new(), Vec::new());
            for (id, bytes, is_text) in &texts {
                let kind = if *is_text { Kind::Text } else { Kind::Binary };
                let joined = wire.join(*id, [(&b"QUERY_STRING"[..], &bytes[..])]);
                let mut message = Vec::new();
                wire.put_message(&mut message, *id, kind, bytes);
                let mut leave = Vec::new();
                wire.put_leave(&mut leave, *id, 1000);
                for (event, is_presence) in [(joined, true), (message, false), (leave, true)] {
                    stdin.extend_from_slice(&event);
                    expected.push((event, is_presence));
                }
            }
            let seen: Vec<_> = wire
                .events(&stdin)
                .map(|event| (event.to_vec(), wire.is_presence(event)))
                .collect();
            prop_assert_eq!(seen, expected);
        }
    }

    #[test]
    fn output_means_the_same_however_it_is_cut(
        output in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            prop::collection::vec(prop_oneof![Just(0), Just(1), Just(b'S'), Just(b'T'), Just(b'A'), Just(b'\n')], 0..200),
        ],
        step in 1_usize..50,
    ) {
        for wire in all() {
            prop_assert_eq!(found(wire, &output, step), found(wire, &output, usize::MAX));
        }
    }
}
