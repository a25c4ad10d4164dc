//! The daemon with real programs behind it and clients that do everything wrong. What it shares with the original is in
//! `compat`.

mod bash_examples;
mod cookbook;
mod cut_connection;
mod framing;
mod leaks;
mod linger;
mod operations;
mod rfc6455;
mod shared;
mod shared_records;
mod tcp;
mod terminal;
mod unbuffered;
