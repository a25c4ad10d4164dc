//! What lies in conf/ is good as it is, once its places are where a test can have them.

use std::fs;
use std::process::Command;

use e2e::chat::Files;
use e2e::program::Program;
use e2e::under_test::{Subject, chat_cgi, chat_handler, workspace};

#[test]
fn every_configuration_of_the_daemon_passes_its_check() {
    let files = Files::installed("");
    let cgi = files.base().join("cgi");
    fs::create_dir(&cgi).expect("writable");
    fs::copy(chat_cgi(), cgi.join("api")).expect("copied");
    // `make install` makes it, for sites.ini.
    fs::create_dir(files.base().join("sites.d")).expect("writable");
    let mut checked = 0;
    let cluster = workspace().join("conf/cluster/daemon.ini");
    let shipped = fs::read_dir(workspace().join("conf")).expect("conf/");
    let shipped = shipped.map(|entry| entry.expect("an entry").path());
    for path in shipped.chain([cluster]) {
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        // chat.ini is the chat's, see chat-admin/tests/program/documents.rs.
        if name == "chat.ini" || path.extension().is_none_or(|extension| extension != "ini") {
            continue;
        }
        let shipped = fs::read_to_string(&path).expect("text");
        let htdocs = workspace().join("htdocs").display().to_string();
        let here = shipped
            .replace("/usr/local/share/websocketd-rs/htdocs", &htdocs)
            .replace(
                "/usr/local/lib/websocketd-rs/cgi",
                &cgi.display().to_string(),
            )
            .replace(
                "/usr/local/lib/websocketd-rs/administration",
                &cgi.display().to_string(),
            )
            .replace(
                "/usr/local/bin/chat-handler",
                &chat_handler().display().to_string(),
            )
            .replace(
                "/etc/websocketd-rs/chat.ini",
                &files.ini().display().to_string(),
            );
        let copy = files.base().join(&name);
        fs::write(&copy, here).expect("writable");
        let mut command = Command::new(Subject::under_test().path);
        command
            .arg(format!("--config={}", copy.display()))
            .arg("--check");
        let finished = Program::run(&command);
        assert_eq!(finished.code(), 0, "{name}: {finished:?}");
        checked += 1;
    }
    assert!(checked >= 2, "conf/ has the two ways to run the chat");
}

/// `chat-handler` starts it by this name, and nobody else would miss it.
#[test]
fn what_asks_opensso_is_built_beside_the_handler() {
    let finished = Program::run(&Command::new(chat_handler().with_file_name("chat-opensso")));
    assert_eq!(finished.code(), 1, "{finished:?}");
    assert!(
        finished.stderr.contains("started by chat-handler"),
        "{finished:?}"
    );
}
