//! What of a pod that lives is changed with its object: its ports. They are had before it is written that it has them, so
//! that one which is somebody else's is refused; and lead in when it is.

use launch::Seen;
use manifest::kind::{ContainerPort, Object, Pod};
use registry::{Process, Registry, RegistryError};

use crate::answer::Complaint;
use crate::compile;
use crate::error::Error;
use crate::gather;
use crate::place::Place;
use crate::programs::Programs;
use crate::publish::Publish;
use crate::record::PodRecord;
use crate::store::Store;
use crate::verbs::ports::{self, Changing, Reserved, may_change};

/// Ports that are kept for a pod that is to have them.
pub(super) struct Moved {
    place: Place,
    ports: Vec<Publish>,
    _reserved: Reserved,
}

impl Moved {
    /// Has the ports kept that a pod is to have which has others; none where it has the same, or there is no sandbox that
    /// would have any: then they are had with the next.
    ///
    /// # Errors
    /// They cannot be had.
    pub(super) fn of(next: &Pod, there: &Pod) -> Result<Option<Self>, Error> {
        if ports_of(next) == ports_of(there) {
            return Ok(None);
        }
        let data = image::store::data_directory();
        // What cannot be a pod here has no ports here.
        let Ok(plan) = compile::pod(next, &gather::node(&data)) else { return Ok(None) };
        let ports = ports::of(&plan)?;
        let place = Place::of(there, &data, &Registry::of_this_user());
        let reserved = changing(&place, |record, changing| {
            if record.plan.publish() == ports {
                return Ok(None);
            }
            may_change(&record.plan, changing.found())?;
            changing.reserve(&ports).map(Some)
        })?;
        Ok(reserved.flatten().map(|reserved| Self { place, ports, _reserved: reserved }))
    }

    /// Has them lead in, now that they are the pod's. Where that fails, who attends to the pod does it, and tells of it.
    pub(super) fn settle(self) {
        let _done_later = changing(&self.place, |_, changing| changing.publish(&self.ports));
    }
}

/// What is there, with the ports of what it is to become: an API server does not let them be changed, and here they may be.
pub(super) fn with_ports_of(next: &Object, there: &Object) -> Object {
    let mut there = there.clone();
    if let (Object::Pod(next), Object::Pod(pod)) = (next, &mut there)
        && let (Some(next), Some(spec)) = (&next.spec, &mut pod.spec)
    {
        for (next, container) in next.containers.iter().zip(&mut spec.containers) {
            container.ports.clone_from(&next.ports);
        }
    }
    there
}

/// The ports of its containers, as they are written.
fn ports_of(pod: &Pod) -> Vec<&[ContainerPort]> {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    containers.map(|container| container.ports.as_slice()).collect()
}

/// Does something with the sandbox of a pod, while nobody else changes it; none where it has none that runs.
fn changing<T>(
    place: &Place,
    act: impl FnOnce(&PodRecord, Changing<'_>) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    let (store, programs) = (Store::open()?, Programs::of_pod(None)?);
    let locked = match store.locked(&place.sandbox()) {
        Err(Error::Registry(RegistryError::NoSuchPod { .. })) => return Ok(None),
        locked => locked?,
    };
    let record: PodRecord = locked.0.directory().pod()?;
    let is_theirs = record.plan.object() == Some(place.uid.as_str());
    if !is_theirs || matches!(locked.0.directory().look(Process::Pause, store.here()).1, Seen::Ended) {
        return Ok(None);
    }
    act(&record, Changing::of(&store, &programs, locked)).map(Some)
}

/// That it does not become what is wanted, for want of its ports.
pub(super) fn moved_not(pod: &Pod, error: &Error) -> Complaint {
    let name = pod.metadata.name.as_deref().unwrap_or_default();
    Complaint::Plain(format!("pod {name:?}: {}", launch::complain::line(error)))
}
