//! Signals: their numbers and names in one table, and sets of them as the kernel reads them.
//!
//! The numbers are those of every architecture but alpha, mips, parisc and sparc.

use core::fmt;

use crate::text::{self, Decimal};

/// A signal's number, 1 to 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Signal(u8);

/// Name (without `SIG`) and number of each standard signal; real-time signals are `RTMIN+n`.
const NAMES: [(&str, u8); 31] = [
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ILL", 4),
    ("TRAP", 5),
    ("ABRT", 6),
    ("BUS", 7),
    ("FPE", 8),
    ("KILL", 9),
    ("USR1", 10),
    ("SEGV", 11),
    ("USR2", 12),
    ("PIPE", 13),
    ("ALRM", 14),
    ("TERM", 15),
    ("STKFLT", 16),
    ("CHLD", 17),
    ("CONT", 18),
    ("STOP", 19),
    ("TSTP", 20),
    ("TTIN", 21),
    ("TTOU", 22),
    ("URG", 23),
    ("XCPU", 24),
    ("XFSZ", 25),
    ("VTALRM", 26),
    ("PROF", 27),
    ("WINCH", 28),
    ("IO", 29),
    ("PWR", 30),
    ("SYS", 31),
];

/// The first real-time signal that the C library leaves to programs; the kernel's first is 32.
const FIRST_FOR_PROGRAMS: u8 = 34;

impl Signal {
    /// Hang-up of the controlling terminal.
    pub const HUP: Self = Self(1);
    /// Ctrl-C.
    pub const INT: Self = Self(2);
    /// Ctrl-backslash.
    pub const QUIT: Self = Self(3);
    /// Cannot be caught.
    pub const KILL: Self = Self(9);
    /// For programs' own use.
    pub const USR1: Self = Self(10);
    /// For programs' own use.
    pub const USR2: Self = Self(12);
    /// A write to a pipe or socket that nobody reads.
    pub const PIPE: Self = Self(13);
    /// The polite request to end.
    pub const TERM: Self = Self(15);
    /// A child changed its state.
    pub const CHLD: Self = Self(17);
    /// Go on after a stop.
    pub const CONT: Self = Self(18);
    /// Cannot be caught.
    pub const STOP: Self = Self(19);
    /// Ctrl-Z.
    pub const TSTP: Self = Self(20);
    /// The terminal has another size.
    pub const WINCH: Self = Self(28);
    /// A read from the terminal by who is not in its foreground.
    pub const TTIN: Self = Self(21);
    /// A write to the terminal by who is not in its foreground.
    pub const TTOU: Self = Self(22);

    /// What a terminal sends to have somebody stop, who may catch them.
    pub const TERMINAL_STOPS: [Self; 3] = [Self::TSTP, Self::TTIN, Self::TTOU];

    /// The highest signal number.
    pub const MAX: u8 = 64;

    /// The signal of this number, if there is one.
    #[must_use]
    pub const fn new(number: i32) -> Option<Self> {
        if number >= 1 && number <= Self::MAX as i32 {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 64, just checked")]
            Some(Self(number as u8))
        } else {
            None
        }
    }

    /// Every signal, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=Self::MAX).map(Self)
    }

    /// The signal of this name or number: `TERM`, `sigterm`, `15`, `RTMIN+3`, `RTMAX-1`.
    ///
    /// Real-time signals are counted as signal(7) counts them for programs: `RTMIN` is 34, for the
    /// C library keeps the first two to itself.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        if let Some(number) = text::number(text) {
            return Self::new(i32::try_from(number).ok()?);
        }
        let name = text::strip_prefix_ignoring_case(text, b"SIG").unwrap_or(text);
        if let Some((_, number)) = NAMES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes())) {
            return Some(Self(*number));
        }
        for (alias, number) in [("CLD", 17), ("POLL", 29), ("IOT", 6)] {
            if name.eq_ignore_ascii_case(alias.as_bytes()) {
                return Some(Self(number));
            }
        }
        let in_range = |number: u32| {
            let number = u8::try_from(number).ok()?;
            (FIRST_FOR_PROGRAMS..=Self::MAX).contains(&number).then_some(Self(number))
        };
        if let Some(rest) = text::strip_prefix_ignoring_case(name, b"RTMIN") {
            return in_range(u32::from(FIRST_FOR_PROGRAMS) + offset(rest, b'+')?);
        }
        let rest = text::strip_prefix_ignoring_case(name, b"RTMAX")?;
        in_range(u32::from(Self::MAX).checked_sub(offset(rest, b'-')?)?)
    }

    /// The signal's number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// What stands behind `RTMIN` or `RTMAX`.
