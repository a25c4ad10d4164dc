//! What `make install` and the Debian package put on a machine, looked at by the programs that will use it there.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;

use e2e::debian::package;
use e2e::installation::{Configuration, Installation, give_to_service_user};
use e2e::program::{Finished, Program};
use e2e::requirement::part;
use e2e::under_test::{target, workspace};
use nix::unistd::{Group, geteuid};
use tempfile::TempDir;

/// Runs it and wants it to succeed.
#[track_caller]
fn run(program: impl AsRef<Path>, args: &[&str]) -> Finished {
    let mut command = Command::new(program.as_ref());
    let finished = Program::run(command.args(args));
    assert_eq!(
        finished.code(),
        0,
        "{} {args:?}: {finished:#?}",
        program.as_ref().display()
    );
    finished
}

/// The package, unpacked.
fn unpacked() -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (from, to) = (package().to_string_lossy(), dir.path().to_string_lossy());
    run("/usr/bin/dpkg-deb", &["-R", &from, &to]);
    dir
}

/// All files below a directory, as paths from its root.
fn files(root: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut dirs = vec![root.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).expect("a directory").flatten() {
            let path = entry.path();
            if path.is_dir() {
                dirs.push(path);
            } else {
                let path = path.strip_prefix(root).expect("it is below");
                found.insert(format!("/{}", path.display()));
            }
        }
    }
    found
}

