//! The programs that a pod is made of: pause, and the one that supervises and forwards.

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// Which programs to use; those that are not named are looked for beside this program, in its PATH, and
/// in libexec.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Programs {
    /// The pause program.
    pub pause: Option<PathBuf>,
    /// The `pod` program, which supervises. A program that links this library is another.
    pub pod: Option<PathBuf>,
}

impl Programs {
    /// Those of the `pod` program itself.
    ///
    /// # Errors
    /// When /proc does not tell which it is.
    pub fn of_pod(pause: Option<PathBuf>) -> Result<Self, Error> {
        let pod = ourselves().map_err(|source| Error::NoProgram { name: "pod", source: Some(source) })?;
        Ok(Self { pause, pod: Some(pod) })
    }

    pub(crate) fn pause(&self) -> Result<PathBuf, Error> {
        find(self.pause.as_deref(), "pause")
    }

    pub(crate) fn pod(&self) -> Result<PathBuf, Error> {
        find(self.pod.as_deref(), "pod")
    }
}

/// This program's file, by a way that leads to it wherever its directory is moved.
pub(crate) fn ourselves() -> io::Result<PathBuf> {
    env::current_exe()
}

fn find(named: Option<&Path>, name: &'static str) -> Result<PathBuf, Error> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    let beside = env::current_exe().ok().and_then(|program| program.parent().map(Path::to_owned));
    let path = env::var_os("PATH").unwrap_or_default();
    beside
        .into_iter()
        .chain(env::split_paths(&path))
        .chain([PathBuf::from("/usr/libexec/podkit")])
        .map(|directory| directory.join(name))
        .find(|candidate| is_executable(candidate))
        .ok_or(Error::NoProgram { name, source: None })
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
