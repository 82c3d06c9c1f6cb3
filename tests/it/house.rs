//! Where tests live: binaries that every user may run, a registry for each test, a user to be,
//! and, when a test leaves, the proof that nothing of it is left.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, OnceLock};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use serde_json::Value;
use tempfile::TempDir;

use crate::arch::Arch;

/// Who runs the programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    Root,
    /// Without any privilege; ourselves, when we are not root.
    Ordinary,
}

/// An id that no distribution gives anybody.
pub(crate) const ORDINARY_ID: u32 = 61234;
/// The first of 65536 ids that are set apart for the ordinary user of some houses.
pub(crate) const RANGE: u32 = 700_000;

impl User {
    fn become_it(self, command: &mut Command) {
        if self == Self::Ordinary && geteuid().is_root() {
            command.uid(ORDINARY_ID).gid(ORDINARY_ID);
        }
    }

    /// The user's id.
    pub(crate) fn id(self) -> u32 {
        match self {
            Self::Root => 0,
            Self::Ordinary if geteuid().is_root() => ORDINARY_ID,
            Self::Ordinary => geteuid().as_raw(),
        }
    }

    /// Gives the user what we have made below here, links and not what they lead to.
    pub(crate) fn owns(self, path: &Path) {
        if self != Self::Ordinary || !geteuid().is_root() {
            return;
        }
        std::os::unix::fs::lchown(path, Some(ORDINARY_ID), Some(ORDINARY_ID)).unwrap();
        if fs::symlink_metadata(path).unwrap().is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                self.owns(&entry.unwrap().path());
            }
        }
    }
}

/// The binaries, built once, where every user may execute them.
static BINARIES: Mutex<Option<TempDir>> = Mutex::new(None);
static BUILT: OnceLock<PathBuf> = OnceLock::new();

pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The directory of the binaries as they are shipped, and of the payload.
pub(crate) fn binaries() -> &'static Path {
    BUILT.get_or_init(|| {
        if let Some(built) = crate::inherited::built() {
            return built;
        }
        let xtask = ["run", "--quiet", "--package", "xtask", "--", "dist", "--payload", "--allow-dynamic"];
        let built = Command::new(env!("CARGO")).args(xtask).current_dir(workspace()).output().unwrap();
        assert!(built.status.success(), "cargo xtask dist: {}", String::from_utf8_lossy(&built.stderr));
        let directory = open_directory();
        let dist = Arch::native().dist();
        for program in ["pause", "reaper", "nsjoin", "pod", "probe"] {
            fs::copy(dist.join(program), directory.path().join(program)).unwrap();
            fs::set_permissions(directory.path().join(program), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let path = directory.path().to_owned();
        *BINARIES.lock().unwrap() = Some(directory);
        path
    })
}

/// Removes the binaries; a static is never dropped.
pub(crate) fn close() {
    drop(BINARIES.lock().unwrap().take());
}

/// A temporary directory that every user may enter.
fn open_directory() -> TempDir {
    let directory = tempfile::Builder::new().prefix("podkit-").tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    directory
}

/// Whether an ordinary user may make a user namespace here.
pub(crate) fn userns_works() -> bool {
    static WORKS: OnceLock<bool> = OnceLock::new();
    *WORKS.get_or_init(|| {
        let mut probe = Command::new(binaries().join("probe"));
        User::Ordinary.become_it(&mut probe);
        probe.arg("userns").stderr(Stdio::null()).status().unwrap().success()
    })
}

/// Whether the kernel tells how a child ended that it reaped, as reaper finds.
pub(crate) fn kernel_reaps() -> bool {
    static REAPS: OnceLock<bool> = OnceLock::new();
    *REAPS.get_or_init(|| {
        let mut reaper = Command::new(binaries().join("reaper"));
        reaper.env("REAPER_REAP", "kernel").arg("true").stderr(Stdio::null()).status().unwrap().success()
    })
}

/// A test's own place.
pub(crate) struct House {
    pub(crate) user: User,
    directory: TempDir,
    /// In the environment of everything that is started here.
    marker: String,
    /// How everything is started for whom ids are set apart: by words of a shell, as root.
    apart: Option<String>,
    /// In whose mounts and time everything is since the machine was booted.
    booted: Option<Guest>,
}

impl House {
    pub(crate) fn new(user: User) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let directory = open_directory();
        for name in ["state", "work"] {
            let path = directory.path().join(name);
            fs::create_dir(&path).unwrap();
            if user == User::Ordinary && geteuid().is_root() {
                std::os::unix::fs::chown(&path, Some(ORDINARY_ID), Some(ORDINARY_ID)).unwrap();
            }
        }
        let marker = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Self { user, directory, marker, apart: None, booted: None }
    }

    /// A house of an ordinary user for whom ids are set apart, in files of /etc that nobody else sees.
    pub(crate) fn with_ranges() -> Self {
        Self::apart(":")
    }

    /// The same where the program that maps them cannot be executed.
    pub(crate) fn with_ranges_that_cannot_be_mapped() -> Self {
        Self::apart("mount --bind /dev/null $(command -v newuidmap)")
    }

    /// The same where no file has the user's name, and users are looked up by all that the machine has.
    pub(crate) fn with_ranges_and_without_a_name() -> Self {
        Self::nameless("passwd")
    }

    /// The same where nothing is set apart, either.
    pub(crate) fn without_ranges_and_a_name() -> Self {
        Self::nameless("passwd ../etc/subuid")
    }

    fn nameless(absent_from: &str) -> Self {
        let house = Self::apart(&format!(
            "sed -i /^ordinary:/d ../etc/{absent_from}; mount --bind ../etc/nsswitch.conf /etc/nsswitch.conf"
        ));
        let databases = ["passwd", "group", "hosts"];
        let services = databases.map(|name| format!("{name}: files systemd sss ldap mymachines resolve myhostname\n"));
        fs::write(house.directory.path().join("etc/nsswitch.conf"), services.concat()).unwrap();
        house
    }

    fn apart(first: &str) -> Self {
        let mut house = Self::new(User::Ordinary);
        let etc = house.directory.path().join("etc");
        fs::create_dir(&etc).unwrap();
        let id = ORDINARY_ID;
        for (name, line) in [
            ("passwd", format!("ordinary:x:{id}:{id}::/nonexistent:/bin/sh\n")),
            ("group", format!("ordinary:x:{id}:\n")),
            ("subuid", format!("ordinary:{RANGE}:65536\n")),
            ("subgid", format!("{id}:{RANGE}:65536\n")),
        ] {
            let machines = fs::read_to_string(Path::new("/etc").join(name)).unwrap_or_default();
            fs::write(etc.join(name), machines + &line).unwrap();
        }
        let mounts = format!("for f in passwd group subuid subgid; do mount --bind {}/$f /etc/$f; done", etc.display());
        let become_it = format!("exec setpriv --reuid {id} --regid {id} --clear-groups -- \"$@\"");
        house.apart = Some(format!("set -e; {first}; {mounts}; {become_it}"));
        house
    }

    /// From now on everything is started where these words of a shell have been said, as root, in mounts of its own.
    pub(crate) fn after(&mut self, words: &str) {
        let become_it = match self.user {
            User::Root => "exec \"$@\"".to_owned(),
            User::Ordinary => {
                format!("exec setpriv --reuid {ORDINARY_ID} --regid {ORDINARY_ID} --clear-groups -- \"$@\"")
            }
        };
        self.apart = Some(format!("set -e; {words}; {become_it}"));
    }

    /// As before any of that.
    pub(crate) fn as_before(&mut self) {
        self.apart = None;
    }

    /// The machine loses its power and is booted: nothing of this test runs any more, the kernel has another word for the
    /// boot, and its clock begins anew. What is in memory only is gone, unless it `stays`.
    pub(crate) fn boot(&mut self, stays: bool) {
        eventually("all is dark", || {
            let left = self.processes();
            for pid in left.keys() {
                // It may have ended by itself.
                let _gone = kill(Pid::from_raw(*pid), Signal::SIGKILL);
            }
            left.is_empty().then_some(())
        });
        if !stays {
            for entry in fs::read_dir(self.state()).unwrap() {
                fs::remove_dir_all(entry.unwrap().path()).unwrap();
            }
        }
        self.name_boot();
        let word = self.directory.path().join("boot_id");
        let up = fs::read_to_string("/proc/uptime").unwrap();
        let up: i64 = up.split('.').next().unwrap().parse().unwrap();
        // Who is no root may have a /proc of their own only where there is one that nothing is hidden of.
        let seen = self.directory.path().join("proc");
        fs::create_dir_all(&seen).unwrap();
        let script = format!(
            "mount -t proc proc {} && mount --bind {} /proc/sys/kernel/random/boot_id && echo ready && exec sleep 1000",
            seen.display(),
            word.display()
        );
        let mut holder = Command::new("unshare");
        holder.args(["--mount", "--time", "--boottime", &(5 - up).to_string(), "--fork", "--kill-child"]);
        self.booted = Some(self.start(holder.args(["sh", "-c", &script])));
    }

    /// The kernel of a machine that was booted has another word for it from now on, though everything runs on: as if
    /// whoever came after the boot had by chance the pids and the times of those before.
    pub(crate) fn name_boot(&self) {
        let other = fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap();
        fs::write(self.directory.path().join("boot_id"), other).unwrap();
    }

    /// The pids of this test's processes whose command lines begin so.
    pub(crate) fn all_named(&self, command: &str) -> Vec<i32> {
        self.processes().into_iter().filter(|(_, known)| known.starts_with(command)).map(|(pid, _)| pid).collect()
    }

    /// What tells this test from every other that runs now.
    pub(crate) fn marker(&self) -> &str {
        &self.marker
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    /// A directory that the user may write to.
    pub(crate) fn work(&self) -> PathBuf {
        self.directory.path().join("work")
    }

    /// A program of ours, or of the machine's, as the user would start it.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths([binaries().to_owned()].into_iter().chain(std::env::split_paths(&path)));
        let mut command = match (&self.apart, &self.booted) {
            (_, Some(booted)) => {
                let mut command = Command::new("nsenter");
                command.args(["--mount", "--time", "--target", &only_child(booted.pid()).to_string()]);
                command.arg(format!("--wdns={}", self.work().display())).arg("--");
                if self.user == User::Ordinary {
                    let id = ORDINARY_ID.to_string();
                    command.args(["setpriv", "--reuid", &id, "--regid", &id, "--clear-groups", "--"]);
                }
                command.arg(program);
                command
            }
            (None, None) => Command::new(program),
            (Some(script), None) => {
                let mut command = Command::new("unshare");
                command.args(["-m", "sh", "-c", script, "sh"]).arg(program);
                command
            }
        };
        command
            .env("PATH", path.unwrap())
            .env("POD_STATE_DIR", self.state())
            .env("POD_DATA_DIR", self.work().join("data"))
            .env("PODKIT_TEST", &self.marker)
            // Whatever is not about networks is to make none of the machine's.
            .env("POD_NETWORK", "none")
            // What is left is looked for as soon as the last pod has gone.
            .env("POD_NETWORK_STAYS", "0s")
            .env("TMPDIR", self.work())
            .current_dir(self.work())
            .stdin(Stdio::null());
        if self.apart.is_none() && self.booted.is_none() {
            self.user.become_it(&mut command);
        }
        command
    }

    /// Runs a program to its end.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Ran {
        self.finish(self.command(program).args(arguments))
    }

    /// Runs a prepared command to its end.
    pub(crate) fn finish(&self, command: &mut Command) -> Ran {
        let described = format!("{command:?}");
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{described}: {error}"));
        // A test that hangs tells nobody why.
        let deadline = Instant::now() + Duration::from_secs(60);
        let (out, err) = (drain(child.stdout.take().unwrap()), drain(child.stderr.take().unwrap()));
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None if Instant::now() < deadline => sleep(Duration::from_millis(2)),
                None => {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    panic!("still running after a minute: {described}\n{}", self.tree());
                }
            }
        };
        let output = Output { status, stdout: out.join().unwrap(), stderr: err.join().unwrap() };
        Ran { command: described, tree: self.tree(), output }
    }

    pub(crate) fn pod(&self, arguments: &[&str]) -> Ran {
        self.run("pod", arguments)
    }

    pub(crate) fn nsjoin(&self, arguments: &[&str]) -> Ran {
        self.run("nsjoin", arguments)
    }

    /// Starts a payload that says when it is ready, outside any pod.
    pub(crate) fn start(&self, command: &mut Command) -> Guest {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        // Read by somebody else, so that waiting for a line can have an end.
        let (sender, lines) = channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut guest = Guest { child, said: String::new(), lines: Mutex::new(lines) };
        while !guest.said.contains("ready") {
            let line = guest.line();
            guest.said.push_str(&line);
            guest.said.push('\n');
        }
        guest
    }

    /// A pod as `describe` tells of it.
    pub(crate) fn describe(&self, pod: &str) -> Value {
        self.pod(&["describe", pod, "-o", "json"]).json()
    }

    /// A workload of a pod, as `describe` tells of it.
    pub(crate) fn workload(&self, pod: &str, name: &str) -> Value {
        let pod = self.describe(pod);
        let found = pod["workloads"].as_array().unwrap().iter().find(|workload| workload["name"] == name).cloned();
        found.unwrap_or_else(|| panic!("no {name} in {pod}"))
    }

    /// The pid of a pod's pause, as the host counts.
    pub(crate) fn pause(&self, pod: &str) -> i32 {
        i32::try_from(self.describe(pod)["pause"]["pid"].as_i64().unwrap()).unwrap()
    }

    /// The pid of this test's process whose command line begins so.
    pub(crate) fn process_named(&self, command: &str) -> i32 {
        let processes = self.processes();
        let found = processes.iter().find(|(_, known)| known.starts_with(command)).map(|(pid, _)| *pid);
        found.unwrap_or_else(|| panic!("no {command} in {}", self.tree()))
    }

    /// Waits until a workload's log has such a line, and hands back all of it.
    pub(crate) fn logged(&self, pod: &str, workload: &str, text: &str) -> String {
        eventually(&format!("{workload} says {text}"), || {
            let said = self.pod(&["logs", pod, workload]);
            let said = said.output.status.success().then(|| said.out())?;
            said.contains(text).then_some(said)
        })
    }

    /// Every process of this test that is not a zombie: its pid and command.
    pub(crate) fn processes(&self) -> BTreeMap<i32, String> {
        // What is mounted where we are, everybody has mounted.
        let place = self.directory.path().to_string_lossy().into_owned();
        let is_everybodys = fs::read_to_string("/proc/self/mountinfo").is_ok_and(|mounts| mounts.contains(&place));
        let ours = |pid: i32| {
            let file = |name: &str| fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
            // By its environment, or by what it has mounted: pause has no environment.
            let holds = |text: &[u8], part: &str| text.windows(part.len()).any(|window| window == part.as_bytes());
            let marked = holds(&file("environ"), &format!("PODKIT_TEST={}\0", self.marker));
            // A supervisor has neither, and stands in its pod's directory.
            let stands = fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(self.state()));
            marked || stands || (!is_everybodys && holds(&file("mountinfo"), &place))
        };
        let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
        let holders = self.booted.as_ref().map(|booted| [booted.pid(), only_child(booted.pid())]);
        let command = |pid| fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default().replace('\0', " ");
        pids.filter(|pid| ours(*pid) && !holders.is_some_and(|holders| holders.contains(pid)))
            .map(|pid| (pid, command(pid)))
            .collect()
    }

    fn tree(&self) -> String {
        let processes = self.processes();
        if processes.is_empty() {
            return "no process of this test runs".to_owned();
        }
        processes.iter().map(|(pid, command)| format!("{pid} {command}\n")).collect()
    }

    /// What is left of this test, if anything: processes, mounts, entries of the registry.
    pub(crate) fn left(&self) -> Option<String> {
        let processes = self.processes();
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let mounts: Vec<_> =
            mounts.lines().filter(|line| line.contains(&*self.directory.path().to_string_lossy())).collect();
        let state: Vec<_> = fs::read_dir(self.state()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        let nothing = processes.is_empty() && mounts.is_empty() && state.is_empty();
        (!nothing).then(|| format!("processes {processes:?}, mounts {mounts:?}, state {state:?}"))
    }

    /// Nothing is left, now or in a moment: the kernel ends a pid namespace in its own time.
    pub(crate) fn nothing_is_left(&self) {
        let deadline = Instant::now() + Duration::from_secs(5);
        while let Some(left) = self.left() {
            assert!(Instant::now() < deadline, "left behind: {left}");
            sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if self.work().join("data/objects").exists() {
            self.pod(&["delete", "pods", "--all", "-A", "--now"]);
        }
        let pods = self.pod(&["get", "-o", "json"]);
        if let Ok(Value::Array(pods)) = serde_json::from_slice(&pods.output.stdout) {
            for pod in pods {
                self.pod(&["delete", "--now", pod["name"].as_str().unwrap()]);
            }
        }
        if std::thread::panicking() {
            // More than once: one that is just being executed has no environment to know it by.
            for _ in 0..5 {
                for pid in self.processes().into_keys() {
                    // It may have ended by itself.
                    let _gone = kill(Pid::from_raw(pid), Signal::SIGKILL);
                }
                sleep(Duration::from_millis(10));
            }
        } else {
            self.nothing_is_left();
        }
    }
}

fn drain(mut from: impl std::io::Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// Waits for something to come about, and fails when it does not.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "never came about: {what}");
        sleep(Duration::from_millis(5));
    }
}

