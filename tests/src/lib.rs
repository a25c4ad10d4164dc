//! The harness of the end-to-end tests: real daemons, real browsers, real faults.
//!
//! A test starts what it needs ([`daemon::Daemon`], [`chat::Chat`], [`browser::Browser`]), talks to it through
//! a client ([`ws::Client`], [`raw::RawSocket`], [`http`]) and lets `Drop` end everything. Nothing here sleeps for
//! readiness: a daemon announces its address, a log line wakes its waiter, a pidfd tells of an end.
//!
//! The harness is blocking, except for the browser: a test then reads like the conversation it checks.

pub mod deadline;
pub mod lines;
pub mod proc;
pub mod program;
pub mod requirement;
pub mod tls;
pub mod transport;
pub mod under_test;

pub mod http;
pub mod raw;
pub mod ws;

pub mod browser;
pub mod chat;
pub mod cluster;
pub mod cluster_of_one;
pub mod coturn;
pub mod daemon;
pub mod debian;
pub mod fastcgi;
pub mod image;
pub mod installation;
pub mod lingering;
pub mod network;
pub mod page;
pub mod pipe;
pub mod proxied;
pub mod redis;
pub mod relay;
pub mod room_page;
pub mod site;
pub mod web_server;
pub mod wire;
