use super::*;

fn lines_of(chunks: &[&[u8]], max_line: usize) -> Vec<Vec<u8>> {
    let mut lines = Lines::default();
    let mut out = Vec::new();
    for chunk in chunks {
        for piece in chunk.chunks(MIN_FREE) {
            lines.space(max_line)[..piece.len()].copy_from_slice(piece);
            lines.filled(piece.len());
            while let Some(line) = lines.next_line() {
                out.push(line.to_vec());
            }
            lines.park();
        }
    }
    out.extend(lines.take_rest().map(<[u8]>::to_vec));
    out
}

#[test]
fn one_newline_and_one_carriage_return_are_taken_off() {
    let lines = lines_of(&[b"a\r\n\nb\r\r\nc\rd\n", b"no new", b"line"], 100);
    assert_eq!(lines, [&b"a"[..], b"", b"b\r", b"c\rd", b"no newline"]);
}

#[test]
fn a_long_line_comes_whole_however_it_is_read() {
    let long = vec![b'x'; 900_000];
    let lines = lines_of(&[b"first\n", &long, b"\nlast"], 1 << 20);
    assert_eq!(lines, [&b"first"[..], &long, b"last"]);
}

#[test]
fn all_lines_of_a_read_are_one_write() {
    let mut outgoing = Outgoing::default();
    outgoing.text(b"one");
    outgoing.text(b"");
    outgoing.text(&[b'x'; 126]);
    outgoing.control(Control::Ping, b"");
    let expected = [
        &b"\x81\x03one\x81\x00\x81\x7e\x00\x7e"[..],
        &[b'x'; 126],
        b"\x89\x00",
    ]
    .concat();
    assert_eq!(outgoing.pending(), expected);
    outgoing.consume(5);
    assert_eq!(outgoing.pending(), &expected[5..]);
    outgoing.consume(usize::MAX);
    assert!(outgoing.is_empty());
}

#[test]
fn a_binary_message_gets_its_header_without_a_copy() {
    for len in [1, 125, 126, 65535, 65536] {
        let mut outgoing = Outgoing::default();
        outgoing.binary_space()[..len].fill(7);
        outgoing.binary_filled(len);
        let header = FrameHeader {
            opcode: OpCode::Data(Data::Binary),
            ..FrameHeader::default()
        };
        let mut expected = Vec::new();
        header.format(len as u64, &mut expected).unwrap();
        expected.resize(expected.len() + len, 7);
        assert_eq!(outgoing.pending(), expected);
    }
}

#[test]
fn what_grew_is_given_back() {
    let mut outgoing = Outgoing::default();
    outgoing.text(&vec![b'x'; 1 << 20]);
    outgoing.consume(usize::MAX);
    outgoing.park();
    assert_eq!(outgoing.buf.len(), 0);
    let mut lines = Lines::default();
    lines.space(1 << 20)[..4].copy_from_slice(b"tail");
    lines.filled(4);
    lines.park();
    assert!(lines.buf.len() < MIN_FREE);
    assert_eq!(lines.take_rest(), Some(&b"tail"[..]));
}

#[test]
fn tagged_lines_are_json_in_websocketds_key_order() {
    assert_eq!(
        tagged(Source::Stdout, "a \"b\""),
        r#"{"stream":"stdout","data":"a \"b\""}"#
    );
    assert_eq!(
        tagged(Source::Stderr, &text_of(b"\xff")),
        "{\"stream\":\"stderr\",\"data\":\"\u{fffd}\"}"
    );
}
