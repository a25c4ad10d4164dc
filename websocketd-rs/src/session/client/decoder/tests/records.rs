//! `--framing=length`: messages, pongs and the close frame as records.

use super::*;
use crate::config::SharedMode;
use crate::session::framing::{to_nobody, to_shared};

/// What a client sends.
#[derive(Debug, Clone)]
enum Sent {
    Text(Vec<String>),
    Binary(Vec<Vec<u8>>),
    Pong(Vec<u8>),
}

fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&len[..], &[kind], payload].concat()
}

/// As the daemon does, with a program that has sent every ping that is answered.
fn run(wire: &[u8], step: usize, mut takes: impl FnMut() -> bool) -> Result<Vec<u8>, Violation> {
    let rules = Rules {
        form: to_program(Framing::Records),
        ..rules(Kind::Text)
    };
    let mut decoder = Decoder::new(rules, &[]);
    let (mut program, mut rest) = (Vec::new(), wire);
    loop {
        loop {
            match decoder.decode()? {
                Event::Pong(payload) => decoder.put_pong(&payload),
                Event::Ping(_) => {}
                Event::Close(_) => {
                    program.extend_from_slice(decoder.ready());
                    return Ok(program);
                }
                Event::NeedBytes => break,
            }
        }
        let space = decoder.space();
        let n = step.min(space.len()).min(rest.len());
        space[..n].copy_from_slice(&rest[..n]);
        decoder.filled(n);
        rest = &rest[n..];
        if n == 0 || takes() {
            let half = decoder.ready().len().div_ceil(2);
            program.extend_from_slice(&decoder.ready()[..half]);
            decoder.consume(half);
            decoder.park();
            if n == 0 && half == 0 {
                return Ok(program);
            }
        }
    }
}

#[test]
fn a_close_frame_is_the_last_record() {
    for (close, expected) in [
        (frame(FIN | CLOSE, b""), record(b'C', b"")),
        (
            frame(FIN | CLOSE, b"\x0f\xa1bye"),
            record(b'C', b"\x0f\xa1bye"),
        ),
    ] {
        let wire = [
            frame(FIN | TEXT, b"a\nb"),
            frame(FIN | BINARY, b""),
            // A message that was begun counts for nothing.
            frame(BINARY, b"part"),
            frame(FIN | PING, b""),
            close,
            frame(FIN, b"after the end"),
        ];
        let records = [record(b'T', b"a\nb"), record(b'B', b""), expected];
        for step in [1, 2, 5, usize::MAX] {
            assert_eq!(
                run(&wire.concat(), step, || true).unwrap(),
                records.concat()
            );
        }
    }
}

#[test]
fn a_pong_among_the_frames_of_a_message_comes_before_it() {
    let wire = [
        frame(TEXT, "gr\u{fc}".as_bytes().split_last().unwrap().1),
        frame(FIN | PONG, &[7; 125]),
        frame(CONTINUE, "\u{fc}".as_bytes().split_first().unwrap().1),
        frame(FIN | PONG, b""),
        frame(FIN, b"n"),
    ];
    let expected = [
        record(b'O', &[7; 125]),
        record(b'O', b""),
        record(b'T', "gr\u{fc}n".as_bytes()),
    ];
    for step in [1, 3, 64, usize::MAX] {
        assert_eq!(
            run(&wire.concat(), step, || true).unwrap(),
            expected.concat()
        );
    }
}

fn sent() -> impl Strategy<Value = Vec<Sent>> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..300);
    let item = prop_oneof![
        prop::collection::vec(".{0,40}", 1..4).prop_map(Sent::Text),
        prop::collection::vec(bytes(), 1..4).prop_map(Sent::Binary),
        prop::collection::vec(any::<u8>(), 0..126).prop_map(Sent::Pong),
    ];
    prop::collection::vec(item, 0..30)
}

/// The frames of a message, a pong between each two of them, and the records of the pongs.
fn message(opcode: u8, parts: &[&[u8]], wire: &mut Vec<u8>, records: &mut Vec<u8>) {
    for (index, part) in parts.iter().enumerate() {
        let fin = if index + 1 == parts.len() { FIN } else { 0 };
        wire.extend(frame(
            fin | if index == 0 { opcode } else { CONTINUE },
            part,
        ));
        if fin == 0 {
            wire.extend(frame(FIN | PONG, b"between"));
            records.extend(record(b'O', b"between"));
        }
    }
}

