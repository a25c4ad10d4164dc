//! `--pty`: what one read of the terminal gives is one message, since it may end within a character. To the joint a message goes
//! with its length and kind before it, since some are keys and some are not.

use super::{BadOutput, FromProgram, Kind, Sink, ToProgram};

/// Bytes before a message: its length, big-endian, and its kind.
const HEAD: usize = 5;

/// The first byte of ttyd's messages that hold output.
const TTYD_OUTPUT: u8 = b'0';

#[derive(Debug)]
pub(super) struct ToJoint;

impl ToProgram for ToJoint {
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
        let (head, payload) = message.split_at_mut(HEAD);
        let len = u32::try_from(payload.len())
            .expect("a frame's payload is bounded by --maxframesize or memory");
        head[..4].copy_from_slice(&len.to_be_bytes());
        b""
    }
}

/// The first message in `ready`, and the bytes that it takes with its head; `None` when there is none.
pub fn first(ready: &[u8]) -> Option<(Kind, &[u8], usize)> {
    let ([a, b, c, d, kind], rest) = ready.split_first_chunk::<HEAD>()?;
    let len = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
    let kind = if *kind == b'T' {
        Kind::Text
    } else {
        Kind::Binary
    };
    Some((kind, rest.get(..len)?, HEAD + len))
}

/// Output as it comes, for ttyd's clients with a byte before it.
#[derive(Debug)]
pub(super) struct FromTerminal {
    pub(super) is_ttyd: bool,
}

impl FromProgram for FromTerminal {
    fn space<'a>(&'a mut self, sink: &'a mut dyn Sink) -> &'a mut [u8] {
        let space = sink.space();
        if !self.is_ttyd {
            return space;
        }
        space[0] = TTYD_OUTPUT;
        &mut space[1..]
    }

    fn filled(&mut self, n: usize, sink: &mut dyn Sink) -> Result<(), BadOutput> {
        sink.filled(Kind::Binary, n + usize::from(self.is_ttyd));
        Ok(())
    }

    fn finish(&mut self, _: &mut dyn Sink) -> Result<(), BadOutput> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::framing::tests::Messages;

    #[test]
    fn messages_keep_their_kind() {
        let mut ready = Vec::new();
        let all = [
            (Kind::Text, &b"one"[..]),
            (Kind::Binary, b""),
            (Kind::Binary, b"\x03\0"),
        ];
        for (kind, payload) in all {
            let start = ready.len();
            ready.extend_from_slice(ToJoint.head(kind));
            ready.extend_from_slice(payload);
            ToJoint.finish(kind, &mut ready[start..]);
        }
        let mut rest = &ready[..];
        for (kind, payload) in all {
            let (found, bytes, len) = first(rest).unwrap();
            assert_eq!((found, bytes), (kind, payload));
            rest = &rest[len..];
        }
        assert!(rest.is_empty() && first(&ready[..7]).is_none());
    }

    #[test]
    fn output_has_a_byte_before_it_for_ttyd_alone() {
        for (is_ttyd, wanted) in [(false, &b"\x1b[H"[..]), (true, b"0\x1b[H")] {
            let (mut form, mut sink) = (FromTerminal { is_ttyd }, Messages::default());
            form.space(&mut sink)[..3].copy_from_slice(b"\x1b[H");
            form.filled(3, &mut sink).unwrap();
            assert_eq!(sink.0, [(Kind::Binary, wanted.to_vec())]);
        }
    }
}
