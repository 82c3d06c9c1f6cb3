//! What a client and a console say to each other: packets, the first byte of which says what they are.

use std::io;
use std::os::fd::AsFd;

use rustix::net::{RecvFlags, SendFlags, recv, send};

use crate::plan::Size;

/// The most bytes that go into a packet, beside the first.
pub(crate) const LONGEST: usize = 16 << 10;

const TYPED: u8 = b'i';
const END: u8 = b'e';
const SIZE: u8 = b'w';
const HERE: u8 = b'h';
const STDOUT: u8 = b'o';
const STDERR: u8 = b'r';

/// What a client says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FromClient<'a> {
    /// This was typed.
    Typed(&'a [u8]),
    /// Nothing more will be.
    End,
    /// Its terminal is as large as this.
    Size(Size),
    /// It has come by the door; the first that it says, and answered by [`WELCOME`].
    Here(Here),
}

/// What somebody wants who has come by the door.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Here {
    /// To type, too.
    pub(crate) types: bool,
    /// To be told what was said before anybody came.
    pub(crate) missed: bool,
}

/// That somebody who has come is attached from now on.
pub(super) const WELCOME: &[u8] = &[HERE];

/// Whether a packet says so.
pub(crate) fn is_welcome(packet: &[u8]) -> bool {
    packet == WELCOME
}

/// Which of a workload's outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Stdout, and whatever a terminal shows.
    Stdout,
    /// Stderr.
    Stderr,
}

/// What a workload has said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shown<'a> {
    pub(crate) stream: Stream,
    pub(crate) bytes: &'a [u8],
}

impl<'a> FromClient<'a> {
    pub(crate) fn packet(&self) -> Vec<u8> {
        match self {
            Self::Typed(bytes) => [&[TYPED], *bytes].concat(),
            Self::End => vec![END],
            Self::Size(Size { rows, columns }) => {
                [[SIZE].as_slice(), &rows.to_le_bytes(), &columns.to_le_bytes()].concat()
            }
            Self::Here(Here { types, missed }) => vec![HERE, u8::from(*types), u8::from(*missed)],
        }
    }

    /// What a packet says; `None` if it is none of ours.
    pub(crate) fn of(packet: &'a [u8]) -> Option<Self> {
        match packet {
            [TYPED, bytes @ ..] => Some(Self::Typed(bytes)),
            [END] => Some(Self::End),
            [SIZE, a, b, c, d] => {
                Some(Self::Size(Size { rows: u16::from_le_bytes([*a, *b]), columns: u16::from_le_bytes([*c, *d]) }))
            }
            [HERE, types @ 0..=1, missed @ 0..=1] => {
                Some(Self::Here(Here { types: *types == 1, missed: *missed == 1 }))
            }
            _ => None,
        }
    }
}

impl<'a> Shown<'a> {
    pub(crate) fn packet(&self) -> Vec<u8> {
        let stream = match self.stream {
            Stream::Stdout => STDOUT,
            Stream::Stderr => STDERR,
        };
        [&[stream], self.bytes].concat()
    }

    /// What a packet says; `None` if it is none of ours.
    pub(crate) fn of(packet: &'a [u8]) -> Option<Self> {
        match packet {
            [STDOUT, bytes @ ..] => Some(Self { stream: Stream::Stdout, bytes }),
            [STDERR, bytes @ ..] => Some(Self { stream: Stream::Stderr, bytes }),
            _ => None,
        }
    }
}

/// Says a packet without waiting; whether there was room for it.
///
/// # Errors
/// When nobody hears any more.
pub(crate) fn say(socket: &impl AsFd, packet: &[u8]) -> io::Result<bool> {
    match send(socket, packet, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
        Ok(_whole) => Ok(true),
        Err(errno) if would_wait(errno) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// Hears a packet without waiting; `None` when there is none yet, an empty one at the end.
///
/// # Errors
/// When the other side has gone with something unheard.
pub(crate) fn hear(socket: &impl AsFd) -> io::Result<Option<Vec<u8>>> {
    let mut packet = vec![0; LONGEST + 1];
    match recv(socket, packet.as_mut_slice(), RecvFlags::DONTWAIT) {
        Ok((length, _)) => {
            packet.truncate(length);
            Ok(Some(packet))
        }
        Err(errno) if would_wait(errno) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

pub(super) fn would_wait(errno: rustix::io::Errno) -> bool {
    matches!(errno, rustix::io::Errno::AGAIN | rustix::io::Errno::INTR)
}

#[cfg(test)]
mod tests {
    use fixtures::fuzz::rounds;

    use crate::nearly::{LAW, MEMORY, near};

    use super::*;

    #[test]
    fn packets_say_what_was_said() {
        let here = FromClient::Here(Here { types: true, missed: false });
        let size = FromClient::Size(Size { rows: 24, columns: 1000 });
        for said in [FromClient::Typed(b"ls\n"), FromClient::End, size, here] {
            assert_eq!(FromClient::of(&said.packet()), Some(said));
        }
        for shown in [Shown { stream: Stream::Stdout, bytes: b"out" }, Shown { stream: Stream::Stderr, bytes: b"" }] {
            assert_eq!(Shown::of(&shown.packet()), Some(shown));
        }
        for packet in [&b""[..], b"x", b"ee", b"w12", b"h", b"h\x02\x00"] {
            assert_eq!(FromClient::of(packet), None, "{packet:?}");
        }
    }

    #[test]
    fn nearly_right_packets_say_what_they_are_or_nothing() {
        let said = [
            FromClient::Typed(b"ls\n").packet(),
            FromClient::End.packet(),
            FromClient::Size(Size { rows: 24, columns: 80 }).packet(),
            FromClient::Here(Here { types: true, missed: true }).packet(),
            Shown { stream: Stream::Stderr, bytes: b"out" }.packet(),
        ];
        let pieces: [&[u8]; 8] = [b"i", b"e", b"w", b"h", b"o", b"r", b"\x00", b"\x02"];
        let mut heard = 0_u32;
        rounds(5000, &MEMORY, LAW, |dice| {
            let packet = near(&said, dice, &pieces);
            if let Some(said) = FromClient::of(&packet) {
                assert_eq!(said.packet(), packet);
                heard += 1;
            }
            if let Some(shown) = Shown::of(&packet) {
                assert_eq!(shown.packet(), packet);
                heard += 1;
            }
            packet.len()
        });
        assert!(heard > 0, "nothing was ever heard");
    }
}
