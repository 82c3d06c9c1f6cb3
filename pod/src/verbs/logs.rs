//! `pod logs`: what a workload has said, line by line.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;

use clap::Args;
use registry::{Name, PodDirectory, Registry, file, tree};

use crate::error::Error;
use crate::record::{WorkloadRecord, log_name};

/// Print what a workload has said so far.
#[derive(Debug, Args)]
pub struct Logs {
    /// The pod's name
    pub pod: Name,

    /// The workload's name
    pub workload: Name,
}

impl Logs {
    /// Writes what the workload has said since it was launched last, as it said it: each stream to its
    /// own. A line is said when it is whole, or longer than 16 KiB.
    ///
    /// # Errors
    /// When there is no such pod or workload, or the log cannot be read or the text not written.
    pub fn run(&self, registry: &Registry, out: &mut impl Write, err: &mut impl Write) -> Result<(), Error> {
        let Self { pod, workload } = self;
        let found = registry.pod(pod)?;
        let opened = open(found.directory(), workload);
        // Before anything is said: these may be another's of its name.
        if !found.is_there()? {
            return Err(found.ended().into());
        }
        let opened = opened?.ok_or_else(|| Error::NoSuchWorkload { pod: pod.clone(), workload: workload.clone() })?;
        for (log, path) in opened {
            print(&mut BufReader::new(log), out, err).map_err(|error| match error {
                Failed::Reading(error) => file("read", path)(error).into(),
                Failed::Writing(error) => Error::Output(error),
            })?;
        }
        out.flush().and_then(|()| err.flush()).map_err(Error::Output)
    }
}

/// The logs of a workload's last launch, in order; `None` when there is no such workload. They are opened
/// all at once, for they may be put aside while we read.
fn open(directory: &PodDirectory, workload: &Name) -> Result<Option<Vec<(File, PathBuf)>>, Error> {
    let Some(WorkloadRecord { number, .. }) = directory.spec(workload)? else { return Ok(None) };
    let logs = directory.logs(workload);
    let mut opened = Vec::new();
    for name in in_order(tree::names(&logs)?, number) {
        let path = logs.join(name);
        match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            log => opened.push((log.map_err(file("open", &path))?, path)),
        }
    }
    Ok(Some(opened))
}

/// The logs of a launch, the oldest first: `N.log.4` to `N.log.1`, then `N.log`.
fn in_order(names: Vec<OsString>, number: u32) -> Vec<String> {
    let log = log_name(number);
    let age = |name: &str| -> Option<u32> {
        let rest = name.strip_prefix(log.as_str())?;
        if rest.is_empty() { Some(0) } else { rest.strip_prefix('.')?.parse().ok() }
    };
    let names = names.into_iter().filter_map(|name| name.into_string().ok());
    let mut aged: Vec<(u32, String)> = names.filter_map(|name| Some((age(&name)?, name))).collect();
    aged.sort_by(|one, other| other.cmp(one));
    aged.into_iter().map(|(_, name)| name).collect()
}

enum Failed {
    Reading(io::Error),
    Writing(io::Error),
}

fn print(log: &mut impl BufRead, out: &mut impl Write, err: &mut impl Write) -> Result<(), Failed> {
    let mut line = Vec::new();
    while log.read_until(b'\n', &mut line).map_err(Failed::Reading)? > 0 {
        // The last entry may be in the making.
        if let Some((stream, text)) = text_of(&line) {
            match stream {
                b"stderr" => err.write_all(text),
                _ => out.write_all(text),
            }
            .map_err(Failed::Writing)?;
        }
        line.clear();
    }
    Ok(())
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

    #[test]
    fn what_was_put_aside_comes_first() {
        let names = ["3.log", "3.log.10", "3.log.2", "2.log", "3.log.x", "33.log", "3.logs"].map(OsString::from);
        assert_eq!(in_order(names.to_vec(), 3), ["3.log.10", "3.log.2", "3.log"]);
    }
}
