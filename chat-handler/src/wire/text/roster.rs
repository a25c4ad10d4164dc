//! Who is in the room, kept as it is sent: `alice:Gray,bob:#aa0000,` and a line end. A map of strings
//! took ten times as much, and the list had to be made anew for each time it is sent.

use std::ops::Range;

use memchr::{memchr, memrchr};

use chat_store::fs::pages::Pages;

/// Ends a member; no nick holds it.
const END: u8 = b',';
/// Ends a member's name; no nick holds it.
const NAME_END: u8 = b':';

/// The members in the order of their names.
#[derive(Debug, Default)]
pub(super) struct Roster {
    /// Empty as long as nobody was ever put in.
    list: Pages,
}

impl Roster {
    /// The list and its line end.
    pub(super) fn as_line(&self) -> &[u8] {
        if self.list.is_empty() {
            b"\n"
        } else {
            &self.list
        }
    }

    /// Puts somebody in; who is in already has this color from now on.
    pub(super) fn insert(&mut self, name: &str, color: &str) {
        self.remove(name);
        if self.list.is_empty() {
            self.list.push(b"\n");
        }
        let (Ok(at) | Err(at)) = self.find(name).map(|member| member.start);
        let mut member = Vec::with_capacity(name.len() + color.len() + 2);
        member.extend_from_slice(name.as_bytes());
        member.push(NAME_END);
        // Ours have none of these; another program may have written any color.
        let harmless = |byte| {
            if byte < 0x20 || byte == END {
                b' '
            } else {
                byte
            }
        };
        member.extend(color.bytes().map(harmless));
        member.push(END);
        self.list.insert(at, &member);
    }

    /// Takes somebody out. False: they were not in.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        let found = self.find(name);
        if let Ok(member) = found.clone() {
            self.list.remove(member);
        }
        found.is_ok()
    }

    /// Somebody's color; `None`: they are not in.
    pub(super) fn color(&self, name: &str) -> Option<String> {
        let member = self.find(name).ok()?;
        let color = member.start + name.len() + 1..member.end - 1;
        Some(String::from_utf8_lossy(&self.list[color]).into_owned())
    }

    /// Whether somebody is in.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }

    /// Where a member is, or where they would be.
    fn find(&self, name: &str) -> Result<Range<usize>, usize> {
        let list: &[u8] = &self.list;
        // Both are where members start, or the line end is.
        let (mut low, mut high) = (0, list.len().saturating_sub(1));
        while low < high {
            let middle = low + (high - low) / 2;
            let start = memrchr(END, &list[low..middle]).map_or(low, |at| low + at + 1);
            let end = memchr(END, &list[middle..high]).map_or(high, |at| middle + at + 1);
            let member = &list[start..end];
            let found = &member[..memchr(NAME_END, member).unwrap_or(member.len())];
            match found.cmp(name.as_bytes()) {
                std::cmp::Ordering::Equal => return Ok(start..end),
                std::cmp::Ordering::Less => low = end,
                std::cmp::Ordering::Greater => high = start,
            }
        }
        Err(low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn the_list_is_one_line() {
        let mut roster = Roster::default();
        assert_eq!(roster.as_line(), b"\n");
        roster.insert("bob", "rgb(1,2,3)\n");
        roster.insert("alice", "Gray");
        assert_eq!(roster.as_line(), b"alice:Gray,bob:rgb(1 2 3) ,\n");
        assert!(roster.remove("alice") && !roster.remove("alice") && roster.remove("bob"));
        assert_eq!(roster.as_line(), b"\n");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn it_holds_what_a_map_holds(
            steps in proptest::collection::vec((any::<bool>(), "[a-dž.0-]{1,3}", "[a-c]{0,4}"), 0..200)
        ) {
            let (mut roster, mut model) = (Roster::default(), BTreeMap::new());
            for (comes, name, color) in steps {
                if comes {
                    roster.insert(&name, &color);
                    model.insert(name.clone(), color);
                } else {
                    prop_assert_eq!(roster.remove(&name), model.remove(&name).is_some());
                }
                prop_assert_eq!(roster.color(&name), model.get(&name).cloned());
                prop_assert_eq!(roster.contains(&name), model.contains_key(&name));
            }
            let members: Vec<_> = model.iter().map(|(name, color)| format!("{name}:{color},")).collect();
            let line = members.concat() + "\n";
            prop_assert_eq!(roster.as_line(), line.as_bytes());
        }
    }
}
