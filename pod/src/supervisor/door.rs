//! The pod's way out, where a process holds it open: that there is one as long as there is the pod.

use std::os::fd::AsFd;
use std::time::Duration;

use launch::{Identity, Pidfd};
use network::{Attachment, Network};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use reaper::Signal;
use registry::Process;
use tokio::task::{spawn_blocking, spawn_local};

use super::complain;
use super::decide::Event;
use super::heard::{Heard, Tell};
use super::pod::Pod;
use crate::connect;
use crate::sys;

/// Whether there is one that a process holds open: who has asked for it may be without.
pub(super) fn is_there(pod: &Pod) -> bool {
    let attachment = pod.directory.network::<Attachment>();
    attachment.is_ok_and(|attachment| attachment.is_some_and(|attachment| attachment.network == Network::Pasta))
}

/// Tells of the end of who holds it open, or that nobody does.
pub(super) fn watch(pod: &Pod, tell: Tell) {
    let holder = pod.directory.recorded(Process::Pasta).ok().flatten();
    spawn_local(async move {
        if let Some(holder) = holder {
            end_of(holder).await;
        }
        let _at_the_end = tell.send(Heard::Event(Event::DoorClosed));
    });
}

/// Opens it again, and tells of its end, or that it cannot be opened.
pub(super) fn open(pod: &Pod, tell: Tell) {
    // Of two that hold it open only one would be on record.
    close(pod);
    let (directory, pause) = (pod.directory.clone(), pod.pause);
    spawn_local(async move {
        let opened = spawn_blocking(move || connect::open(&directory, pause).map(|child| child.identity())).await;
        let event = match opened {
            Ok(Ok(holder)) => {
                if let Some(holder) = holder {
                    end_of(holder).await;
                }
                Event::DoorClosed
            }
            Ok(Err(error)) => complain(error, Event::DoorStuck),
            Err(_) => Event::DoorStuck,
        };
        let _at_the_end = tell.send(Heard::Event(event));
    });
}

/// Sees to it that who holds it open has ended before we do.
pub(super) fn close(pod: &Pod) {
    let holder = pod.directory.recorded(Process::Pasta).ok().flatten();
    let Some((holder, Ok(Some(pidfd)))) = holder.map(|holder| (holder, Pidfd::of(holder))) else { return };
    let ended = pidfd.signal(Signal::KILL).and_then(|()| pidfd.ended_within(Duration::from_secs(1)));
    if let Err(errno) = ended {
        complain(std::io::Error::from(errno), ());
    }
    reap(holder);
}

async fn end_of(holder: Identity) {
    let Ok(Some(pidfd)) = Pidfd::of(holder) else { return };
    let Ok(copy) = pidfd.as_fd().try_clone_to_owned() else { return };
    if let Ok(watched) = sys::watch(copy) {
        // Where it cannot be watched, nothing else can be told of it either.
        let _ended = watched.readable().await;
    }
    reap(holder);
}

/// It may be our own child, whom nobody else reaps; of another's there is nothing to be heard.
fn reap(holder: Identity) {
    let _not_ours = waitpid(Pid::from_raw(holder.pid), Some(WaitPidFlag::WNOHANG));
}
