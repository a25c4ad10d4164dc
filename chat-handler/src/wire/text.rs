//! The protocol of the 2016 pages: lines as people read them. See docs/chat-protocol.md.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::Write as _;

use super::{Clock, Out};
use crate::occupant::{Addressee, Event, Request, Welcome};
use crate::settings::Lang;
use crate::wording::{Closed, Line, Worded};
use chat_store::attachments;
use chat_store::people::presence::MemberRef;
use chat_store::record::{Kind, Record, RecordId, addressee};

mod foreign;
mod roster;

pub use foreign::is_signal;

use foreign::{in_known_order, shown};
use roster::Roster;

/// The text protocol of one client.
#[derive(Debug)]
pub struct Text {
    lang: Lang,
    clock: Clock,
    room: String,
    you: String,
    /// Everybody in the room and their color: the list is sent whole, again and again.
    roster: Roster,
    /// The list has changed since it was sent.
    list_due: bool,
    /// Whether it is shown who comes and goes.
    comings: bool,
}

impl Text {
    /// For a client of the server's `lang`, with the server's `clock`.
    pub fn new(lang: Lang, clock: Clock) -> Self {
        Self {
            lang,
            clock,
            room: String::new(),
            you: String::new(),
            roster: Roster::default(),
            list_due: false,
            comings: true,
        }
    }

