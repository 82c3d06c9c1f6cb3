//! Carrying one connection: both ways, each until its end.
//!
//! What is little is copied: taken, and sent on. Once a reader has been slow it is looked at where it is, sent on, and
//! taken only then, until the reader keeps up again; so a slow reader has one piece of what is little kept here
//! at most, as long as it takes. What a client has said before it was accepted is taken first, and goes to the pod with
//! the connection. What is much goes through a pipe by splice(2) and never
//! comes to us; the pipe is given back as soon as the flow ends. Where no pipe is to be had, much is copied, too.

use std::cell::Cell;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::Duration;

use rustix::io::{Errno, retry_on_intr};
use rustix::net::{SendFlags, Shutdown, send, shutdown, sockopt};
use rustix::pipe::{SpliceFlags, splice};
use tokio::io::Interest;
use tokio::io::unix::AsyncFdReadyGuard;
use tokio::task::yield_now;
use tokio::time::timeout;

use super::copy::{Copied, Gone, LITTLE, copy, copy_what_is_taken, first_words};
use super::dial::{BREATH, Reached, dial};
use super::means::{Means, Place};
use super::pipes::{self, Pipe};
use super::sys::{Watched, watch};

/// After so much others have their turn.
const TURN: usize = 1 << 20;

/// How long the receiver has to take what a sender that is gone has left.
const LEGACY: Duration = Duration::from_secs(30);

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
    // It has not waited.
    let Ok(first) = first_words(client.get_ref()) else { return };
    let reached = tokio::select! {
        biased;
        reached = dial(port, &first, &means) => reached,
        _gone = client.ready(Interest::ERROR) => return,
    };
    let Ok(Reached { server, said }) = reached else { return reset(&client) };
    let unsaid: Box<[u8]> = first[said..].into();
    drop(first);
    let one_ended = Cell::new(false);
    let there = async {
        match send_rest(&client, &server, &unsaid, &means).await? {
            Ok(()) => one_way(&client, &server, &one_ended, &means).await,
            Err(end) => Ok(end),
        }
    };
    // Who broke may have said something before, which is still heard; then the other way ends, too.
    let ended = tokio::try_join!(there, one_way(&server, &client, &one_ended, &means));
    if !matches!(ended, Ok((End::Whole, End::Whole))) {
        reset(&client);
        reset(&server);
    }
}

/// Passes on what the source says, until it has said all; `other` is whether the other way has.
async fn one_way(source: &Watched, sink: &Watched, other: &Cell<bool>, means: &Means) -> Result<End, Gone> {
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
    // The last to end leaves it to the end of both sockets, which comes next.
    if !other.replace(true) {
        // Refused when it is reset already, which the other way will see.
        let _reset = shutdown(sink.get_ref(), Shutdown::Write);
    }
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
