//! The daemon's end of the socket to a spawner.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::sync::Mutex;

use rustix::io::Errno;
use rustix::io::read;
use rustix::net::{
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, Shutdown, send, sendmsg, shutdown,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::UnixStream;

use super::message::{Head, REPLY, Reply};

/// Descriptors that go with a request at the most.
const MAX_DESCRIPTORS: usize = 3;

/// Bytes of replies that are read at once.
const BUFFER: usize = 256 * REPLY;

/// Requests go one way, replies the other.
///
/// The two ways are registered with the runtime apart: whoever reads replies is not to be woken each time the spawner has taken a
/// request and there is room for more, as one registration for both would do.
#[derive(Debug)]
pub(super) struct Channel {
    socket: StdUnixStream,
    /// Keeps one request's head, descriptors and body together on the stream.
    sending: tokio::sync::Mutex<()>,
    /// The same socket, until replies are read.
    replies: Mutex<Option<OwnedFd>>,
}

/// The spawner's replies.
#[derive(Debug)]
pub(super) struct Replies {
    socket: AsyncFd<OwnedFd>,
    /// Read at once: in a rush many replies come together.
    buffer: Box<[u8; BUFFER]>,
    start: usize,
    end: usize,
}

impl Channel {
    /// The channel over `socket`. The runtime, which may start later, is not needed yet.
    ///
    /// # Errors
    /// When there are too many open files.
    pub(super) fn new(socket: StdUnixStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self {
            replies: Mutex::new(Some(socket.try_clone()?.into())),
            sending: tokio::sync::Mutex::new(()),
            socket,
        })
    }

    /// The replies. Only to be asked for once.
    ///
    /// # Errors
    /// When they can't be registered, or were asked for before.
    pub(super) fn replies(&self) -> io::Result<Replies> {
        let mut replies = self.replies.lock().map_err(|_| taken())?;
        let socket = replies.take().ok_or_else(taken)?;
        #[expect(
            deprecated,
            reason = "sound for an OwnedFd; the successor takes unsafe"
        )]
        let socket = AsyncFd::with_interest(socket, Interest::READABLE)?;
        Ok(Replies {
            socket,
            buffer: Box::new([0; BUFFER]),
            start: 0,
            end: 0,
        })
    }

    /// Sends a request, with its descriptors and its body.
    ///
    /// # Errors
    /// When the spawner is gone.
    pub(super) async fn send(
        &self,
        head: Head,
        body: &[u8],
        descriptors: &[BorrowedFd<'_>],
    ) -> io::Result<()> {
        let _sending = self.sending.lock().await;
        let head = head.encode();
        let total = head.len() + body.len();
        let mut sent = 0;
        while sent < total {
            let mut space =
                [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
            let mut control = SendAncillaryBuffer::new(&mut space);
            let first = sent == 0 && !descriptors.is_empty();
            if first && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
                return Err(io::Error::other("no room for the descriptors"));
            }
            let parts = [
                IoSlice::new(head.get(sent..).unwrap_or_default()),
                IoSlice::new(&body[sent.saturating_sub(head.len())..]),
            ];
            match sendmsg(&self.socket, &parts, &mut control, SendFlags::NOSIGNAL) {
                Ok(n) => sent += n,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait_for_room().await?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Sends a request without more, if that can be done at once.
    pub(super) fn send_at_once(&self, head: Head) {
        // Not in the middle of another request.
        if let Ok(_sending) = self.sending.try_lock() {
            // So few bytes go at once or not at all.
            let _ = send(&self.socket, &head.encode(), SendFlags::NOSIGNAL);
        }
    }

    /// Waits until the spawner has taken some of what it was sent: it starts programs more slowly than they are asked for.
    async fn wait_for_room(&self) -> io::Result<()> {
        let socket = UnixStream::from_std(self.socket.try_clone()?)?;
        socket.writable().await
    }

    /// Closes it for good, upon which the spawner ends what still runs.
    pub(super) fn close(&self) {
        // Refused only when the spawner is gone.
        let _ = shutdown(&self.socket, Shutdown::Both);
    }
}

impl Replies {
    /// The next reply.
    ///
    /// # Errors
    /// `UnexpectedEof` when the spawner is gone.
    pub(super) async fn next(&mut self) -> io::Result<Reply> {
        loop {
            if let Some(bytes) = self.buffer[self.start..self.end].first_chunk::<REPLY>() {
                self.start += REPLY;
                let unknown = || io::Error::other("the spawner sent what is no reply");
                return Reply::decode(*bytes).ok_or_else(unknown);
            }
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            self.fill().await?;
        }
    }

    /// Reads once.
    async fn fill(&mut self) -> io::Result<()> {
        let space = &mut self.buffer[self.end..];
        let n = loop {
            let mut ready = self.socket.readable().await?;
            // Not ready after all, or interrupted.
            let Ok(read) = ready.try_io(|socket| Ok(read(socket, &mut *space)?)) else {
                continue;
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.end += n;
        Ok(())
    }
}

fn taken() -> io::Error {
    io::Error::other("the replies are read already")
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_spawner_that_is_slow_is_waited_for() {
        let (ours, mut theirs) = StdUnixStream::pair().unwrap();
        let channel = Channel::new(ours).unwrap();
        let body = vec![7; 2 << 20];
        let expected = body.len() + crate::process::spawner::message::HEAD;
        let reading = std::thread::spawn(move || {
            let mut all = vec![0; expected];
            theirs.read_exact(&mut all).map(|()| all)
        });
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_io().build().unwrap();
        let head = Head::Start {
            id: 1,
            body: body.len(),
        };
        runtime.block_on(channel.send(head, &body, &[])).unwrap();
        assert!(reading.join().unwrap().unwrap().ends_with(&body));
        channel.close();
        let replies = async { channel.replies()?.next().await };
        let error = runtime.block_on(replies).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
