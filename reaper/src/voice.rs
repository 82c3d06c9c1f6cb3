//! What an init says of itself: a line at a time, on stderr, and never more than fits.

use core::fmt::{self, Write};

use crate::plan::Verbosity;
use crate::sys;

const STDERR: i32 = 2;

/// A line that is being put together; what does not fit is cut off.
#[derive(Debug)]
pub struct Line<const ROOM: usize> {
    bytes: [u8; ROOM],
    length: usize,
}

impl<const ROOM: usize> Line<ROOM> {
    /// An empty line.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; ROOM], length: 0 }
    }

    /// What is in it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.length = 0;
    }

    /// Adds bytes that may be no text; false if they do not fit, and then it is as it was.
    #[must_use]
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        let Some(room) = self.bytes.get_mut(self.length..self.length + bytes.len()) else { return false };
        room.copy_from_slice(bytes);
        self.length += bytes.len();
        true
    }
}

impl<const ROOM: usize> Default for Line<ROOM> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const ROOM: usize> Write for Line<ROOM> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.push(text.as_bytes()) { Ok(()) } else { Err(fmt::Error) }
    }
}

/// Who speaks, and how much.
#[derive(Clone, Copy, Debug)]
pub struct Voice {
    /// The name before each line.
    pub name: &'static str,
    /// What is not said.
    pub verbosity: Verbosity,
}

impl Voice {
    /// Says something, if it is of that weight.
    pub fn say(self, weight: Verbosity, what: fmt::Arguments<'_>) {
        if weight > self.verbosity {
            return;
        }
        let mut line = Line::<512>::new();
        // What does not fit is left out; the line ends all the same.
        let _cut_off = write!(line, "{}: {what}", self.name);
        if !line.push(b"\n") {
            line.length -= 1;
            let _fits_now = line.push(b"\n");
        }
        sys::write(STDERR, line.bytes());
    }
}
