//! What several workloads have said: all of a pod, or those of the pods that a selector means.

use std::io::{Write, stderr, stdout};
use std::thread;

use manifest::kind::{Object, Pod, Resource};
use registry::{Found, Name, Registry};

use super::Logs;
use crate::error::Error;
use crate::objects::{Key, Objects};
use crate::place::Place;
use crate::record::PodRecord;
use crate::verbs::{meant, named};

/// A workload whose log is shown.
struct Source {
    found: Found,
    /// What its pod is called.
    pod: String,
    workload: Name,
}

impl Logs {
    /// Shows all of them: one after the other, or what each says when it says it.
    pub(super) fn run_several(
        &self,
        registry: &Registry,
        out: &mut impl Write,
        err: &mut impl Write,
    ) -> Result<(), Error> {
        let sources = self.sources(registry, err)?;
        // A stderr that takes nothing is no reason to show nothing.
        if sources.is_empty() {
            let _lost = writeln!(err, "No resources found in {} namespace.", self.namespace());
        }
        if !self.follow {
            for source in &sources {
                self.tolerate(self.show_one(source, out, err), err)?;
            }
            return Ok(());
        }
        if sources.len() > self.max_log_requests {
            return Err(Error::TooManyLogs { wanted: sources.len(), most: self.max_log_requests });
        }
        thread::scope(|scope| {
            let follow = |source| {
                scope.spawn(move || {
                    let shown = self.show_one(source, &mut stdout(), &mut stderr());
                    self.tolerate(shown, &mut stderr())
                })
            };
            let followed: Vec<_> = sources.iter().map(follow).collect();
            // A thread of ours that panics has told so.
            followed.into_iter().try_for_each(|one| one.join().unwrap_or(Ok(())))
        })
    }

    /// What keeps one log from being shown is told and no more, where that was asked for.
    fn tolerate(&self, shown: Result<(), Error>, err: &mut impl Write) -> Result<(), Error> {
        match shown {
            Err(error) if self.ignore_errors && !matches!(error, Error::Output(_)) => {
                let _lost = writeln!(err, "error: {}", launch::complain::line(&error));
                Ok(())
            }
            shown => shown,
        }
    }

    fn show_one(&self, source: &Source, out: &mut impl Write, err: &mut impl Write) -> Result<(), Error> {
        let launch = self.launch(&source.found, &source.workload)?;
        self.show(&source.found, &source.pod, &source.workload, launch, out, err)
    }

    fn sources(&self, registry: &Registry, err: &mut impl Write) -> Result<Vec<Source>, Error> {
        let objects = Objects::of_this_user()?;
        let Some(pods) = Resource::find("pods") else { return Ok(Vec::new()) };
        if let Some(name) = &self.pod {
            let find = || named::found(registry, self.namespace.as_deref(), name);
            let found = find()?;
            let record: PodRecord = found.directory().pod()?;
            let key = record.plan.key().map(|(namespace, name)| Key::new(pods, namespace, name));
            return match key.map(|key| objects.get(&key)).transpose()?.flatten() {
                Some(Object::Pod(pod)) => self.of_pod(&pod, registry, err),
                // One made by hand has what was ever launched in it.
                _ => found
                    .directory()
                    .workload_names()?
                    .into_iter()
                    .map(|workload| Ok(Source { found: find()?, pod: found.name().to_string(), workload }))
                    .collect(),
            };
        }
        let mut sources = Vec::new();
        for object in objects.list(pods, Some(self.namespace()))? {
            if let Object::Pod(pod) = object
                && self.selector.as_ref().is_none_or(|selector| selector.matches(&pod.metadata.labels))
            {
                sources.extend(self.of_pod(&pod, registry, err)?);
            }
        }
        Ok(sources)
    }

    /// Of the pod of a manifest: all containers in their order, the one that was named, or the one that is meant.
    fn of_pod(&self, pod: &Pod, registry: &Registry, err: &mut impl Write) -> Result<Vec<Source>, Error> {
        let sandbox = Place::of(pod, &image::store::data_directory(), registry).sandbox();
        let find = || registry.pod(&sandbox).map_err(Error::from);
        let spec = pod.spec.iter();
        let workloads: Vec<Name> = if self.all_containers {
            let all = spec.flat_map(|spec| spec.init_containers.iter().chain(&spec.containers));
            all.filter_map(|container| container.name.parse().ok()).collect()
        } else if let Some(container) = &self.container {
            vec![container.clone()]
        } else {
            let meant = meant::container(&find()?)?;
            if let Some(told) = meant.as_ref().and_then(|meant| meant.told.as_deref()) {
                let _lost = writeln!(err, "{told}");
            }
            meant.into_iter().map(|meant| meant.workload).collect()
        };
        let name = pod.metadata.name.clone().unwrap_or_default();
        workloads.into_iter().map(|workload| Ok(Source { found: find()?, pod: name.clone(), workload })).collect()
    }
}
