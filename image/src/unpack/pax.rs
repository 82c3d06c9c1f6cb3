//! Extended headers of pax: records `LENGTH KEY=VALUE\n`, whose values may hold any byte.
//!
//! # References
//! pax(1p); tar's manual, "Storing Sparse Files"

use super::sparse::Segment;
use super::xattr::Attributes;

/// What extended headers say of the member that follows. A field that they say nothing of is empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Extended {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u64>,
    pub(super) gid: Option<u64>,
    pub(super) mtime: Option<Time>,
    pub(super) xattrs: Attributes,
    pub(super) sparse: Option<Sparse>,
}

/// Seconds since 1970, and nanoseconds after these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Time {
    pub(super) seconds: i64,
    pub(super) nanoseconds: u32,
}

/// How a sparse file is told of.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sparse {
    /// Version 1.0: the map stands before the data.
    pub(super) map_in_data: bool,
    pub(super) name: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) map: Vec<Segment>,
}

/// That a record is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an extended header is malformed")]
pub(crate) struct Malformed;

/// Reads all records; the last of a key counts.
pub(super) fn parse(mut bytes: &[u8]) -> Result<Extended, Malformed> {
    let mut extended = Extended::default();
    while !bytes.is_empty() {
        // What fills the block up.
        if bytes.iter().all(|byte| *byte == 0) {
            break;
        }
        let space = bytes.iter().position(|byte| *byte == b' ').ok_or(Malformed)?;
        let length = usize::try_from(number(&bytes[..space])?).map_err(|_| Malformed)?;
        let record = bytes.get(space + 1..length).ok_or(Malformed)?;
        let (record, newline) = record.split_at(record.len().checked_sub(1).ok_or(Malformed)?);
        let equals = record.iter().position(|byte| *byte == b'=').ok_or(Malformed)?;
        if newline != b"\n" || equals == 0 {
            return Err(Malformed);
        }
        extended.record(&record[..equals], &record[equals + 1..])?;
        bytes = &bytes[length..];
    }
    Ok(extended)
}

impl Extended {
    fn record(&mut self, key: &[u8], value: &[u8]) -> Result<(), Malformed> {
        // An empty value takes back what was said.
        let said = |value: &[u8]| (!value.is_empty()).then(|| value.to_owned());
        let count = |value: &[u8]| if value.is_empty() { Ok(None) } else { number(value).map(Some) };
        match key {
            b"path" => self.path = said(value).map(no_nul).transpose()?,
            b"linkpath" => self.link = said(value).map(no_nul).transpose()?,
            b"size" => self.size = count(value)?,
            b"uid" => self.uid = count(value)?,
            b"gid" => self.gid = count(value)?,
            b"mtime" => self.mtime = if value.is_empty() { None } else { Some(time(value)?) },
            _ => {
                if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
                    let name = no_nul(name.to_owned())?;
                    self.xattrs.retain(|(known, _)| *known != name);
                    self.xattrs.push((name, value.to_owned()));
                } else if let Some(key) = key.strip_prefix(b"GNU.sparse.") {
                    self.sparse.get_or_insert_default().record(key, value)?;
                }
            }
        }
        Ok(())
    }
}

impl Sparse {
    fn record(&mut self, key: &[u8], value: &[u8]) -> Result<(), Malformed> {
        match key {
            b"major" => self.map_in_data = number(value)? == 1,
            b"name" => self.name = Some(no_nul(value.to_owned())?),
            b"size" | b"realsize" => self.size = Some(number(value)?),
            b"map" => {
                let numbers: Result<Vec<_>, _> = value.split(|byte| *byte == b',').map(number).collect();
                let numbers = numbers?;
                if numbers.len() % 2 != 0 {
                    return Err(Malformed);
                }
                self.map = numbers.chunks(2).map(|pair| Segment { offset: pair[0], length: pair[1] }).collect();
            }
            // Version 0.0: pairs of records.
            b"offset" => self.map.push(Segment { offset: number(value)?, length: 0 }),
            b"numbytes" => self.map.last_mut().ok_or(Malformed)?.length = number(value)?,
            _ => {}
        }
        Ok(())
    }
}

fn number(text: &[u8]) -> Result<u64, Malformed> {
    // `parse` would take a sign.
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return Err(Malformed);
    }
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(Malformed)
}

