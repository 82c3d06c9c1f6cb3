//! The payload that tests and the demo run inside pods: each verb prints a fact, or does one thing.
//!
//! It says `ready` before it waits, so nobody has to sleep and hope.

mod grpc;
mod http;
#[allow(unsafe_code, reason = "System V calls, which no crate wraps")]
mod sys;
mod tcp;
mod udp;

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write, stdin, stdout};
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use clap::{Parser, Subcommand};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::signalfd::SignalFd;
use nix::sys::wait::{Id, WaitPidFlag};
use serde_json::{Value, json};

/// Facts from inside a pod.
#[derive(Parser)]
#[command(name = "probe")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Say ready, and wait to be ended
    Ready,
    /// Exit with this code
    Exit { code: u8 },
    /// Print the signals that are blocked and ignored
    Masks,
    /// Print them, say ready, then print every one that comes
    Signals {
        /// Have a child that does the same
        #[arg(long)]
        child: bool,
    },
    /// Have a child and a grandchild that do not hear TERM, and say ready
    Family,
    /// Do not hear TERM, say ready
    Deaf {
        /// Have a child that does the same
        #[arg(long)]
        child: bool,
    },
    /// Say whether the terminal is ours, say ready, then print the line that is typed
    Terminal,
    /// Make so many orphans, and come back when all have been abandoned
    Orphan { count: u32 },
    /// Have a child, abandon it and end
    Abandon,
    /// Abandon so many children, which all end at once
    Storm { count: u32 },
    /// End when nobody can write to stdin any more
    Hold,
    /// Have a child that ends, do not wait for it, say ready
    Zombie,
    /// Have so many children that end, wait for none of them, and execute a command
    Zombies {
        count: u32,
        #[arg(required = true, last = true)]
        command: Vec<OsString>,
    },
    /// Ignore these signals, and execute a command
    Ignoring {
        signals: Vec<i32>,
        #[arg(required = true, last = true)]
        command: Vec<OsString>,
    },
    /// Print who we are
    Ids,
    /// Print the inodes of our namespaces
    Ns,
    /// Print who we are, our namespaces, our cgroups and our environment
    Facts,
    /// Print where we stand, and which directory is our root; this takes no /proc
    Place,
    /// Open a socket, print its number and its network namespace, go into a new one, say ready
    Socket,
    /// Have a thread in an uts namespace of its own, print its id, say ready
    Thread {
        /// End the main thread
        #[arg(long)]
        alone: bool,
    },
    /// Print what is mounted here
    Mounts,
    /// Print what is open here
    Fds,
    /// Print our environment
    Env,
    /// Print the processes that /proc shows: pid, state, command
    Processes,
    /// Answer HTTP: with a text, or with what another server answers
    Http {
        #[arg(long)]
        listen: SocketAddr,
        #[arg(long, required_unless_present = "proxy")]
        body: Option<String>,
        #[arg(long, conflicts_with = "body")]
        proxy: Option<SocketAddr>,
    },
    /// Answer gRPC's question whether we serve
    Grpc {
        #[arg(long)]
        listen: SocketAddr,
        /// Say that we do not
        #[arg(long)]
        ill: bool,
    },
    /// Fetch a page, waiting a while for somebody to answer, and print its body
    Get {
        url: String,
        #[arg(long, default_value_t = 10, value_name = "SECONDS")]
        patience: u64,
    },
    /// Serve connections as each of them says in its first line
    Tcp {
        #[arg(long)]
        listen: SocketAddr,
    },
    /// Send each packet back
    Udp {
        #[arg(long)]
        listen: SocketAddr,
    },
    /// Make a System V queue and print its id
    Queue,
    /// Make a user namespace, if we may
    Userns,
    /// Have whoever opens this file wait, say ready, then say that somebody does
    Lease { file: PathBuf },
    /// Try to type into these terminals, and to be controlled by them; print why not
    Inject { terminals: Vec<PathBuf> },
    /// Sleep
    Sleep { seconds: u64 },
}

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<ExitCode> {
    match Cli::parse().verb {
        Verb::Ready => wait_to_be_ended()?,
        Verb::Exit { code } => return Ok(code.into()),
        Verb::Masks => masks()?,
        Verb::Signals { child } => signals(child)?,
        Verb::Family => {
            let _deaf = ready(ourselves("deaf")?.arg("--child"))?;
            wait_to_be_ended()?;
        }
        Verb::Deaf { child } => {
            sigprocmask(SigmaskHow::SIG_BLOCK, Some(&Signal::SIGTERM.into()), None)?;
            let _deaf_too = child.then(|| ready(&mut ourselves("deaf")?)).transpose()?;
            wait_to_be_ended()?;
        }
        Verb::Terminal => terminal()?,
        Verb::Orphan { count } => (0..count).try_for_each(|_| ourselves("abandon")?.status().map(drop))?,
        Verb::Abandon => drop(ourselves("exit")?.arg("0").spawn()?),
        Verb::Storm { count } => storm(count)?,
        Verb::Hold => drop(stdin().read_to_end(&mut Vec::new())?),
        Verb::Zombie => {
            let _unwaited = ourselves("exit")?.arg("0").spawn()?;
            wait_to_be_ended()?;
        }
        Verb::Zombies { count, command } => return Err(zombies(count, &command)?.into()),
        Verb::Ignoring { signals, command } => {
            signals.into_iter().try_for_each(sys::ignore)?;
            return Err(execute(&command)?.into());
        }
        Verb::Ids => print(&ids()?)?,
        Verb::Ns => print(&namespaces()?)?,
        Verb::Facts => print(&facts()?)?,
        Verb::Place => {
            let root = fs::metadata("/")?;
            print(&json!({ "cwd": std::env::current_dir()?, "root": [root.dev(), root.ino()] }))?;
        }
        Verb::Socket => socket()?,
        Verb::Thread { alone } => thread(alone)?,
        Verb::Mounts => stdout().write_all(&fs::read("/proc/self/mountinfo")?)?,
        Verb::Fds => print(&fds()?)?,
        Verb::Env => print(&environment())?,
        Verb::Processes => processes()?,
        Verb::Http { listen, body, proxy } => match (body, proxy) {
            (_, Some(server)) => http::proxy(listen, server)?,
            (body, None) => http::answer(listen, &body.unwrap_or_default())?,
        },
        Verb::Get { url, patience } => println!("{}", http::get(&url, Duration::from_secs(patience))?),
        Verb::Grpc { listen, ill } => grpc::answer(listen, !ill)?,
        Verb::Tcp { listen } => tcp::serve(listen)?,
        Verb::Udp { listen } => udp::serve(listen)?,
        Verb::Queue => println!("{}", sys::make_queue()?),
        Verb::Userns => nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWUSER)?,
        Verb::Lease { file } => lease(&file)?,
        Verb::Inject { terminals } => terminals.iter().try_for_each(|terminal| inject(terminal))?,
        Verb::Sleep { seconds } => std::thread::sleep(Duration::from_secs(seconds)),
    }
    Ok(ExitCode::SUCCESS)
}

