//! Where things lie under `BASE_DIR`. Nothing is cached or kept open here: a directory that is
//! moved away and comes back is found again by its path.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cluster::Cluster;
use crate::name::{Nick, RoomName};
use crate::people::person::PersonId;

/// Directories are for the service's user and group alone: logs hold what people said.
const DIR_MODE: u32 = 0o750;

/// For the user alone: the name of a session's file is enough to be its owner, where somebody reads is nobody's
/// business, and closed rooms are nobody else's.
const PRIVATE_MODE: u32 = 0o700;

/// The directory of closed rooms.
const CLOSED: &str = "closed";
/// The directory of what people put into rooms.
pub(crate) const FILES: &str = "files";
/// The directory of what programs tell pages.
const CHANNELS: &str = "channels";
/// The directory of what is given to the relay.
pub(crate) const SPOOL: &str = "spool";
/// The directory of accounts.
const ACCOUNTS: &str = "accounts";
/// The directory of log-ins that hold on all machines.
const LOGINS: &str = "logins";
/// The directory of how people are shown.
const PROFILES: &str = "profiles";
/// A file of a closed room is so many directories below it at most: `closed/ROOM/rooms/ROOM.log`.
const CLOSED_DEPTH: usize = 3;

/// The directories all handlers of one site share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dirs {
    /// `rooms/`: the rooms' logs.
    pub rooms: PathBuf,
    /// `users/`: one file per person present.
    pub users: PathBuf,
    /// `run/`: doorbells, inboxes and locks; may be emptied at boot.
    pub run: PathBuf,
    /// `state/`: bans, mutes, roles, topics and clearings in force; must outlive a reboot, so it is not in
    /// `run/`, and not in `rooms/` either, where old pages list every file as a room.
    pub state: PathBuf,
    /// `names/`: those of accounts, which guests cannot have; made by the first.
    pub names: PathBuf,
    /// `accounts/`: a file for each account of the chat's own; made by the first.
    pub accounts: PathBuf,
    /// `profiles/`: how people who have an account are shown; made by the first.
    pub profiles: PathBuf,
    /// `marks/`: how far each person has read, and which rooms are theirs; made by the first.
    pub marks: PathBuf,
    /// `logins/`: who has logged in by the chat's own form, on a site of several machines; made by the first.
    pub logins: PathBuf,
    /// `sessions/`: PHP's session files.
    pub sessions: PathBuf,
    /// `log/`: the list of entries.
    pub log: PathBuf,
    /// `closed/`: a directory for each room that is for some only; made by the first.
    pub closed: PathBuf,
    /// `files/`: what people put into rooms, a directory for each; made by the first.
    pub files: PathBuf,
    /// `channels/`: the logs of channels; made by the first event.
    pub channels: PathBuf,
    /// `state/` of the site, for what holds in every room; that of a closed room is its own.
    pub(crate) site_state: PathBuf,
    /// `users/` of the site: who is in the rooms that everybody may see.
    pub(crate) site_users: PathBuf,
    /// `files/` of the site: how much all of them take is counted there.
    pub(crate) site_files: PathBuf,
    /// The site is on several machines.
    pub cluster: Option<Arc<Cluster>>,
    /// The site is on several machines, and these are [`alone`](Dirs::alone).
    is_alone: bool,
}

impl Dirs {
    /// The usual tree under `base`.
    pub fn under(base: &Path) -> Self {
        Self {
            rooms: base.join("rooms"),
            users: base.join("users"),
            run: base.join("run"),
            state: base.join("state"),
            names: base.join("names"),
            accounts: base.join(ACCOUNTS),
            profiles: base.join(PROFILES),
            marks: base.join("marks"),
            logins: base.join(LOGINS),
            sessions: base.join("sessions"),
            log: base.join("log"),
            closed: base.join(CLOSED),
            files: base.join(FILES),
            channels: base.join(CHANNELS),
            site_state: base.join("state"),
            site_users: base.join("users"),
            site_files: base.join(FILES),
            cluster: None,
            is_alone: false,
        }
    }

    /// Those of a machine alone: what is changed by these is changed here, and nobody else is asked. For the relay, and
    /// for what each machine does for itself.
    #[must_use]
    pub fn alone(&self) -> Self {
        Self {
            cluster: None,
            is_alone: self.is_of_several(),
            ..self.clone()
        }
    }

    /// Whether the site is on several machines, whoever asks.
    pub(crate) fn is_of_several(&self) -> bool {
        self.cluster.is_some() || self.is_alone
    }

    /// Those of a closed room: what is the room's is in a directory of its own, what is the site's stays there.
    #[must_use]
    pub fn of_closed(&self, room: &RoomName) -> Self {
        if self.is_of_closed() {
            return self.clone();
        }
        let own = Self::under(&self.base_of_closed(room));
        Self {
            rooms: own.rooms,
            users: own.users,
            state: own.state,
            files: own.files,
            run: self.run.join(CLOSED).join(room.as_str()),
            ..self.clone()
        }
    }

