//! What was said in a period, as text, HTML or JSON, for people who keep it. Names and texts are whatever their
//! owners made of them: in HTML nothing of them is markup, and no direction of theirs reaches what is beside them.

use std::borrow::Cow;
use std::io::{self, Write};

use chat_store::attachments;
use chat_store::record::{Kind, Reaction, Record, RecordId, attrs};

/// The form of a transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A line each.
    Text,
    /// A page of its own, without scripts.
    Html,
    /// An array, an object a line.
    Json,
}

impl Format {
    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "text" => Some(Self::Text),
            "html" => Some(Self::Html),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// From when to when; an open end has no bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    /// The first moment of it.
    pub from: Option<RecordId>,
    /// The first moment behind it.
    pub to: Option<RecordId>,
}

impl Period {
    /// Whether a record was written in it. Lines of the script of 2016 have no date: they are older than all others.
    pub fn holds(&self, record: &Record<'_>) -> bool {
        match record.clock {
            Some(_) => self.from.is_none(),
            None => self.from.is_none_or(|from| record.id >= from) && !self.is_over(record),
        }
    }

    /// Whether this and what comes after it is later.
    pub fn is_over(&self, record: &Record<'_>) -> bool {
        record.clock.is_none() && self.to.is_some_and(|to| record.id >= to)
    }
}

const MICROS_A_DAY: u64 = 24 * 3600 * 1_000_000;

/// A moment as `2026-11-21`, `2026-11-21T10:15`, with seconds, or as an id, in UTC. `None`: none of these.
pub fn moment(text: &str) -> Option<RecordId> {
    let plain = text.strip_suffix('Z').unwrap_or(text);
    let rest = match plain.len() {
        10 => "T00:00:00.000000Z",
        16 => ":00.000000Z",
        19 => ".000000Z",
        26 => "Z",
        _ => return None,
    };
    RecordId::parse(format!("{plain}{rest}").as_bytes())
}

/// As [`moment`], for the end of a period: a date alone means that whole day.
pub fn end(text: &str) -> Option<RecordId> {
    let moment = moment(text)?;
    Some(match text.len() {
        10 => RecordId::from_micros(moment.as_micros() + MICROS_A_DAY),
        _ => moment,
    })
}

/// Writes a transcript, record by record: one may be larger than memory.
pub struct Transcript<W> {
    out: W,
    format: Format,
    json: fn(&Record<'_>, &mut Vec<u8>),
    is_first: bool,
}

impl<W: Write> Transcript<W> {
    /// Begins one of `room`. `json` writes one record as an object.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn begin(
        mut out: W,
        format: Format,
        room: &str,
        json: fn(&Record<'_>, &mut Vec<u8>),
    ) -> io::Result<Self> {
        match format {
            Format::Text => {}
            Format::Html => {
                let room = escaped(room);
                write!(
                    out,
                    "{HEAD}<title>{room}</title>\n<h1><bdi>{room}</bdi></h1>\n<ol>\n"
                )?;
            }
            Format::Json => out.write_all(b"[")?,
        }
        Ok(Self {
            out,
            format,
            json,
            is_first: true,
        })
    }

    /// Adds a record.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn put(&mut self, record: &Record<'_>) -> io::Result<()> {
        let is_first = std::mem::replace(&mut self.is_first, false);
        match self.format {
            Format::Text => writeln!(self.out, "{}", line(record)),
            Format::Html => html(record, &mut self.out),
            Format::Json => {
                let mut object = if is_first {
                    b"\n".to_vec()
                } else {
                    b",\n".to_vec()
                };
                (self.json)(record, &mut object);
                self.out.write_all(&object)
            }
        }
    }

    /// Ends it, and gives back what it was written to.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn end(mut self) -> io::Result<W> {
        match self.format {
            Format::Text => {}
            Format::Html => self.out.write_all(b"</ol>\n</html>\n")?,
            Format::Json => self.out.write_all(b"\n]\n")?,
        }
        self.out.flush()?;
        Ok(self.out)
    }
}

/// What the further lines of a text begin with: none of them can be taken for a record.
const INDENT: &str = "\n    ";

/// A record as a line of text, or as many as its own text has.
pub fn line(record: &Record<'_>) -> String {
    let (time, text) = (time(record), words(record).replace('\n', INDENT));
    let (kind, from, about) = (record.kind, &record.from, about(record));
    let mut line = format!("{time} {kind} {from}{about}: {text}");
    if record.edited.is_some() {
        line.push_str(" (edited)");
    }
    for reaction in reactions(record) {
        line.push_str(INDENT);
        line.push_str(&reacted(reaction));
    }
    line
}

/// Which other record it is about, if one.
fn about(record: &Record<'_>) -> String {
    let target = record.attr(attrs::TARGET).map(|id| format!(" (of {id})"));
    let reply = || record.attr(attrs::REPLY).map(|id| format!(" (to {id})"));
    target.or_else(reply).unwrap_or_default()
}

fn reactions<'r>(record: &'r Record<'_>) -> &'r [Reaction] {
    record.reactions.map_or(&[], |reactions| &reactions.0)
}

/// `👍 alice, bob`, with how many there are besides.
fn reacted(reaction: &Reaction) -> String {
    let (emoji, by) = (&reaction.text, reaction.by.join(", "));
    match reaction.count - reaction.by.len() {
        0 => format!("{emoji} {by}"),
        more => format!("{emoji} {by} +{more}"),
    }
}

