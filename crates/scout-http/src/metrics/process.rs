//! The process' own metrics, as Linux tells them; elsewhere there are none.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::sync::OnceLock;

use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::exposition::{Exposition, Kind};

/// Reads what the system knows about this process.
///
/// Files are kept open, and read from their start each time: finding them costs more than reading them.
#[derive(Debug, Default)]
pub(crate) struct Process {
    memory: OnceLock<Option<File>>,
    descriptors: OnceLock<Option<File>>,
    started_at_seconds: OnceLock<Option<f64>>,
}

/// The numbers of `/proc/self/statm` that are shown. `/proc/self/stat` has them too, but has Linux visit every thread.
#[derive(Debug, PartialEq, Eq)]
struct Memory {
    virtual_pages: u64,
    resident_pages: u64,
}

impl Process {
    /// Writes what is known.
    pub(crate) fn write(&self, out: &mut Exposition) {
        let Some(memory) = self.memory() else { return };
        let page_bytes = page_size() as u64;
        let gauge = Kind::Gauge;
        out.single(
            "process_cpu_seconds_total",
            Kind::Counter,
            "Total user and system CPU time spent in seconds.",
            cpu_seconds(),
        );
        if let Some(max) = getrlimit(Resource::Nofile).current {
            out.single("process_max_fds", gauge, "Maximum number of open file descriptors.", max);
        }
        if let Some(open) = self.open_fds() {
            out.single("process_open_fds", gauge, "Number of open file descriptors.", open);
        }
        let resident = memory.resident_pages * page_bytes;
        out.single("process_resident_memory_bytes", gauge, "Resident memory size in bytes.", resident);
        if let Some(started) = self.started_at_seconds.get_or_init(started_at_seconds) {
            let help = "Start time of the process since unix epoch in seconds.";
            out.single("process_start_time_seconds", gauge, help, started);
        }
        let help = "Virtual memory size in bytes.";
        out.single("process_virtual_memory_bytes", gauge, help, memory.virtual_pages * page_bytes);
    }

    fn memory(&self) -> Option<Memory> {
        let file = self.memory.get_or_init(|| File::open("/proc/self/statm").ok()).as_ref()?;
        // Seven numbers.
        let mut buffer = [0; 256];
        let length = file.read_at(&mut buffer, 0).ok()?;
        Memory::parse(str::from_utf8(&buffer[..length]).ok()?)
    }

    /// How many files are open. Kernels from 6.2 on say it as the folder's size, others let one count.
    fn open_fds(&self) -> Option<u64> {
        let folder = "/proc/self/fd";
        let file = self.descriptors.get_or_init(|| File::open(folder).ok()).as_ref()?;
        match file.metadata().ok()?.len() {
            // Without the descriptor that this very look takes.
            0 => fs::read_dir(folder).ok().map(|open| open.count().saturating_sub(1) as u64),
            open => Some(open),
        }
    }
}

impl Memory {
    fn parse(text: &str) -> Option<Self> {
        let mut fields = text.split_ascii_whitespace().map(|field| field.parse().ok());
        Some(Self { virtual_pages: fields.next()??, resident_pages: fields.next()?? })
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact for millions of years")]
fn cpu_seconds() -> f64 {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    spent.tv_sec as f64 + spent.tv_nsec as f64 / 1e9
}

/// When the process started, in seconds since the epoch.
fn started_at_seconds() -> Option<f64> {
    let booted = boot_time(&fs::read_to_string("/proc/stat").ok()?)?;
    let ticks = start_ticks(&fs::read_to_string("/proc/self/stat").ok()?)?;
    #[expect(clippy::cast_precision_loss, reason = "ticks are hundredths of a second")]
    let after_boot = ticks as f64 / clock_ticks_per_second() as f64;
    Some(booted + after_boot)
}

/// When the process started, in clock ticks since the machine did.
fn start_ticks(stat: &str) -> Option<u64> {
    // The program's name stands in parentheses and may hold any character. The field after it is the third of 52.
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(22 - 3)?.parse().ok()
}

/// When the machine started, in seconds since the epoch.
fn boot_time(stat: &str) -> Option<f64> {
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_name_with_parentheses_and_spaces_shifts_no_field() {
        let text = "7 (a) b (c) S 1 7 7 0 -1 4194304 100 0 0 0 12 34 0 0 20 0 3 0 5678 9000 21 1844 1 1";
        assert_eq!(start_ticks(text), Some(5678));
        assert_eq!(start_ticks("junk"), None);
    }

    #[test]
    fn memory_and_boot_time_are_found() {
        let memory = Memory { virtual_pages: 5678, resident_pages: 21 };
        assert_eq!(Memory::parse("5678 21 7 1 0 9 0\n"), Some(memory));
        assert_eq!(Memory::parse("5678"), None);
        assert_eq!(boot_time("cpu 1 2\nbtime 1700000000\n"), Some(1.7e9));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_tells_all_of_them_and_they_are_plausible() {
        let mut out = Exposition::default();
        Process::default().write(&mut out);
        let text = Exposition::join(&[&out]);
        let value = |name: &str| -> f64 {
            let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
            line.and_then(|line| line.rsplit_once(' '))
                .unwrap_or_else(|| panic!("no {name}"))
                .1
                .parse()
                .unwrap()
        };
        assert!((1e6..1e10).contains(&value("process_resident_memory_bytes")));
        assert!(value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"));
        assert!((3.0..1000.0).contains(&value("process_open_fds")));
        assert!(value("process_max_fds") >= value("process_open_fds"));
        assert!(value("process_start_time_seconds") > 1.6e9);
        assert!(value("process_cpu_seconds_total") >= 0.0);
    }
}
