//! Whether words name somebody. Pure; `mentions` in htdocs/js/tokens.js follows the same rule.

/// True if `words` name `nick`: whole words only, whatever the case.
pub fn mentions(words: &str, nick: &str) -> bool {
    let (words, nick) = (words.to_lowercase(), nick.to_lowercase());
    if nick.is_empty() {
        return false;
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    words.match_indices(&nick).any(|(at, found)| {
        let before = words[..at].chars().next_back();
        let after = words[at + found.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_name_somebody() {
        for words in ["bob", "Hi BOB!", "@bob: x", "a,bob", "bobby and bob"] {
            assert!(mentions(words, "Bob"), "{words}");
        }
        for words in ["", "bobby", "kebob", "bob-2", "_bob", "b ob", "bobé"] {
            assert!(!mentions(words, "bob"), "{words}");
        }
        assert!(mentions("ŽOFIE?", "žofie"));
        assert!(!mentions("anything", ""));
    }
}
