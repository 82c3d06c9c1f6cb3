//! A workload's output, from its fifos into its log, which never grows beyond bounds.
//!
//! The format is the CRI's: `TIME STREAM TAG TEXT`, where the tag is `F` for a whole line and `P`
//! for a part that the next entry goes on with. A log that takes no more (full disk, a limit) holds
//! nobody up: what is lost is counted, and said where it is missing once there is room.
//!
//! # References
//! kubernetes/design-proposals-archive, node/kubelet-cri-logging.md

use std::cell::RefCell;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

use registry::{Name, PodDirectory, tree};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::task::yield_now;

use crate::error::Error;
use crate::record::log_name;

/// A line longer than this is logged in parts.
const LONGEST: usize = 16 * 1024;
/// How much is read at once.
const GULP: usize = 64 * 1024;
/// A log larger than this is put aside, and so many are kept, as the kubelet does.
const LARGEST: u64 = 10 << 20;
const KEPT: u32 = 5;

/// Which of a workload's two outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Stdout,
    Stderr,
}

/// The log of one launch of a workload.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    file: File,
    size: u64,
    /// How many entries it did not take.
    lost: u64,
    /// Whether it ends within an entry.
    torn: bool,
}

impl Log {
    /// Begins the log of a launch, and forgets those of all before the last.
    pub(super) fn begin(directory: &PodDirectory, name: &Name, number: u32) -> Result<Self, Error> {
        let logs = directory.logs(name);
        DirBuilder::new().recursive(true).mode(0o700).create(&logs).map_err(registry::file("create", &logs))?;
        for old in tree::names(&logs)? {
            let first = old.to_str().and_then(|old| old.split('.').next()?.parse::<u32>().ok());
            if first.is_some_and(|old| old + 1 < number) {
                tree::remove(&logs.join(old))?;
            }
        }
        Self::resume(directory, name, number)
    }

    /// Goes on with the log of a launch.
    pub(super) fn resume(directory: &PodDirectory, name: &Name, number: u32) -> Result<Self, Error> {
        let path = directory.logs(name).join(log_name(number));
        let file = open(&path).map_err(registry::file("open", &path))?;
        let size = file.metadata().map_err(registry::file("look at", &path))?.len();
        Ok(Self { path, file, size, lost: 0, torn: false })
    }

    /// Writes entries, all of them or, where there is no room, none.
    fn write(&mut self, entries: &[u8], how_many: u64) {
        if self.size > 0 && self.size + entries.len() as u64 > LARGEST {
            self.rotate();
        }
        let notice = if self.lost > 0 { notice(self.lost, SystemTime::now()) } else { Vec::new() };
        match self.append(&[&notice, entries].concat()) {
            Ok(()) => self.lost = 0,
            Err(error) => {
                if self.lost == 0 {
                    let error = Error::from(registry::file("write", &self.path)(error));
                    nsjoin::report::report("pod", &error, Some("what the workload says is lost until there is room"));
                }
                self.lost += how_many;
            }
        }
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let apart: &[u8] = if self.torn { b"\n" } else { b"" };
        let written = self.file.write_all(&[apart, bytes].concat());
        match written {
            Ok(()) => {
                self.size += (apart.len() + bytes.len()) as u64;
                self.torn = false;
            }
            // Half an entry would spoil the next.
            Err(_) => self.torn = self.file.set_len(self.size).is_err(),
        }
        written
    }

