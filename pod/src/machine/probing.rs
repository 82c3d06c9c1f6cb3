//! How containers are asked how they are, and what follows from their answers.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::event::Outcome;
use super::starting::Step;
use super::stopping::After;
use super::{Action, Job, Life, Machine, ProbeKind, Stamp, Weight};
use crate::compile::{ContainerSpec, ProbePlan, Restart};

/// How often in a row it may go wrong to ask, before it is left for the next time.
const TRIES: u8 = 3;

/// One kind of question to one instance of a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Prober {
    /// When it is asked next; never again where nothing is said.
    due: Option<Duration>,
    /// What is being asked.
    pub(super) job: Option<Job>,
    /// How often in a row it could not be asked.
    errors: u8,
    /// The latest answer, and how often in a row it was the same.
    row: Option<(bool, u32)>,
}

fn plan(spec: &ContainerSpec, kind: ProbeKind) -> Option<&ProbePlan> {
    match kind {
        ProbeKind::Startup => spec.probes.startup.as_ref(),
        ProbeKind::Liveness => spec.probes.liveness.as_ref(),
        ProbeKind::Readiness => spec.probes.readiness.as_ref(),
    }
}

impl Machine {
    pub(super) fn begin_probes(&mut self, index: usize, now: Stamp) {
        let spec = &self.plan.containers[index];
        let container = &mut self.containers[index];
        container.probers.clear();
        let since = container.since.unwrap_or(now).at;
        for kind in ProbeKind::ALL {
            if let Some(plan) = plan(spec, kind) {
                let due = Some(since + Duration::from_secs(plan.initial_delay.into()));
                container.probers.insert(kind, Prober { due, job: None, errors: 0, row: None });
            }
        }
    }

    /// Whether a container is asked this by now: nothing else until it has come up, and only whether it is
    /// ready once it is to end.
    fn is_asked(&self, index: usize, kind: ProbeKind) -> bool {
        let container = &self.containers[index];
        let runs = match container.step {
            Step::Up => true,
            Step::Down(_) => kind == ProbeKind::Readiness && matches!(self.life, Life::Ending(_)),
            _ => false,
        };
        let ending = matches!(self.life, Life::Ending(_));
        runs && match kind {
            ProbeKind::Startup => !ending && !container.started,
            ProbeKind::Liveness => !ending && container.started,
            ProbeKind::Readiness => container.started,
        }
    }

    /// Asks whoever is due.
    pub(super) fn probe(&mut self, now: Stamp, actions: &mut Vec<Action>) {
        for index in 0..self.containers.len() {
            for kind in ProbeKind::ALL {
                if !self.is_asked(index, kind) {
                    continue;
                }
                let Some(plan) = plan(&self.plan.containers[index], kind) else { continue };
                let period = Duration::from_secs(plan.period.into());
                let container = &mut self.containers[index];
                let Some(prober) = container.probers.get_mut(&kind) else { continue };
                if prober.job.is_some() || prober.due.is_none_or(|due| due > now.at) {
                    continue;
                }
                self.jobs += 1;
                prober.job = Some(self.jobs);
                prober.due = Some(now.at + period);
                actions.push(Action::Probe { container: container.name.clone(), kind, job: self.jobs });
            }
        }
    }

    /// When containers are asked next.
    pub(super) fn probes_due(&self, index: usize) -> impl Iterator<Item = Duration> {
        let asked = ProbeKind::ALL.into_iter().filter(move |kind| self.is_asked(index, *kind));
        asked.filter_map(move |kind| {
            let prober = self.containers[index].probers.get(&kind)?;
            prober.due.filter(|_| prober.job.is_none())
        })
    }

    pub(super) fn probed(
        &mut self,
        name: &str,
        kind: ProbeKind,
        job: Job,
        outcome: Outcome,
        now: Stamp,
    ) -> Vec<Action> {
        let Some(index) = self.index(name) else { return Vec::new() };
        let is_asked = self.is_asked(index, kind);
        let spec = &self.plan.containers[index];
        let (Some(plan), container) = (plan(spec, kind), &mut self.containers[index]) else { return Vec::new() };
        let Some(prober) = container.probers.get_mut(&kind).filter(|prober| prober.job == Some(job)) else {
            return Vec::new();
        };
        prober.job = None;
        if !is_asked {
            return Vec::new();
        }
        let asked = kind.as_str();
        let (well, told) = match outcome {
            Outcome::Error(trouble) => {
                prober.errors += 1;
                if prober.errors < TRIES {
                    prober.due = Some(now.at);
                } else {
                    prober.errors = 0;
                    let message = format!("{asked} probe errored and resulted in unknown state: {trouble}");
                    self.log.warn(Some(name), "Unhealthy", &message, now);
                }
                return Vec::new();
            }
            Outcome::Success => (true, None),
            Outcome::Warning(what) => (true, Some(("ProbeWarning", format!("{asked} probe warning: {what}")))),
            Outcome::Failure(why) => (false, Some(("Unhealthy", format!("{asked} probe failed: {why}")))),
        };
        prober.errors = 0;
        let times = match prober.row {
            Some((same, times)) if same == well => times.saturating_add(1),
            _ => 1,
        };
        prober.row = Some((well, times));
        let enough = times >= if well { plan.success } else { plan.failure };
        let grace = plan.grace.unwrap_or(self.plan.grace);
        if let Some((reason, message)) = told {
            self.log.add(Weight::Warning, Some(name), reason, &message, now);
        }
        if enough { self.concluded(index, kind, well, grace, now) } else { Vec::new() }
    }

    /// It was asked often enough to believe it.
    fn concluded(&mut self, index: usize, kind: ProbeKind, well: bool, grace: u32, now: Stamp) -> Vec<Action> {
        let spec = &self.plan.containers[index];
        let container = &mut self.containers[index];
        let has_readiness = spec.probes.readiness.is_some();
        match (kind, well) {
            (ProbeKind::Readiness, well) => container.ready = well,
            (ProbeKind::Liveness, true) => {}
            (ProbeKind::Startup, true) => {
                container.started = true;
                container.ready = !has_readiness;
                // It is not asked again before there is another instance.
                if let Some(prober) = container.probers.get_mut(&kind) {
                    prober.due = None;
                }
                for (_, prober) in container.probers.iter_mut().filter(|(kind, _)| **kind != ProbeKind::Startup) {
                    prober.due = prober.due.map(|due| due.max(now.at));
                }
            }
            (ProbeKind::Startup | ProbeKind::Liveness, false) => {
                let probe = if kind == ProbeKind::Startup { "startup" } else { "liveness" };
                let then = if spec.restart == Restart::Never { "" } else { ", will be restarted" };
                let message = format!("Container {} failed {probe} probe{then}", container.name);
                let mut actions = Vec::new();
                // A grace of nothing is none to be killed at once: that is for who deletes.
                let grace = Duration::from_secs(grace.max(1).into());
                self.kill(index, grace, &message, After::Probe, now, &mut actions);
                return actions;
            }
        }
        Vec::new()
    }
}

impl Prober {
    /// Nobody will answer what was asked; it is asked again.
    pub(super) fn forget(&mut self, now: Stamp) {
        if self.job.take().is_some() {
            self.due = Some(now.at);
        }
    }
}
