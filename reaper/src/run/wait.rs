//! Waiting until something happens that the machine should hear.

use core::time::Duration;

use super::Init;
use crate::decide::{Event, Machine};
use crate::plan::Verbosity;
use crate::relay::Relay;
use crate::sys::file::{self, Await};
use crate::sys::process::{self, Waited};
use crate::text::Decimal;
use crate::{Signal, WaitStatus, sys};

/// How long until the kernel is asked again for what it would not say.
const ASK_AGAIN: Duration = Duration::from_millis(20);

impl Init<'_> {
    /// Waits until something happens; what it was, if it is for the machine.
    pub(super) fn wait(&mut self, machine: &Machine<'_>) -> Option<Event> {
        if let Some(caused) = self.caused.iter_mut().find_map(Option::take) {
            return Some(caused);
        }
        let now = file::now();
        // Before all else, for no flood of signals may put it off.
        if machine.deadline().is_some_and(|deadline| deadline <= now) {
            return Some(Event::Time);
        }
        // What was found last may have been one of many, and nobody says that there is nobody.
        if self.unreaped || (!self.opened.quiet && machine.is_draining()) {
            let event = self.reap(machine.is_draining());
            if event.is_some() {
                return event;
            }
        }
        let timeout = machine.deadline().map(|deadline| deadline.saturating_sub(now));
        let timeout = if self.unreaped { Some(timeout.unwrap_or(ASK_AGAIN).min(ASK_AGAIN)) } else { timeout };
        let pidfd = self.main.as_ref().filter(|_| self.opened.quiet).and_then(|main| main.pidfd.as_ref());
        // Readable already when it has ended, it would have us ask, and keep the CPU from the kernel that reaps.
        let ended = pidfd.map_or(Await::Nothing, |pidfd| Await::HangUp(pidfd.number()));
        let [typed, room_in, shown, room_out] = self.opened.relay.as_ref().map_or([Await::Nothing; 4], Relay::awaited);
        let awaited = [Await::Input(self.opened.signals.number()), ended, typed, room_in, shown, room_out];
        let [signalled, hung_up, ready @ ..] = file::wait(awaited, timeout);
        if let Some(relay) = &mut self.opened.relay {
            relay.step(ready);
        }
        if hung_up && let Some(status) = pidfd.and_then(process::reaped_status) {
            self.main = None;
            return Some(Event::Ended(status));
        }
        if signalled { self.next_signal() } else { None }
    }

    /// The signal that has come, if it is for the machine.
    fn next_signal(&mut self) -> Option<Event> {
        let (signal, sender) = file::next_signal(&self.opened.signals)?;
        if self.swallows(signal) {
            return None;
        }
        match (signal, &self.opened.relay) {
            (Signal::CHLD, _) => {
                self.unreaped = true;
                None
            }
            // Our own writing, to somebody who does not read, is no affair of the command.
            (Signal::PIPE, _) if isize::try_from(sender) == Ok(sys::getpid()) => None,
            // The command's terminal tells the command.
            (Signal::WINCH, Some(relay)) => {
                relay.resize();
                None
            }
            _ => {
                self.voice.say(Verbosity::Debug, format_args!("received {signal}"));
                Some(Event::Signal(signal))
            }
        }
    }

    /// Whether this signal was meant for us alone; once.
    fn swallows(&mut self, signal: Signal) -> bool {
        let expected = self.swallow.iter_mut().find(|expected| **expected == Some(signal));
        expected.map(|expected| *expected = None).is_some()
    }

    /// Reaps until there is something to do, or nobody to reap.
    fn reap(&mut self, draining: bool) -> Option<Event> {
        loop {
            match process::wait_any() {
                Waited::Child(pid, status) if self.main.as_ref().is_some_and(|main| main.pid == pid) => match status {
                    WaitStatus::Stopped(signal) => return Some(Event::Stopped(signal)),
                    WaitStatus::Continued => {}
                    ended => {
                        self.main = None;
                        return Some(Event::Ended(ended));
                    }
                },
                Waited::Child(_, WaitStatus::Stopped(_) | WaitStatus::Continued) => {}
                Waited::Child(pid, _) => {
                    self.orphans += 1;
                    let weight = if self.plan.warn_on_reap { Verbosity::Warnings } else { Verbosity::Debug };
                    self.voice.say(weight, format_args!("reaped orphan {}", Decimal::from(pid)));
                }
                Waited::NoChild if draining => return Some(Event::NobodyLeft),
                Waited::Nothing | Waited::NoChild => {
                    self.unreaped = false;
                    return None;
                }
                Waited::Untold => {
                    self.unreaped = true;
                    return None;
                }
            }
        }
    }
}
