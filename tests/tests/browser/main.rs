//! The pages in Chromium, as people use them: what `make run` serves, and nothing stands in for a part of it.

mod access;
mod answers;
mod calls;
mod chat;
mod comings;
mod connection;
mod console;
mod conversations;
mod deeds;
mod deeds_by_hand;
mod devices;
mod find;
mod linger;
mod messages;
mod moderation;
mod modules;
mod offline;
mod pages;
mod relay;
mod room;
mod rooms;
mod scrollback;
mod sending;
mod sites;
mod terminal;
mod xss;
