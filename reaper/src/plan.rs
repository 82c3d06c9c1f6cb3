//! What an init is to do, once it is known: plain data, checked when it is made.

use core::ffi::CStr;
use core::time::Duration;

use crate::Signal;

/// What becomes of each signal that the init is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routes([u8; Signal::MAX as usize + 1]);

impl Routes {
    /// Every signal is handed on as it is.
    ///
    /// KILL and STOP never reach an init, and CHLD is its own.
    #[must_use]
    pub fn all() -> Self {
        let mut routes = Self([0; Signal::MAX as usize + 1]);
        for signal in Signal::all() {
            if ![Signal::KILL, Signal::STOP, Signal::CHLD].contains(&signal) {
                routes.0[usize::from(signal.number())] = signal.number();
            }
        }
        routes
    }

    /// Nothing is handed on.
    #[must_use]
    pub const fn none() -> Self {
        Self([0; Signal::MAX as usize + 1])
    }

    /// Hands on this signal as that one, or drops it.
    pub fn set(&mut self, signal: Signal, to: Option<Signal>) {
        self.0[usize::from(signal.number())] = to.map_or(0, Signal::number);
    }

    /// As what this signal is handed on; `None` if it is dropped.
    #[must_use]
    pub fn of(&self, signal: Signal) -> Option<Signal> {
        Signal::new(self.0[usize::from(signal.number())].into())
    }
}

/// What exit code each code of the main child becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExitMap([u8; 256]);

impl ExitMap {
    /// Every code stays what it is.
    #[must_use]
    pub fn identity() -> Self {
        let mut map = [0; 256];
        for (code, slot) in (0_u8..=255).zip(&mut map) {
            *slot = code;
        }
        Self(map)
    }

    /// Has one code become another.
    pub fn set(&mut self, code: u8, to: u8) {
        self.0[usize::from(code)] = to;
    }

    /// What a code becomes.
    #[must_use]
    pub fn of(&self, code: u8) -> u8 {
        self.0[usize::from(code)]
    }
}

/// Whom the init hands signals to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// The main child.
    Child,
    /// The main child's process group.
    Group,
    /// Every descendant.
    All,
}

/// What the main child leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leads {
    /// A process group, which is put into the terminal's foreground.
    Group,
    /// A session, which gets the terminal.
    Session,
    /// Nothing: it stays in the init's process group.
    Nothing,
}

/// What happens to the others when the main child has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// They are left to their fate. In a pid namespace that the init leads, the kernel kills them.
    Leave,
    /// They are sent the stop signal, and nobody waits for them.
    Ask,
    /// The init stays until the last has gone.
    Await,
    /// They are sent the stop signal, and after the grace time KILL; the init stays until the last has gone.
    End,
}

/// Whether the main child is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// It is not.
    Never,
    /// It is when it did not exit with 0.
    OnFailure,
    /// It is, however it ended.
    Always,
}

/// When the init stops, as others do for a terminal's sake. The first process of a pid namespace never can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stops {
    /// It does not.
    Never,
    /// When its child has stopped; with it, it goes on.
    WithChild,
    /// As soon as it is sent one of a terminal's stop signals, whatever is handed on in its place.
    AtOnce,
}

/// Who reaps orphans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaping {
    /// The kernel where it can, and then they wake nobody; else the init.
    Best,
    /// The kernel; it is an error if it cannot.
    Kernel,
    /// The init, one by one.
    Loop,
}

/// Whether the orphans of descendants come to an init that is not the first process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subreaper {
    /// They do not.
    No,
    /// They do where the kernel lets them.
    Prefer,
    /// They do, or there is no init.
    Must,
}

/// How much the init says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors.
    Errors,
    /// What may be a mistake.
    Warnings,
    /// What it does.
    Info,
    /// All that happens.
    Debug,
}

/// A user to become, by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The user's id.
    pub uid: u32,
    /// The group's id.
    pub gid: u32,
    groups: [u32; Self::MOST_GROUPS],
    count: usize,
}

