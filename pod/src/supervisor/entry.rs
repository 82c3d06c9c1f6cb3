//! A supervisor's own life: from being started to the end of its pod.

use std::fs::File;
use std::io::{self, Write};
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;

use nix::sys::prctl::set_name;
use nix::unistd::setsid;
use nsjoin::{Inherited, Kind, Name, OwnPids, Pidfd, Target};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{LocalSet, spawn_local};

use super::proxy;
use super::start::{IS_READY, LISTENERS, LOCK, READY};
use super::workloads::Workloads;
use crate::control::{Answer, Refusal, Request, SOCKET};
use crate::directory::PodDirectory;
use crate::error::{Error, file};
use crate::sys;

/// Supervises the pod whose directory we are in, until its pause process ends.
///
/// Handed down: where to say that we are ready, the directory's lock, and a listener for each of
/// `pod_ports`.
///
/// # Errors
/// When the pod is not there (any more), or its namespaces cannot be entered.
pub fn supervise(name: &Name, own_pids: OwnPids, pod_ports: &[u16]) -> Result<(), Error> {
    let failed = |operation| move |source| Error::Supervisor { operation, name: name.clone(), source };
    let handed = |number| sys::inherited(number).ok_or(io::Error::from(io::ErrorKind::InvalidInput));
    let ready = handed(READY).map_err(failed("start"))?;
    let lock = handed(LOCK).map_err(failed("start"))?;
    let mut ports = Vec::new();
    for (number, pod_port) in (LISTENERS..).zip(pod_ports) {
        ports.push((TcpListener::from(handed(number).map_err(failed("start"))?), *pod_port));
    }
    // We outlive the terminal, the session and whatever signals were ignored where we come from.
    // Refused only to a group's leader, which a process just made is not.
    let _session = setsid();
    // Started by way of /proc, we would be called `exe`.
    let _renamed = set_name(c"pod");
    Inherited::forget();

    let directory = PodDirectory::current();
    leave_word(&directory)?;
    drop(lock);
    let pause = directory.pause()?.ok_or_else(|| Error::Dead { name: name.clone() })?;
    let pinned = Pidfd::of(pause).map_err(|errno| failed("start")(errno.into()))?;
    let pinned = pinned.ok_or_else(|| Error::Dead { name: name.clone() })?;
    // The pod's network, and its user namespace where that is what gives the right to it.
    nsjoin::enter(&Target::Process(pause), [Kind::User, Kind::Net])?;

    let workloads = Workloads::new(directory, pause, own_pids);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed("start"))?;
    LocalSet::new().block_on(&runtime, async { serve(workloads, pinned, ports, ready).await.map_err(failed("run")) })
}

/// Records who we are; with our own process alive, nobody else's record is there to be kept.
fn leave_word(directory: &PodDirectory) -> Result<(), Error> {
    let path = directory.supervisor_path();
    let draft = path.with_extension("draft");
    let record: OwnedFd = File::create(&draft).map_err(file("create", &draft))?.into();
    let proc = File::open("/proc").map_err(file("open", "/proc"))?;
    nsjoin::leave_identity(proc.as_fd(), record.as_fd()).map_err(|errno| file("write", &draft)(errno.into()))?;
    std::fs::rename(&draft, &path).map_err(file("write", &path))
}

async fn serve(workloads: Workloads, pinned: Pidfd, ports: Vec<(TcpListener, u16)>, ready: OwnedFd) -> io::Result<()> {
    for (listener, pod_port) in ports {
        listener.set_nonblocking(true)?;
        spawn_local(proxy::forward(tokio::net::TcpListener::from_std(listener)?, pod_port));
    }
    match std::fs::remove_file(SOCKET) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let control = UnixListener::bind(SOCKET)?;
    let workloads = Rc::new(workloads);
    let pinned = sys::watch(pinned)?;
    File::from(ready).write_all(IS_READY)?;
    loop {
        tokio::select! {
            accepted = control.accept() => {
                let (client, _) = accepted?;
                spawn_local(answer(client, Rc::clone(&workloads)));
            }
            ended = pinned.readable() => {
                ended?.retain_ready();
                break;
            }
        }
    }
    // What was in pause's pid namespace, the kernel has killed; the rest is for us to kill.
    workloads.stop(std::time::Duration::ZERO).await;
    Ok(())
}

/// Answers one client; one that goes away unanswered is its own affair.
async fn answer(mut client: UnixStream, workloads: Rc<Workloads>) {
    let mut line = String::new();
    if BufReader::new(&mut client).read_line(&mut line).await.is_err() {
        return;
    }
    let answer = match serde_json::from_str(&line) {
        Ok(Request::Start(plan)) => workloads.start(plan).await,
        Ok(Request::Stop { grace_ms }) => {
            workloads.stop(std::time::Duration::from_millis(grace_ms)).await;
            Answer::Stopped
        }
        Err(error) => Answer::Refused(Refusal::because(format!("the supervisor does not understand: {error}"))),
    };
    if let Ok(mut text) = serde_json::to_vec(&answer) {
        text.push(b'\n');
        let _gone = client.write_all(&text).await;
    }
}
