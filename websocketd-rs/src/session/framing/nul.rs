//! `--framing=nul`: a text message ends with a NUL byte, so that it may hold newlines, as with `read -d ''`, `find -print0` and
//! `sed -z`. Text only.

use super::{Kind, ToProgram, line};

#[derive(Debug)]
pub(super) struct ToStdin;

impl ToProgram for ToStdin {
    fn takes(&self, kind: Kind) -> bool {
        kind == Kind::Text
    }

    /// A NUL within it would be taken for its end: the client could make two messages of one.
    fn carries(&self, _: Kind, message: &[u8]) -> bool {
        has_no_nul(message)
    }

    fn finish(&self, _: Kind, _: &mut [u8]) -> &'static [u8] {
        b"\0"
    }

    fn remark(&self, kind: Kind) -> Option<&'static str> {
        (kind == Kind::Binary).then_some(DROPPED)
    }
}

/// What becomes of binary messages.
pub(super) const DROPPED: &str = "Client sent a binary message, which is dropped: --framing=nul carries text alone; --framing=length carries both";

/// Whether text can stand before a NUL byte.
pub(super) fn has_no_nul(text: &[u8]) -> bool {
    memchr::memchr(0, text).is_none()
}

/// As of lines, but for the byte at their ends.
pub(super) fn from_stdout(max_line: usize) -> line::FromStdout {
    line::FromStdout::delimited(0, max_line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::framing::tests::Messages;
    use crate::session::framing::{BadOutput, FromProgram};

    fn feed(bytes: &[u8], sink: &mut Messages) -> Result<(), BadOutput> {
        let mut form = from_stdout(10);
        form.space()[..bytes.len()].copy_from_slice(bytes);
        form.filled(bytes.len(), sink)?;
        form.finish(sink)
    }

    #[test]
    fn newlines_and_carriage_returns_are_kept_and_a_rest_is_a_message() {
        let mut sink = Messages::default();
        feed(b"a\nb\r\n\0\0c\r\0\n", &mut sink).unwrap();
        let texts = ["a\nb\r\n", "", "c\r", "\n"];
        assert_eq!(sink.0, texts.map(|text| (Kind::Text, text.into())));
        let too_long = feed(b"12345678901\0", &mut Messages::default());
        assert_eq!(too_long, Err(BadOutput::LineTooLong));
    }

    #[test]
    fn what_would_be_two_messages_is_not_carried() {
        assert!(ToStdin.carries(Kind::Text, b"a\nb"));
        assert!(!ToStdin.carries(Kind::Text, b"a\0b"));
        assert!(!ToStdin.takes(Kind::Binary));
    }
}
