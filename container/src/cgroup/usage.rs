//! What a group uses, as the kernel counts it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::error::Error;
use super::oom::{counter, kills_in};
use super::{Cgroup, Directory};
use crate::limits::{Controller, Version};

/// What a group uses; what nobody counts is not told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Memory that is charged to it, in bytes.
    pub memory: Option<u64>,
    /// Of that what cannot be taken away easily: without files that nobody has used for a while.
    pub working_set: Option<u64>,
    /// The most memory that it may have; none where it is not limited.
    pub memory_limit: Option<u64>,
    /// Processor time since it was made.
    pub cpu: Option<Duration>,
    /// Processes and threads.
    pub pids: Option<u64>,
    /// How many were killed because its memory had run out.
    pub oom_kills: Option<u64>,
}

impl Cgroup {
    /// A group that was made before, by the directories that it has. Those that are not there are
    /// left out.
    ///
    /// # Errors
    /// When one cannot be opened.
    pub fn again(directories: &[PathBuf]) -> Result<Self, Error> {
        let mut found = Vec::new();
        for path in directories.iter().filter(|path| path.is_dir()) {
            let held = std::fs::File::open(path).map_err(|source| Error::Read { path: path.clone(), source })?.into();
            // The files of each version tell which one it is.
            let version = if path.join("cgroup.type").exists() { Version::Two } else { Version::One };
            let mut directory = Directory { version, controllers: Vec::new(), path: path.clone(), held };
            directory.controllers = match version {
                Version::Two => directory.read("cgroup.controllers")?.split_whitespace().map(str::to_owned).collect(),
                Version::One => by_files(path),
            };
            found.push(directory);
        }
        Ok(Self { directories: found })
    }

    /// What it uses now.
    ///
    /// # Errors
    /// When it is gone, or what is said there is not understood.
    pub fn usage(&self) -> Result<Usage, Error> {
        let mut usage = Usage::default();
        if let Some(directory) = self.of(Controller::Memory) {
            let number = |name| directory.read(name).map(|text| text.trim().parse::<u64>().ok());
            let (current, limit, inactive) = match directory.version {
                Version::One => ("memory.usage_in_bytes", "memory.limit_in_bytes", "total_inactive_file"),
                Version::Two => ("memory.current", "memory.max", "inactive_file"),
            };
            usage.memory = number(current)?;
            // Version 1 has a number for no limit: the largest multiple of a page.
            usage.memory_limit = number(limit)?.filter(|limit| *limit < i64::MAX as u64 & !0xf_ffff);
            let inactive = field(&directory.read("memory.stat")?, inactive);
            usage.working_set = usage.memory.map(|memory| memory.saturating_sub(inactive.unwrap_or(0)));
            usage.oom_kills = kills_in(&directory.read(counter(directory.version))?);
        }
        usage.cpu = self.cpu()?;
        if let Some(directory) = self.of(Controller::Pids) {
            usage.pids = directory.read("pids.current")?.trim().parse().ok();
        }
        Ok(usage)
    }

    /// The unified hierarchy counts everybody's time, whoever has the controller.
    fn cpu(&self) -> Result<Option<Duration>, Error> {
        if let Some(directory) = self.unified() {
            let micros = field(&directory.read("cpu.stat")?, "usage_usec");
            return Ok(micros.map(Duration::from_micros));
        }
        match self.directories.iter().find(|directory| directory.has("cpuacct")) {
            Some(directory) => Ok(directory.read("cpuacct.usage")?.trim().parse().ok().map(Duration::from_nanos)),
            None => Ok(None),
        }
    }
}

fn by_files(path: &Path) -> Vec<String> {
    let marks = [
        ("memory", "memory.usage_in_bytes"),
        ("cpu", "cpu.shares"),
        ("cpuacct", "cpuacct.usage"),
        ("pids", "pids.current"),
        ("cpuset", "cpuset.cpus"),
        ("blkio", "blkio.reset_stats"),
    ];
    marks.into_iter().filter(|(_, file)| path.join(file).exists()).map(|(name, _)| name.to_owned()).collect()
}

/// The number of a line `NAME NUMBER`.
fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let text = "usage_usec_x 1\nusage_usec 2500\nuser_usec 3\n";
        for (name, value) in [("usage_usec", Some(2500)), ("usage", None), ("user_usec", Some(3)), ("none", None)] {
            assert_eq!(field(text, name), value, "{name}");
        }
    }
}
