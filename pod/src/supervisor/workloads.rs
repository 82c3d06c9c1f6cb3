//! The workloads that run: watching their processes, reading what they say.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use container::cgroup::OomCounter;
use launch::complain::line;
use launch::{Child, OnDrop, Pidfd};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use reaper::{Signal, WaitStatus};
use registry::{Name, PodDirectory, tree};
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{sleep, timeout};

use super::complain;
use super::heard::{Heard, Tell};
use super::log::{self, Glass, Stream};
use super::worker::{Grouped, Launched, Output};
use crate::cgroup;
use crate::control::Refusal;
use crate::error::Error;
use crate::record::{EndRecord, Reason, WorkloadRecord};
use crate::strays::Mounts;
use crate::sys;

/// The workloads that run, by name.
pub(super) struct Workloads {
    running: BTreeMap<Name, Running>,
    launches: u64,
    glass: Rc<Glass>,
    /// The consoles that we have started and that have not ended.
    consoles: Rc<RefCell<BTreeMap<u64, Child>>>,
    /// What reads what they say.
    readers: RefCell<Vec<JoinHandle<()>>>,
    tell: Tell,
}

/// A workload that runs.
#[derive(Debug)]
struct Running {
    launch: u64,
    /// What asks it to end.
    stop: Signal,
    process: Held,
    grouped: Grouped,
    mounts: Option<Mounts>,
    /// How often it was seen to have ended, and not how.
    looks: u32,
}

/// A workload that has ended.
pub(super) struct Buried {
    /// How, if that can be told.
    pub(super) end: Option<EndRecord>,
    /// Whether a control group of its own is left.
    pub(super) is_grouped: bool,
    /// Its mounts, which are gone when they are let go of.
    pub(super) mounts: Option<Mounts>,
}

/// How long until the next look at one that has ended, where the kernel does not tell yet how: a tracer is
/// told first, and of who is not our child it is told when they have been reaped.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How many looks at who is not our child: before Linux 6.15 it is never told.
const LOOKS: u32 = 25;

/// How long it is tried to end what a container has left among the machine's processes.
const STRAYS: Duration = Duration::from_secs(1);

/// How long consoles have for what was said last.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How long it may take to read these.
const HEARD_OUT: Duration = Duration::from_millis(500);

/// Its process.
#[derive(Debug)]
pub(super) enum Held {
    Ours(Child),
    /// That of a supervisor before us.
    Anothers(Pidfd),
}

impl AsFd for Held {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Ours(child) => child.as_fd(),
            Self::Anothers(pidfd) => pidfd.as_fd(),
        }
    }
}

impl Held {
    fn signal(&self, signal: Signal) -> Result<(), Error> {
        match self {
            Self::Ours(child) => Ok(child.signal(signal).map_err(nsjoin::Error::from)?),
            Self::Anothers(pidfd) => {
                pidfd.signal(signal).map_err(|errno| Error::Kernel { operation: "signal", source: errno })
            }
        }
    }

    fn copy(&self) -> io::Result<OwnedFd> {
        self.as_fd().try_clone_to_owned()
    }

    /// Whether it has ended, and how, if that can be told after so many looks; does not wait. One of ours is
    /// reaped.
    fn end(&self, looks: u32) -> Option<Option<WaitStatus>> {
        match self {
            Self::Ours(child) => match child.poll() {
                Ok(Some(status @ (WaitStatus::Exited(_) | WaitStatus::Signaled { .. }))) => Some(Some(status)),
                Ok(_) => None,
                // Somebody else has reaped it.
                Err(_) => Some(None),
            },
            Self::Anothers(pidfd) => match pidfd.ended_within(Duration::ZERO) {
                Ok(true) => match pidfd.end() {
                    None if looks < LOOKS => None,
                    end => Some(end),
                },
                Ok(false) | Err(_) => None,
            },
        }
    }
}

impl Workloads {
    /// None yet.
    pub(super) fn new(tell: Tell) -> io::Result<Self> {
        let (running, readers, glass) = (BTreeMap::new(), RefCell::default(), Rc::new(Glass::new()?));
        Ok(Self { running, launches: 0, glass, consoles: Rc::default(), readers, tell })
    }

    pub(super) fn signal(&self, name: &Name, signal: Signal) {
        let send = |running: &Running| {
            // An image may have another for that.
            running.process.signal(if signal == Signal::TERM { running.stop } else { signal })
        };
        if let Some(Err(error)) = self.running.get(name).map(send) {
            // It runs as somebody stronger than us; the pause's end takes it along.
            complain(error, ());
        }
    }

    /// Takes a workload into our keeping. What cannot be watched must not run.
    pub(super) fn own(&mut self, directory: &PodDirectory, name: &Name, launched: Launched) -> Result<(), Refusal> {
        let Launched { child, console, output, grouped, mounts } = launched;
        if let Some(console) = console {
            self.attended(console.on_drop(OnDrop::Leave));
        }
        let kept = match self.read(output) {
            Ok(()) => self.hold(directory, name, Held::Ours(child), (grouped, mounts)),
            Err(error) => {
                let _gone = child.kill().and_then(|()| child.wait());
                Err(error)
            }
        };
        if kept.is_err() {
            cgroup::clear(directory, name).unwrap_or_else(|error| complain(error, ()));
            tree::remove(&directory.workload(name)).unwrap_or_else(|error| complain(error, ()));
        }
        kept.map_err(|error| Refusal::because(format!("cannot watch the workload: {}", line(&error))))
    }

