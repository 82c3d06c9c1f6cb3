//! Looking again at what is wanted of the pod, and at its volumes.

use std::time::Duration;

use manifest::kind::{Object, Resource};
use tokio::task::{spawn_blocking, spawn_local};

use super::{Attendant, Heard};
use crate::attend::watch::Bell;
use crate::compile::{self, Medium, Projection, VolumePlan, VolumeSource};
use crate::error::Error;
use crate::machine::{Event, Weight};
use crate::objects::{self, Key};
use crate::volume::usage;

/// How long between two looks at how large volumes are.
const WEIGHED: Duration = Duration::from_secs(10);

impl Attendant {
    /// Listens for changes of the object, and of what its volumes are made of, if they are made of anything.
    pub(super) fn listen(&self) {
        let of_others = self.machine.plan().volumes.iter().any(is_of_others);
        let files = of_others.then(|| objects::of_files(&self.place.data, &self.place.namespace));
        for path in [objects::of_pod(&self.place.data, &self.place.uid)].into_iter().chain(files) {
            let (mut bell, tell) = (Bell::listen(path), self.tell.clone());
            spawn_local(async move {
                bell.rung().await;
                while tell.send(Heard::Changed).is_ok() {
                    bell.rung().await;
                }
            });
        }
        // Whoever has begun before to change something may have found nobody at the bell.
        if !self.objects.are_settled().unwrap_or(false) {
            let (objects, tell) = (self.objects.clone(), self.tell.clone());
            spawn_blocking(move || {
                // Who takes longer than that is seen at the next change.
                let _late = objects.settled();
                let _at_the_end = tell.send(Heard::Changed);
            });
        }
    }

    /// Looks at the object, and at what it is made of.
    pub(super) fn look_again(&mut self) -> Result<(), Error> {
        let Some(pods) = Resource::find("pods") else { return Ok(()) };
        let key = Key::new(pods, &self.place.namespace, &self.place.name);
        let found = match self.objects.get(&key) {
            Ok(found) => found,
            Err(error) => return self.put_off(error.into()),
        };
        let Some(Object::Pod(pod)) = found.filter(|it| it.metadata().uid.as_deref() == Some(&self.place.uid)) else {
            // Somebody has removed it by force.
            return if self.machine.deleted().is_none() { self.on(Event::Delete { grace: Some(0) }) } else { Ok(()) };
        };
        // It may have changed while nobody attended to it.
        let spec_changed = pod.metadata.generation.unwrap_or(1) != self.machine.plan().generation;
        self.pod = *pod;
        let metadata = &self.pod.metadata;
        if metadata.deletion_timestamp.is_some() {
            let grace = metadata.deletion_grace_period_seconds.and_then(|it| u32::try_from(it).ok());
            let is_told =
                self.machine.deleted().is_some_and(|deleted| grace.is_none_or(|grace| deleted.grace <= grace));
            if !is_told {
                self.on(Event::Delete { grace })?;
            }
        } else if spec_changed && let Ok(plan) = compile::pod(&self.pod, &self.node) {
            self.on(Event::Changed(Box::new(plan)))?;
        }
        self.refresh();
        Ok(())
    }

    /// Looks whether a volume on disk has become larger than it may: the pod is evicted then.
    pub(super) fn weigh(&mut self) -> Result<(), Error> {
        self.weighing = None;
        let limited: Vec<_> = self
            .machine
            .plan()
            .volumes
            .iter()
            .filter_map(|volume| match volume.source {
                VolumeSource::EmptyDir { medium: Medium::Disk, size_limit: Some(limit) } => {
                    Some((volume.name.clone(), limit))
                }
                _ => None,
            })
            .collect();
        if limited.is_empty() || self.machine.is_over() {
            return Ok(());
        }
        self.weighing = Some(self.pace.now().at + WEIGHED);
        for (name, limit) in limited {
            if usage(&self.place.kept().join("volumes").join(&name)) <= limit {
                continue;
            }
            let said = self.pod.spec.as_ref().and_then(|spec| spec.volumes.iter().find(|volume| volume.name == name));
            let said = said.and_then(|volume| volume.empty_dir.as_ref()?.size_limit.map(|limit| limit.to_string()));
            let limit = said.unwrap_or_else(|| limit.to_string());
            let message = format!("Usage of EmptyDir volume {name:?} exceeds the limit {limit:?}. ");
            self.weighing = None;
            return self.on(Event::Evict { message });
        }
        Ok(())
    }

    /// Writes volumes of files as their objects are now; what cannot be written is told, and stays as it was.
    pub(super) fn refresh(&mut self) {
        let scene = self.scene();
        let Some(pause) = scene.pause() else { return };
        let Ok(facts) = scene.facts() else { return };
        let volumes = scene.volumes(Some(pause));
        let mut renewal = None::<i64>;
        let mut troubles = Vec::new();
        for volume in &scene.plan.volumes {
            match volumes.write(volume, &scene.pod, &facts) {
                Ok(written) => renewal = renewal.into_iter().chain(written.renewal).min(),
                Err(error) => troubles.push(format!(
                    "MountVolume.SetUp failed for volume {:?} : {}",
                    volume.name,
                    launch::complain::line(&error)
                )),
            }
        }
        self.renewal = renewal;
        for message in troubles {
            let reason = "FailedMount".to_owned();
            let event = Event::Noted { weight: Weight::Warning, container: None, reason, message };
            let _at_the_end = self.tell.send(Heard::Event(event));
        }
    }
}

/// Whether what is in a volume is said by other objects than the pod.
fn is_of_others(volume: &VolumePlan) -> bool {
    let other = |from: &Projection| matches!(from, Projection::ConfigMap { .. } | Projection::Secret { .. });
    matches!(&volume.source, VolumeSource::Files { from, .. } if from.iter().any(other))
}
