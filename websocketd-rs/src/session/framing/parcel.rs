//! For joints that look at messages one by one: each with its length and kind before it. No program sees this form; what it
//! carries is what the program's own form does.

use super::{Kind, ToProgram, line, nul};

/// Bytes before a message: its length, big-endian, and its kind.
const HEAD: usize = 5;

/// To which joint, and what its program can be given.
#[derive(Debug)]
pub enum ToJoint {
    /// `--pty`: keys, and what is about the terminal.
    Terminal,
    /// `--shared=broadcast`: lines.
    Lines,
    /// `--shared=ids`: lines that no client can forge.
    Orders,
    /// `--shared` with `--framing=nul`: texts.
    Nul,
    /// `--shared` with `--framing=length`: records.
    Records,
}

impl ToProgram for ToJoint {
    fn takes(&self, kind: Kind) -> bool {
        kind == Kind::Text || !matches!(self, Self::Nul)
    }

    fn head(&self, kind: Kind) -> &'static [u8] {
        match kind {
            Kind::Text => b"\0\0\0\0T",
            Kind::Binary => b"\0\0\0\0B",
        }
    }

    fn carries(&self, _: Kind, message: &[u8]) -> bool {
        !matches!(self, Self::Nul) || nul::has_no_nul(payload_of(message))
    }

    fn finish(&self, _: Kind, message: &mut [u8]) -> &'static [u8] {
        let (head, payload) = message.split_at_mut(HEAD);
        let len = u32::try_from(payload.len())
            .expect("a frame's payload is bounded by --maxframesize or memory");
        head[..4].copy_from_slice(&len.to_be_bytes());
        b""
    }

    fn remark(&self, kind: Kind) -> Option<&'static str> {
        match (self, kind) {
            (Self::Terminal | Self::Records, _) | (Self::Nul, Kind::Text) => None,
            (Self::Nul, Kind::Binary) => Some(nul::DROPPED),
            (Self::Lines | Self::Orders, Kind::Binary) => Some(
                "Client sent a binary message, which a shared program of lines takes for text; --framing=length marks it",
            ),
            (Self::Lines, Kind::Text) => line::ToStdin.remark(kind),
            (Self::Orders, Kind::Text) => Some(
                "Client sent text with a newline, which becomes a blank in a line of --shared=ids; --framing=nul or length \
                 keeps it",
            ),
        }
    }

    fn is_misfit(&self, kind: Kind, message: &[u8]) -> bool {
        match self {
            Self::Lines | Self::Orders => line::is_no_line(kind, payload_of(message)),
            Self::Terminal | Self::Nul | Self::Records => self.remark(kind).is_some(),
        }
    }
}

fn payload_of(message: &[u8]) -> &[u8] {
    message.get(HEAD..).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_apart_and_keep_their_kind() {
        let mut ready = Vec::new();
        let all = [
            (Kind::Text, &b"one"[..]),
            (Kind::Binary, b""),
            (Kind::Binary, b"\x03\0"),
            (Kind::Text, b"two\nlines"),
        ];
        for (kind, payload) in all {
            let start = ready.len();
            ready.extend_from_slice(ToJoint::Records.head(kind));
            ready.extend_from_slice(payload);
            ToJoint::Records.finish(kind, &mut ready[start..]);
        }
        let mut rest = &ready[..];
        for (kind, payload) in all {
            let (found, bytes, len) = first(rest).unwrap();
            assert_eq!((found, bytes), (kind, payload));
            rest = &rest[len..];
        }
        assert!(rest.is_empty() && first(&ready[..7]).is_none());
    }
}
