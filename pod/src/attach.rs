//! Being attached to a workload: what is typed here goes to its console, what it says is shown, and how it ends
//! is how we end.
//!
//! Signals go to the workload that was launched for us, which is in a session of its own and gets none from our terminal
//! but by us; of one that runs anyhow we only take leave. Those that stop are ours: the workload goes on until its
//! console has no room. Who kills us ends us alone.

use std::fs::File;
use std::io::{self, IsTerminal, stdin};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use launch::complain::complain;
use launch::relay::{Arrived, Sender, Signals};
use launch::{Guard, Pidfd, Typed, in_background};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use reaper::sys::terminal::Modes;
use reaper::{Signal, WaitStatus};
use registry::{Found, Name, PodDirectory};
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with, socketpair};
use rustix::termios::tcgetwinsize;

use crate::console::{ConsoleError, FromClient, Here, LONGEST, Shown, Stream, hear, is_welcome, say};
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
/// Who asks us to leave a workload that runs anyhow.
pub(crate) const LEAVES: [Signal; 4] = [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT];

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

/// How long a console may take to hear who has come.
const WELCOMED: Duration = Duration::from_secs(5);

/// Comes by the door of a workload's console; `None` where it has none any more.
///
/// # Errors
/// It is there, and does not answer.
pub(crate) fn come(found: &Found, workload: &Name, here: Here) -> Result<Option<OwnedFd>, Error> {
    let failed = |source: io::Error| Error::Attached { pod: found.name().clone(), workload: workload.clone(), source };
    let directory = found.directory().workload(workload);
    let opened = match File::open(&directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(failed)?,
    };
    // A socket's address holds 108 bytes; the directory's path may be longer than that.
    let door = SocketAddrUnix::new(format!("/proc/self/fd/{}/{}", opened.as_raw_fd(), PodDirectory::DOOR));
    let socket = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None);
    let socket = socket.map_err(|errno| failed(errno.into()))?;
    set_socket_timeout(&socket, Timeout::Send, Some(WELCOMED)).map_err(|errno| failed(errno.into()))?;
    match connect(&socket, &door.map_err(|errno| failed(errno.into()))?) {
        Err(Errno::NOENT | Errno::CONNREFUSED) => return Ok(None),
        connected => connected.map_err(|errno| failed(errno.into()))?,
    }
    if say(&socket, &FromClient::Here(here).packet()).is_err() {
        return Ok(None);
    }
    let patience = PollTimeout::try_from(WELCOMED).unwrap_or(PollTimeout::MAX);
    let answered = poll(&mut [PollFd::new(socket.as_fd(), PollFlags::POLLIN)], patience);
    match answered.map_err(io::Error::from).and_then(|_| hear(&socket)) {
        Ok(Some(packet)) if is_welcome(&packet) => Ok(Some(socket)),
        Ok(None) => Err(failed(io::ErrorKind::TimedOut.into())),
        // It has ended meanwhile.
        Ok(Some(_)) | Err(_) => Ok(None),
    }
}

/// A workload that we are attached to.
#[derive(Debug)]
pub struct Attached {
    pub(crate) found: Found,
    pub(crate) workload: Name,
    /// Whether what is typed at a terminal of ours is for it as it is.
    pub(crate) has_terminal: bool,
    pub(crate) console: OwnedFd,
    /// Where it is said how it has ended, to whom it was launched for.
    pub(crate) supervisor: Option<UnixStream>,
    /// Its process; none that has ended already.
    pub(crate) process: Option<Pidfd>,
}

/// How we have come to leave.
enum Left {
    /// It was told how it has ended.
    Told(EndRecord),
    /// It has ended, and it was not told how.
    Untold,
    /// This signal was for us.
    Asked(Signal),
}

impl Attached {
    /// Hands on what is typed, what is shown and signals, until the workload has ended; says how that was.
    ///
    /// # Errors
    /// When it cannot be told how, or we cannot wait for it.
    pub fn relay(self, typed: Typed, signals: &Signals) -> Result<WaitStatus, Error> {
        match self.stay(Some(typed), signals)? {
            Left::Told(end) => status(&end).ok_or_else(|| self.unseen()),
            Left::Untold | Left::Asked(_) => self.end(),
        }
    }

