//! `/metrics` over HTTP: one request after the other, each within a time, as few as monitors ask.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// The longest head of a request, in bytes.
const MAX_HEAD: usize = 8 * 1024;
/// How long one may take.
const LIMIT: Duration = Duration::from_secs(5);
/// Pause after an accept that failed, as for want of files.
const FAILED_PAUSE: Duration = Duration::from_millis(100);

pub(super) fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{address}: {error}"));
    let listener = TcpListener::bind(address).map_err(named)?;
    // Whoever gave up meanwhile must not keep the next ones waiting.
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Waits for a client, at most `left`, and answers it.
///
/// # Errors
/// The page could not be made; clients that break off are none.
pub(super) fn answer_next(
    listener: &TcpListener,
    left: Duration,
    page: &mut dyn FnMut() -> io::Result<String>,
) -> io::Result<()> {
    let limit = Timespec::try_from(left).unwrap_or_default();
    let is_ready = poll(&mut [PollFd::new(listener, PollFlags::IN)], Some(&limit));
    if !is_ready.is_ok_and(|count| count > 0) {
        return Ok(());
    }
    match listener.accept() {
        Ok((stream, _)) => serve(&stream, page),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
        Err(error) => {
            std::thread::sleep(FAILED_PAUSE);
            Err(error)
        }
    }
}

fn serve(stream: &TcpStream, page: &mut dyn FnMut() -> io::Result<String>) -> io::Result<()> {
    let Ok(head) = head_of(stream) else {
        return Ok(());
    };
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next());
    let path = target.and_then(|target| target.split('?').next());
    let (answer, done) = match (method, path) {
        ("GET" | "HEAD", Some("/metrics")) => match page() {
            Ok(page) => (("200 OK", page), Ok(())),
            Err(error) => {
                let text = "the chat's files cannot be read; the service's log says why\n";
                (("503 Service Unavailable", text.to_owned()), Err(error))
            }
        },
        ("GET" | "HEAD", _) => (("404 Not Found", "/metrics\n".to_owned()), Ok(())),
        _ => (("405 Method Not Allowed", "GET\n".to_owned()), Ok(())),
    };
    let (status, body) = answer;
    let allow = if status.starts_with("405") {
        "Allow: GET, HEAD\r\n"
    } else {
        ""
    };
    let mut text = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\n\
         {allow}X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
        body.len()
    );
    if method != "HEAD" {
        text.push_str(&body);
    }
    // Whoever has gone does not want it.
    let _ = (&*stream).write_all(text.as_bytes());
    done
}

/// The first line of a request, whose head is read to its end.
fn head_of(mut stream: &TcpStream) -> io::Result<String> {
    let until = Instant::now() + LIMIT;
    stream.set_nonblocking(false)?;
    stream.set_write_timeout(Some(LIMIT))?;
    let mut head = Vec::new();
    let mut bytes = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let left = until
            .checked_duration_since(Instant::now())
            .filter(|left| !left.is_zero())
            .ok_or(io::ErrorKind::TimedOut)?;
        stream.set_read_timeout(Some(left))?;
        let count = stream.read(&mut bytes)?;
        if count == 0 || head.len() + count > MAX_HEAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
        head.extend_from_slice(&bytes[..count]);
    }
    let line = head.split(|&byte| byte == b'\r').next();
    Ok(String::from_utf8_lossy(line.unwrap_or_default()).into_owned())
}
