//! The forwarder's own life: from being started to the end of its pod.

use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use tokio::task::{LocalSet, spawn_local};

use super::confine::{confine, take_control};
use super::filter::{self, Work};
use super::limit::Limits;
use super::means::Means;
use super::message::Answer;
use super::obey::{Beginning, Ports, begin};
use super::say::say;
use super::sys::watch;

use crate::rest;

/// A forwarder cannot do its work.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation}")]
pub struct ForwardError {
    operation: &'static str,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl ForwardError {
    fn of<E: Into<Box<dyn std::error::Error + Send + Sync>>>(operation: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self { operation, source: source.into() }
    }
}

/// Carries what whoever started us has us carry, until the pod is over. Our stdin is where it says so.
///
/// # Errors
/// When it cannot be done behind the walls that are meant for it; who started us has been told, too.
pub fn forward() -> Result<(), ForwardError> {
    let control = take_control().map_err(ForwardError::of("take the control socket"))?;
    let told = control.try_clone().map_err(ForwardError::of("take the control socket"))?;
    let forwarded = behind_walls(control);
    if let Err(error) = &forwarded {
        // There may be nobody left to be told.
        let _unheard = say(told, &Answer::Refused(launch::complain::line(error)), &[]);
    }
    forwarded
}

fn behind_walls(control: OwnedFd) -> Result<(), ForwardError> {
    let limits = confine(c"pod-forwarder").map_err(ForwardError::of("confine ourselves"))?;
    let runtime = rest::runtime().build();
    let runtime = runtime.map_err(ForwardError::of("make a runtime"))?;
    filter::install(Work::Carry).map_err(ForwardError::of("install a system call filter"))?;
    LocalSet::new().block_on(&runtime, serve(control, limits)).map_err(ForwardError::of("carry"))
}

async fn serve(control: OwnedFd, limits: Limits) -> io::Result<()> {
    let supervisor = Rc::new(watch(control)?);
    let Some(Beginning { pause, door }) = begin(&supervisor).await? else { return Ok(()) };
    let means = Means::new(limits);
    means.tell_to(Some(Rc::clone(&supervisor)));
    let ports = Ports::new(means);
    spawn_local(Rc::clone(&ports).obey(supervisor));
    spawn_local(ports.admit(door));
    pause.readable().await?.retain_ready();
    Ok(())
}
