//! Who asks the supervisor, one after the other: what is heard of them, before it is decided upon.
//!
//! A client that says nothing, or no end of something, is no reason to keep the others waiting. When
//! no descriptor is left to accept with, a reserve is.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::spawn_local;
use tokio::time::{sleep, timeout};

use crate::control::{Answer, Frames, Receive, Refusal, Request, Word, frame};

/// How many are heard at once.
const AT_ONCE: usize = 64;
/// How long a client has to say what it wants, and to hear what came of it.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait before accepting again, when that failed.
const BREATH: Duration = Duration::from_millis(50);
/// How many descriptors are kept for clients when there are no others: they come one by one.
const RESERVE: usize = 1;

/// A client that asks for something.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) client: UnixStream,
    pub(super) request: Request,
    pub(super) handed: Vec<OwnedFd>,
}

/// Accepts clients for ever, and tells what each of them asks for.
pub(super) async fn accept(control: UnixListener, tell: impl Fn(Asked) + 'static) {
    let tell = Rc::new(tell);
    let at_once = Arc::new(Semaphore::new(AT_ONCE));
    let mut reserve = replenish(Vec::new());
    loop {
        let Ok(permit) = Arc::clone(&at_once).acquire_owned().await else { return };
        match control.accept().await {
            Ok((client, _)) => {
                let tell = Rc::clone(&tell);
                spawn_local(async move {
                    hear(client, tell.as_ref()).await;
                    drop(permit);
                });
                reserve = replenish(reserve);
            }
            // A client that went away before it was accepted; or no descriptor left, but ours.
            Err(_) => {
                reserve.clear();
                sleep(BREATH).await;
            }
        }
    }
}

/// Descriptors of nothing, to be given up for something.
fn replenish(mut reserve: Vec<File>) -> Vec<File> {
    while reserve.len() < RESERVE {
        let Ok(nothing) = File::open("/dev/null") else { break };
        reserve.push(nothing);
    }
    reserve
}

/// Hears one client; one that goes away is its own affair.
async fn hear(client: UnixStream, tell: &impl Fn(Asked)) {
    match timeout(PATIENCE, request(&client)).await {
        Ok(Ok(Some((request, handed)))) => {
            if say(&client, &Word::Heard).await.is_ok() {
                tell(Asked { client, request, handed });
            }
        }
        Ok(Err(error)) => {
            let refusal = Refusal::because(format!("the supervisor does not understand: {error}"));
            let _gone = say(&client, &Word::Answer(Answer::Refused(refusal))).await;
        }
        Ok(Ok(None)) | Err(_) => {}
    }
}

async fn request(client: &UnixStream) -> io::Result<Option<(Request, Vec<OwnedFd>)>> {
    let mut frames = Frames::default();
    loop {
        client.readable().await?;
        match client.try_io(tokio::io::Interest::READABLE, || frames.hear(&client.as_raw_fd())) {
            Ok(Receive::Whole(text, handed)) => return Ok(Some((serde_json::from_slice(&text)?, handed))),
            Ok(Receive::Part) => {}
            Ok(Receive::End) => return Ok(None),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Waits until a client that has nothing more to say is gone.
pub(super) async fn gone(client: &UnixStream) {
    while client.readable().await.is_ok() {
        match client.try_read(&mut [0]) {
            Ok(0) => return,
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return,
            Ok(_) | Err(_) => {}
        }
    }
}

/// Says something to a client, as long as it listens.
pub(super) async fn say(client: &UnixStream, word: &Word) -> io::Result<()> {
    let frame = frame(word)?;
    let mut rest = frame.as_slice();
    let said = async {
        while !rest.is_empty() {
            client.writable().await?;
            match client.try_write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    };
    timeout(PATIENCE, said).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
