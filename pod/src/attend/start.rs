//! Seeing to it that somebody attends to a pod, and forgetting one that is gone.

use std::env;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use launch::Origin;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use registry::{Attempt, Lock, Name, PodDirectory, Process, RegistryError, Sharing, file, tree};

use super::pace::{self, Pace};
use super::short::is_short;
use crate::connect::{self, Emptied, Staying};
use crate::end;
use crate::error::Error;
use crate::objects::{Key, Objects};
use crate::place::{Place, VOLUMES};
use crate::programs::Programs;
use crate::seal;
use crate::store::Store;
use crate::volume::is_of;

/// How long somebody may take to end who has been killed.
const ENDING: Duration = Duration::from_secs(2);
/// How long between two tries to forget a pod, at first and at most.
const SHORTEST_BREATH: Duration = Duration::from_millis(250);
const LONGEST_BREATH: Duration = Duration::from_secs(128);

/// Whether somebody attends to the pod: whether its lock is taken, by somebody who is not just about to end.
pub(super) fn is_attended(place: &Place) -> Result<bool, Error> {
    let path = place.lock();
    Ok(match Attempt::at(&path, Sharing::Shared)? {
        Attempt::Taken(_) => false,
        Attempt::Busy(busy) => busy.take_over(ENDING)?.is_none(),
        Attempt::Gone => path.exists(),
    })
}

/// Starts somebody who attends to the pod, unless somebody does. Whatever has to be done is done by them.
///
/// # Errors
/// Nobody can be started.
pub(super) fn ensure(place: &Place, programs: &Programs) -> Result<(), Error> {
    tree::make(&place.kept(), 0o700)?;
    if is_attended(place)? {
        return Ok(());
    }
    // Who could not tell the time would be of no use.
    Pace::of_the_environment()?;
    connect::Staying::of_the_environment()?;
    let log = place.log();
    let said = match File::options().append(true).create(true).mode(0o600).open(&log) {
        Ok(said) => said,
        // Whoever has attended to it is just forgetting it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(file("open", &log)(error).into()),
    };
    let program = programs.pod()?;
    let pause = programs.pause()?;
    // Nobody in a container is to write to that file by way of us (CVE-2019-5736).
    let sealed = seal::sealed(&program)?;
    let by_number = sealed.as_ref().map(|file| PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd())));
    let mut command = Command::new(by_number.as_ref().unwrap_or(&program));
    command
        .arg0("pod")
        .arg("attend")
        .arg(&place.namespace)
        .arg(&place.name)
        .arg(&place.uid)
        .arg(&program)
        .arg(&pause)
        .env_clear();
    for name in [
        "HOME",
        "PATH",
        "XDG_RUNTIME_DIR",
        "XDG_CONFIG_HOME",
        "DOCKER_CONFIG",
        "REGISTRY_AUTH_FILE",
        "NETCONFPATH",
        "CNI_PATH",
        "POD_CNI_TIMEOUT",
        pace::VARIABLE,
        connect::VARIABLE,
        connect::STAYS,
    ] {
        command.envs(env::var_os(name).map(|value| (name, value)));
    }
    command.env("POD_DATA_DIR", &place.data).env("POD_STATE_DIR", place.registry.root());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
    // It lives on; who comes after us reaps it.
    command.spawn().map(drop).map_err(|source| Error::NoProgram { name: "pod", source: Some(source) })
}

/// Forgets a pod as [`forget`] does, for who stays with what it leaves empty; what the machine is too short of something
/// for is tried for some minutes.
pub(super) fn forget_in_time(place: &Place, objects: &Objects) -> Result<Staying, Error> {
    if Emptied::of_the_environment() == Emptied::Stays {
        Staying::hear()?;
    }
    let mut breath = SHORTEST_BREATH;
    loop {
        match forget(place, objects) {
            Err(error) if breath < LONGEST_BREATH && is_short(&error) => sleep(breath),
            done => return done,
        }
        breath *= 2;
    }
}

/// Forgets a pod: its sandbox, its volumes, what is known of it, and its object at last. Hands back the networks that it
/// has left empty, which nobody else sees to from then on.
///
/// # Errors
/// Something of it cannot be ended or removed; the object is there then, so that it is tried again.
pub(super) fn forget(place: &Place, objects: &Objects) -> Result<Staying, Error> {
    // Who wants to see how it ended has had the time for it then.
    let _seen = Lock::take(&place.watched(), Sharing::Exclusive);
    forget_sandbox(place, |_| Ok(()))?;
    // Before anybody hears that the pod is gone, so that they find the network there.
    let staying = Staying::with_what_is_empty(place.registry.root())?;
    tree::remove(&place.volatile())?;
    // Whoever leaves last removes what all are in.
    let _others_are_there = std::fs::remove_dir(place.registry.root().join(VOLUMES));
    // Which was there when the sandbox was forgotten.
    Store::open()?.leave();
    let Some(pods) = manifest::kind::Resource::find("pods") else { return Ok(staying) };
    tree::remove(&place.kept())?;
    let changing = objects.change()?;
    // What was claimed for it alone goes with it.
    if let Some(claims) = manifest::kind::Resource::find("pvc") {
        for claim in objects.list(claims, Some(&place.namespace))? {
            if is_of(claim.metadata(), &place.uid) {
                changing.delete(&Key::of(&claim))?;
            }
        }
    }
    let key = Key::new(pods, &place.namespace, &place.name);
    // Who bears the name now may be another.
    if objects.get(&key)?.is_some_and(|object| object.metadata().uid.as_deref() == Some(&place.uid)) {
        changing.delete(&key)?;
    }
    // The last one takes a namespace along that is to go.
    changing.finish(&place.namespace)?;
    Ok(staying)
}

/// Ends whatever runs of a pod, and forgets its sandbox, if it is this pod's; before that somebody may look at what is in
/// its directory.
pub(super) fn forget_sandbox(
    place: &Place,
    last: impl FnOnce(&PodDirectory) -> Result<(), Error>,
) -> Result<(), Error> {
    let name = place.sandbox();
    let store = Store::open()?.staying();
    match store.locked(&name) {
        Err(Error::Registry(RegistryError::NoSuchPod { .. })) => {
            // Whoever was forgetting it may have been killed at that. What cannot be cleared away is left to the next.
            for left in store.sweep() {
                launch::complain::complain("pod", &left, None);
            }
            Ok(())
        }
        Err(error) => Err(error),
        Ok((found, lock)) => {
            let record: crate::record::PodRecord = found.directory().pod()?;
            if record.plan.object() != Some(place.uid.as_str()) {
                return Ok(());
            }
            end_and_reap(&name, found.directory(), store.here())?;
            last(found.directory())?;
            store.forget(&name, found.directory(), &lock)
        }
    }
}

/// Ends whatever runs in a sandbox. Who holds it and who supervises it may be our own children, whom nobody else reaps.
pub(super) fn end_and_reap(name: &Name, directory: &PodDirectory, here: &Origin) -> Result<(), Error> {
    let children: Vec<_> = [Process::Pause, Process::Supervisor]
        .into_iter()
        .filter_map(|process| directory.recorded(process).ok().flatten())
        .collect();
    let ended = end::end(name, directory, here);
    for child in children {
        // Of another's children there is nothing to be heard.
        let _not_ours = waitpid(Pid::from_raw(child.pid), Some(WaitPidFlag::WNOHANG));
    }
    ended
}
