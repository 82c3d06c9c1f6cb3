//! What a run was made on.

use anyhow::Context;
use serde::{Deserialize, Serialize};
use xshell::{Shell, cmd};

/// A machine, and what was built on it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) memory_kb: u64,
    pub(crate) kernel: String,
    pub(crate) compiler: String,
    /// Of the sources; where git knows them.
    pub(crate) commit: Option<String>,
}

impl Machine {
    pub(crate) fn this(sh: &Shell) -> anyhow::Result<Self> {
        let field = |text: &str, key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key)?.split_once(':'));
            line.map(|(_, value)| value.trim().to_owned())
        };
        let cpu = sh.read_file("/proc/cpuinfo")?;
        let memory = field(&sh.read_file("/proc/meminfo")?, "MemTotal").context("/proc/meminfo has no MemTotal")?;
        let commit = cmd!(sh, "git rev-parse --short HEAD").quiet().ignore_stderr().read().ok();
        Ok(Self {
            // Not every architecture has a name for it.
            cpu: field(&cpu, "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: std::thread::available_parallelism()?.get(),
            memory_kb: memory.trim_end_matches(" kB").parse()?,
            kernel: cmd!(sh, "uname -srm").quiet().read()?,
            compiler: cmd!(sh, "rustc --version").quiet().read()?,
            commit,
        })
    }

    /// The CPU, as a part of a file's name.
    pub(crate) fn slug(&self) -> String {
        let name = self.cpu.replace("(R)", "").replace("(TM)", "").to_lowercase();
        let words: Vec<_> = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
        words.join("-")
    }
}
