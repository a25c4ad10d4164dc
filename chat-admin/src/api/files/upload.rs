//! `POST files?room=R&name=N`: the body is the file, as it is. It comes into a file without a name, so that
//! nothing of it is left when the line breaks or this process is killed; it gets a place when it is whole,
//! cleaned and looked at.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek as _, SeekFrom};
use std::path::Path;
use std::time::Duration;

use chat_handler::hooks::question::FileAsked;
use chat_handler::hooks::{About, Hooks, Outcome, Question, consult};
use chat_handler::identity;
use chat_handler::identity::counted::Counted;
use chat_handler::quota::{Pace, Quota};
use chat_handler::settings::{Files, Permission, Settings};
use chat_store::attachments::{Attachment, AttachmentId, Bounds, Full, Shelf, clean_name};
use chat_store::log::rooms;
use chat_store::moderation::Right;
use chat_store::people::person::{PersonId, hex_of};
use chat_store::quota;
use chat_store::record::RecordId;
use serde_json::{Value, json};

use super::found::{self, Found};
use super::kind;
use super::refusal::Refusal;
use crate::api::{Request, Response, allowed};
use crate::picture;

/// The largest picture, in bytes: it is cleaned in memory.
const MAX_PICTURE: u64 = 32 * 1024 * 1024;
/// How many more files those may send together of whom nothing is known: everybody behind a proxy that is not trusted.
const UNKNOWN_TIMES: u32 = 20;

pub(super) fn answer(
    request: &Request,
    settings: &Settings,
    input: &mut dyn Read,
    explain: &mut dyn FnMut(&str),
) -> Response {
    let found = match found::room(request, settings, explain) {
        Ok(found) => found,
        Err(refusal) => return refusal,
    };
    let length = request.length.unwrap_or_default();
    let kept = Upload::new(request, settings, &found, explain)
        .and_then(|upload| upload.receive(input, length, explain));
    match kept {
        Ok(file) => Response::json(&told(&file)),
        Err(refusal) => refusal.response(&settings.files, explain),
    }
}

/// As records tell it.
fn told(file: &Attachment) -> Value {
    let (width, height) = file.pixels.unzip();
    let mut value = json!({
        "id": file.id.as_str(), "name": file.name, "type": file.kind, "size": file.size,
    });
    if let (Some(width), Some(height)) = (width, height) {
        value["width"] = width.into();
        value["height"] = height.into();
    }
    value
}

struct Upload<'a> {
    files: &'a Files,
    hooks: &'a Hooks,
    found: &'a Found,
    shelf: Shelf,
    name: String,
    person: PersonId,
    account: Option<String>,
    owner: String,
}

impl<'a> Upload<'a> {
    /// Everything that can refuse a file before it is there.
    fn new(
        request: &Request,
        settings: &'a Settings,
        found: &'a Found,
        explain: &mut dyn FnMut(&str),
    ) -> Result<Self, Refusal> {
        let files = &settings.files;
        let most = settings.limits.max_file;
        if most == 0 {
            return Err(Refusal::Off);
        }
        let length = request.length.ok_or(Refusal::NoLength)?;
        if length > most {
            return Err(Refusal::TooLarge(most));
        }
        if length == 0 {
            return Err(Refusal::Empty);
        }
        let max = settings.limits.disk_max;
        if max.is_some_and(|max| quota::is_used_up(&found.dirs, max)) {
            return Err(Refusal::Full(Full::Site));
        }
        let (person, who) = found::person(request, settings, explain);
        let person = person.ok_or(Refusal::Nobody)?;
        if !rooms::exists(&found.dirs, &found.room)? {
            return Err(Refusal::NoRoom);
        }
        allowed(
            request,
            settings,
            &found.dirs,
            (&found.room).into(),
            Right::Speak,
            explain,
        )
        .map_err(Refusal::Muted)?;
        let address = request.visitor.address.as_str();
        let may_upload = who.may(settings, Permission::Upload, Some(&found.room), address);
        if !may_upload.allowed {
            return Err(Refusal::NotAllowed);
        }
        let counted = Counted::of(&who, address);
        let owner = owner_of(&counted, &person);
        let shelf = Shelf::of(&found.dirs, &found.room);
        shelf
            .has_space(length, &owner, &bounds(files))?
            .map_err(Refusal::Full)?;
        if !quota(files).take(&settings.dirs(), &counted) {
            return Err(Refusal::TooMany);
        }
        let identity::Person { account, .. } = who;
        Ok(Self {
            files,
            hooks: &settings.hooks,
            found,
            shelf,
            name: clean_name(request.parameter("name").unwrap_or_default()),
            person,
            account,
            owner,
        })
    }

