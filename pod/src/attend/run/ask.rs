//! Probes and hooks.

use std::time::Duration;

use launch::Identity;
use tokio::task::spawn_local;
use tokio::time::sleep;

use super::{Attendant, Heard};
use crate::attend::launch::named;
use crate::compile::{Handler, HookPlan};
use crate::machine::{Event, Job, Outcome, ProbeKind};
use crate::probe::{self, Prober, Purpose};
use crate::record::WorkloadRecord;

/// Longer than any hook is waited for.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 3600);

impl Attendant {
    /// Who asks in the network that this process holds.
    pub(super) fn prober(&mut self, pause: Identity) -> Option<Prober> {
        if self.prober.as_ref().is_none_or(|prober| prober.pause() != pause) {
            let program = self.programs.pod().ok()?;
            let record = self.place.volatile().join("prober");
            self.prober = Some(Prober::new(probe::Start { program, pause, record }));
        }
        self.prober.clone()
    }

    /// Where a container is asked: what its processes are like only for who is to be one of them.
    fn asked(&mut self, container: &str, handler: &Handler) -> Option<probe::Place> {
        let pause = match &self.prober {
            // As long as there is one, what it was started for is there.
            Some(prober) => prober.pause(),
            None => self.scene().pause()?,
        };
        let prober = self.prober(pause)?;
        let address = self.machine.addresses().first().copied()?;
        let command = if matches!(handler, Handler::Exec { .. }) { self.command(container) } else { None };
        Some(probe::Place { prober, address, command })
    }

    fn command(&self, container: &str) -> Option<probe::Command> {
        let directory = self.place.registry.directory(&self.place.sandbox());
        let running = self.running.get(container)?;
        let record = directory.spec::<WorkloadRecord>(&named(container)?).ok().flatten()?;
        Some(probe::Command { process: running.process, container: record.plan.container? })
    }

    pub(super) fn hook(&mut self, container: String, job: Job, hook: Option<HookPlan>) {
        let place = match &hook {
            Some(HookPlan::Do(handler)) => self.asked(&container, handler),
            _ => None,
        };
        let (tell, pace) = (self.tell.clone(), self.pace.clone());
        let errand = spawn_local(async move {
            let result = match (hook, place) {
                (None, _) => Ok(()),
                (Some(HookPlan::Sleep(seconds)), _) => {
                    sleep(pace.real(Duration::from_secs(seconds.into()))).await;
                    Ok(())
                }
                (Some(HookPlan::Do(handler)), Some(place)) => {
                    match probe::ask(&handler, Purpose::Hook, &place, FOR_EVER).await {
                        probe::Outcome::Success | probe::Outcome::Warning(_) => Ok(()),
                        probe::Outcome::Failure(words) | probe::Outcome::Error(words) => Err(words),
                    }
                }
                (Some(HookPlan::Do(_)), None) => Err("the sandbox has ended".to_owned()),
            };
            let _at_the_end = tell.send(Heard::Event(Event::Hooked { container, job, result }));
        });
        self.errands.insert(job, errand);
    }

    pub(super) fn probe(&mut self, container: String, kind: ProbeKind, job: Job) {
        let plan = self.machine.plan().container(&container).and_then(|spec| match kind {
            ProbeKind::Startup => spec.probes.startup.clone(),
            ProbeKind::Liveness => spec.probes.liveness.clone(),
            ProbeKind::Readiness => spec.probes.readiness.clone(),
        });
        let place = plan.as_ref().and_then(|plan| self.asked(&container, &plan.handler));
        let tell = self.tell.clone();
        let errand = spawn_local(async move {
            let outcome = match (plan, place) {
                (Some(plan), Some(place)) => {
                    let patience = Duration::from_secs(plan.timeout.into());
                    match probe::ask(&plan.handler, Purpose::Probe, &place, patience).await {
                        probe::Outcome::Success => Outcome::Success,
                        probe::Outcome::Warning(words) => Outcome::Warning(words),
                        probe::Outcome::Failure(words) => Outcome::Failure(words),
                        probe::Outcome::Error(words) => Outcome::Error(words),
                    }
                }
                _ => Outcome::Error("the sandbox has ended".to_owned()),
            };
            let _at_the_end = tell.send(Heard::Event(Event::Probed { container, kind, job, outcome }));
        });
        self.errands.insert(job, errand);
    }
}
