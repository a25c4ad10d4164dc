//! The buffer of a thread for reads that are over when they return: one, in however many rooms somebody is.

use std::cell::Cell;

/// What is kept for the next read; a longer line makes it grow, and a process must stay small while it waits.
pub const KEPT_BYTES: usize = 8 * 1024;

thread_local! {
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Lends the buffer, with whatever is in it. A read within a read gets another, empty one.
pub fn with<T>(read: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let mut buffer = BUFFER.take();
    let result = read(&mut buffer);
    buffer.truncate(KEPT_BYTES);
    buffer.shrink_to(KEPT_BYTES);
    BUFFER.set(buffer);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_lent_once_and_kept_small() {
        with(|outer| {
            outer.resize(100 * KEPT_BYTES, 1);
            with(|inner| assert!(inner.is_empty()));
        });
        with(|buffer| assert!(buffer.capacity() <= KEPT_BYTES));
    }
}
