//! From a container of which everything is at hand to what its processes do: pure, and the one place
//! in which the order is decided.
//!
//! First, in the pod's namespaces, all is made that is to be mounted, nowhere yet ([`trees`]): there is
//! the right to make it, and every path leads where it always has. Then the container's own process
//! attaches it ([`furnish`]), below its root and by no path of the outside.

mod furnish;
mod text;

use std::collections::BTreeMap;
use std::ffi::CString;
use std::path::{Path, PathBuf};

use launch::op::{Entry, Expected, Fd, Made, Op, Origin};
use launch::{Kind, Script};

use crate::plan::{Attributes, Below, ContainerPlan, Mount, Pids, Propagation, ReadOnly, Root, What, Writable};
use text::c;

pub(crate) use furnish::furnish;
pub(crate) use text::c_path;

/// A namespace of the pod's to be entered.
#[derive(Debug)]
pub(crate) struct Namespace {
    pub(crate) kind: Kind,
    pub(crate) file: std::os::fd::OwnedFd,
    pub(crate) inode: u64,
}

/// What the pod's namespaces allow, and what the machine has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scene {
    /// Whether the pod is in a user namespace, its own or one that we are in: whoever is root there makes no
    /// devices, and has attributes of its own for what layers hide.
    pub(crate) own_users: bool,
    /// Whether that one has the group that terminals belong to.
    pub(crate) has_terminals_group: bool,
    /// The hierarchies of control groups, and where each is mounted below /sys/fs/cgroup.
    pub(crate) hierarchies: Vec<Hierarchy>,
    /// How layers are put on each other.
    pub(crate) layers: Layers,
}

/// A hierarchy of control groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hierarchy {
    /// Its directory below /sys/fs/cgroup; none where it is all that is there.
    pub(crate) directory: Option<String>,
    /// Its controllers, or its name; none for the unified one.
    pub(crate) options: Option<Vec<String>>,
}

/// How layers are put on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layers {
    /// One is named after the other, each by its whole path. Linux 6.5
    Each,
    /// All in one line, by short names in the directory that they share; mounted, and taken up from there.
    InOneLine,
}

/// Descriptors by what they are for, in one script or the other.
#[derive(Debug)]
pub(crate) struct Trees<T> {
    pub(crate) root: T,
    /// One for each mount of the plan; none for those that only the container itself can make.
    pub(crate) mounts: Vec<Option<T>>,
    /// One for each device of the plan, where devices are bound.
    pub(crate) devices: Vec<Option<T>>,
}

/// What one process makes of these.
#[derive(Debug)]
pub(crate) struct Share<T> {
    root: Option<T>,
    mounts: Vec<Option<T>>,
    devices: Vec<Option<T>>,
}

impl<T> Share<T> {
    /// Each, in one order.
    pub(crate) fn all(&self) -> impl Iterator<Item = T>
    where
        T: Copy,
    {
        self.root.iter().copied().chain(self.mounts.iter().chain(&self.devices).filter_map(|one| *one))
    }

    /// With these in their places, in that order.
    pub(crate) fn filled<U>(self, made: Vec<Option<U>>) -> Share<U> {
        let mut made = made.into_iter();
        let root = self.root.and_then(|_| made.next().flatten());
        let mut fill = |places: Vec<Option<T>>| {
            places.into_iter().map(|place| place.and_then(|_| made.next().flatten())).collect::<Vec<_>>()
        };
        let mounts = fill(self.mounts);
        let devices = fill(self.devices);
        Share { root, mounts, devices }
    }

    /// With what another process has made, if that is all.
    pub(crate) fn with(self, other: Self) -> Option<Trees<T>> {
        let both = |ours: Vec<Option<T>>, theirs: Vec<Option<T>>| {
            ours.into_iter().zip(theirs).map(|(ours, theirs)| ours.or(theirs)).collect()
        };
        let (mounts, devices) = (both(self.mounts, other.mounts), both(self.devices, other.devices));
        Some(Trees { root: self.root.or(other.root)?, mounts, devices })
    }

    /// If that is all.
    pub(crate) fn whole(self) -> Option<Trees<T>> {
        Some(Trees { root: self.root?, mounts: self.mounts, devices: self.devices })
    }
}

