//! The real binary: its command line, listeners, TLS, log and signals. What crosses a WebSocket is tested in the package `e2e`.

mod cgi;
mod cli;
mod daemon;
mod files;
mod handshake;
mod http;
mod limits;
mod listen;
mod routes;
mod service;
mod tls;
mod users;
