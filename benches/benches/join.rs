//! Joining a sandbox with a command that ends at once. Cases:
//! - the library: `Plan::open`, `spawn` and `wait`, without the start of a process of our own;
//! - `nsjoin`, a whole process: net, ipc, uts and pid, by pid;
//! - `nsenter`, a whole process: the same namespaces.

use benches::{Bench, compare, rival};
use criterion::{Criterion, criterion_group, criterion_main};
use nsjoin::{Command, Join, Target};

fn null() -> std::os::fd::OwnedFd {
    std::fs::File::options().write(true).open("/dev/null").expect("/dev/null").into()
}

fn join(criterion: &mut Criterion) {
    let bench = Bench::new();
    bench.time("pod", &["create", "bench"]);
    let pid = bench.pause("bench");
    let target = pid.to_string();
    let payload = bench.payload();
    let nsjoin = || bench.time("nsjoin", &["-t", &target, "--", &payload, "-v"]);
    let nsenter = || bench.time("nsenter", &["-t", &target, "-n", "-i", "-u", "-p", "--", &payload, "-v"]);

    let mut group = criterion.benchmark_group("join");
    group.bench_function("library", |bencher| {
        bencher.iter(|| {
            let command = Command::new(payload.as_str()).arg("-v").stdio([None, Some(null()), None]);
            let plan = Join::new(Target::Pid(pid), command).plan().expect("a plan");
            plan.open().expect("a live target").spawn().expect("a command").wait().expect("its end")
        });
    });
    group.bench_function("nsjoin", |bencher| bencher.iter_custom(|rounds| (0..rounds).map(|_| nsjoin()).sum()));
    if rival("nsenter") {
        group.bench_function("nsenter", |bencher| bencher.iter_custom(|rounds| (0..rounds).map(|_| nsenter()).sum()));
        compare("nsjoin / nsenter", 1000, nsjoin, nsenter);
    }
    group.finish();
    bench.time("pod", &["delete", "--now", "bench"]);
}

criterion_group!(benches, join);
criterion_main!(benches);
