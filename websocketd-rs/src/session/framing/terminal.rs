//! `--pty`: what one read of the terminal gives is one message, since it may end within a character. To the program keys go by
//! way of a joint ([`super::parcel`]), since some messages are keys and some are not.

use super::{BadOutput, FromProgram, Kind, Sink};

/// The first byte of ttyd's messages that hold output.
const TTYD_OUTPUT: u8 = b'0';

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
    fn output_has_a_byte_before_it_for_ttyd_alone() {
        for (is_ttyd, wanted) in [(false, &b"\x1b[H"[..]), (true, b"0\x1b[H")] {
            let (mut form, mut sink) = (FromTerminal { is_ttyd }, Messages::default());
            form.space(&mut sink)[..3].copy_from_slice(b"\x1b[H");
            form.filled(3, &mut sink).unwrap();
            assert_eq!(sink.0, [(Kind::Binary, wanted.to_vec())]);
        }
    }
}
