//! What the figures were measured on.

use std::fs;

/// Lines of a list.
pub fn describe() -> Vec<String> {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find(|line| line.starts_with("model name"))
        .and_then(|line| line.split_once(':'))
        .map_or("unknown", |(_, model)| model.trim());
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let uname = rustix::system::uname();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory.lines().next().unwrap_or("MemTotal: unknown");
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    vec![
        format!("CPU: {model}, {cores} cores"),
        format!(
            "kernel: {} {}",
            uname.sysname().to_string_lossy(),
            uname.release().to_string_lossy()
        ),
        memory
            .split_ascii_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
        format!(
            "open files: {}",
            limit
                .current
                .map_or("unlimited".to_owned(), |n| n.to_string())
        ),
    ]
}

/// The load average of the last minute.
pub fn load_average() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let first = text.split_ascii_whitespace().next();
    first.and_then(|load| load.parse().ok()).unwrap_or(f64::NAN)
}
