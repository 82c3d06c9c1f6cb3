//! Carrying out an invocation: from an opened plan to an exit code.

use std::fs::{File, Permissions};
use std::io::{self, Write, stdout};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use reaper::ExitCode;
use tempfile::{NamedTempFile, TempPath};

use crate::error::Error;
use crate::events::Teller;
use crate::invocation::{Conduct, Fork, Invocation, Start, Stdin};
use crate::open::Opened;
use crate::outcome::Outcome;
use crate::plan::{Attached, Join, Plan};
use crate::show;
use crate::sys;
use launch::Child;
use launch::Inherited;
use launch::Typed;
use launch::complain::complain;
use launch::relay::{Limited, Relay, Signals};
use launch::{Record, Session};

/// What timeout(1) exits with, too.
const TIMED_OUT: ExitCode = ExitCode::Command(124);

/// Joins and launches as was asked for; what to exit with, unless we have become the command.
///
/// `started_by` is who was our parent when this program began.
///
/// # Errors
/// When it does not come about. Nothing is left running then.
pub fn conduct(invocation: Invocation, started_by: u32) -> Result<ExitCode, Error> {
    let Invocation { join, conduct, name } = invocation;
    // The command is to have the signals as we got them, not as we need them.
    let join = Join { command: join.command.signals(Inherited::now()), ..join };
    // What makes no sense is refused before a file is made.
    let plan = join.plan()?;
    let Conduct { start, pid_file, events } = conduct;
    if let Start::DryRun { json } = start {
        let opened = plan.open()?;
        return show::plan(&opened, json, &mut stdout()).map(|()| ExitCode::Command(0));
    }
    let mut teller = Teller::open(events, name)?;
    let draft = pid_file.as_deref().map(Draft::new).transpose()?;
    let record = draft.as_ref().map(Draft::descriptor).transpose()?.map(Record::Pid);
    let attached = Attached { record, ..Attached::default() };
    let done = match start {
        Start::DryRun { .. } => Ok(ExitCode::Command(0)),
        Start::Become(fork) => become_or_stay(plan, fork, name),
        Start::Detach(stdin) => detach(plan, attached, stdin, draft, &mut teller),
        Start::Stay { terminal, limit, die_with_parent } => {
            let ends_with = die_with_parent.then_some(started_by);
            stay(plan, attached, Staying { terminal, limit, ends_with }, draft, &mut teller)
        }
    };
    if let Err(error) = &done {
        teller.failed(error);
    }
    done
}

/// Becomes the command where nobody has to stay behind for it.
fn become_or_stay(plan: Plan, fork: Fork, name: &'static str) -> Result<ExitCode, Error> {
    let opened = plan.open()?;
    mention(opened.outcome(), name);
    if fork == Fork::Never || opened.needs_no_fork() {
        return Err(opened.execute());
    }
    let signals = ready()?;
    let child = opened.spawn()?;
    let relay = Relay { program: name, session: Session::Ours, terminal: None, limit: None };
    Ok(ExitCode::of(relay.run(&child, &signals)?.status).unwrap_or(ExitCode::Failure))
}

/// How a command is kept.
struct Staying {
    terminal: Option<Typed>,
    limit: Option<Limited>,
    /// Whose end is ours.
    ends_with: Option<u32>,
}

fn stay(
    plan: Plan,
    attached: Attached,
    staying: Staying,
    draft: Option<Draft>,
    teller: &mut Teller,
) -> Result<ExitCode, Error> {
    if let Some(parent) = staying.ends_with {
        let failed = |source| launch::Error::Process { operation: "arrange our end for", source };
        if !sys::end_with(parent).map_err(failed)? {
            return Err(Error::ParentEnded);
        }
    }
    let signals = ready()?;
    let session = if staying.terminal.is_some() { Session::New } else { plan.session() };
    let mut opened = plan.open_with(attached)?;
    let terminal = staying.terminal.map(|typed| opened.make_terminal(typed)).transpose()?;
    let child = launch(opened, draft, teller)?;
    let end = Relay { program: teller.name(), session, terminal, limit: staying.limit }.run(&child, &signals)?;
    let exit = if end.timed_out { TIMED_OUT } else { ExitCode::of(end.status).unwrap_or(ExitCode::Failure) };
    teller.ended(end, exit);
    Ok(exit)
}

fn detach(
    plan: Plan,
    mut attached: Attached,
    stdin: Stdin,
    draft: Option<Draft>,
    teller: &mut Teller,
) -> Result<ExitCode, Error> {
    if stdin == Stdin::Null {
        let null = Path::new("/dev/null");
        let file = File::open(null).map_err(|source| Error::File { path: null.into(), source })?;
        attached.stdin = Some(file.into());
    }
    Inherited::mind_children();
    launch(plan.open_with(attached)?, draft, teller)?;
    Ok(ExitCode::Command(0))
}

/// Mentions what is not certain.
fn mention(outcome: &Outcome, name: &str) {
    for doubt in &outcome.doubts {
        complain(name, doubt, None);
    }
}

/// Launches, and tells of it.
fn launch(opened: Opened, draft: Option<Draft>, teller: &mut Teller) -> Result<Child, Error> {
    let outcome = opened.outcome().clone();
    mention(&outcome, teller.name());
    let child = opened.spawn()?;
    teller.started(&outcome, &child);
    if let Some(Err(error)) = draft.map(Draft::publish) {
        // It runs; whoever waits for the file has to be told, but not by its end.
        complain(teller.name(), &error, None);
    }
    Ok(child)
}

/// Has signals wait for us, and children be waited for.
fn ready() -> Result<Signals, Error> {
    Inherited::mind_children();
    Ok(Signals::take()?)
}

/// The kernel's own word, where the library has wrapped it up with a path that nobody knows.
fn cause(error: io::Error) -> io::Error {
    let inner = error.get_ref().and_then(|wrapped| wrapped.source()?.downcast_ref::<io::Error>()?.raw_os_error());
    inner.map_or(error, io::Error::from_raw_os_error)
}

/// A pid file that is not there yet under its name; dropped, it never will be.
struct Draft {
    file: File,
    draft: TempPath,
    path: PathBuf,
}

impl Draft {
    fn new(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::PidFile { path: path.to_owned(), source };
        // What is replaced is gone, and /dev/null would be missed.
        if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
            return Err(failed(io::Error::other("there is something else than a file")));
        }
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let draft = tempfile::Builder::new()
            .prefix(".nsjoin-")
            .permissions(Permissions::from_mode(0o644))
            .tempfile_in(directory)
            .map_err(|error| failed(cause(error)))?;
        let (file, draft) = NamedTempFile::into_parts(draft);
        Ok(Self { file, draft, path: path.to_owned() })
    }

    fn descriptor(&self) -> Result<std::os::fd::OwnedFd, Error> {
        sys::duplicate(self.file.as_raw_fd())
            .map_err(|errno| Error::PidFile { path: self.path.clone(), source: io::Error::from(errno) })
    }

    /// Gives it its name, whatever had that before.
    fn publish(self) -> Result<(), Error> {
        let Self { mut file, draft, path } = self;
        file.flush()
            .and_then(|()| draft.persist(&path).map_err(|error| error.error))
            .map_err(|source| Error::PidFile { path, source })
    }
}
