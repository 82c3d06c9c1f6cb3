//! A way out by pasta: a process that carries what somebody's network sends over sockets of ours, without a right of
//! its own on the machine.
//!
//! It is given the network by a descriptor and not by a name: as root it has given up the right to look at other
//! processes before it opens one. It does not look for the network's end (which it could not see of /proc), so who
//! starts it sees to its own.
//!
//! # References
//! pasta(1)

use std::fs::File;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use launch::{Child, Parent};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::fs::{MemfdFlags, SealFlags};
use rustix::pipe::PipeFlags;

use crate::program::Foreign;

/// Where a network finds the machine's own name server, wherever that is: an address of no network.
pub const NAME_SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 1, 1));
/// What its link is called.
pub const INTERFACE: &str = "eth0";
/// The longest packet of that.
pub const MTU: u32 = 65_520;
/// The device that it makes links by.
const TUN: &str = "/dev/net/tun";
/// How long it may take to begin.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much of its complaints is kept.
const COMPLAINTS: u64 = 1 << 14;

/// There is no way out by pasta.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PastaError {
    /// The program is not there.
    #[error("no program pasta in PATH")]
    NoProgram,
    /// Links cannot be made by whoever we are.
    #[error("cannot open {TUN}")]
    Tun(#[source] io::Error),
    /// It cannot be executed.
    #[error("cannot execute pasta")]
    Launch(#[source] Box<launch::Error>),
    /// Something that it needs could not be had.
    #[error("cannot {operation} pasta")]
    Need {
        /// What was to be done.
        operation: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It has ended.
    #[error("pasta: {0}")]
    Refused(String),
    /// It has said nothing.
    #[error("pasta was killed: it had not begun after {} s", PATIENCE.as_secs())]
    Slow,
}

impl PastaError {
    /// What is nearly always the reason, where one thing is.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoProgram => Some("it is in the package passt"),
            Self::Tun(_) => Some("everybody may open it on most machines: its mode is 0666"),
            _ => None,
        }
    }
}

/// The program, where a way out by it can be had at all.
///
/// # Errors
/// There is none, or it could make no link.
pub fn find() -> Result<PathBuf, PastaError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|directory| directory.join("pasta")).find(|path| path.is_file());
    let found = found.ok_or(PastaError::NoProgram)?;
    File::options().read(true).write(true).open(TUN).map_err(PastaError::Tun)?;
    Ok(found)
}

/// Whether it answers each neighbour by itself that sends through its network: before 2024 it answered whoever
/// had sent last, so that only one may be seen to send.
#[must_use]
pub fn tells_neighbours_apart(program: &Path) -> bool {
    // It has no word for it. This option is of the next version after it had learned to.
    const SINCE: &[u8] = b"--map-guest-addr";
    let told = std::process::Command::new(program).arg("--help").stdin(Stdio::null()).output();
    told.is_ok_and(|told| [told.stdout, told.stderr].iter().any(|text| text.windows(SINCE.len()).any(|it| it == SINCE)))
}

/// The network that is to have a way out.
#[derive(Debug)]
pub struct Inside<'a> {
    /// The network.
    pub network: OwnedFd,
    /// The user namespace that it belongs to, where that is not for root to enter.
    pub users: Option<&'a Path>,
}

/// Gives a network a way out; comes back when that is there. The process leaves word of itself in this file before it
/// is pasta.
///
/// # Errors
/// There is none. No process is left then.
pub fn start(program: &Path, inside: Inside<'_>, record: OwnedFd) -> Result<Child, PastaError> {
    let need = |operation| move |source| PastaError::Need { operation, source };
    let (began, stdout) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC).map_err(io::Error::from).map_err(need("hear"))?;
    let complaints = complaints().map_err(need("hear"))?;
    let heard = complaints.try_clone().map_err(need("hear"))?;
    let foreign = Foreign {
        program,
        arguments: arguments(inside.users).into_iter().map(Into::into).collect(),
        environment: Vec::new(),
        stdio: [inside.network, stdout, complaints.into()],
        record: Some(record),
        parent: Parent::Us,
    };
    let child = foreign.launch().map_err(|error| PastaError::Launch(Box::new(error)))?;
    match has_begun(&began) {
        Ok(true) => return Ok(child),
        Ok(false) => {}
        Err(error) => {
            bury(&child);
            return Err(error);
        }
    }
    bury(&child);
    Err(PastaError::Refused(last_words(&heard)))
}

