//! The place where everything happens: namespaces of pids, mounts and network that end with us,
//! and in them the programs, a registry, and whoever runs them.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpid, getppid, getuid};

use crate::{images, world};

/// The programs, as they are called.
pub(crate) const PROGRAMS: [&str; 4] = ["pause", "reaper", "nsjoin", "pod"];
/// An id that no distribution gives anybody.
const ORDINARY: u32 = 61234;
/// How long any command may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(12);

/// The place, from inside.
#[derive(Debug)]
pub(crate) struct Place {
    root: PathBuf,
    as_user: bool,
}

/// A command that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Ran {
    pub(crate) words: String,
    pub(crate) end: End,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) took: Duration,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Exited(i32),
    Signaled(i32),
    /// It did not, and was killed.
    Hung,
}

impl Ran {
    pub(crate) fn ok(&self) -> bool {
        self.end == End::Exited(0)
    }

    /// What it said on stderr, in one line.
    pub(crate) fn said(&self) -> String {
        self.err.trim().replace('\n', " | ").chars().take(200).collect()
    }
}

impl From<ExitStatus> for End {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Exited(code),
            (None, Some(signal)) => Self::Signaled(signal),
            (None, None) => Self::Hung,
        }
    }
}

impl Place {
    /// Furnishes it, in a directory that is nobody else's, with the programs of another.
    pub(crate) fn furnish(root: &Path, programs: &Path, as_user: bool) -> anyhow::Result<Self> {
        // What is left is killed by its pid: they have to be pids of ours.
        ensure!(getppid() == Pid::from_raw(1), "not in a pid namespace of our own");
        let own = fs::read_link("/proc/self").context("cannot read /proc/self")?;
        ensure!(own == Path::new(&getpid().to_string()), "/proc counts other pids than ours");
        let place = Self { root: root.to_owned(), as_user };
        for (name, own) in [("bin", false), ("state", true), ("data", true), ("work", true), ("told", false)] {
            let path = place.root.join(name);
            fs::create_dir(&path)?;
            fs::set_permissions(
                &path,
                fs::Permissions::from_mode(if matches!(name, "state" | "data") { 0o700 } else { 0o755 }),
            )?;
            if own && as_user {
                chown(&path, Some(ORDINARY), Some(ORDINARY))?;
            }
        }
        for name in PROGRAMS {
            let program = programs.join(name);
            fs::copy(&program, place.bin().join(name)).with_context(|| format!("no {}", program.display()))?;
        }
        fs::copy("/proc/self/exe", place.bin().join("faults"))?;
        images::furnish(&place.root)?;
        place.plug()?;
        Ok(place)
    }

    /// A network that a plugin makes: of each that it was asked for, a file is there until it was asked to undo it.
    fn plug(&self) -> io::Result<()> {
        let cni = self.root.join("cni");
        fs::create_dir_all(cni.join("leases"))?;
        let list = r#"{"cniVersion":"1.0.0","name":"plugged","plugins":[{"type":"lease"},{"type":"lease"}]}"#;
        fs::write(cni.join("plugged.conflist"), list)?;
        let said = r#"{"cniVersion":"1.0.0","ips":[{"address":"10.9.9.9/24"}]}"#;
        let script = format!(
            "#!/bin/sh\ncase $CNI_COMMAND in\nADD) >{0}/leases/$CNI_CONTAINERID && echo '{said}' ;;\n\
             DEL) exec rm -f {0}/leases/$CNI_CONTAINERID ;;\nesac\n",
            cni.display()
        );
        fs::write(cni.join("lease"), script)?;
        fs::set_permissions(cni.join("lease"), fs::Permissions::from_mode(0o755))
    }

    /// What plugins were asked for and have not undone.
    pub(crate) fn leases(&self) -> io::Result<Vec<String>> {
        let names = fs::read_dir(self.root.join("cni/leases"))?;
        names.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    /// Who runs the programs.
    pub(crate) fn user(&self) -> u32 {
        if self.as_user { ORDINARY } else { getuid().as_raw() }
    }

    pub(crate) fn bin(&self) -> PathBuf {
        self.root.join("bin")
    }

    /// Where everything is.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.root.join("state")
    }

