//! The real programs around the chat, beside real handlers.

#![allow(
    clippy::disallowed_methods,
    reason = "tests start programs and threads"
)]

mod support;

mod account_pages;
mod accounts;
mod api;
mod channels;
mod chat_cgi;
mod chatctl;
mod cluster;
mod documents;
mod faults;
mod files;
mod fuzz_bodies;
mod ini;
mod metrics;
mod opensso;
mod private;
mod profiles;
mod rights;
mod round_trips;
mod search;
mod setup;
mod sites;
mod timing;
mod token;
mod web;
