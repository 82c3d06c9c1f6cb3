//! Being attached to a workload: what is typed here goes to its console, what it says is shown, and how it ends
//! is how we end.
//!
//! Signals go to the workload, which is in a session of its own and gets none from our terminal but by us.
//! Those that stop are ours: the workload goes on until its console has no room. Who kills us ends us alone.

use std::io::{self, IsTerminal, stdin};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use launch::complain::complain;
use launch::relay::{Arrived, Sender, Signals};
use launch::{Pidfd, Typed, in_background};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use reaper::sys::terminal::Modes;
use reaper::{Signal, WaitStatus};
use registry::{Found, Name};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::termios::tcgetwinsize;

use crate::console::{ConsoleError, FromClient, LONGEST, Shown, Stream, hear, say};
use crate::control::{Word, receive};
use crate::error::Error;
use crate::plan::Size;
use crate::record::EndRecord;

/// For how long a workload's last words are shown once it has ended: what it has left behind may go on.
const LONGEST_FAREWELL: Duration = Duration::from_secs(1);
/// How long it says nothing until there are no more.
const QUIET: Duration = Duration::from_millis(100);
/// The most that is written at once to who may not take all of it: what a pipe that has room has room for.
const BITE: usize = 4096;
/// How long who has seen a workload end may take to record how.
const RECORDED: Duration = Duration::from_secs(5);
const BREATH: Duration = Duration::from_millis(10);
const STDIN: i32 = 0;

/// How large our terminal is; nothing where we have none.
pub(crate) fn size() -> Size {
    let known = tcgetwinsize(rustix::stdio::stdin()).or_else(|_| tcgetwinsize(rustix::stdio::stdout()));
    known.map_or(Size::default(), |size| Size { rows: size.ws_row, columns: size.ws_col })
}

/// The two ends of what a console and its client talk over: ours, and the console's.
pub(crate) fn pair() -> Result<(OwnedFd, OwnedFd), ConsoleError> {
    let pair = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None);
    pair.map_err(|errno| ConsoleError::Need { operation: "make a socket for", source: errno.into() })
}

/// A workload that we are attached to.
#[derive(Debug)]
pub struct Attached {
    pub(crate) found: Found,
    pub(crate) workload: Name,
    pub(crate) has_terminal: bool,
    pub(crate) console: OwnedFd,
    /// Where it is said how it has ended.
    pub(crate) supervisor: UnixStream,
    /// Its process; none that has ended already.
    pub(crate) process: Option<Pidfd>,
}

impl Attached {
    /// Hands on what is typed, what is shown and signals, until the workload has ended; says how that was.
    ///
    /// # Errors
    /// When it cannot be told how, or we cannot wait for it.
    pub fn relay(self, typed: Typed, signals: &Signals) -> Result<WaitStatus, Error> {
        let raw = Raw::new(self.has_terminal);
        raw.begin();
        let mut relay = Relay::new(&self, typed);
        let end = loop {
            let happened = relay.wait(signals)?;
            relay.step();
            if happened.signalled {
                self.hand_on(signals, &raw, &mut relay);
            }
            if happened.told {
                match receive::<Word>(&self.supervisor) {
                    Ok(Some((Word::Ended(end), _))) => break end,
                    _ if self.process.is_none() => break None,
                    // The supervisor has gone, and the workload has not.
                    _ => relay.asks = Asks::Process,
                }
            }
            if happened.ended {
                break None;
            }
        };
        relay.farewell()?;
        drop(raw);
        end.map_or_else(|| self.end(), |end| status(&end).ok_or_else(|| self.unseen()))
    }

    /// How it has ended, where no supervisor has told us.
    fn end(&self) -> Result<WaitStatus, Error> {
        let deadline = Instant::now() + RECORDED;
        loop {
            if let Some(status) = self.process.as_ref().and_then(Pidfd::end) {
                return Ok(status);
            }
            let recorded = self.found.directory().end::<EndRecord>(&self.workload).ok().flatten();
            if let Some(status) = recorded.as_ref().and_then(status) {
                return Ok(status);
            }
            if Instant::now() >= deadline || !self.found.is_there()? {
                return Err(self.unseen());
            }
            std::thread::sleep(BREATH);
        }
    }

