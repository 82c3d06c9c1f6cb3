//! `soak`: ten thousand of everything, and what there is before and afterwards.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::cli::Options;
use crate::look::{self, settled};
use crate::place::{End, Place};
use crate::promises::{self, Violation};
use crate::tally::Tally;
use crate::verbs::{self, POD, WORKLOAD};
use crate::world::{self, Role};

const SUBJECT: &str = "soak";
/// How long `pod get` of a thousand pods may take, and how much of that of a hundred.
const LONGEST_GET: Duration = Duration::from_millis(60);
const STEEPEST_GET: f64 = 13.0;
/// How much a process that serves for long may grow, in kB: what an allocator keeps.
const GROWTH: u64 = 1024;

/// A part of the soak.
type Part = fn(&Place, &Options, &mut Tally) -> anyhow::Result<Vec<Violation>>;

/// Uses everything for long.
pub(crate) fn soak(place: &Place, options: &Options, tally: &mut Tally) -> anyhow::Result<()> {
    let parts: [(&str, Part); 4] =
        [("pods", pods), ("workloads", workloads), ("orphans", orphans), ("thousand", thousand)];
    for (name, part) in parts.into_iter().filter(|(name, _)| options.wants(name)) {
        place.clear()?;
        let before = look::around(place, &[])?;
        let namespaces = world::namespaces()?;
        tally.begin(SUBJECT, name, 1);
        let slab = slab()?;
        let mut violations = part(place, options, tally).with_context(|| format!("soak {name}"))?;
        violations.extend(settled(|| {
            let mut left = promises::nothing_is_left(&before, &look::around(place, &[])?);
            let now = world::namespaces()?;
            if now > namespaces {
                left.push(Violation::new("a namespace is left", format!("{now} instead of {namespaces}")));
            }
            Ok(left)
        })?);
        tally.figure(format!("{name}: slab that cannot be reclaimed"), format!("{slab} kB to {} kB", self::slab()?));
        tally.tried(SUBJECT, name, "0", "the whole", violations);
        tally.finish();
    }
    place.clear()
}

/// Runs something many times; how long one took in the first and in the last hundredth, and how many failed.
fn times(
    count: u64,
    tally: &Tally,
    mut once: impl FnMut(u64) -> anyhow::Result<Option<String>>,
) -> anyhow::Result<Times> {
    let part = (count / 100).max(1);
    let (mut first, mut last, mut failures) = (Duration::ZERO, Duration::ZERO, Vec::new());
    for number in 0..count {
        let began = Instant::now();
        failures.extend(once(number)?);
        let took = began.elapsed();
        first += if number < part { took } else { Duration::ZERO };
        last += if number >= count - part { took } else { Duration::ZERO };
        tally.show_progress(number, count);
    }
    let parts = u32::try_from(part)?;
    Ok(Times { first: first / parts, last: last / parts, failures })
}

struct Times {
    first: Duration,
    last: Duration,
    failures: Vec<String>,
}

impl Times {
    fn told(&self) -> String {
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        format!("{:.2} ms each at first, {:.2} ms at last", milliseconds(self.first), milliseconds(self.last))
    }

    fn violations(self) -> Vec<Violation> {
        self.failures.into_iter().map(|said| Violation::new("fails", said)).collect()
    }
}

/// Pods come and go.
fn pods(place: &Place, options: &Options, tally: &mut Tally) -> anyhow::Result<Vec<Violation>> {
    let count = options.scaled(10_000, 100);
    let times = times(count, tally, |_| {
        for words in [verbs::create(POD), verbs::delete(POD)] {
            let ran = place.run(&words)?;
            if !ran.ok() {
                return Ok(Some(format!("{}: {:?}: {}", ran.words, ran.end, ran.said())));
            }
        }
        Ok(None)
    })?;
    tally.figure(format!("{count} times create and delete"), times.told());
    Ok(times.violations())
}

