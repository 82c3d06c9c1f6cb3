//! Reading a workload's log back.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};

use nsjoin::Name;

use crate::error::{Error, file};
use crate::store::Store;

/// Writes what a workload has said so far, as it said it: each stream to its own.
///
/// # Errors
/// When there is no such pod or workload, or the log cannot be read or the text not written.
pub fn logs(
    store: &Store,
    pod: &Name,
    workload: &Name,
    out: &mut impl Write,
    err: &mut impl Write,
) -> Result<(), Error> {
    let directory = store.pod(pod)?;
    if directory.workload(workload)?.is_none() {
        return Err(Error::NoSuchWorkload { pod: pod.clone(), workload: workload.clone() });
    }
    let path = directory.log(workload);
    let mut log = BufReader::new(File::open(&path).map_err(file("open", &path))?);
    let mut line = Vec::new();
    while log.read_until(b'\n', &mut line).map_err(file("read", &path))? > 0 {
        // The last entry may be in the making.
        if let Some((stream, text)) = text_of(&line) {
            match stream {
                b"stderr" => err.write_all(text),
                _ => out.write_all(text),
            }
            .map_err(Error::Output)?;
        }
        line.clear();
    }
    let flushed: io::Result<()> = out.flush().and_then(|()| err.flush());
    flushed.map_err(Error::Output)
}

/// The stream and the text of a log entry `TIME STREAM TAG TEXT`.
fn text_of(entry: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut fields = entry.splitn(4, |byte| *byte == b' ').skip(1);
    let (stream, tag, text) = (fields.next()?, fields.next()?, fields.next()?);
    match tag {
        b"F" => Some((stream, text)),
        _ => Some((stream, text.strip_suffix(b"\n").unwrap_or(text))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_give_back_what_was_said() {
        for (entry, stream, text) in [
            ("2026-01-01T00:00:00.000000000Z stdout F a b  c\n", "stdout", "a b  c\n"),
            ("2026-01-01T00:00:00.000000000Z stderr P part\n", "stderr", "part"),
            ("2026-01-01T00:00:00.000000000Z stdout F \n", "stdout", "\n"),
        ] {
            assert_eq!(text_of(entry.as_bytes()), Some((stream.as_bytes(), text.as_bytes())), "{entry}");
        }
        assert_eq!(text_of(b"2026-01-01T00:00:00.000000000Z std"), None);
    }
}
