//! Member after member, made what it says in the layer's directory.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, SeekFrom, Stat};
use rustix::io::Errno;

use super::member::{Kind, Member, Members};
use super::name::{Meaning, meaning, parts};
use super::pax::Time;
use super::stream::Unpacked;
use super::times::Times;
use super::tree::{Below, Fault, Found, Place, Tree, fault, open};
use super::xattr::Attributes;
use super::{Limits, Outcome, Target, UnpackError, attributes};

/// Makes in the target what the archive has, to its last byte.
pub(super) fn apply(bytes: &mut Unpacked, target: Target, limits: Limits) -> Result<Outcome, UnpackError> {
    let mut members = Members::new(bytes);
    let mut layer = Layer {
        tree: Tree::new(target.directory, target.lowers, target.marks),
        times: Times::new(target.scratch),
        outcome: Outcome::default(),
        buffer: vec![0; 128 << 10],
    };
    layer.begin().map_err(|fault| of("/", fault))?;
    while let Some(member) = members.next()? {
        layer.outcome.entries += 1;
        limits.entries(layer.outcome.entries)?;
        layer.outcome.bytes = layer.outcome.bytes.saturating_add(member.size);
        // Holes are not written, and are a size all the same.
        limits.bytes(layer.outcome.bytes, u64::MAX)?;
        layer.member(&member, &mut members)?;
    }
    members.finish()?;
    layer.end()
}

struct Layer {
    tree: Tree,
    times: Times,
    outcome: Outcome,
    buffer: Vec<u8>,
}

fn of(name: &str, fault: Fault) -> UnpackError {
    UnpackError::Entry { operation: fault.operation, name: name.to_owned(), source: fault.source }
}

fn shown(name: &[u8]) -> String {
    name.escape_ascii().to_string()
}

impl Layer {
    /// The root is as it is below, unless the layer says something of it: it is the one that is seen.
    fn begin(&mut self) -> Result<(), Fault> {
        let root = self.tree.root();
        let like = match self.tree.lower_root() {
            Some(lower) => Some(rustix::fs::fstat(lower).map_err(fault("look at"))?),
            None => None,
        };
        self.be_like(&root, like)
    }

    fn member(&mut self, member: &Member, members: &mut Members<&mut Unpacked>) -> Result<(), UnpackError> {
        let no_name = |_| UnpackError::Name { name: shown(&member.name) };
        let done = match meaning(&member.name).map_err(no_name)? {
            Meaning::Nothing => Ok(()),
            Meaning::Whiteout(parts) => self.whiteout(&parts),
            Meaning::Opaque(parts) => self.opaque(&parts),
            Meaning::Entry(parts) => self.entry(&parts, member, members),
        };
        let implied = done.and_then(|()| self.furnish_implied());
        implied.map_err(|fault| of(&shown(&member.name), fault))
    }

    fn furnish_implied(&mut self) -> Result<(), Fault> {
        for (place, like) in self.tree.take_implied() {
            self.be_like(&place, like)?;
        }
        Ok(())
    }

    /// Makes a directory that the layer only leads through like the one below.
    fn be_like(&mut self, place: &Place, like: Option<Stat>) -> Result<(), Fault> {
        let mut member = attributes::like(like);
        if like.is_some() {
            // What is below may have attributes that the layer does not speak of.
            member.xattrs = self.attributes_below(place)?;
        }
        attributes::of_open(place.handle.as_fd(), &member, member.mode | OWNERS, &mut self.outcome)?;
        if like.is_some() { self.keep(place, &member) } else { Ok(()) }
    }

    fn attributes_below(&self, place: &Place) -> Result<Attributes, Fault> {
        let Some((name, above)) = place.way.split_last() else {
            return self.tree.lower_root().map_or_else(|| Ok(Vec::new()), attributes::read_attributes);
        };
        let above = Place { handle: self.tree.root().handle, way: above.to_vec() };
        match self.tree.below_place(&above, name)? {
            Below::Directory(below) => attributes::read_attributes(below.as_fd()),
            _ => Ok(Vec::new()),
        }
    }

    fn keep(&mut self, place: &Place, member: &Member) -> Result<(), Fault> {
        let kept = self.times.keep(&place.way, member.mtime, member.mode);
        kept.map_err(|source| Fault { operation: "keep the time of", source })
    }

