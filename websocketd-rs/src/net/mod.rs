//! A connection's bytes: where they come from, and who is at the other end.

pub mod certificates;
pub mod listener;
pub mod names;
pub mod proxy;
mod stream;
pub mod tls;
pub mod validity;

use std::net::SocketAddr;

pub use stream::Stream;

/// Who is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// A TCP client.
    Tcp(SocketAddr),
    /// A client of the Unix socket.
    Unix,
}
