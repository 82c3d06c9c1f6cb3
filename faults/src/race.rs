//! `race`: everybody at once, on few names. One wins, the others are told clearly; what was created
//! and not deleted is there, and in the end nothing is left.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::cli::Options;
use crate::look::{self, settled};
use crate::place::{End, Place, Ran};
use crate::promises::{self, Violation};
use crate::tally::Tally;
use crate::verbs;

const SUBJECT: &str = "race";
/// The names that everybody is after.
const NAMES: [&str; 3] = ["one", "two", "three"];
/// How many are at it at once.
const CREW: u64 = 12;

/// Refusals that say what is the matter to whoever lost: to a verb, what may be said.
const REFUSALS: &[(&str, &[&str])] = &[
    ("create", &["already", "in use", "another command is at work on pod", "publish"]),
    ("delete", &["no pod"]),
    ("add", &["no pod", "already", "being launched", "being deleted"]),
    ("exec", &["no pod", "being deleted"]),
    ("get", &["no pod"]),
    ("describe", &["no pod"]),
    ("logs", &["no pod", "no workload"]),
];

/// A part of the race.
type Part = fn(&Place, &Options, &mut Tally) -> anyhow::Result<()>;

/// Lets everybody loose.
pub(crate) fn race(place: &Place, options: &Options, tally: &mut Tally) -> anyhow::Result<()> {
    let parts: [(&str, Part); 4] = [("winner", winner), ("many", many), ("seen", seen), ("verbs", verbs_of_all)];
    for (name, part) in parts.into_iter().filter(|(name, _)| options.wants(name)) {
        place.clear()?;
        let before = look::around(place, &[])?;
        tally.begin(SUBJECT, name, 0);
        part(place, options, tally).with_context(|| format!("race {name}"))?;
        let left = settled(|| Ok(promises::nothing_is_left(&before, &look::around(place, &[])?)))?;
        tally.tried(SUBJECT, name, "0", "its end", left);
        tally.finish();
    }
    place.clear()
}

/// Starts all of these at once, and waits for them.
fn at_once(place: &Place, commands: &[Vec<&str>]) -> anyhow::Result<Vec<Ran>> {
    let ran: Mutex<Vec<anyhow::Result<Ran>>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for words in commands {
            scope.spawn(|| {
                let one = place.run(words);
                ran.lock().unwrap_or_else(PoisonError::into_inner).push(one);
            });
        }
    });
    ran.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().collect()
}

/// Of those who create one name one wins, and of those who delete it one.
fn winner(place: &Place, options: &Options, tally: &mut Tally) -> anyhow::Result<()> {
    for round in 0..options.scaled(20, 4) {
        let crowd = 50;
        for (verb, words) in [("create", verbs::create("one")), ("delete", verbs::delete("one"))] {
            let ran = at_once(place, &vec![words; crowd])?;
            let mut violations: Vec<_> = ran.iter().flat_map(|ran| of_a_refusal(verb, ran)).collect();
            let winners = ran.iter().filter(|ran| ran.ok()).count();
            if winners != 1 {
                violations.push(Violation::new(format!("{verb}: {winners} winners"), String::new()));
            }
            tally.tried(SUBJECT, "winner", &round.to_string(), verb, violations);
        }
    }
    Ok(())
}

/// Those who want different things all get them.
fn many(place: &Place, options: &Options, tally: &mut Tally) -> anyhow::Result<()> {
    let names: Vec<String> = (0..options.scaled(200, 30)).map(|number| format!("pod-{number}")).collect();
    let steps: [(&str, Vec<Vec<&str>>); 3] = [
        ("create", names.iter().map(|name| [verbs::create(name), vec!["-p", "127.0.0.1:0:80"]].concat()).collect()),
        ("add", names.iter().map(|name| verbs::add(name, "w", &["sleep", "1000"])).collect()),
        ("delete", names.iter().map(|name| verbs::delete(name)).collect()),
    ];
    for (verb, commands) in steps {
        let began = Instant::now();
        let ran = at_once(place, &commands)?;
        let failed = ran.iter().filter(|ran| !ran.ok());
        let violations =
            failed.map(|ran| Violation::new(format!("{verb} of a name of its own fails"), ran.said())).collect();
        tally.tried(SUBJECT, "many", "0", verb, violations);
        tally.figure(
            format!("{} times {verb} at once", commands.len()),
            format!("{:.2} s", began.elapsed().as_secs_f64()),
        );
    }
    Ok(())
}

/// Whoever looks while others come and go sees whole pods.
fn seen(place: &Place, options: &Options, tally: &mut Tally) -> anyhow::Result<()> {
    let time = options.time.unwrap_or(Duration::from_secs(options.scaled(8, 2)));
    let deadline = Instant::now() + time;
    let found = Mutex::new(Vec::new());
    let looks = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for name in NAMES {
            scope.spawn(|| {
                while Instant::now() < deadline {
                    for words in [verbs::create(name), verbs::add(name, "w", &["true"]), verbs::delete(name)] {
                        note(&found, place.run(&words).map(|ran| must(&ran)));
                    }
                }
            });
        }
        scope.spawn(|| {
            while Instant::now() < deadline {
                for words in [vec!["pod", "get"], verbs::get()] {
                    looks.fetch_add(1, Ordering::Relaxed);
                    note(&found, place.run(&words).map(|ran| must(&ran)));
                }
            }
        });
    });
    let violations = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    tally.figure("looks at pods that came and went", looks.into_inner().to_string());
    tally.tried(SUBJECT, "seen", "0", "the whole", violations);
    Ok(())
}

