//! Our chat: on three machines with engine and relay, or on one without `[cluster]`.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Line, MACHINES, NAMES, Part, Site, engine, inner, outer, wait_for};
use crate::chat::{SETTINGS, Wire};
use crate::client::Endpoint;
use crate::server::{Kind, Programs};

/// Where daemons listen.
const PORT: u16 = 8089;

/// The machines.
#[derive(Debug)]
pub struct Chat {
    /// What runs.
    pub site: Site,
    programs: Programs,
}

impl Chat {
    /// Three machines for [`Kind::Ours`], for others one without `[cluster]`.
    pub fn start(programs: &Programs, kind: Kind) -> io::Result<Self> {
        let mut chat = Self {
            site: Site::lay(programs, Wire::Json)?,
            programs: programs.clone(),
        };
        if kind != Kind::Ours {
            chat.configure(0, "")?;
            chat.start_daemon(0)?;
            return Ok(chat);
        }
        let shipped = fs::read_to_string(programs.cluster_conf.join("chat.ini"))?;
        for (at, name) in NAMES.iter().enumerate() {
            let section = shipped
                .replace("NODE=one", &format!("NODE={name}"))
                .replace("/etc/websocketd-rs/engine.password", "engine.password");
            chat.configure(at, &section)?;
            engine::configure(&programs.cluster_conf, &chat.engine_dir(at), at)?;
            chat.start_engine(at)?;
            chat.start_sentinel(at)?;
        }
        wait_for("Sentinels to know each other", || Ok(engine::is_whole()))?;
        for at in 0..MACHINES {
            chat.start_relay(at)?;
        }
        for at in 0..MACHINES {
            let up = chat.base(at).join("run/relay/up");
            wait_for("a relay to be up", || Ok(up.exists()))?;
            chat.start_daemon(at)?;
        }
        Ok(chat)
    }

    fn engine_dir(&self, at: usize) -> PathBuf {
        self.site.dir(at).join("redis")
    }

    /// `BASE_DIR` of machine `at`.
    pub fn base(&self, at: usize) -> PathBuf {
        self.site.dir(at).join("chat")
    }

    fn configure(&self, at: usize, section: &str) -> io::Result<()> {
        let base = self.base(at);
        fs::create_dir_all(&base)?;
        let ini =
            format!("[global]\nBASE_DIR=.\nLANG=en\nMAX_CONNECTIONS=10000\n{SETTINGS}{section}");
        fs::write(base.join("chat.ini"), ini)?;
        let password = base.join("engine.password");
        fs::write(&password, engine::PASSWORD)?;
        fs::set_permissions(&password, fs::Permissions::from_mode(0o600))
    }

    /// Starts the Redis of machine `at`.
    pub fn start_engine(&mut self, at: usize) -> io::Result<()> {
        let program = Path::new("/usr/bin/redis-server");
        self.start_redis(Part::Engine, at, "redis", program)
    }

    fn start_sentinel(&mut self, at: usize) -> io::Result<()> {
        let program = Path::new("/usr/bin/redis-sentinel");
        self.start_redis(Part::Watcher, at, "sentinel", program)
    }

    fn start_redis(
        &mut self,
        part: Part,
        at: usize,
        name: &'static str,
        program: &Path,
    ) -> io::Result<()> {
        let file = self.engine_dir(at).join(format!("{name}.conf"));
        let line = Line {
            name,
            program,
            args: vec![file.display().to_string()],
            env: Vec::new(),
        };
        self.site.run(part, at, &line)
    }

    /// Starts the relay of machine `at`; it need not be up yet.
    pub fn start_relay(&mut self, at: usize) -> io::Result<()> {
        let program = fs::canonicalize(&self.programs.chat_relay)?;
        let line = Line {
            name: "relay",
            program: &program,
            args: vec![self.config(at)],
            env: Vec::new(),
        };
        self.site.run(Part::Relay, at, &line)
    }

    fn config(&self, at: usize) -> String {
        format!("--config={}", self.base(at).join("chat.ini").display())
    }

    fn start_daemon(&mut self, at: usize) -> io::Result<()> {
        let program = fs::canonicalize(&self.programs.ours)?;
        let handler = fs::canonicalize(&self.programs.chat_handler)?;
        let address = SocketAddr::from((outer(at), PORT));
        let line = Line {
            name: "daemon",
            program: &program,
            args: vec![
                format!("--address={}", outer(at)),
                format!("--port={PORT}"),
                "--maxforks=0".to_owned(),
                handler.display().to_string(),
                self.config(at),
            ],
            env: Vec::new(),
        };
        self.site.run(Part::Service, at, &line)?;
        self.site.wait_for_port(address)?;
        self.site.endpoints.push(Endpoint::plain(address));
        Ok(())
    }

    /// Bytes of a room's log on machine `at`.
    pub fn log_len(&self, at: usize, room: &str) -> u64 {
        let log = self.base(at).join(format!("rooms/{room}.log"));
        fs::metadata(log).map_or(0, |about| about.len())
    }

    /// What the engine needs for all entries that it keeps, in bytes of memory, and their number.
    pub fn entries(&self) -> io::Result<(u64, u64)> {
        let bytes = self.ask("MEMORY USAGE {chat}:s SAMPLES 0")?;
        Ok((bytes, self.ask("XLEN {chat}:s")?))
    }

    /// What it needs for the ids of this hour's messages, and their number.
    pub fn msgids(&self) -> io::Result<(u64, u64)> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let hour = now.map_err(io::Error::other)?.as_secs() / 3600;
        let bytes = self.ask(&format!("MEMORY USAGE {{chat}}:d:{hour} SAMPLES 0"))?;
        Ok((bytes, self.ask(&format!("HLEN {{chat}}:d:{hour}"))?))
    }

    fn ask(&self, question: &str) -> io::Result<u64> {
        let primary = engine::primary().ok_or_else(|| io::Error::other("no engine"))?;
        let answer = engine::engine(inner(primary), question)?;
        let first = answer.first().and_then(|it| it.parse().ok());
        first.ok_or_else(|| io::Error::other(format!("{question}: {answer:?}")))
    }
}
