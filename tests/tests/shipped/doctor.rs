//! `chatctl doctor` on an installed chat with real parts: a healthy machine has nothing wrong, and what is broken is
//! named, with how to mend it.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime};

use e2e::coturn::{Coturn, Peers};
use e2e::daemon::{Daemon, free_port};
use e2e::deadline::eventually;
use e2e::installation::{Configuration, Installation, SERVICE_USER, give_to_service_user};
use e2e::program::Program;
use e2e::requirement::part;
use e2e::under_test::workspace;
use e2e::web_server::WebServer;
use nix::unistd::{Uid, chown, geteuid};
use serde_json::Value;

/// In seconds.
const DAY: u64 = 24 * 3600;

/// A machine with the chat alone on it, as docs/install.md makes it, and people in it.
struct Machine {
    // Dropped in this order: the daemon first, then the disk that it writes to, then the place where that is.
    daemon: Option<Daemon>,
    _disk: Disk,
    installation: Installation,
}

/// What doctor said.
struct Said {
    code: i32,
    page: String,
    findings: Vec<Value>,
}

impl Said {
    /// What is wrong, as `level check`.
    fn wrong(&self) -> Vec<String> {
        let is_wrong = |found: &&Value| {
            !["good", "unused"]
                .map(Value::from)
                .contains(&found["level"])
        };
        let named = |found: &Value| {
            format!(
                "{} {}",
                found["level"].as_str().expect("text"),
                found["check"].as_str().expect("text")
            )
        };
        self.findings.iter().filter(is_wrong).map(named).collect()
    }

    /// That this is wrong and nothing else; what it said, and how to mend it.
    #[track_caller]
    fn only(&self, wanted: &str, text: &str) -> String {
        let mut wrong = self.wrong();
        wrong.dedup();
        assert_eq!(wrong, [wanted], "{}", self.page);
        assert_eq!(self.code, 1);
        self.has(wanted, text)
    }

    /// That this is among what is wrong.
    #[track_caller]
    fn has(&self, wanted: &str, text: &str) -> String {
        let found = self.findings.iter().find(|found| {
            format!(
                "{} {}",
                found["level"].as_str().expect("text"),
                found["check"].as_str().expect("text")
            ) == wanted
                && found["text"].as_str().expect("text").contains(text)
        });
        let found = found.unwrap_or_else(|| panic!("{wanted}: {text}\n{}", self.page));
        let mend = found["mend"].as_str().expect("text");
        assert!(!mend.is_empty(), "nobody knows how to mend it: {found}");
        mend.to_owned()
    }
}

impl Machine {
    fn new() -> Self {
        Self::with(|chat| chat, |daemon| daemon)
    }

    fn with(
        chat: impl FnOnce(Configuration) -> Configuration,
        daemon: impl FnOnce(Configuration) -> Configuration,
    ) -> Self {
        assert!(
            geteuid().is_root(),
            "this test gives files to users, which only root can: sudo make test"
        );
        let installation = Installation::new();
        // A disk of its own: the one of whoever runs this test may be full.
        let disk = Disk::mount(installation.base(), "size=1g,mode=750");
        fs::create_dir(installation.base().join("sessions")).expect("writable");
        give_to_service_user(&installation.base().join("sessions"));
        let ini = installation.configure("chat.ini", chat);
        fs::set_permissions(&ini, Permissions::from_mode(0o640)).expect("ours");
        give_to_service_user(&ini);
        let base = installation.base();
        for (dir, mode) in [(base.clone(), 0o750), (base.join("sessions"), 0o700)] {
            fs::set_permissions(dir, Permissions::from_mode(mode)).expect("ours");
        }
        let rule = installation.path("/etc/logrotate.d/websocketd-rs-chat");
        let text = installation.relocate(&fs::read_to_string(&rule).expect("it is installed"));
        fs::write(&rule, text).expect("writable");
        fs::set_permissions(&rule, Permissions::from_mode(0o644)).expect("ours");
        part("/usr/sbin/logrotate", "logrotate");
        fs::create_dir_all(installation.path("/etc/default")).expect("writable");
        let named = "CONFIG=/etc/websocketd-rs/stand-alone.ini\n";
        fs::write(installation.path("/etc/default/websocketd-rs"), named).expect("writable");
        let running = installation.daemon("stand-alone.ini", |text| {
            daemon(text.replace("port = 8080", &format!("port = {}", free_port())))
        });
        let machine = Self {
            daemon: Some(running),
            _disk: disk,
            installation,
        };
        assert_eq!(machine.run(&["say", "lobby", "hello"]).0, 0);
        machine
    }

