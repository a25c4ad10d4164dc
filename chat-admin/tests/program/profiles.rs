//! How people are shown, by `chatctl` and by `chat-cgi` as a web server runs it: pictures that are taken and refused,
//! who gets one, and what is left when somebody is forgotten.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Output, Stdio};
use std::thread;

use e2e::cluster_of_one::{SPOOL_KEEPS, differs};
use e2e::deadline::eventually;
use e2e::page::Page;
use serde_json::{Value, json};

use crate::support::Chat;

const PNG: &[u8] = include_bytes!("../../src/picture/samples/plain.png");
const JPEG: &[u8] = include_bytes!("../../src/picture/samples/plain.jpg");
const SVG: &[u8] = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";

fn chatctl(chat: &Chat, arguments: &[&str]) -> Output {
    Command::new(e2e::under_test::beside("chatctl"))
        .env_clear()
        .env("CHAT_CONFIG", chat.path("chat.ini"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[track_caller]
fn done(chat: &Chat, arguments: &[&str]) -> Value {
    let output = chatctl(chat, &[&["--json"], arguments].concat());
    let (out, err) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert!(output.status.success(), "{arguments:?}: {err}");
    serde_json::from_str(&out).unwrap_or(Value::Null)
}

/// What `chat-cgi` answers: its status, its head, its body.
fn ask(chat: &Chat, method: &str, path: &str, cookie: &str, body: &[u8]) -> (u16, String, Vec<u8>) {
    let kind = if method == "POST" {
        "application/octet-stream"
    } else {
        "application/json"
    };
    let mut program = Command::new(e2e::under_test::beside("chat-cgi"))
        .env_clear()
        .env("CHAT_CONFIG", chat.path("chat.ini"))
        .env("REQUEST_METHOD", method)
        .env("PATH_INFO", path)
        .env("HTTP_HOST", "chat.example.org")
        .env("HTTP_ORIGIN", "https://chat.example.org")
        .env("HTTPS", "on")
        .env("CONTENT_TYPE", kind)
        .env("HTTP_COOKIE", cookie)
        .env("REMOTE_ADDR", "192.0.2.7")
        .env("CONTENT_LENGTH", body.len().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may answer without reading what it does not want.
    let _ = program.stdin.take().unwrap().write_all(body);
    let output = program.wait_with_output().unwrap();
    let end = memchr::memmem::find(&output.stdout, b"\r\n\r\n").expect("a head");
    let head = String::from_utf8(output.stdout[..end].to_vec()).unwrap();
    let status = head.strip_prefix("Status: ").unwrap()[..3].parse().unwrap();
    (status, head, output.stdout[end + 4..].to_vec())
}

#[track_caller]
fn code((status, _, body): (u16, String, Vec<u8>)) -> String {
    let body: Value = serde_json::from_slice(&body).unwrap();
    let code = body["error"]["code"].as_str().unwrap_or_default();
    format!("{status} {code}").trim().to_owned()
}

fn chat() -> Chat {
    let chat = Chat::with("MESSAGE_RATE=100000\nMESSAGE_BURST=100000");
    let dirs = chat_store::fs::dirs::Dirs::under(chat.base());
    dirs.create().unwrap();
    chat
}

/// What others are told next of how somebody is shown.
fn shown(page: &mut Page) -> Value {
    page.expect("profiles")["people"][0].clone()
}

/// A picture as large as it says.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = PNG.to_vec();
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let mut sum = flate2::Crc::new();
    sum.update(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&sum.sum().to_be_bytes());
    bytes
}

#[test]
fn a_picture_is_made_anew_shown_to_others_at_once_and_taken_away() {
    let chat = chat();
    let cookie = chat.log_in(&[("username", "anna")]);
    let (_anna, mut bob) = (
        chat.page_with("lobby", "", &cookie),
        chat.page("lobby", "bob"),
    );
    let evil = [JPEG, b"<script>alert(1)</script>PK\x03\x04"].concat();
    let (status, _, body) = ask(&chat, "POST", "/avatar", &cookie, &evil);
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    let one = shown(&mut bob);
    let (person, id) = (
        one["person"].as_str().unwrap(),
        one["avatar"].as_str().unwrap(),
    );
    assert_eq!(one["name"], "anna");
    let path = format!("/avatars/{person}/{id}");
    let (status, head, picture) = ask(&chat, "GET", &path, "", b"");
    assert_eq!(status, 200);
    for line in [
        "Content-Type: image/jpeg",
        "X-Content-Type-Options: nosniff",
        "Cache-Control: private, max-age=86400, immutable",
        "Content-Security-Policy: sandbox; default-src 'none'; frame-ancestors 'none'",
    ] {
        assert!(head.contains(line), "{line}: {head}");
    }
    assert!(
        memchr::memmem::find(&picture, b"script").is_none() && picture.starts_with(b"\xff\xd8")
    );
    // Another number, another person, nothing: there is none, and nothing to list.
    for other in [
        format!("/avatars/{person}/{}", "0".repeat(32)),
        format!("/avatars/{}/{id}", "0".repeat(20)),
        format!("/avatars/{person}"),
        format!("/avatars/{person}/{id}/x"),
        format!("/avatars/../accounts/{id}"),
        "/avatars".to_owned(),
        "/avatars/".to_owned(),
    ] {
        assert_eq!(
            code(ask(&chat, "GET", &other, &cookie, b"")),
            "404 not_found",
            "{other}"
        );
    }
    assert_eq!(ask(&chat, "DELETE", "/avatar", &cookie, b"").0, 200);
    assert_eq!(shown(&mut bob).get("avatar"), None);
    assert_eq!(code(ask(&chat, "GET", &path, "", b"")), "404 not_found");
}

#[test]
fn what_is_no_picture_is_refused_and_nothing_is_kept() {
    let chat = chat();
    let cookie = chat.log_in(&[("username", "anna")]);
    for (body, wanted) in [
        (SVG.to_vec(), "415 file_type"),
        (b"<html>GIF89a".to_vec(), "415 file_type"),
        (PNG[..60].to_vec(), "415 file_type"),
        (png(50_000, 50_000), "413 file_too_large"),
        (png(5_000, 5_000), "413 file_too_large"),
        (vec![0; (8 << 20) + 1], "413 file_too_large"),
    ] {
        let answer = code(ask(&chat, "POST", "/avatar", &cookie, &body));
        assert_eq!(answer, wanted, "{} bytes", body.len());
    }
    assert_eq!(
        code(ask(&chat, "POST", "/avatar", "", PNG)),
        "403 anonymous_refused"
    );
    assert!(!chat.path("profiles").join("x").exists());
    let left = fs::read_dir(chat.path("profiles")).map_or(0, |dir| {
        dir.filter(|entry| entry.as_ref().unwrap().file_name() != ".lock")
            .count()
    });
    assert_eq!(left, 0);
    // Ten at once, then one a minute: each is decoded.
    let mut answers = (0..10).map(|_| code(ask(&chat, "POST", "/avatar", &cookie, SVG)));
    assert!(answers.any(|answer| answer == "429 too_many_files"));
}

#[test]
fn who_may_not_speak_where_they_are_gets_no_other_face() {
    let chat = chat();
    let cookie = chat.log_in(&[("username", "anna")]);
    let _anna = chat.page_with("lobby", "", &cookie);
    assert!(chatctl(&chat, &["mute", "lobby", "anna"]).status.success());
    for (method, body) in [("POST", PNG), ("DELETE", b"")] {
        let answer = code(ask(&chat, method, "/avatar", &cookie, body));
        assert_eq!(answer, "403 muted", "{method}");
    }
    assert!(
        chatctl(&chat, &["unmute", "lobby", "anna"])
            .status
            .success()
    );
    assert_eq!(ask(&chat, "POST", "/avatar", &cookie, PNG).0, 200);
}

#[test]
fn pictures_are_decoded_one_after_the_other() {
    let chat = chat();
    let cookie = chat.log_in(&[("username", "anna")]);
    assert_eq!(ask(&chat, "POST", "/avatar", &cookie, PNG).0, 200);
    let turns = fs::File::open(chat.path("run/avatars.lock")).expect("it was locked");
    let inode = format!(":{} ", turns.metadata().unwrap().ino());
    turns.lock().expect("nobody decodes");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| ask(&chat, "POST", "/avatar", &cookie, JPEG).0);
        // Whoever is next in turn holds a lock of its own, proc_locks(5).
        eventually("somebody waits for their turn", || {
            let locks = fs::read_to_string("/proc/locks").ok()?;
            let mut of_file = locks.lines().filter(|line| line.contains(&inode));
            of_file.any(|line| line.contains("OFDLCK")).then_some(())
        });
        assert!(!waiting.is_finished());
        turns.unlock().expect("it is ours");
        assert_eq!(waiting.join().expect("it is answered"), 200);
    });
}

