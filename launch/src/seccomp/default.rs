//! The profile of every container that asks for no other: what leads out of containers, or to corners
//! of the kernel that few programs need and many holes were found in, is refused.
//!
//! Whoever was given a capability is not kept from the calls that it is for. A call that is newer than
//! this program does not exist (ENOSYS), so that programs do without it as on an older kernel.

use caps::{Capability, CapsHashSet};
use seccompiler::{SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule};
use syscalls::Sysno;

use super::filters::Rules;
use super::{Seccomp, SeccompError, number};

/// Calls that are refused.
struct Refused {
    calls: &'static [&'static str],
    /// With one of these they are not.
    freed_by: &'static [Capability],
    /// What they lead to.
    #[allow(dead_code, reason = "said for who reads the table")]
    why: &'static str,
}

const fn refused(calls: &'static [&'static str], freed_by: &'static [Capability], why: &'static str) -> Refused {
    Refused { calls, freed_by, why }
}

use Capability::{
    CAP_BPF, CAP_DAC_READ_SEARCH, CAP_PERFMON, CAP_SYS_ADMIN, CAP_SYS_BOOT, CAP_SYS_CHROOT, CAP_SYS_MODULE,
    CAP_SYS_NICE, CAP_SYS_PACCT, CAP_SYS_PTRACE, CAP_SYS_RAWIO, CAP_SYS_TIME, CAP_SYS_TTY_CONFIG, CAP_SYSLOG,
};

const TABLE: &[Refused] = &[
    refused(
        &[
            "mount",
            "umount",
            "umount2",
            "pivot_root",
            "move_mount",
            "open_tree",
            "open_tree_attr",
            "fsopen",
            "fsconfig",
            "fsmount",
            "fspick",
            "mount_setattr",
        ],
        &[CAP_SYS_ADMIN],
        "what masks the kernel's files could be taken away",
    ),
    refused(
        &["setns", "unshare"],
        &[CAP_SYS_ADMIN],
        "in a user namespace of one's own all of the kernel is there to attack",
    ),
    refused(&["sethostname", "setdomainname"], &[CAP_SYS_ADMIN], "the name is the whole pod's"),
    refused(&["bpf"], &[CAP_SYS_ADMIN, CAP_BPF], "a compiler within the kernel"),
    refused(&["perf_event_open"], &[CAP_SYS_ADMIN, CAP_PERFMON], "it tells what others do"),
    refused(
        &["fanotify_init", "lookup_dcookie", "quotactl", "quotactl_fd"],
        &[CAP_SYS_ADMIN],
        "they look at whole file systems",
    ),
    refused(&["syslog"], &[CAP_SYSLOG, CAP_SYS_ADMIN], "the host's messages, with addresses in the kernel"),
    refused(&["vhangup"], &[CAP_SYS_TTY_CONFIG], "others' terminals"),
    refused(
        &["open_by_handle_at"],
        &[CAP_DAC_READ_SEARCH],
        "files of the host by their inodes, past every root directory",
    ),
    refused(&["chroot"], &[CAP_SYS_CHROOT], "a root directory is where programs look for what they trust"),
    refused(
        &["init_module", "finit_module", "delete_module", "create_module", "query_module", "get_kernel_syms"],
        &[CAP_SYS_MODULE],
        "code in the kernel",
    ),
    refused(&["acct"], &[CAP_SYS_PACCT], "it writes of all processes to any file"),
    refused(&["reboot"], &[CAP_SYS_BOOT], "the machine"),
    refused(&["settimeofday", "stime", "clock_settime"], &[CAP_SYS_TIME], "the machine's clock"),
    refused(&["iopl", "ioperm"], &[CAP_SYS_RAWIO], "the machine's hardware"),
    refused(&["kcmp", "pidfd_getfd", "process_madvise"], &[CAP_SYS_PTRACE], "others' memory and files"),
    refused(
        &["get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node"],
        &[CAP_SYS_NICE],
        "they place memory where others need it",
    ),
    refused(&["migrate_pages", "move_pages"], &[], "they move others' memory"),
    refused(&["add_key", "keyctl", "request_key"], &[], "keys are no container's own, but all the machine's"),
    refused(&["kexec_load", "kexec_file_load"], &[], "another kernel"),
    refused(&["swapon", "swapoff"], &[], "the machine's memory"),
    refused(&["userfaultfd"], &[], "it makes the kernel wait where attackers like it to"),
    refused(&["io_uring_setup", "io_uring_enter", "io_uring_register"], &[], "calls that no filter sees"),
    refused(
        &[
            "_sysctl",
            "afs_syscall",
            "epoll_ctl_old",
            "epoll_wait_old",
            "getpmsg",
            "nfsservctl",
            "putpmsg",
            "security",
            "sysfs",
            "tuxcall",
            "uselib",
            "ustat",
            "vserver",
        ],
        &[],
        "nobody has needed them for many years",
    ),
];

/// The flags of clone(2) that make namespaces; that of time is none of that call's.
pub const NEW_NAMESPACES: [i32; 7] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
];

/// The only personalities: Linux, with addresses as they come, as 2.6 would call itself, both, and asking.
const PERSONALITIES: [u64; 5] = [0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff];

/// The names of the calls that are refused whatever they are asked, to whom has these capabilities.
pub fn refused_calls(capabilities: &CapsHashSet) -> impl Iterator<Item = &'static str> {
    let rows = TABLE.iter().filter(|row| !row.freed_by.iter().any(|one| capabilities.contains(one)));
    rows.flat_map(|row| row.calls).copied()
}

