//! The word that a container leaves of why it ended.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use registry::file;

use crate::error::Error;

/// What of a word counts.
const WORD: u64 = 4096;
/// What of a log stands in for one.
const LINES: usize = 80;
const BYTES: usize = 2048;

/// An empty file that anybody may write to.
pub(super) fn make(path: &Path) -> Result<(), Error> {
    let directory = path.parent().unwrap_or(path);
    fs::create_dir_all(directory).map_err(file("create", directory))?;
    let made = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    made.and_then(|made| made.set_permissions(Permissions::from_mode(0o666))).map_err(file("create", path))?;
    Ok(())
}

/// The word, or the end of the log where the container failed without one and that is wanted.
pub(super) fn word(path: &Path, log: Option<&Path>) -> String {
    let word = end_of(path, WORD).unwrap_or_default();
    match log {
        Some(log) if word.is_empty() => tail(&end_of(log, 64 << 10).unwrap_or_default()),
        _ => word,
    }
}

/// The end of a file; somebody inside may have made it something that nobody reads to its end.
fn end_of(path: &Path, most: u64) -> io::Result<String> {
    let options = libc::O_NONBLOCK | libc::O_NOFOLLOW;
    let mut opened = File::options().read(true).custom_flags(options).open(path)?;
    let length = opened.metadata()?.len();
    opened.seek(SeekFrom::Start(length.saturating_sub(most)))?;
    let mut bytes = Vec::new();
    opened.take(most).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The last lines of what was said, without what a log says of them.
fn tail(log: &str) -> String {
    let said = |line: &str| {
        let mut parts = line.splitn(4, ' ');
        let (_time, _stream, tag, text) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next().unwrap_or_default());
        Some(if tag == "P" { text.to_owned() } else { format!("{text}\n") })
    };
    let lines: Vec<String> = log.lines().filter_map(said).collect();
    let text = lines[lines.len().saturating_sub(LINES)..].concat();
    let from = text.len().saturating_sub(BYTES);
    let from = (from..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    text[from..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_counts_and_the_log_only_where_there_is_none() {
        let place = tempfile::tempdir().expect("a directory");
        let (path, log) = (place.path().join("t/word"), place.path().join("log"));
        make(&path).expect("room");
        assert_eq!(fs::metadata(&path).expect("made").permissions().mode() & 0o777, 0o666);
        fs::write(&log, "t stdout F one\nt stderr P tw\nt stderr F o\n").expect("ours");
        assert_eq!(word(&path, Some(&log)), "one\ntwo\n");
        assert_eq!(word(&path, None), "");
        fs::write(&path, "x".repeat(5000) + "end").expect("ours");
        let said = word(&path, Some(&log));
        assert_eq!((said.len(), said.ends_with("xend")), (4096, true));
        let many: String = (0..100).map(|number| format!("t stdout F {number}\n")).collect();
        assert!(tail(&many).starts_with("20\n"));
    }
}
