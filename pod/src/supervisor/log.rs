//! A workload's output, from its pipe into its log.
//!
//! The format is the CRI's: `TIME STREAM TAG TEXT`, where the tag is `F` for a whole line and `P`
//! for a part that the next entry goes on with.
//!
//! # References
//! kubernetes/design-proposals-archive, node/kubelet-cri-logging.md

use std::cell::RefCell;
use std::fs::File;
use std::io::Write;
use std::rc::Rc;
use std::time::SystemTime;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// A line longer than this is logged in parts.
const LONGEST: usize = 16 * 1024;

/// Which of a workload's two outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Stdout,
    Stderr,
}

/// Copies a stream into the log, until its end or until the log takes no more.
pub(super) async fn copy(from: impl AsyncRead + Unpin, stream: Stream, log: Rc<RefCell<File>>) {
    let mut from = BufReader::with_capacity(LONGEST, from);
    let mut part = Vec::new();
    loop {
        let (used, ended) = match from.fill_buf().await {
            Ok([]) | Err(_) => (0, true),
            Ok(bytes) => {
                let line = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
                let used = line.min(LONGEST - part.len());
                part.extend_from_slice(&bytes[..used]);
                (used, false)
            }
        };
        from.consume(used);
        let whole = part.last() == Some(&b'\n');
        if whole || part.len() == LONGEST || (ended && !part.is_empty()) {
            // A full disk loses what does not fit; the workload must not be held up by it.
            let _lost = log.borrow_mut().write_all(&entry(SystemTime::now(), stream, &part));
            part.clear();
        }
        if ended {
            return;
        }
    }
}

/// One entry of the log.
fn entry(time: SystemTime, stream: Stream, text: &[u8]) -> Vec<u8> {
    let stream = match stream {
        Stream::Stdout => "stdout",
        Stream::Stderr => "stderr",
    };
    let (tag, text) = match text.strip_suffix(b"\n") {
        Some(line) => ('F', line),
        None => ('P', text),
    };
    let mut entry = format!("{} {stream} {tag} ", humantime::format_rfc3339_nanos(time)).into_bytes();
    entry.extend_from_slice(text);
    entry.push(b'\n');
    entry
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn logged(input: &[u8]) -> Vec<(String, usize)> {
        let path = std::env::temp_dir().join(format!("pod-log-{}-{}", std::process::id(), input.len()));
        let log = Rc::new(RefCell::new(File::create(&path).expect("a log")));
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(copy(input, Stream::Stdout, log));
        let text = fs::read_to_string(&path).expect("the log");
        fs::remove_file(&path).expect("the log is ours");
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
        assert_eq!(logged(b""), []);
        assert_eq!(logged(b"\n"), [whole(0)]);
        assert_eq!(logged(b"one\ntwo\n"), [whole(3), whole(3)]);
        assert_eq!(logged(b"unfinished"), [part(10)]);
        let long = [vec![b'x'; LONGEST + 1], b"\n".to_vec()].concat();
        assert_eq!(logged(&long), [part(LONGEST), whole(1)]);
    }
}
