//! In the child: each operation, once.

use nix::errno::Errno;

use super::{credentials, descriptors, enter, make, mounts, network, place};
use crate::op::{Op, Recorded};
use crate::script::Script;
use crate::sys::{record, signals, write_below};

/// Does one operation of those that neither make a process nor execute one.
pub(super) fn perform(script: &Script, op: &Op, goes_to_cgroup: bool) -> Result<(), Errno> {
    let number = |fd: &crate::op::Fd| script.number(*fd);
    let proc = script.proc();
    match op {
        Op::JoinCgroup { by_birth: true, .. } if !goes_to_cgroup => Ok(()),
        Op::JoinCgroup { members, .. } => enter::join_cgroup(number(members)),
        Op::OomScore(score) => write_below(proc, c"self/oom_score_adj", score.to_bytes()),
        // SAFETY: takes numbers; 0 is whoever asks.
        Op::Nice(nice) => Errno::result(unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, *nice) }).map(drop),
        Op::RaiseLimit(limit) => enter::raise(limit.resource(), limit.hard),
        Op::Hide => {
            // SAFETY: takes numbers.
            Errno::result(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) }).map(drop)
        }
        Op::Enter { all_of, namespaces } => enter::enter(script, all_of.as_ref().map(number), namespaces),
        Op::Verify(expected) => enter::verify(proc, expected),
        // By way of our own /proc: that of the inside may be a fake (CVE-2019-16884).
        Op::Label { file, text } => write_below(proc, file, text),
        Op::Write { file, text } => write_below(proc, file, text),
        Op::Record(what, file) => record(proc, number(file), *what == Recorded::Pid),
        Op::Maps { uid, gid } => credentials::map_ids(proc, uid, gid),
        Op::OwnMounts => mounts::own(),
        Op::SlaveMounts => mounts::keep_to_ourselves(proc),
        Op::Mount(mount) => mounts::mount(mount),
        Op::Attach { tree, at } => mounts::attach(number(tree), at),
        Op::Install { tree, at, missing } => mounts::install(script, number(tree), at, *missing),
        Op::OwnCgroups => enter::own_cgroups(),
        Op::Make { made, held } => make::make(script, made).map(|fd| script.keep(*held, fd)),
        Op::Place { below, at, missing } => place::make(script, number(below), at, *missing).map(drop),
        Op::Device { at, mode, number: device } => place::device(number(&at.below()), at.rest(), *mode, *device),
        Op::Link { at, to } => place::link(number(&at.below()), at.rest(), to),
        Op::Mask { below, at, null, empty } => mounts::mask(script, number(below), at, number(null), *empty),
        Op::Protect { below, at } => mounts::protect(number(below), at),
        Op::Seal(mount) => make::attribute(number(mount), false, libc::MOUNT_ATTR_RDONLY, 0),
        Op::Pivot(root) => mounts::pivot(number(root)),
        Op::Chroot(root) => mounts::chroot(number(root)),
        Op::Hostname(name) => network::set_hostname(name),
        Op::Loopback => network::bring_loopback_up(),
        Op::Netlink(held) => network::open().map(|socket| script.keep(*held, socket)),
        Op::Tell(told) => network::tell(proc, number(&told.socket), &told.messages, told.network_at),
        // SAFETY: takes nothing.
        Op::Session => Errno::result(unsafe { libc::setsid() }).map(drop),
        Op::Stdio(stdio) => descriptors::take_stdio(stdio.each_ref().map(|file| file.as_ref().map(number))),
        // SAFETY: our own stdin, and numbers.
        Op::Terminal => Errno::result(unsafe { libc::ioctl(0, libc::TIOCSCTTY, 0) }).map(drop),
        Op::Umask(mask) => {
            // SAFETY: takes a number, and cannot fail.
            unsafe { libc::umask(*mask) };
            Ok(())
        }
        Op::SetLimit(limit) => enter::limit(limit),
        // SAFETY: a descriptor of the script.
        Op::Fchdir(directory) => Errno::result(unsafe { libc::fchdir(number(directory)) }).map(drop),
        Op::Close { first, kept } => descriptors::close(*first, kept.iter().map(number)),
        // SAFETY: a C string that the script owns.
        Op::Chdir(path) => Errno::result(unsafe { libc::chdir(path.as_ptr()) }).map(drop),
        Op::StandWithin => descriptors::stand_within(),
        Op::Demand(demanded) => credentials::demand(*demanded),
        Op::DropBounding(removed) => credentials::drop_from_bounding(*removed),
        Op::KeepCapabilities => credentials::prctl(libc::PR_SET_KEEPCAPS, 1, 0),
        Op::Groups(groups) => credentials::take_groups(groups),
        Op::Gid(id) => credentials::take(libc::SYS_setresgid, *id),
        Op::Uid(id) => credentials::take(libc::SYS_setresuid, *id),
        Op::Capabilities(kept) => credentials::set(*kept),
        Op::NoNewPrivileges => credentials::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0),
        Op::EndWith(us) => descriptors::end_with(number(us)),
        Op::Signals(inherited) => {
            // A handler would run on the memory we share, so handlers go before signals come back.
            signals::put_back(inherited);
            Ok(())
        }
        Op::Filter(filter) => credentials::filter(&filter.program),
        // These two are whose script it is to do.
        Op::Fork(_) | Op::Execute(_) => Err(Errno::EINVAL),
    }
}
