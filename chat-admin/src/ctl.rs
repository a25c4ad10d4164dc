//! `chatctl`: the chat from the server's shell, while it runs and while it does not.
//!
//! It works on the same files by the same rules as the handlers, so there is nothing to connect to.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::transcript::{self, Format, Period};
use chat_handler::settings::Settings;
use chat_store::log::forget::Forgotten;
use chat_store::moderation::{self, Extent, Network, Role, Target as Whom, TargetError};
use chat_store::name::{Nick, RoomName, SERVER};
use chat_store::record::{Age, RecordId};
use chat_store::state::MAX_SLOW;

mod account;
mod archive;
mod audited;
mod backup;
mod bot;
mod by_task;
mod check;
mod cluster;
mod doctor;
mod empty_rooms;
mod erase;
mod event;
mod expire;
mod failure;
mod forgotten_deeds;
mod given;
mod incoming;
mod memberships;
mod mend;
mod messages;
mod metrics;
mod moderate;
mod moving;
mod owner;
mod packed;
mod perform;
mod person;
mod profile;
mod purge;
mod report;
mod reports;
mod role;
mod room_of;
mod rooms;
mod sessions;
mod setup;
mod site;
mod token;
mod topic;
mod webhooks;

pub use expire::{Change, expire};
pub use failure::Failure;
pub(crate) use moderate::tell_all;
pub(crate) use perform::Order;
pub(crate) use profile::value as profile_value;
pub(crate) use rooms::{all as all_rooms, totals};

use account::{AccountCommand, ImportCommand};
use backup::Prepared;
use by_task::ByTask;
use cluster::ClusterCommand;
use report::Report;
use site::{Place as SitePlace, SiteName};

