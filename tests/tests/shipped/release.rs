//! The archive of `make release`: the same for whoever makes it, and all that a machine needs.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use e2e::http;
use e2e::image::{Image, endpoint, visitor};
use e2e::program::{Finished, Program};
use e2e::under_test::{static_programs, target, workspace};
use serde_json::json;

/// The archive, made by somebody with other habits than ours, and its sum.
fn release(umask: &str, zone: &str) -> (PathBuf, String) {
    static_programs();
    let mut shell = Command::new("bash");
    shell
        .args(["-c", &format!("umask {umask}; exec packaging/release")])
        .env("CARGO_TARGET_DIR", target())
        .env("TZ", zone)
        .env_remove("MAKEFLAGS")
        .env_remove("MAKELEVEL")
        .current_dir(workspace());
    let made = good(&shell);
    good(
        Command::new("sha256sum")
            .args(["-c", "SHA256SUMS"])
            .current_dir(target()),
    );
    let sum = fs::read_to_string(target().join("SHA256SUMS")).expect("it was just made");
    (PathBuf::from(made.stdout.trim()), sum)
}

#[track_caller]
fn good(command: &Command) -> Finished {
    let ran = Program::run(command);
    assert_eq!(ran.code(), 0, "{command:?}: {ran:#?}");
    ran
}

#[test]
fn a_release_is_the_same_whoever_makes_it_and_serves_where_there_is_nothing_else() {
    let (archive, sum) = release("022", "UTC");
    assert_eq!(release("077", "Pacific/Apia").1, sum);
    let root = tempfile::tempdir().expect("a temporary directory");
    good(
        Command::new("tar")
            .arg("-xf")
            .arg(&archive)
            .arg("-C")
            .arg(root.path()),
    );
    for wanted in [
        "usr/local/lib/websocketd-rs/cgi/api",
        "usr/local/share/websocketd-rs/htdocs/index.html",
        "usr/local/share/man/man1/websocketd-rs.1",
        "usr/local/share/doc/websocketd-rs/LICENSE",
        "etc/websocketd-rs/chat.ini",
    ] {
        assert!(root.path().join(wanted).exists(), "{wanted}");
    }
    // Not a loader, not a C library, not a file below /etc that is not ours.
    for program in ["websocketd-rs", "chat-handler", "chatctl"] {
        let inside = format!("/usr/local/bin/{program}");
        let version = good(
            Command::new("chroot")
                .arg(root.path())
                .args([&inside, "--version"]),
        );
        assert!(
            version.stdout.contains(env!("CARGO_PKG_VERSION")),
            "{version:#?}"
        );
    }
    let opensso = Program::run(
        Command::new("chroot")
            .arg(root.path())
            .arg("/usr/local/bin/chat-opensso"),
    );
    assert!(
        opensso.stderr.contains("stdin holds no request"),
        "{opensso:#?}"
    );

    let entered = Image {
        root: root.path().to_owned(),
        config: json!({"User": "0:0", "Entrypoint": ["/usr/local/bin/websocketd-rs"]}),
    };
    let alone = ["--config=/etc/websocketd-rs/stand-alone.ini"];
    let mut container = entered.start("/var/lib/websocketd-rs/chat", &alone);
    let mut alice = visitor("alice");
    alice.say_acked("hello from nowhere", "1");
    let page = http::get(&endpoint(), "/");
    assert!(page.text().contains("<html"), "{}", page.text());
    container.stop();
    assert_eq!(container.program.wait().code(), Some(0));
}
