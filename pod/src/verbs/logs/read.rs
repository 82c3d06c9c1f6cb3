//! The logs of one launch of a workload, from the oldest that is kept to the one that is written.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use registry::{Name, PodDirectory, file, tree};

use super::entry::Entry;
use crate::error::Error;
use crate::record::log_name;

/// The logs of one launch, and how far they have been read.
pub(super) struct Launch {
    logs: PathBuf,
    pub(super) number: u32,
    /// Those that are still to be read, opened all at once, for they may be put aside meanwhile.
    files: VecDeque<Log>,
    /// An entry that is in the making.
    part: Vec<u8>,
}

struct Log {
    path: PathBuf,
    inode: u64,
    from: BufReader<File>,
}

impl Launch {
    /// Opens the logs of this launch; those of one that nobody knows any more are none.
    pub(super) fn open(directory: &PodDirectory, workload: &Name, number: u32) -> Result<Self, Error> {
        let mut launch = Self { logs: directory.logs(workload), number, files: VecDeque::new(), part: Vec::new() };
        launch.files = launch.list()?.into();
        Ok(launch)
    }

    /// Whether there are any.
    pub(super) fn is_there(&self) -> bool {
        !self.files.is_empty()
    }

    fn list(&self) -> Result<Vec<Log>, Error> {
        let mut opened = Vec::new();
        for name in in_order(tree::names(&self.logs)?, self.number) {
            let path = self.logs.join(name);
            match File::open(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                log => {
                    let log = log.map_err(file("open", &path))?;
                    let inode = log.metadata().map_err(file("look at", &path))?.ino();
                    opened.push(Log { path, inode, from: BufReader::new(log) });
                }
            }
        }
        Ok(opened)
    }

    /// Tells of every whole entry that there is and was not told of, as long as more are wanted; whether more are.
    pub(super) fn read(&mut self, mut tell: impl FnMut(Entry<'_>) -> Result<bool, Error>) -> Result<bool, Error> {
        while let Some(log) = self.files.front_mut() {
            loop {
                let read = log.from.read_until(b'\n', &mut self.part);
                if read.map_err(file("read", &log.path))? == 0 {
                    break;
                }
                if !self.part.ends_with(b"\n") {
                    continue;
                }
                let wanted = match Entry::of(&self.part) {
                    Some(entry) => tell(entry)?,
                    None => true,
                };
                self.part.clear();
                if !wanted {
                    return Ok(false);
                }
            }
            // The last one may still grow.
            if self.files.len() == 1 {
                break;
            }
            self.files.pop_front();
            self.part.clear();
        }
        Ok(true)
    }

    /// Tells of what has no end and will have none.
    pub(super) fn rest(&mut self, mut tell: impl FnMut(Entry<'_>) -> Result<bool, Error>) -> Result<(), Error> {
        if let Some(entry) = Entry::of(&std::mem::take(&mut self.part)) {
            tell(entry)?;
        }
        Ok(())
    }

    /// Learns that the log that is read has been put aside, and which came after it; whether any did.
    pub(super) fn renew(&mut self) -> Result<bool, Error> {
        let listed = self.list()?;
        let Some(last) = self.files.front().map(|log| log.inode) else {
            self.files = listed.into();
            return Ok(!self.files.is_empty());
        };
        let at = listed.iter().position(|log| log.inode == last);
        // One that is not kept any more was older than all of them.
        let after: Vec<_> = listed.into_iter().skip(at.map_or(0, |at| at + 1)).collect();
        let any = !after.is_empty();
        self.files.extend(after);
        Ok(any)
    }
}

/// Tells of the last so many entries.
pub(super) fn last(
    launch: &mut Launch,
    many: usize,
    mut tell: impl FnMut(Entry<'_>) -> Result<bool, Error>,
) -> Result<bool, Error> {
    let mut kept: VecDeque<Vec<u8>> = VecDeque::new();
    launch.read(|Entry { time, is_stderr, is_whole, text }| {
        let stream: &[u8] = if is_stderr { b"stderr" } else { b"stdout" };
        let (tag, end): (&[u8], &[u8]) = if is_whole { (b"F", b"") } else { (b"P", b"\n") };
        kept.push_back([time, b" ", stream, b" ", tag, b" ", text, end].concat());
        if kept.len() > many {
            kept.pop_front();
        }
        Ok(true)
    })?;
    for line in kept {
        if let Some(entry) = Entry::of(&line)
            && !tell(entry)?
        {
            return Ok(false);
        }
    }
    Ok(true)
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;

    #[test]
    fn what_was_put_aside_comes_first() {
        let names = ["3.log", "3.log.10", "3.log.2", "2.log", "3.log.x", "33.log", "3.logs"].map(OsString::from);
        assert_eq!(in_order(names.to_vec(), 3), ["3.log.10", "3.log.2", "3.log"]);
    }

    /// The texts of what there is to be read.
    fn texts(launch: &mut Launch) -> Vec<String> {
        let mut texts = Vec::new();
        launch
            .read(|entry| {
                texts.push(String::from_utf8_lossy(entry.text).trim().to_owned());
                Ok(true)
            })
            .expect("logs");
        texts
    }

    #[test]
    fn nothing_is_missed_or_told_twice_while_logs_are_put_aside() {
        let place = tempfile::tempdir().expect("a directory");
        let directory = PodDirectory::at(place.path().to_owned());
        let name: Name = "app".parse().expect("a name");
        let logs = directory.logs(&name);
        fs::create_dir_all(&logs).expect("a directory");
        let write = |file: &str, text: &str| {
            let log = File::options().create(true).append(true).open(logs.join(file)).expect("a log");
            (&log).write_all(text.as_bytes()).expect("room");
        };
        let aside = |from: &str, to: &str| fs::rename(logs.join(from), logs.join(to)).expect("a log");
        write("0.log.1", "T stdout F one\n");
        write("0.log", "T stdout F two\nT stdout F thr");
        let mut launch = Launch::open(&directory, &name, 0).expect("logs");
        assert_eq!(texts(&mut launch), ["one", "two"]);
        assert!(!launch.renew().expect("logs"));
        write("0.log", "ee\n");
        assert_eq!(texts(&mut launch), ["three"]);
        // Twice, before anybody looks again.
        write("0.log", "T stdout F four\n");
        aside("0.log.1", "0.log.2");
        aside("0.log", "0.log.1");
        write("0.log", "T stdout F five\n");
        aside("0.log.2", "0.log.3");
        aside("0.log.1", "0.log.2");
        aside("0.log", "0.log.1");
        write("0.log", "T stdout F six\n");
        assert!(launch.renew().expect("logs"));
        assert_eq!(texts(&mut launch), ["four", "five", "six"]);
        // And so often that the one that was read is not kept any more.
        for log in ["0.log.1", "0.log.2", "0.log.3"] {
            fs::remove_file(logs.join(log)).expect("a log");
        }
        fs::remove_file(logs.join("0.log")).expect("a log");
        write("0.log.1", "T stdout F eight\n");
        write("0.log", "T stdout F nine\n");
        assert!(launch.renew().expect("logs"));
        assert_eq!(texts(&mut launch), ["eight", "nine"]);
        let mut launch = Launch::open(&directory, &name, 0).expect("logs");
        let mut kept = Vec::new();
        let tell = |entry: Entry<'_>| {
            kept.push(entry.text.to_vec());
            Ok(true)
        };
        last(&mut launch, 1, tell).expect("logs");
        assert_eq!(kept, [b"nine\n"]);
    }
}