/// `-1.25` is three quarters of a second after -2.
fn time(text: &[u8]) -> Result<Time, Malformed> {
    let (negative, text) = text.strip_prefix(b"-").map_or((false, text), |text| (true, text));
    let point = text.iter().position(|byte| *byte == b'.').unwrap_or(text.len());
    let seconds = i64::try_from(number(&text[..point])?).map_err(|_| Malformed)?;
    let fraction = text.get(point + 1..).unwrap_or_default();
    if !fraction.iter().all(u8::is_ascii_digit) {
        return Err(Malformed);
    }
    let digits = fraction.iter().chain(std::iter::repeat(&b'0')).take(9);
    let nanoseconds = digits.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    Ok(match (negative, nanoseconds) {
        (false, _) => Time { seconds, nanoseconds },
        (true, 0) => Time { seconds: -seconds, nanoseconds },
        (true, _) => Time { seconds: -seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds },
    })
}

fn no_nul(name: Vec<u8>) -> Result<Vec<u8>, Malformed> {
    if name.contains(&0) { Err(Malformed) } else { Ok(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: &str, value: &[u8]) -> Vec<u8> {
        let rest = key.len() + value.len() + 3;
        let length = (rest + 1..).find(|length| length - length.to_string().len() == rest).expect("a length");
        [format!("{length} {key}=").as_bytes(), value, b"\n"].concat()
    }

    #[test]
    fn values_hold_any_byte() {
        let bytes =
            [record("SCHILY.xattr.security.capability", b"\x01\n\0=9 x=\n"), record("path", b"a=\xff b")].concat();
        let extended = parse(&bytes).expect("two records");
        assert_eq!(extended.xattrs, [(b"security.capability".to_vec(), b"\x01\n\0=9 x=\n".to_vec())]);
        assert_eq!(extended.path.as_deref(), Some(&b"a=\xff b"[..]));
    }

    #[test]
    fn times_have_fractions_and_signs() {
        for (text, seconds, nanoseconds) in [
            ("0", 0, 0),
            ("1.5", 1, 500_000_000),
            ("1.0000000019", 1, 1),
            ("-1", -1, 0),
            ("-1.25", -2, 750_000_000),
            ("7.", 7, 0),
        ] {
            assert_eq!(time(text.as_bytes()), Ok(Time { seconds, nanoseconds }), "{text}");
        }
        for text in ["", "x", "1.x", "--1", "1e3", "99999999999999999999"] {
            assert_eq!(time(text.as_bytes()), Err(Malformed), "{text}");
        }
    }

    #[test]
    fn sparse_maps_of_all_versions_are_read() {
        let map = vec![Segment { offset: 0, length: 5 }, Segment { offset: 4096, length: 1 }];
        let zero = [
            record("GNU.sparse.size", b"9"),
            record("GNU.sparse.offset", b"0"),
            record("GNU.sparse.numbytes", b"5"),
            record("GNU.sparse.offset", b"4096"),
            record("GNU.sparse.numbytes", b"1"),
        ];
        assert_eq!(parse(&zero.concat()).expect("records").sparse.expect("sparse").map, map);
        let one = record("GNU.sparse.map", b"0,5,4096,1");
        assert_eq!(parse(&one).expect("records").sparse.expect("sparse").map, map);
        let two = [record("GNU.sparse.major", b"1"), record("GNU.sparse.name", b"x")].concat();
        assert!(parse(&two).expect("records").sparse.expect("sparse").map_in_data);
        assert_eq!(parse(&record("GNU.sparse.map", b"1,2,3")), Err(Malformed));
        assert_eq!(parse(&record("GNU.sparse.numbytes", b"1")), Err(Malformed));
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for bytes in
            [&b"x"[..], b"5 a=b", b"99 a=b\n", b"6 a=b\nx", b"2 \n", b"4 =\n", b"0 a=b\n", b"+6 a=b\n", b"6 a=bc"]
        {
            assert_eq!(parse(bytes), Err(Malformed), "{}", bytes.escape_ascii());
        }
        assert!(parse(b"6 a=b\n\0\0").is_ok());
        assert_eq!(parse(&record("size", b"-1")), Err(Malformed));
        assert_eq!(parse(&record("path", b"a\0b")), Err(Malformed));
    }
}
