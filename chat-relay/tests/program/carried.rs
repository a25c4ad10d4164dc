//! What a site keeps beside its rooms is the same on all machines, and is changed on all or on none.

use std::fmt::Display;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chat_store::accounts::{self, Account, AccountError, AccountKind, Group, Ticket, Tickets};
use chat_store::cluster::Cluster;
use chat_store::fs::dirs::Dirs;
use chat_store::incoming;
use chat_store::name::{Nick, RoomName};
use chat_store::people::accounts as names;
use chat_store::people::consent::{self, Accept};
use chat_store::people::marks::{self, Change};
use chat_store::people::person::PersonId;
use chat_store::profiles::{self, ProfileError, Status};
use chat_store::record::RecordId;
use e2e::deadline::{DEADLINE, eventually};
use e2e::redis::Server;
use e2e::under_test::beside;

use crate::orders::run;
use crate::several::Machine;

/// Longer than any machine that tests run on is busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// The directories of a machine, as its programs see them.
pub(super) fn dirs(machine: &Machine) -> Dirs {
    let base = machine.files.base();
    let mut dirs = Dirs::under(base);
    dirs.cluster = Some(Arc::new(Cluster::new(base, &base.join("run"), PATIENCE)));
    dirs
}

fn nick(name: &str) -> Nick {
    Nick::parse(name).expect("a nick")
}

fn account(name: &str) -> Account {
    Account::new(nick(name), AccountKind::Person)
}

