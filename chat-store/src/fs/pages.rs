//! Bytes in pages of their own, for what is large. What a heap has once held stays with the process,
//! these pages go back to the kernel; and a page that nothing was written to costs nothing, so that
//! room can be made in plenty.

use std::ops::{Deref, Range};

use memmap2::MmapMut;

/// The least that is mapped.
const MIN_BYTES: usize = 16 * 1024;

/// A vector of bytes.
#[derive(Debug, Default)]
pub struct Pages {
    map: Option<MmapMut>,
    len: usize,
    /// Up to here pages were written to.
    touched: usize,
}

impl Pages {
    /// Appends.
    pub fn push(&mut self, bytes: &[u8]) {
        self.insert(self.len, bytes);
    }

    /// Puts `bytes` before what is at `at`.
    ///
    /// # Panics
    /// If `at` is behind the end, or no memory is left, as with `Vec`.
    pub fn insert(&mut self, at: usize, bytes: &[u8]) {
        let (len, more) = (self.len, bytes.len());
        let map = self.reserve(more);
        map.copy_within(at..len, at + more);
        map[at..at + more].copy_from_slice(bytes);
        self.len += more;
        self.touched = self.touched.max(self.len);
    }

    /// Takes `range` out.
    ///
    /// # Panics
    /// If it is not within the bytes.
    pub fn remove(&mut self, range: Range<usize>) {
        let Some(map) = &mut self.map else { return };
        map.copy_within(range.end..self.len, range.start);
        self.len -= range.len();
        // A crowd that has left leaves no pages behind.
        if self.touched > MIN_BYTES && self.len < self.touched / 4 {
            let mut fresh = Self::default();
            fresh.push(self);
            *self = fresh;
        }
    }

    /// The mapping, with room for so many bytes more.
    fn reserve(&mut self, more: usize) -> &mut MmapMut {
        let need = self.len + more;
        let map = match self.map.take() {
            Some(map) if map.len() >= need => map,
            old => {
                let size = (need * 2).next_power_of_two().max(MIN_BYTES);
                let mut map = MmapMut::map_anon(size).expect("memory for a few pages");
                if let Some(old) = old {
                    map[..self.len].copy_from_slice(&old[..self.len]);
                }
                map
            }
        };
        self.map.insert(map)
    }
}

impl Deref for Pages {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.map.as_ref().map_or(&[], |map| &map[..self.len])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn they_hold_what_a_vector_holds(
            steps in proptest::collection::vec((any::<bool>(), 0usize..100_000, 0usize..20_000), 0..40)
        ) {
            let (mut pages, mut model) = (Pages::default(), Vec::new());
            for (grows, place, length) in steps {
                let at = place % (model.len() + 1);
                if grows {
                    let bytes: Vec<u8> = (0..length).map(|n| (n + place).to_le_bytes()[0]).collect();
                    pages.insert(at, &bytes);
                    model.splice(at..at, bytes);
                } else {
                    let end = at + length.min(model.len() - at);
                    pages.remove(at..end);
                    model.drain(at..end);
                }
                prop_assert!(*pages == *model);
            }
        }
    }
}
