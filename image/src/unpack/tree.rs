//! A layer's directory, and the way to everything in it: from descriptor to descriptor, one name at a
//! time, links never followed by the kernel. What leads through a link is resolved here, as if the
//! layer's root were all there is.
//!
//! A layer is unpacked as a change of the layers below it. So a directory that it only leads through
//! is like the one below, and a link below leads where it leads.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;

use registry::tree::remove_below;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, XattrFlags};
use rustix::io::Errno;

use super::name::Parts;
use crate::marks::OverlayMarks;

/// That something could not be done, and what.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) operation: &'static str,
    pub(super) source: io::Error,
}

/// Wraps what the kernel said.
pub(super) fn fault(operation: &'static str) -> impl FnOnce(Errno) -> Fault {
    move |errno| Fault { operation, source: errno.into() }
}

/// More directories one within the other than anybody has use for. Each is open meanwhile, and of descriptors there may be
/// no more than a thousand.
const DEPTH: usize = 200;
/// As many links as the kernel follows.
const LINKS: usize = 40;

pub(super) type Handle = Rc<OwnedFd>;

/// A directory of the layer, and the names that lead to it, none of which is a link.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) handle: Handle,
    pub(super) way: Parts,
}

/// What there is of a name.
pub(super) enum Found {
    Nothing,
    Directory,
    Link(Vec<u8>),
    /// What hides the name below.
    Whiteout,
    Other,
}

/// The same of a name in the layers below.
pub(super) enum Below {
    Nothing,
    Directory(OwnedFd),
    Link(Vec<u8>),
    /// The directory that it is in.
    Other(OwnedFd),
}

#[derive(Debug)]
pub(super) struct Tree {
    root: Handle,
    /// The layers below, the nearest first.
    lowers: Vec<OwnedFd>,
    marks: OverlayMarks,
    /// The last that was asked for, for neighbours stand together in an archive.
    last: Option<(Parts, Place)>,
    /// Directories that were made because something leads through them.
    implied: Vec<(Place, Option<Stat>)>,
}

impl Tree {
    pub(super) fn new(root: OwnedFd, lowers: Vec<OwnedFd>, marks: OverlayMarks) -> Self {
        Self { root: Rc::new(root), lowers, marks, last: None, implied: Vec::new() }
    }

    pub(super) fn root(&self) -> Place {
        Place { handle: Rc::clone(&self.root), way: Parts::new() }
    }

    pub(super) fn has_lowers(&self) -> bool {
        !self.lowers.is_empty()
    }

