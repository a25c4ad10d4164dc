//! How messages stand in the bytes of a program: pure, no I/O, and nothing of WebSocket frames.
//!
//! Each framing is a file: one [`ToProgram`] and one [`FromProgram`]. Which of them a session uses is asked once for each
//! direction, in [`to_program`] and [`from_program`].

mod chunk;
mod length;
mod line;
mod nobody;
mod nul;
pub mod parcel;
mod tagged;
mod terminal;

use std::fmt;

use crate::config::{Framing, SharedMode};
pub use length::{Record, read_close, read_record};
pub use parcel::ToJoint;

/// Longest [`ToProgram::head`]. A client's frame has a header of six bytes at least, so that head and tail of a message
/// fit before what is still to be decoded.
pub const MAX_HEAD: usize = 5;

/// Longest tail that [`ToProgram::finish`] returns.
pub const MAX_TAIL: usize = 1;

/// The two kinds of messages (RFC 6455 section 5.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Opcode 1: UTF-8.
    Text,
    /// Opcode 2: any bytes.
    Binary,
}

/// A client's messages as the bytes of a program's stdin. Without state of its own: one value serves all sessions.
pub trait ToProgram: fmt::Debug + Sync {
    /// Whether messages of this kind reach the program. The others are read and dropped.
    fn takes(&self, kind: Kind) -> bool;

    /// What stands before a message, at most [`MAX_HEAD`] bytes.
    fn head(&self, _: Kind) -> &'static [u8] {
        b""
    }

    /// Whether a message that has come whole can stand in this framing: `message` is its head and its payload.
    fn carries(&self, _kind: Kind, _message: &[u8]) -> bool {
        true
    }

    /// What the program's author should know once messages of this kind come that [`Self::is_misfit`], with the flag that helps.
    fn remark(&self, _: Kind) -> Option<&'static str> {
        None
    }

    /// Whether a message that has come whole is not what the framing is for: `message` is its head and its payload, or empty
    /// where it is not taken.
    fn is_misfit(&self, kind: Kind, _message: &[u8]) -> bool {
        self.remark(kind).is_some()
    }

    /// Completes a message that has come whole: `message` is its head, which may need the length now, and its payload.
    /// Returns what stands after it, at most [`MAX_TAIL`] bytes.
    fn finish(&self, kind: Kind, message: &mut [u8]) -> &'static [u8];

    /// The head, at most [`MAX_HEAD`] bytes, of what the program gets of a control frame of the client. `None`: nothing.
    fn notice(&self, _: Notice) -> Option<&'static [u8]> {
        None
    }

    /// Completes head and payload of a [`Notice`].
    fn finish_notice(&self, _record: &mut [u8]) {}
}

/// What a program can be told of beside messages (RFC 6455 section 5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The client closes: a code and a reason, or nothing.
    Close,
    /// The client answers a ping of the program.
    Pong,
}

/// A program's output made into messages.
pub trait FromProgram: fmt::Debug + Send {
    /// Room for the next read of stdout: a buffer of its own, or one of the sink.
    fn space<'a>(&'a mut self, sink: &'a mut dyn Sink) -> &'a mut [u8];

    /// Where each read is a message, the most bytes of one: what is there beyond a full [`Self::space`] then goes into
    /// [`Sink::more_space`]. `None` where it does not matter how the bytes are cut into reads.
    fn longest_read(&self) -> Option<usize> {
        None
    }

    /// Takes the `n` bytes that were read into [`Self::space`], and hands over what messages are whole.
    ///
    /// # Errors
    /// When they are no output of this framing: the end of the session.
    fn filled(&mut self, n: usize, sink: &mut dyn Sink) -> Result<(), BadOutput>;

    /// Stdout has ended: hands over what counts without its end.
    ///
    /// # Errors
    /// When the output must not end here.
    fn finish(&mut self, sink: &mut dyn Sink) -> Result<(), BadOutput>;

    /// Whether the program has asked for a close frame. What it writes after that counts for nothing.
    fn has_closed(&self) -> bool {
        false
    }

    /// Code and reason of that close frame.
    fn take_close(&mut self) -> Option<(u16, String)> {
        None
    }

    /// Whether lines of stderr are messages too. The session ends with both streams then.
    fn takes_stderr(&self) -> bool {
        false
    }

    /// Hands over a line of stderr, if [`Self::takes_stderr`].
    fn stderr_line(&mut self, _line: &[u8], _sink: &mut dyn Sink) {}

    /// What the program's author should know of its output so far, each once.
    fn take_remark(&mut self) -> Option<&'static str> {
        None
    }

    /// Gives back what memory is not needed while the session waits.
    fn park(&mut self) {}
}

/// Where messages of a program go: the frames of one client, or whatever a joint puts in its place.
pub trait Sink {
    /// Takes a message.
    fn message(&mut self, kind: Kind, payload: &[u8]);

    /// Room for a payload that is read in place, so that it is never copied. Only to be asked for while the sink is empty.
    fn space(&mut self) -> &mut [u8];