/// The only child of a process, when it has one but for who watches over its terminal: that which joined for a command
/// may not be reaped yet.
pub(crate) fn only_child(pid: i32) -> i32 {
    let watches =
        |child: &str| fs::read_to_string(format!("/proc/{child}/comm")).is_ok_and(|comm| comm == "pod-terminal\n");
    eventually(&format!("{pid} has one child"), || {
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        let mut others = children.split_whitespace().filter(|child| !watches(child));
        let first = others.next()?.parse().ok();
        if others.next().is_none() { first } else { None }
    })
}

/// A command that has ended, and all there is to say of it.
pub(crate) struct Ran {
    command: String,
    tree: String,
    pub(crate) output: Output,
}

impl Ran {
    /// It succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        self.exits(0)
    }

    /// It exited with this code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.output.status.code(), Some(code), "{self}");
        self
    }

    /// This signal ended it.
    #[track_caller]
    pub(crate) fn dies_by(self, signal: Signal) -> Self {
        assert_eq!(self.output.status.signal(), Some(signal as i32), "{self}");
        self
    }

    /// It refused with this code, in one line, with a hint under it at most, and this in it.
    #[track_caller]
    pub(crate) fn refuses(self, code: i32, says: &str) {
        let this = self.exits(code);
        let err = this.err();
        let lines: Vec<_> = err.lines().collect();
        // Usage errors are clap's, with the usage under them.
        let said = if code == 2 { err.as_str() } else { lines.first().copied().unwrap_or_default() };
        assert!(said.contains(says), "does not say {says:?}: {this}");
        let hinted = lines.len() == 2 && lines.get(1).is_some_and(|line| line.starts_with("hint: "));
        assert!(code == 2 || lines.len() == 1 || hinted, "more than one line and a hint: {this}");
    }

    pub(crate) fn out(&self) -> String {
        String::from_utf8(self.output.stdout.clone()).unwrap()
    }

    pub(crate) fn err(&self) -> String {
        String::from_utf8(self.output.stderr.clone()).unwrap()
    }

    /// What it printed, as JSON.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        let this = self.ok();
        serde_json::from_str(&this.out()).unwrap_or_else(|error| panic!("{error}: {this}"))
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Output { status, .. } = &self.output;
        let (out, err) = (String::from_utf8_lossy(&self.output.stdout), String::from_utf8_lossy(&self.output.stderr));
        write!(f, "{}\n{status}\n--- stdout\n{out}\n--- stderr\n{err}\n--- processes\n{}", self.command, self.tree)
    }
}

/// A process of a test, outside any pod; killed and reaped when it is dropped.
pub(crate) struct Guest {
    child: Child,
    /// What it said until it was ready.
    pub(crate) said: String,
    lines: Mutex<Receiver<String>>,
}

impl Guest {
    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).unwrap();
    }

    /// The next line it says.
    pub(crate) fn line(&mut self) -> String {
        let line = self.lines.get_mut().unwrap().recv_timeout(Duration::from_secs(10));
        line.unwrap_or_else(|error| panic!("{} says nothing: {error}", self.pid()))
    }

    /// Waits for its end.
    pub(crate) fn ends(mut self) -> std::process::ExitStatus {
        let pid = self.pid();
        eventually(&format!("{pid} ends"), || self.child.try_wait().unwrap())
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // It may have been waited for.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A line of /proc/PID/status.
pub(crate) fn status_of(pid: i32, key: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no {key} in the status of {pid}")).trim().to_owned()
}

/// Whether a process has ended, reaped or not.
pub(crate) fn has_ended(pid: i64) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| stat.is_empty() || stat.contains(") Z "))
}
