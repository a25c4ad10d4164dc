//! The default: a text message is a line. With any of websocketd's own framings the kind of a message says how it goes to the
//! program, and not the mode: a binary one is its bytes, with nothing added.

use std::borrow::Cow;

use super::{BadOutput, FromProgram, Kind, NOT_UTF8, Sink, ToProgram};
use crate::buffer::{Lines, text_of};

#[derive(Debug)]
pub(super) struct ToStdin;

impl ToProgram for ToStdin {
    fn takes(&self, _: Kind) -> bool {
        true
    }

    fn finish(&self, kind: Kind, _: &mut [u8]) -> &'static [u8] {
        match kind {
            Kind::Text => b"\n",
            Kind::Binary => b"",
        }
    }

    fn remark(&self, kind: Kind) -> Option<&'static str> {
        Some(match kind {
            Kind::Binary => {
                "Client sent a binary message, which goes to a program of lines without an end; --framing=length marks it"
            }
            Kind::Text => {
                "Client sent text with a newline, which a program of lines takes for several; --framing=nul keeps it whole"
            }
        })
    }

    fn is_misfit(&self, kind: Kind, message: &[u8]) -> bool {
        is_no_line(kind, message)
    }
}

/// Whether a message is no text, or more than a line of it.
pub(super) fn is_no_line(kind: Kind, payload: &[u8]) -> bool {
    kind == Kind::Binary || memchr::memchr(b'\n', payload).is_some()
}

/// A rest without its newline is a message too, at the end of the output.
#[derive(Debug)]
pub(super) struct FromStdout {
    lines: Lines,
    delimiter: u8,
    max_line: usize,
    replaced: Replaced,
}

/// Whether bytes that are not UTF-8 were replaced, as a text message must be (RFC 6455 section 5.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Replaced {
    Never,
    Unreported,
    Reported,
}

impl FromStdout {
    pub(super) fn new(max_line: usize) -> Self {
        Self::delimited(b'\n', max_line)
    }

    /// Each message ends with `delimiter` in place of a newline.
    pub(super) fn delimited(delimiter: u8, max_line: usize) -> Self {
        Self {
            lines: Lines::default(),
            delimiter,
            max_line,
            replaced: Replaced::Never,
        }
    }

    pub(super) fn space(&mut self) -> &mut [u8] {
        self.lines.space(self.max_line)
    }

    /// Hands each line that is whole to `each`, as UTF-8.
    pub(super) fn take_lines(
        &mut self,
        n: usize,
        mut each: impl FnMut(&str),
    ) -> Result<(), BadOutput> {
        self.lines.filled(n);
        while let Some(line) = self.lines.next_until(self.delimiter) {
            if line.len() > self.max_line {
                return Err(BadOutput::LineTooLong);
            }
            self.replaced.note(line, &mut each);
        }
        if self.lines.pending().len() > self.max_line {
            return Err(BadOutput::LineTooLong);
        }
        Ok(())
    }

    pub(super) fn take_rest(&mut self, mut each: impl FnMut(&str)) {
        if let Some(rest) = self.lines.take_rest() {
            self.replaced.note(rest, &mut each);
        }
    }
}

impl Replaced {
    /// Hands `line` over as UTF-8.
    pub(super) fn note(&mut self, line: &[u8], each: &mut impl FnMut(&str)) {
        let text = text_of(line);
        if *self == Self::Never && matches!(text, Cow::Owned(_)) {
            *self = Self::Unreported;
        }
        each(&text);
    }

    /// That bytes were replaced, once.
    pub(super) fn take_remark(&mut self) -> Option<&'static str> {
        if *self != Self::Unreported {
            return None;
        }
        *self = Self::Reported;
        Some(NOT_UTF8)
    }
}

impl FromProgram for FromStdout {
    fn space<'a>(&'a mut self, _: &'a mut dyn Sink) -> &'a mut [u8] {
        self.space()
    }

    fn filled(&mut self, n: usize, sink: &mut dyn Sink) -> Result<(), BadOutput> {
        self.take_lines(n, |line| sink.message(Kind::Text, line.as_bytes()))
    }

    fn finish(&mut self, sink: &mut dyn Sink) -> Result<(), BadOutput> {
        self.take_rest(|line| sink.message(Kind::Text, line.as_bytes()));
        Ok(())
    }

    fn take_remark(&mut self) -> Option<&'static str> {
        self.replaced.take_remark()
    }

    fn park(&mut self) {
        self.lines.park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::framing::tests::Messages;

    fn feed(form: &mut FromStdout, bytes: &[u8], sink: &mut Messages) -> Result<(), BadOutput> {
        FromStdout::space(form)[..bytes.len()].copy_from_slice(bytes);
        form.filled(bytes.len(), sink)
    }

    #[test]
    fn lines_are_text_messages_and_so_is_the_rest() {
        let (mut form, mut sink) = (FromStdout::new(100), Messages::default());
        feed(&mut form, b"one\r\n\ntw", &mut sink).unwrap();
        form.park();
        feed(&mut form, b"o\nthree", &mut sink).unwrap();
        form.finish(&mut sink).unwrap();
        form.finish(&mut sink).unwrap();
        let texts = ["one", "", "two", "three"];
        assert_eq!(sink.0, texts.map(|text| (Kind::Text, text.into())));
        assert_eq!(form.take_remark(), None);
    }

    #[test]
    fn replaced_bytes_are_remarked_once() {
        let (mut form, mut sink) = (FromStdout::new(100), Messages::default());
        feed(&mut form, b"a\xffb\n", &mut sink).unwrap();
        assert_eq!(sink.0, [(Kind::Text, "a\u{fffd}b".into())]);
        assert!(form.take_remark().is_some());
        feed(&mut form, b"\xff\n", &mut sink).unwrap();
        assert_eq!(form.take_remark(), None);
    }

    #[test]
    fn a_line_over_the_limit_is_bad_output_before_its_end_is_seen() {
        for (bytes, expected) in [
            (&b"1234567890\n"[..], Ok(())),
            (b"12345678901\n", Err(BadOutput::LineTooLong)),
            (b"12345678901", Err(BadOutput::LineTooLong)),
            (b"1234567890", Ok(())),
        ] {
            let mut form = FromStdout::new(10);
            assert_eq!(feed(&mut form, bytes, &mut Messages::default()), expected);
        }
    }
}
