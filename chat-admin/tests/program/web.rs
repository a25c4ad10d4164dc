//! `chat-web`, the administration's part on the server: the real program, as a web server runs it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, SystemTime};

use chat_admin::web::{VIEW_NAMES, deed_names};
use chat_store::accounts::{self, Account, AccountKind, Group};
use chat_store::audit;
use chat_store::closed;
use chat_store::fs::dirs::Dirs;
use chat_store::moderation::{Extent, roles};
use chat_store::name::{Nick, RoomName};
use chat_store::people::person::PersonId;
use chat_store::record::RecordId;
use serde_json::{Value, json};

use crate::chat_cgi::{Answer, Site};

const PASSWORD: &str = "correct horse battery";
const OWN: [(&str, &str); 4] = [
    ("HTTPS", "on"),
    ("CONTENT_TYPE", "application/json"),
    ("HTTP_ORIGIN", "https://chat.example.org"),
    ("HTTP_SEC_FETCH_SITE", "same-origin"),
];

/// A site with an administrator, somebody who moderates a room, and somebody who does neither.
struct Web {
    site: Site,
    dirs: Dirs,
}

/// Who asks, by their cookie and the token of their page.
#[derive(Clone, Default)]
struct Who {
    cookie: String,
    token: String,
}

impl Web {
    fn new(lines: &str) -> Self {
        let site = Site::new(&format!("ACCOUNTS=yes\n{lines}\n"));
        let dirs = Dirs::under(&site.path(""));
        dirs.create().expect("directories");
        for (name, group) in [
            ("root", "admin"),
            ("olga", "admin"),
            ("mona", "staff"),
            ("paul", "staff"),
        ] {
            let mut account = Account::new(nick(name), AccountKind::Person);
            account.groups.extend(Group::parse(group));
            let password = chat_admin::login::Password::typed(PASSWORD);
            let verifier = chat_admin::login::Verifier::new(&password).expect("a verifier");
            account.set_verifier(verifier.to_string());
            accounts::create(&dirs, &account).expect("an account");
        }
        let hall = RoomName::parse("hall").expect("a name");
        roles::set(
            &dirs,
            Extent::Room(&hall),
            "mona",
            roles::Role::Moderator,
            "root",
        )
        .expect("a role");
        let web = Self { site, dirs };
        web.shell(&["say", "hall", "hello"]);
        web
    }

    fn shell(&self, words: &[&str]) {
        let done = std::process::Command::new(e2e::under_test::chatctl())
            .arg("--config")
            .arg(self.site.path("chat.ini"))
            .args(words)
            .output()
            .expect("chatctl");
        assert!(done.status.success(), "{done:?}");
    }

    fn ask(
        &self,
        who: &Who,
        method: &str,
        path: &str,
        more: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let mut variables = OWN.to_vec();
        variables.push(("HTTP_COOKIE", &who.cookie));
        variables.push(("HTTP_X_CHAT_TOKEN", &who.token));
        variables.extend(more);
        let body = if method == "GET" {
            String::new()
        } else {
            body.to_string()
        };
        self.site
            .run_program("chat-web", method, path, &variables, &body)
    }

    fn get(&self, who: &Who, path: &str) -> Answer {
        self.ask(who, "GET", path, &[], &Value::Null)
    }

    fn post(&self, who: &Who, path: &str, body: &Value) -> Answer {
        self.ask(who, "POST", path, &[], body)
    }

    fn log_in(&self, name: &str, password: &str) -> Answer {
        self.post(
            &Who::default(),
            "/session",
            &json!({ "name": name, "password": password }),
        )
    }

    fn administrator(&self) -> Who {
        let answer = self.log_in("root", PASSWORD);
        assert_eq!(answer.status, 200, "{}", answer.body);
        Who {
            cookie: answer.cookie(),
            token: answer.body["token"].as_str().expect("a token").to_owned(),
        }
    }

    /// Logged in in the chat, which is not to be enough here.
    fn of_the_chat(&self, name: &str) -> Who {
        let body = json!({ "name": name, "password": PASSWORD });
        let answer = self
            .site
            .run("POST", "/account/login", &OWN, &body.to_string());
        assert_eq!(answer.status, 200, "{}", answer.body);
        let id = answer
            .cookie()
            .split_once('=')
            .expect("a value")
            .1
            .to_owned();
        Who {
            // Under both names: the chat's session is no session here.
            cookie: format!("PHPSESSID={id}; __Host-chat-administration={id}"),
            token: id,
        }
    }

