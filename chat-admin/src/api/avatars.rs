//! Pictures of people. `POST avatar` takes that of whoever asks, `DELETE avatar` takes it away, `GET avatars/PERSON/ID`
//! gives one to whoever knows its number: those who were shown its owner do.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::time::Duration;

use chat_handler::hooks::question::FileAsked;
use chat_handler::hooks::{About, Outcome, Question, consult};
use chat_handler::identity::counted::Counted;
use chat_handler::identity::{self, token};
use chat_handler::quota::{Pace, Quota};
use chat_handler::settings::{Permission, Settings};
use chat_store::fs::file;
use chat_store::fs::lock::{self, Share};
use chat_store::moderation::{Extent, Right};
use chat_store::people::person::PersonId;
use chat_store::profiles::{self, AvatarId, ProfileError};
use rustix::fs::OFlags;
use serde_json::json;

use super::{Request, Response, allowed};
use crate::picture::{AvatarError, MAX_UPLOAD, avatar, avatar_kind};

/// Each is decoded: one in so long, and so many at once.
const PACE: Pace = Pace {
    every: Duration::from_secs(60),
    burst: 10,
};

/// Locked by whoever decodes one, which takes 200 MB and some: pictures are made one after the other.
const TURNS: &str = "avatars.lock";
/// The longest wait for those before.
const TURN_TIMEOUT: Duration = Duration::from_secs(10);

/// What `POST avatar` and `DELETE avatar` answer.
pub(super) fn change(
    request: &Request,
    settings: &Settings,
    input: &mut dyn Read,
    explain: &mut dyn FnMut(&str),
) -> Response {
    let who = token::recognized(settings, &request.visitor, &mut |line| explain(line));
    let Some(account) = who.account.clone() else {
        return Response::error(403, "anonymous_refused", "log in first");
    };
    if let Err(refused) = may(request, settings, &who, explain) {
        return refused;
    }
    let dirs = settings.dirs();
    let changed = if request.method == "DELETE" {
        profiles::change(&dirs, &account, &mut |profile| profile.avatar = None)
    } else {
        let counted = Counted::of(&who, &request.visitor.address);
        let made = match received(request, settings, input, &counted) {
            Ok(made) => made,
            Err(refused) => return refused,
        };
        if let Err(refused) = ask_hooks(settings, &account, &made, explain) {
            return refused;
        }
        profiles::set_avatar(&dirs, &account, &made).map(|profile| (profile, true))
    };
    match changed {
        Ok((profile, is_new)) => {
            if is_new && let Err(error) = profiles::tell(&dirs, &account) {
                explain(&format!("rooms are not told of a picture: {error}"));
            }
            let avatar = profile.avatar.as_ref().map(AvatarId::as_str);
            Response::json(&json!({ "avatar": avatar }))
        }
        Err(ProfileError::Busy) => Response::error(503, "busy", "try again"),
        Err(error) => {
            explain(&format!("a picture is not kept: {error}"));
            Response::error(
                503,
                "storage",
                "the picture cannot be kept, try again later",
            )
        }
    }
}

/// What `GET avatars/PERSON/ID` answers.
pub(super) fn answer(
    request: &Request,
    settings: &Settings,
    explain: &mut dyn FnMut(&str),
) -> Response {
    let none = || Response::error(404, "not_found", "there is no such picture");
    let mut parts = request.path.split('/').skip(1);
    let person = parts.next().and_then(PersonId::parse);
    let id = parts.next().and_then(AvatarId::parse);
    let (Some(person), Some(id), None) = (person, id, parts.next()) else {
        return none();
    };
    match profiles::avatar(&settings.dirs(), &person, &id) {
        Ok(Some(bytes)) => {
            let kind = avatar_kind(&bytes);
            Response::picture(bytes, kind)
        }
        Ok(None) => none(),
        Err(error) => {
            explain(&format!("a picture cannot be read: {error}"));
            Response::error(
                503,
                "storage",
                "the picture cannot be read, try again later",
            )
        }
    }
}

