//! A terminal as a user has one: what is typed there, and what it shows.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::tcgetpgrp;

use crate::init::running::{Running, Seen, soon};

/// Makes the terminal that is its stdin the one that controls its session, as an engine does.
pub(crate) const CONTROLLED: [&str; 2] = ["setsid", "--ctty"];

pub(crate) const CONTROL_C: &str = "\u{3}";
pub(crate) const CONTROL_Z: &str = "\u{1a}";

/// A terminal, and what it has shown.
pub(crate) struct Terminal {
    master: File,
    name: String,
    shown: Arc<Mutex<String>>,
    closes: Arc<AtomicBool>,
    reader: JoinHandle<()>,
}

impl Terminal {
    /// Starts a command on a new terminal, of which our own ends then go.
    pub(crate) fn start(mut command: Command) -> Seen<(Self, Running)> {
        // Not openpty: what another test starts at this moment would have it open too.
        let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname_r(&master).unwrap();
        // Whoever is to use it, it is theirs.
        std::fs::set_permissions(&name, Permissions::from_mode(0o666)).unwrap();
        let slave = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOCTTY).open(&name).unwrap();
        let [stdin, stderr] = [(); 2].map(|()| slave.try_clone().unwrap());
        let running = Running::start_on(command.stdin(stdin).stdout(slave).stderr(stderr))?;
        let master = File::from(OwnedFd::from(master));
        let shown = Arc::new(Mutex::new(String::new()));
        let closes = Arc::new(AtomicBool::new(false));
        let (mut from, writes, closed) = (master.try_clone().unwrap(), Arc::clone(&shown), Arc::clone(&closes));
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 512];
            while !closed.load(Ordering::Relaxed) {
                let ready = poll(&mut [PollFd::new(from.as_fd(), PollFlags::POLLIN)], PollTimeout::from(10_u8));
                if ready == Ok(0) {
                    continue;
                }
                let Ok(count @ 1..) = from.read(&mut bytes) else { break };
                writes.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Ok((Self { master, name, shown, closes, reader }, running))
    }

    /// Goes away, as one does whose line is cut.
    pub(crate) fn hang_up(self) {
        self.closes.store(true, Ordering::Relaxed);
        self.reader.join().unwrap();
    }

    pub(crate) fn types(&mut self, text: &str) -> Seen {
        self.master.write_all(text.as_bytes()).map_err(|error| format!("cannot type: {error}"))
    }

    /// Becomes as large as this.
    pub(crate) fn is_as_large_as(&self, rows: u16, columns: u16) {
        let (rows, columns) = (rows.to_string(), columns.to_string());
        let stty = Command::new("stty").args(["-F", &self.name, "rows", &rows, "cols", &columns]).status();
        assert!(stty.unwrap().success());
    }

    /// Waits until it shows this.
    pub(crate) fn shows(&self, text: &str) -> Seen {
        let look = || self.shown.lock().unwrap().contains(text).then_some(());
        soon(&format!("the terminal shows {text:?}"), look)
            .map_err(|error| format!("{error}; it shows {:?}", self.shown.lock().unwrap()))
    }

    /// Waits until this process group is in the foreground, or is not.
    pub(crate) fn foreground(&self, group: i32, is: bool) -> Seen {
        let look = || (tcgetpgrp(&self.master).is_ok_and(|pid| pid.as_raw() == group) == is).then_some(());
        soon(&format!("{group} {} in the foreground", if is { "is" } else { "is not" }), look)
    }

    /// All that it has shown.
    pub(crate) fn shown(&self) -> String {
        self.shown.lock().unwrap().clone()
    }

    /// Its file, by which a process may open it.
    pub(crate) fn file(&self) -> &str {
        &self.name
    }

    /// Whether what is typed goes through as it is.
    pub(crate) fn is_raw(&self) -> bool {
        !tcgetattr(&self.master).unwrap().local_flags.intersects(LocalFlags::ICANON | LocalFlags::ECHO)
    }

    /// Waits until what is typed goes through as it is, or does not.
    pub(crate) fn becomes_raw(&self, is: bool) -> Seen {
        soon(&format!("the terminal {} raw", if is { "is" } else { "is not" }), || (self.is_raw() == is).then_some(()))
    }
}
