//! In the child: what takes the rights of the outside, then the namespaces.

use std::ffi::{CStr, c_int, c_long};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, RawFd};

use crate::sys::pidfd;
use nix::errno::Errno;

use crate::sys::namespace;
use crate::sys::script::{Before, Enter, Entry, Failure, Script, Step, step};

impl Script {
    /// From outside to inside.
    pub(super) fn join(&self, goes_to_cgroup: bool) -> Result<(), Failure> {
        self.before.take_effect(goes_to_cgroup, self.proc)?;
        for limit in &self.limits {
            raise(limit.resource(), limit.hard)?;
        }
        if self.enter.namespaces.is_empty() {
            return Ok(());
        }
        // Nobody inside may look at us, or at what we have open, before we are the command; exec makes
        // an end of that.
        // SAFETY: takes numbers.
        unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) };
        if self.enter.joins_user && self.ids.groups.as_ref().is_some_and(Vec::is_empty) {
            // Groups of the outside are nobody's inside, and may not be given up there.
            // SAFETY: an empty list of groups.
            unsafe { libc::syscall(libc::SYS_setgroups, 0 as c_long, 0 as c_long) };
        }
        self.enter.enter()?;
        self.enter.verify(self.proc)
    }
}

impl Before {
    fn take_effect(&self, goes_to_cgroup: bool, proc: RawFd) -> Result<(), Failure> {
        let unified = self.unified.filter(|_| goes_to_cgroup).map(|(_, members)| members);
        for &members in unified.iter().chain(&self.others) {
            // SAFETY: the kernel reads one byte. To a list of members, 0 is whoever writes it.
            step(Step::Cgroup, Errno::result(unsafe { libc::write(members, c"0".as_ptr().cast(), 1) }))?;
        }
        if let Some(score) = &self.oom_score_adj {
            step(Step::OomScore, super::super::write_below(proc, c"self/oom_score_adj", score.to_bytes()))?;
        }
        if let Some(nice) = self.nice {
            // SAFETY: takes numbers; 0 is whoever asks.
            step(Step::Nice, Errno::result(unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) }))?;
        }
        Ok(())
    }
}

/// Raises the hard limit where it is lower, which may take a right that we have only outside.
fn raise(resource: libc::c_uint, hard: u64) -> Result<(), Failure> {
    let mut limit = MaybeUninit::<libc::rlimit64>::zeroed();
    // SAFETY: with no new limit given, the kernel only writes the old one, borrowed for the call.
    let read = unsafe { libc::prlimit64(0, resource as _, std::ptr::null(), limit.as_mut_ptr()) };
    step(Step::Limit, Errno::result(read))?;
    // SAFETY: the call has filled it, and it is numbers only.
    let mut limit = unsafe { limit.assume_init() };
    if limit.rlim_max >= hard {
        return Ok(());
    }
    limit.rlim_max = hard;
    // SAFETY: the kernel reads one limit, borrowed for the call.
    step(
        Step::Limit,
        Errno::result(unsafe { libc::prlimit64(0, resource as _, &raw const limit, std::ptr::null_mut()) }),
    )
}

impl Enter {
    /// Enters the namespaces.
    fn enter(&self) -> Result<(), Failure> {
        if let Some(target) = self.all_of {
            let every = self.namespaces.iter().fold(0, |flags, entry| flags | entry.flag);
            // All or none, in the order that gains before it loses: the kernel sorts that out.
            // SAFETY: a descriptor of ours and a number.
            match Errno::result(unsafe { libc::setns(target, every) }) {
                // Before Linux 5.8 a pidfd is nothing that could be entered.
                Err(Errno::EINVAL) => {}
                entered => return step(Step::Join, entered),
            }
        }
        self.one_by_one()
    }

    /// Enters namespace after namespace; those we have no right to before entering the user
    /// namespace we may have it for afterwards, and the other way round.
    fn one_by_one(&self) -> Result<(), Failure> {
        let user = self.namespaces.iter().find(|entry| entry.flag == libc::CLONE_NEWUSER);
        let others = || self.namespaces.iter().filter(|entry| entry.flag != libc::CLONE_NEWUSER);
        let Some(user) = user else {
            return others().try_for_each(enter);
        };
        // What is entered twice is entered once: a second time changes nothing.
        let refused = others().filter(|entry| enter(entry).is_err()).count() > 0;
        enter(user)?;
        if refused { others().try_for_each(enter) } else { Ok(()) }
    }

    /// Compares what we are in with what was opened: it may not be believed that all went well.
    fn verify(&self, proc: RawFd) -> Result<(), Failure> {
        // By a pidfd where that is possible: to /proc we are new, and it takes its time to show us.
        // SAFETY: takes nothing.
        let me = pidfd::open(unsafe { libc::getpid() });
        for entry in &self.namespaces {
            let held = me.as_ref().ok().and_then(|me| namespace::of_pidfd(me.as_fd(), entry.by_pidfd));
            let inode = match held {
                Some(Ok(file)) => inode(file.as_raw_fd(), c"", libc::AT_EMPTY_PATH),
                Some(Err(_)) | None => inode(proc, entry.link, 0),
            };
            match inode {
                Ok(inode) if inode == entry.inode => {}
                Ok(_) => return Err(Failure { step: Step::Verify, errno: Errno::ESTALE }),
                // A pid namespace whose init is dead cannot be looked at; making a process will tell.
                Err(Errno::ENOENT) if entry.flag == libc::CLONE_NEWPID => {}
                failed => step(Step::Verify, failed)?,
            }
        }
        Ok(())
    }
}

fn inode(directory: RawFd, path: &CStr, flags: c_int) -> Result<u64, Errno> {
    let mut found = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: a descriptor and a C string, borrowed for the call; the kernel writes one stat.
    Errno::result(unsafe { libc::fstatat(directory, path.as_ptr(), found.as_mut_ptr(), flags) })?;
    // SAFETY: the call has filled it, and it is numbers only.
    Ok(unsafe { found.assume_init() }.st_ino)
}

fn enter(entry: &Entry) -> Result<(), Failure> {
    let flag: c_int = entry.flag;
    // SAFETY: a descriptor of ours and a number.
    step(Step::Join, Errno::result(unsafe { libc::setns(entry.file, flag) }))
}