/// Look after the chat: who is there, what was said, who may stay, what is kept.
///
/// Exit status: 0 done, 1 refused, 2 wrong usage, 3 nothing there, 5 bad configuration.
#[derive(Debug, Parser)]
#[command(name = "chatctl", version)]
pub struct Arguments {
    /// The ini file; else `CHAT_CONFIG` names it, else it is /etc/websocketd-rs/chat.ini
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The site that is meant: its ini file is /etc/websocketd-rs/sites/NAME/chat.ini
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "config")]
    site: Option<SiteName>,
    /// Where /etc and /var are
    #[arg(long, global = true, value_name = "DIR", default_value = "/")]
    root: PathBuf,
    /// Answer in JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// How many rooms, people and bytes there are
    Status,
    /// The rooms: people in them, size of the log, last change
    Rooms,
    /// Who is in a room, or in all
    Users {
        /// The room; all if left out
        #[arg(value_parser = room)]
        room: Option<RoomName>,
    },
    /// Who may be in a room for some only, or in a conversation
    Members {
        /// The room, as `rooms` shows it
        #[arg(value_parser = room)]
        room: RoomName,
    },
    /// Throw somebody out of a room; they may come back
    Kick(Target),
    /// Keep somebody out of a room
    Ban(Measure),
    /// Let somebody in again
    Unban(Target),
    /// The bans and mutes of a room, or of all
    Bans {
        /// The room, or `*` for those of every room; all if left out
        #[arg(value_parser = place)]
        room: Option<Place>,
    },
    /// Let somebody read but not speak
    Mute(Measure),
    /// Let somebody speak again
    Unmute(Target),
    /// How slow a room is; with a number, how many seconds a member waits between two messages (0: none)
    Slow {
        /// The room
        #[arg(value_parser = room)]
        room: RoomName,
        /// The seconds, up to an hour
        #[arg(value_parser = clap::value_parser!(u32).range(0..=i64::from(MAX_SLOW)))]
        seconds: Option<u32>,
    },
    /// What a room is about; with words, make it that (`''`: nothing)
    Topic {
        /// The room
        #[arg(value_parser = room)]
        room: RoomName,
        /// The topic
        topic: Option<String>,
    },
    /// A chat on several machines: how this one is, which is behind, what it is to do
    #[command(subcommand)]
    Cluster(ClusterCommand),
    /// Webhooks: how they are, switch one on, deliver again
    #[command(subcommand)]
    Hooks(HooksCommand),
    /// What members reported to the moderators of a room, or of all
    Reports {
        /// The room; all if left out
        #[arg(value_parser = room)]
        room: Option<RoomName>,
    },
    /// Take a report off the list
    Resolve {
        /// The room
        #[arg(value_parser = room)]
        room: RoomName,
        /// The report's id, as `reports` shows it
        #[arg(value_parser = record_id)]
        id: RecordId,
    },
    /// Who owns a room and who moderates it; with an account and a role, make somebody that
    Role {
        /// The room; `*` means every room
        #[arg(value_parser = place)]
        room: Place,
        /// Who they log in as
        account: Option<String>,
        /// What they are to be: owner, moderator or member
        #[arg(value_parser = role)]
        role: Option<Role>,
    },
    /// Take a message back: its text is overwritten in the log
    Redact {
        /// The room
        #[arg(value_parser = room)]
        room: RoomName,
        /// The message's id, as `history` shows it
        #[arg(value_parser = record_id)]
        id: RecordId,
    },
    /// Hide all that was said in a room so far; the logs and an export keep it
    Clear {
        /// The room
        #[arg(value_parser = room)]
        room: RoomName,
        /// Delete it from the logs, too: those that were rotated are removed
        #[arg(long)]
        delete: bool,
    },
    /// Delete what one person said, from all logs, compressed ones too
    Erase {
        /// The room; `*` means every room
        #[arg(value_parser = place)]
        room: Place,
        /// What they were called, or with --account what they logged in as
        name: String,
        /// By their log-in, whatever they were called
        #[arg(long)]
        account: bool,
        #[command(flatten)]
        task: ByTask,
    },
    /// What is kept about one person, in all rooms and logs: give it out, or forget it
    #[command(subcommand)]
    Person(PersonCommand),
    /// Say something in a room
    Say {
        /// The room
        #[arg(value_parser = room)]
        room: RoomName,
        /// What to say
        #[arg(required = true)]
        text: Vec<String>,
        /// The name it is said under
        #[arg(long = "as", value_parser = nick, default_value = SERVER, value_name = "NAME")]
        from: Nick,
    },
    /// Tell the pages that hear a channel of something
    Event(event::Told),
    /// What was said last
    History {
        /// The room
        #[arg(value_parser = room)]
        room: RoomName,
        /// How many messages
        #[arg(long, short = 'n', default_value_t = 20)]
        last: usize,
        /// Only what is before this id
        #[arg(long, value_parser = record_id, value_name = "ID")]
        before: Option<RecordId>,
        /// Only what holds this, in any case
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Comings and goings too
        #[arg(long)]
        all: bool,
    },
    /// Everything that was said in a room, oldest first, compressed logs too
    Export {
        /// The room
        #[arg(value_parser = room)]
        room: RoomName,
        /// From this moment on: a date as 2026-11-21, with a time as 2026-11-21T10:15, or an id; in UTC
        #[arg(long, value_parser = from, value_name = "TIME")]
        from: Option<RecordId>,
        /// Up to this moment; a date alone means that whole day
        #[arg(long, value_parser = to, value_name = "TIME")]
        to: Option<RecordId>,
        /// How: text, html or json (an array)
        #[arg(long, value_parser = format)]
        format: Option<Format>,
    },
    /// Make an open room one for some only: for those who are in it now, those who own it, and these
    MakePrivate(moving::Private),
    /// Make a room for some only one that everybody may enter
    MakePublic(moving::Public),
    /// Delete a room: its logs, topic and bans
    Purge {
        /// The room
        #[arg(value_parser = room)]
        room: RoomName,
        /// Also if people are in it
        #[arg(long)]
        force: bool,
    },
    /// Delete old messages, and without a room also the sessions that ended and rooms nobody ever spoke in
    Expire {
        /// The age: a number and days, weeks, months or years, as in 3months; for rooms of which chat.ini says nothing
        /// (KEEP)
        #[arg(long, value_name = "AGE")]
        older_than: Option<Age>,
        /// The room; all if left out
        #[arg(value_parser = room)]
        room: Option<RoomName>,
        /// Only say what would be deleted
        #[arg(long)]
        dry_run: bool,
    },
    /// Give messages from the future the time of the last one before them: the clock was wrong
    Mend {
        /// The room; all if left out
        #[arg(value_parser = room)]
        room: Option<RoomName>,
        /// Also if every message of a room is in the future
        #[arg(long)]
        clock_is_right: bool,
    },
    /// Keep how many people, rooms and messages there are now, for the plots of the administration; a timer runs it
    Sample {
        /// Stay, and do it again and again
        #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=3600))]
        every: Option<u32>,
    },
    /// Give out how the chat is, as numbers for Prometheus: people, rooms, messages, log-ins, webhooks, disk
    Metrics(metrics::MetricsArguments),
    /// Programs that are in rooms under a name of their own
    #[command(subcommand)]
    Bot(bot::BotCommand),
    /// Addresses at which other programs leave messages for a room: Slack's form, Grafana, Alertmanager, GitLab, Uptime
    /// Kuma
    #[command(subcommand)]
    Incoming(incoming::IncomingCommand),
    #[command(flatten)]
    Account(account::AccountCommand),
    /// How somebody is shown: what they are called, color, status, picture; with options, change it
    Profile(profile::ProfileWish),
    /// Save a site in one file, while it runs: rooms, private rooms, state, who may what, files; not who is there now
    Backup {
        /// Where to; it must not be there. `-` is the standard output
        file: PathBuf,
    },
    /// Put what was saved into an empty `BASE_DIR`; before that all of it is read and compared with what was saved
    Restore {
        /// What `backup` wrote
        file: PathBuf,
        /// Only say whether it is whole and as it was
        #[arg(long)]
        check: bool,
    },
    /// Keys and tokens (JWT) of the site's own programs and log-in
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// The sites of one daemon
    #[command(subcommand)]
    Site(site::SiteCommand),
    /// Serve the chat on this machine without another web server: accounts, TLS, the service, the first administrator's
    /// link; with the same words again it changes nothing
    Setup(setup::SetupArguments),
    /// Say what is wrong with the chat on this machine and how to mend it: files, disk, daemon, certificate, rotation,
    /// PHP, web server, relay. Exit status 1: something is
    Doctor(doctor::DoctorArguments),
    /// Look for what is wrong: settings, directories, logs, logrotate's rule
    Check {
        /// Where logrotate's rules are
        #[arg(long, value_name = "DIR", default_value = "/etc/logrotate.d")]
        logrotate: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum PersonCommand {
    /// Give out all of it in JSON, an object a line
    Export(Who),
    /// Forget them: what they said and their names are overwritten, their roles, bans and sessions deleted
    Erase {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        task: ByTask,
    },
}

impl PersonCommand {
    fn run(self, settings: &Settings, out: &mut dyn Write) -> Result<Report, Failure> {
        match self {
            Self::Export(who) => person::export(&settings.dirs(), who.forgotten()?, out),
            Self::Erase { who, task } if task.here => {
                person::erase_here(settings, who.forgotten()?, task)
            }
            Self::Erase { who, task } => {
                person::erase(settings, who.forgotten()?, &who.words(), task)
            }
        }
    }
}

#[derive(Debug, Args)]
struct Who {
    /// What they are called, or with --account what they log in as
    name: String,
    /// The account, under all names that it had
    #[arg(long)]
    account: bool,
}

impl Who {
    /// As another machine is told it.
    fn words(&self) -> Vec<&str> {
        let account = self.account.then_some("--account");
        let words = ["person", "erase"].into_iter().chain(account);
        words.chain(["--", &self.name]).collect()
    }

    fn forgotten(&self) -> Result<Forgotten, Failure> {
        if self.account {
            return Ok(Forgotten::account(&self.name));
        }
        let nick = Nick::parse(&self.name).map_err(Failure::refused)?;
        Ok(Forgotten::called(nick))
    }
}

#[derive(Debug, Args)]
struct Target {
    /// The room; `*` means every room
    #[arg(value_parser = place)]
    room: Place,
    /// The person: a name, account:NAME, number:NUMBER, address:ADDRESS (guests from there) or everybody:ADDRESS
    #[arg(value_parser = whom)]
    who: Whom,
    /// What to tell them; a ban or mute may begin with its time, as 10m, 2h, 3d or 1w
    reason: Vec<String>,
}

/// A room, or all of them.
#[derive(Debug, Clone)]
enum Place {
    Room(RoomName),
    Everywhere,
}

impl Place {
    fn extent(&self) -> Extent<'_> {
        match self {
            Self::Room(room) => Extent::Room(room),
            Self::Everywhere => Extent::Everywhere,
        }
    }

    /// What it is called in answers.
    fn name(&self) -> &str {
        match self {
            Self::Room(room) => room.as_str(),
            Self::Everywhere => "*",
        }
    }
}

