//! `cargo xtask demo`: builds what is needed and runs examples/nginx-and-app.sh with it.

use std::env;

use xshell::{Shell, cmd};

use crate::binaries::{self, Libc, PAYLOAD, PROGRAMS};
use crate::native::Linkage;

/// Compose a pod by hand
#[derive(clap::Args)]
pub(crate) struct Demo {}

impl Demo {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let names: Vec<_> = PROGRAMS.into_iter().chain([PAYLOAD]).collect();
        let dist = binaries::for_this_machine(sh, Linkage::StaticIfPossible, Libc::Best, &names)?;
        // A registry of its own: the demo is no affair of the pods that run here.
        let state = tempfile::tempdir()?;
        let path = env::var_os("PATH").unwrap_or_default();
        let pause = dist.join("pause");
        let path = env::join_paths([dist].into_iter().chain(env::split_paths(&path)))?;
        let _path = sh.push_env("PATH", path);
        let _state = sh.push_env("POD_STATE_DIR", state.path());
        // And no other pause than the one that was built.
        let _pause = sh.push_env("POD_PAUSE", pause);
        let played = cmd!(sh, "sh examples/nginx-and-app.sh").quiet().run();
        // It cleans up behind itself unless it is killed; with its registry its pod would be lost.
        for pod in ["web", "shop"] {
            if state.path().join(pod).exists() {
                cmd!(sh, "pod delete --now {pod}").quiet().run()?;
            }
        }
        Ok(played?)
    }
}
