//! A console's own life: from being started until the workload says no more.
//!
//! Nothing is taken before there is room for it: what the log has no room for, or a client who looks does not
//! take, the workload waits for, as it would writing to either itself. A client who goes away is waited for
//! no longer; with it goes what it types, so a stdin ends, and a terminal stays.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl::{set_dumpable, set_name};
use rustix::termios::{Winsize, tcsetwinsize};

use super::error::{ConsoleError, failed};
use super::launch::Begin;
use super::packet::{FromClient, LONGEST, Shown, Stream, hear, say, would_wait};
use crate::control::receive;
use crate::plan::Size;
use crate::sys;

/// How long the last words may take to be logged once the pod is over.
const FAREWELL: Duration = Duration::from_secs(1);
/// What says to a terminal that nothing more will be typed; twice, for behind an unfinished line the first only
/// hands that on.
const END_OF_INPUT: [u8; 2] = [4; 2];

/// One of a workload's outputs, on its way to its log and to who looks.
struct Way {
    stream: Stream,
    from: Option<OwnedFd>,
    log: OwnedFd,
    /// What has been read last, how much of that has been logged, and whether it was shown.
    held: Vec<u8>,
    logged: usize,
    shown: bool,
}

/// What a console stands between.
struct Console {
    pause: OwnedFd,
    client: Option<OwnedFd>,
    /// Whether it is by the client that a stdin goes on.
    had_client: bool,
    is_terminal: bool,
    /// Where what is typed goes, and what of it is still to go.
    input: Option<OwnedFd>,
    typed: Vec<u8>,
    ways: Vec<Way>,
}

/// Stands between a workload and its log, until it says no more. Our stdin is where we are told which.
///
/// # Errors
/// When what it needs was not handed to it.
pub fn attend() -> Result<(), ConsoleError> {
    // Executed by way of a descriptor, we would be called by its number.
    set_name(c"pod-console").map_err(failed("take a name"))?;
    set_dumpable(false).map_err(failed("confine ourselves"))?;
    let control = sys::inherited(0).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound));
    let control = control.map_err(failed("take the control socket"))?;
    let Some((begin, handed)) = receive::<Begin>(&control).map_err(failed("hear how to begin"))? else {
        return Ok(());
    };
    let console = Console::new(&begin, handed).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData));
    console.map_err(failed("hear how to begin"))?.stand().map_err(failed("wait for the workload"))
}

impl Console {
    fn new(begin: &Begin, handed: Vec<OwnedFd>) -> Option<Self> {
        let mut handed = handed.into_iter();
        let pause = handed.next()?;
        let client = if begin.has_client { Some(handed.next()?) } else { None };
        let way = |stream, from, log| Way { stream, from: Some(from), log, held: Vec::new(), logged: 0, shown: false };
        let (input, ways) = if begin.is_terminal {
            let (terminal, log) = (handed.next()?, handed.next()?);
            (terminal.try_clone().ok()?, vec![way(Stream::Stdout, terminal, log)])
        } else {
            let (stdin, stdout, stderr) = (handed.next()?, handed.next()?, handed.next()?);
            let (log, err) = (handed.next()?, handed.next()?);
            (stdin, vec![way(Stream::Stdout, stdout, log), way(Stream::Stderr, stderr, err)])
        };
        let is_terminal = begin.is_terminal;
        let had_client = begin.has_client;
        Some(Self { pause, client, had_client, is_terminal, input: Some(input), typed: Vec::new(), ways })
    }

