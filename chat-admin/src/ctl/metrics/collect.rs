//! What is looked at for the page. Handlers count nothing but what they could not save: people, rooms and messages
//! are read from the files that are there anyway.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::OFlags;
use serde_json::Value;

use super::page::{Kind, Page};
use super::relay;
use crate::ctl::rooms;
use crate::samples::{self, handlers};
use chat_handler::hooks;
use chat_handler::settings::Settings;
use chat_handler::settings::webhooks::status_of;
use chat_store::accounts;
use chat_store::counters::{self, Counter, Counts};
use chat_store::fs::dirs::{self, Dirs};
use chat_store::fs::file;
use chat_store::fs::lock::{self, Share};
use chat_store::moderation::{self, Extent, Measure, reports};
use chat_store::quota;
use chat_store::record::RecordId;

/// Accounts, bans and the like are looked at once in so long: a file for each account is read.
const SLOW: Duration = Duration::from_secs(60);
/// A record has an id before it is in the log: what is so young is counted the next time.
const YOUNG: Duration = Duration::from_secs(2);
/// The largest status of a webhook that is read.
const MAX_STATUS: u64 = 64 * 1024;

/// What changes slowly.
#[derive(Clone, Copy)]
struct Slow {
    used: u64,
    accounts: u64,
    disabled: u64,
    bans: u64,
    mutes: u64,
    reports: u64,
}

