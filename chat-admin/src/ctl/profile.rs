//! How somebody is shown: told, and changed for them.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::report::Report;
use super::{Failure, nick};
use crate::picture::{MAX_UPLOAD, avatar};
use chat_handler::color::Color;
use chat_handler::settings::Settings;
use chat_store::accounts;
use chat_store::name::Nick;
use chat_store::profiles::{self, Profile, ProfileError, Status};
use chat_store::record::RecordId;

/// Without an option it is only told.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line"
)]
pub(super) struct ProfileWish {
    /// Whose: the account
    #[arg(value_name = "NAME")]
    account: String,
    /// What they are called in rooms
    #[arg(long, value_parser = nick, value_name = "NAME")]
    display_name: Option<Nick>,
    /// They are called as their account
    #[arg(long, conflicts_with = "display_name")]
    no_display_name: bool,
    /// Their color: #rrggbb, or a name of CSS
    #[arg(long, value_parser = color)]
    color: Option<Color>,
    /// They have no color of their own
    #[arg(long, conflicts_with = "color")]
    no_color: bool,
    /// What they are up to, in 100 characters
    #[arg(long, value_name = "TEXT")]
    status: Option<String>,
    /// An emoji before that
    #[arg(long, value_name = "EMOJI")]
    emoji: Option<String>,
    /// Their status is over at this time: a date, with a time as 2026-11-21T10:15, or an id; in UTC
    #[arg(long, value_parser = super::from, value_name = "TIME")]
    until: Option<RecordId>,
    /// They are up to nothing
    #[arg(long, conflicts_with_all = ["status", "emoji", "until"])]
    no_status: bool,
    /// Their picture: a JPEG, PNG, WebP or GIF file, from which a small square is made
    #[arg(long, value_name = "FILE")]
    avatar: Option<PathBuf>,
    /// They have no picture
    #[arg(long, conflicts_with = "avatar")]
    no_avatar: bool,
}

fn color(text: &str) -> Result<Color, &'static str> {
    Color::parse(text).ok_or("a color is #rrggbb, #rgb or a name of CSS")
}

impl ProfileWish {
    /// As it would be typed, without what it says; `None`: it changes nothing.
    pub(super) fn deed(&self) -> Option<String> {
        let parts = [
            (self.display_name.is_some(), " --display-name"),
            (self.no_display_name, " --no-display-name"),
            (self.color.is_some(), " --color"),
            (self.no_color, " --no-color"),
            (self.says_status(), " --status"),
            (self.no_status, " --no-status"),
            (self.avatar.is_some(), " --avatar"),
            (self.no_avatar, " --no-avatar"),
        ];
        let options: String = parts
            .iter()
            .filter(|part| part.0)
            .map(|part| part.1)
            .collect();
        (!options.is_empty()).then(|| format!("profile {}{options}", self.account))
    }

    fn says_status(&self) -> bool {
        self.status.is_some() || self.emoji.is_some()
    }

    fn apply(&self, profile: &mut Profile, status: Option<&Status>) {
        if self.display_name.is_some() || self.no_display_name {
            profile.name = self.display_name.clone().map(Nick::of_person);
        }
        if self.color.is_some() || self.no_color {
            let color = self.color.as_ref();
            profile.color = color.map(|color| color.as_str().into());
        }
        if status.is_some() || self.no_status {
            profile.status = status.cloned();
        }
        if self.no_avatar {
            profile.avatar = None;
        }
    }
}

