use super::*;

#[test]
fn all_messages_of_a_read_are_one_write() {
    let mut outgoing = Outgoing::default();
    outgoing.message(Kind::Text, b"one");
    outgoing.message(Kind::Text, b"");
    outgoing.message(Kind::Text, &[b'x'; 126]);
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
        outgoing.space()[..len].fill(7);
        outgoing.filled(Kind::Binary, len);
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
    outgoing.message(Kind::Text, &vec![b'x'; 1 << 20]);
    outgoing.consume(usize::MAX);
    outgoing.park();
    assert_eq!(outgoing.buf.len(), 0);
}

#[test]
fn a_pong_answers_the_ping_it_names_and_those_before() {
    let mut outgoing = Outgoing::default();
    assert!(!outgoing.take_pinged(b""), "of the server's own ping");
    for payload in [&b"one"[..], b"two", b"", b"three"] {
        outgoing.ping(payload);
    }
    assert!(
        outgoing
            .pending()
            .starts_with(b"\x89\x03one\x89\x03two\x89\x00")
    );
    assert!(outgoing.take_pinged(b"two"));
    assert!(!outgoing.take_pinged(b"one"), "it was before two");
    assert!(!outgoing.take_pinged(b"two"), "once is enough");
    assert!(outgoing.take_pinged(b"three"));
    assert!(outgoing.rare.is_none(), "nothing is kept");
    for n in 0..=MAX_PINGED {
        outgoing.ping(&n.to_be_bytes());
    }
    let oldest = outgoing.take_pinged(&0_usize.to_be_bytes());
    assert!(!oldest, "it is forgotten");
    assert!(outgoing.take_pinged(&1_usize.to_be_bytes()));
}
