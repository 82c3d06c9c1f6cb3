//! The file to execute: the candidates of its name, or a sealed copy of one.

use std::ffi::{CString, NulError, OsStr};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::unistd::{AccessFlags, access};

use crate::error::Error;

/// What is executed.
#[derive(Debug)]
pub enum Program {
    /// The files to try inside, in order.
    Files(Vec<CString>),
    /// A copy that nobody can change.
    Sealed(OwnedFd),
}

impl Program {
    /// The files that this name may mean inside.
    ///
    /// # Errors
    /// When there is a zero byte in it.
    pub fn inside(program: &OsStr, path: Option<&OsStr>) -> Result<Self, Error> {
        let files = candidates(program, path);
        let files = files.iter().map(|file| CString::new(file.as_os_str().as_bytes()));
        Ok(Self::Files(files.collect::<Result<_, NulError>>()?))
    }

    /// Copies the first candidate that is there, as it is now and here.
    ///
    /// # Errors
    /// When there is none, or it cannot be copied.
    pub fn sealed(program: &OsStr, path: Option<&OsStr>) -> Result<Self, Error> {
        let refused = |source| Error::Execute { program: program.into(), inside: false, sealed: false, source };
        let found = candidates(program, path).into_iter().find(|file| file.is_file());
        let found = found.ok_or_else(|| refused(Errno::ENOENT))?;
        access(&found, AccessFlags::X_OK).map_err(refused)?;
        let failed = |source| Error::Seal { program: found.clone(), source };
        copy(&found).map(Self::Sealed).map_err(failed)
    }
}

fn copy(file: &Path) -> io::Result<OwnedFd> {
    let mut original = File::open(file)?;
    let mut start = [0; 2];
    let script = original.read(&mut start)? == 2 && start == *b"#!";
    if script {
        return Err(io::Error::other("it is a script, whose interpreter could not open the copy"));
    }
    original.seek(SeekFrom::Start(0))?;
    // Executable, said outright where the kernel knows how (Linux 6.3).
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let executable = flags | MFdFlags::from_bits_retain(libc::MFD_EXEC);
    let sealed = memfd_create(c"nsjoin", executable).or_else(|_| memfd_create(c"nsjoin", flags))?;
    let mut copy = File::from(sealed);
    io::copy(&mut original, &mut copy)?;
    let seals = SealFlag::F_SEAL_SEAL | SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_WRITE;
    fcntl(&copy, FcntlArg::F_ADD_SEALS(seals))?;
    Ok(copy.into())
}

/// The files that a program's name may mean, in the order of trying, as execvp(3) has it.
fn candidates(program: &OsStr, path: Option<&OsStr>) -> Vec<PathBuf> {
    if program.as_bytes().contains(&b'/') {
        return vec![program.into()];
    }
    if program.is_empty() {
        return Vec::new();
    }
    // The search path of a process that has none: that of confstr(3), without the current directory.
    let path = path.unwrap_or(OsStr::new("/bin:/usr/bin"));
    let in_directory = |directory: PathBuf| {
        if directory.as_os_str().is_empty() { Path::new(".").join(program) } else { directory.join(program) }
    };
    std::env::split_paths(path).map(in_directory).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(program: &str, path: Option<&str>) -> Vec<String> {
        let files = candidates(program.as_ref(), path.map(OsStr::new));
        files.into_iter().map(|file| file.into_os_string().into_string().expect("UTF-8")).collect()
    }

    #[test]
    fn a_name_with_a_slash_is_not_searched_for() {
        assert_eq!(files("./x", Some("/bin")), ["./x"]);
        assert_eq!(files("/bin/x", None), ["/bin/x"]);
    }

    #[test]
    fn a_bare_name_is_searched_for_in_the_order_of_path() {
        assert_eq!(files("x", Some("/a:/b")), ["/a/x", "/b/x"]);
        assert_eq!(files("x", Some(":/b")), ["./x", "/b/x"]);
        assert_eq!(files("x", None), ["/bin/x", "/usr/bin/x"]);
    }

    #[test]
    fn an_empty_name_is_found_nowhere() {
        assert!(files("", Some("/bin")).is_empty());
    }

    #[test]
    fn a_zero_byte_is_refused() {
        assert!(Program::inside(OsStr::new("a\0b"), None).is_err());
    }

    #[test]
    fn a_sealed_copy_can_be_read_and_not_written_to() {
        let me = std::env::current_exe().expect("a program");
        let Ok(Program::Sealed(copy)) = Program::sealed(me.as_os_str(), None) else { panic!("no copy") };
        let mut copy = File::from(copy);
        copy.seek(SeekFrom::Start(0)).expect("a file");
        let mut start = [0; 4];
        copy.read_exact(&mut start).expect("a program");
        assert_eq!(start, *b"\x7fELF");
        assert!(io::Write::write(&mut copy, b"x").is_err());
        assert!(copy.set_len(0).is_err());
    }
}
