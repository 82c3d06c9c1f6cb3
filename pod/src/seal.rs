//! This program's own file, out of reach of what it launches.
//!
//! Whoever enters a container runs there as this program until the command is executed, and what is
//! executed there may be this program again: a command that is a link to /proc/self/exe, a script whose
//! interpreter that is. From then on somebody inside may open its file by /proc/PID/exe, and write to it once
//! it has ended (CVE-2019-5736). So it is executed from a mount that nobody can write to, or from a sealed
//! copy in memory.

use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use launch::op::{Executed, Execution, Made, Op, Origin};
use launch::open::our_proc;
use launch::open::program::Program;
use launch::{CStrings, Inherited, Script, run};
use nix::sys::statvfs::{FsFlags, fstatvfs};
use nix::unistd::{AccessFlags, access};

use crate::error::Error;

/// The file of this program to be executed, such that nobody inside can write to it; none where nobody
/// of ours may.
pub(crate) fn sealed(program: &Path) -> Result<Option<OwnedFd>, Error> {
    // As root everybody may, whose root is that of the machine.
    if access(program, AccessFlags::W_OK).is_err() {
        return Ok(None);
    }
    let mut script = Script::new(our_proc()?);
    let held = script.to_be_made();
    let path = CString::new(program.as_os_str().as_bytes()).map_err(launch::Error::from)?;
    let made = Made::Copy {
        of: Origin::Path(path),
        below: false,
        attributes: libc::MOUNT_ATTR_RDONLY,
        attributes_below: 0,
        propagation: libc::MS_PRIVATE,
        users: None,
    };
    script.must(Op::Make { made, held });
    if let Ok((files, _)) = run::make(script, &[held])
        && let Some(file) = files.into_iter().flatten().next()
    {
        return Ok(Some(file));
    }
    // Who may not mount has a copy.
    match Program::sealed(program.as_os_str(), None)? {
        Program::Sealed(copy) => Ok(Some(copy)),
        Program::Files(_) => Ok(None),
    }
}

/// Has this process go on as the same program from a file that nobody inside can write to, unless it
/// does already.
///
/// # Errors
/// When that cannot be done.
pub fn go_on_sealed() -> Result<(), Error> {
    let ours = Path::new("/proc/self/exe");
    let failed = |source: io::Error| Error::NoProgram { name: "pod", source: Some(source) };
    let file = File::open(ours).map_err(failed)?;
    let is_read_only = fstatvfs(&file).is_ok_and(|found| found.flags().contains(FsFlags::ST_RDONLY));
    let is_sealed =
        nix::fcntl::fcntl(&file, nix::fcntl::FcntlArg::F_GET_SEALS).is_ok_and(|seals| seals & libc::F_SEAL_WRITE != 0);
    if is_read_only || is_sealed {
        return Ok(());
    }
    let program = std::env::current_exe().map_err(failed)?;
    let Some(file) = sealed(&program)? else { return Ok(()) };
    let words: Vec<_> = std::env::args_os().collect();
    let variables: Vec<_> = std::env::vars_os().collect();
    let argv = CStrings::new(words.iter().map(|word| [word.as_bytes()])).map_err(launch::Error::from)?;
    let envp = variables.iter().map(|(key, value)| [key.as_bytes(), OsStr::new("=").as_bytes(), value.as_bytes()]);
    let envp = CStrings::new(envp).map_err(launch::Error::from)?;
    let mut script = Script::new(our_proc()?);
    let file = script.hold(file);
    script.must(Op::Signals(Inherited::now()));
    script.must(Op::Execute(Box::new(Execution::new(Executed::Held(file), argv, envp))));
    let failure = run::execute(script);
    Err(failure.explain(launch::Names { program: program.into(), ..launch::Names::default() }).into())
}
