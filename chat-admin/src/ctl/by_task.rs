//! What is done on all machines of a site, because one of them was told to: up to which record.

use chat_handler::settings::{Engine, Settings};
use chat_store::cluster::tasks;
use chat_store::record::RecordId;

use super::{Failure, record_id};

/// What a machine has of its own is dated by its own clock. If that is further from the engine's, in microseconds, its
/// administrator is told.
const SKEW: u64 = 2_000_000;

/// How another machine's relay has it done.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct ByTask {
    /// On this machine alone: another one has told it to
    #[arg(long, hide = true)]
    pub(super) here: bool,
    /// The last record that is meant
    #[arg(long, hide = true, requires = "here", value_name = "ID", value_parser = record_id)]
    pub(super) until: Option<RecordId>,
}

impl ByTask {
    /// Has the other machines do it by `words`, unless one of them has told this one to; the last record that is meant,
    /// the same for all. `None`: all are, there is no other machine.
    pub(super) fn give(
        self,
        settings: &Settings,
        words: &[&str],
    ) -> Result<Option<RecordId>, Failure> {
        let is_alone = |engine: &Engine| matches!(engine, Engine::Local);
        let cluster = settings.cluster.as_ref();
        if self.here || cluster.is_none_or(|it| is_alone(&it.engine)) {
            return Ok(self.until);
        }
        Ok(tasks::give(&settings.dirs(), words)?)
    }

    /// The last of what this machine has dated itself, where `last` is the last record of the rooms.
    pub(super) fn by_own_clock(self, last: RecordId) -> RecordId {
        let last = RecordId::from_micros(last.as_micros().saturating_add(SKEW));
        if self.here {
            last
        } else {
            last.max(RecordId::now())
        }
    }
}
