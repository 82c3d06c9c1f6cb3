//! Probes and hooks.

use std::time::Duration;

use launch::Identity;
use tokio::task::spawn_local;
use tokio::time::sleep;

use super::{Attendant, Heard};
use crate::attend::errand::Scene;
use crate::attend::launch::named;
use crate::compile::HookPlan;
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

    pub(super) fn asked(&mut self, scene: &Scene, container: &str) -> Option<probe::Place> {
        let pause = scene.pause()?;
        let prober = self.prober(pause)?;
        let address = self.machine.addresses().first().copied()?;
        let directory = self.place.registry.directory(&self.place.sandbox());
        let running = self.running.get(container).copied();
        let plan =
            named(container).and_then(|name| directory.spec::<WorkloadRecord>(&name).ok().flatten()?.plan.container);
        let command =
            running.zip(plan).map(|(running, container)| probe::Command { process: running.process, container });
        Some(probe::Place { prober, address, command })
    }

    pub(super) fn hook(&mut self, scene: &Scene, container: String, job: Job, hook: Option<HookPlan>) {
        let place = self.asked(scene, &container);
        let (tell, pace) = (self.tell.clone(), self.pace);
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

    pub(super) fn probe(&mut self, scene: &Scene, container: String, kind: ProbeKind, job: Job) {
        let probes = scene.plan.container(&container).map(|spec| spec.probes.clone()).unwrap_or_default();
        let plan = match kind {
            ProbeKind::Startup => probes.startup,
            ProbeKind::Liveness => probes.liveness,
            ProbeKind::Readiness => probes.readiness,
        };
        let place = self.asked(scene, &container);
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
