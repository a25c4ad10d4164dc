//! How far the others of a conversation have read: for those who show how far they have.

use super::{Event, Occupant, Sink, Turn};
use chat_store::people::marks;
use chat_store::people::message::Message;
use chat_store::record::RecordId;

/// In larger groups nobody asks who of them has read it.
const MOST: usize = 20;

impl Turn<'_> {
    /// They have read up to there. Who does not show it is not told of others either.
    pub(super) fn read_up_to(&mut self, id: RecordId, shows: Option<bool>) {
        let before = std::mem::replace(&mut self.it.shows_reading, shows);
        if shows == Some(false) {
            return;
        }
        self.it.hint(None, &Message::Read(id));
        if shows == Some(true) && before != shows {
            self.it.put_read_by(self.sink);
        }
    }
}

impl Occupant {
    /// Whether they may know how far somebody else has read.
    pub(super) fn hears_of_reading(&self) -> bool {
        self.shows_reading != Some(false)
    }

    /// How far the others have read who show it; in conversations only.
    pub(super) fn put_read_by(&self, sink: &mut dyn Sink) {
        let Some(membership) = self.membership.as_deref() else {
            return;
        };
        let members = &membership.circle.members;
        if members.len() > MOST {
            return;
        }
        for member in members.iter().filter(|it| it.person != membership.person) {
            // One that cannot be read has shown nothing.
            let shown = marks::shown(&membership.site, &member.person, &self.room.name);
            if let Ok(Some(id)) = shown {
                let from = &member.name;
                sink.put(&Event::Read { from, id });
            }
        }
    }
}
