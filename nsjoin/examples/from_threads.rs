//! Joins from many threads at once, which allocate and lock as they like:
//! `cargo run -p nsjoin --example from_threads web`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use nsjoin::{Child, Command, Error, Join, Select, Target};

const THREADS: usize = 8;
const JOINS_OF_EACH: usize = 25;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let target: Target = std::env::args().nth(1).ok_or("whom to join?")?.parse()?;
    let done = AtomicBool::new(false);
    let codes = thread::scope(|scope| {
        scope.spawn(|| busy(&done));
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| join(&target))).collect();
        let codes: Vec<_> = threads.into_iter().map(thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::Relaxed);
        codes
    });
    let mut ended = 0;
    for of_thread in codes {
        ended += of_thread.map_err(|_| "a thread panicked")??;
    }
    println!("{ended} joined and ended well");
    println!("can be debugged: {}", nix::sys::prctl::get_dumpable()?);
    Ok(())
}

/// Has all of its commands run beside each other; how many exit with 0.
fn join(target: &Target) -> Result<usize, Error> {
    let spawn = |turn: usize| {
        let command = Command::new("sh").args(["-c", "test \"$1\" = \"$TURN\"", "sh"]).arg(turn.to_string());
        let command = command.env("TURN", format!("{turn}"));
        Join::new(target.clone(), command).select(Select::Differing).plan()?.open()?.spawn()
    };
    let children: Vec<Child> = (0..JOINS_OF_EACH).map(spawn).collect::<Result<_, _>>()?;
    let ends = children.iter().map(Child::wait).collect::<Result<Vec<_>, _>>()?;
    Ok(ends.into_iter().filter(|end| *end == reaper::WaitStatus::Exited(0)).count())
}

/// Takes memory, gives it back and holds the lock of stderr, time and again.
fn busy(done: &AtomicBool) {
    while !done.load(Ordering::Relaxed) {
        let _held = std::io::stderr().lock();
        drop(vec![String::from("some text"); 100]);
    }
}
