//! The real binary: its command line, listeners, TLS, log and signals; and what its sources and documents must
//! hold. What crosses a WebSocket is tested in the package `e2e`.

#![allow(
    clippy::disallowed_methods,
    reason = "tests start programs and threads"
)]

mod architecture;
mod authorize;
mod cgi;
mod check;
mod cli;
mod daemon;
mod documents;
mod files;
mod fuzz_bodies;
mod handshake;
mod hangup;
mod health;
mod hosts;
mod http;
mod limits;
mod listen;
mod program_ends;
mod routes;
mod service;
mod strays;
mod tls;
mod users;
