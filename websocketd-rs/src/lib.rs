//! websocketd-rs: turns any program that reads stdin and writes stdout into a WebSocket server.
//!
//! A connection passes the modules in this order (ARCHITECTURE.md has the drawing):
//!
//! ```text
//! main -> cli -> config -> logging -> server
//!                                        |
//!        accept      TLS      parse, route, answer       spawn         relay, teardown
//!   net::listener -> net::tls -> http::{request,route} -> process -> session::{upgrade,relay}
//! ```
//!
//! Knowledge points to the right: nothing names a module further left.

pub mod capacity;
pub mod cli;
pub mod config;
pub mod logging;
pub mod metrics;
pub mod shutdown;

pub mod server;

pub mod net;

pub mod http;

pub mod session;

pub mod process;
