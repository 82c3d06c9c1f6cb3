//! Sending: signals to whom they are for, and a stop to ourselves.

use super::{Init, STDIN};
use crate::launch::Running;
use crate::open::see_ends;
use crate::plan::{Leads, Stops, Verbosity, Whom};
use crate::sys::signals::{kill, kill_pidfd};
use crate::sys::{self, process, terminal};
use crate::text::Decimal;
use crate::{Signal, tree};

impl Init<'_> {
    /// Sends a signal; who has gone by now needs none.
    pub(super) fn send(&mut self, whom: Whom, signal: Signal) {
        self.voice.say(Verbosity::Debug, format_args!("sending {signal}"));
        if Signal::TERMINAL_STOPS.contains(&signal) {
            self.see_stops();
        }
        let sent = match whom {
            Whom::All if self.opened.first => kill(-1, signal),
            Whom::All => match tree::each_descendant(|pid| self.send_to_descendant(pid, signal)) {
                Ok(()) => Ok(()),
                Err(unseen) => {
                    self.voice.say(Verbosity::Warnings, format_args!("cannot look for descendants: {unseen}"));
                    self.send_to_main(Whom::Group, signal)
                }
            },
            Whom::Child | Whom::Group => self.send_to_main(whom, signal),
        };
        if let Err(errno) = sent {
            self.voice.say(Verbosity::Info, format_args!("cannot send {signal}: {errno}"));
        }
    }

    /// Sends a signal to the main child, or to its group.
    fn send_to_main(&self, whom: Whom, signal: Signal) -> Result<(), sys::Errno> {
        match &self.main {
            // A group outlives its leader, and has its number for as long as somebody is in it.
            _ if whom == Whom::Group && self.plan.child.leads != Leads::Nothing => kill(-self.leader, signal),
            Some(Running { pidfd: Some(pidfd), .. }) => kill_pidfd(pidfd, signal),
            Some(main) => kill(main.pid, signal),
            None => Ok(()),
        }
    }

    /// Sends a signal to who was seen among our descendants a while ago.
    fn send_to_descendant(&self, pid: i32, signal: Signal) {
        // Only we reap our children, so they keep their pids. That of another may be anybody's by now, unless
        // it is held and seen to be a descendant of ours still.
        let sent = if tree::is_child(pid) {
            kill(pid, signal)
        } else {
            process::hold(pid)
                .and_then(|held| if tree::is_descendant(pid) { kill_pidfd(&held, signal) } else { Ok(()) })
        };
        if let Err(errno) = sent {
            self.voice.say(Verbosity::Debug, format_args!("cannot send {signal} to {}: {errno}", Decimal::from(pid)));
        }
    }

    /// From here on it is seen when the main child stops, where that stops us: SIGCHLD comes, and we reap.
    fn see_stops(&mut self) {
        let stops = self.plan.stops == Stops::WithChild && !self.opened.first;
        if self.opened.quiet && stops && see_ends(true).is_ok() {
            // The end that the kernel may have reaped meanwhile is still told by the pidfd.
            self.unreaped = true;
        }
    }

    /// Stops, as the child has; goes on when somebody continues us. The first process cannot.
    pub(super) fn stop(&mut self) {
        if self.opened.first {
            return;
        }
        if let Some(relay) = &self.opened.relay {
            relay.pause();
        }
        // It comes back when somebody has continued us.
        let _always_allowed = i32::try_from(sys::getpid()).map(|pid| kill(pid, Signal::STOP));
        if let Some(relay) = &self.opened.relay {
            relay.begin();
            relay.resize();
        }
        // Who stopped by itself, at once, hands on what continues it, and no more.
        if self.plan.stops != Stops::WithChild {
            return;
        }
        let Some(main) = &self.main else { return };
        if self.opened.relay.is_none() && terminal::foreground(STDIN) == Some(process::group()) {
            let _lost = terminal::set_foreground(STDIN, main.pid);
        }
        self.send(Whom::Group, Signal::CONT);
        // It is there to be read still, and the child need not get it twice.
        if self.plan.routes.of(Signal::CONT) == Some(Signal::CONT)
            && let Some(free) = self.swallow.iter_mut().find(|slot| slot.is_none())
        {
            *free = Some(Signal::CONT);
        }
    }
}
