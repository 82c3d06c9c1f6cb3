//! Doing what the machine has decided.

use launch::Pidfd;
use reaper::Signal;
use tokio::task::spawn_blocking;

use super::{Attendant, Heard, complain};
use crate::attend::launch::named;
use crate::attend::start::forget_in_time;
use crate::machine::{Action, Event, LaunchFailure, Launched, Weight};
use crate::record::WorkloadRecord;

impl Attendant {
    pub(super) fn act(&mut self, action: Action) {
        match action {
            Action::PrepareVolumes => {
                let scene = self.scene();
                self.errand(move || Event::Volumes(scene.prepare_volumes()));
            }
            Action::MakeSandbox => {
                let scene = self.scene();
                let tell = self.tell.clone();
                spawn_blocking(move || {
                    let heard = match scene.make_sandbox() {
                        Ok(sandbox) => {
                            if let Some(message) = sandbox.made.trouble.clone() {
                                let (weight, reason) = (Weight::Warning, "NetworkNotReady".to_owned());
                                let noted = Event::Noted { weight, container: None, reason, message };
                                let _at_the_end = tell.send(Heard::Event(noted));
                            }
                            Heard::Made(Box::new(sandbox))
                        }
                        Err(error) => Heard::Event(Event::Sandbox(Err(launch::complain::line(&error)))),
                    };
                    let _at_the_end = tell.send(heard);
                });
            }
            Action::Publish => {
                let scene = self.scene();
                self.errand(move || Event::Published(scene.publish().map_err(|error| launch::complain::line(&error))));
            }
            Action::RemoveSandbox => {
                let scene = self.scene();
                self.errand(move || {
                    scene.end_sandbox().unwrap_or_else(|error| complain(&error));
                    Event::SandboxRemoved
                });
            }
            Action::FetchImage { container, job, may_fetch } => {
                let scene = self.scene();
                let tell = self.tell.clone();
                self.errand(move || {
                    let tell = |event| {
                        let _at_the_end = tell.send(Heard::Event(event));
                    };
                    scene.fetch_all(container, job, may_fetch, tell)
                });
            }
            Action::Launch { container, instance } => {
                let scene = self.scene();
                self.errand(move || {
                    let result: Result<Launched, LaunchFailure> = scene.launch(&container, instance);
                    Event::Launched { container, instance, result }
                });
            }
            Action::PostStart { container, job } => {
                let hook = self.machine.plan().container(&container).and_then(|spec| spec.post_start.clone());
                self.hook(container, job, hook);
            }
            Action::PreStop { container, job } => {
                let hook = self.machine.plan().container(&container).and_then(|spec| spec.pre_stop.clone());
                self.hook(container, job, hook);
            }
            Action::Abandon { job } => {
                if let Some(errand) = self.errands.remove(&job) {
                    errand.abort();
                }
            }
            Action::Probe { container, kind, job } => self.probe(container, kind, job),
            Action::Stop { container, instance } => {
                let signal = self.stop_signal(&container);
                self.signal(&container, instance, signal);
            }
            Action::Kill { container, instance } => self.signal(&container, instance, Signal::KILL),
            Action::Forget => {
                self.prober = None;
                self.is_forgotten = true;
                let (place, objects, tell) = (self.place.clone(), self.objects.clone(), self.tell.clone());
                spawn_blocking(move || {
                    let forgotten = forget_in_time(&place, &objects);
                    let staying = forgotten.map_err(|error| complain(&error)).unwrap_or_default();
                    let _at_the_end = tell.send(Heard::Forgotten(staying));
                });
            }
        }
    }

    /// Does something on a thread of its own, and tells what came of it.
    pub(super) fn errand(&self, work: impl FnOnce() -> Event + Send + 'static) {
        let tell = self.tell.clone();
        spawn_blocking(move || {
            let event = work();
            let _at_the_end = tell.send(Heard::Event(event));
        });
    }

    pub(super) fn stop_signal(&self, container: &str) -> Signal {
        let plan = named(container).and_then(|name| {
            let directory = self.place.registry.directory(&self.place.sandbox());
            directory.spec::<WorkloadRecord>(&name).ok().flatten()?.plan.container
        });
        plan.and_then(|plan| Signal::new(plan.parts().stop_signal.into())).unwrap_or(Signal::TERM)
    }

    pub(super) fn signal(&self, container: &str, instance: u32, signal: Signal) {
        let Some(running) = self.running.get(container).filter(|running| running.instance == instance) else { return };
        match Pidfd::of(running.process) {
            Ok(Some(pidfd)) => pidfd.signal(signal).unwrap_or_else(|error| complain(&error)),
            Ok(None) => {}
            Err(unseen) => complain(&unseen),
        }
    }
}
