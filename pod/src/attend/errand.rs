//! What takes a moment, each done on a thread of its own: volumes and the sandbox.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::{Arc, Mutex};

use image::Image;
use launch::Identity;
use manifest::kind::{Object, Pod, Resource};
use registry::{Lock, PodDirectory, Process, file, tree};

use super::start::{end_and_reap, forget_sandbox};
use crate::compile::{self, Dns, Facts, Network, NodeFacts, PidSharing, PodPlan, Users, VolumeSource, hosts};
use crate::connect;
use crate::error::Error;
use crate::objects::{Key, Objects};
use crate::place::Place;
use crate::plan::{self, Share, Unshared};
use crate::programs::Programs;
use crate::record::PodRecord;
use crate::store::Store;
use crate::verbs::create::{Made, make};
use crate::verbs::ports;
use crate::volume::Volumes;

/// All that an errand is run with.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) place: Place,
    pub(super) objects: Objects,
    pub(super) programs: Programs,
    pub(super) pod: Pod,
    pub(super) plan: PodPlan,
    pub(super) node: NodeFacts,
    pub(super) addresses: Vec<IpAddr>,
    /// The images that were fetched for containers that are not launched yet.
    pub(super) fetched: Arc<Mutex<BTreeMap<String, Image>>>,
}

/// A sandbox that has been made.
pub(super) struct Sandbox {
    pub(super) made: Made,
    pub(super) addresses: Vec<IpAddr>,
}

impl Scene {
    /// What is known of the surroundings by now.
    pub(super) fn facts(&self) -> Result<Facts, Error> {
        let mut facts = Facts { node: self.node.clone(), addresses: self.addresses.clone(), ..Facts::default() };
        crate::gather::kept(&self.pod, &self.objects, &mut facts)?;
        Ok(facts)
    }