fn place(text: &str) -> Result<Place, chat_store::name::NameError> {
    match text {
        "*" => Ok(Place::Everywhere),
        name => room(name).map(Place::Room),
    }
}

#[derive(Debug, Args)]
struct Measure {
    #[command(flatten)]
    target: Target,
    /// For so long; for good if left out
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..))]
    minutes: Option<u32>,
    /// All that follows is the reason, also if it begins with a number
    #[arg(long, conflicts_with = "minutes")]
    for_good: bool,
    /// Also whoever logged in as this
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Also whoever comes from this address, or network as 192.0.2.0/24
    #[arg(long, value_name = "ADDRESS", value_parser = network)]
    address: Option<Network>,
}

fn room(text: &str) -> Result<RoomName, chat_store::name::NameError> {
    RoomName::parse(text)
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| "a role is owner, moderator or member".to_owned())
}

const TIME_EXAMPLE: &str = "a time looks like 2026-11-21, 2026-11-21T10:15 or an id";

fn from(text: &str) -> Result<RecordId, &'static str> {
    transcript::moment(text).ok_or(TIME_EXAMPLE)
}

fn to(text: &str) -> Result<RecordId, &'static str> {
    transcript::end(text).ok_or(TIME_EXAMPLE)
}

fn format(text: &str) -> Result<Format, &'static str> {
    Format::parse(text).ok_or("a format is text, html or json")
}

