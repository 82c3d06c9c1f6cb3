//! `cargo xtask bytes`: what each thing that pause does costs, and what each thing refused would.
//!
//! A copy of the sources is edited, one change at a time, and built; the difference in size is
//! the answer. Every edit has to find its text, so the table cannot outlive the program.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use xshell::{Shell, cmd};

use crate::{binaries, cargo, native};

/// Measure what the bytes of pause are for
#[derive(clap::Args)]
pub(crate) struct Bytes {
    /// Write the tables into pause/README.md instead of printing them
    #[arg(long)]
    write: bool,
}

/// One change, and what it would mean.
struct Change {
    what: &'static str,
    means: &'static str,
    edits: &'static [Edit],
}

/// In this file, this text becomes that.
struct Edit(&'static str, &'static str, &'static str);

const MAIN: &str = "pause/src/main.rs";
const HOLD: &str = "reaper/src/hold.rs";
const LINK: &str = "reaper/link.rs";
const LAYOUT: &str = "reaper/freestanding.ld";
const MANIFEST: &str = "Cargo.toml";

/// What it does, each taken away by itself.
const KEPT: [Change; 9] = [
    Change {
        what: "the seccomp filter",
        means: "who gets hold of it may call nothing but write, exit and wait",
        edits: &[Edit(HOLD, "sys::allow_only(LOCK.instructions());", "let _ = &LOCK;")],
    },
    Change {
        what: "`no_new_privs`",
        means: "the filter needs it, without privileges",
        edits: &[Edit(HOLD, "    sys::no_new_privs();\n", "")],
    },
    Change {
        what: "not being dumpable",
        means: "no core, and no look inside for who has no CAP_SYS_PTRACE",
        edits: &[Edit(HOLD, "    sys::not_dumpable();\n", "")],
    },
    Change {
        what: "giving back the stack's pages",
        means: "never more than 12 kB resident",
        edits: &[Edit(HOLD, "    args.give_back();\n", "    let _ = args;\n")],
    },
    Change {
        what: "closing descriptors, changing to `/`",
        means: "holds nothing that somebody wants to unmount",
        edits: &[Edit(HOLD, "    sys::close_from(3);\n    let _root_can_be_entered = sys::chdir(c\"/\");\n", "")],
    },
    Change {
        what: "reaping what was there before",
        means: "no zombie of who executed it",
        edits: &[Edit("reaper/src/reap.rs", "    while sys::reap_one() {}\n", "")],
    },
    Change {
        what: "the version",
        means: "`-v`, as Kubernetes' has it",
        edits: &[Edit(MAIN, "if args.into_iter()", "if false && args.into_iter()")],
    },
    Change {
        what: "the warning",
        means: "who starts it by hand learns that it should be PID 1",
        edits: &[Edit(HOLD, "if sys::getpid() != 1 {", "if false {")],
    },
    Change {
        what: "the signal's name",
        means: "the log says why the pod ended",
        edits: &[Edit(HOLD, "        sys::write(STDERR, name);\n", "        let _ = name;\n")],
    },
];

/// What was refused, each put in by itself.
const REFUSED: [Change; 8] = [
    Change { what: "writable text", means: "nothing", edits: &[Edit(LAYOUT, "FLAGS(5)", "FLAGS(7)")] },
    Change {
        what: "no header that says that the stack is not executable",
        means: "a smaller file",
        edits: &[Edit(LAYOUT, "  stack PT_GNU_STACK FLAGS(6);\n", "")],
    },
    Change {
        what: "constants in a segment of their own",
        means: "constants that are not executable, and another page in memory",
        edits: &[
            Edit(LAYOUT, "  stack PT_GNU_STACK", "  constants PT_LOAD FLAGS(4);\n  stack PT_GNU_STACK"),
            Edit(
                LAYOUT,
                "*(.rodata .rodata.*) *(.data.rel.ro*) *(.got*) } :all\n",
                "} :all\n  . = ALIGN(0x1000) + (. & 0xfff);\n  .rodata : { *(.rodata .rodata.*) *(.data.rel.ro*) *(.got*) } :constants\n",
            ),
        ],
    },
    Change {
        what: "section headers",
        means: "`objdump -d` finds the text by itself",
        edits: &[Edit(LINK, "    &[\"-z\", \"nosectionheader\"],\n", "")],
    },
    Change {
        what: "unwind tables",
        means: "a backtrace in a debugger",
        edits: &[
            Edit(LAYOUT, "*(.eh_frame*) ", ""),
            Edit(LAYOUT, "*(.rodata .rodata.*)", "*(.rodata .rodata.*) *(.eh_frame*)"),
        ],
    },
    Change {
        what: "optimised for speed",
        means: "some nanoseconds, once",
        edits: &[
            Edit(
                MANIFEST,
                "[profile.release.package.pause]\nopt-level = \"z\"",
                "[profile.release.package.pause]\nopt-level = 3",
            ),
            Edit(
                MANIFEST,
                "[profile.release.package.reaper]\nopt-level = \"z\"",
                "[profile.release.package.reaper]\nopt-level = 3",
            ),
        ],
    },
    Change {
        what: "QUIT and HUP end it, too",
        means: "two more ways to end a pod; a runtime sends TERM or KILL",
        edits: &[
            Edit(HOLD, "Signal::TERM, Signal::PIPE]", "Signal::TERM, Signal::PIPE, Signal::HUP, Signal::QUIT]"),
            Edit(
                HOLD,
                "            _ => continue,\n",
                "            Some(Signal::HUP) => b\"Shutting down, got signal: Hangup\\n\",
            Some(Signal::QUIT) => b\"Shutting down, got signal: Quit\\n\",\n            _ => continue,\n",
            ),
        ],
    },
    Change {
        what: "setting its name",
        means: "`pause` in `comm`, where a runtime executes it by descriptor on a kernel before 6.14",
        edits: &[
            Edit(HOLD, "    args.give_back();\n", "    args.give_back();\n    sys::name(c\"pause\");\n"),
            Edit(
                "reaper/src/sys.rs",
                "fn address<T>",
                "/// Names this thread.\npub fn name(name: &CStr) {
    // SAFETY: the kernel reads a C string borrowed for the call.
    unsafe { arch::syscall5(nr::__NR_prctl, prctl::PR_SET_NAME as usize, name.as_ptr() as usize, 0, 0, 0) };
}\n\nfn address<T>",
            ),
        ],
    },
];

