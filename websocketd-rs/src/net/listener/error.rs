//! Why a socket can't be listened on, in the words of Go's `net.Listen`, which users' scripts look for.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a socket can't be listened on. Displays as the text that follows "Can't start server: ".
#[derive(Debug)]
pub enum BindError {
    /// The number is no port.
    Port(i64),
    /// The host begins with `[` and has no `]`.
    MissingBracket(String),
    /// The host is an IPv6 address without brackets, or no host.
    TooManyColons {
        /// As typed.
        host: String,
        /// Host and port.
        address: String,
    },
    /// The name has no address.
    NoSuchHost(String),
    /// The kernel refuses the address (host and port).
    Tcp(String, io::Error),
    /// The kernel refuses the path.
    Unix(PathBuf, io::Error),
    /// The socket of this number that the service manager passed on is no listening stream socket.
    Inherited(usize, io::Error),
}

impl fmt::Display for BindError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(port) => write!(out, "listen tcp: address {port}: invalid port"),
            Self::MissingBracket(address) => {
                write!(out, "listen tcp: address {address}: missing ']' in address")
            }
            Self::TooManyColons { host, address } => write!(
                out,
                "listen tcp: address {address}: too many colons in address; write IPv6 as [{host}]"
            ),
            Self::NoSuchHost(host) => write!(out, "listen tcp: lookup {host}: no such host"),
            Self::Tcp(address, error) => {
                write!(out, "listen tcp {address}: bind: {}", describe(error))
            }
            Self::Unix(path, error) => {
                write!(
                    out,
                    "listen unix {}: bind: {}",
                    path.display(),
                    describe(error)
                )
            }
            Self::Inherited(index, error) => {
                write!(out, "inherited socket {index}: {}", describe(error))
            }
        }
    }
}

impl std::error::Error for BindError {}

/// An error in the words of the C library, without the number and in lower case, as Go prints them: users' tests look for
/// `address already in use`.
pub fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error ").next().unwrap_or_default();
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}