    /// Puts the log aside, and begins another. Where that cannot be done it goes on with this one.
    fn rotate(&mut self) {
        let aside = |number: u32| {
            let mut path = self.path.clone().into_os_string();
            if number > 0 {
                path.push(format!(".{number}"));
            }
            PathBuf::from(path)
        };
        let renamed = (0..KEPT - 1).rev().try_for_each(|number| match fs::rename(aside(number), aside(number + 1)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            renamed => renamed,
        });
        match renamed.and_then(|()| open(&self.path)) {
            Ok(file) => (self.file, self.size) = (file, 0),
            Err(error) => {
                let error = Error::from(registry::file("put aside", &self.path)(error));
                nsjoin::report::report("pod", &error, None);
            }
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    File::options().create(true).append(true).mode(0o600).open(path)
}

/// Copies a stream into the log, until its end.
pub(super) async fn copy(mut from: impl AsyncRead + Unpin, stream: Stream, log: Rc<RefCell<Log>>) {
    let mut lines = Lines { stream, part: Vec::new() };
    let mut gulp = vec![0; GULP];
    loop {
        let (length, ended) = match from.read(&mut gulp).await {
            Ok(0) | Err(_) => (0, true),
            Ok(length) => (length, false),
        };
        let mut entries = Vec::new();
        let mut how_many = lines.take(&gulp[..length], SystemTime::now(), &mut entries);
        if ended {
            how_many += lines.end(SystemTime::now(), &mut entries);
        }
        if how_many > 0 {
            log.borrow_mut().write(&entries, how_many);
        }
        if ended {
            return;
        }
        // Who has much to say does not keep the others waiting.
        yield_now().await;
    }
}

/// A stream on its way to be entries.
struct Lines {
    stream: Stream,
    /// What there is of a line that is not whole.
    part: Vec<u8>,
}

impl Lines {
    /// Makes entries of what is whole; says how many.
    fn take(&mut self, bytes: &[u8], time: SystemTime, entries: &mut Vec<u8>) -> u64 {
        let mut how_many = 0;
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let mut piece = piece;
            while !piece.is_empty() {
                let (now, later) = piece.split_at(piece.len().min(LONGEST - self.part.len()));
                self.part.extend_from_slice(now);
                piece = later;
                if self.part.len() == LONGEST || self.part.last() == Some(&b'\n') {
                    how_many += self.end(time, entries);
                }
            }
        }
        how_many
    }

    /// Makes an entry of what there is.
    fn end(&mut self, time: SystemTime, entries: &mut Vec<u8>) -> u64 {
        if self.part.is_empty() {
            return 0;
        }
        entry(time, self.stream, &self.part, entries);
        self.part.clear();
        1
    }
}

/// One entry of the log.
fn entry(time: SystemTime, stream: Stream, text: &[u8], entries: &mut Vec<u8>) {
    let stream = match stream {
        Stream::Stdout => "stdout",
        Stream::Stderr => "stderr",
    };
    let (tag, text) = match text.strip_suffix(b"\n") {
        Some(line) => ('F', line),
        None => ('P', text),
    };
    entries.extend_from_slice(format!("{} {stream} {tag} ", crate::record::nanos(time)).as_bytes());
    entries.extend_from_slice(text);
    entries.push(b'\n');
}

/// What stands where entries are missing.
fn notice(lost: u64, time: SystemTime) -> Vec<u8> {
    let mut entries = Vec::new();
    entry(
        time,
        Stream::Stderr,
        format!("pod: here {lost} entries were lost: the log took no more\n").as_bytes(),
        &mut entries,
    );
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(inputs: &[&[u8]]) -> Vec<(String, usize)> {
        let mut lines = Lines { stream: Stream::Stdout, part: Vec::new() };
        let mut entries = Vec::new();
        let now = SystemTime::now();
        let mut how_many: u64 = inputs.iter().map(|input| lines.take(input, now, &mut entries)).sum();
        how_many += lines.end(now, &mut entries);
        let text = String::from_utf8(entries).expect("text");
        assert_eq!(text.lines().count() as u64, how_many);
        let entry = |line: &str| {
            let mut fields = line.splitn(4, ' ').skip(2);
            (fields.next().expect("a tag").to_owned(), fields.next().expect("text").len())
        };
        text.lines().map(entry).collect()
    }

    #[test]
    fn lines_are_whole_and_what_is_longer_comes_in_parts() {
        let whole = |length| ("F".to_owned(), length);
        let part = |length| ("P".to_owned(), length);
        assert_eq!(logged(&[b""]), []);
        assert_eq!(logged(&[b"\n"]), [whole(0)]);
        assert_eq!(logged(&[b"one\ntwo\n"]), [whole(3), whole(3)]);
        assert_eq!(logged(&[b"o", b"ne\nt", b"wo\n"]), [whole(3), whole(3)]);
        assert_eq!(logged(&[b"unfinished"]), [part(10)]);
        let long = [vec![b'x'; LONGEST + 1], b"\n".to_vec()].concat();
        assert_eq!(logged(&[&long]), [part(LONGEST), whole(1)]);
    }

    fn log() -> (tempfile::TempDir, Log) {
        let place = tempfile::tempdir().expect("a directory");
        let name = "app".parse().expect("a name");
        let log = Log::begin(&PodDirectory::at(place.path().to_owned()), &name, 3).expect("a log");
        (place, log)
    }

    #[test]
    fn a_log_that_has_grown_is_put_aside_and_the_oldest_is_forgotten() {
        let (_place, mut log) = log();
        for byte in b'a'..=b'h' {
            log.write(&vec![byte; usize::try_from(LARGEST).expect("it fits")], 1);
        }
        let directory = log.path.parent().expect("a directory");
        let mut names = tree::names(directory).expect("a directory");
        names.sort();
        assert_eq!(names, ["3.log", "3.log.1", "3.log.2", "3.log.3", "3.log.4"]);
        let first = |name: &str| fs::read(directory.join(name)).expect("a log")[0];
        assert_eq!((first("3.log"), first("3.log.1"), first("3.log.4")), (b'h', b'g', b'd'));
    }

    #[test]
    fn of_the_launches_before_the_last_one_is_kept() {
        let (place, _log) = log();
        let directory = PodDirectory::at(place.path().to_owned());
        let name: Name = "app".parse().expect("a name");
        for number in 4..7 {
            Log::begin(&directory, &name, number).expect("a log");
        }
        let mut names = tree::names(&directory.logs(&name)).expect("a directory");
        names.sort();
        assert_eq!(names, ["5.log", "6.log"]);
    }

    #[test]
    fn what_is_lost_is_told_where_it_is_missing() {
        let (_place, mut log) = log();
        log.write(b"one\n", 1);
        let file = std::mem::replace(&mut log.file, File::open("/dev/null").expect("a file that takes nothing"));
        log.write(b"two\nthree\n", 2);
        assert_eq!(log.lost, 2);
        log.file = file;
        log.write(b"four\n", 1);
        let text = fs::read_to_string(&log.path).expect("the log");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!((lines[0], lines[2], lines.len()), ("one", "four", 3));
        assert!(lines[1].ends_with("stderr F pod: here 2 entries were lost: the log took no more"), "{text}");
    }
}
