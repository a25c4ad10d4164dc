//! What a room is about, and keeping how a site is.

use std::time::Duration;

use serde_json::json;

use super::Failure;
use super::moderate::tell_all;
use super::report::Report;
use crate::samples;
use chat_handler::settings::Settings;
use chat_store::fs::dirs::Dirs;
use chat_store::name::{RoomName, SERVER};
use chat_store::record::{Draft, Kind, tidy};
use chat_store::state;

/// Characters, as in the chat.
const MAX_TOPIC: usize = 4096;

pub(super) fn topic(dirs: &Dirs, room: &RoomName, topic: Option<&str>) -> Result<Report, Failure> {
    if let Some(topic) = topic {
        let topic = tidy(topic);
        let topic = topic.trim();
        if topic.chars().count() > MAX_TOPIC {
            let text = format!("a topic has at most {MAX_TOPIC} characters");
            return Err(Failure::Refused(text));
        }
        tell_all(dirs, room, &Draft::new(Kind::Topic, SERVER, topic))?;
        if dirs.cluster.is_none() {
            state::set_topic(dirs, room, topic)?;
        }
    }
    let topic = state::topic(dirs, room)?;
    let value = json!({ "room": room.as_str(), "topic": topic });
    let text = topic.unwrap_or_else(|| format!("the room {room} has no topic"));
    Ok(Report::new(text, value))
}

pub(super) fn sample(settings: &Settings, every: Option<u32>) -> Result<Report, Failure> {
    let mut sample = samples::take(settings)?;
    while let Some(seconds) = every {
        std::thread::sleep(Duration::from_secs(seconds.into()));
        // What cannot be read now may be there again the next time.
        sample = samples::take(settings).unwrap_or(sample);
    }
    let samples::Sample {
        people,
        rooms,
        messages,
        handlers,
        ..
    } = sample;
    let text = format!(
        "{people} people in {rooms} rooms, {handlers} handlers, {messages} messages since the last sample"
    );
    let value = serde_json::to_value(sample).map_err(Failure::refused)?;
    Ok(Report::new(text, value))
}
