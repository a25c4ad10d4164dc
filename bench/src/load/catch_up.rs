//! A machine's relay is away while much is said: how long until it has all.

use std::io;
use std::time::{Duration, Instant};

use crate::figures::Figures;
use crate::load::crowd::{Crowd, ROOM, Told};
use crate::machines::chat::Chat;
use crate::machines::{MACHINES, Part, Site};

/// From the start of the relay until its machine's log is that of the others.
pub const CAUGHT_UP: &str = "caught up s";

/// Lines under way of one person; a handler has no more than 64 at a time.
const UNDER_WAY: usize = 32;
/// People, of whom those on the first machine speak.
const PEOPLE: usize = 12;
/// Longest time for either part.
const LIMIT: Duration = Duration::from_secs(60);

/// `lines` are said while the last machine's relay is away.
pub fn run(chat: &mut Chat, lines: usize) -> io::Result<Figures> {
    let mut crowd = Crowd::gather(&chat.site, PEOPLE, MACHINES)?;
    let (away, listener) = (MACHINES - 1, MACHINES - 1);
    let before = chat.log_len(away, ROOM);
    let entries = chat.entries()?;
    chat.site.kill(Part::Relay, away)?;
    let start = Instant::now();
    let mut said = 0;
    let mut free: Vec<usize> = Vec::new();
    for _ in 0..UNDER_WAY {
        free.extend((0..PEOPLE).filter(|&it| crowd.machine(it) == 0));
    }
    let (mut kept, mut refused, mut last) = (0, 0, false);
    let mut hear = |crowd: &mut Crowd, free: &mut Vec<usize>, last: &mut bool| {
        crowd.hear(Duration::from_millis(5), |index, told, _| match told {
            Told::Ack(_) => {
                kept += 1;
                free.push(index);
            }
            Told::Refused(_) => refused += 1,
            Told::Line { number, .. } => *last |= index == listener && number + 1 == lines,
        })?;
        Ok::<_, io::Error>((kept, refused))
    };
    loop {
        while said < lines
            && let Some(sender) = free.pop()
        {
            crowd.say(sender, said)?;
            said += 1;
        }
        let (kept, refused) = hear(&mut crowd, &mut free, &mut last)?;
        if kept == lines {
            break;
        }
        if refused > 0 || start.elapsed() > LIMIT {
            let text = format!("{kept} of {lines} kept, {refused} refused");
            return Err(io::Error::other(text));
        }
    }
    let took = start.elapsed().as_secs_f64();
    let whole = chat.log_len(0, ROOM);
    let is_missing = chat.log_len(away, ROOM) == before;
    if last || !is_missing {
        return Err(io::Error::other("a relay that was killed wrote"));
    }

    let cpu = |site: &Site| site.cpu(Part::Relay, away);
    let start = Instant::now();
    chat.start_relay(away)?;
    let (mut caught_up, mut heard) = (None, None);
    while caught_up.is_none() || heard.is_none() {
        hear(&mut crowd, &mut free, &mut last)?;
        let now = start.elapsed();
        if chat.log_len(away, ROOM) >= whole {
            caught_up.get_or_insert(now);
        }
        if last {
            heard.get_or_insert(now);
        }
        if now > LIMIT {
            return Err(io::Error::other("it does not catch up"));
        }
    }
    let [caught_up, heard] = [caught_up, heard].map(|it| it.unwrap_or_default().as_secs_f64());
    let mut figures = Figures::default();
    figures.set(CAUGHT_UP, caught_up);
    figures.set("last of them heard there s", heard);
    figures.set(
        "relay CPU us/entry",
        cpu(&chat.site) as f64 / 1e3 / lines as f64,
    );
    let memory = chat.site.private(Part::Relay, away);
    figures.set("relay private MiB", memory / 1024.0);
    figures.set("said before, lines/s", lines as f64 / took);
    let log = (whole - before) as f64 / lines as f64;
    figures.set("log bytes/line", log);
    let window = chat.msgids()?;
    figures.set(
        "engine bytes/msgid",
        window.0 as f64 / window.1.max(1) as f64,
    );
    let now = chat.entries()?;
    let memory = now.0.saturating_sub(entries.0) as f64 / (now.1 - entries.1).max(1) as f64;
    figures.set("engine bytes/entry", memory);
    Ok(figures)
}
