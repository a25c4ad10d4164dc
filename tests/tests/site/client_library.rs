//! The client library (htdocs/client/) in Node, against the real programs.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use e2e::program::Program;
use e2e::requirement::part;
use e2e::site::Site;
use e2e::under_test::workspace;
use serde_json::Value;

/// How often everything is killed, the daemon and all handlers, while somebody speaks.
const KILLS: usize = 100;

/// Node on a script beside this file.
fn node(script: &str, arguments: &[&str]) -> Command {
    let mut node = Command::new(part("/usr/bin/node", "nodejs"));
    node.arg(workspace().join("tests/tests/site").join(script));
    node.arg(workspace().join("htdocs/client/chat-client.js"));
    let ws = workspace().join("tests/pages/node_modules/ws/wrapper.mjs");
    assert!(
        ws.exists(),
        "npm's ws is missing: `tests/pages/check test` installs it"
    );
    node.arg(ws).args(arguments);
    node
}

#[test]
fn whatever_is_killed_everything_is_heard_once_and_in_order() {
    let mut site = Site::start_on_fixed_port();
    let server = site.url("/").replace("http", "ws");
    let (end, hold) = std::io::pipe().expect("a pipe");
    let mut talk =
        Program::start_with_stdin(&node("client_library.mjs", &[&server]), Stdio::from(end));
    talk.output.wait_for(&["speaking"]);
    for kill in 0..KILLS {
        // From the midst of a start to long after it.
        thread::sleep(Duration::from_millis(40 * (kill as u64 % 13)));
        site.restart();
    }
    drop(hold);
    let said = talk.output.wait_for(&["{\"sent\""]);
    assert!(talk.wait().success());
    let said: Value = serde_json::from_str(&said).expect("JSON");
    let list = |field: &str| -> Vec<String> {
        let list = said[field].as_array().expect("a list");
        list.iter()
            .map(|item| item.as_str().unwrap_or_default().to_owned())
            .collect()
    };
    let sent = said["sent"].as_u64().expect("a number");
    let numbers: Vec<String> = (0..sent).map(|number| format!("number {number}")).collect();
    assert!(sent > KILLS as u64, "{sent} messages");
    assert!(
        said["losses"].as_u64() > Some(KILLS as u64 / 2),
        "connections were lost: {}",
        said["losses"]
    );
    assert_eq!(list("heard"), numbers);
    assert_eq!(list("failed"), Vec::<String>::new());
    let acked = list("acked");
    assert_eq!(acked.len() as u64, sent);
    assert!(
        acked.windows(2).all(|pair| pair[0] < pair[1]),
        "ids grow: {acked:?}"
    );
}
