//! Lines of several who speak at once: each is written whole.

use std::io::{self, Write};

/// The longest part of a line that is kept back until its end.
const LONGEST: usize = 64 << 10;

/// Hands on whole lines only, and the rest at the end.
#[derive(Debug)]
pub(super) struct Lines<W: Write> {
    to: W,
    part: Vec<u8>,
}

impl<W: Write> Lines<W> {
    pub(super) fn new(to: W) -> Self {
        Self { to, part: Vec::new() }
    }

    /// Ends the line that is in the making.
    pub(super) fn end(&mut self) -> io::Result<()> {
        if self.part.is_empty() {
            return Ok(());
        }
        self.part.push(b'\n');
        self.to.write_all(&std::mem::take(&mut self.part))?;
        self.to.flush()
    }
}

impl<W: Write> Write for Lines<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.part.extend_from_slice(text);
        if let Some(last) = self.part.iter().rposition(|byte| *byte == b'\n') {
            let rest = self.part.split_off(last + 1);
            self.to.write_all(&std::mem::replace(&mut self.part, rest))?;
        }
        if self.part.len() > LONGEST {
            self.end()?;
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_line_yet_waits() {
        let mut lines = Lines::new(Vec::new());
        lines.write_all(b"[a] be").expect("room");
        assert_eq!(lines.to, b"");
        lines.write_all(b"gun\n[a] next").expect("room");
        assert_eq!(lines.to, b"[a] begun\n");
        lines.end().expect("room");
        assert_eq!(lines.to, b"[a] begun\n[a] next\n");
        lines.write_all(&[b'x'; LONGEST + 1]).expect("room");
        assert_eq!(lines.to.len(), 19 + LONGEST + 2);
    }
}
