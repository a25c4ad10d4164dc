//! Files through `chat-cgi`, as a web server runs it: who may give and have one, what is left of it on the disk, and
//! what is left when something breaks.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use chat_store::attachments::{AttachmentId, Shelf};
use chat_store::fs::dirs::Dirs;
use chat_store::log::room_log::RoomLog;
use chat_store::name::RoomName;
use chat_store::people::person::PersonId;
use chat_store::record::{Draft, Kind, RecordId, attrs};
use e2e::cluster_of_one::ClusterOfOne;
use e2e::page::Page;
use serde_json::{Value, json};

use crate::support::Chat;

const PNG: &[u8] = include_bytes!("../../src/picture/samples/plain.png");
const JPEG: &[u8] = include_bytes!("../../src/picture/samples/plain.jpg");

struct Site {
    // Before the files that it uses.
    _cluster: Option<ClusterOfOne>,
    dir: tempfile::TempDir,
    dirs: Dirs,
    room: RoomName,
}

struct Answer {
    status: u16,
    headers: HashMap<String, String>,
    body: Vec<u8>,
    log: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn code(&self) -> String {
        let code = self.json()["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        format!("{} {code}", self.status)
    }

    fn id(&self) -> String {
        assert_eq!(
            self.status,
            200,
            "{}{}",
            String::from_utf8_lossy(&self.body),
            self.log
        );
        self.json()["id"].as_str().unwrap().to_owned()
    }
}

impl Site {
    fn new(lines: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = format!("[global]\nBASE_DIR=.\nFILES_PER_MINUTE=1000\n{lines}\n");
        let ini = dir.path().join("chat.ini");
        fs::write(&ini, config).unwrap();
        let dirs = Dirs::under(dir.path());
        dirs.create().unwrap();
        let room = RoomName::lobby();
        let said = Draft::new(Kind::Say, "bob", "first");
        RoomLog::new(&dirs, &room).append(&said).unwrap();
        Self {
            _cluster: ClusterOfOne::of(&ini, dir.path()),
            dir,
            dirs,
            room,
        }
    }

    fn shelf(&self) -> Shelf {
        Shelf::of(&self.dirs, &self.room)
    }

