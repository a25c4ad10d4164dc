//! `chatctl metrics`: the chat's own numbers in Prometheus' text format, beside those of the daemon: once, into a file
//! for `node_exporter`, or over HTTP at an address that the public does not reach. No name of a person or a room is in
//! them; the labels are the configuration's.

use std::io::{self, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;

use super::Failure;
use super::report::Report;
use chat_handler::settings::Settings;

mod collect;
mod page;
mod relay;
mod server;

use collect::Collector;

/// Who asks sooner gets what was found last: looking at all rooms is not for free.
const HOLDS: Duration = Duration::from_secs(2);
/// How often the file is written where `--every` does not say.
const EVERY: u32 = 15;

#[derive(Debug, Args)]
pub(super) struct MetricsArguments {
    /// Answer /metrics on this address, of this machine or a private network, and stay
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address)]
    listen: Option<SocketAddr>,
    /// Write them into this file (*.prom), as a whole, in place of the standard output
    #[arg(long, value_name = "FILE")]
    textfile: Option<PathBuf>,
    /// Stay, and write the file again and again; with --listen each 15 s if left out
    #[arg(long, value_name = "SECONDS", requires = "textfile", value_parser = clap::value_parser!(u32).range(1..=3600))]
    every: Option<u32>,
}

impl MetricsArguments {
    /// Whether it goes on until it is ended.
    fn stays(&self) -> bool {
        self.listen.is_some() || self.every.is_some()
    }
}

/// What the public does not reach: this machine, and what RFC 1918, 3927, 4193, 4291 and 6598 keep for private use.
fn address(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text
        .parse()
        .map_err(|_| "an address and port look like 127.0.0.1:9110 or [::1]:9110".to_owned())?;
    let is_private = match address.ip() {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            ip.is_loopback()
                || ip.is_private()
                || ip.is_link_local()
                || (first == 100 && second & 0xc0 == 64)
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    };
    if is_private {
        return Ok(address);
    }
    Err("the public would read it: name an address of this machine or of a private network, as 127.0.0.1".to_owned())
}

pub(super) fn metrics(
    arguments: &MetricsArguments,
    settings: &Settings,
    out: &mut dyn io::Write,
) -> Result<Report, Failure> {
    let mut source = Source::new(settings);
    if !arguments.stays() {
        let page = source.page()?;
        match &arguments.textfile {
            Some(file) => write(file, &page)?,
            None => out.write_all(page.as_bytes())?,
        }
        return Ok(Report::nothing());
    }
    let listener = arguments.listen.map(server::open).transpose()?;
    if let Some(listener) = &listener {
        // Port 0 lets the kernel choose: whoever asked for that reads here which one it is.
        writeln!(out, "http://{}/metrics", listener.local_addr()?)?;
        out.flush()?;
    }
    let every = Duration::from_secs(arguments.every.unwrap_or(EVERY).into());
    loop {
        let next = Instant::now() + every;
        if let Some(file) = &arguments.textfile {
            // What is not possible now may be in a while; the age of the file says that it was not.
            let written = source.page().and_then(|page| write(file, &page));
            tell(&written);
        }
        match &listener {
            Some(listener) => {
                while let Some(left) = next.checked_duration_since(Instant::now()) {
                    tell(&server::answer_next(listener, left, &mut || source.page()));
                }
            }
            None => std::thread::sleep(every),
        }
    }
}

/// For the service's log.
fn tell(done: &io::Result<()>) {
    if let Err(error) = done {
        // There is nobody else to tell.
        let _ = writeln!(io::stderr(), "chatctl: metrics: {error}");
    }
}

/// The page, made anew when the last one is old.
struct Source<'a> {
    collector: Collector<'a>,
    last: Option<(Instant, String)>,
}

impl<'a> Source<'a> {
    fn new(settings: &'a Settings) -> Self {
        Self {
            collector: Collector::new(settings),
            last: None,
        }
    }

    fn page(&mut self) -> io::Result<String> {
        if let Some((made, page)) = &self.last
            && made.elapsed() < HOLDS
        {
            return Ok(page.clone());
        }
        let page = self.collector.page()?;
        self.last = Some((Instant::now(), page.clone()));
        Ok(page)
    }
}

/// A reader sees the old file or the new one; it is for everybody, as `node_exporter` is a user of its own.
fn write(path: &Path, page: &str) -> io::Result<()> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(dir.unwrap_or(Path::new("."))).map_err(named)?;
    file.write_all(page.as_bytes()).map_err(named)?;
    let mode = std::fs::Permissions::from_mode(0o644);
    file.as_file().set_permissions(mode).map_err(named)?;
    file.persist(path).map_err(|error| named(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_does_not_reach_it() {
        for good in [
            "127.0.0.1:9110",
            "[::1]:9110",
            "10.1.2.3:9110",
            "192.168.0.1:1",
            "100.64.0.1:9110",
            "[fd00::1]:9110",
        ] {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in [
            "0.0.0.0:9110",
            "[::]:9110",
            "192.0.2.1:9110",
            "100.128.0.1:9110",
            "[2001:db8::1]:9110",
            "9110",
            "localhost:9110",
        ] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
