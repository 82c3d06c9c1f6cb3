//! `state`: the files of a pod's directory are damaged, one in one place at a time. Other pods must not
//! feel it, and the damaged one can be deleted, or it is said which of its processes cannot be ended.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::cli::Options;
use crate::look::{self, settled};
use crate::place::{End, Place, Ran};
use crate::promises::{self, Violation};
use crate::tally::Tally;
use crate::verbs::{self, OTHER, POD, WORKLOAD};
use crate::world::{self, Process};

const SUBJECT: &str = "state";
/// How many damages of each file.
const MANY: u64 = 120;
const FEW: usize = 8;

/// What is done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Damage {
    LowBit,
    HighBit,
    Zero,
    Newline,
    Digit,
    Truncated,
    Doubled,
    Empty,
    Gone,
    Directory,
    Fifo,
}

const DAMAGES: [Damage; 11] = [
    Damage::LowBit,
    Damage::HighBit,
    Damage::Zero,
    Damage::Newline,
    Damage::Digit,
    Damage::Truncated,
    Damage::Doubled,
    Damage::Empty,
    Damage::Gone,
    Damage::Directory,
    Damage::Fifo,
];

/// Damages the records of a pod, file by file.
pub(crate) fn state(place: &Place, options: &Options, tally: &mut Tally) -> anyhow::Result<()> {
    let began = Instant::now();
    prepare(place)?;
    let names: Vec<String> = files(&place.state().join(POD))?;
    for name in names.iter().filter(|name| options.wants(name)) {
        let points: Vec<u64> = match (&options.at, options.sample(FEW)) {
            (Some(at), _) => vec![at.point],
            (None, Some(few)) => (1..=few as u64).collect(),
            (None, None) => (1..=MANY).collect(),
        };
        tally.begin(SUBJECT, name, points.len() as u64);
        for point in points {
            if options.is_over(began) {
                tally.cut_short();
                break;
            }
            let mut dice = options.dice(&format!("{name} {point}"));
            // In turn, so that few points are of every kind.
            let damage = DAMAGES[usize::try_from(point)? % DAMAGES.len()];
            place.clear()?;
            let theirs = prepare(place)?;
            let place_of = apply(damage, &place.state().join(POD).join(name), &mut dice)?;
            let violations = judge(place, &theirs, tally)?;
            tally.tried(SUBJECT, name, &point.to_string(), &format!("{damage:?}{place_of}"), violations);
        }
        tally.finish();
    }
    place.clear()
}

/// The pods before anything is damaged; hands back the processes of the one that will be.
fn prepare(place: &Place) -> anyhow::Result<BTreeSet<i32>> {
    place.must(&verbs::create(OTHER))?;
    place.must(&verbs::add(OTHER, WORKLOAD, &["sleep", "1000"]))?;
    let others: BTreeSet<i32> = world::processes()?.into_iter().map(|process| process.pid).collect();
    let ports = ["-p", "127.0.0.1:0:80"];
    place.must(&[verbs::create(POD), ports.to_vec()].concat())?;
    place.must(&verbs::add(POD, WORKLOAD, &["sleep", "1000"]))?;
    place.must(&verbs::add(POD, "ended", &["true"]))?;
    settled(|| {
        let pods = look::pods(&place.run(&verbs::get())?)?;
        let runs = pods.iter().flat_map(|pod| &pod.workloads).any(|one| one.name == "ended" && one.running);
        Ok(if runs { vec![Violation::new("runs", "still")] } else { Vec::new() })
    })?;
    let all = world::processes()?.into_iter().map(|process| process.pid);
    Ok(all.filter(|pid| !others.contains(pid)).collect())
}