impl User {
    /// The most supplementary groups that one can have here.
    pub const MOST_GROUPS: usize = 32;

    /// A user with a group, and no other.
    #[must_use]
    pub const fn new(uid: u32, gid: u32) -> Self {
        Self { uid, gid, groups: [0; Self::MOST_GROUPS], count: 0 }
    }

    /// Adds a supplementary group; false if there is no more room.
    #[must_use]
    pub fn add_group(&mut self, gid: u32) -> bool {
        if self.groups().contains(&gid) {
            return true;
        }
        let Some(slot) = self.groups.get_mut(self.count) else { return false };
        *slot = gid;
        self.count += 1;
        true
    }

    /// The supplementary groups.
    #[must_use]
    pub fn groups(&self) -> &[u32] {
        &self.groups[..self.count]
    }
}

/// Which terminal the main child has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terminal {
    /// Ours, if we have one.
    Ours,
    /// One of its own, between which and our stdin and stdout is relayed.
    Own,
}

/// The most variables that can be set.
pub const MOST_VARIABLES: usize = 32;

/// What the main child is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// What it leads.
    pub leads: Leads,
    /// Which terminal it has.
    pub terminal: Terminal,
    /// Whom to become; `None` stays who we are.
    pub user: Option<User>,
    /// Where to start; `None` stays where we are.
    pub directory: Option<&'static CStr>,
    /// Whether it gets our environment before what is set.
    pub inherits_environment: bool,
    /// `NAME=VALUE`, to be set.
    pub variables: [Option<&'static CStr>; MOST_VARIABLES],
}

/// All that an init is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What becomes of signals.
    pub routes: Routes,
    /// Whom they are handed to.
    pub whom: Whom,
    /// What the init sends, by itself, to have somebody end.
    pub stop_signal: Signal,
    /// The time between being asked to end and KILL; `None` is for ever.
    pub grace: Option<Duration>,
    /// What happens to the others.
    pub others: Others,
    /// What the main child's code becomes.
    pub exit_map: ExitMap,
    /// Whether it is started again.
    pub restart: Restart,
    /// Who reaps.
    pub reaping: Reaping,
    /// Whether orphans of descendants come to us when we are not the first process.
    pub subreaper: Subreaper,
    /// The signal that is sent to us when our parent ends.
    pub parent_death: Option<Signal>,
    /// When the init stops.
    pub stops: Stops,
    /// Whether the init leaves the directory that it was started in once the command runs.
    pub leaves_directory: bool,
    /// How much is said.
    pub verbosity: Verbosity,
    /// Whether every reaped orphan is told.
    pub warn_on_reap: bool,
    /// The descriptor to write a line to once the command runs.
    pub ready: Option<i32>,
    /// The descriptor to write the report to.
    pub report: Option<i32>,
    /// What the main child is started with.
    pub child: Child,
}

impl Plan {
    /// The grace time of [`Others::End`] where none is given; docker's own.
    pub const USUAL_GRACE: Duration = Duration::from_secs(10);

    /// What is done where nothing is said.
    #[must_use]
    pub fn usual() -> Self {
        Self {
            routes: Routes::all(),
            whom: Whom::Child,
            stop_signal: Signal::TERM,
            grace: None,
            others: Others::Leave,
            exit_map: ExitMap::identity(),
            restart: Restart::Never,
            reaping: Reaping::Best,
            subreaper: Subreaper::Prefer,
            parent_death: None,
            stops: Stops::WithChild,
            leaves_directory: true,
            verbosity: Verbosity::Warnings,
            warn_on_reap: false,
            ready: None,
            report: None,
            child: Child {
                leads: Leads::Group,
                terminal: Terminal::Ours,
                user: None,
                directory: None,
                inherits_environment: true,
                variables: [None; MOST_VARIABLES],
            },
        }
    }

    /// Whether every end of a child has to be seen.
    #[must_use]
    pub fn must_see_each(&self) -> bool {
        // A process group's number stays its own only while its leader is not reaped.
        self.warn_on_reap || self.report.is_some() || self.whom != Whom::Child || self.others != Others::Leave
    }
}
