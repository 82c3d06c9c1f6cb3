//! A pod that we stay with, and what we have seen of it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use manifest::kind::Pod;
use nix::sys::inotify::{AddWatchFlags, Inotify};
use registry::{Lock, Sharing, file, tree};

use super::tail::{Tails, Wake};
use crate::answer::escaped;
use crate::compile::Role;
use crate::error::Error;
use crate::machine::{ConditionKind, Machine, Phase, Weight};
use crate::place::{Place, machine_of};

#[derive(Debug)]
pub(super) struct Watched {
    place: Place,
    /// As it is called in what is said of it.
    name: String,
    /// As long as it is held, the pod is not forgotten.
    hold: Option<Lock>,
    seen: Option<Machine>,
    tails: Tails,
    /// Troubles that were told.
    told: BTreeSet<(Option<String>, String, String)>,
    is_gone: bool,
}

impl Watched {
    pub(super) fn new(place: Place, pod: &Pod, changes: &Inotify, wake: &Wake) -> Result<Self, Error> {
        let kept = place.kept();
        tree::make(&kept, 0o700)?;
        let path = place.watched();
        File::options().append(true).create(true).mode(0o600).open(&path).map_err(file("create", &path))?;
        let hold = Lock::try_take(&path, Sharing::Shared)?;
        changes
            .add_watch(&kept, AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_DELETE)
            .map_err(|source| Error::Kernel { operation: "watch the pod", source })?;
        let name = pod.metadata.name.clone().unwrap_or_default();
        let tails = Tails::new(place.registry.clone(), place.sandbox(), name.clone(), wake.clone());
        Ok(Self { place, name, hold, seen: None, tails, told: BTreeSet::new(), is_gone: false })
    }

    /// Looks how it does, and shows what it has begun to say.
    pub(super) fn look(&mut self) -> Result<(), Error> {
        if self.is_over() {
            return Ok(());
        }
        match machine_of(&self.place)? {
            Some(machine) => self.seen = Some(machine),
            // Nobody may have attended to it yet. Its directory goes with it.
            None => self.is_gone = !self.place.kept().exists(),
        }
        self.tell_troubles();
        if let Some(machine) = &self.seen {
            self.tails.look(machine.containers().iter().map(|container| container.name.as_str()));
        }
        if self.is_over() {
            self.hold = None;
        }
        Ok(())
    }

    /// Says what is wrong, each thing once: who waits for an image says nothing by itself.
    fn tell_troubles(&mut self) {
        let Some(machine) = &self.seen else { return };
        for note in machine.log().notes().iter().filter(|note| note.weight == Weight::Warning) {
            let trouble = (note.container.clone(), note.reason.clone(), note.message.clone());
            if self.told.contains(&trouble) {
                continue;
            }
            let whose = note.container.as_ref().map(|name| format!("/{name}")).unwrap_or_default();
            let line = escaped(&format!("[pod/{}{whose}] {}: {}", self.name, note.reason, note.message));
            // A stderr that takes nothing is no reason to end.
            let _lost = writeln!(std::io::stderr(), "{}", line.replace('\n', " "));
            self.told.insert(trouble);
        }
    }

    /// Whether it has ended, and all was said.
    pub(super) fn is_over(&self) -> bool {
        self.is_gone || (self.seen.as_ref().is_some_and(Machine::is_over) && self.tails.are_done())
    }

    /// Whether it is ready, or has ended well.
    pub(super) fn is_up(&self) -> bool {
        self.seen.as_ref().is_some_and(|machine| {
            let ready = |it: &crate::machine::Condition| it.kind == ConditionKind::Ready && it.holds;
            machine.phase() == Phase::Succeeded || machine.conditions().iter().any(ready)
        })
    }

    /// How the worst of its containers ended; those beside them do not count, as they do not for the pod.
    pub(super) fn code(&self) -> u8 {
        let Some(machine) = &self.seen else { return 1 };
        let counts = |(_, role): &(_, Role)| !matches!(role, Role::Sidecar | Role::Ephemeral);
        let roles = machine.plan().containers.iter().map(|spec| spec.role);
        let counted = machine.containers().iter().zip(roles).filter(counts);
        let worst = counted.filter_map(|(container, _)| Some(container.end.as_ref()?.code)).max().unwrap_or(0);
        let worst = u8::try_from(worst).unwrap_or(u8::MAX);
        // Evicted, over its time or not taken at all.
        if worst == 0 && machine.verdict().is_some() { 1 } else { worst }
    }
}
