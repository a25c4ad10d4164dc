//! What this machine is called in records.

use std::io;
use std::path::Path;

use chat_store::fs::file;
use chat_store::record::RecordId;

/// The most that is read of the file, in bytes.
const MAX_BYTES: u64 = 128;

/// `NAME~RANDOM`, made once and kept in the spool: a wiped spool is a new machine, whose numbers may start anew.
///
/// # Errors
/// Those of reading and writing the file.
pub fn incarnation(spool: &Path, name: &str) -> io::Result<String> {
    let path = spool.join("node");
    let known = file::read_whole(&path, MAX_BYTES)?;
    let known = String::from_utf8_lossy(&known).trim_end().to_owned();
    if known.split_once('~').is_some_and(|(of, _)| of == name) {
        return Ok(known);
    }
    // One machine makes one at a time, and no two have the same name.
    let made = format!("{name}~{:x}", RecordId::now().as_micros());
    file::replace(&path, format!("{made}\n").as_bytes())?;
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_keeps_its_incarnation_and_gets_another_with_another_name() {
        let dir = tempfile::tempdir().unwrap();
        let first = incarnation(dir.path(), "a").unwrap();
        assert!(first.starts_with("a~"));
        assert_eq!(incarnation(dir.path(), "a").unwrap(), first);
        assert!(incarnation(dir.path(), "b").unwrap().starts_with("b~"));
    }
}
