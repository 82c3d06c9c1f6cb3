//! A prober's own life: it asks what it is told to, as nobody, behind a filter, until whoever tells it has gone.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use nix::sys::prctl::{set_dumpable, set_name};
use tokio::io::unix::AsyncFd;
use tokio::task::{AbortHandle, LocalSet, spawn_local};

use super::answer;
use super::error::{ProberError, failed};
use super::message::{Question, Said, Word, hear, say};
use crate::forwarder::{Work, confined};
use crate::rest;
use crate::sys;

/// Asks what whoever started us has us ask, over the socket that is our stdin.
///
/// # Errors
/// When it cannot be done behind the walls that are meant for it.
pub fn serve() -> Result<(), ProberError> {
    // Executed by way of a descriptor, we would be called by its number.
    set_name(c"pod-prober").map_err(failed("take a name"))?;
    set_dumpable(false).map_err(failed("confine ourselves"))?;
    let control =
        sys::inherited(0).ok_or_else(|| failed("take the control socket")(io::Error::from(io::ErrorKind::NotFound)))?;
    let runtime = rest::runtime().build();
    let runtime = runtime.map_err(failed("make a runtime"))?;
    confined(Work::Ask).map_err(failed("install a system call filter"))?;
    LocalSet::new().block_on(&runtime, obey(control)).map_err(failed("be told what to ask"))
}

async fn obey(control: OwnedFd) -> io::Result<()> {
    let socket = Rc::new(sys::watch(control)?);
    let going: Rc<RefCell<BTreeMap<u64, AbortHandle>>> = Rc::default();
    loop {
        let word = match socket.readable().await?.try_io(|socket| hear::<Word>(socket.get_ref())) {
            Err(_would_wait) => continue,
            Ok(word) => word?,
        };
        match word {
            None => return Ok(()),
            Some(Word::Ask(number, question)) => {
                let (socket, done) = (Rc::clone(&socket), Rc::clone(&going));
                let asks = spawn_local(async move {
                    let Question { handler, purpose, near, patience } = *question;
                    let outcome = answer(&handler, purpose, &near, patience).await;
                    done.borrow_mut().remove(&number);
                    tell(&socket, &Said(number, outcome)).await;
                    if done.borrow().is_empty() {
                        rest::soon();
                    }
                });
                going.borrow_mut().insert(number, asks.abort_handle());
            }
            Some(Word::Never(number)) => {
                if let Some(asks) = going.borrow_mut().remove(&number) {
                    asks.abort();
                }
            }
        }
    }
}

async fn tell(socket: &AsyncFd<OwnedFd>, said: &Said) {
    loop {
        match say(socket.get_ref(), said) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let Ok(mut room) = socket.writable().await else { return };
                room.clear_ready();
            }
            // Who has gone hears nothing.
            _ => return,
        }
    }
}
