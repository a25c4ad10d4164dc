//! What this machine is called in records.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use chat_store::fs::file;
use chat_store::record::RecordId;

/// The most that is read of each file, in bytes.
const MAX_BYTES: u64 = 512;

/// A machine, as others know it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// `NAME~RANDOM`.
    pub incarnation: String,
    /// That, and what tells a copy of its files from them: another file has another inode.
    pub lease: String,
    /// What it was before, if it is known: the lease of then.
    pub former: String,
    /// The last submission of before: an engine may have had it under the former name, and nobody waits for it.
    pub former_last: RecordId,
}

/// Which machine this is, by the files of its spool: made once and kept. A wiped spool is a new machine, whose numbers may
/// start anew.
///
/// With `boot`, what tells this boot from others, one that went down is a new machine, too. What it had not synced is gone,
/// its last numbers among it: who took others would hide from the rest that there were some. So is one whose spool ends
/// (`last`) before what was taken of it (`taken`): its clock may be behind those numbers, and what it said would be thought
/// known.
///
/// # Errors
/// Those of reading and writing the files.
pub fn of(
    spool: &Path,
    name: &str,
    boot: Option<&str>,
    (taken, last): (RecordId, RecordId),
) -> io::Result<Node> {
    let (path, boot_path) = (spool.join("node"), spool.join("boot"));
    let incarnation = read(&path)?;
    let is_ours = incarnation
        .split_once('~')
        .is_some_and(|(of, _)| of == name);
    // BOOT LAST FORMER-LEASE
    let kept = read(&boot_path)?;
    let mut kept = kept.splitn(3, ' ').map(str::to_owned);
    let kept_boot = kept.next().filter(|it| !it.is_empty());
    let kept_last = kept.next().unwrap_or_default();
    let mut node = Node {
        former_last: RecordId::parse(kept_last.as_bytes()).unwrap_or_default(),
        former: kept.next().unwrap_or_default(),
        ..Node::default()
    };
    let is_same_boot = match (boot, &kept_boot) {
        (Some(boot), Some(kept)) => boot == kept,
        // One of a version that kept none has lost nothing that it knows of.
        _ => true,
    };
    let is_another = !is_ours || !is_same_boot || taken > last;
    node.incarnation = incarnation;
    if is_another {
        node.former = if is_ours {
            lease(&node.incarnation, &path)?
        } else {
            String::new()
        };
        node.former_last = last;
        // One machine makes one at a time, and no two have the same name.
        node.incarnation = format!("{name}~{:x}", RecordId::now().as_micros());
        file::replace(&path, format!("{}\n", node.incarnation).as_bytes())?;
    }
    if let Some(boot) = boot
        && (is_another || kept_boot.is_none())
    {
        let text = format!("{boot} {} {}\n", node.former_last, node.former);
        file::replace(&boot_path, text.as_bytes())?;
    }
    node.lease = lease(&node.incarnation, &path)?;
    Ok(node)
}

/// What the kernel calls this boot.
///
/// # Errors
/// Those of reading it.
pub fn boot() -> io::Result<String> {
    // Not `read_whole`: it reads as much as a file has, and those of /proc say 0.
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    Ok(boot.trim_end().to_owned())
}

fn read(path: &Path) -> io::Result<String> {
    let text = file::read_whole(path, MAX_BYTES)?;
    Ok(String::from_utf8_lossy(&text).trim_end().to_owned())
}

fn lease(incarnation: &str, path: &Path) -> io::Result<String> {
    Ok(format!("{incarnation}/{}", std::fs::metadata(path)?.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: RecordId = RecordId::from_micros(1_796_000_000_000_000);

    fn at(spool: &Path, name: &str, boot: Option<&str>) -> Node {
        of(spool, name, boot, (LAST, LAST)).unwrap()
    }

    #[test]
    fn a_machine_whose_spool_lost_what_was_taken_of_it_is_another_one() {
        let dir = tempfile::tempdir().unwrap();
        for boot in [None, Some("b1")] {
            let first = at(dir.path(), "a", boot);
            let cut = of(dir.path(), "a", boot, (LAST, LAST.previous())).unwrap();
            assert_ne!(cut.incarnation, first.incarnation);
            assert_eq!(
                (&cut.former, cut.former_last),
                (&first.lease, LAST.previous())
            );
            assert_eq!(at(dir.path(), "a", boot).incarnation, cut.incarnation);
        }
    }

    #[test]
    fn a_machine_keeps_its_incarnation_and_gets_another_with_another_name() {
        let dir = tempfile::tempdir().unwrap();
        let first = at(dir.path(), "a", None);
        assert!(first.incarnation.starts_with("a~"));
        assert_eq!(at(dir.path(), "a", None).lease, first.lease);
        // Its engine was itself, or an earlier version did not keep it.
        let with_boot = at(dir.path(), "a", Some("b1"));
        assert_eq!(with_boot.incarnation, first.incarnation);
        let renamed = at(dir.path(), "b", Some("b1"));
        assert!(renamed.incarnation.starts_with("b~"));
        assert_eq!((renamed.former, renamed.former_last), (String::new(), LAST));
    }

    #[test]
    fn after_another_boot_a_machine_is_another_and_knows_which_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let first = at(dir.path(), "a", Some("b1"));
        assert_eq!(at(dir.path(), "a", Some("b1")).lease, first.lease);
        let second = at(dir.path(), "a", Some("b2"));
        assert_ne!(second.incarnation, first.incarnation);
        assert_eq!((&second.former, second.former_last), (&first.lease, LAST));
        assert_eq!(at(dir.path(), "a", Some("b2")), second);
        assert_eq!(at(dir.path(), "a", None), second);
    }
}
