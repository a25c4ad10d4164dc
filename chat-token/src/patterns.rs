//! Lists of rooms and channels, as tokens name them: `news`, `game-*` or `*`.

/// Most entries of a list; one that has more is refused.
const MAX_PATTERNS: usize = 100;

/// A list of names; a `*` at the end of one stands for any rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patterns(Vec<String>);

impl Patterns {
    /// All names.
    pub fn all() -> Self {
        Self(vec!["*".to_owned()])
    }

    /// `None`: too many, or a `*` that is not at an end.
    pub fn of(names: Vec<String>) -> Option<Self> {
        let is_good = |name: &String| {
            let start = name.strip_suffix('*').unwrap_or(name);
            !start.contains('*') && !name.is_empty()
        };
        let fits = names.len() <= MAX_PATTERNS && names.iter().all(is_good);
        let names = names.into_iter().map(|name| name.to_lowercase()).collect();
        fits.then_some(Self(names))
    }

    /// Whether `name` is one of them, in any case of its letters: so are rooms.
    pub fn fit(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.0
            .iter()
            .any(|pattern| match pattern.strip_suffix('*') {
                Some(start) => name.starts_with(start),
                None => name == *pattern,
            })
    }

    /// Whether they are all names.
    pub fn are_all(&self) -> bool {
        self.0.iter().any(|pattern| pattern == "*")
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_at_the_end_stands_for_any_rest() {
        let of = |names: &[&str]| Patterns::of(names.iter().map(|&name| name.into()).collect());
        let some = of(&["news", "Game-*"]).unwrap();
        assert!(some.fit("news") && some.fit("NEWS") && some.fit("game-1") && some.fit("game-"));
        assert!(!some.fit("newspaper") && !some.fit("a-game-1") && !some.fit(""));
        assert!(Patterns::all().fit("anything") && !Patterns::default().fit("anything"));
        for bad in ["a*b", "*a", "**", ""] {
            assert_eq!(of(&[bad]), None, "{bad}");
        }
        assert_eq!(of(&["a"; MAX_PATTERNS + 1]), None);
    }
}
