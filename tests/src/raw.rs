//! A WebSocket client that can do everything wrong: it sends any bytes and frames and shows the answer frame by frame.

use std::io::{self, Write};
use std::net::Shutdown;
use std::process::Command;
use std::time::Duration;

use crate::deadline::DEADLINE;
use crate::http::{self, Response, fill, read_response};
use crate::requirement::part;
use crate::transport::{Endpoint, Transport};

/// Opcodes of RFC 6455 section 5.2.
pub mod opcode {
    /// Goes on with a fragmented message.
    pub const CONTINUATION: u8 = 0;
    /// Text.
    pub const TEXT: u8 = 1;
    /// Binary.
    pub const BINARY: u8 = 2;
    /// Close.
    pub const CLOSE: u8 = 8;
    /// Ping.
    pub const PING: u8 = 9;
    /// Pong.
    pub const PONG: u8 = 10;
}

/// A key for the handshake and the answer RFC 6455 section 1.3 gives to it.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// One frame, valid or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Last of its message.
    pub fin: bool,
    /// The three reserved bits.
    pub rsv: u8,
    /// See [`opcode`].
    pub opcode: u8,
    /// Key that masks the payload; a client must have one.
    pub mask: Option<[u8; 4]>,
    /// Payload, unmasked.
    pub payload: Vec<u8>,
}

impl Frame {
    /// A whole message in one frame, masked as a client's must be.
    pub fn new(opcode: u8, payload: impl Into<Vec<u8>>) -> Self {
        Self {
            fin: true,
            rsv: 0,
            opcode,
            mask: Some([0x37, 0xfa, 0x21, 0x3d]),
            payload: payload.into(),
        }
    }

    /// A text message.
    pub fn text(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(opcode::TEXT, payload)
    }

    /// A binary message.
    pub fn binary(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(opcode::BINARY, payload)
    }

    /// A ping.
    pub fn ping(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(opcode::PING, payload)
    }

    /// The next fragment.
    pub fn continuation(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(opcode::CONTINUATION, payload)
    }

    /// A close with a code and no reason.
    pub fn close(code: u16) -> Self {
        Self::new(opcode::CLOSE, code.to_be_bytes())
    }

    /// The same, with more fragments to come.
    #[must_use]
    pub fn more(mut self) -> Self {
        self.fin = false;
        self
    }

    /// The same with these reserved bits.
    #[must_use]
    pub fn rsv(mut self, rsv: u8) -> Self {
        self.rsv = rsv;
        self
    }

    /// The same without a mask, which a client must not send.
    #[must_use]
    pub fn unmasked(mut self) -> Self {
        self.mask = None;
        self
    }

    /// The code of a close frame; 1005 when it holds none.
    pub fn close_code(&self) -> Option<u16> {
        let code = || match self.payload[..] {
            [high, low, ..] => u16::from_be_bytes([high, low]),
            _ => 1005,
        };
        (self.opcode == opcode::CLOSE).then(code)
    }

    /// Its bytes on the wire, with the shortest form of the length.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![u8::from(self.fin) << 7 | self.rsv << 4 | self.opcode];
        let masked = u8::from(self.mask.is_some()) << 7;
        let length = self.payload.len();
        match (u8::try_from(length), u16::try_from(length)) {
            (Ok(short @ ..126), _) => bytes.push(masked | short),
            (_, Ok(middle)) => {
                bytes.push(masked | 0x7e);
                bytes.extend(middle.to_be_bytes());
            }
            _ => {
                bytes.push(masked | 0x7f);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        match self.mask {
            None => bytes.extend(&self.payload),
            Some(key) => {
                bytes.extend(key);
                bytes.extend(
                    self.payload
                        .iter()
                        .zip(key.iter().cycle())
                        .map(|(byte, key)| byte ^ key),
                );
            }
        }
        bytes
    }

    /// The first frame in `bytes` and its length, if all of it is there.
    pub fn decode(bytes: &[u8]) -> Option<(Self, usize)> {
        let [first, second, rest @ ..] = bytes else {
            return None;
        };
        let (length, size) = match second & 0x7f {
            126 => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), 2),
            127 => (
                usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).ok()?,
                8,
            ),
            short => (usize::from(short), 0),
        };
        let rest = &rest[size..];
        let mask: Option<[u8; 4]> = match second & 0x80 {
            0 => None,
            _ => Some(*rest.first_chunk()?),
        };
        let head = 2 + size + mask.map_or(0, |_| 4);
        let mut payload = bytes.get(head..head.checked_add(length)?)?.to_vec();
        if let Some(key) = mask {
            payload
                .iter_mut()
                .zip(key.iter().cycle())
                .for_each(|(byte, key)| *byte ^= key);
        }
        let frame = Self {
            fin: first & 0x80 != 0,
            rsv: first >> 4 & 7,
            opcode: first & 0x0f,
            mask,
            payload,
        };
        Some((frame, head + length))
    }
}