fn say_ready() -> Result<()> {
    let mut out = stdout();
    writeln!(out, "ready {}", std::process::id())?;
    Ok(out.flush()?)
}

fn thread(alone: bool) -> Result<()> {
    let other = std::thread::spawn(move || -> std::result::Result<(), String> {
        nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWUTS).map_err(|errno| errno.to_string())?;
        println!("thread {}", nix::unistd::gettid());
        wait_to_be_ended().map_err(|error| error.to_string())
    });
    if alone {
        sys::end_this_thread();
    }
    Ok(other.join().map_err(|_| "the thread panicked")??)
}

fn wait_to_be_ended() -> Result<()> {
    say_ready()?;
    loop {
        std::thread::park();
    }
}

/// Starts a process that says ready, and waits until it has.
fn ready(command: &mut Command) -> Result<Child> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let out = child.stdout.take().ok_or("no stdout")?;
    let mut said = String::new();
    BufReader::new(out).read_line(&mut said)?;
    if said.starts_with("ready") { Ok(child) } else { Err(format!("it said {said:?}").into()) }
}

/// They hold on to a pipe whose other end only we have, so our end is theirs.
fn storm(count: u32) -> Result<()> {
    let (reader, _writer) = std::io::pipe()?;
    for _ in 0..count {
        ourselves("hold")?.stdin(reader.try_clone()?).spawn()?;
    }
    Ok(())
}

fn terminal() -> Result<()> {
    let ours = nix::unistd::tcgetpgrp(stdin())? == nix::unistd::getpgrp();
    print(&json!({ "foreground": ours }))?;
    say_ready()?;
    let mut line = String::new();
    stdin().read_line(&mut line)?;
    Ok(writeln!(stdout(), "read {line}")?)
}

fn lease(file: &Path) -> Result<()> {
    // By this signal the kernel tells that somebody waits.
    let wanted = SigSet::from(Signal::SIGIO);
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&wanted), None)?;
    let held = fs::File::open(file)?;
    sys::lease(held.as_fd())?;
    say_ready()?;
    wanted.wait()?;
    writeln!(stdout(), "wanted")?;
    loop {
        std::thread::park();
    }
}

fn inject(path: &Path) -> Result<()> {
    let said = |result: std::result::Result<(), nix::errno::Errno>| {
        result.map_or_else(|errno| errno.to_string(), |()| "done".to_owned())
    };
    let terminal = fs::File::options().read(true).write(true).custom_flags(libc::O_NOCTTY).open(path)?;
    let (typed, taken) = (sys::inject(terminal.as_fd()), sys::take_terminal(terminal.as_fd()));
    print(&json!({ "typed": said(typed), "taken": said(taken) }))
}

