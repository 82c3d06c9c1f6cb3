//! How it is said: frames over a stream socket, each a header and a value in JSON, with descriptors
//! beside the header.
//!
//! The header is `pod`, the version of what is said, and the length of the value. Whoever hears
//! another version says so, instead of guessing.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, UnixAddr, recvmsg, sendmsg};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::sys;

/// The version of what is said. Whatever changes in the messages or records changes it.
const VERSION: u8 = 6;
const HEADER: usize = 8;
/// No value is longer: a workload's words and environment are at most a few MiB.
const LONGEST: usize = 64 << 20;
/// How many descriptors come with one frame at most; the kernel's limit is 253.
const DESCRIPTORS: usize = 253;

/// Says a value, with descriptors beside it, on a socket that blocks.
///
/// # Errors
/// When the other side takes no more, or for too long where the socket has a time-out.
pub(crate) fn send(socket: &impl AsRawFd, value: &impl Serialize, descriptors: &[RawFd]) -> io::Result<()> {
    let frame = frame(value)?;
    let mut rest = frame.as_slice();
    let mut rights: &[RawFd] = descriptors;
    while !rest.is_empty() {
        let messages = [ControlMessage::ScmRights(rights)];
        let messages = if rights.is_empty() { &[] } else { &messages[..] };
        match sendmsg::<UnixAddr>(socket.as_raw_fd(), &[IoSlice::new(rest)], messages, MsgFlags::MSG_NOSIGNAL, None) {
            Ok(sent) => {
                rest = &rest[sent..];
                rights = &[];
            }
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// The bytes of a value that is said.
pub(crate) fn frame(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let text = serde_json::to_vec(value)?;
    let length = u32::try_from(text.len()).ok().filter(|_| text.len() <= LONGEST);
    let length = length.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it is too long to be said"))?;
    Ok([b"pod".as_slice(), &[VERSION], &length.to_le_bytes(), &text].concat())
}

/// Hears one value and what descriptors came with it, on a socket that blocks; `None` at its end.
///
/// # Errors
/// When it ends within a value, or what is heard is none.
pub(crate) fn receive<T: DeserializeOwned>(socket: &impl AsRawFd) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
    let mut frames = Frames::default();
    loop {
        match frames.hear(socket) {
            Ok(Receive::Whole(text, descriptors)) => return Ok(Some((serde_json::from_slice(&text)?, descriptors))),
            Ok(Receive::Part) => {}
            Ok(Receive::End) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// What has been heard of a frame so far.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    heard: Vec<u8>,
    descriptors: Vec<OwnedFd>,
}

/// What was heard.
#[derive(Debug)]
pub(crate) enum Receive {
    /// A value, and what came with it.
    Whole(Vec<u8>, Vec<OwnedFd>),
    /// Less than that, so far.
    Part,
    /// Nothing, and nothing more will come.
    End,
}

impl Frames {
    /// Hears what there is, once, and no further than the frame's end.
    ///
    /// # Errors
    /// When there is nothing yet, on a socket that does not block; when what is heard is no frame.
    pub(crate) fn hear(&mut self, socket: &impl AsRawFd) -> io::Result<Receive> {
        let whole = self.whole()?;
        let mut room = vec![0; (whole - self.heard.len()).min(1 << 16)];
        let mut space = cmsg_space!([RawFd; DESCRIPTORS]);
        let mut parts = [IoSliceMut::new(&mut room)];
        let message =
            recvmsg::<UnixAddr>(socket.as_raw_fd(), &mut parts, Some(&mut space), MsgFlags::MSG_CMSG_CLOEXEC)?;
        for control in message.cmsgs()? {
            if let ControlMessageOwned::ScmRights(numbers) = control {
                self.descriptors.extend(numbers.into_iter().map(sys::received));
            }
        }
        let length = message.bytes;
        if length == 0 {
            return if self.heard.is_empty() { Ok(Receive::End) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        self.heard.extend_from_slice(&room[..length]);
        if self.heard.len() < HEADER || self.heard.len() < self.whole()? {
            return Ok(Receive::Part);
        }
        let text = self.heard.split_off(HEADER);
        self.heard.clear();
        Ok(Receive::Whole(text, std::mem::take(&mut self.descriptors)))
    }

    /// How long the frame is, header included; before the header is whole, the header.
    fn whole(&self) -> io::Result<usize> {
        let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
        let Some(header) = self.heard.get(..HEADER) else { return Ok(HEADER) };
        match *header {
            [b'p', b'o', b'd', VERSION, a, b, c, d] => {
                let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap_or(usize::MAX);
                if length > LONGEST { Err(invalid("it is too long".to_owned())) } else { Ok(HEADER + length) }
            }
            [b'p', b'o', b'd', version, ..] => {
                Err(invalid(format!("it speaks version {version} of what is said, and we version {VERSION}")))
            }
            _ => Err(invalid("it is not of ours".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use fixtures::fuzz::{JSON, rounds};

    use crate::control::{Answer, Refusal, Request, Start, Word};
    use crate::nearly::{LAW, MEMORY, near};

    use super::*;
    use std::io::{Read, Write};
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    #[test]
    fn values_and_descriptors_arrive_whole() {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        let (mut read, write) = io::pipe().expect("a pipe");
        let long = "x".repeat(300_000);
        let sender = std::thread::spawn({
            let long = long.clone();
            move || {
                send(&theirs, &long, &[write.as_fd().as_raw_fd()]).expect("sent");
                send(&theirs, &"second", &[]).expect("sent");
            }
        });
        let (text, descriptors) = receive::<String>(&ours).expect("received").expect("a value");
        assert_eq!((text.len(), descriptors.len()), (long.len(), 1));
        let mut write = io::PipeWriter::from(descriptors.into_iter().next().expect("one"));
        write.write_all(b"through").expect("a pipe");
        drop(write);
        assert_eq!(receive::<String>(&ours).expect("received").expect("a value").0, "second");
        sender.join().expect("it ends");
        let mut said = String::new();
        read.read_to_string(&mut said).expect("a pipe");
        assert_eq!(said, "through");
        assert!(receive::<String>(&ours).expect("the end").is_none());
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        let whole = frame(&"value").expect("a frame");
        for (bytes, refusal) in [
            (b"GET / HTTP/1.1\r\n".to_vec(), "it is not of ours"),
            ([b"pod".as_slice(), &[VERSION + 1, 1, 0, 0, 0, 0]].concat(), "it speaks version 7"),
            ([b"pod".as_slice(), &[VERSION, 255, 255, 255, 255]].concat(), "it is too long"),
            (whole[..whole.len() - 1].to_vec(), "unexpected end of file"),
            (whole[..3].to_vec(), "unexpected end of file"),
        ] {
            let (ours, mut theirs) = UnixStream::pair().expect("a pair");
            theirs.write_all(&bytes).expect("sent");
            drop(theirs);
            let error = receive::<String>(&ours).expect_err("no frame").to_string();
            assert!(error.contains(refusal), "{error}");
        }
    }

    /// Whatever comes, it is heard to its end, and what is heard can be said again.
    fn hears<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(bytes: &[u8]) -> u32 {
        let (ours, mut theirs) = UnixStream::pair().expect("a pair");
        theirs.write_all(bytes).expect("it fits");
        drop(theirs);
        let mut heard = 0;
        while let Ok(Some((value, descriptors))) = receive::<T>(&ours) {
            assert!(descriptors.is_empty());
            let again = frame(&value).expect("a frame");
            let text = again.get(HEADER..).unwrap_or_default();
            assert_eq!(serde_json::from_slice::<T>(text).expect("a value"), value);
            heard += 1;
        }
        heard
    }

    #[test]
    fn nearly_right_frames_are_heard_or_refused() {
        let name: registry::Name = "web".parse().expect("a name");
        let said = [
            frame(&Request::Stop { grace_ms: 30_000 }),
            frame(&Word::Heard),
            frame(&Word::Answer(Answer::Left(vec![name.clone(), name]))),
            frame(&Word::Answer(Answer::Refused(Refusal::because("cannot".to_owned())))),
            frame(&Word::Ended(None)),
            frame(&Start { listening: vec!["127.0.0.1:8080:80".parse().expect("a port")], program: "/pod".into() }),
        ];
        let said: Vec<Vec<u8>> = said.into_iter().map(|frame| frame.expect("a frame")).collect();
        let headers: [&[u8]; 4] = [b"pod", &[VERSION], &[0, 0, 0, 4], &[5, 0, 0, 0]];
        let pieces: Vec<&[u8]> = JSON.iter().copied().chain(headers).collect();
        let mut heard = 0;
        rounds(2000, &MEMORY, LAW, |dice| {
            let bytes = [near(&said, dice, &pieces), near(&said, dice, &pieces)].concat();
            heard += hears::<Request>(&bytes) + hears::<Word>(&bytes) + hears::<Start>(&bytes);
            bytes.len()
        });
        assert!(heard > 0, "nothing was ever heard");
    }
}