    fn noted(&self) -> Vec<(String, String)> {
        let found = audit::last(&self.dirs, RecordId::MAX, 100).expect("the audit log");
        found.into_iter().map(|it| (it.who, it.what)).collect()
    }
}

fn nick(name: &str) -> Nick {
    Nick::parse(name).expect("a nick")
}

/// Every endpoint: how it is asked, and where.
fn endpoints() -> Vec<(&'static str, String)> {
    let views = VIEW_NAMES
        .iter()
        .map(|name| ("GET", format!("/{name}?room=hall&name=paul")));
    let deeds = deed_names().map(|name| ("POST", format!("/deeds/{name}")));
    let others = [("DELETE", "/session"), ("POST", "/session/again")];
    let others = others.map(|(method, path)| (method, path.to_owned()));
    views.chain(deeds).chain(others).collect()
}

/// What fits every deed; none of it changes much.
fn wish() -> Value {
    json!({
        "room": "hall", "who": "nobody", "name": "nobody", "account": "paul", "role": "member", "topic": "t",
        "seconds": 0, "id": "2026-11-21T10:15:30.123456Z", "older-than": "100years", "group": [], "password": PASSWORD,
    })
}

#[test]
fn each_endpoint_is_for_administrators_alone() {
    let web = Web::new("");
    let nobody = Who::default();
    let (plain, moderator, chat_only) = (
        web.of_the_chat("paul"),
        web.of_the_chat("mona"),
        web.of_the_chat("root"),
    );
    let mut root = web.administrator();
    for (method, path) in endpoints() {
        for (who, name) in [
            (&nobody, "nobody"),
            (&plain, "a plain user"),
            (&moderator, "a moderator"),
            (
                &chat_only,
                "an administrator who logged in in the chat alone",
            ),
        ] {
            let answer = web.ask(who, method, &path, &[], &wish());
            assert_eq!(
                (answer.status, answer.code()),
                (401, "log_in"),
                "{method} {path} by {name}"
            );
        }
        // The same question of an administrator is understood.
        let answer = web.ask(&root, method, &path, &[], &wish());
        let known = [200, 404, 409].contains(&answer.status) && answer.code() != "not_found";
        assert!(known, "{method} {path}: {} {}", answer.status, answer.body);
        if path.starts_with("/session") {
            root = web.administrator();
        }
    }
    // With the right password others are not let in either.
    for name in ["paul", "mona"] {
        let answer = web.log_in(name, PASSWORD);
        assert_eq!((answer.status, answer.code()), (403, "not_administrator"));
        assert!(answer.header("Set-Cookie").is_none());
    }
    let answer = web.log_in("root", "wrong");
    assert_eq!((answer.status, answer.code()), (403, "wrong_login"));
    assert!(
        answer.log.contains("a log-in failed from 192.0.2.7"),
        "{}",
        answer.log
    );
    let strange = web.get(&root, "/nothing");
    assert_eq!(strange.status, 404);
}