    pub(super) fn lower_root(&self) -> Option<BorrowedFd<'_>> {
        self.lowers.first().map(AsFd::as_fd)
    }

    /// What was made on the way since this was asked last, and what it is like.
    pub(super) fn take_implied(&mut self) -> Vec<(Place, Option<Stat>)> {
        std::mem::take(&mut self.implied)
    }

    /// The directory that these names lead to, made where there is none.
    pub(super) fn directory(&mut self, parts: &[Vec<u8>]) -> Result<Place, Fault> {
        if let Some((known, place)) = &self.last
            && known == parts
        {
            return Ok(place.clone());
        }
        let mut todo: VecDeque<Vec<u8>> = parts.to_vec().into();
        let mut way: Vec<(Vec<u8>, Handle)> = Vec::new();
        let mut links = 0;
        while let Some(part) = todo.pop_front() {
            if part == b".." {
                way.pop();
                continue;
            }
            let here = Rc::clone(way.last().map_or(&self.root, |(_, handle)| handle));
            let mut target = None;
            match self.look(here.as_fd(), &part)? {
                Found::Directory => {}
                Found::Link(to) => target = Some(to),
                Found::Whiteout => {
                    remove(here.as_fd(), &part)?;
                    make(here.as_fd(), &part)?;
                    self.make_opaque(open(here.as_fd(), &part)?.as_fd())?;
                    self.imply(&way, &here, &part, None)?;
                }
                Found::Other => return Err(fault("lead through")(Errno::NOTDIR)),
                Found::Nothing => match self.below(&way, &part)? {
                    Below::Link(to) => target = Some(to),
                    Below::Directory(like) => {
                        make(here.as_fd(), &part)?;
                        let like = rustix::fs::fstat(&like).map_err(fault("look at"))?;
                        self.imply(&way, &here, &part, Some(like))?;
                    }
                    Below::Nothing | Below::Other(_) => {
                        make(here.as_fd(), &part)?;
                        self.imply(&way, &here, &part, None)?;
                    }
                },
            }
            let Some(target) = target else {
                if way.len() == DEPTH {
                    return Err(fault("lead through")(Errno::NAMETOOLONG));
                }
                way.push((part.clone(), Rc::new(open(here.as_fd(), &part)?)));
                continue;
            };
            links += 1;
            if links > LINKS {
                return Err(fault("lead through")(Errno::LOOP));
            }
            if target.starts_with(b"/") {
                way.clear();
            }
            for step in target.split(|byte| *byte == b'/').rev().filter(|step| !matches!(*step, b"" | b".")) {
                todo.push_front(step.to_owned());
            }
        }
        let handle = Rc::clone(way.last().map_or(&self.root, |(_, handle)| handle));
        let place = Place { handle, way: way.into_iter().map(|(part, _)| part).collect() };
        self.last = Some((parts.to_vec(), place.clone()));
        Ok(place)
    }

    /// The directory at the end of names that were resolved, if it is still there.
    pub(super) fn existing(&mut self, way: &[Vec<u8>]) -> Result<Option<Handle>, Fault> {
        if let Some((known, place)) = &self.last
            && known == way
        {
            return Ok(Some(Rc::clone(&place.handle)));
        }
        let mut here = Rc::clone(&self.root);
        for part in way {
            // Its mode may let its owner through, and no more.
            let flags = DIRECTORY.union(OFlags::PATH).difference(OFlags::NONBLOCK);
            match rustix::fs::openat(&*here, part.as_slice(), flags, Mode::empty()) {
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(None),
                opened => here = Rc::new(opened.map_err(fault("open"))?),
            }
        }
        self.last = Some((way.to_vec(), Place { handle: Rc::clone(&here), way: way.to_vec() }));
        Ok(Some(here))
    }

    fn imply(
        &mut self,
        way: &[(Vec<u8>, Handle)],
        here: &Handle,
        part: &[u8],
        like: Option<Stat>,
    ) -> Result<(), Fault> {
        let names = way.iter().map(|(name, _)| name.clone()).chain([part.to_owned()]).collect();
        let place = Place { handle: Rc::new(open(here.as_fd(), part)?), way: names };
        self.implied.push((place, like));
        Ok(())
    }

    /// What the layer has of this name.
    pub(super) fn look(&self, here: BorrowedFd<'_>, name: &[u8]) -> Result<Found, Fault> {
        let found = match rustix::fs::statat(here, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(Found::Nothing),
            found => found.map_err(fault("look at"))?,
        };
        Ok(match FileType::from_raw_mode(found.st_mode) {
            FileType::Directory => Found::Directory,
            FileType::Symlink => Found::Link(read_link(here, name)?),
            FileType::CharacterDevice if found.st_rdev == 0 => Found::Whiteout,
            _ => Found::Other,
        })
    }

    /// What the layers below have of a name in a directory of this one, as an overlay would show it.
    fn below(&self, way: &[(Vec<u8>, Handle)], name: &[u8]) -> Result<Below, Fault> {
        if self.lowers.is_empty() {
            return Ok(Below::Nothing);
        }
        let handles = std::iter::once(&self.root).chain(way.iter().map(|(_, handle)| handle));
        for handle in handles {
            if self.is_opaque(handle.as_fd())? {
                return Ok(Below::Nothing);
            }
        }
        let names: Vec<_> = way.iter().map(|(name, _)| name.as_slice()).collect();
        for lower in &self.lowers {
            let mut here = None;
            let mut last = self.is_opaque(lower.as_fd())?;
            let mut missing = false;
            for name in &names {
                let parent = here.as_ref().map_or(lower.as_fd(), AsFd::as_fd);
                match rustix::fs::openat(parent, *name, DIRECTORY, Mode::empty()) {
                    Ok(next) => {
                        last |= self.is_opaque(next.as_fd())?;
                        here = Some(next);
                    }
                    Err(Errno::NOENT) => {
                        missing = true;
                        break;
                    }
                    // Something that hides what is further below.
                    Err(Errno::NOTDIR | Errno::LOOP) => return Ok(Below::Nothing),
                    Err(errno) => return Err(fault("look below for")(errno)),
                }
            }
            if !missing {
                let parent = here.as_ref().map_or(lower.as_fd(), AsFd::as_fd);
                match self.look(parent, name)? {
                    Found::Nothing => {}
                    Found::Whiteout => return Ok(Below::Nothing),
                    Found::Directory => return open(parent, name).map(Below::Directory),
                    Found::Link(to) => return Ok(Below::Link(to)),
                    Found::Other => {
                        let parent = rustix::io::fcntl_dupfd_cloexec(parent, 0).map_err(fault("look below for"))?;
                        return Ok(Below::Other(parent));
                    }
                }
            }
            if last {
                break;
            }
        }
        Ok(Below::Nothing)
    }

    /// The same for a place that was resolved.
    pub(super) fn below_place(&self, place: &Place, name: &[u8]) -> Result<Below, Fault> {
        let mut way: Vec<(Vec<u8>, Handle)> = Vec::new();
        for part in &place.way {
            let here = way.last().map_or(&self.root, |(_, handle)| handle);
            let next = Rc::new(open(here.as_fd(), part)?);
            way.push((part.clone(), next));
        }
        self.below(&way, name)
    }

    fn is_opaque(&self, directory: BorrowedFd<'_>) -> Result<bool, Fault> {
        self.marks.hide(directory).map_err(fault("look at the attributes of"))
    }

    /// Has a directory hide what the layers below have in it.
    pub(super) fn make_opaque(&self, directory: BorrowedFd<'_>) -> Result<(), Fault> {
        if self.lowers.is_empty() {
            return Ok(());
        }
        let set = rustix::fs::fsetxattr(directory, self.marks.opaque(), b"y", XattrFlags::empty());
        set.map_err(fault("hide what is below"))
    }

    /// Takes away what the layer has of a name.
    pub(super) fn clear(&mut self, here: BorrowedFd<'_>, name: &[u8]) -> Result<(), Fault> {
        self.last = None;
        remove(here, name)
    }
}

const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

/// Opens a directory, and nothing else.
pub(super) fn open(here: BorrowedFd<'_>, name: &[u8]) -> Result<OwnedFd, Fault> {
    rustix::fs::openat(here, name, DIRECTORY, Mode::empty()).map_err(fault("open"))
}

fn make(here: BorrowedFd<'_>, name: &[u8]) -> Result<(), Fault> {
    rustix::fs::mkdirat(here, name, Mode::from_raw_mode(0o755)).map_err(fault("create"))
}

fn remove(here: BorrowedFd<'_>, name: &[u8]) -> Result<(), Fault> {
    let removed = remove_below(here, name);
    removed.map_err(|errno| Fault { operation: "replace", source: errno.into() })
}

pub(super) fn read_link(here: BorrowedFd<'_>, name: &[u8]) -> Result<Vec<u8>, Fault> {
    let target = rustix::fs::readlinkat(here, name, Vec::new()).map_err(fault("read"))?;
    Ok(target.into_bytes())
}