/// Which process makes a container's mounts, and which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// One in all of the pod's namespaces, who makes all.
    One,
    /// One who has stayed out of the pod's user namespace, in which what is the machine's cannot be found: it makes what
    /// is of files that are there, and maps their ids by that namespace.
    Outside(Fd),
    /// One in that, who makes the rest.
    Inside,
}

impl Trees<std::os::fd::OwnedFd> {
    /// Handed to a script.
    pub(crate) fn held(self, script: &mut Script) -> Trees<Fd> {
        let root = script.hold(self.root);
        let mut hold = |all: Vec<Option<std::os::fd::OwnedFd>>| {
            all.into_iter().map(|one| one.map(|one| script.hold(one))).collect::<Vec<_>>()
        };
        let mounts = hold(self.mounts);
        let devices = hold(self.devices);
        Trees { root, mounts, devices }
    }
}

/// Whether it was at putting layers on each other that a process failed.
pub(crate) fn is_of_layers(at: &launch::At) -> bool {
    match at {
        launch::At::Step(Op::Make { made: Made::Fresh { kind, .. }, .. }) => kind.as_c_str() == c"overlay",
        launch::At::Step(Op::Mount(mount)) => mount.kind.as_deref() == Some(c"overlay"),
        _ => false,
    }
}

/// What something is a copy of, in words.
pub(crate) fn named(of: &Origin) -> String {
    match of {
        Origin::Path(path) | Origin::Below(_, path) => path.to_string_lossy().into_owned(),
        Origin::Held(_) => "a part of a volume".to_owned(),
    }
}

/// Enters, and makes sure of it; becomes root there, where who we are is nobody.
pub(crate) fn enter(script: &mut Script, pidfd: std::os::fd::OwnedFd, namespaces: Vec<Namespace>, mapped: bool) {
    // Nobody inside may look at us before we are the command.
    script.must(Op::Hide);
    let enters_users = namespaces.iter().any(|one| one.kind == Kind::User);
    if enters_users {
        // Groups of the outside are nobody's inside, and may not be given up there.
        script.prefer(Op::Groups(Vec::new()));
    }
    if namespaces.is_empty() {
        return;
    }
    let all_of = Some(script.hold(pidfd));
    let expected = namespaces.iter().map(|one| Expected { kind: one.kind, inode: one.inode }).collect();
    let entries = namespaces.into_iter().map(|one| Entry { kind: one.kind, file: script.hold(one.file) });
    let namespaces = entries.collect();
    script.must(Op::Enter { all_of, namespaces });
    script.must(Op::Verify(expected));
    if enters_users && mapped {
        script.must(Op::Gid(0));
        script.must(Op::Uid(0));
    }
}

/// Enters the pid namespace of another container, with the rights that are had in the pod's namespaces.
pub(crate) fn count_as(script: &mut Script, pidfd: std::os::fd::OwnedFd, pids: Namespace) {
    let all_of = Some(script.hold(pidfd));
    let expected = vec![Expected { kind: pids.kind, inode: pids.inode }];
    let namespaces = vec![Entry { kind: pids.kind, file: script.hold(pids.file) }];
    script.must(Op::Enter { all_of, namespaces });
    script.must(Op::Verify(expected));
}

/// Makes what is to be mounted, in the pod's namespaces and below its root directory. What is bound may be held already,
/// and is known by where it is mounted.
pub(crate) fn trees(
    script: &mut Script,
    plan: &ContainerPlan,
    scene: &Scene,
    held: &BTreeMap<PathBuf, Fd>,
    by: By,
) -> Share<Fd> {
    let parts = plan.parts();
    let users = if let By::Outside(users) = by { Some(users) } else { None };
    let root = (by != By::Inside).then(|| root(script, &parts.root, scene, users));
    let mut mounts = Vec::with_capacity(parts.mounts.len());
    for mount in &parts.mounts {
        let is_of_files = matches!(mount.what, What::Bind { .. });
        let tree = match (&mount.what, parts.pids) {
            _ if by == By::Inside && is_of_files || users.is_some() && !is_of_files => None,
            // Who is root of the pod alone may make none of the machine's processes; the pod has that which there is.
            (What::Proc, Pids::Hosts) => {
                Some(make(script, copy(Origin::Path(c("/proc")), true, mount.attributes, Propagation::Private, None)))
            }
            _ => tree(script, mount, scene, held.get(&mount.at), users),
        };
        mounts.push(tree);
    }
    let mut devices = Vec::new();
    if scene.own_users {
        for device in &parts.devices {
            let of = Origin::Path(c_path(&device.source));
            let made = copy(of, false, Attributes::default(), Propagation::Private, None);
            devices.push((by != By::Inside).then(|| make(script, made)));
        }
    }
    Share { root, mounts, devices }
}

