//! Debian's Apache and nginx as they stand before the chat: with a site of their own, over https, and with the
//! configuration that we ship included into it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use nix::unistd::geteuid;
use rustls::ClientConfig;

use crate::daemon::free_port;
use crate::installation::{Installation, SERVICE_USER};
use crate::program::Program;
use crate::requirement::part;
use crate::tls::Identity;
use crate::transport::Endpoint;
use crate::under_test::workspace;

/// How often a port that another program took in the meantime is replaced by another one: neither server can be given
/// port 0.
const PORT_TRIES: usize = 20;

/// Modules that are on in Debian's apache2 before an administrator enables more.
const USUAL_MODULES: [&str; 16] = [
    "mpm_event",
    "authn_core",
    "authn_file",
    "authz_core",
    "authz_host",
    "authz_user",
    "auth_basic",
    "autoindex",
    "deflate",
    "dir",
    "env",
    "filter",
    "mime",
    "negotiation",
    "reqtimeout",
    "setenvif",
];

/// What a2enmod enables together with `ssl`.
const BESIDE_SSL: &str = "socache_shmcb";

/// A running web server; `Drop` ends it.
pub struct WebServer {
    /// The program; its output is the error log.
    pub program: Program,
    address: SocketAddr,
    client: Arc<ClientConfig>,
}

impl WebServer {
    /// Apache with `included` in its site.
    ///
    /// # Panics
    /// When it is not installed or does not start, with what it said.
    #[track_caller]
    pub fn apache(installation: &Installation, included: &Path) -> Self {
        let shipped = fs::read_to_string(workspace().join("conf/apache.conf"));
        let shipped = shipped.expect("it is shipped");
        let config = installation.path("/srv/apache.conf");
        Self::start(
            installation,
            |port, identity| {
                fs::write(
                    &config,
                    apache_config(installation, &shipped, included, port, identity),
                )
                .expect("writable");
                let mut command = Command::new(part("/usr/sbin/apache2", "apache2-bin"));
                command.args(["-D", "FOREGROUND", "-f"]).arg(&config);
                command
            },
            "resuming normal operations",
        )
    }

    /// nginx with `included` in its site.
    ///
    /// # Panics
    /// As [`Self::apache`].
    #[track_caller]
    pub fn nginx(installation: &Installation, included: &Path) -> Self {
        let config = installation.path("/srv/nginx.conf");
        // Included relative to the main configuration.
        fs::copy(
            "/etc/nginx/fastcgi_params",
            installation.path("/srv/fastcgi_params"),
        )
        .unwrap_or_else(|_| {
            part("/etc/nginx/fastcgi_params", "nginx");
            0
        });
        Self::start(
            installation,
            |port, identity| {
                fs::write(
                    &config,
                    nginx_config(installation, included, port, identity),
                )
                .expect("writable");
                let mut command = Command::new(part("/usr/sbin/nginx", "nginx"));
                command.args(["-e", "stderr", "-c"]).arg(&config);
                command
            },
            "start worker process ",
        )
    }

    #[track_caller]
    fn start(
        installation: &Installation,
        command: impl Fn(u16, &Identity) -> Command,
        ready: &str,
    ) -> Self {
        let identity = installation.authority().issue("web");
        for _ in 0..PORT_TRIES {
            let port = free_port();
            let program = Program::start(&command(port, &identity));
            match program
                .output
                .try_wait_for_count(1, |line| line.contains(ready))
            {
                Ok(_) => {
                    return Self {
                        program,
                        address: SocketAddr::from(([127, 0, 0, 1], port)),
                        client: installation.authority().client(None),
                    };
                }
                Err(said) if said.contains("Address already in use") => {}
                Err(said) => panic!("the web server did not start:\n{said}"),
            }
        }
        panic!("{PORT_TRIES} free ports were all taken before the web server could bind them");
    }

    /// `https://localhost:PORT` followed by `path`.
    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }

    /// Where it is; its certificate is trusted.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::Tls(self.address, Arc::clone(&self.client))
    }
}

/// The modules that the shipped file tells to enable.
#[track_caller]
fn told_modules(shipped: &str) -> Vec<&str> {
    let told = shipped
        .lines()
        .find_map(|line| line.strip_prefix("#   a2enmod "));
    told.expect("apache.conf tells its modules")
        .split(' ')
        .collect()
}

fn apache_config(
    installation: &Installation,
    shipped: &str,
    included: &Path,
    port: u16,
    identity: &Identity,
) -> String {
    let modules = USUAL_MODULES
        .into_iter()
        .chain([BESIDE_SSL])
        .chain(told_modules(shipped));
    let modules = modules.fold(String::new(), |all, name| {
        all + &format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n")
    });
    let user = if geteuid().is_root() {
        format!("User {SERVICE_USER}\nGroup {SERVICE_USER}\n")
    } else {
        String::new()
    };
    format!(
        "{modules}{user}ServerRoot {dir}\nDefaultRuntimeDir {run}\nPidFile {run}/apache.pid\nListen 127.0.0.1:{port}\n\
         ServerName localhost\nErrorLog /dev/stderr\nTypesConfig /etc/mime.types\nStartServers 1\n\
         <Directory />\nOptions FollowSymLinks\nAllowOverride None\nRequire all denied\n</Directory>\n\
         <VirtualHost *:{port}>\nDocumentRoot {site}\n<Directory {site}>\nRequire all granted\n</Directory>\n\
         SSLEngine on\nSSLCertificateFile {cert}\nSSLCertificateKeyFile {key}\nIncludeOptional {included}\n</VirtualHost>\n",
        dir = installation.path("/srv").display(),
        run = installation.path("/run").display(),
        site = installation.path("/srv/www").display(),
        cert = identity.cert.display(),
        key = identity.key.display(),
        included = included.display(),
    )
}

fn nginx_config(
    installation: &Installation,
    included: &Path,
    port: u16,
    identity: &Identity,
) -> String {
    let user = if geteuid().is_root() {
        format!("user {SERVICE_USER};\n")
    } else {
        String::new()
    };
    let temporary: PathBuf = installation.path("/run");
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .into_iter()
        .fold(String::new(), |all, kind| {
            all + &format!("{kind}_temp_path {}/nginx-{kind};\n", temporary.display())
        });
    format!(
        "{user}daemon off;\nworker_processes 1;\npid {run}/nginx.pid;\nerror_log stderr notice;\n\
         events {{ worker_connections 1024; }}\n\
         http {{\ninclude /etc/nginx/mime.types;\ndefault_type application/octet-stream;\naccess_log off;\n{temporary}\
         server {{\nlisten 127.0.0.1:{port} ssl;\nserver_name localhost;\nssl_certificate {cert};\nssl_certificate_key {key};\n\
         root {site};\ninclude {optional};\n}}\n}}\n",
        run = installation.path("/run").display(),
        site = installation.path("/srv/www").display(),
        cert = identity.cert.display(),
        key = identity.key.display(),
        optional = optional(included),
    )
}

/// A path as nginx includes it when the file may be gone: a pattern need not match anything.
fn optional(path: &Path) -> String {
    let mut path = path.display().to_string();
    let last = path.pop().expect("a path has a name");
    format!("{path}[{last}]")
}
