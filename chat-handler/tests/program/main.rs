//! The real programs of the chat over real pipes and real files. What crosses a WebSocket is tested in the package `e2e`.
//!
//! One test program for all: linking one for each file took longer than running them.

mod support;

mod chat_cgi;
mod chatctl;
mod commands;
mod conversation;
mod documents;
mod faults;
mod fuzz_bodies;
mod ini;
mod limits;
mod memory;
mod old_pages;
mod opensso;
mod people;
mod php;
mod protocol;
mod rotation;
mod rush;
mod storage;
