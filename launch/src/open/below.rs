//! Opening a file below a root that is somebody else's: neither a symbolic link nor `..` leads out of it.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path};

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat, openat2, readlinkat};
use nix::sys::stat::{Mode, SFlag, fstat};
use nix::sys::statfs::{PROC_SUPER_MAGIC, fstatfs};

/// As many links as the kernel follows.
const MOST_LINKS: u32 = 40;

/// Opens a file as if `root` were `/`, closed on exec. A link of /proc, which leads wherever it likes,
/// leads nowhere here.
///
/// # Errors
/// Those of open(2); `ELOOP` for links of /proc and for too many others.
///
/// # References
/// openat2(2), `RESOLVE_IN_ROOT`, Linux 5.6
pub fn open_below(root: BorrowedFd<'_>, path: &Path, flags: OFlag) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlag::O_CLOEXEC;
    let how = OpenHow::new().flags(flags).resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    match openat2(root, path, how) {
        // Older kernels have no such call; some filters of system calls answer with EPERM to what they do not know.
        Err(Errno::ENOSYS | Errno::EPERM) => walk(root, path, flags),
        opened => opened,
    }
}

/// The same, step by step. The way back is that which we came, never the kernel's `..`: a directory that
/// is moved meanwhile does not lead out either.
fn walk(root: BorrowedFd<'_>, path: &Path, flags: OFlag) -> Result<OwnedFd, Errno> {
    let mut passed: Vec<OwnedFd> = Vec::new();
    let mut left = backwards(path);
    let mut links = 0;
    while let Some(name) = left.pop() {
        if name == ".." {
            passed.pop();
            continue;
        }
        let here = passed.last().map_or(root, AsFd::as_fd);
        let looked_at = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let found = openat(here, name.as_os_str(), looked_at, Mode::empty())?;
        match SFlag::from_bits_truncate(fstat(&found)?.st_mode) & SFlag::S_IFMT {
            SFlag::S_IFLNK => {
                links += 1;
                if links > MOST_LINKS || fstatfs(&found)?.filesystem_type() == PROC_SUPER_MAGIC {
                    return Err(Errno::ELOOP);
                }
                let leads_to = readlinkat(&found, "")?;
                if Path::new(&leads_to).is_absolute() {
                    passed.clear();
                }
                left.extend(backwards(Path::new(&leads_to)));
            }
            SFlag::S_IFDIR => passed.push(found),
            _ if left.is_empty() => return openat(here, name.as_os_str(), flags | OFlag::O_NOFOLLOW, Mode::empty()),
            _ => return Err(Errno::ENOTDIR),
        }
    }
    openat(passed.last().map_or(root, AsFd::as_fd), ".", flags, Mode::empty())
}

/// The steps of a path, the first of them last.
fn backwards(path: &Path) -> Vec<OsString> {
    let step = |part: Component<'_>| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsStr::new("..").to_owned()),
        Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
    };
    path.components().rev().filter_map(step).collect()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::Read;
    use std::os::unix::fs::symlink;

    use super::*;

    /// What both ways read, or how they fail, which has to be the same.
    fn read(root: &File, path: &str) -> Result<String, Errno> {
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let [kernels, ours] = [open_below, walk].map(|open| {
            let mut text = String::new();
            let mut file = File::from(open(root.as_fd(), Path::new(path), flags)?);
            file.read_to_string(&mut text).map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)))?;
            Ok(text)
        });
        assert_eq!(ours, kernels, "{path}");
        ours
    }

    #[test]
    fn step_by_step_leads_where_the_kernel_leads_and_never_out() {
        let place = tempfile::tempdir().expect("a directory");
        let root = place.path().join("root");
        fs::create_dir_all(root.join("etc/deep")).expect("directories");
        fs::write(place.path().join("file"), "outside").expect("a file");
        fs::write(root.join("file"), "inside").expect("a file");
        fs::write(root.join("etc/passwd"), "users").expect("a file");
        for (name, to) in [
            ("up", "../../file"),
            ("absolute", "/file"),
            ("chain", "etc/deep/../../absolute"),
            ("beside", "etc/passwd"),
            ("loop", "loop"),
            ("broken", "no/such"),
            ("through", "file/.."),
            ("etc/deep/back", "../../../../up"),
        ] {
            symlink(to, root.join(name)).expect("a link");
        }
        let root = File::open(&root).expect("a directory");
        for (path, expected) in [
            ("file", Ok("inside")),
            ("/file", Ok("inside")),
            ("../../file", Ok("inside")),
            ("up", Ok("inside")),
            ("absolute", Ok("inside")),
            ("chain", Ok("inside")),
            ("beside", Ok("users")),
            ("etc/deep/back", Ok("inside")),
            ("etc/./deep//../passwd", Ok("users")),
            ("loop", Err(Errno::ELOOP)),
            ("broken", Err(Errno::ENOENT)),
            ("through", Err(Errno::ENOTDIR)),
            ("file/x", Err(Errno::ENOTDIR)),
            ("etc", Err(Errno::EISDIR)),
        ] {
            assert_eq!(read(&root, path), expected.map(str::to_owned), "{path}");
        }
        let true_root = File::open("/").expect("the root");
        assert_eq!(read(&true_root, "proc/self/root/etc/passwd"), Err(Errno::ELOOP));
    }
}
