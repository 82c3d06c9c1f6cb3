//! Laying out beforehand all that a child will hand to the kernel.

use std::ffi::CString;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use caps::CapsHashSet;

use launch::open::cgroup::OpenCgroup;
use launch::open::program::Program;
use launch::sys::script::{
    Before, CStrings, CapabilityBits, Enter, Entry, Executed, Filters, Numbers, Recorded, Script, Standing,
};
use launch::{Capabilities, Inherited, Kind, Record};

use crate::error::Error;
use crate::open::Opened;
use crate::run::c_string;

impl Opened {
    /// Everything the child will hand to the kernel. Its descriptors stay ours: it may not outlive us.
    pub(crate) fn script(&self, us: Option<&OwnedFd>) -> Result<Script, Error> {
        let command = &self.command;
        let argv = std::iter::once(&command.program).chain(&command.arguments).map(|word| [word.as_bytes()]);
        let envp = self.environment.iter().map(|(key, value)| [key.as_bytes(), b"=", value.as_bytes()]);
        let directory = command
            .directory
            .as_ref()
            .map(|directory| c_string(directory.as_os_str()))
            .transpose()
            .map_err(launch::Error::from)?;
        Ok(Script {
            proc: self.proc.as_raw_fd(),
            before: self.before(),
            enter: self.enter(),
            parent: command.parent,
            us: us.map(AsRawFd::as_raw_fd),
            record: command.record.as_ref().map(|record| match record {
                Record::Stat(file) => (Recorded::Stat, file.as_raw_fd()),
                Record::Pid(file) => (Recorded::Pid, file.as_raw_fd()),
            }),
            own_pids: command.own_pids,
            own_proc: command.own_proc,
            root: self.root.as_ref().map(AsRawFd::as_raw_fd),
            session: command.session,
            stdio: command.stdio.each_ref().map(|file| file.as_ref().map(AsRawFd::as_raw_fd)),
            terminal: command.terminal.as_ref().map(AsRawFd::as_raw_fd),
            label: self.label.as_ref().map(|label| (label.file, label.text.clone())),
            umask: command.umask,
            limits: command.limits.clone(),
            directory: Standing {
                held: self.directory.as_ref().map(AsRawFd::as_raw_fd),
                // A directory of here that is taken along by its name is meant to be outside.
                checked: !self.takes_along && (self.is_elsewhere() || directory.is_some()),
                inside: directory,
            },
            first_closed: 3_u32.saturating_add(command.preserved),
            ids: Numbers {
                user: self.ids.user,
                group: self.ids.group,
                groups: self.ids.groups.clone(),
                groups_asked: self.ids.groups_asked,
            },
            capabilities: bits_of(&command.credentials.capabilities),
            no_new_privileges: command.credentials.no_new_privileges,
            filters: command.seccomp.as_ref().map_or_else(Filters::default, |seccomp| Filters::of(seccomp.programs())),
            signals: command.signals.unwrap_or_else(Inherited::now),
            program: match &self.program {
                Program::Files(files) => Executed::Files(files.clone()),
                Program::Sealed(file) => Executed::Held(file.as_raw_fd()),
            },
            argv: CStrings::new(argv).map_err(launch::Error::from)?,
            envp: CStrings::new(envp).map_err(launch::Error::from)?,
        })
    }

    fn before(&self) -> Before {
        let members = |cgroup: &OpenCgroup| cgroup.members.as_raw_fd();
        let decimal = |score: i32| CString::new(score.to_string()).unwrap_or_default();
        Before {
            unified: self.cgroups.unified.as_ref().map(|cgroup| (cgroup.directory.as_raw_fd(), members(cgroup))),
            others: self.cgroups.others.iter().map(members).collect(),
            oom_score_adj: self.command.oom_score_adj.map(decimal),
            nice: self.command.nice,
        }
    }

    fn enter(&self) -> Enter {
        let joins = |kind| self.namespaces.joins(kind);
        let process = self.process.as_ref().filter(|_| self.namespaces.of_process);
        let entry = |namespace: &crate::open::OpenNamespace| Entry {
            file: namespace.file.as_raw_fd(),
            flag: namespace.kind.flag(),
            inode: namespace.inode,
            link: namespace.kind.link(),
            by_pidfd: namespace.kind.next_by_pidfd(),
        };
        Enter {
            all_of: process.map(|process| process.pidfd.as_raw_fd()),
            namespaces: self.namespaces.open.iter().map(entry).collect(),
            joins_user: joins(Kind::User),
            joins_time: joins(Kind::Time),
            joins_pid: joins(Kind::Pid),
        }
    }
}

fn bits_of(capabilities: &Capabilities) -> CapabilityBits {
    let bits = |set: &CapsHashSet| set.iter().fold(0, |bits, capability| bits | capability.bitmask());
    let (add, ambient) = (bits(&capabilities.add), bits(&capabilities.ambient));
    CapabilityBits {
        removed: bits(&capabilities.drop) & !add & !ambient,
        demanded: add | ambient,
        ambient,
        keep: capabilities.keep,
    }
}