fn time(record: &Record<'_>) -> String {
    record
        .clock
        .map_or_else(|| record.id.to_string(), |clock| format!("[{clock}]"))
}

/// The text, and its files, a line each.
fn words<'r>(record: &'r Record<'_>) -> Cow<'r, str> {
    let files = attachments::lines(record, "file");
    match (text(record), &*files.join("\n")) {
        (text, "") => Cow::Borrowed(text),
        ("", files) => Cow::Owned(files.to_owned()),
        (text, files) => Cow::Owned(format!("{text}\n{files}")),
    }
}

fn text<'r>(record: &'r Record<'_>) -> &'r str {
    if record.is_redacted() {
        "(taken back)"
    } else {
        &record.text
    }
}

/// It loads nothing and runs nothing, wherever it is opened.
const HEAD: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
    <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
    <meta name=\"viewport\" content=\"width=device-width\">\n\
    <style>body{font:1rem/1.5 sans-serif;max-width:60rem;margin:auto;padding:1rem;color-scheme:light dark}\
    ol{list-style:none;padding:0}li{overflow-wrap:anywhere;white-space:pre-wrap}time{opacity:.75;font-size:.85em}</style>\n";

fn html(record: &Record<'_>, out: &mut impl Write) -> io::Result<()> {
    let (time, from, text) = (time(record), escaped(&record.from), escaped(&words(record)));
    let about = escaped(&about(record));
    write!(out, "<li><time>{time}</time> ")?;
    match record.kind {
        Kind::Say => write!(out, "<b><bdi>{from}</bdi></b>{about}: <bdi>{text}</bdi>"),
        Kind::Me => write!(out, "* <b><bdi>{from}</bdi></b>{about} <bdi>{text}</bdi>"),
        kind => write!(
            out,
            "<b><bdi>{from}</bdi></b>{about} ({kind}) <bdi>{text}</bdi>"
        ),
    }?;
    if record.edited.is_some() {
        write!(out, " <small>(edited)</small>")?;
    }
    for reaction in reactions(record) {
        let reacted = escaped(&reacted(reaction));
        write!(out, "<br><small><bdi>{reacted}</bdi></small>")?;
    }
    writeln!(out, "</li>")
}

/// Text in which nothing is markup, in elements and in attributes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            char => escaped.push(char),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_date_with_or_without_a_time() {
        let id = |text: &str| RecordId::parse(text.as_bytes());
        let midnight = id("2026-11-21T00:00:00.000000Z");
        assert!(midnight.is_some());
        assert_eq!(moment("2026-11-21"), midnight);
        assert_eq!(
            moment("2026-11-21T10:15"),
            id("2026-11-21T10:15:00.000000Z")
        );
        assert_eq!(
            moment("2026-11-21T10:15:30Z"),
            id("2026-11-21T10:15:30.000000Z")
        );
        assert_eq!(
            moment("2026-11-21T10:15:30.123456Z"),
            id("2026-11-21T10:15:30.123456Z")
        );
        assert_eq!(end("2026-12-31"), id("2027-01-01T00:00:00.000000Z"));
        assert_eq!(end("2026-11-21T10:15"), moment("2026-11-21T10:15"));
        for wrong in [
            "",
            "yesterday",
            "2026-13-01",
            "2026-11-21 10:15",
            "21.11.2026",
            "ěščřž",
        ] {
            assert_eq!(moment(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn lines_of_a_text_are_kept_and_none_is_another_record() {
        let forged = "2026-11-21T10:15:30.123456Z say bob: it was me";
        let record = format!("2026-11-21T10:15:30.123456Z\tsay\talice\t\tone\u{2028}{forged}\n");
        let record = Record::parse(record.as_bytes()).unwrap();
        let lines = line(&record);
        assert_eq!(
            lines,
            format!("2026-11-21T10:15:30.123456Z say alice: one\n    {forged}")
        );
        let json = |_: &Record<'_>, _: &mut Vec<u8>| {};
        let mut page = Transcript::begin(Vec::new(), Format::Html, "r", json).unwrap();
        page.put(&record).unwrap();
        let page = String::from_utf8(page.end().unwrap()).unwrap();
        assert!(
            page.contains(&format!("<bdi>one\n{forged}</bdi>")),
            "{page}"
        );
    }

    #[test]
    fn nothing_that_somebody_wrote_is_markup() {
        let record = "2026-11-21T10:15:30.123456Z\tsay\t\"><script>\t\t</bdi><img src=x onerror='a()'>&lt;\n";
        let record = Record::parse(record.as_bytes()).unwrap();
        let json = |_: &Record<'_>, _: &mut Vec<u8>| {};
        let mut page = Transcript::begin(Vec::new(), Format::Html, "a<b>\"", json).unwrap();
        page.put(&record).unwrap();
        let page = String::from_utf8(page.end().unwrap()).unwrap();
        let body = page.split_once("<title>").unwrap().1;
        for markup in ["<script", "<img", "<b>\"", "'a()'", "&lt;\n"] {
            assert!(!body.contains(markup), "{markup}: {body}");
        }
        assert!(body.contains("&lt;/bdi&gt;&lt;img src=x onerror=&#39;a()&#39;&gt;&amp;lt;"));
    }
}
