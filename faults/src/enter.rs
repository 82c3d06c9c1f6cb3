//! Into namespaces of our own: a first process that reaps whatever is orphaned, and in them
//! ourselves again. When anything of it ends, everything does.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use caps::CapSet;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::stat::{Mode, SFlag, makedev, mknod, umask};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getgid, getuid};

use crate::sys::loopback;

/// Who we are when we are started again, as our first argument.
pub(crate) const INIT: &str = "init";
pub(crate) const INSIDE: &str = "inside";
/// The variable that names the directory in which everything is.
pub(crate) const ROOT: &str = "FAULTS_ROOT";

/// Starts ourselves in new namespaces, and exits as that does.
pub(crate) fn enter(arguments: &[OsString]) -> anyhow::Result<i32> {
    let mut heard = SigSet::empty();
    for signal in [Signal::SIGCHLD, Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        heard.add(signal);
    }
    heard.thread_block()?;
    let root = tempfile::Builder::new().prefix("faults-").tempdir()?;
    let mut kinds = CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWNET;
    let (user, group) = (getuid(), getgid());
    if !user.is_root() {
        kinds |= CloneFlags::CLONE_NEWUSER;
    }
    unshare(kinds).context("cannot make namespaces of our own")?;
    if !user.is_root() {
        fs::write("/proc/self/setgroups", "deny")?;
        // We stay who we are, for that is who the programs are to be run by; init needs the capabilities.
        fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
        fs::write("/proc/self/gid_map", format!("{group} {group} 1"))?;
        let all = caps::read(None, CapSet::Permitted)?;
        caps::set(None, CapSet::Inheritable, &all)?;
        caps::set(None, CapSet::Ambient, &all)?;
    }
    let mut command = Command::new("/proc/self/exe");
    let mut init = command.arg(INIT).args(arguments).env(ROOT, root.path()).spawn().context("cannot start again")?;
    let code = loop {
        let signal = heard.wait()?;
        if let Some(status) = init.try_wait()? {
            break status.code().unwrap_or(1);
        }
        if signal != Signal::SIGCHLD {
            init.kill()?;
            init.wait()?;
            break 128 + signal as i32;
        }
    };
    // We see its mounts, too, and the directory below them is to go.
    match umount2(root.path(), MntFlags::MNT_DETACH) {
        // It was never mounted.
        Ok(()) | Err(nix::errno::Errno::EINVAL) => {}
        Err(errno) => return Err(errno).context("cannot unmount our directory"),
    }
    root.close()?;
    Ok(code)
}

/// The first process: furnishes the namespaces, starts what works there, and reaps.
pub(crate) fn init(arguments: &[OsString]) -> anyhow::Result<i32> {
    set_pdeathsig(Signal::SIGKILL)?;
    SigSet::all().thread_unblock()?;
    umask(Mode::from_bits_truncate(0o022));
    let root = PathBuf::from(std::env::var_os(ROOT).context("nothing to do by hand")?);
    let none: Option<&Path> = None;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).context("cannot keep mounts to ourselves")?;
    mount(Some("proc"), "/proc", Some("proc"), MsFlags::empty(), none).context("cannot mount /proc")?;
    mount(Some("faults"), &root, Some("tmpfs"), MsFlags::empty(), none).context("cannot mount a directory")?;
    fs::set_permissions(&root, fs::Permissions::from_mode(0o755))?;
    loopback::up().context("cannot bring up the loopback interface")?;
    if let Err(error) = lead_out(&root) {
        eprintln!("faults: no network of a user has a way out: {error:#}");
    }
    // An ordinary user has none.
    caps::clear(None, CapSet::Ambient)?;
    let worker = Command::new("/proc/self/exe").arg(INSIDE).args(arguments).spawn()?;
    let worker = Pid::from_raw(i32::try_from(worker.id())?);
    loop {
        match waitpid(None, Some(WaitPidFlag::__WALL))? {
            WaitStatus::Exited(pid, code) if pid == worker => return Ok(code),
            WaitStatus::Signaled(pid, signal, _) if pid == worker => return Ok(128 + signal as i32),
            _ => {}
        }
    }
}

/// Has everybody who wants a way out by pasta find a device, and a route, which leads nowhere.
fn lead_out(root: &Path) -> anyhow::Result<()> {
    const TUN: &str = "/dev/net/tun";
    let (tun, everybodys, none) = (root.join("tun"), Mode::from_bits_truncate(0o666), None::<&Path>);
    mknod(&tun, SFlag::S_IFCHR, everybodys, makedev(10, 200)).context("cannot make a device")?;
    fs::set_permissions(&tun, fs::Permissions::from_mode(0o666))?;
    mount(Some(&tun), TUN, none, MsFlags::MS_BIND, none).context("cannot mount the device")?;
    for words in [
        "link add up0 type veth peer name down0",
        "address add 192.0.2.2/24 dev up0",
        "link set down0 up",
        "link set up0 up",
        "route add default via 192.0.2.1",
    ] {
        let ran = Command::new("ip").args(words.split(' ')).output().context("cannot run ip")?;
        ensure!(ran.status.success(), "ip {words}: {}", String::from_utf8_lossy(&ran.stderr).trim());
    }
    Ok(())
}

/// Stops until somebody traces us, and then becomes the command.
pub(crate) fn gate(words: &[OsString]) -> anyhow::Result<i32> {
    let (program, arguments) = words.split_first().context("no command")?;
    kill(Pid::this(), Signal::SIGSTOP)?;
    // As it was typed; PATH begins with the programs.
    let error = Command::new(program).args(arguments).exec();
    Err(error).with_context(|| format!("cannot execute {}", program.display()))
}
