//! Making a sandbox. Cases:
//! - `pod create`, a whole process: net, ipc, uts, pid and mnt namespaces, lo up, a /proc, /dev/shm
//!   and /etc of the pod's own, a record on disk, and pause running in it when it comes back;
//! - `unshare --fork --pid --net --ipc --uts true`, which does less and holds nothing afterwards.

use benches::{Bench, compare, rival};
use criterion::{Criterion, criterion_group, criterion_main};

fn startup(criterion: &mut Criterion) {
    let bench = Bench::new();
    let create = || bench.time("pod", &["create", "bench"]);
    let delete = || {
        bench.time("pod", &["delete", "--now", "bench"]);
    };
    let payload = bench.payload();
    let unshare = || bench.time("unshare", &["--fork", "--pid", "--net", "--ipc", "--uts", &payload, "-v"]);

    let mut group = criterion.benchmark_group("startup");
    group.bench_function("pod create", |bencher| {
        bencher.iter_custom(|rounds| {
            let one = |_| {
                let taken = create();
                delete();
                taken
            };
            (0..rounds).map(one).sum()
        });
    });
    if rival("unshare") {
        group.bench_function("unshare", |bencher| bencher.iter_custom(|rounds| (0..rounds).map(|_| unshare()).sum()));
        let ours = || {
            let taken = create();
            delete();
            taken
        };
        compare("pod create / unshare", 400, ours, unshare);
    }
    group.finish();
}

criterion_group!(benches, startup);
criterion_main!(benches);
