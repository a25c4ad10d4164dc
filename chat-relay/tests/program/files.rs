//! Files of messages on several machines: each has them, whichever was given them, and none has them for longer than the
//! message.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use e2e::deadline::eventually;
use e2e::page::Page;
use e2e::redis::Server;
use e2e::under_test::beside;
use serde_json::{Value, json};

use super::orders::run;
use super::persons::{all_have, holds, site};
use super::several::Machine;

/// As `FILE_MAX` is by default.
const LARGEST: usize = 25 << 20;

/// An answer of chat-cgi.
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// Asks chat-cgi as a web server of that machine does, for somebody with these cookies.
#[track_caller]
fn ask(machine: &Machine, method: &str, path: &str, cookies: &str, body: &[u8]) -> Answer {
    let (path, query) = path.split_once('?').expect("a query");
    let mut program = Command::new(beside("chat-cgi"))
        .env_clear()
        .env("CHAT_CONFIG", machine.files.ini())
        .env("REQUEST_METHOD", method)
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("HTTP_HOST", "chat.example.org")
        .env("HTTP_COOKIE", cookies)
        .env("REMOTE_ADDR", "192.0.2.7")
        .env("CONTENT_TYPE", "application/octet-stream")
        .env("CONTENT_LENGTH", body.len().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    // It may answer without reading what it does not want.
    let _ = program.stdin.take().expect("a pipe").write_all(body);
    let output = program.wait_with_output().expect("it ends").stdout;
    let mut parts = output.windows(4);
    let end = parts.position(|part| part == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8(output[..end].to_vec()).expect("text");
    let status = head.lines().find_map(|line| line.strip_prefix("Status: "));
    let status = status.and_then(|it| it.get(..3)?.parse().ok());
    Answer {
        status: status.expect("a status"),
        body: output[end + 4..].to_vec(),
        head,
    }
}

/// Anna's cookies on that machine.
fn anna(machine: &Machine) -> String {
    machine.files.log_in_as("anna")
}

/// Anna puts a file into the lobby on that machine; its id.
#[track_caller]
fn put(machine: &Machine, name: &str, content: &[u8]) -> String {
    put_into(machine, "lobby", name, content)
}

#[track_caller]
fn put_into(machine: &Machine, room: &str, name: &str, content: &[u8]) -> String {
    let path = format!("/files?room={room}&name={name}");
    // The room may have been made on another machine just now.
    let answer = eventually("the room is there", || {
        let answer = ask(machine, "POST", &path, &anna(machine), content);
        (answer.status != 404).then_some(answer)
    });
    let told = answer.json();
    assert_eq!(answer.status, 200, "{told}");
    told["id"].as_str().expect("an id").to_owned()
}

#[track_caller]
fn have(machine: &Machine, id: &str) -> Answer {
    let path = format!("/files/{id}/name?room=lobby");
    ask(machine, "GET", &path, "", b"")
}

fn enter(machine: &Machine) -> Page {
    machine.page_of("anna")
}

#[track_caller]
fn say_with(page: &mut Page, id: &str, msgid: &str) -> Value {
    page.send(&json!({ "type": "say", "text": "look", "msgid": msgid, "files": [{ "id": id }] }));
    page.find(|it| it["msgid"] == msgid && (it["type"] == "ack" || it["type"] == "error"))
}

#[track_caller]
fn say_with_acked(page: &mut Page, id: &str, msgid: &str) -> String {
    let answer = say_with(page, id, msgid);
    assert_eq!(answer["type"], "ack", "{answer}");
    answer["id"].as_str().expect("an id").to_owned()
}

/// Bytes that nobody has elsewhere.
fn random(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let mut source = File::open("/dev/urandom").expect("there");
    source.read_exact(&mut bytes).expect("enough");
    bytes
}

#[track_caller]
fn wait_for(machine: &Machine, id: &str, content: &[u8]) {
    let answer = eventually("the file has come", || {
        let answer = have(machine, id);
        (answer.status == 200).then_some(answer)
    });
    assert!(answer.body == content, "{} bytes", answer.body.len());
    eventually("nothing is missing", || {
        missing(machine).is_empty().then_some(())
    });
}

/// What all machines have given the engine so far, in bytes.
fn bytes_to(engine: &Server) -> u64 {
    let told = engine.ask(&["INFO", "stats"]);
    let mut lines = told.lines();
    let came = lines.find_map(|line| line.strip_prefix("total_net_input_bytes:"));
    came.expect("a count").trim().parse().expect("a number")
}

/// What is noted to be missing.
fn missing(machine: &Machine) -> Vec<String> {
    let names = |dir: PathBuf| {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok())
    };
    names(machine.files.path("spool/missing")).collect()
}

/// What is in the lobby's directory of files, but its lock.
fn left(machine: &Machine) -> Vec<String> {
    let mut left = machine.files.files("files/lobby");
    left.retain(|name| name != "lock");
    left
}

/// Waits until a file comes to that machine, and is not whole.
#[track_caller]
fn wait_for_a_part(machine: &Machine) {
    eventually("a part of it has come", || {
        let scratch = left(machine)
            .into_iter()
            .find(|name| name.contains(".part"));
        let path = machine.files.path("files/lobby").join(scratch?);
        let length = fs::metadata(path).ok()?.len();
        (length > 0).then_some(())
    });
}

/// What a content is called in that directory.
#[track_caller]
fn content_in(machine: &Machine, dir: &str) -> PathBuf {
    let names = machine.files.files(dir).into_iter();
    let mut hashes = names.filter(|name| name.len() == 64);
    let hash = hashes.next().expect("a content");
    assert_eq!(hashes.next(), None);
    machine.files.path(dir).join(hash)
}

#[test]
fn a_file_put_on_one_machine_is_said_on_another_and_had_on_a_third() {
    let (engine, machines) = site(&["a", "b", "c"]);
    let mut page = enter(&machines[0]);
    let mut content = random(3_000_000);
    let words = b"nobody keeps these words but the machines";
    content[1_000_000..1_000_000 + words.len()].copy_from_slice(words);
    let id = put(&machines[1], "a%20film.bin", &content);
    let message = say_with_acked(&mut page, &id, "m1");
    let record = page.find(|it| it["id"] == *message);
    assert_eq!(record["files"][0]["name"], "a film.bin", "{record}");
    for machine in &machines {
        eventually("the message is there", || {
            machine.log().contains(&id).then_some(())
        });
        let answer = have(machine, &id);
        assert!([200, 503].contains(&answer.status), "{}", answer.head);
        wait_for(machine, &id, &content);
        let line = fs::read_to_string(machine.files.path("files/lobby").join(format!("{id}.file")));
        let line = line.expect("there");
        assert!(
            line.contains(&format!("message={message};msgid=m1;")),
            "{line}"
        );
        assert_eq!(left(machine).len(), 2, "a content, and a line");
    }
    // Sent again it is the same message, also where it came from elsewhere.
    let mut other = enter(&machines[2]);
    assert_eq!(say_with_acked(&mut other, &id, "m1"), message);
    // In another message it is nobody's any more, nor is it anybody else's.
    for machine in &machines {
        let answer = say_with(&mut enter(machine), &id, "m2");
        assert_eq!(answer["code"], "not_found", "{answer}");
    }
    let unsaid = put(&machines[1], "unsaid.bin", b"\0unsaid");
    let mut bob = machines[0].page_of("bob");
    let answer = say_with(&mut bob, &unsaid, "m3");
    assert_eq!(answer["code"], "not_found", "{answer}");
    assert_eq!(
        say_with(&mut bob, &"0".repeat(32), "m4")["code"],
        "not_found"
    );
    // The same content again: nothing of it goes round.
    let came = bytes_to(&engine);
    let again = put(&machines[2], "again.bin", &content);
    say_with_acked(&mut page, &again, "m5");
    for machine in &machines {
        wait_for(machine, &again, &content);
    }
    assert!(bytes_to(&engine) - came < content.len() as u64);
    // What no message has nobody has fetched, by now.
    let unsaid = format!("{unsaid}.file");
    let with_it = machines.iter().map(|it| left(it).contains(&unsaid));
    assert_eq!(with_it.collect::<Vec<_>>(), [false, true, false]);
    engine.ask(&["BGREWRITEAOF"]);
    engine.ask(&["SAVE"]);
    let words = std::str::from_utf8(words).expect("text");
    assert!(holds(&machines[0].files.path("files"), words));
    assert!(!holds(engine.dir(), words));
}

#[test]
fn a_file_comes_whole_whichever_machine_is_killed_meanwhile() {
    let (_engine, mut machines) = site(&["a", "b", "c"]);
    let content = random(LARGEST);
    let mut page = enter(&machines[0]);
    let id = put(&machines[0], "large.bin", &content);
    machines[2].kill();
    let message = say_with_acked(&mut page, &id, "m1");
    // The one that gets it.
    wait_for_a_part(&machines[1]);
    machines[1].kill();
    let answer = have(&machines[1], &id);
    assert_eq!(answer.status, 503, "{}", answer.head);
    assert!(answer.head.contains("Retry-After: "), "{}", answer.head);
    assert_eq!(answer.json()["error"]["code"], "on_its_way");
    machines[1].start();
    // The one that has it, before anybody else does.
    wait_for_a_part(&machines[1]);
    machines[0].kill();
    assert_eq!(have(&machines[1], &id).status, 503);
    // One that was away, and whose note was lost: its log tells.
    machines[2].start();
    eventually("the message is there", || {
        machines[2].log().contains(&id).then_some(())
    });
    machines[2].kill();
    let _ = fs::remove_dir_all(machines[2].files.path("spool/missing"));
    machines[2].start();
    machines[0].start();
    for machine in &machines {
        wait_for(machine, &id, &content);
        assert!(machine.log().contains(&message));
    }
    // Who would put it there once more has it.
    let page = format!("/files/{id}/name?room=kino");
    assert_eq!(ask(&machines[1], "GET", &page, "", b"").status, 404);
}

#[test]
fn a_file_goes_with_its_message_on_all_machines() {
    let (_engine, machines) = site(&["a", "b"]);
    let mut page = enter(&machines[0]);
    for (at, deed) in [
        "redact lobby ID",
        "clear lobby --delete",
        "erase lobby anna",
        "purge lobby --force",
    ]
    .into_iter()
    .enumerate()
    {
        let content = random(100_000);
        let name = format!("plan-{at}.bin");
        let id = put(&machines[1], &name, &content);
        let message = say_with_acked(&mut page, &id, &format!("m{at}"));
        for machine in &machines {
            wait_for(machine, &id, &content);
        }
        let done = run(&machines[1].files, &deed.replace("ID", &message));
        assert!(done.status.success(), "{deed}: {done:?}");
        for machine in &machines {
            eventually(deed, || left(machine).is_empty().then_some(()));
            assert_eq!(have(machine, &id).status, 404, "{deed}");
            assert!(!machine.log().contains(&name), "{deed}");
        }
    }
    // What is taken back while it comes does not stay either.
    let mut page = enter(&machines[0]);
    let id = put(&machines[0], "large.bin", &random(LARGEST));
    let message = say_with_acked(&mut page, &id, "last");
    wait_for_a_part(&machines[1]);
    let done = run(&machines[0].files, &format!("redact lobby {message}"));
    assert!(done.status.success(), "{done:?}");
    for machine in &machines {
        eventually("nothing of it is left", || {
            (left(machine).is_empty() && missing(machine).is_empty()).then_some(())
        });
        assert_eq!(have(machine, &id).status, 404);
    }
}

#[test]
fn what_is_not_what_it_was_is_discarded_and_fetched_when_it_is_mended() {
    let (_engine, mut machines) = site(&["a", "b"]);
    let told = machines[1].start_telling();
    let mut page = enter(&machines[0]);
    let content = random(300_000);
    let id = put(&machines[0], "plan.bin", &content);
    let stored = left(&machines[0]).into_iter().find(|name| name.len() == 64);
    let stored = machines[0]
        .files
        .path("files/lobby")
        .join(stored.expect("a content"));
    fs::write(&stored, random(content.len())).expect("a broken disk");
    say_with_acked(&mut page, &id, "m1");
    eventually("it is known to be missing", || {
        (missing(&machines[1]) == [id.clone()]).then_some(())
    });
    eventually("it was had and thrown away", || {
        let told = fs::read_to_string(&told).expect("readable");
        told.contains("it is not what its message says")
            .then_some(())
    });
    assert_eq!(left(&machines[1]), Vec::<String>::new());
    assert_eq!(have(&machines[1], &id).status, 503);
    fs::write(&stored, &content).expect("restored from a backup");
    wait_for(&machines[1], &id, &content);
}

#[test]
fn a_file_for_some_only_is_for_them_on_all_machines() {
    let (_engine, machines) = site(&["a", "b"]);
    let mut page = enter(&machines[0]);
    let id = put(&machines[0], "plan.bin", b"\0a plan");
    // Before it is said it is its giver's alone; elsewhere there is none.
    assert_eq!(have(&machines[0], &id).status, 404);
    assert_eq!(have(&machines[1], &id).status, 404);
    say_with_acked(&mut page, &id, "m1");
    wait_for(&machines[1], &id, b"\0a plan");
    let done = run(&machines[0].files, "clear lobby");
    assert!(done.status.success(), "{done:?}");
    for machine in &machines {
        eventually("what was cleared is nobody's", || {
            (have(machine, &id).status == 404).then_some(())
        });
    }
}

#[test]
fn a_file_of_a_conversation_is_its_peoples_on_all_machines() {
    let (engine, machines) = site(&["a", "b"]);
    let [a, b] = [&machines[0], &machines[1]];
    let login = |machine: &Machine, name: &str| machine.files.log_in_as(name);
    let mut page = a.files.window("", &anna(a));
    let mut bob = b.files.window("", &login(b, "bob"));
    for page in [&mut page, &mut bob] {
        page.send(&json!({ "type": "enter", "rooms": [{ "room": "lobby" }] }));
        page.find(|it| it["type"] == "welcome");
    }
    all_have(&machines, &["anna", "bob"]);
    page.send(&json!({ "type": "converse", "people": [{ "to": "bob" }] }));
    let room = page.find(|it| it["type"] == "welcome" && it["room"] != "lobby")["room"].clone();
    let room = room.as_str().expect("a name");
    eventually("the room is on both", || {
        b.files
            .path(&format!("closed/{room}"))
            .exists()
            .then_some(())
    });
    let words = b"nobody else's plan";
    let path = format!("/files?room={room}&name=plan.bin");
    let content = [b"\0", &words[..]].concat();
    let told = ask(b, "POST", &path, &anna(b), &content).json();
    let id = told["id"].as_str().expect("an id").to_owned();
    let files = [json!({ "id": id })];
    page.send(&json!({ "type": "say", "room": room, "text": "", "msgid": "m1", "files": files }));
    page.find(|it| it["type"] == "ack" && it["msgid"] == "m1");
    for machine in &machines {
        let path = format!("/files/{id}/x?room={room}");
        let had = eventually("it has come", || {
            let answer = ask(machine, "GET", &path, &login(machine, "bob"), b"");
            (answer.status == 200).then_some(answer)
        });
        assert_eq!(had.body, content);
        for cookies in [login(machine, "eve"), String::new()] {
            assert_eq!(ask(machine, "GET", &path, &cookies, b"").status, 404);
        }
        let at_home = format!("closed/{room}/files");
        let words = std::str::from_utf8(words).expect("text");
        assert!(holds(&machine.files.path(&at_home), words));
        assert!(!holds(&machine.files.path("files"), words) && !holds(engine.dir(), words));
    }
}

#[test]
fn a_file_that_is_missing_comes_into_the_room_that_was_made_private_meanwhile() {
    let (_engine, mut machines) = site(&["a", "b"]);
    let content = random(300_000);
    let mut page = machines[0].files.page_with("den", "", &anna(&machines[0]));
    let id = put_into(&machines[0], "den", "plan.bin", &content);
    // It cannot be given as long as it is away.
    let stored = content_in(&machines[0], "files/den");
    let away = machines[0].files.path("away");
    fs::rename(&stored, &away).expect("away");
    say_with_acked(&mut page, &id, "m1");
    eventually("it is known to be missing", || {
        (missing(&machines[1]) == [id.clone()]).then_some(())
    });
    let b = &machines[1];
    let done = run(&b.files, "make-private den --member=anna");
    assert!(done.status.success(), "{done:?}");
    let told = String::from_utf8(done.stdout).expect("text");
    let room = told.trim_end().rsplit(' ').next().expect("its new name");
    let room = room.to_owned();
    // By either name; others do not know that there is such a room.
    for name in ["den", &room] {
        let path = format!("/files/{id}/x?room={name}");
        assert_eq!(ask(b, "GET", &path, &anna(b), b"").status, 503, "{name}");
        assert_eq!(ask(b, "GET", &path, "", b"").status, 404, "{name}");
    }
    let moved = format!("closed/{room}/files/{room}");
    eventually("the room is elsewhere on the other, too", || {
        machines[0].files.path(&moved).is_dir().then_some(())
    });
    let stored = machines[0]
        .files
        .path(&moved)
        .join(stored.file_name().expect("one"));
    fs::rename(&away, &stored).expect("back");
    // Who comes says so: it is asked at once.
    machines[0].start();
    for machine in &machines {
        let path = format!("/files/{id}/x?room={room}");
        let had = eventually("it has come", || {
            let answer = ask(machine, "GET", &path, &anna(machine), b"");
            (answer.status == 200).then_some(answer)
        });
        assert!(had.body == content, "{} bytes", had.body.len());
        eventually("nothing is missing", || {
            missing(machine).is_empty().then_some(())
        });
        assert!(!machine.files.path("files/den").exists());
    }
}

#[test]
fn who_says_something_with_a_file_while_no_other_machine_can_be_asked_is_to_say_it_again() {
    let (_engine, mut machines) = site(&["a", "b"]);
    let mut page = enter(&machines[1]);
    let id = put(&machines[0], "plan.bin", b"\0a plan");
    machines[1].kill();
    let answer = say_with(&mut page, &id, "m1");
    assert_eq!(answer["code"], "not_saved", "{answer}");
    machines[1].start();
    let mut other = enter(&machines[1]);
    let message = say_with_acked(&mut other, &id, "m1");
    wait_for(&machines[1], &id, b"\0a plan");
    assert!(machines[1].log().contains(&message));
    // On a machine alone there is nobody to ask: what is not there is nowhere. What an engine before left does not count.
    let mut alone = Machine::new("c", "local", "");
    let bell = alone.files.path("run/relay");
    fs::create_dir_all(&bell).expect("made");
    fs::write(bell.join("personal.bell"), "").expect("left");
    alone.start();
    let answer = say_with(&mut enter(&alone), &id, "m1");
    assert_eq!(answer["code"], "not_found", "{answer}");
    assert!(!bell.join("sought").exists());
}

#[test]
fn machines_that_share_their_files_fetch_nothing() {
    let engine = Server::start();
    let shared = tempfile::tempdir().expect("a mount");
    let machines: Vec<_> = ["a", "b"]
        .map(|name| {
            let machine = Machine::new(name, &engine.address(), "");
            std::os::unix::fs::symlink(shared.path(), machine.files.path("files"))
                .expect("mounted");
            machine
        })
        .into_iter()
        .map(|mut machine| {
            machine.start();
            machine
        })
        .collect();
    let mut page = enter(&machines[0]);
    let id = put(&machines[1], "plan.bin", b"\0a plan");
    let message = say_with_acked(&mut page, &id, "m1");
    for machine in &machines {
        wait_for(machine, &id, b"\0a plan");
        assert_eq!(machine.state("files"), "0");
    }
    let done = run(&machines[0].files, &format!("redact lobby {message}"));
    assert!(done.status.success(), "{done:?}");
    eventually("it is deleted once", || {
        left(&machines[1]).is_empty().then_some(())
    });
    let ledger = fs::read_to_string(shared.path().join("ledger")).expect("a ledger");
    let sizes = ledger
        .lines()
        .filter_map(|line| line.split('\t').next()?.parse::<i64>().ok());
    assert_eq!(sizes.sum::<i64>(), 0, "{ledger}");
}
