//! From a plan to what the sandbox's process does: pure, and in an order that matters.

use std::os::fd::OwnedFd;

use launch::lower::fresh;
use launch::op::{Entry, Executed, Execution, Fork, Kept, Mount, Op, Recorded, Told};
use launch::{CStrings, Kind, Script};
use nix::unistd::{getegid, geteuid};

use super::who::{NOBODY, RunsAs};
use crate::plan::{PodPlan, Share};
use crate::wire::Wire;

/// What the process holds from before it was made.
pub(super) struct Held {
    /// The pause program.
    pub(super) program: OwnedFd,
    /// The file in which it leaves word of itself.
    pub(super) record: OwnedFd,
    pub(super) null: OwnedFd,
    /// Our /proc, in which it finds itself.
    pub(super) proc: OwnedFd,
    /// A user namespace that was made for it, with ids of others.
    pub(super) users: Option<OwnedFd>,
    /// What leads out of its network.
    pub(super) wire: Option<Wire>,
}

/// The whole way to pause.
///
/// Every signal is blocked from before the clone until pause itself unblocks what it means to: a TERM
/// that comes on the way waits for pause.
pub(super) fn sandbox(plan: &PodPlan, own_etc: Vec<Mount>, runs_as: RunsAs, held: Held) -> Script {
    let mut script = Script::new(held.proc);
    let made = [Kind::Pid, Kind::Mount].into_iter().chain(plan.share().iter().map(|share| share.kind()));
    begin(&mut script, held.users, held.record, runs_as, made);
    mounts(&mut script, plan, own_etc);
    if plan.shares(Share::Uts) {
        script.must(Op::Hostname(plan.hostname().as_str().as_bytes().to_vec()));
    }
    if plan.shares(Share::Net) {
        script.must(Op::Loopback);
    }
    if let Some(wire) = held.wire {
        connect(&mut script, wire);
    }
    become_pause(&mut script, held.program, held.null, runs_as);
    script
}

/// The whole way to a pause that holds a network for pods to be connected to, and the user namespace that it belongs to.
pub(super) fn network(runs_as: RunsAs, held: Held) -> Script {
    let mut script = Script::new(held.proc);
    begin(&mut script, held.users, held.record, runs_as, [Kind::Net]);
    script.must(Op::Loopback);
    become_pause(&mut script, held.program, held.null, runs_as);
    script
}

/// Is born in new namespaces, and leaves word of itself.
fn begin(
    script: &mut Script,
    users: Option<OwnedFd>,
    record: OwnedFd,
    runs_as: RunsAs,
    made: impl IntoIterator<Item = Kind>,
) {
    match users {
        // Whoever makes the others is in there already, so that they belong to it.
        Some(users) => {
            let namespaces = vec![Entry { kind: Kind::User, file: script.hold(users) }];
            script.must(Op::Enter { all_of: None, namespaces });
            // Who we are may be nobody there.
            script.must(Op::Gid(0));
            script.must(Op::Uid(0));
            let made = made.into_iter().collect();
            script.must(Op::Fork(Fork { made, twice: false, orphan: false }));
        }
        None => script.make(made),
    }
    // Before anything else there is word of us: whoever is killed now, the next command finds us.
    let record = script.hold(record);
    script.must(Op::Record(Recorded::Stat, record));
    if runs_as == RunsAs::RootOfItsOwn {
        script.make([Kind::User]);
        let ourselves = |id: u32| format!("0 {id} 1\n").into_bytes();
        script.must(Op::Maps { uid: ourselves(geteuid().as_raw()), gid: ourselves(getegid().as_raw()) });
    }
}

fn become_pause(script: &mut Script, program: OwnedFd, null: OwnedFd, runs_as: RunsAs) {
    // A pod outlives the terminal it was made from, and holds no pipe or directory of it.
    script.must(Op::Session);
    let null = script.hold(null);
    script.must(Op::Stdio([Some(null); 3]));
    let program = script.hold(program);
    script.close(3, [program]);
    script.must(Op::Chdir(c"/".to_owned()));
    give_up_privileges(script, runs_as);
    let (argv, envp) = (CStrings::of([c"pause"]), CStrings::of([]));
    script.must(Op::Execute(Box::new(Execution::new(Executed::Held(program), argv, envp))));
}

/// The pair of links is made from the outside, by a socket that was opened there, and goes with the network that we hold.
fn connect(script: &mut Script, wire: Wire) {
    let (messages, network_at) = wire.pair;
    let socket = script.hold(wire.outer);
    script.must(Op::Tell(Told { what: "make the links of the pod's network", socket, messages, network_at }));
    let socket = script.to_be_made();
    script.must(Op::Netlink(socket));
    let (what, messages) = ("set the addresses of the pod", wire.inside);
    script.must(Op::Tell(Told { what, socket, messages, network_at: None }));
}

