//! The web server before the machines.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread;

use e2e::cluster::Cluster;
use e2e::cluster::cables::inside;
use e2e::deadline::eventually;
use e2e::requirement::part;
use e2e::transport::Endpoint;
use e2e::under_test::workspace;

/// Where it is, among the people.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 254);
const PORT: u16 = 8080;

/// nginx as conf/cluster has it, in the people's network.
pub(crate) struct Nginx {
    child: Child,
    errors: PathBuf,
}

impl Nginx {
    #[track_caller]
    pub(crate) fn start(cluster: &Cluster, by_room: bool) -> Self {
        let shipped = fs::read_to_string(workspace().join("conf/cluster/nginx.conf"));
        let mut site = shipped
            .expect("it is shipped")
            .replace("10.0.0.", "10.1.0.")
            .replace(
                "    listen 80;\n    listen [::]:80;\n",
                &format!("    listen {ADDRESS}:{PORT};\n"),
            );
        if by_room {
            assert!(site.contains("    #hash $uri consistent;"));
            site = site
                .replace("    least_conn;\n", "")
                .replace("    #hash ", "    hash ");
        }
        let dir = cluster.machines[0].disk().join("nginx");
        fs::create_dir_all(&dir).expect("writable");
        let here = dir.display();
        let config = format!(
            "daemon off; pid {here}/pid; error_log {here}/error.log info; user root;\n\
             events {{}}\n\
             http {{ access_log off;\n\
             client_body_temp_path {here}/1; proxy_temp_path {here}/2; fastcgi_temp_path {here}/3;\n\
             uwsgi_temp_path {here}/4; scgi_temp_path {here}/5;\n\
             {site}\n }}\n"
        );
        let path = dir.join("nginx.conf");
        fs::write(&path, config).expect("writable");
        let mut command = inside(cluster.cables.outside(), part("/usr/sbin/nginx", "nginx"));
        command.args(["-e", "stderr", "-c"]).arg(&path);
        let child = command.stdout(Stdio::null()).spawn().expect("it starts");
        let errors = dir.join("error.log");
        let nginx = Self { child, errors };
        let entrance = cluster.cables.entrance();
        thread::scope(|scope| {
            scope.spawn(|| {
                entrance.enter();
                eventually("nginx listens", || {
                    std::net::TcpStream::connect((ADDRESS, PORT)).ok()
                });
            });
        });
        nginx
    }

    pub(crate) fn endpoint() -> Endpoint {
        Endpoint::Tcp(SocketAddr::new(ADDRESS.into(), PORT))
    }

    /// Its root, for this scheme.
    pub(crate) fn url(scheme: &str) -> String {
        format!("{scheme}://{ADDRESS}:{PORT}/")
    }
}

impl Drop for Nginx {
    #[expect(
        clippy::print_stderr,
        reason = "why a test failed may be in what it told"
    )]
    fn drop(&mut self) {
        if thread::panicking() {
            let errors = fs::read_to_string(&self.errors).unwrap_or_default();
            eprintln!("-- nginx:\n{errors}");
        }
        let workers = e2e::proc::descendants(self.child.id());
        let _ = self.child.kill();
        let _ = self.child.wait();
        for worker in workers {
            let pid = e2e::program::pid_of(worker.pid);
            let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
        }
    }
}
