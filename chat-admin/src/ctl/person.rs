//! What is kept about one person: given out, and forgotten.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use super::by_task::ByTask;
use super::erase::{TOLD, is_form_of, rewrite_packed};
use super::expire::expire;
use super::moderate::tell_all;
use super::report::Report;
use super::{Failure, forgotten_deeds, memberships, messages, packed, profile, rooms, sessions};
use crate::login;
use crate::picture::avatar_kind;
use crate::transcript::Period;
use chat_handler::identity::php_session::Owner;
use chat_handler::settings::Settings;
use chat_store::accounts::{self, Account};
use chat_store::attachments::{Attachment, Shelf};
use chat_store::channels;
use chat_store::closed;
use chat_store::cluster::order;
use chat_store::fs::dirs::Dirs;
use chat_store::fs::file;
use chat_store::log::erase;
use chat_store::log::forget::Forgotten;
use chat_store::log::room_log::AppendError;
use chat_store::moderation::reports::{self, Report as Reported};
use chat_store::moderation::{self, Entry, Extent, roles};
use chat_store::name::{RoomName, SERVER};
use chat_store::people::person::PersonId;
use chat_store::people::{marks, presence};
use chat_store::profiles;
use chat_store::record::{Draft, Kind, Record, RecordId, clean};
use chat_store::state;

/// The most that is read of a file of a line or two, in bytes.
const SMALL: u64 = 4 * 1024;

/// Everything of one person as JSON, an object a line: what they wrote, their roles, what was done against them.
pub(super) fn export(
    dirs: &Dirs,
    mut who: Forgotten,
    out: &mut dyn Write,
) -> Result<Report, Failure> {
    learn(dirs, &mut who)?;
    let mut out = io::BufWriter::new(out);
    for room in rooms::chosen(dirs, None)? {
        let dirs = &closed::dirs_of(dirs, &room);
        messages::each_record(dirs, &room, Period::default(), &mut |record| {
            if !who.is_theirs(record) {
                return Ok(());
            }
            let record = messages::value(record);
            writeln!(
                out,
                "{}",
                json!({ "room": room.as_str(), "record": record })
            )
        })?;
        let given = Shelf::of(dirs, &room).all()?;
        for file in given.iter().filter(|file| gave(file, &who)) {
            let (id, at) = (file.id.as_str(), file.at.to_string());
            let (name, size) = (&file.name, file.size);
            let value = json!({ "room": room.as_str(), "file": id, "name": name, "type": file.kind, "size": size, "at": at });
            writeln!(out, "{value}")?;
        }
    }
    for (name, entry) in measures(dirs)? {
        if is_against(&entry, &who) {
            let what = entry.measure.as_str();
            let value = json!({ "room": name, "what": what, "reason": entry.reason });
            writeln!(out, "{value}")?;
        }
    }
    for room in reports::rooms(dirs)? {
        for report in reports::list(dirs, &room)? {
            // What others told of them is theirs.
            if is_by(&report, &who) {
                let about = report.message.map(|id| id.to_string());
                let reason = &report.reason;
                let value = json!({ "room": room.as_str(), "reported": report.about, "message": about, "reason": reason });
                writeln!(out, "{value}")?;
            }
        }
    }
    for room in memberships::of(dirs, &who)? {
        writeln!(
            out,
            "{}",
            json!({ "room": room.as_str(), "what": "membership" })
        )?;
    }
    for (name, holder) in holders(dirs)? {
        if who.is_account(Some(&holder.account)) {
            writeln!(
                out,
                "{}",
                json!({ "room": name, "role": holder.role.as_str() })
            )?;
        }
    }
    for shown in profiles::all(dirs)? {
        if who.is_account(Some(&shown.account)) {
            let mut value = profile::value(&shown);
            if let Some(bytes) = profiles::avatar_of(dirs, &shown)? {
                let (kind, coded) = (avatar_kind(&bytes), BASE64_STANDARD.encode(bytes));
                value["avatar"] = json!(format!("data:{kind};base64,{coded}"));
            }
            writeln!(out, "{}", json!({ "profile": value }))?;
        }
    }
    for number in who.numbers() {
        let channel = channels::log_of(dirs, number);
        messages::each_of(&channel, Period::default(), &mut |record| {
            let event = messages::value(record);
            writeln!(out, "{}", json!({ "channel": "own", "record": event }))
        })?;
        for mark in marks::load(dirs, number)? {
            let (room, read) = (mark.room.as_str(), mark.read.to_string());
            let value = json!({ "room": room, "read": read, "notify": mark.level.as_str() });
            writeln!(out, "{value}")?;
        }
    }
    out.flush()?;
    Ok(Report::nothing())
}

