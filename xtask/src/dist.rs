//! `cargo xtask dist`: release binaries, fully static, and their sizes.
//!
//! To try things out with (`--allow-dynamic`, as the tests do) nothing is fetched.

use std::path::Path;

use xshell::Shell;

use crate::arch::Wanted;
use crate::binaries::{self, Libc, PAYLOAD, PROGRAMS, Which};
use crate::native::Linkage;

/// Build release binaries
#[derive(clap::Args)]
pub(crate) struct Dist {
    /// Build just what has no C library, pause and reaper, for "all" or for a list such as amd64,arm64,arm/v7,riscv64,s390x,ppc64le
    #[arg(long, value_name = "LIST", conflicts_with_all = ["payload", "allow_dynamic"])]
    arch: Option<Wanted>,
    /// With --arch, build nsjoin and pod, too: for this machine and for arm64, with Debian's cross compiler, which is fetched and
    /// installed nowhere
    #[arg(long, requires = "arch")]
    whole: bool,
    /// Also build `probe`, which the tests and the demo run inside pods
    #[arg(long)]
    payload: bool,
    /// Link the C library dynamically where there is no libc.a, instead of failing
    #[arg(long)]
    allow_dynamic: bool,
    /// The C library of nsjoin and pod: the best is musl, where it can be had. It comes with rustup's target, or with
    /// Debian's compiler, which is fetched, unless for --allow-dynamic, and installed nowhere
    #[arg(long, value_enum, default_value = "best", conflicts_with = "arch")]
    libc: Libc,
}

impl Dist {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        if let Some(wanted) = self.arch {
            let which = if self.whole { Which::All } else { Which::Freestanding };
            let built = binaries::for_each(sh, &wanted, which)?;
            return built.iter().try_for_each(|(_, directory)| {
                which.names().iter().try_for_each(|name| print_size(&directory.join(name)))
            });
        }
        let linkage = if self.allow_dynamic { Linkage::StaticIfPossible } else { Linkage::Static };
        let payload = self.payload.then_some(PAYLOAD);
        let names: Vec<_> = PROGRAMS.into_iter().chain(payload).collect();
        let dist = binaries::for_this_machine(sh, linkage, self.libc, &names)?;
        PROGRAMS.iter().try_for_each(|name| print_size(&dist.join(name)))
    }
}

fn print_size(program: &Path) -> anyhow::Result<()> {
    println!("{:>9} bytes  {}", std::fs::metadata(program)?.len(), program.display());
    Ok(())
}
