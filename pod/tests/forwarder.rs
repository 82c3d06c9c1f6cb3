//! The forwarder by itself, in a network of its own: what it carries, what it may do, what it outlives.

// What goes wrong in a test should end it there, with all it has to say.
#![allow(clippy::unwrap_used, missing_docs)]

// Pods as far as a forwarder needs one, and clients and servers of theirs.
#[path = "forwarder/place.rs"]
mod place;

#[path = "forwarder/carries.rs"]
mod carries;
#[path = "forwarder/confined.rs"]
mod confined;
#[path = "forwarder/outlives.rs"]
mod outlives;
#[path = "forwarder/packets.rs"]
mod packets;
#[path = "forwarder/shares.rs"]
mod shares;

use libtest_mimic::{Arguments, Failed, Trial};
use nix::unistd::geteuid;

/// A test of this name, which needs to be root.
fn trial(name: &str, test: fn()) -> Trial {
    let lacks = (!geteuid().is_root()).then_some("needs root");
    let required = std::env::var_os("REQUIRE_PEERS").is_some_and(|value| value == "1");
    let run = move || match lacks {
        Some(lacks) => Err(Failed::from(lacks)),
        None => {
            test();
            Ok(())
        }
    };
    Trial::test(name, run).with_kind(lacks.unwrap_or_default()).with_ignored_flag(lacks.is_some() && !required)
}

fn main() {
    if std::env::args().nth(1).as_deref() == Some(confined::AS_ORDINARY_USER) {
        return confined::as_ordinary_user();
    }
    let arguments = Arguments::from_args();
    let trials = [carries::trials(), confined::trials(), outlives::trials(), packets::trials(), shares::trials()];
    libtest_mimic::run(&arguments, trials.into_iter().flatten().collect()).exit();
}