/// Forgets one person, on all machines of the site: afterwards no file of the chat holds their name, their account or
/// what they said. What others wrote about them is theirs. `words`: how the other machines are told.
pub(super) fn erase(
    settings: &Settings,
    mut who: Forgotten,
    words: &[&str],
    task: ByTask,
) -> Result<Report, Failure> {
    let dirs = &settings.dirs();
    if dirs.cluster.as_ref().is_some_and(|it| !it.is_up()) {
        // Half of it would be done here, and nothing elsewhere.
        return Err(Failure::refused(AppendError::Isolated));
    }
    learn(dirs, &mut who)?;
    refuse_present(dirs, &who)?;
    let shared = forget_shared(settings, &who)?;
    // What was ordered until here names them as well.
    if let Some(last) = task.give(settings, words)? {
        who = who.up_to(last);
        // As the other machines do: by what was said until then.
        learn(dirs, &mut who)?;
    }
    let own = forget_own(settings, &who, task)?;
    report(shared.0 + own.0, shared.1 + own.1)
}

/// As [`erase`], for what each machine keeps by itself: another one was told to, and has had the rest forgotten.
pub(super) fn erase_here(
    settings: &Settings,
    who: Forgotten,
    task: ByTask,
) -> Result<Report, Failure> {
    let mut who = match task.until {
        Some(last) => who.up_to(last),
        None => who,
    };
    learn(&settings.dirs(), &mut who)?;
    let (lines, files) = forget_own(settings, &who, task)?;
    report(lines, files)
}

fn report(lines: usize, files: usize) -> Result<Report, Failure> {
    if lines + files == 0 {
        return Err(Failure::Missing(
            "there is nothing of this person".to_owned(),
        ));
    }
    let value = json!({ "done": true, "lines": lines, "files": files });
    let text = format!("forgotten in {lines} lines, {files} files deleted");
    Ok(Report::new(text, value))
}

/// What each machine of a site has of its own; lines and files. The rooms last: they alone tell under which names and
/// numbers an account was there, should this be done again.
fn forget_own(
    settings: &Settings,
    who: &Forgotten,
    task: ByTask,
) -> Result<(usize, usize), Failure> {
    let dirs = &settings.dirs();
    let last = who.last().map(|last| task.by_own_clock(last));
    let dated_here = &last.map_or_else(|| who.clone(), |last| who.clone().up_to(last));
    let (mut lines, mut files) = (0, 0);
    let chosen = rooms::chosen(dirs, None)?;
    for room in chosen.iter().filter(|room| room.is_closed()) {
        files += forget_there(&closed::dirs_of(dirs, room), dated_here)?;
    }
    files += forget_there(dirs, dated_here)?;
    for number in who.numbers() {
        files += forget_channel(dirs, number, who.last())?;
    }
    lines += forget_entries(dirs, who)?;
    lines += forgotten_deeds::forget(dirs, dated_here)?;
    files += sessions::delete_of(settings, &|owner| is_theirs(owner, who))?;
    if let Some(cluster) = &dirs.cluster {
        lines += forget_lines(&cluster.spool_log(), dated_here)?;
        lines += forget_lines(&cluster.orders_log(), who)?;
        files += cluster.forget_found(&|file| gave(file, who))?;
    }
    for room in &chosen {
        let dirs = &closed::dirs_of(dirs, room);
        files += forget_given(dirs, room, who)?;
        lines += forget_in(dirs, room, who, task.here)?;
        // One may have come from another machine just before its message was blank.
        let shelf = Shelf::of(dirs, room);
        if shelf.exists() {
            files += shelf.delete(&|file| gave(file, who))?;
        }
    }
    Ok((lines, files))
}

fn is_theirs(owner: &Owner, who: &Forgotten) -> bool {
    who.is_account(owner.account.as_deref()) || who.is_name(&owner.name)
}

