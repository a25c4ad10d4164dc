//! One connection that waits for what it wants, and many that are served as they come.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use mio::{Events, Interest, Poll, Token};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::ws::{self, Inbox};

/// Longest wait for any single answer: a server that takes longer has stalled.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Room for what usually comes at once on a connection of which there are many.
const SMALL: usize = 4 * 1024;

/// Where a server is and what it speaks.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Its address.
    pub address: SocketAddr,
    /// What a client asks for that does not say otherwise.
    pub path: &'static str,
    /// Lines over TCP in place of WebSocket: tcpserver.
    pub raw: bool,
    /// TLS below the WebSocket.
    pub tls: Option<Arc<ClientConfig>>,
}

impl Endpoint {
    /// Plain WebSocket at `address`.
    pub fn plain(address: SocketAddr) -> Self {
        Self {
            address,
            path: "/",
            raw: false,
            tls: None,
        }
    }

    fn tcp(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(stream)
    }
}

/// Reads from a socket with a time-out, on which an interrupted call is not begun anew by the kernel (signal(7)).
fn read(stream: &mut impl Read, space: &mut [u8]) -> io::Result<usize> {
    loop {
        match stream.read(space) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

trait Duplex: Read + Write + Send {}
impl<T: Read + Write + Send> Duplex for T {}

/// A connection whose every call waits.
pub struct Client {
    stream: Box<dyn Duplex>,
    inbox: Inbox,
    raw: bool,
    out: Vec<u8>,
}

impl Client {
    /// Connects and upgrades.
    pub fn connect(endpoint: &Endpoint) -> io::Result<Self> {
        let tcp = endpoint.tcp()?;
        let stream: Box<dyn Duplex> = match &endpoint.tls {
            None => Box::new(tcp),
            Some(config) => {
                let name = ServerName::from(endpoint.address.ip());
                let tls =
                    ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
                Box::new(StreamOwned::new(tls, tcp))
            }
        };
        let mut client = Self {
            stream,
            inbox: Inbox::new(SMALL),
            raw: endpoint.raw,
            out: Vec::new(),
        };
        if !client.raw {
            client
                .stream
                .write_all(ws::request(endpoint.path, "").as_bytes())?;
            while !client.inbox.take_head()? {
                client.fill()?;
            }
        }
        Ok(client)
    }

    fn fill(&mut self) -> io::Result<()> {
        match read(&mut self.stream, self.inbox.space()) {
            Ok(0) => Err(io::Error::other("the server closed the connection")),
            Ok(n) => {
                self.inbox.filled(n);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Err(io::Error::other("stalled: no answer in time"))
            }
            Err(error) => Err(error),
        }
    }

    /// Sends one message.
    pub fn send(&mut self, opcode: u8, payload: &[u8]) -> io::Result<()> {
        self.out.clear();
        if self.raw {
            self.out.extend_from_slice(payload);
            self.out.push(b'\n');
        } else {
            ws::append_frame(&mut self.out, opcode, payload);
        }
        self.stream.write_all(&self.out)
    }

    /// Waits for the next piece of a message.
    pub fn receive(&mut self) -> io::Result<&[u8]> {
        loop {
            if self.raw {
                if let Some(line) = self.inbox.next_line() {
                    return Ok(self.inbox.bytes(line));
                }
            } else if let Some(frame) = self.inbox.next_frame()? {
                if frame.is_data() {
                    return Ok(self.inbox.bytes(frame.payload));
                }
                if !frame.is_control() {
                    return Err(io::Error::other("the server closed the session"));
                }
                continue;
            }
            self.fill()?;
        }
    }

    /// Sends a message and checks that it comes back; websocat leaves the newline on it.
    pub fn echo(&mut self, payload: &[u8]) -> io::Result<()> {
        self.send(ws::TEXT, payload)?;
        let answer = self.receive()?;
        if answer.strip_suffix(b"\n").unwrap_or(answer) == payload {
            Ok(())
        } else {
            Err(io::Error::other("the echo differs"))
        }
    }

    /// Closes as RFC 6455 section 7.1 has it: a close frame, then all that comes until the server has closed.
    pub fn close(mut self) -> io::Result<()> {
        if self.raw {
            return Ok(());
        }
        self.send(ws::CLOSE, &1000_u16.to_be_bytes())?;
        let mut rest = [0; 256];
        while read(&mut self.stream, &mut rest)? > 0 {}
        Ok(())
    }
}

/// A connection that is never waited for, for [`Fleet`] and for a pipeline.
#[derive(Debug)]
pub struct Upgraded {
    /// Upgraded, blocking still.
    pub stream: TcpStream,
    /// What came after the response head.
    pub inbox: Inbox,
}

/// A request that is on its way.
#[derive(Debug)]
pub struct Requested(TcpStream);

/// Connects and sends the upgrade request.
pub fn request(endpoint: &Endpoint, path: &str, fields: &str) -> io::Result<Requested> {
    let mut stream = endpoint.tcp()?;
    stream.write_all(ws::request(path, fields).as_bytes())?;
    Ok(Requested(stream))
}

impl Requested {
    /// Waits for the 101; what comes at once is read in pieces of `capacity` from then on.
    pub fn upgraded(self, capacity: usize) -> io::Result<Upgraded> {
        let Self(mut stream) = self;
        let mut inbox = Inbox::new(capacity);
        while !inbox.take_head()? {
            match read(&mut stream, inbox.space())? {
                0 => return Err(io::Error::other("closed before the upgrade")),
                n => inbox.filled(n),
            }
        }
        Ok(Upgraded { stream, inbox })
    }
}

#[derive(Debug)]
struct Boat {
    stream: mio::net::TcpStream,
    inbox: Inbox,
}

/// Many connections served by one thread.
#[derive(Debug)]
pub struct Fleet {
    poll: Poll,
    events: Events,
    boats: Vec<Boat>,
}

impl Fleet {
    /// None yet.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            boats: Vec::new(),
        })
    }

    /// Connects one more and waits for its upgrade.
    pub fn join(&mut self, endpoint: &Endpoint, path: &str, fields: &str) -> io::Result<()> {
        self.add(request(endpoint, path, fields)?, |_| Ok(()))
    }

    /// Takes one whose request is on its way; `enter` may talk to the server as soon as it has upgraded.
    pub fn add(
        &mut self,
        requested: Requested,
        enter: impl FnOnce(&mut Upgraded) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut upgraded = requested.upgraded(SMALL)?;
        enter(&mut upgraded)?;
        let Upgraded { stream, inbox } = upgraded;
        stream.set_nonblocking(true)?;
        let mut stream = mio::net::TcpStream::from_std(stream);
        let token = Token(self.boats.len());
        self.poll
            .registry()
            .register(&mut stream, token, Interest::READABLE)?;
        self.boats.push(Boat { stream, inbox });
        Ok(())
    }

    /// Closes the one that came last, without a close frame.
    pub fn drop_last(&mut self) {
        self.boats.pop();
    }

    /// Sends a message; what does not fit into the socket's buffer is a server that does not read.
    pub fn send(&mut self, index: usize, frame: &[u8]) -> io::Result<()> {
        match self.boats[index].stream.write(frame)? {
            n if n == frame.len() => Ok(()),
            _ => Err(io::Error::other("stalled: the server does not read")),
        }
    }

    /// Waits until something has come, or for `timeout`, and gives all of it to `receive` with the connection's number.
    pub fn pump(
        &mut self,
        timeout: Duration,
        mut receive: impl FnMut(usize, &[u8]),
    ) -> io::Result<()> {
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &self.events {
            let index = event.token().0;
            let Some(boat) = self.boats.get_mut(index) else {
                continue;
            };
            boat.drain(|payload| receive(index, payload))?;
        }
        Ok(())
    }

    /// Gives what came together with the 101 to `receive`; once, before the first [`Self::pump`].
    pub fn pump_early(&mut self, mut receive: impl FnMut(usize, &[u8])) -> io::Result<()> {
        for (index, boat) in self.boats.iter_mut().enumerate() {
            boat.drain(|payload| receive(index, payload))?;
        }
        Ok(())
    }
}

impl Boat {
    /// Edge-triggered: reads until there is nothing more, which a short read tells too (epoll(7)).
    fn drain(&mut self, mut receive: impl FnMut(&[u8])) -> io::Result<()> {
        let mut last = false;
        loop {
            while let Some(frame) = self.inbox.next_frame()? {
                if frame.is_data() {
                    receive(self.inbox.bytes(frame.payload));
                } else if !frame.is_control() {
                    return Err(io::Error::other("the server closed a session"));
                }
            }
            if last {
                return Ok(());
            }
            let space = self.inbox.space();
            let room = space.len();
            match self.stream.read(space) {
                Ok(0) => return Err(io::Error::other("the server closed a connection")),
                Ok(n) => {
                    self.inbox.filled(n);
                    last = n < room;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}
