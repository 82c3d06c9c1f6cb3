//! A workload's output, from its fifos into its log, which never grows beyond bounds.
//!
//! The format is the CRI's: `TIME STREAM TAG TEXT`, where the tag is `F` for a whole line and `P`
//! for a part that the next entry goes on with. A log that takes no more (full disk, a limit) holds
//! nobody up: what is lost is counted, and said where it is missing once there is room.
//!
//! # References
//! kubernetes/design-proposals-archive, node/kubelet-cri-logging.md

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

use registry::{Name, PodDirectory, tree};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, SpliceFlags};
use tokio::io::unix::AsyncFd;
use tokio::task::yield_now;

use super::complain;
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
    /// The number of the last launch that has a log.
    pub(super) fn last(directory: &PodDirectory, name: &Name) -> Result<Option<u32>, Error> {
        let logs = tree::names(&directory.logs(name))?;
        Ok(logs.iter().filter_map(|name| number(name)).max())
    }

    /// Begins the log of a launch, and forgets those of all before the last.
    pub(super) fn begin(directory: &PodDirectory, name: &Name, number: u32) -> Result<Self, Error> {
        let logs = directory.logs(name);
        tree::make(&logs, 0o700)?;
        for old in tree::names(&logs)? {
            if self::number(&old).is_some_and(|old| old + 1 < number) {
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
                    launch::complain::complain(
                        "pod",
                        &error,
                        Some("what the workload says is lost until there is room"),
                    );
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
            Err(error) => complain(registry::file("put aside", &self.path)(error), ()),
        }
    }
}

/// The launch that a file of logs is of.
fn number(name: &OsStr) -> Option<u32> {
    name.to_str()?.split('.').next()?.parse().ok()
}

fn open(path: &Path) -> io::Result<File> {
    File::options().create(true).append(true).mode(0o600).open(path)
}

/// Copies a fifo into the log, until nobody writes any more.
///
/// What is logged is looked at first and taken out of the fifo afterwards: whoever kills us between,
/// the next supervisor finds it there still. So a line may be logged twice then, and none is lost.
pub(super) async fn copy(from: AsyncFd<OwnedFd>, stream: Stream, log: Rc<RefCell<Log>>, glass: Rc<Glass>) {
    let mut gulp = vec![0; GULP];
    loop {
        let Ok(mut ready) = from.readable().await else { return };
        let ended = ready.ready().is_read_closed();
        let seen = match ready.try_io(|from| glass.look(from.get_ref(), &mut gulp)) {
            Ok(Ok(0) | Err(_)) => return,
            Ok(Ok(seen)) => seen,
            Err(_nothing_yet) => continue,
        };
        let mut entries = Vec::new();
        let (used, how_many) = whole(&gulp[..seen], ended, stream, SystemTime::now(), &mut entries);
        if used == 0 {
            // A line that is not whole yet stays where it is, and what completes it wakes us.
            ready.clear_ready();
            continue;
        }
        log.borrow_mut().write(&entries, how_many);
        if take(from.get_ref(), &mut gulp[..used]).is_err() {
            return;
        }
        // Who has much to say does not keep the others waiting.
        yield_now().await;
    }
}

/// Makes entries of the lines that are whole, of parts that are too long to be kept back, and of the
/// rest when that is all there will be. Says how many bytes of them that were, and how many entries.
fn whole(bytes: &[u8], all: bool, stream: Stream, time: SystemTime, entries: &mut Vec<u8>) -> (usize, u64) {
    let (mut used, mut how_many) = (0, 0);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        for part in line.chunks(LONGEST) {
            if part.len() < LONGEST && part.last() != Some(&b'\n') && !all {
                return (used, how_many);
            }
            entry(time, stream, part, entries);
            used += part.len();
            how_many += 1;
        }
    }
    (used, how_many)
}

/// A pipe by which one looks into fifos without taking anything out.
#[derive(Debug)]
pub(super) struct Glass {
    read: OwnedFd,
    write: OwnedFd,
}

impl Glass {
    pub(super) fn new() -> io::Result<Self> {
        let (read, write) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        Ok(Self { read, write })
    }

    /// What there is in a fifo; nothing at its end.
    fn look(&self, fifo: &OwnedFd, bytes: &mut [u8]) -> io::Result<usize> {
        let seen = rustix::pipe::tee(fifo, &self.write, bytes.len(), SpliceFlags::NONBLOCK)?;
        // The pipe holds just this.
        take(&self.read, &mut bytes[..seen])?;
        Ok(seen)
    }
}

/// Takes so much out of a pipe as is known to be in it.
fn take(pipe: &OwnedFd, mut bytes: &mut [u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::read(pipe, &mut *bytes) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(taken) => bytes = &mut bytes[taken..],
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
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

    /// How much of what is seen is used, and the entries that it makes: their tags and lengths.
    fn logged(seen: &[u8], all: bool) -> (usize, Vec<(String, usize)>) {
        let mut entries = Vec::new();
        let (used, how_many) = whole(seen, all, Stream::Stdout, SystemTime::now(), &mut entries);
        let text = String::from_utf8(entries).expect("text");
        assert_eq!(text.lines().count() as u64, how_many);
        let entry = |line: &str| {
            let mut fields = line.splitn(4, ' ').skip(2);
            (fields.next().expect("a tag").to_owned(), fields.next().expect("text").len())
        };
        (used, text.lines().map(entry).collect())
    }

    #[test]
    fn lines_are_whole_and_what_is_longer_comes_in_parts() {
        let whole = |length| ("F".to_owned(), length);
        let part = |length| ("P".to_owned(), length);
        assert_eq!(logged(b"", true), (0, vec![]));
        assert_eq!(logged(b"\n", false), (1, vec![whole(0)]));
        assert_eq!(logged(b"one\ntwo\n", false), (8, vec![whole(3), whole(3)]));
        assert_eq!(logged(b"one\ntwo", false), (4, vec![whole(3)]), "what is not whole waits");
        assert_eq!(logged(b"unfinished", true), (10, vec![part(10)]), "but not for ever");
        let long = [vec![b'x'; LONGEST + 1], b"\n".to_vec()].concat();
        assert_eq!(logged(&long, false), (LONGEST + 2, vec![part(LONGEST), whole(1)]));
        assert_eq!(logged(&long[..LONGEST + 1], false), (LONGEST, vec![part(LONGEST)]));
    }

    #[test]
    fn looking_takes_nothing_out() {
        let glass = Glass::new().expect("a pipe");
        let (read, write) = rustix::pipe::pipe_with(PipeFlags::NONBLOCK).expect("a pipe");
        let mut bytes = [0; 64];
        assert!(glass.look(&read, &mut bytes).is_err(), "there is nothing yet");
        for said in ["one\n", "one\ntwo"] {
            rustix::io::write(&write, &said.as_bytes()[said.len() - 4..]).expect("a pipe");
            let seen = glass.look(&read, &mut bytes).expect("a pipe");
            assert_eq!(seen % 4, 0);
        }
        assert_eq!(glass.look(&read, &mut bytes).expect("a pipe"), 8);
        assert_eq!(&bytes[..8], b"one\n\ntwo");
        take(&read, &mut bytes[..8]).expect("it is there");
        drop(write);
        assert_eq!(glass.look(&read, &mut bytes).expect("a pipe"), 0, "its end");
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
        // What can be neither written nor cut is set apart from what follows.
        let lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!((lines[0], lines[2], lines.len()), ("one", "four", 3));
        assert!(lines[1].ends_with("stderr F pod: here 2 entries were lost: the log took no more"), "{text}");
    }
}