impl Seccomp {
    /// The filter of every container that asks for no other and will have these capabilities in its
    /// bounding set.
    ///
    /// # Errors
    /// When it cannot be compiled, for this architecture say.
    pub fn runtime_default(capabilities: &CapsHashSet) -> Result<Self, SeccompError> {
        let eperm = SeccompAction::Errno(libc::EPERM.cast_unsigned());
        let enosys = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
        let mut rules = Rules::new(SeccompAction::Allow);
        for call in refused_calls(capabilities).filter_map(number) {
            rules.add(&eperm, call, &[]);
        }
        let id = |call: Sysno| call.id().cast_unsigned();
        if !capabilities.contains(&CAP_SYS_ADMIN) {
            let namespaces = NEW_NAMESPACES.map(|flag| u64::from(flag.cast_unsigned()));
            let any: Result<Vec<_>, _> =
                namespaces.into_iter().map(|flag| all(0, &[(SeccompCmpOp::MaskedEq(flag), flag)])).collect();
            rules.add(&eperm, id(Sysno::clone), &any?);
            // What it is told lies in memory, where no filter looks; without it, everybody takes the other.
            rules.add(&enosys, id(Sysno::clone3), &[]);
        }
        // Machines within the machine are told of by this family of addresses.
        let vsock = u64::from(libc::AF_VSOCK.cast_unsigned());
        rules.add(&eperm, id(Sysno::socket), &[all(0, &[(SeccompCmpOp::Eq, vsock)])?]);
        let others = PERSONALITIES.map(|one| (SeccompCmpOp::Ne, one));
        rules.add(&eperm, id(Sysno::personality), &[all(0, &others)?]);
        let program = rules.but_unknown(Sysno::last().id().cast_unsigned())?;
        Ok(Self { program: Some(program), unknown: Vec::new() })
    }
}

/// All of these about an argument, which the kernel takes 32 bits of.
fn all(argument: u8, conditions: &[(SeccompCmpOp, u64)]) -> Result<SeccompRule, SeccompError> {
    let conditions = conditions.iter().map(|(op, value)| {
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, op.clone(), *value).map_err(SeccompError::Compile)
    });
    SeccompRule::new(conditions.collect::<Result<_, _>>()?).map_err(SeccompError::Compile)
}

#[cfg(test)]
mod tests {
    use super::super::tests::evaluate::{Call, verdict};
    use super::*;

    const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
    const EPERM: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM.cast_unsigned();
    const ENOSYS: u32 = libc::SECCOMP_RET_ERRNO | libc::ENOSYS.cast_unsigned();

    fn with(capabilities: &[Capability]) -> Seccomp {
        Seccomp::runtime_default(&capabilities.iter().copied().collect()).expect("filters")
    }

    #[test]
    fn what_leads_out_is_refused_until_a_capability_frees_it() {
        let (usual, admin) = (with(&[]), with(&[CAP_SYS_ADMIN]));
        let new_users = u64::from(libc::CLONE_NEWUSER.cast_unsigned());
        for (call, arguments, refused, freed) in [
            (Sysno::read, &[][..], ALLOW, ALLOW),
            (Sysno::execve, &[], ALLOW, ALLOW),
            (Sysno::mount, &[], EPERM, ALLOW),
            (Sysno::unshare, &[0], EPERM, ALLOW),
            (Sysno::clone, &[17], ALLOW, ALLOW),
            (Sysno::clone, &[17 | new_users], EPERM, ALLOW),
            (Sysno::clone3, &[], ENOSYS, ALLOW),
            (Sysno::keyctl, &[], EPERM, EPERM),
            (Sysno::socket, &[40], EPERM, EPERM),
            (Sysno::socket, &[2], ALLOW, ALLOW),
            // The kernel looks at 32 bits of it.
            (Sysno::socket, &[40 | 1 << 32], EPERM, EPERM),
            (Sysno::personality, &[0], ALLOW, ALLOW),
            (Sysno::personality, &[0x0004_0000], EPERM, EPERM),
            (Sysno::personality, &[0xffff_ffff], ALLOW, ALLOW),
        ] {
            let call = Call::of(call, arguments);
            assert_eq!((verdict(&usual, &call), verdict(&admin, &call)), (refused, freed), "{call:?}");
        }
    }

    #[test]
    fn a_call_that_nobody_knows_does_not_exist() {
        let mut call = Call::of(Sysno::last(), &[]);
        assert_eq!(verdict(&with(&[]), &call), ALLOW);
        call.number += 1;
        assert_eq!(verdict(&with(&[]), &call), ENOSYS);
        call.number = 9_999;
        assert_eq!(verdict(&with(&[]), &call), ENOSYS);
    }

    #[test]
    fn every_call_of_the_table_is_one_somewhere() {
        // Of other architectures, or gone from all.
        let foreign = ["umount", "stime", "umount2", "tuxcall", "vserver", "epoll_ctl_old", "epoll_wait_old"];
        let lost: Vec<_> = TABLE.iter().flat_map(|row| row.calls).filter(|name| number(name).is_none()).collect();
        if cfg!(target_arch = "x86_64") {
            assert!(lost.iter().all(|name| foreign.contains(name) || **name == "open_tree_attr"), "{lost:?}");
        }
    }
}