fn make(script: &mut Script, made: Made) -> Fd {
    let held = script.to_be_made();
    script.must(Op::Make { made, held });
    held
}

fn root(script: &mut Script, root: &Root, scene: &Scene, users: Option<Fd>) -> Fd {
    let Root::Layers { lowers, writable } = root else {
        let Root::Directory(path) = root else { unreachable!("there are two kinds of roots") };
        let made = copy(Origin::Path(c_path(path)), true, Attributes::default(), Propagation::Private, users);
        return make(script, made);
    };
    if users.is_some() {
        return mapped(script, lowers, writable, users);
    }
    let marks = scene.own_users.then(|| (c("userxattr"), None));
    match scene.layers {
        Layers::Each => {
            let lowers = lowers.iter().map(|lower| (c("lowerdir+"), Some(c_path(lower))));
            let own = [(c("upperdir"), &writable.upper), (c("workdir"), &writable.work)];
            let own = own.map(|(key, path)| (key, Some(c_path(path))));
            let options = called(writable).chain(marks).chain(lowers).chain(own).collect();
            make(script, Made::Fresh { kind: c("overlay"), options, files: Vec::new(), attributes: 0 })
        }
        Layers::InOneLine => in_one_line(script, lowers, writable, scene.own_users),
    }
}

/// What every overlay is told.
fn called(writable: &Writable) -> impl Iterator<Item = (CString, Option<CString>)> {
    [(c("source"), Some(c("overlay")))].into_iter().chain(writable.volatile.then(|| (c("volatile"), None)))
}

/// Each layer by itself has the ids of the user namespace; all of them together could not be given any. What is written
/// is written by these ids. A device in a layer is none.
fn mapped(script: &mut Script, lowers: &[PathBuf], writable: &Writable, users: Option<Fd>) -> Fd {
    let mut files = Vec::with_capacity(lowers.len());
    for lower in lowers {
        let of = Origin::Path(c_path(lower));
        files.push((c("lowerdir+"), make(script, copy(of, false, Attributes::default(), Propagation::Private, users))));
    }
    let own = [(c("upperdir"), &writable.upper), (c("workdir"), &writable.work)];
    let own = own.map(|(key, path)| (key, Some(c_path(path))));
    let options = called(writable).chain(own).collect();
    make(script, Made::Fresh { kind: c("overlay"), options, files, attributes: libc::MOUNT_ATTR_NODEV })
}

/// A page holds what mount(2) is told, so layers are named as short as can be.
fn in_one_line(script: &mut Script, lowers: &[PathBuf], own: &Writable, user: bool) -> Fd {
    let shared = text::shared(lowers.iter().map(std::path::PathBuf::as_path));
    let short = |path: &Path| text::escaped(path.strip_prefix(&shared).unwrap_or(path));
    let lowers: Vec<_> = lowers.iter().map(|lower| short(lower)).collect();
    let (upper, work) = (text::escaped(&own.upper), text::escaped(&own.work));
    let marks = if user { ",userxattr" } else { "" };
    let data = format!("lowerdir={},upperdir={upper},workdir={work}{marks}", lowers.join(":"));
    // In mounts that nobody else has: where it is mounted is of no account.
    script.must(Op::OwnMounts);
    script.must(Op::SlaveMounts);
    script.must(Op::Chdir(c_path(&shared)));
    script.must(Op::Mount(launch::op::Mount {
        source: c("overlay"),
        target: c_path(&shared),
        kind: Some(c("overlay")),
        flags: nix::mount::MsFlags::empty(),
        data: Some(c(&data)),
    }));
    make(script, copy(Origin::Path(c_path(&shared)), false, Attributes::default(), Propagation::Private, None))
}

