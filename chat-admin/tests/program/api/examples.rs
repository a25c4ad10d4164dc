//! docs/api.md: each block is read out of the document and run as it stands there, against a real daemon.

use super::*;
use std::path::PathBuf;

use e2e::chat::Files as Chat;
use e2e::daemon::Daemon;
use e2e::requirement::part;
use e2e::under_test::{beside, workspace};

/// The blocks of a language, in their order.
fn blocks(language: &str) -> Vec<String> {
    let text = fs::read_to_string(workspace().join("docs/api.md")).expect("it is there");
    let start = format!("```{language}\n");
    let starts = text.split(&start).skip(1);
    starts
        .map(|rest| rest.split("\n```").next().unwrap_or_default().to_owned())
        .collect()
}

fn run(chat: &Chat, program: PathBuf, arguments: &[&str], api: &str) -> String {
    let bin = beside("chatctl");
    let bin = bin.parent().expect("it is in a directory").display();
    let path = format!("{bin}:{}", std::env::var("PATH").unwrap_or_default());
    let output = Command::new(program)
        .args(arguments)
        .current_dir(chat.base())
        .env("PATH", path)
        .env("CHAT_CONFIG", chat.path("chat.ini"))
        .env("API", api)
        .output()
        .expect("it starts");
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{arguments:?}: {out}{err}");
    out.into_owned()
}

#[test]
fn what_the_document_shows_works_as_it_stands_there() {
    let chat = Chat::with(&blocks("ini").concat());
    fs::create_dir_all(chat.path("cgi")).expect("made");
    fs::copy(beside("chat-cgi"), chat.path("cgi/api")).expect("copied");
    let daemon = Daemon::builder()
        .flag(format!("--cgidir={}", chat.path("cgi").display()))
        .flag("--passenv=CHAT_CONFIG")
        .env("CHAT_CONFIG", chat.path("chat.ini"))
        .command(beside("chat-handler"), [] as [&str; 0])
        .start();
    let api = format!("http://{}/api/v1", daemon.address());
    // The blocks of the shell, one after the other as one types them.
    let shell = blocks("sh").join("\n");
    let told = run(&chat, "/bin/bash".into(), &["-euc", &shell], &api);
    assert!(told.contains("{\"id\":\""), "{told}");
    for (language, name, program, package) in [
        ("php", "post.php", "/usr/bin/php", "php-cli"),
        ("python", "post.py", "/usr/bin/python3", "python3"),
        ("js", "post.mjs", "/usr/bin/node", "nodejs"),
    ] {
        let [block] = blocks(language).try_into().expect("one block");
        fs::write(chat.path(name), block).expect("written");
        let told = run(&chat, part(program, package).into(), &[name], &api);
        assert!(told.contains("{\"id\":\""), "{language}: {told}");
    }
    let log = fs::read_to_string(chat.path("rooms/lobby.log")).expect("the room");
    for said in [
        "order 7 was shipped",
        "hello from PHP",
        "hello from Python",
        "hello from JavaScript",
    ] {
        assert_eq!(log.matches(said).count(), 1, "{said}: {log}");
    }
    assert_eq!(log.matches("account=api:shop").count(), 4);
    // Each again, as after a time-out: nothing is said twice.
    run(
        &chat,
        part("/usr/bin/python3", "python3").into(),
        &["post.py"],
        &api,
    );
    let again = fs::read_to_string(chat.path("rooms/lobby.log")).expect("the room");
    assert_eq!(again, log);
}

/// The table of mistakes names codes that there are.
#[test]
fn every_code_that_the_document_names_is_one() {
    let text = fs::read_to_string(workspace().join("docs/api.md")).expect("it is there");
    let table = text
        .split("## 7.")
        .nth(1)
        .and_then(|rest| rest.split("## 8.").next())
        .expect("the table");
    let mut count = 0;
    for row in table.lines().filter(|line| line.starts_with("| ")) {
        let Some((status, code)) = row
            .split(" | ")
            .nth(1)
            .and_then(|cell| cell.split_once(" `"))
        else {
            continue;
        };
        if status.starts_with("200") {
            continue;
        }
        let code = code.trim_end_matches('`');
        let known = Refusal::CODES.iter().find(|(known, _)| *known == code);
        assert_eq!(
            known.map(|(_, of)| of.to_string()),
            Some(status.to_owned()),
            "{row}"
        );
        count += 1;
    }
    assert!(count >= 9, "only {count} codes were found");
}
