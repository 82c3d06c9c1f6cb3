//! Running a plugin: for so long, and listened to so far.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use launch::{Child, Parent};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use reaper::WaitStatus;
use rustix::fs::MemfdFlags;
use rustix::pipe::PipeFlags;
use serde_json::Value;

use super::error::CniError;
use super::request::Command;
use super::result;
use crate::program::Foreign;

/// No result is longer, and no complaint.
const LONGEST: usize = 1 << 20;

/// A plugin, what it is told, and for how long it is waited for.
pub(super) struct Run<'a> {
    pub(super) plugin: &'a str,
    pub(super) program: &'a Path,
    pub(super) command: Command,
    pub(super) environment: Vec<(std::ffi::OsString, std::ffi::OsString)>,
    pub(super) told: &'a Value,
    pub(super) patience: Duration,
}

impl Run<'_> {
    /// Runs it; hands back what it has said.
    ///
    /// # Errors
    /// It cannot be run, was killed, or has failed. It does not run any more then.
    pub(super) fn run(&self) -> Result<Vec<u8>, CniError> {
        let told = memory(self.told).map_err(|source| self.talk("talk to", source))?;
        let pipe = || rustix::pipe::pipe_with(PipeFlags::CLOEXEC).map_err(|errno| self.talk("listen to", errno.into()));
        let (said, stdout) = pipe()?;
        let (complaint, stderr) = pipe()?;
        let foreign = Foreign {
            program: self.program,
            arguments: Vec::new(),
            environment: self.environment.clone(),
            stdio: [told, stdout, stderr],
            record: None,
            parent: Parent::UsToTheEnd,
        };
        let launch = |source| CniError::Launch { plugin: self.plugin.to_owned(), source: Box::new(source) };
        let child = foreign.launch().map_err(launch)?;
        let heard = self.hear(&child, said, complaint);
        if heard.is_err() {
            // What it has started ends with it.
            let group = child.pid().map(Pid::from_raw);
            let _gone = group.map(|group| killpg(group, Signal::SIGKILL));
            let _gone = child.kill();
        }
        let ended = child.wait();
        let (said, complaint) = heard?;
        let ended =
            ended.map_err(|source| CniError::Launch { plugin: self.plugin.to_owned(), source: source.into() })?;
        match ended {
            WaitStatus::Exited(0) => Ok(said),
            ended => Err(CniError::Failed {
                plugin: self.plugin.to_owned(),
                command: self.command.name(),
                said: result::complaint(&said, &complaint, ended),
            }),
        }
    }

    /// What it says until it ends.
    fn hear(&self, child: &Child, said: OwnedFd, complaint: OwnedFd) -> Result<(Vec<u8>, Vec<u8>), CniError> {
        let deadline = Instant::now() + self.patience;
        let mut streams = [Stream::new(said), Stream::new(complaint)];
        for stream in &streams {
            rustix::io::ioctl_fionbio(&stream.file, true).map_err(|errno| self.talk("listen to", errno.into()))?;
        }
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let (plugin, command) = (self.plugin.to_owned(), self.command.name());
                return Err(CniError::Slow { plugin, command, after: self.patience });
            }
            let ended = wait(child, &streams, left).map_err(|errno| self.talk("wait for", errno.into()))?;
            for stream in &mut streams {
                if !stream.drain().map_err(|source| self.talk("listen to", source))? {
                    let (plugin, command) = (self.plugin.to_owned(), self.command.name());
                    return Err(CniError::Endless { plugin, command, bytes: LONGEST });
                }
            }
            if ended {
                // Whoever it has left behind with its stdout may go on; it has said what it had to say.
                let [said, complaint] = streams;
                return Ok((said.heard, complaint.heard));
            }
        }
    }

    fn talk(&self, operation: &'static str, source: io::Error) -> CniError {
        CniError::Talk { operation, plugin: self.plugin.to_owned(), source }
    }
}

/// What comes out of a pipe.
struct Stream {
    file: File,
    heard: Vec<u8>,
    is_open: bool,
}

impl Stream {
    fn new(file: OwnedFd) -> Self {
        Self { file: file.into(), heard: Vec::new(), is_open: true }
    }

    /// Hears what there is; false where that is too much.
    fn drain(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 4096];
        while self.is_open {
            match self.file.read(&mut buffer) {
                Ok(0) => self.is_open = false,
                Ok(count) => self.heard.extend(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if self.heard.len() > LONGEST {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Waits until something is said, or it has ended, or it is time; says whether it has ended.
fn wait(child: &Child, streams: &[Stream; 2], left: Duration) -> Result<bool, Errno> {
    let mut watched = vec![PollFd::new(child.as_fd(), PollFlags::POLLIN)];
    let open = streams.iter().filter(|stream| stream.is_open);
    watched.extend(open.map(|stream| PollFd::new(stream.file.as_fd(), PollFlags::POLLIN)));
    match poll(&mut watched, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)) {
        Err(Errno::EINTR) => Ok(false),
        ready => ready.map(|_| watched[0].any().unwrap_or(false)),
    }
}

/// A file that is nowhere, to be read from its beginning: however much it is, nobody waits for who reads it.
fn memory(told: &Value) -> io::Result<OwnedFd> {
    let mut file = File::from(rustix::fs::memfd_create("cni", MemfdFlags::CLOEXEC)?);
    file.write_all(told.to_string().as_bytes())?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file.into())
}
