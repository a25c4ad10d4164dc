//! What is counted: atomics that every stage can bump.