pub(super) fn run(wish: &ProfileWish, settings: &Settings) -> Result<Report, Failure> {
    let dirs = settings.dirs();
    let account = account_of(settings, &wish.account)?;
    if wish.deed().is_none() {
        let profile = profiles::of_account(&dirs, &account)?;
        return Ok(report(&profile.unwrap_or_else(|| Profile::of(&account))));
    }
    let status = wish.says_status().then(|| {
        let (emoji, text) = (wish.emoji.as_deref(), wish.status.as_deref());
        Status::new(
            emoji.unwrap_or_default(),
            text.unwrap_or_default(),
            wish.until,
        )
    });
    let status = match status {
        Some(None) => {
            let text = "a status is an emoji, a text of at most 100 characters, or both";
            return Err(Failure::Refused(text.to_owned()));
        }
        status => status.flatten(),
    };
    // Before anything is changed.
    let picture = wish.avatar.as_ref().map(|path| {
        let about = |error: &dyn std::fmt::Display| {
            Failure::Refused(format!("{}: {error}", path.display()))
        };
        if std::fs::metadata(path)?.len() > MAX_UPLOAD {
            return Err(about(&"it has more than 8 MiB"));
        }
        avatar(&std::fs::read(path)?).map_err(|error| about(&error))
    });
    let picture = picture.transpose()?;
    let changed = profiles::change(&dirs, &account, &mut |profile| {
        wish.apply(profile, status.as_ref());
    });
    let mut profile = changed.map_err(failed)?.0;
    if let Some(picture) = picture {
        profile = profiles::set_avatar(&dirs, &account, &picture).map_err(failed)?;
    }
    profiles::tell(&dirs, &account)?;
    Ok(report(&profile))
}

/// The account that a name means: one of the chat's own in whatever letters, else the site's.
fn account_of(settings: &Settings, name: &str) -> Result<String, Failure> {
    if name.trim().is_empty() || name.contains(char::is_control) {
        return Err(Failure::Refused("an account has a name".to_owned()));
    }
    let found = accounts::named(&settings.dirs().accounts, name)?;
    Ok(found.map_or_else(|| name.to_owned(), |account| account.name.to_string()))
}

pub(super) fn failed(error: ProfileError) -> Failure {
    match error {
        ProfileError::Io(error) => Failure::Io(error),
        error => Failure::refused(error),
    }
}

/// As it is told, line by line.
fn report(profile: &Profile) -> Report {
    let lines = lines(profile);
    let width = lines.iter().map(|line| line.0.len()).max().unwrap_or(0);
    let text: Vec<_> = lines
        .iter()
        .map(|(key, words)| format!("{key:width$}  {words}"))
        .collect();
    Report::new(text.join("\n"), value(profile))
}

/// What of a profile is told to people at the shell.
pub(super) fn lines(profile: &Profile) -> Vec<(&'static str, String)> {
    let none = || "-".to_owned();
    let status = profile.status_now().map(|status| {
        let emoji = status.emoji.as_deref().unwrap_or_default();
        let text = format!("{emoji} {}", status.text);
        match status.until {
            Some(until) => format!("{} (until {until})", text.trim()),
            None => text.trim().to_owned(),
        }
    });
    vec![
        ("account", profile.account.to_string()),
        (
            "display name",
            profile.name.as_ref().map_or_else(none, Nick::to_string),
        ),
        (
            "color",
            profile.color.as_deref().map_or_else(none, str::to_owned),
        ),
        ("status", status.unwrap_or_else(none)),
        (
            "picture",
            profile.avatar.as_ref().map_or("-", |_| "yes").to_owned(),
        ),
        (
            "of the log-in",
            profile.public.as_deref().map_or_else(none, str::to_owned),
        ),
    ]
}

/// For programs.
pub(crate) fn value(profile: &Profile) -> Value {
    let public = profile.public.as_deref();
    let public: Option<Value> = public.and_then(|public| serde_json::from_str(public).ok());
    json!({
        "account": profile.account,
        "display_name": profile.name.as_ref().map(Nick::as_str),
        "color": profile.color,
        "status": profile.status_now().map(status_value),
        "avatar": profile.avatar.as_ref().map(profiles::AvatarId::as_str),
        "pub": public,
    })
}

fn status_value(status: &Status) -> Value {
    let mut value = json!({ "text": status.text });
    if let Some(emoji) = &status.emoji {
        value["emoji"] = json!(emoji);
    }
    if let Some(until) = status.until {
        value["until"] = json!(until.to_string());
    }
    value
}
