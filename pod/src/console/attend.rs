//! A console's own life: from being started until the workload says no more.
//!
//! Nothing is taken before there is room for it: what the log has no room for, or a client who looks does not
//! take, the workload waits for, as it would writing to either itself. A client who goes away is waited for
//! no longer; with the one that types goes what is typed, so a stdin that is for one ends, and a terminal stays.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl::{set_dumpable, set_name};
use rustix::net::{SocketFlags, accept_with};
use rustix::termios::{Winsize, tcsetwinsize};

use super::client::{Client, Missed, Said};
use super::error::{ConsoleError, failed};
use super::launch::Begin;
use super::packet::{Stream, would_wait};
use super::way::Way;
use crate::control::receive;
use crate::plan::{Size, Typing};
use crate::sys;

/// How long the last words may take to be logged once the pod is over.
const FAREWELL: Duration = Duration::from_secs(1);
/// What says to a terminal that nothing more will be typed; twice, for behind an unfinished line the first only
/// hands that on.
const END_OF_INPUT: [u8; 2] = [4; 2];
/// How many look at once; who comes then waits at the door.
const MOST: usize = 16;

/// What a console stands between.
struct Console {
    pause: OwnedFd,
    door: OwnedFd,
    clients: Vec<Client>,
    /// What was said before anybody has come.
    missed: Option<Missed>,
    typing: Typing,
    is_terminal: bool,
    /// Where what is typed goes.
    input: Option<OwnedFd>,
    /// Whether it ends once all that was typed has gone.
    is_ending: bool,
    /// What is still to go of who has gone, and what says to a terminal that no more is typed.
    last: Vec<u8>,
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
        let (pause, door) = (handed.next()?, handed.next()?);
        let first = if begin.has_client { Some(Client::first(handed.next()?)) } else { None };
        let (input, ways) = if begin.is_terminal {
            let (terminal, log) = (handed.next()?, handed.next()?);
            (terminal.try_clone().ok()?, vec![Way::new(Stream::Stdout, terminal, log)])
        } else {
            let (stdin, stdout, stderr) = (handed.next()?, handed.next()?, handed.next()?);
            let (log, err) = (handed.next()?, handed.next()?);
            (stdin, vec![Way::new(Stream::Stdout, stdout, log), Way::new(Stream::Stderr, stderr, err)])
        };
        Some(Self {
            pause,
            door,
            missed: first.is_none().then(Missed::default),
            clients: first.into_iter().collect(),
            typing: begin.typing,
            is_terminal: begin.is_terminal,
            input: Some(input),
            is_ending: false,
            last: Vec::new(),
            ways,
        })
    }

    fn stand(mut self) -> io::Result<()> {
        let mut until: Option<Instant> = None;
        while !self.ways.iter().all(Way::is_over) || !self.is_shown() {
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

    fn is_shown(&self) -> bool {
        self.clients.iter().all(Client::is_shown)
    }

    /// Waits for anything that can be done; says whether it has come to know that the pod is over.
    fn wait(&self, left: Option<Duration>) -> io::Result<bool> {
        let mut files: Vec<PollFd<'_>> = Vec::new();
        if left.is_none() {
            files.push(PollFd::new(self.pause.as_fd(), PollFlags::POLLIN));
        }
        let takes_more = self.is_shown();
        for way in &self.ways {
            files.extend(way.readable().filter(|_| takes_more).map(|from| PollFd::new(from, PollFlags::POLLIN)));
            files.extend(way.writable().map(|log| PollFd::new(log, PollFlags::POLLOUT)));
        }
        files.extend(self.clients.iter().filter_map(Client::awaited).map(|(client, flags)| PollFd::new(client, flags)));
        if self.clients.len() < MOST {
            files.push(PollFd::new(self.door.as_fd(), PollFlags::POLLIN));
        }
        let is_typed = !self.last.is_empty() || self.clients.iter().any(|client| !client.typed.is_empty());
        if let Some(input) = self.input.as_ref().filter(|_| is_typed) {
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
            if self.clients.iter().all(Client::is_shown) {
                let stream = way.stream;
                let bytes = way.fill();
                if !bytes.is_empty() {
                    self.clients.iter_mut().for_each(|client| client.owe(stream, bytes));
                    if let Some(missed) = &mut self.missed {
                        missed.add(stream, bytes);
                    }
                }
            }
            way.log();
        }
        self.admit();
        self.show_and_hear();
        self.type_in();
    }

    fn admit(&mut self) {
        while self.clients.len() < MOST {
            let flags = SocketFlags::CLOEXEC;
            let Ok(come) = accept_with(&self.door, flags) else { return };
            self.clients.push(Client::come(come));
        }
    }

    fn show_and_hear(&mut self) {
        for mut client in std::mem::take(&mut self.clients) {
            let said = if client.show() { client.hear() } else { Said::Gone };
            match said {
                Said::Nothing => {}
                Said::Typed if self.input.is_some() && self.typing != Typing::Never => {}
                Said::Typed => client.typed.clear(),
                Said::Here(here) => {
                    let missed = self.missed.take().filter(|_| here.missed);
                    client.welcome(missed.into_iter().flat_map(Missed::into_said));
                }
                Said::End => {
                    if self.typing == Typing::Once {
                        self.is_ending = true;
                        if self.is_terminal {
                            self.last.extend(END_OF_INPUT);
                        }
                    }
                }
                Said::Size(size) => resize(self.input.as_ref(), size),
                Said::Gone => {
                    self.is_ending |= client.types() && self.typing == Typing::Once;
                    self.last.append(&mut client.typed);
                    continue;
                }
            }
            self.clients.push(client);
        }
    }

    fn type_in(&mut self) {
        let typed = self.clients.iter_mut().map(|client| &mut client.typed).chain([&mut self.last]);
        for typed in typed.filter(|typed| !typed.is_empty()) {
            let Some(input) = &self.input else {
                typed.clear();
                continue;
            };
            match rustix::io::write(input, typed) {
                Ok(taken) => drop(typed.drain(..taken)),
                Err(errno) if would_wait(errno) => return,
                // Nobody reads it.
                Err(_) => {
                    self.input = None;
                    typed.clear();
                }
            }
        }
        // A terminal's is where its size is set, too.
        let is_typed = !self.last.is_empty() || self.clients.iter().any(|client| !client.typed.is_empty());
        if self.is_ending && !self.is_terminal && !is_typed {
            self.input = None;
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
