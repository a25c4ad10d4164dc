//! The text protocol beside a script of 2016: the same dialogue, with either handler under either daemon, and the
//! transcripts compared line for line. Where ours differ on purpose, the test says how.

use std::collections::BTreeMap;

use e2e::chat::{Files, UNLIMITED};
use e2e::daemon::{Builder, Daemon};
use e2e::under_test::{Subject, chat_handler};
use e2e::ws::Client;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/chat/chat_server.sh");

/// What each person's page was told, times and thrown values blanked.
type Transcripts = BTreeMap<&'static str, Vec<String>>;

/// People in the room `lobby`.
struct Talk {
    daemon: Daemon,
    files: Files,
    here: BTreeMap<&'static str, Client>,
    told: Transcripts,
}

impl Talk {
    fn start(handler: impl FnOnce(&Files, Builder) -> Builder, subject: &Subject) -> Self {
        let files = Files::installed(UNLIMITED);
        let daemon = handler(&files, Daemon::of(subject)).start();
        Self {
            daemon,
            files,
            here: BTreeMap::new(),
            told: BTreeMap::new(),
        }
    }

    /// `name` comes in; everybody hears the list that ends with it.
    fn join(&mut self, name: &'static str, list: &str) {
        let cookie = self.files.log_in_as(name);
        let client = self.daemon.client_with("/lobby", &[("Cookie", &cookie)]);
        self.here.insert(name, client);
        self.all_hear(list);
    }

    fn send(&mut self, name: &str, line: &str) {
        self.here.get_mut(name).expect("here").send(line);
    }

    /// Everybody here reads up to a line that ends with `end`.
    #[track_caller]
    fn all_hear(&mut self, end: &str) {
        let names: Vec<_> = self.here.keys().copied().collect();
        self.hear(&names, end);
    }

