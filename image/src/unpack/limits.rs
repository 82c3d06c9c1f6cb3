//! How much a layer may become: archives can be made that fill any disk.

use serde::{Deserialize, Serialize};

/// What is too much for one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes when it is unpacked, holes included.
    pub bytes: u64,
    /// Files, directories and all else.
    pub entries: u64,
    /// How many times its compressed size, once it is over [`Self::RATIO_FROM`].
    pub ratio: u64,
}

impl Limits {
    /// So many bytes a layer may have at any ratio.
    pub const RATIO_FROM: u64 = 1 << 30;
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 128 << 30, entries: 4_000_000, ratio: 200 }
    }
}

/// That a layer is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooMuch {
    /// Bytes.
    #[error("it has more than {0} bytes when unpacked")]
    Bytes(u64),
    /// Entries.
    #[error("it has more than {0} entries")]
    Entries(u64),
    /// Against what it is compressed.
    #[error("it has more than {0} times its compressed size when unpacked")]
    Ratio(u64),
}

impl Limits {
    /// Whether so many bytes are too many of a blob of this size.
    pub(super) fn bytes(&self, unpacked: u64, blob: u64) -> Result<(), TooMuch> {
        if unpacked > self.bytes {
            return Err(TooMuch::Bytes(self.bytes));
        }
        if unpacked > Self::RATIO_FROM && unpacked / self.ratio.max(1) > blob {
            return Err(TooMuch::Ratio(self.ratio));
        }
        Ok(())
    }

    /// Whether so many entries are too many.
    pub(super) fn entries(&self, count: u64) -> Result<(), TooMuch> {
        if count > self.entries { Err(TooMuch::Entries(self.entries)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_layers_have_any_ratio_and_large_ones_have_not() {
        let limits = Limits { bytes: 8 << 30, entries: 2, ratio: 10 };
        assert_eq!(limits.bytes(1 << 30, 1), Ok(()));
        assert_eq!(limits.bytes((1 << 30) + 20, 1 << 20), Err(TooMuch::Ratio(10)));
        assert_eq!(limits.bytes(2 << 30, 1 << 30), Ok(()));
        assert_eq!(limits.bytes((8 << 30) + 1, 1 << 40), Err(TooMuch::Bytes(8 << 30)));
        assert_eq!(limits.entries(2), Ok(()));
        assert_eq!(limits.entries(3), Err(TooMuch::Entries(2)));
    }
}