/// The files below a directory, by their paths from there.
fn files(directory: &Path) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut to_see = vec![directory.to_owned()];
    while let Some(next) = to_see.pop() {
        for entry in fs::read_dir(&next)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                to_see.push(entry.path());
            } else if !kind.is_socket() && !kind.is_fifo() {
                found
                    .push(entry.path().strip_prefix(directory)?.to_str().context("a name that is no text")?.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Does it; says where.
fn apply(damage: Damage, path: &PathBuf, dice: &mut fastrand::Rng) -> anyhow::Result<String> {
    let mut bytes = match fs::read(path) {
        // Not every run leaves the same files.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(": was not there".to_owned()),
        bytes => bytes?,
    };
    if matches!(damage, Damage::Gone | Damage::Directory | Damage::Fifo) {
        fs::remove_file(path)?;
        match damage {
            Damage::Directory => fs::create_dir(path)?,
            Damage::Fifo => mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR)?,
            _ => {}
        }
        return Ok(String::new());
    }
    let at = if bytes.is_empty() { 0 } else { dice.usize(..bytes.len()) };
    match (damage, bytes.get_mut(at)) {
        (Damage::LowBit, Some(byte)) => *byte ^= 1,
        (Damage::HighBit, Some(byte)) => *byte ^= 0x80,
        (Damage::Zero, Some(byte)) => *byte = 0,
        (Damage::Newline, Some(byte)) => *byte = b'\n',
        (Damage::Digit, Some(byte)) if *byte == b'9' => *byte = b'1',
        (Damage::Digit, Some(byte)) => *byte = if byte.is_ascii_digit() { *byte + 1 } else { b'7' },
        (Damage::Truncated, Some(_)) => bytes.truncate(at),
        (Damage::Doubled, _) => bytes = bytes.repeat(2),
        (Damage::Empty, _) => bytes.clear(),
        _ => {}
    }
    fs::write(path, bytes)?;
    Ok(format!(" at byte {at}"))
}

/// Uses the other pod, uses the damaged one, deletes it.
fn judge(place: &Place, theirs: &BTreeSet<i32>, tally: &Tally) -> anyhow::Result<Vec<Violation>> {
    let mut violations = Vec::new();
    let others: Vec<Vec<&str>> =
        vec![verbs::get(), vec!["pod", "get", OTHER], vec!["pod", "exec", OTHER, "--", "true"], verbs::create("new")];
    for words in others {
        let ran = run(place, &words, tally, &mut violations)?;
        // A list that lacks the damaged one, or says what is wrong with it, has the others.
        let has_it = words == verbs::get() && look::pods(&ran)?.iter().any(|pod| pod.name == OTHER);
        if !ran.ok() && !has_it {
            let kind = format!("about another pod, {} fails", words[1]);
            violations.push(Violation::new(kind, ran.said()));
        }
    }
    let its: Vec<Vec<&str>> = vec![
        vec!["pod", "describe", POD],
        verbs::logs(POD, "ended"),
        verbs::add(POD, "more", &["sleep", "1000"]),
        vec!["pod", "exec", POD, "--", "true"],
    ];
    let before: BTreeSet<i32> = world::processes()?.into_iter().map(|process| process.pid).collect();
    for words in its {
        run(place, &words, tally, &mut violations)?;
    }
    let added = world::processes()?.into_iter().map(|process| process.pid).filter(|pid| !before.contains(pid));
    let theirs: BTreeSet<i32> = theirs.iter().copied().chain(added).collect();
    let delete = run(place, &verbs::delete(POD), tally, &mut violations)?;
    violations.extend(settled(|| Ok(of_the_deleted(&delete, &theirs, &world::processes()?)))?);
    let pods = look::pods(&run(place, &verbs::get(), tally, &mut violations)?)?;
    let other = pods.iter().find(|pod| pod.name == OTHER);
    if !other.is_some_and(|pod| pod.running && pod.workloads.iter().all(|workload| workload.running)) {
        violations.push(Violation::new("another pod is touched", format!("{pods:?}")));
    }
    if delete.ok() && place.state().join(POD).exists() {
        violations.push(Violation::new("says deleted, and its directory is there", delete.out));
    }
    Ok(violations)
}

/// Runs a command that has to end by itself and in one line, whatever it says.
fn run(place: &Place, words: &[&str], tally: &Tally, violations: &mut Vec<Violation>) -> anyhow::Result<Ran> {
    let ran = place.run(words)?;
    tally.tell(|| format!("{ran:#?}"));
    let verb = words[1];
    match ran.end {
        End::Exited(0) => {}
        End::Exited(_) => {
            let lines = promises::lines(&ran.err);
            if lines != 1 {
                violations.push(Violation::new(format!("{verb}: {lines} lines for one failure"), ran.said()));
            }
        }
        end => violations.push(Violation::new(format!("{verb}: {end:?}"), ran.said())),
    }
    if ran.err.contains("panicked") {
        violations.push(Violation::new(format!("{verb}: panic"), ran.said()));
    }
    Ok(ran)
}

/// What was deleted is gone; what could not be ended is named by its pid.
fn of_the_deleted(delete: &Ran, theirs: &BTreeSet<i32>, processes: &[Process]) -> Vec<Violation> {
    let left: Vec<_> = processes.iter().filter(|process| theirs.contains(&process.pid)).collect();
    let named = |process: &&&Process| {
        delete.err.split(|c: char| !c.is_ascii_digit()).any(|word| word == process.pid.to_string())
    };
    // Records that were made elsewhere, as it seems, are not taken for processes of here.
    let said =
        !delete.ok() && (left.iter().any(|process| named(&process)) || delete.err.contains("cannot tell whether"));
    if left.is_empty() || said {
        return Vec::new();
    }
    let kind = if delete.ok() { "says deleted, and its processes run" } else { "delete fails and names no process" };
    vec![Violation::new(kind, format!("{}; left: {left:?}", delete.said()))]
}
