//! The pause program by itself, for every architecture that is built: its size, its shape, its manners.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use object::Endianness;
use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{FileHeader, ProgramHeader};

use crate::arch::{ARCHES, Arch};
use crate::before_exec::{block_all_before_exec, ignore_before_exec};
use crate::house::{House, User, eventually, status_of, workspace};
use crate::trial::{Need, trial};

pub(crate) fn trials() -> Vec<Trial> {
    type Test = fn(&'static Arch);
    let everywhere: [(&str, Test); 6] = [
        ("is_small", is_small),
        ("is_static_and_has_nothing_writable_or_executable_by_mistake", has_the_shape),
        ("prints_its_version_wherever_the_flag_stands", prints_its_version),
        ("ends_with_0_and_a_line_on_term_and_int", ends_on_term_and_int),
        ("survives_stop_and_continue", survives_stop_and_continue),
        ("leaves_no_zombie_of_those_before_it_and_after_it", leaves_no_zombie),
    ];
    let everywhere = ARCHES.iter().flat_map(|arch| {
        everywhere.into_iter().map(move |(name, test)| {
            let name = format!("pause::{name}::{}", arch.name);
            trial(&name, &[arch.needs(), vec![Need::Userns]].concat(), move || test(arch))
        })
    });
    let here = [
        trial("pause::hears_term_through_an_inherited_mask_and_an_inherited_ignore", &[], hears_term_all_the_same),
        trial("pause::does_not_mind_a_stderr_that_nobody_reads", &[], nobody_reads),
        trial("pause::holds_no_descriptor_and_no_directory", &[Need::Userns], holds_nothing),
        trial("pause::needs_nothing_around_it", &[Need::Root], needs_nothing),
    ];
    // The figures are of this architecture.
    let readme = (Arch::native().name == "amd64")
        .then(|| trial("pause::costs_what_its_readme_says_that_its_bytes_are_for", &[], costs_what_it_says));
    everywhere.chain(here).chain(readme).collect()
}

fn is_small(arch: &Arch) {
    let size = fs::metadata(arch.pause()).unwrap().len();
    let most = if arch.name == "amd64" { 1536 } else { 2048 };
    assert!(size <= most, "{size} bytes");
    // Another compiler makes a few bytes more or less of it.
    let documented = arch.documented_size("pause/README.md");
    assert!(size.abs_diff(documented) <= documented / 20, "{size} bytes, where pause/README.md says {documented}");
}

fn costs_what_it_says() {
    // The line above the tables, and what each of their rows comes to.
    let figures = |text: &str| -> (String, Vec<(String, i64)>) {
        let (above, tables) = text.split_once("\n\n| what is in it |").expect("the tables");
        let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
        let rows = tables.lines().skip(2).take_while(|line| !line.starts_with("<!--")).map(cells);
        let rows = rows.filter_map(|cells| Some((cells.get(1)?.clone(), cells.get(3)?.parse().ok()?)));
        (above.lines().last().unwrap().to_owned(), rows.collect())
    };
    let (compiler, documented) = figures(&fs::read_to_string(workspace().join("pause/README.md")).unwrap());
    let xtask = ["run", "--quiet", "--package", "xtask", "--", "bytes"];
    let measured = Command::new(env!("CARGO")).args(xtask).current_dir(workspace()).output().unwrap();
    assert!(measured.status.success(), "cargo xtask bytes: {}", String::from_utf8_lossy(&measured.stderr));
    let (our_compiler, measured) = figures(&String::from_utf8(measured.stdout).unwrap());
    assert!(measured.len() > 10, "{measured:?}");
    let by = |line: &str| line.split("by rustc").nth(1).map(str::to_owned);
    if by(&compiler) == by(&our_compiler) {
        assert_eq!((compiler, documented), (our_compiler, measured), "left is pause/README.md");
        return;
    }
    // Another compiler makes a few bytes more or less of it.
    assert_eq!(documented.len(), measured.len());
    for (documented, measured) in documented.iter().zip(&measured) {
        assert_eq!(documented.0, measured.0);
        assert!(documented.1.abs_diff(measured.1) <= 48, "{documented:?} in pause/README.md, {measured:?} here");
    }
}

/// The kind and the flags of each segment.
fn segments<Elf: FileHeader<Endian = Endianness>>(file: &[u8], arch: &Arch) -> Vec<(u32, u32)> {
    let header = Elf::parse(file).unwrap();
    let endian = header.endian().unwrap();
    assert_eq!(header.e_machine(endian), arch.elf);
    let headers = header.program_headers(endian, file).unwrap();
    headers.iter().map(|segment| (segment.p_type(endian), segment.p_flags(endian))).collect()
}

fn has_the_shape(arch: &Arch) {
    loads_its_text_alone(&arch.pause(), arch);
}

/// A program is of this architecture and static; its text is all that is loaded, and nothing of it
/// can be written to, nor its stack executed.
pub(crate) fn loads_its_text_alone(program: &Path, arch: &Arch) {
    let file = fs::read(program).unwrap();
    let segments = match object::FileKind::parse(&*file).unwrap() {
        object::FileKind::Elf32 => segments::<FileHeader32<Endianness>>(&file, arch),
        _ => segments::<FileHeader64<Endianness>>(&file, arch),
    };
    assert!(segments.iter().all(|(kind, _)| *kind != elf::PT_INTERP), "it wants a loader: {segments:?}");
    let loaded: Vec<_> = segments.iter().filter(|(kind, _)| *kind == elf::PT_LOAD).collect();
    assert_eq!(loaded, [&(elf::PT_LOAD, elf::PF_R | elf::PF_X)], "the text alone is loaded, and not writable");
    let stack = segments.iter().find(|(kind, _)| *kind == elf::PT_GNU_STACK).expect("a stack segment");
    assert_eq!(stack.1 & elf::PF_X, 0, "the stack is executable");
}

fn prints_its_version(arch: &Arch) {
    let house = House::new(User::Ordinary);
    for arguments in [&["-v"][..], &["-V"], &["--version"], &["x", "-v", "y"]] {
        let ran = house.finish(pause(&house, arch).args(arguments)).ok();
        assert_eq!(ran.out(), format!("pause {}\n", env!("CARGO_PKG_VERSION")), "{ran}");
    }
}

/// pause for this architecture, as a command.
fn pause(house: &House, arch: &Arch) -> Command {
    let words = arch.command("pause");
    let mut command = house.command(&words[0]);
    command.args(&words[1..]);
    command
}

/// Starts pause and waits until it waits.
pub(crate) fn started(command: &mut Command) -> Child {
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    waits(i32::try_from(child.id()).unwrap());
    child
}

/// Waits until this process is a pause that waits: it ignores SIGCHLD, and sleeps.
fn waits(pid: i32) {
    eventually("pause waits", || {
        let ignored = u64::from_str_radix(&status_of(pid, "SigIgn"), 16).unwrap();
        let settled = ignored & (1 << (Signal::SIGCHLD as u64 - 1)) != 0;
        (settled && status_of(pid, "State").starts_with('S')).then_some(())
    });
}

/// How a pause ended that is to end by now.
pub(crate) fn ended(child: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + Duration::from_secs(10);
    while child.try_wait().unwrap().is_none() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
    // One that does not end is not left behind.
    let _ended_already = child.kill();
    child.wait().unwrap()
}

pub(crate) fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
}

