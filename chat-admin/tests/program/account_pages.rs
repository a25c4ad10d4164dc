//! `api/account/*`, what the pages of accounts ask: the real program, as a web server runs it.

use std::fs;

use crate::chat_cgi::{Answer, Site};
use chat_store::accounts::{self, Account, AccountKind, Group};
use chat_store::fs::dirs::Dirs;
use chat_store::name::Nick;
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery";

fn site(lines: &str) -> (Site, Dirs) {
    let site = Site::new(&format!("ACCOUNTS=yes\n{lines}\n"));
    let dirs = Dirs::under(&site.path(""));
    (site, dirs)
}

fn ask_from(site: &Site, address: &str, path: &str, cookie: &str, body: &Value) -> Answer {
    let variables = [
        ("HTTP_COOKIE", cookie),
        ("CONTENT_TYPE", "application/json"),
        ("HTTP_ORIGIN", "https://chat.example.org"),
        ("REMOTE_ADDR", address),
    ];
    let path = format!("/account/{path}");
    site.run("POST", &path, &variables, &body.to_string())
}

fn ask(site: &Site, path: &str, cookie: &str, body: &Value) -> Answer {
    ask_from(site, "192.0.2.7", path, cookie, body)
}

fn open(site: &Site, name: &str) -> Answer {
    ask(
        site,
        "register",
        "",
        &json!({"name": name, "password": PASSWORD}),
    )
}

#[test]
fn somebody_registers_logs_in_and_out() {
    let (site, _) = site("REGISTER=open");
    let config = site.get("/config", "").body;
    assert_eq!(
        config["accounts"],
        json!({"register": "open", "first": true})
    );
    assert_eq!(config["login_url"], "login.html");
    let made = open(&site, "Anna");
    assert_eq!(
        (made.status, &made.body["account"]),
        (200, &json!("Anna")),
        "{}",
        made.body
    );
    for part in [
        "HttpOnly",
        "SameSite=Lax",
        "Secure",
        "Path=/",
        "Max-Age=604800",
    ] {
        assert!(made.header("Set-Cookie").unwrap().contains(part), "{part}");
    }
    let first = made.cookie();
    let who = site.get("/session", &first).body;
    assert_eq!(
        (&who["account"], &who["own"]),
        (&json!("Anna"), &json!(true))
    );
    assert_eq!(open(&site, "anna").code(), "name_taken");
    assert_eq!(open(&site, "a/b").code(), "bad_name");
    let guessed = json!({"name": "bob", "password": "password123"});
    assert_eq!(
        ask(&site, "register", "", &guessed).code(),
        "password_guessed"
    );
    // A name and a color are chosen within the log-in, which stays.
    let named = site
        .post(&first, &json!({"name": "Annie", "color": "#aa0000"}))
        .body;
    assert_eq!(
        (&named["account"], &named["name"]),
        (&json!("Anna"), &json!("Annie"))
    );
    let log_in = json!({"name": "аnna", "password": PASSWORD});
    let second = ask(&site, "login", &first, &log_in);
    assert_eq!(second.body["account"], "Anna");
    // The session of before is nobody's: had it been planted, they would share the account.
    assert_ne!(second.cookie(), first);
    assert_eq!(site.get("/session", &first).body["account"], Value::Null);
    let third = ask(&site, "login", "", &log_in).cookie();
    ask(&site, "logout", &third, &json!({}));
    assert_eq!(site.get("/session", &third).body["account"], Value::Null);
    assert_eq!(
        site.get("/session", &second.cookie()).body["account"],
        "Anna"
    );
    let fourth = ask(&site, "login", "", &log_in).cookie();
    ask(&site, "logout", &fourth, &json!({"everywhere": true}));
    assert_eq!(
        site.get("/session", &second.cookie()).body["account"],
        Value::Null
    );
    // Whoever is logged out is a guest again, with any name.
    let guest = site.post(&second.cookie(), &json!({"name": "Zoe"}));
    assert_eq!(
        (guest.status, &guest.body["account"]),
        (200, &Value::Null),
        "{}",
        guest.body
    );
    let wrong = ask(
        &site,
        "login",
        "",
        &json!({"name": "anna", "password": "wrong one"}),
    );
    assert_eq!((wrong.status, wrong.code()), (403, "wrong_login"));
    assert!(wrong.log.contains("failed from 192.0.2.7") && !wrong.log.contains("wrong one"));
}

