//! Carrying one connection: both ways, each until its end.
//!
//! What is little is copied: taken, and sent on. Once a reader has been slow it is looked at where it is, sent on, and
//! taken only then, until the reader keeps up again; so a slow reader has one piece of what is little kept here
//! at most, as long as it takes. What is much goes through a pipe by splice(2) and never
//! comes to us; the pipe is given back as soon as the flow ends. Where no pipe is to be had, much is copied, too.

use std::cell::RefCell;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::Duration;

use rustix::io::{Errno, retry_on_intr};
use rustix::net::{RecvFlags, SendFlags, Shutdown, recv, send, shutdown, sockopt};
use rustix::pipe::{SpliceFlags, splice};
use tokio::io::Interest;
use tokio::io::unix::AsyncFdReadyGuard;
use tokio::task::yield_now;
use tokio::time::timeout;

use super::dial::{BREATH, dial};
use super::means::{Means, Place};
use super::pipes::{self, Pipe};
use super::sys::{Watched, watch};

/// As much as is copied at once; more than that flows.
const LITTLE: usize = 16 << 10;

/// After so much others have their turn.
const TURN: usize = 1 << 20;

/// How long the receiver has to take what a sender that is gone has left.
const LEGACY: Duration = Duration::from_secs(30);

thread_local! {
    /// Where the little is copied. It is the same for all: nothing stays in it.
    static DESK: RefCell<Box<[u8]>> = RefCell::new(vec![0; LITTLE].into());
}

/// The side that was read from broke: what it had yet to say nobody will hear.
struct Gone;

/// How one way has ended.
enum End {
    /// All that was said has been passed on.
    Whole,
    /// The side that was written to takes nothing any more.
    Refused,
}

/// Carries a client's connection to the pod and back. When nobody listens in the pod, or either side
/// breaks, the other sees its connection reset: it is to know that something is missing.
pub(super) async fn carry(client: OwnedFd, port: u16, _place: Place, means: Rc<Means>) {
    let client = match watch(client) {
        Ok(client) => client,
        // Closed with it.
        Err(error) => return means.short_of("watch a client", &error),
    };
    let server = tokio::select! {
        server = dial(port, &means) => server,
        // It has not waited.
        _gone = client.ready(Interest::ERROR) => return,
    };
    let Ok(server) = server else { return reset(&client) };
    // Who broke may have said something before, which is still heard; then the other way ends, too.
    let ended = tokio::try_join!(one_way(&client, &server, &means), one_way(&server, &client, &means));
    if !matches!(ended, Ok((End::Whole, End::Whole))) {
        reset(&client);
        reset(&server);
    }
}

/// Passes on what the source says, until it has said all.
async fn one_way(source: &Watched, sink: &Watched, means: &Means) -> Result<End, Gone> {
    let mut turn = Turn::default();
    let (mut flows, mut slow) = (false, false);
    loop {
        let mut readable = source.readable().await.map_err(|_| Gone)?;
        if flows && let Some(mut pipe) = take_pipe(means) {
            match flow(source, sink, &mut pipe, &mut turn, means).await? {
                Flow::Over => break,
                Flow::Ebbed { little } => flows = !little,
                Flow::Refused => return Ok(End::Refused),
            }
            continue;
        }
        let copied = if slow {
            let mut writable = when_writable(source, sink).await?;
            let copied = copy_what_is_taken(source.get_ref(), sink.get_ref())?;
            if matches!(copied, Copied::Not(errno) if is_full(errno)) {
                writable.clear_ready();
                continue;
            }
            copied
        } else {
            copy(source.get_ref(), sink.get_ref())?
        };
        match copied {
            Copied::All(0) => break,
            Copied::All(length) => {
                (flows, slow) = (length == LITTLE, false);
                if !flows {
                    readable.clear_ready();
                }
                turn.took(length).await;
            }
            Copied::Part(length) => turn.took(length).await,
            Copied::Left(rest) => {
                slow = true;
                if let Err(end) = send_rest(source, sink, &rest, means).await? {
                    return Ok(end);
                }
                turn.took(rest.len()).await;
            }
            Copied::Nothing => readable.clear_ready(),
            Copied::Not(errno) => match wait_out(errno, means).await {
                Ok(()) => {}
                Err(end) => return Ok(end),
            },
        }
    }
    // Refused when it is reset already, which the other way will see.
    let _reset = shutdown(sink.get_ref(), Shutdown::Write);
    Ok(End::Whole)
}

