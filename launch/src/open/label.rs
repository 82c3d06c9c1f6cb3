//! Security labels: whether the kernel has such, and where the command's is to be written.

use std::fs;
use std::path::Path;

use crate::choice::Label;
use crate::error::Error;

/// A label, and the file below `/proc/self/attr` that takes it for the next program.
#[derive(Debug)]
pub struct OpenLabel {
    /// Below our /proc.
    pub file: &'static std::ffi::CStr,
    /// What to write.
    pub text: Vec<u8>,
}

/// What to write where for this label; nothing where the one to follow has none.
///
/// # Errors
/// When the kernel has no such labels, or there is nobody to follow.
pub fn open(label: &Label, followed: Option<i32>) -> Result<Option<OpenLabel>, Error> {
    match label {
        Label::AppArmor(profile) => {
            if fs::read_to_string("/sys/module/apparmor/parameters/enabled").is_ok_and(|text| text.trim() == "Y") {
                // Since Linux 5.8 with a directory of its own, so that it can stand beside other modules.
                let own = Path::new("/proc/self/attr/apparmor/exec").exists();
                let file = if own { c"self/attr/apparmor/exec" } else { c"self/attr/exec" };
                Ok(Some(OpenLabel { file, text: format!("exec {profile}").into_bytes() }))
            } else {
                Err(Error::NoLabels { module: "AppArmor" })
            }
        }
        Label::SeLinux(context) if has_selinux() => Ok(Some(selinux(context.clone().into_bytes()))),
        Label::SeLinux(_) => Err(Error::NoLabels { module: "SELinux" }),
        Label::Follow if !has_selinux() => Ok(None),
        Label::Follow => {
            let pid = followed.ok_or(Error::NoProcess { what: "a security label" })?;
            let context = fs::read(format!("/proc/{pid}/attr/current"));
            context.map(|context| Some(selinux(context))).map_err(|source| Error::Look { pid, source })
        }
    }
}

fn selinux(context: Vec<u8>) -> OpenLabel {
    OpenLabel { file: c"self/attr/exec", text: context }
}

fn has_selinux() -> bool {
    Path::new("/sys/fs/selinux/enforce").exists()
}