/// Nothing came in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence;

/// The headers of an opening handshake that is as it should be.
pub const UPGRADE: [(&str, &str); 4] = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", KEY),
];

/// The head of an opening handshake with more headers; one that is already there is replaced, and left out when its
/// new value is empty.
pub fn upgrade_head(endpoint: &Endpoint, target: &str, more: &[(&str, &str)]) -> String {
    let replaced = |name: &str| more.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
    let mut headers: Vec<(&str, &str)> = UPGRADE
        .into_iter()
        .filter(|(name, _)| !replaced(name))
        .collect();
    let is_standard = |name: &str| {
        UPGRADE
            .iter()
            .any(|(key, _)| key.eq_ignore_ascii_case(name))
    };
    headers.extend(
        more.iter()
            .filter(|(name, value)| !(is_standard(name) && value.is_empty())),
    );
    http::head(endpoint, "GET", target, &headers)
}

/// A connection on which frames, or anything else, can be sent.
#[derive(Debug)]
pub struct RawSocket {
    transport: Transport,
    buffer: Vec<u8>,
}

impl RawSocket {
    /// Connects and sends nothing yet.
    #[track_caller]
    pub fn connect(endpoint: &Endpoint) -> Self {
        let transport = endpoint.connect().expect("the daemon accepts connections");
        Self {
            transport,
            buffer: Vec::new(),
        }
    }

    /// Connects and opens the WebSocket.
    ///
    /// # Panics
    /// When it is refused.
    #[track_caller]
    pub fn open(endpoint: &Endpoint, target: &str) -> Self {
        Self::open_with(endpoint, target, &[])
    }

    /// [`Self::open`] with more headers, see [`upgrade_head`].
    #[track_caller]
    pub fn open_with(endpoint: &Endpoint, target: &str, more: &[(&str, &str)]) -> Self {
        let (socket, response) = Self::try_open(endpoint, target, more).expect("an answer");
        assert_eq!(
            response.status,
            101,
            "{target} was refused: {}",
            response.text()
        );
        assert_eq!(response.header("Sec-WebSocket-Accept"), Some(ACCEPT));
        socket
    }

    /// Asks for an upgrade and gives the answer, whatever it is.
    pub fn try_open(
        endpoint: &Endpoint,
        target: &str,
        more: &[(&str, &str)],
    ) -> io::Result<(Self, Response)> {
        let mut socket = Self {
            transport: endpoint.connect()?,
            buffer: Vec::new(),
        };
        socket
            .transport
            .write_all(upgrade_head(endpoint, target, more).as_bytes())?;
        let response = socket.read_response()?;
        Ok((socket, response))
    }

    /// Reads an HTTP answer.
    pub fn read_response(&mut self) -> io::Result<Response> {
        read_response(&mut self.transport, &mut self.buffer, true)
    }