    /// Reaps a console once it has ended, as it does when its workload says no more.
    fn attended(&mut self, console: Child) {
        let Ok(watched) = console.as_fd().try_clone_to_owned().and_then(sys::watch) else { return };
        self.launches += 1;
        let (number, consoles) = (self.launches, Rc::clone(&self.consoles));
        consoles.borrow_mut().insert(number, console);
        spawn_local(async move {
            let _ended = watched.readable().await;
            // Whatever it has come to: that it has ended is all there is to know.
            let _reaped = consoles.borrow_mut().remove(&number).map(|console| console.wait());
        });
    }

    /// Sees to it that the consoles, which end with the pod, have ended before we do.
    pub(super) fn bury_consoles(&self) {
        let consoles = std::mem::take(&mut *self.consoles.borrow_mut());
        let deadline = Instant::now() + LAST_WORDS;
        for console in consoles.into_values() {
            let left = deadline.saturating_duration_since(Instant::now());
            let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
            let _waited = poll(&mut [PollFd::new(console.as_fd(), PollFlags::POLLIN)], left);
            let _ended = console.kill().and_then(|()| console.wait());
        }
    }

    /// Watches a workload's process. One of ours that cannot be watched is ended.
    pub(super) fn hold(
        &mut self,
        directory: &PodDirectory,
        name: &Name,
        process: Held,
        (grouped, mounts): (Grouped, Option<Mounts>),
    ) -> io::Result<()> {
        self.launches += 1;
        let launch = self.launches;
        let record = directory.spec::<WorkloadRecord>(name).ok().flatten();
        let asked = record.and_then(|record| Some(record.plan.container?.parts().stop_signal));
        let stop = asked.and_then(|number| Signal::new(number.into())).unwrap_or(Signal::TERM);
        let watched = process.copy().and_then(sys::watch);
        let watched = match watched {
            Ok(watched) => watched,
            Err(error) => {
                if let Held::Ours(child) = &process {
                    let _gone = child.kill().and_then(|()| child.wait());
                }
                return Err(error);
            }
        };
        self.running.insert(name.clone(), Running { launch, stop, process, grouped, mounts, looks: 0 });
        let (tell, name) = (self.tell.clone(), name.clone());
        spawn_local(async move {
            let _ended = watched.readable().await;
            let _at_the_end = tell.send(Heard::Readable(name, launch));
        });
        Ok(())
    }

    /// Whether the one of this name is of this launch.
    pub(super) fn is_of(&self, name: &Name, launch: u64) -> bool {
        self.running.get(name).is_some_and(|running| running.launch == launch)
    }

    /// Lets go of a workload if it has ended; hands back how, if that can be told.
    pub(super) fn bury(&mut self, name: &Name) -> Option<Buried> {
        let running = self.running.get(name)?;
        let status = running.process.end(running.looks)?;
        let Running { grouped, mounts, .. } = self.running.remove(name)?;
        if let Some(mounts) = &mounts {
            for left in mounts.end(Instant::now() + STRAYS) {
                complain(Error::Stuck { name: name.clone(), holders: vec![left] }, ());
            }
        }
        let (is_grouped, reason) = match grouped {
            Grouped::No => (false, None),
            Grouped::Yes(counter) => (true, reason(counter)),
        };
        Some(Buried { end: EndRecord::known(status, reason, SystemTime::now()), is_grouped, mounts })
    }

    /// Tells once more, later, of a workload that has ended and is not buried yet.
    pub(super) fn look_again(&mut self, name: Name, launch: u64) {
        let Some(running) = self.running.get_mut(&name).filter(|running| running.launch == launch) else { return };
        running.looks += 1;
        let tell = self.tell.clone();
        spawn_local(async move {
            sleep(LOOK_AGAIN).await;
            let _at_the_end = tell.send(Heard::Readable(name, launch));
        });
    }

    /// Reads what a workload says into its log, until nobody says any more.
    pub(super) fn read(&self, output: Output) -> io::Result<()> {
        let Output { stdout, stderr, log } = output;
        let (stdout, stderr) = (sys::watch(stdout)?, sys::watch(stderr)?);
        let log = Rc::new(RefCell::new(log));
        let stdout = spawn_local(log::copy(stdout, Stream::Stdout, Rc::clone(&log), Rc::clone(&self.glass)));
        let stderr = spawn_local(log::copy(stderr, Stream::Stderr, log, Rc::clone(&self.glass)));
        let mut readers = self.readers.borrow_mut();
        readers.retain(|reader| !reader.is_finished());
        readers.extend([stdout, stderr]);
        Ok(())
    }

    /// Reads what those have said last who have ended: nobody else would.
    pub(super) async fn hear_out(&self) {
        let readers = self.readers.take();
        let all = async {
            for reader in readers {
                let _whatever_it_came_to = reader.await;
            }
        };
        // Who was left behind may hold a fifo open for good.
        let _late = timeout(HEARD_OUT, all).await;
    }
}

/// Why a workload has ended, as far as its control group tells.
fn reason(counter: Option<OomCounter>) -> Option<Reason> {
    let killed = counter.and_then(|mut counter| counter.killed().unwrap_or_else(|error| complain(error, None)));
    killed.map(|_| Reason::OomKilled)
}
