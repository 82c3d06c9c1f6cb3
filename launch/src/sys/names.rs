//! Names of users and hosts, as a static program may look them up.
//!
//! # Safety
//! glibc loads a library for each service of nsswitch.conf(5) but for files and DNS, which it has itself. Into a
//! static program it loads another C library beside its own, of which nothing has been started: the program ends by
//! SIGSEGV for a user that is in no file where systemd is asked, too. So nobody else is asked. What is called takes
//! two strings that end with a nul, keeps neither, and is called once, before any look-up of ours.

#[cfg(all(target_env = "gnu", target_feature = "crt-static"))]
pub(crate) fn only_in_files_and_by_dns() {
    use std::ffi::{CStr, c_char, c_int};
    use std::sync::Once;

    unsafe extern "C" {
        fn __nss_configure_lookup(database: *const c_char, services: *const c_char) -> c_int;
    }
    const SERVICES: [(&CStr, &CStr); 3] = [(c"passwd", c"files"), (c"group", c"files"), (c"hosts", c"files dns")];
    static ONCE: Once = Once::new();

    ONCE.call_once(|| {
        for (database, services) in SERVICES {
            // SAFETY: two strings that end with a nul and live for ever. It fails where memory does, and then so
            // does the look-up.
            let _told = unsafe { __nss_configure_lookup(database.as_ptr(), services.as_ptr()) };
        }
    });
}

#[cfg(not(all(target_env = "gnu", target_feature = "crt-static")))]
pub(crate) fn only_in_files_and_by_dns() {}
