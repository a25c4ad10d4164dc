//! Client frames to program bytes, in place: pure, no I/O.

mod event;
mod header;
mod regions;

use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use crate::session::framing::{Kind, Notice, ToProgram};
use header::{close_code, unmask};
use regions::Regions;

pub use event::{Event, Payload, Violation};
pub use header::MAX_CONTROL;

/// What a decoder accepts.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Which messages reach the program, and how they stand in its stdin; the others are read and dropped.
    pub form: &'static dyn ToProgram,
    /// Largest message in bytes, also reassembled.
    pub max_message: usize,
    /// Most frames of one message.
    pub max_fragments: usize,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// At the start of a frame.
    Header,
    /// Inside the payload of a data frame.
    Data(Frame),
    /// Before the payload of a control frame, which has come whole.
    Control {
        opcode: Control,
        mask: [u8; 4],
        len: usize,
    },
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    mask: [u8; 4],
    remaining: usize,
    is_final: bool,
}

/// The message that is being assembled.
#[derive(Debug, Clone, Copy)]
struct Message {
    kind: Kind,
    /// Whether it reaches the program.
    is_kept: bool,
    fragments: usize,
    /// Bytes announced by the headers so far.
    size: usize,
}

/// Makes bytes for a program's stdin of a client's frames.
#[derive(Debug)]
pub struct Decoder {
    rules: Rules,
    state: State,
    current: Option<Message>,
    regions: Regions,
    /// Messages that came whole since they were last asked for.
    finished: u32,
    remark: Remark,
}

/// What is to be said of the messages, once.
#[derive(Debug, Clone, Copy)]
enum Remark {
    Open,
    Due(Kind),
    Made,
}

impl Decoder {
    /// A decoder that has already received `early`.
    pub fn new(rules: Rules, early: &[u8]) -> Self {
        Self {
            rules,
            state: State::Header,
            current: None,
            regions: Regions::new(early),
            finished: 0,
            remark: Remark::Open,
        }
    }

    /// Bytes for the program.
    pub fn ready(&self) -> &[u8] {
        self.regions.ready()
    }

    /// How many messages of either kind came whole since the last call.
    pub fn take_finished(&mut self) -> u32 {
        std::mem::take(&mut self.finished)
    }