#[test]
fn a_change_comes_from_the_own_page_with_its_token() {
    let web = Web::new("");
    let root = web.administrator();
    let other = web.administrator();
    for (method, path) in endpoints()
        .into_iter()
        .filter(|(method, _)| *method != "GET")
    {
        for (name, value) in [
            ("HTTP_ORIGIN", "https://evil.example"),
            ("HTTP_ORIGIN", "null"),
            ("HTTP_ORIGIN", ""),
            ("HTTP_SEC_FETCH_SITE", "cross-site"),
            ("HTTP_SEC_FETCH_SITE", "same-site"),
            ("CONTENT_TYPE", "text/plain"),
            ("CONTENT_TYPE", "application/x-www-form-urlencoded"),
        ] {
            // Without Fetch metadata, as old browsers are, where the origin is to decide.
            let more = [
                (
                    "HTTP_SEC_FETCH_SITE",
                    if name == "HTTP_ORIGIN" {
                        ""
                    } else {
                        "same-origin"
                    },
                ),
                (name, value),
            ];
            let answer = web.ask(&root, method, &path, &more, &wish());
            assert_eq!(
                (answer.status, answer.code()),
                (403, "cross_site"),
                "{method} {path} {name}={value}"
            );
        }
        for token in ["", "x", &other.token, &root.token[1..]] {
            let who = Who {
                token: token.to_owned(),
                ..root.clone()
            };
            let answer = web.ask(&who, method, &path, &[], &wish());
            assert_eq!(
                (answer.status, answer.code()),
                (403, "bad_token"),
                "{method} {path}"
            );
        }
    }
    // The cookie alone, which is sent to every port of the host, shows nothing either.
    for token in ["", "x", &other.token] {
        let who = Who {
            token: token.to_owned(),
            ..root.clone()
        };
        for view in VIEW_NAMES {
            let answer = web.get(&who, &format!("/{view}?room=hall&name=paul"));
            assert_eq!((answer.status, answer.code()), (401, "log_in"), "{view}");
        }
        let session = web.get(&who, "/session").body;
        assert_eq!(
            (&session["account"], &session["token"]),
            (&Value::Null, &Value::Null)
        );
    }
    // Logging in is a change too: nobody is logged in as somebody else by another site.
    let answer = web.ask(
        &Who::default(),
        "POST",
        "/session",
        &[
            ("HTTP_SEC_FETCH_SITE", ""),
            ("HTTP_ORIGIN", "https://evil.example"),
        ],
        &json!({ "name": "root", "password": PASSWORD }),
    );
    assert_eq!(answer.code(), "cross_site");
    // None of it was done.
    let done = audit::last(&web.dirs, RecordId::MAX, 100).expect("the audit log");
    assert!(
        done.iter()
            .all(|it| it.via == "shell" || it.what == "log in"),
        "{done:?}"
    );
}

#[test]
fn without_tls_it_answers_to_this_machine_alone() {
    let web = Web::new("");
    let ask = |address: &str, host: &str, proxy: &str| {
        let more = [
            ("HTTPS", ""),
            ("REMOTE_ADDR", address),
            ("HTTP_HOST", host),
            ("HTTP_X_FORWARDED_FOR", proxy),
        ];
        web.ask(&Who::default(), "GET", "/session", &more, &Value::Null)
    };
    assert_eq!(ask("127.0.0.1", "127.0.0.1:8081", "").status, 200);
    assert_eq!(
        ask("192.0.2.7", "chat.example.org", "").code(),
        "tls_needed"
    );
    assert_eq!(ask("127.0.0.1", "evil.example", "").code(), "bad_host");
    assert_eq!(
        ask("127.0.0.1", "localhost", "192.0.2.7").code(),
        "proxy_not_trusted"
    );
    let none = Site::new("");
    let answer = none.run_program("chat-web", "GET", "/session", &OWN, "");
    assert_eq!((answer.status, answer.code()), (403, "no_accounts"));
}

