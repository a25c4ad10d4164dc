//! websocketd-rs: turns any program that reads stdin and writes stdout into a WebSocket server.
//!
//! A connection passes the modules in this order (ARCHITECTURE.md has the drawing):
//!
//! ```text
//! main -> cli -> config -> logging -> server
//!           1 accept      server::accept     a permit first, then a client
//!           2 TLS         net::tls
//!           3 parse       http::request      head bytes, fields and time are bounded
//!           4 route       http::site, http::route
//!           5 spawn       http::upgrade -> process; http::authorize is asked first
//!           6 upgrade     http::upgrade      101, or every refusal in one match
//!           7 join        session::join      session::client and process::Program, two directions
//!           or            tcp -> process     [tcp NAME]: after step 2 at once
//!           7 join        session::raw       bytes both ways, each ends by itself
//!           8 end         session, process   close frame beside stdin closed, signals, reap
//! ```
//!
//! Knowledge points down: nothing names a module that comes before it here. `buffer`, `diagnosis`, `metrics`, `permit` and
//! `shutdown` know of none.

#![cfg_attr(
    test,
    allow(clippy::disallowed_methods, reason = "tests start threads")
)]

pub mod buffer;
pub mod cli;
pub mod config;
pub mod diagnosis;
pub mod logging;
pub mod metrics;
pub mod permit;
pub mod shutdown;

pub mod server;

pub mod net;

pub mod http;

pub mod tcp;

pub mod session;

pub mod process;