    /// The directory of a closed room.
    pub(crate) fn base_of_closed(&self, room: &RoomName) -> PathBuf {
        self.closed.join(room.as_str())
    }

    fn is_of_closed(&self) -> bool {
        self.state != self.site_state
    }

    /// `run/` of the site: that of a closed room is below it.
    pub(crate) fn site_run(&self) -> &Path {
        let own = self.is_of_closed().then(|| self.run.parent()?.parent());
        own.flatten().unwrap_or(&self.run)
    }

    /// `BASE_DIR`.
    pub(crate) fn base(&self) -> &Path {
        self.site_state.parent().unwrap_or(&self.site_state)
    }

    /// Bells of channels.
    pub(crate) fn run_of_channels(&self) -> PathBuf {
        self.site_run().join(CHANNELS)
    }

    /// Makes the directories that are not there (mode 0750; `sessions/` and all of a closed room 0700).
    ///
    /// # Errors
    /// The first directory that could not be made; its path stands in the message.
    pub fn create(&self) -> io::Result<()> {
        if self.is_of_closed() {
            // `run/` may have been emptied at boot.
            return create_private(&self.run);
        }
        for dir in [&self.rooms, &self.users, &self.run, &self.state, &self.log] {
            create_dir(dir)?;
        }
        create_private(&self.sessions)
    }

    /// The room's live log.
    pub fn room_log(&self, room: &RoomName) -> PathBuf {
        self.rooms.join(format!("{}.log", room.file_stem()))
    }

    /// The bell of the room.
    pub fn bell(&self, room: &RoomName) -> PathBuf {
        self.run.join(format!("{}.bell", room.file_stem()))
    }

    /// The presence file of one person in one room.
    pub fn user(&self, room: &RoomName, nick: &Nick) -> PathBuf {
        self.users.join(format!("{}_{nick}", room.users_stem()))
    }

    /// What is meant for one person only, as the connection that holds `slot` reads it. `_` cannot be in a room's own
    /// name, so this is never the bell or lock of another room.
    pub fn inbox(&self, room: &RoomName, person: &PersonId, slot: u32) -> PathBuf {
        self.of_person(room, person, &format!("{slot}.inbox"))
    }

    /// The bell of that connection.
    pub fn inbox_bell(&self, room: &RoomName, person: &PersonId, slot: u32) -> PathBuf {
        self.of_person(room, person, &format!("{slot}.ring"))
    }

    /// A file of one person in one room: `what` is `own` (what they are called) or `kept` (what was whispered).
    pub fn of_person(&self, room: &RoomName, person: &PersonId, what: &str) -> PathBuf {
        let (room, person) = (room.users_stem(), person.as_str());
        self.run.join(format!("{room}_{person}.{what}"))
    }

    /// A file of the room's state: `what` is `bans`, `roles`, `topic`, `pins`, `clear` or `name`.
    pub fn state(&self, room: &RoomName, what: &str) -> PathBuf {
        let name = format!("{}.{what}", room.file_stem());
        if room.is_closed() {
            self.of_closed(room).state.join(name)
        } else {
            self.state.join(name)
        }
    }
}

/// Makes one directory and its parents.
///
/// # Errors
/// Those of mkdir(2), with the path in front.
pub fn create_dir(dir: &Path) -> io::Result<()> {
    create_with(dir, DIR_MODE)
}

/// As [`create_dir`], for the user alone (mode 0700).
///
/// # Errors
/// As [`create_dir`].
pub fn create_private(dir: &Path) -> io::Result<()> {
    create_with(dir, PRIVATE_MODE)
}

/// Whether a file is a closed room's, an account's, a log-in, a profile or a channel's, and so for the user alone.
pub(crate) fn is_private(path: &Path) -> bool {
    let dir = path.parent().and_then(Path::file_name);
    let names = [ACCOUNTS, LOGINS, PROFILES, CHANNELS, SPOOL];
    if dir.is_some_and(|dir| names.iter().any(|name| dir == *name)) {
        return true;
    }
    let mut above = path.ancestors().skip(1).take(CLOSED_DEPTH);
    above.any(|dir| dir.file_name().is_some_and(|name| name == CLOSED))
}

/// Whether a directory is the one of closed rooms.
pub(crate) fn is_of_closed_rooms(dir: &Path) -> bool {
    dir.file_name().is_some_and(|name| name == CLOSED)
}

fn create_with(dir: &Path, mode: u32) -> io::Result<()> {
    // The usual case, without locking the directory above as mkdir(2) does.
    if dir.is_dir() {
        return Ok(());
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(dir)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", dir.display())))
}
