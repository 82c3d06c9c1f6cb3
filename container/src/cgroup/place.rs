//! Where groups of ours may be made: pure, from what is mounted and where we are.

use std::path::{Path, PathBuf};

use launch::open::cgroup::{Group, Hierarchy};

use crate::limits::{Controller, Version};

/// What all our groups are below, in whichever group they are made.
pub(super) const OURS: &str = "pod";

/// The directories in which a group could be made, those to be tried first first: the top of what is
/// mounted, so that pods belong to nobody's session; then, where only a subtree is ours, whatever is
/// nearest to the top.
pub(super) fn candidates(hierarchy: &Hierarchy, groups: &[Group]) -> Vec<PathBuf> {
    let own = groups.iter().find(|group| hierarchy.is_of(group)).and_then(|group| hierarchy.directory(&group.pathname));
    let mut found = vec![hierarchy.mounted.clone()];
    if let Some(own) = own {
        let above: Vec<&Path> = own.ancestors().take_while(|path| *path != hierarchy.mounted).collect();
        found.extend(above.into_iter().rev().map(Path::to_owned));
    }
    found
}

/// Whether a group is made in this hierarchy for who wants these controllers: where one of them is,
/// and always in the unified one, which alone kills a group at once and counts everybody's time.
pub(super) fn is_wanted(hierarchy: &Hierarchy, is_unified_mounted: bool, wanted: &[Controller]) -> bool {
    let Some(own) = &hierarchy.controllers else { return true };
    let has = |name: &str| own.iter().any(|one| one == name);
    wanted.iter().any(|controller| has(controller.name(Version::One)))
        || (!is_unified_mounted && wanted.contains(&Controller::Cpu) && has("cpuacct"))
}

/// Which of the controllers have to be passed on by a group, that has some and passes some on: those
/// that are wanted, or an error for each that it has not.
pub(super) fn to_pass_on(has: &str, passes_on: &str, wanted: &[Controller]) -> (Vec<Controller>, Vec<Controller>) {
    let lists =
        |text: &str, controller: &Controller| text.split_whitespace().any(|one| one == controller.name(Version::Two));
    let (there, missing): (Vec<_>, Vec<_>) = wanted.iter().partition(|controller| lists(has, controller));
    (there.into_iter().filter(|controller| !lists(passes_on, controller)).collect(), missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hierarchy(controllers: Option<&[&str]>, root: &str) -> Hierarchy {
        let controllers = controllers.map(|all| all.iter().map(|one| (*one).to_owned()).collect());
        Hierarchy { controllers, root: root.into(), mounted: "/sys/fs/cgroup".into() }
    }

    fn group(hierarchy: u32, controllers: &[&str], pathname: &str) -> Group {
        let controllers = controllers.iter().map(|one| (*one).to_owned()).collect();
        Group { hierarchy, controllers, pathname: pathname.into() }
    }

    #[test]
    fn the_top_is_tried_first_and_then_what_is_ours_from_above() {
        let groups = [group(4, &["memory"], "/a/b"), group(0, &[], "/user.slice/user-1.slice/x.scope")];
        for (hierarchy, expected) in [
            (hierarchy(Some(&["rw", "memory"]), "/"), &["", "/a", "/a/b"][..]),
            (
                hierarchy(None, "/"),
                &["", "/user.slice", "/user.slice/user-1.slice", "/user.slice/user-1.slice/x.scope"],
            ),
            // A container, whose own group is what is mounted.
            (hierarchy(Some(&["rw", "memory"]), "/a/b"), &[""]),
            (hierarchy(None, "/user.slice"), &["", "/user-1.slice", "/user-1.slice/x.scope"]),
            // We are elsewhere than in what is mounted.
            (hierarchy(Some(&["rw", "memory"]), "/c"), &[""]),
            (hierarchy(Some(&["rw", "pids"]), "/"), &[""]),
            // Mounted outside of our cgroup namespace.
            (hierarchy(None, "/../.."), &[""]),
        ] {
            let expected: Vec<PathBuf> = expected.iter().map(|path| format!("/sys/fs/cgroup{path}").into()).collect();
            assert_eq!(candidates(&hierarchy, &groups), expected, "{hierarchy:?}");
        }
    }

    #[test]
    fn groups_are_made_where_they_count_for_something() {
        let memory = hierarchy(Some(&["rw", "memory"]), "/");
        let accounting = hierarchy(Some(&["rw", "cpuacct"]), "/");
        let unified = hierarchy(None, "/");
        for (hierarchy, is_unified_mounted, wanted, is) in [
            (&memory, true, &[Controller::Memory][..], true),
            (&memory, true, &[Controller::Pids], false),
            (&unified, true, &[Controller::Pids], true),
            (&unified, true, &[], true),
            (&accounting, true, &[Controller::Cpu], false),
            (&accounting, false, &[Controller::Cpu], true),
            (&hierarchy(Some(&["rw", "blkio"]), "/"), true, &[Controller::Io], true),
            (&hierarchy(Some(&["rw", "name=systemd"]), "/"), true, &Controller::ALL, false),
        ] {
            assert_eq!(is_wanted(hierarchy, is_unified_mounted, wanted), is, "{hierarchy:?} {wanted:?}");
        }
    }

    #[test]
    fn what_a_group_has_it_can_pass_on() {
        let wanted = [Controller::Memory, Controller::Pids, Controller::Io];
        for (has, passes_on, missing_there, not_had) in [
            ("", "", &[][..], &wanted[..]),
            ("memory pids io", "", &wanted, &[]),
            ("cpu memory pids io", "memory io", &[Controller::Pids], &[]),
            ("memory\n", "memory\n", &[], &[Controller::Pids, Controller::Io]),
            ("memoryx", "", &[], &wanted),
        ] {
            assert_eq!(to_pass_on(has, passes_on, &wanted), (missing_there.to_vec(), not_had.to_vec()), "{has:?}");
        }
    }
}