    /// Room for `more` bytes behind the first `n` of [`Self::space`], which stay.
    fn more_space(&mut self, n: usize, more: usize) -> &mut [u8];

    /// Takes as a message the `n` bytes that were read into [`Self::space`].
    fn filled(&mut self, kind: Kind, n: usize);

    /// Takes a ping of the program, of at most [`MAX_PING`] bytes.
    fn ping(&mut self, payload: &[u8]);
}

/// Why a program's output can't be made into messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadOutput {
    /// A line, or a record, over `--maxline`.
    LineTooLong,
    /// A record that is none, and what is wrong with it.
    BadRecord(&'static str),
}

/// What is logged once of a text that had to be made UTF-8.
pub const NOT_UTF8: &str = "Program wrote bytes that are not UTF-8; they were replaced";

/// Longest payload of a ping (RFC 6455 section 5.5).
pub const MAX_PING: usize = 125;

/// Longest reason of a close frame, in bytes: a code stands before it.
pub const MAX_REASON: usize = MAX_PING - 2;

/// Close codes that a program may send: the endpoint's own ones (RFC 6455 section 7.4.1) that mean something to a client, and
/// those left to applications (section 7.4.2).
pub fn is_close_code(code: u16) -> bool {
    matches!(code, 1000 | 1008 | 1011..=1013 | 3000..=4999)
}

/// The way to the program.
pub fn to_program(framing: Framing) -> &'static dyn ToProgram {
    match framing {
        Framing::Lines => &line::ToStdin,
        Framing::TaggedLines => &tagged::ToStdin,
        Framing::Binary => &chunk::ToStdin,
        Framing::Nul => &nul::ToStdin,
        Framing::Records => &length::ToStdin,
        Framing::Terminal => &ToJoint::Terminal,
    }
}

/// The way to a program that clients share, by way of its joint.
pub fn to_shared(framing: Framing, mode: SharedMode) -> &'static dyn ToProgram {
    match (framing, mode) {
        (Framing::Nul, _) => &ToJoint::Nul,
        (Framing::Records, _) => &ToJoint::Records,
        (_, SharedMode::Ids) => &ToJoint::Orders,
        (_, SharedMode::Broadcast) => &ToJoint::Lines,
    }
}

/// The way from the program, whose lines have at most `max_line` bytes. On the heap, where one that needs no state takes none.
pub fn from_program(framing: Framing, max_line: usize) -> Box<dyn FromProgram> {
    match framing {
        Framing::Lines => Box::new(line::FromStdout::new(max_line)),
        Framing::TaggedLines => Box::new(tagged::FromOutput::new(max_line)),
        Framing::Binary => Box::new(chunk::FromStdout),
        Framing::Nul => Box::new(nul::from_stdout(max_line)),
        Framing::Records => Box::new(length::FromStdout::new(max_line)),
        Framing::Terminal => from_terminal(false),
    }
}

/// The way from a terminal; clients of ttyd have a byte before each message.
pub fn from_terminal(is_ttyd: bool) -> Box<dyn FromProgram> {
    Box::new(terminal::FromTerminal { is_ttyd })
}

/// In the place of a way from the program that is elsewhere for the moment; it takes no memory.
pub fn none() -> Box<dyn FromProgram> {
    Box::new(chunk::FromStdout)
}

/// The way of what is dropped, `--readonly`.
pub fn to_nobody() -> &'static dyn ToProgram {
    &nobody::ToNobody
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sink that keeps what it gets.
    #[derive(Debug, Default)]
    pub(super) struct Messages(pub(super) Vec<(Kind, Vec<u8>)>, pub(super) Vec<Vec<u8>>);

    impl Sink for Messages {
        fn message(&mut self, kind: Kind, payload: &[u8]) {
            self.0.push((kind, payload.to_vec()));
        }

        fn space(&mut self) -> &mut [u8] {
            self.0.push((Kind::Binary, vec![0; 16]));
            &mut self.0.last_mut().expect("the one just pushed").1
        }

        fn more_space(&mut self, n: usize, more: usize) -> &mut [u8] {
            let last = self.0.last_mut().expect("space was asked for");
            last.1.resize(n + more, 0);
            &mut last.1[n..]
        }

        fn ping(&mut self, payload: &[u8]) {
            self.1.push(payload.to_vec());
        }

        fn filled(&mut self, kind: Kind, n: usize) {
            let last = self.0.last_mut().expect("space was asked for");
            last.0 = kind;
            last.1.truncate(n);
        }
    }

    #[test]
    fn heads_and_tails_fit_into_what_a_frames_header_leaves() {
        for framing in [
            Framing::Lines,
            Framing::TaggedLines,
            Framing::Binary,
            Framing::Nul,
            Framing::Records,
            Framing::Terminal,
        ] {
            let form = to_program(framing);
            for kind in [Kind::Text, Kind::Binary] {
                let head = form.head(kind);
                let tail = form.finish(kind, &mut head.to_vec());
                assert!(head.len() <= MAX_HEAD && tail.len() <= MAX_TAIL, "{form:?}");
            }
        }
    }
}
