//! The store as processes use it: with real files.

#![allow(
    clippy::disallowed_methods,
    reason = "tests start programs and threads"
)]

mod links;
mod rotation;
