//! What was computed, so that a test can compare the work for names that are known and that are not.

/// Rounds of each function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Iterations of HMAC-SHA-256.
    pub sha256: u64,
    /// Iterations of HMAC-SHA-1.
    pub sha1: u64,
    /// Rounds of bcrypt, two to its cost.
    pub bcrypt: u64,
}