    fn unseen(&self) -> Error {
        Error::EndUnseen { pod: self.found.name().clone(), workload: self.workload.clone() }
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Attached { pod: self.found.name().clone(), workload: self.workload.clone(), source }
    }

    /// Hands signals on to the workload, but for those that are about us.
    fn hand_on(&self, signals: &Signals, raw: &Raw, relay: &mut Relay<'_>) {
        while let Some(Arrived { signal, sender }) = signals.arrived() {
            match signal {
                Signal::CHLD | Signal::PIPE => {}
                Signal::WINCH => relay.resized = true,
                Signal::CONT => {
                    raw.begin();
                    relay.resized = true;
                }
                stop if Signal::TERMINAL_STOPS.contains(&stop) && sender == Sender::Kernel => {
                    raw.pause();
                    if nix::sys::signal::raise(nix::sys::signal::Signal::SIGSTOP).is_err() {
                        debug_assert!(false, "a process may stop itself");
                    }
                }
                other => {
                    let sent = self.process.as_ref().map_or(Ok(()), |process| process.signal(other));
                    if let Err(errno) = sent {
                        complain("pod", &self.failed(errno.into()), None);
                    }
                }
            }
        }
    }
}

/// How a workload has ended, as the kernel tells of a child.
fn status(end: &EndRecord) -> Option<WaitStatus> {
    let by_signal = end.signal().map(|signal| WaitStatus::Signaled { signal, core: false });
    by_signal.or_else(|| end.told_code().map(WaitStatus::Exited))
}

/// Our own terminal, while the workload's minds what is typed; dropped, it is again as it was.
struct Raw(Option<Modes>);

impl Raw {
    fn new(has_terminal: bool) -> Self {
        Self(if has_terminal { Modes::of(STDIN) } else { None })
    }

    fn begin(&self) {
        if let (Some(before), false) = (&self.0, in_background()) {
            let _gone = before.raw().set(STDIN);
        }
    }

    fn pause(&self) {
        if let (Some(before), false) = (&self.0, in_background()) {
            let _gone = before.set(STDIN);
        }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.pause();
    }
}

/// By whom we learn that the workload has ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    Supervisor,
    Process,
}

/// Both ways, and what is on them.
struct Relay<'a> {
    attached: &'a Attached,
    asks: Asks,
    /// Whether there may be more to be typed, and to be shown.
    types: bool,
    shows: bool,
    /// A packet that the console has not taken yet.
    typed: Vec<u8>,
    /// What is to be shown.
    shown: Vec<u8>,
    stream: Stream,
    /// Whether our terminal has another size by now.
    resized: bool,
}

/// What has happened.
#[derive(Clone, Copy, Debug, Default)]
struct Happened {
    /// The supervisor has said something, or has gone.
    told: bool,
    /// The process has ended.
    ended: bool,
    /// There are signals.
    signalled: bool,
    /// Anything at all.
    any: bool,
}

impl<'a> Relay<'a> {
    fn new(attached: &'a Attached, typed: Typed) -> Self {
        let types = typed == Typed::Stdin || stdin().is_terminal();
        let (typed, shown) = (Vec::new(), Vec::new());
        let asks = Asks::Supervisor;
        Self { attached, asks, types, shows: true, typed, shown, stream: Stream::Stdout, resized: false }
    }

    /// Waits for anything that can be done.
    fn wait(&self, signals: &Signals) -> Result<Happened, Error> {
        self.wait_for(Some(signals), PollTimeout::NONE)
    }