    fn path(&self, system: &str) -> PathBuf {
        self.installation.path(system)
    }

    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = Command::new(self.path("/usr/local/bin/chatctl"));
        command
            .arg("--config")
            .arg(self.path("/etc/websocketd-rs/chat.ini"));
        command.arg("--root").arg(self.path("/")).args(arguments);
        let finished = Program::run(&command);
        (finished.code(), finished.stdout.clone() + &finished.stderr)
    }

    #[track_caller]
    fn doctor(&self, more: &[&str]) -> Said {
        let (code, page) = self.run(&[&["doctor"], more].concat());
        let (again, json) = self.run(&[&["--json", "doctor"], more].concat());
        assert_eq!(code, again, "{page}\n{json}");
        let value: Value =
            serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}"));
        assert_eq!(value["good"], code == 0, "{json}");
        let findings = value["findings"].as_array().expect("findings").clone();
        Said {
            code,
            page,
            findings,
        }
    }

    fn base(&self, name: &str) -> PathBuf {
        self.installation.base().join(name)
    }

    fn chat_ini(&self, edit: impl FnOnce(Configuration) -> Configuration) {
        let ini = self.installation.configure("chat.ini", edit);
        fs::set_permissions(&ini, Permissions::from_mode(0o640)).expect("ours");
    }
}

fn set(text: Configuration, key: &str, line: &str) -> Configuration {
    let Configuration(text) = text.uncomment(key);
    let lines = text
        .lines()
        .map(|old| if old.starts_with(key) { line } else { old });
    Configuration(lines.fold(String::new(), |all, line| all + line + "\n"))
}

fn mode(path: &PathBuf, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("ours");
}

fn age(path: &PathBuf, days: u64) {
    let then = SystemTime::now() - Duration::from_secs(days * DAY);
    File::options()
        .write(true)
        .open(path)
        .expect("there")
        .set_modified(then)
        .expect("ours");
}

#[test]
fn a_healthy_machine_has_nothing_wrong() {
    let relay = Coturn::start(Peers::Loopback);
    let port = free_port();
    let machine = Machine::with(
        |text| {
            let text = set(
                text,
                "ICE_SERVER_DNS=",
                &format!("ICE_SERVER_DNS=127.0.0.1:{}", relay.port),
            );
            let urls = format!(
                "TURN_URLS=turn:127.0.0.1:{0}?transport=udp, turn:127.0.0.1:{0}?transport=tcp",
                relay.port
            );
            let text = set(text, "TURN_URLS=", &urls);
            let text = set(
                text,
                "TURN_SECRET=",
                &format!("TURN_SECRET={}", e2e::coturn::SECRET),
            );
            set(text, "ACCOUNTS=", "ACCOUNTS=yes")
        },
        |text| text.append(&format!("admin-address = 127.0.0.1:{port}")),
    );
    let mut registered = Command::new("sh");
    let chatctl = machine.path("/usr/local/bin/chatctl");
    let ini = machine.path("/etc/websocketd-rs/chat.ini");
    let line = format!(
        "echo correct-horse-battery | {0} --config {1} register alice && {0} --config {1} groups alice --add admin",
        chatctl.display(),
        ini.display()
    );
    let registered = Program::run(registered.args(["-c", &line]));
    assert_eq!(registered.code(), 0, "{registered:#?}");
    let url = machine
        .daemon
        .as_ref()
        .expect("it runs")
        .url("/")
        .replace("ws://", "http://");
    let said = machine.doctor(&["--url", &url]);
    assert_eq!(said.wrong(), Vec::<String>::new(), "{}", said.page);
    assert_eq!(said.code, 0, "{}", said.page);
    assert!(said.page.ends_with("nothing is wrong\n"), "{}", said.page);
    for check in [
        "settings", "running", "limits", "daemon", "owner", "mode", "disk", "inodes", "clock",
        "rotation", "secrets", "expiry", "logs", "accounts", "proxy", "turn", "site", "files",
        "services",
    ] {
        assert!(
            said.findings
                .iter()
                .any(|found| found["check"] == check && found["level"] == "good"),
            "{check}\n{}",
            said.page
        );
    }
    // It has changed nothing, and joined no room.
    assert_eq!(machine.installation.records("lobby").len(), 1);
}

