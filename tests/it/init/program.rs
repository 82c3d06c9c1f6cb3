//! The programs that claim to be an init, and how each spells what one may wish of it.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::house::{House, User, binaries};

/// What one may wish of an init, by an option where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// What every init is for.
    Nothing,
    /// To pass signals to the child's whole process group.
    Group,
    /// To adopt orphans without being the first process.
    Subreaper,
    /// To pass a signal of which the kernel itself makes use (SEGV, say) when somebody sends it.
    Faults,
    /// To pass the terminal's stop signals as they are.
    Stops,
    /// To pass INT where TERM comes.
    Rewrite,
    /// Not to pass HUP.
    Drop,
    /// To exit with 0 in the place of 143.
    ExitCode,
    /// To end with its parent.
    DieWithParent,
    /// To give its command a terminal of its own.
    Tty,
    /// To kill whatever is left half a second after it was asked to end.
    KillAll,
}

/// How a program is spoken to.
#[derive(Debug)]
pub(crate) struct Dialect {
    pub(crate) name: &'static str,
    /// What it exits with when the command line makes no sense.
    pub(crate) usage: i32,
    /// What it claims, and the options that it takes for it.
    claims: &'static [(Wish, &'static [&'static str])],
}

impl Dialect {
    /// The options for a wish; none where the program does not claim to grant it.
    pub(crate) fn options(&self, wish: Wish) -> Option<&'static [&'static str]> {
        self.claims.iter().find(|(claim, _)| *claim == wish).map(|(_, options)| *options)
    }
}

pub(crate) static REAPER: Dialect = Dialect {
    name: "reaper",
    usage: 2,
    claims: &[
        (Wish::Nothing, &[]),
        (Wish::Group, &["--group"]),
        (Wish::Subreaper, &[]),
        (Wish::Faults, &[]),
        (Wish::Stops, &[]),
        (Wish::Rewrite, &["--rewrite", "TERM:INT"]),
        (Wish::Drop, &["--drop", "HUP"]),
        (Wish::ExitCode, &["--exit-code", "143=0"]),
        (Wish::DieWithParent, &["--die-with-parent"]),
        (Wish::Tty, &["--tty"]),
        (Wish::KillAll, &["--grace", "500ms", "--kill-all"]),
    ],
};

pub(crate) static RIVALS: [Dialect; 3] = [
    Dialect {
        name: "tini",
        usage: 1,
        claims: &[
            (Wish::Nothing, &[]),
            (Wish::Group, &["-g"]),
            (Wish::Subreaper, &["-s"]),
            (Wish::Stops, &[]),
            (Wish::ExitCode, &["-e", "143"]),
            (Wish::DieWithParent, &["-p", "SIGTERM"]),
        ],
    },
    Dialect {
        name: "dumb-init",
        usage: 1,
        // It turns the terminal's stop signals into STOP, and says so.
        claims: &[
            (Wish::Nothing, &[]),
            (Wish::Group, &[]),
            (Wish::Faults, &[]),
            (Wish::Rewrite, &["--rewrite", "15:2"]),
            (Wish::Drop, &["--rewrite", "1:0"]),
        ],
    },
    Dialect {
        name: "catatonit",
        usage: 1,
        claims: &[(Wish::Nothing, &[]), (Wish::Group, &["-g"]), (Wish::Subreaper, &[]), (Wish::Stops, &[])],
    },
];

/// The words that run an init, and how to speak to it.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) dialect: &'static Dialect,
    pub(crate) words: Vec<String>,
    /// How our own is to reap, when that is not left to it.
    pub(crate) reap: Option<&'static str>,
}

impl Program {
    /// The dialect is told by the program's file name: whatever is no rival speaks ours.
    pub(crate) fn of(words: Vec<String>) -> Self {
        let file =
            words.last().and_then(|word| Path::new(word).file_name()).and_then(OsStr::to_str).unwrap_or_default();
        let dialect = RIVALS.iter().find(|dialect| file.starts_with(dialect.name)).unwrap_or(&REAPER);
        Self { dialect, words, reap: None }
    }

    /// The program under test: the words in REAPER_BIN, else our own, where it has been built.
    pub(crate) fn ours() -> Option<Self> {
        let built =
            || Some(binaries().join("reaper")).filter(|path| path.exists()).map(|path| path.display().to_string());
        let words = std::env::var("REAPER_BIN").ok().or_else(built)?;
        let absolute = |word: &str| {
            let path = std::path::absolute(word).unwrap_or_default();
            if word.contains('/') { path.display().to_string() } else { word.to_owned() }
        };
        Some(Self::of(words.split_whitespace().map(absolute).collect()))
    }
}

/// An init in a test of its own, with the options for what the test wishes.
pub(crate) struct Init {
    pub(crate) program: Program,
    options: &'static [&'static str],
    pub(crate) house: House,
}

impl Init {
    /// None where the program does not claim to grant the wish.
    pub(crate) fn new(program: Program, wish: Wish) -> Option<Self> {
        let options = program.dialect.options(wish)?;
        Some(Self { program, options, house: House::new(User::Ordinary) })
    }

    /// What it and its payload said on stderr.
    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(self.stderr_file()).unwrap_or_default()
    }

    fn stderr_file(&self) -> PathBuf {
        self.house.work().join("stderr")
    }

    /// The first of these words, with the others as arguments.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = self.house.command(words[0]);
        let stderr = OpenOptions::new().create(true).append(true).open(self.stderr_file()).unwrap();
        command.args(&words[1..]).stderr(stderr);
        if let Some(reap) = self.program.reap {
            command.env("REAPER_REAP", reap);
        }
        command
    }

    /// The words that run it with its options, and these arguments.
    pub(crate) fn words<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        let program = self.program.words.iter().map(String::as_str);
        program.chain(self.options.iter().copied()).chain(arguments.iter().copied()).collect()
    }

    /// It running this, beside us: not as the first process.
    pub(crate) fn beside(&self, payload: &[&str]) -> Command {
        self.command(&self.words(&[&["--"], payload].concat()))
    }

    /// It running this, as the first process of a pid namespace that ends with it.
    pub(crate) fn first(&self, payload: &[&str]) -> Command {
        self.first_after(&[], payload)
    }

    /// It with these arguments and no dashes, as the first process.
    pub(crate) fn first_with(&self, arguments: &[&str]) -> Command {
        self.command(&[&NAMESPACE, &self.words(arguments)[..]].concat())
    }

    /// It running this as the first process, executed in its turn by something that prepares it.
    pub(crate) fn first_after(&self, before: &[&str], payload: &[&str]) -> Command {
        self.command(&[&NAMESPACE, before, &self.words(&[&["--"], payload].concat())].concat())
    }

    /// Without any init.
    pub(crate) fn without(&self, payload: &[&str]) -> Command {
        self.command(&[&NAMESPACE, payload].concat())
    }
}

const NAMESPACE: [&str; 7] = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--"];
