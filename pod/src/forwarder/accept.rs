//! Accepting the clients of one port, as long as there is room for them.

use std::io;
use std::rc::Rc;

use rustix::io::Errno;
use rustix::net::{SocketFlags, accept_with};
use tokio::task::spawn_local;
use tokio::time::sleep;

use super::carry::carry;
use super::dial::{BREATH, is_shortage};
use super::means::Means;
use super::sys::Watched;

/// Accepts clients and has each of them carried to this port of the pod, until it is dropped.
pub(super) async fn accept(listener: Rc<Watched>, port: u16, means: Rc<Means>) {
    loop {
        let Ok(mut waiting) = listener.readable().await else { return };
        match accept_with(listener.get_ref(), SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
            Ok(client) => {
                // It waits for its place here, and all who come after it where they are.
                let Some(place) = means.place().await else { return };
                spawn_local(carry(client, port, place, Rc::clone(&means)));
            }
            Err(Errno::AGAIN) => waiting.clear_ready(),
            Err(errno) => {
                let error = io::Error::from(errno);
                if is_shortage(&error) {
                    means.short_of("accept a client", &error);
                    sleep(BREATH).await;
                } else {
                    // It went away before it was accepted, or its network did: others may follow.
                    tokio::task::yield_now().await;
                }
            }
        }
    }
}
