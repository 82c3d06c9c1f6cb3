//! Making ready to be an init: what is changed of ourselves, what is held open, who reaps. Nothing has
//! been started when it fails, and all is as it was.

use crate::launch::Inherited;
use crate::plan::{Others, Plan, Reaping, Stops, Subreaper, Terminal, Verbosity};
use crate::refusal::Refusal;
use crate::relay::Relay;
use crate::sys::file::{self, Fd};
use crate::sys::process;
use crate::sys::signals::{self, Disposition};
use crate::sys::{self, terminal};
use crate::voice::Voice;
use crate::{Signal, SignalSet, reap};

const STDIN: i32 = 0;

/// What an init holds while it is one.
#[derive(Debug)]
pub struct Opened {
    /// Whether we are the first process of a pid namespace.
    pub first: bool,
    /// Whether the kernel reaps.
    pub quiet: bool,
    /// The signals that come.
    pub signals: Fd,
    /// The command's own terminal, if it has one.
    pub relay: Option<Relay>,
    /// What we were started with, and have again in the end.
    pub before: Before,
}

impl Opened {
    /// Makes ready.
    ///
    /// # Errors
    /// What the kernel would not have.
    pub fn open(plan: &Plan, voice: Voice) -> Result<Self, Refusal> {
        let refused = |what| move |errno| Refusal::Kernel(what, errno);
        let mut before = Before::take()?;
        let first = before.inherited.pid == 1;
        if !first {
            adopt(plan, &mut before, voice)?;
        }
        if let Some(signal) = plan.parent_death {
            let refused = refused("hear of the parent's end");
            let was = process::signal_of_parents_death().map_err(refused)?;
            process::signal_on_parents_death(Some(signal)).map_err(refused)?;
            before.parent_death = Some(was);
        }
        let quiet = kernel_reaps(plan, first)?;
        voice.say(Verbosity::Debug, if quiet { format_args!("the kernel reaps") } else { format_args!("init reaps") });
        see_ends(!quiet)?;
        // Of who was executed before us there may be zombies, for whom no signal comes any more.
        while sys::reap_one() {}
        let signals = file::signals(&SignalSet::ALL).map_err(refused("read signals"))?;
        for fd in [plan.ready, plan.report].into_iter().flatten() {
            file::close_on_exec(fd).map_err(refused("use the descriptor"))?;
        }
        let relay = match plan.child.terminal {
            Terminal::Ours => None,
            Terminal::Own => Some(Relay::new().map_err(refused("make a terminal"))?),
        };
        Ok(Self { first, quiet, signals, relay, before })
    }
}

/// What came too late for the command, or by our own writing, is to end nobody once it is unblocked.
impl Drop for Opened {
    fn drop(&mut self) {
        while file::next_signal(&self.signals).is_some() {}
    }
}

/// What was changed of ourselves; it is as it was when this is dropped.
#[derive(Debug)]
pub struct Before {
    /// What the command is to have of it.
    pub inherited: Inherited,
    /// Our parent when we began.
    pub parent: isize,
    /// What was sent at the parent's end, if that has changed.
    parent_death: Option<Option<Signal>>,
    /// Whether orphans come to us since.
    adopts: bool,
}

impl Before {
    /// Blocks every signal, and has the ends of children be seen until it is known who reaps.
    fn take() -> Result<Self, Refusal> {
        let mask = signals::exchange_mask(&SignalSet::ALL).map_err(|errno| Refusal::Kernel("block signals", errno))?;
        let inherited = Inherited { mask, chld: Disposition::Default, pid: sys::getpid() };
        let mut before = Self { inherited, parent: process::getppid(), parent_death: None, adopts: false };
        before.inherited.chld = see_ends(true)?;
        Ok(before)
    }
}

impl Drop for Before {
    fn drop(&mut self) {
        // Each has been set once already, and there is nobody to tell.
        let _as_before = signals::dispose(Signal::CHLD, self.inherited.chld);
        if let Some(signal) = self.parent_death {
            let _as_before = process::signal_on_parents_death(signal);
        }
        if self.adopts {
            let _as_before = process::adopt_orphans(false);
        }
        let _as_before = signals::exchange_mask(&self.inherited.mask);
    }
}

/// Has SIGCHLD come at the end of each child, or leaves them to the kernel; hands back what it did before.
///
/// # Errors
/// The kernel would not have it.
pub fn see_ends(each: bool) -> Result<Disposition, Refusal> {
    let disposition = if each { Disposition::Default } else { Disposition::Ignore };
    signals::dispose(Signal::CHLD, disposition).map_err(|errno| Refusal::Kernel("hear of ends", errno))
}

/// Has orphans come to us, as far as they are to.
fn adopt(plan: &Plan, before: &mut Before, voice: Voice) -> Result<(), Refusal> {
    // Who executed us may have asked for it, and it stays.
    if process::adopts_orphans() {
        voice.say(Verbosity::Info, format_args!("not the first process: orphans come here, as before"));
        return Ok(());
    }
    if plan.subreaper == Subreaper::No {
        voice.say(Verbosity::Warnings, format_args!("not the first process: orphans are not reaped"));
        return Ok(());
    }
    match process::adopt_orphans(true) {
        Ok(()) => {
            before.adopts = true;
            voice.say(Verbosity::Info, format_args!("not the first process: adopting orphans as a subreaper"));
        }
        // Whoever is to end or await the others has to know them all.
        Err(errno) if plan.subreaper == Subreaper::Must || matches!(plan.others, Others::Await | Others::End) => {
            return Err(Refusal::Kernel("adopt orphans", errno));
        }
        Err(errno) => {
            voice.say(Verbosity::Warnings, format_args!("not the first process, and cannot adopt orphans: {errno}"))
        }
    }
    Ok(())
}

/// Whether the kernel is to reap.
fn kernel_reaps(plan: &Plan, first: bool) -> Result<bool, Refusal> {
    // A stop of the child has to be seen where there is a terminal to stop from.
    let stops = plan.stops == Stops::WithChild && !first && terminal::foreground(STDIN).is_some();
    match plan.reaping {
        Reaping::Loop => Ok(false),
        _ if plan.must_see_each() || stops => Ok(false),
        Reaping::Best => Ok(reap::kernel_tells()),
        Reaping::Kernel => reap::kernel_tells().then_some(true).ok_or(Refusal::CannotReap),
    }
}

#[cfg(test)]
mod tests;
