//! Lines and paths, put together without an allocation.

use core::fmt::{self, Write};

/// Bytes that are being put together, with room for so many; what does not fit is cut off.
#[derive(Debug)]
pub struct Buffer<const ROOM: usize> {
    bytes: [u8; ROOM],
    length: usize,
}

impl<const ROOM: usize> Buffer<ROOM> {
    /// An empty one.
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

    /// Adds a byte, in the place of the last if there is no more room.
    pub fn end_with(&mut self, byte: u8) {
        if !self.push(&[byte])
            && let Some(last) = self.bytes.last_mut()
        {
            *last = byte;
        }
    }
}

impl<const ROOM: usize> Default for Buffer<ROOM> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const ROOM: usize> Write for Buffer<ROOM> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.push(text.as_bytes()) { Ok(()) } else { Err(fmt::Error) }
    }
}
