//! The packages that are made of the programs, installed where nothing else is.

use std::fs;
use std::path::Path;
use std::process::Command;

use libtest_mimic::Trial;
use serde_json::Value;

use crate::house::{House, User, binaries, workspace};
use crate::trial::{Need, trial};

/// What is installed, and where.
const PROGRAMS: [(&str, &str); 4] = [
    ("pod", "usr/bin/pod"),
    ("nsjoin", "usr/bin/nsjoin"),
    ("reaper", "usr/bin/reaper"),
    ("pause", "usr/libexec/podkit/pause"),
];

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial("package::what_is_installed_runs_pods", &[Need::Root, Need::Program("dpkg")], installed)]
}

/// Makes the packages; hands back what of them ends so.
fn made(directory: &Path) -> [Vec<u8>; 2] {
    let mut xtask = Command::new(env!("CARGO"));
    xtask.args(["run", "--quiet", "--package", "xtask", "--", "package", "--programs"]).arg(binaries());
    let made = xtask.arg("--output").arg(directory).current_dir(workspace()).output().unwrap();
    assert!(made.status.success(), "cargo xtask package: {}", String::from_utf8_lossy(&made.stderr));
    [".tar.gz", ".deb"].map(|end| {
        let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        let mut found = entries.filter(|path| path.to_str().unwrap().ends_with(end));
        fs::read(found.next().unwrap_or_else(|| panic!("no {end}"))).unwrap()
    })
}

/// dpkg takes it, finds it as it was made, and takes all of it away again.
fn comes_and_goes(house: &House) {
    let script = "mkdir -p root/var/lib/dpkg/info root/var/lib/dpkg/updates; touch root/var/lib/dpkg/status
        here() { dpkg --root=\"$PWD/root\" --log=/dev/null \"$@\"; }
        here --install podkit.deb; here --verify podkit; root/usr/bin/pod --version
        here --purge podkit; find root -name var -prune -o -type f -print";
    let said = house.run("sh", &["-ec", script]).ok().out();
    assert!(said.contains("\npod 0.") && !said.contains("root/usr"), "{said}");
}

fn installed() {
    let house = House::new(User::Root);
    let [once, again] = ["once", "again"].map(|name| house.work().join(name));
    let [tarball, package] = made(&once);
    assert!(made(&again) == [tarball.clone(), package.clone()], "twice made, they differ");
    for (file, bytes) in [("podkit.tar.gz", &tarball), ("podkit.deb", &package)] {
        fs::write(house.work().join(file), bytes).unwrap();
    }
    house.run("sh", &["-ec", "mkdir deb tar; dpkg-deb -x podkit.deb deb; tar -C tar -xzf podkit.tar.gz"]).ok();
    house.run("diff", &["-r", "deb", "tar"]).ok();
    let control = house.run("dpkg-deb", &["-f", "podkit.deb", "Package", "Architecture"]).ok().out();
    assert!(control.starts_with("Package: podkit\nArchitecture: "), "{control}");
    let root = house.work().join("deb");
    let page = fs::read_to_string(root.join("usr/share/man/man1/pod-create.1")).unwrap();
    assert!(page.contains("pod\\-create"), "{page}");
    let unit = fs::read_to_string(root.join("usr/lib/systemd/system/pod@.service")).unwrap();
    assert!(unit.contains("ExecStart=/usr/bin/pod "), "{unit}");
    for present in [
        "usr/share/bash-completion/completions/pod",
        "usr/share/zsh/site-functions/_pod",
        "usr/share/fish/vendor_completions.d/pod.fish",
        "usr/share/doc/podkit/copyright",
        "usr/share/doc/podkit/docs/MANIFESTS.md",
    ] {
        assert!(root.join(present).is_file(), "no {present}");
    }
    let bill = fs::read(root.join("usr/share/doc/podkit/podkit.spdx.json")).unwrap();
    let bill: Value = serde_json::from_slice(&bill).unwrap();
    for (program, path) in PROGRAMS {
        let checksum = house.run("sha256sum", &[root.join(path).to_str().unwrap()]).ok().out();
        let packages = bill["packages"].as_array().unwrap();
        let known = packages.iter().find(|package| package["SPDXID"] == format!("SPDXRef-program-{program}")).unwrap();
        assert_eq!(known["checksums"][0]["checksumValue"], checksum.split(' ').next().unwrap(), "{program}");
        let linked =
            |part: &&Value| part["spdxElementId"] == known["SPDXID"] && part["relationshipType"] == "STATIC_LINK";
        assert!(bill["relationships"].as_array().unwrap().iter().any(|part| linked(&part)), "{program} has no parts");
    }
    comes_and_goes(&house);
    // Where nothing else is: no shell, no library, no other program of ours.
    fs::copy(binaries().join("probe"), root.join("usr/bin/probe")).unwrap();
    let script = "cd deb; mkdir -m 755 proc run tmp etc dev; mount -t proc proc proc; mount --bind /dev dev
        inside() { env -i PATH=/usr/bin:/usr/sbin PODKIT_TEST=\"$PODKIT_TEST\" chroot . /usr/bin/pod \"$@\"; }
        inside --version; inside create web; inside add web --name app -- /usr/bin/probe ready
        inside exec web -- /usr/bin/probe exit 0; inside get; inside delete web --now";
    let said = house.run("unshare", &["-m", "sh", "-ec", script]).ok().out();
    for line in ["pod 0.", "pod/web created", "workload/app started in pod/web", "Running", "pod/web deleted"] {
        assert!(said.contains(line), "no {line:?}: {said}");
    }
    house.nothing_is_left();
}