    /// `bob: TEXT` is for bob alone if he is here; JSON of the old pages' WebRTC is sent so, too.
    pub(super) fn parse<'a>(&self, line: &'a str) -> Option<Request<'a>> {
        if line.trim().is_empty() {
            return None;
        }
        let (text, msgid) = (Cow::Borrowed(line), None);
        let Some((to, words)) = addressee(line) else {
            return Some(Request::Say {
                text,
                literal: false,
                reply: None,
                msgid,
            });
        };
        // Signaling holds addresses of the sender's machine: never for all, also when the one it is
        // for has just left.
        if is_signal(words) {
            let to = Addressee::named(to);
            return Some(Request::Signal { to, data: words });
        }
        Some(if self.roster.contains(&shown(to)) {
            let (to, text) = (Addressee::named(to), Cow::Borrowed(words));
            Request::Whisper { to, text, msgid }
        } else {
            Request::Say {
                text,
                literal: false,
                reply: None,
                msgid,
            }
        })
    }

    pub(super) fn render(&mut self, event: &Event<'_>, out: &mut dyn Out) {
        match event {
            Event::Welcome(welcome) => self.welcome(welcome, out.buffer()),
            Event::Record(record) => {
                // The list of members waits for a record that is not about members, or for the end of a
                // batch, so that a hundred joins at once are followed by one list.
                if !changes_list(record.kind) {
                    self.put_list_if_due(out);
                }
                self.record(record, out.buffer());
            }
            Event::BatchEnd => self.put_list_if_due(out),
            Event::Past(record) => self.past(record, out.buffer()),
            event => self.event(event, out.buffer()),
        }
    }

    fn welcome(&mut self, welcome: &Welcome<'_>, out: &mut Vec<u8>) {
        welcome.room.clone_into(&mut self.room);
        self.you = shown(welcome.you).into_owned();
        // Else their own coming is what it follows.
        self.list_due |= !welcome.is_new;
        self.comings = welcome.comings;
        for MemberRef { nick, color, .. } in welcome.members.iter() {
            self.roster.insert(&shown(nick), color);
        }
        let line = format_args!("Welcome to the chat room {} {}!", self.room, self.you);
        put(self.clock.time(welcome.now), line, out);
    }

    /// A live record.
    fn record(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        let from = shown(&record.from);
        match record.kind {
            Kind::Join => {
                let color = record.attr("color").unwrap_or_default();
                self.roster.insert(&from, &color);
            }
            Kind::Quit => {
                self.roster.remove(&from);
            }
            Kind::Color if self.roster.contains(&from) => {
                let color = record.attr("color").unwrap_or_default();
                self.roster.insert(&from, &color);
            }
            Kind::Nick => {
                let to = shown(&record.text);
                if let Some(color) = self.roster.color(&from) {
                    self.roster.remove(&from);
                    self.roster.insert(&to, &color);
                }
                if self.you == *from {
                    self.you = to.into_owned();
                }
            }
            _ => {}
        }
        self.past(record, out);
        self.list_due |= changes_list(record.kind);
    }

    /// A record of history: shown as it was, without changing who is here.
    fn past(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        match record.clock {
            Some(time) => self.past_at(time, record, out),
            None => self.past_at(self.clock.time(record.id), record, out),
        }
    }

    fn past_at(&self, time: impl Display + Copy, record: &Record<'_>, out: &mut Vec<u8>) {
        let (from, text) = (&*shown(&record.from), &*record.text);
        let color = record.attr("color").unwrap_or_default();
        // Kicks and bans hold the name and the reason.
        let (who, reason) = record.text.split_once(' ').unwrap_or((&record.text, ""));
        let who = &shown(who);
        let line = match record.kind {
            Kind::Say | Kind::Edit if record.is_redacted() => return,
            Kind::Say => {
                let said = with_files(record, self.lang);
                return put_lines(time, format_args!("{from}> "), &said, out);
            }
            Kind::Edit => {
                let edited = Worded(self.lang, Line::Edited);
                return put_lines(time, format_args!("{from}>  {edited}: "), text, out);
            }
            Kind::Pin => Line::Pinned,
            Kind::Unpin => Line::Unpinned,
            Kind::Me => return put_lines(time, format_args!("{from}>  * {from} "), text, out),
            Kind::Dice => return put(time, format_args!("{from}>  {text}"), out),
            Kind::Join | Kind::Quit if !self.comings => return,
            Kind::Join | Kind::Quit => {
                let line = if record.kind == Kind::Join {
                    Line::Joined(from, &self.room)
                } else {
                    Line::Quit(from, &self.room)
                };
                return put(time, Worded(self.lang, line), out);
            }
            Kind::Color => Line::ChangedColor(&color),
            Kind::Nick => Line::ChangedName(who),
            Kind::Topic if record.text.is_empty() => Line::NoMoreTopic,
            Kind::Topic => Line::ChangedTopic(&record.text),
            Kind::Kick => Line::Kicked(who, reason),
            Kind::Ban => Line::Banned(who, reason),
            Kind::Admit => Line::Closed(Closed::Admitted(who)),
            Kind::Dismiss => Line::Closed(Closed::Dismissed(who)),
            Kind::Leave => Line::Closed(Closed::LeftForGood),
            Kind::Moved if record.text == "open" => Line::Closed(Closed::MadeOpen),
            Kind::Moved => Line::Closed(Closed::MadePrivate),
            Kind::Title => Line::Closed(Closed::Titled(&record.text)),
            Kind::Redact => Line::Redacted,
            Kind::Clear => Line::Cleared,
            Kind::Slow => Line::SlowNow(&record.text),
            // Personal kinds are never in a log. Reactions are for those who see the message with them.
            _ => return,
        };
        let line = Worded(self.lang, line);
        put(time, format_args!("{from}>  {line}"), out);
    }

    fn event(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        let now = self.clock.time(RecordId::now());
        match event {
            Event::Whisper {
                id, from, to, text, ..
            } => {
                let (from, to) = (shown(from), shown(to));
                let prefix = format_args!("{from}> {to}: ");
                put_lines(self.clock.time(*id), prefix, text, out);
            }
            // What only newer pages understand (that a page is in a call, and the like) is no line.
            Event::Signal {
                id, from, to, data, ..
            } if is_signal(data) => {
                let (from, to, data) = (shown(from), shown(to), in_known_order(data));
                put(
                    self.clock.time(*id),
                    format_args!("{from}> {to}: {data}"),
                    out,
                );
            }
            Event::Info { lines, .. } => {
                for line in *lines {
                    let line = Worded(self.lang, *line);
                    put(now, format_args!("{}>  {line}", self.you), out);
                }
            }
            Event::About(about) if about.people => {
                let names: Vec<_> = about
                    .circle
                    .members
                    .iter()
                    .map(|member| &*member.name)
                    .collect();
                let names = names.join(", ");
                let line = Worded(
                    self.lang,
                    Line::Closed(Closed::ForSome(about.title(), &names)),
                );
                put(now, format_args!("{}>  {line}", self.you), out);
            }
            Event::Link {
                token, until, uses, ..
            } => {
                let until = until.to_string();
                let line = Worded(self.lang, Line::Closed(Closed::Link(token, &until, *uses)));
                put(now, format_args!("{}>  {line}", self.you), out);
            }
            Event::Notice { line, .. } | Event::Error { line, .. } | Event::Bye { line, .. } => {
                let line = Worded(self.lang, *line);
                put(now, format_args!("{}>  {line}", self.you), out);
            }
            // The old pages have no use for the others.
            _ => {}
        }
    }

    fn put_list_if_due(&mut self, out: &mut dyn Out) {
        if std::mem::take(&mut self.list_due) {
            let head = format!("[{}] Userlist: ", self.clock.time(RecordId::now()));
            out.pass(head.as_bytes());
            out.pass(self.roster.as_line());
        }
    }
}

/// Each line of a text is a line of its own that says whose it is: none can be taken for another's.
/// The text, and a line for each of its files: these clients know no address of theirs.
fn with_files<'r>(record: &'r Record<'_>, lang: Lang) -> Cow<'r, str> {
    let word = match lang {
        Lang::En => "file",
        Lang::Cs => "soubor",
    };
    let files = attachments::lines(record, word).join("\n");
    match (&*record.text, &*files) {
        (text, "") => Cow::Borrowed(text),
        ("", _) => Cow::Owned(files),
        (text, files) => Cow::Owned(format!("{text}\n{files}")),
    }
}

