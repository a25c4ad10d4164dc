//! Several sites in one daemon, made by `chatctl site add` and run by users of their own: who gets into which,
//! who may read what, and the same behind nginx and Apache.

use std::cell::OnceCell;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use e2e::browser::Browser;
use e2e::cluster_of_one::ClusterOfOne;
use e2e::daemon::{Daemon, free_port};
use e2e::deadline::eventually;
use e2e::http::{self, Response};
use e2e::installation::{Installation, SERVICE_USER};
use e2e::program::Program;
use e2e::raw::{Frame, RawSocket};
use e2e::requirement::part;
use e2e::transport::Endpoint;
use e2e::under_test::{Kind, Subject, workspace};
use e2e::web_server::WebServer;
use nix::sys::signal::Signal;
use nix::unistd::geteuid;

/// Name, host and user of each site; every Debian has these users.
const SITES: [(&str, &str, &str); 3] = [
    ("alpha", "chat.alpha.test", "games"),
    ("beta", "chat.beta.test", "news"),
    ("gamma", "chat.gamma.test", "uucp"),
];

/// An installation with the three sites.
struct Sites {
    // Before the files that they use.
    clusters: OnceCell<Vec<ClusterOfOne>>,
    installation: Installation,
}

impl Sites {
    /// Makes them; with `more` in each one's `[host]`, which may name NAME.
    fn new(with_tls: bool, more: &str) -> Self {
        assert!(
            geteuid().is_root(),
            "this test changes users, which only root can: sudo make test"
        );
        let installation = Installation::new();
        let sites = Self {
            clusters: OnceCell::new(),
            installation,
        };
        for (name, host, user) in SITES {
            let mut words = vec![
                "add".to_owned(),
                name.to_owned(),
                format!("--host={host}"),
                format!("--user={user}"),
            ];
            words.push(format!("--prefix={}", sites.path("/usr/local")));
            if with_tls {
                let issued = sites.installation.authority().issue_for(name, &[host]);
                words.push(format!("--cert={}", issued.cert.display()));
                words.push(format!("--key={}", issued.key.display()));
            }
            sites.chatctl(&[&["site".to_owned()][..], &words].concat());
            let routes = sites.path(&format!("/etc/websocketd-rs/sites.d/{name}.ini"));
            let text = fs::read_to_string(&routes)
                .expect("made")
                .replace("pingms", &format!("{more}pingms"));
            fs::write(&routes, text.replace("NAME", name)).expect("ours");
        }
        sites
    }

    fn path(&self, system: &str) -> String {
        self.installation.path(system).display().to_string()
    }

    #[track_caller]
    fn chatctl(&self, words: &[String]) -> String {
        let mut command = Command::new(self.path("/usr/local/bin/chatctl"));
        command.args(["--root", &self.path("/")]).args(words);
        let done = Program::run(&command);
        assert_eq!(done.code(), 0, "{words:?}: {done:#?}");
        done.stdout
    }

    /// The daemon with sites.ini, `edit`ed.
    #[track_caller]
    fn serve(&self, edit: impl FnOnce(String) -> String) -> Daemon {
        self.clusters.get_or_init(|| {
            let sites = SITES.iter();
            sites
                .filter_map(|(name, _, user)| self.installation.cluster_of(name, user))
                .collect()
        });
        let shipped =
            fs::read_to_string(workspace().join("conf/sites.ini")).expect("it is shipped");
        let config = self.path("/etc/websocketd-rs/sites.ini");
        fs::write(
            &config,
            edit(shipped).replace("port = 8080", &format!("port = {}", free_port())),
        )
        .expect("ours");
        let subject = Subject {
            path: self.installation.path("/usr/local/bin/websocketd-rs"),
            kind: Kind::Ours,
        };
        Daemon::of(&subject)
            .flag(format!("--config={config}"))
            .flag(format!("--user={SERVICE_USER}"))
            .start()
    }

    fn log(&self, name: &str, room: &str) -> String {
        let path = self.path(&format!(
            "/var/lib/websocketd-rs/sites/{name}/rooms/{room}.log"
        ));
        fs::read_to_string(path).unwrap_or_default()
    }
}

