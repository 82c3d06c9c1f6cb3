//! The system calls that a forwarder makes, and no other: a filter for seccomp(2).
//!
//! It is installed by the forwarder itself once it is ready to begin, so that the list need not have
//! what a program and its C library do to start. Any other call fails with EPERM: connections that
//! are carried do not end for one call of a library that nobody thought of.

use std::collections::BTreeMap;
use std::env::consts::ARCH;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter,
};

/// The filter cannot be made or installed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FilterError {
    /// There is no making it, for instance for this architecture.
    #[error("cannot compile it")]
    Compile(#[from] BackendError),
    /// The kernel does not take it.
    #[error("the kernel does not take it")]
    Install(#[from] seccompiler::Error),
}

/// Calls without regard to their arguments.
const CALLS: &[libc::c_long] = &[
    // Connections, and what is said to a supervisor.
    libc::SYS_connect,
    libc::SYS_shutdown,
    libc::SYS_recvfrom,
    libc::SYS_sendto,
    libc::SYS_recvmsg,
    libc::SYS_sendmsg,
    libc::SYS_getsockopt,
    libc::SYS_close,
    // Waiting.
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_ctl,
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_clock_gettime,
    libc::SYS_futex,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigreturn,
    // Memory.
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_madvise,
    libc::SYS_getrandom,
    // The end, and a worse one.
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigaction,
    libc::SYS_sigaltstack,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_tgkill,
];

/// What only carrying needs: who comes in, and what flows.
const CARRYING: &[libc::c_long] = &[libc::SYS_accept4, libc::SYS_splice, libc::SYS_pipe2];

/// What only asking needs: requests are written in pieces.
const ASKING: &[libc::c_long] = &[libc::SYS_writev];

/// What only resolving needs: who comes in.
const RESOLVING: &[libc::c_long] = &[libc::SYS_accept4];

/// What is done behind the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Connections are carried.
    Carry,
    /// Whoever is there is asked something.
    Ask,
    /// Questions of pods are answered, or asked of others.
    Resolve,
}

/// A call of which one argument may have these values only, or only these bits.
struct Restricted {
    call: libc::c_long,
    argument: u8,
    values: &'static [Value],
}

/// What an argument may be.
enum Value {
    Is(i32),
    LacksAllOf(i32),
}

const RESTRICTED: &[Restricted] = &[
    Restricted { call: libc::SYS_socket, argument: 0, values: &[Value::Is(libc::AF_INET), Value::Is(libc::AF_INET6)] },
    Restricted {
        call: libc::SYS_setsockopt,
        argument: 1,
        values: &[Value::Is(libc::SOL_SOCKET), Value::Is(libc::IPPROTO_TCP)],
    },
    Restricted {
        call: libc::SYS_fcntl,
        argument: 1,
        values: &[Value::Is(libc::F_SETPIPE_SZ), Value::Is(libc::F_GETFD), Value::Is(libc::F_GETFL)],
    },
    // No memory is ever both written to and executed, or executed anew.
    Restricted { call: libc::SYS_mmap, argument: 2, values: &[Value::LacksAllOf(libc::PROT_EXEC)] },
    Restricted { call: libc::SYS_mremap, argument: 3, values: &[Value::Is(libc::MREMAP_MAYMOVE)] },
];

/// Installs the filter, for this thread and what comes of it.
pub(crate) fn install(work: Work) -> Result<(), FilterError> {
    apply_filter(&program(work)?)?;
    Ok(())
}

fn program(work: Work) -> Result<BpfProgram, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    let own = match work {
        Work::Carry => CARRYING,
        Work::Ask => ASKING,
        Work::Resolve => RESOLVING,
    };
    for call in CALLS.iter().chain(own) {
        rules.insert(*call, Vec::new());
    }
    for Restricted { call, argument, values } in RESTRICTED {
        let rules = rules.entry(*call).or_default();
        for value in *values {
            let (compared, value) = match value {
                Value::Is(value) => (SeccompCmpOp::Eq, *value),
                Value::LacksAllOf(bits) => (SeccompCmpOp::MaskedEq(u64::from(bits.cast_unsigned())), 0),
            };
            let value = u64::from(value.cast_unsigned());
            let condition = SeccompCondition::new(*argument, SeccompCmpArgLen::Dword, compared, value)?;
            rules.push(SeccompRule::new(vec![condition])?);
        }
    }
    let refused = SeccompAction::Errno(libc::EPERM.cast_unsigned());
    SeccompFilter::new(rules, refused, SeccompAction::Allow, ARCH.try_into()?)?.try_into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{Mode, OFlags};
    use rustix::io::Errno;
    use rustix::net::{self, AddressFamily, SocketType};
    use rustix::pipe::PipeFlags;
    use rustix::process::{PidfdFlags, Resource, getpid, getrlimit, pidfd_open, setrlimit};

    /// What a call answers behind the filter, in a thread of its own.
    fn behind<T: Send>(work: Work, calls: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                install(work).expect("a filter");
                calls()
            });
            thread.join().expect("a thread that ends well")
        })
    }

    #[test]
    fn what_a_forwarder_does_not_do_is_refused() {
        let core = getrlimit(Resource::Core);
        let refused = behind(Work::Carry, || {
            let socket = |family, kind| net::socket(family, kind, None).err();
            let listener = net::socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
            let somewhere = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
            vec![
                ("a file", rustix::fs::open("/etc/passwd", OFlags::RDONLY, Mode::empty()).err()),
                ("a directory", rustix::process::chdir("/").err()),
                ("a unix socket", socket(AddressFamily::UNIX, SocketType::STREAM)),
                ("a netlink socket", socket(AddressFamily::NETLINK, SocketType::RAW)),
                ("an address", net::bind(&listener, &somewhere).err()),
                ("a listener", net::listen(&listener, 1).err()),
                ("an option of IPv6", net::sockopt::set_ipv6_v6only(&listener, true).err()),
                ("a process", pidfd_open(getpid(), PidfdFlags::empty()).err()),
                ("a limit", setrlimit(Resource::Core, core).err()),
            ]
        });
        for (what, errno) in refused {
            assert_eq!(errno, Some(Errno::PERM), "{what}");
        }
    }

    #[test]
    fn what_a_forwarder_does_is_let_through() {
        behind(Work::Carry, || {
            let socket = net::socket(AddressFamily::INET6, SocketType::STREAM, None).expect("a socket");
            net::sockopt::set_tcp_nodelay(&socket, true).expect("an option");
            let (read, write) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC).expect("a pipe");
            rustix::pipe::fcntl_setpipe_size(&write, 1 << 16).expect("a size");
            let memory = vec![0_u8; 8 << 20];
            drop((read, write, memory));
        });
    }

    #[test]
    fn who_only_asks_takes_nobody_in_and_carries_nothing() {
        let pipe = |work| behind(work, || rustix::pipe::pipe_with(PipeFlags::CLOEXEC).err());
        assert_eq!((pipe(Work::Carry), pipe(Work::Ask)), (None, Some(Errno::PERM)));
        behind(Work::Ask, || drop(net::socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket")));
    }
}
