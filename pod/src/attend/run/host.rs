//! Supervising the sandbox in this process: one that was just made, or one that nobody supervises any more.

use std::mem::take;
use std::time::Duration;

use tokio::task::{spawn_blocking, spawn_local};
use tokio::time::sleep;

use super::{Attendant, Heard, complain};
use crate::attend::errand::Sandbox;
use crate::attend::watch;
use crate::forwarder::Listening;
use crate::machine::{Event, Weight};
use crate::store::Store;
use crate::supervisor::{self, Note, Notes, Service};

/// How long until it is tried again to supervise a sandbox that cannot be.
const BREATH: Duration = Duration::from_secs(1);

impl Attendant {
    /// Supervises a sandbox that was just made, which is there when that has begun.
    pub(super) fn supervise_made(&mut self, sandbox: Sandbox) {
        let Sandbox { mut made, addresses } = sandbox;
        let service = self.service(take(&mut made.listening));
        self.is_supervised = true;
        let tell = self.tell.clone();
        spawn_local(async move {
            let directory = made.directory.clone();
            let mut made = Some(made);
            let begun = || {
                // Others may change it from now on.
                made = None;
                let _at_the_end = tell.send(Heard::Event(Event::Sandbox(Ok(addresses))));
            };
            let ended = supervisor::host(&directory, service, begun).await;
            let said = match (ended, made) {
                (Err(error), Some(made)) => {
                    let undo = move || Store::open().and_then(|store| made.undo(&store));
                    let _panicked = spawn_blocking(|| undo().unwrap_or_else(|error| complain(&error))).await;
                    let _at_the_end = tell.send(Heard::Event(Event::Sandbox(Err(launch::complain::line(&error)))));
                    Ok(())
                }
                (ended, _) => ended,
            };
            said.unwrap_or_else(|error| complain(&error));
            let _at_the_end = tell.send(Heard::Unsupervised);
        });
    }

    /// Supervises the sandbox as long as there is one; where somebody else does, once they have ended.
    pub(super) fn supervise(&mut self) {
        let scene = self.scene();
        if self.is_supervised || scene.pause().is_none() {
            return;
        }
        self.is_supervised = true;
        let service = self.service(Vec::new());
        let tell = self.tell.clone();
        spawn_local(async move {
            let other = scene.supervisor();
            let free = spawn_blocking(move || scene.unsupervised()).await;
            let ended = match (free, other) {
                (Ok(Ok(Some((directory, lock)))), _) => supervisor::host(&directory, service, || drop(lock)).await,
                (Ok(Ok(None)), Some(other)) => {
                    watch::end_of(other).await;
                    Ok(())
                }
                (Ok(Err(error)), _) => Err(error),
                (Ok(Ok(None)), None) | (Err(_), _) => {
                    sleep(BREATH).await;
                    Ok(())
                }
            };
            if let Err(error) = ended {
                complain(&error);
                sleep(BREATH).await;
            }
            let _at_the_end = tell.send(Heard::Unsupervised);
        });
    }

    /// What the supervisor begins with; what it notes is an event of the pod.
    fn service(&self, listening: Vec<Listening>) -> Service {
        let (notes, mut noted) = Notes::told();
        let tell = self.tell.clone();
        spawn_local(async move {
            while let Some(Note { reason, message }) = noted.recv().await {
                let (weight, reason) = (Weight::Warning, reason.to_owned());
                let _at_the_end = tell.send(Heard::Event(Event::Noted { weight, container: None, reason, message }));
            }
        });
        Service { listening, program: self.programs.pod.clone().unwrap_or_default(), notes }
    }
}
