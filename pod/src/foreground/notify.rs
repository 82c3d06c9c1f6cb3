//! Telling a service manager how far we are: one datagram for each word, to where it says in the environment.
//!
//! # References
//! sd_notify(3)

use std::env;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use launch::complain::complain;

/// Who manages us, if somebody does, and what they know.
#[derive(Debug)]
pub(super) struct Manager {
    socket: Option<(UnixDatagram, SocketAddr)>,
    is_told_ready: bool,
    is_told_stopping: bool,
}

impl Manager {
    /// As the environment has it; one that cannot be told is mentioned.
    pub(super) fn of_this_process() -> Self {
        let named = env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty());
        let socket = named.and_then(|name| {
            let bytes = name.as_bytes();
            let address = match bytes.strip_prefix(b"@") {
                Some(name) => SocketAddr::from_abstract_name(name),
                None => SocketAddr::from_pathname(&name),
            };
            let made = address.and_then(|address| Ok((UnixDatagram::unbound()?, address)));
            made.inspect_err(|error| complain("pod", error, None)).ok()
        });
        Self { socket, is_told_ready: false, is_told_stopping: false }
    }

    /// All are ready.
    pub(super) fn ready(&mut self) {
        if !self.is_told_ready && !self.is_told_stopping {
            self.is_told_ready = true;
            self.tell("READY=1");
        }
    }

    /// They end.
    pub(super) fn stopping(&mut self) {
        if !self.is_told_stopping {
            self.is_told_stopping = true;
            self.tell("STOPPING=1");
        }
    }

    fn tell(&self, word: &str) {
        let Some((socket, address)) = &self.socket else { return };
        if let Err(error) = socket.send_to_addr(word.as_bytes(), address) {
            complain("pod", &error, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manager_is_told_once_and_not_of_what_is_past() {
        let address = SocketAddr::from_abstract_name(format!("podkit-notify-{}", std::process::id())).expect("a name");
        let heard = UnixDatagram::bind_addr(&address).expect("a socket");
        heard.set_nonblocking(true).expect("a socket");
        let hear = || {
            let mut word = [0; 64];
            heard.recv(&mut word).ok().map(|count| String::from_utf8_lossy(&word[..count]).into_owned())
        };
        let socket = Some((UnixDatagram::unbound().expect("a socket"), address.clone()));
        let mut manager = Manager { socket, is_told_ready: false, is_told_stopping: false };
        manager.ready();
        manager.ready();
        manager.stopping();
        manager.stopping();
        manager.ready();
        let told: Vec<_> = std::iter::from_fn(hear).collect();
        assert_eq!(told, ["READY=1", "STOPPING=1"]);
    }
}
