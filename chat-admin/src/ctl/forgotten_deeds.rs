//! The audit log after somebody was forgotten: what was done stays, without who they were and from where they came.

use super::erase::rewrite_packed;
use super::{Failure, packed};
use chat_store::audit::{self, Entry};
use chat_store::fs::dirs::Dirs;
use chat_store::log::erase;
use chat_store::log::forget::Forgotten;
use chat_store::record::show;

/// Words that a name may have.
const MAX_WORDS: usize = 6;

/// Forgets them in all of its files; gives how many lines were about them.
pub(super) fn forget(dirs: &Dirs, who: &Forgotten) -> Result<usize, Failure> {
    let live = audit::path(dirs);
    let mut count = 0;
    let mut without = |text: &[u8]| {
        let new = line(text, who);
        count += usize::from(new.is_some());
        new
    };
    erase::rewrite(&live, &mut without)?;
    for path in packed::list(&live)? {
        rewrite_packed(&path, &mut without)?;
    }
    Ok(count)
}

/// A line with nothing of them, as long as before; `None`: there is nothing of them in it.
fn line(line: &[u8], who: &Forgotten) -> Option<Vec<u8>> {
    if Entry::parse(line).is_some_and(|entry| !who.reaches(entry.id)) {
        return None;
    }
    let end = line.strip_suffix(b"\n").unwrap_or(line).len();
    let tabs: Vec<_> = (0..end).filter(|&at| line[at] == b'\t').take(4).collect();
    let &[_, via, name, from] = tabs.as_slice() else {
        return None;
    };
    let mut new = line.to_vec();
    // At the shell it is a user of the machine.
    let is_shell = line[..via].ends_with(b"\tshell");
    if !is_shell && is_theirs(&line[via + 1..name], who) {
        new[via + 1..from].fill(b'_');
        new[name] = b'\t';
    }
    let what = from + 1;
    let blanks = (what..end).filter(|&at| line[at] == b' ');
    let ends: Vec<_> = blanks.chain([end]).collect();
    let starts = std::iter::once(what).chain(ends.iter().map(|at| at + 1));
    let words: Vec<_> = starts.zip(&ends).map(|(start, &end)| start..end).collect();
    for (nth, first) in words.iter().enumerate() {
        // account:NAME and --account=NAME name somebody, too.
        let word = &line[first.clone()];
        let prefix = word.iter().rposition(|byte| b":=".contains(byte));
        let begin = first.start + prefix.map_or(0, |at| at + 1);
        let longest = words[nth..].iter().take(MAX_WORDS).rev();
        let found = longest
            .map(|last| begin..last.end)
            .find(|name| is_theirs(&line[name.clone()], who));
        if let Some(name) = found {
            new[name].fill(b'_');
        }
    }
    (new != line).then_some(new)
}

fn is_theirs(name: &[u8], who: &Forgotten) -> bool {
    let name = show(name);
    !name.is_empty() && (who.is_name(&name) || who.is_account(Some(&name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_store::name::Nick;

    #[test]
    fn deeds_stay_and_names_go() {
        let who = Forgotten::called(Nick::parse("Jan Novák").expect("a name"));
        let of = |text: &str| {
            line(text.as_bytes(), &who).map(|it| String::from_utf8_lossy(&it).into_owned())
        };
        assert_eq!(
            of("T\troom\tjan novák\t192.0.2.7\tkick r bob spam\n").as_deref(),
            Some("T\troom\t__________\t_________\tkick r bob spam\n")
        );
        assert_eq!(
            of("T\tweb\troot\t::1\tban --minutes=5 r Jan Novák soup\n").as_deref(),
            Some("T\tweb\troot\t::1\tban --minutes=5 r __________ soup\n")
        );
        assert_eq!(
            of("T\tweb\troot\t::1\tban r account:jan novák\n").as_deref(),
            Some("T\tweb\troot\t::1\tban r account:__________\n")
        );
        assert_eq!(of("T\tshell\tJan Novák\t-\tpurge r\n"), None);
        assert_eq!(of("T\tweb\troot\t::1\tban r Jan\n"), None);
        assert_eq!(of("torn"), None);
    }
}