fn network(text: &str) -> Result<Network, String> {
    let example = "an address looks like 192.0.2.7, a network like 192.0.2.0/24";
    Network::parse(text).ok_or_else(|| example.to_owned())
}

fn whom(text: &str) -> Result<Whom, TargetError> {
    Whom::parse(text)
}

fn nick(text: &str) -> Result<Nick, chat_store::name::NameError> {
    Nick::parse(text)
}

fn record_id(text: &str) -> Result<RecordId, String> {
    let example = "an id looks like 2026-11-21T10:15:30.123456Z";
    RecordId::parse(text.as_bytes()).ok_or_else(|| example.to_owned())
}

/// Runs one command line. Output goes to `out`, what went wrong to `err`.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    variable: Option<&Path>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are errors to clap, with exit code 0.
            let text = error.render();
            let _ = if error.use_stderr() {
                write!(err, "{text}")
            } else {
                write!(out, "{text}")
            };
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let json = arguments.json;
    let done = answer(arguments, variable, out).and_then(|report| {
        report.write_to(json, out)?;
        Ok(report.exit_code())
    });
    match done {
        Ok(code) => ExitCode::from(code),
        Err(Failure::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            // There is nobody else to tell.
            let _ = failure.write_to(json, err);
            ExitCode::from(failure.exit_code())
        }
    }
}

fn answer(
    arguments: Arguments,
    variable: Option<&Path>,
    out: &mut dyn Write,
) -> Result<Report, Failure> {
    if let Command::Site(command) = &arguments.command {
        return site::run(command, &arguments.root);
    }
    if let Command::Account(AccountCommand::Import {
        settings: Some(ImportCommand::Ilias(wish)),
        ..
    }) = &arguments.command
    {
        return site::import_ilias(wish, &arguments.root);
    }
    if let Command::Token(_) = &arguments.command {
        // Keys are where the settings are, which are not the chat's own user's to write.
        let settings = load(&arguments, variable)?;
        let Command::Token(command) = arguments.command else {
            return Ok(Report::nothing());
        };
        return token::run(command, &settings);
    }
    if let Command::Setup(command) = &arguments.command {
        if let Some(site) = &arguments.site {
            let text =
                format!("a site is made by chatctl site add {site}; setup is for a chat alone");
            return Err(Failure::Refused(text));
        }
        if arguments.config.is_some() {
            let text = "setup is about the files of the service, /etc/websocketd-rs/chat.ini too";
            return Err(Failure::Refused(text.to_owned()));
        }
        return setup::setup(command, &arguments.root);
    }
    if let Command::Doctor(command) = &arguments.command {
        let site = arguments.site.as_ref();
        let ini = site.map(|site| SitePlace::new(site, &arguments.root).ini());
        let place = doctor::Place {
            ini: ini.as_deref().or(arguments.config.as_deref()),
            variable,
            is_site: site.is_some(),
            root: &arguments.root,
        };
        return doctor::doctor(command, &place);
    }
    let prepared = Prepared::of(&arguments.command)?;
    let who = audited::who();
    let settings = prepare(&arguments, variable)?;
    match &arguments.command {
        Command::Backup { file } => backup::backup(&settings, file, prepared, out),
        Command::Restore { file, check } => backup::restore(&settings, file, &prepared, *check),
        command => {
            let deed = command.deed();
            let report = dispatch(arguments.command, &settings, arguments.json, out)?;
            audited::note(&settings, &who, deed.as_deref())?;
            Ok(report)
        }
    }
}

/// What is wanted of webhooks.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum HooksCommand {
    /// All of chat.ini, with what became of their deliveries
    List,
    /// Switch one on again whose receiver answered 410
    On {
        /// The webhook
        name: String,
    },
    /// Begin again at a record of a room
    Redeliver {
        /// The webhook
        name: String,
        /// The room
        #[arg(value_parser = room)]
        room: RoomName,
        /// The record's id
        #[arg(value_parser = record_id)]
        id: RecordId,
    },
}