/// What is mounted over must be there on the host; not every host has all of it.
fn mounts(script: &mut Script, plan: &PodPlan, own_etc: Vec<Mount>) {
    script.must(Op::SlaveMounts);
    // First those that are made of files, while every path still leads where it led.
    for mount in own_etc {
        script.prefer(Op::Mount(mount));
    }
    // Who sees the machine's processes is shown them by the machine's.
    if !plan.has_hosts_pids() {
        script.must(Op::Mount(fresh(c"proc", c"/proc", None)));
    }
    if plan.shares(Share::Ipc) {
        // POSIX shared memory is a mount, not part of the IPC namespace.
        script.prefer(Op::Mount(fresh(c"tmpfs", c"/dev/shm", Some(c"mode=1777,size=64m"))));
        script.prefer(Op::Mount(fresh(c"mqueue", c"/dev/mqueue", None)));
    }
}

/// Ends up without capabilities, and without a way to any.
fn give_up_privileges(script: &mut Script, runs_as: RunsAs) {
    if runs_as == RunsAs::Nobody {
        script.must(Op::Groups(Vec::new()));
        script.must(Op::Gid(NOBODY));
        script.must(Op::Uid(NOBODY));
    }
    // Leaving uid 0 empties all but the inheritable set; whoever stays has all of them still.
    script.must(Op::Capabilities(Kept { removed: u64::MAX, ..Kept::default() }));
    // Without this, executing a program as uid 0 gives them back.
    script.must(Op::NoNewPrivileges);
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    fn words(share: &[Share], runs_as: RunsAs) -> Vec<String> {
        words_in(share, runs_as, None)
    }

    fn file() -> OwnedFd {
        OwnedFd::from(File::open("/dev/null").expect("a file"))
    }

    fn words_in(share: &[Share], runs_as: RunsAs, users: Option<OwnedFd>) -> Vec<String> {
        let held = Held { program: file(), record: file(), null: file(), proc: file(), users, wire: None };
        let name = "web".parse().expect("a name");
        let plan = PodPlan::new(name, None, share.iter().copied().collect(), Vec::new()).expect("a plan");
        sandbox(&plan, Vec::new(), runs_as, held).words()
    }

    #[test]
    fn there_is_word_of_it_before_anything_else_and_no_privilege_at_the_end() {
        assert_eq!(
            words(&[Share::Net, Share::Ipc, Share::Uts, Share::Pid], RunsAs::Nobody),
            [
                "record the process",
                "keep mounts private",
                "mount a fresh /proc",
                "mount /dev/shm",
                "mount /dev/mqueue",
                "set the hostname",
                "bring the loopback up",
                "begin a session",
                "take stdin, stdout and stderr",
                "close inherited descriptors",
                "change to directory /",
                "set the supplementary groups",
                "set the group id",
                "set the user id",
                "set capabilities",
                "give up new privileges",
                "execute the command",
            ]
        );
    }

    #[test]
    fn a_user_namespace_of_many_ids_is_entered_before_the_others_are_made() {
        let in_ours = words(&[Share::Net], RunsAs::Nobody);
        let in_theirs = words_in(&[Share::Net], RunsAs::Nobody, Some(file()));
        let first =
            ["join the namespaces", "set the group id", "set the user id", "make a process in the pid namespace"];
        assert_eq!(in_theirs[..4], first);
        assert_eq!(in_theirs[4..], in_ours);
    }

    #[test]
    fn who_holds_a_network_holds_nothing_else() {
        let held = Held { program: file(), record: file(), null: file(), proc: file(), users: None, wire: None };
        let words = network(RunsAs::RootOfItsOwn, held).words();
        let first = ["record the process", "map our ids into the user namespace", "bring the loopback up"];
        assert_eq!(words[..3], first, "{words:?}");
        assert!(!words.iter().any(|words| words.contains("mount") || words.contains("host")), "{words:?}");
        assert_eq!(words[words.len() - 3..], ["set capabilities", "give up new privileges", "execute the command"]);
    }

    #[test]
    fn ids_are_mapped_before_the_first_mount_and_nobody_is_become_where_there_is_nobody() {
        let of_its_own = words(&[], RunsAs::RootOfItsOwn);
        assert_eq!(of_its_own[1], "map our ids into the user namespace");
        for all in [of_its_own, words(&[], RunsAs::Ourselves)] {
            assert!(!all.iter().any(|words| words.ends_with(" id") || words.contains("groups")), "{all:?}");
            assert_eq!(all[all.len() - 3..], ["set capabilities", "give up new privileges", "execute the command"]);
        }
    }
}
