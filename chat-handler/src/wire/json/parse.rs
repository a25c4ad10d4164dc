//! What a page sends. Pure.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::occupant::{Act, Addressee, BadRequest, Code, MAX_IGNORED, Request};
use crate::person::{Entry, KeyRing, MAX_ROOMS, ProfileWish, Wish};
use chat_store::attachments::{AttachmentId, MAX_OF_MESSAGE};
use chat_store::name::RoomName;
use chat_store::people::consent::Accept;
use chat_store::people::marks::Level;
use chat_store::record::RecordId;

mod about_message;

use about_message::{Ids, about_message};

/// People of one `converse`.
const MAX_PEOPLE: usize = 50;
/// The longest `msgid`.
const MAX_MSGID: usize = 64;

/// All fields that any request may have; which are needed depends on the type.
#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    msgid: Option<Cow<'a, str>>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    to: Option<Cow<'a, str>>,
    #[serde(borrow)]
    person: Option<Cow<'a, str>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    state: Option<bool>,
    #[serde(borrow)]
    before: Option<Cow<'a, str>>,
    #[serde(borrow)]
    since: Option<Cow<'a, str>>,
    limit: Option<u64>,
    within: Option<u64>,
    #[serde(borrow)]
    color: Option<Cow<'a, str>>,
    #[serde(borrow)]
    nick: Option<Cow<'a, str>>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    room: Option<Cow<'a, str>>,
    hours: Option<u32>,
    uses: Option<u32>,
    #[serde(borrow)]
    title: Option<Cow<'a, str>>,
    #[serde(borrow)]
    people: Option<Vec<Whom<'a>>>,
    #[serde(borrow)]
    history: Option<Cow<'a, str>>,
    #[serde(borrow)]
    rooms: Option<Vec<Wished<'a>>>,
    #[serde(borrow)]
    files: Option<Vec<GivenFile<'a>>>,
    #[serde(borrow)]
    level: Option<Cow<'a, str>>,
    literal: Option<bool>,
    shown: Option<bool>,
    #[serde(borrow)]
    reply: Option<Cow<'a, str>>,
    #[serde(borrow)]
    target: Option<Cow<'a, str>>,
    #[serde(borrow)]
    ids: Option<Ids<'a>>,
    #[serde(borrow)]
    channel: Option<Cow<'a, str>>,
    #[serde(borrow)]
    token: Option<Cow<'a, str>>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    status: Option<WishedStatus<'a>>,
    #[serde(borrow)]
    avatar: Option<Cow<'a, str>>,
}

/// The status of `profile`.
#[derive(Deserialize)]
struct WishedStatus<'a> {
    #[serde(borrow)]
    emoji: Option<Cow<'a, str>>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    until: Option<Cow<'a, str>>,
}

/// A file of `say`; pages send what else they know of it, too.
#[derive(Deserialize)]
struct GivenFile<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

/// Somebody of `converse`.
#[derive(Deserialize)]
struct Whom<'a> {
    #[serde(borrow)]
    to: Cow<'a, str>,
    #[serde(borrow)]
    person: Option<Cow<'a, str>>,
}

/// A room of `enter`.
#[derive(Deserialize)]
struct Wished<'a> {
    #[serde(borrow)]
    room: Cow<'a, str>,
    #[serde(borrow)]
    since: Option<Cow<'a, str>>,
    history: Option<u64>,
    #[serde(borrow)]
    invitation: Option<Cow<'a, str>>,
    #[serde(borrow)]
    password: Option<Cow<'a, str>>,
}

/// Understands one message of a page; `many`: one that can be in many rooms.
///
/// # Errors
/// What is wrong with it, for the page.
pub fn parse(line: &str, many: bool) -> Result<Wish<'_>, BadRequest<'_>> {
    let fields: Fields<'_> = serde_json::from_str(line).map_err(|error| {
        let code = if error.is_data() {
            Code::BadField
        } else {
            Code::BadJson
        };
        BadRequest {
            code,
            reason: Cow::Owned(error.to_string()),
            msgid: msgid_of(line),
        }
    })?;
    let msgid = fields.msgid.clone();
    wish(fields, many).map_err(|(code, reason)| BadRequest {
        code,
        reason,
        msgid,
    })
}

/// The token of the first message of somebody who said that they bring one; `None`: it is another message.
pub fn token(line: &str) -> Option<Cow<'_, str>> {
    let fields: Fields<'_> = serde_json::from_str(line).ok()?;
    fields.token.filter(|_| fields.kind == "auth")
}

