//! Launching a process of this program's own that needs no right and nothing but what it is handed: in the
//! pod's network, as nobody.

use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use caps::{CapSet, Capability};
use nix::errno::Errno;
use nsjoin::{
    Capabilities, Child, Credentials, Environment, Id, Identity, Ids, Inherited, Join, Kind, Record, Rest, Select,
    Session, Target,
};

/// Nobody, as Kubernetes' pause has it.
const NOBODY: u32 = 65535;

/// What is to be launched.
#[derive(Debug)]
pub(crate) struct Nobody<'a> {
    /// The `pod` program.
    pub(crate) program: &'a Path,
    /// The verb that it does.
    pub(crate) verb: &'static str,
    /// The process whose network it enters: a pod's pause.
    pub(crate) pause: Identity,
    /// Where its line of `/proc/PID/stat` is written before it is executed.
    pub(crate) record: OwnedFd,
    /// Whether it listens at a port that not everybody may listen at; it is to give that right up then.
    pub(crate) binds: bool,
}

/// It was not launched.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Its process could not be launched.
    Launch(Box<nsjoin::Error>),
    /// Something that it needs could not be had.
    Need(&'static str, io::Error),
}

fn need<E: Into<io::Error>>(operation: &'static str) -> impl FnOnce(E) -> Trouble {
    move |source| Trouble::Need(operation, source.into())
}

impl Nobody<'_> {
    /// Launches it, with this socket as its stdin.
    pub(crate) fn launch(&self, control: &OwnedFd) -> Result<Child, Trouble> {
        let null = File::options().read(true).write(true).open("/dev/null").map_err(need("open /dev/null for"))?;
        let null = OwnedFd::from(null);
        match self.spawn(self.program, control, &null, &null) {
            // Nobody may not go where the program is; we may, and hold it. It is found as stderr, which
            // is the only descriptor that it does not need at once.
            Err(Trouble::Launch(error)) if is_out_of_reach(&error) => {
                let program = File::options().read(true).custom_flags(libc::O_PATH).open(self.program);
                let program = OwnedFd::from(program.map_err(need("open the program of"))?);
                // Who could not be executed has left word already.
                rustix::fs::ftruncate(&self.record, 0).map_err(need("record"))?;
                rustix::fs::seek(&self.record, rustix::fs::SeekFrom::Start(0)).map_err(need("record"))?;
                self.spawn(Path::new("/proc/self/fd/2"), control, &null, &program)
            }
            launched => launched,
        }
    }

    fn spawn(&self, program: &Path, control: &OwnedFd, null: &OwnedFd, stderr: &OwnedFd) -> Result<Child, Trouble> {
        let copy = |file: &OwnedFd| file.try_clone().map_err(need("hand descriptors to"));
        let command = nsjoin::Command::new(program)
            .arg(self.verb)
            .environment(Environment::Empty)
            .directory("/")
            .session(Session::New)
            .stdio([Some(copy(control)?), Some(copy(null)?), Some(copy(stderr)?)])
            .signals(Inherited::now())
            .record(Record::Stat(copy(&self.record)?))
            .umask(0o077)
            .credentials(credentials(self.binds));
        let kinds = Select::These([Kind::User, Kind::Net].into());
        let opened = Join::new(Target::Process(self.pause), command).select(kinds).plan().map_err(nsjoin::Error::from);
        let launched = opened.and_then(nsjoin::Plan::open).and_then(nsjoin::Opened::spawn);
        launched.map_err(|error| Trouble::Launch(Box::new(error)))
    }
}

fn is_out_of_reach(error: &nsjoin::Error) -> bool {
    let nsjoin::Error::Launch(error) = error else { return false };
    matches!(error, launch::Error::Execute { source: Errno::EACCES | Errno::ENOENT, .. })
}

/// Nobody, where we can become it; without any capability but the one to bind in any case.
fn credentials(binds: bool) -> Credentials {
    let nobody = || Some(Id::Number(NOBODY));
    let becomes_nobody = can_become_nobody();
    let ids =
        if becomes_nobody { Ids::Parts { user: nobody(), group: nobody(), rest: Rest::Kept } } else { Ids::default() };
    Credentials {
        ids,
        groups: becomes_nobody.then(Vec::new),
        capabilities: Capabilities {
            drop: caps::all(),
            ambient: binds.then_some(Capability::CAP_NET_BIND_SERVICE).into_iter().collect(),
            ..Capabilities::default()
        },
        no_new_privileges: true,
    }
}

/// Whether we have the right to other ids, and there is one that is nobody's.
///
/// # References
/// `user_namespaces`(7), "Defining user and group ID mappings"
fn can_become_nobody() -> bool {
    let may = |capability| caps::has_cap(None, CapSet::Effective, capability).unwrap_or(false);
    let is_mapped = |map: &str| fs::read_to_string(map).is_ok_and(|map| has_id(&map, NOBODY));
    let may_set_groups = fs::read_to_string("/proc/self/setgroups").map_or(true, |word| word.trim() == "allow");
    may(Capability::CAP_SETUID)
        && may(Capability::CAP_SETGID)
        && may_set_groups
        && ["/proc/self/uid_map", "/proc/self/gid_map"].into_iter().all(is_mapped)
}

/// Whether a map of ids has this one inside.
fn has_id(map: &str, id: u32) -> bool {
    map.lines().any(|line| {
        let numbers: Vec<u64> = line.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        matches!(numbers[..], [first, _, count] if (first..first + count).contains(&u64::from(id)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_looked_for_in_every_range() {
        for (map, has) in [
            ("         0          0 4294967295\n", true),
            ("0 1000 1\n", false),
            ("0 1000 1\n1 100000 65536\n", true),
            ("0 100000 65535\n", false),
            ("0 100000 65536\n", true),
            ("", false),
        ] {
            assert_eq!(has_id(map, NOBODY), has, "{map:?}");
        }
    }
}
