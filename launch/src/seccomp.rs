//! The system calls a command may make: a profile as Docker and Podman read it, compiled to a filter.
//!
//! Where a profile and libseccomp leave room:
//!
//! - Of several rules for a call the most restrictive one holds, also against rules of the default
//!   action, which libseccomp passes over; where two return an errno, either of them.
//! - Only calls of the native architecture are let in. `architectures` and `archMap` are not looked
//!   at: a call of i386, x32 or 32-bit arm ends the process.
//! - Arguments are compared in all 64 bits, as libseccomp does, though the kernel takes but 32 of
//!   some. Two conditions of a rule on the same argument are two rules, as in runc and crun.
//! - `flags` and what belongs to SCMP_ACT_NOTIFY are not looked at.

use std::collections::BTreeSet;
use std::io::{self, Read};

use caps::CapsHashSet;
use seccompiler::{BackendError, BpfProgram};
use syscalls::Sysno;

mod default;
mod filters;
mod profile;
#[cfg(test)]
mod tests;

pub use default::{NEW_NAMESPACES, refused_calls};
use filters::{LONGEST, Rules};
use profile::{Here, Profile};

/// The filter that a profile asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seccomp {
    program: Option<BpfProgram>,
    unknown: Vec<String>,
}

/// A seccomp profile cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeccompError {
    /// It could not be read.
    #[error("cannot read the seccomp profile")]
    Read(#[source] io::Error),
    /// It is not of the form that it should be, or has an action or a comparison that nobody knows.
    #[error("malformed seccomp profile")]
    Malformed(#[source] serde_json::Error),
    /// A rule names no calls, or names some in the old way and some in the new.
    #[error("malformed seccomp profile: a rule needs either name or names")]
    Names,
    /// A rule looks at an argument that no call has.
    #[error("malformed seccomp profile: no call has an argument of index {index}, the last is 5")]
    Argument {
        /// Counted from 0.
        index: u8,
    },
    /// An action that returns no errno has one.
    #[error("malformed seccomp profile: only SCMP_ACT_ERRNO and SCMP_ACT_TRACE have an errno")]
    ErrnoOfOther,
    /// An errno is none.
    #[error("malformed seccomp profile: no errno is called {name}")]
    UnknownErrno {
        /// As it was written.
        name: String,
    },
    /// Calls are to be answered by another process, and there is none.
    #[error("cannot use the seccomp profile: nothing here answers for SCMP_ACT_NOTIFY")]
    Notify,
    /// The filter is longer than any may be.
    #[error(
        "cannot use the seccomp profile: a filter of {instructions} instructions is too long, {LONGEST} is the most"
    )]
    TooLong {
        /// How long it would be.
        instructions: usize,
    },
    /// There is no compiling it, for instance for this architecture.
    #[error("cannot compile the seccomp profile")]
    Compile(#[source] BackendError),
}

impl Seccomp {
    /// The filter for a command that will have these capabilities in its bounding set, on a kernel
    /// of this major and minor version.
    ///
    /// # Errors
    /// When the profile cannot be read, understood or compiled.
    ///
    /// # References
    /// `config-linux.md` of the OCI runtime specification; seccomp(2);
    /// `Documentation/userspace-api/seccomp_filter.rst` of the kernel
    pub fn from_json(
        mut profile: impl Read,
        capabilities: &CapsHashSet,
        kernel: (u32, u32),
    ) -> Result<Self, SeccompError> {
        let mut text = Vec::new();
        profile.read_to_end(&mut text).map_err(SeccompError::Read)?;
        let profile: Profile = serde_json::from_slice(&text).map_err(SeccompError::Malformed)?;

        let mut rules = Rules::new(profile.default_action()?);
        let mut unknown = BTreeSet::new();
        for rule in profile.rules(&Here { capabilities, kernel }) {
            let (action, alternatives) = (rule.action()?, rule.alternatives()?);
            for name in rule.names()? {
                match number(name) {
                    Some(number) => rules.add(&action, number, &alternatives),
                    None => drop(unknown.insert(name.to_owned())),
                }
            }
        }
        Ok(Self { program: rules.program()?, unknown: unknown.into_iter().collect() })
    }

    /// The filter, to be installed by a thread that has no-new-privs or CAP_SYS_ADMIN.
    ///
    /// There is none where the profile allows everything.
    #[must_use]
    pub fn program(&self) -> Option<&BpfProgram> {
        self.program.as_ref()
    }

    /// The names in the profile that are no calls of this architecture, or newer than this program.
    /// Such calls take the default action. Profiles are made for many architectures, so there
    /// nearly always are some.
    #[must_use]
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }
}

/// The kernel's version, as far as profiles ask for it.
#[must_use]
pub fn kernel() -> (u32, u32) {
    let name = nix::sys::utsname::uname().ok();
    let release = name.as_ref().and_then(|name| name.release().to_str());
    let mut numbers =
        release.unwrap_or_default().split(|other: char| !other.is_ascii_digit()).map_while(|n| n.parse().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// The number of a call on this architecture.
fn number(name: &str) -> Option<u32> {
    // For aarch64 the table has this one under the name of the C library's function.
    let call = name.parse::<Sysno>().or_else(|()| if name == "newfstatat" { "fstatat".parse() } else { Err(()) });
    call.ok().and_then(|call| u32::try_from(call.id()).ok())
}