#[test]
fn owners_modes_and_secrets_are_named() {
    let machine = Machine::new();
    let log = machine.base("rooms/lobby.log");
    chown(&log, Some(Uid::from_raw(0)), None).expect("we are root");
    let mend = machine
        .doctor(&[])
        .has("error owner", &log.display().to_string());
    assert!(mend.starts_with("chown -R www-data: "), "{mend}");
    give_to_service_user(&log);

    let sessions = machine.base("sessions");
    mode(&sessions, 0o755);
    let mend = machine.doctor(&[]).only("error mode", "sessions: mode 755");
    assert_eq!(mend, format!("chmod 700 {}", sessions.display()));
    mode(&sessions, 0o700);
    let (base, rooms) = (machine.base(""), machine.base("rooms"));
    mode(&base, 0o755);
    mode(&rooms, 0o755);
    machine.doctor(&[]).only("error mode", "rooms: mode 755");
    mode(&base, 0o750);
    assert_eq!(
        machine.doctor(&[]).code,
        0,
        "nobody can go through BASE_DIR"
    );

    machine.chat_ini(|text| set(text, "TURN_SECRET=", "TURN_SECRET=north-west-passage"));
    mode(&machine.path("/etc/websocketd-rs/chat.ini"), 0o644);
    machine
        .doctor(&[])
        .only("error secrets", "chat.ini: mode 644");
    mode(&machine.path("/etc/websocketd-rs/chat.ini"), 0o640);
    give_to_service_user(&machine.path("/etc/websocketd-rs/chat.ini"));
    machine.installation.add_account("alice", "correct horse");
    mode(&machine.path("/etc/websocketd-rs/chat.users"), 0o644);
    machine
        .doctor(&[])
        .only("error secrets", "chat.users: mode 644");
}

#[test]
fn settings_that_nobody_knows_are_named_with_their_line() {
    let machine = Machine::new();
    machine.chat_ini(|text| text.replace("[global]", "[global]\nMAX_PEOPEL=7"));
    machine
        .doctor(&[])
        .only("error settings", "unknown key \"MAX_PEOPEL\"");
    machine.chat_ini(|text| text);
    // One who started it is still there; what a restart will meet is said.
    let file = machine.path("/etc/websocketd-rs/stand-alone.ini");
    let text = fs::read_to_string(&file).expect("there");
    fs::write(&file, text + "\nmaxfroks = 7\n").expect("writable");
    machine
        .doctor(&[])
        .only("error daemon", "maxfroks: unknown key");
}

#[test]
fn a_daemon_that_does_not_run_or_may_open_too_little_is_named() {
    let mut machine = Machine::with(
        |text| text,
        |text| text.replace("maxforks = 1024", "maxforks = 1000000"),
    );
    let mend = machine
        .doctor(&[])
        .only("error limits", "maxforks=1000000 needs 4000300");
    assert!(mend.contains("LimitNOFILE=4000300"), "{mend}");
    machine.daemon = None;
    machine
        .doctor(&[])
        .only("error running", "no websocketd-rs runs with");
}

