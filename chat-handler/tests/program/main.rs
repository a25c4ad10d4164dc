//! The real programs of the chat over real pipes and real files. What crosses a WebSocket is tested in the
//! package `e2e`.
//!
//! One test program for all: linking one for each file took longer than running them.

#![allow(
    clippy::disallowed_methods,
    reason = "tests start programs and threads"
)]

mod support;

mod access;
mod amending;
mod architecture;
mod channels;
mod commands;
mod conversation;
mod delivery;
mod devices;
mod effort;
mod fuzz_bodies;
mod heartbeat;
mod hooks;
mod ini;
mod limits;
mod lines;
mod memory;
mod moderation;
mod modes;
mod moving;
mod old_pages;
mod people;
mod php;
mod power;
mod private;
mod profiles;
mod protocol;
mod rooms;
mod rush;
mod site_commands;
mod storage;
mod tokens;
