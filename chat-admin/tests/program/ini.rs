//! The ini file: which one is read, and by all three programs.

use std::path::Path;
use std::process::Command;

use crate::support::{Chat, handler};

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

const CHATCTL: &str = env!("CARGO_BIN_EXE_chatctl");
const CHAT_CGI: &str = env!("CARGO_BIN_EXE_chat-cgi");

#[test]
fn the_flag_wins_over_the_variable_and_the_variable_over_the_usual_place() {
    let chat = Chat::new();
    let file = |name: &str, line: &str| {
        let path = chat.path(name);
        std::fs::write(&path, format!("[global]\nBASE_DIR=.\n{line}\n")).expect("written");
        path.display().to_string()
    };
    let (by_flag, by_variable) = (
        file("flag.ini", "FLAG=1"),
        file("variable.ini", "VARIABLE=1"),
    );
    let handler = handler();
    let handler = handler.to_str().expect("UTF-8");
    for program in [handler, CHATCTL] {
        let rest: &[&str] = if program == handler {
            &["--check"]
        } else {
            &["rooms"]
        };
        let with_flag = [&["--config", by_flag.as_str()], rest].concat();
        let variable = [("CHAT_CONFIG", by_variable.as_str())];
        let (code, told) = run(program, &with_flag, &variable);
        assert_eq!(code, 5);
        assert!(
            told.contains("flag.ini:3: unknown key \"FLAG\"") && !told.contains("variable"),
            "{told}"
        );
        let (code, told) = run(program, rest, &variable);
        assert_eq!(code, 5);
        assert!(
            told.contains("variable.ini:3: unknown key \"VARIABLE\""),
            "{told}"
        );
        if !Path::new("/etc/websocketd-rs/chat.ini").exists() {
            for variables in [&[][..], &[("CHAT_CONFIG", "")]] {
                let (code, told) = run(program, rest, variables);
                assert_eq!(code, 5);
                assert!(
                    told.contains("/etc/websocketd-rs/chat.ini") && told.contains("CHAT_CONFIG"),
                    "{told}"
                );
            }
        }
    }
    let request = [
        ("REQUEST_METHOD", "GET"),
        ("PATH_INFO", "/health"),
        ("CHAT_CONFIG", by_variable.as_str()),
    ];
    let (_, told) = run(CHAT_CGI, &[], &request);
    assert!(
        told.contains("Status: 500") && told.contains("variable.ini:3"),
        "{told}"
    );
}
