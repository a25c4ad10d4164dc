//! Each right of `[access]`, by each way into the chat, for each kind of person: what really happens is what
//! `chatctl acl explain` says. Of what is done the files tell, and not what a program says of itself.

use serde_json::{Value, json};

mod site;

use site::Site;

const PASSWORD: &str = "correct horse battery";
const ELSEWHERE: &str = "203.0.113.5";
const IN_THE_NETWORK: &str = "198.51.100.9";

/// Whom a line may name: each kind, and together with exceptions.
const WHOM: [&str; 6] = [
    "all",
    "account",
    "group:crew",
    "!account:bob, group:crew, network 198.51.100.0/24",
    "!network 198.51.100.0/24, all",
    "!all",
];

/// Somebody: an account, or a guest without one.
#[derive(Debug, Clone, Copy)]
struct Person {
    account: Option<&'static str>,
    address: &'static str,
}

/// Those whom the lines tell apart. carl and bob are of the crew.
const PEOPLE: [Person; 6] = [
    Person {
        account: None,
        address: ELSEWHERE,
    },
    Person {
        account: None,
        address: IN_THE_NETWORK,
    },
    Person {
        account: Some("anna"),
        address: ELSEWHERE,
    },
    Person {
        account: Some("dora"),
        address: IN_THE_NETWORK,
    },
    Person {
        account: Some("carl"),
        address: ELSEWHERE,
    },
    Person {
        account: Some("bob"),
        address: ELSEWHERE,
    },
];

/// How somebody comes to the chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The JSON protocol, one room.
    Json,
    /// The same, many rooms.
    Rooms,
    /// Text, as the pages of 2016.
    Text,
    /// What the pages ask, `chat-cgi`.
    Pages,
    /// The interface for programs, by a token about a person.
    Api,
    /// The administration.
    Web,
}

const SESSION: [Way; 3] = [Way::Json, Way::Rooms, Way::Text];

/// The rights, and the ways by which each is used.
const TABLE: [(&str, &[Way]); 10] = [
    (
        "enter",
        &[Way::Json, Way::Rooms, Way::Text, Way::Pages, Way::Api],
    ),
    ("create_room", &SESSION),
    ("speak", &[Way::Json, Way::Rooms, Way::Text, Way::Api]),
    ("upload", &[Way::Pages]),
    ("call", &[Way::Json, Way::Rooms, Way::Pages]),
    ("invite", &SESSION),
    ("moderate", &[Way::Json, Way::Rooms, Way::Text, Way::Api]),
    ("announce", &SESSION),
    ("register", &[Way::Pages]),
    ("admin", &[Way::Json, Way::Rooms, Way::Text, Way::Web]),
];

impl Site {
    /// Whether it was done; `None` where this person cannot come by this way.
    fn does(&mut self, right: &str, way: Way, person: Person) -> Option<bool> {
        self.deeds += 1;
        let number = self.deeds;
        let words = format!("deed-{number}");
        // Tokens are about accounts, and so are those who administer or are in the den.
        if matches!(way, Way::Api | Way::Web) || right == "invite" {
            person.account?;
        }
        Some(match way {
            Way::Json | Way::Rooms | Way::Text => self.says(right, way, person, &words),
            Way::Pages | Way::Api | Way::Web => self.asks(right, way, person, &words),
        })
    }

