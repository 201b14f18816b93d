//! What `/proc` tells of a process.

use std::fs;
use std::time::Duration;

use crate::Failure;
use crate::machine::{TICKS, ticks_of};

/// Memory of a process, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resident {
    pub(crate) now: u64,
    /// The most since [`forget_peak`].
    pub(crate) peak: u64,
}

impl Resident {
    pub(crate) fn of(pid: u32) -> Result<Self, Failure> {
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let kilobytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok())
        };
        let now = kilobytes("VmRSS:").ok_or("the process is gone")?;
        let peak = kilobytes("VmHWM:").unwrap_or(now);
        Ok(Self { now: now * 1024, peak: peak * 1024 })
    }
}

/// Processor time that it has used so far, on hundredths of a second.
pub(crate) fn processor_time(pid: u32) -> Result<Duration, Failure> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let ticks = ticks_of(&stat, pid.into()).ok_or("no processor time")?;
    Ok(Duration::from_secs_f64(ticks as f64 / TICKS))
}

/// Lets the peak of a process begin anew.
pub(crate) fn forget_peak(pid: u32) {
    // Where the kernel does not offer it, the peak is that since the start.
    let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
}
