//! Having somebody ask in a pod's network who can do nothing else: what the pod answers is anybody's, and not read by
//! who has rights.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::rc::Rc;

use launch::{Child, Identity, OnDrop};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use tokio::io::unix::AsyncFd;
use tokio::sync::{Mutex, oneshot};
use tokio::task::{AbortHandle, spawn_blocking, spawn_local};

use super::Outcome;
use super::error::{ProberError, need};
use super::message::{Question, Said, Word, hear, say};
use crate::nobody::{Nobody, Trouble};
use crate::sys;

/// How a prober is started.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    /// The `pod` program.
    pub(crate) program: PathBuf,
    /// Who holds the pod's network.
    pub(crate) pause: Identity,
    /// Where it leaves word of itself.
    pub(crate) record: PathBuf,
}

/// Who asks in a pod's network: started when there is something to be asked first, and anew if it has ended.
#[derive(Clone, Debug)]
pub(crate) struct Prober(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    start: Start,
    running: Mutex<Option<Running>>,
    questions: Cell<u64>,
    waiting: Waiting,
}

/// Who waits for which answer.
type Waiting = Rc<RefCell<BTreeMap<u64, oneshot::Sender<Outcome>>>>;

/// A prober that was started. It ends with its socket.
#[derive(Debug)]
struct Running {
    socket: Rc<AsyncFd<OwnedFd>>,
    listens: AbortHandle,
    has_ended: Rc<Cell<bool>>,
    _child: Child,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.listens.abort();
    }
}

impl Prober {
    pub(crate) fn new(start: Start) -> Self {
        let (running, questions, waiting) = (Mutex::new(None), Cell::new(0), Waiting::default());
        Self(Rc::new(Inner { start, running, questions, waiting }))
    }

    /// In whose network it asks.
    pub(crate) fn pause(&self) -> Identity {
        self.0.start.pause
    }

    /// Has something asked; nobody who stops waiting is waited for.
    pub(super) async fn ask(&self, question: Question) -> Outcome {
        let number = self.0.questions.get() + 1;
        self.0.questions.set(number);
        let socket = match self.socket().await {
            Ok(socket) => socket,
            Err(error) => return Outcome::Error(launch::complain::line(&error)),
        };
        let (said, heard) = oneshot::channel();
        self.0.waiting.borrow_mut().insert(number, said);
        let asked = Asked { number, socket, waiting: Rc::clone(&self.0.waiting) };
        if let Err(error) = say(asked.socket.get_ref(), &Word::Ask(number, Box::new(question))) {
            return Outcome::Error(format!("cannot have anything asked in the pod: {error}"));
        }
        heard.await.unwrap_or_else(|_| Outcome::Error("who asks in the pod has ended".to_owned()))
    }

    async fn socket(&self) -> Result<Rc<AsyncFd<OwnedFd>>, ProberError> {
        let mut running = self.0.running.lock().await;
        if let Some(there) = running.as_ref().filter(|there| !there.has_ended.get()) {
            return Ok(Rc::clone(&there.socket));
        }
        *running = None;
        let start = self.0.start.clone();
        // Who launches stands still for a moment.
        let started = spawn_blocking(move || start.launch()).await;
        let (child, socket) = started.map_err(|error| need("launch")(io::Error::other(error)))??;
        let socket = Rc::new(sys::watch(socket).map_err(need("hear"))?);
        let has_ended = Rc::new(Cell::new(false));
        let listens = spawn_local(listen(Rc::clone(&socket), Rc::clone(&self.0.waiting), Rc::clone(&has_ended)));
        let listens = listens.abort_handle();
        *running = Some(Running { socket: Rc::clone(&socket), listens, has_ended, _child: child });
        Ok(socket)
    }
}

impl Start {
    fn launch(&self) -> Result<(Child, OwnedFd), ProberError> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let pair = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None);
        let (ours, theirs) = pair.map_err(need("make a socket for"))?;
        let record = File::options().write(true).create(true).truncate(true).mode(0o600).open(&self.record);
        let record = record.map_err(registry::file("create", &self.record))?;
        let nobody =
            Nobody { program: &self.program, verb: "probe", pause: self.pause, record: record.into(), binds: false };
        let child = nobody.launch(&theirs).map_err(|trouble| match trouble {
            Trouble::Launch(error) => ProberError::Launch(error),
            Trouble::Need(operation, source) => ProberError::Need { operation, source },
        })?;
        // With theirs open here, a prober that has ended would not be seen to have.
        drop(theirs);
        Ok((child.on_drop(OnDrop::Kill), ours))
    }
}

/// Hands answers to those who wait for them, until there will be none any more.
async fn listen(socket: Rc<AsyncFd<OwnedFd>>, waiting: Waiting, has_ended: Rc<Cell<bool>>) {
    while let Ok(mut ready) = socket.readable().await {
        match ready.try_io(|socket| hear::<Said>(socket.get_ref())) {
            Err(_would_wait) => {}
            Ok(Ok(Some(Said(number, outcome)))) => {
                if let Some(waits) = waiting.borrow_mut().remove(&number) {
                    // Who has stopped waiting needs no answer.
                    let _nobody = waits.send(outcome);
                }
            }
            // One that says what makes no sense is done with, too.
            Ok(Ok(None) | Err(_)) => break,
        }
    }
    has_ended.set(true);
    waiting.borrow_mut().clear();
}

/// Something that was asked; dropped, nobody waits for the answer any more.
struct Asked {
    number: u64,
    socket: Rc<AsyncFd<OwnedFd>>,
    waiting: Waiting,
}

impl Drop for Asked {
    fn drop(&mut self) {
        if self.waiting.borrow_mut().remove(&self.number).is_some() {
            // One that has ended asks nothing any more.
            let _ended = say(self.socket.get_ref(), &Word::Never(self.number));
        }
    }
}