#[test]
fn who_may_not_come_in_sees_no_pictures() {
    let chat = Chat::with("ANONYMOUS=no");
    done(&chat, &["profile", "anna", "--avatar", &sample(&chat)]);
    let shown = done(&chat, &["profile", "anna"]);
    let person = chat_store::people::person::PersonId::of(Some("anna"), None).unwrap();
    let path = format!(
        "/avatars/{}/{}",
        person.as_str(),
        shown["avatar"].as_str().unwrap()
    );
    assert_eq!(
        code(ask(&chat, "GET", &path, "", b"")),
        "403 anonymous_refused"
    );
    let cookie = chat.log_in(&[("username", "bob")]);
    assert_eq!(ask(&chat, "GET", &path, &cookie, b"").0, 200);
}

fn sample(chat: &Chat) -> String {
    let path = chat.path("picture.png");
    fs::write(&path, PNG).unwrap();
    path.display().to_string()
}

#[test]
fn the_shell_shows_and_changes_how_somebody_is_shown() {
    let chat = chat();
    let cookie = chat.log_in(&[("username", "anna")]);
    let (_anna, mut bob) = (
        chat.page_with("lobby", "", &cookie),
        chat.page("lobby", "bob"),
    );
    let picture = sample(&chat);
    let told = done(
        &chat,
        &[
            "profile",
            "anna",
            "--display-name",
            "Nan",
            "--color",
            "#00aa00",
            "--status",
            "at the lake",
            "--emoji",
            "🌴",
            "--until",
            "2999-01-01",
            "--avatar",
            &picture,
        ],
    );
    assert_eq!(
        (
            &told["display_name"],
            &told["color"],
            &told["status"]["text"]
        ),
        (&json!("Nan"), &json!("#00aa00"), &json!("at the lake"))
    );
    let one = shown(&mut bob);
    assert_eq!(
        (&one["status"]["emoji"], &one["avatar"]),
        (&json!("🌴"), &told["avatar"])
    );
    assert_eq!(done(&chat, &["profile", "anna"]), told);
    let plain = String::from_utf8(chatctl(&chat, &["profile", "anna"]).stdout).unwrap();
    assert!(
        plain.contains("display name   Nan\n") && plain.contains("🌴 at the lake (until 2999"),
        "{plain}"
    );
    // Names of others, words that are too long, what is no picture.
    done(&chat, &["profile", "bert", "--display-name", "Bertie"]);
    fs::write(chat.path("evil.svg"), SVG).unwrap();
    for wrong in [
        &["--display-name", "bertie"][..],
        &["--status", &"a".repeat(101)],
        &["--emoji", "x"],
        &["--avatar", chat.path("evil.svg").to_str().unwrap()],
    ] {
        let output = chatctl(&chat, &[&["profile", "anna"], wrong].concat());
        assert_eq!(output.status.code(), Some(1), "{wrong:?}");
    }
    let after = done(
        &chat,
        &[
            "profile",
            "anna",
            "--no-display-name",
            "--no-color",
            "--no-status",
            "--no-avatar",
        ],
    );
    assert_eq!(after["display_name"], Value::Null);
    assert!(!chat.path("profiles").join("16").exists());
    // Who did it is noted, without what was said.
    let log = fs::read_to_string(chat.path("log/administration.log")).unwrap_or_default();
    assert!(!log.contains("lake"), "{log}");
}

