//! Where sandboxes are made: in chroots, in small user namespaces, on machines whose /etc changes.

use fixtures::find;
use libtest_mimic::Trial;

use crate::house::{House, User, binaries};
use crate::trial::{Need, as_each_user, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let unshare = Need::Program("unshare");
    let mut trials = vec![
        trial(
            "sandbox::a_pod_made_in_a_chroot_is_in_the_chroot",
            &[Need::Root, unshare, Need::Program("chroot")],
            || {
                chroot("mount --bind \"$D\" \"$D\"");
            },
        ),
        trial("sandbox::a_chroot_need_not_be_a_mount", &[Need::Root, unshare, Need::Program("chroot")], || chroot(":")),
    ];
    trials.extend(as_each_user("sandbox::root_of_a_small_user_namespace_makes_pods", &[unshare], small));
    trials.extend(as_each_user("sandbox::own_files_of_etc_outlast_those_of_the_host", &[unshare], replaced));
    trials
}

/// Runs a script in mounts of its own, and, for who is not root, as the root of a user namespace.
fn apart(house: &House, script: &str) -> String {
    let mut command = house.command("unshare");
    match house.user {
        User::Root => command.arg("--mount"),
        User::Ordinary => command.args(["--user", "--map-root-user", "--mount"]),
    };
    let said = house.finish(command.args(["sh", "-ec", script])).ok().out();
    house.nothing_is_left();
    said
}

fn chroot(make_it_a_mount: &str) {
    let house = House::new(User::Root);
    let script = format!(
        "D=$PWD/root; mkdir $D $D/usr $D/proc $D/dev $D/etc $D/ours $D/tmp; {make_it_a_mount}
         for link in bin lib lib64 sbin; do
             if [ -L /$link ]; then ln -s usr/$link $D/$link; elif [ -d /$link ]; then mkdir $D/$link; mount --bind /$link $D/$link; fi
         done
         mount --bind /usr $D/usr; mount --bind {ours} $D/ours; mount --bind /dev $D/dev; mount -t proc proc $D/proc
         touch $D/etc/hosts $D/etc/hostname $D/etc/resolv.conf $D/here
         export POD_STATE_DIR=/state PATH=/ours:/usr/bin:/bin
         {chroot} $D sh -ec '
             cd /
             pod create web
             pod exec web -- ls -d /here
             pod exec web -- cat /etc/hostname
             pod exec web -- ls /proc/1/stat
             nsjoin -t web -a -- ls -d /here
             pod add web --name app -- ls -d /here
             i=0
             until pod logs web app | grep here; do i=$((i+1)); [ $i -lt 500 ]; done
             pod delete --now web'",
        ours = binaries().display(),
        chroot = find("chroot").unwrap().display(),
    );
    let lines =
        ["pod/web created", "/here", "web", "/proc/1/stat", "/here", "workload/app started in pod/web", "/here"];
    assert_eq!(apart(&house, &script), format!("{}\npod/web deleted\n", lines.join("\n")));
}

fn small(user: User) {
    let house = House::new(user);
    let script = "pod create web
        pod exec web -- sh -c 'id -u; hostname; grep NoNewPrivs /proc/1/status'
        pod add web --name app -- true
        pod delete --now web";
    let mut command = house.command("unshare");
    let ran = house.finish(command.args(["--user", "--map-root-user", "sh", "-ec", script])).ok();
    let said = "pod/web created\n0\nweb\nNoNewPrivs:\t1\nworkload/app started in pod/web\npod/web deleted\n";
    assert_eq!(ran.out(), said, "{ran}");
    house.nothing_is_left();
}

/// As editors and network managers do it: a new file takes the name of the old one.
fn replaced(user: User) {
    let house = House::new(user);
    let script = "mkdir etc; cp /etc/passwd /etc/group etc; mount --bind etc /etc
        replace() { for file in hosts hostname resolv.conf; do echo $1 > /etc/new; mv /etc/new /etc/$file; done; }
        replace before
        pod create web
        replace between
        pod exec web -- sh -c \"grep -L -e before -e between /etc/hosts /etc/hostname /etc/resolv.conf || :\"
        pod add web --name app -- sh -c '
            echo waits
            until [ -e go ]; do :; done
            i=0
            while grep -q after /etc/hosts /etc/hostname /etc/resolv.conf; do i=$((i+1)); [ $i -lt 5000 ] || exit 1; done
            echo own'
        until pod logs web app | grep waits; do :; done
        replace after
        touch go
        i=0
        until pod logs web app | grep own; do i=$((i+1)); [ $i -lt 500 ]; done
        pod exec web -- grep -c ' /etc/' /proc/self/mountinfo
        pod delete --now web";
    let lines =
        ["pod/web created", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "workload/app started in pod/web"];
    assert_eq!(apart(&house, script), format!("{}\nwaits\nown\n3\npod/web deleted\n", lines.join("\n")));
}
