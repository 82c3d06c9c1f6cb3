//! What an init is for, asked of ours and of its rivals alike.
//!
//! Each row is a sentence that holds of a program or does not. REAPER_BIN=/usr/bin/tini asks that
//! program in the place of ours; the words in it may start with an emulator.

mod ends;
mod engines;
mod forwards;
mod given;
mod program;
mod reaps;
mod rivals;
pub(crate) mod running;
mod terminal;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use libtest_mimic::Trial;

use self::program::{Init, Program, REAPER, RIVALS, Wish};
use self::running::Seen;
use crate::arch::{ARCHES, Arch};
use crate::trial::{Need, trial};

/// What a program may do right.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    name: &'static str,
    /// What it has to claim, for this to be asked of it.
    wish: Wish,
    /// Whether it must hold in each of the ways in which ours can reap.
    each_way: bool,
    /// Whether it is asked under an emulator too.
    emulated: bool,
    /// Whether it takes a kernel that tells how a child ended that it reaped.
    kernel_reaps: bool,
    test: fn(&Init) -> Seen,
}

impl Row {
    fn new(name: &'static str, test: fn(&Init) -> Seen) -> Self {
        Self { name, wish: Wish::Nothing, each_way: false, emulated: false, kernel_reaps: false, test }
    }

    fn wish(self, wish: Wish) -> Self {
        Self { wish, ..self }
    }

    fn each_way(self) -> Self {
        Self { each_way: true, ..self }
    }

    fn emulated(self) -> Self {
        Self { emulated: true, ..self }
    }

    fn where_the_kernel_reaps(self) -> Self {
        Self { kernel_reaps: true, ..self }
    }

    fn sentence(&self) -> String {
        let word = |word: &str| match word {
            "term" | "int" | "sigchld" => word.to_uppercase(),
            _ => word.to_owned(),
        };
        self.name.split('_').map(word).collect::<Vec<_>>().join(" ")
    }

    /// Asks it of a program; none where that does not claim to.
    fn run(&self, program: &Program) -> Option<Seen> {
        program.dialect.options(self.wish)?;
        let asked = catch_unwind(AssertUnwindSafe(|| {
            let init = Init::new(program.clone(), self.wish).expect("claimed");
            // Unwinds through the house, which then ends whatever is left in it.
            (self.test)(&init).unwrap_or_else(|seen| resume_unwind(Box::new(format!("{seen}\n{}", init.stderr()))));
        }));
        Some(asked.map_err(|panic| match panic.downcast::<String>() {
            Ok(text) => text.trim_end().to_owned(),
            Err(panic) => panic.downcast::<&str>().map_or("panicked", |text| *text).to_owned(),
        }))
    }

    /// The same as a trial of a program; of the name, when it has a variant.
    fn trial(self, program: Program, variant: &str) -> Trial {
        let kernel: &[Need] =
            if self.kernel_reaps || program.reap == Some("kernel") { &[Need::KernelReaps] } else { &[] };
        let needs = [&NEEDS, kernel].concat();
        trial(&format!("init::{}{variant}", self.name), &needs, move || self.holds(&program))
    }

    /// The same of ours for another architecture.
    fn trial_elsewhere(self, arch: &'static Arch) -> Trial {
        let needs = [&NEEDS[..], &arch.needs()].concat();
        trial(&format!("init::{}::{}", self.name, arch.name), &needs, move || {
            self.holds(&Program::of(arch.command("reaper")));
        })
    }

    fn holds(&self, program: &Program) {
        if let Some(Err(seen)) = self.run(program) {
            // It says where it was seen, and needs no backtrace to here.
            resume_unwind(Box::new(format!("{}: {seen}", program.words.join(" "))));
        }
    }
}

const NEEDS: [Need; 3] = [Need::Userns, Need::Program("unshare"), Need::Program("setsid")];

/// All that is asked.
fn rows() -> Vec<Row> {
    [ends::rows(), given::rows(), forwards::rows(), reaps::rows(), terminal::rows()].into_iter().flatten().collect()
}

/// What is asked of the programs for other machines too: that they end, pass signals, and reap, all as
/// the first process: an emulator knows no subreapers, and has its own mind about inherited dispositions
/// and about real-time signals.
fn rows_under_emulation() -> Vec<Row> {
    rows().into_iter().filter(|row| row.emulated).collect()
}

pub(crate) fn trials() -> Vec<Trial> {
    let rivals = RIVALS.each_ref().map(|dialect| Need::Program(dialect.name));
    let rivals = trial(
        "init::rivals_fail_just_the_rows_that_the_table_says",
        &[&NEEDS[..], &rivals].concat(),
        rivals::fail_just_the_rows_that_the_table_says,
    );
    Program::ours().map_or_else(Vec::new, |ours| of_ours(&ours)).into_iter().chain([rivals]).collect()
}

/// Every row on the program under test, and on its like for other machines.
fn of_ours(ours: &Program) -> Vec<Trial> {
    let asked = |row: &Row| ours.dialect.options(row.wish).is_some();
    // Only ours has two ways to reap.
    let ways = if std::ptr::eq(ours.dialect, &REAPER) { &["kernel", "loop"][..] } else { &[] };
    let here = rows().into_iter().filter(asked).flat_map(|row| {
        let forced = |way: &&'static str| {
            let program = Program { reap: Some(*way), ..ours.clone() };
            row.trial(program, &format!("::{way}"))
        };
        let by_itself = (ways.is_empty() || !row.each_way).then(|| row.trial(ours.clone(), ""));
        let forced = ways.iter().filter(|_| row.each_way).map(forced);
        by_itself.into_iter().chain(forced).collect::<Vec<_>>()
    });
    // Under REAPER_BIN another program is meant, and that is for this machine.
    let ours_is_built = std::env::var_os("REAPER_BIN").is_none();
    let elsewhere = ARCHES.iter().filter(|arch| ours_is_built && !arch.is_native());
    let elsewhere =
        elsewhere.flat_map(|arch| rows_under_emulation().into_iter().map(move |row| row.trial_elsewhere(arch)));
    here.chain(elsewhere).chain(engines::trials(ours)).collect()
}
