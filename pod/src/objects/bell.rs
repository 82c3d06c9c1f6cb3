//! Bells: who attends to a pod hears that an object has changed.
//!
//! A bell is a fifo in which nothing is ever written. Who changes an object has it open for writing from before the
//! change until after it, and whoever has it open for reading is told by the kernel when the last of those has gone,
//! done or killed. So nothing is changed of which nobody hears, and no word is written that could be misread.
//!
//! With inotify no bell would be needed. But a user may have 128 of those, one for each pod that is attended to; and with
//! a directory watched all who attend in a namespace are woken by each pod that comes to it.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::kept;
use super::key::Key;

/// What it is called.
const BELL: &str = "bell";

/// The bell of a pod.
pub(crate) fn of_pod(data: &Path, uid: &str) -> PathBuf {
    kept(data, uid).join(BELL)
}

/// The bell of what volumes are made of in a namespace: its config maps and secrets.
pub(crate) fn of_files(data: &Path, namespace: &str) -> PathBuf {
    // No kind is called so.
    super::root(data).join(namespace).join(BELL)
}

/// The bell to be rung when the object of this key and uid has changed, if somebody may hear that.
pub(super) fn of(data: &Path, key: &Key, uid: Option<&str>) -> Option<PathBuf> {
    match (key.resource().kind, uid, key.namespace()) {
        ("Pod", Some(uid), _) => Some(of_pod(data, uid)),
        ("ConfigMap" | "Secret", _, Some(namespace)) => Some(of_files(data, namespace)),
        _ => None,
    }
}

/// A bell that rings when this is dropped, and when we end before that.
#[derive(Debug)]
pub(super) struct Held {
    _held: Option<File>,
}

/// Takes hold of a bell; where there is none nobody listens. Whoever begins to meanwhile finds that somebody changes the
/// objects, and looks once more afterwards.
///
/// # Errors
/// When it cannot be opened: who listens would not be told.
pub(super) fn hold(path: &Path) -> io::Result<Held> {
    // For reading, too, for else it would be refused where nobody listens yet who may in a moment.
    match open(File::options().read(true).write(true), path) {
        Ok(held) => Ok(Held { _held: Some(held) }),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(Held { _held: None })
        }
        // Who would listen at it was refused, too.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(Held { _held: None }),
        Err(error) => Err(error),
    }
}

/// Makes a bell, unless it is there: before it is listened to for the first time, and not again, for it goes with what it
/// is about.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn hang(path: &Path) -> io::Result<()> {
    match mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR) {
        Ok(()) | Err(Errno::EEXIST) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Listens at a bell: what comes back has hung up once it was rung, and says so from then on, so that who wants to hear it
/// again listens anew.
///
/// # Errors
/// When it cannot be opened, or is no bell.
pub(crate) fn listen(path: &Path) -> io::Result<OwnedFd> {
    open(File::options().read(true), path).map(OwnedFd::from)
}

fn open(options: &mut std::fs::OpenOptions, path: &Path) -> io::Result<File> {
    let opened = options.custom_flags(libc::O_NONBLOCK | libc::O_NOFOLLOW).open(path)?;
    // A file would be readable all the time.
    if opened.metadata()?.file_type().is_fifo() { Ok(opened) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::fd::AsFd;
    use std::process::Command;

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use super::*;

    fn is_rung(bell: &OwnedFd) -> bool {
        let mut files = [PollFd::new(bell.as_fd(), PollFlags::POLLIN)];
        poll(&mut files, PollTimeout::ZERO).expect("asked") > 0
    }

    fn bell() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = of_pod(directory.path(), "uid");
        fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        (directory, path)
    }

    #[test]
    fn who_listens_hears_it_when_the_last_who_held_it_has_let_go() {
        let (_directory, path) = bell();
        hold(&path).expect("nobody listens");
        assert_eq!(listen(&path).expect_err("nothing").kind(), io::ErrorKind::NotFound);
        hang(&path).and_then(|()| hang(&path)).expect("a bell");
        let heard = listen(&path).expect("a bell");
        assert!(!is_rung(&heard));
        let (first, second) = (hold(&path).expect("held"), hold(&path).expect("held"));
        assert!(!is_rung(&heard), "nothing has changed yet");
        // Who begins to listen meanwhile hears it, too.
        let late = listen(&path).expect("a bell");
        drop(first);
        assert!(!is_rung(&heard) && !is_rung(&late));
        drop(second);
        assert!(is_rung(&heard) && is_rung(&late));
        let anew = listen(&path).expect("a bell");
        assert!(is_rung(&heard) && !is_rung(&anew), "it was rung before");
        drop((heard, late));
        drop(hold(&path).expect("held"));
        assert!(is_rung(&anew));
    }

    #[test]
    fn who_is_killed_while_holding_it_rings_it() {
        let (_directory, path) = bell();
        hang(&path).expect("a bell");
        let heard = listen(&path).expect("a bell");
        let killed = Command::new("sh").args(["-c", "exec 3<>\"$1\"; kill -9 $$", "sh"]).arg(&path).status();
        assert_eq!(killed.expect("sh").code(), None);
        assert!(is_rung(&heard));
    }

    #[test]
    fn what_is_no_bell_is_not_listened_to() {
        let (_directory, path) = bell();
        fs::write(&path, "text").expect("a file");
        hang(&path).expect("something is there");
        assert_eq!(listen(&path).expect_err("a file").kind(), io::ErrorKind::InvalidInput);
        hold(&path).expect("nobody listens");
    }
}
