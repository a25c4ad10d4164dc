//! Who reacted to a message, as a page of history tells it.

/// Names that are told for one emoji; of more it is known how many they are.
pub const MAX_BY: usize = 50;

/// What people reacted with, in the order of first use.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Reactions(pub Vec<Reaction>);

/// One emoji.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// The emoji.
    pub text: String,
    /// The first [`MAX_BY`] who reacted with it.
    pub by: Vec<String>,
    /// How many they are.
    pub count: usize,
    /// Whether the one who asks is among them.
    pub own: bool,
}
