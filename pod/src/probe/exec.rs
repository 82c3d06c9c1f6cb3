//! Whether a command in the container succeeds.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use container::ContainerPlan;
use launch::{Identity, Inherited, OnDrop, Session};
use nsjoin::{Directory, Join, Select, Target};
use reaper::ExitCode;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};

use super::place::Place;
use super::{MOST, Outcome, seconds};

/// How a command is run in a container: as its process is, and beside it.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    /// The container's process.
    pub(crate) process: Identity,
    /// What the container is.
    pub(crate) container: ContainerPlan,
}

/// What came of a command.
enum Ended {
    /// It has ended with this code, and said this.
    Exited(u8, String),
    /// It was killed, for it took too long.
    Late,
}

pub(super) async fn ask(place: &Place, words: &[String], patience: Duration) -> Outcome {
    let Some(command) = place.command.clone() else {
        return Outcome::Error("container not running".to_owned());
    };
    let words = words.to_vec();
    let (said, heard) = tokio::sync::oneshot::channel();
    // Launching has us stand still, and a command may take its time: that is a thread's to wait for.
    let run = move || {
        // Whoever does not wait any more needs no answer.
        let _ = said.send(command.run(&words, patience));
    };
    if let Err(error) = thread::Builder::new().name("pod-probe".to_owned()).spawn(run) {
        return Outcome::Error(format!("cannot start a thread: {error}"));
    }
    match heard.await {
        Ok(Ok(Ended::Exited(0, _))) => Outcome::Success,
        Ok(Ok(Ended::Exited(_, output))) => Outcome::Failure(output),
        Ok(Ok(Ended::Late)) => Outcome::Failure(format!("command timed out after {}", seconds(patience))),
        Ok(Err(Unrun::NotFound(words))) => Outcome::Failure(words),
        Ok(Err(Unrun::Untried(words))) => Outcome::Error(words),
        Err(_) => Outcome::Error("nobody has run the command".to_owned()),
    }
}

/// Why a command was not run.
enum Unrun {
    /// There is no such command: that is the container's doing.
    NotFound(String),
    Untried(String),
}

impl Command {
    fn run(&self, words: &[String], patience: Duration) -> Result<Ended, Unrun> {
        let deadline = Instant::now() + patience;
        let untried = |error: &dyn std::fmt::Display| Unrun::Untried(error.to_string());
        let mut process = self.container.parts().process.clone();
        process.command = words.iter().map(Into::into).collect();
        process.terminal = false;
        let (out, out_end) = pipe_with(PipeFlags::CLOEXEC).map_err(|error| untried(&error))?;
        let (err, err_end) = pipe_with(PipeFlags::CLOEXEC).map_err(|error| untried(&error))?;
        let mut command = container::command(&process)
            .map_err(|error| untried(&error))?
            .session(Session::New)
            .stdio([None, Some(out_end), Some(err_end)])
            .signals(Inherited::now());
        if !process.environment.iter().any(|(key, _)| key == "HOME") {
            let home = container::home(&command, &self.root().map_err(|error| untried(&error))?);
            command = command.env("HOME", home.map_err(|error| untried(&error))?);
        }
        let join = Join::new(Target::Process(self.process), command).select(Select::All).root(Directory::Targets);
        let opened = join.plan().map_err(nsjoin::Error::from).and_then(nsjoin::Plan::open);
        let child = opened.and_then(nsjoin::Opened::spawn).map_err(|error| match error.exit_code() {
            ExitCode::NotFound | ExitCode::CannotExecute => Unrun::NotFound(error.to_string()),
            _ => untried(&error),
        })?;
        let child = child.on_drop(OnDrop::Kill);
        let (out, err) = (gather(out), gather(err));
        if !has_ended(child.as_fd(), deadline).map_err(|errno| untried(&errno))? {
            return Ok(Ended::Late);
        }
        let status = child.wait().map_err(|error| untried(&error))?;
        // What it has left behind may hold its output open: that is waited for only as long as there is time.
        let rest = |from: &mpsc::Receiver<String>| {
            let left = deadline.saturating_duration_since(Instant::now()).max(BREATH);
            from.recv_timeout(left).unwrap_or_default()
        };
        let mut output = rest(&out) + &rest(&err);
        let end = (0..=MOST.min(output.len())).rev().find(|at| output.is_char_boundary(*at)).unwrap_or(0);
        output.truncate(end);
        Ok(Ended::Exited(ExitCode::of(status).map_or(0, ExitCode::code), output))
    }

    fn root(&self) -> io::Result<OwnedFd> {
        let flags = libc::O_PATH | libc::O_DIRECTORY;
        let path = format!("/proc/{}/root", self.process.pid);
        File::options().read(true).custom_flags(flags).open(path).map(OwnedFd::from)
    }
}

/// Waits for an end until then.
fn has_ended(pidfd: impl AsFd, deadline: Instant) -> Result<bool, Errno> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(|_| Errno::INVAL)?;
        match poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&left)) {
            Ok(0) => return Ok(false),
            Ok(_) => return Ok(true),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// Reads what is said, as much of it as counts; the rest goes by, so that nobody waits for us.
fn gather(from: OwnedFd) -> mpsc::Receiver<String> {
    let (said, heard) = mpsc::channel();
    let read = move || {
        let mut from = File::from(from);
        let (mut all, mut some) = (Vec::new(), [0; 4096]);
        while let Ok(count) = from.read(&mut some) {
            if count == 0 {
                break;
            }
            let room = MOST.saturating_sub(all.len());
            all.extend_from_slice(&some[..count.min(room)]);
        }
        let _nobody = said.send(String::from_utf8_lossy(&all).into_owned());
    };
    // Without a thread nothing is heard, and the command's code counts all the same.
    let _none = thread::Builder::new().name("pod-probe-output".to_owned()).spawn(read);
    heard
}

/// What is waited at least for output of a command that has ended.
const BREATH: Duration = Duration::from_millis(20);
