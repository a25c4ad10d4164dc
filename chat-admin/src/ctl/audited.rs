//! What of all commands changes something, and so is noted: [`chat_store::audit`].

use std::io;

use nix::unistd::{Uid, User};

use super::account::{AccountCommand, AclCommand};
use super::{Command, HooksCommand, Measure, PersonCommand, Target};
use chat_handler::settings::Settings;
use chat_store::audit::{self, Deed, Via};
use chat_store::name::RoomName;

/// proc(5): nobody has logged in here.
const NOBODY: u32 = u32::MAX;

/// Who sits at the shell: whom they logged in as, also behind sudo.
pub(super) fn who() -> String {
    let logged_in = std::fs::read_to_string("/proc/self/loginuid").unwrap_or_default();
    let logged_in = logged_in.trim().parse().ok().filter(|&uid| uid != NOBODY);
    let uid = logged_in.map_or_else(Uid::current, Uid::from_raw);
    let found = User::from_uid(uid).ok().flatten();
    found.map_or_else(|| format!("uid {uid}"), |user| user.name)
}

/// Notes what was done, if it changed something.
pub(super) fn note(settings: &Settings, who: &str, what: Option<&str>) -> io::Result<()> {
    let Some(what) = what else { return Ok(()) };
    let deed = Deed {
        via: Via::Shell,
        who,
        from: "",
        what,
    };
    audit::append(&settings.dirs(), &deed)
}

impl Command {
    /// What changes something, as it would be typed; without what was said, and without who is to be forgotten.
    pub(super) fn deed(&self) -> Option<String> {
        Some(match self {
            Self::Kick(target) => format!("kick {target}"),
            Self::Ban(measure) => format!("ban {measure}"),
            Self::Unban(target) => format!("unban {target}"),
            Self::Mute(measure) => format!("mute {measure}"),
            Self::Unmute(target) => format!("unmute {target}"),
            Self::Slow {
                room,
                seconds: Some(seconds),
            } => format!("slow {room} {seconds}"),
            Self::Topic {
                room,
                topic: Some(_),
            } => format!("topic {room}"),
            Self::Resolve { room, id } => format!("resolve {room} {id}"),
            Self::Role {
                room,
                account: Some(account),
                role: Some(role),
            } => format!("role {} {account} {}", room.name(), role.as_str()),
            Self::Redact { room, id } => format!("redact {room} {id}"),
            Self::Clear { room, delete } => {
                format!("clear {room}{}", if *delete { " --delete" } else { "" })
            }
            Self::Erase { room, .. } => format!("erase {}", room.name()),
            Self::Person(PersonCommand::Erase { .. }) => "person erase".to_owned(),
            Self::Say { room, from, .. } => format!("say {room} --as={from}"),
            Self::MakePrivate(wish) => format!("make-private {}", wish.room),
            Self::MakePublic(wish) => format!("make-public {}", wish.room),
            Self::Purge { room, .. } => format!("purge {room}"),
            Self::Expire {
                room,
                dry_run: false,
                ..
            } => with_room("expire", room.as_ref()),
            Self::Mend { room, .. } => with_room("mend", room.as_ref()),
            Self::Event(told) => format!("event {}", told.channel),
            Self::Bot(command) => return command.deed(),
            Self::Cluster(command) => return command.deed(),
            Self::Incoming(command) => return command.deed(),
            Self::Hooks(HooksCommand::On { name }) => format!("hooks on {name}"),
            Self::Hooks(HooksCommand::Redeliver { name, room, id }) => {
                format!("hooks redeliver {name} {room} {id}")
            }
            Self::Profile(wish) => return wish.deed(),
            Self::Account(command) => return command.deed(),
            _ => return None,
        })
    }
}

fn with_room(word: &str, room: Option<&RoomName>) -> String {
    room.map_or_else(|| word.to_owned(), |room| format!("{word} {room}"))
}

impl AccountCommand {
    fn deed(&self) -> Option<String> {
        let groups = |option: &str, groups: &[chat_store::accounts::Group]| {
            let words = groups
                .iter()
                .map(|group| format!(" --{option}={}", group.as_str()));
            words.collect::<String>()
        };
        Some(match self {
            Self::Register {
                name, groups: of, ..
            } => {
                format!("register {name}{}", groups("group", of))
            }
            Self::Unregister { name } => format!("unregister {name}"),
            Self::Passwd { name, link, .. } => {
                format!("passwd {name}{}", if *link { " --link" } else { "" })
            }
            Self::Disable { name } => format!("disable {name}"),
            Self::Enable { name } => format!("enable {name}"),
            Self::Logout { name } => format!("logout {name}"),
            Self::Groups { name, add, remove } if !add.is_empty() || !remove.is_empty() => {
                format!(
                    "groups {name}{}{}",
                    groups("add", add),
                    groups("remove", remove)
                )
            }
            Self::Import { dry_run: false, .. } => "import".to_owned(),
            Self::Invite { uses, .. } => format!("invite --uses={uses}"),
            Self::FirstCode { .. } => "first-code".to_owned(),
            Self::Groups { .. }
            | Self::Import { .. }
            | Self::Accounts { .. }
            | Self::Verify { .. }
            | Self::Acl(AclCommand::Explain { .. }) => return None,
        })
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.room.name(), self.who)?;
        self.reason.iter().try_for_each(|word| write!(f, " {word}"))
    }
}

impl std::fmt::Display for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(minutes) = self.minutes {
            write!(f, "--minutes={minutes} ")?;
        }
        if self.for_good {
            f.write_str("--for-good ")?;
        }
        if let Some(account) = &self.account {
            write!(f, "--account={account} ")?;
        }
        if let Some(address) = self.address {
            write!(f, "--address={address} ")?;
        }
        self.target.fmt(f)
    }
}