    /// What the program's author should know of the messages so far, once.
    pub fn take_remark(&mut self) -> Option<&'static str> {
        let Remark::Due(kind) = self.remark else {
            return None;
        };
        self.remark = Remark::Made;
        self.rules.form.remark(kind)
    }

    /// Tells the program of a pong, right after [`Event::Pong`].
    pub fn put_pong(&mut self, payload: &Payload) {
        self.put_notice(Notice::Pong, payload.as_slice());
    }

    /// The record takes the place of the frame that it is about, whose header was no shorter. A message whose rest is still to
    /// come moves on.
    fn put_notice(&mut self, notice: Notice, payload: &[u8]) {
        let form = self.rules.form;
        if let Some(head) = form.notice(notice) {
            form.finish_notice(self.regions.insert(head, payload));
        }
    }

    /// Marks the first `n` bytes of [`Self::ready`] as written.
    pub fn consume(&mut self, n: usize) {
        self.regions.consume(n);
    }

    /// Marks all of [`Self::ready`] as written: nobody reads it any more.
    pub fn discard(&mut self) {
        self.regions.consume(usize::MAX);
    }

    /// Room for more bytes of the client, or nothing while the program has to take what is ready first.
    pub fn space(&mut self) -> &mut [u8] {
        self.regions.space()
    }

    /// Tells that `n` bytes were read into [`Self::space`].
    pub fn filled(&mut self, n: usize) {
        self.regions.filled(n);
    }

    /// Gives back what memory is not needed while the session waits.
    pub fn park(&mut self) {
        self.regions.park();
    }

    /// Decodes on until a control frame was found or more bytes are needed.
    ///
    /// # Errors
    /// Where the client broke RFC 6455 or a limit. The decoder is of no use then.
    pub fn decode(&mut self) -> Result<Event, Violation> {
        loop {
            match self.state {
                State::Header => {
                    if !self.header()? {
                        return Ok(Event::NeedBytes);
                    }
                }
                State::Data(frame) => {
                    if !self.data(frame)? {
                        return Ok(Event::NeedBytes);
                    }
                }
                State::Control { opcode, mask, len } => {
                    return self.control(opcode, mask, len);
                }
            }
        }
    }

    /// `false` when the header has not come whole.
    fn header(&mut self) -> Result<bool, Violation> {
        let Some(header) = header::parse(self.regions.raw())? else {
            return Ok(false);
        };
        let mask = header.mask;
        match header.opcode {
            OpCode::Control(opcode) => {
                let len = usize::try_from(header.payload).unwrap_or(usize::MAX);
                // Taken whole: the place of the header is for what the program may get of the frame.
                if self.regions.raw().len() < header.len.saturating_add(len) {
                    return Ok(false);
                }
                self.regions.skip_raw(header.len);
                self.state = State::Control { opcode, mask, len };
            }
            OpCode::Data(opcode) => {
                self.regions.skip_raw(header.len);
                self.state = State::Data(Frame {
                    mask,
                    remaining: self.begin(opcode, header.payload)?,
                    is_final: header.is_final,
                });
            }
        }
        Ok(true)
    }

    /// Checks that a data frame of `len` bytes may come now, and counts it.
    fn begin(&mut self, opcode: Data, len: u64) -> Result<usize, Violation> {
        let mut message = match (opcode, self.current) {
            (Data::Continue, Some(message)) => message,
            (Data::Continue, None) => {
                return Err(Violation::Protocol("continuation of no message"));
            }
            (_, Some(_)) => return Err(Violation::Protocol("message inside a message")),
            (Data::Text, None) => self.open(Kind::Text),
            (_, None) => self.open(Kind::Binary),
        };
        let len = usize::try_from(len).map_err(|_| Violation::TooBig)?;
        message.size = message.size.checked_add(len).ok_or(Violation::TooBig)?;
        message.fragments += 1;
        if message.size > self.rules.max_message {
            return Err(Violation::TooBig);
        }
        if message.fragments > self.rules.max_fragments {
            return Err(Violation::TooManyFragments);
        }
        self.current = Some(message);
        Ok(len)
    }

    fn open(&mut self, kind: Kind) -> Message {
        let is_kept = self.rules.form.takes(kind);
        if is_kept {
            self.regions.push_head(self.rules.form.head(kind));
        }
        Message {
            kind,
            is_kept,
            fragments: 0,
            size: 0,
        }
    }

    /// Unmasks what has come of a data frame; `false` when there is more to come.
    fn data(&mut self, mut frame: Frame) -> Result<bool, Violation> {
        let message = self
            .current
            .ok_or(Violation::Protocol("data outside a message"))?;
        let n = frame.remaining.min(self.regions.raw().len());
        // Text is looked at even when nobody gets it: what is not UTF-8 fails the connection (RFC 6455 section 8.1).
        if message.is_kept || message.kind == Kind::Text {
            self.regions
                .take_raw(n, |payload| unmask(payload, frame.mask));
        } else {
            self.regions.skip_raw(n);
        }
        frame.remaining -= n;
        frame.mask.rotate_left(n % 4);
        let last = frame.is_final && frame.remaining == 0;
        if message.kind == Kind::Text {
            if !self.regions.is_text(last) {
                return Err(Violation::NotUtf8);
            }
            if !message.is_kept {
                self.regions.drop_checked();
            }
        }
        if frame.remaining > 0 {
            self.state = State::Data(frame);
            return Ok(false);
        }
        if last {
            self.finish(message)?;
        }
        self.state = State::Header;
        Ok(true)
    }

    fn finish(&mut self, message: Message) -> Result<(), Violation> {
        self.current = None;
        self.finished = self.finished.saturating_add(1);
        let form = self.rules.form;
        let bytes = self.regions.message_mut();
        if matches!(self.remark, Remark::Open) && form.is_misfit(message.kind, bytes) {
            self.remark = Remark::Due(message.kind);
        }
        if message.is_kept {
            if !form.carries(message.kind, bytes) {
                return Err(Violation::NotCarried);
            }
            let tail = form.finish(message.kind, bytes);
            self.regions.push_tail(tail);
        }
        Ok(())
    }

    /// Takes a control frame once it has come whole.
    fn control(&mut self, opcode: Control, mask: [u8; 4], len: usize) -> Result<Event, Violation> {
        let Some(raw) = self.regions.raw().get(..len) else {
            return Ok(Event::NeedBytes);
        };
        let mut bytes = [0; MAX_CONTROL];
        let payload = &mut bytes[..len];
        payload.copy_from_slice(raw);
        unmask(payload, mask);
        self.regions.skip_raw(len);
        self.state = State::Header;
        let len8 = u8::try_from(len).unwrap_or(0);
        match opcode {
            Control::Ping => Ok(Event::Ping(Payload { bytes, len: len8 })),
            Control::Close => {
                let code = close_code(&bytes[..len])?;
                self.regions.drop_message();
                self.put_notice(Notice::Close, &bytes[..len]);
                Ok(Event::Close(code))
            }
            _ => Ok(Event::Pong(Payload { bytes, len: len8 })),
        }
    }
}

#[cfg(test)]
mod tests;