proptest! {
    #[test]
    fn records_are_those_of_a_naive_codec_however_the_frames_are_cut(
        sent in sent(),
        step in 1_usize..200,
        takes in prop::collection::vec(any::<bool>(), 1..20),
    ) {
        let (mut wire, mut records) = (Vec::new(), Vec::new());
        for item in &sent {
            match item {
                Sent::Text(parts) => {
                    let parts: Vec<_> = parts.iter().map(String::as_bytes).collect();
                    message(TEXT, &parts, &mut wire, &mut records);
                    records.extend(record(b'T', &parts.concat()));
                }
                Sent::Binary(parts) => {
                    let parts: Vec<_> = parts.iter().map(Vec::as_slice).collect();
                    message(BINARY, &parts, &mut wire, &mut records);
                    records.extend(record(b'B', &parts.concat()));
                }
                Sent::Pong(payload) => {
                    wire.extend(frame(FIN | PONG, payload));
                    records.extend(record(b'O', payload));
                }
            }
        }
        let mut takes = takes.into_iter().cycle();
        let program = run(&wire, step, || takes.next().unwrap_or(true)).unwrap();
        prop_assert_eq!(program, records);
    }
}

#[test]
fn a_nul_in_text_ends_a_session_whose_texts_end_with_one() {
    let rules = Rules {
        form: to_program(Framing::Nul),
        ..rules(Kind::Text)
    };
    let run =
        |wire: &[u8]| super::run(rules, wire, usize::MAX, || true).map(|(program, _)| program);
    let wire = [frame(FIN | TEXT, b"a\nb"), frame(FIN | BINARY, b"dropped")];
    assert_eq!(run(&wire.concat()).unwrap(), b"a\nb\0");
    assert_eq!(run(&frame(FIN | TEXT, b"a\0b")), Err(Violation::NotCarried));
}

/// What the log says of each kind of message, in each mode: nothing, a part of the remark with the flag that helps, or the end.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Said {
    Nothing,
    Remark(&'static str),
    Ends,
}

#[test]
fn what_a_mode_cannot_carry_is_said_once_with_the_flag_that_helps() {
    use Said::{Ends, Nothing, Remark};
    use SharedMode::{Broadcast, Ids};
    let kinds = [
        (FIN | TEXT, &b"a\nb"[..]),
        (FIN | TEXT, b"a\0b"),
        (FIN | TEXT, b""),
        (FIN | BINARY, b"x"),
        (FIN | BINARY, b""),
    ];
    let (nul, length) = (
        Remark("; --framing=nul keeps"),
        Remark("; --framing=length "),
    );
    let dropped = Remark("dropped: --framing=nul carries text alone; --framing=length ");
    // Both flags would be refused together.
    let instead = Remark("in place of --binary, ");
    let tagged_nul = Remark("--framing=nul, in place of --passstderr, ");
    let tagged_length = Remark("--framing=length, in place of --passstderr, ");
    let blank = Remark("becomes a blank in a line of --shared=ids; --framing=nul or length ");
    let shared = |framing, mode| to_shared(framing, mode);
    for (form, said) in [
        (
            to_program(Framing::Lines),
            [nul, Nothing, Nothing, length, length],
        ),
        (
            to_program(Framing::TaggedLines),
            [tagged_nul, Nothing, Nothing, tagged_length, tagged_length],
        ),
        (
            to_program(Framing::Nul),
            [Nothing, Ends, Nothing, dropped, dropped],
        ),
        (
            to_program(Framing::Binary),
            [instead, instead, instead, Nothing, instead],
        ),
        (to_program(Framing::Records), [Nothing; 5]),
        (to_program(Framing::Terminal), [Nothing; 5]),
        (to_nobody(), [Nothing; 5]),
        (
            shared(Framing::Lines, Broadcast),
            [nul, Nothing, Nothing, length, length],
        ),
        (
            shared(Framing::Lines, Ids),
            [blank, Nothing, Nothing, length, length],
        ),
        (
            shared(Framing::Nul, Broadcast),
            [Nothing, Ends, Nothing, dropped, dropped],
        ),
        (
            shared(Framing::Nul, Ids),
            [Nothing, Ends, Nothing, dropped, dropped],
        ),
        (shared(Framing::Records, Broadcast), [Nothing; 5]),
        (shared(Framing::Records, Ids), [Nothing; 5]),
    ] {
        for ((first, payload), expected) in kinds.iter().zip(said) {
            let rules = Rules {
                form,
                ..rules(Kind::Text)
            };
            let mut decoder = Decoder::new(rules, &frame(*first, payload).repeat(2));
            let result = decoder.decode();
            let remark = decoder.take_remark();
            let case = format!("{form:?} {payload:?}: {remark:?}");
            assert_eq!(result.is_err(), expected == Ends, "{case}");
            match expected {
                Remark(part) => {
                    assert!(remark.is_some_and(|remark| remark.contains(part)), "{case}");
                }
                Nothing | Ends => assert_eq!(remark, None, "{case}"),
            }
            assert_eq!(decoder.take_remark(), None, "{case}");
        }
    }
}
