//! An init between a terminal and a command.

use super::Row;
use super::program::{Init, Wish};
use super::running::{Seen, becomes, children};
use crate::terminal::{CONTROL_C, CONTROL_Z, CONTROLLED, Terminal};

pub(crate) fn rows() -> Vec<Row> {
    vec![
        Row::new("gives_its_command_the_terminal", foreground).each_way(),
        Row::new("control_c_ends_it_with_130", control_c).each_way(),
        Row::new("gives_its_command_a_terminal_of_its_own", own_terminal).wish(Wish::Tty),
        Row::new("control_z_stops_it_with_its_command_and_fg_continues_both", control_z).each_way(),
    ]
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
    let shown = terminal.shown();
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
