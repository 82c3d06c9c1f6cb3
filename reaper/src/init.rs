//! For a program that wants to be the init of its own container: [`Init`].

use std::boxed::Box;
use std::ffi::CString;
use std::fs;
use std::io;
use std::iter;
use std::string::ToString;
use std::time::Duration;

use crate::Signal;
use crate::launch::Failure;
use crate::plan::{Others, Plan, Verbosity};
use crate::refusal::Refusal;
use crate::run::run;
use crate::sys::{self, Arg, Args};
use crate::voice::Voice;

/// The variable by which the second of the two knows itself.
const CHILD: &str = "REAPER_INIT_CHILD";

/// An init that the program is for itself: it starts itself once more, as the child that does the
/// work, and stays behind to hand signals on, to reap, and to exit as the child does.
///
/// ```no_run
/// fn main() -> std::io::Result<()> {
///     reaper::Init::new().grace(std::time::Duration::from_secs(10)).end_everything().start()?;
///     // From here on there is an init above us.
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Init {
    plan: Plan,
    name: &'static str,
}

impl Default for Init {
    fn default() -> Self {
        Self::new()
    }
}

impl Init {
    /// An init as `reaper` is without an option.
    #[must_use]
    pub fn new() -> Self {
        Self { plan: Plan::usual(), name: "init" }
    }

    /// An init with this plan.
    #[must_use]
    pub fn with(plan: Plan) -> Self {
        Self { plan, name: "init" }
    }

    /// After being asked to end, the child has so much time; then it is sent KILL.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.plan.grace = Some(grace);
        self
    }

    /// Every descendant is ended, not the child alone; in 10 seconds unless a grace time is set.
    #[must_use]
    pub fn end_everything(mut self) -> Self {
        self.plan.others = Others::End;
        self
    }

    /// The signal that asks the child to end, when the init is sent TERM.
    #[must_use]
    pub fn stop_signal(mut self, signal: Signal) -> Self {
        self.plan.stop_signal = signal;
        self.plan.routes.set(Signal::TERM, Some(signal));
        self
    }

    /// How much is said on stderr.
    #[must_use]
    pub fn verbosity(mut self, verbosity: Verbosity) -> Self {
        self.plan.verbosity = verbosity;
        self
    }

    /// Comes back in the child only, which does the work. To be called first of all in `main`: the
    /// program is executed once more from its beginning, with the same words and variables.
    ///
    /// # Errors
    /// The program has threads already, or cannot be started again; then there is one process, as before.
    ///
    /// # References
    /// signal(7): a signal goes to any thread that does not block it, so there must be no other.
    pub fn start(self) -> io::Result<()> {
        if std::env::var(CHILD).is_ok_and(|parent| parent == std::os::unix::process::parent_id().to_string()) {
            return Ok(());
        }
        if fs::read_dir("/proc/self/task")?.count() != 1 {
            return Err(io::Error::other("an init has to be started before the first thread"));
        }
        let args = Args::of_this_process();
        let command = iter::once(c"/proc/self/exe").chain(args.into_iter().skip(1).map(Arg::text));
        let mark = CString::new(std::format!("{CHILD}={}", sys::getpid()))?;
        let mut plan = self.plan;
        let free = plan.child.variables.iter_mut().find(|slot| slot.is_none());
        *free.ok_or(io::ErrorKind::InvalidInput)? = Some(Box::leak(mark.into_boxed_c_str()));
        let voice = Voice { name: self.name, verbosity: plan.verbosity };
        match run(&plan, command, args.environment(), voice, || ()) {
            #[allow(clippy::exit, reason = "what an init is there for in the end")]
            Ok(code) => std::process::exit(code.into()),
            Err(Refusal::Launch(Failure { errno, .. }) | Refusal::Kernel(_, errno)) => {
                Err(io::Error::from_raw_os_error(errno.number()))
            }
            Err(Refusal::CannotReap) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}
