//! The Sentinels, who know where the engine is that takes writes. All are asked at the same time: one that is away, with
//! its machine and the engine on it, keeps nobody waiting.

use std::collections::{BTreeSet, HashMap};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use redis::{ConnectionAddr, cmd};

use super::link::{Access, tcp};
use super::shared::locked;
use super::trouble::{Result, Trouble};

/// The longest wait for a connection to one of them, and for its answer.
const TIMEOUT: Duration = Duration::from_millis(700);
/// How long the others are waited for when most have answered: the last election is known to most of them.
const REST: Duration = Duration::from_millis(100);

/// Of which election one knows, and the engine that it chose.
type Said = (u64, ConnectionAddr);

/// Those who are being asked.
#[derive(Debug, Clone, Default)]
pub struct Sentinels {
    /// Looking up a name takes as long as it takes: nobody is asked again before that has ended.
    asked: Arc<Mutex<BTreeSet<(String, u16)>>>,
}

impl Sentinels {
    /// What the Sentinel says that knows of the last election: one that is cut off may believe in the one before.
    ///
    /// # Errors
    /// None of them has answered.
    pub fn ask(
        &self,
        access: &Access,
        hosts: &[(String, u16)],
        name: &str,
        tls: bool,
    ) -> Result<ConnectionAddr> {
        let (tell, told) = mpsc::sync_channel(hosts.len());
        for host in hosts {
            self.ask_one(access, host, name, tls, tell.clone());
        }
        drop(tell);
        let mut until = Instant::now() + TIMEOUT + TIMEOUT;
        let mut best: Option<Said> = None;
        let mut answered = 0;
        let mut why = "no Sentinel answers".to_owned();
        // It ends with the last who could answer, too.
        while let Ok(said) = told.recv_timeout(until.saturating_duration_since(Instant::now())) {
            match said {
                Ok(found) => {
                    answered += 1;
                    if best.as_ref().is_none_or(|(known, _)| *known < found.0) {
                        best = Some(found);
                    }
                    if answered == hosts.len() / 2 + 1 {
                        until = until.min(Instant::now() + REST);
                    }
                }
                Err(trouble) => why = trouble,
            }
        }
        best.map(|(_, at)| at).ok_or(Trouble::Away(why))
    }

    /// Asks one, who may take their time.
    fn ask_one(
        &self,
        access: &Access,
        host: &(String, u16),
        name: &str,
        tls: bool,
        tell: mpsc::SyncSender<std::result::Result<Said, String>>,
    ) {
        if !locked(&self.asked).insert(host.clone()) {
            return;
        }
        let (asked, access) = (Arc::clone(&self.asked), access.clone());
        let (host, name) = (host.clone(), name.to_owned());
        #[expect(
            clippy::disallowed_methods,
            reason = "as many as there are Sentinels at most, each for two time-outs"
        )]
        thread::spawn(move || {
            let (at, port) = &host;
            let said = answer(&access, tcp(at, *port, tls), &name, tls);
            locked(&asked).remove(&host);
            // Nobody waits for it any more.
            let _ = tell.send(said.map_err(|why| format!("Sentinel {at}:{port}: {why}")));
        });
    }
}

fn answer(access: &Access, at: ConnectionAddr, name: &str, tls: bool) -> Result<Said> {
    let mut sentinel = access.connect(at, false, TIMEOUT)?;
    sentinel.set_read_timeout(Some(TIMEOUT))?;
    let found: HashMap<String, String> = cmd("SENTINEL")
        .arg("MASTER")
        .arg(name)
        .query(&mut sentinel)?;
    let value = |key: &str| found.get(key).ok_or_else(odd);
    // Most of them agree that it is gone, and they choose another: it is not to be waited for.
    if value("flags")?.split(',').any(|flag| flag == "o_down") {
        let why = "the Sentinels have lost the engine, and choose another";
        return Err(Trouble::Away(why.to_owned()));
    }
    let epoch = value("config-epoch")?.parse().unwrap_or(0);
    let port = value("port")?.parse().map_err(|_| odd())?;
    Ok((epoch, tcp(value("ip")?, port, tls)))
}

fn odd() -> Trouble {
    Trouble::odd("SENTINEL MASTER")
}
