//! What there is of a pod that somebody else has attended to.

use std::fs;

use launch::{Origin, Seen};
use registry::Process;

use super::errand::Scene;
use super::launch::named;
use super::termination;
use crate::compile::ContainerSpec;
use crate::machine::{Exit, Found};
use crate::record::{EndRecord, WorkloadRecord, log_name};

impl Scene {
    /// The latest instance of each container that was ever launched.
    pub(super) fn found(&self) -> Vec<Found> {
        self.plan.containers.iter().filter_map(|spec| self.found_one(spec)).collect()
    }

    fn found_one(&self, spec: &ContainerSpec) -> Option<Found> {
        let name = named(&spec.name)?;
        let instance = self.instance_of(&spec.name)?;
        let directory = self.place.registry.directory(&self.place.sandbox());
        directory.spec::<WorkloadRecord>(&name).ok()??;
        let here = Origin::here().ok()?;
        let alive = matches!(directory.look(Process::Workload(&name), &here).1, Seen::Alive | Seen::Unknown(_));
        let exit = (!alive).then(|| self.exit_of(spec, instance));
        Some(Found { container: spec.name.clone(), instance, id: self.id(&spec.name, instance), exit })
    }

    /// Which instance of a container was launched last.
    pub(super) fn instance_of(&self, container: &str) -> Option<u32> {
        fs::read_to_string(self.place.instance(container)).ok()?.trim().parse().ok()
    }

    /// How an instance that has ended did so, as far as anybody saw.
    pub(super) fn exit_of(&self, spec: &ContainerSpec, instance: u32) -> Exit {
        let Some(name) = named(&spec.name) else { return Exit { code: 137, unseen: true, ..Exit::default() } };
        let directory = self.place.registry.directory(&self.place.sandbox());
        let end: Option<EndRecord> = directory.end(&name).ok().flatten();
        let number = directory.spec::<WorkloadRecord>(&name).ok().flatten().map_or(0, |record| record.number);
        let (code, oom, unseen) = match end {
            Some(end) => {
                let by_signal = end.signal.map(|signal| 128 + i32::from(signal));
                let code = by_signal.or_else(|| end.told_code().map(i32::from)).unwrap_or(137);
                (code, end.reason.is_some(), false)
            }
            None => (137, false, true),
        };
        let log = directory.logs(&name).join(log_name(number));
        let log = (spec.termination.or_log && code != 0).then_some(log);
        let message = termination::word(&self.place.termination(&spec.name, instance), log.as_deref());
        Exit { code, oom, unseen, message }
    }
}