#[test]
fn a_certificate_that_ends_is_named_in_time() {
    let certified = |days: i64| {
        let machine = Machine::new();
        let (cert, key) = (
            machine.path("/etc/websocketd-rs/chat.pem"),
            machine.path("/etc/websocketd-rs/chat.key"),
        );
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let today = now.expect("after 1970").as_secs() / DAY;
        let day = |days: i64| {
            let days = today.saturating_add_signed(days);
            rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(days * DAY)
        };
        let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).expect("a name");
        (params.not_before, params.not_after) = (day(-80), day(days));
        let pair = rcgen::KeyPair::generate().expect("ring makes keys");
        let certificate = params.self_signed(&pair).expect("a plain certificate");
        fs::write(&cert, certificate.pem()).expect("writable");
        fs::write(&key, pair.serialize_pem()).expect("writable");
        mode(&key, 0o640);
        give_to_service_user(&key);
        let file = machine.path("/etc/websocketd-rs/stand-alone.ini");
        let (text, cert, key) = (
            fs::read_to_string(&file).expect("there"),
            cert.display(),
            key.display(),
        );
        fs::write(
            &file,
            format!("{text}\nssl = true\nsslcert = {cert}\nsslkey = {key}\n"),
        )
        .expect("writable");
        machine
    };
    let machine = certified(300);
    assert_eq!(machine.doctor(&[]).code, 0, "{}", machine.doctor(&[]).page);
    mode(&machine.path("/etc/websocketd-rs/chat.key"), 0o644);
    machine
        .doctor(&[])
        .only("error secrets", "chat.key: mode 644");
    // Nobody gives it to the daemon.
    mode(&machine.path("/etc/websocketd-rs/chat.key"), 0o640);
    fs::create_dir_all(machine.path("/etc/letsencrypt/renewal")).expect("writable");
    fs::write(
        machine.path("/etc/letsencrypt/renewal/chat.example.org.conf"),
        "",
    )
    .expect("writable");
    machine.doctor(&[]).only("warning certificate", "no hook");
    fs::create_dir_all(machine.path("/etc/letsencrypt/renewal-hooks/deploy")).expect("writable");
    let hook = machine.path("/usr/local/share/websocketd-rs/certbot-hook");
    std::os::unix::fs::symlink(
        hook,
        machine.path("/etc/letsencrypt/renewal-hooks/deploy/websocketd-rs"),
    )
    .expect("linked");
    assert_eq!(machine.doctor(&[]).code, 0);
    certified(7)
        .doctor(&[])
        .only("warning certificate", "ertificate");
    certified(-1)
        .doctor(&[])
        .only("error certificate", "ertificate");
    // Root could read it; the chat's user can not.
    chown(
        &machine.path("/etc/websocketd-rs/chat.key"),
        Some(Uid::from_raw(0)),
        Some(nix::unistd::Gid::from_raw(0)),
    )
    .expect("we are root");
    machine.doctor(&[]).only("error daemon", "chat.key");
}

#[test]
fn rotation_that_is_missing_wrong_or_idle_is_named() {
    let machine = Machine::new();
    let rule = machine.path("/etc/logrotate.d/websocketd-rs-chat");
    let good = fs::read_to_string(&rule).expect("there");
    fs::write(
        &rule,
        good.replace("    create 0640", "    copytruncate\n    create 0640"),
    )
    .expect("writable");
    machine
        .doctor(&[])
        .only("error rotation", "copytruncate loses");
    fs::write(&rule, good.replace("weekly", "wekly")).expect("writable");
    machine.doctor(&[]).only("error rotation", "wekly");
    fs::remove_file(&rule).expect("there");
    machine.doctor(&[]).only("warning rotation", "no rule");
    fs::write(&rule, &good).expect("writable");
    fs::create_dir_all(machine.path("/var/lib/logrotate")).expect("writable");
    let status = machine.path("/var/lib/logrotate/status");
    fs::write(&status, "logrotate state -- version 2\n").expect("writable");
    assert_eq!(machine.doctor(&[]).code, 0);
    age(&status, 9);
    machine
        .doctor(&[])
        .only("warning rotation", "has not run for days");
}

#[test]
fn a_wrong_clock_and_what_nobody_deletes_are_named() {
    let machine = Machine::new();
    let log = machine.base("rooms/lobby.log");
    let good = fs::read_to_string(&log).expect("there");
    fs::write(&log, good.replacen("20", "21", 1)).expect("writable");
    let said = machine.doctor(&[]);
    assert!(
        said.has("error clock", "in the future")
            .contains("chatctl mend")
    );
    fs::write(&log, &good).expect("writable");
    let session = machine.base("sessions/sess_aaaaaaaaaaaaaaaaaaaaaaaaaa");
    fs::write(&session, "username|s:1:\"a\";").expect("writable");
    give_to_service_user(&session);
    assert_eq!(machine.doctor(&[]).code, 0);
    age(&session, 30);
    machine
        .doctor(&[])
        .only("warning expiry", "1 sessions ended days ago");
    fs::remove_file(&session).expect("there");
    fs::write(&log, good.replacen("202", "201", 1)).expect("writable");
    machine.chat_ini(|text| set(text, "KEEP=", "KEEP=90days"));
    machine.doctor(&[]).only("warning expiry", "over KEEP");
    assert_eq!(machine.run(&["expire"]).0, 0);
    assert_eq!(machine.doctor(&[]).code, 0);
    fs::write(&log, "torn").expect("writable");
    machine.doctor(&[]).only("warning logs", "torn");
}

