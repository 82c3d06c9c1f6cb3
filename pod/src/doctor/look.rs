//! Looks at the machine, and tries in a process of its own what only trying tells.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use container::cgroup::{Machine, TOLD};
use container::limits::Version;
use image::remote::Settings;
use image::store::data_directory;
use launch::{Look, Ranges, names};
use nix::unistd::{AccessFlags, faccessat, geteuid};
use registry::Registry;

use super::attempt::Tried;
use super::room::Room;
use super::{Finding, State, network};
use crate::programs::Programs;
use crate::sandbox::is_admin;

/// Below this not even small images find room.
const LITTLE: u64 = 64 << 20;

/// Everything that pods need, or do without.
pub(crate) fn look(programs: &Programs) -> Vec<Finding> {
    let data = data_directory();
    let tried = tried(programs, &data);
    let mut found = vec![kernel(), processes()];
    found.extend(kernels(&tried));
    found.push(apart(tried.as_ref().is_ok_and(|tried| tried.namespaces.is_ok())));
    found.push(limits());
    found.push(pause(programs));
    found.push(state());
    found.push(place("data directory", &data, "POD_DATA_DIR"));
    found.push(registries());
    found.extend(network::look());
    found
}

fn kernel() -> Finding {
    let system = rustix::system::uname();
    let [name, release, machine] =
        [system.sysname(), system.release(), system.machine()].map(|word| word.to_string_lossy());
    Finding::ok("kernel", format!("{name} {release} {machine}"))
}

/// Who runs is known by /proc alone.
fn processes() -> Finding {
    match Look::at(std::process::id().cast_signed()) {
        Ok(_) => Finding::ok("/proc", "tells of processes").needed(),
        Err(error) => {
            Finding::missing("/proc", format!("tells of no process: {error}"), Some("mount -t proc proc /proc".into()))
                .needed()
        }
    }
}

/// Has it tried on the file system on which containers would be.
fn tried(programs: &Programs, data: &Path) -> Result<Tried, String> {
    let room = Room::make(data)?;
    let tried = ask(programs, room.path());
    let removed = room.remove();
    let tried = tried?;
    removed.map(|()| tried)
}

fn ask(programs: &Programs, directory: &Path) -> Result<Tried, String> {
    let program = programs.pod().map_err(|error| error.to_string())?;
    let mut command = Command::new(&program);
    command.arg("attempt").arg(directory).stdin(Stdio::null()).stderr(Stdio::null());
    let output = command.output().map_err(|error| format!("cannot run {}: {error}", program.display()))?;
    serde_json::from_slice(&output.stdout).map_err(|_| format!("{} attempt: {}", program.display(), output.status))
}

/// What only trying tells.
fn kernels(tried: &Result<Tried, String>) -> Vec<Finding> {
    let tried = match tried {
        Ok(tried) => tried,
        Err(why) => {
            let others = ["bridge", "overlay"].map(|what| Finding::unknown(what, why));
            return [Finding::unknown("namespaces", why).needed()].into_iter().chain(others).collect();
        }
    };
    let admin = is_admin();
    let mut found = vec![match &tried.namespaces {
        Ok(()) if admin => Finding::ok("namespaces", "made by the right to").needed(),
        Ok(()) => Finding::ok("namespaces", "made in a user namespace").needed(),
        Err(why) => Finding::missing("namespaces", why, users_are_off()).needed(),
    }];
    found.push(match &tried.bridge {
        Ok(()) => Finding::ok("bridge", "made, with links to it; pods reach each other by --network bridge"),
        Err(why) => Finding::without("bridge", format!("{why}; no pod reaches another"), None),
    });
    found.push(match &tried.overlay {
        Ok(()) => Finding::ok("overlay", "mounted and written to where images are kept"),
        Err(why) => Finding::without("overlay", format!("{why}; containers have copies of their layers"), no_overlay()),
    });
    found.extend(tried.ids.as_ref().map(|ids| match ids {
        Ok(()) => Finding::ok("user namespaces", "for pods with hostUsers: false"),
        Err(why) => Finding::without("user namespaces", format!("{why}; no pod has hostUsers: false"), users_are_off()),
    }));
    found.extend(tried.mapped.as_ref().map(|mapped| match mapped {
        Ok(()) => Finding::ok("id-mapped mounts", "where images are kept"),
        Err(why) => {
            Finding::without("id-mapped mounts", format!("{why}; no pod with hostUsers: false has volumes"), None)
        }
    }));
    found
}

/// What turns user namespaces off, if that can be seen, and how they are turned on.
fn users_are_off() -> Option<String> {
    let switches = [
        ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "user.max_user_namespaces=15000"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"),
    ];
    let is_so = |path: &str, value: &str| {
        fs::read_to_string(Path::new("/proc/sys").join(path)).is_ok_and(|text| text.trim() == value)
    };
    let found = switches.into_iter().find(|(path, off, _)| is_so(path, off));
    found.map(|(_, _, on)| format!("sysctl -w {on}"))
}

fn no_overlay() -> Option<String> {
    let known = fs::read_to_string("/proc/filesystems").ok()?;
    let is_known = known.lines().any(|line| line.split_whitespace().last() == Some("overlay"));
    (!is_known).then(|| "modprobe overlay".to_owned())
}

