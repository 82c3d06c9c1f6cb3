//! `cargo xtask dist`: release binaries, fully static, and their sizes.

use xshell::Shell;

use crate::binaries::{self, Linkage, PROGRAMS};

/// Build release binaries
#[derive(clap::Args)]
pub(crate) struct Dist {
    /// Also build `probe`, which the tests and the demo run inside pods
    #[arg(long)]
    payload: bool,
    /// Link the C library dynamically where there is no libc.a, instead of failing
    #[arg(long)]
    allow_dynamic: bool,
}

impl Dist {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let linkage = if self.allow_dynamic { Linkage::StaticIfPossible } else { Linkage::Static };
        let dist = binaries::build(sh, linkage, self.payload)?;
        for program in PROGRAMS {
            let path = dist.join(program);
            println!("{:>9} bytes  {}", std::fs::metadata(&path)?.len(), path.display());
        }
        Ok(())
    }
}