#[test]
fn a_full_disk_and_one_without_inodes_are_named() {
    let _alone = e2e::cluster_of_one::needs_alone("its disk lies over what a relay has in run/");
    for (options, wanted, text) in [
        ("size=64k,nr_inodes=4k", "error disk", " are free"),
        (
            "size=100m,nr_inodes=20",
            "error inodes",
            "0 of 20 inodes are free",
        ),
    ] {
        let machine = Machine::new();
        let disk = Disk::mount(machine.base("run"), &format!("{options},mode=750"));
        let mut number = 0;
        while fs::write(disk.0.join(number.to_string()), [0; 4000]).is_ok() {
            number += 1;
        }
        for entry in fs::read_dir(&disk.0).expect("there").flatten() {
            give_to_service_user(&entry.path());
        }
        machine.doctor(&[]).only(wanted, text);
    }
    let machine = Machine::with(|text| set(text, "DISK_MAX=", "DISK_MAX=20"), |text| text);
    machine
        .doctor(&[])
        .only("error disk", "messages are not saved");
}

/// Unmounted on drop.
struct Disk(PathBuf);

impl Disk {
    #[track_caller]
    fn mount(at: PathBuf, options: &str) -> Self {
        let mut mount = Command::new("mount");
        mount.args([
            "-t",
            "tmpfs",
            "-o",
            &format!("{options},uid={SERVICE_USER},gid={SERVICE_USER}"),
            "tmpfs",
        ]);
        let mounted = Program::run(mount.arg(&at));
        assert_eq!(
            mounted.code(),
            0,
            "this test mounts a small disk: as root, with CAP_SYS_ADMIN: {mounted:#?}"
        );
        Self(at)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Program::run(Command::new("umount").arg("--lazy").arg(&self.0));
    }
}

#[test]
fn php_that_forgets_people_too_early_is_named() {
    let machine = Machine::new();
    let sessions = machine.path("/var/lib/php/sessions");
    fs::create_dir_all(&sessions).expect("writable");
    give_to_service_user(&sessions);
    let named = format!("SESSION_SAVE_PATH={}", sessions.display());
    machine.chat_ini(|text| set(text, "SESSION_SAVE_PATH=", &named));
    // Debian's own file, of whichever version this is.
    let templates = fs::read_dir("/usr/lib/php")
        .expect("apt-get install php-fpm")
        .flatten();
    let template = templates
        .map(|entry| entry.path().join("php.ini-production"))
        .find(|file| file.exists());
    let text = fs::read_to_string(template.expect("apt-get install php-fpm")).expect("readable");
    let (dir, wanted) = (
        machine.path("/etc/php/8.4/fpm"),
        "session.gc_maxlifetime = 1440",
    );
    fs::create_dir_all(&dir).expect("writable");
    assert!(
        text.contains(wanted),
        "PHP's own default is another one now"
    );
    fs::write(dir.join("php.ini"), &text).expect("writable");
    assert_eq!(machine.doctor(&[]).code, 0, "{}", machine.doctor(&[]).page);
    fs::write(
        dir.join("php.ini"),
        text.replace(wanted, "session.gc_maxlifetime = 600"),
    )
    .expect("writable");
    machine
        .doctor(&[])
        .only("warning php", "session.gc_maxlifetime is 600");
    fs::write(dir.join("php.ini"), &text).expect("writable");
    chown(
        &sessions,
        Some(Uid::from_raw(0)),
        Some(nix::unistd::Gid::from_raw(0)),
    )
    .expect("we are root");
    mode(&sessions, 0o700);
    machine
        .doctor(&[])
        .only("error php", "nobody is recognized");
}

#[test]
fn a_relay_that_is_away_or_has_another_secret_is_named() {
    let relay = Coturn::start(Peers::Loopback);
    let with = |urls: &str, secret: &'static str| {
        let urls = format!("TURN_URLS={urls}");
        Machine::with(
            |text| set(set(text, "TURN_URLS=", &urls), "TURN_SECRET=", secret),
            |text| text,
        )
    };
    let url = format!("turn:127.0.0.1:{}", relay.port);
    for transport in ["udp", "tcp"] {
        let machine = with(
            &format!("{url}?transport={transport}"),
            "TURN_SECRET=another-secret-than-its",
        );
        machine
            .doctor(&[])
            .only("error turn", "refuses what TURN_SECRET makes: 401");
    }
    let machine = with(&url, "TURN_SECRET=north-west-passage");
    assert_eq!(machine.doctor(&[]).code, 0, "{}", machine.doctor(&[]).page);
    drop(relay);
    machine.doctor(&[]).only("error turn", "refused");
}