/// What this machine has submitted or ordered. The lines.
fn forget_lines(live: &Path, who: &Forgotten) -> Result<usize, Failure> {
    let mut count = 0;
    erase::rewrite(live, &mut |line| {
        let new = who.spooled(line)?;
        count += 1;
        Some(new)
    })?;
    Ok(count)
}

/// What was told to one person, up to `last`; the files.
fn forget_channel(
    dirs: &Dirs,
    number: &PersonId,
    last: Option<RecordId>,
) -> Result<usize, Failure> {
    let Some(last) = last else {
        return Ok(channels::forget(dirs, number)?);
    };
    let changed = expire(&channels::log_of(dirs, number), last.next(), false)?;
    channels::forget_empty(dirs, number)?;
    Ok(changed.len())
}

/// What is the same on all machines of a site, and changed on all at once; lines and files.
fn forget_shared(settings: &Settings, who: &Forgotten) -> Result<(usize, usize), Failure> {
    let dirs = &settings.dirs();
    let (mut lines, mut files) = (0, 0);
    // First: it may be refused.
    for account in accounts::all(&dirs.accounts)? {
        if who.is_account(Some(account.name.as_str())) {
            let may = &mut |it: &Account| login::keep_an_administrator(settings, it, None);
            accounts::remove(dirs, &account.name, may).map_err(Failure::refused)?;
            files += 1;
        }
    }
    for room in rooms::chosen(dirs, None)? {
        if room.is_closed() {
            lines += memberships::forget(&closed::dirs_of(dirs, &room), &room, who)?;
        }
    }
    files += forget_names(dirs, who)?;
    files += sessions::delete_shared_of(settings, &|owner| is_theirs(owner, who))?;
    for number in who.numbers() {
        files += usize::from(marks::forget(dirs, number)?);
    }
    if let Some(account) = who.known_account() {
        files += profiles::forget(dirs, account).map_err(profile::failed)?;
    }
    forget_measures(dirs, who)?;
    lines += forget_reports(dirs, who)?;
    Ok((lines, files))
}

/// The names that are kept for them; how many.
fn forget_names(dirs: &Dirs, who: &Forgotten) -> Result<usize, Failure> {
    let mut count = 0;
    for path in files(&dirs.names)? {
        let text = file::read_whole(&path, SMALL).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let owner = text.trim_end();
        if who.is_account(Some(owner)) || who.is_name(owner) {
            order::remove(dirs, &path)?;
            count += 1;
        }
    }
    Ok(count)
}

/// The names of an account, from all that it wrote.
fn learn(dirs: &Dirs, who: &mut Forgotten) -> Result<(), Failure> {
    for room in rooms::chosen(dirs, None)? {
        let dirs = &closed::dirs_of(dirs, &room);
        messages::each_record(dirs, &room, Period::default(), &mut |record| {
            who.learn(record);
            Ok(())
        })?;
    }
    Ok(())
}

/// Their handler would write their name again.
fn refuse_present(dirs: &Dirs, who: &Forgotten) -> Result<(), Failure> {
    for room in rooms::chosen(dirs, None)? {
        let dirs = &closed::dirs_of(dirs, &room);
        for member in presence::list_alive(dirs, &room)? {
            let account = presence::about(dirs, &room, &member.nick)?.account;
            if who.is_name(member.nick.as_str()) || who.is_account(account.as_deref()) {
                let text = format!(
                    "{} is in the room {room}: kick them first, or wait until they leave",
                    member.nick
                );
                return Err(Failure::Refused(text));
            }
        }
    }
    Ok(())
}

