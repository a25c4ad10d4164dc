//! A connection to the engine that takes writes, wherever that is just now.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chat_handler::settings::{Address, Cluster};
use chat_store::record::RecordId;
use redis::{
    Client, Cmd, Connection, ConnectionAddr, ConnectionInfo, FromRedisValue, IntoConnectionInfo,
    RedisConnectionInfo, TlsCertificates, Value, cmd, io::tcp::TcpSettings,
};

use super::sentinels::Sentinels;
use super::shared::locked;
use super::trouble::{Result, Trouble};
use crate::journal;

/// The longest wait for a connection: where one does not come, another engine may be in charge by then.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// The longest wait for an answer, beside what a question waits itself.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);
/// How far the engine's clock may be from ours without anybody being told.
const CLOCK_WARN: u64 = 2_000_000;
/// How far it may be at all, in microseconds: ids are times.
const CLOCK_LIMIT: u64 = 60_000_000;
/// The most that is read of a password and of certificates, in bytes.
const MAX_PASSWORD: u64 = 1024;
const MAX_CERTIFICATES: u64 = 1 << 20;

/// Where the engine is and how it lets us in.
#[derive(Debug, Clone)]
pub struct Access {
    address: Address,
    user: Option<String>,
    password_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    sentinels: Sentinels,
    /// Where the engine was when it was looked for last.
    found: Arc<Mutex<Option<ConnectionAddr>>>,
}

impl Access {
    /// What chat.ini says.
    pub fn new(settings: &Cluster, address: &Address) -> Self {
        // The one of two that could be meant: ureq's and the daemon's.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            address: address.clone(),
            user: settings.user.clone(),
            password_file: settings.password_file.clone(),
            ca_file: settings.ca_file.clone(),
            sentinels: Sentinels::default(),
            found: Arc::default(),
        }
    }

    fn password(&self) -> Result<Option<String>> {
        let Some(path) = &self.password_file else {
            return Ok(None);
        };
        let failed = |why: &dyn std::fmt::Display| {
            Trouble::Away(format!("ENGINE_PASSWORD_FILE {}: {why}", path.display()))
        };
        let bytes = chat_store::fs::file::read_whole(path, MAX_PASSWORD).map_err(|e| failed(&e))?;
        let text = String::from_utf8(bytes).map_err(|error| failed(&error))?;
        match text.trim_end_matches(['\n', '\r']) {
            "" => Err(failed(&"is empty or not there")),
            password => Ok(Some(password.to_owned())),
        }
    }

    fn certificates(&self) -> Result<TlsCertificates> {
        let read = |path: &PathBuf| {
            let read = chat_store::fs::file::read_whole(path, MAX_CERTIFICATES);
            match read {
                Ok(bytes) if !bytes.is_empty() => Ok(bytes),
                Ok(_) => Err("is empty or not there".to_owned()),
                Err(error) => Err(error.to_string()),
            }
            .map_err(|why| Trouble::Away(format!("ENGINE_CA_FILE {}: {why}", path.display())))
        };
        Ok(TlsCertificates {
            client_tls: None,
            root_cert: self.ca_file.as_ref().map(read).transpose()?,
        })
    }

    pub(super) fn connect(
        &self,
        at: ConnectionAddr,
        let_in: bool,
        limit: Duration,
    ) -> Result<Connection> {
        let mut redis = RedisConnectionInfo::default().set_skip_set_lib_name();
        if let_in && let Some(password) = self.password()? {
            if let Some(user) = &self.user {
                redis = redis.set_username(user);
            }
            redis = redis.set_password(password);
        }
        let is_tls = matches!(at, ConnectionAddr::TcpTls { .. });
        let info: ConnectionInfo = at.into_connection_info()?.set_redis_settings(redis);
        // What is asked leaves at once, also behind something that the other end has not confirmed yet.
        let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
        let client = if is_tls {
            Client::build_with_tls(info, self.certificates()?)?
        } else {
            Client::open(info)?
        };
        let connection = client.get_connection_with_timeout(limit)?;
        connection.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        connection.set_write_timeout(Some(ANSWER_TIMEOUT))?;
        Ok(connection)
    }

    /// Where the engine is that takes writes.
    fn find(&self) -> Result<ConnectionAddr> {
        let found = match &self.address {
            Address::Tcp { host, port, tls } => tcp(host, *port, *tls),
            Address::Unix(path) => ConnectionAddr::Unix(path.clone()),
            Address::Sentinel { hosts, name, tls } => {
                self.sentinels.ask(self, hosts, name, *tls)?
            }
        };
        *locked(&self.found) = Some(found.clone());
        Ok(found)
    }

    /// Where it was when it was looked for last.
    fn found(&self) -> Result<ConnectionAddr> {
        let found = locked(&self.found).clone();
        found.ok_or_else(|| Trouble::Away("the engine has not been found yet".to_owned()))
    }

    /// Whether that is where a connection goes, by what it says of its [`place`](Link::place).
    pub fn is_found_at(&self, place: &str) -> bool {
        let found = locked(&self.found);
        found.as_ref().is_some_and(|at| at.to_string() == place)
    }
}

pub(super) fn tcp(host: &str, port: u16, tls: bool) -> ConnectionAddr {
    let host = host.to_owned();
    if !tls {
        return ConnectionAddr::Tcp(host, port);
    }
    ConnectionAddr::TcpTls {
        host,
        port,
        insecure: false,
        tls_params: None,
    }
}