    /// Sends bytes. That the other side is gone shows when reading.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        let _ = self
            .transport
            .write_all(bytes)
            .and_then(|()| self.transport.flush());
    }

    /// Sends bytes; an error tells that the other side is gone or reads no more.
    pub fn try_send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.transport.write_all(bytes)?;
        self.transport.flush()
    }

    /// Sends from another thread, while this one reads.
    ///
    /// # Panics
    /// When it is no TCP connection.
    pub fn clone_sender(&self) -> impl FnMut(&[u8]) + Send + 'static {
        let tcp = self.transport.tcp().expect("TCP");
        let mut stream = tcp.try_clone().expect("a descriptor");
        move |bytes| stream.write_all(bytes).expect("it reads")
    }

    /// Reads what comes next; the number of bytes, 0 at the end, also of a reset connection.
    ///
    /// # Panics
    /// When nothing comes before the deadline.
    #[track_caller]
    pub fn read_some(&mut self) -> usize {
        loop {
            match fill(&mut self.transport, &mut self.buffer) {
                Ok(read) => return read,
                // A call on a socket with a time-out is not begun anew by the kernel (signal(7)).
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return 0,
                Err(error) => panic!("nothing came: {error}; so far {:?}", self.unread()),
            }
        }
    }

    /// What was received and not taken yet.
    pub fn unread(&self) -> String {
        String::from_utf8_lossy(&self.buffer).into_owned()
    }

    /// Receives until `text` has come; takes nothing.
    #[track_caller]
    pub fn read_until(&mut self, text: &str) -> String {
        while !self.unread().contains(text) {
            let read = self.read_some();
            assert!(read > 0, "the end came after {:?}", self.unread());
        }
        self.unread()
    }

    /// Takes all that comes until the end of the connection.
    #[track_caller]
    pub fn read_to_end(&mut self) -> Vec<u8> {
        while self.read_some() > 0 {}
        std::mem::take(&mut self.buffer)
    }

    /// Takes the head of an HTTP answer; what follows it stays.
    #[track_caller]
    pub fn read_head(&mut self) -> Response {
        read_response(&mut self.transport, &mut self.buffer, false).expect("an answer")
    }

    /// Takes the frames that come until the end of the connection.
    #[track_caller]
    pub fn frames(&mut self) -> Vec<Frame> {
        std::iter::from_fn(|| self.frame()).collect()
    }

    /// Sends a frame.
    pub fn send(&mut self, frame: &Frame) {
        self.send_bytes(&frame.encode());
    }

    /// The next frame; `None` at the end of the connection, also a reset one.
    ///
    /// # Panics
    /// When nothing comes before the deadline.
    #[track_caller]
    pub fn frame(&mut self) -> Option<Frame> {
        self.frame_within(DEADLINE)
            .expect("a frame, or the end, before the deadline")
    }

    /// The next frame if one comes within `patience`: `Ok(None)` is the end, `Err` is silence.
    pub fn frame_within(&mut self, patience: Duration) -> Result<Option<Frame>, Silence> {
        self.set_patience(patience);
        let outcome = loop {
            if let Some((frame, length)) = Frame::decode(&self.buffer) {
                self.buffer.drain(..length);
                break Ok(Some(frame));
            }
            match fill(&mut self.transport, &mut self.buffer) {
                Ok(1..) => {}
                Err(error) if is_timeout(&error) => break Err(Silence),
                Ok(0) | Err(_) => break Ok(None),
            }
        };
        self.set_patience(DEADLINE);
        outcome
    }

    /// The next frame, which must be this one (masks aside).
    #[track_caller]
    pub fn expect(&mut self, opcode: u8, payload: &[u8]) {
        let frame = self.frame().expect("a frame, not the end");
        assert_eq!(
            (frame.opcode, frame.fin),
            (opcode, true),
            "{}",
            show(&frame)
        );
        assert!(
            frame.payload == payload,
            "wanted {} bytes, got {}",
            payload.len(),
            show(&frame)
        );
    }

    /// Reads on, past messages, to the close frame or the end: `Some(code)`, or `None` for an end without one.
    #[track_caller]
    pub fn close_code(&mut self) -> Option<u16> {
        loop {
            let frame = self.frame()?;
            if let Some(code) = frame.close_code() {
                return Some(code);
            }
        }
    }

    /// Reads to the end of the connection, and answers a close frame as a client must: the server waits for that.
    #[track_caller]
    pub fn wait_for_end(&mut self) {
        while let Some(frame) = self.frame() {
            if let Some(code) = frame.close_code() {
                let answer = if code == 1005 {
                    Frame::new(opcode::CLOSE, "")
                } else {
                    Frame::close(code)
                };
                self.send(&answer);
            }
        }
    }

    /// How long reads and writes may take from here on.
    pub fn set_patience(&self, patience: Duration) {
        self.transport
            .set_patience(patience)
            .expect("a live socket");
    }

    /// Ends the connection without a word.
    pub fn vanish(self) {
        self.transport.shutdown(Shutdown::Both);
    }

    /// Ends the sending half.
    pub fn finish_sending(&self) {
        self.transport.shutdown(Shutdown::Write);
    }

    /// Segments with data that this end of the connection has got. What its peer wrote at once came in one: the loopback takes
    /// 64 KiB in one, and `TCP_NODELAY` keeps small ones apart.
    ///
    /// # Panics
    /// When it is no TCP connection.
    #[track_caller]
    pub fn data_segments(&self) -> u64 {
        let told = self.tcp_info();
        let count = told
            .iter()
            .find_map(|word| word.strip_prefix("data_segs_in:"));
        count
            .and_then(|count| count.parse().ok())
            .unwrap_or_else(|| panic!("ss tells no segments: {told:?}"))
    }

    /// Segments that this end had to send again.
    ///
    /// # Panics
    /// When it is no TCP connection.
    #[track_caller]
    pub fn retransmissions(&self) -> u64 {
        // `retrans:UNDER_WAY/ALL`, once there are some.
        let told = self.tcp_info();
        let counts = told.iter().find_map(|word| word.strip_prefix("retrans:"));
        let all = counts.and_then(|counts| counts.split('/').nth(1));
        all.map_or(0, |all| all.parse().expect("a number"))
    }

    /// What the kernel knows of the connection, as ss(8) writes it.
    #[track_caller]
    fn tcp_info(&self) -> Vec<String> {
        let own = self.transport().tcp().expect("TCP").local_addr();
        let port = own.expect("it is connected").port();
        let table = Command::new(part("/bin/ss", "iproute2"))
            .args(["-tianH", &format!("sport = :{port}")])
            .output()
            .expect("ss runs");
        let table = String::from_utf8_lossy(&table.stdout).into_owned();
        table.split_whitespace().map(str::to_owned).collect()
    }

    /// The byte stream below.
    pub fn transport(&self) -> &Transport {
        &self.transport
    }
}

