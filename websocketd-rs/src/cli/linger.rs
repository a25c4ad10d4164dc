//! The flags of sessions that outlive their connection.

/// Sessions that outlive their connection.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Dropped connections")]
pub struct LingerFlags {
    /// Milliseconds that a program is kept when its client's connection is lost, for clients that ask for it (htdocs/js/linger.js
    /// does): the client comes again, and nothing is lost nor comes twice. 0: no time
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub linger: u64,
    /// Bytes that such a client has not acknowledged before its program waits
    #[arg(long, value_name = "BYTES", default_value_t = 262_144)]
    pub lingerbytes: u64,
    /// Bytes that wait for all such clients together before programs whose client is away wait
    #[arg(long, value_name = "BYTES", default_value_t = 67_108_864)]
    pub lingertotal: u64,
}
