//! `--healthcheck`: the other side of [`super::admin`]. An engine of containers wants a program of the image to say
//! whether its daemon serves, and an image may hold no other program.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use crate::cli::Ending;

/// For the whole question. Engines wait for 30 s by default, monitors less.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The status line up to the status, which is all that is read.
const STATUS_LINE: usize = "HTTP/1.1 200".len();

/// Asks the admin server at `host` (as in `--admin-address`) and `port` for `/healthz`: exit status 0, or 1 with the
/// reason on stderr.
pub fn ask_health(host: &str, port: i64) -> Ending {
    // A daemon that listens everywhere does so here; the kernel takes 0.0.0.0 and :: for this machine.
    let host = if host.is_empty() { "127.0.0.1" } else { host };
    let address = format!("{host}:{port}");
    let url = format!("http://{address}/healthz");
    match ask(&address, Instant::now() + TIMEOUT) {
        Ok(line) if line.ends_with(b" 200") => Ending::good(&format!("{url}: 200")),
        Ok(line) => Ending::alone(1, &format!("{url}: {}", line.escape_ascii())),
        Err(error) => Ending::alone(1, &format!("{url}: {error}")),
    }
}

/// The beginning of the answer.
fn ask(address: &str, deadline: Instant) -> io::Result<[u8; STATUS_LINE]> {
    let mut stream = connect(address, deadline)?;
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    // It is shorter than any socket's buffer: this does not wait.
    stream.write_all(request.as_bytes())?;
    let mut line = [0; STATUS_LINE];
    let mut filled = 0;
    while filled < line.len() {
        stream.set_read_timeout(Some(left(deadline)?))?;
        match stream.read(&mut line[filled..]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => filled += read,
            // The daemon's name for a time-out: it would say "Resource temporarily unavailable".
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(io::ErrorKind::TimedOut.into());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(line)
}

/// To the first address of the name that answers.
fn connect(address: &str, deadline: Instant) -> io::Result<TcpStream> {
    let mut last = io::ErrorKind::AddrNotAvailable.into();
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, left(deadline)?) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The time until `deadline`, which is never zero: that would mean no limit.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// How a question ends to a server that answers so and then keeps silent.
    fn asked(answer: &str, patience: Duration) -> io::Result<[u8; STATUS_LINE]> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::scope(|scope| {
            let peer = move || {
                let mut stream = listener.accept().unwrap().0;
                stream.write_all(answer.as_bytes()).unwrap();
                let _ = stream.read_to_end(&mut Vec::new());
            };
            #[expect(clippy::disallowed_methods, reason = "a peer in a test")]
            scope.spawn(peer);
            ask(&address, Instant::now() + patience)
        })
    }

    #[test]
    fn the_status_is_the_answer_and_silence_has_an_end() {
        let minute = Duration::from_secs(60);
        let good = asked("HTTP/1.1 200 OK\r\n\r\n", minute).unwrap();
        assert_eq!(&good, b"HTTP/1.1 200");
        let bad = asked("HTTP/1.1 503 Service Unavailable\r\n\r\n", minute).unwrap();
        assert_eq!(&bad, b"HTTP/1.1 503");
        for short in ["", "HTTP/1."] {
            let silent = asked(short, Duration::from_millis(50)).unwrap_err();
            assert_eq!(silent.kind(), io::ErrorKind::TimedOut);
        }
    }
}
