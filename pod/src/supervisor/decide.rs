//! What a supervisor does: told what has happened and when, it says what is to be done. It knows no
//! clock, no kernel and no file.
//!
//! Workloads come and go while the pod is open. From the first request to stop on nothing is launched:
//! TERM, the grace that was asked for, KILL, and KILL again, for a process that was being launched
//! meanwhile may have missed the first. It ends with the pod, or says who did not.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reaper::Signal;
use registry::Name;

use crate::control::{Answer, Refusal};
use crate::plan::WorkloadPlan;
use crate::publish::Publish;
use crate::record::EndRecord;

/// Since the supervisor began.
pub(crate) type Moment = Duration;

/// Who has asked.
pub(crate) type Client = u64;

/// How often those are killed again that are not gone.
const AGAIN: Duration = Duration::from_secs(1);
/// How long killed workloads may take to be gone before who asked is told which are not.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// How long after all have stopped nothing is launched: whoever asked is taking the pod apart.
const STOPPED: Duration = Duration::from_secs(10);
/// How long to wait before a forwarder that has ended is replaced.
const BREATH: Duration = Duration::from_millis(500);
/// How long before a way out is tried again that could not be opened.
const LATER: Duration = Duration::from_secs(10);

/// What has happened.
#[derive(Debug)]
pub(crate) enum Event {
    /// A workload of a supervisor before this one runs.
    Adopted(Name),
    /// A client asks for a workload.
    Start(Client, Box<WorkloadPlan>),
    /// A client asks for the end of all, after so much grace.
    Stop(Client, Duration),
    /// A client asks for these ports to be published, and no others.
    Publish(Client, Vec<Publish>),
    /// A client asks for these ports to be had, too, as long as it stays.
    Reserve(Client, Vec<Publish>),
    /// A client does not stay any longer.
    Release(Client),
    /// A launch came about, or did not.
    Launched(Name, Result<(), Refusal>),
    /// A workload has ended, so, if anybody saw how.
    Ended(Name, Option<EndRecord>),
    /// Not all published ports are carried: the forwarder has ended, or somebody else has a port.
    PortsDown,
    /// Who holds the way out open has ended.
    DoorClosed,
    /// The way out could not be opened.
    DoorStuck,
    /// The pause process has ended, and the pod with it.
    PauseEnded,
    /// It is later.
    Time,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Launch this workload, and say how it went.
    Launch(Box<WorkloadPlan>),
    /// Send a workload a signal.
    Signal(Name, Signal),
    /// Record how a workload ended.
    Record(Name, Option<EndRecord>),
    /// Publish these ports and no others, and tell the client how it went.
    Publish(Client, Vec<Publish>),
    /// Have these ports, too, as long as the client stays, and tell it how it went.
    Reserve(Client, Vec<Publish>),
    /// Give up what was had for a client.
    Release(Client),
    /// Tell a client.
    Answer(Client, Answer),
    /// Have all published ports carried.
    Forward,
    /// Have the way out opened.
    OpenDoor,
    /// There is nothing left to supervise.
    Exit,
}

/// What is known of the pod.
#[derive(Debug)]
pub(crate) struct Machine {
    pod: Name,
    phase: Phase,
    workloads: BTreeMap<Name, State>,
    /// When the next forwarder is due.
    forwarder: Option<Moment>,
    /// When the way out is to be opened next.
    door: Option<Moment>,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// For whom, where somebody waits for it.
    Launching(Client),
    Running,
}

#[derive(Debug, PartialEq, Eq)]
enum Phase {
    Open,
    Stopping(Stop),
    /// All have stopped, because somebody asked.
    Stopped {
        until: Moment,
    },
    /// The pod has ended; waits for its workloads to be gone, until then.
    Over {
        until: Moment,
    },
}

#[derive(Debug, PartialEq, Eq)]
struct Stop {
    clients: BTreeSet<Client>,
    /// When those are killed that are not gone.
    kill_at: Moment,
    /// When that was done first.
    killed: Option<Moment>,
}

impl Machine {
    pub(crate) fn new(pod: Name) -> Self {
        Self { pod, phase: Phase::Open, workloads: BTreeMap::new(), forwarder: None, door: None }
    }

    /// What is to be done now that this has happened.
    pub(crate) fn on(&mut self, event: Event, now: Moment) -> Vec<Action> {
        let mut actions = match event {
            Event::Adopted(name) => {
                self.workloads.insert(name, State::Running);
                Vec::new()
            }
            Event::Start(client, plan) => vec![self.start(client, plan, now)],
            Event::Stop(client, grace) => self.stop(client, grace, now),
            Event::Publish(client, ports) => self.unless_closed(client, now, Action::Publish(client, ports)),
            Event::Reserve(client, ports) => self.unless_closed(client, now, Action::Reserve(client, ports)),
            Event::Release(client) => vec![Action::Release(client)],
            Event::Launched(name, launched) => self.launched(&name, launched),
            Event::Ended(name, end) => {
                self.workloads.remove(&name);
                vec![Action::Record(name, end)]
            }
            Event::PortsDown => {
                self.forwarder = Some(now + BREATH);
                Vec::new()
            }
            Event::DoorClosed => {
                self.door = Some(now + BREATH);
                Vec::new()
            }
            Event::DoorStuck => {
                self.door = Some(now + LATER);
                Vec::new()
            }
            Event::PauseEnded => self.over(now),
            Event::Time => Vec::new(),
        };
        actions.extend(self.settle(now));
        actions
    }

    /// When it wants to be told the time, at the latest.
    pub(crate) fn deadline(&self) -> Option<Moment> {
        let phase = match &self.phase {
            Phase::Open => None,
            Phase::Stopping(Stop { kill_at, .. }) => Some(*kill_at),
            Phase::Stopped { until } | Phase::Over { until } => Some(*until),
        };
        phase.into_iter().chain(self.forwarder).chain(self.door).min()
    }