/// Comes back only if the command could not be executed.
fn zombies(count: u32, command: &[OsString]) -> Result<std::io::Error> {
    for _ in 0..count {
        let child = ourselves("exit")?.arg("0").spawn()?;
        // It has ended, and is left as it is.
        let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id())?);
        nix::sys::wait::waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
    }
    execute(command)
}

/// Comes back only if the command could not be executed.
fn execute(command: &[OsString]) -> Result<std::io::Error> {
    let (program, arguments) = command.split_first().ok_or("no command")?;
    Ok(Command::new(program).args(arguments).exec())
}

fn ourselves(verb: &str) -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(verb);
    Ok(command)
}

fn print(value: &Value) -> Result<()> {
    Ok(writeln!(stdout(), "{value}")?)
}

/// The value of a line of /proc/self/status.
fn status(key: &str) -> Result<String> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    Ok(line.ok_or(format!("no {key} in /proc/self/status"))?.trim().to_owned())
}

fn masks() -> Result<()> {
    // SIGPIPE is left out of what is ignored: that is Rust's runtime, not who started us. So are the
    // two that the C library keeps to itself: whoever starts us by posix_spawn may have them ignored.
    let ignored = u64::from_str_radix(&status("SigIgn")?, 16)? & !(1 << 12) & !(0b11 << 31);
    print(&json!({ "blocked": status("SigBlk")?, "ignored": format!("{ignored:016x}") }))
}

fn signals(child: bool) -> Result<()> {
    masks()?;
    let _child = child.then(|| ourselves("signals")?.spawn()).transpose()?;
    let all = SigSet::all();
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&all), None)?;
    let incoming = SignalFd::new(&all)?;
    say_ready()?;
    loop {
        if let Some(info) = incoming.read_signal()? {
            writeln!(stdout(), "signal {}", info.ssi_signo)?;
            if info.ssi_signo == 15 {
                return Ok(());
            }
        }
    }
}

fn ids() -> Result<Value> {
    let mut ids = serde_json::Map::new();
    for key in ["Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"] {
        ids.insert(key.to_owned(), status(key)?.into());
    }
    let pid = nix::unistd::getpid();
    let sid = nix::unistd::getsid(None)?;
    ids.insert("pid".to_owned(), pid.as_raw().into());
    ids.insert("ppid".to_owned(), nix::unistd::getppid().as_raw().into());
    ids.insert("sid".to_owned(), sid.as_raw().into());
    ids.insert("hostname".to_owned(), nix::unistd::gethostname()?.to_string_lossy().into());
    ids.insert("cwd".to_owned(), std::env::current_dir()?.to_string_lossy().into());
    Ok(ids.into())
}

fn namespaces() -> Result<Value> {
    let mut inodes = serde_json::Map::new();
    for entry in fs::read_dir("/proc/self/ns")? {
        let entry = entry?;
        inodes.insert(entry.file_name().to_string_lossy().into(), fs::metadata(entry.path())?.ino().into());
    }
    Ok(inodes.into())
}

fn environment() -> Value {
    let text = |value: OsString| value.to_string_lossy().into_owned();
    let variables: BTreeMap<_, _> = std::env::vars_os().map(|(key, value)| (text(key), text(value))).collect();
    json!(variables)
}

fn facts() -> Result<Value> {
    let mut ids = ids()?;
    // These are others each time.
    for key in ["pid", "ppid", "sid"] {
        ids[key].take();
    }
    let cgroups = fs::read_to_string("/proc/self/cgroup")?;
    Ok(json!({ "ids": ids, "ns": namespaces()?, "cgroups": cgroups, "environment": environment() }))
}

fn socket() -> Result<()> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0")?;
    print(&json!({ "socket": socket.as_raw_fd(), "net": namespaces()?["net"] }))?;
    nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET)?;
    wait_to_be_ended()
}

fn fds() -> Result<Value> {
    let mut fds = serde_json::Map::new();
    for entry in fs::read_dir("/proc/self/fd")? {
        let entry = entry?;
        // The directory that is being read is open too, and gone by the time it is looked at.
        if let Ok(target) = fs::read_link(entry.path()).and_then(|target| fs::metadata(entry.path()).map(|_| target)) {
            let number = entry.file_name().to_string_lossy().into_owned();
            // Whose number /proc counts, which may not be ours.
            if !(target.starts_with("/proc") && target.ends_with("fd")) {
                fds.insert(number, target.to_string_lossy().into());
            }
        }
    }
    Ok(fds.into())
}

fn processes() -> Result<()> {
    let mut pids: Vec<u32> = Vec::new();
    for entry in fs::read_dir("/proc")? {
        pids.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    }
    pids.sort_unstable();
    let mut out = stdout();
    for pid in pids {
        // One may end while we look.
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        let state = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').next()).unwrap_or("?").to_owned();
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words: Vec<_> = command.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
        writeln!(out, "{pid:>5} {state} {}", words.join(" ").trim_end())?;
    }
    Ok(())
}
