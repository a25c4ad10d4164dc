//! The ini file's form: sections of `key = value` lines, each with its line number for what is wrong with it. Pure.
//!
//! Read here and not by rust-ini, which keeps repeated keys but no positions: every message about a value names its line
//! (docs/decisions.md).

/// The largest file that is read: it is written by hand, a bigger one is a mistake.
pub(super) const MAX_FILE: u64 = 1 << 20;

/// A section: the lines under one `[name]`, or those before the first.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RawSection {
    /// What stands in the brackets; empty before the first section.
    pub(super) name: String,
    /// Line of the name; 0 before the first section.
    pub(super) line: usize,
    pub(super) entries: Vec<Entry>,
}

/// One `key = value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) value: String,
    pub(super) line: usize,
}

/// A line that can't be understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) line: usize,
    pub(super) text: String,
}

/// Reads sections. `#` and `;` begin a comment at the start of a line only, for values may hold both. A value in double quotes
/// keeps its blanks.
pub(super) fn parse(text: &str) -> Result<Vec<RawSection>, Mistake> {
    let first = RawSection {
        name: String::new(),
        line: 0,
        entries: Vec::new(),
    };
    let mut sections = vec![first];
    for (line, content) in (1..).zip(text.lines()) {
        let mistake = |text: &str| Mistake {
            line,
            text: text.to_owned(),
        };
        let content = content.trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        if content.contains(char::is_control) {
            return Err(mistake("control characters are not allowed"));
        }
        if let Some(rest) = content.strip_prefix('[') {
            let name = section_name(rest).ok_or_else(|| mistake("the section has no ']'"))?;
            if let Some(twin) = sections.iter().find(|section| section.name == name) {
                let text = format!("section [{name}] is there already, in line {}", twin.line);
                return Err(mistake(&text));
            }
            sections.push(RawSection {
                name,
                line,
                entries: Vec::new(),
            });
            continue;
        }
        let (key, value) = content
            .split_once('=')
            .ok_or_else(|| mistake("this is neither a [section], a key=value nor a # comment"))?;
        let entry = Entry {
            key: key.trim().to_owned(),
            value: unquote(value.trim()).to_owned(),
            line,
        };
        let last = sections.last_mut().expect("there is a first one");
        last.entries.push(entry);
    }
    Ok(sections)
}

/// What stands before the `]`, blanks made one.
fn section_name(rest: &str) -> Option<String> {
    let name = rest.strip_suffix(']')?;
    Some(name.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A value without the quotes around it. A command has quotes of its own: only a value that is one quoted text loses them.
fn unquote(value: &str) -> &str {
    let quoted = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    quoted.filter(|inner| !inner.contains('"')).unwrap_or(value)
}

/// Splits a command line into words by the quoting rules of a POSIX shell; a shell does nothing else here. A word that starts
/// with `#` begins a comment.
pub(super) fn split_command(text: &str) -> Result<Vec<String>, &'static str> {
    shlex::split(text).ok_or_else(|| {
        let before = text.strip_suffix('\\').and_then(shlex::split);
        if before.is_some() {
            "a backslash stands at the end"
        } else {
            "a quote is not closed"
        }
    })
}

/// The first word of a command that a shell would act on. One in quotes is meant as it is, and so is `;`, which find(1) takes.
pub(super) fn shell_operator<'text>(text: &'text str, words: &[String]) -> Option<&'text str> {
    const OPERATORS: [&str; 8] = ["|", "||", "&&", "&", ">", ">>", "<", "2>&1"];
    let mut typed = text.split_whitespace();
    typed.find(|word| OPERATORS.contains(word) && words.iter().any(|kept| kept == word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_and_lines() {
        let text = "# a\nport = 1\n\n[route  /a b]\n;c\nheader = \" X: y \"\ncommand=\"/a b\" \"c\"\nx==\n";
        let sections = parse(text).unwrap();
        assert_eq!(sections.len(), 2);
        let entry = |key: &str, value: &str, line| Entry {
            key: key.into(),
            value: value.into(),
            line,
        };
        assert_eq!(sections[0].entries, [entry("port", "1", 2)]);
        assert_eq!(
            (sections[1].name.as_str(), sections[1].line),
            ("route /a b", 4)
        );
        assert_eq!(
            sections[1].entries,
            [
                entry("header", " X: y ", 6),
                entry("command", "\"/a b\" \"c\"", 7),
                entry("x", "=", 8)
            ]
        );
    }

    #[test]
    fn mistakes_have_lines() {
        for (text, line, part) in [
            ("a=b\nnonsense\n", 2, "neither"),
            ("\n[route", 2, "no ']'"),
            ("[a]\n[b]\n[a]\n", 3, "line 1"),
            ("a=\u{1}\n", 1, "control"),
            ("a=b\u{85}c\n", 1, "control"),
        ] {
            let mistake = parse(text).unwrap_err();
            assert_eq!(mistake.line, line, "{text}");
            assert!(mistake.text.contains(part), "{}", mistake.text);
        }
        assert!(parse("").unwrap()[0].entries.is_empty());
    }

    #[test]
    fn commands_are_split_as_a_shell_does() {
        let split = |text| split_command(text).unwrap();
        assert_eq!(split("cat  -u"), ["cat", "-u"]);
        assert_eq!(
            split(r#""/my dir/x" 'a "b" \' c\ d "" "e\"f\\""#),
            ["/my dir/x", r#"a "b" \"#, "c d", "", "e\"f\\"]
        );
        assert_eq!(split("a'b'c\"d\""), ["abcd"]);
        assert_eq!(split("$HOME *; `x`"), ["$HOME", "*;", "`x`"]);
        assert!(split("  ").is_empty());
        assert!(split_command("'a").is_err());
        assert!(split_command("a\\").is_err());
        assert_eq!(split("cat # comment"), ["cat"]);
    }

    #[test]
    fn words_for_a_shell_are_seen() {
        let operator = |text| shell_operator(text, &split_command(text).unwrap());
        assert_eq!(operator("cat | tee x"), Some("|"));
        assert_eq!(operator("cat >x 2>&1"), Some("2>&1"));
        for text in [
            "grep '|' x",
            "sh -c 'cat | tee x'",
            "find . -exec ls {} ;",
            "a|b",
        ] {
            assert_eq!(operator(text), None, "{text}");
        }
    }
}
