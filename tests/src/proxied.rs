//! The chat inside the site of another web server, as most people have it: Apache or nginx, php-fpm, and websocketd-rs
//! behind them, each with its shipped configuration.

use std::fs;

use crate::daemon::Daemon;
use crate::fastcgi::{Fcgiwrap, PhpFpm};
use crate::installation::{Configuration, Installation};
use crate::under_test::workspace;
use crate::web_server::WebServer;

/// Which web server stands in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Front {
    /// Apache.
    Apache,
    /// nginx.
    Nginx,
}

/// How the front speaks to websocketd-rs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hop {
    /// Plain, as shipped.
    Plain,
    /// With TLS, by what the shipped files hold as comments.
    Tls,
}

/// A running site; `Drop` ends all of it.
pub struct ProxiedSite {
    // Dropped in this order: the programs first, then the files they use.
    /// Apache or nginx.
    pub web: WebServer,
    /// What the rooms come from.
    pub daemon: Daemon,
    /// What the log-in form runs in; `None` without PHP.
    pub php: Option<PhpFpm>,
    _fcgiwrap: Option<Fcgiwrap>,
    /// All files.
    pub installation: Installation,
}

impl ProxiedSite {
    /// Starts it with PHP.
    #[track_caller]
    pub fn start(front: Front, hop: Hop) -> Self {
        let installation = Installation::new();
        let php = PhpFpm::start(&installation);
        Self::assemble(installation, front, hop, Some(php))
    }

    /// Starts it on a machine without PHP.
    #[track_caller]
    pub fn start_without_php(front: Front) -> Self {
        Self::assemble(Installation::new(), front, Hop::Plain, None)
    }

    /// Starts it on a machine without PHP, with the web server's own log-in: the comments in its configuration become
    /// settings, and `chat.ini` believes it. Accounts are added afterwards.
    #[track_caller]
    pub fn start_with_own_login(front: Front) -> Self {
        let installation = Installation::new();
        installation.configure("chat.ini", |text| {
            text.replace("; REMOTE_USER=no", "REMOTE_USER=HTTP_X_REMOTE_USER")
                .replace("; TRUSTED_PROXIES=", "TRUSTED_PROXIES=127.0.0.1, ::1")
        });
        let log_in = move |text: Configuration| match front {
            Front::Apache => ["AuthType", "AuthName", "AuthUserFile", "Require valid"]
                .into_iter()
                .fold(text, Configuration::uncomment),
            Front::Nginx => text
                .replace("# auth_basic Chat;", "auth_basic Chat;")
                .replace("set $chat_user \"\";", "set $chat_user $remote_user;"),
        };
        Self::assemble_with(installation, front, Hop::Plain, None, log_in)
    }

    /// Starts the shortest of the set-ups in docs/install.md: the web server passes everything below `/chat/` on, and
    /// websocketd-rs serves pages, questions and rooms.
    #[track_caller]
    pub fn start_shortest(front: Front) -> Self {
        Self::start_shortest_with(front, |text| text)
    }

    /// The same, with what an administrator got wrong in the web server's lines.
    #[track_caller]
    pub fn start_shortest_with(
        front: Front,
        more: impl Fn(Configuration) -> Configuration,
    ) -> Self {
        let installation = Installation::new();
        let daemon = installation.daemon("stand-alone.ini", |text| {
            text.append("trusted-proxy = 127.0.0.1, ::1")
        });
        let language = match front {
            Front::Apache => "apache",
            Front::Nginx => "nginx",
        };
        let port = format!(":{}/", daemon.address().port());
        let told = more(Configuration(told(language)).replace(":8080/", &port));
        let config = installation.path("/srv/included.conf");
        fs::write(&config, told.0).expect("writable");
        let web = match front {
            Front::Apache => WebServer::apache(&installation, &config),
            Front::Nginx => WebServer::nginx(&installation, &config),
        };
        Self {
            web,
            daemon,
            php: None,
            _fcgiwrap: None,
            installation,
        }
    }

    #[track_caller]
    fn assemble(installation: Installation, front: Front, hop: Hop, php: Option<PhpFpm>) -> Self {
        Self::assemble_with(installation, front, hop, php, |text| text)
    }

    /// `more` edits the web server's configuration.
    #[track_caller]
    fn assemble_with(
        installation: Installation,
        front: Front,
        hop: Hop,
        php: Option<PhpFpm>,
        more: impl Fn(Configuration) -> Configuration,
    ) -> Self {
        if hop == Hop::Tls {
            installation.make_certificate();
        }
        let daemon = installation.daemon("behind-a-proxy.ini", |text| {
            let text = text.replace("https://chat.example.org", "https://localhost");
            match hop {
                Hop::Plain => text,
                Hop::Tls => ["ssl =", "sslcert =", "sslkey ="]
                    .into_iter()
                    .fold(text, Configuration::uncomment),
            }
        });
        let port = format!(":{}/", daemon.address().port());
        let edit = |text: Configuration| more(edit(text, front, hop)).replace(":8089/", &port);
        let (web, fcgiwrap) = match front {
            Front::Apache => {
                let config = installation.configure("apache.conf", edit);
                (WebServer::apache(&installation, &config), None)
            }
            Front::Nginx => {
                let fcgiwrap = Fcgiwrap::start(&installation);
                let config = installation.configure("nginx.conf", edit);
                (WebServer::nginx(&installation, &config), Some(fcgiwrap))
            }
        };
        Self {
            web,
            daemon,
            php,
            _fcgiwrap: fcgiwrap,
            installation,
        }
    }
}

/// The block of docs/install.md that is marked with the web server's name.
#[track_caller]
fn told(language: &str) -> String {
    let document = fs::read_to_string(workspace().join("docs/install.md")).expect("it is there");
    let begin = format!("<!-- {language} -->\n```{language}\n");
    let block = document.split_once(&begin).map(|(_, rest)| rest);
    let block = block.and_then(|rest| rest.split_once("```"));
    block.expect("a marked block").0.to_owned()
}

/// What an administrator changes for TLS between the two: the plain line goes, the comments become settings.
#[track_caller]
fn edit(text: Configuration, front: Front, hop: Hop) -> Configuration {
    let (plain, comments): (&str, &[&str]) = match (hop, front) {
        (Hop::Plain, _) => return text,
        (Hop::Tls, Front::Apache) => (
            "ProxyPass \"/chat/rooms/\" \"ws://127.0.0.1:8089/\" timeout=3600 nocanon\n",
            &[
                "SSLProxyEngine",
                "SSLProxyVerify",
                "SSLProxyCACertificateFile",
                "ProxyPass \"/chat/rooms/\" \"wss:",
            ],
        ),
        (Hop::Tls, Front::Nginx) => (
            "    proxy_pass http://127.0.0.1:8089/;\n",
            &[
                "proxy_pass https:",
                "proxy_ssl_verify",
                "proxy_ssl_name",
                "proxy_ssl_trusted_certificate",
            ],
        ),
    };
    let text = text.replace(plain, "");
    comments
        .iter()
        .fold(text, |text, start| text.uncomment(start))
}
