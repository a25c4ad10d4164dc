//! Buffers that belong to whoever is being polled: an idle session owns none.
//!
//! A worker thread polls one task at a time, so that a few buffers a thread serve any number of sessions. A
//! burst in which many sessions hold theirs at once must not stay in memory when it is over: a buffer is a
//! mapping of its own, which the kernel takes back at once. On the heap, small allocations of other sessions lie
//! between, and their pages would stay (`hold-many` in bench/REPORT.md has the figure).

mod lines;

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

use memmap2::MmapMut;

pub use lines::{Lines, text_of};

/// Bytes of a pooled buffer: what a pipe holds by default (pipe(7)), so that one read can empty it, and a
/// frame header.
pub const BUFFER_SIZE: usize = 64 * 1024 + 64;

/// Buffers kept by each thread: a session that is being polled uses three at the most.
const POOL_MAX: usize = 8;

/// From this size on a buffer is a mapping of its own.
const MAPPED_MIN: usize = 16 * 1024;

thread_local! {
    static POOL: RefCell<Vec<Buffer>> = const { RefCell::new(Vec::new()) };
}

/// Initialized bytes.
#[derive(Debug)]
pub enum Buffer {
    /// A small one.
    Heap(Vec<u8>),
    /// One that the kernel takes back when it is dropped.
    Mapped(MmapMut),
}

impl Default for Buffer {
    fn default() -> Self {
        Self::Heap(Vec::new())
    }
}

impl From<Vec<u8>> for Buffer {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Heap(bytes)
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Heap(bytes) => bytes,
            Self::Mapped(bytes) => bytes,
        }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Heap(bytes) => bytes,
            Self::Mapped(bytes) => bytes,
        }
    }
}

impl Buffer {
    /// `len` zeroes.
    pub fn zeroed(len: usize) -> Self {
        if len >= MAPPED_MIN {
            // Refused when the process has too many mappings (vm.max_map_count): the heap serves as well.
            if let Ok(mapping) = MmapMut::map_anon(len) {
                return Self::Mapped(mapping);
            }
        }
        Self::Heap(vec![0; len])
    }

    /// Makes it `len` bytes long, which must not be less than it is.
    pub fn grow(&mut self, len: usize) {
        let mut grown = Self::zeroed(len);
        grown[..self.len()].copy_from_slice(self);
        *self = grown;
    }
}

/// A buffer of [`BUFFER_SIZE`] bytes, of which all may have been used before.
pub fn take() -> Buffer {
    POOL.with_borrow_mut(Vec::pop)
        .unwrap_or_else(|| Buffer::zeroed(BUFFER_SIZE))
}

/// Gives a buffer back. One of another size, or one too many, is freed.
pub fn give(buffer: Buffer) {
    if buffer.len() != BUFFER_SIZE {
        return;
    }
    POOL.with_borrow_mut(|pool| {
        if pool.len() < POOL_MAX {
            pool.push(buffer);
        }
    });
}
