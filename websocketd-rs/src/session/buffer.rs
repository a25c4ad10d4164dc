//! Buffers that belong to whoever is being polled: an idle session owns none.
//!
//! A worker thread polls one task at a time, so that a few buffers a thread serve any number of sessions.

use std::cell::RefCell;

/// Bytes of a pooled buffer: what a pipe holds by default (pipe(7)), so that one read can empty it, and a
/// frame header.
pub(crate) const BUFFER_SIZE: usize = 64 * 1024 + 64;

/// Buffers kept by each thread: a session that is being polled uses three at the most.
const POOL_MAX: usize = 8;

thread_local! {
    static POOL: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// A zeroed or formerly used buffer of [`BUFFER_SIZE`] bytes.
pub(crate) fn take() -> Vec<u8> {
    POOL.with_borrow_mut(Vec::pop)
        .unwrap_or_else(|| vec![0; BUFFER_SIZE])
}

/// Gives a buffer back. One that has grown, or one too many, is freed.
pub(crate) fn give(buffer: Vec<u8>) {
    if buffer.len() < BUFFER_SIZE || buffer.capacity() > 2 * BUFFER_SIZE {
        return;
    }
    POOL.with_borrow_mut(|pool| {
        if pool.len() < POOL_MAX {
            pool.push(buffer);
        }
    });
}
