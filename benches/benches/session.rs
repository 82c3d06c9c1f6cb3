//! A run of the benches: how much is to be measured, and where it is written what was seen.

use std::collections::HashSet;
use std::env;
use std::fs::File;
use std::io::Write;
use std::time::Duration;

use benches::{Entry, LeftOut, Rival};
use criterion::{Criterion, SamplingMode};
use indicatif::{ProgressBar, ProgressStyle};

/// The file to which each entry is written, as a line of JSON.
const LINES: &str = "PODKIT_BENCH_LINES";
/// `quick`, or not set.
const EFFORT: &str = "PODKIT_BENCH_EFFORT";

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// To see whether something has changed: some five minutes.
    Quick,
    /// To be shown: half an hour, with criterion's report.
    Full,
}

/// A run.
pub(crate) struct Session {
    effort: Effort,
    lines: Option<File>,
    criterion: Criterion,
    /// What criterion has been shown.
    shown: HashSet<String>,
}

impl Session {
    /// As the environment says.
    ///
    /// # Panics
    /// When the file that is named cannot be written.
    pub(crate) fn of_the_environment() -> Self {
        let effort = match env::var(EFFORT).as_deref() {
            Ok("quick") => Effort::Quick,
            _ => Effort::Full,
        };
        let open = |path| File::options().create(true).append(true).open(path).expect(LINES);
        let criterion = Criterion::default().configure_from_args();
        Self { effort, lines: env::var_os(LINES).map(open), criterion, shown: HashSet::new() }
    }

    /// So many rounds, or fewer where it has to be quick.
    pub(crate) fn rounds(&self, full: usize) -> usize {
        match self.effort {
            Effort::Quick => full.div_ceil(5),
            Effort::Full => full,
        }
    }

    /// Whether it has to be quick.
    pub(crate) fn is_quick(&self) -> bool {
        self.effort == Effort::Quick
    }

    /// A bar for so many steps, where there is a terminal.
    pub(crate) fn bar(&self, subject: &str, steps: usize) -> ProgressBar {
        let style = ProgressStyle::with_template("{prefix:>10} {wide_bar} {pos:>6}/{len} {msg:<20} {eta:>4}");
        let bar = ProgressBar::new(u64::try_from(steps).unwrap_or(u64::MAX)).with_prefix(subject.to_owned());
        if let Ok(style) = style { bar.with_style(style) } else { bar }
    }

    /// Shows a case to criterion, where there is time for its report; once, however many are beside it.
    pub(crate) fn show(&mut self, subject: &str, case: &str, mut run: impl FnMut() -> Duration) {
        if self.effort == Effort::Quick || !self.shown.insert(format!("{subject}/{case}")) {
            return;
        }
        let mut group = self.criterion.benchmark_group(subject);
        group.sample_size(10).sampling_mode(SamplingMode::Flat);
        group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(800));
        group.bench_function(case, |bencher| bencher.iter_custom(|rounds| (0..rounds).map(|_| run()).sum()));
        group.finish();
    }

    /// Says that a case is not measured, and why.
    pub(crate) fn leave_out(&mut self, subject: &str, case: &str, reason: &str) {
        let (subject, case, reason) = (subject.to_owned(), case.to_owned(), reason.to_owned());
        self.say(&Entry::LeftOut(LeftOut { subject, case, reason }));
    }

    /// Says who is measured beside ours.
    pub(crate) fn introduce(&mut self, name: &str, version: &str) {
        self.say(&Entry::Rival(Rival { name: name.to_owned(), version: version.to_owned() }));
    }

    /// Says what has to be known to read the numbers.
    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.say(&Entry::Note { text: text.into() });
    }

    /// Prints what was seen, and writes it down.
    ///
    /// # Panics
    /// When it cannot be written: what was measured is lost then.
    pub(crate) fn say(&mut self, entry: &Entry) {
        println!("{}", text(entry));
        if let Some(lines) = &mut self.lines {
            let mut line = serde_json::to_vec(entry).expect("an entry is plain data");
            line.push(b'\n');
            lines.write_all(&line).expect("the file of the entries");
        }
    }

    /// Has criterion write what it writes last.
    pub(crate) fn finish(&self) {
        if self.effort == Effort::Full {
            self.criterion.final_summary();
        }
    }
}

/// For people.
fn text(entry: &Entry) -> String {
    match entry {
        Entry::Rival(Rival { name, version }) => format!("{name}: {version}"),
        Entry::LeftOut(LeftOut { subject, case, reason }) => format!("{subject}: {case} is left out: {reason}"),
        Entry::Note { text } => text.clone(),
        Entry::Case(case) => {
            let (median, p99) = (case.unit.say(case.median), case.unit.say(case.p99));
            format!("{}: {}, {}: {median}, 99 % within {p99} ({})", case.subject, case.measure, case.case, case.n)
        }
        Entry::Pair(pair) => {
            let promise = match pair.promise {
                Some(at_most) if pair.is_broken() => format!(", and {at_most} is PROMISED"),
                Some(at_most) => format!(", promised {at_most}"),
                None => String::new(),
            };
            format!(
                "{}: {}, {} / {}: {:.3} ({:.3} to {:.3}){promise}",
                pair.subject, pair.measure, pair.ours, pair.theirs, pair.ratio, pair.lowest, pair.highest
            )
        }
    }
}
