//! Containers where the kernel lacks something: what cannot be done without is named, and what can be is.

use libtest_mimic::Trial;

use super::{BUSYBOX, rootfs};
use crate::before_exec::answer_always;
use crate::house::{House, User};
use crate::trial::as_each_user;

pub(crate) fn trials() -> Vec<Trial> {
    as_each_user("container::a_kernel_that_makes_no_mounts_apart_is_named", BUSYBOX, too_old).into()
}

/// As before Linux 5.2, 5.6 and 5.12.
fn too_old(user: User) {
    let house = House::new(user);
    let root = rootfs(&house);
    let calls = [
        libc::SYS_fsopen,
        libc::SYS_fsmount,
        libc::SYS_open_tree,
        libc::SYS_move_mount,
        libc::SYS_openat2,
        libc::SYS_mount_setattr,
    ];
    for call in calls {
        house.pod(&["create", "web"]).ok();
        // It starts the supervisor, which makes the container.
        let mut command = house.command("pod");
        command.args(["add", "web", "--rootfs", root.to_str().unwrap(), "--", "true"]);
        answer_always(&mut command, call, libc::ENOSYS);
        let ran = house.finish(&mut command);
        assert!(ran.err().contains("\nhint: needs Linux 5.12"), "{call}: {ran}");
        ran.refuses(125, "this kernel cannot make mounts apart from their places");
        assert_eq!(house.describe("web")["workloads"].as_array().unwrap().len(), 0);
        house.pod(&["delete", "web"]).ok();
    }
    house.nothing_is_left();
}
