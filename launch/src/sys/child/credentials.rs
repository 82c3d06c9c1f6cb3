//! In the child: who the command runs as, and with which rights.
//!
//! By raw calls: the C library's would make the threads of our parent follow.

use std::ffi::{c_int, c_long, c_ulong};

use nix::errno::Errno;

use crate::credentials::Number;
use crate::sys::script::{Failure, Numbers, Script, Step, step};

/// The three sets that capset(2) takes.
#[derive(Clone, Copy)]
struct Sets {
    effective: u64,
    permitted: u64,
    inheritable: u64,
}

impl Script {
    /// Gives up rights, in the order in which each can still be given up.
    pub(super) fn take_credentials(&self) -> Result<(), Failure> {
        if self.filters_early() {
            self.filter()?;
        }
        let capabilities = self.capabilities;
        let before = sets()?;
        if capabilities.demanded & !before.permitted != 0 {
            return Err(Failure { step: Step::Capabilities, errno: Errno::EPERM });
        }
        drop_from_bounding(capabilities.removed)?;
        let keeps = capabilities.ambient != 0 || (capabilities.keep && self.enter.joins_user);
        if keeps {
            prctl(Step::Capabilities, libc::PR_SET_KEEPCAPS, 1, 0)?;
        }
        self.ids.take()?;
        let now = sets()?;
        let ambient = if capabilities.keep && self.enter.joins_user { now.permitted } else { 0 };
        let ambient = (ambient | capabilities.ambient) & !capabilities.removed;
        let permitted = now.permitted & !capabilities.removed;
        let wanted = Sets {
            effective: if keeps { permitted } else { now.effective & permitted },
            permitted,
            // What is inheritable beyond what is ambient is a trap for whoever executes a file that has
            // capabilities of its own (CVE-2022-29162).
            inheritable: ambient | (now.inheritable & ambient_among(now.inheritable) & !capabilities.removed),
        };
        wanted.set(now)?;
        for capability in bits(ambient) {
            let raise = libc::PR_CAP_AMBIENT_RAISE as c_ulong;
            prctl(Step::Capabilities, libc::PR_CAP_AMBIENT, raise, capability)?;
        }
        if self.no_new_privileges {
            prctl(Step::NoNewPrivileges, libc::PR_SET_NO_NEW_PRIVS, 1, 0)?;
        }
        Ok(())
    }

    /// Whether the filter has to be installed while there still is the right to, though it then has
    /// to let through all that follows. Who gives up new privileges always has that right.
    pub(super) fn filters_early(&self) -> bool {
        const CAP_SYS_ADMIN: u64 = 1 << 21;
        let stays_root = matches!(self.ids.user, None | Some(Number::Asked(0) | Number::Usual(0)));
        let stays_admin = stays_root && self.capabilities.removed & CAP_SYS_ADMIN == 0;
        !self.no_new_privileges && !stays_admin
    }

    pub(super) fn filter(&self) -> Result<(), Failure> {
        for program in &self.filters.0 {
            let mode = c_long::from(libc::SECCOMP_SET_MODE_FILTER);
            // SAFETY: the kernel reads one sock_fprog, and as many instructions as that says, which
            // the script owns.
            let set = unsafe { libc::syscall(libc::SYS_seccomp, mode, 0 as c_long, std::ptr::from_ref(program)) };
            step(Step::Filter, Errno::result(set))?;
        }
        Ok(())
    }
}

impl Numbers {
    fn take(&self) -> Result<(), Failure> {
        if let Some(groups) = &self.groups {
            // SAFETY: the kernel reads as many ids as are said to be there.
            let set = unsafe { libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()) };
            match Errno::result(set) {
                // Refused where setgroups was given up for the right to write the gid map; then the
                // groups stay.
                Err(_) if !self.groups_asked => {}
                set => step(Step::Groups, set)?,
            }
        }
        take(Step::Group, libc::SYS_setresgid, self.group)?;
        take(Step::User, libc::SYS_setresuid, self.user)
    }
}

