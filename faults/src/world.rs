//! What there is, by the kernel's own account: processes, mounts, listeners, sockets, cgroups.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A process that runs, of whomever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    pub(crate) role: Role,
    pub(crate) command: String,
}

/// What a process is to a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Pause,
    /// Who attends to a pod of a manifest.
    Attendant,
    /// Who asks its containers whether they are well.
    Prober,
    Supervisor,
    Forwarder,
    /// Who answers the pods of a network.
    Resolver,
    /// Who leads out of an ordinary user's network.
    Pasta,
    /// A command, a workload, or what these have started.
    Other,
}

impl Role {
    /// By its name and its words: what a pod's directory says of it is what is to be examined.
    fn of(name: &str, command: &str) -> Self {
        let words = || command.split(' ');
        match name {
            "pause" => Self::Pause,
            // Its name says for which processor it is.
            _ if words().next().is_some_and(|program| program.ends_with("/pasta")) => Self::Pasta,
            _ if words().any(|word| word == "attend") => Self::Attendant,
            _ if words().any(|word| word == "probe") => Self::Prober,
            _ if words().any(|word| word == "supervise" || word == "supervisor") => Self::Supervisor,
            _ if words().any(|word| word.starts_with("forward")) => Self::Forwarder,
            _ if words().any(|word| word == "resolve") => Self::Resolver,
            _ => Self::Other,
        }
    }
}

/// Every process here but init and ourselves; zombies are no more.
pub(crate) fn processes() -> io::Result<Vec<Process>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if pid != 1 && u32::try_from(pid) != Ok(process::id()) {
            // It may have ended since it was listed.
            found.extend(process_of(pid));
        }
    }
    Ok(found)
}

fn process_of(pid: i32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (head, tail) = stat.rsplit_once(')')?;
    let name = head.split_once('(')?.1;
    let mut fields = tail.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    let parent = fields.next()?.parse().ok()?;
    let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let command = String::from_utf8_lossy(&command).replace('\0', " ").trim().to_owned();
    Some(Process { pid, parent, role: Role::of(name, &command), command })
}

/// The ports that something listens to in our network namespace.
pub(crate) fn listeners() -> io::Result<BTreeSet<u16>> {
    let mut ports = BTreeSet::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let text = match fs::read_to_string(table) {
            // A kernel without IPv6.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            text => text?,
        };
        ports.extend(text.lines().skip(1).filter_map(listening_port));
    }
    Ok(ports)
}

fn listening_port(line: &str) -> Option<u16> {
    let mut fields = line.split_whitespace().skip(1);
    let (local, state) = (fields.next()?, fields.nth(1)?);
    let port = local.rsplit_once(':')?.1;
    (state == "0A").then(|| u16::from_str_radix(port, 16).ok())?
}

/// How many Unix sockets listen in our network namespace.
pub(crate) fn unix_listeners() -> io::Result<usize> {
    let text = fs::read_to_string("/proc/net/unix")?;
    Ok(text.lines().skip(1).filter(|line| line.split_whitespace().nth(3) == Some("00010000")).count())
}

/// How many mounts we see.
pub(crate) fn mounts() -> io::Result<usize> {
    Ok(fs::read_to_string("/proc/self/mountinfo")?.lines().count())
}

/// The links of pods' networks.
pub(crate) fn links() -> io::Result<Vec<String>> {
    let text = fs::read_to_string("/proc/net/dev")?;
    let names = text.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim().to_owned());
    Ok(names.filter(|name| name.starts_with("pod")).collect())
}

/// Removes links and tables of networks whose pods were killed with all that would have removed them.
pub(crate) fn remove_networks() -> io::Result<()> {
    let bridges: Vec<_> = links()?.into_iter().filter(|name| name.starts_with("pod-")).collect();
    for bridge in &bridges {
        Command::new("ip").args(["link", "delete", bridge]).output()?;
    }
    if !bridges.is_empty() {
        for table in tables()? {
            Command::new("/usr/sbin/nft").arg(format!("delete {table}")).output()?;
        }
    }
    Ok(())
}

/// The tables of nft's that are ours; none where there is no nft.
pub(crate) fn tables() -> io::Result<Vec<String>> {
    match Command::new("/usr/sbin/nft").args(["list", "tables"]).output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        told => {
            let told = String::from_utf8_lossy(&told?.stdout).into_owned();
            Ok(told.lines().filter(|line| line.contains("podkit_")).map(str::to_owned).collect())
        }
    }
}

/// The cgroups of this user's that are called by a pod of ours; another run's pods may be called so, too, but for two
/// runs of one user at once.
pub(crate) fn cgroups(name: &str, user: u32) -> Vec<String> {
    let mut found = Vec::new();
    let mut to_see = vec![Path::new("/sys/fs/cgroup").to_owned()];
    while let Some(directory) = to_see.pop() {
        // Others' cgroups come and go.
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                let is_ours = || entry.metadata().is_ok_and(|metadata| metadata.uid() == user);
                if entry.file_name().to_string_lossy().contains(name) && is_ours() {
                    found.push(entry.path().display().to_string());
                }
                to_see.push(entry.path());
            }
        }
    }
    found
}

/// Removes the control groups with this in their names, which who was killed has not, if they are ours.
pub(crate) fn remove_cgroups(name: &str, user: u32) -> io::Result<()> {
    for group in cgroups(name, user) {
        let group = Path::new(&group);
        let within = entries(group).unwrap_or_default().into_iter().map(|entry| group.join(entry));
        for directory in within.filter(|entry| entry.is_dir()).chain([group.to_owned()]) {
            remove_cgroup(&directory)?;
        }
    }
    Ok(())
}

/// Removes an empty control group; its last process may be on its way out.
fn remove_cgroup(directory: &Path) -> io::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(2);
    loop {
        match fs::remove_dir(directory) {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy && Instant::now() < deadline => {
                sleep(Duration::from_millis(1));
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => {
                return Ok(());
            }
            result => return result,
        }
    }
}

/// The names in a directory.
pub(crate) fn entries(directory: &Path) -> io::Result<Vec<String>> {
    let names = fs::read_dir(directory)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    names.collect()
}

/// The first file that is called so, in a directory or below it; what goes away meanwhile is not there.
pub(crate) fn find(directory: &Path, name: &str) -> io::Result<Option<PathBuf>> {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_name() == name {
            return Ok(Some(entry.path()));
        }
        if entry.file_type()?.is_dir()
            && let Some(found) = find(&entry.path(), name)?
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// How many namespaces there are among all processes.
pub(crate) fn namespaces() -> io::Result<usize> {
    let mut seen = BTreeSet::new();
    for process in fs::read_dir("/proc")? {
        let path = process?.path().join("ns");
        for link in fs::read_dir(path).into_iter().flatten().flatten() {
            seen.extend(fs::read_link(link.path()));
        }
    }
    Ok(seen.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_told_from_a_connection() {
        let line = |state: &str| format!("   0: 0100007F:1F90 00000000:0000 {state} 00000000:00000000 00:00000000");
        assert_eq!(listening_port(&line("0A")), Some(8080));
        assert_eq!(listening_port(&line("01")), None);
    }

    #[test]
    fn a_process_is_known_by_its_words() {
        assert_eq!(Role::of("pause", "pause"), Role::Pause);
        assert_eq!(Role::of("pod", "pod supervise web 80"), Role::Supervisor);
        assert_eq!(Role::of("pod", "pod attend default web"), Role::Attendant);
        assert_eq!(Role::of("sleep", "sleep 1000"), Role::Other);
    }
}
