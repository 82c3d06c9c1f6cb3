//! What a sandbox has besides its namespaces: the floor that does the same work as a pod's making, by the fewest calls.
//!
//! - Files: a directory that is made under another name and renamed when it is whole, and in it etc/hostname, hosts
//!   and resolv.conf, `origin`, `pod.json`, and `pause`, in which the process leaves word of itself first of all.
//! - Mounts: those three, /proc, /dev/shm and /dev/mqueue, in a slave of the host's.
//! - The hostname, lo up, a session; what is open closed; nobody's ids, no capability, and no way to new ones.
//!
//! What it does without: locks, looking whether anything of it is somebody else's, asking whether all this can be
//! done, taking it back where it cannot, and telling what went wrong.

use std::ffi::{CStr, CString, OsStr, c_char, c_int};
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::ptr;

use nix::errno::Errno;

/// The files, and what is written into them.
const FILES: [(&str, &str); 3] = [
    ("hostname", "bench\n"),
    ("hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.0.1\tbench\n"),
    ("resolv.conf", "# no name server can be reached from this pod\n"),
];
const NOBODY: libc::id_t = 65535;

/// The files of a sandbox that is not there yet.
pub(super) struct Draft {
    draft: PathBuf,
    becomes: PathBuf,
}

/// What the child hands to the kernel.
pub(super) struct Furnished {
    /// Of each of its own files, and of what it is mounted over.
    binds: [(CString, CString); FILES.len()],
    record: OwnedFd,
    /// Held, for nobody need not find it.
    program: OwnedFd,
}

impl Draft {
    pub(super) fn begin(directory: &Path) -> io::Result<Self> {
        let this = Self { draft: directory.with_extension("draft"), becomes: directory.to_owned() };
        let make = |path: &Path| DirBuilder::new().mode(0o700).create(path);
        make(&this.draft)?;
        make(&this.draft.join("etc"))?;
        for (name, text) in FILES {
            write(&this.draft.join("etc").join(name), 0o644, text)?;
        }
        let origin = format!("{{\"boot\":\"{:036}\",\"pids\":{},\"clock\":{}}}\n", 0, u32::MAX, u32::MAX);
        write(&this.draft.join("origin"), 0o600, &origin)?;
        Ok(this)
    }

    pub(super) fn furnished(&self, program: &CStr) -> io::Result<Furnished> {
        let path = |path: PathBuf| CString::new(path.as_os_str().as_bytes()).unwrap_or_default();
        let bind =
            |(name, _): (&str, &str)| (path(self.draft.join("etc").join(name)), path(Path::new("/etc").join(name)));
        let record = File::options().write(true).create_new(true).mode(0o600).open(self.draft.join("pause"))?;
        let program =
            File::options().read(true).custom_flags(libc::O_PATH).open(OsStr::from_bytes(program.to_bytes()))?;
        Ok(Furnished { binds: FILES.map(bind), record: record.into(), program: program.into() })
    }

    /// Says what has become of it, and gives it its name.
    pub(super) fn commit(self, pid: i32) -> io::Result<PathBuf> {
        write(&self.draft.join("pod.json"), 0o600, &format!("{{\"pause\":{pid:0450}}}\n"))?;
        fs::rename(&self.draft, &self.becomes)?;
        Ok(self.becomes)
    }
}

fn write(path: &Path, mode: u32, text: &str) -> io::Result<()> {
    File::options().write(true).create_new(true).mode(mode).open(path)?.write_all(text.as_bytes())
}

impl Furnished {
    /// In the child: has all of it. What is wrong is the last error.
    pub(super) fn furnish(&self) -> bool {
        self.leave_word() && self.mount() && name() && bring_up() && give_up()
    }

    /// Comes back only where that cannot be.
    pub(super) fn execute(&self, argv: *const *const c_char, envp: *const *const c_char) -> c_int {
        let (program, flags) = (self.program.as_raw_fd(), libc::AT_EMPTY_PATH);
        // SAFETY: a C string, and null-terminated arrays of such, which whoever calls owns.
        unsafe { libc::execveat(program, c"".as_ptr(), argv.cast(), envp.cast(), flags) }
    }