#[test]
fn a_session_is_short_and_ends_with_what_it_stands_on() {
    let web = Web::new("");
    let dir = web.site.path("run/administration");
    let files = || {
        fs::read_dir(&dir)
            .expect("sessions")
            .flatten()
            .map(|it| it.path())
            .collect::<Vec<_>>()
    };
    let is_in = |who: &Who| web.get(who, "/people").status == 200;
    let answer = web.log_in("root", PASSWORD);
    let cookie = answer.header("Set-Cookie").expect("a cookie").to_owned();
    for part in [
        "__Host-chat-administration=",
        "HttpOnly",
        "SameSite=Strict",
        "Secure",
        "Path=/",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(
        !cookie.contains("Max-Age"),
        "it ends with the browser: {cookie}"
    );
    let word = answer
        .cookie()
        .split_once('=')
        .expect("a value")
        .1
        .to_owned();
    assert!(
        files()
            .iter()
            .all(|path| !path.to_string_lossy().contains(&word))
    );
    assert_eq!(
        fs::metadata(&dir).expect("made").permissions().mode() & 0o777,
        0o700
    );
    // A quarter of an hour without a question.
    let root = web.administrator();
    let old = SystemTime::now() - Duration::from_secs(15 * 60 + 5);
    for path in files() {
        fs::File::options()
            .write(true)
            .open(path)
            .expect("a session")
            .set_modified(old)
            .expect("its time");
    }
    assert!(!is_in(&root));
    assert_eq!(web.get(&root, "/session").body["account"], Value::Null);
    // Eight hours, however busy.
    let root = web.administrator();
    assert!(is_in(&root));
    for path in files() {
        let text = fs::read_to_string(&path).expect("a session");
        let started = text.lines().nth(2).expect("its beginning");
        fs::write(
            &path,
            text.replacen(started, "2020-01-01T00:00:00.000000Z", 1),
        )
        .expect("written");
    }
    assert!(!is_in(&root));
    // A log-out, another password, and the loss of the right.
    let root = web.administrator();
    assert_eq!(
        web.ask(&root, "DELETE", "/session", &[], &json!({})).status,
        200
    );
    assert!(!is_in(&root));
    let root = web.administrator();
    web.shell(&["logout", "root"]);
    assert!(!is_in(&root));
    let root = web.administrator();
    web.shell(&["groups", "root", "--remove", "admin"]);
    assert!(!is_in(&root));
    web.shell(&["groups", "root", "--add", "admin"]);
    web.shell(&["disable", "root"]);
    assert!(!is_in(&root));
    web.shell(&["enable", "root"]);
    // There are never many of them.
    for _ in 0..55 {
        fs::write(dir.join(format!("{:064}", rand(&dir))), "x").expect("a file");
    }
    web.administrator();
    assert!(files().len() <= 50, "{}", files().len());
}

/// A number that no file is called.
fn rand(dir: &std::path::Path) -> usize {
    fs::read_dir(dir).expect("a directory").count() + 1000
}

#[test]
fn what_cannot_be_undone_needs_the_password_again() {
    let web = Web::new("");
    let root = web.administrator();
    let purge = json!({ "room": "hall" });
    let dir = web.site.path("run/administration");
    let path = fs::read_dir(&dir)
        .expect("sessions")
        .flatten()
        .next()
        .expect("one")
        .path();
    let text = fs::read_to_string(&path).expect("a session");
    let proved = text.lines().nth(3).expect("when").to_owned();
    let before = RecordId::from_micros(RecordId::now().as_micros() - 301_000_000).to_string();
    let mut lines: Vec<_> = text.lines().collect();
    lines[3] = &before;
    fs::write(&path, lines.join("\n")).expect("written");
    assert_ne!(proved, before);
    assert_eq!(
        web.post(&root, "/deeds/purge", &purge).code(),
        "password_needed"
    );
    assert!(web.site.path("rooms/hall.log").exists());
    // What can be undone goes on.
    assert_eq!(
        web.post(&root, "/deeds/slow", &json!({"room": "hall", "seconds": 5}))
            .status,
        200
    );
    assert_eq!(
        web.post(&root, "/session/again", &json!({"password": "wrong"}))
            .code(),
        "wrong_login"
    );
    let again = web.post(&root, "/session/again", &json!({ "password": PASSWORD }));
    assert_eq!(again.status, 200);
    // Another session, in place of the one before.
    assert_eq!(web.get(&root, "/people").status, 401);
    let root = Who {
        cookie: again.cookie(),
        token: again.body["token"].as_str().expect("a token").to_owned(),
    };
    assert_eq!(web.post(&root, "/deeds/purge", &purge).status, 200);
    assert!(!web.site.path("rooms/hall.log").exists());
}

#[test]
fn deeds_are_those_of_chatctl() {
    let web = Web::new("");
    let root = web.administrator();
    let done = web.post(
        &root,
        "/deeds/ban",
        &json!({"room": "hall", "who": "--config=/etc/passwd", "minutes": 60, "reason": "spam\n2026 fake\tline"}),
    );
    assert_eq!(
        (done.status, done.code()),
        (400, "bad_value"),
        "{}",
        done.body
    );
    let done = web.post(
        &root,
        "/deeds/ban",
        &json!({"room": "hall", "who": "account:paul", "minutes": 60, "reason": "spam\n2026 fake\tline"}),
    );
    assert_eq!(done.status, 200, "{}", done.body);
    let bans = web.get(&root, "/bans").body;
    assert_eq!(
        (&bans[0]["account"], &bans[0]["what"]),
        (&json!("paul"), &json!("ban")),
        "{bans}"
    );
    assert_eq!(
        web.post(
            &root,
            "/deeds/unban",
            &json!({"room": "hall", "who": "account:paul"})
        )
        .status,
        200
    );
    assert_eq!(web.get(&root, "/bans").body, json!([]));
    assert_eq!(
        web.post(
            &root,
            "/deeds/kick",
            &json!({"room": "hall", "who": "ghost"})
        )
        .code(),
        "missing"
    );
    assert_eq!(
        web.post(
            &root,
            "/deeds/topic",
            &json!({"room": "hall", "topic": "<b>soup</b>"})
        )
        .status,
        200
    );
    let hall = web.get(&root, "/room?room=hall").body;
    assert_eq!(
        (&hall["topic"], &hall["keep"]["line"]),
        (&json!("<b>soup</b>"), &Value::Null),
        "{hall}"
    );
    assert_eq!(hall["roles"][0]["account"], "mona");
    let whats: Vec<_> = web.noted().into_iter().map(|(_, what)| what).collect();
    let ban = "ban --minutes=60 hall account:paul spam 2026 fake line";
    assert!(whats.iter().any(|what| what == ban), "{whats:?}");
}

#[test]
fn accounts_are_made_and_ended_and_all_is_noted() {
    let web = Web::new("");
    let root = web.administrator();
    // An account, and a link by which its owner chooses a password: the word of it is in no log.
    assert_eq!(
        web.post(
            &root,
            "/deeds/register",
            &json!({"name": "nora", "group": ["staff"]})
        )
        .status,
        200
    );
    let link = web
        .post(&root, "/deeds/link", &json!({"name": "nora"}))
        .body;
    let address = link["value"]["address"]
        .as_str()
        .expect("an address")
        .to_owned();
    assert!(
        address.starts_with("password.html#name=nora&link="),
        "{address}"
    );
    let word = address.rsplit('=').next().expect("a word");
    assert!(
        !fs::read_to_string(audit::path(&web.dirs))
            .expect("read")
            .contains(word)
    );
    // The last administrator stays one.
    assert_eq!(
        web.post(&root, "/deeds/disable", &json!({"name": "olga"}))
            .status,
        200
    );
    let last = web.post(&root, "/deeds/disable", &json!({"name": "root"}));
    assert_eq!(
        (last.status, last.code()),
        (409, "refused"),
        "{}",
        last.body
    );
    assert_eq!(
        web.get(&root, "/history?room=hall").body[0]["text"],
        "hello"
    );
    web.shell(&["mute", "hall", "bob", "at the shell"]);
    let noted = web.noted();
    let whats: Vec<_> = noted.iter().map(|(_, what)| what.as_str()).collect();
    assert_eq!(
        whats[..6],
        [
            "mute hall bob at the shell",
            "history hall",
            "disable root: not done: this is the last administrator: make another one first, by chatctl groups NAME \
             --add admin",
            "disable root",
            "disable olga",
            "passwd nora --link",
        ],
        "{noted:?}"
    );
    let told = web.get(&root, "/audit").body;
    assert_eq!(
        (&told[1]["via"], &told[1]["who"], &told[1]["from"]),
        (&json!("web"), &json!("root"), &json!("192.0.2.7"))
    );
    assert_eq!(told[0]["via"], "shell");
    let before = told[3]["id"].as_str().expect("an id");
    assert_eq!(
        web.get(&root, &format!("/audit?before={before}")).body[0]["what"],
        "disable olga"
    );
}

#[test]
fn nothing_private_or_secret_is_shown() {
    let web = Web::new("TURN_SECRET=0123456789abcdefgh");
    let root = web.administrator();
    let settings = web.get(&root, "/settings").body;
    assert!(!settings.to_string().contains("0123456789abcdefgh"));
    let secret = settings["settings"].as_array().expect("a list");
    let secret = secret
        .iter()
        .find(|it| it["key"] == "TURN_SECRET")
        .expect("it is told");
    assert_eq!(
        (&secret["hidden"], &secret["line"]),
        (&json!(true), &json!(4))
    );
    // The end of a log: bounded, and nothing in it acts.
    let log = web.site.path("log/authentization.log");
    let line = format!("2026 192.0.2.1 \u{1b}[31m<script>{}\n", "x".repeat(5000));
    fs::write(log, line.repeat(300)).expect("written");
    let tail = web.get(&root, "/log").body;
    let lines = tail["lines"].as_array().expect("lines");
    assert_eq!(lines.len(), 200);
    let first = lines[0].as_str().expect("a line");
    assert!(
        first.chars().count() <= 1000 && !first.contains('\u{1b}'),
        "{first}"
    );
    assert_eq!(web.get(&root, "/log?file=../../etc/passwd").status, 404);
    assert_eq!(web.get(&root, "/log?file=service").status, 404);
    let file = web.site.path("daemon.log");
    fs::write(&file, "one\ntwo\n").expect("written");
    let more = [("CHAT_LOG_FILE", file.to_str().expect("a path"))];
    let tail = web
        .ask(
            &root,
            "GET",
            "/log?file=service&search=ON",
            &more,
            &Value::Null,
        )
        .body;
    assert_eq!(tail["lines"], json!(["one"]));
}

#[test]
fn samples_are_kept_by_whoever_looks_and_by_chatctl() {
    let web = Web::new("");
    let root = web.administrator();
    let status = web.get(&root, "/status").body;
    assert_eq!(status["now"]["people"], 0, "{status}");
    assert_eq!(status["day"].as_array().map(Vec::len), Some(1), "{status}");
    // A moment later there is none more.
    web.shell(&["sample"]);
    assert_eq!(
        web.get(&root, "/status").body["day"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    let day = web.site.path("log/status.day");
    let text = fs::read_to_string(&day).expect("samples");
    let at: u64 = text
        .split(' ')
        .next()
        .and_then(|word| word.parse().ok())
        .expect("a time");
    fs::write(
        &day,
        text.replacen(&at.to_string(), &(at - 400).to_string(), 1),
    )
    .expect("written");
    web.shell(&["say", "hall", "one"]);
    web.shell(&["say", "hall", "two"]);
    web.shell(&["sample"]);
    let status = web.get(&root, "/status").body;
    assert_eq!(status["day"].as_array().map(Vec::len), Some(2), "{status}");
    // Those two, and the hello of before.
    assert_eq!(status["day"][1]["messages"], 3, "{status}");
    assert!(status["day"][1]["free"].as_u64() > Some(0), "{status}");
}

#[test]
fn of_private_rooms_nothing_is_shown_but_that_they_are_there() {
    let web = Web::new("");
    let private = closed::new_name().expect("a name");
    let mut circle = closed::Circle::new(closed::Kind::Room, "sesame");
    assert!(circle.add(closed::Member {
        person: PersonId::of(Some("paul"), None).expect("a person"),
        name: "paul".to_owned(),
        account: Some("paul".to_owned()),
        since: RecordId::ZERO,
        keeps: true,
    }));
    assert!(closed::create(&web.dirs, &private, &circle).expect("made"));
    let name = private.as_str();
    web.shell(&["say", name, "sesame seeds"]);
    web.shell(&["role", name, "mona", "owner"]);
    let root = web.administrator();
    for view in VIEW_NAMES {
        let answer = web.get(&root, &format!("/{view}?room={name}&name=root"));
        let text = answer.body.to_string();
        assert!(!text.contains("sesame"), "{view}: {text}");
        assert!(*view != "room" || !text.contains("mona"), "{view}: {text}");
    }
    let rooms = web.get(&root, "/rooms").body;
    let is_there = |it: &Value| it["room"] == name && it["members"] == 1;
    assert!(
        rooms.as_array().expect("rooms").iter().any(is_there),
        "{rooms}"
    );
    let mut wish = wish();
    wish["room"] = name.into();
    for deed in [
        "kick", "ban", "mute", "unban", "unmute", "slow", "topic", "resolve", "redact", "clear",
        "role",
    ] {
        let answer = web.post(&root, &format!("/deeds/{deed}"), &wish);
        assert_eq!((answer.status, answer.code()), (409, "refused"), "{deed}");
    }
    let purge = json!({ "room": name });
    assert_eq!(web.post(&root, "/deeds/purge", &purge).status, 200);
    assert!(!web.site.path("closed").join(name).exists());
}