fn may(
    request: &Request,
    settings: &Settings,
    who: &identity::Person,
    explain: &mut dyn FnMut(&str),
) -> Result<(), Response> {
    let address = request.visitor.address.as_str();
    let answer = who.may(settings, Permission::Profile, None, address);
    if !answer.allowed {
        let text = "the administrator lets others do this";
        return Err(Response::error(403, "not_allowed", text));
    }
    let (dirs, at, right) = (settings.dirs(), Extent::Everywhere, Right::Speak);
    allowed(request, settings, &dirs, at, right, explain)
        .map_err(|reason| Response::error(403, "muted", &reason))?;
    let account = who.account.as_deref().unwrap_or_default();
    let address = Some(address).filter(|address| !address.is_empty());
    match profiles::is_muted(&dirs, account, address, who.moderator) {
        Ok(false) => Ok(()),
        Ok(true) => {
            let text = "you may not speak in a room where you are";
            Err(Response::error(403, "muted", text))
        }
        Err(error) => {
            explain(&format!("the mutes cannot be read: {error}"));
            Ok(())
        }
    }
}

/// The picture that is made of what came.
fn received(
    request: &Request,
    settings: &Settings,
    input: &mut dyn Read,
    counted: &Counted,
) -> Result<Vec<u8>, Response> {
    let Some(length) = request.length else {
        let text = "say how long it is (Content-Length)";
        return Err(Response::error(411, "length_required", text));
    };
    if length > MAX_UPLOAD {
        let text = format!("a picture has at most {} MiB", MAX_UPLOAD >> 20);
        return Err(Response::error(413, "file_too_large", &text));
    }
    let quota = Quota {
        what: "avatars",
        each: PACE,
        unknown: PACE,
    };
    if !quota.take(&settings.dirs(), counted) {
        let text = "there were many pictures just now, try again in a minute";
        return Err(Response::error(429, "too_many_files", text));
    }
    let mut bytes = Vec::new();
    let read = input.take(length).read_to_end(&mut bytes);
    if read.is_err() || bytes.len() as u64 != length {
        return Err(Response::error(
            400,
            "broken_off",
            "less came than was said",
        ));
    }
    // The memory of one is enough.
    let busy = |_| Response::error(503, "busy", "try again");
    let file = turns(settings).map_err(busy)?;
    let turn = lock::take(&file, Share::Exclusive, TURN_TIMEOUT).map_err(busy)?;
    let _turn = turn.ok_or_else(|| Response::error(503, "busy", "try again"))?;
    avatar(&bytes).map_err(|error| {
        let (status, code) = match error {
            AvatarError::Kind | AvatarError::Broken => (415, "file_type"),
            AvatarError::Pixels => (413, "file_too_large"),
        };
        Response::error(status, code, &error.to_string())
    })
}

/// What is locked while a picture is decoded.
fn turns(settings: &Settings) -> io::Result<File> {
    let path = settings.dirs().run.join(TURNS);
    Ok(file::open(&path, OFlags::RDWR | OFlags::CREATE)?.0)
}

/// The site's programs that are asked about files are asked about these as well.
fn ask_hooks(
    settings: &Settings,
    account: &str,
    made: &[u8],
    explain: &mut dyn FnMut(&str),
) -> Result<(), Response> {
    let list = settings.hooks.list(About::File);
    if list.hooks.is_empty() {
        return Ok(());
    }
    let run = settings.dirs().run;
    let written = tempfile::NamedTempFile::new_in(&run).and_then(|mut file| {
        file.write_all(made)?;
        Ok(file)
    });
    let unasked = || Response::error(503, "not_checked", "the picture cannot be checked just now");
    let Ok(file) = written else {
        return Err(unasked());
    };
    let question = Question {
        ask: About::File,
        kind: "avatar",
        account: Some(account.to_owned()),
        person: PersonId::of(Some(account), None).map(|person| person.as_str().to_owned()),
        file: Some(FileAsked {
            path: file.path().display().to_string(),
            name: "avatar".to_owned(),
            kind: avatar_kind(made).to_owned(),
            size: made.len() as u64,
        }),
        ..Question::default()
    };
    let decision = consult(list, question, 0, &run);
    for note in &decision.notes {
        explain(note);
    }
    match decision.outcome {
        Outcome::Taken(_) => Ok(()),
        Outcome::Refused(reason) | Outcome::Diverted(reason) => {
            Err(Response::error(403, "file_refused", &reason))
        }
        Outcome::Unasked | Outcome::Answered { .. } => Err(unasked()),
    }
}