/// What all that is the site's holds, by name below `BASE_DIR`; locks are each machine's own.
fn state(machine: &Machine) -> Vec<(PathBuf, Vec<u8>)> {
    let base = machine.files.base();
    let mut found = Vec::new();
    for dir in ["accounts", "names", "profiles", "marks", "logins", "state"] {
        let entries = fs::read_dir(base.join(dir)).into_iter().flatten();
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            let name = path.file_name().expect("a name").to_string_lossy();
            let own = name.ends_with(".lock") || name.starts_with("relay.");
            if !own && !name.contains(".new-") {
                let text = fs::read(&path).unwrap_or_default();
                let path = path.strip_prefix(base).expect("below it");
                found.push((path.to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

#[track_caller]
pub(super) fn assert_alike(machines: &[&Machine]) {
    eventually("all machines have the same state", || {
        let all: Vec<_> = machines.iter().map(|it| state(it)).collect();
        all.windows(2).all(|pair| pair[0] == pair[1]).then_some(())
    });
}

/// What becomes of it, once that is known: a machine that is busy may be cut off from the engine for a moment, or see too
/// late what it was to do.
fn settled<T, E: Display>(mut act: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    let end = Instant::now() + DEADLINE;
    loop {
        match act() {
            Err(error) if Instant::now() < end && is_unsettled(&error) => {
                std::thread::sleep(Duration::from_millis(100));
            }
            settled => return settled,
        }
    }
}

fn is_unsettled(error: &impl Display) -> bool {
    let words = error.to_string();
    words.contains("cut off") || words.contains("too late")
}

#[test]
fn accounts_names_and_tickets_are_one_site_on_two_machines() {
    let server = Server::start();
    let one = Machine::started("one", &server.address(), "");
    let two = Machine::started("two", &server.address(), "");
    let (here, there) = (dirs(&one), dirs(&two));
    accounts::create(&here, &account("Anna")).expect("made");
    let read = || accounts::find(&there.accounts, &nick("anna")).expect("read");
    eventually("the other machine has the account", read);
    let owner = eventually("and keeps its name", || {
        names::owner(&there, &nick("anna")).expect("read")
    });
    assert_eq!(owner, "Anna");
    // Changed there, seen here, also by who had read it before.
    accounts::change(&there, &nick("Anna"), &mut |it| {
        it.disabled = Some(RecordId::now());
        Ok(())
    })
    .expect("changed");
    eventually("it is disabled here", || {
        let found = accounts::find(&here.accounts, &nick("anna")).expect("read");
        found.and_then(|it| it.disabled)
    });
    // A look-alike's is the same.
    let taken = accounts::create(&there, &account("аnna"));
    assert!(matches!(taken, Err(AccountError::Taken(_))), "{taken:?}");
    // An invitation for one lets one in.
    let (ticket, word) = Ticket::new(Duration::from_secs(3600), 1).expect("made");
    Tickets::invitations(&here)
        .add(&ticket, false)
        .expect("added");
    eventually("it is known there", || {
        let known = Tickets::invitations(&there).has(&word).expect("read");
        known.then_some(())
    });
    let used: Vec<bool> = std::thread::scope(|scope| {
        let uses = [&here, &there].map(|dirs| {
            let word = &word;
            scope.spawn(move || Tickets::invitations(dirs).take(word).expect("asked"))
        });
        uses.map(|it| it.join().expect("ended")).to_vec()
    });
    assert_eq!(used.iter().filter(|it| **it).count(), 1, "{used:?}");
    // An account goes with its picture; its name stays taken.
    let done = run(&one.files, "unregister Anna");
    assert!(done.status.success(), "{done:?}");
    eventually("it is no account any more", || {
        let found = accounts::find(&there.accounts, &nick("anna")).expect("read");
        found.is_none().then_some(())
    });
    assert!(names::has(&there, &nick("anna")));
    assert_alike(&[&one, &two]);
}

#[test]
fn of_two_who_make_one_account_or_take_one_name_on_two_machines_one_has_it() {
    let server = Server::start();
    let one = Machine::started("one", &server.address(), "");
    let two = Machine::started("two", &server.address(), "");
    let (here, there) = (dirs(&one), dirs(&two));
    for round in 0..8 {
        let name = format!("twin{round}");
        // Of the same moment, to the microsecond.
        let twin = account(&name);
        let made = std::thread::scope(|scope| {
            let makers = [&here, &there].map(|dirs| {
                let twin = &twin;
                scope.spawn(move || settled(|| accounts::create(dirs, twin)))
            });
            makers.map(|it| it.join().expect("ended"))
        });
        let is_told = |it: &Result<(), AccountError>| matches!(it, Err(AccountError::Taken(_)));
        let told = made.iter().filter(|it| is_told(it)).count();
        let is_one = made.iter().filter(|it| it.is_ok()).count() == 1 && told == 1;
        assert!(is_one, "round {round}: {made:?}");
        let name = format!("shown{round}");
        let kept = std::thread::scope(|scope| {
            let takers = [(&here, "bob"), (&there, "eve")].map(|(dirs, owner)| {
                let name = &name;
                let take =
                    move || profiles::change(dirs, owner, &mut |it| it.name = Some(nick(name)));
                scope.spawn(move || settled(take))
            });
            takers.map(|it| it.join().expect("ended"))
        });
        let is_told = |it: &Result<_, ProfileError>| matches!(it, Err(ProfileError::Taken(_)));
        let told = kept.iter().filter(|it| is_told(it)).count();
        let is_one = kept.iter().filter(|it| it.is_ok()).count() == 1 && told == 1;
        assert!(is_one, "round {round}: {kept:?}");
    }
    assert_alike(&[&one, &two]);
}

#[test]
fn how_somebody_is_shown_is_the_same_everywhere_with_the_largest_picture() {
    let server = Server::start();
    let one = Machine::started("one", &server.address(), "");
    let two = Machine::started("two", &server.address(), "");
    let (here, there) = (dirs(&one), dirs(&two));
    // Nothing in it can be pressed, and most of it is no text: more than one order can say.
    let picture: Vec<u8> = (0..profiles::MAX_AVATAR_BYTES)
        .map(|at| u8::try_from((at * 2_654_435_761) >> 9 & 255).expect("a byte"))
        .collect();
    let shown = profiles::set_avatar(&here, "anna", &picture).expect("kept");
    let person = PersonId::of(Some("anna"), None).expect("a number");
    let id = shown.avatar.expect("one");
    let seen = eventually("the other machine has the picture", || {
        profiles::avatar(&there, &person, &id).expect("read")
    });
    assert!(seen == picture, "another picture");
    profiles::change(&there, "anna", &mut |it| {
        it.status = Status::new("", "tea", None);
        it.avatar = None;
    })
    .expect("changed");
    eventually("its picture is gone here", || {
        let found = profiles::find(&here, &person)
            .expect("read")
            .expect("shown");
        found.avatar.is_none().then_some(())
    });
    let room = RoomName::parse("den").expect("a name");
    let mark = Change::Read(RecordId::now());
    marks::change(&here, &person, &[(room.clone(), mark)]).expect("changed");
    assert!(consent::set(&here, &person, Accept::Nobody).expect("kept"));
    let secret = incoming::add(&here, &room, &nick("Grafana")).expect("made");
    eventually("the webhook is known there", || {
        incoming::find(&there, &secret).expect("read")
    });
    assert_eq!(consent::of(&there, &person).expect("read"), Accept::Nobody);
    assert_alike(&[&one, &two]);
    assert!(marks::forget(&there, &person).expect("forgotten"));
    profiles::forget(&there, "anna").expect("forgotten");
    eventually("it is forgotten here", || {
        let left = [&here.marks, &here.profiles].map(|dir| {
            let names = fs::read_dir(dir).expect("read").map(|it| it.expect("one"));
            names.filter(|it| it.file_name() != ".lock").count()
        });
        (left == [0, 0]).then_some(())
    });
    assert_alike(&[&one, &two]);
}

#[test]
fn while_nothing_can_be_put_in_order_nothing_is_changed_on_one_machine() {
    let server = Server::start();
    let mut one = Machine::started("one", &server.address(), "");
    let here = dirs(&one);
    accounts::create(&here, &account("Anna")).expect("made");
    let before = state(&one);
    one.kill();
    let errors = [
        accounts::create(&here, &account("bob")).map_err(|it| it.to_string()),
        accounts::change(&here, &nick("anna"), &mut |it| {
            it.end_sessions();
            Ok(())
        })
        .map(drop)
        .map_err(|it| it.to_string()),
        accounts::remove(&here, &nick("anna"), &mut |_| Ok(()))
            .map(drop)
            .map_err(|it| it.to_string()),
        names::keep(&here, &nick("carl"), "carl")
            .map(drop)
            .map_err(|it| it.to_string()),
        profiles::set_avatar(&here, "anna", b"PICTURE")
            .map(drop)
            .map_err(|it| it.to_string()),
        incoming::add(&here, &RoomName::lobby(), &nick("Grafana"))
            .map(drop)
            .map_err(|it| it.to_string()),
    ];
    for (at, error) in errors.into_iter().enumerate() {
        let words = error.expect_err("not done");
        assert!(words.contains("cut off"), "{at}: {words}");
    }
    assert_eq!(state(&one), before);
}

#[test]
fn a_picture_stays_whose_profile_was_changed_first_on_another_machine() {
    let server = Server::start();
    let (one, two) = (
        Machine::started("one", &server.address(), ""),
        Machine::started("two", &server.address(), ""),
    );
    let (here, there) = (dirs(&one), dirs(&two));
    profiles::set_avatar(&here, "anna", b"PICTURE").expect("kept");
    let find = |dirs: &Dirs| profiles::of_account(dirs, "anna").expect("read");
    eventually("it is there", || find(&there));
    // She takes it back, and decides otherwise when she sees what is changed there meanwhile.
    let mut is_first = true;
    profiles::change(&here, "anna", &mut |profile| {
        if is_first {
            is_first = false;
            profile.avatar = None;
            let status = Status::new("", "on the hill", None);
            profiles::change(&there, "anna", &mut |it| it.status.clone_from(&status))
                .expect("changed");
            eventually("it is here", || {
                find(&here).filter(|it| it.status.is_some())
            });
        }
    })
    .expect("read again");
    for dirs in [&here, &there] {
        let profile = find(dirs).expect("a profile");
        let picture = profiles::avatar_of(dirs, &profile).expect("read");
        assert_eq!(picture.as_deref(), Some(&b"PICTURE"[..]));
    }
    profiles::change(&here, "anna", &mut |profile| profile.avatar = None).expect("changed");
    let names = fs::read_dir(&here.profiles).expect("read");
    let mut names = names.map(|it| it.expect("an entry").file_name());
    assert!(names.all(|it| !it.to_string_lossy().contains("avatar")));
    assert_alike(&[&one, &two]);
}

/// What a web server makes of a request to `chat-cgi`: its status, its body, and the cookie that it sets.
fn ask(
    machine: &Machine,
    method: &str,
    path: &str,
    cookie: &str,
    body: &str,
) -> (String, String, String) {
    let mut child = Command::new(beside("chat-cgi"))
        .env_clear()
        .envs([
            ("GATEWAY_INTERFACE", "CGI/1.1"),
            ("REQUEST_METHOD", method),
            ("PATH_INFO", path),
            ("HTTP_HOST", "chat.example.org"),
            ("HTTP_ORIGIN", "https://chat.example.org"),
            ("CONTENT_TYPE", "application/json"),
            ("REMOTE_ADDR", "192.0.2.7"),
            ("HTTP_COOKIE", cookie),
            ("CONTENT_LENGTH", &body.len().to_string()),
        ])
        .env("CHAT_CONFIG", machine.files.ini())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("chat-cgi starts");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(body.as_bytes()).expect("written");
    drop(input);
    let done = child.wait_with_output().expect("ended");
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    let cookie = header("Set-Cookie");
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    (header("Status"), body.to_owned(), cookie)
}

#[test]
fn who_has_logged_in_on_one_machine_is_logged_in_on_the_other_until_they_log_out() {
    let server = Server::start();
    let started =
        |node| Machine::with_lines(node, &server.address(), "ACCOUNTS=yes\nREGISTER=open");
    let (one, two) = (started("one"), started("two"));
    let form = r#"{"name":"Anna","password":"correct horse battery"}"#;
    let (status, body, cookie) = ask(&one, "POST", "/account/register", "", form);
    assert!(
        status.starts_with("200") && cookie.starts_with("PHPSESSID="),
        "{status} {body}"
    );
    let account = |machine: &Machine, cookie: &str| {
        let (_, body, _) = ask(machine, "GET", "/session", cookie, "");
        let told: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        told["account"].as_str().map(str::to_owned)
    };
    eventually("she is logged in there", || account(&two, &cookie));
    let (status, body, other) = ask(&two, "POST", "/account/login", "", form);
    assert!(status.starts_with("200"), "{status} {body}");
    eventually("and here by a log-in of there", || account(&one, &other));
    // Whoever reads what goes through the engine, or its log, has nobody's session.
    let id = cookie.split_once('=').expect("a value").1;
    for machine in [&one, &two] {
        for name in ["spool/orders.log", "spool/out.log"] {
            let text = fs::read_to_string(machine.files.path(name)).expect("it keeps one");
            assert!(!text.contains(id), "{name}");
        }
        let names = fs::read_dir(machine.files.path("logins")).expect("read");
        for entry in names.map(|it| it.expect("an entry")) {
            assert!(!entry.file_name().to_string_lossy().contains(id));
            let mode = entry.metadata().expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
    // A name that a guest has chosen goes with them, too.
    let (status, body, guest) = ask(&one, "POST", "/session", "", r#"{"name":"bob"}"#);
    assert!(status.starts_with("200"), "{status} {body}");
    eventually("he is called so there", || {
        let (_, body, _) = ask(&two, "GET", "/session", &guest, "");
        body.contains("bob").then_some(())
    });
    // Logged out there: that session is over here, the other one goes on.
    let (status, body, _) = ask(&two, "POST", "/account/logout", &cookie, "{}");
    assert!(status.starts_with("200"), "{status} {body}");
    eventually("she is out here", || {
        account(&one, &cookie).is_none().then_some(())
    });
    assert_eq!(account(&one, &other).as_deref(), Some("Anna"));
    let done = run(&two.files, "logout Anna");
    assert!(done.status.success(), "{done:?}");
    eventually("she is out everywhere", || {
        account(&one, &other).is_none().then_some(())
    });
    assert_alike(&[&one, &two]);
}

#[test]
fn what_a_program_tells_on_one_machine_is_heard_on_the_other_once() {
    let server = Server::start();
    let started = |node| Machine::started(node, &server.address(), "[channels]\nnews = all");
    let (one, two) = (started("one"), started("two"));
    let cookie = two.files.log_in_as("anna");
    let mut anna = two.files.window("", &cookie);
    for channel in ["news", "user:anna"] {
        anna.send(&serde_json::json!({"type": "subscribe", "channel": channel}));
        anna.find(|it| it["type"] == "subscribed" && it["channel"] == channel);
    }
    let tell = |machine: &Machine, channel: &str, once: &str, data: &str| {
        let line = format!("event {channel} order.paid {data} --once={once}");
        let done = run(&machine.files, &line);
        assert!(done.status.success(), "{done:?}");
        String::from_utf8_lossy(&done.stdout).into_owned()
    };
    // One id in two channels is two events.
    tell(&one, "news", "m1", "1");
    tell(&one, "user:anna", "m1", "2");
    let mut heard = [(); 2].map(|()| {
        let event = anna.expect("event");
        (event["channel"].to_string(), event["data"].to_string())
    });
    heard.sort();
    let wanted = [("\"news\"", "1"), ("\"user:anna\"", "2")];
    assert_eq!(
        heard,
        wanted.map(|(channel, data)| (channel.to_owned(), data.to_owned()))
    );
    // Told again, there or here, it is there once.
    for machine in [&two, &one] {
        assert!(tell(machine, "news", "m1", "1").contains("told before"));
    }
    tell(&two, "news", "m2", "3");
    assert_eq!(anna.expect("event")["data"], 3);
    let person = PersonId::of(Some("anna"), None).expect("a number");
    for stem in ["news".to_owned(), format!("user:{}", person.as_str())] {
        let log = |machine: &Machine| {
            let path = machine.files.path("channels").join(format!("{stem}.log"));
            fs::read_to_string(path).unwrap_or_default()
        };
        eventually("both have the same events", || {
            (!log(&one).is_empty() && log(&one) == log(&two)).then_some(())
        });
        assert!(!log(&one).contains(".channel"), "{}", log(&one));
    }
    let lobby = one.log() + &two.log();
    assert!(!lobby.contains("order.paid"), "{lobby}");
}

/// Files of a machine in which one of these words stands. Counters of who is too fast hold hashes, and nothing else.
fn files_with(machine: &Machine, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut dirs = vec![machine.files.base().to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).expect("a directory") {
            let path = entry.expect("an entry").path();
            let kind = fs::symlink_metadata(&path);
            if kind.as_ref().is_ok_and(fs::Metadata::is_dir) {
                dirs.push(path);
            } else if kind.as_ref().is_ok_and(fs::Metadata::is_file) {
                let text =
                    String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).to_lowercase();
                let name = path.to_string_lossy().to_lowercase();
                if words
                    .iter()
                    .any(|word| text.contains(word) || name.contains(word))
                {
                    found.push(format!("{}: {text}", path.display()));
                }
            }
        }
    }
    found
}

#[test]
fn who_is_forgotten_on_one_machine_is_forgotten_on_all() {
    let server = Server::start();
    let mut one = Machine::started("one", &server.address(), "");
    let two = Machine::started("two", &server.address(), "");
    let (here, there) = (dirs(&one), dirs(&two));
    accounts::create(&here, &account("Xanthippe")).expect("made");
    profiles::change(&there, "Xanthippe", &mut |it| {
        it.status = Status::new("", "on the hill", None);
    })
    .expect("changed");
    let person = PersonId::of(Some("Xanthippe"), None).expect("a number");
    let mark = Change::Read(RecordId::now());
    marks::change(&there, &person, &[(RoomName::lobby(), mark)]).expect("changed");
    for machine in [&one, &two] {
        let mut page = machine.page_of("Xanthippe");
        page.say_acked("rather hemlock", "m1");
        let done = run(&machine.files, "event user:Xanthippe order.paid 7");
        assert!(done.status.success(), "{done:?}");
    }
    let mut bob = one.page("bob");
    bob.say_acked("who was that", "m2");
    eventually("she has left both machines", || {
        let present = [&one, &two].map(|it| it.files.present("lobby"));
        let is_gone = |it: &Vec<String>| it.iter().all(|name| !name.contains("Xanthippe"));
        present.iter().all(is_gone).then_some(())
    });
    let words = ["xanthippe", "hemlock", "on the hill", person.as_str()];
    assert!(files_with(&one, &words).len() > 8 && files_with(&two, &words).len() > 8);
    // What cannot be done everywhere is not begun.
    let erase = "person erase --account Xanthippe";
    one.kill();
    let before = one.log();
    let done = run(&one.files, erase);
    let text = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!done.status.success() && text.contains("cut off"), "{text}");
    assert_eq!(one.log(), before);
    one.start();
    let done = run(&one.files, erase);
    assert!(done.status.success(), "{done:?}");
    for machine in [&one, &two] {
        until_none("nothing is left of her", || files_with(machine, &words));
    }
    for machine in [&one, &two] {
        assert!(machine.log().contains("who was that"));
        until_none("it is done", || undone(machine));
    }
    assert_alike(&[&one, &two]);
    eventually("the logs are the same", || {
        (one.log() == two.log()).then_some(())
    });
    // One person's words alone, by one command for both.
    let done = run(&two.files, "erase * bob");
    assert!(done.status.success(), "{done:?}");
    for machine in [&one, &two] {
        until_none("his words are gone", || {
            files_with(machine, &["who was that"])
        });
    }
    eventually("the logs are the same again", || {
        (one.log() == two.log()).then_some(())
    });
}

#[test]
fn what_is_said_after_somebody_was_forgotten_stands_on_a_machine_that_forgets_them_later() {
    let server = Server::start();
    let one = Machine::started("one", &server.address(), "");
    let mut two = Machine::started("two", &server.address(), "");
    let tell = |what: &str| {
        let done = run(&one.files, &format!("event user:Xanthippe {what} 7"));
        assert!(done.status.success(), "{done:?}");
    };
    let say = |text: &str, msgid: &str| {
        one.page("anna").say_acked(&format!("anna's {text}"), msgid);
        let mut page = one.page_of("Xanthippe");
        page.say_acked(&format!("Xanthippe's {text}"), msgid);
        one.page("bob").say_acked(&format!("bob's {text}"), msgid);
    };
    say("former", "m1");
    tell("former");
    let person = PersonId::of(Some("Xanthippe"), None).expect("a number");
    let channel = format!("channels/user:{}.log", person.as_str());
    let whole = |machine: &Machine| {
        let told = fs::read_to_string(machine.files.path(&channel)).unwrap_or_default();
        (machine.log(), told)
    };
    eventually("all have left, and both machines know all", || {
        let is_left = [&one, &two].map(|it| it.files.present("lobby").is_empty());
        (is_left == [true, true] && whole(&one) == whole(&two) && whole(&two).1.contains("former"))
            .then_some(())
    });
    two.kill();
    for erase in [
        "person erase anna",
        "person erase --account Xanthippe",
        "erase lobby bob",
    ] {
        let done = run(&one.files, erase);
        assert!(done.status.success(), "{erase}: {done:?}");
    }
    // Others of the same names.
    say("latter", "m2");
    tell("latter");
    let _anna = one.page("anna");
    two.start();
    until_none("it has forgotten them", || {
        let mut left = files_with(&two, &["former"]);
        left.extend(undone(&two));
        left
    });
    eventually("both have the same logs", || {
        (whole(&one) == whole(&two)).then_some(())
    });
    let (log, told) = whole(&two);
    for text in ["anna's latter", "Xanthippe's latter", "bob's latter"] {
        assert!(log.contains(text), "{text}: {log}");
    }
    assert!(
        !log.contains("former") && told.contains("latter"),
        "{log}{told}"
    );
    eventually("who is there is there", || {
        let present = two.files.present("lobby");
        present.iter().any(|it| it.contains("anna")).then_some(())
    });
    assert_alike(&[&one, &two]);
}

/// What a machine was told to do and has not.
fn undone(machine: &Machine) -> Vec<String> {
    let tasks = fs::read_dir(machine.files.path("spool/tasks"));
    let tasks = tasks.into_iter().flatten();
    let paths = tasks.map(|it| it.expect("an entry").path().display().to_string());
    paths.collect()
}

#[test]
fn what_a_machine_fails_to_forget_is_told_there_and_done_when_it_can_be() {
    let server = Server::start();
    let one = Machine::started("one", &server.address(), "");
    let mut two = Machine::started("two", &server.address(), "");
    one.page("bob").say_acked("hemlock", "m1");
    eventually("it is there", || {
        two.log().contains("hemlock").then_some(())
    });
    let packed = two.files.path("rooms/lobby.log.1.xz");
    fs::write(&packed, "of an older logrotate").expect("written");
    let said_by = |machine: &Machine, command: &str| {
        let done = run(&machine.files, command);
        String::from_utf8_lossy(&done.stdout).into_owned()
    };
    let waiting = |machine: &Machine, count: u32| {
        let metrics = said_by(machine, "metrics");
        let mut lines = metrics
            .lines()
            .filter(|it| it.starts_with("chat_relay_tasks_waiting{"));
        lines.all(|it| it.ends_with(&format!("}} {count}")))
            && metrics.contains("relay_tasks_waiting{")
    };
    let status = |machine: &Machine| said_by(machine, "cluster status");
    let done = run(&one.files, "erase lobby bob");
    assert!(done.status.success(), "{done:?}");
    // Something else is not held up by it.
    let done = run(&one.files, "erase den eve");
    assert!(!done.status.success(), "{done:?}");
    let told = eventually("it is told", || {
        let told = status(&two);
        let is_one = told.contains("not forgotten here yet: 1 ");
        (is_one && told.contains("only gzip can be unpacked here")).then_some(told)
    });
    assert!(!told.contains("not well"), "{told}");
    assert!(!status(&one).contains("not forgotten"));
    assert!(waiting(&two, 1));
    let doctor = said_by(&two, "doctor");
    assert!(doctor.contains("are not forgotten here: "), "{doctor}");
    fs::remove_file(packed).expect("removed");
    two.start();
    until_none("it is done", || undone(&two));
    until_none("it is told no longer", || {
        Some(status(&two))
            .into_iter()
            .filter(|it| it.contains("not forgotten"))
            .collect()
    });
    assert!(waiting(&two, 0));
    assert!(!two.log().contains("hemlock"), "{}", two.log());
}

#[test]
fn the_last_administrator_is_not_half_forgotten() {
    let server = Server::start();
    let one = Machine::with_lines("one", &server.address(), "ACCOUNTS=yes");
    let here = dirs(&one);
    let mut chief = account("Chief");
    chief.groups = [Group::administrators()].into();
    accounts::create(&here, &chief).expect("made");
    profiles::set_avatar(&here, "Chief", b"PICTURE").expect("kept");
    let before = state(&one);
    let done = run(&one.files, "person erase --account Chief");
    let words = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(words.contains("last administrator"), "{words}");
    assert_eq!(state(&one), before);
}

/// Waits until `look` finds nothing any more; what it found last is told if it does not come to that.
#[track_caller]
fn until_none(what: &str, look: impl Fn() -> Vec<String>) {
    let end = Instant::now() + PATIENCE;
    loop {
        let left = look();
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < end, "{what}:\n{}", left.join("\n\n"));
        std::thread::sleep(Duration::from_millis(50));
    }
}