    fn leave_word(&self) -> bool {
        let mut line = [0_u8; 1024];
        // SAFETY: a C string, borrowed for the call.
        let stat = unsafe { libc::open(c"/proc/self/stat".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) };
        // SAFETY: the kernel writes at most so many bytes as there are.
        let length = unsafe { libc::read(stat, line.as_mut_ptr().cast(), line.len()) };
        // SAFETY: the kernel reads as many bytes as it has written there.
        let written = length > 0
            && unsafe { libc::write(self.record.as_raw_fd(), line.as_ptr().cast(), length.cast_unsigned()) } == length;
        // SAFETY: a descriptor of this process, of which nobody else knows.
        unsafe { libc::close(stat) };
        written
    }

    fn mount(&self) -> bool {
        const NO_SPECIALS: libc::c_ulong = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
        let own = |source: &CStr, target: &CStr, flags, data: Option<&CStr>| {
            let data = data.map_or(ptr::null(), CStr::as_ptr).cast();
            // SAFETY: C strings; what kind of file system it is, is its source's name where it matters.
            let mounted = unsafe { libc::mount(source.as_ptr(), target.as_ptr(), source.as_ptr(), flags, data) };
            // A machine without one of these places has a floor that is a little lower.
            mounted == 0 || Errno::last() == Errno::ENOENT
        };
        own(c"", c"/", libc::MS_REC | libc::MS_SLAVE, None)
            && self.binds.iter().all(|(source, target)| own(source, target, libc::MS_BIND, None))
            && own(c"proc", c"/proc", NO_SPECIALS, None)
            && own(c"tmpfs", c"/dev/shm", NO_SPECIALS, Some(c"mode=1777,size=64m"))
            && own(c"mqueue", c"/dev/mqueue", NO_SPECIALS, None)
    }
}

fn name() -> bool {
    // SAFETY: that many bytes of a name.
    unsafe { libc::sethostname(c"bench".as_ptr(), 5) == 0 }
}

fn bring_up() -> bool {
    // SAFETY: takes numbers.
    let socket = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    // SAFETY: an ifreq is numbers and arrays of them, for which all zeroes is valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (place, byte) in request.ifr_name.iter_mut().zip(b"lo") {
        *place = *byte as c_char;
    }
    #[allow(clippy::cast_possible_truncation, reason = "IFF_UP is 1")]
    let up = libc::IFF_UP as libc::c_short;
    request.ifr_ifru.ifru_flags = up;
    // SAFETY: the kernel reads one ifreq, borrowed for the call.
    let is_up = unsafe { libc::ioctl(socket, libc::SIOCSIFFLAGS as _, &raw mut request) } == 0;
    // SAFETY: a descriptor of this process, of which nobody else knows.
    unsafe { libc::close(socket) };
    is_up
}

/// The session, the descriptors, the directory and the rights of who made us.
fn give_up() -> bool {
    #[repr(C)]
    struct Header(u32, i32);
    const VERSION_3: u32 = 0x2008_0522;
    let (header, none) = (Header(VERSION_3, 0), [0_u32; 6]);
    // SAFETY: takes nothing.
    unsafe { libc::setsid() };
    // SAFETY: takes numbers; the table of descriptors is our own.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    // SAFETY: a C string, borrowed for the call.
    let moved = unsafe { libc::chdir(c"/".as_ptr()) };
    // SAFETY: takes a number of groups, none, of which none is read.
    let groups = unsafe { libc::syscall(libc::SYS_setgroups, 0, ptr::null::<libc::gid_t>()) };
    // SAFETY: takes numbers.
    let gid = unsafe { libc::syscall(libc::SYS_setresgid, NOBODY, NOBODY, NOBODY) };
    // SAFETY: takes numbers.
    let uid = unsafe { libc::syscall(libc::SYS_setresuid, NOBODY, NOBODY, NOBODY) };
    // SAFETY: the kernel reads a header, and two times three words, as that version has them.
    let capabilities = unsafe { libc::syscall(libc::SYS_capset, &raw const header, none.as_ptr()) };
    // SAFETY: takes numbers.
    let privileges = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    [closed, moved.into(), groups, gid, uid, capabilities, privileges.into()].iter().all(|done| *done == 0)
}
