//! What was tried and what was found: a bar on a terminal and lines otherwise, and a table in the end.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tabwriter::TabWriter;

use crate::promises::Violation;

/// What has been tried until now.
#[derive(Debug)]
pub(crate) struct Tally {
    /// Whether one point was asked for, and all that is seen there is to be told.
    telling: bool,
    /// What repeats a point but for subject, verb and point.
    options: String,
    rows: Vec<Row>,
    figures: Vec<(String, String)>,
    bar: ProgressBar,
}

/// One verb of one subject.
#[derive(Debug)]
struct Row {
    subject: &'static str,
    verb: String,
    tried: u64,
    /// Points at which something was found.
    flagged: u64,
    kinds: BTreeMap<String, Found>,
    began: Instant,
    seconds: f64,
    cut_short: bool,
}

/// A kind of violation.
#[derive(Debug)]
struct Found {
    times: u64,
    /// What shows the first one again, where it was, and what was seen there.
    repeat: String,
    place: String,
    seen: String,
}

impl Tally {
    /// With the options that everything is repeated by.
    pub(crate) fn new(options: String, telling: bool) -> Self {
        Self { telling, options, rows: Vec::new(), figures: Vec::new(), bar: ProgressBar::hidden() }
    }

    /// A verb begins, of which so many points are expected.
    pub(crate) fn begin(&mut self, subject: &'static str, verb: &str, expected: u64) {
        let verb = verb.to_owned();
        if std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{prefix:28} {bar:30} {pos}/{len} {msg} [{elapsed}, {eta} left]");
            self.bar = ProgressBar::with_draw_target(Some(expected), ProgressDrawTarget::stderr());
            self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.bar.set_prefix(format!("{subject} {verb}"));
        }
        let kinds = BTreeMap::new();
        self.rows.push(Row {
            subject,
            verb,
            tried: 0,
            flagged: 0,
            kinds,
            began: Instant::now(),
            seconds: 0.0,
            cut_short: false,
        });
    }

    /// A point was tried: how to name it, where it was, and what was found.
    pub(crate) fn tried(&mut self, subject: &str, verb: &str, at: &str, place: &str, violations: Vec<Violation>) {
        let repeat = format!("cargo xtask faults {subject} --verb {verb} --at {at}{}", self.options);
        self.bar.inc(1);
        let Some(row) = self.rows.last_mut() else { return };
        row.tried += 1;
        row.flagged += u64::from(!violations.is_empty());
        for Violation { kind, seen } in violations {
            row.kinds.entry(kind).and_modify(|found| found.times += 1).or_insert_with(|| Found {
                times: 1,
                repeat: repeat.clone(),
                place: place.to_owned(),
                seen,
            });
        }
        self.bar.set_message(format!("{} flagged", row.flagged));
    }

    /// How far the one point is that takes long.
    pub(crate) fn show_progress(&self, done: u64, of: u64) {
        self.bar.set_length(of);
        self.bar.set_position(done);
    }

    /// Tells what was seen at a point that was asked for.
    pub(crate) fn tell(&self, what: impl FnOnce() -> String) {
        if self.telling {
            self.bar.suspend(|| eprintln!("{}", what()));
        }
    }

    /// Not everything of this verb was tried: its time was over.
    pub(crate) fn cut_short(&mut self) {
        if let Some(row) = self.rows.last_mut() {
            row.cut_short = true;
        }
    }

    /// The verb has ended.
    pub(crate) fn finish(&mut self) {
        self.bar.finish_and_clear();
        self.bar = ProgressBar::hidden();
        if let Some(row) = self.rows.last_mut() {
            row.seconds = row.began.elapsed().as_secs_f64();
            eprintln!(
                "{} {}: {} points, {} flagged, {:.1} s{}",
                row.subject,
                row.verb,
                row.tried,
                row.flagged,
                row.seconds,
                if row.cut_short { ", cut short" } else { "" }
            );
            for (kind, found) in &row.kinds {
                eprintln!("  {} times {kind}: {}", found.times, found.repeat);
            }
        }
    }

    /// Something that was measured.
    pub(crate) fn figure(&mut self, what: impl Into<String>, value: impl Into<String>) {
        let (what, value) = (what.into(), value.into());
        eprintln!("  {what}: {value}");
        self.figures.push((what, value));
    }

    /// Whether every promise was kept.
    pub(crate) fn is_clean(&self) -> bool {
        self.rows.iter().all(|row| row.flagged == 0)
    }

    /// Whether anything was tried.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.iter().all(|row| row.tried == 0)
    }

    /// Shows all of it.
    pub(crate) fn show(&self, to: impl Write) -> std::io::Result<()> {
        let mut table = TabWriter::new(to);
        writeln!(table, "SUBJECT\tVERB\tPOINTS\tFLAGGED\tSECONDS")?;
        for row in &self.rows {
            let mark = if row.cut_short { " (cut short)" } else { "" };
            let Row { subject, verb, tried, flagged, seconds, .. } = row;
            writeln!(table, "{subject}\t{verb}\t{tried}{mark}\t{flagged}\t{seconds:.1}")?;
        }
        let (tried, flagged) =
            self.rows.iter().fold((0, 0), |(tried, flagged), row| (tried + row.tried, flagged + row.flagged));
        writeln!(table, "all\t\t{tried}\t{flagged}\t")?;
        for (what, value) in &self.figures {
            writeln!(table, "{what}:\t{value}")?;
        }
        table.flush()?;
        let mut to = table.into_inner().map_err(|error| std::io::Error::other(error.to_string()))?;
        for row in &self.rows {
            for (kind, found) in &row.kinds {
                writeln!(
                    to,
                    "\n{} {}: {kind}: {} times, first at {}",
                    row.subject, row.verb, found.times, found.place
                )?;
                writeln!(to, "  {}", found.seen)?;
                writeln!(to, "  {}", found.repeat)?;
            }
        }
        to.flush()
    }
}
