//! How many processes and files the kernel and systemd let the whole chat have.

use std::path::Path;

use super::sheet::Sheet;

/// Open files of a session: the daemon's, and those of its program (docs/operations.md, "What a session costs").
const FILES: u64 = 4 + 12;
/// Processes of the machine itself.
const OTHERS: u64 = 1000;

/// Of a daemon that lets `people` in. `root` is where /proc and /sys are.
pub(super) fn look(pid: u32, people: u64, root: &Path, sheet: &mut Sheet) {
    let number = |path: &str| read_number(&root.join(path));
    let limits = [
        ("proc/sys/kernel/pid_max", "kernel.pid_max", people + OTHERS),
        (
            "proc/sys/kernel/threads-max",
            "kernel.threads-max",
            people + OTHERS,
        ),
        (
            "proc/sys/fs/file-max",
            "fs.file-max",
            people * FILES + OTHERS,
        ),
    ];
    for (path, name, wanted) in limits {
        let Some(allowed) = number(path).filter(|allowed| *allowed < wanted) else {
            continue;
        };
        sheet.error(
            "limits",
            format!("{name}: {allowed}, maxforks={people} needs {wanted}"),
            format!("sysctl -w {name}={wanted}, and for good in /etc/sysctl.d/; or lower maxforks"),
        );
    }
    let wanted = people + people / 10;
    if let Some((allowed, group)) = tasks(pid, root).filter(|(allowed, _)| *allowed < wanted) {
        sheet.error(
            "limits",
            format!("{group}: {allowed} processes, maxforks={people} needs {wanted}"),
            format!("systemctl edit websocketd-rs: TasksMax={wanted}; or lower maxforks"),
        );
    }
}

/// The least `pids.max` of a process's control group and those above it (cgroup v2), and which one that is.
fn tasks(pid: u32, root: &Path) -> Option<(u64, String)> {
    let text = std::fs::read_to_string(root.join(format!("proc/{pid}/cgroup"))).ok()?;
    let own = text.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let mounted = root.join("sys/fs/cgroup");
    let all = Path::new(own).ancestors();
    let limited = all.filter_map(|group| {
        let allowed = read_number(&mounted.join(group).join("pids.max"))?;
        Some((allowed, format!("/{}", group.display())))
    });
    limited.min()
}

/// `None`: it is not there, or has no limit.
fn read_number(path: &Path) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_least_of_all_groups_holds() {
        let root = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put("proc/7/cgroup", "0::/system.slice/chat.service\n");
        put("sys/fs/cgroup/system.slice/pids.max", "300\n");
        put("sys/fs/cgroup/system.slice/chat.service/pids.max", "max\n");
        assert_eq!(
            tasks(7, root.path()),
            Some((300, "/system.slice".to_owned()))
        );
        assert_eq!(tasks(8, root.path()), None);
        put("proc/sys/kernel/pid_max", "32768\n");
        put("proc/sys/fs/file-max", "9223372036854775807\n");
        let said = |people| {
            let mut sheet = Sheet::default();
            look(7, people, root.path(), &mut sheet);
            sheet.report().parts().0
        };
        assert!(said(250).contains("nothing is wrong"), "{}", said(250));
        let many = said(40_000);
        assert!(
            many.contains("kernel.pid_max: 32768, maxforks=40000 needs 41000"),
            "{many}"
        );
        assert!(many.contains("TasksMax=44000"), "{many}");
        assert!(!many.contains("file-max"), "{many}");
    }
}
