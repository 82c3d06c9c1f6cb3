//! A great many processes whose parent does not wait for them.

#![allow(unsafe_code)]

use std::io;

/// How many orphans one parent leaves behind.
const LITTER: u64 = 100;

/// Makes this many orphans, each of which ends at once.
pub(crate) fn make(count: u64) -> io::Result<()> {
    let mut left = count;
    while left > 0 {
        let litter = left.min(LITTER);
        // SAFETY: we have one thread, and the child calls nothing but fork and _exit.
        match unsafe { libc::fork() } {
            -1 => return Err(io::Error::last_os_error()),
            0 => abandon(litter),
            child => {
                let mut status = 0;
                // SAFETY: the status is ours to be written to, and the child is waited for by nobody else.
                if unsafe { libc::waitpid(child, &raw mut status, 0) } == -1 {
                    return Err(io::Error::last_os_error());
                }
                if status != 0 {
                    return Err(io::Error::other("an orphan could not be made"));
                }
            }
        }
        left -= litter;
    }
    Ok(())
}

/// Makes children, and ends without waiting for any.
fn abandon(litter: u64) -> ! {
    let mut code = 0;
    for _ in 0..litter {
        // SAFETY: as in `make`.
        match unsafe { libc::fork() } {
            -1 => code = 1,
            0 => break,
            _ => {}
        }
    }
    // SAFETY: _exit runs nothing of ours, and does not return.
    unsafe { libc::_exit(code) }
}
