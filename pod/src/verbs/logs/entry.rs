//! An entry of a log, and how it is shown.

use std::io::{self, Write};

use crate::error::Error;

/// `TIME STREAM TAG TEXT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) time: &'a [u8],
    pub(super) is_stderr: bool,
    /// Whether a line ends with it.
    pub(super) is_whole: bool,
    /// With the end of the line, if that is one.
    pub(super) text: &'a [u8],
}

impl<'a> Entry<'a> {
    /// Of a line of a log; `None` of one that is not an entry, or not yet.
    pub(super) fn of(line: &'a [u8]) -> Option<Self> {
        let mut fields = line.splitn(4, |byte| *byte == b' ');
        let (time, stream, tag, text) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let is_whole = tag == b"F";
        let text = if is_whole { text } else { text.strip_suffix(b"\n").unwrap_or(text) };
        Some(Self { time, is_stderr: stream == b"stderr", is_whole, text })
    }
}

/// Shows entries, each stream on its own, as it was asked for.
pub(super) struct Shower<'a, O: Write, E: Write> {
    /// Only those that are no older, in the form of their times.
    pub(super) since: Option<String>,
    pub(super) timestamps: bool,
    pub(super) prefix: Option<String>,
    /// So many bytes, and no more.
    pub(super) left: Option<u64>,
    /// Whether a stream's last entry was within a line.
    pub(super) goes_on: [bool; 2],
    pub(super) out: &'a mut O,
    pub(super) err: &'a mut E,
}

impl<O: Write, E: Write> Shower<'_, O, E> {
    /// Shows one; whether more may be shown.
    pub(super) fn show(&mut self, entry: Entry<'_>) -> Result<bool, Error> {
        // Times are all of one length and one zone.
        if self.since.as_ref().is_some_and(|since| entry.time < since.as_bytes()) {
            return Ok(true);
        }
        let goes_on = std::mem::replace(&mut self.goes_on[usize::from(entry.is_stderr)], !entry.is_whole);
        let mut text = Vec::with_capacity(entry.text.len() + 64);
        if !goes_on {
            text.extend_from_slice(self.prefix.as_deref().unwrap_or_default().as_bytes());
            if self.timestamps {
                text.extend_from_slice(entry.time);
                text.push(b' ');
            }
        }
        text.extend_from_slice(entry.text);
        if let Some(left) = &mut self.left {
            let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(text.len());
            text.truncate(taken);
            *left -= taken as u64;
        }
        let written = if entry.is_stderr { self.err.write_all(&text) } else { self.out.write_all(&text) };
        written.map_err(Error::Output)?;
        Ok(self.left != Some(0))
    }

    pub(super) fn flush(&mut self) -> Result<(), Error> {
        let flushed: io::Result<()> = self.out.flush().and_then(|()| self.err.flush());
        flushed.map_err(Error::Output)
    }
}

#[cfg(test)]
mod tests {
    use fixtures::fuzz::rounds;

    use crate::nearly::{LAW, LINES, MEMORY, near};

    use super::*;

    const T: &str = "2026-01-01T00:00:00.000000000Z";

    #[test]
    fn entries_give_back_what_was_said() {
        for (line, is_stderr, is_whole, text) in [
            ("stdout F a b  c\n", false, true, "a b  c\n"),
            ("stderr P part\n", true, false, "part"),
            ("stdout F \n", false, true, "\n"),
        ] {
            let line = format!("{T} {line}");
            let entry = Entry { time: T.as_bytes(), is_stderr, is_whole, text: text.as_bytes() };
            assert_eq!(Entry::of(line.as_bytes()), Some(entry), "{line}");
        }
        assert_eq!(Entry::of(b"2026-01-01T00:00:00.000000000Z std"), None);
    }

    #[test]
    fn what_is_shown_is_what_was_asked_for() {
        let log = ["stdout P be", "stdout P gin", "stderr F err", "stdout F ning", "stdout F two"];
        let shown = |since: Option<&str>, timestamps, prefix: Option<&str>, left| {
            let (mut out, mut err) = (Vec::new(), Vec::new());
            let (since, prefix) = (since.map(str::to_owned), prefix.map(str::to_owned));
            let (out_to, err_to) = (&mut out, &mut err);
            let mut shower = Shower { since, timestamps, prefix, left, goes_on: [false; 2], out: out_to, err: err_to };
            for (at, line) in log.iter().enumerate() {
                let line = format!("2026-01-01T00:00:0{at}.000000000Z {line}\n");
                if !shower.show(Entry::of(line.as_bytes()).expect("an entry")).expect("room") {
                    break;
                }
            }
            (String::from_utf8(out).expect("text"), String::from_utf8(err).expect("text"))
        };
        assert_eq!(shown(None, false, None, None), ("beginning\ntwo\n".into(), "err\n".into()));
        let stamped = "2026-01-01T00:00:00.000000000Z beginning\n2026-01-01T00:00:04.000000000Z two\n";
        assert_eq!(shown(None, true, None, None).0, stamped);
        assert_eq!(shown(None, false, Some("[x] "), None), ("[x] beginning\n[x] two\n".into(), "[x] err\n".into()));
        assert_eq!(shown(Some("2026-01-01T00:00:03.5"), false, None, None), ("two\n".into(), String::new()));
        assert_eq!(shown(None, false, None, Some(7)), ("begin".into(), "er".into()));
    }

    #[test]
    fn nearly_right_lines_are_entries_or_none() {
        let lines = [format!("{T} stdout F one\n"), format!("{T} stderr P \n"), "x".to_owned()];
        let mut found = 0_u32;
        rounds(3000, &MEMORY, LAW, |dice| {
            let line = near(&lines, dice, &LINES);
            let (mut out, mut err) = (Vec::new(), Vec::new());
            if let Some(entry) = Entry::of(&line) {
                found += 1;
                assert!(entry.time.len() + entry.text.len() < line.len());
                let prefix = Some("[p] ".to_owned());
                let left = Some(dice.below(9) as u64);
                let (goes_on, out, err) = ([false; 2], &mut out, &mut err);
                let mut shower = Shower { since: None, timestamps: true, prefix, left, goes_on, out, err };
                shower.show(entry).expect("room");
            }
            assert!(out.len() + err.len() <= 8, "no more than was asked for");
            line.len()
        });
        assert!(found > 0, "none was ever one");
    }
}
