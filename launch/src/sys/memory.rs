//! Giving back memory that who goes to rest does not need.

use std::ffi::{c_int, c_void};
use std::ptr;

use nix::unistd::{SysconfVar, sysconf};

/// How much of a stack may have been in use once. Below it nothing else is: the kernel keeps as much free.
const STACK: usize = 512 << 10;
/// No stack of ours is in use as deep as this.
const DEEP: usize = 8 << 20;
/// What is left alone of that, below where the stack is by now.
const NEAR: usize = 16 << 10;

/// Gives back what is free of the heap and of the stack, and the pages of the program itself, of which starting has
/// touched many that are not needed again: they stay in the page cache for everybody, and whichever is needed comes from
/// there.
pub fn give_memory_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: takes a number, and only touches what nobody has.
    unsafe {
        libc::malloc_trim(0)
    };
    #[cfg(target_env = "musl")]
    super::heap::trim();
    let page = sysconf(SysconfVar::PAGE_SIZE).ok().flatten().and_then(|page| usize::try_from(page).ok());
    let Some(mut page) = page.filter(|page| *page > 0) else { return };
    // SAFETY: it is called for each program and library while this call lasts, with what we hand to it.
    unsafe { libc::dl_iterate_phdr(Some(give_program_back), (&raw mut page).cast()) };
    let here = 0_u8;
    let here = (&raw const here).addr();
    // SAFETY: takes a number.
    let random = unsafe { libc::getauxval(libc::AT_RANDOM) };
    // The kernel has put these at the far end of the first thread's stack. Of another's it is not known where it ends.
    let is_first = usize::try_from(random).is_ok_and(|random| random.checked_sub(here).is_some_and(|used| used < DEEP));
    if is_first {
        let until = (here - NEAR) / page * page;
        // SAFETY: what is below a stack is nobody's, and what is not mapped there is left out.
        unsafe { drop_pages(until - STACK, until) };
    }
}

/// Of the first that is asked about, which is the program.
unsafe extern "C" fn give_program_back(info: *mut libc::dl_phdr_info, _: usize, page: *mut c_void) -> c_int {
    // SAFETY: what is told while this call lasts.
    let info = unsafe { &*info };
    // SAFETY: what we have handed to the caller.
    let page = unsafe { *page.cast::<usize>() };
    // SAFETY: there are so many, as long as the program.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    for header in headers {
        if header.p_type != libc::PT_LOAD || header.p_flags & libc::PF_W != 0 {
            continue;
        }
        let [first, length] = [info.dlpi_addr + header.p_vaddr, header.p_memsz];
        let [Ok(first), Ok(end)] = [first, first + length].map(usize::try_from) else { continue };
        // SAFETY: code and constants, which nobody has ever written to: what the kernel has dropped it reads from the file
        // again.
        unsafe { drop_pages(first.next_multiple_of(page), end / page * page) };
    }
    // Enough has been heard.
    1
}

/// Drops whatever pages there are between two addresses.
///
/// # Safety
/// Nobody misses what is in them.
unsafe fn drop_pages(first: usize, end: usize) {
    let Some(length) = end.checked_sub(first).filter(|length| *length > 0) else { return };
    // SAFETY: as the caller says.
    let _as_well_as_can_be =
        unsafe { libc::madvise(ptr::without_provenance_mut::<c_void>(first), length, libc::MADV_DONTNEED) };
}
