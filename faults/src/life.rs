//! `life`: pods of manifests are made, changed, killed, starved and deleted at random, and after every step what is there
//! is what was acknowledged. What goes wrong is told by the shortest story in which it does.

mod model;
mod shrink;
mod sight;
mod story;

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use nix::mount::{MsFlags, mount};
use nix::sys::signal::{Signal, kill};
use nix::sys::statvfs::statvfs;
use nix::unistd::{Pid, geteuid};
use serde_json::Value;

use self::model::Model;
use self::story::{KEY, Step, Under, Whom};
use crate::cli::Options;
use crate::look;
use crate::manifests;
use crate::place::{End, Place, Ran};
use crate::promises::{self, Violation};
use crate::tally::Tally;
use crate::verbs;

const NONE: Option<&Path> = None;
const SUBJECT: &str = "life";
const VERB: &str = "pods";
/// How long a story is, and how many there are.
const LENGTH: usize = 30;
const STORIES: (u64, u64) = (200, 3);
/// How fast the clock goes for them, as to what a kubelet waits for.
const SPEED: &str = "200";
/// How long anything may take until it is as it is to be: a container that was often killed waits for 1.5 s.
const SETTLING: Duration = Duration::from_secs(8);
/// How long a command may take: a pod that is made anew ends first, and is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a story may be made shorter.
const SHRINKING: Duration = Duration::from_secs(300);

/// Tells stories until their number or the time is over.
pub(crate) fn life(place: &Place, options: &Options, tally: &mut Tally) -> anyhow::Result<()> {
    if !options.wants(VERB) {
        return Ok(());
    }
    let stories = options.sample(0).map_or_else(|| options.scaled(STORIES.0, STORIES.1), |points| points as u64);
    let stories = if stories == 0 { STORIES.1 } else { stories };
    let has_disk = geteuid().is_root();
    if has_disk {
        // What commands say is written elsewhere than on the disk that is filled.
        mount(Some("told"), &place.root().join("told"), Some("tmpfs"), MsFlags::empty(), NONE)?;
    }
    tally.begin(SUBJECT, VERB, stories);
    let began = Instant::now();
    let numbers = options.at.as_ref().map_or(1..=stories, |at| at.point..=at.point);
    for number in numbers {
        if options.is_over(began) {
            tally.cut_short();
            break;
        }
        let mut dice = options.dice(&format!("{SUBJECT}-{number}"));
        let story = story::story(&mut dice, LENGTH, has_disk);
        tally.tell(|| told(&story));
        let (mut violations, done) = play(place, &story)?;
        let mut at = format!("step {done} of {LENGTH}");
        if let Some(first) = violations.first_mut() {
            let short = shortened(place, &story[..done], &first.kind)?;
            at = format!("{at}: {}", told(&short));
        }
        tally.tried(SUBJECT, VERB, &number.to_string(), &at, violations);
    }
    tally.finish();
    place.clear()
}