    fn whiteout(&mut self, parts: &[Vec<u8>]) -> Result<(), Fault> {
        let Some((name, above)) = parts.split_last() else { return Ok(()) };
        // Below the lowest there is nothing to hide.
        if !self.tree.has_lowers() {
            return Ok(());
        }
        let place = self.tree.directory(above)?;
        let here = place.handle.as_fd();
        match self.tree.look(here, name)? {
            // It is of this layer, and only what is below it goes, whichever comes first.
            Found::Directory => self.tree.make_opaque(open(here, name)?.as_fd()),
            Found::Nothing => {
                let made = rustix::fs::mknodat(here, name.as_slice(), FileType::CharacterDevice, Mode::empty(), 0);
                made.map_err(fault("hide what is below as"))
            }
            Found::Whiteout | Found::Link(_) | Found::Other => Ok(()),
        }
    }

    fn opaque(&mut self, parts: &[Vec<u8>]) -> Result<(), Fault> {
        if !self.tree.has_lowers() {
            return Ok(());
        }
        let place = self.tree.directory(parts)?;
        // An overlay does not ask its layers' roots.
        self.outcome.opaque |= place.way.is_empty();
        self.tree.make_opaque(place.handle.as_fd())
    }

    fn entry(&mut self, parts: &[Vec<u8>], member: &Member, members: &mut Members<&mut Unpacked>) -> Result<(), Fault> {
        let Some((name, above)) = parts.split_last() else {
            let root = self.tree.root();
            return match member.kind {
                Kind::Directory => self.furnish_directory(&root, member),
                _ => Err(fault("replace")(Errno::ISDIR)),
            };
        };
        let place = self.tree.directory(above)?;
        let here = place.handle.as_fd();
        match member.kind {
            Kind::Directory => self.directory(&place, name, member),
            Kind::HardLink => self.hard_link(&place, name, member),
            Kind::File => {
                self.tree.clear(here, name)?;
                self.file(here, name, member, members)
            }
            Kind::Symlink => {
                self.tree.clear(here, name)?;
                let made = rustix::fs::symlinkat(member.link.as_slice(), here, name.as_slice());
                made.map_err(fault("create"))?;
                attributes::of_name(here, name, member, &mut self.outcome)
            }
            Kind::Fifo | Kind::CharacterDevice | Kind::BlockDevice => {
                self.tree.clear(here, name)?;
                self.node(here, name, member)
            }
        }
    }

    fn directory(&mut self, place: &Place, name: &[u8], member: &Member) -> Result<(), Fault> {
        let here = place.handle.as_fd();
        let found = self.tree.look(here, name)?;
        let hides = matches!(found, Found::Whiteout);
        if !matches!(found, Found::Directory) {
            self.tree.clear(here, name)?;
            rustix::fs::mkdirat(here, name, Mode::from_raw_mode(0o700)).map_err(fault("create"))?;
        }
        let opened = open(here, name)?;
        if hides {
            self.tree.make_opaque(opened.as_fd())?;
        }
        let way = place.way.iter().cloned().chain([name.to_owned()]).collect();
        self.furnish_directory(&Place { handle: opened.into(), way }, member)
    }

    fn furnish_directory(&mut self, place: &Place, member: &Member) -> Result<(), Fault> {
        attributes::of_open(place.handle.as_fd(), member, member.mode | OWNERS, &mut self.outcome)?;
        self.keep(place, member)
    }