#[test]
fn a_web_server_that_says_or_passes_too_little_is_named() {
    let machine = Machine::with(
        |text| text,
        |text| text.append("trusted-proxy = 127.0.0.1, ::1"),
    );
    machine.chat_ini(|text| set(text, "REMOTE_USER=", "REMOTE_USER=yes"));
    machine
        .doctor(&[])
        .only("error proxy", "TRUSTED_PROXIES names nobody");
    machine.chat_ini(|text| {
        set(
            set(text, "REMOTE_USER=", "REMOTE_USER=yes"),
            "TRUSTED_PROXIES=",
            "TRUSTED_PROXIES=0.0.0.0/0",
        )
    });
    machine
        .doctor(&[])
        .only("error proxy", "everybody may say who they are");
    machine.chat_ini(|text| text);

    let daemon = machine.daemon.as_ref().expect("it runs");
    let address = daemon.address();
    let included = machine.path("/srv/included.conf");
    let url = |server: &WebServer| server.url("/chat/");
    let ca = machine.installation.authority().ca();
    let ca = ca.to_str().expect("UTF-8");
    let shipped = fs::read_to_string(workspace().join("docs/install.md")).expect("there");
    let told = shipped
        .split("```nginx")
        .find(|part| part.contains("location /chat/ {"))
        .expect("nginx's lines");
    let told = told
        .split("```")
        .next()
        .expect("its end")
        .replace("127.0.0.1:8080", &address.to_string());
    fs::write(&included, &told).expect("writable");
    let server = WebServer::nginx(&machine.installation, &included);
    let said = machine.doctor(&["--url", &url(&server), "--ca", ca]);
    assert_eq!(said.code, 0, "{}", said.page);
    drop(server);
    let without = told.replace("proxy_set_header Upgrade $http_upgrade;", "");
    fs::write(&included, without).expect("writable");
    let server = WebServer::nginx(&machine.installation, &included);
    machine
        .doctor(&["--url", &url(&server), "--ca", ca])
        .only("error site", "WebSocket does not come through");
    // A certificate that nobody trusts.
    machine
        .doctor(&["--url", &url(&server)])
        .only("error site", "ertificate");
    drop(server);
    let renamed = told.replace(
        "proxy_set_header Host $http_host;",
        "proxy_set_header Host inside.example;",
    );
    fs::write(&included, renamed).expect("writable");
    let server = WebServer::nginx(&machine.installation, &included);
    machine
        .doctor(&["--url", &url(&server), "--ca", ca])
        .only("error site", "does not take pages of https://localhost");

    drop(server);

    // Whoever is behind one that the daemon does not know has its address.
    let machine = Machine::new();
    let daemon = machine.daemon.as_ref().expect("it runs");
    let address = daemon.address();
    let origin = format!("http://{address}");
    for name in ["alice", "bob", "carol", "dan", "eve"] {
        let path = format!("/rooms/lobby?format=json&nick={name}");
        let mut client = daemon.client_with(&path, &[("Origin", &origin)]);
        client.text();
    }
    let entries = machine.base("log/authentization.log");
    eventually("five people have come", || {
        (fs::read_to_string(&entries).ok()?.lines().count() >= 5).then_some(())
    });
    machine
        .doctor(&[])
        .only("warning proxy", "trusted-proxy is missing");
}

#[test]
fn a_chat_without_an_administrator_and_a_hook_that_cannot_run_are_named() {
    let machine = Machine::with(|text| set(text, "ACCOUNTS=", "ACCOUNTS=yes"), |text| text);
    let mend = machine
        .doctor(&[])
        .only("warning accounts", "no account may administer");
    assert!(mend.contains("chatctl first-code"), "{mend}");
    let hook = machine.path("/usr/local/bin/scan");
    fs::write(&hook, "#!/bin/sh\n").expect("writable");
    machine.chat_ini(|text| set(text, "FILE_HOOKS=", "FILE_HOOKS=exec:/usr/local/bin/scan"));
    machine.doctor(&[]).only("error hook", "HOOK_FAIL");
    mode(&hook, 0o755);
    let said = machine.doctor(&[]);
    assert_eq!(said.code, 0, "{}", said.page);
}

