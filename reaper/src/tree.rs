//! Our descendants, as /proc tells of them.

use core::ffi::CStr;
use core::fmt::Write;

use crate::sys::file::{self, Fd};
use crate::voice::Line;
use crate::{sys, text};

/// As many descendants as are found at a time; who looks again finds others.
const MOST: usize = 1024;

/// Calls this with the pid of every descendant, as far as /proc shows them.
///
/// What is found may have gone by the time of the call. Children that are found before they were
/// reaped keep their pid until they are.
pub fn each_descendant(mut call: impl FnMut(i32)) {
    let mut found = [0_i32; MOST];
    let mut count = 0;
    #[allow(clippy::cast_possible_truncation, reason = "pids are below 2^22")]
    let ours = sys::getpid() as i32;
    // A parent may stand behind its child in /proc, so it is read until there is nothing new.
    loop {
        let before = count;
        each_process(|pid| {
            if pid == ours || found[..count].contains(&pid) || count == MOST {
                return;
            }
            let parent = parent_of(pid);
            if parent == Some(ours) || parent.is_some_and(|parent| found[..count].contains(&parent)) {
                found[count] = pid;
                count += 1;
            }
        });
        if count == before {
            break;
        }
    }
    found[..count].iter().for_each(|pid| call(*pid));
}

/// Calls this with every pid in /proc.
fn each_process(mut call: impl FnMut(i32)) {
    let Ok(proc) = file::open(c"/proc") else { return };
    let mut entries = [0_u8; 2048];
    while let Ok(length @ 1..) = file::entries(&proc, &mut entries) {
        let mut rest = &entries[..length];
        // Of `struct linux_dirent64`: the length of the entry in bytes 16 and 17, the name from byte 19 on.
        while let Some(&[low, high]) = rest.get(16..18) {
            let length = usize::from(u16::from_ne_bytes([low, high]));
            let name = rest.get(19..length).and_then(|name| CStr::from_bytes_until_nul(name).ok());
            let pid = name.and_then(|name| text::number(name.to_bytes()));
            if let Some(pid) = pid.and_then(|pid| i32::try_from(pid).ok()) {
                call(pid);
            }
            let Some(more) = rest.get(length..).filter(|_| length > 0) else { break };
            rest = more;
        }
    }
}

/// The parent of a process: what stands behind its name and state in /proc/PID/stat.
fn parent_of(pid: i32) -> Option<i32> {
    let mut path = Line::<32>::new();
    write!(path, "/proc/{pid}/stat\0").ok()?;
    let stat: Fd = file::open(CStr::from_bytes_until_nul(path.bytes()).ok()?).ok()?;
    let mut bytes = [0_u8; 128];
    let length = file::read(stat.number(), &mut bytes).ok()?;
    // The name may hold anything, a closing parenthesis too, but it is the last one that ends it.
    let behind = bytes[..length].iter().rposition(|byte| *byte == b')')?;
    let mut fields = bytes[behind..length].split(|byte| *byte == b' ');
    fields.nth(2).and_then(text::number).and_then(|pid| i32::try_from(pid).ok())
}