    fn start(&self, method: &str, path: &str, variables: &[(&str, &str)], length: usize) -> Child {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        Command::new(e2e::under_test::beside("chat-cgi"))
            .env_clear()
            .env("CHAT_CONFIG", self.dir.path().join("chat.ini"))
            .env("REQUEST_METHOD", method)
            .env("PATH_INFO", path)
            .env("QUERY_STRING", query)
            .env("HTTP_HOST", "chat.example.org")
            .env("REMOTE_ADDR", "192.0.2.7")
            .env("CONTENT_LENGTH", length.to_string())
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn run(&self, method: &str, path: &str, variables: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut program = self.start(method, path, variables, body.len());
        // It may answer without reading what it does not want.
        let _ = program.stdin.take().unwrap().write_all(body);
        let output = program.wait_with_output().unwrap();
        let end = memchr::memmem::find(&output.stdout, b"\r\n\r\n").expect("a head");
        let head = String::from_utf8(output.stdout[..end].to_vec()).unwrap();
        let mut headers: HashMap<String, String> = head
            .lines()
            .map(|line| line.split_once(": ").expect("a header"))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let status = headers.remove("Status").unwrap()[..3].parse().unwrap();
        Answer {
            status,
            headers,
            body: output.stdout[end + 4..].to_vec(),
            log: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn give(&self, name: &str, client: &str, content: &[u8]) -> Answer {
        let path = format!("/files?room=lobby&name={name}&client={client}");
        self.run(
            "POST",
            &path,
            &[("CONTENT_TYPE", "application/octet-stream")],
            content,
        )
    }

    fn have(&self, id: &str, client: &str) -> Answer {
        let cookie = format!("chat-client={client}");
        self.run(
            "GET",
            &format!("/files/{id}/name?room=lobby"),
            &[("HTTP_COOKIE", &cookie)],
            b"",
        )
    }

    /// As a handler does it.
    fn say_with(&self, id: &str, client: &str) -> RecordId {
        let room_files = self.shelf();
        let person = PersonId::of(None, Some(client)).unwrap();
        let ids = [AttachmentId::parse(id).unwrap()];
        let given = room_files.give(&ids, &person, Some("m1"), None).unwrap();
        let values = given.values();
        let extra = [(attrs::FILE, Some(values[0].as_str()))];
        let draft = Draft {
            extra: &extra,
            client: Some(client),
            ..Draft::new(Kind::Say, "anna", "")
        };
        let message = RoomLog::new(&self.dirs, &self.room).append(&draft).unwrap();
        given.belong_to(message, Some("m1")).unwrap();
        message
    }

    fn chatctl(&self, arguments: &[&str]) -> (bool, String) {
        let output = Command::new(e2e::under_test::beside("chatctl"))
            .env("CHAT_CONFIG", self.dir.path().join("chat.ini"))
            .args(arguments)
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
    }

    /// All that is below `files/` but its locks and its ledger.
    fn left(&self) -> Vec<PathBuf> {
        let mut left = below(&self.dirs.files);
        left.retain(|path| !path.ends_with("lock") && !path.ends_with("ledger"));
        left
    }
}

fn below(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut found = Vec::new();
    for entry in entries {
        if entry.file_type().unwrap().is_dir() {
            found.extend(below(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

#[test]
fn a_file_is_for_who_gave_it_until_its_message_is_there_and_then_for_the_room() {
    let site = Site::new("");
    let given = site.give("summer.png", "annas", PNG);
    let id = given.id();
    let told = given.json();
    assert_eq!(
        (&told["name"], &told["type"]),
        (&"summer.png".into(), &"image/png".into())
    );
    assert_eq!(
        (told["width"].as_u64(), told["height"].as_u64()),
        (Some(24), Some(16))
    );
    assert_eq!(site.have(&id, "bobs").code(), "404 not_found");
    assert_eq!(site.have(&id, "annas").body, PNG);

    site.say_with(&id, "annas");
    let had = site.have(&id, "");
    assert_eq!((had.status, had.body.as_slice()), (200, PNG));
    for (name, value) in [
        ("Content-Type", "image/png"),
        ("X-Content-Type-Options", "nosniff"),
        (
            "Content-Security-Policy",
            "sandbox; default-src 'none'; frame-ancestors 'none'",
        ),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cache-Control", "private, max-age=600"),
        ("Content-Disposition", "inline; filename*=UTF-8''summer.png"),
    ] {
        assert_eq!(
            had.headers.get(name).map(String::as_str),
            Some(value),
            "{name}"
        );
    }
    // What nobody has is answered as what one may not have.
    let guessed = "0123456789abcdef0123456789abcdef";
    for id in [
        guessed,
        "../ledger",
        "..%2fledger",
        "",
        "lock",
        &id.to_uppercase(),
    ] {
        assert_eq!(site.have(id, "annas").code(), "404 not_found", "{id}");
    }
    let other = site.run("GET", &format!("/files/{id}?room=kino"), &[], b"");
    assert_eq!(other.code(), "404 not_found");

    let tag = had.headers["ETag"].clone();
    let path = format!("/files/{id}/x?room=lobby");
    let same = site.run("GET", &path, &[("HTTP_IF_NONE_MATCH", &tag)], b"");
    assert_eq!((same.status, same.body.len()), (304, 0));
    let part = site.run("GET", &path, &[("HTTP_RANGE", "bytes=1-3")], b"");
    assert_eq!((part.status, part.body.as_slice()), (206, &b"PNG"[..]));
    assert_eq!(
        part.headers["Content-Range"],
        format!("bytes 1-3/{}", PNG.len())
    );
    let none = site.run("GET", &path, &[("HTTP_RANGE", "bytes=9999-")], b"");
    assert_eq!(none.code(), "416 bad_range");
}

#[test]
fn a_page_in_a_picture_or_a_drawing_is_bytes_for_the_disk() {
    let site = Site::new("");
    let gifar = [JPEG, b"PK\x03\x04<script>alert(1)</script>"].concat();
    for (name, content, kind, way) in [
        (
            "x.html",
            &b"<html><script>alert(1)</script>"[..],
            "application/octet-stream",
            "attachment",
        ),
        (
            "x.png",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            "application/octet-stream",
            "attachment",
        ),
        (
            "x.js",
            b"alert(1)",
            "application/octet-stream",
            "attachment",
        ),
        (
            "x.pdf",
            b"%PDF-1.7 <script>",
            "application/octet-stream",
            "attachment",
        ),
        (
            "broken.jpg",
            b"\xff\xd8\xff\xe0<script>",
            "application/octet-stream",
            "attachment",
        ),
        ("gifar.jpg", &gifar, "image/jpeg", "inline"),
    ] {
        let id = site.give(name, "annas", content).id();
        let had = site.have(&id, "annas");
        assert_eq!(had.headers["Content-Type"], kind, "{name}");
        assert!(
            had.headers["Content-Disposition"].starts_with(way),
            "{name}"
        );
        assert!(
            had.headers["Content-Security-Policy"].starts_with("sandbox;"),
            "{name}"
        );
        assert!(kind != "image/jpeg" || memchr::memmem::find(&had.body, b"script").is_none());
    }
    let hostile = site.give("%22%0d%0aSet-Cookie:x=1%e2%80%ae.png", "annas", PNG);
    let had = site.have(&hostile.id(), "annas");
    assert_eq!(
        had.headers["Content-Disposition"],
        "inline; filename*=UTF-8''Set-Cookiex%3D1.png"
    );
}

#[test]
fn what_may_not_be_given_is_refused_and_leaves_nothing() {
    let site = Site::new("FILE_MAX=1000\nFILES_PER_PERSON=1500\nFILE_TYPES=image/*, text/plain");
    assert_eq!(
        site.give("a", "annas", &[0; 1001]).code(),
        "413 file_too_large"
    );
    assert_eq!(site.give("a", "annas", b"").code(), "400 empty_file");
    assert_eq!(site.give("a", "", b"text").code(), "403 no_person");
    assert_eq!(site.give("a", "annas", b"%PDF-1.7").code(), "415 file_type");
    let json = [("CONTENT_TYPE", "text/plain")];
    let cross = site.run("POST", "/files?room=lobby&client=annas", &json, b"text");
    assert_eq!(cross.code(), "403 cross_site");
    let binary = ("CONTENT_TYPE", "application/octet-stream");
    let elsewhere = [binary, ("HTTP_ORIGIN", "https://evil.example")];
    let cross = site.run(
        "POST",
        "/files?room=lobby&client=annas",
        &elsewhere,
        b"text",
    );
    assert_eq!(cross.code(), "403 cross_site");
    let nowhere = site.run(
        "POST",
        "/files?room=nowhere&client=annas",
        &[binary],
        b"text",
    );
    assert_eq!(nowhere.code(), "404 no_such_room");
    let closed = site.run(
        "POST",
        "/files?room=~0123456789abcdef0123&client=annas",
        &[binary],
        b"text",
    );
    assert_eq!(closed.code(), "404 no_such_room");
    let no_length = site.run(
        "POST",
        "/files?room=lobby&client=annas",
        &[binary, ("CONTENT_LENGTH", "")],
        b"text",
    );
    assert_eq!(no_length.code(), "411 length_required");
    assert_eq!(site.left(), Vec::<PathBuf>::new());

    site.give("a.txt", "annas", &[b'a'; 1000]).id();
    assert_eq!(
        site.give("b.txt", "annas", &[b'b'; 1000]).code(),
        "507 files_of_person"
    );
    // Of the same address; an account has its own share.
    assert_eq!(
        site.give("b.txt", "bobs", &[b'b'; 1000]).code(),
        "507 files_of_person"
    );
    assert_eq!(site.left().len(), 2);

    let off = Site::new("FILE_MAX=0");
    assert_eq!(off.give("a", "annas", b"text").code(), "403 files_off");
    let few = Site::new("FILES_PER_MINUTE=2");
    let codes: Vec<_> = (0..3)
        .map(|_| few.give("a", "annas", b"text").status)
        .collect();
    assert_eq!(codes, [200, 200, 429]);
}

#[test]
fn who_is_muted_gives_no_files() {
    let site = Site::new("");
    let (done, text) = site.chatctl(&["mute", "lobby", "everybody:192.0.2.7", "enough"]);
    assert!(done, "{text}");
    assert_eq!(site.give("a", "annas", b"text").code(), "403 muted");
}

#[test]
fn a_line_that_breaks_and_a_killed_program_leave_nothing() {
    let site = Site::new("");
    let path = "/files?room=lobby&name=big&client=annas";
    let kind = [("CONTENT_TYPE", "application/octet-stream")];
    let half = vec![b'x'; 4 << 20];
    let mut cut = site.start("POST", path, &kind, 25 << 20);
    cut.stdin.take().unwrap().write_all(&half).unwrap();
    let output = cut.wait_with_output().unwrap();
    assert!(output.stdout.starts_with(b"Status: 400"), "{output:?}");
    assert_eq!(site.left(), Vec::<PathBuf>::new());

    let mut killed = site.start("POST", path, &kind, 25 << 20);
    let mut input = killed.stdin.take().unwrap();
    input.write_all(&half).unwrap();
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert_eq!(site.left(), Vec::<PathBuf>::new());
}

#[test]
fn a_full_disk_refuses_a_file_and_keeps_nothing_of_it() {
    // RLIMIT_FSIZE stands for the disk: writing ends in the middle of the file.
    let site = Site::new("");
    let script = r#"trap '' XFSZ; ulimit -f 2048; exec "$0""#;
    let mut program = Command::new("sh")
        .args(["-c", script])
        .arg(e2e::under_test::beside("chat-cgi"))
        .env("CHAT_CONFIG", site.dir.path().join("chat.ini"))
        .env("REQUEST_METHOD", "POST")
        .env("PATH_INFO", "/files")
        .env("QUERY_STRING", "room=lobby&name=big&client=annas")
        .env("CONTENT_TYPE", "application/octet-stream")
        .env("CONTENT_LENGTH", (4 << 20).to_string())
        .env("REMOTE_ADDR", "192.0.2.7")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    program
        .stdin
        .take()
        .unwrap()
        .write_all(&vec![b'x'; 4 << 20])
        .unwrap();
    let output = program.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.starts_with("Status: 50"), "{text}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("could not be kept"));
    assert_eq!(site.left(), Vec::<PathBuf>::new());
}

#[test]
fn the_administrators_program_may_refuse_a_file() {
    let hook = |script: &str, site: &Site| {
        let path = site.dir.path().join("hook");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    let site = Site::new("FILE_HOOKS=exec:hook\nFILE_HOOK_TIMEOUT=1");
    hook(
        r#"grep -q EICAR "$1" && { echo "a virus was found"; exit 1; }
case $(cat) in *'"name":"ok.txt"'*) exit 0;; *'"name":"json.txt"'*) echo '{"action":"refuse"}'; exit 0;; esac; exit 3"#,
        &site,
    );
    site.give("ok.txt", "annas", b"harmless").id();
    let refused = site.give("ok.txt", "annas", b"EICAR");
    assert_eq!(refused.code(), "403 file_refused");
    assert_eq!(refused.json()["error"]["message"], "a virus was found");
    let broken = site.give("other.txt", "annas", b"harmless too");
    assert_eq!(broken.code(), "503 not_checked");
    assert!(
        broken.log.contains("hook ended with the exit status 3"),
        "{}",
        broken.log
    );
    assert_eq!(
        site.give("json.txt", "annas", b"x").code(),
        "403 file_refused"
    );
    hook("exec sleep 60", &site);
    assert_eq!(
        site.give("ok.txt", "annas", b"slow").code(),
        "503 not_checked"
    );
    assert_eq!(site.left().len(), 2);
}

#[test]
fn a_file_that_was_not_sent_can_be_taken_back_by_who_gave_it() {
    let site = Site::new("");
    let id = site.give("a.png", "annas", PNG).id();
    let delete = |client: &str| {
        let cookie = format!("chat-client={client}");
        let variables = [
            ("CONTENT_TYPE", "application/json"),
            ("HTTP_COOKIE", cookie.as_str()),
        ];
        site.run(
            "DELETE",
            &format!("/files/{id}?room=lobby"),
            &variables,
            b"",
        )
        .status
    };
    assert_eq!(delete("bobs"), 404);
    site.say_with(&id, "annas");
    assert_eq!(delete("annas"), 404, "it goes with its message");
    let other = site.give("b.png", "annas", PNG).id();
    let cookie = [
        ("CONTENT_TYPE", "application/json"),
        ("HTTP_COOKIE", "chat-client=annas"),
    ];
    let deleted = site.run(
        "DELETE",
        &format!("/files/{other}?room=lobby"),
        &cookie,
        b"",
    );
    assert_eq!(deleted.status, 200);
    assert_eq!(site.have(&other, "annas").status, 404);
    assert_eq!(
        site.have(&id, "bobs").status,
        200,
        "the same content, another file"
    );
}

#[test]
fn what_is_deleted_takes_its_files_along() {
    type Deed = fn(&Site, RecordId) -> (bool, String);
    let deeds: [(&str, Deed); 6] = [
        ("redact", |site, id| {
            site.chatctl(&["redact", "lobby", &id.to_string()])
        }),
        ("clear", |site, _| {
            site.chatctl(&["clear", "lobby", "--delete"])
        }),
        ("erase", |site, _| site.chatctl(&["erase", "lobby", "anna"])),
        ("person erase", |site, _| {
            site.chatctl(&["person", "erase", "anna"])
        }),
        ("purge", |site, _| site.chatctl(&["purge", "lobby"])),
        ("expire", |site, _| {
            // The message is as old as that.
            let live = site.dirs.room_log(&site.room);
            let text = fs::read_to_string(&live).unwrap();
            let year = &RecordId::now().to_string()[..4];
            fs::write(&live, text.replace(&format!("{year}-"), "2020-")).unwrap();
            for path in site.left().iter().filter(|path| path.extension().is_some()) {
                let text = fs::read_to_string(path).unwrap();
                fs::write(
                    path,
                    text.replace(&format!("message={year}-"), "message=2020-"),
                )
                .unwrap();
            }
            site.chatctl(&["expire", "--older-than=1year"])
        }),
    ];
    for (name, deed) in deeds {
        let site = Site::new("");
        let id = site.give("secret-plan.png", "annas", PNG).id();
        let message = site.say_with(&id, "annas");
        let (done, text) = deed(&site, message);
        assert!(done, "{name}: {text}");
        assert_eq!(site.left(), Vec::<PathBuf>::new(), "{name}");
        assert_eq!(site.have(&id, "annas").status, 404, "{name}");
        let log = fs::read_to_string(site.dirs.room_log(&site.room)).unwrap_or_default();
        assert!(!log.contains("secret-plan"), "{name}: {log}");
    }
}

#[test]
fn orphans_are_told_and_swept_and_exports_list_files() {
    let site = Site::new("");
    let id = site.give("summer.png", "annas", PNG).id();
    site.say_with(&id, "annas");
    let (good, text) = site.chatctl(&["check", "--logrotate=/nonexistent"]);
    assert!(!text.contains("files/"), "{good} {text}");
    let (_, export) = site.chatctl(&["export", "lobby", "--format=text"]);
    assert!(export.contains("summer.png"), "{export}");
    let (_, export) = site.chatctl(&["export", "lobby", "--format=json"]);
    assert!(export.contains(&id), "{export}");

    let waiting = site.give("waiting.txt", "annas", b"waiting").id();
    let shelf = site.shelf();
    fs::write(shelf.dir().join("f".repeat(64)), "nobody's").unwrap();
    let (_, text) = site.chatctl(&["check", "--logrotate=/nonexistent"]);
    assert!(text.contains(&"f".repeat(64)), "{text}");
    // An hour goes by.
    let line = shelf.dir().join(format!("{waiting}.file"));
    let text = fs::read_to_string(&line).unwrap();
    let at = text.find("at=").unwrap() + 3;
    fs::write(&line, format!("{}2020{}", &text[..at], &text[at + 4..])).unwrap();
    let (done, text) = site.chatctl(&["expire", "--older-than=50years"]);
    assert!(
        done && text.contains("files that no message needs"),
        "{text}"
    );
    assert_eq!(site.left().len(), 2, "{:?}", site.left());
    assert_eq!(site.have(&id, "").status, 200);
}

/// What chat-cgi answers.
fn ask(chat: &Chat, method: &str, path: &str, cookie: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut program = Command::new(e2e::under_test::beside("chat-cgi"))
        .env_clear()
        .env("CHAT_CONFIG", chat.path("chat.ini"))
        .env("REQUEST_METHOD", method)
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("HTTP_COOKIE", cookie)
        .env("CONTENT_TYPE", "application/octet-stream")
        .env("CONTENT_LENGTH", body.len().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // It may answer without reading what it does not want.
    let _ = program.stdin.take().unwrap().write_all(body);
    let output = program.wait_with_output().unwrap().stdout;
    let end = memchr::memmem::find(&output, b"\r\n\r\n").unwrap() + 4;
    let status = std::str::from_utf8(&output[8..11]).unwrap();
    (status.parse().unwrap(), output[end..].to_vec())
}

fn window(chat: &Chat, query: &str, cookie: &str, room: &str) -> Page {
    let mut page = chat.window(query, cookie);
    page.send(&json!({"type": "enter", "rooms": [{ "room": room }]}));
    page.expect("history");
    page
}

fn given(chat: &Chat, room: &str, name: &str, cookie: &str) -> Value {
    let path = format!("/files?room={room}&name={name}");
    let (status, body) = ask(chat, "POST", &path, cookie, PNG);
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).unwrap()
}

#[test]
fn a_message_brings_its_files_to_all_and_text_clients_read_their_names() {
    let chat = Chat::with("");
    let mut old = chat.old_page("lobby", "carol");
    old.line_with("Userlist");
    let mut anna = window(&chat, "client=annas-browser&nick=anna", "", "lobby");
    let mut bob = window(&chat, "client=bobs-browser&nick=bob", "", "lobby");
    let summer = given(&chat, "lobby", "summer.png", "chat-client=annas-browser");
    let files = json!([{ "id": summer["id"] }]);
    // Not bob's to say.
    bob.send(
        &json!({"type": "say", "room": "lobby", "text": "mine", "files": files, "msgid": "b1"}),
    );
    let refused = bob.find(|message| message["msgid"] == "b1");
    assert_eq!(
        (&refused["type"], &refused["code"]),
        (&json!("error"), &json!("not_found"))
    );
    for _ in 0..2 {
        anna.send(&json!({"type": "say", "room": "lobby", "text": "/me is\nhere", "files": files, "msgid": "a1"}));
    }
    let said = bob.find(|message| message["type"] == "say");
    assert_eq!(
        (&said["text"], &said["files"]),
        (&json!("/me is\nhere"), &json!([summer]))
    );
    let again = anna.find(|message| message["type"] == "ack" && message["duplicate"] == true);
    assert_eq!(again["id"], said["id"]);
    assert!(
        old.line_with("(file: summer.png,")
            .contains("anna> (file: summer.png, 176 B)")
    );

    let alone = given(&chat, "lobby", "alone.png", "chat-client=annas-browser");
    anna.send(&json!({"type": "say", "room": "lobby", "text": "", "files": [{ "id": alone["id"] }], "msgid": "a2"}));
    let said = bob.find(|message| message["type"] == "say" && message["text"] == "");
    let path = format!("/files/{}/x?room=lobby", alone["id"].as_str().unwrap());
    assert_eq!(ask(&chat, "GET", &path, "", b"").0, 200);
    // Taken back, it is nowhere.
    anna.send(&json!({"type": "delete", "room": "lobby", "target": said["id"], "msgid": "a3"}));
    bob.find(|message| message["type"] == "redact");
    assert_eq!(ask(&chat, "GET", &path, "", b"").0, 404);
    let mut late = chat.window("client=late&nick=late", "");
    late.send(&json!({"type": "enter", "rooms": [{ "room": "lobby" }]}));
    let history = late.expect("history");
    let records = history["records"].as_array().unwrap();
    assert_eq!(
        records
            .iter()
            .filter(|record| record["files"].is_array())
            .count(),
        1,
        "{history}"
    );
    assert!(records.iter().any(|record| record["redacted"] == true));
    assert!(!history.to_string().contains("alone.png"));
}

#[test]
fn files_of_a_conversation_are_for_its_people() {
    let chat = Chat::with("");
    let cookies = ["anna", "bob", "eve"].map(|name| chat.log_in_as(name));
    let [mut anna, mut bob, _eve] = cookies
        .each_ref()
        .map(|cookie| window(&chat, "", cookie, "lobby"));
    anna.send(&json!({"type": "converse", "people": [{ "to": "bob" }]}));
    let room = anna.expect("welcome")["room"].as_str().unwrap().to_owned();
    let secret = given(&chat, &room, "secret.png", &cookies[0]);
    anna.send(&json!({"type": "say", "room": room, "text": "", "files": [{ "id": secret["id"] }], "msgid": "a1"}));
    anna.find(|message| message["type"] == "ack");
    bob.send(&json!({"type": "enter", "rooms": [{ "room": room }]}));
    bob.expect("history");
    let id = secret["id"].as_str().unwrap();
    let at = |room: &str, cookie: &str| {
        ask(
            &chat,
            "GET",
            &format!("/files/{id}/x?room={room}"),
            cookie,
            b"",
        )
    };
    assert_eq!(at(&room, &cookies[1]).0, 200);
    let nobodys = at("~0123456789abcdef0123", &cookies[2]);
    for (room, cookie) in [
        (room.as_str(), cookies[2].as_str()),
        (&room, ""),
        ("lobby", &cookies[0]),
    ] {
        assert_eq!(at(room, cookie), nobodys);
    }
    let (status, _) = ask(
        &chat,
        "POST",
        &format!("/files?room={room}&name=x"),
        &cookies[2],
        PNG,
    );
    assert_eq!(status, 404);
    let below_closed = below(&chat.path("closed"));
    assert!(
        below_closed
            .iter()
            .any(|path| path.ends_with(format!("{id}.file")))
    );
    assert!(
        !below(&chat.path("files"))
            .iter()
            .any(|path| path.ends_with(format!("{id}.file")))
    );
}
