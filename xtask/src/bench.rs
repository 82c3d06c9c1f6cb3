//! `cargo xtask bench`: runs the benches, and shows what they say in benches/results.
//!
//! The verdict is in the ratios alone: what was measured in turns in one run, on one machine.

mod chart;
mod growth;
mod machine;
mod page;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use benches::{Entry, Pair, SUBJECTS};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use xshell::{Shell, cmd};

use self::machine::Machine;
use crate::binaries::Libc;
use crate::cargo;

/// Measure beside the rivals
#[derive(clap::Args)]
pub(crate) struct Bench {
    /// Measure less, without criterion's report: some five minutes instead of half an hour
    #[arg(long)]
    quick: bool,
    /// Measure these subjects alone, with commas between: printed, and no page of it, which would lack the others
    #[arg(long, value_name = "SUBJECT", value_delimiter = ',', value_parser = SUBJECTS, conflicts_with_all = ["write", "from"])]
    only: Vec<String>,
    /// Exit with 1 where a ratio is worse than it is promised to be, and name its row
    #[arg(long)]
    check: bool,
    /// Put the chart and the table of what is promised into README.md
    #[arg(long)]
    write: bool,
    /// The C library of nsjoin and pod
    #[arg(long, value_enum, default_value = "best")]
    libc: Libc,
    /// Show an earlier run again, instead of measuring
    #[arg(long, value_name = "JSON", conflicts_with = "quick")]
    from: Option<PathBuf>,
}

const RESULTS: &str = "benches/results";

/// A run, as it is kept.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    /// The day, in UTC.
    date: String,
    /// Whether less was measured than could be.
    quick: bool,
    machine: Machine,
    entries: Vec<Entry>,
}

impl Run {
    pub(crate) fn pairs(&self) -> impl Iterator<Item = &Pair> {
        self.entries.iter().filter_map(|entry| if let Entry::Pair(pair) = entry { Some(pair) } else { None })
    }
}

impl Bench {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let (run, measured) = match &self.from {
            Some(path) => {
                let text = sh.read_file(path)?;
                (serde_json::from_str(&text).with_context(|| format!("{} is no run", path.display()))?, Ok(()))
            }
            None => self.measure(sh)?,
        };
        if self.only.is_empty() {
            show(sh, &run)?;
        }
        if self.write {
            page::into_readme(sh, &run)?;
        }
        // What did not fail is shown all the same.
        measured?;
        if self.check { check(&run) } else { Ok(()) }
    }

    /// Runs the benches; hands back what they said, and whether all of them came to their end.
    fn measure(&self, sh: &Shell) -> anyhow::Result<(Run, anyhow::Result<()>)> {
        let lines = cargo::target_directory(sh).join("bench").join("lines.json");
        sh.remove_path(&lines)?;
        sh.create_dir(lines.parent().context("a file without a directory")?)?;
        let _lines = sh.push_env("PODKIT_BENCH_LINES", &lines);
        let _effort = sh.push_env("PODKIT_BENCH_EFFORT", if self.quick { "quick" } else { "full" });
        let libc = self.libc.to_possible_value().context("a C library without a name")?;
        let _libc = sh.push_env("PODKIT_BENCH_LIBC", libc.get_name());
        let date = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
        let only = &self.only;
        let benches =
            cmd!(sh, "cargo bench --quiet --locked --package benches --bench compare -- {only...}").quiet().run();
        let entries: Result<Vec<Entry>, _> = sh.read_file(&lines)?.lines().map(serde_json::from_str).collect();
        let date = date.chars().take("2000-01-01".len()).collect();
        let run = Run { date, quick: self.quick, machine: Machine::this(sh)?, entries: entries? };
        Ok((run, benches.context("not every subject was measured")))
    }
}

/// Writes the run down, and the page and the charts that show it.
fn show(sh: &Shell, run: &Run) -> anyhow::Result<()> {
    let results = Path::new(RESULTS);
    sh.create_dir(results)?;
    let kept = results.join(format!("{}-{}.json", run.date, run.machine.slug()));
    sh.write_file(&kept, serde_json::to_string_pretty(run)? + "\n")?;
    let promised: Vec<_> = run.pairs().filter(|pair| pair.promise.is_some()).collect();
    chart::draw(&promised, "what is promised", &results.join("promised.svg"))?;
    for subject in page::subjects(run) {
        let path = results.join(format!("{subject}.svg"));
        if subject == growth::SUBJECT {
            growth::draw(run, &path)?;
            continue;
        }
        let pairs: Vec<_> = run.pairs().filter(|pair| pair.subject == subject).collect();
        chart::draw(&pairs, subject, &path)?;
    }
    let page = results.join("latest.md");
    sh.write_file(&page, page::of(run))?;
    println!("{} and {}", page.display(), kept.display());
    Ok(())
}

/// Whether everything that was measured is as it is promised to be: a line for each.
fn check(run: &Run) -> anyhow::Result<()> {
    let promised: Vec<_> = run.pairs().filter_map(|pair| Some((pair, pair.promise?))).collect();
    ensure!(!promised.is_empty(), "nothing was measured of which anything is promised");
    for (pair, at_most) in &promised {
        println!("{}", verdict(pair, *at_most));
    }
    match promised.iter().filter(|(pair, _)| pair.is_broken()).count() {
        0 => Ok(()),
        broken => bail!("{broken} of {} are not as they are promised to be", promised.len()),
    }
}

fn verdict(pair: &Pair, at_most: f64) -> String {
    let word = if pair.is_broken() { "BROKEN" } else { "kept" };
    let Pair { subject, measure, ours, theirs, .. } = pair;
    let [ratio, lowest, highest] = [pair.ratio, pair.lowest, pair.highest].map(page::digits);
    format!("{word:<6}  {subject}: {measure}, {ours} / {theirs}: {ratio} ({lowest} to {highest}), promised {at_most}")
}

#[cfg(test)]
mod tests {
    use benches::Unit;

    use super::*;

    #[test]
    fn a_verdict_is_a_line() {
        let pair = |ratio| Pair {
            subject: "join".to_owned(),
            measure: "join".to_owned(),
            ours: "nsjoin".to_owned(),
            theirs: "nsenter".to_owned(),
            unit: Unit::Time,
            n: 1,
            our_median: ratio,
            their_median: 1.0,
            ratio,
            lowest: ratio,
            highest: ratio,
            promise: Some(0.6),
        };
        let said = "join: join, nsjoin / nsenter: 0.64 (0.64 to 0.64), promised 0.6";
        assert_eq!(verdict(&pair(0.64), 0.6), format!("BROKEN  {said}"));
        assert_eq!(verdict(&pair(0.5), 0.6), format!("kept    {}", said.replace("0.64", "0.50")));
    }
}