#[test]
fn the_package_holds_a_whole_chat() {
    let dir = unpacked();
    let root = dir.path();
    let files = files(root);
    for wanted in [
        "/usr/bin/websocketd-rs",
        "/usr/bin/chat-handler",
        "/usr/bin/chat-opensso",
        "/usr/bin/chat-hooks",
        "/usr/lib/systemd/system/chat-hooks.service",
        "/usr/bin/chat-relay",
        "/usr/lib/systemd/system/chat-relay.service",
        "/usr/share/man/man1/chat-relay.1.gz",
        "/usr/share/websocketd-rs/cluster/redis.conf",
        "/usr/share/websocketd-rs/cluster/mend-aof",
        "/usr/share/websocketd-rs/hooks/words.py",
        "/usr/bin/chatctl",
        "/usr/lib/websocketd-rs/cgi/api",
        "/usr/lib/websocketd-rs/administration/api",
        "/usr/share/websocketd-rs/htdocs/admin/index.html",
        "/usr/lib/systemd/system/chat-web.service",
        "/usr/lib/systemd/system/chat-sample.timer",
        "/usr/lib/systemd/system/chat-metrics.service",
        "/usr/share/websocketd-rs/prometheus/alerts.yml",
        "/usr/share/websocketd-rs/grafana/dashboard.json",
        "/usr/lib/systemd/system/websocketd-rs.service",
        "/usr/lib/systemd/system/chat-expire.timer",
        "/usr/share/man/man1/websocketd-rs.1.gz",
        "/usr/share/man/man1/chatctl.1.gz",
        "/usr/share/man/man1/chat-handler.1.gz",
        "/usr/share/websocketd-rs/htdocs/index.html",
        "/usr/share/websocketd-rs/php/login.php",
        "/usr/share/doc/websocketd-rs/install.md",
        "/usr/share/doc/websocketd-rs/copyright",
        "/etc/websocketd-rs/chat.ini",
        "/etc/logrotate.d/websocketd-rs-chat",
    ] {
        assert!(files.contains(wanted), "{wanted} in {files:#?}");
    }
    // Every file below /etc, and no other, is one that dpkg asks about before it replaces it.
    let conffiles = fs::read_to_string(root.join("DEBIAN/conffiles")).expect("there are some");
    let conffiles: BTreeSet<&str> = conffiles.lines().collect();
    let below_etc = files.iter().map(String::as_str);
    let below_etc: BTreeSet<&str> = below_etc.filter(|path| path.starts_with("/etc/")).collect();
    assert_eq!(conffiles, below_etc);
    for path in &files {
        let text = fs::read(root.join(&path[1..])).expect("readable");
        let names_local = text.windows(11).any(|part| part == b"/usr/local/");
        let is_ours = path.starts_with("/etc/") || path.ends_with(".service");
        assert!(!(is_ours && names_local), "{path} names /usr/local");
    }
    let mut sums = Command::new("md5sum");
    let sums = Program::run(
        sums.args(["--quiet", "-c", "DEBIAN/md5sums"])
            .current_dir(root),
    );
    assert_eq!(sums.code(), 0, "{sums:#?}");
    let listed = run("/usr/bin/dpkg-deb", &["-c", &package().to_string_lossy()]).stdout;
    for line in listed.lines() {
        let mode = &line[..10];
        // The one link that there is: the same program by another name.
        let plain = ["drwxr-xr-x", "-rwxr-xr-x", "-rw-r--r--"].contains(&mode)
            || mode == "lrwxrwxrwx" && line.ends_with("/cgi/Heartbeat -> api");
        assert!(plain && line.contains(" root/root "), "{line}");
    }
    for script in ["postinst", "prerm", "postrm"] {
        run(
            "/bin/sh",
            &["-n", &root.join("DEBIAN").join(script).to_string_lossy()],
        );
    }
    for program in ["websocketd-rs", "chat-handler", "chatctl", "chat-relay"] {
        let version = run(root.join("usr/bin").join(program), &["--version"]).stdout;
        assert!(
            version.contains(env!("CARGO_PKG_VERSION")),
            "{program}: {version}"
        );
    }
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    let dir = unpacked();
    let verify = part("/usr/bin/systemd-analyze", "systemd");
    // Units that ours are ordered after are the machine's; `man` is asked for each page that is named.
    for unit in [
        "websocketd-rs.service",
        "websocketd-rs.socket",
        "chat-expire.service",
        "chat-expire.timer",
        "websocketd-rs@.service",
        "chat-expire@.service",
        "chat-expire@.timer",
        "chat-jwks@.service",
        "chat-jwks@.timer",
        "chat-relay.service",
        "chat-relay@.service",
        "chat-web.service",
        "chat-sample.service",
        "chat-sample.timer",
        "chat-web@.service",
        "chat-sample@.service",
        "chat-sample@.timer",
        "chat-metrics.service",
        "chat-metrics@.service",
    ] {
        let path = dir.path().join("usr/lib/systemd/system").join(unit);
        let text = fs::read_to_string(&path).expect("it is there");
        let bin = format!("={}/usr/bin/", dir.path().display());
        let here = text
            .replace("=/usr/bin/", &bin)
            .replace("=chatctl ", &format!("{bin}chatctl "))
            .replace("=-chatctl ", &format!("=-{}chatctl ", &bin[1..]));
        fs::write(&path, here).expect("ours");
        let said = run(verify, &["verify", "--man=no", &path.to_string_lossy()]);
        let said = format!("{}{}", said.stdout, said.stderr);
        let about_us: Vec<&str> = said.lines().filter(|line| line.contains(unit)).collect();
        assert_eq!(about_us, Vec::<&str>::new(), "{said}");
        for page in text
            .lines()
            .filter_map(|line| line.strip_prefix("Documentation=man:"))
        {
            let name = page.trim_end_matches("(1)");
            let page = dir.path().join(format!("usr/share/man/man1/{name}.1.gz"));
            assert!(page.exists(), "{}", page.display());
        }
    }
    let service = dir
        .path()
        .join("usr/lib/systemd/system/websocketd-rs.service");
    run(
        verify,
        &[
            "security",
            "--offline=yes",
            "--threshold=25",
            &service.to_string_lossy(),
        ],
    );
}