fn must(ran: &Ran) -> Vec<Violation> {
    if ran.ok() {
        Vec::new()
    } else {
        vec![Violation::new(format!("fails beside others: {}", general(&ran.words)), ran.said())]
    }
}

fn note(found: &Mutex<Vec<Violation>>, violations: anyhow::Result<Vec<Violation>>) {
    let violations = violations.unwrap_or_else(|error| vec![Violation::new("cannot be run", format!("{error:#}"))]);
    found.lock().unwrap_or_else(PoisonError::into_inner).extend(violations);
}

/// Everybody does anything to few names: what was created more often than it was deleted is there in the end.
fn verbs_of_all(place: &Place, options: &Options, tally: &mut Tally) -> anyhow::Result<()> {
    let time = options.time.unwrap_or(Duration::from_secs(options.scaled(60, 6)));
    let deadline = Instant::now() + time;
    let found = Mutex::new(Vec::new());
    let count = AtomicU64::new(0);
    // How often each name was created less how often it was deleted.
    let there: Mutex<BTreeMap<&str, i64>> = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for member in 0..CREW {
            let mut dice = options.dice(&format!("member {member}"));
            let (found, count, there) = (&found, &count, &there);
            scope.spawn(move || {
                while Instant::now() < deadline {
                    let name = NAMES[dice.usize(..NAMES.len())];
                    let (verb, words) = any_verb(&mut dice, name);
                    count.fetch_add(1, Ordering::Relaxed);
                    let ran = place.run(&words);
                    if ran.as_ref().is_ok_and(Ran::ok) {
                        let change = match verb {
                            "create" => 1,
                            "delete" => -1,
                            _ => 0,
                        };
                        *there.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default() += change;
                    }
                    note(found, ran.map(|ran| of_a_refusal(verb, &ran)));
                }
            });
        }
    });
    tally.figure("commands of everybody on three names", count.into_inner().to_string());
    let mut violations = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    let pods = look::pods(&place.must(&verbs::get())?)?;
    for (name, balance) in there.into_inner().unwrap_or_else(PoisonError::into_inner) {
        let listed = i64::from(pods.iter().any(|pod| pod.name == name));
        // A delete with grace that another one overtakes has come true, too: both say so.
        if listed < balance {
            violations
                .push(Violation::new("created, not deleted, and not there", format!("{name}: {balance}, {listed}")));
        }
    }
    for pod in &pods {
        place.must(&verbs::delete(&pod.name))?;
    }
    tally.tried(SUBJECT, "verbs", "0", "the whole", violations);
    Ok(())
}

fn any_verb<'a>(dice: &mut fastrand::Rng, name: &'a str) -> (&'static str, Vec<&'a str>) {
    match dice.usize(..10) {
        0 => ("create", verbs::create(name)),
        1 => ("create", [verbs::create(name), vec!["-p", "127.0.0.1:7001:80"]].concat()),
        2 => ("delete", vec!["pod", "delete", name, "--grace-period", "1"]),
        3 => ("delete", verbs::delete(name)),
        4 => ("add", verbs::add(name, "w", &["sleep", "0.01"])),
        5 => ("add", verbs::add(name, "v", &["sleep", "5"])),
        6 => ("exec", vec!["pod", "exec", name, "--", "true"]),
        7 => ("get", vec!["pod", "get", name]),
        8 => ("describe", vec!["pod", "describe", name]),
        _ => ("logs", verbs::logs(name, "w")),
    }
}

/// Who is refused is told so in one line, which says the matter.
fn of_a_refusal(verb: &str, ran: &Ran) -> Vec<Violation> {
    if ran.ok() {
        return Vec::new();
    }
    let clear =
        REFUSALS.iter().any(|(refuses, says)| *refuses == verb && says.iter().any(|says| ran.err.contains(says)));
    // What runs in a pod that is deleted is killed with it, and exec ends as that did.
    if verb == "exec" && ran.end == End::Signaled(libc::SIGKILL) {
        return Vec::new();
    }
    if ran.end == End::Exited(125) && promises::lines(&ran.err) == 1 && clear {
        return Vec::new();
    }
    let end = if ran.end == End::Exited(125) { String::new() } else { format!("{:?}: ", ran.end) };
    vec![Violation::new(format!("{verb} is not refused clearly: {end}{}", general(&ran.said())), ran.words.clone())]
}

/// A text with its numbers and names taken out, to be counted by.
fn general(text: &str) -> String {
    let mut general = String::new();
    for word in text.split(' ') {
        let name = word.trim_matches(|c: char| !c.is_alphanumeric());
        let particular = NAMES.contains(&name) || word.contains('/') || name.chars().any(|c| c.is_ascii_digit());
        general.push_str(if particular { "…" } else { word });
        general.push(' ');
    }
    general.trim_end().chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: i32, err: &str) -> Ran {
        let took = Duration::ZERO;
        Ran { words: String::new(), end: End::Exited(code), out: String::new(), err: err.to_owned(), took }
    }

    #[test]
    fn a_refusal_says_the_matter_in_one_line() {
        assert!(of_a_refusal("delete", &refused(125, "pod: no pod named one\n")).is_empty());
        assert!(of_a_refusal("delete", &refused(125, "pod: no pod named one\nhint: look\n")).is_empty());
        for (code, err) in [(125, "pod: Broken pipe\n"), (125, "no pod\nno pod\n"), (1, "no pod\n")] {
            assert_eq!(of_a_refusal("delete", &refused(code, err)).len(), 1, "{code} {err}");
        }
    }

    #[test]
    fn violations_of_one_kind_are_counted_together() {
        assert_eq!(general("cannot open /run/pod/one: pid 17"), general("cannot open /run/pod/two: pid 18"));
    }
}
