//! Prometheus' text format, version 0.0.4. Pure.

use std::fmt::{Display, Write as _};

/// What a number does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It goes up and down.
    Gauge,
    /// It only grows, and begins anew at 0.
    Counter,
}

/// The page of one site, whose name stands in each line.
#[derive(Debug)]
pub(super) struct Page {
    site: String,
    text: String,
}

impl Page {
    pub(super) fn new(site: &str) -> Self {
        Self {
            site: escaped(site),
            text: String::new(),
        }
    }

    /// A family with one number.
    pub(super) fn one(&mut self, kind: Kind, name: &str, help: &str, value: impl Display) {
        self.family(kind, name, help, None, &[("", value)]);
    }

    /// A family with a number for each value of a label. None without values.
    pub(super) fn each(
        &mut self,
        kind: Kind,
        name: &str,
        help: &str,
        label: &str,
        values: &[(&str, impl Display)],
    ) {
        self.family(kind, name, help, Some(label), values);
    }

    fn family(
        &mut self,
        kind: Kind,
        name: &str,
        help: &str,
        label: Option<&str>,
        values: &[(&str, impl Display)],
    ) {
        if values.is_empty() {
            return;
        }
        let (word, suffix) = match kind {
            Kind::Gauge => ("gauge", ""),
            Kind::Counter => ("counter", "_total"),
        };
        let site = &self.site;
        // Writing to a String cannot fail.
        let _ = write!(
            self.text,
            "# HELP chat_{name}{suffix} {help}\n# TYPE chat_{name}{suffix} {word}\n"
        );
        for (of, value) in values {
            let more =
                label.map_or_else(String::new, |label| format!(",{label}=\"{}\"", escaped(of)));
            let _ = writeln!(
                self.text,
                "chat_{name}{suffix}{{site=\"{site}\"{more}}} {value}"
            );
        }
    }

    pub(super) fn text(self) -> String {
        self.text
    }
}

/// As a label's value.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_and_what_has_no_values_is_not_there() {
        let mut page = Page::new("a\"b\\c\n");
        page.one(Kind::Counter, "messages", "Said", 7);
        page.each(Kind::Gauge, "none", "Nothing", "what", &[] as &[(&str, u8)]);
        page.each(
            Kind::Gauge,
            "rooms",
            "Rooms",
            "kind",
            &[("open", 1), ("private", 2)],
        );
        assert_eq!(
            page.text(),
            "# HELP chat_messages_total Said\n# TYPE chat_messages_total counter\n\
             chat_messages_total{site=\"a\\\"b\\\\c\\n\"} 7\n\
             # HELP chat_rooms Rooms\n# TYPE chat_rooms gauge\n\
             chat_rooms{site=\"a\\\"b\\\\c\\n\",kind=\"open\"} 1\n\
             chat_rooms{site=\"a\\\"b\\\\c\\n\",kind=\"private\"} 2\n"
        );
    }
}