impl Bytes {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let copy = Copy::of_the_sources(sh)?;
        let whole = copy.size(sh, &[])?;
        let compiler = cmd!(sh, "rustc --version").quiet().read()?;
        let compiler = compiler.split(' ').nth(1).unwrap_or_default();
        let mut tables = format!("Of {} bytes on {} by rustc {compiler}:\n", thousands(whole), binaries::here(sh)?);
        for (changes, heading, sign) in [
            (&KEPT[..], "| what is in it | and why | bytes |", -1),
            (&REFUSED, "| what was refused | and would have bought | bytes |", 1),
        ] {
            tables += &format!("\n{heading}\n|---|---|---|\n");
            for Change { what, means, edits } in changes {
                let size = copy.size(sh, edits).with_context(|| format!("cannot measure {what}"))?;
                let difference = (i64::try_from(size)? - i64::try_from(whole)?) * sign;
                let plus = if sign > 0 && difference > 0 { "+" } else { "" };
                tables += &format!("| {what} | {means} | {plus}{difference} |\n");
            }
        }
        if self.write {
            return write(sh, &tables);
        }
        print!("{tables}");
        Ok(())
    }
}

/// A copy of the sources, to edit and build.
struct Copy {
    original: PathBuf,
    sources: PathBuf,
    target: PathBuf,
}

impl Copy {
    fn of_the_sources(sh: &Shell) -> anyhow::Result<Self> {
        let target = cargo::target_directory(sh).join("bytes");
        let copy = Self { original: sh.current_dir(), sources: target.join("sources"), target };
        sh.remove_path(&copy.sources)?;
        sh.create_dir(&copy.sources)?;
        let (from, to) = (&copy.original, &copy.sources);
        // Workspace members without their sources would not do.
        let members = sh.read_dir(from)?.into_iter().filter(|path| path.join("Cargo.toml").exists());
        let parts: Vec<PathBuf> = members.chain(["Cargo.toml", "Cargo.lock"].map(|file| from.join(file))).collect();
        cmd!(sh, "cp -r {parts...} {to}").quiet().run()?;
        Ok(copy)
    }

    /// The size in bytes of pause with these edits.
    fn size(&self, sh: &Shell, edits: &[Edit]) -> anyhow::Result<u64> {
        for Edit(file, from, to) in edits {
            let path = self.sources.join(file);
            let text = sh.read_file(&path)?;
            ensure!(text.contains(from), "{file} has no {from:?} any more");
            sh.write_file(&path, text.replacen(from, to, 1))?;
        }
        let built = {
            let _there = sh.push_dir(&self.sources);
            let _target = sh.push_env("CARGO_TARGET_DIR", &self.target);
            native::build(sh, native::Linkage::StaticIfPossible, &["pause"])?
        };
        for Edit(file, ..) in edits {
            sh.copy_file(self.original.join(file), self.sources.join(file))?;
        }
        Ok(std::fs::metadata(built.join("pause"))?.len())
    }
}

/// Puts the tables between their marks in pause/README.md.
fn write(sh: &Shell, tables: &str) -> anyhow::Result<()> {
    const BEGIN: &str = "<!-- cargo xtask bytes --write -->\n";
    const END: &str = "<!-- end -->\n";
    let path = Path::new("pause/README.md");
    let text = sh.read_file(path)?;
    let (before, rest) = text.split_once(BEGIN).context("pause/README.md has no mark for the tables")?;
    let (_, after) = rest.split_once(END).context("pause/README.md has no end of the tables")?;
    sh.write_file(path, format!("{before}{BEGIN}{tables}{END}{after}"))?;
    Ok(())
}

fn thousands(number: u64) -> String {
    if number < 1000 { number.to_string() } else { format!("{},{:03}", number / 1000, number % 1000) }
}
