//! Staying with pods of manifests, as a service manager or somebody at a terminal wants it: what they say is shown,
//! who asks us to end has them end, and what is worst of how they ended is how we end.
//!
//! Nothing of them depends on us: somebody else attends to them, and who kills us has them go on. Where we have said
//! that we look, they are not forgotten before we have seen how they ended.

mod lines;
mod notify;
mod tail;
mod watched;

use std::os::fd::AsFd;
use std::time::Duration;

use launch::relay::{Arrived, Sender, Signals};
use manifest::kind::{Pod, Resource};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{InitFlags, Inotify};
use reaper::{ExitCode, Signal};
use registry::Registry;

use crate::answer::{Answer, Complaint, Pending, Until};
use crate::attend::follow;
use crate::error::Error;
use crate::objects::{Key, Objects};
use crate::place::Place;
use crate::programs::Programs;
use notify::Manager;
use tail::Wake;
use watched::Watched;

/// How long until it is seen to that somebody attends to the pods: who does may have been killed.
const SELDOM: Duration = Duration::from_secs(2);

/// Who asks for an end.
const ENDS: [Signal; 4] = [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT];

/// Stays with these pods until they have ended, by themselves or because we were asked to, and forgets them; says how
/// the worst of their containers ended.
///
/// # Errors
/// They cannot be seen, or nobody can attend to them.
pub fn foreground(pods: &[Pod], programs: &Programs, signals: &Signals) -> Result<ExitCode, Error> {
    let objects = Objects::of_this_user()?;
    let (data, registry) = (image::store::data_directory(), Registry::of_this_user());
    let failed = |source| Error::Kernel { operation: "watch the pods", source };
    let changes = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).map_err(failed)?;
    let wake = Wake::new().map_err(|source| Error::Kernel { operation: "wait for the pods", source })?;
    let mut watched = Vec::new();
    for pod in pods {
        watched.push(Watched::new(Place::of(pod, &data, &registry), pod, &changes, &wake)?);
    }
    let mut manager = Manager::of_this_process();
    let attended: Vec<Pending> =
        pods.iter().map(|pod| Pending { pod: Box::new(pod.clone()), until: Until::Attended }).collect();
    let mut asked = 0;
    loop {
        for one in &mut watched {
            one.look()?;
        }
        if watched.iter().all(Watched::is_over) {
            break;
        }
        if watched.iter().all(Watched::is_up) {
            manager.ready();
        }
        if !wait(signals, &changes, &wake)? {
            follow(&attended, programs)?;
        }
        while let Some(Arrived { signal, sender }) = signals.arrived() {
            if ENDS.contains(&signal) {
                manager.stopping();
                // Who asks again is in a hurry.
                condemn(&objects, pods, if asked == 0 { Grace::Own } else { Grace::None })?;
                follow(&attended, programs)?;
                asked += 1;
            } else if Signal::TERMINAL_STOPS.contains(&signal) && sender == Sender::Kernel {
                // The pods go on; only what they say waits.
                let _always = nix::sys::signal::raise(nix::sys::signal::Signal::SIGSTOP);
            }
        }
    }
    if watched.iter().all(Watched::is_up) {
        manager.ready();
    }
    manager.stopping();
    let worst = watched.iter().map(Watched::code).max().unwrap_or(0);
    // They are forgotten by whoever attends to them, who waits for us.
    drop(watched);
    let said = dismiss(pods, programs)?.said();
    if !said.is_empty() {
        // A stderr that takes nothing is no reason to end differently.
        let _lost = std::io::Write::write_all(&mut std::io::stderr(), said.as_bytes());
    }
    Ok(ExitCode::Command(worst))
}

/// Has pods go that are still there, and waits until they are gone.
///
/// # Errors
/// Nobody can attend to them.
pub fn dismiss(pods: &[Pod], programs: &Programs) -> Result<Answer, Error> {
    condemn(&Objects::of_this_user()?, pods, Grace::Own)?;
    let going = |pod: &Pod| Pending { pod: Box::new(pod.clone()), until: Until::Gone(None) };
    let complaints: Vec<Complaint> = follow(&pods.iter().map(going).collect::<Vec<_>>(), programs)?;
    Ok(Answer::from(complaints))
}

/// How long pods have to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grace {
    /// As long as they say.
    Own,
    /// They have not.
    None,
}

/// Has those go that are still there, under their names.
fn condemn(objects: &Objects, pods: &[Pod], grace: Grace) -> Result<(), Error> {
    let Some(resource) = Resource::find("pods") else { return Ok(()) };
    let changing = objects.change()?;
    for pod in pods {
        let namespace = pod.metadata.namespace.as_deref().unwrap_or("default");
        let key = Key::new(resource, namespace, pod.metadata.name.as_deref().unwrap_or_default());
        let is_it = |uid: &Option<String>| *uid == pod.metadata.uid;
        if !objects.get(&key)?.is_some_and(|found| is_it(&found.metadata().uid)) {
            continue;
        }
        let own = pod.spec.as_ref().and_then(|spec| spec.termination_grace_period_seconds).unwrap_or(30).max(0);
        changing.condemn(&key, if grace == Grace::Own { own } else { 0 })?;
    }
    Ok(())
}

/// Waits until something has happened; `false` where nothing has for long.
fn wait(signals: &Signals, changes: &Inotify, wake: &Wake) -> Result<bool, Error> {
    let readable = |file| PollFd::new(file, PollFlags::POLLIN);
    let mut files = [readable(signals.as_fd()), readable(changes.as_fd()), readable(wake.as_fd())];
    let timeout = PollTimeout::try_from(SELDOM).unwrap_or(PollTimeout::MAX);
    let happened = match poll(&mut files, timeout) {
        Ok(count) => count > 0,
        Err(Errno::EINTR) => true,
        Err(source) => return Err(Error::Kernel { operation: "wait for the pods", source }),
    };
    // What has happened is seen by looking.
    while changes.read_events().is_ok_and(|events| !events.is_empty()) {}
    wake.heard();
    Ok(happened)
}
