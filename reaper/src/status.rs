//! How a child changed its state, decoded from what wait(2) hands back.

use crate::Signal;

/// One change of a child's state.
///
/// # References
/// wait(2); the encoding is the kernel's `exit_code` (`kernel/exit.c`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitStatus {
    /// It called exit with this code.
    Exited(u8),
    /// This signal ended it.
    Signaled {
        /// The signal.
        signal: Signal,
        /// Whether a core was dumped.
        core: bool,
    },
    /// This signal stopped it.
    Stopped(Signal),
    /// It goes on after a stop.
    Continued,
}

impl WaitStatus {
    /// Decodes the status word of wait4(2) and of `PIDFD_GET_INFO`.
    ///
    /// `None` for a word that no Linux kernel makes.
    #[must_use]
    pub const fn from_raw(word: i32) -> Option<Self> {
        let high = (word >> 8) & 0xff;
        match word & 0x7f {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "masked to eight bits")]
            0 => Some(Self::Exited(high as u8)),
            0x7f if word == 0xffff => Some(Self::Continued),
            0x7f => match Signal::new(high) {
                Some(signal) => Some(Self::Stopped(signal)),
                None => None,
            },
            number => match Signal::new(number) {
                Some(signal) => Some(Self::Signaled { signal, core: word & 0x80 != 0 }),
                None => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_code_comes_back() {
        for code in 0..=255_u8 {
            assert_eq!(WaitStatus::from_raw(i32::from(code) << 8), Some(WaitStatus::Exited(code)));
        }
    }

    #[test]
    fn deaths_stops_and_continues_are_told_apart() {
        let term = Signal::TERM;
        assert_eq!(WaitStatus::from_raw(15), Some(WaitStatus::Signaled { signal: term, core: false }));
        assert_eq!(WaitStatus::from_raw(15 | 0x80), Some(WaitStatus::Signaled { signal: term, core: true }));
        assert_eq!(WaitStatus::from_raw((19 << 8) | 0x7f), Some(WaitStatus::Stopped(Signal::STOP)));
        assert_eq!(WaitStatus::from_raw(0xffff), Some(WaitStatus::Continued));
    }
}
