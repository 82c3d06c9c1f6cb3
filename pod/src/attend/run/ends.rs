//! Seeing what ends: the sandbox, containers.

use std::time::Duration;

use launch::Identity;
use tokio::task::spawn_local;
use tokio::time::sleep;

use super::{Attendant, Heard, Running};
use crate::attend::errand::Scene;
use crate::attend::launch::named;
use crate::attend::watch;
use crate::error::Error;
use crate::machine::{Event, Exit};
use crate::supervisor::RECORDED;

/// How long a supervisor may take to write down how a container ended that has ended.
const WRITTEN: Duration = Duration::from_secs(2);
/// How long between two looks for that, at first and at most.
const FIRST_BREATH: Duration = Duration::from_millis(1);
const BREATH: Duration = Duration::from_millis(8);

impl Attendant {
    /// Tells when the sandbox is gone.
    pub(super) fn watch_sandbox(&self, pause: Identity) {
        let tell = self.tell.clone();
        spawn_local(async move {
            watch::end_of(pause).await;
            let _at_the_end = tell.send(Heard::Ended(pause));
        });
    }

    /// Tells that the sandbox is gone, unless there is another since: who was launched in what was ending has told.
    pub(super) fn sandbox_ended(&mut self, pause: Identity) -> Result<(), Error> {
        match self.scene().pause() {
            Some(other) if other != pause => Ok(()),
            _ => self.hear(Event::SandboxGone),
        }
    }

    /// Tells when an instance of a container has ended, and how.
    pub(super) fn watch(&mut self, container: &str, instance: u32) {
        let scene = self.scene();
        let process = named(container).and_then(|name| scene.process(&name));
        let (tell, container) = (self.tell.clone(), container.to_owned());
        let Some(process) = process else {
            let exit = Exit { code: 137, unseen: true, ..Exit::default() };
            let _at_the_end = tell.send(Heard::Event(Event::Exited { container, instance, exit }));
            return;
        };
        self.running.insert(container.clone(), Running { instance, process });
        spawn_local(async move {
            watch::end_of(process).await;
            let exit = exit(&scene, &container, instance).await;
            let _at_the_end = tell.send(Heard::Event(Event::Exited { container, instance, exit }));
        });
    }
}

/// How an instance of a container ended: once whoever saw it has written that down.
async fn exit(scene: &Scene, container: &str, instance: u32) -> Exit {
    let Some(spec) = scene.plan.container(container) else { return Exit::default() };
    let (mut left, mut breath) = (WRITTEN, FIRST_BREATH);
    loop {
        // As a rule that is us, on another thread.
        let recorded = RECORDED.notified();
        tokio::pin!(recorded);
        recorded.as_mut().enable();
        let exit = scene.exit_of(spec, instance);
        if !exit.unseen || left.is_zero() {
            return exit;
        }
        tokio::select! {
            () = recorded => {}
            () = sleep(breath) => {
                left = left.saturating_sub(breath);
                breath = (breath * 2).min(BREATH);
            }
        }
    }
}