    fn receive(
        &self,
        input: &mut dyn Read,
        length: u64,
        explain: &mut dyn FnMut(&str),
    ) -> Result<Attachment, Refusal> {
        self.shelf.create()?;
        self.shelf.sweep_scratch()?;
        let mut raw = tempfile::tempfile_in(self.shelf.dir())?;
        if io::copy(input, &mut raw)? < length {
            return Err(Refusal::BrokenOff);
        }
        let mut kind = kind::of(&sample(&mut raw)?);
        let mut pixels = None;
        let mut content: Box<dyn Read> = Box::new(&raw);
        if picture::SHOWN.contains(&kind) && self.files.takes(kind) {
            if length > MAX_PICTURE {
                return Err(Refusal::LargePicture(MAX_PICTURE));
            }
            let mut bytes = Vec::new();
            (&raw).read_to_end(&mut bytes)?;
            if let Some(picture) = picture::clean(kind, bytes) {
                pixels = picture.pixels;
                content = Box::new(Cursor::new(picture.bytes));
            } else {
                // Broken: nobody is shown it.
                kind = kind::UNKNOWN;
                (&raw).seek(SeekFrom::Start(0))?;
            }
        }
        if !self.files.takes(kind) {
            return Err(Refusal::Kind(kind));
        }
        let incoming = self.shelf.take_in(&mut content)?;
        let about = Attachment {
            id: AttachmentId::new()?,
            name: self.name.clone(),
            kind: kind.to_owned(),
            size: length,
            pixels,
            hash: String::new(),
            person: self.person.as_str().to_owned(),
            account: self.account.clone(),
            owner: self.owner.clone(),
            at: RecordId::now(),
            message: None,
            msgid: None,
        };
        self.ask_hooks(&about, incoming.path(), explain)?;
        Ok(incoming.keep(about, &bounds(self.files))?)
    }

    /// Nobody but the one who sent it can read it yet.
    fn ask_hooks(
        &self,
        about: &Attachment,
        path: &Path,
        explain: &mut dyn FnMut(&str),
    ) -> Result<(), Refusal> {
        let list = self.hooks.list(About::File);
        if list.hooks.is_empty() {
            return Ok(());
        }
        let question = Question {
            ask: About::File,
            kind: "file",
            room: self.found.room.to_string(),
            account: about.account.clone(),
            person: Some(about.person.clone()),
            file: Some(FileAsked {
                path: path.display().to_string(),
                name: about.name.clone(),
                kind: about.kind.clone(),
                size: about.size,
            }),
            ..Question::default()
        };
        let decision = consult(list, question, 0, &self.found.dirs.run);
        for note in &decision.notes {
            explain(note);
        }
        match decision.outcome {
            Outcome::Taken(_) => Ok(()),
            Outcome::Refused(reason) | Outcome::Diverted(reason) => Err(Refusal::Refused(reason)),
            Outcome::Unasked | Outcome::Answered { .. } => Err(Refusal::Unasked),
        }
    }
}

/// What their share is counted by. Nobody reads an address out of it who has no list of them.
fn owner_of(counted: &Counted, person: &PersonId) -> String {
    let name = if counted.is_unknown {
        person.as_str()
    } else {
        &counted.name
    };
    hex_of(&["files\0", name])
}

fn bounds(files: &Files) -> Bounds {
    Bounds {
        person: files.per_person,
        room: files.per_room,
        site: files.per_site,
    }
}

fn quota(files: &Files) -> Quota {
    let pace = |times: u32| Pace {
        every: Duration::from_secs(60) / (files.per_minute * times),
        burst: files.per_minute * times,
    };
    Quota {
        what: "files",
        each: pace(1),
        unknown: pace(UNKNOWN_TIMES),
    }
}

/// The first bytes; leaves the file at its start.
fn sample(raw: &mut File) -> io::Result<Vec<u8>> {
    raw.seek(SeekFrom::Start(0))?;
    let mut sample = Vec::new();
    (&*raw).take(kind::SAMPLE as u64).read_to_end(&mut sample)?;
    raw.seek(SeekFrom::Start(0))?;
    Ok(sample)
}
