//! A server that sends back what it is sent.

use std::net::{SocketAddr, UdpSocket};

use crate::{Result, say_ready};

pub(crate) fn serve(listen: SocketAddr) -> Result<()> {
    let socket = UdpSocket::bind(listen)?;
    say_ready()?;
    let mut room = vec![0; 1 << 16];
    loop {
        let (length, from) = socket.recv_from(&mut room)?;
        socket.send_to(&room[..length], from)?;
    }
}
