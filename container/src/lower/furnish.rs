//! What the container's own process does of its surroundings: mounts put where they belong below its root, what is hidden
//! and protected, and the way there.

use std::path::Path;

use launch::Script;
use launch::op::{Fd, Made, Missing, Op, Origin, Spot};

use super::text::{c, c_path, sysctl};
use super::{Hierarchy, Scene, Trees, copy, fresh, make};
use crate::plan::{Attributes, ContainerPlan, Device, DeviceKind, Mount, Pids, Propagation, ReadOnly, What};

/// What the container's process does of its surroundings, from when it is in the pod's namespaces and
/// has its own to when its root is all that there is.
pub(crate) fn furnish(script: &mut Script, plan: &ContainerPlan, trees: Trees<Fd>, scene: &Scene) {
    let parts = plan.parts();
    let Trees { root, mounts, devices } = trees;
    for (name, value) in &parts.sysctls {
        let file = c(&format!("sys/{}", sysctl(name)));
        script.must(Op::Write { file, text: value.as_bytes().to_vec() });
    }
    if parts.pids != Pids::Own {
        script.must(Op::OwnMounts);
    }
    script.must(Op::SlaveMounts);
    script.prefer(Op::OwnCgroups);
    let null = script.to_be_made();
    script.must(Op::Make { made: Made::Null, held: null });
    // What is made has the modes that are said.
    script.must(Op::Umask(0));
    script.must(Op::Attach { tree: root, at: c("/") });
    let (mut kernels, mut ours) = (Vec::new(), Ours { root, attached: Vec::new() });
    for (mount, tree) in parts.mounts.iter().zip(mounts) {
        let attached = attach(script, &ours, mount, tree, scene);
        match mount.what {
            What::Proc | What::Sysfs => kernels.extend(attached.map(|tree| (mount.at.as_path(), tree))),
            _ => {}
        }
        let fresh = attached.filter(|_| matches!(mount.what, What::Tmpfs { .. }));
        ours.attached.push((mount.at.as_path(), fresh));
    }
    let has_devices = parts.mounts.iter().any(|mount| mount.at == Path::new("/dev"));
    self::devices(script, &ours, &parts.devices, devices);
    if has_devices {
        links(script, &ours);
    }
    if parts.process.terminal {
        console(script, &ours);
    }
    script.must(Op::Place { below: root, at: c_path(&parts.process.directory), missing: Missing::Directory });
    let empty = script.to_be_made();
    for path in &parts.masked {
        let (below, at) = kernels_own(&kernels, root, path);
        script.prefer(Op::Mask { below, at, null, empty });
    }
    for path in &parts.read_only_paths {
        let (below, at) = kernels_own(&kernels, root, path);
        script.prefer(Op::Protect { below, at });
    }
    if parts.read_only {
        script.must(Op::Seal(root));
    }
    script.must(Op::Pivot(root));
}

/// What of the kernel's is hidden is found below the mount itself, which somebody who shares the root
/// directory may have moved meanwhile (CVE-2025-31133).
fn kernels_own(kernels: &[(&Path, Fd)], root: Fd, path: &Path) -> (Fd, std::ffi::CString) {
    let found = kernels.iter().find_map(|(at, tree)| Some((*tree, path.strip_prefix(at).ok()?)));
    found.map_or_else(|| (root, c_path(path)), |(tree, below)| (tree, c_path(below)))
}

/// The root directory, and where something is attached to it; with those that were empty when we made them, in which there
/// are no links but ours.
struct Ours<'a> {
    root: Fd,
    attached: Vec<(&'a Path, Option<Fd>)>,
}

impl Ours<'_> {
    /// Where a path leads, from the last mount on its way on if that is one of ours: the fewer steps, the sooner it is found.
    /// What links in others mean is the root directory's to say.
    fn spot(&self, path: &Path) -> Spot {
        let leads = |at: &Path| path.strip_prefix(at).is_ok_and(|rest| !rest.as_os_str().is_empty());
        let found = self.attached.iter().filter(|(at, _)| leads(at)).max_by_key(|(at, _)| at.as_os_str().len());
        match found {
            Some((at, Some(tree))) => Spot::beyond(*tree, c_path(path), at.as_os_str().len()),
            _ => Spot::new(self.root, c_path(path)),
        }
    }

    fn install(&self, tree: Fd, at: &Path, missing: Missing) -> Op {
        Op::Install { tree, at: self.spot(at), missing }
    }
}

