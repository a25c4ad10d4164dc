//! The TLS configuration from PEM files, and the handshake with its time limit.
