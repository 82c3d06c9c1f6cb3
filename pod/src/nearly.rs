//! What the tests of parsers throw at them: what is nearly right. Each is beside its parser, and called
//! `nearly_right_…`.
//!
//! `FUZZ_SECONDS=600 cargo test -p pod --lib nearly_right` runs each for so long, from other seeds each time; otherwise
//! it is a fixed number of rounds from fixed ones.

use fixtures::fuzz::{Dice, Law, OwnThread, mutate};

/// Other tests run beside these.
#[global_allocator]
pub(crate) static MEMORY: OwnThread = OwnThread;

/// What is read is some times as large as what it is read of; the room for the longest message is there beforehand.
pub(crate) const LAW: Law = Law { at_least: 1 << 20, each: 400 };

/// What stands in lines of `KEY=VALUE`, of labels and of logs.
pub(crate) const LINES: [&[u8]; 18] = [
    b"=",
    b"'",
    b"\"",
    b"#",
    b"\n",
    b"\r\n",
    b"\t",
    b" ",
    b",",
    b"A=",
    b"A='",
    b"'\n",
    b"export ",
    b"\\",
    b"\0",
    b"\xef\xbb\xbf",
    b"\xff",
    b"-",
];

/// One of these, changed.
pub(crate) fn near<T: AsRef<[u8]>>(samples: &[T], dice: &mut Dice, pieces: &[&[u8]]) -> Vec<u8> {
    let mut bytes = dice.pick(samples).as_ref().to_vec();
    mutate(&mut bytes, dice, pieces);
    bytes
}