fn get(endpoint: &Endpoint, host: &str, target: &str) -> Response {
    let head = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    http::exchange(endpoint, head.as_bytes()).expect("an answer")
}

/// The status that a handshake at a host gets which a page of it begins, and the connection.
fn enter(endpoint: &Endpoint, (scheme, host): (&str, &str), fields: &str) -> (u16, RawSocket) {
    let mut socket = RawSocket::connect(endpoint);
    let head = format!(
        "GET /lobby?format=json&username=Anna HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: {scheme}://{host}\r\n{fields}\r\n"
    );
    socket.try_send_bytes(head.as_bytes()).expect("it reads");
    let status = socket.read_head().status;
    (status, socket)
}

#[test]
fn three_sites_one_room_one_name_and_three_passwords() {
    let sites = Sites::new(false, "htpasswd = DIR/NAME.users\n");
    let htpasswd = part("/usr/bin/htpasswd", "apache2-utils");
    let dir = sites.path("/srv");
    for (name, ..) in SITES {
        let routes = sites.path(&format!("/etc/websocketd-rs/sites.d/{name}.ini"));
        let text = fs::read_to_string(&routes)
            .expect("made")
            .replace("DIR/", &format!("{dir}/"));
        fs::write(&routes, text).expect("ours");
        let users = format!("{dir}/{name}.users");
        let secret = format!("secret of {name}");
        let made = Program::run(Command::new(htpasswd).args(["-bBc", &users, "Anna", &secret]));
        assert_eq!(made.code(), 0, "{made:#?}");
        let ini = sites.path(&format!("/etc/websocketd-rs/sites/{name}/chat.ini"));
        let text = fs::read_to_string(&ini)
            .expect("made")
            .replace("; REMOTE_USER=no", "REMOTE_USER=yes");
        let text = text
            .replace("; TRUSTED_PROXIES=", "TRUSTED_PROXIES=127.0.0.1")
            .replace("; ANONYMOUS=yes", "ANONYMOUS=no");
        fs::write(&ini, text).expect("ours");
    }
    let daemon = sites.serve(|text| text);
    let mut inside = Vec::new();
    for (site, host, _) in SITES {
        for (whose, ..) in SITES {
            let secret = BASE64_STANDARD.encode(format!("Anna:secret of {whose}"));
            let (status, mut socket) = enter(
                &daemon.endpoint,
                ("http", host),
                &format!("Authorization: Basic {secret}\r\n"),
            );
            assert_eq!(
                status,
                if site == whose { 101 } else { 401 },
                "{whose}'s password at {site}"
            );
            if status == 101 {
                let said = format!(r#"{{"type":"say","text":"I am in {site}","msgid":"m"}}"#);
                socket.send(&Frame::text(said));
                inside.push(socket);
            }
        }
    }
    assert_eq!(inside.len(), 3);
    for (site, ..) in SITES {
        let log = eventually("it is said", || {
            Some(sites.log(site, "lobby")).filter(|log| log.contains("I am in"))
        });
        assert!(log.contains("account=Anna"), "{log}");
        for (other, ..) in SITES {
            assert_eq!(
                log.contains(&format!("I am in {other}")),
                site == other,
                "{site}: {log}"
            );
        }
    }
    // Who has a room of one site open, as the user that its programs run as, can read nothing of another's.
    for (site, _, user) in SITES {
        for (other, ..) in SITES {
            for file in [
                format!("/var/lib/websocketd-rs/sites/{other}/rooms/lobby.log"),
                format!("/var/lib/websocketd-rs/sites/{other}/rooms"),
                format!("/etc/websocketd-rs/sites/{other}/chat.ini"),
            ] {
                let path = sites.path(&file);
                let mut read = Command::new("setpriv");
                read.args([
                    "--reuid",
                    user,
                    "--regid",
                    user,
                    "--clear-groups",
                    "test",
                    "-r",
                    &path,
                ]);
                let may = Program::run(&read).code() == 0;
                assert_eq!(may, site == other, "{user} and {file}");
            }
        }
    }
}

/// The answer to a log-in by the page's form at a host.
fn log_in(endpoint: &Endpoint, host: &str, password: &str) -> Response {
    let origin = format!("http://{host}");
    let fields = [
        ("Host", host),
        ("Origin", origin.as_str()),
        ("Content-Type", "application/json"),
    ];
    let body = format!(r#"{{"name":"anna","password":"{password}"}}"#);
    http::send(endpoint, "POST", "/api/account/login", &fields, &body)
}

#[test]
fn three_sites_one_name_and_three_accounts() {
    let sites = Sites::new(false, "");
    for (name, ..) in SITES {
        let ini = sites.path(&format!("/etc/websocketd-rs/sites/{name}/chat.ini"));
        let text = fs::read_to_string(&ini).expect("made");
        let text = text
            .replace("; ACCOUNTS=no", "ACCOUNTS=yes")
            .replace("; ANONYMOUS=yes", "ANONYMOUS=no");
        fs::write(&ini, text).expect("ours");
        let mut shell = Command::new("bash");
        shell.args([
            "-c",
            r#"printf '%s\n' "$3" | "$0" --root "$1" --site "$2" register anna"#,
            &sites.path("/usr/local/bin/chatctl"),
            &sites.path("/"),
            name,
            &format!("secret of {name}"),
        ]);
        let made = Program::run(&shell);
        assert_eq!(made.code(), 0, "{made:#?}");
    }
    let daemon = sites.serve(|text| text);
    let mut let_in = 0;
    for (site, host, _) in SITES {
        for (whose, ..) in SITES {
            let answer = log_in(&daemon.endpoint, host, &format!("secret of {whose}"));
            let expected = if site == whose { 200 } else { 403 };
            let told = answer.text();
            assert_eq!(
                answer.status, expected,
                "{whose}'s password at {site}: {told}"
            );
            let Some(cookie) = answer.header("Set-Cookie") else {
                continue;
            };
            let_in += 1;
            let cookie = cookie.split(';').next().expect("a cookie").to_owned();
            for (other, its_host, _) in SITES {
                let field = format!("Cookie: {cookie}\r\n");
                let (status, mut socket) = enter(&daemon.endpoint, ("http", its_host), &field);
                assert_eq!(status, 101);
                let first = socket.frame().expect("a first message").payload;
                let first = String::from_utf8_lossy(&first).into_owned();
                let is_in = first.contains(r#""account":"anna""#);
                assert_eq!(is_in, site == other, "{site}'s log-in at {other}: {first}");
            }
        }
    }
    assert_eq!(let_in, 3);
}

#[test]
fn a_site_comes_and_goes_and_the_others_do_not_notice() {
    let sites = Sites::new(false, "");
    let routes = sites.path("/etc/websocketd-rs/sites.d/gamma.ini");
    let aside = format!("{routes}.off");
    let daemon = sites.serve(|text| text);
    let (status, mut alpha) = enter(&daemon.endpoint, ("http", SITES[0].1), "");
    assert_eq!(status, 101);
    let (_, mut gamma) = enter(&daemon.endpoint, ("http", SITES[2].1), "");
    fs::rename(&routes, &aside).expect("ours");
    daemon.signal(Signal::SIGHUP);
    daemon.log().wait_for(&["Reloaded configuration"]);
    assert_eq!(get(&daemon.endpoint, SITES[2].1, "/").status, 421);
    for (socket, site) in [(&mut alpha, "alpha"), (&mut gamma, "gamma")] {
        socket.send(&Frame::text(
            r#"{"type":"say","text":"still here","msgid":"m"}"#,
        ));
        eventually("it is said", || {
            sites
                .log(site, "lobby")
                .contains("still here")
                .then_some(())
        });
    }
    fs::rename(&aside, &routes).expect("ours");
    daemon.signal(Signal::SIGHUP);
    eventually("it is served again", || {
        let page = get(&daemon.endpoint, SITES[2].1, "/");
        page.text().contains("<title>").then_some(())
    });
    let listed = sites.chatctl(&["site".to_owned(), "list".to_owned()]);
    assert!(
        listed
            .lines()
            .any(|line| line.starts_with("gamma ") && line.ends_with("served")),
        "{listed}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_finds_each_site_behind_its_own_certificate() {
    let sites = Sites::new(true, "");
    let daemon = sites.serve(|text| text.replace("# ssl = true", "ssl = true"));
    let port = daemon.address().port();
    // As DNS would. The certificates are of nobody whom the browser knows, and of the right names.
    let browser = Browser::start_with(&["--host-resolver-rules=MAP *.test 127.0.0.1"]).await;
    for (name, host, _) in &SITES[..2] {
        browser
            .goto(&format!("https://{host}:{port}/?room=lobby"))
            .await;
        browser
            .wait_until("the page is there", "document.querySelector('#text') !== null || document.querySelector('form') !== null")
            .await;
        let script = format!(
            "new Promise(done => {{ const ws = new WebSocket('wss://{host}:{port}/lobby?format=json&username=Eva'); \
             ws.onopen = () => ws.send(JSON.stringify({{type: 'say', text: 'seen at {name}', msgid: 'b'}})); \
             ws.onmessage = e => {{ if (e.data.includes('seen at')) done(e.data); }}; ws.onerror = () => done('error'); }})"
        );
        let heard = browser.eval(&script).await;
        assert!(
            heard.to_string().contains(&format!("seen at {name}")),
            "{heard}"
        );
        let log = sites.log(name, "lobby");
        let foreign = SITES.iter().filter(|(other, ..)| other != name);
        for (other, ..) in foreign {
            assert!(!log.contains(&format!("seen at {other}")), "{log}");
        }
    }
}

fn behind(server: impl FnOnce(&Installation, &std::path::Path) -> WebServer, conf: &str) {
    let sites = Sites::new(false, "");
    let daemon = sites.serve(|text| text.replace("# trusted-proxy", "trusted-proxy"));
    for (name, ..) in SITES {
        // Pages of browsers over https, and what the proxy says of it.
        let said = format!("header-http = X-Site: {name}\n");
        let routes = sites.path(&format!("/etc/websocketd-rs/sites.d/{name}.ini"));
        let text = fs::read_to_string(&routes)
            .expect("made")
            .replace("pingms", &format!("{said}pingms"));
        fs::write(&routes, text).expect("ours");
    }
    daemon.signal(Signal::SIGHUP);
    daemon.log().wait_for(&["Reloaded configuration"]);
    let port = daemon.address().port();
    let shipped = fs::read_to_string(workspace().join("conf").join(conf)).expect("it is shipped");
    let included = sites.installation.path("/srv").join(conf);
    fs::write(&included, shipped.replace(":8089", &format!(":{port}"))).expect("ours");
    fs::set_permissions(&included, Permissions::from_mode(0o644)).expect("ours");
    let web = server(&sites.installation, &included);
    for (name, host, _) in SITES {
        let page = get(&web.endpoint(), host, "/");
        assert_eq!(
            (page.status, page.header("x-site")),
            (200, Some(name)),
            "{host}: {page:?}"
        );
        let (status, mut socket) = enter(&web.endpoint(), ("https", host), "");
        assert_eq!(status, 101, "{host}");
        socket.send(&Frame::text(format!(
            r#"{{"type":"say","text":"through to {name}","msgid":"m"}}"#
        )));
        eventually("it is said", || {
            sites
                .log(name, "lobby")
                .contains(&format!("through to {name}"))
                .then_some(())
        });
    }
    assert_eq!(get(&web.endpoint(), "unknown.test", "/").status, 421);
}

#[test]
fn nginx_in_front_passes_the_host_on() {
    behind(WebServer::nginx, "nginx-sites.conf");
}

#[test]
fn apache_in_front_passes_the_host_on() {
    behind(WebServer::apache, "apache-sites.conf");
}
