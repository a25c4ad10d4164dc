//! A WebSocket client as a browser is one: tungstenite's, an implementation that the daemon's authors did not write.

use std::io;
use std::time::Duration;

use tungstenite::client::IntoClientRequest as _;
use tungstenite::error::ProtocolError;
use tungstenite::http::header::HOST;
use tungstenite::http::{HeaderName, HeaderValue};
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error, HandshakeError, Message, WebSocket};

use crate::deadline::DEADLINE;
use crate::transport::{Endpoint, Transport};

/// A connected client. Reads wait until the deadline.
#[derive(Debug)]
pub struct Client {
    socket: WebSocket<Transport>,
    /// Headers of the 101 response.
    pub headers: Vec<(String, String)>,
}

/// How a session ended, seen from the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// By a close frame with this code and reason; 1005 for a frame without a code.
    Closed(u16, String),
    /// Without a close frame: a browser says 1006.
    Dropped,
}

/// Why a client was not let in.
#[derive(Debug)]
pub enum Refused {
    /// With this HTTP status and body.
    Status(u16, String),
    /// Without an answer, or with one that is no HTTP.
    Broken(String),
}

impl Client {
    /// Connects to a path.
    ///
    /// # Panics
    /// When it is refused.
    #[track_caller]
    pub fn connect(endpoint: &Endpoint, path: &str) -> Self {
        Self::connect_with(endpoint, path, &[])
    }

    /// Connects with more request headers.
    #[track_caller]
    pub fn connect_with(endpoint: &Endpoint, path: &str, headers: &[(&str, &str)]) -> Self {
        Self::try_connect(endpoint, path, headers)
            .unwrap_or_else(|refused| panic!("{path} was refused: {refused:?}"))
    }

    /// Connects, or tells why not.
    pub fn try_connect(
        endpoint: &Endpoint,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, Refused> {
        let broken = |error: &dyn std::fmt::Display| Refused::Broken(error.to_string());
        let transport = endpoint.connect().map_err(|error| broken(&error))?;
        let url = format!("ws://{}{path}", endpoint.host());
        let mut request = url.into_client_request().map_err(|error| broken(&error))?;
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("a header name");
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header value");
            // The one that each request has already.
            if name == HOST {
                request.headers_mut().insert(name, value);
            } else {
                request.headers_mut().append(name, value);
            }
        }
        match tungstenite::client(request, transport) {
            Ok((socket, response)) => {
                let headers = response.headers().iter();
                let text =
                    |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
                let headers = headers
                    .map(|(name, value)| (name.to_string(), text(value)))
                    .collect();
                Ok(Self { socket, headers })
            }
            Err(HandshakeError::Failure(Error::Http(response))) => {
                let body = response.body().as_deref().unwrap_or_default();
                let body = String::from_utf8_lossy(body).into_owned();
                Err(Refused::Status(response.status().as_u16(), body))
            }
            Err(error) => Err(broken(&error)),
        }
    }

    /// Sends a text message.
    #[track_caller]
    pub fn send(&mut self, text: impl Into<String>) {
        self.try_send(text).expect("the session takes messages");
    }

    /// Sends a text message if the session still takes one.
    pub fn try_send(&mut self, text: impl Into<String>) -> Result<(), Error> {
        self.socket.send(Message::text(text.into()))
    }

    /// Sends a binary message.
    #[track_caller]
    pub fn send_binary(&mut self, bytes: impl Into<Vec<u8>>) {
        self.socket
            .send(Message::binary(bytes.into()))
            .expect("the session takes messages");
    }

    /// The next message, pings answered on the way, or how the session ended.
    ///
    /// # Panics
    /// When nothing comes before the deadline, or what comes breaks the protocol.
    #[track_caller]
    pub fn message(&mut self) -> Result<Message, Ended> {
        loop {
            match self.socket.read() {
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(Message::Close(frame)) => {
                    let ended = match frame {
                        Some(CloseFrame { code, reason }) => {
                            Ended::Closed(code.into(), reason.to_string())
                        }
                        None => Ended::Closed(1005, String::new()),
                    };
                    // The answer to the close frame goes out with this.
                    let _ = self.socket.flush();
                    return Err(ended);
                }
                Ok(message) => return Ok(message),
                Err(Error::Io(error)) if is_timeout(&error) => {
                    panic!("no message before the deadline")
                }
                Err(
                    Error::Io(_)
                    | Error::ConnectionClosed
                    | Error::AlreadyClosed
                    | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake),
                ) => return Err(Ended::Dropped),
                Err(error) => panic!("the daemon broke the protocol: {error}"),
            }
        }
    }

    /// The next message, which must be text.
    #[track_caller]
    pub fn text(&mut self) -> String {
        match self.message() {
            Ok(Message::Text(text)) => text.to_string(),
            other => panic!("wanted a text message, got {other:?}"),
        }
    }

    /// The next message, which must be binary.
    #[track_caller]
    pub fn binary(&mut self) -> Vec<u8> {
        match self.message() {
            Ok(Message::Binary(bytes)) => bytes.to_vec(),
            other => panic!("wanted a binary message, got {other:?}"),
        }
    }

    /// The next text message if one comes within `patience`.
    pub fn text_within(&mut self, patience: Duration) -> Option<String> {
        let transport = self.socket.get_ref();
        transport.set_patience(patience).expect("a live socket");
        let read = self.socket.read();
        let transport = self.socket.get_ref();
        transport.set_patience(DEADLINE).expect("a live socket");
        match read {
            Ok(Message::Text(text)) => Some(text.to_string()),
            _ => None,
        }
    }

    /// The next text message, nothing if none comes within `patience`, or how the session ended.
    pub fn message_within(&mut self, patience: Duration) -> Result<Option<String>, Ended> {
        let transport = self.socket.get_ref();
        transport
            .set_patience(patience)
            .map_err(|_| Ended::Dropped)?;
        let read = self.socket.read();
        // What is waited for next has all the time again.
        let _ = self.socket.get_ref().set_patience(DEADLINE);
        match read {
            Ok(Message::Text(text)) => Ok(Some(text.to_string())),
            Ok(Message::Close(_)) => Err(Ended::Closed(1005, String::new())),
            Ok(_) => Ok(None),
            Err(Error::Io(error)) if is_timeout(&error) => Ok(None),
            Err(_) => Err(Ended::Dropped),
        }
    }

    /// Reads text messages up to the first that `wanted` accepts, and gives it.
    #[track_caller]
    pub fn text_where(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        loop {
            let text = self.text();
            if wanted(&text) {
                return text;
            }
        }
    }

    /// Reads to the end: the text messages until then, and how it ended.
    #[track_caller]
    pub fn to_the_end(&mut self) -> (Vec<String>, Ended) {
        let mut texts = Vec::new();
        loop {
            match self.message() {
                Ok(message) => texts.push(message.to_string()),
                Err(ended) => return (texts, ended),
            }
        }
    }

    /// How the session ended; messages before the end are dropped.
    #[track_caller]
    pub fn ended(&mut self) -> Ended {
        self.to_the_end().1
    }

    /// Closes with 1000 and waits for the answer.
    #[track_caller]
    pub fn close(mut self) -> Ended {
        let frame = CloseFrame {
            code: CloseCode::Normal,
            reason: "".into(),
        };
        match self.socket.close(Some(frame)) {
            Ok(()) => self.ended(),
            Err(_) => Ended::Dropped,
        }
    }

    /// The byte stream below.
    pub fn transport(&self) -> &Transport {
        self.socket.get_ref()
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}
