//! A certificate that certbot renewed reaches the daemon, which runs as a user that cannot read certbot's files.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use e2e::daemon::Daemon;
use e2e::installation::SERVICE_USER;
use e2e::program::Program;
use e2e::tls::Authority;
use e2e::transport::Endpoint;
use e2e::under_test::workspace;
use e2e::ws::Client;
use nix::sys::signal::Signal;

/// What certbot leaves behind: a lineage that is root's.
fn renew(lineage: &Path, authority: &Authority) {
    let issued = authority.issue("chat");
    fs::copy(issued.cert, lineage.join("fullchain.pem")).expect("writable");
    let key = lineage.join("privkey.pem");
    fs::copy(issued.key, &key).expect("writable");
    fs::set_permissions(key, Permissions::from_mode(0o600)).expect("ours");
}

fn deploy(lineage: &Path, certs: &Path) {
    let mut hook = Command::new(workspace().join("conf/certbot-hook"));
    hook.env("RENEWED_LINEAGE", lineage).env("CERTS", certs);
    let done = Program::run(&hook);
    assert_eq!(done.code(), 0, "{done:#?}");
}

#[test]
fn a_renewed_certificate_is_served_by_a_daemon_that_cannot_read_certbots_files() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).expect("ours");
    let (lineage, certs) = (dir.path().join("live"), dir.path().join("certs"));
    fs::create_dir(&lineage).expect("writable");
    fs::set_permissions(&lineage, Permissions::from_mode(0o700)).expect("ours");
    fs::create_dir(&certs).expect("writable");
    let (old, new) = (Authority::new(), Authority::new());
    renew(&lineage, &old);
    let (cert, key) = (lineage.join("fullchain.pem"), lineage.join("privkey.pem"));
    let as_service = Daemon::builder()
        .command::<&str>("cat", [])
        .flag(format!("--user={SERVICE_USER}"));
    // It starts as root and reads them then; at a renewal it is another user.
    let direct = as_service
        .clone()
        .tls(&cert, &key, old.client(None))
        .start();
    direct.signal(Signal::SIGHUP);
    direct.log().wait_for(&["Reload refused"]);
    drop(direct);
    deploy(&lineage, &certs);
    let (cert, key) = (certs.join("chat.pem"), certs.join("chat.key"));
    assert_eq!(fs::metadata(&key).expect("deployed").mode() & 0o777, 0o640);

    let daemon = as_service.tls(&cert, &key, old.client(None)).start();
    let mut before = daemon.client("/");
    renew(&lineage, &new);
    deploy(&lineage, &certs);
    daemon.signal(Signal::SIGHUP);
    daemon.log().wait_for(&["Reloaded configuration"]);
    let renewed = Endpoint::Tls(daemon.address(), new.client(None));
    let mut after = Client::connect(&renewed, "/");
    for client in [&mut before, &mut after] {
        client.send("still here");
        assert_eq!(client.text(), "still here");
    }
    assert!(Client::try_connect(&daemon.endpoint, "/", &[]).is_err());
}
