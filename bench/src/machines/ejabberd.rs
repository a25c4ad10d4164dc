//! ejabberd as a cluster of three nodes. Started as `ejabberdctl foreground` does, but with files of its own on each
//! machine, as this user and below this process.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::{Line, MACHINES, Part, Site, inner, outer, wait_for};
use crate::chat::Wire;
use crate::client::Endpoint;
use crate::server::Programs;
use crate::xmpp;

const PORT: u16 = 5280;
/// Erlang's name server.
const EPMD: u16 = 4369;
/// Where Debian has its modules.
const LIBRARIES: &str = "/usr/lib/x86_64-linux-gnu";
/// Keeps Erlang from asking a name server that these networks do not have.
const INETRC: &str = "inetrc";
/// Before anybody comes.
const SETTLE: Duration = Duration::from_secs(3);
/// What nodes of one cluster share.
const COOKIE: &str = "bench";

pub fn start(programs: &Programs) -> io::Result<Site> {
    let mut site = Site::lay(programs, Wire::Xmpp)?;
    for at in 0..MACHINES {
        start_node(&mut site, at)?;
    }
    for at in 1..MACHINES {
        let join = format!("ejabberd_cluster join ['{}']", node(0));
        wait_for("a node to join", || {
            Ok(call(&site, at, &join)?.starts_with("ok"))
        })?;
        let all = |told: &str| (0..=at).all(|it| told.contains(&node(it)));
        wait_for("the nodes to know each other", || {
            let known = |it| call(&site, it, "ejabberd_cluster get_nodes []");
            Ok(all(&known(at)?) && all(&known(0)?))
        })?;
        // It starts anew when it joins.
        site.wait_for_port((outer(at), PORT).into())?;
    }
    // Its tables are on all nodes a while after it says that the nodes are one cluster.
    thread::sleep(SETTLE);
    Ok(site)
}

fn node(at: usize) -> String {
    format!("ejabberd@{}", inner(at))
}

fn start_node(site: &mut Site, at: usize) -> io::Result<()> {
    let dir = site.dir(at);
    let file = dir.join("ejabberd.yml");
    fs::write(&file, configuration(outer(at)))?;
    fs::write(dir.join(INETRC), "{lookup,[\"file\"]}.\n")?;
    let epmd = Line {
        name: "epmd",
        program: Path::new("/usr/bin/epmd"),
        args: Vec::new(),
        env: Vec::new(),
    };
    site.run(Part::Watcher, at, &epmd)?;
    site.wait_for_port((inner(at), EPMD).into())?;
    let [file, log, spool] =
        [file, dir.join("ejabberd.log"), dir.join("spool")].map(|path| path.display().to_string());
    let mut args = erl(&node(at));
    args.extend(["+K", "true", "+P", "250000", "-mnesia", "dir"].map(str::to_owned));
    args.push(format!("\"{spool}\""));
    args.extend(["-s", "ejabberd", "-noinput"].map(str::to_owned));
    let line = Line {
        name: "ejabberd",
        program: Path::new("/usr/bin/erl"),
        args,
        env: vec![
            ("EJABBERD_CONFIG_PATH", file),
            ("EJABBERD_LOG_PATH", log),
            ("ERL_LIBS", LIBRARIES.to_owned()),
            ("ERL_INETRC", inetrc(site, at)),
            ("ERL_MAX_PORTS", "32000".to_owned()),
            ("ERL_MAX_ETS_TABLES", "1400".to_owned()),
        ],
    };
    site.run(Part::Service, at, &line)?;
    let address = SocketAddr::from((outer(at), PORT));
    site.wait_for_port(address)?;
    site.endpoints.push(Endpoint::plain(address));
    Ok(())
}

fn inetrc(site: &Site, at: usize) -> String {
    site.dir(at).join(INETRC).display().to_string()
}

fn erl(name: &str) -> Vec<String> {
    ["-name", name, "-setcookie", COOKIE, "-start_epmd", "false"]
        .map(str::to_owned)
        .to_vec()
}

/// Calls a function of a node; what it gave.
fn call(site: &Site, at: usize, what: &str) -> io::Result<String> {
    let mut command = site.networks[at].command(Path::new("/usr/bin/erl_call"));
    command.args(["-name", &node(at), "-c", COOKIE, "-a", what]);
    let output = command.output()?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// As [`xmpp::configure`]: guests, one room server, all in memory, no limit of rate.
fn configuration(address: std::net::Ipv4Addr) -> String {
    format!(
        r#"loglevel: warning
hosts: [localhost]
listen:
  - port: {PORT}
    ip: "{address}"
    module: ejabberd_http
    request_handlers: {{ {path}: ejabberd_http_ws }}
auth_method: [anonymous]
anonymous_protocol: sasl_anon
allow_multiple_connections: true
access_rules: {{ muc: {{ allow: all }} }}
modules:
  mod_muc:
    host: rooms.localhost
    access_create: muc
    history_size: 0
    max_users: 10000
    default_room_options: {{ allow_subscription: false, max_users: 10000, logging: false, mam: false }}
"#,
        path = xmpp::PATH
    )
}