#[test]
fn a_hook_that_nobody_answers_is_named() {
    let machine = Machine::new();
    let dir = machine.path("/run/chat-filter");
    fs::create_dir_all(&dir).expect("writable");
    give_to_service_user(&dir);
    let socket = dir.join("words.sock");
    let line = format!("MESSAGE_HOOKS=unix:{}", socket.display());
    machine.chat_ini(|text| set(text, "MESSAGE_HOOKS=", &line));
    machine.doctor(&[]).only("error hook", "No such file");
    let listener = std::os::unix::net::UnixListener::bind(&socket).expect("free");
    give_to_service_user(&socket);
    assert_eq!(machine.doctor(&[]).code, 0, "{}", machine.doctor(&[]).page);
    // Its file stays, and nobody is behind it.
    drop(listener);
    let mend = machine.doctor(&[]).only("error hook", "refused");
    assert!(mend.contains("systemctl status"), "{mend}");
    let _listener = {
        fs::remove_file(&socket).expect("there");
        std::os::unix::net::UnixListener::bind(&socket).expect("free")
    };
    give_to_service_user(&socket);
    let marks = machine.base("run/hooks");
    fs::create_dir_all(&marks).expect("writable");
    fs::write(marks.join("0123.down"), "the hook unix:x took too long\n").expect("writable");
    give_to_service_user(&marks);
    give_to_service_user(&marks.join("0123.down"));
    machine.doctor(&[]).only("warning hook", "took too long");
}

#[test]
fn webhooks_that_nobody_posts_and_that_have_given_up_are_named() {
    let machine = Machine::new();
    let secret = machine.path("/etc/websocketd-rs/club.secret");
    fs::write(&secret, "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3\n").expect("writable");
    mode(&secret, 0o640);
    give_to_service_user(&secret);
    machine.chat_ini(|text| {
        text.append("\n[webhook club]\nURL=https://club.example.org/in\nSECRET_FILE=club.secret\n")
    });
    let mend = machine
        .doctor(&[])
        .only("error services", "chat-hooks does not run");
    assert!(
        mend.contains("systemctl enable --now chat-hooks.service"),
        "{mend}"
    );
    let mut hooks = e2e::installation::as_service_user(
        &machine
            .path("/usr/local/bin/chat-hooks")
            .display()
            .to_string(),
    );
    hooks.arg(format!(
        "--config={}",
        machine.path("/etc/websocketd-rs/chat.ini").display()
    ));
    let running = Program::start(&hooks);
    eventually("chat-hooks is found", || {
        (!machine.doctor(&[]).page.contains("chat-hooks does not run")).then_some(())
    });
    assert_eq!(machine.doctor(&[]).code, 0, "{}", machine.doctor(&[]).page);
    let status = eventually("it has left a status", || {
        let entries = fs::read_dir(machine.base("run/hooks"))
            .into_iter()
            .flatten()
            .flatten();
        entries
            .map(|entry| entry.path())
            .find(|path| fs::read_to_string(path).is_ok_and(|text| text.contains("\"delivered\"")))
    });
    drop(running);
    fs::write(
        &status,
        r#"{"name":"club","off":false,"waiting":0,"delivered":7,"failed":9,"dead":2,"last_error":"status 500"}"#,
    )
    .expect("writable");
    machine.doctor(&[]).has(
        "warning webhooks",
        "club: 2 events were given up: status 500",
    );
    fs::write(
        &status,
        r#"{"name":"club","off":true,"dead":0,"waiting":0}"#,
    )
    .expect("writable");
    let mend = machine.doctor(&[]).has("warning webhooks", "club: off");
    assert!(mend.starts_with("chatctl hooks on club"), "{mend}");
}

