//! A site with one line of rights, and the ways into it.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use chat_store::accounts::{self, Account, AccountKind, Group};
use chat_store::closed::{self, Circle, Kind, Member};
use chat_store::fs::dirs::Dirs;
use chat_store::name::{Nick, RoomName};
use chat_store::people::person::PersonId;
use chat_store::record::RecordId;
use serde_json::{Value, json};

use super::{PEOPLE, Person, Way};
use crate::api::Shop;
use crate::chat_cgi::Answer;

/// A site with one line of rights.
pub(super) struct Site {
    shop: Shop,
    dirs: Dirs,
    /// A room for the accounts only, who may bring others.
    pub(super) den: RoomName,
    pub(super) deeds: usize,
}

impl Site {
    pub(super) fn new(right: &str, whom: &str, verifier: &str) -> Self {
        let shop = Shop::new(&format!(
            "ACCOUNTS=yes\nREGISTER=open\nPRESENCE_GRACE=0\nMESSAGE_BURST=1000\nICE_SERVER_DNS=turn.example.org\n\
             TURN_URLS=turn:turn.example.org\nTURN_SECRET=a-secret-of-the-relay\n[access]\n{right}={whom}\n"
        ));
        let dirs = Dirs::under(&shop.site.path(""));
        dirs.create().expect("made");
        let mut circle = Circle::new(Kind::Room, "den");
        for name in PEOPLE.iter().filter_map(|person| person.account) {
            let mut account = Account::new(Nick::parse(name).expect("a name"), AccountKind::Person);
            if ["carl", "bob"].contains(&name) {
                account.groups.extend(Group::parse("crew"));
            }
            account.set_verifier(verifier.to_owned());
            accounts::create(&dirs, &account).expect("made");
            circle.add(Member {
                person: PersonId::of(Some(name), None).expect("a person"),
                name: name.to_owned(),
                account: Some(name.to_owned()),
                since: RecordId::ZERO,
                keeps: true,
            });
        }
        let den = closed::new_name().expect("a name");
        closed::create(&dirs, &den, &circle).expect("made");
        let site = Self {
            shop,
            dirs,
            den,
            deeds: 0,
        };
        site.chatctl(&["say", "lobby", "first"]);
        site
    }

    pub(super) fn chatctl(&self, words: &[&str]) -> Value {
        let output = Command::new(e2e::under_test::beside("chatctl"))
            .env_clear()
            .arg("--config")
            .arg(self.shop.site.path("chat.ini"))
            .arg("--json")
            .args(words)
            .output()
            .expect("chatctl");
        assert!(output.status.success(), "{words:?}: {output:?}");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// What the administrator is told.
    pub(super) fn explained(&self, right: &str, person: Person) -> bool {
        let name = person.account.unwrap_or("-");
        let rows = self.chatctl(&[
            "acl",
            "explain",
            name,
            "--room=lobby",
            "--address",
            person.address,
        ]);
        let rows = rows.as_array().expect("rows");
        let row = rows
            .iter()
            .find(|row| row["right"] == right)
            .expect("each right");
        row["allowed"].as_bool().expect("yes or no")
    }

    /// A session of the chat's own form.
    pub(super) fn cookie(&self, person: Person) -> String {
        let Some(name) = person.account else {
            return String::new();
        };
        let account = accounts::find(&self.dirs.accounts, &Nick::parse(name).expect("a name"));
        let generation = account.expect("read").expect("one").generation.to_string();
        let id = format!("{name:a<26}");
        let data = [("chat_generation", generation.as_str()), ("username", name)];
        let data = data.iter().fold(String::new(), |mut all, (key, value)| {
            let _ = write!(all, "{key}|s:{}:\"{value}\";", value.len());
            all
        });
        fs::write(self.shop.site.path(&format!("sessions/sess_{id}")), data).expect("written");
        format!("PHPSESSID={id}")
    }

    /// Sends this line to a handler, and gives all that it answers until it has ended.
    pub(super) fn send(&self, way: Way, person: Person, room: &str, line: &Value) -> String {
        let text = line["text"].as_str().unwrap_or_default().to_owned();
        let (path, query, lines) = match way {
            Way::Json => (
                room,
                "format=json&nick=guest&client=abcdefgh",
                line.to_string() + "\n",
            ),
            Way::Rooms => {
                let enter = json!({"type": "enter", "rooms": [{"room": room}]});
                let mut line = line.clone();
                line["room"] = json!(room);
                let query = "format=json&protocol=2&nick=guest&client=abcdefgh";
                ("", query, format!("{enter}\n{line}\n"))
            }
            _ => (room, "nick=guest", text + "\n"),
        };
        let mut handler = Command::new(e2e::under_test::beside("chat-handler"))
            .env_clear()
            .env("TZ", "UTC0")
            .env("CHAT_CONFIG", self.shop.site.path("chat.ini"))
            .env("PATH_INFO", format!("/{path}"))
            .env("QUERY_STRING", query)
            .env("HTTP_COOKIE", self.cookie(person))
            .env("REMOTE_ADDR", person.address)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the handler starts");
        // Who is not let in reads nothing.
        let _ = handler
            .stdin
            .take()
            .expect("piped")
            .write_all(lines.as_bytes());
        let output = handler.wait_with_output().expect("it ends");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    pub(super) fn say(&self, way: Way, person: Person, room: &str, text: &str) -> String {
        // What comes twice under one id from one browser is said once.
        let msgid = format!("m{}", self.deeds);
        let line = json!({"type": "say", "text": text, "msgid": msgid});
        self.send(way, person, room, &line)
    }

    /// As a page of the site's own asks.
    pub(super) fn ask(
        &self,
        program: &str,
        person: Person,
        method: &str,
        path: &str,
        kind: &str,
        body: &str,
    ) -> Answer {
        let cookie = self.cookie(person);
        let variables = [
            ("HTTP_COOKIE", cookie.as_str()),
            ("REMOTE_ADDR", person.address),
            ("HTTPS", "on"),
            ("CONTENT_TYPE", kind),
            ("HTTP_ORIGIN", "https://chat.example.org"),
            ("HTTP_SEC_FETCH_SITE", "same-origin"),
        ];
        self.shop
            .site
            .run_program(program, method, path, &variables, body)
    }

    pub(super) fn api(&self, person: Person, method: &str, path: &str, body: &Value) -> Answer {
        let token = self
            .shop
            .token(&json!({"scope": "user", "sub": person.account}));
        let bearer = format!("Bearer {token}");
        let variables = [
            ("HTTP_AUTHORIZATION", bearer.as_str()),
            ("REMOTE_ADDR", person.address),
            ("CONTENT_TYPE", "application/json"),
        ];
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.shop
            .site
            .run(method, &format!("/v1/{path}"), &variables, &body)
    }

    pub(super) fn log(&self, room: &str) -> String {
        fs::read_to_string(self.shop.site.path(&format!("rooms/{room}.log"))).unwrap_or_default()
    }

    pub(super) fn slow(&self) -> Value {
        self.chatctl(&["slow", "lobby"])
    }

    pub(super) fn invitations(&self) -> usize {
        let circle = closed::find(&self.dirs, &self.den)
            .expect("read")
            .expect("it is there");
        circle.circle.invitations.len()
    }
}