/// A connection to the engine. After trouble it is dropped, never used again.
pub struct Link {
    connection: Connection,
    /// Where it goes, for people.
    pub place: String,
    /// The scripts, as this engine calls them.
    pub scripts: [String; 3],
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl Link {
    /// Looks for the engine that takes writes, connects to it, and looks whether it is one that can be used. One
    /// thread does it for all: the others follow it by [`Link::open_found`].
    ///
    /// # Errors
    /// There is none now.
    pub fn open(access: &Access, scripts: [&str; 3]) -> Result<Self> {
        Self::open_at(access, access.find()?, scripts)
    }

    /// Another connection to the engine that was found last.
    ///
    /// # Errors
    /// It is not there any more, or none was found yet.
    pub fn open_found(access: &Access, scripts: [&str; 3]) -> Result<Self> {
        Self::open_at(access, access.found()?, scripts)
    }

    fn open_at(access: &Access, at: ConnectionAddr, scripts: [&str; 3]) -> Result<Self> {
        let place = at.to_string();
        let connection = access
            .connect(at, true, CONNECT_TIMEOUT)
            .map_err(|trouble| Trouble::Away(format!("{place}: {trouble}")))?;
        let mut link = Self {
            connection,
            place,
            scripts: Default::default(),
        };
        link.check_role()?;
        link.check_clock()?;
        for (at, script) in scripts.into_iter().enumerate() {
            let loaded: std::result::Result<String, _> = cmd("SCRIPT")
                .arg("LOAD")
                .arg(script)
                .query(&mut link.connection);
            link.scripts[at] = loaded.map_err(|error| {
                let place = &link.place;
                let why = Trouble::from(error);
                Trouble::Away(format!(
                    "{place}: {why} (it must be Redis 7, Valkey 8 or later)"
                ))
            })?;
        }
        Ok(link)
    }

    /// Asks.
    ///
    /// # Errors
    /// The connection is of no use any more, unless it is [`Trouble::Full`].
    pub fn ask<T: FromRedisValue>(&mut self, question: &Cmd) -> Result<T> {
        Ok(question.query(&mut self.connection)?)
    }

    /// The connection, for what is said without having been asked.
    pub fn into_connection(self) -> Connection {
        self.connection
    }

    /// From now on each answer may come so much later.
    ///
    /// # Errors
    /// The system's.
    pub fn be_patient(&self, wait: Duration) -> Result<()> {
        Ok(self
            .connection
            .set_read_timeout(Some(ANSWER_TIMEOUT + wait))?)
    }

    /// Asks all of these at once; each answer is to be [received](Link::receive).
    ///
    /// # Errors
    /// The connection is of no use any more.
    pub fn send(&mut self, questions: &[&Cmd]) -> Result<()> {
        let packed: Vec<_> = questions.iter().map(|it| it.get_packed_command()).collect();
        Ok(self.connection.send_packed_command(&packed.concat())?)
    }

    /// The next answer.
    ///
    /// # Errors
    /// As [`Link::ask`].
    pub fn receive<T: FromRedisValue>(&mut self) -> Result<T> {
        let answer = self.connection.recv_response()?.extract_error()?;
        Ok(redis::from_redis_value(answer).map_err(redis::RedisError::from)?)
    }

    /// Looks whether this is still the one that takes writes. Also what shows that it is there at all.
    ///
    /// # Errors
    /// It is not.
    pub fn check_role(&mut self) -> Result<()> {
        let role: Vec<Value> = self.ask(&cmd("ROLE"))?;
        match role.first() {
            Some(Value::BulkString(role)) if role == b"master" => Ok(()),
            _ => Err(Trouble::Away(format!(
                "{}: this engine is only a copy",
                self.place
            ))),
        }
    }

    /// Looks whether what is published goes the way of what is written, to the copies: in a Redis Cluster it does not.
    ///
    /// # Errors
    /// It does not.
    pub fn check_mode(&mut self) -> Result<()> {
        let about: HashMap<String, Value> = self.ask(cmd("HELLO").arg(2))?;
        match about.get("mode") {
            Some(Value::BulkString(mode)) if mode == b"standalone" => Ok(()),
            _ => Err(Trouble::Away(format!(
                "{}: ENGINE_REPLICAS is for an engine with copies, and this one is of a Redis Cluster",
                self.place
            ))),
        }
    }

    /// What its clock says, in microseconds since 1970.
    ///
    /// # Errors
    /// As [`Link::ask`].
    pub fn time(&mut self) -> Result<u64> {
        let (seconds, micros): (u64, u64) = self.ask(&cmd("TIME"))?;
        Ok(seconds.saturating_mul(1_000_000).saturating_add(micros))
    }

    fn check_clock(&mut self) -> Result<()> {
        let theirs = self.time()?;
        let (place, apart) = (&self.place, theirs.abs_diff(RecordId::now().as_micros()));
        let told = || {
            let (seconds, tenths) = (apart / 1_000_000, apart / 100_000 % 10);
            format!(
                "{place}: its clock and this machine's are {seconds}.{tenths} s apart: set both by NTP"
            )
        };
        match Clock::of(apart) {
            Clock::Right => {}
            Clock::Off => journal::note(told()),
            Clock::Wrong => return Err(Trouble::Away(told())),
        }
        Ok(())
    }
}

/// How two clocks are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clock {
    Right,
    /// To be told.
    Off,
    /// Not to be used: ids are times.
    Wrong,
}

impl Clock {
    /// Of so many microseconds.
    fn of(apart: u64) -> Self {
        match apart {
            CLOCK_LIMIT.. => Self::Wrong,
            CLOCK_WARN.. => Self::Off,
            _ => Self::Right,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_told_and_one_that_is_wrong_is_refused() {
        let of = |seconds: u64| Clock::of(seconds * 1_000_000);
        assert_eq!([of(0), of(1)], [Clock::Right; 2]);
        assert_eq!([of(2), of(59)], [Clock::Off; 2]);
        assert_eq!([of(60), of(3600)], [Clock::Wrong; 2]);
    }
}
