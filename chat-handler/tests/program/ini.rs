//! The ini file: what is told of one that is wrong.

use std::process::Command;

use crate::support::Chat;
use chat_handler::settings::KEYS;
use e2e::cluster_of_one::needs_alone;

/// Runs a program with nothing in its environment but these; exit status and what it says.
fn run(program: &str, arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
    let output = Command::new(program)
        .env_clear()
        .args(arguments)
        .envs(variables.iter().copied())
        .output()
        .expect("started");
    let told = [output.stdout, output.stderr].concat();
    (
        output.status.code().expect("an exit status"),
        String::from_utf8(told).expect("UTF-8"),
    )
}

const OTHER_INI: &str = "its chat.ini is another one";

const HANDLER: &str = env!("CARGO_BIN_EXE_chat-handler");

fn check(chat: &Chat, ini: impl AsRef<[u8]>) -> (i32, String) {
    std::fs::write(chat.path("chat.ini"), ini).expect("written");
    let path = chat.path("chat.ini").display().to_string();
    run(HANDLER, &["--check", "--config", &path], &[])
}

#[test]
fn a_value_that_is_not_allowed_is_told_with_line_key_and_what_is() {
    let _alone = needs_alone(OTHER_INI);
    let chat = Chat::new();
    for key in KEYS {
        // No key allows a control character, a quote and a blank all at once.
        let (code, told) = check(
            &chat,
            format!("[global]\nBASE_DIR=.\n\n{}=\u{1}\" x\u{7f}\n", key.name),
        );
        if ["TURN_SECRET"].contains(&key.name) {
            // Any characters, but sixteen of them.
            assert!(told.contains(key.allowed), "{}: {told}", key.name);
            continue;
        }
        assert_eq!(code, 5, "{} is not checked: {told}", key.name);
        for part in ["chat.ini:4: ", key.name, key.allowed] {
            assert!(told.contains(part), "{}: {told}", key.name);
        }
    }
    let names: Vec<_> = KEYS.iter().map(|key| key.name).collect();
    let (code, told) = check(&chat, "[global]\nBASE_DIR=.\nMAX_ROMS=1\nmax_rooms=1\n");
    assert_eq!(code, 5);
    assert!(
        told.contains("chat.ini:3: unknown key \"MAX_ROMS\""),
        "{told}"
    );
    assert!(
        told.contains("chat.ini:4: unknown key \"max_rooms\""),
        "{told}"
    );
    assert!(names.iter().all(|name| told.contains(name)), "{told}");
}

#[test]
fn every_mistake_is_told_at_once() {
    let _alone = needs_alone(OTHER_INI);
    let chat = Chat::new();
    let ini = "[global]\nBASE_DIR=.\nLANG=\nMAX_MESSAGE=many\n[rooms]\nx=1\n[room descriptions]\nanything=goes=here\n";
    let (code, told) = check(&chat, ini);
    assert_eq!(code, 5);
    for part in [
        "chat.ini:3: LANG",
        "chat.ini:4: MAX_MESSAGE",
        "chat.ini:6: unknown section [rooms]",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    for (ini, part) in [
        (&b""[..], "BASE_DIR is missing"),
        (b"BASE_DIR=.\n", "a key before any section"),
        (
            b"[global\nBASE_DIR=.\n",
            "chat.ini:1: the name of a section ends with ]",
        ),
        (b"[global]\nBASE_DIR\n", "chat.ini:2: the line has no ="),
        (
            b"[global]\nBASE_DIR=.\nLANG=\xff\n",
            "chat.ini:3: is not UTF-8",
        ),
        (b"[global]\nBASE_DIR=nowhere\n", "chat.ini:2: BASE_DIR"),
        (b"[global]\nBASE_DIR=chat.ini\n", "is not a directory"),
    ] {
        let (code, told) = check(&chat, ini);
        assert_eq!(code, 5, "{told}");
        assert!(told.contains(part), "{part}: {told}");
    }
    let (code, told) = check(&chat, "x".repeat((1 << 20) + 1));
    assert_eq!(code, 5);
    assert!(told.contains("is larger than"), "{told}");
    // What is right is told in a line, and nothing is made.
    let (code, told) = check(&chat, "[global]\nBASE_DIR=.\n");
    assert_eq!(code, 0);
    assert!(told.ends_with("chat.ini: good\n"), "{told}");
    assert!(!chat.path("rooms").exists());
}

/// The file of 2016, with the old locale, an empty address and names of rooms as people wrote them.
#[test]
fn the_old_file_works_unchanged() {
    let _alone = needs_alone("the file of 2016 has no [cluster]");
    let chat = Chat::new();
    let base = chat.dir.path().display();
    let old = format!(
        "; the chat\n[global]\nBASE_DIR={base}\nLANG=cs_CZ.UTF-8\nICE_SERVER_DNS=stun.example.org\n\
         WEBSOCKETD_SERVER_URL=wss://chat.example.org/chat/rooms/\nAUTHENTIZATION_WEBSERVICE_URL=\n\
         AUTHENTIZATION_COOKIENAME=\n\n[room descriptions]\nlobby=Kde to začíná\nŽelezná hospoda=Pivo; a klid\n"
    );
    let (code, told) = check(&chat, old);
    assert_eq!(code, 0, "{told}");
    assert_eq!(
        chat.page("Železná_hospoda", "alice").welcome["description"],
        "Pivo; a klid"
    );
}
