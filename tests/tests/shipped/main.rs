//! What is shipped: documents, licenses, configurations, what `make install` and the Debian package put on a machine.

mod alone;
mod configuration;
mod confined;
mod doctor;
mod documents;
mod guessing;
mod image;
mod installed;
mod licenses;
mod machines;
mod migration;
mod prometheus;
mod release;
mod upgrade;
