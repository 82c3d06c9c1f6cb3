//! Who looks at a workload, and types.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::poll::PollFlags;

use super::packet::{FromClient, Here, Shown, Stream, WELCOME, hear, say};
use crate::plan::Size;

/// How much is remembered of what was said before anybody came.
const REMEMBERED: usize = 64 << 10;

/// Who looks and types.
#[derive(Debug)]
pub(super) struct Client {
    socket: OwnedFd,
    /// What they want; `None` until they have said so.
    here: Option<Here>,
    /// Packets that they have not taken yet.
    owed: VecDeque<Vec<u8>>,
    /// What they have typed that has not gone yet.
    pub(super) typed: Vec<u8>,
}

/// What a client has come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing yet.
    Nothing,
    /// It wants to be told what goes on.
    Here(Here),
    /// It has typed something.
    Typed,
    /// It types nothing more.
    End,
    /// Its terminal is as large as this.
    Size(Size),
    /// It has gone.
    Gone,
}

impl Client {
    /// Who was there from the beginning.
    pub(super) fn first(socket: OwnedFd) -> Self {
        Self { here: Some(Here { types: true, missed: false }), ..Self::come(socket) }
    }

    /// Who has come by the door.
    pub(super) fn come(socket: OwnedFd) -> Self {
        Self { socket, here: None, owed: VecDeque::new(), typed: Vec::new() }
    }

    pub(super) fn types(&self) -> bool {
        self.here.is_some_and(|here| here.types)
    }

    /// Whether they have been shown all that there is.
    pub(super) fn is_shown(&self) -> bool {
        self.owed.is_empty()
    }

    /// What is waited for from them; nothing at all of one who may have gone, for the kernel would tell of that again
    /// and again.
    pub(super) fn awaited(&self) -> Option<(BorrowedFd<'_>, PollFlags)> {
        let shows = if self.owed.is_empty() { PollFlags::empty() } else { PollFlags::POLLOUT };
        let types = if self.typed.is_empty() { PollFlags::POLLIN } else { PollFlags::empty() };
        let flags = shows | types;
        (!flags.is_empty()).then(|| (self.socket.as_fd(), flags))
    }

    /// Is to be shown this, if they are here.
    pub(super) fn owe(&mut self, stream: Stream, bytes: &[u8]) {
        if self.here.is_some() {
            self.owed.push_back(Shown { stream, bytes }.packet());
        }
    }

    /// Is told that they are attached, and what they have missed.
    pub(super) fn welcome(&mut self, missed: impl Iterator<Item = (Stream, Vec<u8>)>) {
        self.owed.push_back(WELCOME.to_vec());
        self.owed.extend(missed.map(|(stream, bytes)| Shown { stream, bytes: &bytes }.packet()));
    }

    /// Says what they are owed, as far as they take it; whether they are still there.
    pub(super) fn show(&mut self) -> bool {
        while let Some(packet) = self.owed.front() {
            match say(&self.socket, packet) {
                Ok(true) => drop(self.owed.pop_front()),
                Ok(false) => return true,
                Err(_) => return false,
            }
        }
        true
    }

    /// Takes what they say, when all that they have typed before has gone.
    pub(super) fn hear(&mut self) -> Said {
        if !self.typed.is_empty() {
            return Said::Nothing;
        }
        let packet = match hear(&self.socket) {
            Ok(None) => return Said::Nothing,
            Ok(Some(packet)) if !packet.is_empty() => packet,
            Ok(Some(_)) | Err(_) => return Said::Gone,
        };
        match (FromClient::of(&packet), self.here) {
            (Some(FromClient::Here(here)), None) => {
                self.here = Some(here);
                Said::Here(here)
            }
            (Some(FromClient::Typed(bytes)), Some(Here { types: true, .. })) => {
                self.typed = bytes.to_vec();
                Said::Typed
            }
            (Some(FromClient::End), Some(Here { types: true, .. })) => Said::End,
            (Some(FromClient::Size(size)), Some(_)) => Said::Size(size),
            // What makes no sense is not answered.
            _ => Said::Nothing,
        }
    }
}

/// What was said before anybody came: of what is too much for that, the last.
#[derive(Debug, Default)]
pub(super) struct Missed {
    said: VecDeque<(Stream, Vec<u8>)>,
    length: usize,
}

impl Missed {
    pub(super) fn add(&mut self, stream: Stream, bytes: &[u8]) {
        match self.said.back_mut().filter(|(last, said)| *last == stream && said.len() + bytes.len() <= super::LONGEST)
        {
            Some((_, said)) => said.extend_from_slice(bytes),
            None => self.said.push_back((stream, bytes.to_vec())),
        }
        self.length += bytes.len();
        while self.length > REMEMBERED {
            self.length -= self.said.pop_front().map_or(self.length, |(_, said)| said.len());
        }
    }

    pub(super) fn into_said(self) -> impl Iterator<Item = (Stream, Vec<u8>)> {
        self.said.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_was_missed_the_last_is_remembered() {
        let mut missed = Missed::default();
        missed.add(Stream::Stdout, b"one ");
        missed.add(Stream::Stdout, b"two");
        missed.add(Stream::Stderr, b"three");
        let said: Vec<_> = missed.into_said().collect();
        assert_eq!(said, [(Stream::Stdout, b"one two".to_vec()), (Stream::Stderr, b"three".to_vec())]);
        let mut missed = Missed::default();
        for _ in 0..10 {
            missed.add(Stream::Stdout, &vec![b'x'; super::super::LONGEST]);
        }
        missed.add(Stream::Stdout, b"last");
        assert!(missed.length <= REMEMBERED);
        let said: Vec<_> = missed.into_said().collect();
        assert_eq!(said.last().map(|(_, said)| said.as_slice()), Some(b"last".as_slice()));
        assert_eq!(said.iter().map(|(_, said)| said.len()).sum::<usize>(), 3 * super::super::LONGEST + 4);
    }
}