    fn wait_for(&self, signals: Option<&Signals>, timeout: PollTimeout) -> Result<Happened, Error> {
        let attached = self.attached;
        let (stdin, out, err) = (rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr());
        let (input, room) = (PollFlags::POLLIN, PollFlags::POLLOUT);
        let mut files = Vec::new();
        if let Some(signals) = signals {
            files.push(PollFd::new(signals.as_fd(), input));
            files.push(match (self.asks, &attached.process) {
                (Asks::Process, Some(process)) => PollFd::new(process.as_fd(), input),
                _ => PollFd::new(attached.supervisor.as_fd(), input),
            });
        }
        if self.types && self.typed.is_empty() && !in_background() {
            files.push(PollFd::new(stdin, input));
        }
        let hears = if self.shows && self.shown.is_empty() { input } else { PollFlags::empty() };
        let says = if self.typed.is_empty() && !self.resized { PollFlags::empty() } else { room };
        if self.shows && !(hears | says).is_empty() {
            files.push(PollFd::new(attached.console.as_fd(), hears | says));
        }
        if !self.shown.is_empty() {
            files.push(PollFd::new(if self.stream == Stream::Stdout { out } else { err }, room));
        }
        match poll(&mut files, timeout) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => return Err(attached.failed(errno.into())),
        }
        let mut ready = files.iter().map(|file| file.any() == Some(true));
        let mut happened = Happened { any: files.iter().any(|file| file.any() == Some(true)), ..Happened::default() };
        if signals.is_some() {
            happened.signalled = ready.next() == Some(true);
            let ended = ready.next() == Some(true);
            match self.asks {
                Asks::Supervisor => happened.told = ended,
                Asks::Process => happened.ended = ended,
            }
        }
        Ok(happened)
    }

    /// Moves what can be moved.
    fn step(&mut self) {
        self.listen();
        self.show();
        self.read();
        self.say();
    }

    /// Shows what is left to be shown, as long as somebody takes it.
    fn farewell(mut self) -> Result<(), Error> {
        self.types = false;
        self.typed.clear();
        let until = Instant::now() + LONGEST_FAREWELL;
        let quiet = PollTimeout::try_from(QUIET).unwrap_or(PollTimeout::ZERO);
        while (self.shows || !self.shown.is_empty()) && Instant::now() < until {
            if !self.wait_for(None, quiet)?.any {
                break;
            }
            self.listen();
            self.show();
        }
        Ok(())
    }

    /// Takes a packet of the console's, when all of the last one has been shown.
    fn listen(&mut self) {
        if !self.shows || !self.shown.is_empty() {
            return;
        }
        match hear(&self.attached.console) {
            Ok(None) => {}
            Ok(Some(packet)) if !packet.is_empty() => {
                if let Some(Shown { stream, bytes }) = Shown::of(&packet) {
                    (self.stream, self.shown) = (stream, bytes.to_vec());
                }
            }
            Ok(Some(_)) | Err(_) => (self.shows, self.types) = (false, false),
        }
    }

    /// What nobody looks at is still taken from the workload, which would wait for ever.
    fn show(&mut self) {
        let bite = &self.shown[..self.shown.len().min(BITE)];
        if bite.is_empty() || !has_room(self.stream) {
            return;
        }
        let written = match self.stream {
            Stream::Stdout => rustix::io::write(rustix::stdio::stdout(), bite),
            Stream::Stderr => rustix::io::write(rustix::stdio::stderr(), bite),
        };
        match written {
            Ok(taken) => drop(self.shown.drain(..taken)),
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
            Err(_) => self.shown.clear(),
        }
    }

    fn read(&mut self) {
        if !self.types || !self.typed.is_empty() || in_background() || !is_readable() {
            return;
        }
        let mut bytes = vec![0; LONGEST];
        match rustix::io::read(rustix::stdio::stdin(), bytes.as_mut_slice()) {
            Ok(read @ 1..) => self.typed = FromClient::Typed(&bytes[..read]).packet(),
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
            Ok(_) | Err(_) => {
                self.types = false;
                self.typed = FromClient::End.packet();
            }
        }
    }

    fn say(&mut self) {
        let console = &self.attached.console;
        if self.resized {
            self.resized = matches!(say(console, &FromClient::Size(size()).packet()), Ok(false));
        }
        if !self.typed.is_empty() {
            match say(console, &self.typed) {
                Ok(false) => {}
                Ok(true) => self.typed.clear(),
                Err(_) => {
                    self.types = false;
                    self.typed.clear();
                }
            }
        }
    }
}

/// Whether reading from our stdin would not wait.
fn is_readable() -> bool {
    let stdin = rustix::stdio::stdin();
    poll(&mut [PollFd::new(stdin, PollFlags::POLLIN)], PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}

/// Whether writing a bite there would not wait.
fn has_room(stream: Stream) -> bool {
    let to = if stream == Stream::Stdout { rustix::stdio::stdout() } else { rustix::stdio::stderr() };
    poll(&mut [PollFd::new(to, PollFlags::POLLOUT)], PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}
