//! Giving back memory that who goes to rest does not need.

use std::ffi::c_void;
use std::ptr;

use nix::unistd::{SysconfVar, sysconf};

unsafe extern "C" {
    /// The first byte of the program, and the first after its code: the linker's own names.
    static __executable_start: u8;
    static etext: u8;
}

/// Gives back what is free of the heap, and the pages of the program itself, of which starting has touched many that
/// are not needed again: they stay in the page cache for everybody, and whichever is needed comes from there.
pub fn give_memory_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: takes a number, and only touches what nobody has.
    unsafe {
        libc::malloc_trim(0)
    };
    #[cfg(target_env = "musl")]
    super::heap::trim();
    let page = sysconf(SysconfVar::PAGE_SIZE).ok().flatten().and_then(|page| usize::try_from(page).ok());
    let Some(page) = page.filter(|page| *page > 0) else { return };
    let first = (&raw const __executable_start).addr().next_multiple_of(page);
    let end = (&raw const etext).addr() / page * page;
    let Some(length) = end.checked_sub(first) else { return };
    // SAFETY: between these two there are constants and code only, which nobody has ever written to: what the kernel
    // has dropped it reads from the file again.
    let _as_well_as_can_be =
        unsafe { libc::madvise(ptr::without_provenance_mut::<c_void>(first), length, libc::MADV_DONTNEED) };
}