    /// The store of images.
    pub(crate) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// Where commands start, and may write.
    pub(crate) fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    /// A command as its user would start it.
    pub(crate) fn command(&self, words: &[&str]) -> io::Result<Command> {
        let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        // By its path: ours is not the PATH that is looked in.
        let found = self.bin().join(program);
        let mut command = if found.exists() { Command::new(found) } else { Command::new(program) };
        command
            .arg0(program)
            .args(arguments)
            .env_clear()
            .env("PATH", format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", self.bin().display()))
            .env("POD_NETWORK", "none")
            .env("POD_NETWORK_STAYS", "0s")
            .env("NETCONFPATH", self.root.join("cni"))
            .env("CNI_PATH", self.root.join("cni"))
            .env("HOME", self.work())
            .env("LANG", "C.UTF-8")
            .env("POD_STATE_DIR", self.state())
            .env("POD_DATA_DIR", self.data())
            // What a kubelet tries again after ten seconds is not waited for so long.
            .env("POD_CLOCK_SPEED", "20")
            .current_dir(self.work())
            .stdin(Stdio::null());
        if self.as_user {
            command.uid(ORDINARY).gid(ORDINARY);
        }
        Ok(command)
    }

    /// Files for what a command says, of its own: a process that it leaves behind may hold them.
    fn told(&self, name: &str) -> io::Result<(PathBuf, fs::File)> {
        static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = self.root.join("told").join(format!("{name}-{number}"));
        let file = fs::File::create(&path)?;
        Ok((path, file))
    }

    /// Starts a command with its output in files; what it says is read when it has ended.
    pub(crate) fn start(&self, command: &mut Command) -> io::Result<Started> {
        let ((out, out_file), (err, err_file)) = (self.told("out")?, self.told("err")?);
        let began = Instant::now();
        let child = command.stdout(out_file).stderr(err_file).spawn()?;
        Ok(Started { child, out, err, began })
    }

    /// Runs a command to its end, or to the end of our patience.
    pub(crate) fn run(&self, words: &[&str]) -> anyhow::Result<Ran> {
        self.run_for(words, PATIENCE)
    }

    /// Runs a command that may take so long.
    pub(crate) fn run_for(&self, words: &[&str], patience: Duration) -> anyhow::Result<Ran> {
        let mut started = self.start(&mut self.command(words)?).with_context(|| words.join(" "))?;
        let end = started.wait(patience)?;
        started.ran(words, end)
    }

    /// Runs a command that has to succeed for anything else to mean something.
    pub(crate) fn must(&self, words: &[&str]) -> anyhow::Result<Ran> {
        let ran = self.run(words)?;
        ensure!(ran.ok(), "cannot prepare: {}: {:?}: {}", ran.words, ran.end, ran.said());
        Ok(ran)
    }

    /// Ends everything that runs here and empties the registry.
    pub(crate) fn clear(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = world::processes()?;
            if left.is_empty() {
                break;
            }
            ensure!(Instant::now() < deadline, "cannot be killed: {left:?}");
            for process in left {
                // It may have ended by itself.
                let _gone = kill(Pid::from_raw(process.pid), Signal::SIGKILL);
            }
            sleep(Duration::from_millis(1));
        }
        for directory in [self.state(), self.data(), self.work(), self.root.join("cni/leases")] {
            for entry in fs::read_dir(directory)? {
                remove(&entry?.path())?;
            }
        }
        // Nobody is left who would.
        Ok(world::remove_networks()?)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

/// A command that runs.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) child: Child,
    out: PathBuf,
    err: PathBuf,
    began: Instant,
}

impl Started {
    pub(crate) fn pid(&self) -> anyhow::Result<i32> {
        Ok(i32::try_from(self.child.id())?)
    }

    pub(crate) fn wait(&mut self, patience: Duration) -> anyhow::Result<End> {
        let mut pause = Duration::from_micros(100);
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status.into());
            }
            if self.began.elapsed() > patience {
                self.child.kill()?;
                self.child.wait()?;
                return Ok(End::Hung);
            }
            sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(5));
        }
    }

    /// What it said, now that it has ended.
    pub(crate) fn ran(self, words: &[&str], end: End) -> anyhow::Result<Ran> {
        let took = self.began.elapsed();
        Ok(Ran { words: words.join(" "), end, out: take(&self.out)?, err: take(&self.err)?, took })
    }
}

/// Reads a file and removes it.
fn take(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    // A workload's output may come here without end; what is judged are lines.
    fs::File::open(path)?.take(1 << 22).read_to_end(&mut bytes)?;
    fs::remove_file(path)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
