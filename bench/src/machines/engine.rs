//! Redis and Sentinel as `conf/cluster/` has them, and what is asked of them.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::time::Duration;

use super::inner;

/// Sentinel's port.
const SENTINEL: u16 = 26379;
/// The engine's.
const ENGINE: u16 = 6379;
/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// What stands in the shipped files, and what it is here.
const PASSWORDS: [(&str, &str); 3] = [
    ("CHAT-PASSWORD", "the-chat-s"),
    ("COPY-PASSWORD", "the-copies"),
    ("SENTINEL-PASSWORD", "the-sentinels"),
];

/// The password of the chat.
pub const PASSWORD: &str = PASSWORDS[0].1;

/// Writes the configuration of machine `at` from the shipped one in `shipped` into `dir`.
pub fn configure(shipped: &Path, dir: &Path, at: usize) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    let here = dir.display().to_string();
    let own = inner(at);
    for name in ["redis.conf", "sentinel.conf", "chat.acl"] {
        let mut text = fs::read_to_string(shipped.join(name))?;
        for (placeholder, password) in PASSWORDS {
            text = text.replace(placeholder, password);
        }
        text = text
            .replace("/var/lib/redis/chat", &here)
            .replace("/etc/redis/chat.acl", &format!("{here}/chat.acl"))
            .replace("bind 10.0.0.1", &format!("bind {own}"))
            .replace("announce-ip 10.0.0.1", &format!("announce-ip {own}"));
        if name == "redis.conf" && at > 0 {
            text.push_str("replicaof 10.0.0.1 6379\n");
        }
        fs::write(dir.join(name), text)?;
    }
    Ok(())
}

/// Asks the Sentinel of machine `at`; the lines of its answer (RESP2) without their marks.
pub fn sentinel(at: usize, question: &str) -> io::Result<Vec<String>> {
    ask(inner(at), SENTINEL, &[question])
}

/// Asks the engine at `address` as the chat.
pub fn engine(address: Ipv4Addr, question: &str) -> io::Result<Vec<String>> {
    let log_in = format!("AUTH chat {PASSWORD}");
    let mut answer = ask(address, ENGINE, &[&log_in, question])?;
    answer.remove(0);
    Ok(answer)
}

/// Where Sentinel has the engine that takes writes; `None`: nobody answers.
pub fn primary() -> Option<usize> {
    let question = "SENTINEL GET-MASTER-ADDR-BY-NAME chat";
    let mut answers = (0..super::MACHINES).filter_map(|at| sentinel(at, question).ok());
    let address = answers.find_map(|it| it.into_iter().next())?;
    (0..super::MACHINES).find(|&at| inner(at).to_string() == address)
}

/// Whether all Sentinels know each other and two copies that follow: before that they choose none of them.
pub fn is_whole() -> bool {
    (0..super::MACHINES).all(|at| {
        let Ok(about) = sentinel(at, "SENTINEL MASTER chat") else {
            return false;
        };
        let value = |key: &str| {
            let place = about.iter().position(|line| line == key)?;
            about.get(place + 1).map(String::as_str)
        };
        let copies = sentinel(at, "SENTINEL REPLICAS chat").unwrap_or_default();
        let count = |pair: [&str; 2]| copies.windows(2).filter(|it| *it == pair).count();
        value("flags") == Some("master")
            && value("num-other-sentinels") == Some("2")
            && count(["flags", "slave"]) == 2
            && count(["master-link-status", "ok"]) == 2
    })
}

/// Inline commands, each answered by a string, an integer or an array of strings.
fn ask(address: Ipv4Addr, port: u16, questions: &[&str]) -> io::Result<Vec<String>> {
    let stream = TcpStream::connect_timeout(&(address, port).into(), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(&stream);
    let mut found = Vec::new();
    for question in questions {
        (&stream).write_all(format!("{question}\r\n").as_bytes())?;
        let mut open = 1_u64;
        while open > 0 {
            let line = line(&mut reader)?;
            open -= 1;
            let (mark, rest) = line.split_at_checked(1).unwrap_or_default();
            match mark {
                "*" => open += rest.parse().unwrap_or(0),
                "$" if rest == "-1" => {}
                "$" => found.push(self::line(&mut reader)?),
                "-" => return Err(io::Error::other(format!("{question}: {rest}"))),
                _ => found.push(rest.to_owned()),
            }
        }
    }
    Ok(found)
}

fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    line.truncate(line.trim_end().len());
    Ok(line)
}