    pub(super) fn volumes(&self, pause: Option<Identity>) -> Volumes<'_> {
        Volumes::new(&self.place.volatile(), &self.place.kept(), &self.place.data, pause, &self.plan, &self.objects)
    }

    /// Makes the volumes ready.
    ///
    /// # Errors
    /// Each that is not, and why.
    pub(super) fn prepare_volumes(&self) -> Result<(), Vec<String>> {
        let facts = self.facts().map_err(|error| vec![launch::complain::line(&error)])?;
        let volumes = self.volumes(None);
        let mut troubles = Vec::new();
        for volume in &self.plan.volumes {
            // An image is fetched by who mounts it, and memory is mounted in the sandbox.
            if matches!(volume.source, VolumeSource::Image(_)) {
                continue;
            }
            if let Err(error) = volumes.provide(volume, &self.pod, &facts) {
                let trouble = launch::complain::line(&error);
                troubles.push(format!("MountVolume.SetUp failed for volume {:?} : {trouble}", volume.name));
            }
        }
        if troubles.is_empty() { Ok(()) } else { Err(troubles) }
    }

    /// Makes the sandbox, which nobody supervises yet.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) fn make_sandbox(&self) -> Result<Sandbox, Error> {
        // Of one before it only what containers have said is of any use.
        forget_sandbox(&self.place, |before| self.put_logs_aside(before))?;
        let plan = self.sandbox_plan()?;
        let store = Store::open()?;
        let made = make(&store, plan, &self.programs)?;
        self.put_logs_back(&made.directory)?;
        let addresses = match self.plan.sandbox.network {
            // Who has no network but its own reaches itself, and nobody else does.
            Network::Pods if made.attachment.addresses.is_empty() => vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
            Network::Pods => made.attachment.ips(),
            Network::Hosts => self.node.addresses.clone(),
        };
        if self.plan.sandbox.network == Network::Pods {
            // What is mounted is the file, and not its name.
            write_over(&made.directory.etc("hosts"), &hosts(&self.plan.sandbox, &addresses, &self.node))?;
            let (sandbox, resolvers) = (&self.plan.sandbox, &made.attachment.resolvers);
            let is_ours = matches!(made.attachment.network, network::Network::Bridge(_));
            let dns = match &sandbox.cluster_dns {
                Some(dns) if is_ours && !resolvers.is_empty() => dns.clone().asking(resolvers),
                // Who only leads to the machine's knows nothing of a cluster's names.
                Some(_) => sandbox.dns.clone().asking(resolvers),
                None => self.machines_dns(&made.attachment),
            };
            write_over(&made.directory.etc("resolv.conf"), &dns.text())?;
        }
        Ok(Sandbox { made, addresses })
    }

    /// Keeps the logs of a sandbox that goes, for the next.
    fn put_logs_aside(&self, directory: &PodDirectory) -> Result<(), Error> {
        let (logs, aside) = (directory.all_logs(), self.place.logs_aside());
        if !logs.try_exists().map_err(file("look at", &logs))? {
            return Ok(());
        }
        // They have been put back before there were others.
        tree::remove(&aside)?;
        Ok(fs::rename(&logs, &aside).map_err(file("put aside", logs))?)
    }

    /// Has the logs of the sandbox before in this one, if they are not there yet.
    pub(super) fn put_logs_back(&self, directory: &PodDirectory) -> Result<(), Error> {
        let (logs, aside) = (directory.all_logs(), self.place.logs_aside());
        match fs::rename(&aside, &logs) {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty) => Ok(()),
            put => Ok(put.map_err(file("put back", aside))?),
        }
    }

    /// What one has whose policy is that of the machine, or its own words alone. The machine's own loopback is none of the
    /// pod's: what leads to the servers there is the network's to name.
    fn machines_dns(&self, attachment: &network::Attachment) -> Dns {
        let dns = self.plan.sandbox.dns.clone();
        let policy = self.pod.spec.as_ref().and_then(|spec| spec.dns_policy.as_deref());
        let leads_on = attachment.network == network::Network::Pasta || dns.nameservers.is_empty();
        if policy != Some("None") && leads_on { dns.asking(&attachment.resolvers) } else { dns }
    }

    fn sandbox_plan(&self) -> Result<plan::PodPlan, Error> {
        let sandbox = &self.plan.sandbox;
        // Whoever is not root has no pods but in user namespaces.
        let users = if sandbox.users == Users::Pods && crate::sandbox::is_admin() {
            plan::Users::SetApart
        } else {
            plan::Users::Ours
        };
        let mut share = Share::all();
        if sandbox.network == Network::Hosts {
            share.remove(&Share::Net);
            share.remove(&Share::Uts);
        }
        if sandbox.host_ipc {
            share.remove(&Share::Ipc);
        }
        let unshared = if sandbox.pids == PidSharing::Hosts { Unshared::Hosts } else { Unshared::Own };
        if sandbox.pids != PidSharing::Pods {
            share.remove(&Share::Pid);
        }
        let publish = ports::of(&self.plan)?;
        let hostname = share.contains(&Share::Uts).then(|| sandbox.names.hostname.parse().ok()).flatten();
        let made = plan::PodPlan::new(self.place.sandbox(), hostname, share, publish)?;
        let made = match sandbox.network {
            Network::Hosts => made,
            Network::Pods => {
                let (network, wish) = connect::of(&self.pod).map_err(connect::ConnectError::from)?;
                made.connected(network)?.wishing(wish)
            }
        };
        let Place { namespace, name, uid, .. } = self.place.clone();
        Ok(made
            .of_object(uid, namespace, name)
            .called(sandbox.names.full.clone())
            .seeing(unshared)
            .having(users)
            .within(self.plan.limits.clone()))
    }

    /// The process that holds the sandbox, if it runs.
    pub(super) fn pause(&self) -> Option<Identity> {
        let found = self.place.registry.pod(&self.place.sandbox()).ok()?;
        let record: PodRecord = found.directory().pod().ok()?;
        let is_ours = record.plan.object() == Some(self.place.uid.as_str());
        found.pause().ok().filter(|_| is_ours)
    }

    /// Whether other ports lead into the sandbox than the plan has.
    pub(super) fn ports_differ(&self) -> bool {
        let record = self.place.registry.directory(&self.place.sandbox()).pod::<PodRecord>();
        let wanted = ports::of(&self.plan);
        record.is_ok_and(|record| wanted.is_ok_and(|wanted| record.plan.publish() != wanted))
    }

    /// Has the ports lead into the sandbox that the object has by now, which may be more than the plan knows, and no others.
    ///
    /// # Errors
    /// They cannot be had; it is as before then.
    pub(super) fn publish(&self) -> Result<(), Error> {
        // One that is gone, or cannot be a pod here, has none.
        let Some(Ok(plan)) = self.current()?.map(|pod| compile::pod(&pod, &self.node)) else { return Ok(()) };
        let wanted = ports::of(&plan)?;
        let store = Store::open()?;
        let found = store.locked(&self.place.sandbox())?;
        let record: PodRecord = found.0.directory().pod()?;
        if record.plan.object() != Some(self.place.uid.as_str()) || record.plan.publish() == wanted {
            return Ok(());
        }
        ports::may_change(&record.plan, &found.0)?;
        ports::Changing::of(&store, &self.programs, found).publish(&wanted).map(drop)
    }

    /// The pod as it is wanted by now; none where it is gone.
    fn current(&self) -> Result<Option<Box<Pod>>, Error> {
        let Some(pods) = Resource::find("pods") else { return Ok(None) };
        let found = self.objects.get(&Key::new(pods, &self.place.namespace, &self.place.name))?;
        Ok(match found {
            Some(Object::Pod(pod)) if pod.metadata.uid.as_deref() == Some(&self.place.uid) => Some(pod),
            _ => None,
        })
    }

    /// Ends the sandbox, with whatever runs in it; what was said in it stays.
    pub(super) fn end_sandbox(&self) -> Result<(), Error> {
        let store = Store::open()?;
        let name = self.place.sandbox();
        match store.locked(&name) {
            Err(Error::Registry(registry::RegistryError::NoSuchPod { .. })) => Ok(()),
            Err(error) => Err(error),
            Ok((found, _lock)) => end_and_reap(&name, found.directory(), store.here()),
        }
    }

    /// Who owns the sandbox's containers, if there is somebody.
    pub(super) fn supervisor(&self) -> Option<Identity> {
        let directory = self.place.registry.directory(&self.place.sandbox());
        directory.recorded(Process::Supervisor).ok().flatten()
    }

    /// The sandbox, if it is there and nobody supervises it; nobody does as long as its lock is held.
    pub(super) fn unsupervised(&self) -> Result<Option<(PodDirectory, Lock)>, Error> {
        if self.pause().is_none() {
            return Ok(None);
        }
        let (found, lock) = Store::open()?.locked(&self.place.sandbox())?;
        let is_free = !crate::supervisor::is_living(found.directory())?;
        Ok(is_free.then(|| (found.directory().clone(), lock)))
    }

    /// A process of the sandbox's, as its directory has it.
    pub(super) fn process(&self, container: &registry::Name) -> Option<Identity> {
        let directory = self.place.registry.directory(&self.place.sandbox());
        directory.recorded(Process::Workload(container)).ok().flatten()
    }
}

fn write_over(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(file("write", path))?;
    Ok(())
}
