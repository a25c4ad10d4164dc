//! `--binary`: messages are bytes without borders. What one read of stdout gives is one message.

use super::{BadOutput, FromProgram, Kind, Sink, ToProgram};

#[derive(Debug)]
pub(super) struct ToStdin;

#[derive(Debug)]
pub(super) struct FromStdout;

impl ToProgram for ToStdin {
    fn takes(&self, kind: Kind) -> bool {
        kind == Kind::Binary
    }

    fn finish(&self, _: &mut [u8]) -> &'static [u8] {
        b""
    }
}

impl FromProgram for FromStdout {
    fn space<'a>(&'a mut self, sink: &'a mut dyn Sink) -> &'a mut [u8] {
        sink.space()
    }

    fn filled(&mut self, n: usize, sink: &mut dyn Sink) -> Result<(), BadOutput> {
        sink.filled(Kind::Binary, n);
        Ok(())
    }

    fn finish(&mut self, _: &mut dyn Sink) {}
}