    /// The same at a workload that runs anyhow, as long as it does or until we are asked to leave it: by which signal.
    ///
    /// # Errors
    /// When we cannot wait for it.
    pub(crate) fn visit(&self, typed: Option<Typed>, signals: &Signals) -> Result<Option<Signal>, Error> {
        match self.stay(typed, signals)? {
            Left::Asked(signal) => Ok(Some(signal)),
            Left::Told(_) | Left::Untold => Ok(None),
        }
    }

    /// Has the workload's terminal become as large as ours: another size before has it draw all of what it shows.
    pub(crate) fn redraw(&self) {
        let Size { rows, columns } = size();
        let larger = Size { rows: rows.saturating_add(1), columns: columns.saturating_add(1) };
        for size in [larger, Size { rows, columns }] {
            // Where it is not taken, the size stays as it was.
            let _full = say(&self.console, &FromClient::Size(size).packet());
        }
    }

    fn stay(&self, typed: Option<Typed>, signals: &Signals) -> Result<Left, Error> {
        let raw = Raw::new(self.has_terminal && typed.is_some());
        raw.begin();
        let mut relay = Relay::new(self, typed);
        let left = loop {
            let happened = relay.wait(signals)?;
            relay.step();
            if happened.signalled
                && let Some(signal) = self.hand_on(signals, &raw, &mut relay)
            {
                return Ok(Left::Asked(signal));
            }
            if let (true, Some(supervisor)) = (happened.told, &self.supervisor) {
                match receive::<Word>(supervisor) {
                    Ok(Some((Word::Ended(Some(end)), _))) => break Left::Told(end),
                    Ok(Some((Word::Ended(None), _))) => break Left::Untold,
                    _ if self.process.is_none() => break Left::Untold,
                    // The supervisor has gone, and the workload has not.
                    _ => relay.asks = Asks::Process,
                }
            }
            if happened.ended {
                break Left::Untold;
            }
        };
        relay.farewell()?;
        Ok(left)
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

    /// Hands signals on to the workload, but for those that are about us; hands back one by which we are to leave.
    fn hand_on(&self, signals: &Signals, raw: &Raw, relay: &mut Relay<'_>) -> Option<Signal> {
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
                end if self.supervisor.is_none() && LEAVES.contains(&end) => return Some(end),
                // One that runs anyhow has nothing to do with ours.
                _ if self.supervisor.is_none() => {}
                other => {
                    let sent = self.process.as_ref().map_or(Ok(()), |process| process.signal(other));
                    if let Err(errno) = sent {
                        complain("pod", &self.failed(errno.into()), None);
                    }
                }
            }
        }
        None
    }
}

/// How a workload has ended, as the kernel tells of a child.
fn status(end: &EndRecord) -> Option<WaitStatus> {
    let by_signal = end.signal().map(|signal| WaitStatus::Signaled { signal, core: false });
    by_signal.or_else(|| end.told_code().map(WaitStatus::Exited))
}

/// Our own terminal, while the workload's minds what is typed; dropped, or killed, it is again as it was.
struct Raw(Option<(Modes, Option<Guard>)>);

impl Raw {
    fn new(has_terminal: bool) -> Self {
        let modes = if has_terminal { Modes::of(STDIN) } else { None };
        Self(modes.map(|modes| (modes, Guard::of_stdin())))
    }

    fn begin(&self) {
        if let (Some((before, guard)), false) = (&self.0, in_background()) {
            guard.iter().for_each(|guard| guard.is_raw(true));
            let _gone = before.raw().set(STDIN);
        }
    }

    fn pause(&self) {
        if let (Some((before, guard)), false) = (&self.0, in_background()) {
            let _gone = before.set(STDIN);
            guard.iter().for_each(|guard| guard.is_raw(false));
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
    fn new(attached: &'a Attached, typed: Option<Typed>) -> Self {
        let types = typed.is_some_and(|typed| typed == Typed::Stdin || stdin().is_terminal());
        let (typed, shown) = (Vec::new(), Vec::new());
        let asks = if attached.supervisor.is_some() { Asks::Supervisor } else { Asks::Process };
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
            files.extend(match (self.asks, &attached.process, &attached.supervisor) {
                (Asks::Supervisor, _, Some(supervisor)) => Some(PollFd::new(supervisor.as_fd(), input)),
                (_, process, _) => process.as_ref().map(|process| PollFd::new(process.as_fd(), input)),
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
        // Of one that was launched for us others may be left that say no more, and go on.
        let quiet = if self.attached.supervisor.is_some() { QUIET } else { LONGEST_FAREWELL };
        let quiet = PollTimeout::try_from(quiet).unwrap_or(PollTimeout::ZERO);
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