fn offset(rest: &[u8], sign: u8) -> Option<u32> {
    match rest {
        [] => Some(0),
        [first, digits @ ..] if *first == sign => text::number(digits),
        _ => None,
    }
}

/// `SIGTERM`, `SIGRTMIN+3`: as signal(7) spells them.
impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.iter().find(|(_, number)| *number == self.0) {
            Some((name, _)) => f.write_str("SIG").and_then(|()| f.write_str(name)),
            // The two that the C library keeps to itself have no name.
            None if self.0 < FIRST_FOR_PROGRAMS => write!(f, "signal {}", Decimal(self.0.into())),
            None => write!(f, "SIGRTMIN+{}", Decimal((self.0 - FIRST_FOR_PROGRAMS).into())),
        }
    }
}

/// A set of signals in the kernel's own layout (bit n-1 is signal n).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct SignalSet([usize; 64 / usize::BITS as usize]);

impl SignalSet {
    /// The set of none.
    pub const EMPTY: Self = Self([0; 64 / usize::BITS as usize]);

    /// The set of all.
    pub const ALL: Self = Self([usize::MAX; 64 / usize::BITS as usize]);

    /// The set of exactly these.
    #[must_use]
    pub const fn of(signals: &[Signal]) -> Self {
        let mut set = Self::EMPTY;
        let mut i = 0;
        while i < signals.len() {
            let bit = signals[i].0 as u32 - 1;
            set.0[(bit / usize::BITS) as usize] |= 1 << (bit % usize::BITS);
            i += 1;
        }
        set
    }

    /// The set with this signal, too.
    pub const fn insert(&mut self, signal: Signal) {
        let bit = signal.0 as u32 - 1;
        self.0[(bit / usize::BITS) as usize] |= 1 << (bit % usize::BITS);
    }

    /// Whether the signal is in the set.
    #[must_use]
    pub const fn contains(&self, signal: Signal) -> bool {
        let bit = signal.0 as u32 - 1;
        self.0[(bit / usize::BITS) as usize] & (1 << (bit % usize::BITS)) != 0
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    #[test]
    fn numbers_outside_1_to_64_are_no_signals() {
        for number in [i32::MIN, -1, 0, 65, i32::MAX] {
            assert_eq!(Signal::new(number), None, "{number}");
        }
        for number in 1..=64 {
            assert!(Signal::new(number).is_some(), "{number}");
        }
    }

    #[test]
    fn names_are_those_of_signal_7() {
        for (number, name) in [(1, "SIGHUP"), (15, "SIGTERM"), (31, "SIGSYS"), (34, "SIGRTMIN+0"), (64, "SIGRTMIN+30")]
        {
            let signal = Signal::new(number).expect("a signal");
            assert_eq!(signal.to_string(), name);
            assert_eq!(Signal::parse(name.as_bytes()), Some(signal));
        }
    }

    #[test]
    fn signals_are_known_by_name_and_number() {
        for (text, number) in [("TERM", 15), ("sigterm", 15), ("SigInt", 2), ("15", 15), ("64", 64), ("33", 33)] {
            assert_eq!(Signal::parse(text.as_bytes()), Signal::new(number), "{text}");
        }
        for (text, number) in [("RTMIN", 34), ("sigrtmin+2", 36), ("RTMAX", 64), ("RTMAX-30", 34), ("CLD", 17)] {
            assert_eq!(Signal::parse(text.as_bytes()), Signal::new(number), "{text}");
        }
        for text in ["", "SIG", "NOPE", "0", "65", "-1", "RTMIN-1", "RTMAX+1", "RTMIN+31", "RTMAX-31", "TERM ", "1x"] {
            assert_eq!(Signal::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_table_is_in_order_and_without_gaps() {
        for (index, (_, number)) in NAMES.iter().enumerate() {
            assert_eq!(index + 1, usize::from(*number));
        }
    }

    #[test]
    fn a_set_holds_what_it_was_made_of_and_nothing_else() {
        let set = SignalSet::of(&[Signal::HUP, Signal::TERM, Signal(64)]);
        for number in 1..=64 {
            let signal = Signal::new(number).expect("a signal");
            assert_eq!(set.contains(signal), [1, 15, 64].contains(&number), "{signal}");
        }
    }
}