/// The tree of a mount, unless it is one that only the container itself can make.
fn tree(script: &mut Script, mount: &Mount, scene: &Scene, source: Option<&Fd>, users: Option<Fd>) -> Option<Fd> {
    let Mount { what, attributes, propagation, .. } = mount;
    let pods = |path: &str| copy(Origin::Path(c(path)), false, *attributes, Propagation::Private, None);
    let fresh = |kind: &str, options: &[(&str, &str)]| fresh(kind, options, *attributes);
    Some(match what {
        // It counts processes as who makes it does, and shows the control groups that it is in.
        What::Proc | What::Cgroup => return None,
        What::Bind { source: path, below } => {
            let along = *below == Below::Along;
            let of = source.map_or_else(|| Origin::Path(c_path(path)), |held| Origin::Held(*held));
            make(script, copy(of, along, *attributes, *propagation, users))
        }
        What::Tmpfs { size, mode } => {
            let (size, mode) = (size.map(|size| size.to_string()), format!("{mode:o}"));
            let size = size.as_deref().map(|size| ("size", size));
            let options: Vec<_> = size.into_iter().chain([("mode", mode.as_str())]).collect();
            make(script, fresh("tmpfs", &options))
        }
        What::Devpts => {
            let group = scene.has_terminals_group.then_some(("gid", "5"));
            let usual = [("newinstance", ""), ("ptmxmode", "0666"), ("mode", "0620")];
            let options: Vec<_> = usual.into_iter().chain(group).collect();
            make(script, fresh("devpts", &options))
        }
        What::Sysfs => {
            let held = script.to_be_made();
            let first = script.prefer(Op::Make { made: fresh("sysfs", &[]), held });
            // Who has not the pod's network for itself may show that of the host, as it is.
            let whole = Attributes { read_only: ReadOnly::AllBelow, ..*attributes };
            let made = copy(Origin::Path(c("/sys")), true, whole, Propagation::Private, None);
            script.instead(first, Op::Make { made, held }, launch::Need::Must);
            held
        }
        // A pod may have had to do without.
        What::PodsShm | What::PodsMqueue => {
            let path = if *what == What::PodsShm { "/dev/shm" } else { "/dev/mqueue" };
            let held = script.to_be_made();
            script.prefer(Op::Make { made: pods(path), held });
            held
        }
    })
}

fn bits(attributes: Attributes) -> u64 {
    let Attributes { read_only: _, nosuid, nodev, noexec } = attributes;
    let flags = [(nosuid, libc::MOUNT_ATTR_NOSUID), (nodev, libc::MOUNT_ATTR_NODEV), (noexec, libc::MOUNT_ATTR_NOEXEC)];
    flags.into_iter().filter(|(set, _)| *set).fold(0, |bits, (_, flag)| bits | flag)
}

fn fresh(kind: &str, options: &[(&str, &str)], attributes: Attributes) -> Made {
    // As it is called where mounts are listed.
    let source = [("source", kind)];
    let options = source.iter().chain(options);
    let options = options.map(|(key, value)| (c(key), (!value.is_empty()).then(|| c(value))));
    let read_only = if attributes.read_only == ReadOnly::No { 0 } else { libc::MOUNT_ATTR_RDONLY };
    let attributes = bits(attributes) | read_only;
    Made::Fresh { kind: c(kind), options: options.collect(), files: Vec::new(), attributes }
}

fn copy(of: Origin, below: bool, attributes: Attributes, propagation: Propagation, users: Option<Fd>) -> Made {
    let all = bits(attributes);
    let (itself, all) = match attributes.read_only {
        ReadOnly::No => (0, all),
        ReadOnly::Itself => (libc::MOUNT_ATTR_RDONLY, all),
        ReadOnly::AllBelow => (0, all | libc::MOUNT_ATTR_RDONLY),
    };
    let propagation = match propagation {
        Propagation::Private => libc::MS_PRIVATE,
        Propagation::Slave => libc::MS_SLAVE,
        Propagation::Shared => libc::MS_SHARED,
    };
    Made::Copy { of, below, attributes: itself, attributes_below: all, propagation, users }
}
