//! Keys of a settings file that people look after, too: their comments and the order of their lines stay.

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// chat.ini: `KEY=value`, a default behind `; `, below `[global]`.
    Chat,
    /// The daemon's: `key = value`, an example behind `# `, before the first section.
    Daemon,
    /// Variables for a unit, systemd.exec(5).
    Shell,
}

impl Style {
    fn line(self, key: &str, value: &str) -> String {
        match self {
            Self::Chat | Self::Shell => format!("{key}={value}\n"),
            Self::Daemon => format!("{key} = {value}\n"),
        }
    }

    /// A section in which the key would mean something else.
    fn is_other_section(self, line: &str) -> bool {
        line.starts_with('[') && !(self == Self::Chat && line == "[global]")
    }
}

/// What a line is about.
fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line.split_once('=')?;
    let key = key.trim();
    let is_key = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (!key.is_empty() && key.bytes().all(is_key)).then_some(key)
}

/// What a key of the daemon's file is, before the first section.
pub(super) fn get<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let own = text
        .lines()
        .take_while(|line| !Style::Daemon.is_other_section(line.trim()));
    let mut found = own.filter(|line| key_of(line) == Some(key));
    Some(found.next()?.split_once('=')?.1.trim())
}

/// `text`, in which `key` has these values and no others: in place of a line that sets it, else of one that shows it
/// behind a comment sign, else after what else holds for all.
pub(super) fn set(text: &str, style: Style, key: &str, values: &[&str]) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let end = lines
        .iter()
        .position(|line| style.is_other_section(line.trim()));
    let end = end.unwrap_or(lines.len());
    let sets = |line: &str| key_of(line) == Some(key);
    let shows = |line: &str| {
        let comment = line.trim_start().strip_prefix([';', '#']);
        comment.is_some_and(|line| key_of(line) == Some(key))
    };
    let own = &lines[..end];
    let place = own.iter().position(|line| sets(line));
    let place = place.or_else(|| own.iter().position(|line| shows(line)));
    let blank = own.iter().rev().take_while(|line| line.trim().is_empty());
    let last = end - blank.count();
    let wanted: String = values.iter().map(|value| style.line(key, value)).collect();
    let mut all = String::with_capacity(text.len() + wanted.len());
    for (number, line) in lines.iter().enumerate() {
        if place.is_none() && number == last {
            all += &wanted;
        }
        let is_here = place == Some(number);
        if is_here {
            all += &wanted;
        }
        // An example stays where there is nothing to put in its place.
        if number < end && (sets(line) || (is_here && !values.is_empty())) {
            continue;
        }
        all += line;
        all.push('\n');
    }
    if place.is_none() && last == lines.len() {
        all += &wanted;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_is_uncommented_where_it_stands() {
        let text = "; Who.\n[global]\nA=1\n; ACCOUNTS=no\n; B=2\n\n[access]\n";
        let done = set(text, Style::Chat, "ACCOUNTS", &["yes"]);
        assert_eq!(done, text.replace("; ACCOUNTS=no", "ACCOUNTS=yes"));
        assert_eq!(
            set(&done, Style::Chat, "ACCOUNTS", &["yes"]),
            done,
            "twice is once"
        );
        let taken = done.replace("ACCOUNTS=yes", "ACCOUNTS = no");
        assert_eq!(set(&taken, Style::Chat, "ACCOUNTS", &["yes"]), done);
    }

    #[test]
    fn a_line_that_counts_wins_over_one_that_only_shows() {
        let text = "port = 8080\naddress = 127.0.0.1\n# port = 443\n";
        let done = set(text, Style::Daemon, "port", &["443"]);
        assert_eq!(done, "port = 443\naddress = 127.0.0.1\n# port = 443\n");
        let both = set(&done, Style::Daemon, "address", &["0.0.0.0", "[::]"]);
        assert!(
            both.contains("address = 0.0.0.0\naddress = [::]\n"),
            "{both}"
        );
        assert_eq!(set(&both, Style::Daemon, "address", &["127.0.0.1"]), done);
        assert_eq!(
            set("a = 1\nb = 2\na = 3\n", Style::Daemon, "a", &[]),
            "b = 2\n"
        );
        assert_eq!(set("# a = 1\n", Style::Daemon, "a", &[]), "# a = 1\n");
    }

    #[test]
    fn a_key_of_another_section_is_another_key() {
        let text = "[global]\nA=1\n\n[access]\nenter = all\n; REGISTER=no\n";
        let done = set(text, Style::Chat, "REGISTER", &["open"]);
        let expected = "[global]\nA=1\nREGISTER=open\n\n[access]\nenter = all\n; REGISTER=no\n";
        assert_eq!(done, expected);
        assert_eq!(set("", Style::Shell, "CONFIG", &["/x"]), "CONFIG=/x\n");
        let words = "; ports = 1; and port=2 in words\n";
        assert_eq!(
            set(words, Style::Daemon, "port", &["1"]),
            format!("{words}port = 1\n")
        );
    }
}
