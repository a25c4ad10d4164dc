//! A person whose connection is frozen: nothing arrives any more, and nobody is told so. The others are on a Unix
//! socket of the same chat, which no cable belongs to.

use e2e::chat::Files;
use e2e::daemon::{Builder, Daemon};
use e2e::network;
use e2e::page::Page;
use e2e::under_test::chat_handler;
use e2e::ws::Client;
use serde_json::json;

/// The same chat by two daemons: one that the network is between, and one that it is not.
struct Reached {
    // Dropped in this order: the programs first, then the files they use.
    network: Daemon,
    socket: Daemon,
    files: Files,
}

impl Reached {
    fn start(global: &str) -> Self {
        Self::start_with(global, &[])
    }

    /// The one that the network is between has more flags.
    fn start_with(global: &str, flags: &[&str]) -> Self {
        let files = Files::installed(global);
        let builder = || {
            let config = format!("--config={}", files.ini().display());
            Daemon::builder().command(chat_handler(), [config])
        };
        let add = |builder: Builder, flag: &&str| builder.flag(flag);
        let network = flags.iter().fold(builder(), add).start();
        let socket = builder().unix_socket(&files.path("socket")).start();
        Self {
            network,
            socket,
            files,
        }
    }

    /// Alice's page, in two rooms.
    fn alice(by: &Daemon) -> Page<Client> {
        let query = "format=json&protocol=2&nick=alice&client=alices-browser&page=alices-page";
        let mut page = Page::over(by.client(&format!("/?{query}")));
        page.expect("hello");
        page.send(&json!({"type": "enter", "rooms": [{"room": "lobby"}, {"room": "den"}]}));
        page.expect("history");
        page.expect("history");
        page
    }

    fn other(&self, room: &str, name: &str) -> Page<Client> {
        let path = format!("/{room}?format=json&nick={name}");
        Page::enter(self.socket.client(&path))
    }

    fn lines(&self, kind: &str) -> usize {
        let of = |room: &str| {
            self.files
                .records(room)
                .into_iter()
                .filter(|it| it.kind == kind && it.from == "alice")
                .count()
        };
        of("lobby") + of("den")
    }
}

#[test]
fn who_is_frozen_is_gone_from_all_rooms_though_nobody_comes_and_no_daemon_pings() {
    network::enter();
    let chat = Reached::start("PRESENCE_GRACE=1");
    let mut others = [chat.other("lobby", "bob"), chat.other("den", "carol")];
    let mut alice = Reached::alice(&chat.network);
    // A page that is looked at promises a word each few seconds; without that nobody would ever notice.
    alice.send(&json!({"type": "ping", "within": 2}));
    alice.expect("pong");
    network::cut();
    for other in &mut others {
        other.find(|message| message["type"] == "quit" && message["from"] == "alice");
    }
    assert_eq!(chat.lines("quit"), 2);
    drop(alice);
}

#[test]
fn who_is_frozen_and_comes_back_by_another_way_was_never_away() {
    network::enter();
    let chat = Reached::start("PRESENCE_GRACE=300");
    let mut bob = chat.other("lobby", "bob");
    let mut frozen = Reached::alice(&chat.network);
    frozen.send(&json!({"type": "ping", "within": 2}));
    frozen.expect("pong");
    network::cut();
    let mut alice = Reached::alice(&chat.socket);
    alice
        .send(&json!({"type": "say", "room": "lobby", "text": "it was the tunnel", "msgid": "m1"}));
    assert_eq!(bob.expect("say")["from"], "alice");
    assert_eq!((chat.lines("join"), chat.lines("quit")), (2, 0));
    drop(frozen);
}

/// A page that nobody looks at promises nothing, nor do bots and text clients: the daemon's pings tell of those.
#[test]
fn who_is_frozen_and_has_promised_nothing_is_gone_when_pings_stay_unanswered() {
    network::enter();
    let chat = Reached::start_with("PRESENCE_GRACE=4", &["--pingms=2000"]);
    let mut others = [chat.other("lobby", "bob"), chat.other("den", "carol")];
    let hidden = Reached::alice(&chat.network);
    let bot = Page::enter(chat.network.client("/lobby?format=json&nick=robot"));
    let text = chat.network.client("/den?nick=walter");
    for (other, gone) in others
        .iter_mut()
        .zip([["alice", "robot"], ["alice", "walter"]])
    {
        for name in gone {
            other.find(|message| message["type"] == "join" && message["from"] == name);
        }
    }
    network::cut();
    for (other, gone) in others
        .iter_mut()
        .zip([["alice", "robot"], ["alice", "walter"]])
    {
        let first = other.expect("quit")["from"].clone();
        let second = other.expect("quit")["from"].clone();
        let mut names = [first.as_str().unwrap_or(""), second.as_str().unwrap_or("")];
        names.sort_unstable();
        assert_eq!(names, gone);
    }
    drop((hidden, bot, text));
}