/// Ids that were set apart, and whether they are mapped.
fn apart(tries: bool) -> Finding {
    const WHAT: &str = "subordinate ids";
    if is_admin() {
        return Finding::ok(WHAT, "not needed: every id is ours to give");
    }
    let mend = || {
        let name = names::this_user().map_or_else(|| geteuid().to_string(), |user| user.name);
        Some(format!("usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {name}"))
    };
    match Ranges::of_this_user() {
        Err(error) => Finding::unknown(WHAT, words(&error)),
        Ok(None) => {
            Finding::without(WHAT, "none in /etc/subuid and /etc/subgid; all files of an image are yours", mend())
        }
        Ok(Some(_)) if !tries => Finding::unknown(WHAT, "there, and not tried, for no namespace could be made"),
        Ok(Some(ranges)) => match ranges.namespace() {
            Ok(_) => {
                let count: u64 = ranges.uids.iter().map(|range| u64::from(range.count)).sum();
                Finding::ok(WHAT, format!("{count}, mapped by newuidmap and newgidmap"))
            }
            Err(error) => {
                let is_there = !matches!(&error, launch::open::ranges::RangesError::Program { .. });
                let mend = (!is_there).then(|| "apt-get install uidmap (elsewhere: shadow-utils, shadow)".to_owned());
                Finding::without(WHAT, format!("{}; all files of an image are yours", words(&error)), mend)
            }
        },
    }
}

/// Which limits are kept.
fn limits() -> Finding {
    const WHAT: &str = "control groups";
    let machine = match Machine::look() {
        Ok(machine) => machine,
        Err(error) => return Finding::unknown(WHAT, words(&error)),
    };
    let (mut there, mut missing) = (Vec::new(), Vec::new());
    for controller in TOLD {
        match machine.place_of(controller) {
            Some((version, path)) => {
                let number = if version == Version::One { 1 } else { 2 };
                there.push(format!("{} (version {number}, {})", controller.name(version), path.display()));
            }
            None => missing.push(controller.name(Version::Two)),
        }
    }
    let there = there.join(", ");
    if missing.is_empty() {
        return Finding::ok(WHAT, there);
    }
    let found = format!("{}{}no {}", there, if there.is_empty() { "" } else { "; " }, missing.join(", "));
    let mend = if is_admin() {
        (!Path::new("/sys/fs/cgroup/cgroup.controllers").exists() && there.is_empty())
            .then(|| "mount -t cgroup2 none /sys/fs/cgroup".to_owned())
    } else {
        Path::new("/run/systemd/system")
            .exists()
            .then(|| "systemd-run --user --scope -p Delegate=yes $SHELL".to_owned())
    };
    Finding::without(WHAT, format!("{found}: what is limited by these is refused"), mend)
}

fn pause(programs: &Programs) -> Finding {
    match programs.pause() {
        Ok(path) => match may(&path, AccessFlags::X_OK) {
            Ok(()) => Finding::ok("pause program", path.display().to_string()).needed(),
            Err(error) => {
                let mend = Some(format!("chmod a+rx {}", path.display()));
                Finding::missing("pause program", format!("cannot execute {}: {error}", path.display()), mend).needed()
            }
        },
        Err(error) => {
            let mend = Some("put it beside pod, or into /usr/libexec/podkit".to_owned());
            Finding::missing("pause program", words(&error), mend).needed()
        }
    }
}

fn state() -> Finding {
    const WHAT: &str = "state directory";
    let registry = Registry::of_this_user();
    match registry.is_ours() {
        Ok(()) => place(WHAT, registry.root(), "POD_STATE_DIR"),
        Err(error) => {
            let mend = Some(format!("export POD_STATE_DIR={}", elsewhere("pods")));
            Finding::missing(WHAT, words(&error), mend).needed()
        }
    }
}

/// A directory of ours, there or to be made, and the space in it.
fn place(what: &'static str, path: &Path, variable: &'static str) -> Finding {
    let above = nearest(path);
    let shown = path.display();
    let writable = match above.is_dir() {
        true => may(&above, AccessFlags::W_OK | AccessFlags::X_OK),
        false => Err(io::ErrorKind::NotADirectory.into()),
    };
    if let Err(error) = writable {
        let mend = Some(format!("export {variable}={}", elsewhere("pods")));
        return Finding::missing(what, format!("{shown}: cannot write to {}: {error}", above.display()), mend).needed();
    }
    match rustix::fs::statvfs(&above) {
        Err(error) => Finding::unknown(what, format!("{shown}: cannot tell the space in it: {error}")).needed(),
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            let told = format!("{shown}, {} MiB free", free >> 20);
            let little = free < LITTLE;
            let finding = if little {
                Finding::without(what, format!("{told}: hardly room for an image"), Some("pod image prune".into()))
            } else {
                Finding::ok(what, told)
            };
            // Little room is no reason for a pod not to run.
            Finding { needed: finding.state == State::Ok, ..finding }
        }
    }
}

fn registries() -> Finding {
    match Settings::of_this_user(None) {
        Ok(_) => Finding::ok("registries.conf", "as it stands, or none"),
        Err(error) => Finding::without("registries.conf", format!("{}; no image is pulled", words(&error)), None),
    }
}

fn may(path: &Path, mode: AccessFlags) -> io::Result<()> {
    Ok(faccessat(nix::fcntl::AT_FDCWD, path, mode, nix::fcntl::AtFlags::AT_EACCESS)?)
}

/// The directory, or what there is above it.
pub(super) fn nearest(path: &Path) -> PathBuf {
    path.ancestors().find(|above| above.exists()).unwrap_or(Path::new("/")).to_owned()
}

/// A place that somebody surely may write to.
fn elsewhere(name: &str) -> String {
    if geteuid().is_root() { format!("/root/{name}") } else { format!("$HOME/{name}") }
}

/// An error with what caused it, in a line.
pub(super) fn words(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