    fn stand(mut self) -> io::Result<()> {
        let mut until: Option<Instant> = None;
        while self.ways.iter().any(|way| way.from.is_some() || !way.held.is_empty()) {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                break;
            }
            if self.wait(left)? {
                until = Some(Instant::now() + FAREWELL);
            }
            self.step();
        }
        Ok(())
    }

    /// Waits for anything that can be done; says whether it has come to know that the pod is over.
    fn wait(&self, left: Option<Duration>) -> io::Result<bool> {
        let mut files: Vec<PollFd<'_>> = Vec::new();
        if left.is_none() {
            files.push(PollFd::new(self.pause.as_fd(), PollFlags::POLLIN));
        }
        for way in &self.ways {
            if let (Some(from), true) = (&way.from, way.held.is_empty()) {
                files.push(PollFd::new(from.as_fd(), PollFlags::POLLIN));
            }
            if way.logged < way.held.len() {
                files.push(PollFd::new(way.log.as_fd(), PollFlags::POLLOUT));
            }
        }
        if let Some(client) = &self.client {
            let shows = self.ways.iter().any(|way| !way.held.is_empty() && !way.shown);
            let shows = if shows { PollFlags::POLLOUT } else { PollFlags::empty() };
            let types = if self.typed.is_empty() { PollFlags::POLLIN } else { PollFlags::empty() };
            // Of one who has gone the kernel would tell again and again.
            if !(shows | types).is_empty() {
                files.push(PollFd::new(client.as_fd(), shows | types));
            }
        }
        if let (Some(input), false) = (&self.input, self.typed.is_empty()) {
            files.push(PollFd::new(input.as_fd(), PollFlags::POLLOUT));
        }
        let timeout = left.map_or(PollTimeout::NONE, |left| PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX));
        match poll(&mut files, timeout) {
            Ok(_) => Ok(left.is_none() && files[0].any() == Some(true)),
            Err(nix::errno::Errno::EINTR) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Moves what can be moved.
    fn step(&mut self) {
        for way in &mut self.ways {
            way.fill();
            way.log();
            way.show(&mut self.client);
        }
        self.hear();
        self.type_in();
        if self.had_client && self.client.is_none() && !self.is_terminal && self.typed.is_empty() {
            self.input = None;
        }
    }

    /// Takes what the client says, when all that it has typed before has gone.
    fn hear(&mut self) {
        let Some(client) = self.client.as_ref().filter(|_| self.typed.is_empty()) else { return };
        let packet = match hear(client) {
            Ok(None) => return,
            Ok(Some(packet)) if !packet.is_empty() => packet,
            Ok(Some(_)) | Err(_) => {
                self.client = None;
                return;
            }
        };
        match FromClient::of(&packet) {
            Some(FromClient::Typed(bytes)) if self.input.is_some() => self.typed = bytes.to_vec(),
            Some(FromClient::End) if self.is_terminal => self.typed = END_OF_INPUT.to_vec(),
            Some(FromClient::End) => self.input = None,
            Some(FromClient::Size(size)) => resize(self.input.as_ref(), size),
            Some(FromClient::Typed(_)) | None => {}
        }
    }

    fn type_in(&mut self) {
        let Some(input) = self.input.as_ref().filter(|_| !self.typed.is_empty()) else { return };
        match rustix::io::write(input, &self.typed) {
            Ok(taken) => drop(self.typed.drain(..taken)),
            Err(errno) if would_wait(errno) => {}
            // Nobody reads it.
            Err(_) => {
                self.input = None;
                self.typed.clear();
            }
        }
    }
}

/// Makes a terminal as large as its client's.
fn resize(terminal: Option<&OwnedFd>, Size { rows, columns }: Size) {
    let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    if let Some(terminal) = terminal {
        // What is no terminal has no size.
        let _no_terminal = tcsetwinsize(terminal, size);
    }
}

impl Way {
    /// Reads what there is, when all that there was has gone.
    fn fill(&mut self) {
        let Some(from) = self.from.as_ref().filter(|_| self.held.is_empty()) else { return };
        self.held.resize(LONGEST, 0);
        let read = rustix::io::read(from, self.held.as_mut_slice());
        self.held.truncate(read.unwrap_or(0));
        (self.logged, self.shown) = (0, false);
        match read {
            Ok(1..) => {}
            Err(errno) if would_wait(errno) => {}
            // Of a terminal that nobody has open any more there is an error to be read.
            Ok(0) | Err(_) => self.from = None,
        }
    }

    fn log(&mut self) {
        if self.logged < self.held.len() {
            match rustix::io::write(&self.log, &self.held[self.logged..]) {
                Ok(taken) => self.logged += taken,
                Err(errno) if would_wait(errno) => {}
                // Both of its ends are ours: there is no reason for it not to take anything.
                Err(_) => self.logged = self.held.len(),
            }
        }
        self.settle();
    }

    fn show(&mut self, client: &mut Option<OwnedFd>) {
        if !self.held.is_empty() && !self.shown {
            let packet = Shown { stream: self.stream, bytes: &self.held }.packet();
            match client.as_ref().map(|client| say(client, &packet)) {
                Some(Ok(shown)) => self.shown = shown,
                None => self.shown = true,
                Some(Err(_)) => (*client, self.shown) = (None, true),
            }
        }
        self.settle();
    }

    /// Lets go of what has been logged and shown.
    fn settle(&mut self) {
        if self.logged == self.held.len() && self.shown {
            self.held.clear();
            self.logged = 0;
        }
    }
}