    /// Why nothing more is begun, where the pod is being deleted.
    fn closed(&mut self, now: Moment) -> Option<Answer> {
        if matches!(self.phase, Phase::Stopped { until } if until <= now) {
            self.phase = Phase::Open;
        }
        let is_closed = self.phase != Phase::Open;
        is_closed.then(|| Answer::Refused(Refusal::because(format!("pod {} is being deleted", self.pod))))
    }

    fn unless_closed(&mut self, client: Client, now: Moment, action: Action) -> Vec<Action> {
        vec![self.closed(now).map_or(action, |answer| Action::Answer(client, answer))]
    }

    fn start(&mut self, client: Client, plan: Box<WorkloadPlan>, now: Moment) -> Action {
        if let Some(answer) = self.closed(now) {
            return Action::Answer(client, answer);
        }
        let refuse = |message: String| Action::Answer(client, Answer::Refused(Refusal::because(message)));
        match self.workloads.get(&plan.name) {
            Some(State::Running) => refuse(format!("a workload named {} runs already", plan.name)),
            Some(State::Launching(_)) => refuse(format!("a workload named {} is being launched", plan.name)),
            None => {
                self.workloads.insert(plan.name.clone(), State::Launching(client));
                Action::Launch(plan)
            }
        }
    }

    fn launched(&mut self, name: &Name, launched: Result<(), Refusal>) -> Vec<Action> {
        let Some(State::Launching(client)) = self.workloads.get(name) else { return Vec::new() };
        let client = *client;
        match launched {
            Err(refusal) => {
                self.workloads.remove(name);
                vec![Action::Answer(client, Answer::Refused(refusal))]
            }
            Ok(()) => {
                self.workloads.insert(name.clone(), State::Running);
                let answer = Action::Answer(client, Answer::Started);
                // The others have been told already.
                let signal = match &self.phase {
                    Phase::Open | Phase::Stopped { .. } => None,
                    Phase::Stopping(Stop { killed: None, .. }) => Some(Signal::TERM),
                    Phase::Stopping(_) | Phase::Over { .. } => Some(Signal::KILL),
                };
                [Some(answer), signal.map(|signal| Action::Signal(name.clone(), signal))]
                    .into_iter()
                    .flatten()
                    .collect()
            }
        }
    }

    fn stop(&mut self, client: Client, grace: Duration, now: Moment) -> Vec<Action> {
        let deadline = now.saturating_add(grace);
        match &mut self.phase {
            Phase::Over { .. } => return vec![Action::Answer(client, Answer::Stopped)],
            // Who is in a hurry hurries the others, too.
            Phase::Stopping(stop) => {
                stop.clients.insert(client);
                if stop.killed.is_none() {
                    stop.kill_at = stop.kill_at.min(deadline);
                }
                return Vec::new();
            }
            Phase::Open | Phase::Stopped { .. } => {}
        }
        self.phase = Phase::Stopping(Stop { clients: [client].into(), kill_at: deadline, killed: None });
        if grace.is_zero() { Vec::new() } else { self.signal_all(Signal::TERM) }
    }

    fn over(&mut self, now: Moment) -> Vec<Action> {
        let clients = match &mut self.phase {
            Phase::Stopping(stop) => std::mem::take(&mut stop.clients),
            _ => BTreeSet::new(),
        };
        self.forwarder = None;
        self.door = None;
        self.phase = Phase::Over { until: now + PATIENCE };
        let mut actions: Vec<_> = clients.into_iter().map(|client| Action::Answer(client, Answer::Stopped)).collect();
        // What was in pause's pid namespace the kernel has killed. The rest is for us to kill.
        actions.extend(self.signal_all(Signal::KILL));
        actions
    }

    /// What follows from where things stand by now.
    fn settle(&mut self, now: Moment) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.forwarder.is_some_and(|due| due <= now) {
            self.forwarder = None;
            actions.push(Action::Forward);
        }
        if self.door.is_some_and(|due| due <= now) {
            self.door = None;
            actions.push(Action::OpenDoor);
        }
        let none_left = self.workloads.is_empty();
        let left: Vec<Name> = self.workloads.keys().cloned().collect();
        match &mut self.phase {
            Phase::Open => {}
            Phase::Stopping(stop) if none_left => {
                let clients = std::mem::take(&mut stop.clients);
                actions.extend(clients.into_iter().map(|client| Action::Answer(client, Answer::Stopped)));
                self.phase = Phase::Stopped { until: now + STOPPED };
            }
            Phase::Stopping(stop) if stop.kill_at <= now => {
                let first = *stop.killed.get_or_insert(now);
                stop.kill_at = now + AGAIN;
                if now >= first + PATIENCE {
                    let clients = std::mem::take(&mut stop.clients);
                    let answer = |client| Action::Answer(client, Answer::Left(left.clone()));
                    actions.extend(clients.into_iter().map(answer));
                }
                actions.extend(self.signal_all(Signal::KILL));
            }
            Phase::Stopping(_) => {}
            Phase::Stopped { until } => {
                if *until <= now {
                    self.phase = Phase::Open;
                }
            }
            Phase::Over { until } => {
                if none_left || *until <= now {
                    actions.push(Action::Exit);
                }
            }
        }
        actions
    }

    /// To all that run; who is being launched gets it when it is.
    fn signal_all(&self, signal: Signal) -> Vec<Action> {
        let running = self.workloads.iter().filter(|(_, state)| **state == State::Running);
        running.map(|(name, _)| Action::Signal(name.clone(), signal)).collect()
    }
}

#[cfg(test)]
mod tests;
