//! The real binary: its command line, listeners, TLS, log and signals. What crosses a WebSocket is tested in the package `e2e`.

mod cli;
mod daemon;
mod listen;
mod tls;
