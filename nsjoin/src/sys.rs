//! What is asked of the kernel, by the names that it has here.

pub(crate) use launch::duplicate;
pub(crate) use launch::namespace::{
    by_id as namespace_by_id, id_of as id_of_namespace, kind_of, of_pidfd as namespace_of_pidfd,
    of_socket as namespace_of_socket, owner_of, owner_uid,
};
pub(crate) use launch::pidfd::{
    is_alive, is_pidfd, open as pidfd_open, open_thread as pidfd_open_thread, pid_of, take_descriptor,
};

/// Has the kernel end this process when its parent ends; false when that, by this pid, has ended already.
pub(crate) fn end_with(parent: u32) -> nix::Result<bool> {
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
    Ok(std::os::unix::process::parent_id() == parent)
}
