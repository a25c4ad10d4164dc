//! `--framing=length`: messages, pongs and the close frame as records.

use super::*;

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

#[test]
fn what_a_framing_cannot_carry_is_remarked_once() {
    for (framing, sent, part) in [
        (
            Framing::Lines,
            frame(FIN | BINARY, b"x"),
            "--framing=length",
        ),
        (Framing::Lines, frame(FIN | TEXT, b"a\nb"), "--framing=nul"),
        (Framing::Binary, frame(FIN | TEXT, b"x"), "--framing=length"),
        (Framing::Nul, frame(FIN | BINARY, b"x"), "--framing=length"),
    ] {
        let rules = Rules {
            form: to_program(framing),
            ..rules(Kind::Text)
        };
        let mut decoder = Decoder::new(rules, &sent.repeat(2));
        assert_eq!(decoder.decode(), Ok(Event::NeedBytes));
        let remark = decoder.take_remark().unwrap();
        assert!(remark.contains(part), "{remark}");
        assert_eq!(decoder.take_remark(), None);
    }
    let rules = Rules {
        form: to_program(Framing::Records),
        ..rules(Kind::Text)
    };
    let all = [frame(FIN | TEXT, b"a\n\0b"), frame(FIN | BINARY, b"x")].concat();
    let mut decoder = Decoder::new(rules, &all);
    assert_eq!(decoder.decode(), Ok(Event::NeedBytes));
    assert_eq!(decoder.take_remark(), None);
}
