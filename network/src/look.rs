//! What somebody has of a network that others have made: asked of the kernel.

use nix::errno::Errno;

use crate::attachment::Attachment;
use crate::socket::Netlink;

/// Writes down what a network has of the link of this name: its address, its addresses but for those of the link alone,
/// and who it sends to what is for others. False where there is no such link.
///
/// # Errors
/// It cannot be told.
pub fn look(socket: &Netlink, interface: &str, attachment: &mut Attachment) -> Result<bool, Errno> {
    let Some(link) = socket.link(interface)? else { return Ok(false) };
    attachment.interface = Some(link.name);
    attachment.mac = link.mac;
    attachment.mtu = Some(link.mtu);
    let addresses = socket.addresses()?.into_iter().filter(|it| it.index == link.index && it.is_global);
    attachment.addresses = addresses.map(|it| it.address).collect();
    // As others have it: that of the older family is the first.
    attachment.addresses.sort_by_key(|address| address.ip.is_ipv6());
    attachment.gateways.clear();
    let ways_out = socket.routes()?.into_iter().filter(|it| it.to.prefix == 0);
    for gateway in ways_out.filter_map(|it| it.gateway) {
        if !attachment.gateways.iter().any(|known| known.is_ipv4() == gateway.is_ipv4()) {
            attachment.gateways.push(gateway);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_found_by_its_name_and_what_is_of_this_machine_alone_is_no_address_for_others() {
        let socket = Netlink::open().expect("a socket");
        let mut attachment = Attachment::default();
        assert!(look(&socket, "lo", &mut attachment).expect("an answer"));
        assert_eq!((attachment.interface.as_deref(), attachment.addresses), (Some("lo"), Vec::new()));
        assert!(attachment.mtu.is_some_and(|mtu| mtu > 0));
        assert!(!look(&socket, "no-such-link", &mut Attachment::default()).expect("an answer"));
    }
}
