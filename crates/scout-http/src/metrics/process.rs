//! The process' own metrics, as Linux tells them; elsewhere there are none.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::sync::OnceLock;

use super::exposition::{Exposition, Kind};

/// Keys of the auxiliary vector.
const AUXV_PAGE_SIZE: u64 = 6;
const AUXV_CLOCK_TICKS: u64 = 17;

/// What does not change while the process runs.
#[derive(Debug)]
struct Constants {
    page_bytes: u64,
    ticks_per_second: u64,
    started_at_seconds: Option<f64>,
    max_fds: Option<u64>,
}

/// Reads what the system knows about this process.
#[derive(Debug, Default)]
pub(crate) struct Process {
    /// Kept open: read from its start, it is written anew.
    stat: OnceLock<Option<File>>,
    constants: OnceLock<Option<Constants>>,
}

/// The numbers of `/proc/self/stat` that are shown.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    cpu_ticks: u64,
    start_ticks: u64,
    virtual_bytes: u64,
    resident_pages: u64,
}

impl Process {
    /// Writes what is known.
    pub(crate) fn write(&self, out: &mut Exposition) {
        let Some(stat) = self.stat() else { return };
        let Some(constants) = self.constants.get_or_init(|| Constants::read(&stat)) else { return };
        let cpu = seconds(stat.cpu_ticks, constants.ticks_per_second);
        let gauge = Kind::Gauge;
        out.single(
            "process_cpu_seconds_total",
            Kind::Counter,
            "Total user and system CPU time spent in seconds.",
            cpu,
        );
        if let Some(max) = constants.max_fds {
            out.single("process_max_fds", gauge, "Maximum number of open file descriptors.", max);
        }
        if let Some(open) = open_fds() {
            out.single("process_open_fds", gauge, "Number of open file descriptors.", open);
        }
        let resident = stat.resident_pages * constants.page_bytes;
        out.single("process_resident_memory_bytes", gauge, "Resident memory size in bytes.", resident);
        if let Some(started) = constants.started_at_seconds {
            let help = "Start time of the process since unix epoch in seconds.";
            out.single("process_start_time_seconds", gauge, help, started);
        }
        let help = "Virtual memory size in bytes.";
        out.single("process_virtual_memory_bytes", gauge, help, stat.virtual_bytes);
    }
}

impl Process {
    fn stat(&self) -> Option<Stat> {
        let file = self.stat.get_or_init(|| File::open("/proc/self/stat").ok()).as_ref()?;
        // 52 numbers and a name.
        let mut buffer = [0; 2048];
        let length = file.read_at(&mut buffer, 0).ok()?;
        Stat::parse(str::from_utf8(&buffer[..length]).ok()?)
    }
}

impl Constants {
    fn read(stat: &Stat) -> Option<Self> {
        let auxv = fs::read("/proc/self/auxv").ok()?;
        let ticks_per_second = auxiliary(&auxv, AUXV_CLOCK_TICKS)?;
        let booted = fs::read_to_string("/proc/stat").ok().as_deref().and_then(boot_time);
        let limits = fs::read_to_string("/proc/self/limits").ok();
        Some(Self {
            page_bytes: auxiliary(&auxv, AUXV_PAGE_SIZE)?,
            ticks_per_second,
            started_at_seconds: booted.map(|booted| booted + seconds(stat.start_ticks, ticks_per_second)),
            max_fds: limits.as_deref().and_then(max_open_files),
        })
    }
}

/// How many files are open. Kernels from 6.2 on say it as the folder's size, others let one count.
fn open_fds() -> Option<u64> {
    let folder = "/proc/self/fd";
    match fs::metadata(folder).ok()?.len() {
        // Without the descriptor that this very look takes.
        0 => fs::read_dir(folder).ok().map(|open| open.count().saturating_sub(1) as u64),
        open => Some(open),
    }
}

#[expect(clippy::cast_precision_loss, reason = "ticks are hundredths of a second")]
fn seconds(ticks: u64, per_second: u64) -> f64 {
    ticks as f64 / per_second.max(1) as f64
}

impl Stat {
    fn parse(text: &str) -> Option<Self> {
        // The program's name stands in parentheses and may hold any character.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        // Counted from the third field on, the first after the name.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            cpu_ticks: field(14)? + field(15)?,
            start_ticks: field(22)?,
            virtual_bytes: field(23)?,
            resident_pages: field(24)?,
        })
    }
}

/// A value of the auxiliary vector: pairs of machine words.
fn auxiliary(vector: &[u8], key: u64) -> Option<u64> {
    const WORD: usize = size_of::<usize>();
    let word = |bytes: &[u8]| bytes.try_into().ok().map(usize::from_ne_bytes).map(|word| word as u64);
    vector
        .chunks_exact(2 * WORD)
        .find(|pair| word(&pair[..WORD]) == Some(key))
        .and_then(|pair| word(&pair[WORD..]))
}

/// When the machine started, in seconds since the epoch.
fn boot_time(stat: &str) -> Option<f64> {
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

/// The soft limit on open files; `None` where there is none.
fn max_open_files(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_name_with_parentheses_and_spaces_shifts_no_field() {
        let text = "7 (a) b (c) S 1 7 7 0 -1 4194304 100 0 0 0 12 34 0 0 20 0 3 0 5678 9000 21 1844 1 1";
        let expected = Stat { cpu_ticks: 46, start_ticks: 5678, virtual_bytes: 9000, resident_pages: 21 };
        assert_eq!(Stat::parse(text), Some(expected));
        assert_eq!(Stat::parse("junk"), None);
    }

    #[test]
    fn limits_and_boot_time_are_found_in_their_lines() {
        let limits = "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 4096    files\n";
        assert_eq!(max_open_files(limits), Some(1024));
        assert_eq!(max_open_files("Max open files  unlimited  unlimited  files"), None);
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
