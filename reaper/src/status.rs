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

    /// Decodes `si_code` and `si_status` of a siginfo from waitid(2).
    ///
    /// `None` for a pair that no Linux kernel makes.
    #[must_use]
    pub const fn from_siginfo(code: i32, status: i32) -> Option<Self> {
        use linux_raw_sys::general as cld;
        let Some(code) = cld_code(code) else { return None };
        if code == cld::CLD_EXITED {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "exit codes are eight bits")]
            return Some(Self::Exited(status as u8));
        }
        let Some(signal) = Signal::new(status) else { return None };
        match code {
            cld::CLD_KILLED => Some(Self::Signaled { signal, core: false }),
            cld::CLD_DUMPED => Some(Self::Signaled { signal, core: true }),
            cld::CLD_STOPPED | cld::CLD_TRAPPED => Some(Self::Stopped(signal)),
            cld::CLD_CONTINUED => Some(Self::Continued),
            _ => None,
        }
    }
}

/// Codes are signed in siginfo and unsigned as constants.
const fn cld_code(code: i32) -> Option<u32> {
    if code > 0 { Some(code.cast_unsigned()) } else { None }
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
    #[test]
    fn both_ways_of_waiting_tell_the_same() {
        let signaled = |core| Some(WaitStatus::Signaled { signal: Signal::TERM, core });
        for (code, status, expected) in [
            (1, 7, Some(WaitStatus::Exited(7))),
            (2, 15, signaled(false)),
            (3, 15, signaled(true)),
            (5, 19, Some(WaitStatus::Stopped(Signal::STOP))),
            (6, 18, Some(WaitStatus::Continued)),
            (0, 0, None),
            (-6, 15, None),
            (2, 0, None),
        ] {
            assert_eq!(WaitStatus::from_siginfo(code, status), expected, "{code} {status}");
        }
    }
}
