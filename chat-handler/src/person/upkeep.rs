//! What is due though nothing happens: files to be looked after, synced and saved.

use std::time::Instant;

use super::own_rooms::OwnRooms;
use super::{Audience, Bell, Person};
use crate::occupant::{Bye, Flow};

impl Person<'_> {
    /// Syncs what was written a while ago.
    pub fn sync_if_due(&mut self, to: &mut dyn Audience) {
        if let Some(own) = &mut self.own
            && own.save_at().is_some_and(|at| at <= Instant::now())
        {
            own.save();
        }
        for place in self.stays.places() {
            self.stays
                .in_room(place, self.visit.many, to, |occupant, sink| {
                    occupant.sync_if_due(sink);
                });
        }
    }

    /// When [`Person::ring`], [`Person::sync_if_due`] or [`Person::poll`] must be called at the latest.
    pub fn due_at(&self) -> Option<Instant> {
        let looks = self.stays.all().map(|stay| stay.occupant.look_at());
        let rooms = self.stays.all().filter_map(|stay| stay.occupant.due_at());
        rooms
            .chain(looks)
            .chain(self.own.as_ref().and_then(OwnRooms::save_at))
            .chain(self.heartbeat.due_at())
            .chain(self.asks_at())
            .chain(self.admission.as_ref().map(|it| it.due_at()))
            .chain(self.goes_at)
            .min()
    }

    /// Looks after files that somebody may have taken away, and tries again what failed: in rooms where that is due
    /// by `until`.
    ///
    /// # Errors
    /// They have been banned meanwhile from their only room, by somebody who did not ring; or they are to go to another
    /// machine now.
    pub fn poll(&mut self, until: Instant, to: &mut dyn Audience) -> Result<(), Bye> {
        if let Flow::Bye(bye) = self.check_log_in_now_and_then(to) {
            return Err(bye);
        }
        if let Flow::Bye(bye) = self.look_at_pass(until, to) {
            return Err(bye);
        }
        self.go_if_time(until)?;
        let is_somewhere = self.stays.all().next().is_some();
        let mut places = self.stays.places();
        if is_somewhere && !places.any(|place| self.stays.is_look_due(place, until)) {
            return Ok(());
        }
        if self.own.as_mut().is_some_and(OwnRooms::reopen_if_replaced) {
            self.stays.watch(Bell::Own);
        }
        self.look_after_channels(until);
        let is_to_go = self.look_at_drain();
        for place in self.stays.places() {
            if !self.stays.is_look_due(place, until) {
                continue;
            }
            let polled = self
                .stays
                .in_room(place, self.visit.many, to, |occupant, sink| {
                    if is_to_go {
                        occupant.have_others_look();
                    }
                    occupant.poll(sink)
                });
            self.stays.set_due(place);
            match polled {
                Some(Ok(replaced)) => self.stays.watch_again(place, &replaced),
                Some(Err(bye)) => {
                    if let Flow::Bye(bye) = self.settle(place, Flow::Bye(bye), to) {
                        return Err(bye);
                    }
                }
                None => {}
            }
        }
        Ok(())
    }
}
