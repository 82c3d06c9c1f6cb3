//! What tests need, and how they are told from those that lack it.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use fixtures::engine::cni_plugins;
use fixtures::find;
use libtest_mimic::{Failed, Trial};
use nix::sys::resource::{Resource, getrlimit};

use crate::arch::Arch;
use crate::frozen::Freezer;
use crate::house::{User, kernel_reaps, userns_works};

/// Something that not every machine has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Need {
    /// To be root.
    Root,
    /// User namespaces for everybody.
    Userns,
    /// A program in PATH.
    Program(&'static str),
    /// What tests/peers/install fetches because no package of Debian's has it.
    Peer(&'static str),
    /// A kernel that tells how a child ended that it reaped: Linux 6.15.
    KernelReaps,
    /// The right to open so many files.
    Descriptors(u64),
    /// The reference CNI plugins.
    Cni,
    /// A freezer of this version of cgroups, which a machine has or has not; never demanded.
    Freezer(Freezer),
    /// That `cargo xtask dist --arch` could once build for this architecture. It takes a compiler
    /// that is in nobody's hand here, so this one is never demanded.
    Built(&'static Arch),
    /// That `cargo xtask dist --arch --whole` has built for this architecture: never demanded, either.
    Whole(&'static Arch),
}

impl Need {
    fn missing(self) -> Option<String> {
        match self {
            Self::Root => (!nix::unistd::geteuid().is_root()).then(|| "needs root".to_owned()),
            Self::Userns => (!userns_works()).then(|| "needs user namespaces for everybody".to_owned()),
            Self::KernelReaps => (!kernel_reaps()).then(|| "needs Linux 6.15".to_owned()),
            Self::Descriptors(many) => {
                let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
                (hard < many).then(|| format!("needs {many} descriptors"))
            }
            Self::Cni => cni_plugins().is_none().then(|| "needs the CNI plugins".to_owned()),
            Self::Freezer(freezer) => freezer.ours().is_none().then(|| format!("needs a freezer: {freezer:?}")),
            Self::Peer(name) => (!peer(name).exists()).then(|| format!("needs {name} of tests/peers/install")),
            Self::Program(name) => find(name).is_none().then(|| format!("needs {name}")),
            Self::Whole(arch) => (!arch.dist().join("pod").exists())
                .then(|| format!("needs cargo xtask dist --arch {} --whole", arch.name)),
            Self::Built(arch) => {
                let built = arch.dist().join("pause").exists();
                (!built).then(|| format!("needs cargo xtask dist --arch {}", arch.name))
            }
        }
    }
}

/// What tests/peers/install has put beside the packages.
pub(crate) fn peer(name: &str) -> PathBuf {
    Path::new("/usr/local/lib/podkit-peers").join(name)
}

/// A test of this name.
pub(crate) fn trial(name: &str, needs: &[Need], test: impl FnOnce() + Send + 'static) -> Trial {
    let missing: Vec<_> = needs.iter().filter_map(|need| need.missing()).collect();
    let required = env::var_os("REQUIRE_PEERS").is_some_and(|value| value == "1");
    let reason = missing.join(", ");
    let on_demand = |need: &&Need| !matches!(need, Need::Built(_) | Need::Whole(_) | Need::Freezer(_));
    let never_demanded = needs.iter().filter(|need| !on_demand(need)).any(|need| need.missing().is_some());
    let ignored = !missing.is_empty() && (!required || never_demanded);
    let fails = (!missing.is_empty()).then(|| reason.clone());
    Trial::test(name, move || match fails {
        Some(reason) => Err(Failed::from(reason)),
        None => catch_unwind(AssertUnwindSafe(test)).map_err(|panic| match panic.downcast::<String>() {
            Ok(text) => Failed::from(*text),
            Err(panic) => Failed::from(panic.downcast::<&str>().map_or("panicked", |text| *text)),
        }),
    })
    .with_kind(if ignored { reason } else { String::new() })
    .with_ignored_flag(ignored)
}

/// A test that is to pass as root and as an ordinary user: two tests.
pub(crate) fn as_each_user(name: &str, needs: &[Need], test: impl Fn(User) + Copy + Send + 'static) -> [Trial; 2] {
    let with = |need| [&[need], needs].concat();
    [
        trial(&format!("{name}::as_root"), &with(Need::Root), move || test(User::Root)),
        trial(&format!("{name}::as_ordinary_user"), &with(Need::Userns), move || test(User::Ordinary)),
    ]
}
