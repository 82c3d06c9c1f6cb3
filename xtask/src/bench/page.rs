//! The page that shows a run, and its part in README.md.

use anyhow::Context;
use benches::{Case, Entry, LeftOut, Pair, Promise, Rival};
use xshell::Shell;

use super::machine::Machine;
use super::{Run, growth};

/// Above the rows.
const HEADING: &str =
    "| | ours / theirs | ratio | in parts of the run | promised | medians | times |\n|---|---|---|---|---|---|---|";

/// How the note begins that says with which C library our programs were built.
const PROGRAMS: &str = "The C library of ";

/// How it is made again.
const REPRODUCE: &str = "\
```sh
tests/peers/install           # on Debian, as root: the rivals
cargo xtask bench             # this page; --quick for some five minutes of it, --check for the promises alone
PAUSE_RIVALS=/path/to/pause INIT_RIVALS=/path/to/init RUNTIME_RIVALS=/path/to/runtime cargo xtask bench
```
";

/// What to have in mind.
const CAVEATS: [&str; 4] = [
    "The ratio of medians is the result: both were measured in turns, one of each for each turn, in one run. Absolute times depend on the machine, and on what else it does.",
    "The spread is that of the ratio in five parts of the run; a promise is held to the whole of it.",
    "The first tenth of the turns warms the machine up, and is not counted.",
    "Rivals are the distribution's builds, as they are found on PATH, started without a registry and without a network to fetch from.",
];

/// The subjects of which there are pairs, in their order.
pub(crate) fn subjects(run: &Run) -> Vec<&str> {
    let mut subjects: Vec<&str> = run.pairs().map(|pair| pair.subject.as_str()).collect();
    subjects.dedup();
    subjects
}

/// The page.
pub(crate) fn of(run: &Run) -> String {
    let charts = subjects(run).into_iter().map(|subject| format!("![{subject}]({subject}.svg)\n"));
    let all: Vec<_> = run.pairs().collect();
    [
        "# How fast\n".to_owned(),
        about(run),
        "![what is promised](promised.svg)\n".to_owned(),
        "## The ratios\n".to_owned(),
        table(&all),
        unmeasured(run),
        charts.collect::<Vec<_>>().join("\n"),
        growth::table(run)
            .map(|table| format!("## How many\n\nHow long one more takes.\n\n{table}"))
            .unwrap_or_default(),
        "## What each took\n".to_owned(),
        "Never the verdict.\n".to_owned(),
        cases(run),
        "## The rivals\n".to_owned(),
        rivals(run),
        "## To have in mind\n".to_owned(),
        caveats(run),
        "## Once more\n".to_owned(),
        REPRODUCE.to_owned(),
    ]
    .join("\n")
}

/// Puts the chart and what is promised between their marks in README.md.
pub(crate) fn into_readme(sh: &Shell, run: &Run) -> anyhow::Result<()> {
    const BEGIN: &str = "<!-- cargo xtask bench --write -->\n";
    const END: &str = "<!-- end -->\n";
    let text = sh.read_file("README.md")?;
    let (before, rest) = text.split_once(BEGIN).context("README.md has no mark for the benches")?;
    let (_, after) = rest.split_once(END).context("README.md has no end of the benches")?;
    let promised: Vec<_> = run.pairs().filter(|pair| pair.promise.is_some()).collect();
    let chart = "![what is promised, and what was measured](benches/results/promised.svg)\n";
    let (about, table) = (about(run), table(&promised));
    sh.write_file("README.md", format!("{before}{BEGIN}{about}\n{chart}\n{table}{END}{after}"))?;
    Ok(())
}

fn about(run: &Run) -> String {
    let machine = &run.machine;
    let gigabytes = (machine.memory_kb + (1 << 19)) >> 20;
    let commit = machine.commit.as_ref().map(|commit| format!(", at {commit}")).unwrap_or_default();
    let quick = if run.quick { " A quick run: fewer turns than could be." } else { "" };
    let Machine { cpu, cores, kernel, compiler, .. } = machine;
    let programs =
        notes(run).find(|text| text.starts_with(PROGRAMS)).map(|text| format!(" {text}.")).unwrap_or_default();
    format!(
        "Measured on {}: {cpu}, {cores} cores, {gigabytes} GB, {kernel}, {compiler}{commit}.{programs}{quick}\n",
        run.date
    )
}

fn table(pairs: &[&Pair]) -> String {
    let rows: String = pairs.iter().map(|pair| row(pair) + "\n").collect();
    format!("{HEADING}\n{rows}")
}

/// A pair, as a row of the table.
fn row(pair: &Pair) -> String {
    let promise = match pair.promise {
        Some(at_most) if pair.is_broken() => format!("**{at_most}, broken**"),
        Some(at_most) => at_most.to_string(),
        None => String::new(),
    };
    let (ours, theirs) = (pair.unit.say(pair.our_median), pair.unit.say(pair.their_median));
    let [ratio, lowest, highest] = [pair.ratio, pair.lowest, pair.highest].map(digits);
    format!(
        "| {}: {} | {} / {} | {ratio} | {lowest} to {highest} | {promise} | {ours} / {theirs} | {} |",
        pair.subject, pair.measure, pair.ours, pair.theirs, pair.n
    )
}

/// With as many digits as tell something.
pub(crate) fn digits(ratio: f64) -> String {
    match ratio {
        0.0 => "0".to_owned(),
        small if small < 0.01 => format!("{small:.4}"),
        small if small < 0.1 => format!("{small:.3}"),
        usual if usual < 10.0 => format!("{usual:.2}"),
        large => format!("{large:.0}"),
    }
}

/// What is promised of those of whom one is not here.
fn unmeasured(run: &Run) -> String {
    let measured = |promise: &Promise| {
        run.pairs().any(|pair| {
            [promise.subject, promise.measure, promise.ours, promise.theirs]
                == [&pair.subject, &pair.measure, &pair.ours, &pair.theirs].map(String::as_str)
        })
    };
    let missing = benches::PROMISES.iter().filter(|promise| !measured(promise));
    let lines = missing.map(|promise| {
        let Promise { subject, measure, ours, theirs, at_most } = promise;
        format!("- Promised and not measured: {subject}: {measure}, {ours} / {theirs}, {at_most}\n")
    });
    lines.collect()
}

fn cases(run: &Run) -> String {
    let mut text = "| | case | median | 99 % within | times |\n|---|---|---|---|---|\n".to_owned();
    for entry in &run.entries {
        if let Entry::Case(Case { subject, measure, case, unit, n, median, p99 }) = entry {
            let (median, p99) = (unit.say(*median), unit.say(*p99));
            text += &format!("| {subject}: {measure} | {case} | {median} | {p99} | {n} |\n");
        }
    }
    text
}

fn rivals(run: &Run) -> String {
    let line = |entry: &Entry| match entry {
        Entry::Rival(Rival { name, version }) => Some(format!("- {name}: {version}\n")),
        Entry::LeftOut(LeftOut { subject, case, reason }) => Some(format!("- left out: {subject}, {case}: {reason}\n")),
        Entry::Case(_) | Entry::Pair(_) | Entry::Note { .. } => None,
    };
    run.entries.iter().filter_map(line).collect()
}

fn notes(run: &Run) -> impl Iterator<Item = &str> {
    run.entries.iter().filter_map(|entry| if let Entry::Note { text } = entry { Some(text.as_str()) } else { None })
}

fn caveats(run: &Run) -> String {
    CAVEATS
        .into_iter()
        .chain(notes(run).filter(|text| !text.starts_with(PROGRAMS)))
        .map(|text| format!("- {text}\n"))
        .collect()
}
