//! What closes a record, so that whoever reads it sees whether it is whole.

/// How long the sum of a record is, with what sets it apart: ` #0123abcd`.
pub(crate) const SUM_LENGTH: usize = 10;

/// What closes the record of a process, so that whoever reads it sees whether it is whole: FNV-1a, in
/// hexadecimal digits. Allocates nothing.
pub(crate) fn sum_of(line: &[u8]) -> [u8; SUM_LENGTH] {
    let sum = line.iter().fold(0x811c_9dc5_u32, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    let mut text = *b" #00000000";
    for (index, digit) in text[2..].iter_mut().enumerate() {
        *digit = b"0123456789abcdef"[(sum >> (28 - 4 * index) & 0xf) as usize];
    }
    text
}
