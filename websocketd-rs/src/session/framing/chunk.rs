//! `--binary`: what one read of stdout gives is one message. To the program messages go as in [`super::line`].

use super::{BadOutput, FromProgram, Kind, Sink, ToProgram, line};

/// Most bytes of a message, as in websocketd, whose reads have this size. A pipe holds so many only if its program made it.
const MAX_CHUNK: usize = 10 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct ToStdin;

impl ToProgram for ToStdin {
    fn takes(&self, _: Kind) -> bool {
        true
    }

    fn finish(&self, kind: Kind, message: &mut [u8]) -> &'static [u8] {
        line::ToStdin.finish(kind, message)
    }

    fn remark(&self, kind: Kind) -> Option<&'static str> {
        Some(match kind {
            Kind::Text => {
                "Client sent text, which a program of --binary can't tell from binary messages but for a newline after it; \
                 --framing=length, in place of --binary, tells them apart"
            }
            Kind::Binary => {
                "Client sent an empty binary message, of which a program of --binary sees nothing; --framing=length, in place \
                 of --binary, marks it"
            }
        })
    }

    fn is_misfit(&self, kind: Kind, message: &[u8]) -> bool {
        kind == Kind::Text || message.is_empty()
    }
}

#[derive(Debug)]
pub(super) struct FromStdout;

impl FromProgram for FromStdout {
    fn space<'a>(&'a mut self, sink: &'a mut dyn Sink) -> &'a mut [u8] {
        sink.space()
    }

    fn longest_read(&self) -> Option<usize> {
        Some(MAX_CHUNK)
    }

    fn filled(&mut self, n: usize, sink: &mut dyn Sink) -> Result<(), BadOutput> {
        sink.filled(Kind::Binary, n);
        Ok(())
    }

    fn finish(&mut self, _: &mut dyn Sink) -> Result<(), BadOutput> {
        Ok(())
    }
}