/// Workloads come and go in a pod that stays.
fn workloads(place: &Place, options: &Options, tally: &mut Tally) -> anyhow::Result<Vec<Violation>> {
    let count = options.scaled(10_000, 100);
    place.must(&[verbs::create(POD), vec!["-p", "127.0.0.1:0:80"]].concat())?;
    // The first one starts what serves them.
    place.must(&verbs::add(POD, WORKLOAD, &["true"]))?;
    let before = servants()?;
    let times = times(count, tally, |_| {
        let words = verbs::add(POD, WORKLOAD, &["sh", "-c", "echo hello"]);
        // The one before may not be seen to have ended yet.
        let deadline = Instant::now() + look::SETTLING;
        loop {
            let ran = place.run(&words)?;
            if ran.ok() {
                return Ok(None);
            }
            if !ran.err.contains("already") && !ran.err.contains("runs") || Instant::now() > deadline {
                return Ok(Some(format!("{:?}: {}", ran.end, ran.said())));
            }
        }
    })?;
    tally.figure(format!("{count} workloads"), times.told());
    let mut violations = times.violations();
    violations.extend(grown(&before, tally)?);
    place.must(&verbs::delete(POD))?;
    Ok(violations)
}

/// A process that serves a pod: what it is, its memory in kB, its descriptors.
#[derive(Debug)]
struct Servant {
    pid: i32,
    role: Role,
    resident: u64,
    shared: u64,
    descriptors: usize,
}

/// Those that run now.
fn servants() -> anyhow::Result<Vec<Servant>> {
    let serving = world::processes()?.into_iter().filter(|process| process.role != Role::Other);
    serving
        .map(|process| {
            let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", process.pid))?;
            Ok(Servant {
                resident: kilobytes(&rollup, "Rss:")?,
                shared: kilobytes(&rollup, "Pss:")?,
                descriptors: fs::read_dir(format!("/proc/{}/fd", process.pid))?.count(),
                pid: process.pid,
                role: process.role,
            })
        })
        .collect()
}

fn kilobytes(text: &str, key: &str) -> anyhow::Result<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key)).with_context(|| format!("no {key}"))?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

fn slab() -> anyhow::Result<u64> {
    kilobytes(&fs::read_to_string("/proc/meminfo")?, "SUnreclaim:")
}

/// They are the same processes, with as many descriptors, and have not grown.
fn grown(before: &[Servant], tally: &mut Tally) -> anyhow::Result<Vec<Violation>> {
    let mut violations = Vec::new();
    let mut after = Vec::new();
    settled(|| {
        after = servants()?;
        let same = before.iter().zip(&after).all(|(before, after)| before.descriptors == after.descriptors);
        Ok(if same { Vec::new() } else { vec![Violation::new("not yet", String::new())] })
    })?;
    for one in before {
        let Some(now) = after.iter().find(|now| now.pid == one.pid) else {
            violations.push(Violation::new("a servant has ended", format!("{one:?}")));
            continue;
        };
        let told = |servant: &Servant| {
            format!("RSS {} PSS {} kB, {} descriptors", servant.resident, servant.shared, servant.descriptors)
        };
        tally.figure(format!("{:?}", one.role), format!("{}; then {}", told(one), told(now)));
        if now.descriptors != one.descriptors || now.resident > one.resident + GROWTH {
            violations.push(Violation::new(format!("{:?} has grown", one.role), format!("{one:?} {now:?}")));
        }
    }
    if after.len() != before.len() {
        violations.push(Violation::new("servants have come or gone", format!("{after:?}")));
    }
    Ok(violations)
}