/// Takes an id, as the real, the effective and the saved one.
fn take(what: Step, call: c_long, number: Option<Number>) -> Result<(), Failure> {
    let (id, usual) = match number {
        None => return Ok(()),
        Some(Number::Asked(id)) => (id, false),
        Some(Number::Usual(id)) => (id, true),
    };
    // SAFETY: takes three numbers.
    match Errno::result(unsafe { libc::syscall(call, id, id, id) }) {
        // The namespace has no such id: we stay who we are.
        Err(Errno::EINVAL) if usual => Ok(()),
        taken => step(what, taken),
    }
}

/// `_LINUX_CAPABILITY_VERSION_3`, with two words a set.
const VERSION: u32 = 0x2008_0522;

#[repr(C)]
struct Header {
    version: u32,
    pid: c_int,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Words {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

fn sets() -> Result<Sets, Failure> {
    let mut header = Header { version: VERSION, pid: 0 };
    let mut words = [Words::default(); 2];
    // SAFETY: the kernel reads one header and writes two triples of words, borrowed for the call.
    let got = unsafe { libc::syscall(libc::SYS_capget, &raw mut header, words.as_mut_ptr()) };
    step(Step::Capabilities, Errno::result(got))?;
    let join = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
    let [low, high] = words;
    Ok(Sets {
        effective: join(low.effective, high.effective),
        permitted: join(low.permitted, high.permitted),
        inheritable: join(low.inheritable, high.inheritable),
    })
}

impl Sets {
    /// Sets them, where they are not these already.
    #[allow(clippy::cast_possible_truncation, reason = "the halves of 64 bits")]
    fn set(self, now: Self) -> Result<(), Failure> {
        let same = |one: fn(&Self) -> u64| one(&self) == one(&now);
        if same(|sets| sets.effective) && same(|sets| sets.permitted) && same(|sets| sets.inheritable) {
            return Ok(());
        }
        let header = Header { version: VERSION, pid: 0 };
        let half = |shift: u32| Words {
            effective: (self.effective >> shift) as u32,
            permitted: (self.permitted >> shift) as u32,
            inheritable: (self.inheritable >> shift) as u32,
        };
        let words = [half(0), half(32)];
        // SAFETY: the kernel reads one header and two triples of words, borrowed for the call.
        let set = unsafe { libc::syscall(libc::SYS_capset, &raw const header, words.as_ptr()) };
        step(Step::Capabilities, Errno::result(set))
    }
}

fn drop_from_bounding(removed: u64) -> Result<(), Failure> {
    for capability in bits(removed) {
        // SAFETY: takes numbers. One that the kernel does not know, or that is gone, need not be dropped.
        if unsafe { libc::prctl(libc::PR_CAPBSET_READ, capability, 0, 0, 0) } == 1 {
            prctl(Step::Capabilities, libc::PR_CAPBSET_DROP, capability, 0)?;
        }
    }
    Ok(())
}

/// Those of the inheritable capabilities that are ambient.
fn ambient_among(inheritable: u64) -> u64 {
    let is_set = |capability: &c_ulong| {
        let asked = libc::PR_CAP_AMBIENT_IS_SET as c_ulong;
        // SAFETY: takes numbers.
        unsafe { libc::prctl(libc::PR_CAP_AMBIENT, asked, *capability, 0, 0) == 1 }
    };
    bits(inheritable).filter(is_set).fold(0, |set, capability| set | 1 << capability)
}

fn bits(set: u64) -> impl Iterator<Item = c_ulong> {
    (0..64).filter(move |bit| set & (1 << bit) != 0)
}

fn prctl(what: Step, option: c_int, first: c_ulong, second: c_ulong) -> Result<(), Failure> {
    // SAFETY: takes numbers.
    step(what, Errno::result(unsafe { libc::prctl(option, first, second, 0, 0) }))
}
