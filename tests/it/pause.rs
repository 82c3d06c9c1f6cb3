//! The pause program by itself: its size, its shape, its manners.

use std::fs;
use std::io::Read;
use std::process::Stdio;

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use crate::house::{House, User, binaries, block_all_before_exec, eventually, ignore_before_exec, status_of};
use crate::trial::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("pause::is_at_most_2048_bytes", &[], is_small),
        trial("pause::is_static_and_has_nothing_writable_or_executable_by_mistake", &[], has_the_shape),
        trial("pause::prints_its_version_wherever_the_flag_stands", &[], prints_its_version),
        trial("pause::ends_with_0_and_a_line_on_term_and_int", &[], ends_on_term_and_int),
        trial("pause::hears_term_through_an_inherited_mask_and_an_inherited_ignore", &[], hears_term_all_the_same),
        trial("pause::survives_stop_and_continue", &[], survives_stop_and_continue),
        trial("pause::holds_no_descriptor_and_no_directory", &[], holds_nothing),
    ]
}

fn is_small() {
    let size = fs::metadata(binaries().join("pause")).unwrap().len();
    assert!(size <= 2048, "{size} bytes");
}

fn has_the_shape() {
    const PT_LOAD: u32 = 1;
    const PT_INTERP: u32 = 3;
    const PT_GNU_STACK: u32 = 0x6474_e551;
    const X_AND_W: u32 = 3;
    let elf = fs::read(binaries().join("pause")).unwrap();
    let half = |at: usize| u16::from_le_bytes(elf[at..at + 2].try_into().unwrap());
    let word = |at: usize| u32::from_le_bytes(elf[at..at + 4].try_into().unwrap());
    let long = |at: usize| usize::try_from(u64::from_le_bytes(elf[at..at + 8].try_into().unwrap())).unwrap();
    // The ELF header says where the program headers are, how long each is and how many there are.
    let headers = (0..usize::from(half(56))).map(|index| long(32) + index * usize::from(half(54)));
    let segments: Vec<_> = headers.map(|at| (word(at), word(at + 4))).collect();
    assert!(segments.iter().all(|(kind, _)| *kind != PT_INTERP), "it wants a loader: {segments:?}");
    let writable_text = segments.iter().any(|(kind, flags)| *kind == PT_LOAD && flags & X_AND_W != 1);
    assert!(!writable_text, "a segment is writable, or there is one that is not the text: {segments:?}");
    let stack = segments.iter().find(|(kind, _)| *kind == PT_GNU_STACK).expect("a stack segment");
    assert_eq!(stack.1 & 1, 0, "the stack is executable");
}

fn prints_its_version() {
    let house = House::new(User::Ordinary);
    for arguments in [&["-v"][..], &["-V"], &["--version"], &["x", "-v", "y"]] {
        let ran = house.run("pause", arguments).ok();
        assert_eq!(ran.out(), format!("pause {}\n", env!("CARGO_PKG_VERSION")), "{ran}");
    }
}

/// Starts pause from a shell that does this first, and waits until it waits.
fn started_after(house: &House, first: &str) -> std::process::Child {
    started(house.command("sh").arg("-c").arg(format!("{first} exec pause -x ignored")))
}

/// Starts pause and waits until it waits.
fn started(command: &mut std::process::Command) -> std::process::Child {
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    let pid = i32::try_from(child.id()).unwrap();
    eventually("pause waits", || {
        let is_pause = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?.trim() == "pause";
        (is_pause && status_of(pid, "State").starts_with('S')).then_some(())
    });
    child
}

/// The exit code of a pause that is to end by now.
fn ended(child: &mut std::process::Child) -> Option<i32> {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while child.try_wait().unwrap().is_none() && std::time::Instant::now() < deadline {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    // One that does not end is not left behind.
    let _ended_already = child.kill();
    child.wait().unwrap().code()
}

fn ends_on_term_and_int() {
    let house = House::new(User::Ordinary);
    for (signal, says) in [(Signal::SIGTERM, "Terminated"), (Signal::SIGINT, "Interrupt")] {
        let mut child = started_after(&house, "");
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(child.id().cast_signed()), signal).unwrap();
        assert_eq!(ended(&mut child), Some(0));
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        let expected = format!("Warning: pause should be the first process\nShutting down, got signal: {says}\n");
        assert_eq!(err, expected);
    }
}

fn hears_term_all_the_same() {
    let house = House::new(User::Ordinary);
    // Not by way of a shell: some have their own mind about SIGCHLD.
    let mut ignoring = house.command("pause");
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGCHLD] {
        ignore_before_exec(&mut ignoring, signal);
    }
    let mut child = started(&mut ignoring);
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).unwrap();
    assert_eq!(ended(&mut child), Some(0));
    // Everything blocked when it is executed: that needs more than a shell.
    let mut command = house.command("pause");
    block_all_before_exec(&mut command);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let pid = nix::unistd::Pid::from_raw(child.id().cast_signed());
    // Sent at once: whether it comes before or after the first instruction must make no difference.
    nix::sys::signal::kill(pid, Signal::SIGTERM).unwrap();
    assert_eq!(ended(&mut child), Some(0));
}

fn survives_stop_and_continue() {
    let house = House::new(User::Ordinary);
    let mut child = started_after(&house, "");
    let pid = nix::unistd::Pid::from_raw(child.id().cast_signed());
    let state = |letter: char| {
        eventually("the state changes", || status_of(pid.as_raw(), "State").starts_with(letter).then_some(()));
    };
    for _ in 0..3 {
        nix::sys::signal::kill(pid, Signal::SIGSTOP).unwrap();
        state('T');
        nix::sys::signal::kill(pid, Signal::SIGCONT).unwrap();
        state('S');
    }
    nix::sys::signal::kill(pid, Signal::SIGTERM).unwrap();
    assert_eq!(ended(&mut child), Some(0));
}

fn holds_nothing() {
    let house = House::new(User::Ordinary);
    let mut child = started_after(&house, "exec 7</dev/null 9</;");
    let pid = child.id();
    let open: Vec<_> =
        fs::read_dir(format!("/proc/{pid}/fd")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let cwd = fs::read_link(format!("/proc/{pid}/cwd")).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(open.len(), 3, "{open:?}");
    assert_eq!(cwd.to_str(), Some("/"));
}
