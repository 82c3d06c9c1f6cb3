//! Copying what is little from one socket to another, by a desk that all connections share.

use std::cell::RefCell;
use std::os::fd::OwnedFd;

use rustix::io::{Errno, retry_on_intr};
use rustix::net::{RecvFlags, SendFlags, recv, send};

/// As much as is copied at once; more than that flows.
pub(super) const LITTLE: usize = 16 << 10;

thread_local! {
    /// Where the little is copied. It is the same for all: nothing stays in it.
    static DESK: RefCell<Box<[u8]>> = RefCell::new(vec![0; LITTLE].into());
}

/// The side that was read from broke: what it had yet to say nobody will hear.
pub(super) struct Gone;

/// What came of copying.
pub(super) enum Copied {
    /// All that was there, or as much as is copied at once: so many bytes; none at the end.
    All(usize),
    /// So many bytes: the receiver takes no more.
    Part(usize),
    /// What was taken, and the receiver does not take.
    Left(Box<[u8]>),
    /// There was nothing to copy.
    Nothing,
    /// Nothing could be sent, and this is why.
    Not(Errno),
}

/// Takes what is there, if it is little, or the beginning of it, and sends it on.
pub(super) fn copy(source: &OwnedFd, sink: &OwnedFd) -> Result<Copied, Gone> {
    DESK.with_borrow_mut(|desk| {
        let there = match retry_on_intr(|| recv(source, &mut desk[..], RecvFlags::empty())) {
            Ok((_, 0)) => return Ok(Copied::All(0)),
            Ok((_, there)) => there,
            Err(Errno::AGAIN) => return Ok(Copied::Nothing),
            Err(_) => return Err(Gone),
        };
        match retry_on_intr(|| send(sink, &desk[..there], SendFlags::NOSIGNAL)) {
            Ok(sent) if sent == there => Ok(Copied::All(sent)),
            Ok(sent) => Ok(Copied::Left(desk[sent..there].into())),
            Err(Errno::AGAIN | Errno::NOBUFS | Errno::NOMEM) => Ok(Copied::Left(desk[..there].into())),
            Err(errno) => Ok(Copied::Not(errno)),
        }
    })
}

/// Sends what is there, if it is little, or the beginning of it, and takes it once it is sent.
pub(super) fn copy_what_is_taken(source: &OwnedFd, sink: &OwnedFd) -> Result<Copied, Gone> {
    DESK.with_borrow_mut(|desk| {
        let there = match retry_on_intr(|| recv(source, &mut desk[..], RecvFlags::PEEK)) {
            Ok((_, 0)) => return Ok(Copied::All(0)),
            Ok((_, there)) => there,
            Err(Errno::AGAIN) => return Ok(Copied::Nothing),
            Err(_) => return Err(Gone),
        };
        let sent = match retry_on_intr(|| send(sink, &desk[..there], SendFlags::NOSIGNAL)) {
            Ok(sent) => sent,
            Err(errno) => return Ok(Copied::Not(errno)),
        };
        let mut taken = 0;
        while taken < sent {
            // To TCP, this says to throw away.
            match retry_on_intr(|| recv(source, &mut desk[..sent - taken], RecvFlags::TRUNC)) {
                Ok((_, length)) if length > 0 => taken += length,
                _ => return Err(Gone),
            }
        }
        Ok(if sent < there { Copied::Part(sent) } else { Copied::All(sent) })
    })
}

/// What a client has said before anybody was reached: nothing of those who wait to be spoken to.
pub(super) fn first_words(client: &OwnedFd) -> Result<Box<[u8]>, Gone> {
    DESK.with_borrow_mut(|desk| match retry_on_intr(|| recv(client, &mut desk[..], RecvFlags::empty())) {
        Ok((_, there)) => Ok(desk[..there].into()),
        Err(Errno::AGAIN) => Ok(Box::default()),
        Err(_) => Err(Gone),
    })
}
