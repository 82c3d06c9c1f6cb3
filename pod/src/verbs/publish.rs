//! `pod publish`: the published ports of a pod by hand, changed while it lives.

mod removed;

use clap::Args;
use registry::Name;
use serde::Serialize;

use super::ports::{Changing, may_change};
use crate::error::Error;
use crate::programs::Programs;
use crate::publish::{Publish, Published};
use crate::record::PodRecord;
use crate::store::Store;
use removed::Removed;

/// Change which ports of the host lead into a pod by hand, while it runs.
///
/// What is published is listened to and carried when this comes back. What is removed is closed for whoever comes;
/// connections that are there go on to their end. Either all of it is done or nothing.
#[derive(Debug, Args)]
pub struct PublishPorts {
    /// The pod
    pod: Name,

    /// Let a port of the host lead to one on the pod's localhost, as for create
    #[arg(short, long, value_name = "[ADDRESS:]HOST:POD[/PROTOCOL]", required_unless_present = "remove")]
    publish: Vec<Published>,

    /// Do not let a port of the host lead there any more: without an address that of any, and 8000-8010 are eleven ports
    #[arg(short, long, value_name = "[ADDRESS:]HOST[:POD][/PROTOCOL]")]
    remove: Vec<Removed>,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Changed {
    /// The pod.
    pub name: Name,
    /// What leads in now.
    pub publish: Vec<Publish>,
    /// What of it is new.
    pub added: Vec<Publish>,
    /// What led in before.
    pub removed: Vec<Publish>,
    /// What was asked for and led in already.
    pub unchanged: Vec<Publish>,
}

impl PublishPorts {
    /// Does it.
    ///
    /// # Errors
    /// There is no such pod, it is dead or of a manifest, or a port cannot be had; nothing has changed then.
    pub fn run(&self, store: &Store, programs: &Programs) -> Result<Changed, Error> {
        let changing = Changing::of(store, programs, store.locked(&self.pod)?);
        let record: PodRecord = changing.found().directory().pod()?;
        if record.plan.object().is_some() {
            return Err(Error::OfAManifest { name: self.pod.clone() });
        }
        may_change(&record.plan, changing.found())?;
        let removed = self.removed(record.plan.publish())?;
        let kept = record.plan.publish().iter().filter(|port| !removed.contains(port));
        let kept: Vec<Publish> = kept.copied().collect();
        let (mut ports, mut unchanged) = (kept.clone(), Vec::new());
        for port in self.publish.iter().flat_map(|Published(ports)| ports) {
            match ports.iter().find(|there| there.host_port != 0 && there.is_at(port)) {
                Some(there) if there == port => unchanged.push(*port),
                Some(there) => return Err(Error::PublishedAlready { publish: *port, there: *there }),
                None => ports.push(*port),
            }
        }
        let publish = changing.publish(&ports)?;
        let added = publish.iter().skip(kept.len()).copied().collect();
        Ok(Changed { name: self.pod.clone(), publish, added, removed, unchanged })
    }

    /// Which of these are to go.
    fn removed(&self, before: &[Publish]) -> Result<Vec<Publish>, Error> {
        let mut all = Vec::new();
        for port in self.remove.iter().flat_map(Removed::each) {
            let mut found = before.iter().filter(|publish| port.is(publish)).peekable();
            if found.peek().is_none() {
                return Err(Error::NotPublished { name: self.pod.clone(), port: port.to_string() });
            }
            all.extend(found);
        }
        Ok(all)
    }
}