#[test]
fn what_is_enabled_and_does_not_run_is_named() {
    let machine = Machine::new();
    for (target, unit, level, text) in [
        (
            "multi-user.target",
            "chat-web.service",
            "error",
            "chat-web.service is enabled",
        ),
        (
            "multi-user.target",
            "chat-hooks.service",
            "error",
            "chat-hooks.service is enabled",
        ),
        (
            "timers.target",
            "chat-sample.timer",
            "warning",
            "older than half an hour",
        ),
    ] {
        let wants = machine
            .path("/etc/systemd/system")
            .join(format!("{target}.wants"));
        fs::create_dir_all(&wants).expect("writable");
        let link = wants.join(unit);
        std::os::unix::fs::symlink("/usr/local/lib/systemd/system", &link).expect("linked");
        if unit == "chat-sample.timer" {
            assert_eq!(machine.doctor(&[]).code, 0, "it was enabled just now");
            let mut touch = Command::new("touch");
            touch.args(["-h", "-d", "1 hour ago"]).arg(&link);
            assert_eq!(Program::run(&touch).code(), 0);
        }
        machine.doctor(&[]).only(&format!("{level} services"), text);
        if unit == "chat-sample.timer" {
            assert_eq!(machine.run(&["sample"]).0, 0);
            assert_eq!(machine.doctor(&[]).code, 0);
        }
        fs::remove_file(link).expect("there");
    }
}

#[test]
fn keys_that_are_private_broken_or_never_fetched_are_named() {
    let machine = Machine::new();
    let keys = machine.path("/etc/websocketd-rs/keys");
    fs::create_dir_all(&keys).expect("writable");
    mode(&keys, 0o755);
    machine.chat_ini(|text| set(text, "JWT_KEYS=", "JWT_KEYS=keys"));
    let private = keys.join("shop.key");
    let private = private.to_str().expect("text");
    assert_eq!(
        machine
            .run(&["token", "new-key", "shop", "--private", private])
            .0,
        0
    );
    assert_eq!(machine.doctor(&[]).code, 0, "{}", machine.doctor(&[]).page);
    // The chat's user may read it now: a key that signs is nobody's to read there.
    mode(&keys.join("shop.key"), 0o644);
    let mend = machine
        .doctor(&[])
        .only("error tokens", "shop.key: a private key");
    assert!(mend.contains("chatctl token new-key"), "{mend}");
    fs::remove_file(keys.join("shop.key")).expect("there");
    assert_eq!(machine.doctor(&[]).code, 0, "{}", machine.doctor(&[]).page);
    fs::write(keys.join("torn.pem"), "-----BEGIN PUBLIC KEY-----\n").expect("writable");
    machine.doctor(&[]).only("error tokens", "torn.pem");
    fs::remove_file(keys.join("torn.pem")).expect("there");
    mode(&keys, 0o700);
    machine.doctor(&[]).only("error tokens", "JWT_KEYS: ");
    mode(&keys, 0o755);
    machine.chat_ini(|text| {
        let text = set(text, "JWT_KEYS=", "JWT_KEYS=keys");
        set(
            text,
            "JWT_KEYS_URL=",
            "JWT_KEYS_URL=https://login.example.org/keys",
        )
    });
    machine
        .doctor(&[])
        .only("error tokens", "were never fetched");
    let set_of_keys = keys.join("provider.jwks");
    fs::write(
        &set_of_keys,
        r#"{"keys":[{"kid":"a","kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
    )
    .expect("writable");
    assert_eq!(machine.doctor(&[]).code, 0, "{}", machine.doctor(&[]).page);
    age(&set_of_keys, 5);
    machine.doctor(&[]).only("warning tokens", "5 days ago");
}

#[test]
fn settings_that_do_not_hold_are_named() {
    let machine = Machine::new();
    machine.chat_ini(|text| text.replace("[global]", "[global]\nMAX_ROOMS=7\nMAX_ROOMS=8"));
    machine
        .doctor(&[])
        .only("warning files", "MAX_ROOMS in line");
    machine.chat_ini(|text| text);
    let newer = machine.path("/etc/websocketd-rs/chat.ini.new");
    fs::write(&newer, "").expect("writable");
    machine.doctor(&[]).only("warning files", "chat.ini.new");
    fs::remove_file(&newer).expect("there");
    let other = machine.path("/etc/websocketd-rs/other.ini");
    fs::copy(machine.path("/etc/websocketd-rs/chat.ini"), &other).expect("writable");
    let file = machine.path("/etc/websocketd-rs/stand-alone.ini");
    let text = fs::read_to_string(&file).expect("there");
    let line = format!("\nenv = CHAT_CONFIG={}\n", other.display());
    let at = text.find("\n[route").unwrap_or(text.len());
    fs::write(&file, format!("{}{line}{}", &text[..at], &text[at..])).expect("writable");
    machine.doctor(&[]).only("error files", "the pages read");
}
