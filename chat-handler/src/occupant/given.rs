//! A message that has files, which came by chat-cgi before it.

use super::{Code, Turn};
use crate::wording::Line;
use chat_store::attachments::{AttachmentId, Elsewhere, GivenError, Shelf};
use chat_store::log::room_log::Stored;
use chat_store::record::{Kind, RecordId, attrs, clean_lines, tidy};

impl Turn<'_> {
    /// Says `typed` with files. It is no command, and may be nothing: then the files are what is said.
    pub(super) fn say_with(
        &mut self,
        typed: &str,
        files: &[AttachmentId],
        reply: Option<RecordId>,
    ) {
        let typed = clean_lines(typed);
        let text = typed.trim_end();
        let may = if text.trim().is_empty() {
            self.has_voice()
        } else {
            self.may_say(text)
        };
        if !may || !self.waited() {
            return;
        }
        let text = tidy(text).into_owned();
        let text = if text.is_empty() {
            Some(text)
        } else {
            self.let_through("say", text, |_| {})
        };
        let Some(text) = text else { return };
        let kept = Shelf::of(&self.it.room.dirs, &self.it.room.name);
        let (room, cluster) = (&self.it.room.name, self.it.room.dirs.cluster.clone());
        let mut seek = cluster.map(|cluster| move |id: &AttachmentId| cluster.seek(room, id));
        let elsewhere = seek.as_mut().map(|seek| seek as &mut Elsewhere<'_>);
        let given = match kept.give(files, &self.it.me.person, self.msgid, elsewhere) {
            Ok(given) => given,
            Err(error) => return self.not_given(&error),
        };
        let values = given.values();
        let reply = reply.filter(|&id| self.it.has_message(id));
        let reply = reply.map(|id| id.to_string());
        let mut extra: Vec<_> = values
            .iter()
            .map(|value| (attrs::FILE, Some(value.as_str())))
            .collect();
        extra.push((attrs::REPLY, reply.as_deref()));
        let Some(stored) = self.append_as(Kind::Say, &text, self.msgid, &extra) else {
            return;
        };
        if let Err(error) = given.belong_to(stored.id(), self.msgid) {
            // The next `chatctl expire` finds the message, and does it.
            let note = format!(
                "{}: the files of {}: {error}",
                self.it.room.name,
                stored.id()
            );
            self.it.trouble.note(&note);
        }
        self.ack_as(Some(stored.id()), matches!(stored, Stored::Already(_)));
        self.spoke_at(stored.id());
    }

    fn not_given(&mut self, error: &GivenError) {
        match error {
            GivenError::NotFound => self.error(Code::NotFound, Line::FileGone),
            GivenError::TooMany => self.error(Code::BadField, Line::FileGone),
            GivenError::Io(error) => self.not_saved(error),
        }
    }
}