#[test]
fn no_other_site_logs_anybody_in_or_out() {
    let (site, _) = site("REGISTER=open");
    let cookie = open(&site, "anna").cookie();
    for (kind, origin) in [
        ("application/json", "https://evil.example"),
        ("text/plain", "https://chat.example.org"),
        ("application/x-www-form-urlencoded", "https://evil.example"),
    ] {
        for path in ["login", "logout", "register", "password", "link", "first"] {
            let variables = [
                ("HTTP_COOKIE", cookie.as_str()),
                ("CONTENT_TYPE", kind),
                ("HTTP_ORIGIN", origin),
            ];
            let answer = site.run("POST", &format!("/account/{path}"), &variables, "{}");
            assert_eq!(
                (answer.status, answer.code()),
                (403, "cross_site"),
                "{path}"
            );
        }
    }
    assert_eq!(site.get("/session", &cookie).body["account"], "anna");
    assert_eq!(site.get("/account/logout", &cookie).status, 405);
}

#[test]
fn guessers_wait_and_learn_no_names() {
    let (site, _) = site("REGISTER=open");
    let cookie = open(&site, "anna").cookie();
    ask(&site, "logout", &cookie, &json!({}));
    let guess = |name: &str, address: &str| {
        ask_from(
            &site,
            address,
            "login",
            "",
            &json!({"name": name, "password": "a guess"}),
        )
    };
    let mut answers = Vec::new();
    for name in ["anna", "nobody"] {
        let told: Vec<_> = (0..12)
            .map(|number| guess(name, &format!("2001:db8:{number}::1")))
            .map(|answer| {
                (
                    answer.status,
                    answer.code().to_owned(),
                    answer.body.to_string(),
                )
            })
            .collect();
        assert!(told.iter().any(|(status, ..)| *status == 429), "{told:?}");
        answers.push(told);
    }
    // One more may be had a minute later on a busy machine; the answers are of one kind.
    let kinds = |told: &Vec<(u16, String, String)>| {
        told.iter()
            .cloned()
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(kinds(&answers[0]), kinds(&answers[1]));
    let late = guess("anna", "203.0.113.9");
    assert!(
        late.status == 429 && late.header("Retry-After").is_some(),
        "{}",
        late.body
    );
    let link = |name: &str| {
        let body = json!({"name": name, "word": "x", "password": PASSWORD});
        let answer = ask(&site, "link", "", &body);
        (answer.status, answer.body.to_string())
    };
    assert_eq!(link("bob"), link("carol"));
}

#[test]
fn a_link_that_is_used_by_several_at_once_is_used_by_one() {
    let (site, dirs) = site("");
    let mut anna = Account::new(Nick::parse("anna").unwrap(), AccountKind::Person);
    let (ticket, word) = accounts::Ticket::new(std::time::Duration::from_secs(60), 1).unwrap();
    anna.link = Some(ticket);
    dirs.create().unwrap();
    accounts::create(&dirs, &anna).unwrap();
    let body = json!({"name": "anna", "word": word, "password": PASSWORD});
    let codes: Vec<String> = std::thread::scope(|scope| {
        let asked = [(); 4].map(|()| scope.spawn(|| ask(&site, "link", "", &body)));
        let answers = asked.map(|answer| answer.join().unwrap());
        answers.map(|answer| answer.code().to_owned()).to_vec()
    });
    let refused = codes.iter().filter(|code| *code == "bad_link").count();
    assert_eq!(refused, 3, "{codes:?}");
}

#[test]
fn a_link_sets_a_password_once() {
    let (site, dirs) = site("");
    let mut anna = Account::new(Nick::parse("anna").unwrap(), AccountKind::Person);
    let (ticket, word) = accounts::Ticket::new(std::time::Duration::from_secs(60), 1).unwrap();
    anna.link = Some(ticket);
    dirs.create().unwrap();
    accounts::create(&dirs, &anna).unwrap();
    let body =
        |word: &str, password: &str| json!({"name": "anna", "word": word, "password": password});
    assert_eq!(
        ask(&site, "link", "", &body("0123", PASSWORD)).code(),
        "bad_link"
    );
    assert_eq!(
        ask(&site, "link", "", &body(&word, "short")).code(),
        "password_too_short"
    );
    let done = ask(&site, "link", "", &body(&word, PASSWORD));
    assert_eq!(done.body["account"], "anna", "{}", done.body);
    assert_eq!(
        ask(&site, "link", "", &body(&word, PASSWORD)).code(),
        "bad_link"
    );
    let change = |cookie: &str, old: &str| {
        ask(
            &site,
            "password",
            cookie,
            &json!({"old": old, "password": "another good one"}),
        )
    };
    assert_eq!(change("", PASSWORD).code(), "log_in_first");
    assert_eq!(change(&done.cookie(), "wrong").code(), "wrong_login");
    let changed = change(&done.cookie(), PASSWORD);
    assert_eq!(changed.body["account"], "anna");
    assert_eq!(
        site.get("/session", &done.cookie()).body["account"],
        Value::Null
    );
    assert_eq!(
        site.get("/session", &changed.cookie()).body["account"],
        "anna"
    );
}

#[test]
fn who_may_register_is_the_administrators_to_say() {
    let (closed, _) = site("");
    assert_eq!(open(&closed, "anna").code(), "register_closed");
    let (networks, _) = site("REGISTER=open\n[access]\nregister=network 10.0.0.0/8");
    assert_eq!(open(&networks, "anna").code(), "register_closed");
    let (invited, dirs) = site("REGISTER=invitation");
    assert_eq!(open(&invited, "anna").code(), "bad_invitation");
    dirs.create().unwrap();
    let (ticket, word) = accounts::Ticket::new(std::time::Duration::from_secs(60), 1).unwrap();
    accounts::Tickets::invitations(&dirs)
        .add(&ticket, false)
        .unwrap();
    let body = |name: &str| json!({"name": name, "password": PASSWORD, "word": word});
    assert_eq!(ask(&invited, "register", "", &body("anna")).status, 200);
    assert_eq!(
        ask(&invited, "register", "", &body("bob")).code(),
        "bad_invitation"
    );
    // The name of somebody who logs in elsewhere, or was here before, is theirs.
    let (open_site, dirs) = site("REGISTER=open");
    dirs.create().unwrap();
    chat_store::people::accounts::keep(&dirs, &Nick::parse("Karel").unwrap(), "Karel").unwrap();
    assert_eq!(open(&open_site, "karel").code(), "name_taken");
}

#[test]
fn the_first_administrator_needs_the_code_and_there_is_one() {
    let (site, dirs) = site("");
    dirs.create().unwrap();
    let (ticket, word) = accounts::Ticket::new(std::time::Duration::from_secs(60), 9).unwrap();
    accounts::Tickets::first(&dirs).add(&ticket, true).unwrap();
    let first = |name: &str, word: &str| {
        ask(
            &site,
            "first",
            "",
            &json!({"name": name, "password": PASSWORD, "word": word}),
        )
    };
    assert_eq!(first("root", "guess").code(), "bad_code");
    let made = first("root", &word);
    assert_eq!(
        (made.status, &made.body["moderator"]),
        (200, &json!(true)),
        "{}",
        made.body
    );
    let account = accounts::named(&dirs.accounts, "root").unwrap().unwrap();
    assert!(account.groups.contains(&Group::administrators()));
    assert_eq!(first("eve", &word).code(), "bad_code");
    assert_eq!(
        site.get("/config", "").body["accounts"]["first"],
        json!(false)
    );
}

#[test]
fn a_session_is_what_a_site_with_php_reads() {
    let _alone = e2e::cluster_of_one::needs_alone(e2e::cluster_of_one::LOGINS);
    let (site, _) = site("REGISTER=open\nSESSION_USER_PATH=user.name");
    let cookie = open(&site, "anna").cookie();
    let id = cookie.split_once('=').unwrap().1.to_owned();
    let text = fs::read_to_string(site.path("sessions").join(format!("sess_{id}"))).unwrap();
    assert!(text.starts_with("chat_generation|s:16:\""), "{text}");
    assert!(
        text.contains("user|a:1:{s:4:\"name\";s:4:\"anna\";}"),
        "{text}"
    );
    assert_eq!(site.get("/session", &cookie).body["account"], "anna");
}

#[test]
fn without_accounts_there_is_nothing() {
    let site = Site::new("");
    assert_eq!(ask(&site, "login", "", &json!({})).code(), "no_accounts");
    assert_eq!(site.get("/config", "").body["accounts"], Value::Null);
}
