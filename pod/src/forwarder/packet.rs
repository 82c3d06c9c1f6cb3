//! Packets at a published address: who has sent one, and to which of our addresses; an answer comes from that.

use std::io::{IoSlice, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use nix::libc;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg, setsockopt, sockopt,
};
use rustix::io::Errno;

/// Between whom a packet goes: who is elsewhere, and our address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way {
    theirs: SocketAddr,
    ours: Option<IpAddr>,
}

/// Has the kernel say with each packet to which address it came.
pub(super) fn say_where(socket: impl AsFd, is_ipv4: bool) -> Result<(), Errno> {
    let set = if is_ipv4 {
        setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)
    } else {
        setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)
    };
    set.map_err(errno)
}

fn errno(errno: nix::errno::Errno) -> Errno {
    Errno::from_raw_os_error(errno as i32)
}

/// Takes a packet that has come; one that is longer than there is room for is cut.
pub(super) fn receive(socket: &OwnedFd, room: &mut [u8]) -> Result<(usize, Way), Errno> {
    let mut space = nix::cmsg_space!(libc::in6_pktinfo, libc::in_pktinfo);
    let mut pieces = [IoSliceMut::new(room)];
    let flags = MsgFlags::MSG_DONTWAIT;
    let came = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut pieces, Some(&mut space), flags).map_err(errno)?;
    let ours = came.cmsgs().map_err(errno)?.find_map(|word| match word {
        ControlMessageOwned::Ipv4PacketInfo(info) => Some(IpAddr::V4(u32::from_be(info.ipi_addr.s_addr).into())),
        ControlMessageOwned::Ipv6PacketInfo(info) => Some(IpAddr::V6(info.ipi6_addr.s6_addr.into())),
        _ => None,
    });
    let theirs = came.address.and_then(|address| {
        let ipv4 = address.as_sockaddr_in().map(|address| SocketAddr::V4((*address).into()));
        ipv4.or_else(|| address.as_sockaddr_in6().map(|address| SocketAddr::V6((*address).into())))
    });
    Ok((came.bytes, Way { theirs: theirs.ok_or(Errno::AFNOSUPPORT)?, ours }))
}

/// Sends an answer.
pub(super) fn send(socket: &OwnedFd, packet: &[u8], way: &Way) -> Result<(), Errno> {
    let pieces = [IoSlice::new(packet)];
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
    let to = SockaddrStorage::from(way.theirs);
    let said = |words: &[ControlMessage<'_>]| sendmsg(socket.as_raw_fd(), &pieces, words, flags, Some(&to));
    let sent = match way.ours {
        Some(IpAddr::V4(ours)) => {
            let ipi_spec_dst = libc::in_addr { s_addr: u32::from(ours).to_be() };
            let info = libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst, ipi_addr: libc::in_addr { s_addr: 0 } };
            said(&[ControlMessage::Ipv4PacketInfo(&info)])
        }
        Some(IpAddr::V6(ours)) => {
            let info = libc::in6_pktinfo { ipi6_addr: libc::in6_addr { s6_addr: ours.octets() }, ipi6_ifindex: 0 };
            said(&[ControlMessage::Ipv6PacketInfo(&info)])
        }
        None => said(&[]),
    };
    sent.map(drop).map_err(errno)
}