/// Whether a read ended because nothing came.
fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

fn show(frame: &Frame) -> String {
    let start = &frame.payload[..frame.payload.len().min(200)];
    format!(
        "opcode {} fin {} rsv {} {} bytes: {:?}",
        frame.opcode,
        frame.fin,
        frame.rsv,
        frame.payload.len(),
        String::from_utf8_lossy(start)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_every_length_form_round_trip() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
            for frame in [
                Frame::binary(vec![7; length]),
                Frame::text(vec![b'x'; length]).unmasked().more(),
            ] {
                let bytes = frame.encode();
                assert_eq!(Frame::decode(&bytes), Some((frame, bytes.len())));
                assert_eq!(Frame::decode(&bytes[..bytes.len() - 1]), None);
            }
        }
    }

    #[test]
    fn the_examples_of_the_rfc_are_met() {
        // RFC 6455 section 5.7: an unmasked and a masked "Hello".
        assert_eq!(Frame::text("Hello").unmasked().encode(), b"\x81\x05Hello");
        assert_eq!(
            Frame::text("Hello").encode(),
            b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
        );
    }

    #[test]
    fn a_close_tells_its_code() {
        assert_eq!(Frame::close(1001).close_code(), Some(1001));
        assert_eq!(Frame::new(opcode::CLOSE, "").close_code(), Some(1005));
        assert_eq!(Frame::text("").close_code(), None);
    }
}
