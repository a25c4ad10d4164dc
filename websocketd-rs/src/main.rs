//! `websocketd-rs`: see the library crate.

fn main() {}