/// What it is told: no port of either side is the other's, nothing of the machine's own loopback can be reached, and
/// nobody but the kernel is told of addresses.
fn arguments(users: Option<&Path>) -> Vec<String> {
    let mut words = vec!["--foreground", "--quiet", "--config-net", "--ns-ifname", INTERFACE, "--no-map-gw"];
    words.extend(["--no-dhcp", "--no-dhcpv6", "--no-ra"]);
    words.extend(["--tcp-ports", "none", "--udp-ports", "none", "--tcp-ns", "none", "--udp-ns", "none"]);
    // It writes its pid to its stdout once it has begun.
    words.extend(["--pid", "/proc/self/fd/1", "--no-netns-quit", "--netns", "/proc/self/fd/0"]);
    let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
    words.extend(["--dns-forward".to_owned(), NAME_SERVER.to_string()]);
    match users {
        Some(users) => words.extend(["--userns".to_owned(), users.display().to_string()]),
        // Who is nobody may not enter a network of root's, so it stays what it is; of its rights it keeps two.
        None => words.extend(["--netns-only", "--runas", "0"].map(str::to_owned)),
    }
    words
}

/// A file that is nowhere, and takes so much and no more, whoever listens.
fn complaints() -> io::Result<File> {
    let file = rustix::fs::memfd_create("pasta", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    rustix::fs::ftruncate(&file, COMPLAINTS)?;
    rustix::fs::fcntl_add_seals(&file, SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL)?;
    Ok(file.into())
}

/// Waits for its pid; false where it has ended.
fn has_begun(began: &OwnedFd) -> Result<bool, PastaError> {
    let deadline = Instant::now() + PATIENCE;
    let need = |source| PastaError::Need { operation: "wait for", source };
    let mut file = File::from(began.try_clone().map_err(need)?);
    loop {
        let left = PollTimeout::try_from(deadline.saturating_duration_since(Instant::now()));
        match poll(&mut [PollFd::new(began.as_fd(), PollFlags::POLLIN)], left.unwrap_or(PollTimeout::MAX)) {
            Ok(0) => return Err(PastaError::Slow),
            Err(Errno::EINTR) => continue,
            ready => ready.map_err(|errno| need(errno.into()))?,
        };
        let mut buffer = [0; 64];
        match file.read(&mut buffer) {
            Ok(0) => return Ok(false),
            // Only the end of a line is the end of a pid.
            Ok(count) if buffer[..count].contains(&b'\n') => return Ok(true),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(need(error)),
        }
    }
}

fn bury(child: &Child) {
    // One that has ended already is to be reaped all the same.
    let _gone = child.kill().and_then(|()| child.wait());
}

/// The last line of what it has said.
fn last_words(complaints: &File) -> String {
    let mut buffer = vec![0; usize::try_from(COMPLAINTS).unwrap_or(0)];
    let count = complaints.read_at(&mut buffer, 0).unwrap_or(0);
    let text = String::from_utf8_lossy(&buffer[..count]);
    let mut lines = text.trim_end_matches('\0').lines().rev().filter(|line| !line.trim().is_empty());
    // That there is no log of the machine's to write to is no reason.
    let last = lines.find(|line| !line.contains("syslog"));
    last.map_or_else(|| "it has ended without a word".to_owned(), crate::plain::plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_machines_loopback_is_inside_and_no_port_is() {
        let words = arguments(None).join(" ");
        for word in ["--no-map-gw", "--tcp-ports none", "--udp-ports none", "--tcp-ns none", "--udp-ns none"] {
            assert!(words.contains(word), "{word}: {words}");
        }
        assert!(words.ends_with("--dns-forward 169.254.1.1 --netns-only --runas 0"), "{words}");
        let words = arguments(Some(Path::new("/proc/7/ns/user"))).join(" ");
        assert!(words.ends_with("--userns /proc/7/ns/user") && !words.contains("runas"), "{words}");
    }

    #[test]
    fn complaints_are_kept_so_far_and_the_last_line_is_the_cause() {
        use std::io::Write;
        let mut file = complaints().expect("a file");
        assert_eq!(last_words(&file), "it has ended without a word");
        file.write_all(b"first\nthe cause\x1b[0m\nFailed to send 46 bytes to syslog\n").expect("room");
        assert_eq!(last_words(&file), "the cause\\u{1b}[0m");
        while file.write(&[b'x'; 4096]).is_ok_and(|count| count > 0) {}
        assert_eq!(file.metadata().expect("a file").len(), COMPLAINTS);
    }
}