/// All that a room's logs hold of them, and its topic if it is theirs. The lines.
fn forget_in(dirs: &Dirs, room: &RoomName, who: &Forgotten, here: bool) -> Result<usize, Failure> {
    let live = dirs.room_log(room);
    let (mut count, mut said) = (0, Vec::new());
    let topics = RefCell::new(Vec::new());
    let has_another = Cell::new(false);
    let mut forget = |line: &[u8], said: &mut Vec<RecordId>| {
        if who.last().is_some()
            && let Some(record) = Record::parse(line)
        {
            let is_later = record.kind == Kind::Topic && !who.reaches(record.id);
            has_another.set(has_another.get() || is_later);
        }
        let new = who.line(line)?;
        let record = Record::parse(line)?;
        if who.is_theirs(&record) && record.kind.is_talk() && !record.id.is_place() {
            said.push(record.id);
        }
        if record.kind == Kind::Topic && who.is_theirs(&record) {
            topics.borrow_mut().push(record.text.to_string());
        }
        count += 1;
        Some(new)
    };
    erase::rewrite(&live, &mut |line| forget(line, &mut said))?;
    // Open pages show no more than these.
    for id in said.iter().rev().take(TOLD).filter(|_| !here) {
        let id = id.to_string();
        tell_all(dirs, room, &Draft::new(Kind::Redact, SERVER, &id))?;
    }
    for path in packed::list(&live)? {
        rewrite_packed(&path, &mut |line| forget(line, &mut said))?;
    }
    // An expire may have copied the lines just before; from the records on it looks. And what they wrote anew under
    // another name goes with the message.
    let said: BTreeSet<_> = said.into_iter().collect();
    erase::rewrite(&live, &mut |line| {
        let form = || Record::parse(line).filter(|record| is_form_of(&said, record));
        forget(line, &mut Vec::new()).or_else(|| form().map(|_| erase::blanked(line)))
    })?;
    let topic = state::topic(dirs, room)?;
    if !has_another.get() && topic.is_some_and(|topic| topics.borrow().contains(&topic)) {
        state::set_topic(&dirs.alone(), room, "")?;
    }
    Ok(count)
}

/// What they put into a room. Before its lines are forgotten: these tell which files a guest gave.
fn forget_given(dirs: &Dirs, room: &RoomName, who: &Forgotten) -> Result<usize, Failure> {
    let shelf = Shelf::of(dirs, room);
    if !shelf.exists() {
        return Ok(0);
    }
    erase::delete_files_of(&dirs.room_log(room), &|record| who.is_theirs(record))?;
    Ok(shelf.delete(&|file| gave(file, who))?)
}

fn gave(file: &Attachment, who: &Forgotten) -> bool {
    let is_number = |number: &PersonId| number.as_str() == file.person;
    let is_theirs = who.is_account(file.account.as_deref()) || who.numbers().iter().any(is_number);
    is_theirs && who.reaches(file.message.unwrap_or(file.at))
}

/// What killed handlers of theirs left, and what they sent to people who are there. Who is there under their name now is
/// somebody else.
fn forget_there(dirs: &Dirs, who: &Forgotten) -> Result<usize, Failure> {
    // `ROOM_NUMBER.own` holds the name of whose number it is, and that begins the names of the other files.
    let mut numbers = Vec::new();
    for path in files(&dirs.run)? {
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(number) = name.and_then(|name| name.strip_suffix(".own")) {
            let text = file::read_whole(&path, SMALL)?;
            let text = String::from_utf8_lossy(&text);
            let nick = text.trim_end();
            let room = number.rsplit_once('_').map_or("", |(room, _)| room);
            let presence = dirs.users.join(format!("{room}_{nick}"));
            if who.is_name(nick) && !presence::is_there(dirs, &presence)? {
                numbers.push(format!("{number}."));
            }
        }
    }
    let mut count = forget_files(&dirs.run, &|name| {
        Ok(numbers.iter().any(|number| name.starts_with(number)))
    })?;
    count += forget_files(&dirs.users, &|name| {
        // `ROOM_NICK`: the name of a room holds no `_`.
        let nick = name.split_once('_').map(|(_, nick)| nick);
        let is_theirs = nick.is_some_and(|nick| who.is_name(nick));
        Ok(is_theirs && !presence::is_there(dirs, &dirs.users.join(name))?)
    })?;
    for path in files(&dirs.run)? {
        let holds_lines = |ending: &std::ffi::OsStr| ending == "inbox" || ending == "kept";
        if path.extension().is_some_and(holds_lines) {
            erase::rewrite(&path, &mut |line| who.line(line))?;
        }
    }
    Ok(count)
}

/// Deletes the files of a directory that are theirs by their name.
fn forget_files(
    dir: &Path,
    is_theirs: &dyn Fn(&str) -> io::Result<bool>,
) -> Result<usize, Failure> {
    let mut count = 0;
    for path in files(dir)? {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if is_theirs(name)? {
            fs::remove_file(&path)?;
            count += 1;
        }
    }
    Ok(count)
}