#[test]
fn an_account_is_told_with_its_profile() {
    let chat = Chat::with("ACCOUNTS=yes");
    done(
        &chat,
        &["register", "anna", "--without-password", "--group", "staff"],
    );
    done(&chat, &["profile", "ANNA", "--status", "here"]);
    let shown = done(&chat, &["accounts", "show", "anna"]);
    assert_eq!(
        (
            &shown["account"],
            &shown["groups"],
            &shown["profile"]["status"]["text"]
        ),
        (&json!("anna"), &json!(["staff"]), &json!("here"))
    );
    let all = done(&chat, &["accounts"]);
    assert_eq!(all[0]["profile"]["status"]["text"], "here");
    assert_eq!(
        chatctl(&chat, &["accounts", "show", "nobody"])
            .status
            .code(),
        Some(3)
    );
    done(&chat, &["unregister", "anna"]);
    assert_eq!(done(&chat, &["profile", "anna"])["status"], Value::Null);
}

#[test]
fn who_is_forgotten_leaves_nothing_of_how_they_were_shown() {
    let chat = chat();
    let picture = sample(&chat);
    done(
        &chat,
        &[
            "profile",
            "anna",
            "--display-name",
            "Nightingale",
            "--status",
            "at the lake",
            "--avatar",
            &picture,
        ],
    );
    done(&chat, &["profile", "bob", "--status", "stays"]);
    let saved = chat.path("../saved").display().to_string();
    let _ = fs::remove_file(&saved);
    done(&chat, &["backup", &saved]);
    done(&chat, &["restore", "--check", &saved]);
    fs::remove_file(&saved).unwrap();
    let given = chatctl(&chat, &["person", "export", "--account", "anna"]);
    let given = String::from_utf8(given.stdout).unwrap();
    for part in ["Nightingale", "at the lake", "data:image/"] {
        assert!(given.contains(part), "{part}: {given}");
    }
    done(&chat, &["person", "erase", "--account", "anna"]);
    let mut grep = Command::new("grep");
    grep.args(["-rEl", "Nightingale|at the lake|account=anna"]);
    if differs(SPOOL_KEEPS) {
        grep.arg("--exclude-dir=spool");
    }
    let found = grep.arg(chat.base()).output().unwrap();
    assert_eq!(String::from_utf8(found.stdout).unwrap(), "");
    let pictures = fs::read_dir(chat.path("profiles")).unwrap();
    let names: Vec<_> = pictures.map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        names
            .iter()
            .all(|name| !name.to_string_lossy().ends_with(".avatar")),
        "{names:?}"
    );
    assert_eq!(done(&chat, &["profile", "bob"])["status"]["text"], "stays");
}