/// Sends what was taken already, as the receiver takes it.
async fn send_rest(source: &Watched, sink: &Watched, rest: &[u8], means: &Means) -> Result<Result<(), End>, Gone> {
    let mut sent = 0;
    while sent < rest.len() {
        let mut writable = when_writable(source, sink).await?;
        match retry_on_intr(|| send(sink.get_ref(), &rest[sent..], SendFlags::NOSIGNAL)) {
            Ok(length) => sent += length,
            Err(errno) if is_full(errno) => writable.clear_ready(),
            Err(errno) => match wait_out(errno, means).await {
                Ok(()) => {}
                Err(end) => return Ok(Err(end)),
            },
        }
    }
    Ok(Ok(()))
}

/// Waits until something can be sent. What a sender that is gone has left can be taken for so long only.
async fn when_writable<'a>(source: &Watched, sink: &'a Watched) -> Result<AsyncFdReadyGuard<'a, OwnedFd>, Gone> {
    tokio::select! {
        biased;
        writable = sink.writable() => return writable.map_err(|_| Gone),
        _gone = source.ready(Interest::ERROR) => {}
    }
    match timeout(LEGACY, sink.writable()).await {
        Ok(Ok(writable)) => Ok(writable),
        _ => Err(Gone),
    }
}

/// The receiver takes no more for now, and will be seen to be writable when it does.
fn is_full(errno: Errno) -> bool {
    errno == Errno::AGAIN
}

/// Waits a little when the kernel could not send for want of memory; anything else is the end.
async fn wait_out(errno: Errno, means: &Means) -> Result<(), End> {
    if matches!(errno, Errno::NOBUFS | Errno::NOMEM) {
        means.short_of("send", &errno.into());
        tokio::time::sleep(BREATH).await;
        return Ok(());
    }
    Err(End::Refused)
}

/// What came of copying.
enum Copied {
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
fn copy(source: &OwnedFd, sink: &OwnedFd) -> Result<Copied, Gone> {
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
fn copy_what_is_taken(source: &OwnedFd, sink: &OwnedFd) -> Result<Copied, Gone> {
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

/// Why a flow has stopped.
enum Flow {
    /// The sender has said all.
    Over,
    /// There was nothing more for now; and what there was, was little.
    Ebbed { little: bool },
    /// The receiver takes nothing any more.
    Refused,
}

/// Lets what is there flow through a pipe, until nothing is there.
async fn flow(source: &Watched, sink: &Watched, pipe: &mut Pipe, turn: &mut Turn, means: &Means) -> Result<Flow, Gone> {
    let flags = SpliceFlags::NONBLOCK | SpliceFlags::MOVE;
    let ends = Rc::clone(&pipe.ends);
    let mut flowed = 0;
    loop {
        let mut readable = source.readable().await.map_err(|_| Gone)?;
        match retry_on_intr(|| splice(source.get_ref(), None, &ends.write, None, pipes::AT_ONCE, flags)) {
            Ok(0) => return Ok(Flow::Over),
            Ok(length) => pipe.holds = length,
            Err(Errno::AGAIN) => {
                readable.clear_ready();
                return Ok(Flow::Ebbed { little: flowed < LITTLE });
            }
            Err(_) => return Err(Gone),
        }
        flowed += pipe.holds;
        while pipe.holds > 0 {
            let mut writable = when_writable(source, sink).await?;
            match retry_on_intr(|| splice(&ends.read, None, sink.get_ref(), None, pipe.holds, flags)) {
                Ok(0) => return Ok(Flow::Refused),
                Ok(length) => {
                    pipe.holds -= length;
                    turn.took(length).await;
                }
                Err(errno) if is_full(errno) => writable.clear_ready(),
                Err(errno) => match wait_out(errno, means).await {
                    Ok(()) => {}
                    Err(_) => return Ok(Flow::Refused),
                },
            }
        }
    }
}

fn take_pipe(means: &Means) -> Option<Pipe> {
    means.pipes.take().unwrap_or_else(|errno| {
        means.short_of("make a pipe", &errno.into());
        None
    })
}

/// How much has been moved since others had their turn.
#[derive(Default)]
struct Turn(usize);

impl Turn {
    async fn took(&mut self, length: usize) {
        self.0 += length;
        if self.0 >= TURN {
            self.0 = 0;
            yield_now().await;
        }
    }
}

/// Has the other side see a reset when this is closed.
fn reset(socket: &Watched) {
    // Refused to a socket that is reset already.
    let _reset = sockopt::set_socket_linger(socket.get_ref(), Some(Duration::ZERO));
}