/// The `msgid` of a message whose other fields are wrong, so that the page knows which it was.
fn msgid_of(line: &str) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Only<'a> {
        #[serde(borrow)]
        msgid: Cow<'a, str>,
    }
    serde_json::from_str(line)
        .ok()
        .map(|Only { msgid }| msgid)
        .filter(|msgid| is_msgid(msgid))
}

/// Whether a client may call a request so.
pub fn is_msgid(msgid: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=MAX_MSGID).contains(&msgid.len()) && msgid.bytes().all(good)
}

type Wrong<'a> = (Code, Cow<'a, str>);

fn wish(mut fields: Fields<'_>, many: bool) -> Result<Wish<'_>, Wrong<'_>> {
    let room = fields.room.take();
    Ok(match &*fields.kind {
        "ping" => Wish::Ping(fields.within),
        "quit" => Wish::Quit,
        "auth" => Wish::Auth(needed(fields.token, "token")?),
        "profile" => Wish::Profile(Box::new(profile(fields)?)),
        "enter" if many => Wish::Enter(entries(needed(fields.rooms, "rooms")?)?),
        "notify" if many => {
            let level = needed(fields.level, "level")?;
            let level = Level::parse(&level);
            let level = level.ok_or((Code::BadField, "level: all, mentions or nothing".into()))?;
            Wish::Notify(needed(room, "room")?, level)
        }
        "accept" if many => {
            let level = Accept::parse(&needed(fields.level, "level")?);
            let allowed = "level: everybody, common or nobody";
            Wish::Accept(level.ok_or((Code::BadField, allowed.into()))?)
        }
        "converse" if many => {
            let people = needed(fields.people, "people")?;
            if people.len() > MAX_PEOPLE {
                return Err((
                    Code::BadField,
                    format!("people: at most {MAX_PEOPLE}").into(),
                ));
            }
            Wish::Converse {
                with: people
                    .into_iter()
                    .map(|Whom { to, person }| Addressee { name: to, person })
                    .collect(),
                title: fields.title,
                whole_history: fields.history.as_deref() == Some("all"),
                msgid: fields.msgid.filter(|msgid| is_msgid(msgid)),
            }
        }
        "ignored" if many => {
            let people = needed(fields.people, "people")?.into_iter();
            Wish::Ignored(people.take(MAX_IGNORED).map(|whom| whom.to).collect())
        }
        "subscribe" if many => {
            let since = id(fields.since, "since")?;
            Wish::Subscribe(needed(fields.channel, "channel")?, since)
        }
        "unsubscribe" if many => Wish::Unsubscribe(needed(fields.channel, "channel")?),
        "part" if many => Wish::Part(needed(room, "room")?),
        // One's name and color may be for all of one's rooms.
        "nick" | "color" if many => Wish::In(room, request(fields)?),
        _ if many => {
            let request = request(fields)?;
            Wish::In(Some(needed(room, "room")?), request)
        }
        _ => Wish::In(None, request(fields)?),
    })
}

fn profile(fields: Fields<'_>) -> Result<ProfileWish<'_>, Wrong<'_>> {
    let Fields {
        name,
        color,
        status,
        avatar,
        msgid,
        ..
    } = fields;
    if avatar.as_deref().is_some_and(|avatar| !avatar.is_empty()) {
        let reason = "avatar: only empty; a picture comes by POST api/avatar";
        return Err((Code::BadField, reason.into()));
    }
    let status = status.map(|status| {
        let WishedStatus { emoji, text, until } = status;
        let until = id(until.filter(|until| !until.is_empty()), "until")?;
        Ok((emoji.unwrap_or_default(), text.unwrap_or_default(), until))
    });
    Ok(ProfileWish {
        name,
        color,
        status: status.transpose()?,
        no_avatar: avatar.is_some(),
        msgid: msgid.filter(|msgid| is_msgid(msgid)),
    })
}

fn entries(rooms: Vec<Wished<'_>>) -> Result<Vec<Entry>, Wrong<'_>> {
    if rooms.len() > MAX_ROOMS {
        return Err((Code::BadField, format!("rooms: at most {MAX_ROOMS}").into()));
    }
    let entry = |Wished {
                     room,
                     since,
                     history,
                     invitation,
                     password,
                 }| {
        Ok(Entry {
            room: RoomName::parse(&room),
            asked: room.into_owned(),
            since: id(since, "since")?,
            history: history.map(count),
            keys: KeyRing {
                invitation: invitation.map(Cow::into_owned),
                password: password.map(Cow::into_owned),
            },
        })
    };
    rooms.into_iter().map(entry).collect()
}

/// More than any limit is as good as the limit.
fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn files<'a>(files: Vec<GivenFile<'_>>) -> Result<Vec<AttachmentId>, Wrong<'a>> {
    if !(1..=MAX_OF_MESSAGE).contains(&files.len()) {
        return Err((
            Code::BadField,
            format!("files: 1 to {MAX_OF_MESSAGE}").into(),
        ));
    }
    let id = |GivenFile { id }: GivenFile<'_>| {
        AttachmentId::parse(&id).ok_or((Code::BadField, "files: an id is no file's".into()))
    };
    files.into_iter().map(id).collect()
}