    fn file(
        &mut self,
        here: BorrowedFd<'_>,
        name: &[u8],
        member: &Member,
        members: &mut Members<&mut Unpacked>,
    ) -> Result<(), Fault> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(here, name, flags, Mode::from_raw_mode(0o600)).map_err(fault("create"))?;
        let mut data = members.data();
        match &member.map {
            None => self.copy(&mut data, opened.as_fd(), member.size)?,
            Some(map) => {
                for segment in map {
                    rustix::fs::seek(&opened, SeekFrom::Start(segment.offset)).map_err(fault("write"))?;
                    self.copy(&mut data, opened.as_fd(), segment.length)?;
                }
                rustix::fs::ftruncate(&opened, member.size).map_err(fault("write"))?;
            }
        }
        attributes::of_open(opened.as_fd(), member, member.mode, &mut self.outcome)?;
        rustix::fs::futimens(&opened, &attributes::times(member.mtime)).map_err(fault("set the time of"))
    }

    fn copy(&mut self, data: &mut impl Read, to: BorrowedFd<'_>, length: u64) -> Result<(), Fault> {
        let mut left = length;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(self.buffer.len());
            let count = data.read(&mut self.buffer[..most]);
            let count = count.map_err(|source| Fault { operation: "read", source })?;
            if count == 0 {
                return Err(Fault { operation: "read", source: io::ErrorKind::UnexpectedEof.into() });
            }
            let mut written = 0;
            while written < count {
                match rustix::io::write(to, &self.buffer[written..count]) {
                    Err(Errno::INTR) => {}
                    wrote => written += wrote.map_err(fault("write"))?,
                }
            }
            left -= count as u64;
        }
        Ok(())
    }

    fn node(&mut self, here: BorrowedFd<'_>, name: &[u8], member: &Member) -> Result<(), Fault> {
        let (kind, device) = match member.kind {
            Kind::Fifo => (FileType::Fifo, 0),
            Kind::CharacterDevice => (FileType::CharacterDevice, rustix::fs::makedev(member.device.0, member.device.1)),
            _ => (FileType::BlockDevice, rustix::fs::makedev(member.device.0, member.device.1)),
        };
        // To an overlay this one means that something is hidden.
        if kind != FileType::CharacterDevice || device != 0 {
            match rustix::fs::mknodat(here, name, kind, Mode::from_raw_mode(0o600), device) {
                Err(Errno::PERM) if kind != FileType::Fifo => {}
                made => {
                    made.map_err(fault("create"))?;
                    return attributes::of_name(here, name, member, &mut self.outcome);
                }
            }
        }
        self.outcome.devices += 1;
        Ok(())
    }

    fn hard_link(&mut self, place: &Place, name: &[u8], member: &Member) -> Result<(), Fault> {
        let target = parts(&member.link).map_err(|_| fault("link")(Errno::NOENT))?;
        let Some((target_name, above)) = target.split_last() else { return Err(fault("link")(Errno::ISDIR)) };
        let target = self.tree.directory(above)?;
        let from = target.handle.as_fd();
        if matches!(self.tree.look(from, target_name)?, Found::Nothing) {
            self.copy_up(&target, target_name)?;
        }
        let here = place.handle.as_fd();
        match self.tree.look(from, target_name)? {
            Found::Nothing | Found::Whiteout if self.outcome.devices > 0 => return Ok(()),
            Found::Nothing | Found::Whiteout => return Err(fault("link to what is not there")(Errno::NOENT)),
            Found::Directory => return Err(fault("link")(Errno::ISDIR)),
            Found::Link(_) | Found::Other => {}
        }
        if target.way == place.way && target_name == name {
            return Ok(());
        }
        self.tree.clear(here, name)?;
        let linked = rustix::fs::linkat(from, target_name.as_slice(), here, name, AtFlags::empty());
        linked.map_err(fault("link"))
    }

    /// Copies a file of a layer below into this one, to be linked to: a link does not reach across.
    fn copy_up(&mut self, place: &Place, name: &[u8]) -> Result<(), Fault> {
        let Below::Other(below) = self.tree.below_place(place, name)? else { return Ok(()) };
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&below, name, flags, Mode::empty()).map_err(fault("open"))?;
        let found = rustix::fs::fstat(&opened).map_err(fault("look at"))?;
        if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
            return Err(fault("link")(Errno::XDEV));
        }
        let mut member = attributes::like(Some(found));
        member.xattrs = attributes::read_attributes(opened.as_fd())?;
        let here = place.handle.as_fd();
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let copy = rustix::fs::openat(here, name, flags, Mode::from_raw_mode(0o600)).map_err(fault("create"))?;
        self.copy(&mut std::fs::File::from(opened), copy.as_fd(), found.st_size.cast_unsigned())?;
        attributes::of_open(copy.as_fd(), &member, member.mode, &mut self.outcome)?;
        rustix::fs::futimens(&copy, &attributes::times(member.mtime)).map_err(fault("set the time of"))
    }

    /// Sets the times and modes of directories, in which nothing is made any more.
    fn end(self) -> Result<Outcome, UnpackError> {
        let Self { mut tree, times, outcome, .. } = self;
        times.replay(|way, time, mode| {
            let done = finish(&mut tree, &way, time, mode);
            done.map_err(|fault| of(&shown(&way.join(&b'/')), fault))
        })?;
        Ok(outcome)
    }
}

/// What the owner of a directory has to have who makes something in it, and is not root.
const OWNERS: u32 = 0o700;

fn finish(tree: &mut Tree, way: &[Vec<u8>], time: Time, mode: u32) -> Result<(), Fault> {
    let set = |opened: BorrowedFd<'_>| {
        if mode & OWNERS != OWNERS {
            rustix::fs::fchmod(opened, Mode::from_raw_mode(mode)).map_err(fault("set the mode of"))?;
        }
        rustix::fs::futimens(opened, &attributes::times(time)).map_err(fault("set the time of"))
    };
    let Some((last, above)) = way.split_last() else { return set(tree.root().handle.as_fd()) };
    // Something else may have come in its place since.
    let Some(place) = tree.existing(above)? else { return Ok(()) };
    match tree.look(place.as_fd(), last)? {
        Found::Directory => set(open(place.as_fd(), last)?.as_fd()),
        _ => Ok(()),
    }
}
