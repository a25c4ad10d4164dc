//! Conformance with RFC 6455, by the categories that the Autobahn test suite has, for `cat`, `--binary cat`, and for
//! `--framing=length cat`, which sends back both kinds of messages.
//!
//! Tables of what is sent and what must come back. Every case has a connection of its own and ends with the connection
//! really closed; all cases of a table share a daemon, which must come through.

use e2e::daemon::Daemon;
use e2e::raw::{Frame, RawSocket, opcode};

/// What must come back.
#[derive(Debug, Clone)]
enum Want {
    /// This text as one message.
    Text(Vec<u8>),
    /// These bytes, in one or several binary messages.
    Binary(Vec<u8>),
    /// A pong with this payload.
    Pong(Vec<u8>),
    /// A close with one of these codes, then the end.
    Close(&'static [u16]),
}

/// One conversation.
struct Case {
    name: String,
    bytes: Vec<u8>,
    wants: Vec<Want>,
}

fn case(name: impl Into<String>, frames: &[Frame], wants: Vec<Want>) -> Case {
    let bytes = frames.iter().flat_map(Frame::encode).collect();
    Case {
        name: name.into(),
        bytes,
        wants,
    }
}

const BROKEN: &[u16] = &[1002];
const NOT_UTF8: &[u16] = &[1007];

fn text(payload: impl Into<Vec<u8>>) -> Want {
    Want::Text(payload.into())
}

fn echo() -> Daemon {
    Daemon::builder().command::<&str>("cat", []).start()
}

fn binary_echo() -> Daemon {
    Daemon::builder()
        .flag("--binary")
        .command::<&str>("cat", [])
        .start()
}

fn records_echo() -> Daemon {
    Daemon::builder()
        .flag("--framing=length")
        .command::<&str>("cat", [])
        .start()
}

/// Holds the conversations with `daemon`, and with one whose program sends back both kinds of messages.
#[track_caller]
fn hold(daemon: &Daemon, cases: &[Case]) {
    hold_with(daemon, cases);
    hold_with(&records_echo(), cases);
}

/// Each in whole and byte by byte; reports all that went wrong.
#[track_caller]
fn hold_with(daemon: &Daemon, cases: &[Case]) {
    let mut failures = Vec::new();
    for case in cases {
        // Long ones are cut less finely: it is the borders of the small parts that matter.
        for chunk in [case.bytes.len(), case.bytes.len() / 400 + 1] {
            let mut socket = daemon.raw();
            for part in case.bytes.chunks(chunk.max(1)) {
                socket.send_bytes(part);
            }
            if let Err(why) = check(&mut socket, &case.wants) {
                failures.push(format!("{} (in parts of {chunk}): {why}", case.name));
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} failures: {failures:#?}",
        failures.len()
    );
    daemon.assert_no_process_left();
}

fn check(socket: &mut RawSocket, wants: &[Want]) -> Result<(), String> {
    for want in wants {
        match want {
            Want::Text(payload) => expect(socket, opcode::TEXT, payload)?,
            Want::Pong(payload) => expect(socket, opcode::PONG, payload)?,
            Want::Binary(payload) => {
                let mut got = Vec::new();
                while got.len() < payload.len() {
                    let frame = next(socket)?;
                    if frame.opcode != opcode::BINARY {
                        return Err(format!("wanted binary, got {}", show(&frame)));
                    }
                    got.extend(frame.payload);
                }
                if got != *payload {
                    return Err("other bytes came back".to_owned());
                }
            }
            Want::Close(codes) => {
                let frame = next(socket)?;
                match frame.close_code() {
                    Some(code) if codes.contains(&code) => socket.send(&frame_like(&frame)),
                    _ => {
                        return Err(format!(
                            "wanted a close with {codes:?}, got {}",
                            show(&frame)
                        ));
                    }
                }
                return end(socket);
            }
        }
    }
    socket.send(&Frame::close(1000));
    let mut frame = next(socket)?;
    // An empty message comes back from a program of records, and from no other.
    while frame.opcode == opcode::BINARY && frame.payload.is_empty() {
        frame = next(socket)?;
    }
    if frame.close_code() != Some(1000) {
        return Err(format!(
            "wanted the answer to our close, got {}",
            show(&frame)
        ));
    }
    end(socket)
}

/// The answer to a close frame.
fn frame_like(frame: &Frame) -> Frame {
    Frame::new(
        opcode::CLOSE,
        frame.payload.iter().take(2).copied().collect::<Vec<u8>>(),
    )
}

fn end(socket: &mut RawSocket) -> Result<(), String> {
    socket.frame().map_or(Ok(()), |frame| {
        Err(format!("after the close came {}", show(&frame)))
    })
}

fn expect(socket: &mut RawSocket, opcode: u8, payload: &[u8]) -> Result<(), String> {
    let frame = next(socket)?;
    let as_it_should = frame.opcode == opcode && frame.payload == payload;
    let well_formed = frame.fin && frame.rsv == 0 && frame.mask.is_none();
    if as_it_should && well_formed {
        return Ok(());
    }
    Err(format!(
        "wanted opcode {opcode} with {} bytes, got {}",
        payload.len(),
        show(&frame)
    ))
}

fn next(socket: &mut RawSocket) -> Result<Frame, String> {
    socket
        .frame()
        .ok_or_else(|| "the connection ended".to_owned())
}

fn show(frame: &Frame) -> String {
    let start = &frame.payload[..frame.payload.len().min(40)];
    let close = frame
        .close_code()
        .map_or_else(String::new, |code| format!(" (close {code})"));
    format!(
        "opcode {}{close}, {} bytes: {}",
        frame.opcode,
        frame.payload.len(),
        start.escape_ascii()
    )
}

/// 1: framing.
#[test]
fn messages_of_every_length_come_back() {
    const SIZES: [usize; 12] = [
        0,
        1,
        124,
        125,
        126,
        127,
        128,
        65_534,
        65_535,
        65_536,
        65_537,
        1 << 20,
    ];
    let texts = SIZES.map(|size| {
        let payload = "*".repeat(size);
        case(
            format!("text of {size}"),
            &[Frame::text(payload.clone())],
            vec![text(payload)],
        )
    });
    hold(&echo(), &texts);
    let binaries = SIZES.map(|size| {
        let payload = vec![0xfe; size];
        case(
            format!("binary of {size}"),
            &[Frame::binary(payload.clone())],
            vec![Want::Binary(payload)],
        )
    });
    hold(&binary_echo(), &binaries);
}

/// 1: the length must be in its shortest form (section 5.2), and below 2^63.
#[test]
fn lengths_in_a_form_too_long_are_refused() {
    let refused = |name: &str, head: &[u8]| {
        let mut bytes = head.to_vec();
        bytes.extend([0; 4]);
        bytes.extend(b"xxxxx");
        Case {
            name: name.to_owned(),
            bytes,
            wants: vec![Want::Close(BROKEN)],
        }
    };
    hold(
        &echo(),
        &[
            refused("5 in 16 bits", b"\x81\xfe\x00\x05"),
            refused("5 in 64 bits", b"\x81\xff\x00\x00\x00\x00\x00\x00\x00\x05"),
        ],
    );
    let huge = Case {
        name: "2^63 and more".to_owned(),
        bytes: b"\x81\xff\x80\x00\x00\x00\x00\x00\x00\x05\0\0\0\0".to_vec(),
        wants: vec![Want::Close(&[1002, 1009])],
    };
    hold(&echo(), &[huge]);
}

/// 2: pings and pongs.
#[test]
fn pings_are_answered_and_pongs_ignored() {
    let ping = |payload: Vec<u8>| {
        let name = format!("ping of {}", payload.len());
        case(
            name,
            &[Frame::ping(payload.clone())],
            vec![Want::Pong(payload)],
        )
    };
    let many: Vec<Frame> = (0..10)
        .map(|n| Frame::ping(format!("payload-{n}")))
        .collect();
    let pongs = (0..10)
        .map(|n| Want::Pong(format!("payload-{n}").into()))
        .collect();
    let unasked = |payload: &str| Frame::new(opcode::PONG, payload);
    hold(
        &echo(),
        &[
            ping(Vec::new()),
            ping(b"Hello, world!".to_vec()),
            ping(vec![0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff]),
            ping(vec![0xfe; 125]),
            case(
                "ping of 126",
                &[Frame::ping(vec![0xfe; 126])],
                vec![Want::Close(BROKEN)],
            ),
            case(
                "pong without a ping",
                &[unasked(""), unasked("unsolicited")],
                vec![],
            ),
            case(
                "pong, ping",
                &[unasked("p"), Frame::ping("q")],
                vec![Want::Pong(b"q".to_vec())],
            ),
            case("ten pings at once", &many, pongs),
        ],
    );
}

/// 3: reserved bits.
#[test]
fn reserved_bits_are_refused() {
    let mut cases = Vec::new();
    for rsv in 1..8 {
        for bad in [
            Frame::text("x"),
            Frame::ping("x"),
            Frame::close(1000),
            Frame::binary("x"),
        ] {
            let frames = [
                Frame::text("before"),
                bad.clone().rsv(rsv),
                Frame::ping("after"),
            ];
            let name = format!("rsv {rsv} on opcode {}", bad.opcode);
            cases.push(case(name, &frames, vec![Want::Close(BROKEN)]));
        }
    }
    hold_with_echo_before(&cases);
}

/// 4: opcodes.
#[test]
fn reserved_opcodes_are_refused() {
    let mut cases = Vec::new();
    for code in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        for payload in ["", "reserved opcode payload"] {
            let frames = [
                Frame::text("before"),
                Frame::new(code, payload),
                Frame::ping("after"),
            ];
            let name = format!("opcode {code} with {} bytes", payload.len());
            cases.push(case(name, &frames, vec![Want::Close(BROKEN)]));
        }
    }
    hold_with_echo_before(&cases);
}

/// Masks: section 5.1.
#[test]
fn frames_without_a_mask_are_refused() {
    let cases = [
        Frame::text("x"),
        Frame::text(""),
        Frame::ping("x"),
        Frame::close(1000),
        Frame::binary("x"),
    ]
    .map(|frame| {
        case(
            format!("opcode {}", frame.opcode),
            &[frame.unmasked()],
            vec![Want::Close(BROKEN)],
        )
    });
    hold(&echo(), &cases);
}

/// Like [`hold`], where the echo of a message before the violation may come or not: it is on its way through the
/// handler when the violation is found.
#[track_caller]
fn hold_with_echo_before(cases: &[Case]) {
    let daemon = echo();
    for case in cases {
        let mut socket = daemon.raw();
        socket.send_bytes(&case.bytes);
        let mut frame = socket.frame().expect("a close frame");
        if frame.opcode == opcode::TEXT {
            assert_eq!(frame.payload, b"before", "{}", case.name);
            frame = socket.frame().expect("a close frame");
        }
        assert_eq!(frame.close_code(), Some(1002), "{}", case.name);
        socket.send(&Frame::close(1002));
        assert_eq!(socket.frame(), None, "{}: nothing comes after", case.name);
    }
    daemon.assert_no_process_left();
}

/// 5: fragmentation.
#[test]
fn fragments_make_one_message() {
    let first = |payload: &str| Frame::text(payload).more();
    let middle = |payload: &str| Frame::continuation(payload).more();
    let last = |payload: &str| Frame::continuation(payload);
    let pong = |payload: &str| Want::Pong(payload.into());
    let closes = || vec![Want::Close(BROKEN)];
    hold(
        &echo(),
        &[
            case(
                "two",
                &[first("frag1"), last("frag2")],
                vec![text("frag1frag2")],
            ),
            case(
                "five",
                &[first("a"), middle("b"), middle("c"), middle("d"), last("e")],
                vec![text("abcde")],
            ),
            case(
                "empty ones",
                &[first(""), middle(""), last("")],
                vec![text("")],
            ),
            case(
                "content between empty ones",
                &[first(""), middle("x"), last("")],
                vec![text("x")],
            ),
            case(
                "a ping between",
                &[first("a"), Frame::ping("p"), last("b")],
                vec![pong("p"), text("ab")],
            ),
            case(
                "pings between each",
                &[
                    first("a"),
                    Frame::ping("1"),
                    middle("b"),
                    Frame::ping("2"),
                    last("c"),
                ],
                vec![pong("1"), pong("2"), text("abc")],
            ),
            case(
                "a fragmented ping",
                &[Frame::ping("p").more(), last("q")],
                closes(),
            ),
            case(
                "a fragmented pong",
                &[Frame::new(opcode::PONG, "p").more(), last("q")],
                closes(),
            ),
            case("a fragmented close", &[Frame::close(1000).more()], closes()),
            case("a continuation of nothing", &[last("x")], closes()),
            case(
                "an unfinished continuation of nothing",
                &[middle("x"), Frame::text("y")],
                closes(),
            ),
            case(
                "a message in a message",
                &[first("a"), Frame::text("b")],
                closes(),
            ),
            case(
                "a fragmented message in a message",
                &[first("a"), first("b"), last("c")],
                closes(),
            ),
            case("a second end", &[first("a"), last("b"), last("c")], vec![]).with_last_close(),
        ],
    );
}

impl Case {
    /// Ends in a protocol error; what was complete before it may have been echoed or not, so it must be the only want.
    fn with_last_close(mut self) -> Self {
        self.wants.push(Want::Close(BROKEN));
        // The message before the violation is left out for the same reason as in hold_with_echo_before.
        let start =
            Frame::text("a").more().encode().len() + Frame::continuation("b").encode().len();
        self.bytes.drain(..start);
        self
    }
}

/// 5, 9: many fragments, also of one byte each.
#[test]
fn a_message_of_many_fragments_comes_back() {
    let payload: Vec<u8> = (0..1000)
        .map(|n| b'a' + u8::try_from(n % 26).expect("small"))
        .collect();
    let mut frames = vec![Frame::text("").more()];
    frames.extend(
        payload
            .iter()
            .map(|byte| Frame::continuation([*byte]).more()),
    );
    frames.push(Frame::continuation(""));
    hold(
        &echo(),
        &[case(
            "1000 of one byte",
            &frames,
            vec![text(payload.clone())],
        )],
    );

    let mut frames = vec![Frame::binary("").more()];
    frames.extend((0..16).map(|_| Frame::continuation(vec![0xfe; 16 << 10]).more()));
    frames.push(Frame::continuation(""));
    hold(
        &binary_echo(),
        &[case(
            "16 of 16 KiB",
            &frames,
            vec![Want::Binary(vec![0xfe; 256 << 10])],
        )],
    );
}

/// 6: UTF-8 that is valid, cut anywhere.
#[test]
fn valid_utf8_passes_however_it_is_cut() {
    let texts = [
        "Hello-µ@ßöäüàá-UTF-8!!",
        "κόσμε",
        "\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}",
        "\u{d7ff}\u{e000}\u{fffd}",
        "🐎 a\u{300} \u{202e}",
        "\u{fdd0}\u{fffe}\u{1fffe}\u{10fffe}",
        "\0",
    ];
    let mut cases: Vec<Case> = texts
        .iter()
        .map(|&valid| case(valid, &[Frame::text(valid)], vec![text(valid)]))
        .collect();
    for valid in texts {
        for at in 1..valid.len() {
            let (head, tail) = valid.as_bytes().split_at(at);
            let frames = [Frame::text(head).more(), Frame::continuation(tail)];
            cases.push(case(
                format!("{valid} cut at {at}"),
                &frames,
                vec![text(valid)],
            ));
        }
    }
    hold(&echo(), &cases);
}

/// Byte sequences that are no UTF-8 (Autobahn's 6.6 to 6.21).
const INVALID: [&[u8]; 30] = [
    b"\x80",
    b"\xbf",
    b"\x80\xbf",
    b"a\x80b",
    b"\xc0\xaf",
    b"\xe0\x80\xaf",
    b"\xf0\x80\x80\xaf",
    b"\xf8\x80\x80\x80\xaf",
    b"\xfc\x80\x80\x80\x80\xaf",
    b"\xc1\xbf",
    b"\xe0\x9f\xbf",
    b"\xf0\x8f\xbf\xbf",
    b"\xf8\x87\xbf\xbf\xbf",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xed\xad\xbf",
    b"\xed\xbf\xbf",
    b"\xed\xa0\x80\xed\xb0\x80",
    b"\xf4\x90\x80\x80",
    b"\xf5\x80\x80\x80",
    b"\xf7\xbf\xbf\xbf",
    b"\xfe",
    b"\xff",
    b"\xfe\xfe\xff\xff",
    b"\xc3",
    b"\xe2\x82",
    b"\xf0\x9f\x90",
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
    b"\xc3(",
    b"\xf0(\x8c(",
];

/// 6: UTF-8 that is not valid.
#[test]
fn invalid_utf8_is_refused() {
    let mut cases = Vec::new();
    for bytes in INVALID {
        let name = bytes.escape_ascii().to_string();
        cases.push(case(
            name.clone(),
            &[Frame::text(bytes)],
            vec![Want::Close(NOT_UTF8)],
        ));
        let (head, tail) = bytes.split_at(bytes.len() / 2);
        let frames = [Frame::text(head).more(), Frame::continuation(tail)];
        cases.push(case(
            format!("{name} in two"),
            &frames,
            vec![Want::Close(NOT_UTF8)],
        ));
    }
    hold(&echo(), &cases);
    // Text that no program gets is text all the same.
    hold(&binary_echo(), &cases);
}

/// 6.4: told at the first bytes that cannot become valid, not at the end of the message, nor of the frame.
#[test]
fn invalid_utf8_is_refused_before_the_message_ends() {
    for daemon in [echo(), binary_echo(), records_echo()] {
        for bytes in [
            &b"\xce\xba\xff"[..],
            b"\xed\xa0",
            b"\xf4\x90",
            b"abc\x80",
            b"\xc0",
        ] {
            let whole = Frame::text(bytes).more().encode();
            let padded = [bytes, &[b'x'; 100]].concat();
            let begin = Frame::text(padded).encode();
            // Six bytes of header, and no more of the payload than it takes.
            for sent in [&whole[..], &begin[..6 + bytes.len()]] {
                let mut socket = daemon.raw();
                socket.send_bytes(sent);
                let told = bytes.escape_ascii();
                assert_eq!(socket.close_code(), Some(1007), "{told}");
                socket.send(&Frame::close(1007));
                assert_eq!(socket.frame(), None, "{told}");
            }
        }
    }
}

/// 7: closing.
#[test]
fn a_close_is_answered_and_ends_everything() {
    let close = |code: u16, reason: &[u8]| {
        let mut payload = code.to_be_bytes().to_vec();
        payload.extend(reason);
        Frame::new(opcode::CLOSE, payload)
    };
    let mut cases = vec![
        case(
            "empty",
            &[Frame::new(opcode::CLOSE, "")],
            vec![Want::Close(&[1005, 1000])],
        ),
        case(
            "one byte",
            &[Frame::new(opcode::CLOSE, "x")],
            vec![Want::Close(BROKEN)],
        ),
        case(
            "a reason",
            &[close(1000, b"Hello World!")],
            vec![Want::Close(&[1000])],
        ),
        case(
            "the longest reason",
            &[close(1000, &[b'*'; 123])],
            vec![Want::Close(&[1000])],
        ),
        case(
            "a reason too long",
            &[close(1000, &[b'*'; 124])],
            vec![Want::Close(BROKEN)],
        ),
        case(
            "a reason that is no UTF-8",
            &[close(1000, b"\xce\xff")],
            vec![Want::Close(&[1007, 1002])],
        ),
        case(
            "twice",
            &[close(1000, b""), close(1000, b"")],
            vec![Want::Close(&[1000])],
        ),
        case(
            "a message after it",
            &[close(1000, b""), Frame::text("x")],
            vec![Want::Close(&[1000])],
        ),
        case(
            "a ping after it",
            &[close(1000, b""), Frame::ping("x")],
            vec![Want::Close(&[1000])],
        ),
        case(
            "in the middle of a message",
            &[Frame::text("x").more(), close(1000, b"")],
            vec![Want::Close(&[1000])],
        ),
    ];
    for (code, codes) in [
        (1000, &[1000]),
        (1001, &[1001]),
        (1002, &[1002]),
        (1003, &[1003]),
        (1007, &[1007]),
        (1008, &[1008]),
        (1009, &[1009]),
        (1010, &[1010]),
        (1011, &[1011]),
        (3000, &[3000]),
        (3999, &[3999]),
        (4000, &[4000]),
        (4999, &[4999]),
    ] {
        cases.push(case(
            format!("code {code}"),
            &[Frame::close(code)],
            vec![Want::Close(codes)],
        ));
    }
    for code in [
        0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535,
    ] {
        cases.push(case(
            format!("code {code}"),
            &[Frame::close(code)],
            vec![Want::Close(BROKEN)],
        ));
    }
    hold(&echo(), &cases);
}

/// A violation while a large message comes in is told at once, and the daemon lives.
#[test]
fn a_frame_header_is_judged_before_its_payload() {
    let daemon = echo();
    let mut socket = daemon.raw();
    // A header alone: rsv set, 1 MB announced, nothing sent.
    let head = &Frame::text(vec![b'x'; 1_000_000]).rsv(4).encode()[..14];
    socket.send_bytes(head);
    assert_eq!(socket.close_code(), Some(1002));
    let mut socket = daemon.raw();
    // 2 GiB announced: over the limit, told before a byte of it came.
    socket.send_bytes(b"\x82\xff\x00\x00\x00\x00\x80\x00\x00\x00\0\0\0\0");
    assert_eq!(socket.close_code(), Some(1009));
}