fn request(mut fields: Fields<'_>) -> Result<Request<'_>, Wrong<'_>> {
    if fields
        .msgid
        .as_deref()
        .is_some_and(|msgid| !is_msgid(msgid))
    {
        return Err((Code::BadField, "msgid: 1 to 64 of A-Z a-z 0-9 . _ -".into()));
    }
    let msgid = fields.msgid;
    Ok(match &*fields.kind {
        "say" if fields.files.is_some() => Request::SayWith {
            text: fields.text.unwrap_or_default(),
            files: files(fields.files.unwrap_or_default())?,
            reply: id(fields.reply, "reply")?,
            msgid,
        },
        "say" => Request::Say {
            text: needed(fields.text, "text")?,
            literal: fields.literal.unwrap_or(false),
            reply: id(fields.reply, "reply")?,
            msgid,
        },
        "whisper" => {
            let to = addressee(fields.to, fields.person)?;
            Request::Whisper {
                to,
                text: needed(fields.text, "text")?,
                msgid,
            }
        }
        "signal" => Request::Signal {
            to: addressee(fields.to, fields.person)?,
            data: needed(fields.data, "data")?.get(),
        },
        "typing" => Request::Typing {
            to: fields.to.map(|name| Addressee {
                name,
                person: fields.person,
            }),
            active: fields.state.unwrap_or(true),
            preview: fields.text,
        },
        "history" => Request::History {
            before: id(fields.before, "before")?,
            since: id(fields.since, "since")?,
            limit: fields.limit.map(count),
        },
        "color" => Request::Color(needed(fields.color, "color")?),
        "nick" => Request::Nick(needed(fields.nick, "nick")?),
        "topic" => Request::Topic(needed(fields.text, "text")?),
        "read" => Request::Read {
            id: needed(id(fields.id, "id")?, "id")?,
            shows: fields.shown,
        },
        "messages" => Request::Messages(needed(fields.ids, "ids")?.parsed()?),
        _ => {
            if let Some(what) = about_message(&fields.kind, &mut fields.text)? {
                let target = needed(id(fields.target, "target")?, "target")?;
                return Ok(Request::AboutMessage {
                    target,
                    what,
                    msgid,
                });
            }
            let link = (fields.hours, fields.uses);
            let hides = fields.history.as_deref() != Some("all");
            let act = match &*fields.kind {
                "make_private" => Act::MakePrivate,
                "make_public" => Act::MakeOpen {
                    name: fields.text,
                    hides,
                },
                _ => act(fields.kind, (fields.to, fields.person), fields.text, link)?,
            };
            Request::Circle { act, msgid }
        }
    })
}

/// What is about a room for some only.
fn act<'a>(
    kind: Cow<'a, str>,
    (to, person): (Option<Cow<'a, str>>, Option<Cow<'a, str>>),
    text: Option<Cow<'a, str>>,
    (hours, uses): (Option<u32>, Option<u32>),
) -> Result<Act<'a>, Wrong<'a>> {
    Ok(match &*kind {
        "invite" => Act::Admit(addressee(to, person)?),
        "uninvite" => Act::Dismiss(addressee(to, person)?),
        "link" => Act::Link {
            hours: hours.unwrap_or(24),
            uses: uses.unwrap_or(1),
        },
        "members" => Act::Members,
        "password" => Act::Password(needed(text, "text")?),
        "rename" => Act::Rename(needed(text, "text")?),
        "leave" => Act::Leave,
        _ => return Err((Code::UnknownType, kind)),
    })
}

fn addressee<'a>(
    name: Option<Cow<'a, str>>,
    person: Option<Cow<'a, str>>,
) -> Result<Addressee<'a>, Wrong<'a>> {
    let name = needed(name, "to")?;
    Ok(Addressee { name, person })
}

fn needed<T>(field: Option<T>, name: &'static str) -> Result<T, Wrong<'static>> {
    field.ok_or_else(|| (Code::BadField, format!("{name} is missing").into()))
}

fn id<'a>(text: Option<Cow<'a, str>>, name: &str) -> Result<Option<RecordId>, Wrong<'a>> {
    text.map(|text| {
        RecordId::parse(text.as_bytes())
            .ok_or_else(|| (Code::BadField, format!("{name} is no id").into()))
    })
    .transpose()
}

#[cfg(test)]
mod tests;
