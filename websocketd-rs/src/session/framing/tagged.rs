//! `--passstderr`: a line of either stream is a JSON text message that names its stream.

use serde_json::json;

use super::{BadOutput, FromProgram, Kind, Sink, ToProgram, line};
use crate::buffer::text_of;

/// To the program messages go as lines.
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
            Kind::Binary => {
                "Client sent a binary message, which goes to a program of lines without an end; --framing=length, in place of \
                 --passstderr, marks it"
            }
            Kind::Text => {
                "Client sent text with a newline, which a program of lines takes for several; --framing=nul, in place of \
                 --passstderr, keeps it whole"
            }
        })
    }

    fn is_misfit(&self, kind: Kind, message: &[u8]) -> bool {
        line::is_no_line(kind, message)
    }
}

#[derive(Debug)]
pub(super) struct FromOutput(line::FromStdout);

impl FromOutput {
    pub(super) fn new(max_line: usize) -> Self {
        Self(line::FromStdout::new(max_line))
    }
}

impl FromProgram for FromOutput {
    fn space<'a>(&'a mut self, _: &'a mut dyn Sink) -> &'a mut [u8] {
        self.0.space()
    }

    fn filled(&mut self, n: usize, sink: &mut dyn Sink) -> Result<(), BadOutput> {
        self.0.take_lines(n, |line| send("stdout", line, sink))
    }

    fn finish(&mut self, sink: &mut dyn Sink) -> Result<(), BadOutput> {
        self.0.take_rest(|line| send("stdout", line, sink));
        Ok(())
    }

    fn takes_stderr(&self) -> bool {
        true
    }

    fn stderr_line(&mut self, line: &[u8], sink: &mut dyn Sink) {
        send("stderr", &text_of(line), sink);
    }

    fn take_remark(&mut self) -> Option<&'static str> {
        self.0.take_remark()
    }

    fn park(&mut self) {
        self.0.park();
    }
}

/// In the order of websocketd's keys.
fn send(stream: &str, line: &str, sink: &mut dyn Sink) {
    let message = format!("{{\"stream\":\"{stream}\",\"data\":{}}}", json!(line));
    sink.message(Kind::Text, message.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::framing::tests::Messages;

    #[test]
    fn tagged_lines_are_json_in_websocketds_key_order() {
        let (mut form, mut sink) = (FromOutput::new(100), Messages::default());
        let line = b"a \"b\"\n";
        form.0.space()[..line.len()].copy_from_slice(line);
        form.filled(line.len(), &mut sink).unwrap();
        form.stderr_line(b"\xff", &mut sink);
        let expected = [
            r#"{"stream":"stdout","data":"a \"b\""}"#,
            "{\"stream\":\"stderr\",\"data\":\"\u{fffd}\"}",
        ];
        assert_eq!(sink.0, expected.map(|text| (Kind::Text, text.into())));
    }
}
