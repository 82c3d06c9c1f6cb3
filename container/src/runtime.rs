//! The same container, run by another program that knows the OCI's runtime specification.
//!
//! That program is launched as if it were the container: it joins the pod, and what says who it is, how it
//! ends and what it writes is the container's. It is told of no control group: it is in the container's
//! already, with limits and all, and nothing of any is left for it to write to. What is to be mounted at the
//! root is made beforehand and attached in mounts of its own, which go with it.

use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use launch::lower::{self as command, Ready, fresh};
use launch::op::{Made, Op, Origin, Recorded};
use launch::open::our_proc;
use launch::open::program::Program;
use launch::open::users::OpenIds;
use launch::{Command, Environment, Inherited, Kind, Number, OwnPids, Record, Script, Session, run};
use nix::sys::resource::{Resource, getrlimit};

use crate::error::Error;
use crate::lower;
use crate::open::{Opened, explain};
use crate::plan::{Pids, What};
use crate::run::Launched;
use crate::spec::{Surroundings, spec};

/// Where engines look for programs.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// In a bundle: the pid of the container's process, as the runtime counts, once that has begun.
pub const PID: &str = "pid";

/// What a container is called by a runtime that has no other.
const NAME: &str = "container";

/// The words by which a runtime runs a bundle, and leaves control groups alone.
fn words(program: &Path, bundle: &Path) -> Vec<OsString> {
    let mut words: Vec<OsString> = match program.file_name().and_then(OsStr::to_str) {
        Some("crun") => vec!["--cgroup-manager=disabled".into()],
        // What it has to say of groups that it has not is nothing that the container says; what ends it, it
        // says in both places.
        _ => vec!["--rootless=true".into(), "--log".into(), bundle.join("log").into()],
    };
    words.extend(["--root".into(), bundle.join("state").into(), "run".into(), "--bundle".into(), bundle.into()]);
    words.extend(["--pid-file".into(), bundle.join(PID).into(), NAME.into()]);
    words
}

impl Opened {
    /// Launches the container by this program. The directory, which is to be empty and whose path is to be
    /// absolute, is its bundle and has its state, for as long as it runs.
    ///
    /// # Errors
    /// When the specification cannot say what the container is, or the program cannot be executed. What that
    /// one cannot do it says itself, where the container's output goes.
    pub fn spawn_by(self, program: &Path, bundle: &Path) -> Result<Launched, Error> {
        self.write(bundle)?;
        let own_users = self.sandbox.has_own_users();
        let hosts_pids = self.plan.parts().pids == Pids::Hosts;
        let enters_pids = !hosts_pids && self.sandbox.enters_pids();
        let Self { plan, sandbox, trees, command: container, cgroups, missed, .. } = self;
        let own_pids = if plan.parts().pids == Pids::Own { OwnPids::Yes } else { OwnPids::No };
        let mut command = Command::new(program)
            .args(words(program, bundle))
            .environment(Environment::Empty)
            .directory(bundle)
            .session(Session::New)
            .own_pids(own_pids)
            .stdio(container.stdio)
            .signals(Inherited::now());
        command.nice = container.nice;
        let mut script = Script::new(our_proc()?);
        command::outside(&mut script, &command, cgroups);
        let root = script.hold(sandbox.root()?);
        lower::enter(
            &mut script,
            sandbox.pidfd()?,
            sandbox.namespaces(|kind| kind != Kind::Pid || !hosts_pids)?,
            sandbox.is_mapped(),
        );
        command::fork(&mut script, &command, enters_pids);
        if let Some(Record::Stat(file)) = container.record {
            let file = script.hold(file);
            script.must(Op::Record(Recorded::Stat, file));
        }
        script.must(Op::Chroot(root));
        if own_pids == OwnPids::No {
            script.must(Op::OwnMounts);
        }
        script.must(Op::SlaveMounts);
        if own_pids == OwnPids::Yes {
            script.must(Op::Mount(fresh(c"proc", c"/proc", None)));
        }
        no_cgroups(&mut script);
        let root = script.hold(trees.root);
        script.must(Op::Attach { tree: root, at: lower::c_path(&bundle.join("rootfs")) });
        // All that is about mounts has been done.
        command.own_pids = OwnPids::No;
        let names = launch::Names {
            program: command.program.clone(),
            inside: true,
            sealed: false,
            directory: bundle.to_owned(),
        };
        let ready = Ready {
            environment: vec![("PATH".into(), PATH.into())],
            own: Vec::new(),
            program: Program::inside(&command.program, Some(PATH.as_ref()))?,
            ids: OpenIds::default(),
            label: None,
            root: None,
            directory: None,
            stands_within: false,
            joins_user: own_users,
            us: None,
            command,
        };
        command::inside(&mut script, ready).map_err(launch::Error::from)?;
        let launched = run::spawn(script).map_err(|failure| match failure.at {
            launch::At::Step(Op::Enter { .. } | Op::Fork(_)) => explain(failure),
            _ => failure.explain(names).into(),
        })?;
        Ok(Launched { child: launched.child, missed })
    }

