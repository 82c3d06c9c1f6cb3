//! Building programs of this machine that want a C library with musl: static, and at a fixed address.
//!
//! glibc asks for the CPU's features by some fifty CPUID instructions before `main`, each of which a virtual machine
//! traps; musl asks nothing. What has to be asked of signals that a C library keeps to itself, musl three of them, the
//! programs ask the kernel.
//!
//! Where rustup has the target, that is all. Where it has not, Debian's compiler (see `debian`) compiles std from
//! its sources, which is no promise of stable Rust, and links it with Debian's musl.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use xshell::{Shell, cmd};

use crate::cargo;
use crate::debian::Debian;

/// The functions of an unwinder that std names: a program that aborts where it panics unwinds nowhere, so its
/// backtraces alone are shorter. gcc's own unwinder is glibc's: it takes its locks for granted, which are not
/// there where nobody else has asked musl for them.
const NO_UNWINDER: &str = "\
#define NOTHING(name) void *name(void) { return 0; }
int _Unwind_Backtrace(void) { return 5; /* the end of the stack */ }
NOTHING(_Unwind_DeleteException)
NOTHING(_Unwind_FindEnclosingFunction)
NOTHING(_Unwind_GetCFA)
NOTHING(_Unwind_GetDataRelBase)
NOTHING(_Unwind_GetIP)
NOTHING(_Unwind_GetIPInfo)
NOTHING(_Unwind_GetLanguageSpecificData)
NOTHING(_Unwind_GetRegionStart)
NOTHING(_Unwind_GetTextRelBase)
NOTHING(_Unwind_RaiseException)
NOTHING(_Unwind_Resume)
NOTHING(_Unwind_SetGR)
NOTHING(_Unwind_SetIP)
";

/// Whether Debian's compiler may be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fetch {
    IfNeeded,
    Never,
}

/// What was built.
pub(crate) struct Built {
    /// Where it is.
    pub(crate) directory: PathBuf,
    /// What it was built with.
    pub(crate) origin: &'static str,
}

/// Builds these programs.
pub(crate) fn build(sh: &Shell, programs: &[&str], fetch: Fetch) -> anyhow::Result<Built> {
    let host = cargo::host(sh)?;
    let triple = host.strip_suffix("-gnu").map(|start| format!("{start}-musl"));
    let triple = triple.with_context(|| format!("{host} has no counterpart"))?;
    if cargo::has_libraries(sh, &triple)? {
        // Of what is in C cc makes objects by musl's headers, where it is called so.
        let variable = format!("CC_{}", triple.replace('-', "_"));
        let has_own = cmd!(sh, "sh -c 'command -v musl-gcc'").quiet().read().is_ok();
        let compiler = if has_own { "musl-gcc" } else { "cc" };
        let _compiler = sh.var_os(&variable).is_none().then(|| sh.push_env(variable, compiler));
        let flags = vec!["-Crelocation-model=static".to_owned()];
        return Ok(Built { directory: build_with(sh, &triple, programs, &flags, &[])?, origin: "by rustup's target" });
    }
    let without = || format!("rustup has no target {triple} (rustup target add {triple})");
    if fetch == Fetch::Never && !Debian::is_at_hand(sh) {
        return Err(anyhow!("Debian's compiler is not here (cargo xtask dist fetches it)").context(without()));
    }
    let directory = from_source(sh, &triple, programs).with_context(without)?;
    Ok(Built { directory, origin: "std from Debian's sources" })
}

/// Builds with Debian's compiler, and std with the programs.
fn from_source(sh: &Shell, triple: &str, programs: &[&str]) -> anyhow::Result<PathBuf> {
    let debian = Debian::unpacked(sh)?;
    let musl = Musl::at(sh, &debian.musl(sh)?)?;
    let suffix = triple.replace('-', "_");
    let include = cmd!(sh, "cc -print-file-name=include").quiet().read()?;
    let headers = format!("-nostdinc -isystem {} -isystem {include}", musl.headers.display());
    let _environment = [
        sh.push_env("RUSTC", debian.rustc()),
        sh.push_env("RUSTC_BOOTSTRAP", "1"),
        sh.push_env("LD_LIBRARY_PATH", debian.libraries(sh)?),
        sh.push_env(format!("CC_{suffix}"), "cc"),
        sh.push_env(format!("CFLAGS_{suffix}"), headers),
    ];
    let flags = [
        "-Crelocation-model=static".to_owned(),
        "-Ctarget-feature=+crt-static".to_owned(),
        // What begins and ends a program comes with rustup's target; here it is musl's own.
        "-Clink-self-contained=no".to_owned(),
        format!("-Clink-arg=-specs={}", musl.specs(sh)?.display()),
    ];
    build_with(sh, triple, programs, &flags, &["-Zbuild-std=std,panic_abort"])
}

/// Builds with whatever RUSTC is.
fn build_with(sh: &Shell, triple: &str, programs: &[&str], flags: &[String], more: &[&str]) -> anyhow::Result<PathBuf> {
    let config = [format!("target.{triple}.linker=\"cc\""), format!("target.{triple}.rustflags={flags:?}")];
    let config = config.iter().flat_map(|setting| ["--config", setting.as_str()]);
    let bins = programs.iter().flat_map(|name| ["--bin", name]);
    cargo::build_in_silence(cmd!(
        sh,
        "cargo build --quiet --release --locked --target {triple} {bins...} {config...} {more...}"
    ))?;
    Ok(cargo::released(sh, triple))
}

/// An unpacked musl.
struct Musl {
    libraries: PathBuf,
    headers: PathBuf,
    /// What is made beside it.
    directory: PathBuf,
}

impl Musl {
    fn at(sh: &Shell, directory: &Path) -> anyhow::Result<Self> {
        let only = |part: &str| {
            let found = sh.read_dir(directory.join("usr").join(part))?;
            found.into_iter().find(|path| path.to_string_lossy().contains("-linux-musl")).context("no musl in musl-dev")
        };
        Ok(Self { libraries: only("lib")?, headers: only("include")?, directory: directory.to_owned() })
    }

    /// What tells gcc to link with it, as musl's own `musl-gcc.specs` would where it is installed.
    fn specs(&self, sh: &Shell) -> anyhow::Result<PathBuf> {
        let (libraries, directory) = (self.libraries.display(), self.directory.display());
        let (source, object) = (self.directory.join("unwind.c"), self.directory.join("unwind.o"));
        sh.write_file(&source, NO_UNWINDER)?;
        cmd!(sh, "cc -Os -fno-asynchronous-unwind-tables -c -o {object} {source}").quiet().run()?;
        // std asks for LLVM's unwinder by this name; a linker takes a script in the place of an archive.
        sh.write_file(self.directory.join("libunwind.a"), format!("INPUT({})\n", object.display()))?;
        let specs = self.directory.join("static.specs");
        let text = format!(
            "*link_libgcc:\n-L{libraries} -L{directory} -L .%s\n\n\
             *libgcc:\nlibgcc.a%s\n\n\
             *lib:\n-lc\n\n\
             *startfile:\n{libraries}/crt1.o {libraries}/crti.o\n\n\
             *endfile:\n{libraries}/crtn.o\n\n\
             *link:\n-nostdlib -static -z noexecstack\n\n"
        );
        sh.write_file(&specs, text)?;
        Ok(specs)
    }
}
