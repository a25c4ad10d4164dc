//! The engine of a site that is on one machine: its records are in order as they come.

use std::sync::Arc;
use std::time::Duration;

use chat_store::cluster::{Answer, Refused, Submission};
use chat_store::fs::dirs::Dirs;
use chat_store::log::origins::Origin;
use chat_store::log::tail::Progress;

use crate::files::Files;
use crate::journal;
use crate::relay::{Relay, Stop, is_expired};
use crate::rooms::{Applied, Entry};

/// Takes what is submitted until it is told to stop.
///
/// # Errors
/// Those of reading the spool, which a restart may mend.
pub fn run(relay: &mut Relay, dirs: &Dirs, keep: Duration) -> std::io::Result<Stop> {
    let parts = relay.parts();
    // Left by an engine of several machines: who finds it there seeks files that others may have.
    match std::fs::remove_file(parts.cluster.personal_bell()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let files = Arc::new(Files::new(dirs, parts.cluster, keep)?);
    parts.rooms.watch_files(&files);
    relay.say_up(true);
    let mut batch = Vec::new();
    loop {
        let progress = relay.spool.read(&mut batch)?;
        let mut answers = Vec::new();
        for submission in batch.drain(..) {
            let number = submission.number;
            let to = submission.answer.clone();
            if let (Some(what), Some(to)) = (take(relay, submission), to) {
                answers.push((to, number, what));
            }
        }
        // Those who are asleep first: who waits for an answer reads the log next.
        relay.ring();
        for (to, number, what) in answers {
            relay.answer(&to, number, what);
        }
        // All are here, and become their messages' now; or were deleted by somebody else.
        for id in files.due(&|_| false) {
            if files.settle(&id) {
                files.nobody_has(&id);
            }
        }
        relay.tick()?;
        if progress == Progress::Idle
            && let Some(stop) = relay.wait()?
        {
            return Ok(stop);
        }
    }
}

/// Appends it where it comes; gives what is to be told, if anything is.
fn take(relay: &mut Relay, submission: Submission) -> Option<Answer> {
    if is_expired(&submission, relay.wait_limit) {
        return Some(Answer::Refused(Refused::Expired));
    }
    let entry = Entry {
        origin: Origin {
            node: relay.node.incarnation.clone(),
            number: submission.number,
        },
        room: submission.room,
        kind: submission.kind,
        from: submission.from,
        attrs: submission.attrs,
        text: submission.text,
        member: submission.member,
        holders: None,
        quiet: submission.quiet,
    };
    match relay.rooms.apply(None, &entry) {
        Ok(Applied::New(id)) => Some(Answer::Stored(id)),
        Ok(Applied::Again(id)) => Some(Answer::Again(id)),
        Ok(Applied::Refused(why)) => Some(Answer::Refused(why)),
        // Before this program was started anew; who waits still finds it in the log.
        Ok(Applied::Known) => None,
        Err(error) => {
            journal::note(format_args!("{}: {error} ({error:?})", entry.room));
            Some(Answer::Refused(Refused::NotWritten))
        }
    }
}