    /// In a room, by what its log and state are afterwards.
    fn says(&self, right: &str, way: Way, person: Person, words: &str) -> bool {
        let number = self.deeds;
        match right {
            "enter" | "speak" => {
                self.say(way, person, "lobby", words);
                self.log("lobby").lines().any(|line| line.ends_with(words))
            }
            "create_room" => {
                let room = format!("room{number}");
                self.say(way, person, &room, words);
                self.log(&room).contains(words)
            }
            "call" => {
                let signal =
                    json!({"type": "signal", "to": "peer", "data": {"x": 1}, "msgid": "m"});
                let told = self.send(way, person, "lobby", &signal);
                assert!(told.contains("\"welcome\""), "{told}");
                !told.contains("not_allowed")
            }
            "invite" => {
                let before = self.invitations();
                let den = self.den.as_str().to_owned();
                self.say(way, person, &den, "/invite 1 1");
                self.invitations() > before
            }
            "moderate" | "admin" => {
                let before = self.slow();
                self.say(way, person, "lobby", &format!("/slow {number}"));
                self.slow() != before
            }
            "announce" => {
                self.say(way, person, "lobby", &format!("/announce {words}"));
                let is_it = |line: &str| line.contains("\tserver\t") && line.ends_with(words);
                self.log("lobby").lines().any(is_it)
            }
            other => panic!("{other} has no way by a room"),
        }
    }

    /// By what programs are answered.
    fn asks(&self, right: &str, way: Way, person: Person, words: &str) -> bool {
        let number = self.deeds;
        match (right, way) {
            ("enter", Way::Pages) => {
                self.ask("chat-cgi", person, "GET", "/history?room=lobby", "", "")
                    .status
                    == 200
            }
            ("enter", Way::Api) => {
                self.api(person, "GET", "rooms/lobby/messages", &Value::Null)
                    .status
                    == 200
            }
            ("speak", Way::Api) => {
                self.api(
                    person,
                    "POST",
                    "rooms/lobby/messages",
                    &json!({"text": words}),
                );
                self.log("lobby").contains(words)
            }
            ("upload", _) => {
                let path = format!("/files?room=lobby&name={words}&client=abcdefgh");
                let answer = self.ask(
                    "chat-cgi",
                    person,
                    "POST",
                    &path,
                    "application/octet-stream",
                    "x",
                );
                assert!([200, 403].contains(&answer.status), "{}", answer.body);
                answer.status == 200
            }
            ("call", Way::Pages) => {
                let told = self.ask("chat-cgi", person, "GET", "/config?room=lobby", "", "");
                told.body["ice_servers"].to_string().contains("turn:")
            }
            ("moderate", Way::Api) => {
                let topic = json!({"topic": words});
                self.api(person, "PUT", "rooms/lobby/topic", &topic).status == 200
            }
            ("register", _) => {
                let body =
                    json!({"name": format!("new{number}"), "password": PASSWORD}).to_string();
                let answer = self.ask(
                    "chat-cgi",
                    person,
                    "POST",
                    "/account/register",
                    "application/json",
                    &body,
                );
                let is_closed = answer.code() == "register_closed";
                assert!(answer.status == 200 || is_closed, "{}", answer.body);
                !is_closed
            }
            (_, _) => {
                let body = json!({"name": person.account, "password": PASSWORD}).to_string();
                let answer = self.ask(
                    "chat-web",
                    person,
                    "POST",
                    "/session",
                    "application/json",
                    &body,
                );
                answer.status == 200
            }
        }
    }
}

#[test]
fn what_happens_is_what_acl_explain_says_by_each_way_for_each_kind_of_person() {
    let password = chat_admin::login::Password::typed(PASSWORD);
    let verifier = chat_admin::login::Verifier::new(&password)
        .expect("a verifier")
        .to_string();
    let (mut wrong, mut asked) = (Vec::new(), 0);
    for (right, ways) in TABLE {
        for whom in WHOM {
            let mut site = Site::new(right, whom, &verifier);
            for person in PEOPLE {
                let told = site.explained(right, person);
                for &way in ways {
                    let Some(done) = site.does(right, way, person) else {
                        continue;
                    };
                    asked += 1;
                    if done != told {
                        wrong.push(format!(
                            "{right}={whom}: {person:?} by {way:?}: told {told}, done {done}"
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "of {asked}:\n{}", wrong.join("\n"));
    assert!(asked > 900, "{asked}");
}
