//! What an init says of itself: a line at a time, on stderr, and never more than fits.

use core::fmt::{self, Write};

use crate::buffer::Buffer;
use crate::plan::Verbosity;
use crate::sys;

const STDERR: i32 = 2;

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
        let mut line = Buffer::<512>::new();
        // What does not fit is left out; the line ends all the same.
        let _cut_off = line.write_str(self.name).and_then(|()| write!(line, ": {what}"));
        line.end_with(b'\n');
        sys::write(STDERR, line.bytes());
    }
}