pub(super) struct Collector<'a> {
    settings: &'a Settings,
    slow: Option<(Instant, Slow)>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(settings: &'a Settings) -> Self {
        Self {
            settings,
            slow: None,
        }
    }

    /// All of it, as it is now.
    ///
    /// # Errors
    /// Those of reading the site's files.
    pub(super) fn page(&mut self) -> io::Result<String> {
        let began = Instant::now();
        let dirs = &self.settings.dirs();
        let mut page = Page::new(&site_of(&self.settings.base_dir));
        self.write_people(&mut page, dirs)?;
        self.write_disk(&mut page, dirs)?;
        let counts = count(dirs)?;
        write_counts(&mut page, &counts);
        self.write_hooks(&mut page, dirs)?;
        relay::write(&mut page, self.settings)?;
        let last = samples::load(dirs)?.day.last().map_or(0, |last| last.at);
        page.one(
            Kind::Gauge,
            "sample_timestamp_seconds",
            "When chatctl sample has kept a sample last, in seconds since 1970",
            last,
        );
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        page.one(
            Kind::Gauge,
            "metrics_timestamp_seconds",
            "When these numbers were found, in seconds since 1970",
            now.as_secs(),
        );
        page.one(
            Kind::Gauge,
            "metrics_duration_seconds",
            "How long it took to find them",
            began.elapsed().as_secs_f64(),
        );
        let version = &[(env!("CARGO_PKG_VERSION"), 1)];
        page.each(Kind::Gauge, "build_info", "The release", "version", version);
        Ok(page.text())
    }

    fn write_people(&mut self, page: &mut Page, dirs: &Dirs) -> io::Result<()> {
        let totals = rooms::totals(dirs)?;
        let private = chat_store::closed::all(dirs)?.len();
        page.one(Kind::Gauge, "people", "People in rooms", totals.people);
        let kinds = [
            ("open", totals.rooms.saturating_sub(private)),
            ("private", private),
        ];
        page.each(
            Kind::Gauge,
            "rooms",
            "Rooms that have a log",
            "kind",
            &kinds,
        );
        page.one(
            Kind::Gauge,
            "rooms_busy",
            "Rooms with people in them",
            totals.busy,
        );
        page.one(
            Kind::Gauge,
            "log_bytes",
            "Bytes of all rooms' logs",
            totals.bytes,
        );
        let handlers = handlers::of(self.settings);
        page.one(
            Kind::Gauge,
            "handlers",
            "Programs of people",
            handlers.count,
        );
        page.one(
            Kind::Gauge,
            "handlers_memory_bytes",
            "Memory that they share with nobody",
            handlers.memory * 1024,
        );
        let slow = self.slow(dirs)?;
        let accounts = [("enabled", slow.accounts), ("disabled", slow.disabled)];
        page.each(Kind::Gauge, "accounts", "Accounts", "state", &accounts);
        let measures = [("ban", slow.bans), ("mute", slow.mutes)];
        page.each(
            Kind::Gauge,
            "measures",
            "Bans and mutes in force",
            "kind",
            &measures,
        );
        page.one(
            Kind::Gauge,
            "reports_open",
            "Reports that no moderator has looked at",
            slow.reports,
        );
        Ok(())
    }

    fn write_disk(&mut self, page: &mut Page, dirs: &Dirs) -> io::Result<()> {
        let disk = rustix::fs::statvfs(&self.settings.base_dir)?;
        let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
        page.one(
            Kind::Gauge,
            "disk_free_bytes",
            "What the disk of BASE_DIR has left",
            bytes(disk.f_bavail),
        );
        page.one(
            Kind::Gauge,
            "disk_size_bytes",
            "The size of the disk of BASE_DIR",
            bytes(disk.f_blocks),
        );
        let used = self.slow(dirs)?.used;
        page.one(
            Kind::Gauge,
            "used_bytes",
            "What logs and files of the site take",
            used,
        );
        if let Some(max) = self.settings.limits.disk_max {
            page.one(
                Kind::Gauge,
                "used_max_bytes",
                "What they may take (DISK_MAX)",
                max,
            );
        }
        Ok(())
    }

    fn write_hooks(&self, page: &mut Page, dirs: &Dirs) -> io::Result<()> {
        let failing = hooks::failures(&self.settings.run_dir).len();
        page.one(
            Kind::Gauge,
            "hooks_failing",
            "Programs of MESSAGE_HOOKS, FILE_HOOKS and ENTRY_HOOKS that failed when they were asked last",
            failing,
        );
        let webhooks = &self.settings.webhooks;
        if !webhooks.is_empty() {
            let is_up = handlers::is_running(self.settings, "chat-hooks");
            page.one(
                Kind::Gauge,
                "webhooks_up",
                "Whether chat-hooks runs",
                u8::from(is_up),
            );
        }
        if self.settings.cluster.is_some() {
            let is_up = handlers::is_running(self.settings, "chat-relay");
            page.one(
                Kind::Gauge,
                "relay_up",
                "Whether chat-relay runs",
                u8::from(is_up),
            );
        }
        let mut statuses = Vec::new();
        for hook in webhooks {
            let bytes = file::read_whole(&status_of(dirs, &hook.name), MAX_STATUS)?;
            // chat-hooks may never have run.
            let status: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            statuses.push((hook.name.as_str(), status));
        }
        let mut family = |kind, name, help, of: &dyn Fn(&Value) -> u64| {
            let values: Vec<_> = statuses.iter().map(|(name, it)| (*name, of(it))).collect();
            page.each(kind, name, help, "webhook", &values);
        };
        let number = |key: &'static str| move |it: &Value| it[key].as_u64().unwrap_or(0);
        family(
            Kind::Counter,
            "webhook_delivered",
            "Events that the receiver took",
            &number("delivered"),
        );
        family(
            Kind::Counter,
            "webhook_failed",
            "Tries that failed",
            &number("failed"),
        );
        family(
            Kind::Counter,
            "webhook_dead",
            "Events that were given up (log/hooks-dead.log)",
            &number("dead"),
        );
        family(
            Kind::Gauge,
            "webhook_waiting_rooms",
            "Rooms of which events wait for another try",
            &number("waiting"),
        );
        family(
            Kind::Gauge,
            "webhook_off",
            "Whether it is off because the receiver answered 410",
            &|it| u64::from(it["off"].as_bool().unwrap_or(false)),
        );
        Ok(())
    }

    fn slow(&mut self, dirs: &Dirs) -> io::Result<Slow> {
        if let Some((at, slow)) = self.slow
            && at.elapsed() < SLOW
        {
            return Ok(slow);
        }
        let mut slow = Slow {
            used: used(dirs)?,
            accounts: 0,
            disabled: 0,
            bans: 0,
            mutes: 0,
            reports: 0,
        };
        accounts::each(&dirs.accounts, &mut |account| {
            let of = if account.disabled.is_some() {
                &mut slow.disabled
            } else {
                &mut slow.accounts
            };
            *of += 1;
            Ok(true)
        })?;
        let mut entries = moderation::load(dirs, Extent::Everywhere)?;
        for room in moderation::rooms(dirs)? {
            entries.extend(moderation::load(dirs, &room)?);
        }
        let count = |measure| entries.iter().filter(|it| it.measure == measure).count() as u64;
        (slow.bans, slow.mutes) = (count(Measure::Ban), count(Measure::Mute));
        for room in reports::rooms(dirs)? {
            slow.reports += reports::list(dirs, &room)?.len() as u64;
        }
        self.slow = Some((Instant::now(), slow));
        Ok(slow)
    }
}

