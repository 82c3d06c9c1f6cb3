//! Names of users and hosts.

use nix::unistd::{User, geteuid};

use crate::sys::names;

/// Who we are, in /etc/passwd; of a program that is linked dynamically, in whatever nsswitch.conf(5) names.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "only files are asked")]
pub fn this_user() -> Option<User> {
    are_in_files();
    User::from_uid(geteuid()).ok().flatten()
}

/// To be called before names of hosts are looked up: in a static program only /etc/hosts and DNS may be asked, for
/// any other service is a library, which ends it.
pub fn are_in_files() {
    names::only_in_files_and_by_dns();
}