fn prepare(arguments: &Arguments, variable: Option<&Path>) -> Result<Settings, Failure> {
    let settings = load(arguments, variable)?;
    owner::become_owner_of(&settings.base_dir)?;
    Ok(settings)
}

fn load(arguments: &Arguments, variable: Option<&Path>) -> Result<Settings, Failure> {
    let place = arguments
        .site
        .as_ref()
        .map(|site| SitePlace::new(site, &arguments.root).ini());
    let named = place.as_deref().or(arguments.config.as_deref());
    Settings::load(named, variable).map_err(|error| Failure::Config(error.to_string()))
}

fn dispatch(
    mut command: Command,
    settings: &Settings,
    json: bool,
    out: &mut dyn Write,
) -> Result<Report, Failure> {
    command.find_room(settings)?;
    let dirs = &command.dirs(settings);
    if command.needs_directories() {
        // Nobody may have entered yet.
        dirs.create()?;
    }
    match command {
        Command::Status => rooms::status(dirs),
        Command::Rooms => rooms::rooms(dirs),
        Command::Users { room } => rooms::users(dirs, room.as_ref()),
        Command::Members { room } => memberships::list(dirs, &room),
        Command::Kick(target) => moderate::kick(dirs, &target),
        Command::Ban(measure) => moderate::impose(dirs, moderation::Measure::Ban, &measure),
        Command::Mute(measure) => moderate::impose(dirs, moderation::Measure::Mute, &measure),
        Command::Unban(target) => moderate::lift(dirs, moderation::Measure::Ban, &target),
        Command::Unmute(target) => moderate::lift(dirs, moderation::Measure::Mute, &target),
        Command::Bans { room } => moderate::bans(dirs, room.as_ref()),
        Command::Slow { room, seconds } => reports::slow(dirs, &room, seconds),
        Command::Topic { room, topic } => topic::topic(dirs, &room, topic.as_deref()),
        Command::Cluster(wish) => cluster::run(settings, &wish),
        Command::Hooks(wish) => webhooks::run(settings, dirs, &wish),
        Command::Reports { room } => reports::list(dirs, room.as_ref()),
        Command::Resolve { room, id } => reports::resolve(dirs, &room, id),
        Command::Role {
            room,
            account,
            role,
        } => match (account, role) {
            (None, _) => role::list(dirs, &room),
            (Some(account), None) => role::show(dirs, &room, &account),
            (Some(account), Some(role)) => role::set(dirs, &room, &account, role),
        },
        Command::Redact { room, id } => moderate::redact(dirs, &room, id),
        Command::Clear { room, delete } => erase::clear(dirs, &room, delete),
        Command::Erase {
            room,
            name,
            account,
            task,
        } => erase::erase(settings, &room, &erase::Whose::of(name, account)?, task),
        Command::Person(command) => command.run(settings, out),
        Command::Say { room, text, from } => messages::say(
            dirs,
            &room,
            &from,
            &text.join(" "),
            settings.limits.max_message,
        ),
        Command::Event(told) => event::tell(dirs, &told),
        Command::History {
            room,
            last,
            before,
            search,
            all,
        } => {
            let wish = messages::Wish {
                last,
                before,
                search: search.as_deref(),
                all,
            };
            messages::history(dirs, &room, &wish)
        }
        Command::Export {
            room,
            from,
            to,
            format,
        } => {
            let period = Period { from, to };
            let wish = messages::Export { period, format };
            messages::export(dirs, &room, &wish, json, out)
        }
        Command::MakePrivate(wish) => moving::make_private(&settings.dirs(), &wish),
        Command::MakePublic(wish) => moving::make_public(&settings.dirs(), &wish),
        Command::Purge { room, force } => purge::purge(dirs, &room, force),
        Command::Expire {
            older_than,
            room,
            dry_run,
        } => purge::expire(settings, room.as_ref(), older_than, dry_run),
        Command::Mend {
            room,
            clock_is_right,
        } => mend::mend(dirs, room.as_ref(), clock_is_right),
        Command::Sample { every } => topic::sample(settings, every),
        Command::Metrics(wish) => metrics::metrics(&wish, settings, out),
        Command::Account(command) => account::run(command, settings),
        Command::Bot(command) => bot::run(&command, settings),
        Command::Incoming(command) => incoming::run(&command, settings),
        Command::Profile(wish) => profile::run(&wish, settings),
        // Done before, with more than settings.
        Command::Backup { .. }
        | Command::Restore { .. }
        | Command::Site(_)
        | Command::Token(_)
        | Command::Setup(_)
        | Command::Doctor(_) => Ok(Report::nothing()),
        Command::Check { logrotate } => check::check(dirs, settings, &logrotate),
    }
}