/// Nobody may have entered yet.
fn used(dirs: &Dirs) -> io::Result<u64> {
    dirs::create_dir(&dirs.run)?;
    quota::used(dirs)
}

/// What a site is called: its directory, which `chatctl site add` names so.
fn site_of(base: &Path) -> String {
    let name = base.file_name().unwrap_or(base.as_os_str());
    name.to_string_lossy().into_owned()
}

/// The counters, with what was said until now.
fn count(dirs: &Dirs) -> io::Result<Counts> {
    dirs::create_dir(&dirs.log)?;
    dirs::create_dir(&dirs.run)?;
    let flags = OFlags::CREATE | OFlags::RDWR;
    let (held, _) = file::open(&dirs.run.join("_counters.lock"), flags)?;
    // Whoever holds it counts the messages of this moment.
    if lock::try_hold(&held, Share::Exclusive)? {
        let young = u64::try_from(YOUNG.as_micros()).unwrap_or(u64::MAX);
        let until = RecordId::from_micros(RecordId::now().as_micros().saturating_sub(young));
        let since = RecordId::from_micros(counters::read(dirs)?.get(Counter::MessagesUntil));
        // At the first time nobody knows since when; a clock that was set back begins there.
        let said = if since == RecordId::ZERO || since > until {
            0
        } else {
            samples::said_between(dirs, since, until)?
        };
        counters::change(dirs, &mut |counts| {
            let all = counts.get(Counter::Messages).saturating_add(said);
            counts.set(Counter::Messages, all);
            counts.set(Counter::MessagesUntil, until.as_micros());
        })?;
    }
    counters::read(dirs)
}

fn write_counts(page: &mut Page, counts: &Counts) {
    let mut counter = |name, help, counter| {
        page.one(Kind::Counter, name, help, counts.get(counter));
    };
    counter(
        "messages",
        "Messages, since the metrics were looked at first",
        Counter::Messages,
    );
    counter(
        "not_saved",
        "Messages and other acts that could not be saved, of which their authors were told",
        Counter::NotSaved,
    );
    counter(
        "registrations",
        "Accounts that people made for themselves",
        Counter::Registered,
    );
    counter("api_requests", "Requests to api/v1", Counter::ApiRequests);
    counter(
        "api_refusals",
        "Requests to api/v1 that were refused",
        Counter::ApiRefused,
    );
    let logins = [
        ("good", counts.get(Counter::LoggedIn)),
        ("wrong", counts.get(Counter::WrongPassword)),
        ("held_back", counts.get(Counter::LoginHeldBack)),
    ];
    page.each(
        Kind::Counter,
        "logins",
        "Log-ins by a password: good, wrong, or not looked at (too many)",
        "result",
        &logins,
    );
}
