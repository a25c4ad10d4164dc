//! How events stand in a shared program's stdin, and orders in its stdout: pure, no I/O.

mod lines;
mod records;

use super::order::{MemberId, Order};
use crate::buffer::Lines;
use crate::config::{Framing, Shared, SharedMode};
use crate::session::framing::{BadOutput, Kind};

/// A shared program's way to speak: what it is told and what it says, in lines, texts that end with a NUL byte, or records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wire {
    mode: SharedMode,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Each event and order ends with this byte.
    Delimited(u8),
    Records,
}

/// What was found in a program's output.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// An order.
    Order(Order<'a>),
    /// What is none, as far as the log should show it. It goes to nobody: a forgotten word must not broadcast a secret.
    NoOrder(&'a str),
    /// What comes next held bytes that are no text. They were replaced.
    Replaced,
}

impl Wire {
    /// That of a program with these settings.
    pub fn of(config: &Shared) -> Self {
        let form = match config.framing {
            Framing::Records => Form::Records,
            Framing::Nul => Form::Delimited(0),
            _ => Form::Delimited(b'\n'),
        };
        Self {
            mode: config.mode,
            form,
        }
    }

    /// The event of a client that comes, with variables of its request; nothing where the program is not told.
    pub fn join<'v>(
        self,
        id: MemberId,
        variables: impl IntoIterator<Item = (&'v [u8], &'v [u8])>,
    ) -> Vec<u8> {
        match (self.mode, self.form) {
            (SharedMode::Broadcast, _) => Vec::new(),
            (SharedMode::Ids, Form::Delimited(end)) => lines::join(id, variables, end),
            (SharedMode::Ids, Form::Records) => records::join(id, variables),
        }
    }

    /// Appends the event of a client's message. One that this form does not carry does not come here, or is no event of its own.
    pub fn put_message(self, stdin: &mut Vec<u8>, id: MemberId, kind: Kind, payload: &[u8]) {
        match (self.mode, self.form) {
            (SharedMode::Broadcast, Form::Delimited(end)) => {
                stdin.extend_from_slice(payload);
                stdin.push(end);
            }
            (SharedMode::Ids, Form::Delimited(end)) => lines::put_message(stdin, id, payload, end),
            (SharedMode::Broadcast, Form::Records) => records::put_plain(stdin, kind, payload),
            (SharedMode::Ids, Form::Records) => records::put_message(stdin, id, kind, payload),
        }
    }

    /// Appends the event of a client that goes, if the program is told, with the code that the session's end has in its close
    /// frame, or 1006 where there is none (RFC 6455 section 7.1.5).
    pub fn put_leave(self, stdin: &mut Vec<u8>, id: MemberId, code: u16) {
        match (self.mode, self.form) {
            (SharedMode::Broadcast, _) => {}
            (SharedMode::Ids, Form::Delimited(end)) => lines::put_leave(stdin, id, code, end),
            (SharedMode::Ids, Form::Records) => records::put_leave(stdin, id, code),
        }
    }

    /// The first event of `stdin`, which holds whole ones.
    fn first(self, stdin: &[u8]) -> &[u8] {
        let len = match self.form {
            Form::Delimited(end) => memchr::memchr(end, stdin).map(|at| at + 1),
            Form::Records => records::len_of(stdin),
        };
        &stdin[..len.unwrap_or(stdin.len()).min(stdin.len())]
    }

    /// The events of `stdin`, which holds whole ones.
    pub fn events(self, mut stdin: &[u8]) -> impl Iterator<Item = &[u8]> {
        std::iter::from_fn(move || {
            let event = self.first(stdin);
            stdin = &stdin[event.len()..];
            (!event.is_empty()).then_some(event)
        })
    }

    /// Of `stdin`, whose first `written` bytes a program that has ended was given, the events that it was given nothing of.
    pub fn not_begun(self, stdin: &[u8], written: usize) -> &[u8] {
        let mut start = 0;
        for event in self.events(stdin) {
            if start >= written {
                break;
            }
            start += event.len();
        }
        &stdin[start..]
    }

    /// Whether an event tells who comes and goes: a new program is told anew.
    pub fn is_presence(self, event: &[u8]) -> bool {
        match (self.mode, self.form) {
            (SharedMode::Broadcast, _) => false,
            (SharedMode::Ids, Form::Delimited(_)) => lines::is_presence(event),
            (SharedMode::Ids, Form::Records) => records::is_presence(event),
        }
    }

    /// Bytes that an order may have beyond its message.
    pub fn overhead(self) -> usize {
        match self.form {
            Form::Delimited(_) => 0,
            Form::Records => records::MAX_HEAD,
        }
    }

    /// Hands each order that is whole in `output` to `each`, and takes it away. A line, or a record's message, has at most
    /// `max_message` bytes.
    ///
    /// # Errors
    /// Where the output can't be followed any more.
    pub fn take_orders(
        self,
        output: &mut Lines,
        max_message: usize,
        each: impl FnMut(Found<'_>),
    ) -> Result<(), BadOutput> {
        match self.form {
            Form::Delimited(end) => lines::take(output, end, max_message, self.mode, each),
            Form::Records => records::take(output, max_message, self.mode, each),
        }
    }

    /// As [`Self::take_orders`], once the output has ended: a line without its end is one, too.
    ///
    /// # Errors
    /// Where the output must not end here.
    pub fn take_rest(
        self,
        output: &mut Lines,
        each: impl FnMut(Found<'_>),
    ) -> Result<(), BadOutput> {
        match self.form {
            Form::Delimited(_) => {
                lines::take_rest(output, self.mode, each);
                Ok(())
            }
            Form::Records if output.take_rest().is_none() => Ok(()),
            Form::Records => Err(BadOutput::BadRecord(
                "Program's output ended within a record",
            )),
        }
    }
}

#[cfg(test)]
mod tests;