/// Attaches a mount; hands back one that is a file system of its own.
fn attach(script: &mut Script, ours: &Ours<'_>, mount: &Mount, tree: Option<Fd>, scene: &Scene) -> Option<Fd> {
    let at = mount.at.as_path();
    match (&mount.what, tree) {
        (What::Cgroup, _) => cgroups(script, ours, mount, scene),
        (What::Proc, tree) => {
            let tree = tree.unwrap_or_else(|| make(script, fresh("proc", &[], mount.attributes)));
            script.must(ours.install(tree, at, Missing::Directory));
            return Some(tree);
        }
        (_, None) => {}
        (What::PodsShm | What::PodsMqueue, Some(tree)) => {
            script.prefer(ours.install(tree, at, Missing::Directory));
        }
        (What::Bind { .. }, Some(tree)) => {
            script.must(ours.install(tree, at, Missing::As(tree)));
        }
        (_, Some(tree)) => {
            script.must(ours.install(tree, at, Missing::Directory));
            return Some(tree);
        }
    }
    None
}

/// As the container's own view of control groups begins where it is, it sees no others.
fn cgroups(script: &mut Script, ours: &Ours<'_>, mount: &Mount, scene: &Scene) {
    let mut around = None;
    if scene.hierarchies.iter().any(|one| one.directory.is_some()) {
        let writable = Attributes { read_only: ReadOnly::No, ..mount.attributes };
        let tree = make(script, fresh("tmpfs", &[("mode", "755")], writable));
        script.must(ours.install(tree, &mount.at, Missing::Directory));
        around = Some(tree);
    }
    for Hierarchy { directory, options } in &scene.hierarchies {
        let kind = if options.is_some() { "cgroup" } else { "cgroup2" };
        let options: Vec<_> =
            options.iter().flatten().map(|option| option.split_once('=').unwrap_or((option, ""))).collect();
        let tree = script.to_be_made();
        script.prefer(Op::Make { made: fresh(kind, &options, mount.attributes), held: tree });
        script.prefer(match (around, directory) {
            (Some(around), Some(name)) => {
                let at = Spot::beyond(around, c_path(&mount.at.join(name)), mount.at.as_os_str().len());
                Op::Install { tree, at, missing: Missing::Directory }
            }
            _ => ours.install(tree, &mount.at, Missing::Directory),
        });
    }
    if let Some(tree) = around.filter(|_| mount.attributes.read_only != ReadOnly::No) {
        script.must(Op::Seal(tree));
    }
}

fn devices(script: &mut Script, ours: &Ours<'_>, devices: &[Device], bound: Vec<Option<Fd>>) {
    let mut bound = bound.into_iter();
    for device in devices {
        match bound.next().flatten() {
            Some(tree) => {
                script.must(ours.install(tree, &device.at, Missing::File));
            }
            None => {
                let directory = device.at.parent().unwrap_or(Path::new("/"));
                if !ours.attached.iter().any(|(at, tree)| *at == directory && tree.is_some()) {
                    let at = c_path(directory);
                    script.must(Op::Place { below: ours.root, at, missing: Missing::Directory });
                }
                let kind = match device.kind {
                    DeviceKind::Character => libc::S_IFCHR,
                    DeviceKind::Block => libc::S_IFBLK,
                };
                let number = libc::makedev(device.major, device.minor);
                script.must(Op::Device { at: ours.spot(&device.at), mode: kind | device.mode, number });
            }
        }
    }
}

/// Where programs look for what they have open.
fn links(script: &mut Script, ours: &Ours<'_>) {
    for (name, to) in [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
        ("core", "/proc/kcore"),
        ("ptmx", "pts/ptmx"),
    ] {
        script.must(Op::Link { at: ours.spot(&Path::new("/dev").join(name)), to: c(to) });
    }
}

/// The terminal, which is the first of the container's own, is what /dev/console is (CVE-2025-52565: it is
/// bound by what was found, and not by a name).
fn console(script: &mut Script, ours: &Ours<'_>) {
    let of = Origin::Below(ours.root, c("/dev/pts/0"));
    let tree = make(script, copy(of, false, Attributes::default(), Propagation::Private, None));
    script.must(ours.install(tree, Path::new("/dev/console"), Missing::File));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_looked_up_from_a_mount_of_ours_unless_somebody_elses_is_on_the_way() {
        let mut script = Script::new(launch::open::our_proc().expect("a /proc"));
        let [root, data, other] = std::array::from_fn(|_| script.to_be_made());
        let attached = vec![
            (Path::new("/data"), Some(data)),
            (Path::new("/data/volume"), None),
            (Path::new("/database"), Some(other)),
        ];
        let ours = Ours { root, attached };
        for (path, spot) in [
            ("/data/x", Spot::beyond(data, c("/data/x"), 5)),
            ("/data/volume/link/x", Spot::new(root, c("/data/volume/link/x"))),
            ("/data", Spot::new(root, c("/data"))),
            ("/dat", Spot::new(root, c("/dat"))),
            ("/database/y", Spot::beyond(other, c("/database/y"), 9)),
        ] {
            assert_eq!(ours.spot(Path::new(path)), spot, "{path}");
        }
    }
}
