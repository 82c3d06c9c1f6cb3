//! The table in reaper/README.md of who does what: written by UPDATE_RIVALS=1, held to otherwise.

use std::env;
use std::fmt::Write;
use std::fs;
use std::thread;

use fixtures::find;

use super::program::{Dialect, Program, REAPER, RIVALS};
use super::{Row, rows};
use crate::house::workspace;

const BEGIN: &str = "<!-- rivals -->\n";
const END: &str = "<!-- end -->";

/// What a row says of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Yes,
    No,
    /// It does not claim to.
    Unclaimed,
}

impl Word {
    fn text(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unclaimed => "–",
        }
    }
}

/// A column: a word for each row, and what was seen where it is no.
type Column = Vec<(Word, String)>;

/// Every row on a rival. One that does not say what the table says gets a second chance, for a busy
/// machine can make anybody late.
fn column(dialect: &Dialect, table: &str) -> Column {
    let path = find(dialect.name).unwrap_or_else(|| panic!("needs {}", dialect.name));
    let program = Program::of(vec![path.display().to_string()]);
    let place = RIVALS.iter().position(|rival| rival.name == dialect.name).unwrap() + 2;
    let asked = |row: &Row| match row.run(&program) {
        None => (Word::Unclaimed, String::new()),
        Some(Ok(())) => (Word::Yes, String::new()),
        Some(Err(seen)) => (Word::No, seen),
    };
    let expected = |row: &Row| {
        let line = table.lines().find(|line| line.starts_with(&format!("| {} |", row.sentence())))?;
        line.split('|').nth(place + 1).map(|cell| cell.trim().to_owned())
    };
    let twice = |row: &Row| {
        let first = asked(row);
        let agrees = expected(row).is_none_or(|cell| cell == first.0.text());
        if agrees { first } else { asked(row) }
    };
    rows().iter().map(twice).collect()
}

/// What our own does is told by its trials: each must pass.
fn ours(row: &Row) -> Word {
    if REAPER.options(row.wish).is_some() { Word::Yes } else { Word::Unclaimed }
}

fn written(columns: &[Column]) -> String {
    let names: Vec<_> = RIVALS.iter().map(|dialect| dialect.name).collect();
    let mut table = format!("| | reaper | {} |\n|---|---|---|---|---|\n", names.join(" | "));
    for (number, row) in rows().iter().enumerate() {
        let words: Vec<_> = columns.iter().map(|column| column[number].0.text()).collect();
        writeln!(table, "| {} | {} | {} |", row.sentence(), ours(row).text(), words.join(" | ")).unwrap();
    }
    table
}

pub(crate) fn fail_just_the_rows_that_the_table_says() {
    let path = workspace().join("reaper/README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (above, rest) = readme.split_once(BEGIN).expect("where the table begins");
    let (table, below) = rest.split_once(END).expect("where the table ends");
    let columns = thread::scope(|scope| {
        let asking = RIVALS.each_ref().map(|dialect| scope.spawn(move || column(dialect, table)));
        asking.map(|asked| asked.join().unwrap())
    });
    let mut said = String::new();
    for (dialect, column) in RIVALS.iter().zip(&columns) {
        for (row, (word, seen)) in rows().iter().zip(column) {
            if *word == Word::No {
                writeln!(said, "{}: {}: {seen}", dialect.name, row.sentence()).unwrap();
            }
        }
    }
    let seen = written(&columns);
    if env::var_os("UPDATE_RIVALS").is_some_and(|value| value == "1") {
        fs::write(&path, format!("{above}{BEGIN}{seen}{END}{below}")).unwrap();
        eprint!("{said}");
        return;
    }
    let differs = |(written, seen): (&str, &str)| (written != seen).then(|| format!("- {written}\n+ {seen}\n"));
    let lines = table.lines().chain(std::iter::repeat("")).zip(seen.lines());
    let differences: String = lines.filter_map(differs).collect();
    assert!(table == seen, "reaper/README.md says otherwise:\n{differences}{said}");
}
