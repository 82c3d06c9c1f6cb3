//! What an init does next: a state, an event, and the actions that follow. No clock, no kernel.
//!
//! ```text
//! Running --asked to end--> Stopping --main child ends--> Draining --nobody is left--> Done
//!    |                          |  grace over: KILL            |  grace over: KILL
//!    |--main child ends, and is to be started again--> Resting --time--> Running
//! ```

use core::time::Duration;

use crate::plan::{Others, Plan, Restart, Stops, Whom};
use crate::{ExitCode, Signal, WaitStatus};

/// What has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The main child runs.
    Launched,
    /// The init was sent this.
    Signal(Signal),
    /// The main child stopped.
    Stopped(Signal),
    /// The main child ended.
    Ended(WaitStatus),
    /// There is no descendant any more.
    NobodyLeft,
    /// The time of [`Machine::deadline`] has come.
    Time,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send this signal to them.
    Send(Whom, Signal),
    /// Stop ourselves, as the child has stopped; go on when we are continued.
    StopOurselves,
    /// Start the main child.
    Launch,
    /// Exit with this code.
    Exit(u8),
}

/// At most so many at once, in order.
pub type Actions = [Option<Action>; 3];

/// What follows when nothing does.
const NOTHING: Actions = [None; 3];

const fn one(action: Action) -> Actions {
    [Some(action), None, None]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The main child runs.
    Running,
    /// It has been asked to end.
    Stopping,
    /// It has ended, and will be started again.
    Resting,
    /// It has ended, and others are waited for.
    Draining,
    /// It is over.
    Done,
}

/// An init's state.
#[derive(Clone, Debug)]
pub struct Machine<'plan> {
    plan: &'plan Plan,
    /// When the init stops.
    stops: Stops,
    phase: Phase,
    /// When there is something to do without anybody's saying so.
    deadline: Option<Duration>,
    /// When the main child was last started.
    launched: Duration,
    /// How long it rests before it is started again.
    rest: Duration,
    main: Option<WaitStatus>,
    kills: u32,
}

impl<'plan> Machine<'plan> {
    /// The shortest rest before the main child is started again.
    pub const SHORTEST_REST: Duration = Duration::from_millis(100);
    /// The longest; one that has run for as long is not in trouble any more.
    pub const LONGEST_REST: Duration = Duration::from_secs(60);
    /// How often those are killed again whom KILL has not ended yet, for they may have forked.
    const KILL_AGAIN: Duration = Duration::from_millis(20);
    /// How often at most: who is still there then is in the kernel's hands.
    const MOST_KILLS: u32 = 50;

    /// A machine before anything has happened. The first process of a pid namespace cannot stop, so
    /// what stops others is handed on by it like any other signal.
    #[must_use]
    pub const fn new(plan: &'plan Plan, is_first: bool) -> Self {
        Self {
            plan,
            stops: if is_first { Stops::Never } else { plan.stops },
            phase: Phase::Running,
            deadline: None,
            launched: Duration::ZERO,
            rest: Self::SHORTEST_REST,
            main: None,
            kills: 0,
        }
    }

