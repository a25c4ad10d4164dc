//! `--framing=length`: records of a length, a type and a payload, one after another, in both directions.
//!
//! ```text
//! offset 0   u32, big-endian   bytes of the payload
//! offset 4   u8                type, an ASCII letter
//! offset 5                     payload
//! ```
//!
//! `T` is a text message, `B` a binary one, `C` a close frame (a code of two bytes and a reason, or nothing), `P` a ping of the
//! program, `O` the answer to it. A small letter is skipped, so that programs may know more types than this server.

use super::line::Replaced;
use super::{
    BadOutput, FromProgram, Kind, MAX_PING, MAX_REASON, Notice, Sink, ToProgram, is_close_code,
};
use crate::buffer::Lines;

/// Bytes before a payload.
const HEAD: usize = 5;

/// A record whose head has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its type.
    pub kind: u8,
    /// Bytes of its payload.
    pub payload_len: usize,
    /// `None` while it has not come whole.
    pub payload: Option<&'a [u8]>,
}

impl Record<'_> {
    /// Bytes of all of it.
    #[expect(clippy::len_without_is_empty, reason = "it has a head")]
    pub fn len(&self) -> usize {
        HEAD + self.payload_len
    }
}

/// The record that `bytes` begin with; `None` while its head has not come whole.
pub fn read_record(bytes: &[u8]) -> Option<Record<'_>> {
    let ([a, b, c, d, kind], rest) = bytes.split_first_chunk::<HEAD>()?;
    let payload_len = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
    Some(Record {
        kind: *kind,
        payload_len,
        payload: rest.get(..payload_len),
    })
}

#[derive(Debug)]
pub(super) struct ToStdin;

impl ToProgram for ToStdin {
    fn takes(&self, _: Kind) -> bool {
        true
    }

    fn head(&self, kind: Kind) -> &'static [u8] {
        match kind {
            Kind::Text => b"\0\0\0\0T",
            Kind::Binary => b"\0\0\0\0B",
        }
    }

    fn finish(&self, _: Kind, message: &mut [u8]) -> &'static [u8] {
        put_length(message);
        b""
    }

    fn notice(&self, notice: Notice) -> Option<&'static [u8]> {
        Some(match notice {
            Notice::Close => b"\0\0\0\0C",
            Notice::Pong => b"\0\0\0\0O",
        })
    }

    fn finish_notice(&self, record: &mut [u8]) {
        put_length(record);
    }
}

/// Of a record whose payload has come whole.
fn put_length(record: &mut [u8]) {
    let len = u32::try_from(record.len() - HEAD).expect("messages in records are bounded at start");
    record[..4].copy_from_slice(&len.to_be_bytes());
}

#[derive(Debug)]
pub(super) struct FromStdout {
    bytes: Lines,
    max_record: usize,
    replaced: Replaced,
    end: Closing,
}

/// What the program has asked for by a `C` record.
#[derive(Debug)]
enum Closing {
    No,
    Asked(u16, String),
    Taken,
}

impl FromStdout {
    pub(super) fn new(max_record: usize) -> Self {
        Self {
            bytes: Lines::default(),
            max_record,
            replaced: Replaced::Never,
            end: Closing::No,
        }
    }

    /// Takes the first record, if it is there whole.
    fn take_record(&mut self, sink: &mut dyn Sink) -> Result<bool, BadOutput> {
        let Some(record) = read_record(self.bytes.pending()) else {
            return Ok(false);
        };
        check_head(record.kind, record.payload_len, self.max_record)?;
        let Some(payload) = record.payload else {
            return Ok(false);
        };
        let len = record.len();
        match record.kind {
            b'T' => {
                let each = &mut |text: &str| sink.message(Kind::Text, text.as_bytes());
                self.replaced.note(payload, each);
            }
            b'B' => sink.message(Kind::Binary, payload),
            b'P' => sink.ping(payload),
            b'C' => {
                let (code, reason) = read_close(payload).ok_or(BAD_CLOSE)?;
                self.end = Closing::Asked(code, reason.to_owned());
            }
            _ => {}
        }
        self.bytes.skip(len);
        Ok(true)
    }
}

const BAD_CLOSE: BadOutput = BadOutput::BadRecord(
    "Program wrote a C record that is neither empty nor one of the codes 1000, 1008, 1011 to 1013 and 3000 to 4999 \
     with at most 123 bytes of UTF-8",
);