fn files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries?.map(|entry| Ok(entry?.path())).collect(),
    }
}

fn is_against(entry: &Entry, who: &Forgotten) -> bool {
    let nick = entry.nick.as_ref();
    nick.is_some_and(|nick| who.is_name(nick.as_str())) || who.is_account(entry.account.as_deref())
}

fn measures(dirs: &Dirs) -> io::Result<Vec<(String, Entry)>> {
    let mut found = Vec::new();
    for room in moderation::rooms(dirs)? {
        let entries = moderation::load(dirs, &room)?;
        found.extend(entries.into_iter().map(|entry| (room.to_string(), entry)));
    }
    let everywhere = moderation::load(dirs, Extent::Everywhere)?;
    found.extend(everywhere.into_iter().map(|entry| ("*".to_owned(), entry)));
    Ok(found)
}

fn holders(dirs: &Dirs) -> io::Result<Vec<(String, roles::Holder)>> {
    let mut found = Vec::new();
    for room in roles::rooms(dirs)? {
        let holders = roles::list(dirs, &room)?;
        found.extend(holders.into_iter().map(|holder| (room.to_string(), holder)));
    }
    let everywhere = roles::list(dirs, Extent::Everywhere)?;
    found.extend(
        everywhere
            .into_iter()
            .map(|holder| ("*".to_owned(), holder)),
    );
    Ok(found)
}

/// A measure against them names them: it ends. In measures and roles of others their name is one of nobody.
fn forget_measures(dirs: &Dirs, who: &Forgotten) -> Result<(), Failure> {
    let is_them = |name: &str| who.is_name(name) || who.is_account(Some(name));
    let measures_of = moderation::rooms(dirs)?;
    let places = measures_of.iter().map(Extent::Room);
    for at in places.chain([Extent::Everywhere]) {
        if !moderation::load(dirs, at)?.is_empty() {
            moderation::forget(dirs, at, &|entry| is_against(entry, who), &is_them)
                .map_err(Failure::refused)?;
        }
    }
    let roles_of = roles::rooms(dirs)?;
    let places = roles_of.iter().map(Extent::Room);
    for at in places.chain([Extent::Everywhere]) {
        if !roles::list(dirs, at)?.is_empty() {
            roles::forget(dirs, at, &is_them).map_err(Failure::refused)?;
        }
    }
    Ok(())
}

fn is_by(report: &Reported, who: &Forgotten) -> bool {
    let account = report.known_as.strip_prefix("account:");
    who.is_account(account) || (account.is_none() && who.is_name(&report.by))
}

/// Reports by them and about them: both name them.
fn forget_reports(dirs: &Dirs, who: &Forgotten) -> Result<usize, Failure> {
    let mut count = 0;
    let is_about = |report: &Reported| {
        who.is_account(report.account.as_deref())
            || (report.account.is_none() && who.is_name(&report.about))
    };
    for room in reports::rooms(dirs)? {
        let is_theirs = |report: &Reported| is_by(report, who) || is_about(report);
        count += reports::forget(dirs, &room, &is_theirs).map_err(Failure::refused)?;
    }
    Ok(count)
}

/// The list of entries: a line is a time, an address and a name.
fn forget_entries(dirs: &Dirs, who: &Forgotten) -> Result<usize, Failure> {
    let live = dirs.log.join("authentization.log");
    let mut count = 0;
    let mut forget = |line: &[u8]| {
        let text = std::str::from_utf8(line).ok()?.trim_end_matches('\n');
        let (rest, nick) = text.rsplit_once(' ')?;
        let (when, _) = rest.rsplit_once(' ')?;
        if !who.is_name(&clean(nick)) {
            return None;
        }
        let mut new = line.to_vec();
        new[when.len() + 1..rest.len()].fill(b'_');
        new[rest.len() + 1..text.len()].fill(b'_');
        count += 1;
        (new != line).then_some(new)
    };
    erase::rewrite(&live, &mut forget)?;
    for path in packed::list(&live)? {
        rewrite_packed(&path, &mut forget)?;
    }
    Ok(count)
}
