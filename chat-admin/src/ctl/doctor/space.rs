//! Room on the disks: bytes and inodes.

use std::path::Path;

use rustix::fs::statvfs;

use super::sheet::Sheet;
use chat_handler::settings::Settings;
use chat_store::quota;

/// Less than so many percent free is worth a warning, and less than the second an error.
const FEW_PERCENT: (u64, u64) = (5, 1);
/// A disk that has so much left is not full, however large it is.
const ENOUGH_BYTES: u64 = 20 << 30;
/// So many inodes are enough.
const ENOUGH_INODES: u64 = 1_000_000;

pub(super) fn look(settings: &Settings, sheet: &mut Sheet) {
    let mut seen = Vec::new();
    for dir in [&settings.base_dir, &settings.run_dir] {
        let Ok(disk) = statvfs(dir) else { continue };
        if seen.contains(&disk.f_fsid) {
            continue;
        }
        seen.push(disk.f_fsid);
        let shown = dir.display();
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let all = disk.f_blocks.saturating_mul(disk.f_frsize);
        let mend = "delete what is not needed, or chatctl expire --older-than=AGE";
        let text = format!("{shown}: {} of {} MiB are free", free >> 20, all >> 20);
        judge(sheet, "disk", (free, all, ENOUGH_BYTES), text, mend);
        // Some file systems make inodes as they need them, and say 0.
        if disk.f_files > 0 {
            let text = format!(
                "{shown}: {} of {} inodes are free",
                disk.f_favail, disk.f_files
            );
            let mend =
                "many small files: chatctl rooms, chatctl expire; another file system has more";
            let numbers = (disk.f_favail, disk.f_files, ENOUGH_INODES);
            judge(sheet, "inodes", numbers, text, mend);
        }
    }
    if let Some(max) = settings.limits.disk_max {
        used(settings, max, sheet);
    }
}

fn judge(
    sheet: &mut Sheet,
    check: &'static str,
    (free, all, enough): (u64, u64, u64),
    text: String,
    mend: &str,
) {
    let is_below = |percent: u64| free < enough && free < all / 100 * percent;
    if free == 0 || is_below(FEW_PERCENT.1) {
        sheet.error(check, text, mend);
    } else if is_below(FEW_PERCENT.0) {
        sheet.warn(check, text, mend);
    } else {
        sheet.good(check, text);
    }
}

/// `DISK_MAX`.
fn used(settings: &Settings, max: u64, sheet: &mut Sheet) {
    let Ok(bytes) = quota::measure(&settings.dirs()) else {
        return;
    };
    let text = format!("{bytes} bytes of DISK_MAX={max} are used");
    let mend = "raise DISK_MAX in chat.ini, or chatctl expire --older-than=AGE";
    if bytes >= max {
        sheet.error("disk", format!("{text}: messages are not saved"), mend);
    } else if bytes >= max / 10 * 9 {
        sheet.warn("disk", text, mend);
    } else {
        sheet.good("disk", text);
    }
}

/// Whether `dir` is on a disk that can be written.
pub(super) fn is_read_only(dir: &Path) -> bool {
    statvfs(dir).is_ok_and(|disk| disk.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
}
