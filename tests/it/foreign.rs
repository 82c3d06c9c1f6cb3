//! nsjoin and pod for another architecture, under an emulator of programs: what needs neither a pod nor another process
//! made, which such an emulator cannot do as the kernel does. pause and reaper have tests of their own there.

use std::fs;

use libtest_mimic::Trial;

use crate::arch::{ARCHES, Arch};
use crate::house::{House, Ran, User};
use crate::trial::{Need, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let Some(arch) = ARCHES.iter().find(|arch| arch.machine == "aarch64" && !arch.is_native()) else {
        return Vec::new();
    };
    let needs = [Need::Whole(arch), Need::Program(arch.emulator)];
    vec![
        trial("foreign::pod_reads_and_prints_as_here", &needs, move || printed(arch)),
        trial("foreign::pod_keeps_images", &needs, move || kept(arch)),
        trial("foreign::nsjoin_lists_and_joins", &[&[Need::Root], &needs[..]].concat(), move || joined(arch)),
    ]
}

fn run(house: &House, arch: &Arch, name: &str, arguments: &[&str]) -> Ran {
    let program = arch.dist().join(name);
    house.run(arch.emulator, &[&[program.to_str().unwrap()], arguments].concat())
}

fn printed(arch: &Arch) {
    let house = House::new(User::Ordinary);
    let manifest = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a:1}]}\n";
    fs::write(house.work().join("a.yaml"), manifest).unwrap();
    // What does not change from one commit to the next: it is as old as it is.
    for arguments in [
        &["apply", "-f", "a.yaml", "--dry-run=server", "-o", "json"][..],
        &["run", "web", "--image=nginx", "--dry-run=client", "-o", "yaml"],
        &["get"],
    ] {
        let (theirs, ours) = (run(&house, arch, "pod", arguments).ok(), house.pod(arguments).ok());
        // Uid and date are of whoever asks.
        let same = |text: String| {
            let lines = text.lines().filter(|line| !line.contains("\"uid\"") && !line.contains("Timestamp"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(same(theirs.out()), same(ours.out()), "{arguments:?}");
    }
    let platform = run(&house, arch, "pod", &["version", "--client", "-o", "json"]).json();
    assert_eq!(platform["clientVersion"]["platform"], "linux/arm64");
}

fn kept(arch: &Arch) {
    let house = House::new(User::Ordinary);
    let script = "mkdir -p root/bin && echo x > root/bin/x && ln root/bin/x root/bin/y && tar -C root -cf root.tar .";
    house.run("sh", &["-ec", script]).ok();
    let id = run(&house, arch, "pod", &["image", "import", "root.tar", "mine"]).ok().out();
    assert_eq!(house.pod(&["image", "list", "-q", "--no-trunc"]).ok().out(), id);
    house.pod(&["image", "save", "-o", "mine.tar", "mine"]).ok();
    house.pod(&["image", "remove", "mine"]).ok();
    run(&house, arch, "pod", &["image", "load", "-i", "mine.tar"]).ok();
    assert_eq!(house.pod(&["image", "list", "-q", "--no-trunc"]).ok().out(), id);
}

fn joined(arch: &Arch) {
    let house = House::new(User::Root);
    let listed = run(&house, arch, "nsjoin", &["list", "-o", "json"]).json();
    assert!(!listed.as_array().unwrap().is_empty(), "{listed}");
    // The command is this machine's: such an emulator hands execve(2) on.
    let us = std::process::id().to_string();
    let said = run(&house, arch, "nsjoin", &["-t", &us, "-a", "--", "readlink", "/proc/self/ns/net"]).ok().out();
    assert_eq!(said.trim(), fs::read_link("/proc/self/ns/net").unwrap().to_str().unwrap());
    run(&house, arch, "nsjoin", &["-t", "4294967", "-n", "--", "true"]).exits(125);
}
