//! Layers whose files belong to more ids than one: what somebody who is not root unpacks and removes as the
//! root of a user namespace, in which there are the ids that were set apart for them.
//!
//! Only a process of its own can be there, so it is a program that does it: whoever is given a task as its
//! argument answers by [`tend`].

use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use launch::op::{Entry, Executed, Execution, Op};
use launch::open::our_proc;
use launch::{CStrings, Inherited, Kind, Ranges, Script, complain, run};
use nix::fcntl::OFlag;
use nix::unistd::pipe2;
use registry::tree;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::marks::OverlayMarks;
use crate::unpack::{self, Limits, Outcome, Target, UnpackError};

/// The ids that were set apart for this user, and the program that is told what to do as their root.
#[derive(Clone, Debug)]
pub struct Owners {
    ranges: Ranges,
    program: PathBuf,
    /// The word before the task.
    verb: &'static str,
}

/// What is to be done there.
#[derive(Debug, Serialize, Deserialize)]
enum Task {
    /// Unpack the layer that is the stdin.
    Unpack(Layer),
    /// Copy layers, the topmost first, into a directory.
    LayFlat { layers: Vec<PathBuf>, into: PathBuf, marks: OverlayMarks },
    /// Remove a tree.
    Remove { path: PathBuf },
}

/// A layer, where it goes, and what is below it there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Layer {
    /// How many bytes its blob has.
    pub(crate) size: u64,
    /// The digest of its archive.
    pub(crate) diff: Digest,
    /// Where it is unpacked.
    pub(crate) directory: PathBuf,
    /// The layers below, the nearest first.
    pub(crate) lowers: Vec<PathBuf>,
    /// A file that may be made meanwhile.
    pub(crate) scratch: PathBuf,
    /// How it says what it hides.
    pub(crate) marks: OverlayMarks,
    /// What is too much.
    pub(crate) limits: Limits,
}

impl Layer {
    /// Unpacks it here, as who we are.
    pub(crate) fn unpack(&self, blob: impl Read + Send) -> Result<Outcome, UnpackError> {
        let target = Target::at(&self.directory, &self.lowers, &self.scratch, self.marks)?;
        Ok(unpack::unpack(blob, self.size, Some(&self.diff), target, self.limits)?.0)
    }
}

/// What went wrong there, in one line, and what is nearly always the reason.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    line: String,
    hint: Option<String>,
}

impl Told {
    fn of(error: &dyn std::error::Error, hint: Option<&str>) -> Self {
        Self { line: complain::line(error), hint: hint.map(str::to_owned) }
    }
}

impl From<Told> for UnpackError {
    fn from(told: Told) -> Self {
        let Told { line, hint } = told;
        Self::Told { line, hint }
    }
}

/// A task that nobody has done.
#[derive(Debug)]
pub(crate) enum Undone {
    /// There is no such namespace, and nothing was begun.
    NoNamespace,
    /// It was begun.
    Failed(UnpackError),
}

impl Owners {
    /// Those of who we are; `None` for root, who needs none, and for whom none were set apart. The program
    /// is executed with this verb and a task, which is for [`tend`].
    #[must_use]
    pub fn of_this_user(program: &Path, verb: &'static str) -> Option<Self> {
        if nix::unistd::geteuid().is_root() {
            return None;
        }
        // Where it cannot be read whether there are any, pods have none either, and say so.
        let ranges = Ranges::of_this_user().ok().flatten()?;
        Some(Self { ranges, program: program.to_owned(), verb })
    }

    pub(crate) fn unpack(&self, layer: &Layer, blob: File) -> Result<Outcome, Undone> {
        self.run(&Task::Unpack(layer.clone()), Some(blob.into()))
    }

    pub(crate) fn lay_flat(&self, layers: &[PathBuf], into: &Path, marks: OverlayMarks) -> Result<Outcome, Undone> {
        self.run(&Task::LayFlat { layers: layers.to_owned(), into: into.to_owned(), marks }, None)
    }

    pub(crate) fn remove(&self, path: &Path) -> Result<(), Undone> {
        self.run(&Task::Remove { path: path.to_owned() }, None).map(drop)
    }

    fn run(&self, task: &Task, stdin: Option<OwnedFd>) -> Result<Outcome, Undone> {
        let users = self.ranges.namespace().map_err(|_| Undone::NoNamespace)?;
        let failed = |error: &dyn std::error::Error| Undone::Failed(Told::of(error, None).into());
        let answer = self.ask(task, users, stdin).map_err(|error| failed(&error))?;
        let answer: Result<Outcome, Told> = serde_json::from_slice(&answer).map_err(|error| failed(&error))?;
        answer.map_err(|told| Undone::Failed(told.into()))
    }

    fn ask(&self, task: &Task, users: OwnedFd, stdin: Option<OwnedFd>) -> io::Result<Vec<u8>> {
        let (ours, theirs) = pipe2(OFlag::O_CLOEXEC)?;
        let stdin = stdin.map_or_else(|| File::open("/dev/null").map(OwnedFd::from), Ok)?;
        let task = serde_json::to_vec(task)?;
        let program = CString::new(self.program.as_os_str().as_bytes())?;
        let argv = CStrings::new([[program.as_bytes()], [self.verb.as_bytes()], [&task]].into_iter())?;
        let mut script = Script::new(our_proc().map_err(io::Error::other)?);
        let namespaces = vec![Entry { kind: Kind::User, file: script.hold(users) }];
        script.must(Op::Enter { all_of: None, namespaces });
        script.prefer(Op::Groups(Vec::new()));
        let stdio = [Some(script.hold(stdin)), Some(script.hold(theirs)), None];
        script.must(Op::Stdio(stdio));
        script.close(3, []);
        script.must(Op::Signals(Inherited::now()));
        let execution = Execution::new(Executed::Files(vec![program]), argv, CStrings::of([]));
        script.must(Op::Execute(Box::new(execution)));
        let names = launch::Names { program: self.program.clone().into(), ..launch::Names::default() };
        let launched = run::spawn(script).map_err(|failure| io::Error::other(failure.explain(names)))?;
        let mut answer = Vec::new();
        File::from(ours).read_to_end(&mut answer)?;
        launched.child.wait().map_err(io::Error::other)?;
        Ok(answer)
    }
}

/// Does a task, as the root of a user namespace, and hands back the answer.
///
/// # Errors
/// When the answer cannot be said.
pub fn tend(task: &str) -> Result<String, serde_json::Error> {
    let done = serde_json::from_str(task).map_err(|error| Told::of(&error, None)).and_then(|task| match task {
        Task::Remove { path } => {
            let removed = tree::remove(&path).map_err(|error| Told::of(&error, error.hint()));
            removed.map(|()| Outcome::default())
        }
        Task::LayFlat { layers, into, marks } => {
            unpack::lay_flat(&layers, &into, marks).map_err(|error| Told::of(&error, error.hint()))
        }
        Task::Unpack(layer) => layer.unpack(io::stdin()).map_err(|error| Told::of(&error, error.hint())),
    });
    serde_json::to_string(&done)
}