    /// When it wants to hear [`Event::Time`].
    #[must_use]
    pub const fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    /// Whether the end of every descendant has to be waited for now.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.phase == Phase::Draining
    }

    /// How the main child ended, if it has.
    #[must_use]
    pub const fn main(&self) -> Option<WaitStatus> {
        self.main
    }

    /// How often KILL was sent.
    #[must_use]
    pub const fn kills(&self) -> u32 {
        self.kills
    }

    /// What follows from an event at this time.
    pub fn on(&mut self, event: Event, now: Duration) -> Actions {
        match (self.phase, event) {
            (Phase::Done, _) => NOTHING,
            (_, Event::Launched) => {
                self.launched = now;
                NOTHING
            }
            (_, Event::Signal(signal)) => self.signalled(signal, now),
            (Phase::Running | Phase::Stopping, Event::Stopped(_)) if self.stops == Stops::WithChild => {
                one(Action::StopOurselves)
            }
            (Phase::Running | Phase::Stopping, Event::Ended(status)) => self.ended(status, now),
            (Phase::Resting, Event::Time) => {
                self.phase = Phase::Running;
                self.deadline = None;
                one(Action::Launch)
            }
            (Phase::Stopping | Phase::Draining, Event::Time) => self.kill(now),
            (Phase::Draining, Event::NobodyLeft) => self.exit(),
            _ => NOTHING,
        }
    }

    fn signalled(&mut self, signal: Signal, now: Duration) -> Actions {
        let at_once = self.stops == Stops::AtOnce && Signal::TERMINAL_STOPS.contains(&signal);
        let stop = at_once.then_some(Action::StopOurselves);
        let Some(handed_on) = self.plan.routes.of(signal) else { return [stop, None, None] };
        let asks =
            matches!(signal, Signal::TERM | Signal::INT | Signal::QUIT) || self.plan.parent_death == Some(signal);
        match self.phase {
            Phase::Resting if asks => self.drain(now),
            Phase::Resting | Phase::Done => NOTHING,
            Phase::Draining => {
                if asks {
                    self.be_patient_from(now);
                }
                one(Action::Send(Whom::All, handed_on))
            }
            Phase::Running | Phase::Stopping => {
                if asks {
                    self.phase = Phase::Stopping;
                    self.be_patient_from(now);
                }
                let whom = if asks && self.plan.others == Others::End { Whom::All } else { self.plan.whom };
                [Some(Action::Send(whom, handed_on)), stop, None]
            }
        }
    }

    fn ended(&mut self, status: WaitStatus, now: Duration) -> Actions {
        self.main = Some(status);
        let failed = status != WaitStatus::Exited(0);
        let again = match self.plan.restart {
            Restart::Never => false,
            Restart::OnFailure => failed,
            Restart::Always => true,
        };
        if again && self.phase == Phase::Running {
            if now.saturating_sub(self.launched) >= Self::LONGEST_REST {
                self.rest = Self::SHORTEST_REST;
            }
            self.phase = Phase::Resting;
            self.deadline = Some(now + self.rest);
            self.rest = (self.rest * 2).min(Self::LONGEST_REST);
            return NOTHING;
        }
        self.drain(now)
    }

    /// The main child is gone for good.
    fn drain(&mut self, now: Duration) -> Actions {
        let asked = self.phase == Phase::Stopping;
        if self.phase == Phase::Resting {
            self.deadline = None;
        }
        self.phase = Phase::Draining;
        match self.plan.others {
            Others::Leave => self.exit(),
            Others::Ask => {
                let [exit, ..] = self.exit();
                [Some(Action::Send(Whom::Group, self.plan.stop_signal)), exit, None]
            }
            Others::Await => NOTHING,
            Others::End => {
                // They were asked together with the main child, and have the same time.
                if !asked {
                    self.be_patient_from(now);
                }
                one(Action::Send(Whom::All, self.plan.stop_signal))
            }
        }
    }

    /// The grace time begins, unless it has begun.
    fn be_patient_from(&mut self, now: Duration) {
        let usual = (self.plan.others == Others::End).then_some(Plan::USUAL_GRACE);
        if self.deadline.is_none() {
            self.deadline = self.plan.grace.or(usual).map(|grace| now + grace);
        }
    }

    fn kill(&mut self, now: Duration) -> Actions {
        if self.kills == Self::MOST_KILLS {
            return self.exit();
        }
        self.kills += 1;
        self.deadline = Some(now + Self::KILL_AGAIN);
        let everybody = self.phase == Phase::Draining || self.plan.others == Others::End;
        one(Action::Send(if everybody { Whom::All } else { self.plan.whom }, Signal::KILL))
    }

    fn exit(&mut self) -> Actions {
        self.phase = Phase::Done;
        self.deadline = None;
        // Who was never seen to end was killed, or asked to end before it was started again.
        let code = self.main.and_then(ExitCode::of).unwrap_or(ExitCode::Killed(Signal::KILL)).code();
        one(Action::Exit(self.plan.exit_map.of(code)))
    }
}

#[cfg(test)]
mod tests;
