//! Between our stdin and stdout and the command's own terminal: what is typed goes in, what is shown comes out.

use crate::sys::Errno;
use core::time::Duration;

use crate::sys::file::{self, Await, Fd};
use crate::sys::terminal::{self, Modes};

const STDIN: i32 = 0;
const STDOUT: i32 = 1;
/// For how long a command's last words are shown.
const LONGEST_FAREWELL: Duration = Duration::from_secs(1);
/// What says to a terminal that nothing more will be typed.
const END_OF_INPUT: u8 = 4;

/// Bytes on their way.
#[derive(Debug)]
struct Way {
    bytes: [u8; 256],
    from: usize,
    to: usize,
}

impl Way {
    const fn new() -> Self {
        Self { bytes: [0; 256], from: 0, to: 0 }
    }

    const fn is_empty(&self) -> bool {
        self.from == self.to
    }

    /// Takes more in, when all has gone; false at the end of what there is.
    fn fill(&mut self, fd: i32) -> bool {
        match file::read(fd, &mut self.bytes) {
            Ok(0) => false,
            Ok(length) => {
                (self.from, self.to) = (0, length);
                true
            }
            Err(errno) => errno == Errno::EAGAIN,
        }
    }

    /// Hands on what there is room for; false if nobody takes it any more.
    fn drain(&mut self, fd: i32) -> bool {
        match file::write(fd, &self.bytes[self.from..self.to]) {
            Ok(length) => {
                self.from += length;
                true
            }
            Err(errno) => errno == Errno::EAGAIN,
        }
    }
}

/// The command's terminal, and both ways to and from it.
#[derive(Debug)]
pub struct Relay {
    master: Fd,
    /// How our own terminal was, if stdin is one.
    before: Option<Modes>,
    typed: Way,
    shown: Way,
    /// Whether there may be more to be typed, and to be shown.
    types: bool,
    shows: bool,
    /// Whether somebody looks.
    watched: bool,
}

impl Relay {
    /// A terminal for a command, as large as ours.
    ///
    /// # Errors
    /// Those of [`terminal::pair`].
    pub fn new() -> Result<Self, Errno> {
        terminal::pair().map(Self::on)
    }

    /// The same, of a pair that is there already.
    #[must_use]
    pub fn on(master: Fd) -> Self {
        let _no_terminal_of_ours = terminal::take_size(STDIN, &master);
        let (typed, shown) = (Way::new(), Way::new());
        Self { master, before: Modes::of(STDIN), typed, shown, types: true, shows: true, watched: true }
    }

    /// Leaves stdin alone: nothing is typed.
    pub const fn hear_nothing(&mut self) {
        self.types = false;
    }

    /// The end that we keep.
    #[must_use]
    pub const fn master(&self) -> &Fd {
        &self.master
    }

    /// From here on our terminal passes on what is typed as it is: the command's own one minds it.
    pub fn begin(&self) {
        if let Some(before) = &self.before {
            let _gone = before.raw().set(STDIN);
        }
    }

    /// Our terminal is again as it was.
    pub fn pause(&self) {
        if let Some(before) = &self.before {
            let _gone = before.set(STDIN);
        }
    }

    /// Our terminal has another size by now.
    pub fn resize(&self) {
        let _gone = terminal::take_size(STDIN, &self.master);
    }

    /// What there is to wait for: at stdin, at the command's terminal to write and to read, at stdout.
    #[must_use]
    pub fn awaited(&self) -> [Await; 4] {
        let master = self.master.number();
        let when = |condition, awaited| if condition { awaited } else { Await::Nothing };
        [
            when(self.types && self.typed.is_empty(), Await::Input(STDIN)),
            when(!self.typed.is_empty(), Await::Room(master)),
            when(self.shows && self.shown.is_empty(), Await::Input(master)),
            when(!self.shown.is_empty(), Await::Room(STDOUT)),
        ]
    }

    /// Moves what can be moved, where [`Relay::awaited`] is ready.
    pub fn step(&mut self, ready: [bool; 4]) {
        let master = self.master.number();
        if ready[0] && !self.typed.fill(STDIN) {
            self.types = false;
            // Twice: behind an unfinished line the first only hands that on.
            self.typed.bytes[..2].fill(END_OF_INPUT);
            (self.typed.from, self.typed.to) = (0, 2);
        }
        if ready[1] && !self.typed.drain(master) {
            (self.types, self.typed.from) = (false, self.typed.to);
        }
        if ready[2] {
            self.shows = self.shown.fill(master);
        }
        // What nobody looks at is still taken from the command, which would wait for ever.
        if ready[3] && !(self.watched && self.shown.drain(STDOUT)) {
            (self.watched, self.shown.from) = (false, self.shown.to);
        }
    }

    /// Shows what is left to be shown once the command has ended, as long as somebody takes it. Who
    /// goes on to fill the terminal then is not listened to for ever.
    pub fn finish(&mut self) {
        self.types = false;
        self.typed.from = self.typed.to;
        let until = file::now() + LONGEST_FAREWELL;
        while file::now() < until {
            let ready = file::wait(self.awaited(), Some(Duration::from_millis(100)));
            if ready == [false; 4] {
                break;
            }
            self.step(ready);
        }
    }
}

/// However it ends, our terminal is again as it was.
impl Drop for Relay {
    fn drop(&mut self) {
        self.pause();
    }
}