fn told(story: &[Step]) -> String {
    story.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// The shortest story that can be found in which this goes wrong.
fn shortened(place: &Place, story: &[Step], kind: &str) -> anyhow::Result<Vec<Step>> {
    let began = Instant::now();
    let mut failed = None;
    let short = shrink::shrink(story, |story| {
        if began.elapsed() > SHRINKING || failed.is_some() {
            return false;
        }
        match play(place, story) {
            Ok((violations, _)) => violations.iter().any(|violation| violation.kind == kind),
            Err(error) => {
                failed = Some(error);
                false
            }
        }
    });
    failed.map_or(Ok(short), Err)
}

/// Plays a story to its end, or to where something is wrong: what, and how many steps were done.
fn play(place: &Place, story: &[Step]) -> anyhow::Result<(Vec<Violation>, usize)> {
    place.clear()?;
    let before = look::around(place, &[])?;
    must(place, &verbs::load())?;
    let mut model = Model::new(0);
    for object in [story::claim(), story::map(0)] {
        must(place, &["pod", "apply", "-f", &write(place, &object)?])?;
    }
    for (number, step) in (1..).zip(story) {
        let mut violations = take(place, &mut model, *step)?;
        violations.extend(settled(place, &model)?);
        if !violations.is_empty() {
            return Ok((violations, number));
        }
    }
    let mut violations = Vec::new();
    for pod in 0..story::PODS {
        let step = Step::Delete { pod, now: false, under: Under::Fair };
        violations.extend(take(place, &mut model, step)?);
    }
    violations.extend(settled(place, &model)?);
    violations.extend(manifests::kept(place)?);
    violations.extend(look::settled(|| Ok(promises::nothing_is_left(&before, &look::around(place, &[])?)))?);
    Ok((violations, story.len()))
}

/// Looks until everything is as it is to be, or until it is too late.
fn settled(place: &Place, model: &Model) -> anyhow::Result<Vec<Violation>> {
    let deadline = Instant::now() + SETTLING;
    loop {
        let sight = sight::look(place)?;
        let never = model.never(&sight);
        let missing = model.missing(&sight);
        if !never.is_empty() || missing.is_empty() {
            return Ok(never);
        }
        if Instant::now() > deadline {
            return Ok(missing);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Takes a step; tells what is wrong with how it went.
fn take(place: &Place, model: &mut Model, step: Step) -> anyhow::Result<Vec<Violation>> {
    let ran = match step {
        Step::Apply { pod, shape, under } => {
            let file = write(place, &story::manifest(pod, shape))?;
            // What cannot be changed in a pod that lives is changed by making it anew.
            run(place, &["pod", "apply", "--force", "--wait", "--timeout", "10s", "-f", &file], under)?
        }
        Step::Delete { pod, now, under } => {
            let name = story::name(pod);
            let how: &[&str] = if now { &["--now"] } else { &[] };
            run(place, &[&["pod", "delete", "pod", &name, "--ignore-not-found"], how].concat(), under)?
        }
        Step::Tell { value } => run(place, &["pod", "apply", "-f", &write(place, &story::map(value))?], Under::Fair)?,
        Step::Kill { pod, whom } => {
            strike(place, model, pod, whom)?;
            return Ok(Vec::new());
        }
        Step::Write { value } => {
            keep(place, model, value)?;
            return Ok(Vec::new());
        }
    };
    Ok(model.heard(step, &ran))
}

/// Kills one of a pod, if there is one.
fn strike(place: &Place, model: &mut Model, pod: usize, whom: Whom) -> anyhow::Result<()> {
    let pids = sight::of_a_pod(place, pod, whom)?;
    if matches!(whom, Whom::Attendant) && !pids.is_empty() {
        // Nobody is there who would notice, until there is another command.
        model.bereaved(pod);
    }
    for pid in pids {
        match kill(Pid::from_raw(pid), Signal::SIGKILL) {
            // It was about to end.
            Ok(()) | Err(nix::errno::Errno::ESRCH) => {}
            Err(errno) => return Err(errno).with_context(|| format!("cannot kill {pid}")),
        }
    }
    Ok(())
}

/// Writes to what is kept, by way of a container that has it: then that is what is to be read there for ever.
fn keep(place: &Place, model: &mut Model, value: u32) -> anyhow::Result<()> {
    for workers in sight::look(place)?.workers.values() {
        for worker in workers {
            let directory = format!("/proc/{}/root/kept", worker.pid);
            let file = Path::new(&directory).join(KEY);
            // It may end meanwhile, or have no such thing; nothing is kept then.
            if Path::new(&directory).is_dir() && fs::write(&file, value.to_string()).is_ok() {
                model.kept = Some(value);
                return Ok(());
            }
        }
    }
    Ok(())
}

fn write(place: &Place, object: &Value) -> anyhow::Result<String> {
    let name = "object.json";
    fs::write(place.root().join(name), object.to_string())?;
    Ok(format!("../{name}"))
}

fn must(place: &Place, words: &[&str]) -> anyhow::Result<Ran> {
    let ran = run(place, words, Under::Fair)?;
    anyhow::ensure!(ran.ok(), "cannot prepare: {}: {:?}: {}", ran.words, ran.end, ran.said());
    Ok(ran)
}

/// Runs a command under what it is to meet.
fn run(place: &Place, words: &[&str], under: Under) -> anyhow::Result<Ran> {
    let starved = ["sh", "-c", "ulimit -S -n 12; exec \"$0\" \"$@\""];
    let whole = if under == Under::Starved { [&starved, words].concat() } else { words.to_vec() };
    let patience = if let Under::Cut(milliseconds) = under { Duration::from_millis(milliseconds) } else { PATIENCE };
    let mut command = place.command(&whole)?;
    command.env("POD_CLOCK_SPEED", SPEED).process_group(0);
    let fill = (under == Under::Full).then(|| Filled::new(place)).transpose()?;
    let mut started = place.start(&mut command)?;
    let end = started.wait(patience)?;
    if let Some(fill) = fill {
        fill.empty()?;
    }
    let cut = matches!(under, Under::Cut(_)) && end == End::Hung;
    started.ran(words, if cut { End::Signaled(9) } else { end })
}

/// A disk that has no room while this is held.
struct Filled<'a>(&'a Place);

impl<'a> Filled<'a> {
    fn new(place: &'a Place) -> anyhow::Result<Self> {
        let found = statvfs(place.root())?;
        let used = (found.blocks() - found.blocks_free()) * found.fragment_size();
        limit(place, &format!("size={used}"))?;
        Ok(Self(place))
    }

    fn empty(self) -> anyhow::Result<()> {
        limit(self.0, "size=50%")
    }
}

fn limit(place: &Place, size: &str) -> anyhow::Result<()> {
    mount(NONE, place.root(), NONE, MsFlags::MS_REMOUNT, Some(size)).context("cannot fill the disk")
}
