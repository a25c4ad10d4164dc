//! What makes one chat of several machines. What a machine's people submit ([`chat_store::cluster`]) is put in order by
//! an [`engine`] that all machines share, and written to the machine's [`rooms`] in that order: so each machine's logs
//! have the same records, under the same ids.

pub mod channels;
pub mod cli;
pub mod engine;
pub mod files;
pub mod journal;
pub mod lock_file;
pub mod machines;
pub mod members;
pub mod node;
pub mod orders;
pub mod relay;
pub mod rooms;
pub mod said;
pub mod spool;
pub mod supervisor;
pub mod sweeper;
pub mod targets;
pub mod tasks;
