//! `pod attach`: being with a container that runs, as its first process is typed at and speaks.

use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::Args;
use launch::relay::Signals;
use manifest::kind::Pod;
use reaper::Signal;
use registry::{Found, Name, Registry};

use super::lives::as_it_does;
use super::meant::{Meant, chosen, listed, meant, names};
use super::named::{Kept, kept};
use super::trouble::{Trouble, answered};
use super::visit::{End, Visit, Wish, asked, patience, say};
use crate::answer::{Answer, Complaint};
use crate::error::Error;
use crate::place::Place;
use crate::record::WorkloadRecord;

/// How long between two looks at a pod that is to come.
const LOOK: Duration = Duration::from_millis(20);

/// Be with a container that runs.
///
/// Shows what it says from now on; with -i what is typed here is for its standard input, if it has one. Who goes away
/// leaves it alone, but for a standard input that is there for one only (stdinOnce). Any number may be attached.
#[derive(Debug, Args)]
pub struct Attach {
    /// The pod: web, pod/web
    #[arg(value_name = "POD")]
    words: Vec<String>,

    /// The namespace
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,

    /// The container [default: the one that the pod's annotation names, or its first]
    #[arg(short, long, value_name = "NAME")]
    container: Option<Name>,

    /// Hand on what is typed
    #[arg(short = 'i', long)]
    stdin: bool,

    /// Hand on what is typed at a terminal as it is, to a container that has one of its own
    #[arg(short, long)]
    tty: bool,

    /// Say nothing of our own but errors
    #[arg(short, long)]
    quiet: bool,

    /// How long to wait for a pod that does not run yet
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = patience)]
    pod_running_timeout: Duration,
}

impl Attach {
    /// Stays with the container until it has ended; with the signal by which we were asked to leave it before.
    ///
    /// # Errors
    /// It cannot be told how it does, or what it says not be shown.
    pub fn run(&self, registry: &Registry, called: &str) -> Result<(Answer, Option<Signal>), Error> {
        let mut left = None;
        let answer = answered(self.stay(registry, called, &mut left))?;
        Ok((answer, left))
    }

    fn stay(&self, registry: &Registry, called: &str, left: &mut Option<Signal>) -> Result<Answer, Trouble> {
        let usage = |trouble: String| Trouble::from(Complaint::Usage(trouble, "attach"));
        let word = match self.words.as_slice() {
            [] => return Err(usage("at least 1 argument is required for attach".to_owned())),
            [word] => word.clone(),
            [kind, name] => format!("{kind}/{name}"),
            words => {
                let expected = "expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw";
                return Err(usage(format!("{expected} {}: [{}]", words.len(), words.join(" "))));
            }
        };
        let signals = Signals::take().map_err(|error| Error::from(nsjoin::Error::from(error)))?;
        let kept = || kept(&word, self.namespace.as_deref(), "only pods have containers to be attached to: pod/NAME");
        let (found, pod) = match kept()? {
            Kept::Pod(pod) => {
                let began = Instant::now();
                let mut pod = as_it_does(pod, &mut Answer::default()).pod;
                while phase(&pod) == "Pending" && began.elapsed() < self.pod_running_timeout {
                    *left = asked(&signals);
                    if left.is_some() {
                        return Ok(Answer::default());
                    }
                    sleep(LOOK);
                    let Kept::Pod(now) = kept()? else { break };
                    pod = as_it_does(now, &mut Answer::default()).pod;
                }
                (running(&pod, registry)?, Some(pod))
            }
            Kept::ByHand(name) => (registry.pod(&name).map_err(Error::from)?, None),
        };
        let container = self.container(&found, pod.as_deref())?;
        let visit = Visit { found, container, pod: pod.as_deref(), called };
        let absent = absent(&visit);
        let wish = Wish { stdin: self.stdin, tty: self.tty, quiet: self.quiet, missed: false };
        match visit.stay(wish, &signals)? {
            End::Ended { told } => return Ok(Answer::from(told.unwrap_or_default())),
            End::Asked(signal) => *left = Some(signal),
            End::Absent => return Err(absent.into()),
        }
        Ok(Answer::default())
    }

    /// The container that is meant; it is said if that was chosen.
    fn container(&self, found: &Found, pod: Option<&Pod>) -> Result<Name, Trouble> {
        let chosen = match (&self.container, pod) {
            (Some(name), Some(pod)) => {
                let record: Option<WorkloadRecord> = found.directory().spec(name).map_err(Error::from)?;
                // Somebody may have added it by hand.
                if record.is_none() && !names(pod).any(|(known, _)| known == name.as_str()) {
                    let (pod, all) = (pod.metadata.name.as_deref().unwrap_or_default(), listed(pod));
                    let trouble = format!("container {name} is not valid for pod {pod} out of: {all}");
                    return Err(Complaint::Plain(format!("cannot attach to the container: {trouble}")).into());
                }
                return Ok(name.clone());
            }
            (Some(name), None) => return Ok(name.clone()),
            (None, Some(pod)) => chosen(pod),
            (None, None) => meant(found)?,
        };
        let none = || Error::NoWorkload { pod: found.name().clone() };
        let Meant { workload, told } = chosen.ok_or_else(none)?;
        if let Some(told) = told.filter(|_| !self.quiet) {
            say(&told);
        }
        Ok(workload)
    }
}

/// A pod's phase.
pub(super) fn phase(pod: &Pod) -> &str {
    pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or("Pending")
}

/// The sandbox of a pod that runs.
fn running(pod: &Pod, registry: &Registry) -> Result<Found, Trouble> {
    let phase = phase(pod);
    if matches!(phase, "Succeeded" | "Failed") {
        let trouble = format!("cannot attach a container in a completed pod; current phase is {phase}");
        return Err(Complaint::Plain(trouble).into());
    }
    let place = Place::of(pod, &image::store::data_directory(), registry);
    Ok(registry.pod(&place.sandbox()).map_err(Error::from)?)
}

/// That a container does not run.
fn absent(visit: &Visit<'_>) -> Complaint {
    let pod = match visit.pod {
        Some(pod) => {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            format!("{}_{}", text(&pod.metadata.name), text(&pod.metadata.namespace))
        }
        None => visit.found.name().to_string(),
    };
    Complaint::Plain(format!("unable to upgrade connection: container {} not found in pod {pod}", visit.container))
}
