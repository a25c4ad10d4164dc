//! Arguments as typed: websocketd's flags, parsed as Go's `flag` package parses them.