/// What is wrong with a record is known before its payload has come.
fn check_head(kind: u8, len: usize, max_record: usize) -> Result<(), BadOutput> {
    let wrong = match kind {
        b'P' if len > MAX_PING => "Program wrote a P record over 125 bytes",
        b'T' | b'B' | b'C' | b'P' | b'a'..=b'z' if len > max_record => {
            "Program wrote a record over --maxline, or what is no record of --framing=length"
        }
        b'T' | b'B' | b'C' | b'P' | b'a'..=b'z' => return Ok(()),
        _ => {
            "Program wrote what is no record of --framing=length: its length in four bytes, T, B, C or P, and its payload"
        }
    };
    Err(BadOutput::BadRecord(wrong))
}

/// Code and reason; nothing stands for the code of a normal end.
pub fn read_close(payload: &[u8]) -> Option<(u16, &str)> {
    if payload.is_empty() {
        return Some((1000, ""));
    }
    let (code, reason) = payload.split_first_chunk::<2>()?;
    let code = u16::from_be_bytes(*code);
    let reason = std::str::from_utf8(reason).ok()?;
    (is_close_code(code) && reason.len() <= MAX_REASON).then_some((code, reason))
}

impl FromProgram for FromStdout {
    fn space<'a>(&'a mut self, _: &'a mut dyn Sink) -> &'a mut [u8] {
        self.bytes.space(self.max_record.saturating_add(HEAD))
    }

    fn filled(&mut self, n: usize, sink: &mut dyn Sink) -> Result<(), BadOutput> {
        self.bytes.filled(n);
        while !self.has_closed() && self.take_record(sink)? {}
        if self.has_closed() {
            self.bytes.skip(usize::MAX);
        }
        Ok(())
    }

    fn finish(&mut self, _: &mut dyn Sink) -> Result<(), BadOutput> {
        if self.bytes.take_rest().is_none() {
            return Ok(());
        }
        Err(BadOutput::BadRecord(
            "Program's output ended within a record",
        ))
    }

    fn has_closed(&self) -> bool {
        !matches!(self.end, Closing::No)
    }

    fn take_close(&mut self) -> Option<(u16, String)> {
        match std::mem::replace(&mut self.end, Closing::Taken) {
            Closing::Asked(code, reason) => Some((code, reason)),
            before => {
                self.end = before;
                None
            }
        }
    }

