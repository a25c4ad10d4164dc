mod records;

use proptest::prelude::*;

use super::regions::PARKED_MAX;
use super::*;
use crate::buffer::BUFFER_SIZE;
use crate::config::Framing;
use crate::session::framing::to_program;

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CONTINUE: u8 = 0;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
const FIN: u8 = 0x80;
const MASK: [u8; 4] = [0x12, 0xf3, 0x04, 0x99];

fn rules(kind: Kind) -> Rules {
    Rules {
        form: form(kind),
        max_message: 1 << 20,
        max_fragments: 64,
    }
}

/// A framing that takes messages of one kind.
#[derive(Debug)]
struct Only(Kind);

impl ToProgram for Only {
    fn takes(&self, kind: Kind) -> bool {
        kind == self.0
    }

    fn finish(&self, kind: Kind, _: &mut [u8]) -> &'static [u8] {
        match kind {
            Kind::Text => b"\n",
            Kind::Binary => b"",
        }
    }
}

/// A framing that takes messages of `kind`.
fn form(kind: Kind) -> &'static dyn ToProgram {
    match kind {
        Kind::Text => &Only(Kind::Text),
        Kind::Binary => &Only(Kind::Binary),
    }
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        len @ 0..=125 => bytes.push(0x80 | u8::try_from(len).unwrap()),
        len @ 126..=0xffff => {
            bytes.push(0x80 | 0x7e);
            bytes.extend_from_slice(&u16::try_from(len).unwrap().to_be_bytes());
        }
        len => {
            bytes.push(0x80 | 0x7f);
            bytes.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&MASK);
    bytes.extend(
        payload
            .iter()
            .zip(MASK.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    bytes
}

/// Feeds `wire` in pieces of `step` bytes; takes what is ready when `take` says so.
fn run(
    rules: Rules,
    wire: &[u8],
    step: usize,
    mut take: impl FnMut() -> bool,
) -> Result<(Vec<u8>, Vec<Event>), Violation> {
    let mut decoder = Decoder::new(rules, &[]);
    let (mut program, mut events) = (Vec::new(), Vec::new());
    let mut rest = wire;
    loop {
        loop {
            match decoder.decode()? {
                Event::NeedBytes => break,
                event => events.push(event),
            }
        }
        if rest.is_empty() {
            program.extend_from_slice(decoder.ready());
            return Ok((program, events));
        }
        let space = decoder.space();
        let n = step.min(space.len()).min(rest.len());
        space[..n].copy_from_slice(&rest[..n]);
        decoder.filled(n);
        rest = &rest[n..];
        if n == 0 || take() {
            let n = decoder.ready().len();
            let some = if n > 3 { n / 2 } else { n };
            program.extend_from_slice(&decoder.ready()[..some]);
            decoder.consume(some);
            decoder.park();
        }
    }
}

fn decode(kind: Kind, wire: &[u8]) -> Result<(Vec<u8>, Vec<Event>), Violation> {
    let whole = run(rules(kind), wire, usize::MAX, || true);
    for step in [1, 2, 7] {
        assert_eq!(
            run(rules(kind), wire, step, || true),
            whole,
            "in steps of {step}"
        );
    }
    whole
}

fn violation(wire: &[u8]) -> Violation {
    decode(Kind::Text, wire).expect_err("a violation")
}

#[test]
fn a_text_message_is_a_line() {
    let wire = [
        frame(FIN | TEXT, b"hello"),
        frame(FIN | TEXT, b""),
        frame(FIN | TEXT, b"a\nb"),
    ];
    assert_eq!(
        decode(Kind::Text, &wire.concat()).unwrap().0,
        b"hello\n\na\nb\n"
    );
}

#[test]
fn a_binary_message_is_its_bytes() {
    let wire = [
        frame(FIN | BINARY, &[0, 255]),
        frame(FIN | BINARY, b""),
        frame(FIN | BINARY, b"x"),
    ];
    assert_eq!(
        decode(Kind::Binary, &wire.concat()).unwrap().0,
        [0, 255, b'x']
    );
}

#[test]
fn messages_of_the_other_kind_are_dropped() {
    let wire = [
        frame(BINARY, &[0xff; 300]),
        frame(FIN, &[0xfe; 300]),
        frame(FIN | TEXT, b"text"),
    ]
    .concat();
    assert_eq!(decode(Kind::Text, &wire).unwrap().0, b"text\n");
    assert_eq!(decode(Kind::Binary, &wire).unwrap().0.len(), 600);
}

#[test]
fn both_kinds_reach_the_program_as_with_websocketd() {
    let wire = [
        frame(FIN | TEXT, b"text"),
        frame(BINARY, &[0xff]),
        frame(FIN, &[0xfe]),
        frame(FIN | TEXT, b""),
    ]
    .concat();
    for framing in [Framing::Lines, Framing::TaggedLines, Framing::Binary] {
        let rules = Rules {
            form: to_program(framing),
            ..rules(Kind::Text)
        };
        for step in [1, 3, usize::MAX] {
            let (program, _) = run(rules, &wire, step, || true).unwrap();
            assert_eq!(program, b"text\n\xff\xfe\n");
        }
    }
}

#[test]
fn dropped_text_is_looked_at_and_takes_no_room() {
    let long = "Ž".repeat(20_000);
    let wire = [
        frame(BINARY | FIN, b"a"),
        frame(TEXT, &long.as_bytes()[..9_001]),
        frame(PING | FIN, b"p"),
        frame(CONTINUE | FIN, &long.as_bytes()[9_001..]),
        frame(BINARY | FIN, b"b"),
    ];
    for step in [1, 7, 4096] {
        let (program, events) = run(rules(Kind::Binary), &wire.concat(), step, || false).unwrap();
        assert_eq!(
            (program.as_slice(), events.len()),
            (&b"ab"[..], 1),
            "{step}"
        );
        for bad in [&b"\xff"[..], b"\xc5", b"a\xed\xa0\x80"] {
            let wire = [frame(TEXT, b"\xc5"), frame(CONTINUE | FIN, bad)].concat();
            let outcome = run(rules(Kind::Binary), &wire, step, || true);
            assert_eq!(outcome.unwrap_err(), Violation::NotUtf8);
        }
    }
    let mut decoder = Decoder::new(rules(Kind::Binary), &[]);
    let wire = frame(TEXT | FIN, long.as_bytes());
    for piece in wire[..wire.len() - 1].chunks(1000) {
        decoder.space()[..piece.len()].copy_from_slice(piece);
        decoder.filled(piece.len());
        assert_eq!(decoder.decode(), Ok(Event::NeedBytes));
        assert!(decoder.regions.live() <= 8, "nothing of it is kept");
    }
}

#[test]
fn every_length_form_and_every_alignment_passes() {
    for len in [
        0,
        1,
        124,
        125,
        126,
        127,
        128,
        65535,
        65536,
        65537,
        200_000,
        1 << 20,
    ] {
        let text = "x".repeat(len);
        let wire = [
            frame(FIN | TEXT, text.as_bytes()),
            frame(FIN | TEXT, b"next"),
        ]
        .concat();
        let expected = format!("{text}\nnext\n");
        for step in [3, 4093, 65536, usize::MAX] {
            let (program, _) = run(rules(Kind::Text), &wire, step, || true).unwrap();
            assert!(
                program == expected.as_bytes(),
                "{len} bytes in steps of {step}"
            );
        }
    }
}

#[test]
fn control_frames_may_stand_between_fragments() {
    let wire = [
        frame(TEXT, "gr\u{fc}".as_bytes().split_last().unwrap().1),
        frame(FIN | PING, b"are you there"),
        frame(CONTINUE, "\u{fc}".as_bytes().split_first().unwrap().1),
        frame(FIN | PONG, b""),
        frame(FIN, b"n"),
        frame(FIN | CLOSE, &[3, 232, b'b', b'y', b'e']),
    ];
    let (program, events) = decode(Kind::Text, &wire.concat()).unwrap();
    assert_eq!(program, "gr\u{fc}n\n".as_bytes());
    assert!(matches!(&events[0], Event::Ping(payload) if payload.as_slice() == b"are you there"));
    assert!(matches!(&events[1], Event::Pong(payload) if payload.as_slice().is_empty()));
    assert_eq!(events[2..], [Event::Close(Some(1000))]);
}

#[test]
fn frames_that_the_rfc_forbids_are_protocol_errors() {
    let unmasked = [FIN | TEXT, 1, b'x'];
    let overlong_16 = [FIN | TEXT, 0x80 | 0x7e, 0, 5, 0, 0, 0, 0];
    let overlong_64 = [FIN | TEXT, 0x80 | 0x7f, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0];
    let sign_bit = [FIN | TEXT, 0x80 | 0x7f, 0x80];
    let cases: [(&str, Vec<u8>); 16] = [
        ("rsv1", frame(FIN | 0x40 | TEXT, b"")),
        ("rsv2", frame(FIN | 0x20 | TEXT, b"")),
        ("rsv3", frame(FIN | 0x10 | PING, b"")),
        ("opcode 3", vec![FIN | 3]),
        ("opcode 7", frame(FIN | 7, b"")),
        ("opcode 11", vec![FIN | 0xb]),
        ("opcode 15", frame(FIN | 0xf, b"")),
        ("no mask", unmasked.to_vec()),
        ("long ping", frame(FIN | PING, &[0; 126])),
        ("fragmented ping", frame(PING, b"")),
        ("continuation of nothing", frame(FIN, b"x")),
        (
            "text in text",
            [frame(TEXT, b"a"), frame(FIN | TEXT, b"b")].concat(),
        ),
        ("overlong 16", overlong_16.to_vec()),
        ("overlong 64", overlong_64.to_vec()),
        ("sign bit", sign_bit.to_vec()),
        ("close of one byte", frame(FIN | CLOSE, &[3])),
    ];
    for (name, wire) in cases {
        assert!(matches!(violation(&wire), Violation::Protocol(_)), "{name}");
    }
}

#[test]
fn close_codes_are_checked() {
    let close = |code: u16| decode(Kind::Text, &frame(FIN | CLOSE, &code.to_be_bytes()));
    for code in [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999,
    ] {
        assert_eq!(close(code).unwrap().1, [Event::Close(Some(code))], "{code}");
    }
    for code in [
        0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535,
    ] {
        assert!(matches!(close(code), Err(Violation::Protocol(_))), "{code}");
    }
    assert_eq!(
        decode(Kind::Text, &frame(FIN | CLOSE, b"")).unwrap().1,
        [Event::Close(None)]
    );
    assert_eq!(
        violation(&frame(FIN | CLOSE, &[3, 232, 0xff])),
        Violation::NotUtf8
    );
}

#[test]
fn text_that_is_not_utf8_is_refused_as_soon_as_it_is_seen() {
    for bad in [
        &b"\xff"[..],
        b"a\x80",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xce",
    ] {
        assert_eq!(
            violation(&frame(FIN | TEXT, bad)),
            Violation::NotUtf8,
            "{bad:?}"
        );
    }
    // The frame claims 100 bytes; its first four can't begin any text.
    let mut wire = frame(
        FIN | TEXT,
        &[b"\xf4\x90\x80\x80".as_slice(), &[b'x'; 96]].concat(),
    );
    wire.truncate(6 + 2);
    assert_eq!(violation(&wire), Violation::NotUtf8);
}

#[test]
fn limits_hold_to_the_byte() {
    let strict = Rules {
        form: form(Kind::Text),
        max_message: 10,
        max_fragments: 3,
    };
    let check = |wire: &[u8]| run(strict, wire, usize::MAX, || true).map(|(program, _)| program);
    assert_eq!(
        check(&frame(FIN | TEXT, &[b'x'; 10])).unwrap(),
        b"xxxxxxxxxx\n"
    );
    assert_eq!(
        check(&frame(FIN | TEXT, &[b'x'; 11])),
        Err(Violation::TooBig)
    );
    let split = [frame(TEXT, &[b'x'; 6]), frame(FIN, &[b'x'; 5])].concat();
    assert_eq!(check(&split), Err(Violation::TooBig));
    // A header is enough: nobody waits for, or allocates, what it claims.
    assert_eq!(
        check(&[
            FIN | TEXT,
            0x80 | 0x7f,
            0x7f,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            1,
            2,
            3,
            4
        ]),
        Err(Violation::TooBig)
    );
    let pieces = |n| {
        [
            frame(TEXT, b""),
            frame(CONTINUE, b"").repeat(n),
            frame(FIN, b""),
        ]
        .concat()
    };
    assert_eq!(check(&pieces(1)).unwrap(), b"\n");
    assert_eq!(check(&pieces(2)), Err(Violation::TooManyFragments));
}

#[test]
fn a_stalled_program_bounds_the_buffer() {
    let wire = frame(FIN | TEXT, &[b'x'; 1000]).repeat(1000);
    let mut decoder = Decoder::new(rules(Kind::Text), &[]);
    let mut rest = &wire[..];
    loop {
        assert_eq!(decoder.decode(), Ok(Event::NeedBytes));
        let space = decoder.space();
        if space.is_empty() {
            break;
        }
        let n = space.len().min(rest.len());
        assert!(n > 0, "all one million bytes were taken");
        space[..n].copy_from_slice(&rest[..n]);
        decoder.filled(n);
        rest = &rest[n..];
    }
    assert!(decoder.regions.capacity() <= BUFFER_SIZE);
    let n = decoder.ready().len();
    decoder.consume(n);
    assert!(!decoder.space().is_empty());
}

#[test]
fn an_idle_decoder_owns_no_buffer() {
    let mut decoder = Decoder::new(rules(Kind::Text), &frame(FIN | TEXT, b"early"));
    assert_eq!(decoder.decode(), Ok(Event::NeedBytes));
    assert_eq!(decoder.ready(), b"early\n");
    decoder.consume(6);
    decoder.park();
    assert_eq!(decoder.regions.capacity(), 0);

    let half = frame(FIN | TEXT, b"half a frame");
    decoder.space()[..9].copy_from_slice(&half[..9]);
    decoder.filled(9);
    assert_eq!(decoder.decode(), Ok(Event::NeedBytes));
    decoder.park();
    assert!(decoder.regions.capacity() <= PARKED_MAX);
    let more = &half[9..];
    decoder.space()[..more.len()].copy_from_slice(more);
    decoder.filled(more.len());
    assert_eq!(decoder.decode(), Ok(Event::NeedBytes));
    assert_eq!(decoder.ready(), b"half a frame\n");
}

#[derive(Debug, Clone)]
enum Item {
    Message(Vec<String>),
    Ping(Vec<u8>),
    Binary(Vec<u8>),
}

fn items() -> impl Strategy<Value = Vec<Item>> {
    let item = prop_oneof![
        prop::collection::vec(".{0,40}", 1..4).prop_map(Item::Message),
        prop::collection::vec(any::<u8>(), 0..126).prop_map(Item::Ping),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(Item::Binary),
    ];
    prop::collection::vec(item, 0..40)
}

proptest! {
    #[test]
    fn any_stream_decodes_the_same_however_it_is_cut(
        items in items(),
        step in 1_usize..200,
        takes in prop::collection::vec(any::<bool>(), 1..20),
    ) {
        let (mut wire, mut lines, mut pings) = (Vec::new(), Vec::new(), Vec::new());
        for item in &items {
            match item {
                Item::Message(parts) => {
                    for (index, part) in parts.iter().enumerate() {
                        let fin = if index + 1 == parts.len() { FIN } else { 0 };
                        let opcode = if index == 0 { TEXT } else { CONTINUE };
                        wire.extend(frame(fin | opcode, part.as_bytes()));
                        lines.extend_from_slice(part.as_bytes());
                    }
                    lines.push(b'\n');
                }
                Item::Ping(payload) => {
                    wire.extend(frame(FIN | PING, payload));
                    pings.push(payload.clone());
                }
                Item::Binary(payload) => wire.extend(frame(FIN | BINARY, payload)),
            }
        }
        let mut takes = takes.into_iter().cycle();
        let (program, events) =
            run(rules(Kind::Text), &wire, step, || takes.next().unwrap_or(true)).unwrap();
        prop_assert_eq!(program, lines);
        let got: Vec<Vec<u8>> = events
            .iter()
            .filter_map(|event| match event {
                Event::Ping(payload) => Some(payload.as_slice().to_vec()),
                _ => None,
            })
            .collect();
        prop_assert_eq!(got, pings);
    }

    #[test]
    fn no_bytes_make_it_panic(wire in prop::collection::vec(any::<u8>(), 0..600), step in 1_usize..64) {
        let _ = run(rules(Kind::Text), &wire, step, || true);
        let _ = run(rules(Kind::Binary), &wire, step, || false);
    }
}