#[test]
fn every_configuration_is_good_as_it_is_installed() {
    let installation = Installation::new();
    let daemon = installation.path("/usr/local/bin/websocketd-rs");
    for name in ["behind-a-proxy.ini", "stand-alone.ini"] {
        let path = installation.configure(name, |text| text);
        run(
            &daemon,
            &["--check", &format!("--config={}", path.display())],
        );
    }
    let chat_ini = installation.path("/etc/websocketd-rs/chat.ini");
    let config = format!("--config={}", chat_ini.display());
    run(
        installation.path("/usr/local/bin/chat-handler"),
        &["--check", &config],
    );

    let rule = installation.path("/etc/logrotate.d/websocketd-rs-chat");
    let shipped = fs::read_to_string(&rule).expect("it is installed");
    fs::write(&rule, installation.relocate(&shipped)).expect("ours");
    for dir in ["rooms", "log"] {
        let dir = installation.base().join(dir);
        fs::create_dir_all(&dir).expect("ours");
        give_to_service_user(&dir);
    }
    let log = installation.base().join("rooms/lobby.log");
    fs::write(&log, "2026-01-01T10:00:00.000000Z\tsay\talice\t\thello\n").expect("ours");
    give_to_service_user(&log);
    let state = installation.path("/srv/logrotate.state");
    let said = run(
        part("/usr/sbin/logrotate", "logrotate"),
        &[
            "-d",
            "-s",
            &state.to_string_lossy(),
            &rule.to_string_lossy(),
        ],
    );
    let said = format!("{}{}", said.stdout, said.stderr);
    assert!(!said.contains("error:"), "{said}");
    assert!(
        said.contains("considering log") && said.contains("lobby.log"),
        "{said}"
    );
}

#[test]
fn what_an_administrator_changed_stays() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let stage = || {
        let mut make = Command::new("make");
        make.args([
            "--no-print-directory",
            "stage",
            "PREFIX=/opt/chat",
            "SYSCONFDIR=/opt/etc",
        ])
        .arg(format!("DESTDIR={}", dir.path().display()))
        .env("CARGO_TARGET_DIR", target())
        .env_remove("MAKEFLAGS")
        .env_remove("MAKELEVEL")
        .current_dir(workspace());
        let staged = Program::run(&make);
        assert_eq!(staged.code(), 0, "{staged:#?}");
        staged.stdout
    };
    stage();
    let conf = dir.path().join("opt/etc/websocketd-rs");
    let proxy = conf.join("behind-a-proxy.ini");
    let text = fs::read_to_string(&proxy).expect("installed");
    assert!(
        text.contains(
            "command = /opt/chat/bin/chat-handler --config=/opt/etc/websocketd-rs/chat.ini"
        )
    );
    let changed = Configuration(text)
        .replace("https://chat.example.org", "https://www.example.org")
        .0;
    fs::write(&proxy, &changed).expect("ours");
    let said = stage();
    assert_eq!(fs::read_to_string(&proxy).expect("it is there"), changed);
    assert!(
        conf.join("behind-a-proxy.ini.new").exists() && said.contains("behind-a-proxy.ini.new"),
        "{said}"
    );
    assert!(
        !conf.join("chat.ini.new").exists(),
        "what nobody changed needs no second file"
    );
}

/// It may hold the relay's secret.
#[test]
fn nobody_else_can_read_the_settings_of_the_chat() {
    let installation = Installation::new();
    let metadata = fs::metadata(installation.path("/etc/websocketd-rs/chat.ini"));
    let metadata = metadata.expect("it is installed");
    assert_eq!(metadata.mode() & 0o777, 0o640);
    if geteuid().is_root() {
        let group = Group::from_name("www-data").expect("groups can be asked for");
        assert_eq!(metadata.gid(), group.expect("Debian has it").gid.as_raw());
    }
    let other = fs::metadata(installation.path("/etc/websocketd-rs/apache.conf"));
    assert_eq!(other.expect("it is installed").mode() & 0o777, 0o644);
}
