//! Files with holes: which parts of them an archive holds.

use std::io::{self, Read};

use super::pax::Malformed;

/// A part of a file that the archive has the bytes of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// More are no file that anybody has.
pub(super) const SEGMENTS: usize = 1 << 16;

/// That the parts lie one behind the other, within the file, and are as long as what the archive has.
pub(super) fn check(map: &[Segment], size: u64, stored: u64) -> Result<(), Malformed> {
    let mut end = 0;
    let mut sum = 0_u64;
    for segment in map {
        if segment.offset < end {
            return Err(Malformed);
        }
        end = segment.offset.checked_add(segment.length).ok_or(Malformed)?;
        sum = sum.checked_add(segment.length).ok_or(Malformed)?;
    }
    if end <= size && sum == stored { Ok(()) } else { Err(Malformed) }
}

/// Reads the map of version 1.0 that stands before the data: numbers on lines, filled up to whole
/// blocks. Hands back how many bytes it took, too.
pub(super) fn read_map(from: &mut impl Read, stored: u64) -> io::Result<(Vec<Segment>, u64)> {
    let malformed = || io::Error::new(io::ErrorKind::InvalidData, "a map of a sparse file is malformed");
    let (mut taken, mut block, mut at) = (0_u64, [0_u8; 512], 512);
    let mut number = || -> io::Result<u64> {
        let mut value = None;
        loop {
            if at == block.len() {
                if stored - taken < 512 {
                    return Err(malformed());
                }
                from.read_exact(&mut block)?;
                taken += 512;
                at = 0;
            }
            let byte = block[at];
            at += 1;
            match (byte, value) {
                (b'0'..=b'9', _) => {
                    let next = value.unwrap_or(0_u64).checked_mul(10);
                    let next = next.and_then(|it| it.checked_add(u64::from(byte - b'0')));
                    value = Some(next.ok_or_else(malformed)?);
                }
                (b'\n', Some(value)) => return Ok(value),
                _ => return Err(malformed()),
            }
        }
    };
    let count = usize::try_from(number()?).unwrap_or(usize::MAX);
    if count > SEGMENTS {
        return Err(malformed());
    }
    let mut map = Vec::new();
    for _ in 0..count {
        map.push(Segment { offset: number()?, length: number()? });
    }
    Ok((map, taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_fits_or_is_refused() {
        let map = |parts: &[(u64, u64)]| -> Vec<_> {
            parts.iter().map(|(offset, length)| Segment { offset: *offset, length: *length }).collect()
        };
        assert_eq!(check(&map(&[(0, 5), (10, 5)]), 20, 10), Ok(()));
        for (parts, size, stored) in [
            (&[(10, 5), (0, 5)][..], 20, 10),
            (&[(0, 5), (4, 5)], 20, 10),
            (&[(0, 5)], 4, 5),
            (&[(0, 5)], 20, 6),
            (&[(u64::MAX, 5)], 20, 5),
        ] {
            assert_eq!(check(&map(parts), size, stored), Err(Malformed), "{parts:?}");
        }
    }

    #[test]
    fn a_map_before_the_data_is_read_in_whole_blocks() {
        let mut bytes = b"2\n0\n5\n4096\n1\n".to_vec();
        bytes.resize(512, 0);
        let (map, taken) = read_map(&mut &bytes[..], 518).expect("a map");
        assert_eq!((map.len(), map[1].offset, taken), (2, 4096, 512));
        for bytes in [&b"x"[..], b"\n", b"1\n\n", b"99999999999999999999\n", b"70000\n"] {
            let mut block = bytes.to_vec();
            block.resize(512, 0);
            assert!(read_map(&mut &block[..], 512).is_err(), "{}", bytes.escape_ascii());
        }
        assert!(read_map(&mut &b""[..], 100).is_err());
    }
}