    /// Writes the bundle.
    fn write(&self, bundle: &Path) -> Result<(), Error> {
        let failed = |source| Error::Bundle { path: bundle.to_owned(), source };
        for name in ["rootfs", "state"] {
            DirBuilder::new().mode(0o700).create(bundle.join(name)).map_err(failed)?;
        }
        let mut spec = spec(&self.plan, &self.surroundings())?;
        if let Some(process) = spec.process_mut() {
            process.set_rlimits(Some(self.limits()?));
        }
        let file = File::create_new(bundle.join("config.json")).map_err(failed)?;
        serde_json::to_writer(file, &spec).map_err(|error| failed(io::Error::from(error)))
    }

    /// All that the container's process would have by us: those that it is given, and how many files it may
    /// have open, which runtimes change for themselves.
    fn limits(&self) -> Result<Vec<oci_spec::runtime::PosixRlimit>, Error> {
        let mut limits = self.command.limits.clone();
        if !limits.iter().any(|limit| limit.name() == "nofile") {
            let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(|errno| Error::Look(errno.into()))?;
            limits.push(format!("nofile={soft}:{hard}").parse()?);
        }
        let mut told: Vec<oci_spec::runtime::PosixRlimit> = Vec::with_capacity(limits.len());
        for limit in limits {
            let limit = crate::spec::rlimit(&format!("{}={}:{}", limit.name(), limit.soft, limit.hard))?;
            told.retain(|known| known.typ() != limit.typ());
            told.push(limit);
        }
        Ok(told)
    }

    /// Whether the pod has message queues of its own.
    fn has_mqueue(&self) -> bool {
        let mounts = self.plan.parts().mounts.iter().zip(&self.trees.mounts);
        mounts.into_iter().any(|(mount, tree)| mount.what == What::PodsMqueue && tree.is_some())
    }

    fn surroundings(&self) -> Surroundings {
        let number = |number: Option<Number>| match number {
            Some(Number::Asked(id) | Number::Usual(id)) => id,
            None => 0,
        };
        // It is in the pod's namespaces already, and nobody else's processes are in its mounts.
        Surroundings {
            root: PathBuf::from("rootfs"),
            user: number(self.ids.user),
            group: number(self.ids.group),
            groups: if self.ids.groups_asked { self.ids.groups.clone().unwrap_or_default() } else { Vec::new() },
            home: self.ids.home.clone().unwrap_or_else(|| "/".to_owned()),
            namespaces: Vec::new(),
            shm: "/dev/shm".into(),
            mqueue: self.has_mqueue().then(|| "/dev/mqueue".into()),
            cgroup: None,
            has_terminals_group: self.scene.has_terminals_group,
        }
    }
}

/// Leaves no control group that could be written to, where any can be seen.
fn no_cgroups(script: &mut Script) {
    let held = script.to_be_made();
    let made = Made::Copy {
        of: Origin::Path(c"/sys/fs/cgroup".to_owned()),
        below: true,
        attributes: 0,
        attributes_below: libc::MOUNT_ATTR_RDONLY,
        propagation: libc::MS_PRIVATE,
        users: None,
    };
    script.prefer(Op::Make { made, held });
    script.prefer(Op::Attach { tree: held, at: c"/sys/fs/cgroup".to_owned() });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_is_told_to_leave_control_groups_alone_in_its_own_words() {
        let line = |program: &str| {
            let words = words(Path::new(program), Path::new("/b"));
            words.join(OsStr::new(" ")).into_string().expect("UTF-8")
        };
        let rest = "--root /b/state run --bundle /b --pid-file /b/pid container";
        assert_eq!(line("crun"), format!("--cgroup-manager=disabled {rest}"));
        assert_eq!(line("/usr/bin/crun"), format!("--cgroup-manager=disabled {rest}"));
        assert_eq!(line("/usr/sbin/runc"), format!("--rootless=true --log /b/log {rest}"));
    }
}
