//! The store as processes use it: with real files.

mod rotation;