/// Orphans come to pause, and go.
fn orphans(place: &Place, options: &Options, tally: &mut Tally) -> anyhow::Result<Vec<Violation>> {
    let count = options.scaled(1_000_000, 2_000).to_string();
    place.must(&verbs::create(POD))?;
    let before = servants()?;
    let began = Instant::now();
    let words = ["pod", "exec", POD, "--", "faults", "orphans", &count];
    let ran = place.run_for(&words, Duration::from_secs(1800))?;
    ensure!(ran.end == End::Exited(0), "{}: {:?}: {}", ran.words, ran.end, ran.said());
    tally.figure(format!("{count} orphans"), format!("{:.1} s", began.elapsed().as_secs_f64()));
    let mut violations = grown(&before, tally)?;
    violations.extend(settled(|| {
        let zombies = zombies()?;
        Ok(if zombies == 0 { Vec::new() } else { vec![Violation::new("zombies are left", zombies.to_string())] })
    })?);
    place.must(&verbs::delete(POD))?;
    Ok(violations)
}

fn zombies() -> anyhow::Result<usize> {
    let states = fs::read_dir("/proc")?.flatten().map(|entry| fs::read_to_string(entry.path().join("stat")));
    Ok(states.flatten().filter(|stat| stat.contains(") Z ")).count())
}

/// A thousand pods, and how long it takes to list them.
fn thousand(place: &Place, options: &Options, tally: &mut Tally) -> anyhow::Result<Vec<Violation>> {
    let (few, many) = (options.scaled(100, 10), options.scaled(1000, 50));
    let names: Vec<String> = (0..many).map(|number| format!("pod-{number}")).collect();
    let mut listed = Vec::new();
    let available = kilobytes(&fs::read_to_string("/proc/meminfo")?, "MemAvailable:")?;
    let began = Instant::now();
    for (made, name) in (1..).zip(&names) {
        place.must(&verbs::create(name))?;
        tally.show_progress(made, many);
        if made == few || made == many {
            listed.push(fastest(place)?);
        }
    }
    tally.figure(format!("{many} pods"), format!("made in {:.1} s", began.elapsed().as_secs_f64()));
    let now = kilobytes(&fs::read_to_string("/proc/meminfo")?, "MemAvailable:")?;
    tally.figure("memory of a pod", format!("{} kB", available.saturating_sub(now) / many));
    let milliseconds: Vec<f64> = listed.iter().map(|get| get.took.as_secs_f64() * 1e3).collect();
    let [short, long] = milliseconds[..] else { return Ok(Vec::new()) };
    tally.figure("pod get", format!("{short:.2} ms of {few} pods, {long:.2} ms of {many}"));
    let busy = listed.iter().map(|get| format!("{:.2} ms", get.busy.as_secs_f64() * 1e3)).collect::<Vec<_>>();
    tally.figure("processor time of pod get", busy.join(", "));
    let mut violations = Vec::new();
    if !options.short && (long > LONGEST_GET.as_secs_f64() * 1e3 || long > short * STEEPEST_GET) {
        violations.push(Violation::new("pod get is slow", format!("{short:.2} ms, {long:.2} ms")));
    }
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    let began = Instant::now();
    let ran = place.run_for(&[&["pod", "delete", "--now"], &all[..]].concat(), Duration::from_secs(300))?;
    ensure!(ran.ok(), "delete of all: {:?}: {}", ran.end, ran.said());
    tally.figure("delete of all in one command", format!("{:.1} s", began.elapsed().as_secs_f64()));
    Ok(violations)
}

/// How long a command took, and how much of that a processor was busy with it.
struct Spent {
    took: Duration,
    busy: Duration,
}

/// The least of several: on a machine that does other things, too, the others say more of those.
fn fastest(place: &Place) -> anyhow::Result<Spent> {
    let mut best = Spent { took: Duration::MAX, busy: Duration::MAX };
    for _ in 0..9 {
        let before = busy_with_children()?;
        let took = place.must(&["pod", "get"])?.took;
        best = Spent { took: best.took.min(took), busy: best.busy.min(busy_with_children()?.saturating_sub(before)) };
    }
    Ok(best)
}

/// How long processors have been busy with children of ours that have ended.
fn busy_with_children() -> anyhow::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let [user, system] = [usage.user_time(), usage.system_time()].map(|time| time.num_microseconds());
    Ok(Duration::from_micros(u64::try_from(user + system)?))
}