    #[track_caller]
    fn hear(&mut self, names: &[&'static str], end: &str) {
        for name in names {
            let client = self.here.get_mut(name).expect("here");
            loop {
                let line = blanked(&client.text());
                let done = line.ends_with(end);
                self.told.entry(name).or_default().push(line);
                if done {
                    break;
                }
            }
        }
    }

    fn say(&mut self, name: &str, line: &str) {
        self.send(name, line);
        self.all_hear(&format!("{name}> {line}"));
    }

    fn leave(&mut self, name: &str, list: &str) {
        self.here.remove(name).expect("here").close();
        self.all_hear(list);
    }
}

/// `[HH:MM:SS] ` must stand there and becomes `[T] `; what was thrown is chance.
#[track_caller]
fn blanked(line: &str) -> String {
    let (time, rest) = line.split_at_checked(11).expect("a time before the line");
    let form: String = time
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    assert_eq!(form, "[00:00:00] ", "{line}");
    let Some((words, values)) = rest.split_once("-sided dice, throws again on 6: ") else {
        return format!("[T] {rest}");
    };
    let values: Vec<u32> = values
        .split(", ")
        .map(|value| value.parse().expect("a number"))
        .collect();
    // Two that are not thrown again, the last of them at the end.
    assert!(values.iter().all(|value| (1..=6).contains(value)), "{line}");
    assert_eq!(
        values.iter().filter(|&&value| value < 6).count(),
        2,
        "{line}"
    );
    assert_ne!(values.last(), Some(&6), "{line}");
    format!("[T] {words}-sided dice, throws again on 6: VALUES")
}

/// What the text of nobody must be changed by: neither by a shell nor by a protocol.
const TEXTS: [&str; 12] = [
    "hello",
    "  two blanks before and after  ",
    "back\\slash \\n \\x41 %s %d",
    "'single' \"double\" `id` $(id) $HOME * ? ~",
    "-n",
    "-e x",
    "<b>bold</b> &amp; ]]>",
    "Žluťoučký kůň 水 😀 שלום",
    "a > b: c, d",
    "[10:00:00] dave> not dave's",
    "Userlist: dave:red,",
    "eve joined the lobby",
];

/// The dialogue. `private` are who hears what is for one person, `unknown` who hears of an unknown command.
fn dialogue(mut talk: Talk, private: &[&'static str], unknown: &[&'static str]) -> Transcripts {
    talk.join("alice", "Userlist: alice:Gray,");
    talk.say("alice", "is anybody here?");
    talk.join("bob", "Userlist: alice:Gray,bob:Gray,");
    talk.join("carol", "Userlist: alice:Gray,bob:Gray,carol:Gray,");
    talk.send("bob", "/color #aa0000");
    talk.all_hear("Userlist: alice:Gray,bob:#aa0000,carol:Gray,");
    for text in TEXTS {
        talk.say("bob", text);
    }
    talk.send("alice", "/dice 2 6 6");
    talk.all_hear("VALUES");
    talk.send("alice", "/x y");
    talk.hear(unknown, "unknown command /x");
    talk.send("bob", "alice: psst: you");
    talk.hear(private, "bob> alice: psst: you");
    let sdp = "v=0\\r\\n".repeat(2000);
    let offer = format!(r#"bob: {{"type":"offer","sdp":"{sdp}"}}"#);
    talk.send("alice", &offer);
    talk.hear(private, &format!("alice> {offer}"));
    talk.say("carol", "nobody: is called so");
    for number in 1..=25 {
        talk.say("carol", &format!("line {number}"));
    }
    talk.join(
        "dave",
        "Userlist: alice:Gray,bob:#aa0000,carol:Gray,dave:Gray,",
    );
    talk.leave("bob", "Userlist: alice:Gray,carol:Gray,dave:Gray,");
    talk.say("dave", "bye");
    talk.leave("alice", "Userlist: carol:Gray,dave:Gray,");
    talk.told
}

const ALL: [&str; 3] = ["alice", "bob", "carol"];

fn by_the_script(subject: &Subject) -> Transcripts {
    let script = |files: &Files, builder: Builder| builder.command(SCRIPT, [files.base()]);
    dialogue(Talk::start(script, subject), &ALL, &ALL)
}

fn by_ours(subject: &Subject) -> Transcripts {
    let ours = |files: &Files, builder: Builder| {
        let config = format!("--config={}", files.ini().display());
        builder.command(chat_handler(), [config])
    };
    dialogue(Talk::start(ours, subject), &["alice", "bob"], &["alice"])
}

/// Ours on purpose: what is private or concerns one person is told to them alone, and lists of users are no history.
fn with_our_differences(mut script: Transcripts) -> Transcripts {
    let mut taken = 0;
    for (name, lines) in &mut script {
        let joined = format!("[T] {name} joined the lobby");
        let own = lines
            .iter()
            .position(|line| *line == joined)
            .expect("they came");
        let mut number = 0;
        let before = lines.len();
        lines.retain(|line| {
            number += 1;
            let is_past_list = number <= own && line.starts_with("[T] Userlist: ");
            let is_private =
                line.starts_with("[T] bob> alice: psst") || line.starts_with("[T] alice> bob: {");
            let is_unknown = line.contains(">  unknown command /x");
            !(is_past_list || is_private && *name == "carol" || is_unknown && *name != "alice")
        });
        taken += before - lines.len();
    }
    // One list before bob, two before carol; what carol and bob overheard.
    assert_eq!(taken, 1 + 2 + 3 + 1);
    script
}

#[test]
fn the_old_protocol_is_kept_line_for_line() {
    let (ours, original) = (Subject::under_test(), Subject::original());
    let script = by_the_script(&original);
    // A script of 2016 does the same under our daemon.
    assert_eq!(by_the_script(&ours), script);
    let expected = with_our_differences(script);
    for subject in [&original, &ours] {
        let told = by_ours(subject);
        for (name, lines) in &expected {
            assert_eq!(told[name], *lines, "what {name} was told");
        }
        assert_eq!(told.len(), expected.len());
    }
}

/// The last difference: what moves a terminal's cursor, turns text around or starts a line does not get through.
#[test]
fn the_script_let_through_what_ours_cleans() {
    let text = "a\u{1b}[31mb\tc\u{202e}d\u{7f}";
    let heard = |mut talk: Talk| {
        talk.join("alice", "Userlist: alice:Gray,");
        talk.send("alice", text);
        let client = talk.here.get_mut("alice").expect("here");
        client.text_where(|line| line.contains("alice> "))[11..].to_owned()
    };
    let subject = Subject::original();
    let script = |files: &Files, builder: Builder| builder.command(SCRIPT, [files.base()]);
    assert_eq!(
        heard(Talk::start(script, &subject)),
        format!("alice> {text}")
    );
    let ours = |files: &Files, builder: Builder| {
        let config = format!("--config={}", files.ini().display());
        builder.command(chat_handler(), [config])
    };
    assert_eq!(heard(Talk::start(ours, &subject)), "alice> a[31mb\tcd");
}