fn ends_on_term_and_int(arch: &Arch) {
    let house = House::new(User::Ordinary);
    for (number, says) in [(Signal::SIGTERM, "Terminated"), (Signal::SIGINT, "Interrupt")] {
        let mut child = started(pause(&house, arch).args(["-x", "ignored"]));
        signal(&child, number);
        assert_eq!(ended(&mut child).code(), Some(0));
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
    signal(&child, Signal::SIGTERM);
    assert_eq!(ended(&mut child).code(), Some(0));
    // Everything blocked when it is executed: that needs more than a shell.
    let mut command = house.command("pause");
    block_all_before_exec(&mut command);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    // Sent at once: whether it comes before or after the first instruction must make no difference.
    signal(&child, Signal::SIGTERM);
    assert_eq!(ended(&mut child).code(), Some(0));
}

fn nobody_reads() {
    let house = House::new(User::Ordinary);
    let mut command = house.command("pause");
    // The reading end is gone before it starts, so it writes its warning into a broken pipe.
    command.stderr(std::io::pipe().unwrap().1);
    let mut child = command.spawn().unwrap();
    waits(i32::try_from(child.id()).unwrap());
    signal(&child, Signal::SIGTERM);
    assert_eq!(ended(&mut child).code(), Some(0));
}

fn survives_stop_and_continue(arch: &Arch) {
    let house = House::new(User::Ordinary);
    let mut child = started(&mut pause(&house, arch));
    let pid = i32::try_from(child.id()).unwrap();
    let state = |letter: char| {
        eventually("the state changes", || status_of(pid, "State").starts_with(letter).then_some(()));
    };
    for _ in 0..3 {
        signal(&child, Signal::SIGSTOP);
        state('T');
        signal(&child, Signal::SIGCONT);
        state('S');
    }
    signal(&child, Signal::SIGTERM);
    assert_eq!(ended(&mut child).code(), Some(0));
}

/// Starts a command as PID 1 of a pid namespace, and hands back its parent and its own pid here.
fn started_first(house: &House, command: &[String]) -> (Child, i32) {
    let mut unshare = house.command("unshare");
    if !(house.user == User::Root && geteuid().is_root()) {
        unshare.args(["--user", "--map-root-user"]);
    }
    unshare.args(["--pid", "--fork", "--kill-child", "--"]).args(command).stderr(Stdio::null());
    let child = unshare.spawn().unwrap();
    let outer = child.id();
    let inner = eventually("the namespace has its first process", || {
        let children = fs::read_to_string(format!("/proc/{outer}/task/{outer}/children")).unwrap();
        children.trim().parse().ok()
    });
    (child, inner)
}

fn leaves_no_zombie(arch: &Arch) {
    let house = House::new(User::Ordinary);
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let first = [words(&["probe", "zombies", "3", "--"]), arch.command("pause")].concat();
    let (mut unshare, pid) = started_first(&house, &first);
    waits(pid);
    let children = || fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    assert_eq!(children(), "", "zombies that were there before pause");
    house.nsjoin(&["-t", &pid.to_string(), "-U", "-p", "--", "probe", "orphan", "20"]).ok();
    eventually("no orphan is left", || children().is_empty().then_some(()));
    kill(Pid::from_raw(pid), Signal::SIGTERM).unwrap();
    assert_eq!(ended(&mut unshare).code(), Some(0));
}

fn holds_nothing() {
    let house = House::new(User::Ordinary);
    // In a user namespace of its own, so that who made it may look inside.
    let script = "exec 7</dev/null 9</; exec unshare --user --map-root-user pause";
    let mut child = started(house.command("sh").args(["-c", script]));
    let pid = child.id();
    let open: Vec<_> =
        fs::read_dir(format!("/proc/{pid}/fd")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let cwd = fs::read_link(format!("/proc/{pid}/cwd")).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(open.len(), 3, "{open:?}");
    assert_eq!(cwd.to_str(), Some("/"));
}

fn needs_nothing() {
    let house = House::new(User::Root);
    let root = house.work().join("root");
    fs::create_dir(&root).unwrap();
    fs::copy(Arch::native().pause(), root.join("pause")).unwrap();
    // An empty root that cannot be written to, no /proc, no /dev, nothing open, nobody's user.
    let script = r#"mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"
        exec chroot --userspec=65535:65535 "$1" /pause <&- >&- 2>&-"#;
    let first = ["unshare", "--mount", "sh", "-c", script, "sh", &root.display().to_string()].map(str::to_owned);
    let (mut unshare, pid) = started_first(&house, &first);
    waits(pid);
    assert_eq!(status_of(pid, "Uid"), "65535\t65535\t65535\t65535");
    assert_eq!(status_of(pid, "NSpid").split_whitespace().last(), Some("1"));
    let inside: Vec<_> = fs::read_dir(format!("/proc/{pid}/root/")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(inside, ["pause"]);
    assert_eq!(fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count(), 0);
    kill(Pid::from_raw(pid), Signal::SIGTERM).unwrap();
    assert_eq!(ended(&mut unshare).code(), Some(0));
}