fn put_lines(
    time: impl Display + Copy,
    prefix: impl Display + Copy,
    text: &str,
    out: &mut Vec<u8>,
) {
    for line in text.split('\n') {
        put(time, format_args!("{prefix}{line}"), out);
    }
}

fn put(time: impl Display, line: impl Display, out: &mut Vec<u8>) {
    let start = out.len();
    // Writing to a vector cannot fail.
    let _ = write!(out, "[{time}] {line}");
    // One line is one message: nothing in it may start another.
    for byte in &mut out[start..] {
        if *byte < 0x20 && *byte != b'\t' {
            *byte = b' ';
        }
    }
    out.push(b'\n');
}

fn changes_list(kind: Kind) -> bool {
    matches!(kind, Kind::Join | Kind::Quit | Kind::Color | Kind::Nick)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_store::people::presence::Members;
    use chat_store::record::Draft;

    fn text() -> (Text, Vec<u8>) {
        let mut text = Text::new(Lang::En, Clock::new(Some("UTC0")));
        let mut out = Vec::new();
        let mut members = Members::default();
        for name in ["alice", "bob"] {
            members.push(MemberRef {
                nick: name,
                color: "Gray",
                account: None,
                person: None,
            });
        }
        let settings = crate::settings::Settings::parse("[global]\nBASE_DIR=/x", "/x.ini".as_ref())
            .expect("settings");
        let now = RecordId::parse(b"2026-11-21T10:15:30.123456Z").expect("an id");
        text.welcome(
            &Welcome {
                person: "",
                is_new: true,
                comings: true,
                room: "lobby",
                asked: "lobby",
                description: "",
                topic: "",
                pins: &[],
                you: "alice",
                account: None,
                color: "Gray",
                moderator: false,
                reading: None,
                members: &members,
                oldest: None,
                last: None,
                now,
                limits: &settings.limits,
            },
            &mut out,
        );
        (text, out)
    }

    fn live(text: &mut Text, drafts: &[Draft<'_>], out: &mut Vec<u8>) {
        for (second, draft) in drafts.iter().enumerate() {
            let mut log = Vec::new();
            let id = RecordId::parse(b"2026-11-21T10:15:40.000000Z")
                .expect("an id")
                .as_micros()
                + second as u64 * 1_000_000;
            draft.write_to(RecordId::from_micros(id), &mut log);
            let record = Record::parse(&log).expect("a record");
            text.render(&Event::Record(&record), out);
        }
        text.render(&Event::BatchEnd, out);
    }

    /// The lines; lists of members carry the present time, which is cut off.
    fn lines(out: &[u8]) -> Vec<String> {
        let lines = std::str::from_utf8(out).expect("UTF-8").lines();
        lines
            .map(|line| {
                if line.contains("Userlist: ") {
                    line[11..].to_owned()
                } else {
                    line.to_owned()
                }
            })
            .collect()
    }

    #[test]
    fn lines_are_those_of_the_old_pages() {
        let (mut text, mut out) = text();
        let color = Draft {
            color: Some("#aa0000"),
            ..Draft::new(Kind::Color, "bob", "")
        };
        live(
            &mut text,
            &[
                Draft::new(Kind::Say, "bob", "hi"),
                Draft::new(
                    Kind::Dice,
                    "bob",
                    "Throws 2 6-sided dice, throws again on 6: 6, 3, 1",
                ),
                color,
                Draft::new(Kind::Say, "bob", "\n[10:00:00] alice> forged"),
                Draft::new(Kind::Quit, "bob", ""),
            ],
            &mut out,
        );
        assert_eq!(
            lines(&out),
            [
                "[10:15:30] Welcome to the chat room lobby alice!",
                "[10:15:40] bob> hi",
                "[10:15:41] bob>  Throws 2 6-sided dice, throws again on 6: 6, 3, 1",
                "[10:15:42] bob>  Changed color to #aa0000",
                "Userlist: alice:Gray,bob:#aa0000,",
                "[10:15:43] bob> ",
                "[10:15:43] bob> [10:00:00] alice> forged",
                "[10:15:44] bob quit the lobby",
                "Userlist: alice:Gray,",
            ]
        );
    }

    #[test]
    fn many_joins_at_once_are_followed_by_one_list() {
        let (mut text, mut out) = text();
        out.clear();
        let join = |name| Draft {
            color: Some("red"),
            ..Draft::new(Kind::Join, name, "")
        };
        live(&mut text, &[join("carol"), join("dave")], &mut out);
        assert_eq!(
            lines(&out)[2..],
            ["Userlist: alice:Gray,bob:Gray,carol:red,dave:red,"]
        );
    }
}