    fn take_remark(&mut self) -> Option<&'static str> {
        self.replaced.take_remark()
    }

    fn park(&mut self) {
        self.bytes.park();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::session::framing::tests::Messages;

    fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = u32::try_from(payload.len()).unwrap().to_be_bytes().to_vec();
        bytes.push(kind);
        bytes.extend_from_slice(payload);
        bytes
    }

    /// Feeds `bytes` in pieces of at most `step`, and then the end.
    fn feed(
        form: &mut FromStdout,
        bytes: &[u8],
        step: usize,
        sink: &mut Messages,
    ) -> Result<(), BadOutput> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let space = FromProgram::space(form, sink);
            let n = step.min(space.len()).min(rest.len());
            space[..n].copy_from_slice(&rest[..n]);
            form.filled(n, sink)?;
            form.park();
            rest = &rest[n..];
        }
        form.finish(sink)
    }

    fn outcome(bytes: &[u8]) -> (Result<(), BadOutput>, Messages, Option<(u16, String)>) {
        let (mut form, mut sink) = (FromStdout::new(200), Messages::default());
        let result = feed(&mut form, bytes, usize::MAX, &mut sink);
        let close = form.take_close();
        assert_eq!(form.take_close(), None);
        (result, sink, close)
    }

    #[test]
    fn each_type_does_what_it_says() {
        let bytes = [
            record(b'T', b""),
            record(b'T', "a\n\0\u{17d}".as_bytes()),
            record(b'B', &[0, 255, b'T']),
            record(b'x', b"to come"),
            record(b'P', &[b'p'; 125]),
            record(b'C', b"\x0f\xa1done"),
            record(b'T', b"too late"),
        ];
        let (result, sink, close) = outcome(&bytes.concat());
        assert_eq!(result, Ok(()));
        let expected = [
            (Kind::Text, Vec::new()),
            (Kind::Text, "a\n\0\u{17d}".into()),
            (Kind::Binary, vec![0, 255, b'T']),
        ];
        assert_eq!((sink.0, sink.1), (expected.to_vec(), vec![vec![b'p'; 125]]));
        assert_eq!(close, Some((4001, "done".to_owned())));
    }

    #[test]
    fn close_records() {
        let longest = [&1008_u16.to_be_bytes()[..], &[b'r'; MAX_REASON]].concat();
        for (payload, expected) in [
            (&b""[..], Some((1000, String::new()))),
            (b"\x03\xe8", Some((1000, String::new()))),
            (b"\x13\x87bye", Some((4999, "bye".to_owned()))),
            (&longest, Some((1008, "r".repeat(MAX_REASON)))),
            (b"\x03", None),
            (b"\x03\xed", None),
            (b"\x03\xee", None),
            (b"\x13\x88", None),
            (b"\x03\xe8\xff", None),
            (&[&longest[..], b"r"].concat(), None),
        ] {
            let (result, _, close) = outcome(&record(b'C', payload));
            assert_eq!(close, expected, "{payload:?}");
            assert_eq!(result.is_ok(), expected.is_some(), "{payload:?}");
        }
    }

    #[test]
    fn what_is_no_record_ends_the_session() {
        let bad = |bytes: &[u8]| match outcome(bytes).0 {
            Err(BadOutput::BadRecord(what)) => what,
            other => panic!("{bytes:?}: {other:?}"),
        };
        assert!(bad(&record(b'X', b"")).contains("no record"));
        assert!(bad(&record(b'O', b"pong")).contains("no record"));
        assert!(bad(b"hello\n").contains("no record"));
        assert!(bad(&[0, 0, 0, 0, b'1']).contains("no record"));
        assert!(bad(&record(b'P', &[0; 126])).contains("125"));
        assert!(bad(&record(b'T', &[b'x'; 201])).contains("--maxline"));
        assert!(bad(&[0xff, 0xff, 0xff, 0xff, b'x']).contains("--maxline"));
        assert!(outcome(&record(b'T', &[b'x'; 200])).0.is_ok());
        for cut in 1..8 {
            assert!(bad(&record(b'T', b"abc")[..cut]).contains("within"));
        }
    }

    #[test]
    fn text_that_is_not_utf8_is_remarked_once() {
        let (mut form, mut sink) = (FromStdout::new(10), Messages::default());
        let bytes = [record(b'T', b"a\xff"), record(b'B', b"\xff")].concat();
        feed(&mut form, &bytes, usize::MAX, &mut sink).unwrap();
        assert_eq!(sink.0[0], (Kind::Text, "a\u{fffd}".into()));
        assert_eq!(sink.0[1], (Kind::Binary, b"\xff".to_vec()));
        assert!(form.take_remark().is_some() && form.take_remark().is_none());
    }

    #[test]
    fn a_large_record_passes_and_its_buffer_goes() {
        let payload: Vec<u8> = (0..2_u32 << 20).map(|n| n.to_le_bytes()[1]).collect();
        let (mut form, mut sink) = (FromStdout::new(4 << 20), Messages::default());
        feed(&mut form, &record(b'B', &payload), 60_000, &mut sink).unwrap();
        assert!(sink.0 == [(Kind::Binary, payload)]);
        assert!(form.bytes.pending().is_empty());
    }

    fn records() -> impl Strategy<Value = Vec<(u8, Vec<u8>)>> {
        let kind = prop_oneof![Just(b'T'), Just(b'B'), Just(b'P'), Just(b'z')];
        // Payloads that look like records are among them.
        let payload = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..125),
            prop::collection::vec(prop_oneof![Just(0), Just(1), Just(b'T'), Just(b'C')], 0..40),
        ];
        prop::collection::vec((kind, payload), 0..20)
    }

    proptest! {
        #[test]
        fn any_records_come_the_same_however_they_are_cut(records in records(), step in 1_usize..300) {
            let wire: Vec<u8> = records
                .iter()
                .flat_map(|(kind, payload)| record(*kind, payload))
                .collect();
            let (mut form, mut sink) = (FromStdout::new(200), Messages::default());
            feed(&mut form, &wire, step, &mut sink).unwrap();
            let mut expected = Messages::default();
            for (kind, payload) in records {
                match kind {
                    b'T' => {
                        let text = String::from_utf8_lossy(&payload).into_owned();
                        expected.0.push((Kind::Text, text.into()));
                    }
                    b'B' => expected.0.push((Kind::Binary, payload)),
                    b'P' => expected.1.push(payload),
                    _ => {}
                }
            }
            prop_assert_eq!((sink.0, sink.1), (expected.0, expected.1));
        }

        #[test]
        fn no_bytes_make_it_panic(wire in prop::collection::vec(any::<u8>(), 0..300), step in 1_usize..64) {
            let run = |step| {
                let (mut form, mut sink) = (FromStdout::new(100), Messages::default());
                let result = feed(&mut form, &wire, step, &mut sink);
                (result, sink.0, sink.1, form.take_close())
            };
            prop_assert_eq!(run(step), run(usize::MAX));
        }
    }
}
