//! An init between a terminal and a command.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::Command;
use std::sync::{Arc, Mutex};

use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::unistd::tcgetpgrp;

use super::Row;
use super::program::{Init, Wish};
use super::running::{Running, Seen, becomes, children, soon};

pub(crate) fn rows() -> Vec<Row> {
    vec![
        Row::new("gives_its_command_the_terminal", foreground).each_way(),
        Row::new("control_c_ends_it_with_130", control_c).each_way(),
        Row::new("gives_its_command_a_terminal_of_its_own", own_terminal).wish(Wish::Tty),
        Row::new("control_z_stops_it_with_its_command_and_fg_continues_both", control_z).each_way(),
    ]
}

/// Makes the terminal that is its stdin the one that controls its session, as an engine does.
const CONTROLLED: [&str; 2] = ["setsid", "--ctty"];

const CONTROL_C: &str = "\u{3}";
const CONTROL_Z: &str = "\u{1a}";

/// A terminal, and what it has shown.
struct Terminal {
    master: File,
    shown: Arc<Mutex<String>>,
}

impl Terminal {
    /// Starts a command on a new terminal, of which our own ends then go.
    fn start(mut command: Command) -> Seen<(Self, Running)> {
        // Not openpty: what another test starts at this moment would have it open too.
        let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname_r(&master).unwrap();
        let slave = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOCTTY).open(name).unwrap();
        let [stdin, stderr] = [(); 2].map(|()| slave.try_clone().unwrap());
        let running = Running::start_on(command.stdin(stdin).stdout(slave).stderr(stderr))?;
        let master = File::from(OwnedFd::from(master));
        let shown = Arc::new(Mutex::new(String::new()));
        let (mut reader, writes) = (master.try_clone().unwrap(), Arc::clone(&shown));
        std::thread::spawn(move || {
            let mut bytes = [0; 512];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                writes.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Ok((Self { master, shown }, running))
    }

    fn types(&mut self, text: &str) -> Seen {
        self.master.write_all(text.as_bytes()).map_err(|error| format!("cannot type: {error}"))
    }

    /// Waits until it shows this.
    fn shows(&self, text: &str) -> Seen {
        let look = || self.shown.lock().unwrap().contains(text).then_some(());
        soon(&format!("the terminal shows {text:?}"), look)
            .map_err(|error| format!("{error}; it shows {:?}", self.shown.lock().unwrap()))
    }

    /// Waits until this process group is in the foreground, or is not.
    fn foreground(&self, group: i32, is: bool) -> Seen {
        let look = || (tcgetpgrp(&self.master).is_ok_and(|pid| pid.as_raw() == group) == is).then_some(());
        soon(&format!("{group} {} in the foreground", if is { "is" } else { "is not" }), look)
    }
}

fn foreground(init: &Init) -> Seen {
    let (mut terminal, _running) = Terminal::start(init.first_after(&CONTROLLED, &["probe", "terminal"]))?;
    terminal.shows("\"foreground\":true")?;
    terminal.shows("ready")?;
    terminal.types("a line\n")?;
    terminal.shows("read a line")
}

fn own_terminal(init: &Init) -> Seen {
    // Of another size than a new one, and in the modes of a shell.
    let script = "stty size; tty; read line; echo read $line; exit 6";
    let outer = "stty rows 33 cols 77; before=$(stty -g); tty; \"$@\"; code=$?; \
        test \"$(stty -g)\" = \"$before\" && echo code $code";
    let words = init.words(&["--", "sh", "-c", script]);
    let (mut terminal, _running) =
        Terminal::start(init.command(&[&CONTROLLED[..], &["sh", "-c", outer, "sh"], &words].concat()))?;
    terminal.shows("33 77")?;
    terminal.shows("/dev/pts/")?;
    terminal.types("a line\r")?;
    terminal.shows("read a line")?;
    terminal.shows("code 6")?;
    let shown = terminal.shown.lock().unwrap().clone();
    let mut terminals = shown.lines().filter(|line| line.starts_with("/dev/pts/"));
    let (ours, own) = (terminals.next(), terminals.next());
    if own.is_some() && ours != own { Ok(()) } else { Err(format!("it has no other terminal than ours: {shown}")) }
}

fn control_c(init: &Init) -> Seen {
    let (mut terminal, mut running) = Terminal::start(init.first_after(&CONTROLLED, &["probe", "ready"]))?;
    terminal.shows("ready")?;
    terminal.types(CONTROL_C)?;
    running.exits(130)
}

fn control_z(init: &Init) -> Seen {
    // A user's shell, and the user.
    let mut shell = init.command(&[&CONTROLLED[..], &["sh", "-i"]].concat());
    shell.env("PS1", "prompt> ").env_remove("ENV");
    let (mut terminal, running) = Terminal::start(shell)?;
    let shell = running.pid();
    terminal.shows("prompt> ")?;
    terminal.types(&format!("{}\n", init.words(&["--", "probe", "ready"]).join(" ")))?;
    // With its pid: not the typed words.
    terminal.shows("ready ")?;
    let pid = *children(shell).first().ok_or("no init")?;
    let command = *children(pid).first().ok_or("no command")?;
    for _ in 0..2 {
        terminal.types(CONTROL_Z)?;
        becomes(command, 'T')?;
        becomes(pid, 'T')?;
        terminal.foreground(shell, true)?;
        terminal.types("fg\n")?;
        becomes(pid, 'S')?;
        becomes(command, 'S')?;
        terminal.foreground(shell, false)?;
    }
    terminal.types(CONTROL_C)?;
    terminal.foreground(shell, true)?;
    terminal.types("echo code $?\n")?;
    terminal.shows("code 130")
}
