//! Pods of manifests as they do now.

use manifest::kind::Pod;
use registry::Registry;

use crate::answer::{Answer, Complaint};
use crate::gather;
use crate::machine::Log;
use crate::place::{Place, machine_of};
use crate::status;

/// A pod as it does now, and what has happened to it.
#[derive(Debug)]
pub(super) struct Lives {
    pub(super) pod: Box<Pod>,
    pub(super) log: Log,
}

/// How a pod does; what cannot be read of that is told.
pub(super) fn as_it_does(pod: Box<Pod>, answer: &mut Answer) -> Lives {
    let data = image::store::data_directory();
    match machine_of(&Place::of(&pod, &data, &Registry::of_this_user())) {
        Ok(Some(machine)) => {
            Lives { pod: Box::new(status::pod(&pod, &machine, &gather::node(&data))), log: machine.log().clone() }
        }
        // Nobody attends to it yet.
        Ok(None) => Lives { pod: pending(pod), log: Log::default() },
        Err(error) => {
            answer.complaints.push(Complaint::Plain(launch::complain::line(&error)));
            Lives { pod, log: Log::default() }
        }
    }
}

/// As an API server has one that has just come.
fn pending(mut pod: Box<Pod>) -> Box<Pod> {
    pod.status.get_or_insert_default().phase.get_or_insert_with(|| "Pending".to_owned());
    pod
}
